//! Changing the schema: fields are added, edited, switched off and on; never removed, and never given another type. Every change makes the
//! next version.

use super::super::field::{FieldKey, field_for_header, header_key};
use super::super::invalid::Invalid;
use super::super::text::{TEXT_MAX_CHARS, check_text, clean};
use super::{CustomField, CustomKind, Schema};

/// Most fields of a schema, those not in use included.
const FIELDS_MAX: usize = 200;

/// Most options of a dropdown.
const OPTIONS_MAX: usize = 500;

/// Longest key, in characters.
const KEY_MAX_CHARS: usize = 64;

/// What is to become of a field; `None` leaves a part as it is.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FieldEdit {
    /// Its name on screens.
    pub label: Option<String>,
    /// What a dropdown offers.
    pub options: Option<Vec<String>>,
    /// Whether a record without it is refused.
    pub required: Option<bool>,
    /// Whether it is in use.
    pub enabled: Option<bool>,
}

impl Schema {
    /// Returns the next version, with one more field. A blank label is made of the key.
    ///
    /// # Errors
    /// `CUSTOM_KEY`, `CUSTOM_EXISTS`, `CUSTOM_LABEL`, `CUSTOM_OPTIONS`, `CUSTOM_TOO_MANY`.
    pub fn with_field(&self, field: CustomField) -> Result<Self, Invalid> {
        check_key(&field.key)?;
        if let Some(known) = self.find(&field.key) {
            return Err(exists(known));
        }
        if self.fields.len() >= FIELDS_MAX {
            let message = format!("there are {FIELDS_MAX} custom fields already");
            return Err(Invalid::new("CUSTOM_TOO_MANY", message).hint("edit or enable one of them"));
        }
        let label = if clean(&field.label).is_empty() { label_of(&field.key) } else { field.label };
        let label = self.check_label(&field.key, &label)?;
        let options = check_options(field.kind, &field.options)?;
        let mut next = self.next();
        next.fields.push(CustomField { label, options, ..field });
        Ok(next)
    }

    /// Returns the next version, with one field changed.
    ///
    /// # Errors
    /// `CUSTOM_UNKNOWN`, or as for [`Schema::with_field`].
    pub fn with_edit(&self, key: &str, edit: &FieldEdit) -> Result<Self, Invalid> {
        let at = self.fields.iter().position(|field| field.key == key).ok_or_else(|| self.unknown(key))?;
        let mut next = self.next();
        let field = &mut next.fields[at];
        if let Some(label) = &edit.label {
            field.label = self.check_label(key, label)?;
        }
        if let Some(options) = &edit.options {
            field.options = check_options(field.kind, options)?;
        }
        field.required = edit.required.unwrap_or(field.required);
        field.enabled = edit.enabled.unwrap_or(field.enabled);
        Ok(next)
    }

    /// Says what a later version changed, in words.
    #[must_use]
    pub fn changes(&self, later: &Self) -> Vec<String> {
        later.fields.iter().flat_map(|field| changes_of(self.find(&field.key), field)).collect()
    }

    /// Says which built-in field an import takes a label for, so that it never heads this field's column.
    #[must_use]
    pub fn label_means(label: &str) -> Option<FieldKey> {
        field_for_header(label).filter(|key| key.known().is_some())
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, fields: self.fields.clone(), former: Vec::new() }
    }

    fn check_label(&self, key: &str, label: &str) -> Result<String, Invalid> {
        let label = clean(label).into_owned();
        let refused = |why: String| Invalid::new("CUSTOM_LABEL", why).hint("use 1–100 characters on one line");
        if label.is_empty() {
            return Err(refused("the label is empty".to_owned()));
        }
        check_text(&label, TEXT_MAX_CHARS, false)
            .map_err(|invalid| refused(format!("the label {}", invalid.message)))?;
        let same = |other: &&CustomField| other.key != key && alike(&other.label, &label);
        match self.fields.iter().find(same) {
            Some(other) => {
                let message = format!("the custom field `{}` has the label `{}` already", other.key, other.label);
                Err(Invalid::new("CUSTOM_LABEL", message).hint("choose another with `--label`"))
            }
            None => Ok(label),
        }
    }
}

/// Labels are told apart as headers of columns are.
fn alike(a: &str, b: &str) -> bool {
    let (key_a, key_b) = (header_key(a), header_key(b));
    if key_a.is_empty() { a.to_lowercase() == b.to_lowercase() } else { key_a == key_b }
}

fn check_key(key: &str) -> Result<(), Invalid> {
    let of_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    if (1..=KEY_MAX_CHARS).contains(&key.len()) && key.bytes().all(of_key) {
        return Ok(());
    }
    let invalid = Invalid::new("CUSTOM_KEY", format!("`{key}` is no key of a custom field"));
    let mended: String = key.trim().trim_start_matches("custom.").to_lowercase().replace([' ', '.'], "_");
    let hint =
        if mended != key && check_key(&mended).is_ok() { format!(", such as `{mended}`") } else { String::new() };
    Err(invalid.hint(format!("keys are 1–64 of a–z, 0–9, _ and -{hint}")))
}

fn exists(known: &CustomField) -> Invalid {
    let key = &known.key;
    let invalid = Invalid::new("CUSTOM_EXISTS", format!("there is a custom field `{key}` already ({})", known.kind));
    if known.enabled {
        invalid.hint(format!("change it with `carnet field edit {key}`, or choose another key"))
    } else {
        invalid.hint(format!("it is disabled: `carnet field enable {key}` brings it back, or choose another key"))
    }
}

/// `account_tier` becomes `Account tier`.
fn label_of(key: &str) -> String {
    let words = key.replace(['_', '-'], " ");
    let words = words.trim();
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => key.to_owned(),
    }
}

fn check_options(kind: CustomKind, options: &[String]) -> Result<Vec<String>, Invalid> {
    let refused = |why: String, hint: &str| Err(Invalid::new("CUSTOM_OPTIONS", why).hint(hint));
    if kind != CustomKind::Dropdown {
        return match options.first() {
            Some(_) => {
                refused(format!("a field of type {kind} has no options"), "leave `--option` out, or use a dropdown")
            }
            None => Ok(Vec::new()),
        };
    }
    if options.is_empty() {
        return refused("a dropdown needs options".to_owned(), "name each: `--option Gold --option Silver`");
    }
    if options.len() > OPTIONS_MAX {
        return refused(format!("{} options are too many", options.len()), "use 500 at most, or a text field");
    }
    let mut known: Vec<String> = Vec::with_capacity(options.len());
    for option in options {
        let option = clean(option).into_owned();
        if option.is_empty() || check_text(&option, TEXT_MAX_CHARS, false).is_err() {
            return refused(format!("the option `{option}` is empty or too long"), "use 1–100 characters on one line");
        }
        if known.iter().any(|other| other.to_lowercase() == option.to_lowercase()) {
            return refused(format!("the option `{option}` is there twice"), "name each once; case does not count");
        }
        known.push(option);
    }
    Ok(known)
}

fn changes_of(before: Option<&CustomField>, after: &CustomField) -> Vec<String> {
    let key = &after.key;
    let Some(before) = before else {
        let required = if after.required { ", required" } else { "" };
        return vec![format!("`{key}` added ({}{required})", after.kind)];
    };
    let mut told = Vec::new();
    if before.label != after.label {
        told.push(format!("`{key}`: label `{}` → `{}`", before.label, after.label));
    }
    if before.options != after.options {
        told.push(format!("`{key}`: options {} → {}", before.options_text(), after.options_text()));
    }
    if before.required != after.required {
        told.push(format!("`{key}` {}", if after.required { "required" } else { "no longer required" }));
    }
    if before.enabled != after.enabled {
        told.push(format!("`{key}` {}", if after.enabled { "enabled" } else { "disabled" }));
    }
    told
}

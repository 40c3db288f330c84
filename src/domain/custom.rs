//! Custom fields: what a deployment adds to contacts and organizations, as a schema in versions. Values are read by `read`, the schema is
//! changed by `edit`; where it is kept, and who may change it, is decided above.

mod edit;
mod read;

use std::collections::BTreeMap;

use super::contact::words;
use super::field::{FieldKey, header_key};
use super::invalid::Invalid;
use super::problem::Problem;
use super::rules::{Rules, UnknownCustomFields};
use super::warning::Warning;
use super::{date, text};

pub use edit::FieldEdit;

/// Longest value of a field that the schema does not have, in characters.
const UNKNOWN_MAX_CHARS: usize = 1000;

words! {
    /// What has custom fields.
    Entity {
        /// Contacts.
        Contact = "contact",
        /// Organizations.
        Organization = "organization",
    }
}

words! {
    /// What a custom field holds.
    CustomKind {
        /// A line of up to 100 characters.
        Text = "text",
        /// Lines of up to 1000 characters.
        Textarea = "textarea",
        /// A whole number.
        Integer = "integer",
        /// A decimal number.
        Number = "number",
        /// Yes or no.
        Checkbox = "checkbox",
        /// A day.
        Date = "date",
        /// A moment.
        Datetime = "datetime",
        /// One of the field's options.
        Dropdown = "dropdown",
        /// A text that no two records share.
        Identifier = "identifier",
        /// A web address.
        Url = "url",
        /// Several short texts.
        Tags = "tags",
    }
}

/// One custom field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CustomField {
    /// Its name everywhere but on screens: 1–64 of `a`–`z`, `0`–`9`, `_`, `-`.
    pub key: String,
    /// Its name on screens; heads a column of an import, too.
    pub label: String,
    /// What it holds; never changes.
    pub kind: CustomKind,
    /// What a dropdown offers, in order.
    pub options: Vec<String>,
    /// Whether a record without it is refused.
    pub required: bool,
    /// Whether it is in use. The values of one that is not are kept, and shown nowhere.
    pub enabled: bool,
}

/// The custom fields of one kind of record. The default has none.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Schema {
    /// Counts up with every change; 0 before the first.
    pub version: u64,
    /// The fields, in the order in which they were added.
    pub fields: Vec<CustomField>,
    /// Options that dropdowns had in earlier versions; empty unless [`Schema::with_history`] filled it in.
    pub former: Vec<FormerOption>,
}

/// An option that a dropdown has no more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FormerOption {
    /// The field's key.
    pub key: String,
    /// The option, in lower case.
    pub option: String,
    /// The last version that had it.
    pub version: u64,
}

/// A value that no two records may share.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Claim {
    /// The field.
    pub key: String,
    /// The value as it is written.
    pub value: String,
    /// The value as it is compared.
    pub folded: String,
    /// Whether the record did not have it before.
    pub fresh: bool,
}

impl Schema {
    /// Returns a field by its key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&CustomField> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Returns the fields in use.
    pub fn enabled(&self) -> impl Iterator<Item = &CustomField> {
        self.fields.iter().filter(|field| field.enabled)
    }

    /// Checks a value that is not blank, and returns it as it is stored. What is stored is accepted again, unchanged.
    ///
    /// # Errors
    /// `CUSTOM_…`: the rule of the field's type; `CUSTOM_DISABLED`; `CUSTOM_UNKNOWN` where the rules refuse unknown fields.
    pub fn check(&self, key: &str, value: &str, rules: &Rules) -> Result<String, Invalid> {
        let field = self.writable(key, rules)?;
        match field {
            _ if text::is_blank(value) => {
                Err(Invalid::new("CUSTOM_EMPTY", "there is no value").hint("clear the field instead"))
            }
            Some(field) => field.read(value, rules).map_err(|invalid| self.dated(field, value, invalid)),
            None => read::lines(&text::clean(value), UNKNOWN_MAX_CHARS),
        }
    }

    /// Remembers which options dropdowns had in earlier versions, so that a refusal can tell of them.
    #[must_use]
    pub fn with_history(mut self, versions: &[Self]) -> Self {
        for version in versions.iter().filter(|version| version.version < self.version) {
            for field in version.fields.iter().filter(|field| field.kind == CustomKind::Dropdown) {
                for option in field.options.iter().map(|option| option.to_lowercase()) {
                    let same = |known: &&mut FormerOption| known.key == field.key && known.option == option;
                    match self.former.iter_mut().find(same) {
                        Some(known) => known.version = known.version.max(version.version),
                        None => {
                            self.former.push(FormerOption { key: field.key.clone(), option, version: version.version });
                        }
                    }
                }
            }
        }
        self
    }

    /// An option belongs to a version of the schema: a refusal says to which, and until when there was such an option.
    fn dated(&self, field: &CustomField, value: &str, invalid: Invalid) -> Invalid {
        if invalid.code != "CUSTOM_OPTION" {
            return invalid;
        }
        let wanted = text::clean(value).to_lowercase();
        let former = self.former.iter().find(|former| former.key == field.key && former.option == wanted);
        let until = former.map_or_else(String::new, |it| format!("; it was one up to version {}", it.version));
        let message = format!("{} in version {} of the custom fields{until}", invalid.message, self.version);
        Invalid { message, ..invalid }
    }

    /// Sets a value; a blank one clears it.
    ///
    /// # Errors
    /// As for [`Schema::check`]; the values are then unchanged.
    pub fn set(
        &self,
        values: &mut BTreeMap<String, String>,
        key: &str,
        value: &str,
        rules: &Rules,
    ) -> Result<(), Invalid> {
        let clean = text::clean(value);
        if clean.is_empty() {
            // What is not there needs no right to be cleared; what nobody knows may always go.
            if values.contains_key(key) && self.find(key).is_some() {
                self.writable(key, rules)?;
            }
            values.remove(key);
            return Ok(());
        }
        let value = self.check(key, &clean, rules)?;
        values.insert(key.to_owned(), value);
        Ok(())
    }

    /// What to know about a value that was set: a date of which day and month could be swapped.
    #[must_use]
    pub fn doubt(&self, values: &BTreeMap<String, String>, key: &str, given: &str, rules: &Rules) -> Option<Warning> {
        self.find(key).filter(|field| field.kind == CustomKind::Date)?;
        date::doubt(given, values.get(key)?.parse().ok()?, rules.date_format)
    }

    /// Adds tags to those that are there; a field of another type is set.
    ///
    /// # Errors
    /// As for [`Schema::check`].
    pub fn add(
        &self,
        values: &mut BTreeMap<String, String>,
        key: &str,
        value: &str,
        rules: &Rules,
    ) -> Result<(), Invalid> {
        match values.get(key).filter(|_| self.has_tags(key) && !text::is_blank(value)) {
            Some(held) => self.set(values, key, &[held, value].join("; "), rules),
            None if text::is_blank(value) => Ok(()),
            None => self.set(values, key, value, rules),
        }
    }

    /// Removes a tag, or clears a field that holds the value; says whether it was there.
    ///
    /// # Errors
    /// As for [`Schema::set`].
    pub fn remove(
        &self,
        values: &mut BTreeMap<String, String>,
        key: &str,
        value: &str,
        rules: &Rules,
    ) -> Result<bool, Invalid> {
        let Some(held) = values.get(key) else { return Ok(false) };
        let value = text::clean(value);
        let rest: Vec<&str> = if self.has_tags(key) {
            let doomed: Vec<String> = read::split_tags(&value).map(str::to_lowercase).collect();
            read::split_tags(held).filter(|tag| !doomed.contains(&tag.to_lowercase())).collect()
        } else {
            let same = *held == value || self.check(key, &value, rules).is_ok_and(|read| read == *held);
            if same { Vec::new() } else { vec![held] }
        };
        let rest = rest.join("; ");
        let found = rest != *held;
        if found {
            self.set(values, key, &rest, rules)?;
        }
        Ok(found)
    }

    /// Checks all that differs from `before`, brings it into the form in which it is stored, and returns what is wrong; a value that is refused
    /// is as it was before. For records that are filled in first and looked at as a whole.
    pub fn settle(
        &self,
        before: &BTreeMap<String, String>,
        values: &mut BTreeMap<String, String>,
        rules: &Rules,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let given = std::mem::replace(values, before.clone());
        let cleared = before.keys().filter(|key| !given.contains_key(*key)).map(|key| (key, ""));
        for (key, value) in given.iter().map(|(key, value)| (key, value.as_str())).chain(cleared) {
            if before.get(key).map(String::as_str) == Some(value) {
                continue;
            }
            if let Err(invalid) = self.set(values, key, value, rules) {
                problems.push(Problem::of_value(&FieldKey::Custom(key.as_str().into()), value, invalid));
            }
        }
        let told = |missing: &Problem| problems.iter().any(|known| known.field == missing.field);
        let missing: Vec<Problem> = self.missing(values).into_iter().filter(|missing| !told(missing)).collect();
        problems.extend(missing);
        problems
    }

    /// Returns what the schema misses in a record: the required fields without a value.
    #[must_use]
    pub fn missing(&self, values: &BTreeMap<String, String>) -> Vec<Problem> {
        let absent = |field: &&CustomField| field.required && !values.contains_key(&field.key);
        self.enabled().filter(absent).map(CustomField::missing).collect()
    }

    /// Takes away the values of fields that are not in use, for showing a record.
    pub fn hide(&self, values: &mut BTreeMap<String, String>) {
        for field in self.fields.iter().filter(|field| !field.enabled) {
            values.remove(&field.key);
        }
    }

    /// Says whether a key's values are shown: it is in use, or the schema does not have it.
    #[must_use]
    pub fn shows(&self, key: &str) -> bool {
        self.find(key).is_none_or(|field| field.enabled)
    }

    /// Says whether there are fields whose values no two records may share.
    #[must_use]
    pub fn has_identifiers(&self) -> bool {
        self.identifiers().next().is_some()
    }

    /// Returns the values of a record that no other may have; `before` is the record as it was.
    #[must_use]
    pub fn claims(&self, before: Option<&BTreeMap<String, String>>, values: &BTreeMap<String, String>) -> Vec<Claim> {
        let claim = |field: &CustomField| {
            let value = values.get(&field.key)?;
            let fresh = before.and_then(|before| before.get(&field.key)) != Some(value);
            let (key, value) = (field.key.clone(), value.clone());
            Some(Claim { folded: text::fold(&value), key, value, fresh })
        };
        self.identifiers().filter_map(claim).collect()
    }

    /// Finds the field in use that a CSV header means: its label, or its key behind `custom.`, without case, spaces and punctuation.
    #[must_use]
    pub fn for_header(&self, header: &str) -> Option<FieldKey> {
        let wanted = header_key(header);
        let means = |field: &&CustomField| {
            header_key(&field.label) == wanted || header_key(&format!("custom.{}", field.key)) == wanted
        };
        let field = self.enabled().find(means).filter(|_| !wanted.is_empty())?;
        Some(FieldKey::Custom(field.key.as_str().into()))
    }

    fn identifiers(&self) -> impl Iterator<Item = &CustomField> {
        self.enabled().filter(|field| field.kind == CustomKind::Identifier)
    }

    fn has_tags(&self, key: &str) -> bool {
        self.find(key).is_some_and(|field| field.kind == CustomKind::Tags)
    }

    /// Returns the field that a value is to be written to; `None` for one that the schema does not have, where that is allowed.
    fn writable(&self, key: &str, rules: &Rules) -> Result<Option<&CustomField>, Invalid> {
        match self.find(key) {
            Some(field) if !field.enabled => {
                Err(Invalid::new("CUSTOM_DISABLED", format!("the custom field `{key}` is disabled"))
                    .hint(format!("enable it with `carnet field enable {key}`")))
            }
            // `Tier` beside `tier` is a slip, and would be found by nobody.
            None if self.find(&key.to_lowercase()).is_some() => Err(self.unknown(key)),
            None if rules.unknown_custom_fields == UnknownCustomFields::Reject => Err(self.unknown(key)),
            field => Ok(field),
        }
    }

    /// Returns the key of a field that is very probably meant by one that the schema does not have.
    #[must_use]
    pub fn nearly(&self, key: &str) -> Option<&str> {
        if self.find(key).is_some() { None } else { self.nearest(key, 0.85) }
    }

    fn nearest(&self, key: &str, least: f64) -> Option<&str> {
        let wanted = key.to_lowercase();
        let keys = self.enabled().map(|field| (strsim::jaro_winkler(&field.key, &wanted), field.key.as_str()));
        keys.filter(|(score, _)| *score > least).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, key)| key)
    }

    /// There is no such field.
    #[must_use]
    pub fn unknown(&self, key: &str) -> Invalid {
        let invalid = Invalid::new("CUSTOM_UNKNOWN", format!("there is no custom field `{key}`"));
        match self.nearest(key, 0.8) {
            Some(near) => invalid.hint(format!("did you mean `{near}`?")),
            None => invalid.hint("`carnet field list` lists the fields; `carnet field add` makes one"),
        }
    }
}

impl CustomField {
    /// Returns the field's name: `custom.KEY`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("custom.{}", self.key)
    }

    fn missing(&self) -> Problem {
        let invalid = Invalid::new("CUSTOM_MISSING", format!("`{}` is required", self.label));
        let hint = match self.kind {
            CustomKind::Dropdown => format!("choose one of {}", self.options_text()),
            _ => format!("fill in `{}`", self.name()),
        };
        Problem::of_record(Some(&FieldKey::Custom(self.key.as_str().into())), invalid.hint(hint))
    }

    fn options_text(&self) -> String {
        self.options.join(", ")
    }

    /// Returns the format, for people.
    #[must_use]
    pub fn doc(&self) -> String {
        let format = match self.kind {
            CustomKind::Text => "one line, up to 100 characters".to_owned(),
            CustomKind::Textarea => "up to 1000 characters".to_owned(),
            CustomKind::Integer => "whole number".to_owned(),
            CustomKind::Number => "number, with a point for decimals".to_owned(),
            CustomKind::Checkbox => "yes or no".to_owned(),
            CustomKind::Date => "date, as `date_format` says, or YYYY-MM-DD".to_owned(),
            CustomKind::Datetime => "YYYY-MM-DD HH:MM in UTC, or RFC 3339".to_owned(),
            CustomKind::Dropdown => format!("one of {}", self.options_text()),
            CustomKind::Identifier => "unique, up to 100 characters".to_owned(),
            CustomKind::Url => "web address".to_owned(),
            CustomKind::Tags => "several, separated by ; or ,".to_owned(),
        };
        format!("{}: {format}{}", self.label, if self.required { " (required)" } else { "" })
    }
}

#[cfg(test)]
mod tests;

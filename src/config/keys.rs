//! The keys of `carnet.toml`, each with its check. One function a group; unknown keys get the nearest known one as a hint.

pub(super) mod plugins;

use toml::de::DeValue;

use super::{
    ALL_FIELDS, DuplicatesOnEnquiry, ErrorColumn, ExportScope, FieldList, MatchBy, OnMatch, Profile, SearchField,
    Settings, UnknownCustomFields,
};
use crate::domain::country;
use crate::domain::field::{FieldKey, field_for_header};
use crate::domain::invalid::Invalid;
use crate::domain::language::LanguageNames;
use crate::domain::permission::Access;
use crate::domain::phone::PhoneMode;
use crate::domain::rules::{MissingLastName, RequiredNames, UnknownLabels};

/// All keys of the top level, for hints.
const KEYS: &[&str] = &[
    "profile",
    "missing_last_name",
    "required_names",
    "phone_mode",
    "default_country",
    "date_format",
    "accept_serial_dates",
    "multi_value",
    "language_names",
    "sms_default",
    "lock_verified",
    "unknown_labels",
    "department_label",
    "error_column",
    "on_match",
    "match_by",
    "fill_blanks_only",
    "max_errors",
    "max_faults",
    "overwrite",
    "fill",
    "workers",
    "poll_folders",
    "access",
    "export_scope",
    "search_fields",
    "search_with_filters",
    "duplicates_on_enquiry",
    "unknown_custom_fields",
    "trusted_keys",
    "require_signature",
    "plugins",
];

/// Why a key is refused; whether the key itself or its value is at fault.
pub(super) struct KeyFault {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) about_key: bool,
}

type Checked<T> = Result<T, KeyFault>;

/// Applies one top-level key.
pub(super) fn apply(settings: &mut Settings, key: &str, value: &DeValue<'_>) -> Checked<()> {
    match key {
        // Applied before all others; here it is only checked.
        "profile" => drop(word(key, value, &Profile::NAMES, Profile::parse)?),
        "missing_last_name" => {
            settings.missing_last_name =
                word(key, value, &["customer", "reject", "first-name", "email"], missing_last_name)?
        }
        "required_names" => settings.required_names = word(key, value, &["last", "first-and-last"], required_names)?,
        "phone_mode" => settings.phone_mode = word(key, value, &["lenient", "strict"], phone_mode)?,
        "default_country" => {
            settings.default_country = Some(parsed(key, value, |text| {
                country::parse_country(text).map_err(|invalid| (invalid.message, invalid.hint))
            })?)
        }
        "date_format" => {
            settings.date_format =
                word(key, value, &["MM/DD/YYYY", "DD/MM/YYYY", "YYYY-MM-DD"], |word| word.parse().ok())?
        }
        "accept_serial_dates" => settings.accept_serial_dates = yes_no(key, value)?,
        "multi_value" => settings.multi_value = yes_no(key, value)?,
        "language_names" => settings.language_names = word(key, value, &["any", "iso-639-1", "five"], language_names)?,
        "sms_default" => settings.sms_default = yes_no(key, value)?,
        "lock_verified" => settings.lock_verified = yes_no(key, value)?,
        "unknown_labels" => settings.unknown_labels = word(key, value, &["create", "reject"], unknown_labels)?,
        "department_label" => {
            settings.department_label = word(key, value, &["Team", "Department"], |word| Some(word.to_owned()))?
        }
        "error_column" => settings.error_column = parsed(key, value, error_column)?,
        "on_match" => settings.on_match = word(key, value, &["create", "skip", "update", "reject"], OnMatch::parse)?,
        "match_by" => settings.match_by = words(key, value, &["external_id", "email", "phone"], MatchBy::parse)?,
        "fill_blanks_only" => settings.fill_blanks_only = yes_no(key, value)?,
        "max_errors" => settings.max_errors = Some(number(key, value, 0, u32::MAX as usize)? as u64),
        "max_faults" => settings.max_faults = Some(number(key, value, 0, u32::MAX as usize)? as u64),
        "overwrite" => settings.overwrite = fields(key, value, &settings.fill, "fill")?,
        "fill" => settings.fill = fields(key, value, &settings.overwrite, "overwrite")?,
        "workers" => settings.workers = number(key, value, 0, 64)?,
        "poll_folders" => settings.poll_folders = yes_no(key, value)?,
        "access" => settings.access = word(key, value, &["open", "owner", "division"], access)?,
        "export_scope" => {
            settings.export_scope = word(key, value, &["visible", "owned-or-shared"], ExportScope::parse)?
        }
        "search_fields" => {
            let known = ["name", "company", "email", "phone", "external_id"];
            settings.search_fields = words(key, value, &known, SearchField::parse)?
        }
        "search_with_filters" => settings.search_with_filters = yes_no(key, value)?,
        "duplicates_on_enquiry" => {
            settings.duplicates_on_enquiry = word(key, value, &["suggest", "off", "link"], DuplicatesOnEnquiry::parse)?
        }
        "unknown_custom_fields" => {
            settings.unknown_custom_fields = word(key, value, &["accept", "reject"], UnknownCustomFields::parse)?
        }
        "trusted_keys" => settings.trusted_keys = trusted_keys(key, value)?,
        "require_signature" => settings.require_signature = yes_no(key, value)?,
        // Its tables have places of their own: `plugins::apply`.
        "plugins" => {}
        _ => return Err(unknown(key, KEYS)),
    }
    Ok(())
}

/// Reads the keys that a package's signature is checked with.
fn trusted_keys(key: &str, value: &DeValue<'_>) -> Checked<Vec<String>> {
    let expected = || wrong(key, "a list of minisign public keys, such as [\"RWQ…\"]");
    let one = |text: &str| {
        minisign_verify::PublicKey::from_base64(text).map(|_| text.to_owned()).map_err(|_| KeyFault {
            message: format!("`{key}`: `{text}` is no public key of minisign"),
            hint: Some(
                "it is the second line of the author's minisign.pub, 56 characters that begin with RW".to_owned(),
            ),
            about_key: false,
        })
    };
    let items = value.as_array().ok_or_else(expected)?;
    items.iter().map(|item| one(item.get_ref().as_str().ok_or_else(expected)?.trim())).collect()
}

fn unknown(key: &str, known: &[&str]) -> KeyFault {
    let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
    let hint =
        nearest.filter(|near| strsim::jaro_winkler(near, key) > 0.8).map(|near| format!("did you mean `{near}`?"));
    KeyFault {
        message: format!("unknown key `{key}`"),
        hint: hint.or_else(|| Some(format!("known keys: {}", known.join(", ")))),
        about_key: true,
    }
}

fn wrong(key: &str, expected: &str) -> KeyFault {
    KeyFault { message: format!("`{key}` must be {expected}"), hint: None, about_key: false }
}

fn word<T>(key: &str, value: &DeValue<'_>, words: &[&str], read: impl Fn(&str) -> Option<T>) -> Checked<T> {
    let expected = || wrong(key, &format!("one of `{}`", words.join("`, `")));
    let given = value.as_str().ok_or_else(expected)?;
    words.contains(&given).then(|| read(given)).flatten().ok_or_else(expected)
}

fn words<T>(key: &str, value: &DeValue<'_>, known: &[&str], read: impl Fn(&str) -> Option<T>) -> Checked<Vec<T>> {
    let list = value.as_array().ok_or_else(|| wrong(key, &format!("a list of `{}`", known.join("`, `"))))?;
    list.iter().map(|item| word(key, item.get_ref(), known, &read)).collect()
}

/// Reads a list of fields, by their names or headers, none of which may be in the opposite list.
fn fields(key: &str, value: &DeValue<'_>, opposite: &FieldList, its_key: &str) -> Checked<FieldList> {
    let expected = || wrong(key, "a list of fields, such as [\"company\", \"job_title\"], or [\"all\"]");
    let mut list = FieldList::default();
    for item in value.as_array().ok_or_else(expected)? {
        let name = item.get_ref().as_str().ok_or_else(expected)?.trim();
        if name.eq_ignore_ascii_case(ALL_FIELDS) {
            list.all = true;
            continue;
        }
        let field = FieldKey::find(name).or_else(|| field_for_header(name)).map_or_else(|| FieldKey::parse(name), Ok);
        let refused = |invalid: Invalid| KeyFault {
            message: format!("`{key}`: {}", invalid.message),
            hint: invalid.hint,
            about_key: false,
        };
        list.keys.push(field.map_err(refused)?);
    }
    match list.common(opposite) {
        None => Ok(list),
        Some(field) => Err(KeyFault {
            message: format!("`{field}` is in `{key}` and in `{its_key}`"),
            hint: Some("name it in one of them".to_owned()),
            about_key: false,
        }),
    }
}

fn parsed<T>(key: &str, value: &DeValue<'_>, read: impl Fn(&str) -> Result<T, (String, Option<String>)>) -> Checked<T> {
    let given = value.as_str().ok_or_else(|| wrong(key, "a text"))?;
    read(given).map_err(|(message, hint)| KeyFault { message: format!("`{key}`: {message}"), hint, about_key: false })
}

fn yes_no(key: &str, value: &DeValue<'_>) -> Checked<bool> {
    value.as_bool().ok_or_else(|| wrong(key, "true or false"))
}

fn number(key: &str, value: &DeValue<'_>, low: usize, high: usize) -> Checked<usize> {
    let given = value.as_integer().and_then(|number| usize::from_str_radix(number.as_str(), number.radix()).ok());
    given
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| wrong(key, &format!("a whole number from {low} to {high}")))
}

fn missing_last_name(word: &str) -> Option<MissingLastName> {
    match word {
        "customer" => Some(MissingLastName::Customer),
        "reject" => Some(MissingLastName::Reject),
        "first-name" => Some(MissingLastName::FirstName),
        "email" => Some(MissingLastName::Email),
        _ => None,
    }
}

fn required_names(word: &str) -> Option<RequiredNames> {
    match word {
        "last" => Some(RequiredNames::Last),
        "first-and-last" => Some(RequiredNames::FirstAndLast),
        _ => None,
    }
}

fn phone_mode(word: &str) -> Option<PhoneMode> {
    match word {
        "lenient" => Some(PhoneMode::Lenient),
        "strict" => Some(PhoneMode::Strict),
        _ => None,
    }
}

fn language_names(word: &str) -> Option<LanguageNames> {
    match word {
        "any" => Some(LanguageNames::Any),
        "iso-639-1" => Some(LanguageNames::Iso6391),
        "five" => Some(LanguageNames::Five),
        _ => None,
    }
}

fn unknown_labels(word: &str) -> Option<UnknownLabels> {
    match word {
        "create" => Some(UnknownLabels::Create),
        "reject" => Some(UnknownLabels::Reject),
        _ => None,
    }
}

fn access(word: &str) -> Option<Access> {
    match word {
        "open" => Some(Access::Open),
        "owner" => Some(Access::Owner),
        "division" => Some(Access::Division),
        _ => None,
    }
}

fn error_column(letter: &str) -> Result<ErrorColumn, (String, Option<String>)> {
    match letter {
        "first-free" => Ok(ErrorColumn::FirstFree),
        _ if (1..=3).contains(&letter.len()) && letter.bytes().all(|b| b.is_ascii_uppercase()) => {
            Ok(ErrorColumn::Letter(letter.to_owned()))
        }
        _ => Err((
            format!("`{letter}` is no column"),
            Some("use `first-free` or a spreadsheet's letter such as `AZ`".to_owned()),
        )),
    }
}

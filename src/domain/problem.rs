//! What is wrong with a record, said so that a person can mend it. Faults of plugins are not problems of records and live in `plugin`.

use std::borrow::Cow;
use std::fmt;

use super::field::FieldKey;
use super::invalid::Invalid;
use super::warning::Warning;

/// One reason why a record is refused, or one thing to know about an accepted one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The field it is about, if it is about one: a field's name, or a header of the file.
    pub field: Option<String>,
    /// Stable code in SCREAMING_SNAKE_CASE (built-in) or the plugin's own.
    pub code: Cow<'static, str>,
    /// The offending value as given, if there is one.
    pub value: Option<String>,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// Returns a problem about a value of a field.
    #[must_use]
    pub fn of_value(field: &FieldKey, value: &str, invalid: Invalid) -> Self {
        Self {
            field: Some(field.to_string()),
            code: Cow::Borrowed(invalid.code),
            value: Some(value.to_owned()),
            message: invalid.message,
            hint: invalid.hint,
        }
    }

    /// Returns a thing to know about a value that was taken.
    #[must_use]
    pub fn to_know(field: &FieldKey, value: &str, warning: Warning) -> Self {
        Self {
            field: Some(field.to_string()),
            code: Cow::Borrowed(warning.caution.as_str()),
            value: Some(value.to_owned()),
            message: warning.message,
            hint: None,
        }
    }

    /// Returns a problem about a field as such, or about the whole record.
    #[must_use]
    pub fn of_record(field: Option<&FieldKey>, invalid: Invalid) -> Self {
        Self {
            field: field.map(ToString::to_string),
            code: Cow::Borrowed(invalid.code),
            value: None,
            message: invalid.message,
            hint: invalid.hint,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)
    }
}

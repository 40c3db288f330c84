//! The rules that a deployment may choose between, as plain values. Where they come from (settings, profiles) is decided above.

use std::sync::Arc;

use chrono::NaiveDate;

use super::contact::words;
use super::country::Country;
use super::custom::Schema;
use super::date::DateFormat;
use super::language::LanguageNames;
use super::phone::PhoneMode;

/// What happens to a contact without a last name.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum MissingLastName {
    /// `customer` is filled in and marked as a placeholder.
    Customer,
    /// The contact is refused.
    Reject,
    /// The first name serves as last name, too; refused when that is missing as well.
    FirstName,
    /// The part of the first e-mail address before the `@` serves; refused without one.
    Email,
}

/// Which names a contact must have.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum RequiredNames {
    /// The last name.
    Last,
    /// First and last name.
    FirstAndLast,
}

/// What happens to a label that does not exist yet.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum UnknownLabels {
    /// It is created.
    Create,
    /// The record that asks for it is refused.
    Reject,
}

words! {
    /// What happens to a value of a custom field that the schema does not have.
    UnknownCustomFields {
        /// It is kept, as text of up to 1000 characters.
        Accept = "accept",
        /// It is refused.
        Reject = "reject",
    }
}

/// The built-in rules in force. Passed explicitly; there is no default on purpose.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What happens without a last name.
    pub missing_last_name: MissingLastName,
    /// Which names must be there.
    pub required_names: RequiredNames,
    /// How strictly phone numbers are read.
    pub phone_mode: PhoneMode,
    /// Country of numbers without a country code.
    pub default_country: Option<Country>,
    /// Order of day and month in dates.
    pub date_format: DateFormat,
    /// Whether `29569` is a date that a spreadsheet numbered.
    pub accept_serial_dates: bool,
    /// Whether a cell may hold several phones or e-mails, separated by `;`.
    pub multi_value: bool,
    /// Which language names are known.
    pub language_names: LanguageNames,
    /// Whether a new number starts with text messages allowed.
    pub sms_default: bool,
    /// Whether labels are created when first used.
    pub unknown_labels: UnknownLabels,
    /// Whether verified phones and handles are locked.
    pub lock_verified: bool,
    /// Today, for dates that must not be in the future.
    pub today: NaiveDate,
    /// The custom fields of contacts.
    pub schema: Arc<Schema>,
    /// What happens to values of other custom fields.
    pub unknown_custom_fields: UnknownCustomFields,
}

#[cfg(test)]
impl Rules {
    /// The rules of the default profile, on a fixed day.
    pub(crate) fn for_tests() -> Self {
        Self {
            missing_last_name: MissingLastName::Customer,
            required_names: RequiredNames::Last,
            phone_mode: PhoneMode::Lenient,
            default_country: None,
            date_format: DateFormat::Mdy,
            accept_serial_dates: false,
            multi_value: false,
            language_names: LanguageNames::Any,
            sms_default: true,
            unknown_labels: UnknownLabels::Create,
            lock_verified: false,
            today: NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day of the calendar"),
            schema: Arc::default(),
            unknown_custom_fields: UnknownCustomFields::Accept,
        }
    }
}

//! The table of a contact's fields: the one place that knows their names and CSV headers; what others call them is in `aliases`.
//! Reading and writing a field of a contact is in `access`; formats of the values are in their own files.

pub mod aliases;

use std::fmt;
use std::sync::{Arc, LazyLock};

use super::contact::{EmailKind, PhoneKind, SocialChannel};
use super::invalid::Invalid;

/// Everything the program knows about one field.
#[derive(Debug)]
pub struct FieldInfo {
    /// The field.
    pub field: Field,
    /// Name in settings, JSON, plugins and on the command line: snake_case.
    pub name: &'static str,
    /// Header in the CSV template and the export.
    pub header: &'static str,
    /// Value in the template's sample row; an import skips a row equal to it.
    pub sample: &'static str,
    /// Format, for people.
    pub doc: &'static str,
}

impl FieldInfo {
    /// Returns the header without what the template says besides.
    #[must_use]
    pub fn plain_header(&self) -> &'static str {
        self.header.strip_suffix(" (Mandatory)").unwrap_or(self.header)
    }
}

macro_rules! fields {
    ($($variant:ident $name:literal $header:literal $sample:literal $doc:literal;)*) => {
        /// One column of a contact, as people, files and plugins name it. Lists (phones, e-mails, socials) have a field per kind.
        #[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Field { $(#[doc = $doc] $variant,)* }

        /// All fields in the order of the CSV template.
        pub const FIELDS: &[FieldInfo] = &[$(FieldInfo {
            field: Field::$variant, name: $name, header: $header, sample: $sample, doc: $doc,
        },)*];
    };
}

fields! {
    FirstName "first_name" "First name" "John" "First name";
    LastName "last_name" "Last name (Mandatory)" "Sample" "Last name";
    Mobile "mobile" "Mobile" "+85212345678" "Mobile numbers: + country code and number";
    WorkPhone "work_phone" "Work" "" "Work phone numbers";
    HomePhone "home_phone" "Home" "" "Home phone numbers";
    OtherPhone "other_phone" "Other Phone" "" "Other phone numbers";
    Email "email" "Email" "john.sample@example.com" "Work e-mail addresses";
    PersonalEmail "personal_email" "Personal Email" "" "Personal e-mail addresses";
    OtherEmail "other_email" "Other Email" "" "Other e-mail addresses";
    Facebook "facebook" "Facebook" "" "Facebook (Messenger) ids, kept for reference";
    Whatsapp "whatsapp" "WhatsApp" "" "WhatsApp numbers; follow the phone rules";
    Wechat "wechat" "WeChat" "" "WeChat ids, kept for reference";
    Line "line" "LINE" "" "LINE ids, kept for reference";
    Twitter "twitter" "Twitter" "" "Twitter handles, kept for reference";
    Linkedin "linkedin" "LinkedIn" "" "LinkedIn handles, kept for reference";
    Instagram "instagram" "Instagram" "" "Instagram handles, kept for reference";
    WoztellWhatsapp "woztell_whatsapp" "WOZTELL (WhatsApp)" "" "WOZTELL WhatsApp ids, kept for reference";
    WoztellFacebook "woztell_facebook" "WOZTELL (Facebook)" "" "WOZTELL Facebook ids, kept for reference";
    WoztellInstagram "woztell_instagram" "WOZTELL (Instagram)" "" "WOZTELL Instagram ids, kept for reference";
    Company "company" "Company" "Sample Ltd" "Company name";
    JobTitle "job_title" "Job Title" "Manager" "Job title";
    Department "department" "Team" "" "Department, also called Team";
    BirthDate "birth_date" "Birthdate" "12/14/1980" "Birth date, MM/DD/YYYY or as `date_format` says, or ISO";
    Language "language" "Language" "en" "Language: ISO 639-1, BCP-47 or a name";
    Street "street" "Address" "1 Sample Street" "Street and house number";
    City "city" "City" "Hong Kong" "City";
    State "state" "State" "" "State or province";
    Zip "zip" "ZipCode" "" "ZIP or postal code, zeros kept";
    Country "country" "Country" "HK" "Country: name, alpha-2 or alpha-3";
    Type "type" "Type" "Lead" "lead, prospect, customer or other";
    Group "group" "Group" "" "Group";
    Level "level" "Level" "Primary" "primary, secondary or tertiary";
    Labels "labels" "Contact Label" "" "Labels, separated by ; or ,";
    SurveyOptOut "survey_opt_out" "Survey Opt-Out" "" "yes: send no surveys";
    Sms "sms" "SMS" "" "yes or no: text messages to all numbers of this contact";
    ExternalUrl "external_url" "External URL" "" "Link to this person in another system";
    ExternalId "external_id" "External ID" "" "source:id in other systems, separated by ;";
    Organization "organization" "External Organization" "" "Name of the organization that the contact belongs to";
    Division "division" "Division" "" "Division; never changes once it is set";
    Owner "owner" "Owner" "" "Name of the staff member who owns the contact";
    SharedWith "shared_with" "Shared With" "" "Names of the staff members it is shared with";
    OtherFirstNames "other_first_names" "Other First Names" "" "Other first names, kept by merges";
    OtherLastNames "other_last_names" "Other Last Names" "" "Other last names, kept by merges";
    Device "device" "Device" "" "Device last seen with an enquiry";
    Verified "verified" "Verified" "" "Phone numbers, e-mail addresses and handles that their owner proved";
    NoSms "no_sms" "No SMS" "" "Numbers that get no text messages; all others of the contact do";
    AsTyped "as_typed" "As Typed" "" "How numbers were typed: +85291234567 = 9123 4567";
}

/// Name of a field, or of a custom one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum FieldKey {
    /// A built-in field.
    Known(Field),
    /// A custom field, by its key; written `custom.KEY`.
    Custom(Arc<str>),
}

/// How a field's values are kept in the contact.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum FieldShape {
    /// One text.
    Text,
    /// Phone numbers of a kind.
    Phone(PhoneKind),
    /// E-mail addresses of a kind.
    Email(EmailKind),
    /// Handles on a channel.
    Social(SocialChannel),
    /// One value with rules of its own (dates, enums, yes/no).
    Typed,
    /// A list of names (labels, external ids, staff, other names).
    List,
    /// What is told about values of other fields (verified, no text messages, as typed).
    Marks,
}

impl Field {
    /// Returns the field's row of the table.
    #[must_use]
    pub fn info(self) -> &'static FieldInfo {
        &FIELDS[self as usize]
    }

    /// Returns the snake_case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Says whether the CSV template has a column for it; an export has one for every field that is used.
    #[must_use]
    pub const fn in_template(self) -> bool {
        !matches!(
            self,
            Self::Organization
                | Self::Division
                | Self::Owner
                | Self::SharedWith
                | Self::OtherFirstNames
                | Self::OtherLastNames
                | Self::Device
                | Self::Verified
                | Self::NoSms
                | Self::AsTyped
        )
    }

    /// Says whether it is about values of other fields, which must therefore be there first.
    #[must_use]
    pub const fn comes_last(self) -> bool {
        matches!(self, Self::Sms | Self::Verified | Self::NoSms | Self::AsTyped)
    }

    /// Says how the values are kept.
    #[must_use]
    pub fn shape(self) -> FieldShape {
        match self {
            Self::Mobile => FieldShape::Phone(PhoneKind::Mobile),
            Self::WorkPhone => FieldShape::Phone(PhoneKind::Work),
            Self::HomePhone => FieldShape::Phone(PhoneKind::Home),
            Self::OtherPhone => FieldShape::Phone(PhoneKind::Other),
            Self::Email => FieldShape::Email(EmailKind::Work),
            Self::PersonalEmail => FieldShape::Email(EmailKind::Personal),
            Self::OtherEmail => FieldShape::Email(EmailKind::Other),
            Self::Labels | Self::ExternalId | Self::SharedWith | Self::OtherFirstNames | Self::OtherLastNames => {
                FieldShape::List
            }
            Self::Verified | Self::NoSms | Self::AsTyped => FieldShape::Marks,
            Self::BirthDate
            | Self::Language
            | Self::Country
            | Self::Type
            | Self::Level
            | Self::SurveyOptOut
            | Self::Sms
            | Self::Organization
            | Self::Owner
            | Self::Division => FieldShape::Typed,
            _ => SocialChannel::of(self).map_or(FieldShape::Text, FieldShape::Social),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FieldKey {
    /// Reads a field's name (`mobile`, `custom.account_tier`).
    ///
    /// # Errors
    /// `FIELD_UNKNOWN` with the nearest name as hint.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        if let Some(key) = name.strip_prefix("custom.") {
            return custom_key(key);
        }
        Self::find(name).ok_or_else(|| unknown(name))
    }

    /// Finds a field by name: for callers that do not need to know what else could have been meant.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        if let Some(key) = name.strip_prefix("custom.") {
            return custom_key(key).ok();
        }
        let alike = BY_LENGTH.get(name.len())?;
        alike.iter().find(|info| info.name == name).map(|info| Self::Known(info.field))
    }

    /// Returns the built-in field, if it is one.
    #[must_use]
    pub fn known(&self) -> Option<Field> {
        match self {
            Self::Known(field) => Some(*field),
            Self::Custom(_) => None,
        }
    }
}

/// The fields by the length of their names: plugins ask for fields by name many times for each record, and few names are equally long.
static BY_LENGTH: LazyLock<Vec<Vec<&'static FieldInfo>>> = LazyLock::new(|| {
    let longest = FIELDS.iter().map(|info| info.name.len()).max().unwrap_or(0);
    let of_length = |length| FIELDS.iter().filter(|info| info.name.len() == length).collect();
    (0..=longest).map(of_length).collect()
});

fn custom_key(key: &str) -> Result<FieldKey, Invalid> {
    let sound =
        !key.is_empty() && key.len() <= 64 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if sound {
        return Ok(FieldKey::Custom(key.into()));
    }
    let key = &key[..key.floor_char_boundary(UNKNOWN_BYTES)];
    Err(Invalid::new("FIELD_UNKNOWN", format!("`custom.{key}` is no key of a custom field"))
        .hint("keys are 1–64 letters, digits, `_` or `-`"))
}

/// Longest part of an unknown name that is repeated and compared, in bytes.
const UNKNOWN_BYTES: usize = 200;

fn unknown(name: &str) -> Invalid {
    let name = &name[..name.floor_char_boundary(UNKNOWN_BYTES)];
    let nearest = FIELDS
        .iter()
        .map(|info| info.name)
        .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let problem = Invalid::new("FIELD_UNKNOWN", format!("there is no field `{name}`"));
    // What heads a column in somebody's file is a good guess.
    if let Some(meant) = field_for_header(name) {
        return problem.hint(format!("did you mean `{meant}`?"));
    }
    match nearest.filter(|near| strsim::jaro_winkler(near, name) > 0.8) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("`carnet template --fields` lists the fields; custom ones are `custom.KEY`"),
    }
}

impl fmt::Display for FieldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(field) => f.write_str(field.name()),
            Self::Custom(key) => write!(f, "custom.{key}"),
        }
    }
}

impl From<Field> for FieldKey {
    fn from(field: Field) -> Self {
        Self::Known(field)
    }
}

/// What templates add to a header, in its comparison form: it says nothing about which field is meant.
const REMARKS: [&str; 6] = ["(mandatory)", "(required)", "(obbligatorio)", "(จำเป็น)", "(必填)", "(必需)"];

/// Returns a header's comparison form: letters and digits only, without case, accents and full-width forms, and without remarks such as
/// `(Mandatory)`.
#[must_use]
pub fn header_key(header: &str) -> String {
    let mut text = super::text::fold(&super::text::clean(header));
    if text.contains('(') {
        for remark in REMARKS {
            text = text.replace(remark, "");
        }
    }
    text.retain(|c| c.is_alphanumeric() || is_mark(c));
    text
}

/// Thai vowels and tones are marks, not letters, and carry meaning.
fn is_mark(c: char) -> bool {
    ('\u{0e30}'..='\u{0e4e}').contains(&c)
}

/// Returns a header without what its brackets say and without a number at its end: `Email` of `Email 2` and of `Email (work)`.
#[must_use]
pub fn core_of(header: &str) -> &str {
    let before = header.find(['(', '（', '[', '【']).map_or(header, |at| &header[..at]);
    before.trim_end_matches(|c: char| c.is_numeric() || !(c.is_alphanumeric() || is_mark(c)))
}

/// Finds the field that a CSV header names: template header, name or alias; `custom.KEY` names a custom field.
#[must_use]
pub fn field_for_header(header: &str) -> Option<FieldKey> {
    if let Some(key @ FieldKey::Custom(_)) = FieldKey::find(header.trim()) {
        return Some(key);
    }
    let key = header_key(header);
    if key.is_empty() {
        return None;
    }
    let known = &*aliases::BY_HEADER;
    known.binary_search_by(|(known, _)| known.as_str().cmp(&key)).ok().map(|at| FieldKey::Known(known[at].1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (at, info) in FIELDS.iter().enumerate() {
            assert_eq!(info.field as usize, at, "{}", info.name);
            assert_eq!(FieldKey::parse(info.name).unwrap(), FieldKey::Known(info.field));
        }
    }

    #[track_caller]
    fn check(header: &str, expected: Option<Field>) {
        assert_eq!(field_for_header(header), expected.map(FieldKey::Known), "{header}");
    }

    #[test]
    fn headers_match_without_case_space_and_underscore() {
        check("Last name (Mandatory)", Some(Field::LastName));
        check("LAST NAME", Some(Field::LastName));
        check("last_name", Some(Field::LastName));
        check("姓", Some(Field::LastName));
        check("Title", Some(Field::JobTitle));
        check("Team", Some(Field::Department));
        check("ZIP code", Some(Field::Zip));
        check("WOZTELL (WhatsApp)", Some(Field::WoztellWhatsapp));
        check("ชื่อ", Some(Field::FirstName));
        check("ｅ－ｍａｉｌ", Some(Field::Email));
        check("CITTA", Some(Field::City));
        check("Città*", Some(Field::City));
        check("姓氏（必填）", Some(Field::LastName));
        check("国家／地区", Some(Field::Country));
        check("職稱", Some(Field::JobTitle));
        check("ตำแหน่ง", Some(Field::JobTitle));
        check("Data di nascita", Some(Field::BirthDate));
        check("姓名", None);
        check("Favourite colour", None);
        check("", None);
    }

    #[test]
    fn unknown_names_come_with_the_nearest_one() {
        let refused = FieldKey::parse("moblie").unwrap_err();
        assert_eq!(refused.hint.as_deref(), Some("did you mean `mobile`?"));
        assert_eq!(FieldKey::parse("team").unwrap_err().hint.as_deref(), Some("did you mean `department`?"));
        assert_eq!(FieldKey::parse("custom.tier").unwrap().to_string(), "custom.tier");
        assert_eq!(FieldKey::parse("custom.a b").unwrap_err().code, "FIELD_UNKNOWN");
    }
}

//! Organizations outside the own one, to which contacts belong by name. Which exist is the store's business; who may see and edit them
//! is decided above.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::contact::{Address, Stamp, words};
use super::country;
use super::field::FieldKey;
use super::invalid::Invalid;
use super::name::Name;
use super::record::{Record, read_line, read_number, read_url, unknown_field};
use super::rules::Rules;
use super::text;

/// Longest custom value, in characters.
const CUSTOM_MAX_CHARS: usize = text::TEXTAREA_MAX_CHARS;

words! {
    /// A field of an organization, by the name that people write.
    OrganizationField {
        /// Its name, unique without regard to case.
        Name = "name",
        /// Its web site.
        Website = "website",
        /// Street and house number.
        Street = "street",
        /// City.
        City = "city",
        /// State or province.
        State = "state",
        /// ZIP or postal code, zeros kept.
        Zip = "zip",
        /// Country: name, alpha-2 or alpha-3.
        Country = "country",
        /// Phone number.
        Phone = "phone",
        /// Link to it in another system.
        ExternalUrl = "external_url",
        /// Division; never changes once it is set.
        Division = "division",
    }
}

/// Name of a field of an organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OrganizationKey {
    /// A built-in field.
    Known(OrganizationField),
    /// A custom field, by its key; written `custom.KEY`.
    Custom(Arc<str>),
}

impl fmt::Display for OrganizationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(field) => f.write_str(field.as_str()),
            Self::Custom(key) => write!(f, "custom.{key}"),
        }
    }
}

/// An organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Organization {
    /// Number, from 1; 0 before it is stored.
    pub id: i64,
    /// Counts up with every write, from 1; 0 before the first.
    pub rev: u64,
    /// Name.
    pub name: Name,
    /// Address of its web site.
    pub website: Option<String>,
    /// Postal address.
    pub address: Address,
    /// Phone number: E.164 where it can be dialled, with ` x12` for an extension; else as typed.
    pub phone: Option<String>,
    /// Link to it in another system.
    pub external_url: Option<String>,
    /// Values of custom fields, by key.
    pub custom: BTreeMap<String, String>,
    /// Division; everybody's when there is none.
    pub division: Option<Name>,
    /// When and by whom it was created.
    pub created: Stamp,
    /// When and by whom it was last written.
    pub updated: Stamp,
}

impl Organization {
    /// Returns an organization of which only the name is known.
    #[must_use]
    pub fn new(name: Name, created: Stamp) -> Self {
        Self {
            id: 0,
            rev: 0,
            name,
            website: None,
            address: Address::default(),
            phone: None,
            external_url: None,
            custom: BTreeMap::new(),
            division: None,
            updated: created.clone(),
            created,
        }
    }

    /// Sets a custom field; a blank value clears it. What the schema says about the field is checked by whoever has the schema,
    /// before this.
    ///
    /// # Errors
    /// The value holds control characters, or is too long.
    pub fn set_custom(&mut self, key: &str, value: &str) -> Result<(), Invalid> {
        let value = text::clean(value);
        if value.is_empty() {
            self.custom.remove(key);
            return Ok(());
        }
        text::check_text(&value, CUSTOM_MAX_CHARS, true)?;
        self.custom.insert(key.to_owned(), value.into_owned());
        Ok(())
    }

    fn set_division(&mut self, value: &str) -> Result<(), Invalid> {
        let wanted = if text::is_blank(value) { None } else { Some(Name::parse(value)?) };
        match &self.division {
            Some(held) if wanted.as_ref() != Some(held) => {
                let message = format!("organization `{}` is in division `{held}` and never leaves it", self.name);
                Err(Invalid::new("DIVISION_FIXED", message)
                    .hint("delete the organization and recreate it in the other division"))
            }
            Some(_) => Ok(()),
            None => {
                self.division = wanted;
                Ok(())
            }
        }
    }

    fn text(&self, field: OrganizationField) -> Option<&str> {
        match field {
            OrganizationField::Name => Some(self.name.as_str()),
            OrganizationField::Website => self.website.as_deref(),
            OrganizationField::Street => self.address.street.as_deref(),
            OrganizationField::City => self.address.city.as_deref(),
            OrganizationField::State => self.address.state.as_deref(),
            OrganizationField::Zip => self.address.zip.as_deref(),
            OrganizationField::Country => self.address.country.as_ref().map(country::Country::as_str),
            OrganizationField::Phone => self.phone.as_deref(),
            OrganizationField::ExternalUrl => self.external_url.as_deref(),
            OrganizationField::Division => self.division.as_ref().map(Name::as_str),
        }
    }
}

impl Record for Organization {
    type Key = OrganizationKey;

    const NOUN: &'static str = "organization";

    fn key(name: &str) -> Result<OrganizationKey, Invalid> {
        if name.starts_with("custom.") {
            return match FieldKey::parse(name)? {
                FieldKey::Custom(key) => Ok(OrganizationKey::Custom(key)),
                FieldKey::Known(_) => Err(unknown(name)),
            };
        }
        OrganizationField::parse(name).map(OrganizationKey::Known).ok_or_else(|| unknown(name))
    }

    fn keys(&self) -> Vec<OrganizationKey> {
        let known = OrganizationField::ALL.iter().map(|field| OrganizationKey::Known(*field));
        known.chain(self.custom.keys().map(|key| OrganizationKey::Custom(key.as_str().into()))).collect()
    }

    fn get(&self, key: &OrganizationKey) -> Option<Cow<'_, str>> {
        match key {
            OrganizationKey::Known(field) => self.text(*field).map(Cow::Borrowed),
            OrganizationKey::Custom(key) => self.custom.get(&**key).map(|value| Cow::Borrowed(value.as_str())),
        }
    }

    fn set(&mut self, key: &OrganizationKey, value: &str, rules: &Rules) -> Result<Option<String>, Invalid> {
        let field = match key {
            OrganizationKey::Known(field) => *field,
            OrganizationKey::Custom(key) => return self.set_custom(key, value).map(|()| None),
        };
        match field {
            OrganizationField::Name => self.name = read_name(value)?,
            OrganizationField::Website => self.website = read_url(value)?,
            OrganizationField::Street => self.address.street = read_street(value)?,
            OrganizationField::City => self.address.city = read_line(value)?,
            OrganizationField::State => self.address.state = read_line(value)?,
            OrganizationField::Zip => self.address.zip = read_line(value)?,
            OrganizationField::Country => {
                let given = Some(value).filter(|value| !text::is_blank(value));
                self.address.country = given.map(country::parse_country).transpose()?;
            }
            OrganizationField::Phone => {
                let (number, warning) = read_number(value, rules)?;
                self.phone = number;
                return Ok(warning);
            }
            OrganizationField::ExternalUrl => self.external_url = read_url(value)?,
            OrganizationField::Division => self.set_division(value)?,
        }
        Ok(None)
    }
}

/// Reads an organization's name, which must not be taken for a number.
///
/// # Errors
/// `NAME_FORMAT`.
pub fn read_name(value: &str) -> Result<Name, Invalid> {
    let name = Name::parse(value)?;
    if name.as_str().chars().all(|c| c.is_ascii_digit()) {
        return Err(Invalid::new("NAME_FORMAT", format!("the name `{name}` is a number"))
            .hint("write the organization's full name; numbers are given by Carnet"));
    }
    Ok(name)
}

/// A street may take several lines, as a contact's may.
fn read_street(value: &str) -> Result<Option<String>, Invalid> {
    let clean = text::clean(value);
    text::check_text(&clean, text::NAME_MAX_CHARS, true)?;
    Ok((!clean.is_empty()).then(|| clean.into_owned()))
}

fn unknown(name: &str) -> Invalid {
    let fields: Vec<&str> = OrganizationField::ALL.iter().map(|field| field.as_str()).collect();
    unknown_field("an organization", name, &fields, "; custom ones are `custom.KEY`")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::record::diff;

    fn acme() -> Organization {
        Organization::new(Name::parse("Acme").unwrap(), Stamp { at: DateTime::UNIX_EPOCH, by: Arc::from("cli") })
    }

    #[track_caller]
    fn set(organization: &mut Organization, name: &str, value: &str) -> Result<(), &'static str> {
        let key = Organization::key(name).map_err(|invalid| invalid.code)?;
        organization.set(&key, value, &Rules::for_tests()).map(drop).map_err(|invalid| invalid.code)
    }

    #[test]
    fn fields_are_set_by_name_through_the_rules() {
        let mut acme = acme();
        for (name, value) in
            [("website", "acme.com"), ("country", "Hong Kong"), ("phone", "+852 2123 4567"), ("custom.tier", "gold")]
        {
            assert_eq!(set(&mut acme, name, value), Ok(()));
        }
        let told: Vec<_> = diff(Some(&self::acme()), &acme)
            .into_iter()
            .map(|(key, old, new)| format!("{key}: {old:?} → {}", new.unwrap_or_default()))
            .collect();
        assert_eq!(
            told,
            [
                "website: None → acme.com",
                "country: None → HK",
                "phone: None → +85221234567",
                "custom.tier: None → gold"
            ]
        );
        for (name, value, code) in [
            ("country", "Hong Kng", "COUNTRY_UNKNOWN"),
            ("phone", "8.5E+11", "PHONE_SCIENTIFIC"),
            ("website", "javascript:x", "URL_FORMAT"),
            ("name", " ", "NAME_FORMAT"),
            ("city", "a\nb", "TEXT_CONTROL"),
            ("custom.a b", "x", "FIELD_UNKNOWN"),
        ] {
            assert_eq!(set(&mut acme, name, value), Err(code), "{name}={value}");
        }
        assert_eq!(Organization::key("webiste").unwrap_err().hint.as_deref(), Some("did you mean `website`?"));
        assert_eq!(set(&mut acme, "custom.tier", ""), Ok(()));
        assert!(acme.custom.is_empty());
    }

    #[test]
    fn a_division_is_given_once() {
        let mut acme = acme();
        assert_eq!(set(&mut acme, "division", "Asia"), Ok(()));
        assert_eq!(set(&mut acme, "division", "ASIA"), Ok(()));
        assert_eq!(acme.division.as_ref().map(Name::as_str), Some("Asia"));
        assert_eq!(set(&mut acme, "division", "Europe"), Err("DIVISION_FIXED"));
        assert_eq!(set(&mut acme, "division", ""), Err("DIVISION_FIXED"));
    }
}

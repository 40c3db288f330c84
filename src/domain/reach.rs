//! Lists of field names that say how far somebody's hands reach: fields, groups of them, wildcards, details of an enquiry and columns of
//! files. Who is given which list is decided above.

use super::field::{FIELDS, Field, FieldKey, FieldShape};
use super::invalid::Invalid;

/// What starts the name of a file's column, exactly as its header is written.
pub const HEADER: &str = "header:";

/// Everything.
pub const ALL: &str = "*";

/// The name under which an enquiry's survey is suppressed.
pub const SURVEY: &str = "survey";

/// What an enquiry tells, beside its attributes.
pub const ENQUIRY: [&str; 11] = [
    "id",
    "channel",
    "status",
    "subject",
    "staff",
    "device",
    "opened_at",
    "from.phone",
    "from.email",
    "from.handle",
    "from.name",
];

/// Names that stand for all that begin alike.
const WILDCARDS: [&str; 5] = [ALL, "custom.*", "attribute.*", "from.*", "header:*"];

/// Names that stand for several fields.
pub const GROUPS: [&str; 5] = ["names", "phones", "emails", "socials", "address"];

/// For what a name is listed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Use {
    /// Reading.
    Read,
    /// Writing.
    Write,
}

/// Returns the fields of a group; none for what is no group.
#[must_use]
pub fn group(name: &str) -> Vec<&'static str> {
    let belongs = |field: Field| match name {
        "names" => {
            matches!(field, Field::FirstName | Field::LastName | Field::OtherFirstNames | Field::OtherLastNames)
        }
        "phones" => field == Field::Whatsapp || matches!(field.shape(), FieldShape::Phone(_)),
        "emails" => matches!(field.shape(), FieldShape::Email(_)),
        "socials" => matches!(field.shape(), FieldShape::Social(_)),
        "address" => matches!(field, Field::Street | Field::City | Field::State | Field::Zip | Field::Country),
        _ => false,
    };
    FIELDS.iter().filter(|info| belongs(info.field)).map(|info| info.name).collect()
}

/// Reads one name of a list, and returns it as lists have it: `header:` is put before what can only be the header of a column.
///
/// # Errors
/// What looks like a field's name and is none, with the nearest that is.
pub fn read(name: &str, to: Use) -> Result<String, Invalid> {
    let is_enquirys = match to {
        Use::Read => ENQUIRY.contains(&name),
        Use::Write => name == SURVEY,
    };
    let is_wildcard = WILDCARDS.contains(&name) && (to == Use::Read || name != "from.*");
    let attribute = name.strip_prefix("attribute.").is_some_and(|key| !key.is_empty());
    if is_enquirys || is_wildcard || attribute || GROUPS.contains(&name) || FieldKey::find(name).is_some() {
        return Ok(name.to_owned());
    }
    if let Some(header) = name.strip_prefix(HEADER) {
        if header.is_empty() {
            return Err(Invalid::new("FIELD_UNKNOWN", format!("`{name}` names no column")));
        }
        return Ok(name.to_owned());
    }
    if name.is_empty() || name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.*-:".contains(&b)) {
        return Err(Invalid::new("FIELD_UNKNOWN", format!("there is no field `{name}`")).hint(hint(name, to)));
    }
    Ok(format!("{HEADER}{name}"))
}

/// Says whether a name of a list is met in enquiries alone.
#[must_use]
pub fn is_of_enquiry(name: &str) -> bool {
    ENQUIRY.contains(&name) || name == SURVEY || name.starts_with("from.") || name.starts_with("attribute.")
}

fn hint(name: &str, to: Use) -> String {
    if to == Use::Write && (ENQUIRY.contains(&name) || name == "from.*") {
        return "an enquiry itself cannot be written, only `attribute.KEY` and `survey`".to_owned();
    }
    let of_enquiry: &[&str] = if to == Use::Read { &ENQUIRY } else { &[SURVEY] };
    let fields = FIELDS.iter().map(|info| info.name);
    let known = fields.chain(GROUPS).chain(WILDCARDS).chain(of_enquiry.iter().copied());
    let score = |known: &str| strsim::jaro_winkler(known, name);
    let nearest = known.max_by(|a, b| score(a).total_cmp(&score(b))).filter(|near| score(near) > 0.8);
    let meant = nearest.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    format!("{meant}`carnet template --fields` lists the fields; a column of a file is `{HEADER}{name}`")
}

/// Returns a list with its groups taken apart.
#[must_use]
pub fn expand(list: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(list.len());
    for name in list {
        let fields = group(name);
        if fields.is_empty() {
            names.push(name.clone());
        } else {
            names.extend(fields.into_iter().map(str::to_owned));
        }
    }
    names
}

/// Says whether a name is in a list without groups. A column of a file is only met by `header:` names, or by everything.
#[must_use]
pub fn holds(list: &[String], name: &str) -> bool {
    list.iter().any(|listed| meets(listed, name))
}

fn meets(listed: &str, name: &str) -> bool {
    match listed.strip_suffix('*') {
        Some("") => true,
        // What a header is, its star included, is the file's affair.
        Some(start) if WILDCARDS.contains(&listed) => name.starts_with(start),
        _ => listed == name,
    }
}

/// Returns what of a list another one does not hold, as it is written.
#[must_use]
pub fn beyond(asked: &[String], granted: &[String]) -> Vec<String> {
    let granted = expand(granted);
    let held = |name: &String| expand(std::slice::from_ref(name)).iter().all(|name| holds(&granted, name));
    asked.iter().filter(|name| !held(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_fields_groups_wildcards_or_columns() {
        let reads = |name| read(name, Use::Read);
        for name in
            ["mobile", "custom.tier", "custom.*", "*", "phones", "from.phone", "attribute.x", "header:Full Name"]
        {
            assert_eq!(reads(name).as_deref(), Ok(name));
        }
        assert_eq!(reads("Full Name").as_deref(), Ok("header:Full Name"));
        assert_eq!(reads("姓名").as_deref(), Ok("header:姓名"));
        let invalid = reads("mobil").unwrap_err();
        assert!(invalid.hint.unwrap().starts_with("did you mean `mobile`? "));
        for slip in ["", "custom.", "custom.a b.", "header:", "phone*", "from.fax", "first_nmae", "survey"] {
            assert!(reads(slip).is_err() || slip == "custom.a b.", "{slip}");
        }
        assert!(read("survey", Use::Write).is_ok());
        assert!(read("from.phone", Use::Write).unwrap_err().hint.unwrap().contains("cannot be written"));
    }

    #[test]
    fn every_group_has_fields() {
        assert_eq!(group("names"), ["first_name", "last_name", "other_first_names", "other_last_names"]);
        assert_eq!(group("address"), ["street", "city", "state", "zip", "country"]);
        assert!(GROUPS.iter().all(|name| group(name).len() > 2), "a group of its own");
        assert!(group("phones").contains(&"whatsapp") && group("socials").contains(&"whatsapp"));
    }

    #[track_caller]
    fn check(asked: &[&str], granted: &[&str], beyond_it: &[&str]) {
        assert_eq!(beyond(&list(asked), &list(granted)), list(beyond_it), "{asked:?} of {granted:?}");
    }

    #[test]
    fn what_is_asked_beyond_is_told_as_written() {
        check(&["mobile", "email"], &["mobile"], &["email"]);
        check(&["phones"], &["mobile"], &["phones"]);
        check(&["mobile", "custom.tier"], &["phones", "custom.*"], &[]);
        check(&["custom.*"], &["custom.tier"], &["custom.*"]);
        check(&["*"], &["custom.*", "mobile"], &["*"]);
        check(&["header:Name *", "custom.a"], &["*"], &[]);
        check(&["header:Name *"], &["header:*"], &[]);
        check(&["header:Name x"], &["header:Name *"], &["header:Name x"]);
        check(&["mobile"], &[], &["mobile"]);
        check(&[], &[], &[]);
    }
}

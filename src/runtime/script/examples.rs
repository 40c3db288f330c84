//! The events with which the examples of the reference are run, as it shows them. Running them is the tests' business.

use crate::plugin::hook::Hook;

/// An event for each hook, in the form of a package's cases.
pub const EVENTS: [(Hook, &str); 5] = [
    (
        Hook::ImportRow,
        r#"
[row]
"Full Name" = "LEE, Ann"
"Mobile" = "9123 4567"
"Business Phone" = "(852) 2345 6789 / 2345 6790"
"Email" = "ann@example.com; ann.lee@example.org"
"Company" = "  ACME   Trading Ltd. "
"Groups" = "* myContacts ::: Clients"
"Notes" = "N/A"
"#,
    ),
    (
        Hook::Create,
        r#"
[contact]
first_name = "Ann"
last_name = "Lee"
company = "Acme"
mobile = "+85291234567"
email = "ann@example.com"
country = "HK"
labels = "Lead; VIP"
external_id = "crm:17"
"custom.tier" = "gold"

[[lookup]]
first_name = "Ann"
last_name = "Leigh"
email = "ann@example.com"
"#,
    ),
    (
        Hook::Update,
        r#"
[contact]
last_name = "Lee"
company = "Globex"

[before]
last_name = "Lee"
company = "Acme"
"#,
    ),
    (
        Hook::Merge,
        r#"
[master]
last_name = "Lee"
company = "Acme"

[other]
last_name = "Lee"
company = "Globex"
city = "Kowloon"
"#,
    ),
    (
        Hook::Enquiry,
        r#"
opened_at = "2026-03-01T09:30:00Z"
surveys = [1772280000]

[enquiry]
channel = "whatsapp"
status = "open"
subject = "Where is my parcel?"
"from.phone" = "+85291234567"
"attribute.order" = "A-17"

[contact]
last_name = "Lee"
"#,
    ),
];

/// Returns the hook in which an example runs: by the thing that it speaks of.
#[must_use]
pub fn hook_of(code: &str) -> Hook {
    let says = |word: &str| code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word);
    if says("enquiry") {
        Hook::Enquiry
    } else if says("merge") {
        Hook::Merge
    } else if says("row") {
        Hook::ImportRow
    } else if says("before") {
        Hook::Update
    } else {
        Hook::Create
    }
}

//! The rule by the contact in hand: three reads, two writes.

use carnet::plugin::things::Contact;
use carnet::plugin::types::{Refusal, Verdict};
use exports::carnet::plugin::on_create;

wit_bindgen::generate!({
    path: "../../../../../wit",
    inline: "
        package carnet:same-rule;
        world guest {
            export carnet:plugin/on-create@0.1.0;
        }
    ",
    world: "carnet:same-rule/guest",
    generate_all,
});

struct SameRule;

export!(SameRule);

impl on_create::Guest for SameRule {
    fn create(contact: &Contact) -> Verdict {
        match apply(contact) {
            Ok(()) => Verdict::Accept,
            Err(_) => Verdict::Reject(Vec::new()),
        }
    }
}

/// Sets two fields where any of the three has a value.
fn apply(contact: &Contact) -> Result<(), Refusal> {
    let mut known = 0;
    for field in ["first_name", "last_name", "mobile"] {
        known += contact.get(field)?.map_or(0, |text| text.len());
    }
    if known > 0 {
        contact.set("company", "Acme Ltd")?;
        contact.set("job_title", "CEO")?;
    }
    Ok(())
}

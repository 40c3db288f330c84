//! JSON Lines: each contact as every other answer shows it.

use std::io::Write;

use serde_json::Value;

use super::{Found, Trouble};
use crate::app::wire;
use crate::domain::contact::Contact;

/// Writes a line for every contact and returns how many there are.
pub(super) fn write(found: &Found<'_>, out: &mut dyn Write) -> Result<u64, Trouble> {
    let count = found.each(&mut |contact| writeln!(out, "{}", shown(contact)))?;
    out.flush()?;
    Ok(count)
}

/// What is shown of a contact: the one place to leave out custom fields that are disabled.
fn shown(contact: &Contact) -> Value {
    wire::contact(contact)
}

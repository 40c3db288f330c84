//! JSON Lines: each contact as every other answer shows it.

use std::io::Write;

use super::{Found, Trouble};
use crate::app::wire;

/// Writes a line for every contact and returns how many there are.
pub(super) fn write(found: &Found<'_>, out: &mut dyn Write) -> Result<u64, Trouble> {
    let count = found.each(&mut |contact| writeln!(out, "{}", wire::contact(contact)))?;
    out.flush()?;
    Ok(count)
}

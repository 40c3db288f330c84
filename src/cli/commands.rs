//! One file a command: from arguments to a use case, from its result to text and JSON.

pub mod contact;
pub mod doctor;
pub mod enquiry;
pub mod export;
pub mod filter;
pub mod import;
pub mod label;
pub mod plugin;
mod query;
pub mod search;
pub mod template;
pub mod watch;

use crate::app::App;
use crate::app::failure::Failure;
use crate::domain::id::ContactId;
use crate::domain::permission::Viewer;
use crate::store::Query;

use super::args::QueryArgs;

/// Reads a contact's id.
fn contact_id(text: &str) -> Result<ContactId, Failure> {
    Ok(text.parse()?)
}

/// Turns arguments into a query over what the viewer may see. Names in it that nothing has are told on stderr.
fn query(app: &App, args: &QueryArgs, by: &Viewer) -> Result<Query, Failure> {
    query::of(app, &args.words, &args.options, by)
}

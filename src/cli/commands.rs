//! One file a command: from arguments to a use case, from its result to text and JSON.

pub mod bulk;
mod confirm;
pub mod contact;
pub mod division;
pub mod doctor;
pub mod engage;
pub mod enquiry;
pub mod export;
pub mod field;
pub mod filter;
pub mod import;
mod import_mapping;
pub mod label;
pub mod notes;
pub mod org;
pub mod plugin;
pub mod privacy;
mod query;
mod record;
pub mod search;
pub mod staff;
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

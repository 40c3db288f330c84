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
pub mod import;
pub mod label;
pub mod notes;
pub mod org;
pub mod plugin;
pub mod privacy;
mod record;
pub mod search;
pub mod staff;
pub mod template;
pub mod watch;

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::domain::contact::ContactType;
use crate::domain::id::ContactId;
use crate::domain::label::LabelName;
use crate::domain::permission::Viewer;
use crate::store::{Filter, Query};

use super::args::QueryArgs;

/// Reads a contact's id.
fn contact_id(text: &str) -> Result<ContactId, Failure> {
    Ok(text.parse()?)
}

/// Turns arguments into a query over what the viewer may see.
fn query(app: &App, args: &QueryArgs, by: &Viewer) -> Result<Query, Failure> {
    let kind = args.kind.as_deref().map(|word| {
        ContactType::parse(&word.to_lowercase()).ok_or_else(|| {
            Failure::new(Class::Usage, "TYPE_UNKNOWN", format!("there is no contact type `{word}`"))
                .hint("use lead, prospect, customer or other")
        })
    });
    Ok(Query {
        words: args.words.join(" "),
        labels: args.label.iter().map(|name| LabelName::parse(name)).collect::<Result<_, _>>()?,
        any_label: args.any,
        filters: kind.transpose()?.map(Filter::Type).into_iter().collect(),
        ..app.query(by)
    })
}

//! `carnet contact duplicates`

use super::super::contact_id;
use crate::app::duplicates::book::Found;
use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::args::merge::DuplicatesArgs;
use crate::cli::print::Printer;
use crate::domain::contact::{Contact, Phone};
use crate::domain::duplicate::Likeness;
use crate::domain::permission::{Right, Viewer};

/// Looks for duplicates of one contact, or in the whole book.
pub fn run(app: &App, args: &DuplicatesArgs, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let limit = if args.all { usize::MAX } else { args.limit };
    let Some(id) = &args.id else {
        let found = app.duplicates_in_book(by, args.min, limit)?;
        printer.answer(|| wire::merge::duplicates(&found), || book_text(&found));
        return Ok(());
    };
    let contact = app.contact_for(contact_id(id)?, Right::View, by)?;
    let candidates = app.duplicates_of_thoroughly(&contact, by, args.min, limit)?;
    printer.answer(
        || wire::merge::candidates(&contact, &candidates),
        || {
            if candidates.is_empty() {
                return format!("no duplicates of {} {}", contact.id, contact.display_name());
            }
            candidates.iter().map(|it| pair_text(&it.likeness, &[&it.contact])).collect()
        },
    );
    Ok(())
}

fn book_text(found: &Found) -> String {
    let pairs = found.pairs.iter().map(|it| pair_text(&it.likeness, &[&it.contacts[0], &it.contacts[1]]));
    let mut text: String = pairs.collect();
    text.push_str(&match (found.total, found.pairs.len()) {
        (0, _) => "no duplicates\n".to_owned(),
        (total, shown) if shown < total => format!("{shown} of {total} pairs; `--all` shows all\n"),
        (total, _) => format!("{total} pairs\n"),
    });
    for crowd in &found.skipped {
        text.push_str(&format!(
            "not compared: {} contacts with the {} {}\n",
            crowd.contacts,
            crowd.kind.as_str().replace('_', " "),
            crowd.value
        ));
    }
    text
}

fn pair_text(likeness: &Likeness, contacts: &[&Contact]) -> String {
    let mut text = format!("{:>3}", likeness.score);
    for (at, contact) in contacts.iter().enumerate() {
        text.push_str(if at == 0 { "  " } else { "     " });
        let phone = contact.phones.first().map(Phone::dialled);
        let mail = contact.emails.first().map(|mail| mail.address.as_str());
        let told = [contact.company.as_deref(), phone, mail].into_iter().flatten().collect::<Vec<_>>().join(", ");
        text.push_str(format!("{}  {}  {told}", contact.id, contact.display_name()).trim_end());
        text.push('\n');
    }
    for reason in &likeness.reasons {
        text.push_str(&format!("     {}: {}\n", reason.code.as_str().to_lowercase().replace('_', " "), reason.text));
    }
    text
}

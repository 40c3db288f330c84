//! `carnet contact duplicates`

use super::super::contact_id;
use crate::app::duplicates::Candidates;
use crate::app::duplicates::book::{Crowd, Found};
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
    printer.answer(|| wire::merge::candidates(&contact, &candidates), || one_text(&contact, &candidates));
    Ok(())
}

fn one_text(contact: &Contact, found: &Candidates) -> String {
    let mut text: String = found.best.iter().map(|it| pair_text(&it.likeness, &[&it.contact])).collect();
    if found.total == 0 {
        let but = if found.skipped.is_empty() { "" } else { " among those that were compared" };
        text.push_str(&format!("no duplicates of {} {}{but}\n", contact.id, contact.display_name()));
    } else if found.best.len() < found.total {
        text.push_str(&format!("{} of {}; `--all` shows all\n", found.best.len(), found.total));
    }
    text.push_str(&crowds_text(&found.skipped));
    text
}

fn book_text(found: &Found) -> String {
    let pairs = found.pairs.iter().map(|it| pair_text(&it.likeness, &[&it.contacts[0], &it.contacts[1]]));
    let mut text: String = pairs.collect();
    text.push_str(&match (found.total, found.pairs.len()) {
        (0, _) => "no duplicates\n".to_owned(),
        (total, shown) if shown < total => format!("{shown} of {total} pairs; `--all` shows all\n"),
        (1, _) => "1 pair\n".to_owned(),
        (total, _) => format!("{total} pairs\n"),
    });
    text.push_str(&crowds_text(&found.skipped));
    text
}

fn crowds_text(skipped: &[Crowd]) -> String {
    let told = skipped.iter().map(|crowd| {
        let kind = crowd.kind.as_str().replace('_', " ");
        format!("not compared: {} contacts with the {kind} {}\n", crowd.contacts, crowd.value)
    });
    told.collect()
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

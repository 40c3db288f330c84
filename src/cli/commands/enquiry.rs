//! `carnet enquiry`

use serde_json::{Value, json};

use super::contact::{contact_text, entry_text};
use crate::app::enquiry::ScreenPop;
use crate::app::failure::{Class, Failure};
use crate::app::{App, wire};
use crate::cli::args::{EnquiryArgs, EnquiryCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender, SurveyDecision};
use crate::domain::permission::Viewer;

/// Runs the command.
pub fn run(app: &App, args: &EnquiryArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        EnquiryCommand::Open { channel, from, handle, name, subject } => {
            let channel = read_channel(channel)?;
            let is_email = from.as_ref().is_some_and(|from| from.contains('@'));
            let sender = Sender {
                phone: from.clone().filter(|_| !is_email),
                email: from.clone().filter(|_| is_email),
                handle: handle.clone(),
                name: name.clone(),
            };
            pop(&app.open_enquiry(channel, sender, subject.clone(), by)?, printer);
        }
        EnquiryCommand::Update { id, status } => pop(&app.update_enquiry(*id, read_status(status)?, by)?, printer),
        EnquiryCommand::Show { id } => {
            let enquiry = app.enquiry(*id)?;
            printer.answer(|| wire::enquiry(&enquiry), || enquiries_text(std::slice::from_ref(&enquiry)));
        }
        EnquiryCommand::List { limit } => {
            let enquiries = app.enquiries(*limit)?;
            let json = || json!({ "enquiries": enquiries.iter().map(wire::enquiry).collect::<Vec<_>>() });
            printer.answer(json, || {
                if enquiries.is_empty() { "no enquiries yet".to_owned() } else { enquiries_text(&enquiries) }
            });
        }
    }
    Ok(Outcome::Done)
}

fn read_channel(word: &str) -> Result<Channel, Failure> {
    Channel::parse(word).ok_or_else(|| {
        let known: Vec<&str> = Channel::ALL.iter().map(|channel| channel.as_str()).collect();
        Failure::new(Class::Usage, "CHANNEL", format!("there is no channel `{word}`"))
            .hint(format!("use one of {}", known.join(", ")))
    })
}

fn read_status(word: &str) -> Result<EnquiryStatus, Failure> {
    EnquiryStatus::parse(word).ok_or_else(|| {
        Failure::new(Class::Usage, "STATUS", format!("there is no status `{word}`"))
            .hint("use handling, closed or missed")
    })
}

fn pop(pop: &ScreenPop, printer: &mut Printer) {
    pop.notes.iter().for_each(|note| printer.warn(note));
    printer.answer(|| pop_json(pop), || pop_text(pop));
}

fn pop_json(pop: &ScreenPop) -> Value {
    json!({
        "enquiry": wire::enquiry(&pop.enquiry),
        "contact": pop.contact.as_ref().map(wire::contact),
        "candidates": pop.candidates.iter().map(wire::contact).collect::<Vec<_>>(),
        "survey": wire::survey(&pop.survey),
        "changes": pop.changes.iter().map(wire::change).collect::<Vec<_>>(),
        "earlier_enquiries": pop.earlier.iter().map(wire::enquiry).collect::<Vec<_>>(),
    })
}

fn pop_text(pop: &ScreenPop) -> String {
    let enquiry = &pop.enquiry;
    let mut text =
        format!("enquiry {} is {} ({}, from {})\n", enquiry.id, enquiry.status, enquiry.channel, sender(&enquiry.from));
    for (key, value) in &enquiry.attributes {
        text.push_str(&format!("  {key}: {value}\n"));
    }
    text.push_str(&match &pop.survey {
        SurveyDecision::Send => "survey: may be sent\n".to_owned(),
        SurveyDecision::Suppress(reason) => format!("survey: suppressed, {reason}\n"),
    });
    match &pop.contact {
        Some(contact) => text.push_str(&format!("\n{}", contact_text(contact))),
        None if pop.candidates.is_empty() => text.push_str("\nno contact matches\n"),
        None => {
            text.push_str(&format!("\n{} contacts match:\n", pop.candidates.len()));
            pop.candidates
                .iter()
                .for_each(|contact| text.push_str(&format!("  {} {}\n", contact.id, contact.display_name())));
        }
    }
    if !pop.changes.is_empty() {
        text.push_str("\nlast changes\n");
        pop.changes.iter().for_each(|entry| text.push_str(&entry_text(entry)));
    }
    if !pop.earlier.is_empty() {
        text.push_str(&format!("\nearlier enquiries\n{}", enquiries_text(&pop.earlier)));
    }
    text
}

fn sender(from: &Sender) -> String {
    let parts: Vec<&str> =
        [&from.name, &from.phone, &from.email, &from.handle].into_iter().flatten().map(String::as_str).collect();
    parts.join(", ")
}

fn enquiries_text(enquiries: &[Enquiry]) -> String {
    let row = |enquiry: &Enquiry| {
        vec![
            enquiry.id.to_string(),
            enquiry.status.to_string(),
            enquiry.channel.to_string(),
            wire::time(enquiry.opened_at),
            sender(&enquiry.from),
            enquiry.subject.clone().unwrap_or_default(),
        ]
    };
    table(&enquiries.iter().map(row).collect::<Vec<_>>())
}

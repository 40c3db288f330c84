//! `carnet enquiry`, and `carnet contact activity`

pub(super) mod text;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::json;

use super::contact::wishes;
use super::contact_id;
use crate::app::enquiry::{EnquiryFilter, EnquiryPage, Opening, Progress, ScreenPop};
use crate::app::failure::{Class, Failure};
use crate::app::{App, wire};
use crate::cli::args::{EnquiryArgs, EnquiryCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::domain::enquiry::{Channel, EnquiryStatus, Sender, TRANSCRIPT_MAX_BYTES};
use crate::domain::permission::Viewer;

/// Runs the command.
pub fn run(app: &App, args: &EnquiryArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        EnquiryCommand::Open { channel, from, handle, name, subject, told } => {
            let opening = Opening {
                channel: read_channel(channel)?,
                from: Sender { handle: handle.clone(), name: name.clone(), ..read_from(from)? },
                subject: subject.clone(),
                device: told.device.clone(),
                visits: told.visit.clone(),
            };
            answer(&app.open_enquiry(&opening, by)?, printer);
        }
        EnquiryCommand::Update { id, status, staff, subject, transcript, contact, told } => {
            let progress = Progress {
                status: status.as_deref().map(read_status).transpose()?,
                staff: staff.clone(),
                subject: subject.clone(),
                transcript: transcript.as_deref().map(read_transcript).transpose()?,
                device: told.device.clone(),
                visits: told.visit.clone(),
                contact: contact.as_deref().map(contact_id).transpose()?,
            };
            answer(&app.update_enquiry(*id, &progress, by)?, printer);
        }
        EnquiryCommand::Show { id } => answer(&app.show_enquiry(*id, by)?, printer),
        EnquiryCommand::List { status, contact, limit, after } => {
            let filter = EnquiryFilter {
                status: status.as_deref().map(read_status).transpose()?,
                contact: contact.as_deref().map(contact_id).transpose()?,
                after: *after,
                limit: usize::from(*limit),
            };
            list(app, filter, by, printer)?;
        }
        EnquiryCommand::Edit { id, fields } => answer(&app.edit_in_enquiry(*id, &wishes(fields)?, by)?, printer),
    }
    Ok(Outcome::Done)
}

fn list(app: &App, filter: EnquiryFilter, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let EnquiryPage { total, enquiries, next } = app.enquiries(filter, by)?;
    let listed = || enquiries.iter().map(wire::enquiry::enquiry).collect::<Vec<_>>();
    let json = || json!({ "total": total, "enquiries": listed(), "next": next });
    printer.answer(json, || if enquiries.is_empty() { "no enquiries".to_owned() } else { text::list(&enquiries) });
    if let (Some(next), false) = (next, printer.is_json()) {
        printer.note(&format!("{total} enquiries; more: add `--after {next}`"));
    }
    Ok(())
}

/// Shows what happened with a contact.
pub(super) fn activity(app: &App, id: &str, limit: usize, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let (activity, totals) = app.activity(contact_id(id)?, limit, by)?;
    let [enquiries, engagements, visits] = totals;
    let json = || {
        let mut told = wire::enquiry::activity(&activity);
        told["total"] = json!({ "enquiries": enquiries, "engagements": engagements, "visits": visits });
        told
    };
    printer.answer(json, || text::activity(&activity));
    let shown = [activity.enquiries.len(), activity.engagements.len(), activity.visits.len()];
    let kinds = ["enquiries", "calls and text messages", "pages visited"];
    let cut = kinds.iter().zip(shown).zip(totals).filter(|((_, shown), total)| (*shown as u64) < *total);
    let cut: Vec<String> = cut.map(|((kind, shown), total)| format!("{shown} of {total} {kind}")).collect();
    if !cut.is_empty() && !printer.is_json() {
        printer.note(&format!("{}; more: raise `--limit`", cut.join(", ")));
    }
    Ok(())
}

fn answer(pop: &ScreenPop, printer: &mut Printer) {
    pop.notes.iter().for_each(|note| printer.warn(note));
    printer.answer(|| wire::enquiry::screen_pop(pop), || text::screen_pop(pop));
}

fn read_channel(word: &str) -> Result<Channel, Failure> {
    let plain = word.trim().to_lowercase().replace(['_', ' '], "-");
    let plain = match &*plain {
        "facebook" | "facebook-messenger" => "messenger",
        "webchat" | "chat" => "web-chat",
        "e-mail" => "email",
        plain => plain,
    };
    Channel::parse(plain).ok_or_else(|| {
        let known: Vec<&str> = Channel::ALL.iter().map(|channel| channel.as_str()).collect();
        Failure::new(Class::Usage, "CHANNEL", format!("there is no channel `{word}`"))
            .hint(format!("use one of {}", known.join(", ")))
    })
}

fn read_status(word: &str) -> Result<EnquiryStatus, Failure> {
    EnquiryStatus::parse(&word.trim().to_lowercase()).ok_or_else(|| {
        Failure::new(Class::Usage, "STATUS", format!("there is no status `{word}`"))
            .hint("use open, handling, closed or missed")
    })
}

/// One number and one address, in any order.
fn read_from(given: &[String]) -> Result<Sender, Failure> {
    let mut sender = Sender::default();
    for text in given {
        let slot = if text.contains('@') { &mut sender.email } else { &mut sender.phone };
        if slot.replace(text.clone()).is_some() {
            return Err(Failure::new(Class::Usage, "ENQUIRY_FROM", "the enquiry comes from two senders")
                .hint("give `--from` one phone number, one e-mail address, or one of each"));
        }
    }
    Ok(sender)
}

/// Reads no more than what may be kept and a little, so that an endless file ends in an error.
fn read_transcript(path: &Path) -> Result<String, Failure> {
    let most = TRANSCRIPT_MAX_BYTES as u64 + 4;
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::io("read", path, &error))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    // A character cut in two at the limit is no fault of the file; that it is too large is told instead.
    if text.len() > TRANSCRIPT_MAX_BYTES {
        return Ok("x".repeat(TRANSCRIPT_MAX_BYTES + 1));
    }
    String::from_utf8(text.to_vec()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(
            Class::Rejected,
            "TRANSCRIPT_ENCODING",
            format!("`{}` is no UTF-8 text: byte {} cannot be read", path.display(), at + 1),
        )
        .hint("save it as UTF-8")
    })
}

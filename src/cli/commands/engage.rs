//! `carnet engage` and `carnet survey`

use super::contact_id;
use super::enquiry::text::survey_text;
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::wire;
use crate::cli::args::{EngageArgs, EngageCommand, SurveyArgs, SurveyCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::domain::engagement::EngagementKind;
use crate::domain::permission::Viewer;

/// Runs `carnet engage`.
pub fn run(app: &App, args: &EngageArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let (id, kind, number, text) = match &args.command {
        EngageCommand::Call { id, number, note } => (id, EngagementKind::Call, number, note.as_deref()),
        EngageCommand::Sms { id, text, number } => (id, EngagementKind::Sms, number, Some(text.as_str())),
    };
    let engagement = app.engage(contact_id(id)?, kind, number.as_deref(), text, by)?;
    let what = match kind {
        EngagementKind::Call => "call",
        EngagementKind::Sms => "text message",
    };
    printer.answer(
        || wire::enquiry::engagement(&engagement),
        || format!("recorded: {what} to {} by {}", engagement.number, engagement.by),
    );
    Ok(Outcome::Done)
}

/// Runs `carnet survey`.
pub fn survey(app: &App, args: &SurveyArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let SurveyCommand::Check { id } = &args.command;
    let check = app.survey_check(contact_id(id)?, by)?;
    printer.answer(
        || wire::enquiry::survey_check(&check),
        || {
            let asked = match &check.plugins[..] {
                [] => String::new(),
                plugins => format!("\nasked when an enquiry closes: {}", plugins.join(", ")),
            };
            let last = check.ledger.as_ref().map_or_else(String::new, |last| {
                let word = if last.opt_out { "opted out" } else { "opted in" };
                format!("\n{word} by {} at {}", wire::actor(&last.actor), wire::time(last.at))
            });
            format!("survey: {}{last}{asked}", survey_text(&check.decision))
        },
    );
    Ok(Outcome::Done)
}

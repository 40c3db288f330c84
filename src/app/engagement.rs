//! Engagements: a staff member calls a contact or writes a text message. Carnet dials and sends nothing; it says whether that may be done,
//! and records that it was.

use super::failure::{Class, Failure};
use super::{App, now};
use crate::domain::engagement::{Engagement, EngagementKind, SMS_MAX_CHARS, choose_number};
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::domain::text::{self, NOTE_MAX_CHARS};

impl App {
    /// Records a call or a text message to a contact. `number` must be one of its numbers; without one its first mobile number is taken,
    /// else its first.
    ///
    /// # Errors
    /// Not found; usage, when there is no such number or nothing is written; rejected, when text messages are off for the number.
    pub fn engage(
        &self,
        id: ContactId,
        kind: EngagementKind,
        number: Option<&str>,
        text: Option<&str>,
        by: &Viewer,
    ) -> Result<Engagement, Failure> {
        let contact = self.contact_for(id, Right::View, by)?;
        let at = now();
        let rules = self.rules(at)?;
        let named = number.map(|number| {
            let clean = text::clean(number).into_owned();
            super::enquiry::e164(&clean, &rules).unwrap_or(clean)
        });
        let chosen = choose_number(&contact, named.as_deref(), kind).map_err(|invalid| {
            let class = if invalid.code == "NUMBER_UNKNOWN" { Class::Usage } else { Class::Rejected };
            Failure { class, ..Failure::from(invalid) }
        })?;
        let mut engagement = Engagement {
            id: 0,
            contact: contact.id,
            kind,
            number: chosen.to_owned(),
            text: read_text(kind, text)?,
            at,
            by: by.name().to_owned(),
        };
        engagement.id = self.store()?.write(|writer| writer.add_engagement(&engagement))?;
        Ok(engagement)
    }
}

fn read_text(kind: EngagementKind, given: Option<&str>) -> Result<Option<String>, Failure> {
    let (what, most) = match kind {
        EngagementKind::Call => ("note", NOTE_MAX_CHARS),
        EngagementKind::Sms => ("text message", SMS_MAX_CHARS),
    };
    let clean = text::clean(given.unwrap_or_default());
    if clean.is_empty() {
        return match kind {
            EngagementKind::Call => Ok(None),
            EngagementKind::Sms => {
                Err(Failure::new(Class::Usage, "SMS_EMPTY", "the text message is empty").hint("write something"))
            }
        };
    }
    match text::check_text(&clean, most, true) {
        Ok(()) => Ok(Some(clean.into_owned())),
        Err(invalid) => {
            let message = format!("the {what} {}", invalid.message);
            Err(Failure { message, ..Failure::from(invalid) })
        }
    }
}

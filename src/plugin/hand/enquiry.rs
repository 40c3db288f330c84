//! The enquiry in hand of `on_enquiry`, with the contact that it was matched with.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{EditError, Refusal, Sheet, Terms, Tracker};
use crate::domain::enquiry::Enquiry;

/// Longest value of an attribute, in bytes.
const ATTRIBUTE_BYTES: usize = 4096;

/// What plugins noted about an enquiry: attributes, and why no survey should follow.
type Noted = (BTreeMap<String, String>, Option<String>);

/// An enquiry that opened or changed its status.
#[derive(Debug)]
pub struct EnquiryHand {
    enquiry: Enquiry,
    contact: Option<Sheet>,
    surveys: Vec<i64>,
    suppress: Option<String>,
    undo: Option<Box<Noted>>,
    tracker: Tracker,
}

impl EnquiryHand {
    /// Takes an enquiry in hand. `surveys` tells when surveys were sent to its contact, as Unix seconds.
    #[must_use]
    pub fn new(enquiry: Enquiry, contact: Option<Sheet>, surveys: Vec<i64>) -> Self {
        Self { enquiry, contact, surveys, suppress: None, undo: None, tracker: Tracker::new() }
    }

    /// Returns the enquiry as it stands.
    #[must_use]
    pub const fn enquiry(&self) -> &Enquiry {
        &self.enquiry
    }

    /// Returns the matched contact, under the pen.
    #[must_use]
    pub const fn contact(&self) -> Option<&Sheet> {
        self.contact.as_ref()
    }

    /// Returns a field of the matched contact; none without one.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn contact_get(&self, name: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
        self.contact.as_ref().map_or(Ok(None), |sheet| sheet.get(name))
    }

    /// Returns all values of a field of the matched contact; none without one.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn contact_values(&self, name: &str) -> Result<Vec<Cow<'_, str>>, Refusal> {
        self.contact.as_ref().map_or_else(|| Ok(Vec::new()), |sheet| sheet.values(name))
    }

    /// Returns the matched contact for writing a field.
    ///
    /// # Errors
    /// `NO_CONTACT` without one.
    pub fn contact_mut(&mut self, name: &str) -> Result<&mut Sheet, EditError> {
        match &mut self.contact {
            Some(sheet) => Ok(sheet),
            None => {
                let hint = "ask `has_contact` first";
                Err(self.tracker.refuse(Refusal::new(
                    "NO_CONTACT",
                    name,
                    "no contact was matched with this enquiry".into(),
                    hint,
                )))
            }
        }
    }

    /// Returns the matched contact for the rules about the whole record.
    pub const fn contact_sheet(&mut self) -> Option<&mut Sheet> {
        self.contact.as_mut()
    }

    /// Returns why plugins want no survey to follow, if one does.
    #[must_use]
    pub fn suppress(&self) -> Option<&str> {
        self.suppress.as_deref()
    }

    /// Lets go of everything but the enquiry and the contact.
    #[must_use]
    pub fn into_parts(self) -> (Enquiry, Option<Sheet>, Option<String>) {
        (self.enquiry, self.contact, self.suppress)
    }

    /// Returns a detail of the enquiry: `id`, `channel`, `status`, `subject`, `staff`, `device`, `opened_at` (RFC 3339),
    /// `from.phone`, `from.email`, `from.handle`, `from.name`, or `attribute.KEY`.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn get(&self, name: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
        self.tracker.may_read(name)?;
        let from = &self.enquiry.from;
        let borrowed = |text: &'_ Option<String>| text.clone().map(Cow::Owned);
        Ok(match name {
            "id" => Some(Cow::Owned(self.enquiry.id.to_string())),
            "channel" => Some(Cow::Borrowed(self.enquiry.channel.as_str())),
            "status" => Some(Cow::Borrowed(self.enquiry.status.as_str())),
            "subject" => borrowed(&self.enquiry.subject),
            "staff" => self.enquiry.staff.as_ref().map(|name| Cow::Owned(name.to_string())),
            "device" => borrowed(&self.enquiry.device),
            "opened_at" => Some(Cow::Owned(self.enquiry.opened_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
            "from.phone" => borrowed(&from.phone),
            "from.email" => borrowed(&from.email),
            "from.handle" => borrowed(&from.handle),
            "from.name" => borrowed(&from.name),
            _ => match name.strip_prefix("attribute.") {
                Some(key) => self.enquiry.attributes.get(key).map(|value| Cow::Borrowed(value.as_str())),
                None => return Err(unknown(name)),
            },
        })
    }

    /// Returns how many surveys were sent to the contact in the days before this enquiry.
    #[must_use]
    pub fn surveys_within_days(&self, days: u32) -> u32 {
        let from = self.enquiry.opened_at.timestamp() - i64::from(days) * 86_400;
        u32::try_from(self.surveys.iter().filter(|at| **at >= from).count()).unwrap_or(u32::MAX)
    }

    /// Notes something about the enquiry; a blank value removes it.
    ///
    /// # Errors
    /// The grant or limit that refuses it.
    pub fn set_attribute(&mut self, key: &str, value: &str) -> Result<(), EditError> {
        let name = format!("attribute.{key}");
        self.tracker.may_write(&name)?;
        if key.is_empty() || key.len() > 64 || value.len() > ATTRIBUTE_BYTES {
            let refusal = Refusal::new(
                "ATTRIBUTE_FORMAT",
                &name,
                "the attribute is too long or has no name".into(),
                "use 1–64 bytes for the key and up to 4096 for the value",
            );
            return Err(self.tracker.refuse(refusal));
        }
        self.checkpoint();
        let old = match value.trim() {
            "" => self.enquiry.attributes.remove(key),
            _ => self.enquiry.attributes.insert(key.to_owned(), value.to_owned()),
        };
        let new = self.enquiry.attributes.get(key).cloned();
        self.tracker.note(Cow::Owned(name), old, new);
        Ok(())
    }

    /// Asks that no survey follow this enquiry.
    ///
    /// # Errors
    /// The grant or limit that refuses it.
    pub fn suppress_survey(&mut self, reason: &str) -> Result<(), EditError> {
        self.tracker.may_write("survey")?;
        self.checkpoint();
        let old = self.suppress.replace(reason.chars().take(500).collect());
        let new = self.suppress.clone();
        self.tracker.note(Cow::Borrowed("survey"), old, new);
        Ok(())
    }

    fn checkpoint(&mut self) {
        if self.undo.is_none() {
            self.undo = Some(Box::new((self.enquiry.attributes.clone(), self.suppress.clone())));
        }
    }

    pub(super) fn begin(&mut self, terms: Arc<Terms>) {
        if let Some(sheet) = &mut self.contact {
            sheet.begin(Arc::clone(&terms));
        }
        self.tracker.begin(terms);
        self.undo = None;
    }

    /// The contact's refusals count as the enquiry's; the first of either is told.
    pub(super) fn tracker(&self) -> &Tracker {
        match &self.contact {
            Some(sheet) if self.tracker.refused.is_empty() => &sheet.tracker,
            _ => &self.tracker,
        }
    }

    /// Gathers the contact's edits behind the enquiry's own.
    pub(super) fn tracker_mut(&mut self) -> &mut Tracker {
        if let Some(sheet) = &mut self.contact {
            self.tracker.edits.append(&mut sheet.tracker.edits);
        }
        &mut self.tracker
    }

    pub(super) fn undo(&mut self) {
        if let Some(before) = self.undo.take() {
            (self.enquiry.attributes, self.suppress) = *before;
        }
        if let Some(sheet) = &mut self.contact {
            sheet.undo();
        }
    }

    pub(super) fn forget_undo(&mut self) {
        self.undo = None;
        if let Some(sheet) = &mut self.contact {
            sheet.forget_undo();
        }
    }
}

fn unknown(name: &str) -> Refusal {
    Refusal::new(
        "FIELD_UNKNOWN",
        name,
        format!("an enquiry has no `{name}`"),
        "there are id, channel, status, subject, opened_at, from.phone, from.email, from.handle, from.name and attribute.KEY",
    )
}

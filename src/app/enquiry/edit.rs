//! Editing the contact of an enquiry: only while somebody handles it. Where there is none, one is made of what the sender told.

use super::{e164, guard, view::ScreenPop};
use crate::app::App;
use crate::app::contacts::{Part, Wish, Written};
use crate::app::failure::{Class, Failure};
use crate::domain::contact::Contact;
use crate::domain::email::parse_email;
use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus};
use crate::domain::field::{Field, FieldKey, FieldShape};
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::domain::rules::Rules;
use crate::store::Writer;

impl App {
    /// Edits the contact of an enquiry that is being handled, or creates it and links the enquiry with it.
    ///
    /// # Errors
    /// Not found; forbidden, when somebody else handles it; `ENQUIRY_VIEW_ONLY` in any other status; rejected, with every problem.
    pub fn edit_in_enquiry(&self, id: i64, wishes: &[Wish], by: &Viewer) -> Result<ScreenPop, Failure> {
        let enquiry = self.enquiry(id)?;
        self.require_turn(&enquiry, by)?;
        handled(&enquiry)?;
        if let Some(contact) = self.contact_behind(&enquiry)? {
            self.require_hidden(id, Right::Edit, &contact, by)?;
        }
        let written = match (enquiry.contact, self.contact_of(&enquiry)?) {
            (_, Some(contact)) => {
                self.edit_contact_as(contact.id, wishes, None, &part(id, &|writer, _| still_handled(writer, id)), by)?
            }
            (Some(gone), None) => return Err(deleted(&enquiry, gone)),
            (None, None) => self.create_in_enquiry(&enquiry, wishes, by)?,
        };
        let Written { contact, fields, notes } = written;
        let enquiry = self.enquiry(id)?;
        let survey = self.survey_so_far(&enquiry, Some(&contact))?;
        Ok(self.screen_pop(enquiry, Some(contact), survey, by)?.with(self.shown_fields(fields)?, Vec::new(), notes))
    }

    /// Changes a contact as part of an enquiry, if it is the enquiry's and somebody handles it.
    ///
    /// # Errors
    /// As for [`App::may_edit_in_enquiry`] and [`App::edit_contact`].
    pub fn edit_contact_in_enquiry(
        &self,
        enquiry: i64,
        id: ContactId,
        wishes: &[Wish],
        seen: Option<u64>,
        by: &Viewer,
    ) -> Result<Written, Failure> {
        self.may_edit_in_enquiry(enquiry, id, by)?;
        self.edit_contact_as(id, wishes, seen, &part(enquiry, &|writer, _| still_handled(writer, enquiry)), by)
    }

    /// Says whether a contact may be edited as part of an enquiry.
    ///
    /// # Errors
    /// Not found; forbidden, when somebody else handles the enquiry; `ENQUIRY_VIEW_ONLY` when nobody does; `ENQUIRY_OTHER_CONTACT` when it is not the contact's.
    pub fn may_edit_in_enquiry(&self, id: i64, contact: ContactId, by: &Viewer) -> Result<(), Failure> {
        let enquiry = self.enquiry(id)?;
        let contact = self.contact_for(contact, Right::Edit, by)?;
        if self.contact_of(&enquiry)?.is_none_or(|linked| linked.id != contact.id) {
            let message = format!("enquiry {id} is not linked with contact {}", contact.id);
            return Err(Failure::new(Class::Rejected, "ENQUIRY_OTHER_CONTACT", message)
                .hint(format!("link it with `carnet enquiry update {id} --contact {}`", contact.id)));
        }
        self.require_turn(&enquiry, by)?;
        handled(&enquiry)
    }

    /// Checks a right over an enquiry's contact without naming one that the viewer may not see.
    pub(super) fn require_hidden(&self, id: i64, right: Right, contact: &Contact, by: &Viewer) -> Result<(), Failure> {
        if self.may(by, Right::View, contact) {
            return self.require(by, right, contact);
        }
        Err(guard::hidden(id))
    }

    fn create_in_enquiry(&self, enquiry: &Enquiry, wishes: &[Wish], by: &Viewer) -> Result<Written, Failure> {
        let rules = self.rules(crate::app::now())?;
        let mut all = of_sender(enquiry, wishes, &rules);
        all.extend(wishes.iter().cloned());
        let link = |writer: &mut Writer<'_>, contact: ContactId| {
            let now = writer.enquiry_as_seen(enquiry)?;
            writer.update_enquiry(&Enquiry { contact: Some(contact), ..now })?;
            Ok(writer.link_visits(enquiry.id, contact)?)
        };
        self.add_contact_as(&all, false, &part(enquiry.id, &link), by)
    }
}

fn part<'a>(id: i64, also: &'a dyn Fn(&mut Writer<'_>, ContactId) -> Result<(), Failure>) -> Part<'a> {
    Part { via: format!("enquiry {id}"), also }
}

fn still_handled(writer: &Writer<'_>, id: i64) -> Result<(), Failure> {
    writer.enquiry(id)?.as_ref().map_or(Ok(()), handled)
}

/// The table of who may do what: handling allows editing, everything else viewing.
fn handled(enquiry: &Enquiry) -> Result<(), Failure> {
    let Enquiry { id, status, .. } = enquiry;
    if status.allows_edit() {
        return Ok(());
    }
    let message = format!("enquiry {id} is {status}: its contact can be viewed but not edited");
    let hint = match status {
        EnquiryStatus::Closed => "edit the contact itself with `carnet contact edit`".to_owned(),
        _ => format!("take it first, with `carnet enquiry update {id} --status handling`"),
    };
    Err(Failure::new(Class::Rejected, "ENQUIRY_VIEW_ONLY", message).hint(hint))
}

fn deleted(enquiry: &Enquiry, contact: ContactId) -> Failure {
    let name = enquiry.contact_name.as_deref().unwrap_or("it");
    let message = format!("the contact of enquiry {} was deleted", enquiry.id);
    Failure::new(Class::NotFound, "CONTACT_DELETED", message).hint(format!(
        "bring {name} back with `carnet contact restore {contact}`, or link another with `carnet enquiry update {} --contact ID`",
        enquiry.id
    ))
}

/// What is known of the sender, as far as it is sound and nobody said otherwise.
fn of_sender(enquiry: &Enquiry, wishes: &[Wish], rules: &Rules) -> Vec<Wish> {
    let from = &enquiry.from;
    let given = |field: Field| wishes.iter().any(|wish| wish.key().known() == Some(field));
    let mut own: Vec<(Field, String)> = Vec::new();
    if let Some(number) = from.phone.as_deref().and_then(|phone| e164(phone, rules)) {
        let told = |wish: &Wish| {
            let phone = matches!(wish.key().known().map(Field::shape), Some(FieldShape::Phone(_)));
            phone && e164(wish.value(), rules).as_ref() == Some(&number)
        };
        if !wishes.iter().any(told) {
            own.push((phone_field(enquiry.channel), number));
        }
    }
    let address = from.email.as_deref().and_then(|email| parse_email(email).ok());
    own.extend(address.map(|parsed| (Field::Email, parsed.address)));
    own.extend(enquiry.channel.handle_field().zip(from.handle.clone()));
    if !given(Field::FirstName) {
        own.extend(from.name.clone().map(|name| (Field::LastName, name)));
    }
    own.extend(enquiry.device.clone().map(|device| (Field::Device, device)));
    own.into_iter()
        .filter(|(field, _)| !given(*field))
        .map(|(field, value)| Wish::Set(FieldKey::from(field), value))
        .collect()
}

/// Where a number belongs is told by the channel alone.
const fn phone_field(channel: Channel) -> Field {
    match channel {
        Channel::Sms => Field::Mobile,
        Channel::Whatsapp => Field::Whatsapp,
        _ => Field::OtherPhone,
    }
}

//! Notes on contacts and organizations: whoever may edit the contact adds, whoever sees it reads, the author or an admin edits and deletes.

use super::failure::{Class, Failure};
use super::{App, now};
use crate::domain::id::ContactId;
use crate::domain::name::Name;
use crate::domain::note::{Note, NoteOn, note_text};
use crate::domain::permission::{Right, Viewer};
use crate::store::NotePage;

impl App {
    /// Writes a note on a contact.
    ///
    /// # Errors
    /// Not found; forbidden; usage, when the text is none.
    pub fn add_note(&self, id: ContactId, text: &str, by: &Viewer) -> Result<Note, Failure> {
        let contact = self.contact_for(id, Right::Edit, by)?;
        self.write_note(NoteOn::Contact(contact.id), text, by)
    }

    /// Returns a page of the notes on a contact, newest first, those of contacts merged into it included.
    ///
    /// # Errors
    /// Not found.
    pub fn notes_of(&self, id: ContactId, after: Option<i64>, limit: usize, by: &Viewer) -> Result<NotePage, Failure> {
        let contact = self.contact_for(id, Right::View, by)?;
        Ok(self.store()?.read(|reader| reader.notes(NoteOn::Contact(contact.id), after, limit))?)
    }

    /// Writes a note on an organization, named by its number or its name.
    ///
    /// # Errors
    /// Not found; usage, when the text is none.
    pub fn add_organization_note(&self, named: &str, text: &str, by: &Viewer) -> Result<Note, Failure> {
        let organization = self.organization(named, by)?;
        self.write_note(NoteOn::Organization(organization.id), text, by)
    }

    /// Returns a page of the notes on an organization, newest first.
    ///
    /// # Errors
    /// Not found.
    pub fn organization_notes(
        &self,
        named: &str,
        after: Option<i64>,
        limit: usize,
        by: &Viewer,
    ) -> Result<NotePage, Failure> {
        let organization = self.organization(named, by)?;
        Ok(self.store()?.read(|reader| reader.notes(NoteOn::Organization(organization.id), after, limit))?)
    }

    /// Replaces the text of a note.
    ///
    /// # Errors
    /// Not found; forbidden to all but its author and admins; usage, when the text is none.
    pub fn edit_note(&self, id: i64, text: &str, by: &Viewer) -> Result<Note, Failure> {
        let text = note_text(text)?;
        let note = self.own_note(id, by, "edit")?;
        if note.text == text {
            return Ok(note);
        }
        let at = now();
        let done = self.store()?.write(|writer| writer.update_note(id, &text, at, by.name()))?;
        if done { Ok(Note { text, edited: Some((at, by.name().to_owned())), ..note }) } else { Err(no_note(id)) }
    }

    /// Deletes a note.
    ///
    /// # Errors
    /// Not found; forbidden to all but its author and admins.
    pub fn delete_note(&self, id: i64, by: &Viewer) -> Result<Note, Failure> {
        let note = self.own_note(id, by, "delete")?;
        let done = self.store()?.write(|writer| writer.delete_note(id, now(), by.name()))?;
        if done { Ok(note) } else { Err(no_note(id)) }
    }

    fn write_note(&self, on: NoteOn, text: &str, by: &Viewer) -> Result<Note, Failure> {
        let (text, at, by) = (note_text(text)?, now(), by.name());
        let id = self.store()?.write(|writer| writer.insert_note(on, &text, at, by))?;
        Ok(Note { id, text, at, by: by.to_owned(), edited: None })
    }

    /// Returns a note that the viewer sees.
    ///
    /// # Errors
    /// Not found, also when it is about something that the viewer may not see.
    pub fn note(&self, id: i64, by: &Viewer) -> Result<Note, Failure> {
        let (note, on) = self.store()?.read(|reader| reader.note(id))?.ok_or_else(|| no_note(id))?;
        let seen = match on {
            NoteOn::Contact(contact) => self.contact_for(contact, Right::View, by).is_ok(),
            NoteOn::Organization(number) => self.organization(&number.to_string(), by).is_ok(),
        };
        if seen { Ok(note) } else { Err(no_note(id)) }
    }

    /// Returns a note that the viewer may change; `deed` says how, for the refusal.
    ///
    /// # Errors
    /// Not found; forbidden to all but its author and admins.
    pub fn own_note(&self, id: i64, by: &Viewer, deed: &str) -> Result<Note, Failure> {
        let note = self.note(id, by)?;
        let wrote = by.member().is_some_and(|member| Name::parse(&note.by).is_ok_and(|author| author == member.name));
        if wrote || by.is_admin() {
            return Ok(note);
        }
        let message = format!("{} may not {deed} note {id}: {} wrote it", by.name(), note.by);
        Err(Failure::new(Class::Rejected, "FORBIDDEN", message).hint(format!("ask {}, or an admin", note.by)))
    }
}

fn no_note(id: i64) -> Failure {
    Failure::new(Class::NotFound, "NOTE_UNKNOWN", format!("there is no note {id}"))
        .hint("`carnet contact notes ID` lists the notes on a contact")
}

#[cfg(test)]
mod tests;

//! JSON of notes.

use serde_json::{Value, json};

use super::time;
use crate::domain::note::Note;
use crate::store::NotePage;

/// A note.
#[must_use]
pub fn note(note: &Note) -> Value {
    json!({
        "id": note.id, "text": note.text, "at": time(note.at), "by": note.by,
        "edited_at": note.edited.as_ref().map(|(at, _)| time(*at)),
        "edited_by": note.edited.as_ref().map(|(_, by)| by),
    })
}

/// A page of notes; `next` goes on after it.
#[must_use]
pub fn page(page: &NotePage) -> Value {
    json!({ "notes": page.notes.iter().map(note).collect::<Vec<_>>(), "next": page.next.map(|next| next.to_string()), "total": page.total })
}

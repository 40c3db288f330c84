//! Notes: what staff write down about a contact or an organization. Who may write and change them is decided above.

use chrono::{DateTime, Utc};

use super::id::ContactId;
use super::invalid::Invalid;
use super::text::{NOTE_MAX_CHARS, check_text, clean};

/// What a note is about.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum NoteOn {
    /// A contact.
    Contact(ContactId),
    /// An organization, by its number.
    Organization(i64),
}

/// A note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Its number.
    pub id: i64,
    /// What it says; see [`note_text`].
    pub text: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who wrote it.
    pub by: String,
    /// When it was changed last, and by whom.
    pub edited: Option<(DateTime<Utc>, String)>,
}

/// Checks the text of a note: 1–10,000 characters in any script, on as many lines as it needs, in NFC. Blank ends are let go.
///
/// # Errors
/// `NOTE_EMPTY`, `NOTE_TOO_LONG`, `NOTE_CONTROL`.
pub fn note_text(text: &str) -> Result<String, Invalid> {
    // The line ends of Windows are line ends.
    let text = clean(text).replace("\r\n", "\n");
    if text.is_empty() {
        return Err(Invalid::new("NOTE_EMPTY", "the note is empty").hint("write 1–10,000 characters"));
    }
    let stray = text.chars().position(|c| c == '\r');
    let checked = match stray {
        Some(at) => {
            Err(Invalid::new("TEXT_CONTROL", format!("contains the control character U+000D as character {}", at + 1))
                .hint("end lines with a line feed"))
        }
        None => check_text(&text, NOTE_MAX_CHARS, true),
    };
    match checked {
        Ok(()) => Ok(text),
        Err(invalid) => {
            let code = if invalid.code == "TEXT_CONTROL" { "NOTE_CONTROL" } else { "NOTE_TOO_LONG" };
            Err(Invalid { code, message: format!("the note {}", invalid.message), ..invalid })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &'static str>) {
        assert_eq!(note_text(text).map_err(|invalid| invalid.code), expected.map(str::to_owned), "{text:?}");
    }

    #[test]
    fn notes_hold_lines_of_any_script_and_no_control_characters() {
        check(" called back\r\n\tasked for a quote \n", Ok("called back\n\tasked for a quote"));
        check("Jose\u{301} 陈大文 👩\u{200d}🚀 שלום", Ok("José 陈大文 👩\u{200d}🚀 שלום"));
        check(" \n ", Err("NOTE_EMPTY"));
        check("a\rb", Ok("a\nb"));
        check("a\u{1b}[31mb", Err("NOTE_CONTROL"));
        check(&"é".repeat(10_000), Ok(&"é".repeat(10_000)));
        check(&"é".repeat(10_001), Err("NOTE_TOO_LONG"));
    }
}

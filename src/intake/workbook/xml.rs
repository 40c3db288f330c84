//! The XML of a workbook's parts, pulled node by node: tags by local name, text with its references resolved. Depth and
//! the length of a text are bounded, so that no document takes more memory than a row.

use std::borrow::Cow;
use std::io::BufReader;

use quick_xml::XmlVersion;
use quick_xml::events::BytesEnd;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

use super::package::Part;
use super::package::TooLarge;
use crate::intake::IntakeErrorKind;

/// How deep tags may be nested; a workbook's are at a dozen.
const MAX_DEPTH: usize = 256;
/// The most bytes of a text that is put together from pieces; a spreadsheet's cell holds 128 KiB at most.
const MAX_TEXT: usize = 16 << 20;

/// A document as it is read.
pub(super) struct Xml {
    reader: quick_xml::Reader<BufReader<Part>>,
    buffer: Vec<u8>,
    depth: usize,
}

/// What comes next in a document.
pub(super) enum Node<'x> {
    /// A tag opens; an empty one closes at once.
    Start(Tag<'x>),
    /// A tag closes.
    End(End<'x>),
    /// Text, or a piece of it.
    Text(Cow<'x, str>),
    /// The end of the document.
    Eof,
}

/// A tag that closes.
pub(super) struct End<'x>(BytesEnd<'x>);

impl End<'_> {
    /// Its name without a prefix.
    pub(super) fn name(&self) -> &str {
        local(self.0.name().into_inner())
    }
}

/// A tag that opens.
pub(super) struct Tag<'x>(BytesStart<'x>);

impl Tag<'_> {
    /// Its name without a prefix.
    pub(super) fn name(&self) -> &str {
        local(self.0.name().into_inner())
    }

    /// The value of an attribute, by the name as it is written, or without its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        let mut attributes = attributes.with_checks(false).flatten();
        let found = attributes.find(|attribute| {
            let key = attribute.key.into_inner();
            key == name || (!name.contains(':') && local(key) == name)
        })?;
        found.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
    }

    /// Hands every attribute to `take`: its name as it is written, and its value.
    pub(super) fn each(&self, mut take: impl FnMut(&str, &str)) {
        let mut attributes = self.0.attributes();
        for attribute in attributes.with_checks(false).flatten() {
            let plain = attribute
                .value
                .contains('&')
                .then(|| attribute.normalized_value(XmlVersion::Implicit1_0).ok())
                .flatten();
            take(attribute.key.into_inner(), plain.as_deref().unwrap_or(&attribute.value));
        }
    }
}

impl Xml {
    pub(super) fn new(part: Part) -> Self {
        let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(64 << 10, part));
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0 }
    }

    /// The part that is read.
    pub(super) fn part(&self) -> &Part {
        self.reader.get_ref().get_ref()
    }

    /// How many tags are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Reads the next tag or text.
    ///
    /// # Errors
    /// If the part cannot be unpacked, is too large, or is no XML.
    pub(super) fn next(&mut self) -> Result<Node<'_>, IntakeErrorKind> {
        self.buffer.clear();
        self.reader.get_mut().get_mut().restart();
        let event = self.reader.read_event_into(&mut self.buffer).map_err(damaged)?;
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(IntakeErrorKind::DamagedWorkbook(format!("its tags are nested {MAX_DEPTH} deep")));
                }
                Ok(Node::Start(Tag(tag)))
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Node::End(End(tag)))
            }
            Event::Text(text) => Ok(Node::Text(text.xml10_content())),
            Event::CData(text) => Ok(Node::Text(text.xml10_content())),
            Event::GeneralRef(reference) => {
                let known = match &*reference {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                let unknown = || IntakeErrorKind::DamagedWorkbook(format!("`&{};` means nothing", &*reference));
                known.map(|letter| Node::Text(Cow::Owned(letter.to_string()))).ok_or_else(unknown)
            }
            Event::Eof if self.depth > 0 => Err(IntakeErrorKind::DamagedWorkbook("it ends too early".to_owned())),
            Event::Eof => Ok(Node::Eof),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => Ok(Node::Text(Cow::Borrowed(""))),
        }
    }

    /// Passes by everything up to the end of the tag that opened last.
    ///
    /// # Errors
    /// As [`Xml::next`].
    pub(super) fn skip(&mut self) -> Result<(), IntakeErrorKind> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if let Node::Eof = self.next()? {
                break;
            }
        }
        Ok(())
    }

    /// Reads to the end of the document: what was read can be trusted only when the checksum behind it is right.
    ///
    /// # Errors
    /// As [`Xml::next`].
    pub(super) fn drain(&mut self) -> Result<(), IntakeErrorKind> {
        while !matches!(self.next()?, Node::Eof) {}
        Ok(())
    }

    /// Adds the text of the tag that opened last to `text`, that of tags inside it left out.
    ///
    /// # Errors
    /// As [`Xml::next`].
    pub(super) fn text(&mut self, text: &mut String) -> Result<(), IntakeErrorKind> {
        let inside = self.depth;
        while self.depth >= inside {
            let here = self.depth == inside;
            match self.next()? {
                Node::Text(piece) if here => {
                    text.push_str(&piece);
                    check_length(text)?;
                }
                Node::Eof => break,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Refuses a text that grows without end: in many small pieces, no single one of them is too long.
///
/// # Errors
/// If it is longer than a text may be.
pub(super) fn check_length(text: &str) -> Result<(), IntakeErrorKind> {
    if text.len() <= MAX_TEXT {
        return Ok(());
    }
    Err(IntakeErrorKind::UnpacksTooLarge(format!("one of its texts has more than {} MiB", MAX_TEXT >> 20)))
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

/// What is wrong with a part, in words.
fn damaged(error: quick_xml::Error) -> IntakeErrorKind {
    let quick_xml::Error::Io(error) = error else { return IntakeErrorKind::DamagedWorkbook(error.to_string()) };
    match error.get_ref().and_then(|inner| inner.downcast_ref::<TooLarge>()) {
        Some(too_large) => IntakeErrorKind::UnpacksTooLarge(too_large.to_string()),
        None => IntakeErrorKind::DamagedWorkbook(error.to_string()),
    }
}

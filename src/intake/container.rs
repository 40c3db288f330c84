//! Telling a table from everything else that is uploaded as one. Nothing is unpacked or decoded here: what a ZIP holds is
//! told in `workbook`.

use super::IntakeErrorKind;

/// The first bytes of an archive that may be a workbook.
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

/// First bytes that name a format for certain.
const ARCHIVES: [(&[u8], &str); 7] = [
    (b"\x1F\x8B", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xFD7zXZ\0", "xz"),
    (b"\x28\xB5\x2F\xFD", "zstd"),
    (b"7z\xBC\xAF\x27\x1C", "7z"),
    (b"Rar!\x1A\x07", "RAR"),
    (b"PK\x07\x08", "ZIP"),
];
const IMAGES: [&[u8]; 5] = [b"\x89PNG\r\n", b"\xFF\xD8\xFF", b"GIF8", b"SQLite format 3\0", b"\x7FELF"];

/// What the first bytes of the file betray, if it is no text.
pub(super) fn binary_format(head: &[u8]) -> Option<IntakeErrorKind> {
    if head.starts_with(b"PK\x05\x06") {
        return Some(IntakeErrorKind::ZipArchive { tables: Vec::new() });
    }
    if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        let encrypted: Vec<u8> = "EncryptedPackage".bytes().flat_map(|letter| [letter, 0]).collect();
        let protected = contains(head, &encrypted);
        return Some(if protected { IntakeErrorKind::ProtectedWorkbook } else { IntakeErrorKind::LegacyExcel });
    }
    if head.starts_with(b"%PDF-") {
        return Some(IntakeErrorKind::Pdf);
    }
    if IMAGES.iter().any(|magic| head.starts_with(magic)) {
        return Some(IntakeErrorKind::Binary);
    }
    let (_, name) = ARCHIVES.iter().find(|(magic, _)| head.starts_with(magic))?;
    Some(IntakeErrorKind::Archive(name))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Whether bytes that are neither UTF-16 nor known to be another format hold too many control characters for text.
pub(super) fn is_binary(head: &[u8]) -> bool {
    let head = &head[..head.len().min(64 << 10)];
    let control = head.iter().filter(|byte| matches!(byte, 0..=8 | 14..=25 | 27..=31 | 127)).count();
    // A stray control character fails its row; one in ten bytes is no table.
    control > 8 && control * 10 > head.len()
}

/// What decoded text turns out to be, if it is a document of another kind.
pub(super) fn text_format(text: &[u8]) -> Option<IntakeErrorKind> {
    let text = text[..text.len().min(1024)].trim_ascii_start();
    let starts =
        |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()));
    if ["<!doctype html", "<html", "<head", "<meta", "<body", "<table"].into_iter().any(starts) {
        return Some(IntakeErrorKind::Html);
    }
    if starts("<?xml") {
        let html = contains(text, b"<html");
        return Some(if html { IntakeErrorKind::Html } else { IntakeErrorKind::NotATable("an XML document") });
    }
    if starts("begin:vcard") {
        return Some(IntakeErrorKind::NotATable("a vCard file"));
    }
    if is_json(text) {
        return Some(IntakeErrorKind::NotATable("JSON"));
    }
    None
}

/// An object or a list of objects; a header such as `[id],name` is neither.
fn is_json(text: &[u8]) -> bool {
    match text.split_first() {
        Some((b'{', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}')),
        Some((b'[', rest)) => rest.trim_ascii_start().starts_with(b"{"),
        _ => false,
    }
}

//! What a file is in: byte order marks, encodings, containers, line ends, delimiters. Which cells a row has is in `structure`.

use encoding_rs::{BIG5, Encoding, GB18030, SHIFT_JIS, WINDOWS_874, WINDOWS_1252};

use super::{case, check};

/// The text in an encoding that has all of its letters.
fn written(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, lossy) = encoding.encode(text);
    assert!(!lossy, "{} cannot write {text}", encoding.name());
    bytes.into_owned()
}

/// The text in UTF-16, with a byte order mark if it is part of the text.
fn utf_16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

#[test]
fn byte_order_marks_and_utf_16_are_no_data() {
    let unicode_text = "\u{FEFF}First name\tLast name\r\n大文\t陳\r\nAnn\tLee\r\n";
    check(
        "",
        vec![
            case("1 a mark before the header", "\u{FEFF}First name,Last name\nAnn,Lee\n")
                .gives("created 1")
                .stores("first_name", &["Ann"])
                .reports("encoding", "UTF-8"),
            case("2 Unicode text, little-endian", utf_16(unicode_text, true))
                .gives("created 2")
                .stores("last_name", &["陳", "Lee"])
                .reports("encoding", "UTF-16LE")
                .reports("delimiter", "\t"),
            case("3 Unicode text, big-endian", utf_16(unicode_text, false))
                .gives("created 2")
                .stores("first_name", &["大文", "Ann"])
                .reports("encoding", "UTF-16BE"),
        ],
    );
}

#[test]
fn old_encodings_are_recognised_or_asked_for() {
    check(
        "",
        vec![
            case("4 GBK", written(GB18030, "姓,名,公司\n陈,大文,大同有限公司\n李,小明,香港电讯\n"))
                .gives("created 2")
                .reports("encoding", "gb18030")
                .stores("last_name", &["陈", "李"]),
            case("5 Big5", written(BIG5, "姓,名,公司\n陳,大文,大同有限公司\n李,小明,香港電訊\n"))
                .gives("created 2")
                .reports("encoding", "Big5")
                .stores("last_name", &["陳", "李"]),
            case("6 Shift_JIS", written(SHIFT_JIS, "姓,名,会社\n山田,太郎,トヨタ自動車\n鈴木,花子,ﾎﾝﾀﾞ\n"))
                .with("--map 会社=company")
                .gives("created 2")
                .reports("encoding", "Shift_JIS")
                .stores("last_name", &["山田", "鈴木"]),
            case("7 Windows-874", written(WINDOWS_874, "First name,Last name\nสมชาย,ใจดี\n"))
                .gives("created 1")
                .reports("encoding", "windows-874")
                .stores("last_name", &["ใจดี"]),
            case("8 French is not Japanese", written(WINDOWS_1252, "Prénom;Nom\nAnn;Lee\n"))
                .with("--map Prénom=first_name --map Nom=last_name")
                .gives("created 1")
                .reports("encoding", "windows-1252")
                .stores("first_name", &["Ann"]),
        ],
    );
}

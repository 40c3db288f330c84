//! What a file is in: byte order marks, encodings, containers, line ends, delimiters. Which cells a row has is in `structure`.

use encoding_rs::{BIG5, EUC_KR, Encoding, GB18030, SHIFT_JIS, WINDOWS_874, WINDOWS_1252};

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

/// Bytes one after the other.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn byte_order_marks_and_utf_16_are_no_data() {
    let text = "\u{FEFF}First name\tLast name\r\n大文\t陳\r\nAnn\tLee\r\n";
    let all = &["大文", "Ann"];
    let mut surrogate = utf_16("\u{FEFF}First name\tLast name\r\nAnn\tL", true);
    surrogate.extend_from_slice(&[0x3D, 0xD8]);
    surrogate.extend(utf_16("ee\r\nBob\tRay\r\n", true));
    let mut odd = utf_16("\u{FEFF}First name,Last name\nAnn,Lee\n", true);
    odd.push(b'x');
    check(
        "",
        vec![
            case("1 a mark before the header", "\u{FEFF}First name,Last name\nAnn,Lee\n")
                .gives("created 1")
                .stores("first_name", &["Ann"])
                .reports("encoding", "UTF-8")
                .reports("byte_order_mark", "true"),
            case("1 two marks, and a quoted header", "\u{FEFF}\u{FEFF}\"First name\",\"Last name\"\nAnn,Lee\n")
                .gives("created 1")
                .stores("first_name", &["Ann"]),
            case(
                "1 a mark, sep=, CR alone, a quoted header",
                "\u{FEFF}sep=;\r\"First name\";\"Last name\"\rAnn;Lee\rBob;\"R;y\"",
            )
            .gives("created 2")
            .stores("last_name", &["Lee", "R;y"])
            .reports("line_ends", "CR")
            .reports("header_line", "2"),
            case("1 a mark alone", "\u{FEFF}").refused("FILE_EMPTY", &["no header and no row"]),
            case("2 Unicode text, little-endian", utf_16(text, true))
                .gives("created 2")
                .stores("first_name", all)
                .reports("encoding", "UTF-16LE")
                .reports("delimiter", "\t"),
            case("3 Unicode text, big-endian", utf_16(text, false))
                .gives("created 2")
                .stores("first_name", all)
                .reports("encoding", "UTF-16BE"),
            case("3 no mark", utf_16(text.trim_start_matches('\u{FEFF}'), true))
                .gives("created 2")
                .stores("first_name", all)
                .warns("taken for UTF-16LE"),
            case("3 half a surrogate pair", surrogate).gives("created 1 failed 1").fails(&["2 ENCODING B"]),
            case("3 half a letter at the end", odd).gives("created 1 failed 1").fails(&["3 ENCODING"]),
            case("3 UTF-32", b"\xFF\xFE\0\0a\0\0\0,\0\0\0").refused("ENCODING_UNKNOWN", &["utf-32"]),
            case("3 a mark wins over an option", "\u{FEFF}First name,Last name\nAnn,Lée\n")
                .with("--encoding big5")
                .gives("created 1")
                .stores("last_name", &["Lée"])
                .warns("byte order mark"),
        ],
    );
}

#[test]
fn old_encodings_are_recognised_or_asked_for() {
    let three = "First name,Last name\nAnn,陳\nBob,李\nCy,大\n";
    let thai = format!("First name,Last name\n{}Ann,สม\n", "Ann,Lee\n".repeat(30));
    check(
        "",
        vec![
            case("4 GBK", written(GB18030, "姓,名,公司\n陈,大文,大同有限公司\n李,小明,香港电讯\n"))
                .gives("created 2")
                .reports("encoding", "gb18030")
                .stores("last_name", &["陈", "李"]),
            case("4 four bytes", written(GB18030, "姓,名,公司\n陈,大文,大同有限公司\n李,小明,香港电讯\n𠮷,㐂,香港\n"))
                .with("--encoding gb18030")
                .gives("created 3")
                .stores("first_name", &["大文", "小明", "㐂"])
                .stores("last_name", &["陈", "李", "𠮷"]),
            case("5 Big5", written(BIG5, "姓,名,公司\n陳,大文,大同有限公司\n李,小明,香港電訊\n"))
                .gives("created 2")
                .reports("encoding", "Big5")
                .stores("last_name", &["陳", "李"]),
            case("5 Hong Kong's letters", joined(&[&written(BIG5, "姓,名\n陳,大"), b"\x8d\xde\n"]))
                .with("--encoding big5-hkscs")
                .gives("created 1")
                .reports("encoding", "Big5"),
            case("5 three names are too few", written(GB18030, three))
                .refused("ENCODING_DOUBTFUL", &["--encoding gb18030", "陳", "--encoding windows-1251"]),
            case("5 the same, decided", written(GB18030, three))
                .with("--encoding GBK")
                .gives("created 3")
                .stores("last_name", &["陳", "李", "大"]),
            case(
                "6 Shift_JIS with half-width letters",
                written(SHIFT_JIS, "姓,名,会社\n山田,太郎,トヨタ自動車\n鈴木,花子,ﾎﾝﾀﾞ\n"),
            )
            .with("--map 会社=company")
            .gives("created 2")
            .reports("encoding", "Shift_JIS")
            .stores("company", &["トヨタ自動車", "ﾎﾝﾀﾞ"]),
            case("6 a second byte that is a pipe", written(SHIFT_JIS, "姓|名\n山ポ|太郎\nミー|ソ\n"))
                .with("--encoding shift_jis")
                .gives("created 2")
                .stores("last_name", &["山ポ", "ミー"]),
            case("7 Windows-874", written(WINDOWS_874, "First name,Last name\nสมชาย,ใจดี\n"))
                .gives("created 1")
                .reports("encoding", "windows-874")
                .stores("last_name", &["ใจดี"]),
            case("7 mostly ASCII", written(WINDOWS_874, &thai)).with("--encoding 874").gives("created 31"),
            case("8 French is not Japanese", written(WINDOWS_1252, "Prénom;Nom\nAnn;Lee\n"))
                .with("--map Prénom=first_name --map Nom=last_name")
                .gives("created 1")
                .reports("encoding", "windows-1252")
                .warns("taken for windows-1252")
                .stores("first_name", &["Ann"]),
            case("8 German", written(WINDOWS_1252, "First name;Last name\nJürgen;Groß\n"))
                .gives("created 1")
                .stores("last_name", &["Groß"]),
            case("8 Korean", written(EUC_KR, "First name,Last name\n철수,김\n영희,박\n민호,이\n준,최\n"))
                .gives("created 4")
                .stores("first_name", &["철수", "영희", "민호", "준"]),
            case("8 no encoding of that name", GOOD)
                .with("--encoding klingon")
                .refused("ENCODING_UNKNOWN", &["klingon", "gb18030"]),
        ],
    );
}

const GOOD: &str = "First name,Last name\nAnn,Lee\n";

#[test]
fn a_bad_byte_fails_its_row_and_a_letter_lost_before_does_not() {
    let rows = |count: usize| "陳,Lee\n".repeat(count);
    let five_thousand =
        joined(&[b"First name,Last name\n", rows(4999).as_bytes(), b"Jos\xE9,Lee\n", rows(2).as_bytes()]);
    let quoted = joined(&[
        b"First name,Last name\r\n",
        rows(20).as_bytes(),
        b"\"1\r\n2\r\nJos\xE9\",\"a \"\"b\"\"\"\r\n",
        rows(1).as_bytes(),
    ]);
    let few = joined(&["First name,Last name\nAnn,陈".as_bytes(), b"L\xE9e\nBob,Ray\n"]);
    check(
        "",
        vec![
            case("9 a bad byte at record 5,000", five_thousand)
                .gives("created 5001 failed 1")
                .fails(&["5001 ENCODING A"]),
            case("9 in a quoted value of several lines", quoted)
                .gives("created 21 failed 1")
                .fails(&["22 ENCODING first_name"]),
            case("9 in a file too short to tell", few.clone())
                .refused("ENCODING_DOUBTFUL", &["--encoding utf-8", "--encoding windows-1252"]),
            case("9 the same, decided", few)
                .with("--encoding utf-8")
                .gives("created 1 failed 1")
                .fails(&["2 ENCODING B"]),
            case("9 a letter lost before", "First name,Last name\nAnn,L\u{FFFD}e\nBob,Ray\n")
                .gives("created 2")
                .stores("last_name", &["L\u{FFFD}e", "Ray"])
                .warns("first on line 2"),
            case("9 a bad byte in the header", joined(&[b"First name,L\xFFst name\n", rows(20).as_bytes()]))
                .refused("ENCODING", &["line 1", "offset 12"]),
            case("10 a NUL in a value", "First name,Last name\nAnn,L\0e\nBob,Ray\n\"Cy\",\"\0\"\n")
                .gives("created 1 failed 2")
                .fails(&["2 NUL_BYTE B", "4 NUL_BYTE B"]),
        ],
    );
}

#[test]
fn what_is_no_table_is_named() {
    check(
        "",
        vec![
            case("11 an old workbook", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0\0").refused("FILE_WORKBOOK", &["Excel"]),
            case("11 HTML named .xls", "<html><body><table><tr><td>Name</td></tr></table>")
                .named("people.xls")
                .refused("FILE_FORMAT", &["HTML"]),
            case("11 HTML behind a mark", "\u{FEFF}  <table><tr>").refused("FILE_FORMAT", &["HTML"]),
            case("11 PDF", "%PDF-1.7\n").refused("FILE_FORMAT", &["PDF"]),
            case("11 an address card", "BEGIN:VCARD\nVERSION:3.0\n").refused("FILE_FORMAT", &["vCard"]),
            case("11 JSON", "[{\"name\": \"Ann\"}]").refused("FILE_FORMAT", &["JSON"]),
            case("11 an image", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR").refused("FILE_BINARY", &["not text"]),
            case("12 nothing", "").refused("FILE_EMPTY", &["empty", "carnet template"]),
            case("12 line ends alone", "\n\r\n\r").refused("FILE_EMPTY", &["empty"]),
            case("12 delimiters alone", ",,,\n,\n").refused("FILE_EMPTY", &["empty"]),
            case("12 a header alone", "First name,Last name\r\n").gives("").warns("no rows"),
            case("12 a header alone, not ended", "First name;Last name")
                .gives("")
                .reports("delimiter", ";")
                .warns("no rows"),
            case("12 a header and blank rows", "First name,Last name\n,\n\n").gives("blank 2"),
            case("16 an archive", b"7z\xBC\xAF\x27\x1C\0\x04").refused("FILE_ARCHIVE", &["7z"]),
        ],
    );
}

#[test]
fn every_line_end_gives_the_same_records() {
    let text = |end: &str, last: &str| ["Street,Last name", "x,Lee", "\"1\n2\",Ray"].join(end) + last;
    let same = |name: &str, bytes: String, ends: &str| {
        case(format!("13 {name}"), bytes)
            .gives("created 2")
            .stores("last_name", &["Lee", "Ray"])
            .reports("line_ends", ends)
    };
    check(
        "",
        vec![
            same("LF", text("\n", "\n"), "LF"),
            same("CRLF", text("\r\n", "\r\n"), "CRLF"),
            same("CR", text("\r", "\r"), "CR"),
            same("LF, last one missing", text("\n", ""), "LF"),
            same("CR, last one missing", text("\r", ""), "CR"),
            same("mixed", "First name,Last name\r\nAnn,Lee\nBob,Ray\r".to_owned(), "mixed").warns("1 CRLF, 1 LF, 1 CR"),
            same("an end of text", text("\r\n", "\r\n\x1a"), "CRLF").gives("created 2 blank 1"),
            case("13 CR inside quotes", "Street,Last name\r\"A\rb\r\nc\",Lee\rBob,Bad,Row\r")
                .gives("created 1 failed 1")
                .stores("address/street", &["A\nb\nc"])
                .fails(&["5 COLUMN_COUNT C"]),
        ],
    );
}

#[test]
fn delimiters_are_found_by_what_they_split() {
    let people = |delimiter: &str| {
        let rows = [["First name", "Last name", "Job Title"], ["Ann", "Lee", "\"Clerk, IT; 1|2\""], ["Bob", "Ray", ""]];
        rows.map(|row| row.join(delimiter)).join("\n")
    };
    let found = |name: &str, text: String, delimiter: &str| {
        case(name, text).gives("created 2").reports("delimiter", delimiter).stores("last_name", &["Lee", "Ray"])
    };
    let junk = "First name;Last name\nAnn\nBob\n";
    check(
        "",
        vec![
            found("14 sep=;", format!("sep=;\r\n{}", people(";")), ";").reports("header_line", "2"),
            found("14 sep=| quoted and padded", format!("\"sep=|\"||\n{}", people("|")), "|"),
            found("14 SEP=tab", format!("SEP=\t\n{}", people("\t")), "\t"),
            found("15 comma", people(","), ","),
            found("15 semicolon", people(";"), ";"),
            found("15 tab", people("\t"), "\t"),
            found("15 pipe", people("|"), "|"),
            found("15 the option wins over sep=", format!("sep=,\n{}", people(";")), ";").with("--delimiter semicolon"),
            case(
                "15 commas in values",
                "First name;Last name;Company\nAnn;Lee;Lee, Ray, Sons\nBob;Ray;A, B\nCy;Fox;x\n",
            )
            .gives("created 3")
            .stores("company", &["Lee, Ray, Sons", "A, B", "x"]),
            case("15 decimal commas", "First name;Last name;Rating\nAnn;Lee;1,5\nBob;Ray;2,25\n")
                .gives("created 2")
                .stores("last_name", &["Lee", "Ray"])
                .reports("delimiter", ";"),
            case("15 the header alone has it", junk).refused(
                "DELIMITER_DOUBTFUL",
                &["--delimiter semicolon   First name | Last name  ⏎  Ann", "--delimiter comma"],
            ),
            case("15 the same, decided", junk)
                .with("--delimiter ;")
                .gives("created 2")
                .stores("first_name", &["Ann", "Bob"]),
            case("15 the header and the rows differ", "First name;Last name\nAnn,Lee\nBob,Ray\n")
                .refused("DELIMITER_DOUBTFUL", &["--delimiter semicolon", "--delimiter comma"]),
            case("15 one column", "Last name\nLee\nRay\n").gives("created 2").stores("last_name", &["Lee", "Ray"]),
            case("15 one column, split rows", "Last name\nLee;Ann\nRay;Bob\n")
                .gives("failed 2")
                .fails(&["2 COLUMN_COUNT B", "3 COLUMN_COUNT B"]),
            case("15 delimiters at the end of every row", "First name;Last name;\nAnn;Lee;\nBob;Ray;\n")
                .gives("created 2")
                .stores("last_name", &["Lee", "Ray"]),
            case("15 delimiters at the end of the rows alone", "First name,Last name\nAnn,Lee,\nBob,Ray,,,\n")
                .gives("created 2")
                .stores("last_name", &["Lee", "Ray"]),
            case("15 delimiters at the end of the header alone", "First name,Last name,,\nAnn,Lee\nBob,Ray\n")
                .gives("created 2"),
            case("15 no delimiter", GOOD).with("--delimiter x").refused("DELIMITER", &["`x`", "semicolon"]),
        ],
    );
}

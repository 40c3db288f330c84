//! Every input that an import must survive, as bytes, with what becomes of it.

use std::io::Read;

use proptest::prelude::*;

use super::write::WriteOptions;
use super::write::Writer;
use super::*;

mod structure;

fn open_bytes(bytes: &[u8], options: &Options) -> Result<Reader, IntakeError> {
    open(Input::stream("contacts.csv", std::io::Cursor::new(bytes.to_vec())), options)
}

fn rows(reader: &mut Reader) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = Row::default();
    while reader.read(&mut row).expect("bytes in memory can be read") {
        rows.push(row.clone());
    }
    rows
}

fn cells(row: &Row) -> Vec<&str> {
    row.cells.iter().collect()
}

/// Reads the bytes: header, then rows, cells parted by `|`, blank rows as `~`, faulty ones as `!CODE`.
#[track_caller]
fn read_all(bytes: &[u8]) -> Vec<String> {
    let mut reader = open_bytes(bytes, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let mut lines = vec![reader.headers().iter().collect::<Vec<_>>().join("|")];
    lines.extend(rows(&mut reader).iter().map(|row| match &row.fault {
        Some(fault) => format!("!{}", fault.code),
        None if row.blank => "~".to_owned(),
        None => cells(row).join("|"),
    }));
    lines
}

#[track_caller]
fn check(bytes: impl AsRef<[u8]>, expected: &[&str]) {
    assert_eq!(read_all(bytes.as_ref()), expected);
}

#[track_caller]
fn refused(bytes: &[u8], options: &Options) -> IntakeError {
    match open_bytes(bytes, options) {
        Ok(reader) => panic!("was read: {reader:?}"),
        Err(error) => error,
    }
}

#[track_caller]
fn check_encoding(encoding: &'static encoding_rs::Encoding, text: &str) {
    let (bytes, _, lossy) = encoding.encode(text);
    assert!(!lossy, "{text} cannot be written in {}", encoding.name());
    let mut reader = open_bytes(&bytes, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(reader.encoding(), encoding.name());
    let decoded = rows(&mut reader).iter().map(|row| cells(row).join(",")).collect::<Vec<_>>().join("\n");
    assert_eq!(decoded, text.lines().skip(1).collect::<Vec<_>>().join("\n"));
}

#[test]
fn byte_order_marks_are_not_data() {
    check("\u{FEFF}First name,Last name\nAnn,Lee\n", &["First name|Last name", "Ann|Lee"]);
    check("\u{FEFF}\u{FEFF}a,b\n1,2\n", &["a|b", "1|2"]);
}

#[test]
fn utf_16_is_read_with_and_without_a_mark() {
    let text = "姓名\t電話\r\n陳大文\t+85212345678\r\n😀\t1\r\n";
    for (mark, little) in [(true, true), (true, false), (false, true), (false, false)] {
        let mark = if mark { "\u{FEFF}" } else { "" };
        let units = mark.encode_utf16().chain(text.encode_utf16());
        let bytes: Vec<u8> =
            units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect();
        let mut reader = open_bytes(&bytes, &Options::default()).unwrap();
        assert_eq!(reader.delimiter(), '\t');
        assert_eq!(reader.encoding(), if little { "UTF-16LE" } else { "UTF-16BE" });
        assert_eq!(cells(&rows(&mut reader)[1]), ["😀", "1"]);
    }
}

#[test]
fn legacy_encodings_are_recognised() {
    check_encoding(encoding_rs::GB18030, "姓名,电话,公司\n陈大文,+85212345678,大同有限公司\n李小明,1,香港电讯\n");
    check_encoding(encoding_rs::BIG5, "姓名,電話,公司\n陳大文,+85212345678,大同有限公司\n李小明,1,香港電訊\n");
    check_encoding(encoding_rs::SHIFT_JIS, "氏名,電話,会社\n山田太郎,+81312345678,トヨタ自動車\n");
    check_encoding(encoding_rs::EUC_KR, "이름,전화\n김철수,+8221234\n박영희,1\n이민호,2\n");
    check_encoding(encoding_rs::WINDOWS_874, "First,Last\nสมชาย,ใจดี\n");
    check_encoding(encoding_rs::WINDOWS_1252, "First,Last\nJürgen,Groß\nAña,Núñez\nFrançois,Lefèvre\n");
    check_encoding(encoding_rs::WINDOWS_1252, "First,Last\nJosé,O’Neil\n");
    check_encoding(encoding_rs::WINDOWS_1252, "First,Last\nÅsa,O’Neil\n");
    check_encoding(encoding_rs::WINDOWS_1252, "First,Last\n“Là”,Señor\n“Né”,Muñoz\n");
    check_encoding(encoding_rs::BIG5, "First,Last\n大文,陳\n");
    check_encoding(encoding_rs::SHIFT_JIS, "姓,名\n山田,太郎\n");
    check_encoding(encoding_rs::WINDOWS_1250, "Jméno,Příjmení\nJiří,Dvořák\nŁukasz,Żółć\n");
    check_encoding(encoding_rs::WINDOWS_1251, "Имя,Фамилия\nИван,Петров\n");
}

#[test]
fn a_french_header_is_not_japanese() {
    let mut reader = open_bytes(b"Pr\xE9nom;Nom\nAnn;Lee\n", &Options::default()).unwrap();
    assert_eq!((reader.encoding(), &reader.headers()[0]), ("windows-1252", "Prénom"));
    assert_eq!(reader.warnings()[0].code, "ENCODING_GUESSED");
    assert_eq!(rows(&mut reader).len(), 1);
}

#[test]
fn a_doubtful_encoding_is_refused_with_choices_and_can_be_named() {
    let (bytes, _, _) = encoding_rs::GB18030.encode("Name,Company\n大,A\n");
    let error = refused(&bytes, &Options::default());
    let IntakeErrorKind::DoubtfulEncoding { choices } = error.kind() else { panic!("{error}") };
    assert!(choices.iter().any(|choice| choice.value == "gb18030" && choice.preview.contains('大')), "{choices:?}");
    assert!(error.hint().unwrap().contains("--encoding gb18030 "));
    let options = Options { encoding: Some("GB18030".to_owned()), ..Options::default() };
    assert_eq!(&rows(&mut open_bytes(&bytes, &options).unwrap())[0].cells[0], "大");
}

#[test]
fn encodings_are_named_by_label_or_code_page() {
    for (label, name) in [("cp950", "Big5"), ("936", "GBK"), ("Latin1", "windows-1252"), ("UTF8", "UTF-8")] {
        assert_eq!(encoding::by_label(label).unwrap().name(), name);
    }
    let options = Options { encoding: Some("klingon".to_owned()), ..Options::default() };
    let error = refused(b"a,b\n", &options);
    assert!(matches!(error.kind(), IntakeErrorKind::UnknownEncoding(label) if label == "klingon"));
    let options = Options { encoding: Some("big5".to_owned()), ..Options::default() };
    let reader = open_bytes("\u{FEFF}a,b\n".as_bytes(), &options).unwrap();
    assert_eq!((reader.encoding(), reader.warnings()[0].code), ("UTF-8", "ENCODING_OVERRIDDEN"));
}

#[test]
fn one_bad_byte_fails_one_row_of_utf_8() {
    for (good, padding) in [("陳大文,Lee\n", ""), ("Ann,Lee\n", "")] {
        let mut bytes = format!("First,Last\n{}{padding}", good.repeat(100)).into_bytes();
        let offset = bytes.len() + 3;
        bytes.extend_from_slice(b"Jos\xE9,Lee\n");
        bytes.extend_from_slice(good.repeat(100).as_bytes());
        let mut reader = open_bytes(&bytes, &Options::default()).unwrap();
        let rows = rows(&mut reader);
        let faulty: Vec<&Row> = rows.iter().filter(|row| row.fault.is_some()).collect();
        let [row] = faulty[..] else { panic!("{} rows failed", faulty.len()) };
        let fault = row.fault.as_ref().unwrap();
        assert_eq!((row.record, row.line, rows.len()), (101, 102, 201));
        assert_eq!((fault.code, fault.column), ("ENCODING", Some(0)));
        assert!(fault.message.contains(&format!("byte E9 at offset {offset}")), "{}", fault.message);
        assert_eq!(cells(row), ["Jos\u{FFFD}", "Lee"]);
    }
}

#[test]
fn bad_bytes_in_a_legacy_encoding_fail_their_row_with_their_offset() {
    let mut bytes = encoding_rs::BIG5.encode("姓名,公司\n陳大文,大同\n").0.into_owned();
    let offset = bytes.len();
    bytes.extend_from_slice(b"\xFF,x\nAnn,y\n");
    let options = Options { encoding: Some("big5".to_owned()), ..Options::default() };
    let rows = rows(&mut open_bytes(&bytes, &options).unwrap());
    let fault = rows[1].fault.as_ref().unwrap();
    assert!(fault.message.contains(&format!("offset {offset} ")) && fault.code == "ENCODING", "{}", fault.message);
    assert_eq!((cells(&rows[1]), cells(&rows[2])), (vec!["\u{FFFD}", "x"], vec!["Ann", "y"]));
}

#[test]
fn a_replacement_character_of_the_file_itself_is_text_with_a_warning() {
    check("a,b\nJos\u{FFFD},1\nAnn,2\n", &["a|b", "Jos\u{FFFD}|1", "Ann|2"]);
    let mut reader = open_bytes("a,b\n1,2\nJos\u{FFFD},1\n\u{FFFD},2\n".as_bytes(), &Options::default()).unwrap();
    rows(&mut reader);
    let warning = reader.warnings().pop().unwrap();
    assert_eq!((warning.code, warning.line), ("REPLACEMENT_CHARACTER", Some(3)));
    assert!(warning.message.contains("2 rows"), "{}", warning.message);
    let (bytes, ..) = encoding_rs::GB18030.encode("姓名,公司\n陈\u{FFFD},大同\n李小明,香港电讯\n");
    let rows = rows(&mut open_bytes(&bytes, &Options::default()).unwrap());
    assert_eq!((&rows[0].cells[0], &rows[0].fault), ("陈\u{FFFD}", &None));
}

#[test]
fn other_formats_are_named() {
    let cases: [(&[u8], &str); 12] = [
        (b"", "Empty"),
        (b"\n \n,,\n", "Empty"),
        (b"\xEF\xBB\xBF", "Empty"),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "ZipArchive { tables: [] }"),
        (b"\x1F\x8B\x08\0\0\0\0\0", "Archive(\"gzip\")"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0", "LegacyExcel"),
        (b"  <!DOCTYPE html><table>", "Html"),
        (b"\xEF\xBB\xBF<table><tr>", "Html"),
        (b"%PDF-1.7\n", "Pdf"),
        (b"BEGIN:VCARD\nVERSION:3.0\n", "NotATable(\"a vCard file\")"),
        (b"[\n {\"name\": 1}]", "NotATable(\"JSON\")"),
        (b"\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\0\x01", "Binary"),
    ];
    for (bytes, kind) in cases {
        let error = refused(bytes, &Options::default());
        assert_eq!(format!("{:?}", error.kind()), kind);
        assert!(error.to_string().starts_with("`contacts.csv`"), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn paths_that_are_no_files_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &Path| open(Input::named(path), &Options::default()).unwrap_err();
    assert!(matches!(error(folder.path()).kind(), IntakeErrorKind::IsDirectory));
    let missing = folder.path().join("missing.csv");
    assert!(matches!(error(&missing).kind(), IntakeErrorKind::NotFound));
    assert_eq!(error(&missing).file(), missing.display().to_string());
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "a,b\n1,2\n").unwrap();
    let mut reader = open(Input::named(&path), &Options::default()).unwrap();
    assert_eq!(rows(&mut reader).len(), 1);
    assert_eq!((reader.size_bytes(), reader.bytes_read()), (Some(8), 8));
}

/// Fails after its content.
struct Torn(std::io::Cursor<Vec<u8>>);

impl Read for Torn {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("disk on fire")),
            count => Ok(count),
        }
    }
}

#[test]
fn a_file_that_breaks_off_is_an_error_with_its_line() {
    let content = format!("a,b\n{}", "1,2\n".repeat(300_000));
    let input = Input::stream("pipe", Torn(std::io::Cursor::new(content.into_bytes())));
    let mut reader = open(input, &Options::default()).unwrap();
    let mut row = Row::default();
    let error = loop {
        match reader.read(&mut row) {
            Ok(more) => assert!(more, "the end was reached"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error.kind(), IntakeErrorKind::Io(_)));
    assert_eq!((row.record, error.line()), (300_000, Some(300_002)));
}

/// Gives one byte at a time, so that every boundary falls between two reads.
struct Dripping(std::io::Cursor<Vec<u8>>);

impl Read for Dripping {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(mut reader) = open_bytes(&bytes, &Options::default()) {
            rows(&mut reader);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_as_told(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        label in proptest::sample::select(vec!["utf-8", "utf-16le", "big5", "shift_jis", "gb18030", "windows-874"]),
        backslash: bool,
        header_line in proptest::option::of(0_u64..4),
    ) {
        let options =
            Options { encoding: Some(label.to_owned()), backslash, header_line, max_record_bytes: 64, ..Options::default() };
        if let Ok(mut reader) = open_bytes(&bytes, &options) {
            reader.next_rows(5);
            let rows = rows(&mut reader);
            prop_assert!(rows.len() <= bytes.len() + 1);
        }
    }

    #[test]
    fn cells_joined_again_are_the_lines_of_a_sound_file(
        table in proptest::collection::vec(proptest::collection::vec("[a-c陳é \"'\\\\-]{0,6}[a-c]", 3), 1..20),
        end in proptest::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        // Quotes open nothing in the middle of a value.
        let lines: Vec<String> = table.iter().map(|row| row.iter().map(|cell| format!("x{cell}")).collect::<Vec<_>>().join(";")).collect();
        let bytes = format!("a;b;c{end}{}{end}", lines.join(end));
        let options = Options { delimiter: Some(b';'), encoding: Some("utf-8".to_owned()), ..Options::default() };
        let mut reader = open_bytes(bytes.as_bytes(), &options).unwrap();
        let read: Vec<String> = rows(&mut reader).iter().map(|row| cells(row).join(";")).collect();
        prop_assert_eq!(read, lines);
    }

    #[test]
    fn any_text_gives_rows_whose_lines_go_up(text in "[a,;\"\r\n \\\\\u{e9}陳\0\u{1a}]{0,80}") {
        let options = Options {
            encoding: Some("utf-8".to_owned()),
            delimiter: Some(b','),
            max_record_bytes: 24,
            ..Options::default()
        };
        let bytes = format!("x,y\n{text}");
        let mut reader = open_bytes(bytes.as_bytes(), &options).unwrap();
        let rows = rows(&mut reader);
        prop_assert!(rows.windows(2).all(|pair| pair[0].line < pair[1].line && pair[0].record + 1 == pair[1].record));
        let breaks = text.replace("\r\n", "\n").matches(['\r', '\n']).count() as u64;
        prop_assert!(rows.last().is_none_or(|row| row.line <= breaks + 2));
        prop_assert!(rows.iter().all(|row| row.cells.len() >= 2 && !(row.blank && row.fault.is_some())));
    }

    #[test]
    fn small_reads_give_the_same_rows(text in "[a,\"\r\n \u{e9}]{0,80}") {
        let bytes = format!("x,y\n{text}").into_bytes();
        let options = Options { delimiter: Some(b','), ..Options::default() };
        let dripping = Dripping(std::io::Cursor::new(bytes.clone()));
        let mut text = text::Text::new(Vec::new(), 0, Box::new(dripping), encoding_rs::UTF_8);
        let mut dripped = Vec::new();
        while !text.ended() {
            text.fill().unwrap();
            dripped.extend_from_slice(text.bytes());
            text.consume(text.bytes().len());
        }
        prop_assert_eq!(&dripped, &bytes);
        let slow = Input::stream("slow", Dripping(std::io::Cursor::new(bytes.clone())));
        let slow = rows(&mut open(slow, &options).unwrap());
        let fast = rows(&mut open_bytes(&bytes, &options).unwrap());
        let view = |rows: &[Row]| rows.iter().map(|row| format!("{row:?}")).collect::<Vec<_>>();
        prop_assert_eq!(view(&slow), view(&fast));
    }

    #[test]
    fn what_is_written_is_read_back(
        table in proptest::collection::vec(proptest::collection::vec("[a-c陳é ,;\"'\n=+\\\\-]{0,8}", 3), 0..20),
        delimiter in proptest::sample::select(vec![b',', b';', b'\t', b'|']),
    ) {
        let mut writer = Writer::new(Vec::new(), WriteOptions { delimiter, ..WriteOptions::default() }).unwrap();
        writer.write(["First name", "Last name", "Note"]).unwrap();
        table.iter().for_each(|row| writer.write(row).unwrap());
        let bytes = writer.finish().unwrap();
        let options = Options { delimiter: Some(delimiter), ..Options::default() };
        let read = rows(&mut open_bytes(&bytes, &options).unwrap());
        prop_assert_eq!(read.len(), table.len());
        for (row, expected) in read.iter().zip(&table) {
            prop_assert!(row.fault.is_none(), "{:?}", row);
            let restored: Vec<_> = row.cells.iter().map(write::restore).collect();
            prop_assert_eq!(restored, expected.iter().map(|cell| cell.as_str()).collect::<Vec<_>>());
        }
    }
}

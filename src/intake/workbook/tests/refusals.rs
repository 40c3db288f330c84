//! Which sheet is read, and workbooks that are refused, with the way out.

use super::*;

fn header() -> String {
    texts(1, "Name")
}

#[test]
fn the_first_sheet_that_is_not_hidden_is_read() {
    let book = Book::new(&texts(1, "A"))
        .sheet("name=\"Chart\"", "")
        .sheet("name=\"Empty\"", "<row r=\"1\"><c s=\"1\"/></row>")
        .sheet("name=\"R&amp;D\"", &texts(3, "B"))
        .sheet("name=\"Old\" state=\"veryHidden\"", &texts(1, "C"));
    let bytes = book.bytes();
    let reader = open_bytes(&bytes, &Options::default()).unwrap();
    assert_eq!((reader.format(), reader.sheet(), reader.header_line()), ("XLSX", Some("People"), 1));
    let told: Vec<String> = reader.warnings().into_iter().map(|warning| warning.message).collect();
    assert_eq!(
        told,
        ["only the sheet `People` is read; rows are also in `R&D`, `Old` (hidden): name one with `--sheet`"]
    );
    for (name, header) in [("people", "A"), ("R&D", "B"), (" old ", "C"), ("#3", "B"), ("#4", "C")] {
        assert_eq!(read_with(&bytes, &sheet_named(name)), [header], "{name}");
    }
    refused(
        &bytes,
        &sheet_named("#5"),
        &["has no sheet `#5`", "its sheets are `People`, `Empty` (empty), `R&D`, `Old` (hidden)"],
    );
    refused(&bytes, &sheet_named("Chart"), &["has no sheet `Chart`"]);
    refused(&bytes, &sheet_named("Empty"), &["the sheet `Empty` is empty", "rows are in `People`, `R&D`"]);
}

#[test]
fn hidden_sheets_and_charts_are_not_chosen() {
    let mut book = Book::new(&header()).sheet("name=\"Second\"", &texts(1, "Mail"));
    book.sheets[0].0.push_str(" state=\"hidden\"");
    check(&book.bytes(), &["Mail"]);
    book.sheets.truncate(1);
    refused(&book.bytes(), &Options::default(), &["has only hidden sheets: `People` (hidden)", "--sheet"]);
    book.sheets[0].0 = "name=\"Chart\"".to_owned();
    refused(&book.bytes(), &Options::default(), &["has no sheet with cells, only charts"]);
    book.sheets.clear();
    refused(&book.bytes(), &Options::default(), &["has no sheet with cells"]);
    refused(&Book::new("").bytes(), &Options::default(), &["the sheet `People` is empty", "header"]);
}

#[test]
fn hidden_rows_and_merged_cells_are_told() {
    let rows = [
        texts(1, "A|B"),
        texts(2, "1|2").replace("<row", "<row hidden=\"1\""),
        "<row r=\"3\" hidden=\"true\"/></sheetData><mergeCells><mergeCell ref=\"A1:B1\"/></mergeCells><sheetData>"
            .to_owned(),
    ];
    let cell = "<table:table-cell office:value-type=\"string\" table:number-columns-spanned=\"2\"><text:p>A</text:p></table:table-cell>";
    let body = format!(
        "<table:table><table:table-row table:visibility=\"collapse\">{cell}</table:table-row><table:table-row table:visibility=\"filter\"/></table:table>"
    );
    for bytes in [Book::new(&rows.concat()).bytes(), ods(&body)] {
        let reader = open_bytes(&bytes, &Options::default()).unwrap();
        let told: Vec<String> = reader.warnings().into_iter().map(|warning| warning.message).collect();
        assert_eq!(
            told.iter().filter(|told| !told.contains("whatever its name")).collect::<Vec<_>>(),
            [
                &"rows that the spreadsheet hides are read as well: 1",
                &"ranges of merged cells, of which only the first cell has the value: 1"
            ]
        );
    }
}

#[test]
fn sheets_of_opendocument_are_found() {
    let table = |name: &str, text: &str| {
        format!(
            "<table:table table:name=\"{name}\" table:style-name=\"{name}\"><table:table-row><table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell></table:table-row></table:table>"
        )
    };
    let bytes = ods(&[
        table("ta2", "hidden"),
        table("two", "B"),
        table("three", "C"),
        "<table:table table:name=\"none\"/>".to_owned(),
    ]
    .concat());
    check(&bytes, &["B"]);
    assert_eq!(read_with(&bytes, &sheet_named("#1")), ["hidden"]);
    assert_eq!(read_with(&bytes, &sheet_named("THREE")), ["C"]);
    refused(&bytes, &sheet_named("four"), &["its sheets are `ta2` (hidden), `two`, `three`, `none` (empty)"]);
    refused(&ods(""), &Options::default(), &["has no sheet with cells"]);
}

#[test]
fn archives_that_are_no_workbooks_say_what_they_are() {
    let plain = Options::default();
    refused(
        &archive(&[("a/people.csv", "x"), ("readme.md", "y")]),
        &plain,
        &["is a ZIP archive", "import one of: a/people.csv"],
    );
    refused(&archive(&[("readme.md", "y")]), &plain, &["is a ZIP archive", "unpack it"]);
    refused(&archive(&[("word/document.xml", "<w/>")]), &plain, &["is a Word document"]);
    refused(&archive(&[("xl/workbook.bin", "")]), &plain, &["is a binary Excel workbook (.xlsb)"]);
    refused(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", &plain, &["is a ZIP archive"]);
    let locked = archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest><file-entry><manifest:encryption-data/></file-entry></manifest>"),
        ("content.xml", "?"),
    ]);
    refused(&locked, &plain, &["protected by a password"]);
    let mut ole = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    refused(&ole, &plain, &["old Excel workbook"]);
    ole.extend("EncryptedPackage".bytes().flat_map(|letter| [letter, 0]));
    refused(&ole, &plain, &["protected by a password", "remove the password"]);
}

#[test]
fn damage_is_told_and_never_passed_over() {
    let plain = Options::default();
    let rows = |rows: &str| Book::new(&format!("{}{rows}", header())).bytes();
    let whole = rows(&texts(2, "Ann"));
    refused(&whole[..whole.len() / 2], &plain, &["is a damaged workbook or ZIP archive"]);
    refused(b"PK\x03\x04 xl/workbook.xml", &plain, &["is a damaged workbook or ZIP archive"]);
    for damage in [
        "<row r=\"2\"><c",
        "<row r=\"1\"></row>",
        "<row r=\"0\"/>",
        "<row r=\"1048577\"/>",
        "<row r=\"2\"><c r=\"B2\"/><c r=\"A2\"/></row>",
        "<row r=\"2\"><c r=\"ZZZZZZZZZZZZZZZ2\"/></row>",
        "<row r=\"2\"><c t=\"s\"><v>9</v></c></row>",
        "<row r=\"2\"><c t=\"inlineStr\"><is><t>&bomb;</t></is></c></row>",
        "<row r=\"2\"></c></row>",
        &"<x>".repeat(300),
    ] {
        let error = match open_bytes(&rows(damage), &plain) {
            Ok(mut reader) => reader.read(&mut Row::default()).expect_err(damage),
            Err(error) => error,
        };
        assert!(matches!(error.kind(), IntakeErrorKind::DamagedWorkbook(_)), "{damage}: {error}");
    }
    refused(
        &rows("").iter().map(|byte| if *byte == b'<' { 0xFF } else { *byte }).collect::<Vec<_>>(),
        &plain,
        &["damaged"],
    );
}

#[test]
fn parts_are_found_where_they_are() {
    let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", header());
    let related = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let parts = [
        ("_rels/.rels", related("m", "officeDocument", "/workbook.xml")),
        ("/workbook.xml", "<workbook><sheets><sheet name=\"A\" r:id=\"s\"/></sheets></workbook>".to_owned()),
        ("_rels/workbook.xml.rels", related("s", "worksheet", "Sheets/one.xml")),
        ("sheets/One.xml", sheet.clone()),
        ("SHEETS/one.xml", sheet),
    ];
    let parts: Vec<(&str, &str)> = parts.iter().map(|(name, content)| (*name, content.as_str())).collect();
    check(&archive(&parts[..4]), &["Name"]);
    refused(&archive(&parts), &Options::default(), &["damaged", "two of its parts are named `sheets/one.xml`"]);
}

#[test]
fn a_checksum_that_is_wrong_is_noticed() {
    let parts = [("_rels/.rels", ""), ("xl/workbook.xml", "<workbook><sheets/></workbook>")];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    let at = bytes.windows(8).position(|window| window == b"<sheets/").unwrap();
    bytes[at + 1] = b'S';
    refused(&bytes, &Options::default(), &["checksum"]);
}

#[test]
fn bombs_are_defused() {
    let mut book = Book::new(&header());
    book.strings = "<si><t>x</t></si>".repeat(1000);
    let small = Options { max_unpacked_bytes: 8 << 10, ..Options::default() };
    refused(&book.bytes(), &small, &["is too large", "sharedStrings.xml"]);
    // The directory says how much, or lies about it.
    let whole = Book::new(&[header(), texts(2, &"x".repeat(20_000))].concat()).bytes();
    let name = b"xl/worksheets/sheet1.xml";
    let entry = (0..whole.len() - name.len()).rfind(|at| whole[*at..].starts_with(name)).unwrap();
    let with_size = |size: u32| {
        let mut bytes = whole.clone();
        bytes[entry - 22..entry - 18].copy_from_slice(&size.to_le_bytes());
        bytes
    };
    refused(&with_size(100 << 20), &Options::default(), &["is too large", "sheet1.xml", "250 times its size"]);
    refused(&with_size(100), &small, &["is too large", "sheet1.xml", "8 KiB"]);
    refused(&with_size(100), &Options::default(), &["damaged", "checksum"]);
    // Many small pieces make one text.
    let pieces = |piece: &str, bytes: usize| piece.repeat((17 << 20) / bytes);
    let text = format!(
        "{}<row><c t=\"str\"><v>{}</v></c></row>",
        header(),
        pieces(&format!("{}&lt;", "x".repeat(65536)), 65536)
    );
    refused(&Book::new(&text).bytes(), &Options::default(), &["is too large", "one of its texts"]);
    let text = format!("<text:p>{}</text:p>", pieces("<text:s text:c=\"65536\"/>", 65536));
    let body = format!("<table:table><table:table-row><table:table-cell>{text}</table:table-cell></table:table-row>");
    refused(&ods(&format!("{body}</table:table>")), &Options::default(), &["is too large", "one of its texts"]);
    let mut book = Book::new(&header());
    book.sheets = vec![book.sheets[0].clone(); 1001];
    refused(&book.bytes(), &Options::default(), &["is too large", "more than 1000 sheets"]);
    refused(&ods(&"<table:table/>".repeat(1001)), &Options::default(), &["is too large", "more than 1000 sheets"]);
    let spool = Options { max_spooled_bytes: 100, ..Options::default() };
    refused(&Book::new(&header()).bytes(), &spool, &["from a stream", "save it as a file"]);
}

#[test]
fn options_for_text_mean_nothing_for_workbooks_and_the_other_way_round() {
    let bytes = Book::new(&header()).bytes();
    refused(
        &bytes,
        &Options { encoding: Some("big5".to_owned()), ..Options::default() },
        &["`--encoding` means nothing"],
    );
    refused(&bytes, &Options { delimiter: Some(b';'), ..Options::default() }, &["`--delimiter` means nothing"]);
    refused(b"Name\nAnn\n", &sheet_named("People"), &["is a text file", "leave out `--sheet`"]);
}

#[test]
fn headers_must_be_sound() {
    refused(
        &Book::new("<row r=\"2\"><c t=\"e\"><v>#REF!</v></c></row>").bytes(),
        &Options::default(),
        &["line 2", "the header cannot be read: cell A2 holds the error #REF!"],
    );
    refused(
        &Book::new(&texts(1, "Name|Mail").replace("</row>", "<c><f>A1</f></c></row>")).bytes(),
        &Options::default(),
        &["the header cannot be read: cell C1 holds a formula without its result"],
    );
    let wide: String = (0..30).map(|_| "x|").collect();
    refused(&Book::new(&texts(1, &wide)).bytes(), &Options { max_columns: 20, ..Options::default() }, &["30 columns"]);
    let book = Book::new(&[texts(4, "Name|2024"), texts(5, "a|b")].concat()).bytes();
    check(&book, &["Name|2024", "5 a|b"]);
}

//! Workbooks as bytes, ugly ones above all, and the rows that they become.

use std::io::Cursor;
use std::io::Write;

use zip::CompressionMethod;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::intake::*;

mod cells;
mod refusals;

/// An archive of parts.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        // Where it stands first and as it is, the kind names itself.
        let method = if *name == "mimetype" { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// An Excel workbook: its sheets as names with attributes and rows, its shared strings and its cell styles.
struct Book {
    sheets: Vec<(String, String)>,
    properties: &'static str,
    strings: String,
    formats: Vec<&'static str>,
}

impl Book {
    fn new(rows: &str) -> Self {
        Self {
            sheets: vec![("name=\"People\"".to_owned(), rows.to_owned())],
            properties: "",
            strings: String::new(),
            formats: Vec::new(),
        }
    }

    fn sheet(mut self, attributes: &str, rows: &str) -> Self {
        self.sheets.push((attributes.to_owned(), rows.to_owned()));
        self
    }

    /// Styles 1, 2, … with these format codes.
    fn formats(mut self, codes: &[&'static str]) -> Self {
        self.formats = codes.to_vec();
        self
    }

    fn strings(mut self, items: &str) -> Self {
        self.strings = items.to_owned();
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let numbered = || self.sheets.iter().zip(1..);
        let mut parts: Vec<(String, String)> = vec![(
            "_rels/.rels".to_owned(),
            format!(
                "<Relationships><Relationship Id=\"m\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        )];
        let sheets: String =
            numbered().map(|((attributes, _), at)| format!("<sheet {attributes} r:id=\"s{at}\"/>")).collect();
        let properties = self.properties;
        parts.push((
            "xl/workbook.xml".to_owned(),
            format!("<?xml version=\"1.0\"?><workbook><workbookPr {properties}/><sheets>{sheets}</sheets></workbook>"),
        ));
        let related: String = numbered()
            .map(|((attributes, _), at)| {
                let kind = if attributes.contains("Chart") { "chartsheet" } else { "worksheet" };
                format!("<Relationship Id=\"s{at}\" Type=\"{OFFICE}/{kind}\" Target=\"worksheets/sheet{at}.xml\"/>")
            })
            .collect();
        parts.push((
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(
                "<Relationships>{related}<Relationship Id=\"t\" Type=\"{OFFICE}/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>\
                 <Relationship Id=\"y\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ));
        let codes: String = (0..)
            .zip(&self.formats)
            .map(|(at, code)| {
                format!("<numFmt numFmtId=\"{}\" formatCode=\"{}\"/>", 164 + at, code.replace('"', "&quot;"))
            })
            .collect();
        let styles: String =
            (0..).zip(&self.formats).map(|(at, _)| format!("<xf numFmtId=\"{}\"/>", 164 + at)).collect();
        parts.push((
            "xl/styles.xml".to_owned(),
            format!("<styleSheet><numFmts>{codes}</numFmts><cellStyleXfs><xf numFmtId=\"9\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/>{styles}</cellXfs></styleSheet>"),
        ));
        parts.push(("xl/sharedStrings.xml".to_owned(), format!("<sst>{}</sst>", self.strings)));
        for ((_, rows), at) in numbered() {
            let sheet = format!(
                "<worksheet><dimension ref=\"A1\"/><sheetData>{rows}</sheetData><mergeCells count=\"0\"/></worksheet>"
            );
            parts.push((format!("xl/worksheets/sheet{at}.xml"), sheet));
        }
        let parts: Vec<(&str, &str)> = parts.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
        archive(&parts)
    }
}

/// A row of inline texts, parted by `|`.
fn texts(number: u64, cells: &str) -> String {
    let cell = |text: &str| {
        if text.is_empty() { "<c/>".to_owned() } else { format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>") }
    };
    format!("<row r=\"{number}\">{}</row>", cells.split('|').map(cell).collect::<String>())
}

/// An OpenDocument spreadsheet with this body.
fn ods(body: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:automatic-styles><style:style style:name=\"ta2\" style:family=\"table\">\
         <style:table-properties table:display=\"false\"/></style:style></office:automatic-styles>\
         <office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &content),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
    ])
}

fn open_bytes(bytes: &[u8], options: &Options) -> Result<Reader, IntakeError> {
    open(Input::stream("people.xlsx", Cursor::new(bytes.to_vec())), options)
}

fn sheet_named(name: &str) -> Options {
    Options { sheet: Some(name.to_owned()), ..Options::default() }
}

/// Reads the bytes: header, then rows with their numbers, cells parted by `|`, blank rows as `~`, faulty ones as `!CODE`, doubtful cells with
/// `?CODE` behind the row.
#[track_caller]
fn read_with(bytes: &[u8], options: &Options) -> Vec<String> {
    let mut reader = open_bytes(bytes, options).unwrap_or_else(|error| panic!("{error}"));
    let mut lines = vec![reader.headers().iter().collect::<Vec<_>>().join("|")];
    let mut row = Row::default();
    let mut record = 0;
    while reader.read(&mut row).unwrap_or_else(|error| panic!("{error}")) {
        record += 1;
        assert_eq!(row.record, record);
        assert!(row.cells.len() >= reader.headers().len(), "{row:?}");
        let doubts: String = row.doubts.iter().map(|doubt| format!(" ?{}", doubt.code)).collect();
        lines.push(match &row.fault {
            Some(fault) => format!("{} !{}", row.line, fault.code),
            None if row.blank => format!("{} ~", row.line),
            None => format!("{} {}{doubts}", row.line, row.cells.iter().collect::<Vec<_>>().join("|")),
        });
    }
    lines
}

#[track_caller]
fn check(bytes: &[u8], expected: &[&str]) {
    assert_eq!(read_with(bytes, &Options::default()), expected);
}

#[track_caller]
fn refused(bytes: &[u8], options: &Options, words: &[&str]) {
    match open_bytes(bytes, options) {
        Ok(reader) => panic!("was read: {reader:?}"),
        Err(error) => {
            let told = format!("{error} ({})", error.hint().unwrap_or_default());
            assert!(words.iter().all(|word| told.contains(word)), "{words:?} are not all in: {told}");
        }
    }
}

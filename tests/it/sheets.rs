//! Workbooks, written by another library or by hand, through the real binary: what they become, and what is said of them.

use std::io::{Cursor, Write};
use std::process::Stdio;

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Home, ran};

const HEADER: [&str; 8] = ["First name", "Last name", "Mobile", "Email", "Birth date", "ZIP", "Address", "Joined"];

/// A workbook with a sheet of contacts, another with rows, and an empty one.
fn contacts() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Contacts").expect("a name");
    let day = Format::new().set_num_format("dd/mm/yyyy");
    let zip = Format::new().set_num_format("00000");
    let text = Format::new().set_num_format("@");
    for (column, header) in (0..).zip(HEADER) {
        sheet.write(1, column, header).expect("a header");
    }
    let people = [
        ("Ann", "Lee", "ann"),
        ("Bob", "Ray", "bob"),
        ("Cy", "Fox", "cy"),
        ("Di", "Gray", "di"),
        ("Eve", "Orr", "eve"),
    ];
    for (row, (first, last, mail)) in (3..).zip(people) {
        sheet.write(row, 0, first).expect("a cell");
        sheet.write(row, 1, last).expect("a cell");
        sheet.write(row, 3, format!("{mail}@example.com")).expect("a cell");
    }
    sheet.write(3, 2, 85_212_345_678_u64).expect("a number");
    sheet.write_with_format(3, 4, ExcelDateTime::from_ymd(1980, 12, 14).expect("a day"), &day).expect("a date");
    sheet.write_with_format(3, 5, 1234, &zip).expect("a code");
    sheet.write(3, 6, "=1+1 is no formula\n01").expect("a text");
    sheet.write_with_format(4, 2, "+85223456789", &text).expect("a text");
    sheet.write_with_format(4, 5, "00852", &text).expect("a text");
    sheet.write(5, 2, 8_521_234_567_890_123_u64).expect("a long number");
    sheet.write(6, 4, Formula::new("=NA()").set_result("#N/A")).expect("a formula");
    sheet.write(6, 2, Formula::new("=\"+852\"&34567890").set_result("+85234567890")).expect("a formula");
    // What means nothing to Carnet may be as it likes.
    sheet.write(4, 7, Formula::new("=NA()").set_result("#N/A")).expect("a formula");
    sheet.write(7, 9, "beyond").expect("a cell");
    let other = book.add_worksheet();
    other.set_name("Köln & Bonn").expect("a name");
    other.write(0, 0, "Last name").expect("a cell");
    other.write(1, 0, "Meyer").expect("a cell");
    book.add_worksheet().set_name("Empty").expect("a name");
    book.save_to_buffer().expect("a workbook")
}

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(content.as_bytes()).expect("its content");
    }
    zip.finish().expect("an archive").into_inner()
}

fn contact(home: &Home, words: &str) -> Value {
    let found = home.json(&["search", words], 0);
    let id = found["contacts"][0]["id"].as_str().unwrap_or_else(|| panic!("`{words}` finds nothing: {found:#}"));
    home.json(&["contact", "show", id], 0)
}

#[test]
fn a_workbook_comes_in_and_its_failed_rows_come_back() {
    let home = Home::new();
    home.write("people.xlsx", contacts());
    let report = home.json(&["import", "people.xlsx"], 3);
    assert_eq!((&report["format"], &report["sheet"]), (&"xlsx".into(), &"Contacts".into()), "{report:#}");
    assert_eq!((&report["encoding"], &report["delimiter"]), (&Value::Null, &Value::Null));
    let counts = ["read", "created", "failed", "blank"].map(|name| report[name].as_u64());
    assert_eq!(counts, [Some(6), Some(2), Some(3), Some(1)], "{report:#}");
    assert!(
        report["warnings"].to_string().contains("only the sheet `Contacts` is read; rows are also in `Köln & Bonn`"),
        "{report:#}"
    );

    let ann = contact(&home, "ann");
    let text = ann.to_string();
    for part in ["+85212345678", "1980-12-14", "01234", "=1+1 is no formula\\n01"] {
        assert!(text.contains(part), "`{part}` is not in {ann:#}");
    }
    assert!(contact(&home, "bob").to_string().contains("00852"));

    let errors = home.read("ErrorDetail.csv");
    assert!(errors.starts_with("\u{FEFF}First name,Last name,"), "{errors}");
    for reason in [
        "mobile: cell C6 holds a number of more than 15 digits",
        "birth_date: cell E7 holds the error #N/A",
        "cell J8 has a value, but the header ends at column H",
    ] {
        assert!(errors.contains(reason), "`{reason}` is not in {errors}");
    }
    let repaired = errors.replace("8521234567890123", "+85256789012").replace("#N/A", "").replace("beyond", "");
    home.write("ErrorDetail.csv", repaired);
    let second = home.json(&["import", "ErrorDetail.csv"], 0);
    assert_eq!((second["created"].as_u64(), second["format"].as_str()), (Some(3), Some("csv")), "{second:#}");
}

#[test]
fn the_sheet_is_chosen_and_kept_in_the_job() {
    let home = Home::new();
    home.write("people.xlsx", contacts());
    let ran = home.run(&["import", "people.xlsx", "--sheet", "#2"]).exits(0);
    assert!(ran.stdout.starts_with("people.xlsx: job 1, XLSX, sheet `Köln & Bonn`\n"), "{}", ran.stdout);
    home.run(&["import", "people.xlsx", "--again"]).exits(3);
    let database = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    for (job, sheet) in [(1, "Köln & Bonn"), (2, "Contacts")] {
        let settings: String = database
            .query_row("SELECT settings FROM job WHERE id = ?1", [job], |row| row.get(0))
            .expect("the job's settings");
        assert!(settings.contains(&format!("\"sheet\":\"{sheet}\"")), "{settings}");
    }
    for (args, status, words) in [
        (["--sheet", "Nowhere"], 2, "hint: its sheets are `Contacts`, `Köln & Bonn`, `Empty` (empty)"),
        (["--sheet", "Empty"], 1, "the sheet `Empty` is empty"),
        (["--encoding", "big5"], 2, "`--encoding` means nothing"),
        (["--delimiter", "tab"], 2, "`--delimiter` means nothing"),
    ] {
        let ran = home.run(&[&["import", "people.xlsx"][..], &args].concat()).exits(status);
        assert!(ran.stderr.contains(words), "`{words}` is not in {}", ran.stderr);
    }
}

#[test]
fn a_workbook_is_known_by_its_content() {
    let home = Home::new();
    home.write("people.csv", contacts());
    let report = home.json(&["import", "people.csv", "--dry-run"], 3);
    assert!(
        report["warnings"].to_string().contains("`people.csv` is an XLSX workbook, whatever its name says"),
        "{report:#}"
    );
    let mut child = home
        .command()
        .args(["--json", "import", "-", "--sheet", "köln & bonn"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(&contacts()).expect("the workbook");
    let report = ran(child.wait_with_output().expect("the end")).exits(0).json();
    assert_eq!((&report["sheet"], &report["created"]), (&"Köln & Bonn".into(), &1.into()), "{report:#}");
    home.write("text.xlsx", "Last name\nLee\n");
    let ran = home.run(&["import", "text.xlsx", "--sheet", "A"]).exits(2);
    assert!(ran.stderr.contains("is a text file and has no sheet `A`"), "{}", ran.stderr);
    home.run(&["import", "text.xlsx"]).exits(0);
}

#[test]
fn an_opendocument_sheet_comes_in() {
    let home = Home::new();
    let cell =
        |kind: &str, shown: &str| format!("<table:table-cell {kind}><text:p>{shown}</text:p></table:table-cell>");
    let text = |shown: &str| cell("office:value-type=\"string\"", shown);
    let rows = [
        [text("Last name"), text("Mobile"), text("Birth date")],
        [
            text("Lee"),
            cell("office:value-type=\"float\" office:value=\"85212345678\"", "8,52E+10"),
            cell("office:value-type=\"date\" office:date-value=\"1980-12-14\"", "14.12.80"),
        ],
        [
            text("Ray"),
            cell("table:formula=\"of:=1/0\" office:value-type=\"string\" calcext:value-type=\"error\"", "#DIV/0!"),
            text(""),
        ],
    ];
    let rows: String =
        rows.iter().map(|cells| format!("<table:table-row>{}</table:table-row>", cells.concat())).collect();
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"People\">{rows}\
         </table:table></office:spreadsheet></office:body></office:document-content>"
    );
    home.write(
        "people.ods",
        archive(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)]),
    );
    let report = home.json(&["import", "people.ods", "--errors-json", "errors.json"], 3);
    assert_eq!((&report["format"], &report["sheet"]), (&"ods".into(), &"People".into()), "{report:#}");
    assert_eq!((report["created"].as_u64(), report["failed"].as_u64()), (Some(1), Some(1)), "{report:#}");
    let lee = contact(&home, "lee").to_string();
    assert!(lee.contains("+85212345678") && lee.contains("1980-12-14"), "{lee}");
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("JSON");
    let [row, line, column, code, value] = ["row", "line", "column", "code", "value"].map(|key| errors[0][key].clone());
    assert_eq!((row, line), (2.into(), 3.into()), "{errors:#}");
    assert_eq!((column, code, value), ("B".into(), "CELL_ERROR".into(), "#DIV/0!".into()), "{errors:#}");
}

#[test]
fn archives_and_locked_workbooks_are_told_with_the_way_out() {
    let home = Home::new();
    let locked: Vec<u8> = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
        .iter()
        .copied()
        .chain("EncryptedPackage".bytes().flat_map(|letter| [letter, 0]))
        .collect();
    let whole = contacts();
    for (content, words) in [
        (
            archive(&[("people.csv", "Last name\nLee\n")]),
            ["is a ZIP archive", "hint: unpack it and import one of: people.csv"],
        ),
        (locked, ["protected by a password", "hint: open it, remove the password"]),
        (whole[..whole.len() / 2].to_vec(), ["is a damaged workbook or ZIP archive", "hint: "]),
        (archive(&[("word/document.xml", "<w/>")]), ["is a Word document", "hint: save its table"]),
    ] {
        home.write("book.xlsx", content);
        let ran = home.run(&["import", "book.xlsx"]).exits(1);
        assert!(words.iter().all(|word| ran.stderr.contains(word)), "{words:?} are not in {}", ran.stderr);
    }
}

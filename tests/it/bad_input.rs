//! Files, settings and homes that cannot be used: a clear error, the way out, the right status, and never a panic.

use crate::support::Home;

const GOOD: &str = "First name,Last name,Email\nAnn,Lee,ann@example.com\n";

/// Imports content and checks status and words of the error.
#[track_caller]
fn refused(name: &str, content: &[u8], status: i32, words: &[&str]) {
    let home = Home::new();
    home.write(name, content);
    let ran = home.run(&["import", name]).exits(status);
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not in: {}", ran.stderr);
    }
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
}

#[test]
fn files_that_are_no_csv_are_told_what_they_are() {
    refused("empty.csv", b"", 1, &["empty.csv", "empty"]);
    refused(
        "book.csv",
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml xl/workbook.xml",
        1,
        &["workbook", "hint: "],
    );
    refused("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", 1, &["Excel"]);
    refused("page.csv", b"<!DOCTYPE html><html><table></table></html>", 1, &["HTML"]);
    refused("image.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x01\x00", 1, &["not"]);
    refused("zipped.csv", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 1, &["gzip"]);
}

#[test]
fn a_file_without_a_header_is_told_so() {
    refused(
        "bare.csv",
        b"Ann,Lee,ann@example.com\nBob,Ray,bob@example.com\n",
        1,
        &["line 1", "no known field", "carnet template", "--map"],
    );
}

#[test]
fn a_file_that_is_not_there_and_one_that_is_a_folder() {
    let home = Home::new();
    let ran = home.run(&["import", "nowhere.csv"]).exits(1);
    assert!(ran.stderr.contains("nowhere.csv"), "{}", ran.stderr);
    std::fs::create_dir(home.path().join("folder.csv")).expect("a folder");
    let ran = home.run(&["import", "folder.csv"]).exits(1);
    assert!(ran.stderr.contains("folder.csv"), "{}", ran.stderr);
}

#[test]
fn a_header_alone_imports_nothing_and_says_so() {
    let home = Home::new();
    home.write("header.csv", "First name,Last name\n");
    let report = home.json(&["import", "header.csv"], 0);
    assert_eq!((report["read"].as_u64(), report["created"].as_u64()), (Some(0), Some(0)));
    assert!(report["warnings"].to_string().contains("no rows"), "{report:#}");
}

#[test]
fn rows_with_too_many_cells_and_open_quotes_fail_alone() {
    let home = Home::new();
    home.write(
        "rows.csv",
        "First name,Last name,Job Title,Team\nAnn,Lee,Head of Marketing, Asia Division,Sales\nBob,\"Ray,Boss,IT\nCy,Fox,Chief,IT\nDi,Gray,Clerk,IT\n",
    );
    let report = home.json(&["import", "rows.csv"], 3);
    assert_eq!(report["read"], 4, "{report:#}");
    assert_eq!(report["failed"], 2, "{report:#}");
    let errors = home.read("ErrorDetail.csv");
    assert!(errors.contains("quote the value that contains the delimiter"), "{errors}");
    assert!(errors.contains("line 3"), "the open quote's line is named: {errors}");
    assert_eq!(home.json(&["search", "sales"], 0)["total"], 0, "nothing was shifted");
}

#[test]
fn settings_at_fault_are_all_told() {
    let home = Home::new();
    home.write("people.csv", GOOD);
    home.write("carnet.toml", "phone_mod = \"strict\"\ndate_format = \"DDMM\"\n");
    let ran = home.run(&["import", "people.csv"]).exits(2);
    assert!(
        ran.stderr.contains("carnet.toml:1:1: unknown key `phone_mod` (did you mean `phone_mode`?)"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("carnet.toml:2:15"), "{}", ran.stderr);
}

#[test]
fn a_home_that_is_none_and_a_database_that_is_none() {
    let home = Home::new();
    home.write("people.csv", GOOD);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_carnet"));
    let ran =
        crate::support::ran(command.args(["--home", "/nowhere/at/all", "search"]).output().expect("the program runs"))
            .exits(2);
    assert!(ran.stderr.contains("/nowhere/at/all"), "{}", ran.stderr);
    home.write(
        "carnet.db",
        "this is a letter, not a database, and it goes on long enough to be mistaken for nothing else at all",
    );
    let ran = home.run(&["import", "people.csv"]).exits(1);
    assert!(ran.stderr.contains("carnet.db") && ran.stderr.contains("hint: "), "{}", ran.stderr);
    assert!(home.read("carnet.db").starts_with("this is a letter"), "what was there is not touched");
}

#[test]
fn usage_errors_exit_with_two_and_json_errors_are_json() {
    let home = Home::new();
    home.run(&["imprt"]).exits(2);
    home.run(&["import"]).exits(2);
    home.run(&["search", "--type", "partner"]).exits(2);
    let error = home.json(&["contact", "show", "0198c0de-0000-7000-8000-000000000001"], 1);
    assert_eq!(error["error"]["code"], "CONTACT_UNKNOWN");
    let error = home.json(&["contact", "show", "nobody"], 2);
    assert_eq!(error["error"]["code"], "ID_FORMAT");
}

#[test]
fn a_usage_error_is_json_when_json_is_wanted() {
    let home = Home::new();
    for args in [vec!["import"], vec!["nonsense"], vec!["search", "--limit", "0"], vec!["enquiry", "open"]] {
        assert_eq!(home.json(&args, 2)["error"]["code"], "USAGE", "{args:?}");
    }
}

#[test]
fn a_cursor_that_is_none_is_a_usage_error() {
    Home::new().json(&["search", "--after", "bogus"], 2);
}

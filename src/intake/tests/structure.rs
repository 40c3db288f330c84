//! Delimiters, line ends, quotes, blank rows, limits.

use super::*;

/// The physical lines of the rows, and the codes of their faults.
#[track_caller]
fn check_lines(bytes: &str, expected: &[(u64, &str)]) {
    let mut reader = open_bytes(bytes.as_bytes(), &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let rows = rows(&mut reader);
    let found: Vec<(u64, &str)> =
        rows.iter().map(|row| (row.line, row.fault.as_ref().map_or("", |fault| fault.code))).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn only_fault(bytes: &str) -> (Row, RowFault) {
    let mut reader = open_bytes(bytes.as_bytes(), &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let mut faulty: Vec<Row> = rows(&mut reader).into_iter().filter(|row| row.fault.is_some()).collect();
    assert_eq!(faulty.len(), 1, "{faulty:?}");
    let row = faulty.remove(0);
    let fault = row.fault.clone().unwrap();
    (row, fault)
}

#[test]
fn every_line_end_gives_the_same_records() {
    for text in ["a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "a,b\r\n1,2\n3,4", "a,b\r1,2\r\n3,4"] {
        check(text, &["a|b", "1|2", "3|4"]);
        check_lines(text, &[(2, ""), (3, "")]);
    }
}

#[test]
fn a_header_alone_has_no_rows() {
    check("First name,Last name", &["First name|Last name"]);
    check("a,b\r\n", &["a|b"]);
    check("First name;Last name", &["First name|Last name"]);
}

#[test]
fn a_sep_line_is_the_dialect() {
    check("sep=;\r\na;b\r\n1;2\r\n", &["a|b", "1|2"]);
    check("\u{FEFF}SEP=|\na|b\n1|2\n", &["a|b", "1|2"]);
    check("\"sep=,\",,\na,b,c\n1,2,3\n", &["a|b|c", "1|2|3"]);
    check_lines("sep=;\r\na;b\r\n1;2\r\n", &[(3, "")]);
    check("sep=x,b\n1,2\n", &["sep=x|b", "1|2"]);
}

#[test]
fn the_delimiter_is_the_one_that_splits_evenly() {
    for (delimiter, text) in [
        (';', "Name;Address\nDoe, John;1, High St\nRoe, Jane;2, Low St, Town\n"),
        ('\t', "Name\tAddress\nDoe, John\t1; x\n"),
        ('|', "Name|Address\nDoe, John|x\n"),
        (',', "Name,Opened at: hour,Labels\nAnn,12:30,a;b\nBob,1:10,c;d\n"),
        (',', "Name,Labels\n\"Doe; John\",\"a;b\"\n"),
        (',', "First,Last,Team,Labels (parted by ;)\nAnn,Lee,A,x;y\n"),
        (',', "a,b,c\nx\n"),
        (',', "Name\nAnn\nBob\n"),
    ] {
        let reader = open_bytes(text.as_bytes(), &Options::default()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(reader.delimiter(), delimiter, "{text}");
    }
}

#[test]
fn a_doubtful_delimiter_is_refused_with_choices_and_can_be_named() {
    for text in ["Last, First;Phone\nDoe, John;1\nRoe, Jane;2\n", "a;b;c\n1,2,3\n4,5,6\n", "Name;Phone\nAnn\nBob\n"] {
        let error = refused(text.as_bytes(), &Options::default());
        let IntakeErrorKind::DoubtfulDelimiter { choices } = error.kind() else { panic!("{error}") };
        assert!(choices.len() > 1 && choices.iter().any(|choice| choice.value == "semicolon"), "{choices:?}");
        assert!(error.hint().unwrap().contains("--delimiter semicolon "));
        let options = Options { delimiter: Some(b';'), ..Options::default() };
        assert_eq!(open_bytes(text.as_bytes(), &options).unwrap().delimiter(), ';');
    }
}

#[test]
fn delimiters_have_names() {
    for (name, delimiter) in
        [("tab", b'\t'), ("\\t", b'\t'), ("\t", b'\t'), ("Semicolon", b';'), ("^", b'^'), (";", b';')]
    {
        assert_eq!(delimiter_named(name), Some(delimiter), "{name}");
    }
    for name in ["", "a", "\"", "\n", ";;", "、", "0"] {
        assert_eq!(delimiter_named(name), None, "{name}");
    }
}

#[test]
fn a_broken_quote_near_the_top_does_not_hide_the_delimiter() {
    let text = format!("a;b;c\n1;\"x;3\n{}", "4;5, 5;6\n".repeat(200));
    let reader = open_bytes(text.as_bytes(), &Options::default()).unwrap();
    assert_eq!(reader.delimiter(), ';');
}

#[test]
fn rows_that_the_header_does_not_split_fail_rather_than_pass_as_one_value() {
    check("Contacts\nAnn;Lee\nBob;Ray\n", &["Contacts", "!COLUMN_COUNT", "!COLUMN_COUNT"]);
}

#[test]
fn blank_rows_are_counted_and_skipped_above_the_header() {
    check("\n , \na,b\n1,2\n\n,,,,\n \t,\u{A0}\n3,4\n\x1A", &["a|b", "1|2", "~", "~", "~", "3|4", "~"]);
    check_lines("\n\na,b\n\n1,2\n", &[(4, ""), (5, "")]);
    check("a,b\n1,2\x1A\x1A", &["a|b", "1|2"]);
}

#[test]
fn short_rows_are_padded_and_empty_extras_dropped() {
    check("a,b,c\n1\n1,2,3,, \n", &["a|b|c", "1||", "1|2|3"]);
    check("a,b,,\n1,2,,\n", &["a|b", "1|2"]);
}

#[test]
fn extra_cells_fail_and_never_shift() {
    let text = "Name,Title,Team\nAnn,Head of Marketing, Asia Division,Sales\nBob,x,y\n";
    let (row, fault) = only_fault(text);
    assert_eq!((fault.code, fault.column), ("COLUMN_COUNT", Some(3)));
    assert_eq!(fault.message, "the row has 4 cells, the header 3");
    assert_eq!(fault.hint.as_deref(), Some("quote the value that contains the delimiter"));
    assert_eq!(cells(&row), ["Ann", "Head of Marketing", " Asia Division", "Sales"]);
    let (_, fault) = only_fault("Name,Title\nAnn,“Head, Asia”\nBob,x\n");
    assert!(fault.code == "COLUMN_COUNT" && fault.hint.unwrap().contains("typographic"));
}

#[test]
fn quotes_keep_delimiters_quotes_and_lines() {
    check("a,b\n\"x, y\",\"Robert \"\"Bob\"\" Lee\"\n", &["a|b", "x, y|Robert \"Bob\" Lee"]);
    check("a,b\n\"1\r\n2\r3\n4\",z\n", &["a|b", "1\n2\n3\n4|z"]);
    check_lines("a,b\n\"1\r\n2\",z\nx,\"\n\n\"\ny,z\n", &[(2, ""), (4, ""), (7, "")]);
    check("a,b\nRobert \"Bob\" Lee,5\" pipe\n\"\",\"C:\\\"\n", &["a|b", "Robert \"Bob\" Lee|5\" pipe", "|C:\\"]);
    check("a\n\"\"\"\"\n\"\"\"\"\"\"\n", &["a", "\"", "\"\""]);
}

#[test]
fn blanks_around_quotes_are_ignored_with_a_warning() {
    let mut reader = open_bytes(b"a,b\n1,2\nx, \"y, z\" \nx,  \"y\"\n", &Options::default()).unwrap();
    assert_eq!(cells(&rows(&mut reader)[1]), ["x", "y, z"]);
    let [warning] = &reader.warnings()[..] else { panic!("{:?}", reader.warnings()) };
    assert_eq!((warning.code, warning.line), ("SPACE_BEFORE_QUOTE", Some(3)));
}

#[test]
fn text_after_a_closing_quote_fails_its_row() {
    let (row, fault) = only_fault("a,b\n\"x\"y,\"1, 2\"\nv,w\n");
    assert_eq!((fault.code, fault.column), ("STRAY_QUOTE", Some(0)));
    assert_eq!(cells(&row), ["\"x\"y", "1, 2"]);
    for text in ["a,b\n\"say \\\"hi\\\"\",x\nv,w\n", "a,b\n1,\"say \\\"x, b\\\" y\"\nv,w\n"] {
        let (_, fault) = only_fault(text);
        assert!(fault.code == "STRAY_QUOTE" && fault.hint.unwrap().contains("backslash"), "{text}");
    }
}

#[test]
fn nul_bytes_fail_their_row() {
    let (row, fault) = only_fault("a,b\n1,2\n3,x\0y\n\"5\",6\n");
    assert_eq!((row.line, fault.code, fault.column), (3, "NUL_BYTE", Some(1)));
    let (_, fault) = only_fault("a,b\n1,\"x\0\"\"y\"\n3,4\n5,6\n7,8\n");
    assert_eq!((fault.code, fault.column), ("NUL_BYTE", Some(1)));
}

#[test]
fn an_unclosed_quote_fails_its_line_and_no_other() {
    let rest = "Ann,Lee,3\n".repeat(100_000);
    let (row, fault) = only_fault(&format!("a,b,c\nBob,x,1\nCat,\"Acme,2\n{rest}"));
    assert_eq!((row.line, fault.code, fault.column), (3, "UNCLOSED_QUOTE", Some(1)));
    assert!(fault.message.contains("line 3"), "{}", fault.message);
    assert_eq!(cells(&row), ["Cat", "\"Acme", "2"]);
    let (row, _) = only_fault(&format!("a,b,c\nCat,\"Acme,2\nAnn,\"Beta\",3\nEve,\"x, y\",\"z\"\n{rest}"));
    assert_eq!(row.line, 2);
    let (row, _) = only_fault("a,b,c\nCat,\"Acme,2\nAnn,\",x\",y\n1,2,3\n");
    assert_eq!(row.line, 2);
    let (row, _) = only_fault("a,b,c\n1,2,3\n4,\"x\n");
    assert_eq!((row.line, cells(&row)), (3, vec!["4", "\"x", ""]));
}

#[test]
fn the_line_of_a_quote_is_its_own_and_not_that_of_its_record() {
    let (row, fault) = only_fault("a,b,c\n\"1\n2\",\"x,y\nAnn,\"Lee\",3\n");
    assert_eq!(row.line, 2);
    assert!(fault.message.contains("line 3"), "{}", fault.message);
    assert_eq!(cells(&row), ["1\n2", "\"x", "y"]);
}

#[test]
fn what_may_belong_to_a_broken_value_is_not_taken_for_a_row() {
    let text = "id,note,who\n1,\"he said\nthen \"hi\" there\nend\",x\n2,b,c\n3\n";
    check_lines(text, &[(2, "UNCLOSED_QUOTE"), (3, "UNCLOSED_QUOTE"), (4, "UNCLOSED_QUOTE"), (5, ""), (6, "")]);
    let text = "id,note,who\n1,\"say \"hi\" to\nall of them\",x\n2,b,c\n";
    check_lines(text, &[(2, "STRAY_QUOTE"), (3, "UNCLOSED_QUOTE"), (4, "")]);
}

#[test]
fn a_broken_header_stops_the_file() {
    let error = refused(b"a,\"b,c\n1,2,3\n4,\"5\",6\n", &Options::default());
    assert!(matches!(error.kind(), IntakeErrorKind::UnclosedQuote { line: 1 }), "{error}");
    let error = refused(b"\n\"a\"x,b\n1,2\n", &Options::default());
    assert!(matches!(error.kind(), IntakeErrorKind::BadHeader(_)) && error.line() == Some(2), "{error}");
}

#[test]
fn limits_hold() {
    let options = Options { max_columns: 3, max_record_bytes: 64, max_cell_bytes: 16, ..Options::default() };
    let error = refused(b"a,b,c,d\n", &options);
    assert!(matches!(error.kind(), IntakeErrorKind::TooManyColumns { columns: 4, limit: 3 }), "{error}");
    let error = refused(format!("{},b\n1,2\n", "a".repeat(100)).as_bytes(), &options);
    assert!(matches!(error.kind(), IntakeErrorKind::RecordTooLarge { line: 1, limit: 64 }), "{error}");
    let long = "陳".repeat(400_000);
    let text = format!("a,b\n1,{long}\n3,4\n5,\"{long}\"\n6,7\n8,{}\n9,0\n", "x".repeat(20));
    let rows = rows(&mut open_bytes(text.as_bytes(), &options).unwrap());
    let found: Vec<(u64, &str)> =
        rows.iter().map(|row| (row.line, row.fault.as_ref().map_or("", |fault| fault.code))).collect();
    let large = "RECORD_TOO_LARGE";
    assert_eq!(found, [(2, large), (3, ""), (4, large), (5, ""), (6, "CELL_TOO_LARGE"), (7, "")]);
    assert!(rows[0].cells[1].starts_with('陳') && rows[0].cells.bytes() <= 64);
}

#[test]
fn a_long_value_on_many_lines_is_one_fault_and_no_rows() {
    let options = Options { max_record_bytes: 1 << 16, ..Options::default() };
    let text = format!("a,b,c\n1,2,\"{}\"\n4,5,6\n", "line\n".repeat(100_000));
    let rows = rows(&mut open_bytes(text.as_bytes(), &options).unwrap());
    assert!(rows.iter().rev().skip(1).all(|row| row.fault.is_some()));
    let last = rows.last().unwrap();
    assert_eq!((last.fault.clone(), last.line, cells(last)), (None, 100_003, vec!["4", "5", "6"]));
}

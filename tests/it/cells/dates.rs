//! Days: by the declared order and never by guessing, to the edges of the calendar.

use super::Want::{Blank, Fails, Is, Warns};
use super::{Row, Want, check, check_in, column, row};
use crate::support::Home;

const SWAP: &str = "DATE_AMBIGUOUS";

/// The same under every order.
const ALWAYS: &[(&str, &str, Want)] = &[
    ("64", "1980-12-14", Is("1980-12-14")),
    ("64", "1980/12/14", Is("1980-12-14")),
    ("64", "1980.12.14", Is("1980-12-14")),
    ("64", "1980-1-2", Is("1980-01-02")),
    ("64", "1980-03-04", Is("1980-03-04")),
    ("64", "19801214", Is("1980-12-14")),
    ("64", "1980-12-14T00:00:00Z", Is("1980-12-14")),
    ("64", "1980-12-14 00:00:00.000", Is("1980-12-14")),
    ("64", "\u{a0}1980-12-14\u{200b}", Is("1980-12-14")),
    ("64", "1980-14-12", Fails("DATE_RANGE")),
    ("64", "1980-12-14 09:30", Fails("DATE_FORMAT")),
    ("64", "1980-12-14T23:00:00-05:00", Fails("DATE_FORMAT")),
    ("64", "14-Dec-80", Fails("DATE_FORMAT")),
    ("64", "14 December 1980", Fails("DATE_FORMAT")),
    ("64", "1980年12月14日", Fails("DATE_FORMAT")),
    ("64", "12/14/80", Fails("DATE_FORMAT")),
    ("64", "01/02/03", Fails("DATE_FORMAT")),
    ("64", "1/1", Fails("DATE_FORMAT")),
    ("64", "--12-14", Fails("DATE_FORMAT")),
    ("64", "1980", Fails("DATE_FORMAT")),
    ("64", "1980-12", Fails("DATE_FORMAT")),
    ("64", "12/14-1980", Fails("DATE_FORMAT")),
    ("64", "1980-02-29", Is("1980-02-29")),
    ("64", "1900-02-29", Fails("DATE_RANGE")),
    ("64", "2000-02-29", Is("2000-02-29")),
    ("64", "1981-02-29", Fails("DATE_RANGE")),
    ("64", "02/29/1981", Fails("DATE_RANGE")),
    ("64", "1980-04-31", Fails("DATE_RANGE")),
    ("64", "1980-00-10", Fails("DATE_RANGE")),
    ("64", "0000-01-01", Fails("DATE_RANGE")),
    ("64", "0000-00-00", Fails("DATE_RANGE")),
    ("64", "1582-10-10", Fails("DATE_RANGE")),
    ("64", "1604-05-06", Fails("DATE_RANGE")),
    ("64", "1799-12-31", Fails("DATE_RANGE")),
    ("64", "1800-01-01", Is("1800-01-01")),
    ("64", "9999-12-31", Fails("DATE_FUTURE")),
    ("64", "10000-01-01", Fails("DATE_FORMAT")),
    ("64", "12/14/9999", Fails("DATE_FUTURE")),
    ("64", "-1980-12-14", Fails("DATE_FORMAT")),
    ("63", "29569", Fails("DATE_SERIAL")),
    ("63", "29569.0", Fails("DATE_SERIAL")),
    ("63", "29569.5", Fails("DATE_FORMAT")),
    ("63", "2.9569E+4", Fails("DATE_FORMAT")),
    ("63", "-1", Fails("DATE_FORMAT")),
    ("63", "0", Fails("DATE_RANGE")),
    ("35", "", Blank),
    ("35", "N/A", Fails("DATE_FORMAT")),
    ("35", "-", Fails("DATE_FORMAT")),
    ("35", "unknown", Fails("DATE_FORMAT")),
    ("39", "=TODAY()", Fails("DATE_FORMAT")),
    ("53", "１９８０-１２-１４", Is("1980-12-14")),
    ("53", "１９８０－１２－１４", Is("1980-12-14")),
    ("53", "١٩٨٠/١٢/١٤", Is("1980-12-14")),
    ("40", "\u{200e}1980-12-14\u{200e}", Is("1980-12-14")),
    ("40", "1980-12-14\u{7}", Fails("DATE_FORMAT")),
];

/// Where the settings decide: the text, and what it is under MM/DD/YYYY, DD/MM/YYYY and YYYY-MM-DD; `!` for one that could be swapped.
const DECIDED: &[(&str, &str, [&str; 3])] = &[
    ("62", "12/14/1980", ["1980-12-14", "DATE_RANGE", "DATE_FORMAT"]),
    ("62", "14/12/1980", ["DATE_RANGE", "1980-12-14", "DATE_FORMAT"]),
    ("62", "03/04/1980", ["!1980-03-04", "!1980-04-03", "DATE_FORMAT"]),
    ("62", "3-4-1980", ["!1980-03-04", "!1980-04-03", "DATE_FORMAT"]),
    ("62", "03/03/1980", ["1980-03-03", "1980-03-03", "DATE_FORMAT"]),
    ("62", "14.12.1980", ["DATE_FORMAT", "1980-12-14", "DATE_FORMAT"]),
    ("62", "03.04.1980", ["DATE_FORMAT", "!1980-04-03", "DATE_FORMAT"]),
    ("62", "03/04/1980 00:00", ["!1980-03-04", "!1980-04-03", "DATE_FORMAT"]),
    ("62", "０３/０４/１９８０", ["!1980-03-04", "!1980-04-03", "DATE_FORMAT"]),
    ("64", "02/29/1980", ["1980-02-29", "DATE_RANGE", "DATE_FORMAT"]),
    ("64", "29/02/1980", ["DATE_RANGE", "1980-02-29", "DATE_FORMAT"]),
    ("64", "31/12/1799", ["DATE_RANGE", "DATE_RANGE", "DATE_FORMAT"]),
    ("64", "13/13/1980", ["DATE_RANGE", "DATE_RANGE", "DATE_FORMAT"]),
];

#[test]
fn the_declared_order_decides_and_ambiguous_days_are_counted() {
    for (at, format) in ["MM/DD/YYYY", "DD/MM/YYYY", "YYYY-MM-DD"].into_iter().enumerate() {
        let decided = DECIDED.iter().map(|(case, text, wants)| {
            let row = row(case).cell("birth_date", *text);
            let want = wants[at];
            match want.strip_prefix('!') {
                Some(day) => row.is("birth_date", day).warns(SWAP),
                None if want.starts_with("DATE") => row.fails(want),
                None => row.is("birth_date", want),
            }
        });
        let always = column("birth_date", "birth_date", ALWAYS);
        // Two that name another order are refused for that under this one.
        let always = always.into_iter().filter(|row| format == "MM/DD/YYYY" || !is_us(row));
        let rows: Vec<Row> = always.chain(decided).collect();
        let settings = format!("date_format = \"{format}\"");
        let report = check(&settings, &[], &rows);
        if at < 2 {
            let message = report["warned"][0]["first"]["message"].as_str().expect("an example").to_owned();
            assert!(message.contains("03/04/1980") && message.contains(format), "{message}");
        }
    }
}

fn is_us(row: &Row) -> bool {
    row.cells.iter().any(|(_, value)| matches!(value.as_str(), "02/29/1981" | "12/14/9999"))
}

#[test]
fn serials_are_days_only_where_that_is_set() {
    let serials = [
        ("63", "29569", Is("1980-12-14")),
        ("63", "29569.0", Is("1980-12-14")),
        ("63", "２９５６９", Is("1980-12-14")),
        ("63", "1", Is("1900-01-01")),
        ("63", "59", Is("1900-02-28")),
        ("63", "60", Fails("DATE_RANGE")),
        ("63", "61", Is("1900-03-01")),
        ("63", "0", Fails("DATE_RANGE")),
        ("63", "29569.5", Fails("DATE_FORMAT")),
        ("63", "1980", Fails("DATE_FORMAT")),
        ("63", "90000", Fails("DATE_FUTURE")),
        ("63", "1234567", Fails("DATE_FORMAT")),
        ("63", "12/14/1980", Is("1980-12-14")),
    ];
    check("accept_serial_dates = true", &[], &column("birth_date", "birth_date", &serials));
}

#[test]
fn days_of_custom_fields_follow_the_same_order() {
    let home = Home::new();
    home.run(&["field", "add", "renewal", "--type", "date"]).exits(0);
    let rows = column(
        "custom.renewal",
        "custom/renewal",
        &[
            ("62", "12/14/2080", Is("2080-12-14")),
            ("62", "03/04/2080", Warns("2080-03-04", SWAP)),
            ("62", "14/12/2080", Fails("CUSTOM_DATE")),
            ("64", "9999-12-31", Is("9999-12-31")),
            ("64", "0000-01-01", Fails("CUSTOM_DATE")),
            ("64", "02/29/2081", Fails("CUSTOM_DATE")),
            ("63", "29569", Fails("CUSTOM_DATE")),
            ("35", "N/A", Fails("CUSTOM_DATE")),
        ],
    );
    check_in(&home, "", &[], &rows);
}

#[test]
fn a_report_for_people_counts_what_is_worth_a_look() {
    let home = Home::new();
    home.write(
        "people.csv",
        "Last name,Mobile,Email,Birthdate\nLee,85212345678,a@b.com,03/04/1980\nLi,85212345679,<c@d.com>,04/05/1980\nRay,,,14/12/1980\n",
    );
    let told = home.run(&["import", "people.csv", "--dry-run"]).exits(3).stdout;
    let (_, told) = told.split_once("taken, and worth a look:\n").expect("warnings");
    let told = told.split("\n\n").next().unwrap_or_default();
    insta::assert_snapshot!(told, @"
         2 × a phone number without its `+`, which was put back
             line 2, mobile: the `+` was missing: read as +85212345678
         2 × an ambiguous date: day and month could be the other way round
             line 2, birth_date: `03/04/1980` could be two days: read as 1980-03-04, for MM/DD/YYYY
         1 × an e-mail address taken out of what stood around it
             line 3, email: `<c@d.com>`: read as `c@d.com`
    ");
}

//! Where records and cells end, which row is the header, what a header means. What a file is in is `reading`'s.

use super::{case, check};

const NAMES: &str = "First name,Last name\n";

#[test]
fn extra_cells_never_shift() {
    let header = "First name,Last name,Job Title,Team\n";
    let row = |text: &str| format!("{header}{text}\nBob,Ray,Clerk,IT\n");
    let kept = "Head of Marketing, Asia Division";
    check(
        "",
        vec![
            case("17 a value that is not quoted", row("Ann,Lee,Head of Marketing, Asia Division,Sales"))
                .gives("created 1 failed 1")
                .fails(&["2 COLUMN_COUNT E"])
                .stores("department", &["IT"]),
            case("17 the same, tabs", "First name\tLast name\nAnn\tLee\tx\nBob\tRay\n")
                .gives("created 1 failed 1")
                .fails(&["2 COLUMN_COUNT C"]),
            case("18 quoted", row(&format!("Ann,Lee,\"{kept}\",Sales")))
                .gives("created 2")
                .stores("job_title", &[kept, "Clerk"])
                .stores("department", &["Sales", "IT"]),
            case("19 a blank before the quote", row(&format!("Ann,Lee, \"{kept}\" ,Sales")))
                .gives("created 2")
                .stores("job_title", &[kept, "Clerk"])
                .warns("blanks before"),
            case("19 typographic quotes", row("Ann,Lee,“Head, Asia”,Sales"))
                .gives("created 1 failed 1")
                .fails(&["2 COLUMN_COUNT E"]),
            case("19 typographic quotes without a delimiter", row("Ann,Lee,“Head”,Sales"))
                .gives("created 2")
                .stores("job_title", &["“Head”", "Clerk"]),
            case("24 a short row", row("Ann")).gives("created 2").stores("last_name", &["customer", "Ray"]),
            case("25 empty cells too many", row("Ann,Lee,Clerk,IT,,  ,"))
                .gives("created 2")
                .stores("department", &["IT", "IT"]),
            case("25 one of them is not empty", row("Ann,Lee,Clerk,IT,,,x"))
                .gives("created 1 failed 1")
                .fails(&["2 COLUMN_COUNT G"]),
        ],
    );
}

#[test]
fn quotes_keep_what_is_in_them() {
    let one = |value: &str| format!("{NAMES}{value},Lee\nBob,Ray\n");
    let bob = |name: &'static str| [name, "Bob"];
    let lines = "line\n".repeat(1500);
    let swallowed = "First name,Last name,Team\nAnn,\"Lee,x\nBob,Ray,y\nCy,Fox,z\nDi,5\",z\nEd,Gee,c\n";
    check(
        "",
        vec![
            case("20 doubled", one("\"Robert \"\"Bob\"\" Lee\""))
                .gives("created 2")
                .stores("first_name", &bob("Robert \"Bob\" Lee")),
            case("20 in the middle", one("Robert \"Bob\" Lee"))
                .gives("created 2")
                .stores("first_name", &bob("Robert \"Bob\" Lee")),
            case("20 nothing but quotes", one("\"\"\"\"")).gives("created 2").stores("first_name", &bob("\"")),
            case("20 an empty quoted value", one("\"\"")).gives("created 2").stores("first_name", &bob("")),
            case("20 two quotes at the end", one("Bob\"\"")).gives("created 2").stores("first_name", &bob("Bob\"\"")),
            case("20 text behind the quote", one("\"Ann\"x"))
                .gives("created 1 failed 1")
                .fails(&["2 STRAY_QUOTE first_name"]),
            case("20 an empty value and text behind it", one("\"\"Ann"))
                .gives("created 1 failed 1")
                .fails(&["2 STRAY_QUOTE A"]),
            case("21 backslashes", one("\"say \\\"hi\\\"\"")).gives("created 1 failed 1").fails(&["2 STRAY_QUOTE A"]),
            case("21 backslashes and a delimiter", one("\"say \\\"hi, you\\\" there\""))
                .gives("created 1 failed 1")
                .fails(&["2 STRAY_QUOTE A"]),
            case("21 backslashes as told", one("\"say \\\"hi\\\", \\\\ \"\"you\"\"\""))
                .with("--escape backslash")
                .gives("created 2")
                .stores("first_name", &bob("say \"hi\", \\ \"you\"")),
            case("21 a backslash that escapes nothing", one("\"C:\\dir\\\""))
                .gives("created 2")
                .stores("first_name", &bob("C:\\dir\\")),
            case("22 lines in a value", "Last name,Street\nLee,\"1 High St\r\nTown\"\r\nRay,x,y\r\n")
                .gives("created 1 failed 1")
                .stores("address/street", &["1 High St\nTown"])
                .fails(&["4 COLUMN_COUNT"]),
            case("22 very many lines", format!("Last name,Note\nLee,\"{lines}\"\nRay,x\nFox,y,z\n"))
                .gives("created 2 failed 1")
                .fails(&["1504 COLUMN_COUNT"]),
            case("22 rows that a quote has swallowed", swallowed)
                .gives("created 1 failed 1")
                .fails(&["2 UNCLOSED_QUOTE B"]),
            case("22 a header of several lines", "\"First\nname\",\"Last\r\nname (Mandatory)\"\nAnn,Lee\nx,y,z\n")
                .gives("created 1 failed 1")
                .stores("last_name", &["Lee"])
                .fails(&["5 COLUMN_COUNT"]),
        ],
    );
}

#[test]
fn a_quote_left_open_costs_its_own_row() {
    let rest = "Bob,Ray\n".repeat(3000);
    let note = "Last name,Note,Team\nLee,\"he said\nthen \"hi\" there\nend\",x\nRay,b,c\n";
    check(
        "",
        vec![
            case("23 on line 3 of many", format!("{NAMES}Ann,Lee\nCat,\"Acme\n{rest}"))
                .gives("created 3001 failed 1")
                .fails(&["3 UNCLOSED_QUOTE last_name"]),
            case("23 quoted rows behind it", format!("{NAMES}Cat,\"Acme\n{}", "\"Bob\",\"Ray\"\n".repeat(100)))
                .gives("created 100 failed 1")
                .fails(&["2 UNCLOSED_QUOTE B"]),
            case("23 on the last line", format!("{NAMES}Ann,Lee\nBob,\"Ray"))
                .gives("created 1 failed 1")
                .fails(&["3 UNCLOSED_QUOTE B"]),
            case("23 lines of a broken value are no rows", note).gives("created 1 failed 3").fails(&[
                "2 UNCLOSED_QUOTE",
                "3 UNCLOSED_QUOTE",
                "4 UNCLOSED_QUOTE",
            ]),
            case("23 in the header", "First name,\"Last name\nAnn,Lee\n")
                .refused("UNCLOSED_QUOTE", &["line 1", "close the quote"]),
            case("23 text behind a quote in the header", "\"First\" name,Last name\nAnn,Lee\n")
                .refused("STRAY_QUOTE", &["line 1"]),
            case("85 20,000 columns", format!("{}\nLee\n", vec!["x"; 20_000].join(",")))
                .refused("TOO_MANY_COLUMNS", &["20000", "2000"]),
            case("85 a value of 10 MB", format!("{NAMES}Ann,{}\nBob,Ray\n", "x".repeat(10 << 20)))
                .gives("created 1 failed 1")
                .fails(&["2 RECORD_TOO_LARGE"]),
            case("85 a quoted value of 10 MB", format!("{NAMES}Ann,\"{}\"\nBob,Ray\n", "x".repeat(10 << 20)))
                .gives("created 1 failed 1")
                .fails(&["2 RECORD_TOO_LARGE"]),
            case(
                "85 a quoted value of 10 MB on many lines",
                format!("{NAMES}Ann,\"{}\"\nBob,Ray\nx,y,z\n", "x, y\n".repeat(2 << 20)),
            )
            .gives("created 1 failed 2")
            .fails(&["2 RECORD_TOO_LARGE", "2097156 COLUMN_COUNT"]),
            case("85 a value of 200 KB", format!("{NAMES}Ann,\"{}\"\nBob,Ray\n", "x\n".repeat(100_000)))
                .gives("created 1 failed 1")
                .fails(&["2 CELL_TOO_LARGE B"]),
            case("85 a header of 10 MB", "x".repeat(10 << 20)).refused("RECORD_TOO_LARGE", &["line 1"]),
        ],
    );
}

#[test]
fn headers_mean_what_people_call_them() {
    let good = "Ann,Lee,ann@example.com\n";
    check(
        "",
        vec![
            case("26 a repeated header", "Last name,Email,Email\nLee,a@example.com,b@example.com\n")
                .refused("HEADER_REPEATED", &["columns 2 and 3", "--map '#2=email'"]),
            case("26 decided", "Last name,Email,Email\nLee,a@example.com,b@example.com\n")
                .with("--map #2=email --map #3=personal_email")
                .gives("created 1")
                .stores("emails/1/address", &["b@example.com"]),
            case("26 two that mean the same", "Last name,LAST_NAME\nLee,Ray\n")
                .refused("HEADER_REPEATED", &["`last_name`"]),
            case("26 repeated and unknown", "Last name,Shoe,Shoe\nLee,1,2\n")
                .refused("HEADER_REPEATED", &["`Shoe`", "--map '#2=-'"]),
            case("27 capitals", "FIRST NAME,LAST NAME,E-MAIL\nAnn,Lee,ann@example.com\n")
                .gives("created 1")
                .stores("last_name", &["Lee"]),
            case("27 underscores", format!("first_name,last_name,email\n{good}"))
                .gives("created 1")
                .stores("last_name", &["Lee"]),
            case("27 mandatory", "Last name (Mandatory)\nLee\n").gives("created 1").stores("last_name", &["Lee"]),
            case("27 Chinese", "姓,名\n陳,大文\n")
                .gives("created 1")
                .stores("last_name", &["陳"])
                .stores("first_name", &["大文"]),
            case("27 blanks of other kinds", "First\u{A0}name,\u{3000}Last name\nAnn,Lee\n")
                .gives("created 1")
                .stores("last_name", &["Lee"]),
            case("28 an unknown header", format!("First name,Last name,Shoe size\n{good}"))
                .gives("created 1")
                .warns("Shoe size"),
            case("29 no header", "Ann,Lee\nBob,Ray\n")
                .refused("HEADER_MISSING", &["Ann, Lee", "--header-line 0", "--map"]),
            case("29 no header, as told", "Ann,Lee\nBob,Ray,x\n")
                .with("--header-line 0 --map #1=first_name --map #2=last_name")
                .gives("created 2")
                .stores("last_name", &["Lee", "Ray"])
                .warns("Column 3"),
            case("29 no header, nothing mapped", "Ann,Lee\nBob,Ray\n")
                .with("--header-line 0")
                .refused("HEADER_MISSING", &["has no header", "Ann, Lee"]),
            case("29 the wrong delimiter", "First name;Last name;Email\nAnn;Lee;ann@example.com\n")
                .with("--delimiter ,")
                .refused("HEADER_MISSING", &["parted by semicolons", "leave `--delimiter` out"]),
            case("29 the wrong delimiter, with some of it in values", "First name,Last name,Phone;Fax\nAnn,Lee,1;2\n")
                .with("--delimiter ;")
                .refused("HEADER_MISSING", &["parted by commas"]),
            case("29 the wrong delimiter, and quotes", "\"First name\";\"Last name\"\n\"Ann\";\"Lee\"\n")
                .with("--delimiter ,")
                .refused("STRAY_QUOTE", &["leave `--delimiter` out"]),
            case("30 blank rows above", format!("\n,,\n  \n{NAMES}Ann,Lee\nx,y,z\n"))
                .gives("created 1 failed 1")
                .fails(&["6 COLUMN_COUNT"])
                .reports("header_line", "4"),
            case("30 a title above", format!("Our people\n\n{NAMES}Ann,Lee\n"))
                .refused("HEADER_MISSING", &["Our people", "line 3", "--header-line 3"]),
            case("30 a title with delimiters above", format!("Our people,2026\n{NAMES}Ann,Lee\n"))
                .refused("HEADER_MISSING", &["--header-line 2"]),
            case("30 a title above, as told", format!("Our people; all, of them\n\n{NAMES}Ann,Lee\nx,y,z\n"))
                .with("--header-line 3")
                .gives("created 1 failed 1")
                .fails(&["5 COLUMN_COUNT"]),
            case("30 beyond the file", NAMES).with("--header-line 9").refused("HEADER_LINE", &["line 9", "1 lines"]),
            case("31 blank rows", format!("{NAMES}\nAnn,Lee\n,,,,\n \t,\u{3000}\n\"\",\"\"\n\x1a"))
                .gives("created 1 blank 5"),
            case("31 an end-of-text mark on a line", format!("{NAMES}Ann,Lee\n\x1a\r\nBob,Ray\n\x1a\n"))
                .gives("created 2 blank 2"),
            case("31 and in a value", format!("{NAMES}Ann,\x1a\n")).gives("failed 1").fails(&["2 TEXT_CONTROL B"]),
            case("34 another order", "Email,Last name,First name\nann@example.com,Lee,Ann\n")
                .gives("created 1")
                .stores("first_name", &["Ann"]),
            case("34 a column alone", "Last name\nLee\n").gives("created 1"),
        ],
    );
    check(
        "profile = \"maaiiconnect\"\n",
        vec![
            case("34 a mandatory column is missing", "First name,Email\nAnn,ann@example.com\n")
                .refused("COLUMN_MISSING", &["last name", "--map"]),
        ],
    );
}

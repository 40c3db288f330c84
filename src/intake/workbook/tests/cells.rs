//! Cells of all kinds, in both kinds of workbooks.

use proptest::prelude::*;

use super::*;

/// One cell of an Excel sheet under the header `Name`, and what is read of it.
#[track_caller]
fn check_cell(cell: &str, expected: &str) {
    let formats = ["yyyy-mm-dd", "h:mm", "[h]:mm:ss", "0.0%", "00000", "0.00E+00", "General", "dd/mm/yyyy hh:mm"];
    let rows = format!("{}<row r=\"2\">{cell}</row>", texts(1, "Name"));
    let book = Book::new(&rows).formats(&formats).strings("<si><t>shared</t></si><si/><si><r><t>ri</t></r><r><t xml:space=\"preserve\">ch </t></r><rPh><t>リッチ</t></rPh><phoneticPr/></si>");
    let read = read_with(&book.bytes(), &Options::default());
    let expected: Vec<String> = (!expected.is_empty()).then(|| format!("2 {expected}")).into_iter().collect();
    assert_eq!(read[1..], expected, "{cell}");
}

#[test]
fn texts_stay_as_they_are() {
    check_cell("<c t=\"s\"><v>0</v></c>", "shared");
    check_cell("<c t=\"s\"><v>1</v></c>", "");
    check_cell("<c t=\"s\"><v>2</v></c>", "rich ");
    check_cell("<c t=\"str\"><f>A1&amp;B1</f><v>a &lt; b &amp; &#x4E2D;</v></c>", "a < b & 中");
    check_cell("<c t=\"inlineStr\"><is><r><t>Ann</t></r><r><t> Lee</t></r></is></c>", "Ann Lee");
    check_cell("<c t=\"inlineStr\"><is><t>00852</t></is></c>", "00852");
    check_cell("<c t=\"inlineStr\"><is><t>1_x000D_\n2\r\n3_x000D_4</t></is></c>", "1\n2\n3\n4");
    check_cell("<c t=\"inlineStr\"><is><t><![CDATA[<b>]]><!-- no --></t></is></c>", "<b>");
    check_cell("<c t=\"inlineStr\"><is><t>=1+1</t></is></c>", "=1+1");
    check_cell("<c t=\"inlineStr\"><is><t>a_x0000_b</t></is></c>", "!NUL_BYTE");
    check_cell("<c t=\"inlineStr\"><is><t>a\u{FFFD}b</t></is></c>", "a\u{FFFD}b");
}

#[test]
fn numbers_are_what_a_spreadsheet_shows() {
    check_cell("<c><v>85212345678</v></c>", "85212345678");
    check_cell("<c><v>8.5212345678E10</v></c>", "85212345678");
    check_cell("<c><v>0.30000000000000004</v></c>", "0.3");
    check_cell("<c t=\"n\"><v>-0</v></c>", "0");
    check_cell("<c s=\"4\"><v>0.125</v></c>", "12.5%");
    check_cell("<c s=\"5\"><v>1234</v></c>", "01234");
    check_cell("<c s=\"7\"><f>1+1</f><v>2</v></c>", "2");
    check_cell("<c><v>many</v></c>", "many");
    check_cell("<c t=\"b\"><v>1</v></c>", "TRUE");
    check_cell("<c t=\"b\"><v>0</v></c>", "FALSE");
    check_cell("<c t=\"b\"><v>True</v></c>", "TRUE");
    check_cell("<c><v>1e999</v></c>", "1e999");
    check_cell("<c s=\"1\"/>", "");
    for kind in ["n", "s", "b", "e", "d", "str", "inlineStr"] {
        check_cell(&format!("<c s=\"1\" t=\"{kind}\"/>"), "");
        check_cell(&format!("<c s=\"1\" t=\"{kind}\"><v></v></c>"), "");
    }
}

#[test]
fn days_and_times_are_iso() {
    check_cell("<c s=\"1\"><v>29569</v></c>", "1980-12-14");
    check_cell("<c s=\"1\"><v>60</v></c>", "1900-02-29");
    check_cell("<c s=\"8\"><v>29569.354166666664</v></c>", "1980-12-14T08:30:00");
    check_cell("<c s=\"2\"><v>0.354166666666667</v></c>", "08:30:00");
    check_cell("<c s=\"3\"><v>1.1458333333333333</v></c>", "27:30:00");
    check_cell("<c t=\"d\"><v>1980-12-14T00:00:00</v></c>", "1980-12-14");
    let mut book =
        Book::new(&format!("{}<row r=\"2\"><c s=\"1\"><v>28107</v></c></row>", texts(1, "Day"))).formats(&["m/d/yy"]);
    book.properties = "date1904=\"1\"";
    check(&book.bytes(), &["Day", "2 1980-12-14"]);
}

#[test]
fn what_is_not_to_be_trusted_is_told() {
    check_cell("<c><v>1234567890123456</v></c>", "1234567890123456 ?NUMBER_DIGITS_LOST");
    check_cell("<c><v>1.2345E+20</v></c>", "123450000000000000000 ?NUMBER_DIGITS_LOST");
    check_cell("<c><v>12345678901234567890</v></c>", "12345678901234567890 ?NUMBER_DIGITS_LOST");
    check_cell("<c s=\"6\"><v>852120000000</v></c>", "852120000000 ?NUMBER_DIGITS_LOST");
    check_cell("<c s=\"6\"><v>85212345678</v></c>", "85212345678");
    check_cell("<c t=\"e\"><v>#N/A</v></c>", "#N/A ?CELL_ERROR");
    check_cell("<c t=\"e\"><f>X</f><v>#SPILL!</v></c>", "#SPILL! ?CELL_ERROR");
    check_cell("<c><f>1+1</f></c>", " ?FORMULA_WITHOUT_VALUE");
    check_cell("<c><f>1+1</f><v/></c>", " ?FORMULA_WITHOUT_VALUE");
    check_cell("<c t=\"str\"><f>IF(1,\"\")</f><v></v></c>", "");
    let rows = format!("{}<row r=\"7\"><c r=\"B7\" t=\"e\"><v>#REF!</v></c></row>", texts(1, "Name|Mobile"));
    let mut reader = open_bytes(&Book::new(&rows).bytes(), &Options::default()).unwrap();
    let mut row = Row::default();
    while reader.read(&mut row).unwrap() && row.blank {}
    assert_eq!(row.doubts[0].message, "cell B7 holds the error #REF!");
}

#[test]
fn rows_and_cells_keep_their_places() {
    let rows = [
        &texts(2, "||"),
        &texts(3, "First|Last||Mail|"),
        "<row r=\"5\"><c r=\"B5\" t=\"inlineStr\"><is><t>Lee</t></is></c><c r=\"D5\"><v>5</v></c><c r=\"F5\" s=\"1\"/></row>",
        "<row r=\"6\" spans=\"1:3\"/>",
        "<row><c t=\"inlineStr\"><is><t>Ann</t></is></c><c/><c/><c/><c/><c t=\"inlineStr\"><is><t> </t></is></c></row>",
        &texts(8, "A|B|C|D|E"),
        "<row r=\"9\"><c r=\"XFD9\"><v>1</v></c></row>",
        "<row r=\"10\"><c r=\"A10\"><v>1</v></c><c r=\"F10\"><f>1+1</f></c></row>",
        "<row r=\"1048576\"><c r=\"A1048576\"/></row>",
    ];
    check(
        &Book::new(&rows.concat()).bytes(),
        &[
            "First|Last||Mail",
            "4 ~",
            "5 |Lee||5",
            "6 ~",
            "7 Ann|||",
            "8 !COLUMN_COUNT",
            "9 !COLUMN_COUNT",
            "10 !COLUMN_COUNT",
        ],
    );
}

#[test]
fn long_rows_and_cells_fail_alone() {
    let rows = [
        texts(1, "A|B"),
        texts(2, &"x".repeat(40)),
        texts(3, &format!("{}|{}", "y".repeat(20), "z".repeat(50))),
        texts(4, "1|2"),
    ];
    let options = Options { max_cell_bytes: 32, max_record_bytes: 64, ..Options::default() };
    let read = read_with(&Book::new(&rows.concat()).bytes(), &options);
    assert_eq!(read, ["A|B", "2 !CELL_TOO_LARGE", "3 !RECORD_TOO_LARGE", "4 1|2"]);
}

#[test]
fn names_may_have_prefixes() {
    let rows = "<x:row r=\"1\"><x:c t=\"inlineStr\"><x:is><x:t>A</x:t></x:is></x:c></x:row><x:row r=\"2\"><x:c><x:v>1</x:v></x:c></x:row>";
    check(&Book::new(rows).bytes(), &["A", "2 1"]);
}

/// Cells of an OpenDocument sheet under the header `Name`, and what is read of them.
#[track_caller]
fn check_ods(cells: &str, expected: &str) {
    let header = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>Name</text:p></table:table-cell></table:table-row>";
    let body =
        format!("<table:table table:name=\"T\">{header}<table:table-row>{cells}</table:table-row></table:table>");
    let read = read_with(&ods(&body), &Options::default());
    let expected: Vec<String> = (!expected.is_empty()).then(|| format!("2 {expected}")).into_iter().collect();
    assert_eq!(read[1..], expected, "{cells}");
}

#[test]
fn cells_of_opendocument_say_what_they_are() {
    let cell = |attributes: &str, shown: &str| {
        format!("<table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell>")
    };
    let kind = |kind: &str, value: &str, shown: &str| cell(&format!("office:value-type=\"{kind}\" {value}"), shown);
    check_ods(&kind("string", "", "a<text:s text:c=\"2\"/>b <text:span>c</text:span><text:line-break/>d"), "a  b c\nd");
    check_ods(
        "<table:table-cell office:value-type=\"string\"><office:annotation><text:p>remark</text:p></office:annotation><text:p>1</text:p><text:p>2 &amp; 3</text:p></table:table-cell>",
        "1\n2 & 3",
    );
    check_ods(&kind("string", "office:string-value=\"as kept\"", "as shown"), "as kept");
    check_ods(&kind("float", "office:value=\"85212345678\"", "8.52E+10"), "85212345678");
    check_ods(&kind("float", "office:value=\"852120000000\"", "8.5212E+11"), "852120000000 ?NUMBER_DIGITS_LOST");
    check_ods(&kind("float", "office:value=\"1234\"", "01234"), "01234");
    check_ods(&kind("float", "office:value=\"85212345678\"", "+85212345678"), "+85212345678");
    check_ods(&kind("float", "office:value=\"5\"", "+"), "5");
    check_ods(&kind("float", "office:value=\"0.30000000000000004\"", "0.3"), "0.3");
    check_ods(&kind("currency", "office:value=\"12.5\"", "$12.50"), "12.5");
    check_ods(&kind("percentage", "office:value=\"0.125\"", "13%"), "12.5%");
    check_ods(&kind("date", "office:date-value=\"1980-12-14\"", "14/12/80"), "1980-12-14");
    check_ods(&kind("date", "office:date-value=\"1980-12-14T08:30:00\"", "14/12/80"), "1980-12-14T08:30:00");
    check_ods(&kind("time", "office:time-value=\"PT27H30M00S\"", "27:30"), "27:30:00");
    check_ods(&kind("boolean", "office:boolean-value=\"true\"", "WAHR"), "TRUE");
    check_ods(
        &cell(
            "table:formula=\"of:=1/0\" office:value-type=\"string\" office:string-value=\"\" calcext:value-type=\"error\"",
            "#DIV/0!",
        ),
        "#DIV/0! ?CELL_ERROR",
    );
    check_ods(
        &cell("table:formula=\"of:=X\" office:value-type=\"float\" office:value=\"0\"", "Err:508"),
        "Err:508 ?CELL_ERROR",
    );
    check_ods("<table:table-cell table:formula=\"of:=1+1\"/>", " ?FORMULA_WITHOUT_VALUE");
    check_ods(&cell("", "no kind"), "no kind");
    check_ods("<table:covered-table-cell/><table:table-cell table:number-columns-repeated=\"16383\"/>", "");
}

#[test]
fn repeated_rows_and_cells_are_there_again() {
    let cell = |attributes: &str, text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\" {attributes}><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let body = [
        "<table:tracked-changes><table:deletion><table:cell-content-deletion><table:change-track-table-cell/></table:cell-content-deletion></table:deletion></table:tracked-changes>",
        "<table:table table:name=\"T\"><table:shapes><table:table-row/></table:shapes><table:table-column table:number-columns-repeated=\"3\"/>",
        &format!(
            "<table:table-header-rows><table:table-row>{}{}</table:table-row></table:table-header-rows>",
            cell("", "A"),
            cell("", "B")
        ),
        "<table:table-row table:number-rows-repeated=\"2\"><table:table-cell table:number-columns-repeated=\"3\"/></table:table-row>",
        &format!(
            "<table:table-row table:number-rows-repeated=\"2\">{}</table:table-row>",
            cell("table:number-columns-repeated=\"2\"", "x")
        ),
        &format!(
            "<table:table-row-group><table:table-row><table:table-cell/>{}</table:table-row></table:table-row-group>",
            cell("", "y")
        ),
        "<table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"1024\"/></table:table-row>",
        "</table:table><table:dde-links><table:table><table:table-row/></table:table></table:dde-links>",
    ];
    check(&ods(&body.concat()), &["A|B", "2 ~", "3 ~", "4 x|x", "5 x|x", "6 |y"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_sheet_brings_the_reader_down(pieces in proptest::collection::vec(0_usize..20, 0..40), text in "[a-z_x0-9&;<> ]{0,8}") {
        let fragments = [
            "<row>", "<row r=\"3\">", "<row r=\"x\">", "</row>", "<c>", "<c r=\"C3\">", "<c t=\"s\">", "<c t=\"e\">", "<c s=\"1\">", "</c>", "<v>", "</v>",
            "<is>", "</is>", "<t>", "</t>", "1e308", "-7", "<f/>", &text,
        ];
        let rows: String = pieces.iter().map(|piece| fragments[*piece]).collect();
        let book = Book::new(&format!("{}{rows}", texts(1, "A|B"))).formats(&["h:mm"]);
        let table = format!("<table:table><table:table-row><table:table-cell>{text}</table:table-cell></table:table-row>{rows}</table:table>");
        for bytes in [book.bytes(), ods(&table)] {
            if let Ok(mut reader) = open_bytes(&bytes, &Options::default()) {
                let mut row = Row::default();
                while reader.read(&mut row).unwrap_or(false) {}
            }
        }
    }
}

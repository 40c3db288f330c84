//! Values that both kinds of workbooks hold, and those of them that are not to be trusted.

use super::number;
use super::row::SheetRow;

/// Adds a cell in which a formula failed, such as `#N/A`.
pub(super) fn error(row: &mut SheetRow, column: usize, text: &str) {
    row.push(column, text);
    let hint = "correct the formula, or write the value in its place";
    row.doubt("CELL_ERROR", column, format!("holds the error {text}"), hint);
}

/// Says of a formula that nobody has worked out its result: some programs write formulas alone.
pub(super) fn uncalculated(row: &mut SheetRow, column: usize) {
    let hint = "open the workbook in a spreadsheet, save it, and import it again";
    row.doubt("FORMULA_WITHOUT_VALUE", column, "holds a formula without its result", hint);
}

/// Says of a number that has lost digits that it has.
pub(super) fn doubt_number(row: &mut SheetRow, column: usize, value: f64, scientific: bool) {
    let hint = "format the column as text and enter the number again";
    if number::is_cut(value) {
        let message = "holds a number of more than 15 digits, of which a spreadsheet keeps 15";
        row.doubt("NUMBER_DIGITS_LOST", column, message, hint);
    } else if scientific && number::was_typed_short(value) {
        let message = "shows its number as in 8.52E+11, and only zeros follow its first digits: the others were lost";
        row.doubt("NUMBER_DIGITS_LOST", column, message, hint);
    }
}

/// A day in ISO 8601 without a time of midnight.
pub(super) fn iso_day(text: &str) -> &str {
    let text = text.trim();
    match text.split_once('T') {
        Some((day, time)) if time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.' | b'Z')) => day,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_let_go() {
        assert_eq!(iso_day("1980-12-14T00:00:00"), "1980-12-14");
        assert_eq!(iso_day("1980-12-14T00:00:00.000Z"), "1980-12-14");
        assert_eq!(iso_day("1980-12-14T08:30:00"), "1980-12-14T08:30:00");
        assert_eq!(iso_day("1980-12-14"), "1980-12-14");
    }
}

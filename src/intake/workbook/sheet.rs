//! The sheets of a workbook: which of them is read, and what is said of it before its rows.

use crate::intake::IntakeErrorKind;
use crate::intake::Options;
use crate::intake::Warning;

/// The most sheets that a workbook may have.
const MAX_SHEETS: usize = 1000;

/// A sheet of a workbook.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) hidden: bool,
    pub(super) found: Found,
}

/// What was found in a sheet before its rows are read; of a large one only in its beginning.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    /// Whether there is a cell with a value.
    pub(super) filled: bool,
    /// Rows with values that the spreadsheet does not show.
    pub(super) hidden_rows: u64,
    /// Ranges of merged cells.
    pub(super) merged: u64,
}

impl Sheet {
    /// Its name, and why it may not be what is looked for.
    pub(super) fn told(&self) -> String {
        let name = &self.name;
        match (self.hidden, self.found.filled) {
            (true, _) => format!("`{name}` (hidden)"),
            (false, true) => format!("`{name}`"),
            (false, false) => format!("`{name}` (empty)"),
        }
    }
}

/// Adds a sheet to those before it. Each is looked into before one is read, so there may not be any number of them.
pub(super) fn add(sheets: &mut Vec<Sheet>, sheet: Sheet) -> Result<(), IntakeErrorKind> {
    if sheets.len() == MAX_SHEETS {
        return Err(IntakeErrorKind::UnpacksTooLarge(format!("it has more than {MAX_SHEETS} sheets")));
    }
    sheets.push(sheet);
    Ok(())
}

/// The sheet to read: the one that is named, or the first that is not hidden.
pub(super) fn chosen(sheets: &[Sheet], wanted: Option<&str>, charts: bool) -> Result<usize, IntakeErrorKind> {
    if sheets.is_empty() {
        return Err(IntakeErrorKind::NoSheet { charts });
    }
    let told = || sheets.iter().map(Sheet::told).collect::<Vec<_>>();
    let Some(wanted) = wanted else {
        let first = sheets.iter().position(|sheet| !sheet.hidden);
        return first.ok_or_else(|| IntakeErrorKind::HiddenSheets { sheets: told() });
    };
    if let Some(at) = sheets.iter().position(|sheet| sheet.name == wanted) {
        return Ok(at);
    }
    let key = |name: &str| name.trim().to_lowercase();
    let alike: Vec<usize> = (0..sheets.len()).filter(|at| key(&sheets[*at].name) == key(wanted)).collect();
    let number = wanted.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
    match (alike.as_slice(), number) {
        ([at], _) => Ok(*at),
        (_, Some(number)) if (1..=sheets.len()).contains(&number) => Ok(number - 1),
        _ => Err(IntakeErrorKind::UnknownSheet { wanted: wanted.to_owned(), sheets: told() }),
    }
}

/// What is to be said of the sheet that is read, and of others.
pub(super) fn warnings(
    source: &str,
    format: &str,
    sheet: &Sheet,
    others: &[String],
    options: &Options,
) -> Vec<Warning> {
    const NAMES: [&str; 6] = ["xlsx", "xlsm", "xltx", "xltm", "ods", "ots"];
    let mut warnings = Vec::new();
    let ending = source.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    if ending.is_some_and(|ending| !ending.contains(['/', '\\']) && !NAMES.contains(&ending.as_str())) {
        let message = format!("`{source}` is an {format} workbook, whatever its name says, and was read as one");
        warnings.push(Warning { code: "WORKBOOK_NAME", line: None, message });
    }
    if !others.is_empty() && options.sheet.is_none() {
        let (name, others) = (&sheet.name, others.join(", "));
        let message = format!("only the sheet `{name}` is read; rows are also in {others}: name one with `--sheet`");
        warnings.push(Warning { code: "OTHER_SHEETS", line: None, message });
    }
    let Found { hidden_rows, merged, .. } = sheet.found;
    if hidden_rows > 0 {
        let message = format!("rows that the spreadsheet hides are read as well: {hidden_rows}");
        warnings.push(Warning { code: "HIDDEN_ROWS", line: None, message });
    }
    if merged > 0 {
        let message = format!("ranges of merged cells, of which only the first cell has the value: {merged}");
        warnings.push(Warning { code: "MERGED_CELLS", line: None, message });
    }
    warnings
}

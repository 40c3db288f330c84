//! One cell of an OpenDocument sheet: the value in its attributes, and the text that it shows.

use super::repeated;
use super::value;
use crate::intake::IntakeErrorKind;
use crate::intake::workbook::number;
use crate::intake::workbook::row::SheetRow;
use crate::intake::workbook::xml::Node;
use crate::intake::workbook::xml::Tag;
use crate::intake::workbook::xml::Xml;
use crate::intake::workbook::xml::check_length;

/// What a cell's tag says.
#[derive(Default)]
pub(super) struct Head {
    pub(super) repeated: u64,
    kind: Option<String>,
    /// The value of whatever kind.
    value: Option<String>,
    is_error: bool,
    is_formula: bool,
}

impl Head {
    pub(super) fn of(tag: &Tag<'_>) -> Self {
        let mut head = Self { repeated: 1, ..Self::default() };
        tag.each(|name, value| match name {
            "table:number-columns-repeated" => head.repeated = repeated(Some(value.to_owned())),
            "office:value-type" => head.kind = Some(value.to_owned()),
            "office:value"
            | "office:date-value"
            | "office:time-value"
            | "office:boolean-value"
            | "office:string-value" => head.value = Some(value.to_owned()),
            "calcext:value-type" => head.is_error = value == "error",
            "table:formula" => head.is_formula = true,
            _ => {}
        });
        head
    }

    /// Whether there is nothing in the cell.
    pub(super) fn is_empty(&self, shown: &str) -> bool {
        shown.is_empty() && !self.is_formula && self.value.as_deref().unwrap_or_default().is_empty()
    }

    /// Adds the cell to its row.
    pub(super) fn push(&self, row: &mut SheetRow, column: usize, shown: &str) {
        let kind = self.kind.as_deref().unwrap_or("string");
        let is_text = kind == "string";
        if self.is_error || (self.is_formula && !is_text && is_error(shown)) {
            return value::error(row, column, shown);
        }
        if self.is_formula && self.kind.is_none() && shown.is_empty() {
            return value::uncalculated(row, column);
        }
        let value = self.value.as_deref().unwrap_or(shown);
        match (kind, value.trim().parse::<f64>()) {
            ("float" | "currency", Ok(number)) => {
                // The text shows a plus or zeros in front, which the value does not have.
                let digits = shown.strip_prefix('+').unwrap_or(shown);
                let padded = shown.starts_with(['0', '+']) && digits.bytes().all(|digit| digit.is_ascii_digit());
                match shown.parse::<f64>() {
                    Ok(same) if padded && same == number => row.push(column, shown),
                    _ => row.push(column, &number::plain(number)),
                }
                value::doubt_number(row, column, number, shown.contains(['E', 'e']));
            }
            ("percentage", Ok(share)) => row.push(column, &number::percent(share)),
            ("date", _) => row.push(column, value::iso_day(value)),
            ("time", _) => row.push(column, &clock(value).unwrap_or_else(|| value.to_owned())),
            ("boolean", _) => row.push(column, &value.to_ascii_uppercase()),
            _ => row.push(column, value),
        }
    }
}

/// Whether a formula shows that it failed.
fn is_error(shown: &str) -> bool {
    shown == "#N/A" || shown.starts_with("Err:") || (shown.starts_with('#') && shown.ends_with(['!', '?']))
}

/// A time such as `PT08H30M00S` as `08:30:00`.
fn clock(text: &str) -> Option<String> {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (hours, rest) = rest.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?;
    let (seconds, rest) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
    let [hours, minutes, seconds] = [hours, minutes, seconds].map(|part| part.parse::<u32>().ok());
    let rest = rest.trim_end_matches('0');
    let dot = if rest.is_empty() { "" } else { "." };
    Some(format!("{sign}{:02}:{:02}:{:02}{dot}{rest}", hours?, minutes?, seconds?))
}

/// Adds what the cell that opened last shows: its paragraphs, each on a line of its own, without remarks and drawings.
pub(super) fn shown(xml: &mut Xml, shown: &mut String) -> Result<(), IntakeErrorKind> {
    let inside = xml.depth();
    let mut first = true;
    while xml.depth() >= inside {
        match xml.next()? {
            Node::Start(tag) if matches!(tag.name(), "p" | "h") => {
                if !first {
                    shown.push('\n');
                }
                first = false;
                paragraph(xml, shown)?;
            }
            Node::Start(_) => xml.skip()?,
            Node::Eof => break,
            _ => {}
        }
    }
    Ok(())
}

/// Adds a paragraph. Blanks in a row count as one, and those at its start as none, unless they are written as such.
fn paragraph(xml: &mut Xml, shown: &mut String) -> Result<(), IntakeErrorKind> {
    let inside = xml.depth();
    let mut after_blank = true;
    while xml.depth() >= inside {
        check_length(shown)?;
        match xml.next()? {
            Node::Text(text) => {
                for letter in text.chars() {
                    let blank = matches!(letter, ' ' | '\t' | '\n' | '\r');
                    if !(blank && after_blank) {
                        shown.push(if blank { ' ' } else { letter });
                    }
                    after_blank = blank;
                }
            }
            Node::Start(tag) => {
                match tag.name() {
                    "s" => {
                        let count = tag.attribute("text:c").and_then(|count| count.parse().ok()).unwrap_or(1_usize);
                        shown.extend(std::iter::repeat_n(' ', count.min(1 << 16)));
                    }
                    "tab" => shown.push('\t'),
                    "line-break" => shown.push('\n'),
                    "annotation" | "note" | "ruby-text" | "frame" => xml.skip()?,
                    _ => continue,
                }
                after_blank = false;
            }
            Node::Eof => break,
            Node::End(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_look_like_times() {
        assert_eq!(clock("PT08H30M00S").as_deref(), Some("08:30:00"));
        assert_eq!(clock("PT27H05M09.500S").as_deref(), Some("27:05:09.5"));
        assert_eq!(clock("-PT1H0M0S").as_deref(), Some("-01:00:00"));
        assert_eq!(clock("P1D"), None);
    }

    #[test]
    fn errors_are_told_from_text() {
        assert!(["#N/A", "#DIV/0!", "#NAME?", "Err:502"].into_iter().all(is_error));
        assert!(!["#", "#1", "", "Error"].into_iter().any(is_error));
    }
}

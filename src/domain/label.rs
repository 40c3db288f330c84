//! Labels: names that are equal without regard to case. Which labels exist, and their colours, is the store's business.

use super::invalid::Invalid;
use super::name::by_key;
use super::text;

/// Longest name of a label, in characters.
pub const LABEL_MAX_CHARS: usize = 100;

/// Most labels that one cell may hold.
pub const LABELS_MAX: usize = 1000;

/// Name of a label: 1–100 characters, NFC, trimmed, no separators; `VIP` equals `vip`.
#[derive(Clone, Debug)]
pub struct LabelName {
    name: String,
    key: String,
}

impl LabelName {
    /// Checks a name.
    ///
    /// # Errors
    /// `LABEL_FORMAT` when it is empty, too long, or holds `;`, `,` or control characters.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let name = text::clean(name);
        let refused = |why: &str| {
            Err(Invalid::new("LABEL_FORMAT", format!("label {why}")).hint("use 1–100 characters without `;` and `,`"))
        };
        if name.is_empty() {
            return refused("is empty");
        }
        if name.chars().count() > LABEL_MAX_CHARS {
            return refused("is longer than 100 characters");
        }
        if name.chars().any(|c| c.is_control() || matches!(c, ';' | ',')) {
            return refused("holds a separator or a control character");
        }
        Ok(Self { key: name.to_lowercase(), name: name.into_owned() })
    }

    /// Returns the name as first written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the form in which labels are compared.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Reads the labels of one cell, separated by `;` or `,`; empty parts are passed over.
///
/// # Errors
/// The first label that is refused, also by `text::check_visible`: what is stored already stays readable.
pub fn parse_labels(cell: &str) -> Result<Vec<LabelName>, Invalid> {
    if cell.bytes().filter(|byte| matches!(byte, b';' | b',')).count() >= LABELS_MAX {
        return Err(Invalid::new("LABELS_TOO_MANY", format!("more than {LABELS_MAX} labels at once")).hint("use fewer"));
    }
    let one = |part| text::check_visible(part).and_then(|()| LabelName::parse(part));
    cell.split([';', ',']).filter(|part| !text::is_blank(part)).map(one).collect()
}

/// Colours that have a name.
pub const COLOURS: [(&str, &str); 12] = [
    ("red", "#b71c1c"),
    ("orange", "#e65100"),
    ("yellow", "#f9a825"),
    ("green", "#1b5e20"),
    ("teal", "#006064"),
    ("blue", "#0d47a1"),
    ("purple", "#4a148c"),
    ("pink", "#880e4f"),
    ("brown", "#4e342e"),
    ("grey", "#455a64"),
    ("black", "#000000"),
    ("white", "#ffffff"),
];

/// Reads a colour: `#rrggbb`, or one of [`COLOURS`] by name; returns it as `#rrggbb`.
///
/// # Errors
/// `LABEL_COLOUR` with the names.
pub fn parse_colour(text: &str) -> Result<String, Invalid> {
    let word = text.trim().to_lowercase();
    let named = COLOURS.iter().find(|(name, _)| *name == if word == "gray" { "grey" } else { &word });
    let digits = word.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    match (named, digits) {
        (Some((_, colour)), _) => Ok((*colour).to_owned()),
        (None, Some(_)) => Ok(word),
        _ => {
            let names: Vec<&str> = COLOURS.iter().map(|(name, _)| *name).collect();
            Err(Invalid::new("LABEL_COLOUR", format!("`{}` is no colour", text::shown(text)))
                .hint(format!("use #rrggbb, such as \"#0d47a1\", or one of {}", names.join(", "))))
        }
    }
}

by_key!(LabelName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_hexadecimal_or_have_a_name() {
        assert_eq!(parse_colour(" #0D47a1 ").unwrap(), "#0d47a1");
        assert_eq!([parse_colour("Blue").unwrap(), parse_colour("gray").unwrap()], ["#0d47a1", "#455a64"]);
        for bad in ["", "#12345", "#12345g", "0d47a1", "azure-ish", "#é12345"] {
            assert_eq!(parse_colour(bad).unwrap_err().code, "LABEL_COLOUR", "{bad}");
        }
    }

    #[test]
    fn labels_are_equal_without_case_and_split_at_both_separators() {
        assert_eq!(LabelName::parse("VIP").unwrap(), LabelName::parse(" vip ").unwrap());
        let names: Vec<_> = parse_labels("VIP;Prospect, Lead ;").unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["VIP", "Prospect", "Lead"]);
        assert_eq!(LabelName::parse("  ").unwrap_err().code, "LABEL_FORMAT");
        assert_eq!(LabelName::parse(&"x".repeat(101)).unwrap_err().code, "LABEL_FORMAT");
    }
}

//! Names of organizations, staff members and divisions: equal without regard to case, so that a name is enough to mean one of them. Which
//! exist is the store's business; labels have a file of their own.

use super::invalid::Invalid;
use super::text;

/// Longest name, in characters.
pub const NAME_MAX_CHARS: usize = 200;

/// Name of an organization, a staff member or a division: 1–200 characters, NFC, trimmed, on one line; `Acme` equals `ACME`.
#[derive(Clone, Debug)]
pub struct Name {
    name: String,
    key: String,
}

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// `NAME_FORMAT` when it is empty, too long, or holds control characters; what `text::check_visible` refuses.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let name = text::clean(name);
        let refused = |why: &str| {
            Err(Invalid::new("NAME_FORMAT", format!("the name {why}")).hint("use 1–200 characters on one line"))
        };
        if name.is_empty() {
            return refused("is empty");
        }
        if name.chars().count() > NAME_MAX_CHARS {
            return refused("is longer than 200 characters");
        }
        if name.chars().any(char::is_control) || name.contains(super::access::VALUE_SEPARATOR) {
            return refused("holds a control character or ` ::: `");
        }
        text::check_visible(&name)?;
        Ok(Self { key: name.to_lowercase(), name: name.into_owned() })
    }

    /// Returns the name as first written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the form in which names are compared.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Makes values with a `name` and a `key` equal and ordered by the key, and shown by the name.
macro_rules! by_key {
    ($name:ident) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.key == other.key
            }
        }

        impl Eq for $name {}

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.key.hash(state);
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.key.cmp(&other.key)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.name)
            }
        }
    };
}
pub(super) use by_key;

by_key!(Name);

/// Least likeness of a name that somebody may have meant.
const LIKENESS: f64 = 0.8;

/// Returns the name that resembles `wanted` most, whatever its case, if one does.
#[must_use]
pub fn nearest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted = text::fold(wanted);
    let scored = names.into_iter().map(|name| (strsim::jaro_winkler(&text::fold(name), &wanted), name));
    let best = scored.filter(|(score, _)| *score > LIKENESS).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_without_case_and_keep_how_they_were_written() {
        let name = Name::parse("  Acme, Ltd. ").unwrap();
        assert_eq!(name, Name::parse("ACME, LTD.").unwrap());
        assert_eq!(name.as_str(), "Acme, Ltd.");
        for bad in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert_eq!(Name::parse(bad).unwrap_err().code, "NAME_FORMAT");
        }
    }

    #[test]
    fn the_nearest_name_is_the_one_that_was_meant() {
        let names = ["Ann Chan", "Bob Ho"];
        assert_eq!(nearest("ann chn", names), Some("Ann Chan"));
        assert_eq!(nearest("Zoe", names), None);
    }
}

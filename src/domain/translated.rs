//! Tables of what countries and languages are called in Italian, Thai and Chinese: the languages of the template beside English.

use std::borrow::Cow;

/// Codes, in their order, and what people call each, between bars; what many names need stands in several rows.
pub type Names = &'static [(&'static str, &'static str)];

/// The names of one kind of thing.
pub struct Translated {
    /// In Italian.
    pub italian: Names,
    /// In Thai, without the word for the kind.
    pub thai: Names,
    /// Thai for the kind, which people write before the name or leave out.
    pub thai_kind: &'static str,
    /// In Simplified and Traditional Chinese.
    pub chinese: Names,
}

impl Translated {
    /// Every name, with its code.
    pub fn all(&self) -> impl Iterator<Item = (Cow<'static, str>, &'static str)> {
        let split = |&(code, names): &(&'static str, &'static str)| names.split('|').map(move |name| (name, code));
        let plain = [self.italian, self.thai, self.chinese].into_iter().flatten().flat_map(split);
        let with_kind =
            self.thai.iter().flat_map(split).map(|(name, code)| (format!("{}{name}", self.thai_kind), code));
        plain.map(|(name, code)| (name.into(), code)).chain(with_kind.map(|(name, code)| (name.into(), code)))
    }
}

//! Languages as canonical BCP-47 tags, read from codes, tags and names.
//! Simplified and Traditional Chinese are kept apart; a region of Chinese becomes its script.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::country::{Country, parse_country};
use super::invalid::Invalid;
use super::text::{clean, letters_key, shown};
use super::warning::{Caution, Warning};

mod table;
mod translated;

/// A language as its canonical BCP-47 tag: `en`, `pt-BR`, `zh-Hant`, `sr-Latn-RS`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Language(Cow<'static, str>);

impl Language {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The English name of the language, without its region: `Traditional Chinese`, `Portuguese`.
    pub fn english_name(&self) -> Option<&'static str> {
        match self.as_str() {
            "zh-Hans" => Some("Simplified Chinese"),
            "zh-Hant" => Some("Traditional Chinese"),
            tag => INDEX.english.get(primary(tag)).copied(),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Language {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        parse_language(text, LanguageNames::Any)
    }
}

/// Which languages a deployment takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LanguageNames {
    /// Every known language.
    Any,
    /// The languages that have an ISO 639-1 code, in any notation.
    Iso6391,
    /// English, Italian, Thai, Simplified and Traditional Chinese, in any notation.
    Five,
}

/// Reads an ISO 639 code, a BCP-47 tag, or an English or native name, in any case. Refused as
/// `LANGUAGE_UNKNOWN`, or as `LANGUAGE_NOT_OFFERED` when `names` leaves the language out.
pub fn parse_language(text: &str, names: LanguageNames) -> Result<Language, Invalid> {
    let text = clean(text);
    let language = by_code(&text)
        .or_else(|| by_tag(&text))
        .or_else(|| by_name(&text))
        .or_else(|| by_name_and_country(&text))
        .ok_or_else(|| unknown(&text))?;
    match names {
        LanguageNames::Any => Ok(language),
        LanguageNames::Iso6391 if primary(language.as_str()).len() == 2 => Ok(language),
        LanguageNames::Five if is_one_of_five(&language) => Ok(language),
        _ => Err(not_offered(&text, names)),
    }
}

/// What to know about a language that was read: Chinese, where nobody said which.
#[must_use]
pub fn doubt(language: &Language) -> Option<Warning> {
    (language.as_str() == "zh").then(|| {
        Warning::new(Caution::AnyChinese, "is neither Simplified nor Traditional Chinese: kept as `zh`".to_owned())
    })
}

/// The way of most rows: a code that stands in the table as it is.
fn by_code(text: &str) -> Option<Language> {
    INDEX.codes.get(text).map(|&tag| Language(Cow::Borrowed(tag)))
}

/// `en-US`, `zh_hant_HK`, `eng`. Variants and extensions are not kept, so they are not read.
fn by_tag(text: &str) -> Option<Language> {
    if text.len() > 11 || !text.is_ascii() {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let mut parts = lower.split(['-', '_']).peekable();
    let language = *INDEX.codes.get(parts.next()?)?;
    let script = parts.next_if(|part| part.len() == 4);
    let region = parts.next();
    if parts.next().is_some() || script.is_some_and(|s| !s.bytes().all(|b| b.is_ascii_alphabetic())) {
        return None;
    }
    let region = match region {
        Some(region) => Some(canonical_region(region)?),
        None => None,
    };
    Some(tag(language, script, region.as_deref()))
}

/// A country's alpha-2 code, or three digits (`es-419`).
fn canonical_region(region: &str) -> Option<String> {
    match region.len() {
        2 => parse_country(region).ok().map(|country| country.to_string()),
        3 if region.bytes().all(|byte| byte.is_ascii_digit()) => Some(region.to_owned()),
        _ => None,
    }
}

fn tag(language: &'static str, script: Option<&str>, region: Option<&str>) -> Language {
    if language == "zh"
        && let Some(tag) = chinese(script, region)
    {
        return Language(Cow::Borrowed(tag));
    }
    let mut tag = language.to_owned();
    if let Some(script) = script {
        tag.push('-');
        tag.push_str(&script[..1].to_ascii_uppercase());
        tag.push_str(&script[1..]);
    }
    if let Some(region) = region {
        tag.push('-');
        tag.push_str(region);
    }
    Language(Cow::Owned(tag))
}

/// Which Chinese: people are served by script, and the regions stand for one.
fn chinese(script: Option<&str>, region: Option<&str>) -> Option<&'static str> {
    match (script, region) {
        (Some("hans"), _) | (None, Some("CN" | "SG" | "MY")) => Some("zh-Hans"),
        (Some("hant"), _) | (None, Some("TW" | "HK" | "MO")) => Some("zh-Hant"),
        _ => None,
    }
}

fn by_name(text: &str) -> Option<Language> {
    let tag = *INDEX.names.get(letters_key(text).as_str())?;
    Some(Language(Cow::Borrowed(tag)))
}

/// `Portuguese (Brazil)`, `English - United States`.
fn by_name_and_country(text: &str) -> Option<Language> {
    let (name, country) = text.split_once(['(', '\u{FF08}', '-', ','])?;
    let country = country.trim_end_matches([')', '\u{FF09}']);
    let country: Country = parse_country(country).ok()?;
    let language = *INDEX.names.get(letters_key(name).as_str())?;
    (!language.contains('-')).then(|| tag(language, None, Some(country.as_str())))
}

fn is_one_of_five(language: &Language) -> bool {
    let tag = language.as_str();
    matches!(primary(tag), "en" | "it" | "th") || matches!(tag, "zh-Hans" | "zh-Hant")
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

fn not_offered(text: &str, names: LanguageNames) -> Invalid {
    let hint = match names {
        LanguageNames::Five => "choose English, Italian, Thai, Simplified Chinese or Traditional Chinese",
        _ => "choose a language that has a two-letter ISO 639-1 code",
    };
    let message = format!("`{}` is not among the languages of this deployment", shown(text));
    Invalid::new("LANGUAGE_NOT_OFFERED", message).hint(hint)
}

fn unknown(text: &str) -> Invalid {
    let invalid = Invalid::new("LANGUAGE_UNKNOWN", format!("`{}` is not a language", shown(text)));
    match nearest(text) {
        Some(tag) => {
            let name = Language(Cow::Borrowed(tag)).english_name().unwrap_or(tag);
            invalid.hint(format!("did you mean {tag} ({name})?"))
        }
        None => invalid.hint("use the ISO 639-1 code or the English name, such as en or English"),
    }
}

/// The language that was meant by a country's code, or whose name resembles the text most.
fn nearest(text: &str) -> Option<&'static str> {
    let key = letters_key(text);
    if let Some(&(_, tag)) = table::MISTAKEN.iter().find(|&&(code, _)| code == key) {
        return Some(tag);
    }
    if !(4..=40).contains(&key.len()) {
        return None;
    }
    INDEX
        .names
        .iter()
        .filter(|(name, _)| name.len() > 3 && name.len().abs_diff(key.len()) <= 3)
        .map(|(name, &tag)| (strsim::jaro_winkler(name, &key), tag))
        .filter(|&(score, _)| score > 0.88)
        // The tag breaks ties, so that the same text always gets the same hint.
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, tag)| tag)
}

/// What all look-ups read, built once.
struct Index {
    /// Codes of two and three letters, in lower case, and the tags of the two Chinese.
    codes: HashMap<&'static str, &'static str>,
    /// Letters of the names, folded.
    names: HashMap<String, &'static str>,
    english: HashMap<&'static str, &'static str>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index {
        codes: HashMap::from([("zh-Hans", "zh-Hans"), ("zh-Hant", "zh-Hant")]),
        names: HashMap::new(),
        english: HashMap::new(),
    };
    for row in table::ROWS {
        index.add(row.code, row.long_codes, &[row.english, row.native]);
    }
    for &(code, english) in table::LONG_ONLY {
        index.add(code, &[], &[english]);
    }
    for &(alias, tag) in table::ALIASES {
        if alias.len() < 4 {
            index.codes.entry(alias).or_insert(tag);
        } else {
            index.names.entry(letters_key(alias)).or_insert(tag);
        }
    }
    for (name, tag) in translated::ALL.all() {
        index.names.entry(letters_key(&name)).or_insert(tag);
    }
    index
});

impl Index {
    fn add(&mut self, code: &'static str, long_codes: &[&'static str], names: &[&'static str]) {
        self.codes.insert(code, code);
        for &long_code in long_codes {
            self.codes.insert(long_code, code);
        }
        for &name in names {
            self.names.entry(letters_key(name)).or_insert(code);
        }
        if let Some(&english) = names.first() {
            self.english.insert(code, english);
        }
    }
}

#[cfg(test)]
mod tests;

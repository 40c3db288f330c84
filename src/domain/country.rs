//! Countries by ISO 3166-1, read from codes and from the names that people use for them.
//! Calling codes belong to `phone`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::invalid::Invalid;
use super::text::{clean, fold, shown};
use super::warning::{Caution, Warning};

mod names;
mod translated;

/// A country, kept as its ISO 3166-1 alpha-2 code in capitals (`HK`).
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// The alpha-2 code, in capitals.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The English short name, e.g. `Hong Kong`.
    pub fn name(&self) -> &'static str {
        INDEX.short_names.get(self).copied().unwrap_or_default()
    }

    /// Every country, in the order of the alpha-2 codes.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = INDEX.short_names.keys().copied().collect();
        all.sort_unstable();
        all
    }

    fn from_code(code: &str) -> Option<Self> {
        let &[first, second] = code.as_bytes() else {
            return None;
        };
        Some(Self([first, second]))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Country {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        parse_country(text)
    }
}

/// Reads an alpha-2 or alpha-3 code, a full name or a common alias, in any case, with or without
/// accents and articles. Refused as `COUNTRY_UNKNOWN`, with the nearest name when there is one.
pub fn parse_country(text: &str) -> Result<Country, Invalid> {
    let text = clean(text);
    by_alpha2(&text).or_else(|| by_wide_alpha2(&text)).or_else(|| by_name(&text)).ok_or_else(|| unknown(&text))
}

/// What to know about a country that was read from `text`: a name that could mean another one, or means a part.
#[must_use]
pub fn doubt(text: &str, country: Country) -> Option<Warning> {
    // Codes mean one country, and most countries have no such name: their texts need no second look.
    if text.len() <= 3 || !names::LOOSE.iter().any(|(_, code)| *code == country.as_str()) {
        return None;
    }
    let key = words(text).concat();
    names::LOOSE.iter().find(|(name, _)| *name == key)?;
    let message = format!("`{}` read as {} ({})", shown(text), country.name(), country.as_str());
    Some(Warning::new(Caution::LooseCountry, message))
}

/// The way that most rows take; it allocates nothing.
fn by_alpha2(text: &str) -> Option<Country> {
    let country = Country::from_code(text)?;
    let country = Country(country.0.map(|byte| byte.to_ascii_uppercase()));
    INDEX.short_names.contains_key(&country).then_some(country)
}

/// The same in full-width letters.
fn by_wide_alpha2(text: &str) -> Option<Country> {
    if text.len() != 6 || text.chars().count() != 2 {
        return None;
    }
    by_alpha2(&fold(text))
}

fn by_name(text: &str) -> Option<Country> {
    let words = words(text);
    let found = INDEX.names.get(words.concat().as_str());
    found.or_else(|| INDEX.names.get(bag(words).as_str())).copied()
}

fn unknown(text: &str) -> Invalid {
    let invalid = Invalid::new("COUNTRY_UNKNOWN", format!("`{}` is not a country", shown(text)));
    match nearest(&words(text).concat()) {
        Some(country) => invalid.hint(format!("did you mean {} ({})?", country.name(), country.as_str())),
        None => invalid.hint("use the English name or the ISO 3166 code, such as Hong Kong or HK"),
    }
}

/// The country whose name resembles `key` most, if any does.
fn nearest(key: &str) -> Option<Country> {
    // Shorter keys resemble too much, longer ones no name at all.
    if !(4..=60).contains(&key.len()) {
        return None;
    }
    let score = |name: &str| strsim::jaro_winkler(name, key);
    INDEX
        .names
        .iter()
        .filter(|(name, _)| name.len() > 3 && name.len().abs_diff(key.len()) <= 3)
        .map(|(name, country)| (score(name), country))
        .filter(|&(score, _)| score > 0.88)
        // The code breaks ties, so that the same text always gets the same hint.
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, &country)| country)
}

/// What all look-ups read, built once.
struct Index {
    short_names: HashMap<Country, &'static str>,
    /// Joined words, bags of words and alpha-3 codes, folded.
    names: HashMap<String, Country>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let countries = celes::Country::get_countries();
    let mut index = Index {
        short_names: HashMap::with_capacity(countries.len()),
        names: HashMap::with_capacity(countries.len() * 4),
    };
    for country in &countries {
        index.add(country);
    }
    let singles = names::ALIASES.iter().chain(names::NATIVE).map(|&(name, code)| (Cow::Borrowed(name), code));
    for (name, code) in singles.chain(translated::ALL.all()) {
        if let Some(country) = Country::from_code(code) {
            index.add_name(&name, country);
        }
    }
    index
});

impl Index {
    fn add(&mut self, iso: &celes::Country) {
        let Some(country) = Country::from_code(iso.alpha2) else {
            return;
        };
        let better = names::SHORT_NAMES.iter().find(|&&(code, _)| code == iso.alpha2).map(|&(_, name)| name);
        let short_name = better.unwrap_or(iso.long_name);
        self.short_names.insert(country, short_name);
        for name in [iso.alpha3, iso.long_name, short_name] {
            self.add_name(name, country);
        }
    }

    fn add_name(&mut self, name: &str, country: Country) {
        let words = words(name);
        for key in [words.concat(), bag(words)] {
            // Andorra's `AND` leaves an empty bag, which would match every blank.
            if !key.is_empty() {
                self.names.entry(key).or_insert(country);
            }
        }
    }
}

/// The folded words of a name, without articles and with abbreviations written out.
fn words(name: &str) -> Vec<String> {
    fold(name)
        .replace('&', " and ")
        // `People's` is one word, and `Côte d'Ivoire` joins to the same letters either way.
        .replace('\'', "")
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "the")
        .map(|word| if word == "st" { "saint" } else { word }.to_owned())
        .collect()
}

/// The same words in whatever order: `Korea (the Republic of)` is `Republic of Korea`.
fn bag(mut words: Vec<String>) -> String {
    words.retain(|word| word != "of" && word != "and");
    words.sort_unstable();
    words.join(" ")
}

#[cfg(test)]
mod tests;

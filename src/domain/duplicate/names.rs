//! Comparing the names of people: in any order of their parts, without accents and case, with slips of the pen, initials and missing
//! middle names. Names written in Han, kana or Hangul must be equal; there, similar characters are other names. No list of nicknames.

use super::super::contact::Contact;
use super::super::text::fold;
use super::keys::KeyKind;

/// How alike two names are.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Alike {
    /// They are other names.
    Different,
    /// The first names are equal, the last names are not.
    FirstOnly,
    /// One of them is not known, or is written in another script.
    Unknown,
    /// All that is known of one, a single word, stands in the other.
    Short,
    /// Something is missing, an initial, more than one slip, or the first name is a short form.
    Near,
    /// A slip of the pen.
    Close,
    /// Equal, but for the order.
    Same,
}

/// Least similarity of two words that may be one.
const SIMILAR: f64 = 0.87;
/// Least similarity of two words with one slip.
const CLOSE: f64 = 0.93;
/// Least similarity of two first names that may be one where the last names are equal.
const SIMILAR_FIRST: f64 = 0.82;
/// Fewest letters of a first name that may be short for another: `Jon` for `Jonathan`.
const SHORT_FORM: usize = 3;
/// Most names of one contact that are compared.
const VARIANTS: usize = 4;
/// Most parts of a name that make keys.
const PARTS: usize = 3;

/// The names of a contact: the one it has, and those that merges kept.
#[derive(Clone, Debug)]
pub struct Names(Vec<Form>);

/// One name, made ready.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Form {
    /// Folded letters of the first name.
    first: String,
    /// Folded letters of the last name.
    last: String,
    /// Folded words of both, sorted.
    words: Vec<String>,
    /// Whether it is written without spaces.
    dense: bool,
}

impl Names {
    /// Takes the names of a contact; a placeholder is none.
    #[must_use]
    pub fn of(contact: &Contact) -> Self {
        let last = contact.last_name.as_deref().filter(|_| !contact.last_name_is_placeholder).unwrap_or_default();
        let first = contact.first_name.as_deref().unwrap_or_default();
        let mut forms = vec![Form::new(first, last)];
        forms.extend(contact.other_last_names.iter().map(|other| Form::new(first, other)));
        forms.extend(contact.other_first_names.iter().map(|other| Form::new(other, last)));
        forms.retain(|form| !form.words.is_empty());
        forms.truncate(VARIANTS);
        Self(forms)
    }

    /// Says how alike the most alike of the names are, and the key of the name of this one that it is.
    #[must_use]
    pub fn compare(&self, other: &Self) -> (Alike, Option<String>) {
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(move |two| (one, one.compare(two))));
        let best = pairs.max_by_key(|(_, alike)| *alike);
        best.map_or((Alike::Unknown, None), |(form, alike)| (alike, Some(form.key())))
    }

    /// Hands out the keys of the names. A name of one word has none: too many people would share it.
    pub fn keys(&self, f: &mut dyn FnMut(KeyKind, &str)) {
        for form in self.0.iter().filter(|form| !form.is_short()) {
            f(KeyKind::Name, &form.key());
            if form.dense {
                continue;
            }
            for (at, word) in form.words.iter().enumerate().take(PARTS).filter(|(_, word)| word.len() > 1) {
                let others = form.words.iter().enumerate().take(PARTS).filter(|(other, _)| *other != at);
                for initial in others.filter_map(|(_, other)| other.chars().next()) {
                    f(KeyKind::NamePart, &format!("{word} {initial}"));
                }
            }
        }
    }
}

impl Form {
    fn new(first: &str, last: &str) -> Self {
        // O'Brien is OBrien, and no O.
        let [first, last] = [first, last].map(|name| fold(name).replace('\'', ""));
        let mut words: Vec<String> =
            [&first, &last].into_iter().flat_map(|name| split(name)).map(str::to_owned).collect();
        let dense = !words.is_empty() && words.iter().all(|word| word.chars().all(is_dense));
        words.sort();
        Self { first: letters(&first), last: letters(&last), words, dense }
    }

    /// Says whether there is too little of the name for it to mean one person.
    fn is_short(&self) -> bool {
        if self.dense { self.letters() < 2 } else { self.words.len() < 2 }
    }

    fn letters(&self) -> usize {
        self.first.chars().count() + self.last.chars().count()
    }

    /// The comparison form: words in order, or without spaces characters in order.
    fn key(&self) -> String {
        if !self.dense {
            return self.words.join(" ");
        }
        let mut all: Vec<char> = self.first.chars().chain(self.last.chars()).collect();
        all.sort_unstable();
        all.into_iter().collect()
    }

    fn compare(&self, other: &Self) -> Alike {
        if self.dense != other.dense {
            return Alike::Unknown;
        }
        let both_ways = |form: &Self| [[&*form.first, &*form.last].concat(), [&*form.last, &*form.first].concat()];
        let (mine, its) = (both_ways(self), both_ways(other));
        if self.words == other.words || mine.contains(&its[0]) || its.contains(&mine[0]) {
            return if self.is_short() { Alike::Short } else { Alike::Same };
        }
        if self.dense {
            return Alike::Different;
        }
        let (few, many) = if self.words.len() <= other.words.len() { (self, other) } else { (other, self) };
        match few.matches(many) {
            Some(alike) => alike,
            None if self.has_similar_first(other) => Alike::Near,
            None if !self.first.is_empty() && self.first == other.first => Alike::FirstOnly,
            None => Alike::Different,
        }
    }

    /// Says whether the last names are equal, and one first name may be short for the other or is fairly similar to it.
    fn has_similar_first(&self, other: &Self) -> bool {
        let (one, two) = (&*self.first, &*other.first);
        let (short, long) = if one.len() <= two.len() { (one, two) } else { (two, one) };
        !self.last.is_empty()
            && self.last == other.last
            && short.chars().nth(SHORT_FORM - 1).is_some()
            && (long.starts_with(short) || strsim::jaro_winkler(one, two) >= SIMILAR_FIRST)
    }

    /// Finds each word in the longer name; nothing when one is missing there.
    fn matches(&self, many: &Self) -> Option<Alike> {
        let mut left: Vec<&str> = many.words.iter().map(String::as_str).collect();
        let (mut slips, mut initials, mut worst) = (0, 0, 1.0_f64);
        // Equal words first, so that no similar one takes their place.
        let mut open: Vec<&str> = Vec::new();
        for word in &self.words {
            match left.iter().position(|known| known == word) {
                Some(at) => drop(left.swap_remove(at)),
                None => open.push(word),
            }
        }
        for word in open {
            let scores = left.iter().map(|known| similarity(word, known));
            let (at, score) = scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
            if score < SIMILAR {
                return None;
            }
            let known = left.swap_remove(at);
            if word.chars().nth(1).is_none() || known.chars().nth(1).is_none() {
                initials += 1;
            } else {
                (slips, worst) = (slips + 1, worst.min(score));
            }
        }
        Some(match (self.words.len(), left.len()) {
            (1, _) => Alike::Short,
            (_, 0) if initials == 0 && slips == 1 && worst >= CLOSE => Alike::Close,
            // All that is left of both words are initials.
            (words, _) if initials == words => Alike::Short,
            _ => Alike::Near,
        })
    }
}

/// From 0 to 1; an initial is as good as a similar word.
fn similarity(a: &str, b: &str) -> f64 {
    let (a_chars, b_chars) = (a.chars().count(), b.chars().count());
    if a_chars == 1 || b_chars == 1 {
        return if a.chars().next() == b.chars().next() { SIMILAR } else { 0.0 };
    }
    if a.chars().chain(b.chars()).any(is_dense) {
        return 0.0;
    }
    strsim::jaro_winkler(a, b)
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word_char(c)).filter(|word| !word.is_empty())
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| is_word_char(*c)).collect()
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && unicode_normalization::char::is_combining_mark(c))
}

/// Characters of scripts in which a name is written in one go.
fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11FF}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{312F}' | '\u{3130}'..='\u{318F}'
        | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

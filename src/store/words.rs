//! Cutting text into the words of the full-text index, and a query into what is looked for. Folding is `domain::text`'s; which
//! fields are indexed is said by `prepared`, and the SQL is in `plan`.

use std::collections::HashSet;

use crate::domain::phone::digits;
use crate::domain::text::{digit_value, fold};

/// Fewest digits that are taken for a piece of a phone number.
const MIN_PHONE_DIGITS: usize = 3;

/// Says whether the script writes without spaces, so that any part of a run of its characters may be asked for.
pub(super) fn is_dense(c: char) -> bool {
    c >= '\u{0E00}'
        && matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1100}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{312F}' | '\u{3130}'..='\u{318F}' | '\u{31A0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// A piece of folded text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Piece<'a> {
    /// A word of a script with spaces.
    Word(&'a str),
    /// Characters of a script without.
    Run(&'a str),
}

/// Says whether the character belongs to a word of a script with spaces.
pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && unicode_normalization::char::is_combining_mark(c))
}

fn pieces(folded: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c| !is_word_char(c) && !is_dense(c));
        let dense = is_dense(rest.chars().next()?);
        let end = rest.find(|c| is_dense(c) != dense || !(dense || is_word_char(c))).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(if dense { Piece::Run(piece) } else { Piece::Word(piece) })
    })
}

/// The pairs of neighbours in a run, and its last character alone: every character then begins a token.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    run.char_indices().map(|(start, c)| {
        let next = start + c.len_utf8();
        let end = next + run[next..].chars().next().map_or(0, char::len_utf8);
        &run[start..end]
    })
}

/// Appends text of ASCII alone, in lower case.
pub(super) fn push_lower_ascii(text: &mut String, ascii: &str) {
    let start = text.len();
    text.push_str(ascii);
    text[start..].make_ascii_lowercase();
}

/// Collects the tokens of one contact, each once, separated by spaces.
#[derive(Default)]
pub(super) struct Tokens {
    text: String,
    /// Where they begin in the text.
    from: usize,
    /// Where each token stands. Few enough that looking through them beats hashing.
    spans: Vec<(u32, u32)>,
}

/// Tokens of most contacts.
const USUAL: usize = 16;

impl Tokens {
    /// None yet; they will be put behind some text.
    pub(super) fn behind(text: String) -> Self {
        Self { from: text.len(), text, spans: Vec::with_capacity(USUAL) }
    }

    /// Adds the tokens of some text.
    pub(super) fn add(&mut self, text: &str) {
        if text.is_ascii() {
            return self.add_ascii(text);
        }
        let folded = fold(text);
        for piece in pieces(&folded) {
            match piece {
                Piece::Word(word) => self.push(word),
                Piece::Run(run) => pairs(run).for_each(|pair| self.push(pair)),
            }
        }
        if folded.contains('\'') {
            self.add_joined(&folded);
        }
    }

    /// The same of ASCII, where the words are runs of letters and digits. Nearly all text is, and is not copied before it is cut.
    fn add_ascii(&mut self, text: &str) {
        let (mut from, mut joined) = (0, false);
        for (at, byte) in text.bytes().enumerate() {
            if byte.is_ascii_alphanumeric() {
                continue;
            }
            if from < at {
                self.push_lower(&text[from..at]);
            }
            from = at + 1;
            joined |= byte == b'\'';
        }
        if from < text.len() {
            self.push_lower(&text[from..]);
        }
        if joined {
            self.add_joined(&fold(text));
        }
    }

    /// `O'Brien` is also looked for as `obrien`.
    fn add_joined(&mut self, folded: &str) {
        for word in folded.split_whitespace().filter(|word| word.contains('\'')) {
            for piece in pieces(&word.replace('\'', "")) {
                if let Piece::Word(word) = piece {
                    self.push(word);
                }
            }
        }
    }

    fn push(&mut self, token: &str) {
        let start = self.next();
        self.text.push_str(token);
        self.keep(start);
    }

    /// Adds a token of ASCII alone.
    fn push_lower(&mut self, token: &str) {
        let start = self.next();
        push_lower_ascii(&mut self.text, token);
        self.keep(start);
    }

    /// Where the next token begins.
    fn next(&mut self) -> usize {
        if self.text.len() > self.from {
            self.text.push(' ');
        }
        self.text.len()
    }

    /// Keeps the token that was just put behind the others, unless it is there already.
    fn keep(&mut self, start: usize) {
        let (all, token) = self.text.as_bytes().split_at(start);
        let known =
            |&(from, to): &(u32, u32)| (to - from) as usize == token.len() && &all[from as usize..to as usize] == token;
        if self.spans.iter().any(known) {
            // With the space before it: there is one, since it is not the first.
            self.text.truncate(start - 1);
        } else {
            self.spans.push((start as u32, self.text.len() as u32));
        }
    }

    /// Returns the tokens, behind the text that they were put behind.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// A piece of a phone number that is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Digits {
    /// The digits, without trunk zeros and exit codes.
    pub(super) digits: String,
    /// Whether they begin the number, country code first.
    pub(super) anchored: bool,
    /// The same digits as words, should they be part of a name; empty for nothing.
    pub(super) as_words: Vec<Token>,
}

/// A word that is looked for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Token {
    /// The word, or its beginning.
    pub(super) text: String,
    /// Whether it is only the beginning.
    pub(super) prefix: bool,
}

impl Token {
    /// Says whether a word of a contact is meant.
    fn fits(&self, word: &str) -> bool {
        if self.prefix { word.starts_with(&*self.text) } else { word == self.text }
    }
}

/// Says whether all tokens are among the words that [`Tokens::into_text`] gave.
pub(super) fn all_among(tokens: &[Token], words: &str) -> bool {
    tokens.iter().all(|token| words.split(' ').any(|word| token.fits(word)))
}

/// A query, cut.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Wanted {
    /// Words, all of which must be found.
    pub(super) text: Vec<Token>,
    /// Pieces of phone numbers, all of which must be found.
    pub(super) numbers: Vec<Digits>,
}

impl Wanted {
    /// Cuts a query.
    pub(super) fn of(query: &str) -> Self {
        let folded = fold(query);
        let mut wanted = Self::default();
        let (mut number, mut text): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for word in folded.split_whitespace() {
            if is_numeric(word) {
                number.push(word);
            } else {
                wanted.take_number(&mut number, &mut text);
                text.push(word);
            }
        }
        wanted.take_number(&mut number, &mut text);
        wanted.text = matching(&text.join(" "));
        wanted
    }

    /// Takes pieces of numbers for words: numbers are not looked at. One that can be no word stays, and is not found.
    pub(super) fn numbers_as_words(&mut self) {
        let numbers = std::mem::take(&mut self.numbers);
        for number in numbers {
            if number.as_words.is_empty() {
                self.numbers.push(number);
            } else {
                self.text.extend(number.as_words);
            }
        }
    }

    /// Says that nothing was asked for that could be found.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.numbers.is_empty()
    }

    /// Neighbouring groups of digits are one number; too few digits are a word.
    fn take_number<'a>(&mut self, number: &mut Vec<&'a str>, text: &mut Vec<&'a str>) {
        let whole = number.join(" ");
        match Digits::of(&whole) {
            Some(digits) => self.numbers.push(digits),
            None => text.append(number),
        }
        number.clear();
    }
}

impl Digits {
    fn of(text: &str) -> Option<Self> {
        let plus = text.trim_start_matches(['(', ' ']).starts_with('+');
        // The trunk zero of `+44 (0)20` belongs to no E.164 number.
        let text = if plus { text.replace("(0)", "") } else { text.to_owned() };
        let all = digits(&text);
        if all.len() < MIN_PHONE_DIGITS {
            return None;
        }
        let international = plus || all.starts_with("00");
        let digits = Some(all.trim_start_matches('0')).filter(|digits| !digits.is_empty()).unwrap_or(&all).to_owned();
        let as_words = if plus { Vec::new() } else { matching(&text) };
        Some(Self { digits, anchored: international, as_words })
    }
}

fn is_numeric(word: &str) -> bool {
    let mut digits = false;
    word.chars().all(|c| {
        let digit = digit_value(c).is_some();
        digits |= digit;
        digit || matches!(c, '+' | '-' | '(' | ')' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}')
    }) && (digits || word == "+")
}

/// The tokens of folded text that is looked for: every word by its beginning, every pair of neighbours in a run.
fn matching(folded: &str) -> Vec<Token> {
    let (mut tokens, mut seen) = (Vec::new(), HashSet::new());
    let mut want = |text: &str, prefix: bool| {
        let token = Token { text: text.to_owned(), prefix };
        if seen.insert(token.clone()) {
            tokens.push(token);
        }
    };
    for piece in pieces(folded) {
        match piece {
            Piece::Word(word) => want(word, true),
            Piece::Run(run) if run.chars().nth(1).is_none() => want(run, true),
            Piece::Run(run) => {
                for pair in pairs(run).filter(|pair| pair.chars().nth(1).is_some()) {
                    want(pair, false);
                }
            }
        }
    }
    tokens
}

/// The tokens of a name that is looked for by whole words.
pub(super) fn whole(name: &str) -> Vec<Token> {
    let mut tokens = matching(&fold(name));
    let dense = |token: &Token| token.text.chars().all(is_dense);
    tokens.iter_mut().filter(|token| !dense(token)).for_each(|token| token.prefix = false);
    tokens
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check_tokens(texts: &[&str], expected: &str) {
        let mut tokens = Tokens::default();
        texts.iter().for_each(|text| tokens.add(text));
        assert_eq!(tokens.into_text(), expected);
    }

    #[test]
    fn text_becomes_words_and_pairs_each_once() {
        check_tokens(&["José Núñez", "jose.nunez@Example.com"], "jose nunez example com");
        check_tokens(&["陳大文"], "陳大 大文 文");
        check_tokens(&["ＡＢＣ株式会社"], "abc 株式 式会 会社 社");
        check_tokens(&["O’Brien-Smith"], "o brien smith obrien");
        check_tokens(&["🙂 -- ", ""], "");
        check_tokens(&["3M"], "3m");
    }

    proptest! {
        /// Text of ASCII is cut without being folded first.
        #[test]
        fn ascii_is_cut_as_any_text_is(texts in proptest::collection::vec("[\\x00-\\x7f]{0,12}|[a-b' @]{0,9}", 0..5)) {
            let (mut quick, mut plain) = (Tokens::behind("{}".to_owned()), Tokens::default());
            for text in &texts {
                quick.add(text);
                let folded = fold(text);
                for piece in pieces(&folded) {
                    let (Piece::Word(piece) | Piece::Run(piece)) = piece;
                    plain.push(piece);
                }
                plain.add_joined(&folded);
            }
            prop_assert_eq!(quick.into_text(), ["{}", &plain.into_text()].concat());
        }
    }

    #[track_caller]
    fn check_query(query: &str, text: &str, numbers: &[(&str, bool)]) {
        let wanted = Wanted::of(query);
        let told = |token: &Token| format!("\"{}\"{}", token.text, if token.prefix { "*" } else { "" });
        assert_eq!(wanted.text.iter().map(told).collect::<Vec<_>>().join(" "), text, "{query}");
        let found: Vec<_> = wanted.numbers.iter().map(|number| (number.digits.as_str(), number.anchored)).collect();
        assert_eq!(found, numbers, "{query}");
    }

    #[test]
    fn a_query_becomes_words_and_digits() {
        check_query("Jos NUÑ", "\"jos\"* \"nun\"*", &[]);
        check_query("大文", "\"大文\"", &[]);
        check_query("陳", "\"陳\"*", &[]);
        check_query("陳大文", "\"陳大\" \"大文\"", &[]);
        check_query("a@b.com", "\"a\"* \"b\"* \"com\"*", &[]);
        check_query("+852 1234-5678", "", &[("85212345678", true)]);
        check_query("00852 1234", "", &[("8521234", true)]);
        check_query("+44 (0)20 7946", "", &[("44207946", true)]);
        check_query("０９１２ ３４５", "", &[("912345", false)]);
        check_query("lee 5678", "\"lee\"*", &[("5678", false)]);
        check_query("7 eleven", "\"7\"* \"eleven\"*", &[]);
        check_query("000", "", &[("000", true)]);
        check_query("\" OR *", "\"or\"*", &[]);
    }
}

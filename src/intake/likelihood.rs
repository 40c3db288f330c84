//! How likely some bytes are in each of the encodings that no byte order mark announces.
//!
//! Double-byte encodings overlap: almost any text in one can be decoded in another without an error. But each keeps
//! its everyday characters together (GB 2312 and Big5 their first levels, KS X 1001 its syllables), and text read in
//! the wrong encoding falls beside them. So each encoding is a small model, everyday characters sharing most of the
//! probability and the others the rest, and the logarithms are summed. Only differences between encodings mean
//! anything, and only the non-ASCII part of the text enters.

/// What a byte sequence that cannot be decoded costs.
const MALFORMED: f64 = -14.0;
/// What an ASCII letter costs that a double-byte character swallows as its second byte.
const ASCII: f64 = -3.7;

/// What the improbable costs: two accents in a row in French, a Greek letter alone, Thai in the middle of a Latin word, a
/// Chinese character that begins right after a Latin letter and takes the next one with it.
const ODD: f64 = -3.5;

/// An encoding with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Gb18030,
    Big5,
    ShiftJis,
    EucJp,
    EucKr,
    Windows874,
    /// Western letters: those that are not ASCII stand alone among those that are.
    Latin,
    /// Central European, Baltic and Turkish letters, which meet more often.
    RichLatin,
    /// Cyrillic, Greek, Hebrew or Arabic: whole words are non-ASCII.
    Alphabet,
}

/// The logarithm of the likelihood of `bytes`, up to a constant that is the same for every model.
pub(super) fn log_likelihood(model: Model, bytes: &[u8]) -> f64 {
    let mut sum = 0.0;
    let mut at = 0;
    let mut before = b'\n';
    while at < bytes.len() {
        let lead = bytes[at];
        if lead < 0x80 {
            // ASCII costs the same everywhere, so only what another model may swallow needs to be counted.
            sum += if before >= 0x80 { ASCII } else { 0.0 };
            before = lead;
            at += 1;
            continue;
        }
        let (length, score) = character(model, before, lead, bytes.get(at + 1).copied());
        sum += score;
        before = bytes.get(at + length - 1).copied().unwrap_or(lead);
        at += length;
    }
    sum
}

/// The length of the character that begins with `lead`, and its score.
fn character(model: Model, before: u8, lead: u8, next: Option<u8>) -> (usize, f64) {
    let after_high = before >= 0x80;
    let joins_ascii = before.is_ascii_alphabetic() || next.is_some_and(|next| next.is_ascii_alphabetic());
    let is_alone = !after_high && next.is_none_or(|next| next < 0x80);
    match (model, next) {
        (Model::Windows874, _) => (1, thai(lead, after_high) + odd(is_alone || joins_ascii)),
        (Model::Latin, _) => (1, latin(lead) + odd(after_high && !closes_quote(lead, next))),
        (Model::RichLatin, _) => (1, rich_latin(lead) + odd(after_high) / 4.0),
        (Model::Alphabet, _) => (1, alphabet(lead) + odd(is_alone)),
        (Model::ShiftJis, _) if matches!(lead, 0xA1..=0xDF) => (1, share(0.28, 63.0) + odd(joins_ascii)),
        (_, None) => (1, 0.0), // The sample may end in the middle of a character.
        (_, Some(trail)) => {
            let (length, score) = double_byte(model, lead, trail);
            (length, score + odd(before.is_ascii_alphabetic() && trail.is_ascii_alphabetic()))
        }
    }
}

/// A typographic quote or dash that ends a word, as in `“café”`.
fn closes_quote(lead: u8, next: Option<u8>) -> bool {
    matches!(lead, 0x85 | 0x92 | 0x94 | 0x96 | 0x97)
        && next.is_none_or(|next| next < 0x80 && !next.is_ascii_alphabetic())
}

fn odd(is_odd: bool) -> f64 {
    if is_odd { ODD } else { 0.0 }
}

/// The score of one of `count` characters that together have this probability.
fn share(probability: f64, count: f64) -> f64 {
    (probability / count).ln()
}

fn double_byte(model: Model, lead: u8, trail: u8) -> (usize, f64) {
    let high = trail >= 0xA1;
    let score = match (model, lead) {
        (Model::Gb18030, 0xB0..=0xD7) if high => share(0.96, 3755.0),
        (Model::Gb18030, 0xA1 | 0xA3) if high => share(0.02, 188.0),
        (Model::Gb18030, 0x81..=0xFE) if is_trail(trail, 0x80) => share(0.02, 20000.0),
        (Model::Big5, 0xA4..=0xC6) if high || is_low_trail(trail) => share(0.96, 5401.0),
        (Model::Big5, 0xA1) if high || is_low_trail(trail) => share(0.02, 157.0),
        (Model::Big5, 0x87..=0xFE) if high || is_low_trail(trail) => share(0.02, 13000.0),
        (Model::EucKr, 0xB0..=0xC8) if high => share(0.96, 2350.0),
        (Model::EucKr, 0xA1 | 0xA3) if high => share(0.02, 188.0),
        (Model::EucKr, 0x81..=0xFD) if is_trail(trail, 0x81) => share(0.02, 14000.0),
        (Model::EucJp, 0xA4 | 0xA5) if high => share(0.48, 170.0),
        (Model::EucJp, 0xB0..=0xCF) if high => share(0.48, 2965.0),
        (Model::EucJp, 0x8E | 0xA1..=0xFE) if high => share(0.04, 4500.0),
        (Model::ShiftJis, 0x82 | 0x83) if is_trail(trail, 0x80) => share(0.4, 190.0),
        (Model::ShiftJis, 0x88..=0x97) if is_trail(trail, 0x80) => share(0.3, 2965.0),
        (Model::ShiftJis, 0x81..=0x9F | 0xE0..=0xFC) if is_trail(trail, 0x80) => share(0.02, 5000.0),
        _ => return (1, MALFORMED),
    };
    (2, score)
}

fn is_low_trail(trail: u8) -> bool {
    matches!(trail, 0x40..=0x7E)
}

/// A second byte from `40`, without the rubout and without the bytes at the end that stand for nothing.
fn is_trail(trail: u8, high_from: u8) -> bool {
    is_low_trail(trail) || (trail >= high_from && trail != 0xFF)
}

/// Thai text: consonants and vowels, marks that need a letter below them, hardly a Thai digit.
fn thai(byte: u8, after_high: bool) -> f64 {
    match byte {
        0xD1 | 0xD4..=0xDA | 0xE7..=0xEE if !after_high => MALFORMED,
        0xA1..=0xDA | 0xDF..=0xEE => share(0.97, 74.0),
        0xEF..=0xFB | 0x80 | 0x85 | 0x91..=0x97 | 0xA0 => share(0.03, 23.0),
        _ => MALFORMED,
    }
}

fn latin(byte: u8) -> f64 {
    match byte {
        0xD7 | 0xF7 => share(0.01, 32.0),
        0xE0..=0xFE => share(0.7, 31.0),
        0xC0..=0xDE => share(0.15, 31.0),
        0x91..=0x97 | 0x80 | 0x85 | 0x8A | 0x8C | 0x8E | 0x9A | 0x9C | 0x9E | 0x9F => share(0.1, 16.0),
        0xA0..=0xFF => share(0.04, 34.0),
        _ => share(0.002, 17.0),
    }
}

fn rich_latin(byte: u8) -> f64 {
    match byte {
        0xC0..=0xFF => share(0.75, 64.0),
        0xA0..=0xBF => share(0.15, 32.0),
        _ => share(0.1, 32.0),
    }
}

fn alphabet(byte: u8) -> f64 {
    match byte {
        0xE0..=0xFF => share(0.7, 32.0),
        0xC0..=0xDF => share(0.25, 32.0),
        0xA0..=0xBF => share(0.04, 32.0),
        _ => share(0.01, 32.0),
    }
}

//! People's names in one cell, taken apart. What cannot be known is decided by the commonest rule; no letter is ever lost.

/// A name in two parts; either may be empty.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Split {
    pub(super) first: String,
    pub(super) last: String,
}

/// Words that begin a last name of several words: `Ludwig van Beethoven`.
const PARTICLES: &[&str] = &[
    "abu", "af", "al", "av", "bin", "bint", "binti", "da", "dal", "das", "de", "degli", "del", "della", "den", "der",
    "di", "dos", "du", "el", "ibn", "la", "le", "st.", "ten", "ter", "van", "vom", "von", "zu", "zum", "zur",
];
/// Words behind a name that belong to the last one.
const SUFFIXES: &[&str] = &["jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d.", "esq", "esq."];
/// What keeps its capitals behind a name: numbers of generations, and legal forms of companies.
const KEPT: &[&str] =
    &["II", "III", "IV", "PhD", "MD", "GmbH", "AG", "KG", "LLC", "LLP", "PLC", "SRL", "SpA", "BV", "NV"];
/// Forms of address in front of a name, without dots. None of them is a first name.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "dame",
    "rev",
    "hon",
    "capt",
    "col",
    "herr",
    "frau",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "sig",
    "sra",
    "srta",
    "señor",
    "señora",
    "ing",
    "dipl-ing",
    "drs",
];
/// Chinese and Korean last names of two characters.
const DOUBLE_SURNAMES: &[&str] = &[
    "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "夏侯", "东方", "東方", "皇甫", "尉迟", "尉遲", "公孙",
    "公孫", "慕容", "令狐", "宇文", "长孙", "長孫", "司徒", "司空", "南宫", "南宮", "端木", "남궁", "황보", "제갈",
    "사공", "선우", "서문", "독고",
];

/// Splits a full name.
pub(super) fn split(full: &str) -> Split {
    let words: Vec<&str> = full.split_whitespace().collect();
    let text = words.join(" ");
    if let Some((before, behind)) = text.split_once([',', '，']) {
        return split_at_comma(before.trim(), behind.trim());
    }
    match words.as_slice() {
        [] => Split::default(),
        [only] if is_east_asian(only) => split_characters(only),
        [only] => pair(only, ""),
        [last, first @ ..] if words.iter().all(|word| is_east_asian(word)) => pair(&first.join(" "), last),
        _ => split_words(&words),
    }
}

fn pair(first: &str, last: &str) -> Split {
    Split { first: first.to_owned(), last: last.to_owned() }
}

/// `Lee, Ann` has the last name first; `Robert Lee, Jr.` has not.
fn split_at_comma(before: &str, behind: &str) -> Split {
    if is_suffix(behind) {
        let mut name = split(before);
        let part = if name.last.is_empty() { &mut name.first } else { &mut name.last };
        part.push(' ');
        part.push_str(behind);
        return name;
    }
    pair(behind, before)
}

/// `陈大文`: one character of last name, two where that is a known double one or the whole has four or more.
fn split_characters(name: &str) -> Split {
    let count = name.chars().count();
    let length = match count {
        0 | 1 => return pair("", name),
        2 => 1,
        _ if DOUBLE_SURNAMES.iter().any(|surname| name.starts_with(surname)) => 2,
        3 => 1,
        _ => 2,
    };
    let at = name.char_indices().nth(length).map_or(name.len(), |(at, _)| at);
    pair(&name[at..], &name[..at])
}

fn split_words(words: &[&str]) -> Split {
    let end = words.iter().rposition(|word| !is_suffix(word)).map_or(words.len(), |at| at + 1);
    // `Jr. Lee`: whatever that is, its last word is the last name.
    let end = if end < 2 { words.len() } else { end };
    let core = &words[..end];
    if let Some(shouted) = shouted_first(core) {
        let last = [&core[..shouted], &words[end..]].concat();
        return pair(&core[shouted..].join(" "), &last.join(" "));
    }
    let particle =
        core.iter().enumerate().skip(1).take(core.len().saturating_sub(2)).find(|(_, word)| is_particle(word));
    let at = particle.map_or(core.len() - 1, |(at, _)| at);
    pair(&words[..at].join(" "), &words[at..].join(" "))
}

/// `CHAN Tai Man`: words in capitals in front of others are the last name.
fn shouted_first(words: &[&str]) -> Option<usize> {
    let shouted =
        |word: &&&str| word.chars().filter(|c| c.is_alphabetic()).count() > 1 && !word.chars().any(char::is_lowercase);
    let count = words.iter().take_while(shouted).count();
    let rest = words.get(count..).unwrap_or_default();
    (count > 0 && !rest.is_empty() && rest.iter().all(|word| word.chars().any(char::is_lowercase))).then_some(count)
}

fn is_particle(word: &str) -> bool {
    let word = word.to_lowercase();
    PARTICLES.contains(&word.as_str())
}

fn is_suffix(word: &str) -> bool {
    let word = word.to_lowercase();
    SUFFIXES.contains(&word.as_str())
}

/// Han and Hangul; kana stays whole, for nothing tells where it splits.
fn is_east_asian(word: &str) -> bool {
    word.chars().all(|c| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3134f}'))
}

/// Writes names with capitals: `ANN O'NEIL-VAN DYKE` becomes `Ann O'Neil-Van Dyke`. Words that mix capitals and small letters stay.
pub(super) fn title_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, word) in text.split_inclusive(char::is_whitespace).enumerate() {
        let mixed = word.chars().any(char::is_lowercase) && word.chars().any(char::is_uppercase);
        if mixed {
            out.push_str(word);
        } else if at > 0 && is_particle(word.trim()) {
            out.push_str(&word.to_lowercase());
        } else if let Some((kept, behind)) = kept(word).filter(|_| at > 0) {
            out.push_str(kept);
            out.push_str(behind);
        } else {
            capitalize(word, &mut out);
        }
    }
    out
}

/// Finds a word among those that keep their capitals; returns it, and the signs and blanks behind it.
fn kept(word: &str) -> Option<(&'static str, &str)> {
    let end = word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len());
    let (word, behind) = word.split_at(end);
    let known = KEPT.iter().find(|known| known.eq_ignore_ascii_case(word))?;
    (!behind.contains(char::is_alphanumeric)).then_some((known, behind))
}

/// Writes a first and a last name as one: Chinese and Korean names the other way round and without a space.
pub(super) fn join(first: &str, last: &str) -> String {
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() || last.is_empty() {
        return format!("{first}{last}");
    }
    if is_east_asian(first) && is_east_asian(last) { format!("{last}{first}") } else { format!("{first} {last}") }
}

/// Takes forms of address off the front of a name; returns them and the rest. A name that is nothing else is left whole.
pub(super) fn split_title(full: &str) -> (String, String) {
    let words: Vec<&str> = full.split_whitespace().collect();
    let is_title = |word: &&&str| {
        let word = word.trim_end_matches(['.', ',']).to_lowercase();
        TITLES.contains(&word.as_str())
    };
    let count = words.iter().take_while(is_title).count();
    let count = if count == words.len() { 0 } else { count };
    (words[..count].join(" "), words[count..].join(" "))
}

/// A letter after a hyphen is a capital, and one after a first letter's apostrophe: `Lee-O'Neil`, but not `Ann'S`.
fn capitalize(word: &str, out: &mut String) {
    let (mut start, mut letters) = (true, 0);
    for c in word.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = match c {
            '\'' | '’' => letters == 1,
            _ => !c.is_alphanumeric(),
        };
        letters = if c.is_alphanumeric() { letters + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(full: &str, first: &str, last: &str) {
        assert_eq!(split(full), pair(first, last), "{full}");
    }

    #[test]
    fn names_split_as_their_bearers_would() {
        check("Ann Lee", "Ann", "Lee");
        check("  Ann \u{a0} Marie   Lee ", "Ann Marie", "Lee");
        check("Lee, Ann", "Ann", "Lee");
        check("van Dyke, Ann Marie", "Ann Marie", "van Dyke");
        check("Ludwig van Beethoven", "Ludwig", "van Beethoven");
        check("Maria de la Cruz", "Maria", "de la Cruz");
        check("Ahmad bin Abdullah", "Ahmad", "bin Abdullah");
        check("Van Morrison", "Van", "Morrison");
        check("Robert Lee Jr.", "Robert", "Lee Jr.");
        check("Robert Lee, Jr.", "Robert", "Lee Jr.");
        check("CHAN Tai Man", "Tai Man", "CHAN");
        check("Tai Man CHAN", "Tai Man", "CHAN");
        check("ANN LEE", "ANN", "LEE");
        check("陈大文", "大文", "陈");
        check("陈 大文", "大文", "陈");
        check("欧阳娜娜", "娜娜", "欧阳");
        check("山田太郎", "太郎", "山田");
        check("김철수", "철수", "김");
        check("李", "", "李");
        check("Madonna", "Madonna", "");
        check("", "", "");
        check(" , ", "", "");
    }

    #[test]
    fn titles_keep_what_people_mixed() {
        assert_eq!(title_case("ANN o'neil-smith"), "Ann O'Neil-Smith");
        assert_eq!(title_case("LUDWIG VAN BEETHOVEN"), "Ludwig van Beethoven");
        assert_eq!(title_case("McDonald  jones"), "McDonald  Jones");
        assert_eq!(title_case("ann's"), "Ann's");
        assert_eq!(title_case("MARIA CRUZ-O'BRIEN III"), "Maria Cruz-O'Brien III");
        assert_eq!(title_case("müller gmbh, agatha ag."), "Müller GmbH, Agatha AG.");
        assert_eq!(title_case("AG-DENT NV1"), "Ag-Dent Nv1");
    }

    #[test]
    fn forms_of_address_come_off_and_names_go_together() {
        let title = |full: &str| split_title(full);
        assert_eq!(title("Prof. Dr. Ann Lee"), ("Prof. Dr.".to_owned(), "Ann Lee".to_owned()));
        assert_eq!(title("Drew Lee"), (String::new(), "Drew Lee".to_owned()));
        assert_eq!(title("Dr."), (String::new(), "Dr.".to_owned()));
        assert_eq!(join("Ann", "Lee"), "Ann Lee");
        assert_eq!(join("大文", "陈"), "陈大文");
        assert_eq!(join("", "Lee"), "Lee");
    }

    proptest! {
        #[test]
        fn no_letter_is_lost(full in "[\\PC]{0,40}") {
            let name = split(&full);
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '，')).collect();
                letters.sort_unstable();
                letters
            };
            prop_assert_eq!(letters(&format!("{}{}", name.first, name.last)), letters(&full));
        }
    }
}

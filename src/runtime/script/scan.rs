//! Which functions a script's text calls, found without running it: enough of Rhai's lexical rules to pass over comments and strings, and
//! to look into the `${…}` of template strings.

use std::collections::{HashMap, HashSet};

use super::habits::{Compared, comparison, has_hole};

/// Returns the names that are followed by `(`, without those that the script defines itself.
pub(super) fn called(source: &str) -> HashSet<&str> {
    let Scan { called, defined, .. } = scan(source);
    called.into_keys().filter(|name| !defined.contains(name)).collect()
}

/// Returns the calls of functions that the script does not define, and that it does not speak of otherwise (as a variable or a key might
/// be spoken of that holds a function): each name, and where it is called first, in bytes.
pub(super) fn foreign(source: &str) -> Vec<(&str, usize)> {
    let Scan { called, defined, named, .. } = scan(source);
    let is_foreign = |name: &str| !defined.contains(name) && !named.contains(name) && !KEYWORDS.contains(&name);
    let mut foreign: Vec<_> = called.into_iter().filter(|(name, _)| is_foreign(name)).collect();
    foreign.sort_by_key(|(_, at)| *at);
    foreign
}

/// Returns the words that are no calls and no keywords: variables, parameters, properties.
pub(super) fn words(source: &str) -> HashSet<&str> {
    let Scan { named, .. } = scan(source);
    named.into_iter().filter(|word| !KEYWORDS.contains(word)).collect()
}

/// Returns the fields that are compared with a number, of whatever thing.
pub(super) fn compared(source: &str) -> Vec<Compared<'_>> {
    scan(source).compared
}

/// Returns where the first text in double quotes stands that was meant to have a value in it, in bytes.
pub(super) fn hole_in_quotes(source: &str) -> Option<usize> {
    scan(source).hole
}

/// Words of the language that may stand before a bracket.
const KEYWORDS: &[&str] = &[
    "let",
    "const",
    "if",
    "else",
    "switch",
    "do",
    "while",
    "until",
    "loop",
    "for",
    "in",
    "continue",
    "break",
    "return",
    "throw",
    "try",
    "catch",
    "fn",
    "private",
    "this",
    "global",
    "import",
    "export",
    "as",
    "eval",
    "Fn",
    "call",
    "curry",
    "type_of",
    "is_shared",
    "is_def_fn",
    "is_def_var",
    "print",
    "debug",
    "true",
    "false",
];

fn scan(source: &str) -> Scan<'_> {
    let mut scan = Scan {
        source,
        at: 0,
        called: HashMap::new(),
        defined: HashSet::new(),
        named: HashSet::new(),
        compared: Vec::new(),
        hole: None,
    };
    scan.code(false);
    scan
}

struct Scan<'s> {
    source: &'s str,
    at: usize,
    /// Where each is called first.
    called: HashMap<&'s str, usize>,
    defined: HashSet<&'s str>,
    /// Words that are not followed by `(`.
    named: HashSet<&'s str>,
    compared: Vec<Compared<'s>>,
    /// The first text in double quotes with what looks like a value in it.
    hole: Option<usize>,
}

impl<'s> Scan<'s> {
    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'s [u8] {
        self.source.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Reads code to the end of the text, or to the `}` that ends a template's hole.
    fn code(&mut self, in_hole: bool) {
        let (mut depth, mut after_fn) = (0usize, false);
        while let Some(byte) = self.peek() {
            match byte {
                b'/' if self.rest().starts_with(b"//") => self.line_comment(),
                b'/' if self.rest().starts_with(b"/*") => self.block_comment(),
                b'"' | b'\'' => self.quoted(byte),
                b'`' => self.template(),
                b'#' if self.rawstring() => {}
                b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' if in_hole && depth == 0 => return,
                b'}' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                _ if byte.is_ascii_alphabetic() || byte == b'_' => after_fn = self.word(after_fn),
                _ => self.at += 1,
            }
        }
    }

    /// Reads a word; says whether it was `fn`.
    fn word(&mut self, after_fn: bool) -> bool {
        let length = self.rest().iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let (word, start) = (&self.source[self.at..self.at + length], self.at);
        self.at += length;
        if matches!(self.peek(), Some(b'.' | b'[')) {
            self.compared.extend(comparison(self.source, start));
        }
        let next = self.rest().iter().find(|byte| !byte.is_ascii_whitespace());
        if after_fn {
            self.defined.insert(word);
        } else if next == Some(&b'(') {
            self.called.entry(word).or_insert(start);
        } else {
            self.named.insert(word);
        }
        word == "fn"
    }

    fn line_comment(&mut self) {
        self.at += self.rest().iter().position(|byte| *byte == b'\n').unwrap_or(self.rest().len());
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while self.peek().is_some() {
            if self.rest().starts_with(b"/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
            } else {
                self.at += 1;
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn quoted(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == quote {
                break;
            }
        }
        let text = self.source.get(start..self.at).unwrap_or_default();
        if quote == b'"' && self.hole.is_none() && has_hole(text) {
            self.hole = Some(start);
        }
    }

    fn template(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            if self.rest().starts_with(b"${") {
                self.at += 2;
                self.code(true);
            }
            self.at += 1;
            if byte == b'`' {
                return;
            }
        }
    }

    /// Passes over `#"…"#` with any number of `#`; says whether there was one.
    fn rawstring(&mut self) -> bool {
        let hashes = self.rest().iter().take_while(|byte| **byte == b'#').count();
        if self.rest().get(hashes) != Some(&b'"') {
            return false;
        }
        let end = format!("\"{}", "#".repeat(hashes));
        let body = self.at + hashes + 1;
        let length = self.source[body..].find(&end).map_or(self.source.len() - body, |found| found + end.len());
        self.at = body + length;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: bool) {
        assert_eq!(called(source).contains("lookup"), expected, "{source}");
    }

    #[test]
    fn foreign_calls_are_those_that_nothing_else_speaks_of() {
        let source = "fn a(f) { f(1); m.g(2); h(3); if (x) { b(4) } #{ g: 1 } }\nfn b() { }";
        assert_eq!(foreign(source), [("h", 24)]);
        assert!(words("let count = 1; fn a(first) { name.last }").contains("last"));
    }

    #[test]
    fn calls_are_found_in_code_and_nowhere_else() {
        check("let x = lookup(\"email\", m);", true);
        check("x.lookup (1)", true);
        check("`${ if a { lookup(1) } else { 2 } }`", true);
        check("\"a\\\"b\"; lookup(1)", true);
        check("'\"'; lookup(1)", true);
        check("#\"lookup(1)\"#", false);
        check("##\"a\"# lookup(1)\"##", false);
        check("// lookup(1)\n/* /* lookup(1) */ lookup(1) */", false);
        check("\"lookup(1)\" `lookup(1)`", false);
        check("let lookup = 1; my_lookup(1)", false);
        check("fn lookup(a) { } lookup(1)", false);
        check("#{a: 1}; \"é\"; lookup(1)", true);
        check("\"unterminated lookup(", false);
        check("`${", false);
    }
}

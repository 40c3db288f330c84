//! Which functions a script's text calls, found without running it: enough of Rhai's lexical rules to pass over comments and strings, and
//! to look into the `${…}` of template strings.

use std::collections::HashSet;

/// Returns the names that are followed by `(`, without those that the script defines itself.
pub(super) fn called(source: &str) -> HashSet<&str> {
    let mut scan = Scan { source, at: 0, called: HashSet::new(), defined: HashSet::new() };
    scan.code(false);
    let Scan { called, defined, .. } = scan;
    called.difference(&defined).copied().collect()
}

struct Scan<'s> {
    source: &'s str,
    at: usize,
    called: HashSet<&'s str>,
    defined: HashSet<&'s str>,
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
        let word = &self.source[self.at..self.at + length];
        self.at += length;
        let next = self.rest().iter().find(|byte| !byte.is_ascii_whitespace());
        if after_fn {
            self.defined.insert(word);
        } else if next == Some(&b'(') {
            self.called.insert(word);
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
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == quote {
                return;
            }
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

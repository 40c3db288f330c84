//! What a number format of a spreadsheet says about the numbers in it: a date, a time, a share, zeros in front.

/// What the numbers of a format are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Numbers.
    Number,
    /// Days, perhaps with a time.
    Date,
    /// Times of the day.
    Time,
    /// How long something takes: hours beyond 24.
    Duration,
    /// Shares.
    Percent,
    /// Numbers in scientific notation.
    Scientific,
    /// Whole numbers with zeros in front, up to a width.
    Padded(usize),
}

impl Format {
    /// The formats that every spreadsheet has by number.
    pub(super) fn built_in(id: u32) -> Self {
        match id {
            9 | 10 => Self::Percent,
            11 | 48 => Self::Scientific,
            14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Date,
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Self::Time,
            46 => Self::Duration,
            _ => Self::Number,
        }
    }

    /// What a format's code says, such as `yyyy\-mm\-dd` or `[h]:mm`. Only the section for positive numbers counts.
    pub(super) fn of_code(code: &str) -> Self {
        let Some(signs) = signs(code) else { return Self::Duration };
        let has = |letters: &[char]| signs.contains(letters);
        let is_number = signs.contains(['0', '#', '?']);
        // A hyphen between the zeros, as in `00000-0000`, is shown and no sign of the number.
        let zeros = signs.bytes().filter(|sign| *sign == b'0').count();
        if zeros > 1 && signs.starts_with('0') && signs.bytes().all(|sign| matches!(sign, b'0' | b'-')) {
            return Self::Padded(zeros);
        }
        if is_number && (signs.contains("e+") || signs.contains("e-")) {
            return Self::Scientific;
        }
        if signs.contains(['#', '?']) {
            return if signs.contains('%') { Self::Percent } else { Self::Number };
        }
        if has(&['y', 'd', 'e', 'g', 'b']) {
            return Self::Date;
        }
        if has(&['h', 's']) {
            return Self::Time;
        }
        if signs.contains('m') {
            return Self::Date;
        }
        if signs.contains('%') { Self::Percent } else { Self::Number }
    }
}

/// The letters and signs of a code's first section that mean something, in lower case; nothing for a code that shows
/// hours, minutes or seconds beyond a day's, as `[h]` does.
fn signs(code: &str) -> Option<String> {
    let mut signs = String::new();
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ';' => break,
            '"' => drop(letters.by_ref().find(|letter| *letter == '"')),
            // What follows is shown as it is, is as wide as a blank, or fills the cell.
            '\\' | '_' | '*' => drop(letters.next()),
            '[' => {
                let inside: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                let inside = inside.to_ascii_lowercase();
                let first = inside.chars().next();
                if first.is_some_and(|first| matches!(first, 'h' | 'm' | 's'))
                    && inside.chars().all(|letter| Some(letter) == first)
                {
                    return None;
                }
            }
            letter if letter.is_ascii_alphanumeric() || matches!(letter, '#' | '?' | '%' | '+' | '-' | '.') => {
                signs.push(letter.to_ascii_lowercase());
            }
            _ => {}
        }
    }
    Some(signs.replace("general", "").replace("ampm", "h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(codes: &[&str], expected: Format) {
        for code in codes {
            assert_eq!(Format::of_code(code), expected, "{code}");
        }
    }

    #[test]
    fn codes_say_what_numbers_are() {
        check(&["General", "GENERAL", "", "@", "0", "0.00", "#,##0", "#,##0.00\\ [$€-407]"], Format::Number);
        check(&["#,##0\\ \"days\"", "0\" m\"", "\"Y: \"0.00\"m\";\"x\"", "#,##0*y", "_(* #,##0_)"], Format::Number);
        check(
            &["+General", "General;-General", "[Red]0;[Blue]-0", "[<=9999999]###-####;(###) ###-####", "+0"],
            Format::Number,
        );
        check(&["yyyy-mm-dd", "DD/MM/YY", "d. mmmm yyyy", "mmm-yy", "mmmm", "m\"M\"d\"D\";@"], Format::Date);
        check(&["[$-F800]dddd, mmmm dd, yyyy", "[$-404]e\"x\"m\"y\"d", "yyyy-mm-dd hh:mm:ss"], Format::Date);
        check(&["h:mm", "h:mm AM/PM", "hh:mm:ss", "mm:ss"], Format::Time);
        check(&["[h]:mm", "[mm]:ss", "[ss].00"], Format::Duration);
        check(&["0%", "0.00%"], Format::Percent);
        check(&["0.00E+00", "##0.0E+0"], Format::Scientific);
        check(&["00000", "00000;-00000"], Format::Padded(5));
        check(&["00000-0000", "00000\\-0000", "00000 0000", "000-00-0000"], Format::Padded(9));
    }
}

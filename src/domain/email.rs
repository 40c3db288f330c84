//! E-mail addresses: unwrapping what people paste, refusing what cannot be one.
//! Whether somebody reads the mail is not known here.

use super::invalid::Invalid;
use super::text::{clean, fold, is_invisible, shown};

/// Longest address in bytes (RFC 5321 with its correction).
const ADDRESS_MAX_BYTES: usize = 254;
/// Longest cell that is looked into, with a display name and the like, in bytes.
const CELL_MAX_BYTES: usize = 2000;
/// Longest part before the `@`, in bytes.
const LOCAL_MAX_BYTES: usize = 64;
/// Longest part of a domain between two dots, in bytes.
const LABEL_MAX_BYTES: usize = 63;

/// An address that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedEmail {
    /// As typed, without `mailto:`, a display name or quotes of a spreadsheet.
    pub address: String,
    /// Whether something other than white space was taken off.
    pub unwrapped: bool,
}

/// Reads one address. Refused as `EMAIL_FORMAT`, `EMAIL_DOMAIN` (the part after the `@`),
/// `EMAIL_OBFUSCATED` (`[email protected]`, `a at b`) or `EMAIL_SEVERAL`.
pub fn parse_email(text: &str) -> Result<ParsedEmail, Invalid> {
    if is_plain(text) {
        return Ok(ParsedEmail { address: text.to_owned(), unwrapped: false });
    }
    let text = clean(text);
    if text.len() > CELL_MAX_BYTES {
        return Err(too_long(text.len(), CELL_MAX_BYTES));
    }
    let address = unwrap(&text);
    check(&text, address)?;
    Ok(ParsedEmail { address: address.to_owned(), unwrapped: address.len() != text.len() })
}

/// Whether the text is an address of letters, digits and the usual signs alone, as most are: there is nothing to unwrap in it and nothing
/// to refuse. Of other texts nothing is said.
fn is_plain(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+');
    (1..=LOCAL_MAX_BYTES).contains(&local.len())
        && text.len() <= ADDRESS_MAX_BYTES
        && local.bytes().all(usual)
        && is_plain_domain(domain.as_bytes())
}

fn is_plain_domain(domain: &[u8]) -> bool {
    let (mut labels, mut has_letter) = (0, false);
    for label in domain.split(|byte| *byte == b'.') {
        let usual = label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        if !(1..=LABEL_MAX_BYTES).contains(&label.len()) || !usual || label.starts_with(b"-") || label.ends_with(b"-") {
            return false;
        }
        (labels, has_letter) = (labels + 1, !label.iter().all(u8::is_ascii_digit));
    }
    // Of the last one.
    labels > 1 && has_letter
}

/// The address inside `mailto:a@b.c?subject=…`, `Name <a@b.c>`, `="a@b.c"`, `'a@b.c`, and these
/// inside each other.
fn unwrap(mut text: &str) -> &str {
    loop {
        let inner = unwrap_once(text).trim();
        if inner.len() == text.len() {
            return text;
        }
        text = inner;
    }
}

fn unwrap_once(text: &str) -> &str {
    if let Some(apostrophe) = text.strip_prefix('\'') {
        return apostrophe.trim_start_matches('\'');
    }
    if let Some(formula) = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return formula;
    }
    match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => {
            let rest = &text[7..];
            rest.split_once('?').map_or(rest, |(address, _)| address)
        }
        _ => inside_angles(text).unwrap_or(text),
    }
}

/// What stands in `<…>`, unless the text before it is another address.
fn inside_angles(text: &str) -> Option<&str> {
    let (name, rest) = text.strip_suffix('>')?.split_once('<')?;
    let name = name.trim().trim_matches('"');
    let same = name.eq_ignore_ascii_case(rest);
    (!rest.contains(['<', '>']) && (same || !name.contains('@'))).then_some(rest)
}

fn check(text: &str, address: &str) -> Result<(), Invalid> {
    let ats = address.bytes().filter(|&byte| byte == b'@').count();
    if ats == 1
        && let Some((local, domain)) = address.split_once('@')
        && !(address.contains([',', ';', '/']) && looks_like_several(address))
    {
        check_length(address)?;
        check_local(local)?;
        return check_domain(domain);
    }
    Err(no_single_at(text, address, ats))
}

/// Why an address without exactly one `@` is none.
fn no_single_at(text: &str, address: &str, ats: usize) -> Invalid {
    if looks_obfuscated(text) {
        return Invalid::new("EMAIL_OBFUSCATED", format!("`{}` hides the address", shown(text)))
            .hint("a web page masked it against spam; copy the address itself");
    }
    if looks_like_several(address) {
        return Invalid::new("EMAIL_SEVERAL", "several addresses in one cell")
            .hint("put each address in a column of its own");
    }
    let what = match ats {
        0 if text.is_empty() => "is empty".to_owned(),
        0 => format!("`{}` has no `@`", shown(text)),
        _ => format!("`{}` has more than one `@`", shown(text)),
    };
    Invalid::new("EMAIL_FORMAT", what).hint("write it like name@example.com")
}

fn looks_obfuscated(text: &str) -> bool {
    let folded = fold(text);
    let squeezed = folded.replace(char::is_whitespace, " ");
    squeezed.contains("email protected")
        || ["(at)", "[at]", "{at}", "<at>", " at "].iter().any(|at| squeezed.contains(at))
}

/// Two parts with an `@` each, parted by what parts a list.
fn looks_like_several(address: &str) -> bool {
    address
        .split([';', ',', '|', '/', ' ', '\t', '\n', '\r'])
        .filter(|part| part.trim_matches(['<', '>', '"']).find('@').is_some_and(|at| at > 0))
        .count()
        > 1
}

fn check_length(address: &str) -> Result<(), Invalid> {
    if address.len() <= ADDRESS_MAX_BYTES {
        return Ok(());
    }
    Err(too_long(address.len(), ADDRESS_MAX_BYTES))
}

fn too_long(bytes: usize, limit: usize) -> Invalid {
    let message = format!("is {bytes} bytes long, the limit is {limit}");
    Invalid::new("EMAIL_FORMAT", message).hint("write the address alone, like name@example.com")
}

/// Dots may stand anywhere: some mobile carriers did give out `a..b.@`.
fn check_local(local: &str) -> Result<(), Invalid> {
    if local.is_empty() || local.len() > LOCAL_MAX_BYTES {
        let message = format!("the part before the `@` has {} bytes, it needs 1 to {LOCAL_MAX_BYTES}", local.len());
        return Err(Invalid::new("EMAIL_FORMAT", message).hint("write it like name@example.com"));
    }
    match local.chars().find(|&c| !local_char(c)) {
        None => Ok(()),
        Some(c) => {
            let message = format!("`{}` cannot stand before the `@`", c.escape_debug());
            Err(Invalid::new("EMAIL_FORMAT", message).hint("write it like name@example.com"))
        }
    }
}

fn local_char(c: char) -> bool {
    match c {
        '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | ',' | '\\' | '"' => false,
        // Nobody finds an address again that has something in it which cannot be seen.
        _ => !c.is_control() && !is_invisible(c),
    }
}

fn check_domain(domain: &str) -> Result<(), Invalid> {
    let refuse = |why: String| Err(Invalid::new("EMAIL_DOMAIN", why).hint("write it like name@example.com"));
    let shown = |text: &str| shown(&escaped(text));
    let Some((_, top)) = domain.rsplit_once('.') else {
        return refuse(format!("the domain `{}` has no dot", shown(domain)));
    };
    if top.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse(format!("the domain `{}` has no name after its last dot", shown(domain)));
    }
    match domain.split('.').find(|label| !label_ok(label)) {
        None => Ok(()),
        Some("") => refuse(format!("the domain `{}` has a dot too many", shown(domain))),
        Some(label) => refuse(format!("`{}` cannot be part of a domain", shown(label))),
    }
}

/// What nobody sees stands in an error message by its number.
fn escaped(text: &str) -> String {
    let one = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().map(one).collect()
}

/// Letters and digits of any script, and hyphens inside.
fn label_ok(label: &str) -> bool {
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || c == '-'
            || (!c.is_ascii() && (c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)))
    };
    !label.is_empty()
        && label.len() <= LABEL_MAX_BYTES
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check_ok(text: &str, address: &str, unwrapped: bool) {
        let expected = ParsedEmail { address: address.to_owned(), unwrapped };
        assert_eq!(parse_email(text), Ok(expected), "{text}");
    }

    #[test]
    fn addresses_are_unwrapped() {
        check_ok("John.Doe@Example.COM", "John.Doe@Example.COM", false);
        check_ok(" a@b.com\u{a0}", "a@b.com", false);
        check_ok("mailto:a@b.com?subject=x", "a@b.com", true);
        check_ok("John <A@b.com>", "A@b.com", true);
        check_ok("\"Doe, John\" <a@b.com>", "a@b.com", true);
        check_ok("<mailto:a@b.com>", "a@b.com", true);
        check_ok("a@b.com <a@b.com>", "a@b.com", true);
        check_ok("=\"a@b.com\"", "a@b.com", true);
        check_ok("o'hara+x/y@b.com", "o'hara+x/y@b.com", false);
        check_ok("用户@例子.公司", "用户@例子.公司", false);
        check_ok("JOSÉ@Bücher.example", "JOSÉ@Bücher.example", false);
        check_ok("a..b.@docomo.ne.jp", "a..b.@docomo.ne.jp", false);
    }

    #[test]
    fn a_domain_is_shown_with_what_nobody_sees() {
        let told = |text: &str| parse_email(text).unwrap_err().message;
        assert_eq!(told("a@b.com\0"), "`com\\0` cannot be part of a domain");
        assert_eq!(told("a@b\u{7f}"), "the domain `b\\u{7f}` has no dot");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, code) in [
            ("", "EMAIL_FORMAT"),
            ("john", "EMAIL_FORMAT"),
            ("@b.com", "EMAIL_FORMAT"),
            ("a@@b.com", "EMAIL_FORMAT"),
            ("a b@c.com", "EMAIL_FORMAT"),
            ("a\u{0}b@c.com", "EMAIL_FORMAT"),
            ("a@b", "EMAIL_DOMAIN"),
            ("a@", "EMAIL_DOMAIN"),
            ("a@b..com", "EMAIL_DOMAIN"),
            ("a@b.com.", "EMAIL_DOMAIN"),
            ("a@-b.com", "EMAIL_DOMAIN"),
            ("a@10.0.0.1", "EMAIL_DOMAIN"),
            ("a@b.c,om", "EMAIL_DOMAIN"),
            ("[email protected]", "EMAIL_OBFUSCATED"),
            ("[email\u{a0}protected]", "EMAIL_OBFUSCATED"),
            ("john (at) example.com", "EMAIL_OBFUSCATED"),
            ("a@b.com;c@d.com", "EMAIL_SEVERAL"),
            ("a@b.com, c@d.com", "EMAIL_SEVERAL"),
            ("A <a@b.com>, C <c@d.com>", "EMAIL_SEVERAL"),
            ("a@b.com ::: c@d.com", "EMAIL_SEVERAL"),
        ] {
            let invalid = parse_email(text).expect_err(text);
            assert_eq!(invalid.code, code, "{text}: {invalid}");
        }
    }

    proptest! {
        #[test]
        fn plain_addresses_need_no_second_look(text in "[a-zA-Z0-9._+-]{0,66}@[a-zA-Z0-9.-]{0,70}|[a-z0-9]@([a-z0-9-]{0,3}[.]){0,100}[a-z0-9]{0,3}") {
            if is_plain(&text) {
                let cleaned = clean(&text);
                prop_assert_eq!(unwrap(&cleaned), &text);
                prop_assert_eq!(check(&text, &text), Ok(()));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|[a-zÀ-ɏ<>@.:'\"=; ]{0,20}@[a-zA-ZÉ.]{0,9}") {
            if let Ok(email) = parse_email(&text) {
                let again = parse_email(&email.address).expect("the address reads back");
                prop_assert_eq!(&again.address, &email.address);
            }
        }
    }
}

//! What organizations and staff members have in common: fields that are read and written by name as text, through the rules, and
//! compared one by one. Contacts have richer fields and files of their own (`access`, `change`).

use std::borrow::Cow;
use std::fmt;

use super::invalid::Invalid;
use super::name::nearest;
use super::rules::Rules;
use super::{phone, text};

/// A record with fields by name.
pub trait Record: Clone {
    /// Name of a field.
    type Key: Clone + Eq + fmt::Display;

    /// What such a record is called: `organization`.
    const NOUN: &'static str;

    /// Reads a field's name.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN` with the nearest name as hint.
    fn key(name: &str) -> Result<Self::Key, Invalid>;

    /// Returns the fields that the record may have a value for, in the order of the table, custom ones last.
    fn keys(&self) -> Vec<Self::Key>;

    /// Returns a field's text.
    fn get(&self, key: &Self::Key) -> Option<Cow<'_, str>>;

    /// Sets a field from text; a blank text clears it. Returns a warning about a value that was taken, if there is one.
    ///
    /// # Errors
    /// The rule that refuses the value; the record is then unchanged.
    fn set(&mut self, key: &Self::Key, value: &str, rules: &Rules) -> Result<Option<String>, Invalid>;
}

/// One field's change: the field, its text before, its text after.
pub type Difference<K> = (K, Option<String>, Option<String>);

/// Returns what differs between two states of a record; with nothing before, all that there is.
#[must_use]
pub fn diff<R: Record>(before: Option<&R>, after: &R) -> Vec<Difference<R::Key>> {
    let mut keys = before.map(R::keys).unwrap_or_default();
    for key in after.keys() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let text = |record: &R, key: &R::Key| record.get(key).map(Cow::into_owned);
    let change = |key: R::Key| (before.and_then(|before| text(before, &key)), text(after, &key), key);
    keys.into_iter().map(change).filter(|(old, new, _)| old != new).map(|(old, new, key)| (key, old, new)).collect()
}

/// A name that no field has.
pub(super) fn unknown_field(noun: &str, name: &str, fields: &[&str], more: &str) -> Invalid {
    let invalid = Invalid::new("FIELD_UNKNOWN", format!("{noun} has no field `{}`", text::shown(name)));
    match nearest(name, fields.iter().copied()) {
        Some(near) => invalid.hint(format!("did you mean `{near}`?")),
        None => invalid.hint(format!("its fields are {}{more}", fields.join(", "))),
    }
}

/// Reads a line of text; blank is none.
pub(super) fn read_line(value: &str) -> Result<Option<String>, Invalid> {
    let clean = text::clean(value);
    if clean.is_empty() {
        return Ok(None);
    }
    text::check_text(&clean, text::NAME_MAX_CHARS, false)?;
    Ok(Some(clean.into_owned()))
}

/// Reads a phone number: E.164 where it can be dialled, with ` x12` for an extension; else as typed.
pub(super) fn read_number(value: &str, rules: &Rules) -> Result<(Option<String>, Option<String>), Invalid> {
    if text::is_blank(value) {
        return Ok((None, None));
    }
    let parsed = phone::parse_number(value, rules.phone_mode, rules.default_country)?;
    let number = match (parsed.e164, parsed.extension) {
        (Some(e164), Some(extension)) => format!("{e164} x{extension}"),
        (Some(e164), None) => e164,
        (None, _) => text::clean(value).into_owned(),
    };
    Ok((Some(number), parsed.warning.map(|warning| warning.message)))
}

/// Reads the address of a web page: `https://…`, `http://…`, or a host with a dot in it. Other schemes could run code where the
/// address is shown as a link.
pub(super) fn read_url(value: &str) -> Result<Option<String>, Invalid> {
    let clean = text::clean(value);
    if clean.is_empty() {
        return Ok(None);
    }
    text::check_text(&clean, text::URL_MAX_CHARS, false)?;
    if is_url(&clean) {
        return Ok(Some(clean.into_owned()));
    }
    Err(Invalid::new("URL_FORMAT", format!("`{}` is no address of a web page", text::shown(&clean)))
        .hint("write it like https://www.example.com"))
}

/// Checks a link that people click: an http or https address, written in full.
pub(super) fn check_link(url: &str) -> Result<(), Invalid> {
    if url.contains("://") && is_url(url) {
        return Ok(());
    }
    let invalid = Invalid::new("URL_FORMAT", format!("`{}` is no http or https address", text::shown(url)));
    Err(if is_url(url) { invalid.hint(format!("write https://{url}")) } else { invalid.hint("write https://…") })
}

fn is_url(url: &str) -> bool {
    if url.contains(char::is_whitespace) {
        return false;
    }
    if let Some((scheme, rest)) = url.split_once("://") {
        let web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        return web && !rest.starts_with(['/', '?', '#', ':']) && !rest.is_empty();
    }
    let host = url.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    name.contains('.')
        && !name.starts_with('.')
        && !name.contains('@')
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_web_pages_are_told_from_what_could_run() {
        for good in ["https://acme.com/a?b=1", "HTTP://intranet/x", "www.acme.com", "acme.com:8080/x", "例え.jp"] {
            assert_eq!(read_url(good).unwrap().as_deref(), Some(good));
        }
        for bad in ["javascript:alert(1)", "data:text/html,x.y", "acme", "a b.com", "https://", "ftp://a.b", "a@b.c"] {
            assert_eq!(read_url(bad).unwrap_err().code, "URL_FORMAT", "{bad}");
        }
        assert_eq!(read_url(" ").unwrap(), None);
    }

    #[test]
    fn numbers_are_kept_as_they_are_dialled() {
        let rules = Rules::for_tests();
        let number = |text: &str| read_number(text, &rules).map(|(number, _)| number.unwrap_or_default());
        assert_eq!(number("+852 2123-4567").unwrap(), "+85221234567");
        assert_eq!(number("+852 2123 4567 ext 12").unwrap(), "+85221234567 x12");
        assert_eq!(number(&number("+852 2123 4567 ext 12").unwrap()).unwrap(), "+85221234567 x12");
        assert_eq!(number("8.5E+11").unwrap_err().code, "PHONE_SCIENTIFIC");
        assert_eq!(number(" ").unwrap(), "");
    }
}

//! vCard 4.0 (RFC 6350) with the country codes of RFC 8605: what other address books understand goes under its name, the rest under `X-CARNET-…`.

use std::io::Write;

use super::{Found, Trouble};
use crate::domain::contact::{Contact, Email, EmailKind, Phone, PhoneKind, Social, SocialChannel};
use crate::domain::draft::PLACEHOLDER_LAST_NAME;
use crate::domain::field::Field;

/// Octets of a line before it is folded, the line end not counted.
const LINE_OCTETS: usize = 75;

/// Writes a card for every contact and returns how many there are.
pub(super) fn write(found: &Found<'_>, out: &mut dyn Write) -> Result<u64, Trouble> {
    let count = found.each(&mut |contact| out.write_all(card(contact).as_bytes()))?;
    out.flush()?;
    Ok(count)
}

/// A contact's card.
pub(super) fn card(contact: &Contact) -> String {
    let mut card = Card::default();
    card.line("BEGIN:VCARD");
    card.line("VERSION:4.0");
    card.line(&format!("PRODID:-//Carnet//Carnet {}//EN", env!("CARGO_PKG_VERSION")));
    card.line(&format!("UID:urn:uuid:{}", contact.id));
    card.line(&format!("REV:{}", contact.updated.at.format("%Y%m%dT%H%M%SZ")));
    card.line("KIND:individual");
    names(&mut card, contact);
    contact.phones.iter().for_each(|phone| card.phone(phone));
    contact.emails.iter().for_each(|mail| card.email(mail));
    contact.socials.iter().for_each(|social| card.social(social));
    work(&mut card, contact);
    address(&mut card, contact);
    if let Some(date) = contact.birth_date {
        card.line(&format!("BDAY:{}", date.format("%Y%m%d")));
    }
    if let Some(language) = &contact.language {
        card.line(&format!("LANG:{language}"));
    }
    if !contact.labels.is_empty() {
        let labels: Vec<String> = contact.labels.iter().map(|label| escaped(label.as_str())).collect();
        card.line(&format!("CATEGORIES:{}", labels.join(",")));
    }
    match contact.external_url.as_deref() {
        Some(url) if is_uri(url) => card.line(&format!("URL:{url}")),
        Some(url) => card.text("X-CARNET-EXTERNAL-URL", url),
        None => {}
    }
    ours(&mut card, contact);
    card.line("END:VCARD");
    card.0
}

fn names(card: &mut Card, contact: &Contact) {
    let last = contact.last_name.as_deref().filter(|_| !contact.last_name_is_placeholder);
    // Every card has a name; who has none is called by what there is.
    let shown = contact.display_name();
    let (mail, phone) = (contact.emails.first(), contact.phones.first());
    let mail = mail.map_or("", |mail| mail.address.as_str());
    let phone = phone.map_or("", |phone| phone.raw.as_str());
    let known = [shown.as_str(), mail, phone, PLACEHOLDER_LAST_NAME];
    card.text("FN", known.into_iter().find(|name| !name.is_empty()).unwrap_or_default());
    card.parts("N", &[last, contact.first_name.as_deref(), None, None, None]);
    contact.other_first_names.iter().for_each(|name| card.text("X-CARNET-OTHER-FIRST-NAME", name));
    contact.other_last_names.iter().for_each(|name| card.text("X-CARNET-OTHER-LAST-NAME", name));
}

fn work(card: &mut Card, contact: &Contact) {
    let organization = contact.organization.as_ref().map(crate::domain::name::Name::as_str);
    let (company, department) = (contact.company.as_deref().or(organization), contact.department.as_deref());
    match (company, department) {
        (None, None) => {}
        (Some(company), None) => card.parts("ORG", &[Some(company)]),
        (company, department) => card.parts("ORG", &[company, department]),
    }
    if let Some(title) = &contact.job_title {
        card.text("TITLE", title);
    }
}

fn address(card: &mut Card, contact: &Contact) {
    let address = &contact.address;
    let country = address.country;
    let texts = [&address.street, &address.city, &address.state, &address.zip].map(Option::as_deref);
    if texts.iter().all(Option::is_none) && country.is_none() {
        return;
    }
    let [street, city, state, zip] = texts;
    let name = country.map_or_else(|| "ADR".to_owned(), |country| format!("ADR;CC={}", country.as_str()));
    let country = country.map(|country| country.name());
    card.parts(&name, &[None, None, street, city, state, zip, country]);
}

/// What no other address book has a name for.
fn ours(card: &mut Card, contact: &Contact) {
    card.text("X-CARNET-TYPE", contact.kind.as_str());
    card.text("X-CARNET-LEVEL", contact.level.as_str());
    card.text("X-CARNET-SURVEY-OPT-OUT", if contact.survey_opt_out { "yes" } else { "no" });
    for field in [
        Field::Group,
        Field::ExternalId,
        Field::Organization,
        Field::Division,
        Field::Owner,
        Field::SharedWith,
        Field::Device,
        Field::Verified,
        Field::NoSms,
        Field::AsTyped,
    ] {
        let name = format!("X-CARNET-{}", field.name().replace('_', "-").to_uppercase());
        contact.values(&field.into()).iter().for_each(|value| card.text(&name, value));
    }
    for (key, value) in &contact.custom {
        card.text(&format!("X-CARNET-CUSTOM;X-KEY={key}"), value);
    }
}

/// A card being written, line by line.
#[derive(Default)]
struct Card(String);

impl Card {
    /// Writes a line, folded where it is too long, never inside a character.
    fn line(&mut self, line: &str) {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > LINE_OCTETS {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(c);
            octets += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", escaped(value)));
    }

    fn parts(&mut self, name: &str, parts: &[Option<&str>]) {
        let parts: Vec<String> = parts.iter().map(|part| escaped(part.unwrap_or_default())).collect();
        self.line(&format!("{name}:{}", parts.join(";")));
    }

    fn phone(&mut self, phone: &Phone) {
        let place = match phone.kind {
            PhoneKind::Mobile => "cell,",
            PhoneKind::Work => "work,",
            PhoneKind::Home => "home,",
            PhoneKind::Other => "",
        };
        let text = if phone.sms { ",text" } else { "" };
        let extension = phone.extension.as_ref().map_or_else(String::new, |digits| format!(";ext={digits}"));
        match &phone.e164 {
            Some(number) => self.line(&format!("TEL;VALUE=uri;TYPE=\"{place}voice{text}\":tel:{number}{extension}")),
            None => self.text(&format!("TEL;VALUE=text;TYPE=\"{place}voice{text}\""), &phone.raw),
        }
    }

    fn email(&mut self, mail: &Email) {
        let name = match mail.kind {
            EmailKind::Work => "EMAIL;TYPE=work",
            EmailKind::Personal => "EMAIL;TYPE=home",
            EmailKind::Other => "EMAIL",
        };
        self.text(name, &mail.address);
    }

    /// Messengers are addresses at which somebody is written to; networks are profiles.
    fn social(&mut self, social: &Social) {
        let channel = social.channel;
        let scheme = match channel {
            SocialChannel::Whatsapp | SocialChannel::WoztellWhatsapp => "whatsapp",
            SocialChannel::Facebook | SocialChannel::WoztellFacebook => "messenger",
            SocialChannel::Wechat => "weixin",
            SocialChannel::Line => "line",
            SocialChannel::Twitter
            | SocialChannel::Linkedin
            | SocialChannel::Instagram
            | SocialChannel::WoztellInstagram => {
                return self.text(&format!("X-SOCIALPROFILE;TYPE={channel};VALUE=text"), &social.handle);
            }
        };
        self.line(&format!("IMPP;X-SERVICE-TYPE={channel}:{scheme}:{}", percent_encoded(&social.handle)));
    }
}

/// A text with what has a meaning in a card written so that it has none.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' | ',' | ';' => escaped.extend(['\\', c]),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\n' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let plain = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(plain)
}

/// A handle as part of a URI.
fn percent_encoded(handle: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'@');
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    handle.bytes().map(one).collect()
}

//! An enquiry: somebody calls, writes or chats. Finding its contact and asking plugins happens above.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::contact::{SocialChannel, words};
use super::field::Field;
use super::id::ContactId;
use super::invalid::Invalid;
use super::name::Name;
use super::text::{self, NAME_MAX_CHARS};

/// Longest transcript, in bytes.
pub const TRANSCRIPT_MAX_BYTES: usize = 1 << 20;

/// Longest address of a visited page, in characters.
pub const VISIT_URL_MAX_CHARS: usize = 2000;

words! {
    /// How the enquiry came.
    Channel {
        /// A phone call.
        Call = "call",
        /// A text message.
        Sms = "sms",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// The chat of the web site.
        WebChat = "web-chat",
        /// An e-mail.
        Email = "email",
        /// Facebook Messenger.
        Messenger = "messenger",
        /// WeChat.
        Wechat = "wechat",
        /// LINE.
        Line = "line",
        /// Twitter.
        Twitter = "twitter",
        /// LinkedIn.
        Linkedin = "linkedin",
        /// Instagram.
        Instagram = "instagram",
        /// WOZTELL (WhatsApp Cloud).
        WoztellWhatsapp = "woztell-whatsapp",
        /// WOZTELL (Facebook).
        WoztellFacebook = "woztell-facebook",
        /// WOZTELL (Instagram).
        WoztellInstagram = "woztell-instagram",
    }
}

impl Channel {
    /// Says whether the sender's phone number identifies the person on this channel.
    #[must_use]
    pub const fn identifies_by_phone(self) -> bool {
        matches!(self, Self::Call | Self::Sms | Self::Whatsapp)
    }

    /// Says whether the sender's e-mail address identifies the person on this channel.
    #[must_use]
    pub const fn identifies_by_email(self) -> bool {
        matches!(self, Self::Email | Self::WebChat)
    }

    /// Returns the field of a contact that holds the sender's handle, if the channel has handles. Of these only WhatsApp's identifies.
    #[must_use]
    pub fn handle_field(self) -> Option<Field> {
        Some(match self {
            Self::Call | Self::Sms | Self::WebChat | Self::Email => return None,
            Self::Whatsapp => Field::Whatsapp,
            Self::Messenger => Field::Facebook,
            Self::Wechat => Field::Wechat,
            Self::Line => Field::Line,
            Self::Twitter => Field::Twitter,
            Self::Linkedin => Field::Linkedin,
            Self::Instagram => Field::Instagram,
            Self::WoztellWhatsapp => Field::WoztellWhatsapp,
            Self::WoztellFacebook => Field::WoztellFacebook,
            Self::WoztellInstagram => Field::WoztellInstagram,
        })
    }

    /// Says whether the sender's handle identifies the person on this channel.
    #[must_use]
    pub fn identifies_by_handle(self) -> bool {
        self.handle_field().and_then(SocialChannel::of).is_some_and(SocialChannel::identifies)
    }
}

words! {
    /// Where an enquiry stands.
    EnquiryStatus {
        /// Waiting for a member of staff.
        Open = "open",
        /// Somebody is on it.
        Handling = "handling",
        /// Done.
        Closed = "closed",
        /// Nobody took it.
        Missed = "missed",
    }
}

impl EnquiryStatus {
    /// Says whether the status may follow this one.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Handling | Self::Missed | Self::Closed)
                | (Self::Handling, Self::Closed)
                | (Self::Missed, Self::Handling | Self::Closed)
        )
    }

    /// Says whether the contact of an enquiry may be edited while it stands like this; it may be viewed at any time.
    #[must_use]
    pub const fn allows_edit(self) -> bool {
        matches!(self, Self::Handling)
    }
}

/// Who an enquiry comes from, as far as the channel tells.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Sender {
    /// Phone number, E.164 where it is one, else as given.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Handle on the channel.
    pub handle: Option<String>,
    /// Name as given.
    pub name: Option<String>,
}

impl Sender {
    /// Checks what is told about a sender, without white space at the ends; blank texts tell nothing.
    ///
    /// # Errors
    /// `TEXT_CONTROL` or `TEXT_TOO_LONG`.
    pub fn checked(self) -> Result<Self, Invalid> {
        Ok(Self {
            phone: line("phone number", self.phone)?,
            email: line("e-mail address", self.email)?,
            handle: line("handle", self.handle)?,
            name: line("name", self.name)?,
        })
    }

    /// Says whether nothing is known.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        [&self.phone, &self.email, &self.handle, &self.name].into_iter().all(Option::is_none)
    }
}

/// Checks a text of one line; a blank one is none. `what` names it in the message. Characters that would disguise the text are left
/// out rather than refused: strangers write it, and no call is lost to what they write.
///
/// # Errors
/// `TEXT_CONTROL` or `TEXT_TOO_LONG`.
pub fn line(what: &str, given: Option<String>) -> Result<Option<String>, Invalid> {
    let Some(mut given) = given else { return Ok(None) };
    given.retain(|c| !text::turns_direction(c));
    if given.chars().all(text::is_invisible) {
        return Ok(None);
    }
    let clean = text::clean(&given);
    match text::check_text(&clean, NAME_MAX_CHARS, false) {
        Ok(()) => Ok(Some(clean.into_owned())),
        Err(invalid) => Err(Invalid { message: format!("the {what} {}", invalid.message), ..invalid }),
    }
}

/// Checks a transcript.
///
/// # Errors
/// `TRANSCRIPT_TOO_LARGE`, or `TEXT_CONTROL`.
pub fn check_transcript(transcript: &str) -> Result<(), Invalid> {
    if transcript.len() > TRANSCRIPT_MAX_BYTES {
        let message = format!("the transcript is larger than {TRANSCRIPT_MAX_BYTES} bytes");
        return Err(Invalid::new("TRANSCRIPT_TOO_LARGE", message).hint("shorten it; nothing is cut off by itself"));
    }
    match text::check_text(transcript, TRANSCRIPT_MAX_BYTES, true) {
        // What was said is kept as it was said.
        Err(invalid) if invalid.code == "TEXT_BIDI" => Ok(()),
        Err(invalid) => Err(Invalid { message: format!("the transcript {}", invalid.message), ..invalid }),
        Ok(()) => Ok(()),
    }
}

/// A page that somebody looked at before or during an enquiry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visit {
    /// The enquiry with which it was told.
    pub enquiry: Option<i64>,
    /// When it was told, UTC.
    pub at: DateTime<Utc>,
    /// Its address: http or https.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
}

impl Visit {
    /// Reads `URL` or `URL TITLE`.
    ///
    /// # Errors
    /// `VISIT_URL`, or what is wrong with the title.
    pub fn parse(given: &str, at: DateTime<Utc>) -> Result<Self, Invalid> {
        let given = text::clean(given);
        let (url, title) = given.split_once(char::is_whitespace).unwrap_or((&given, ""));
        let refused = |why: String| {
            let hint = "write the address of a page, such as `https://example.com/prices`, and its title after a space";
            Err(Invalid::new("VISIT_URL", why).hint(hint))
        };
        let chars = url.chars().count();
        if chars > VISIT_URL_MAX_CHARS {
            return refused(format!("the page's address has {chars} characters, the limit is {VISIT_URL_MAX_CHARS}"));
        }
        let rest = ["http://", "https://"].iter().find_map(|scheme| {
            url.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)).map(|_| &url[scheme.len()..])
        });
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        let sound = host.chars().any(char::is_alphanumeric) && !url.chars().any(char::is_control);
        if !sound {
            return refused(format!("`{}` is no http or https address", text::shown(url)));
        }
        let title = line("page's title", Some(title.to_owned()))?;
        Ok(Self { enquiry: None, at, url: url.to_owned(), title })
    }
}

/// Whether a survey follows an enquiry, and why not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SurveyDecision {
    /// A survey may be sent.
    Send,
    /// None may be sent; with the reason.
    Suppress(String),
}

/// One enquiry.
#[derive(Clone, PartialEq, Debug)]
pub struct Enquiry {
    /// Number, from 1; 0 before it is stored.
    pub id: i64,
    /// Counts up with every write, from 1; 0 before the first.
    pub rev: u64,
    /// How it came.
    pub channel: Channel,
    /// Where it stands.
    pub status: EnquiryStatus,
    /// Who it is from.
    pub from: Sender,
    /// What it is about.
    pub subject: Option<String>,
    /// The contact it was matched with; may be deleted since.
    pub contact: Option<ContactId>,
    /// The contact's name when it was deleted.
    pub contact_name: Option<String>,
    /// The staff member who handles it, or handled it.
    pub staff: Option<Name>,
    /// The device from which it came (`Firefox on Windows`).
    pub device: Option<String>,
    /// Size of what was said or written, in bytes; the text itself is read on its own.
    pub transcript_bytes: usize,
    /// When it was opened, UTC.
    pub opened_at: DateTime<Utc>,
    /// When it took on its status, UTC.
    pub changed_at: DateTime<Utc>,
    /// When it was closed, UTC.
    pub closed_at: Option<DateTime<Utc>>,
    /// What plugins noted about it.
    pub attributes: BTreeMap<String, String>,
    /// The decision, as it stood at the last change of status; final once the enquiry is closed.
    pub survey: Option<SurveyDecision>,
}

impl Enquiry {
    /// Returns an enquiry that opens, from nobody in particular.
    #[must_use]
    pub const fn new(channel: Channel, from: Sender, opened_at: DateTime<Utc>) -> Self {
        Self {
            id: 0,
            rev: 0,
            channel,
            status: EnquiryStatus::Open,
            from,
            subject: None,
            contact: None,
            contact_name: None,
            staff: None,
            device: None,
            transcript_bytes: 0,
            opened_at,
            changed_at: opened_at,
            closed_at: None,
            attributes: BTreeMap::new(),
            survey: None,
        }
    }

    /// Takes on a status.
    pub fn take_on(&mut self, status: EnquiryStatus, at: DateTime<Utc>) {
        (self.status, self.changed_at) = (status, at);
        self.closed_at = (status == EnquiryStatus::Closed).then_some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_and_addresses_identify() {
        let by = |channel: Channel| {
            (channel.identifies_by_phone(), channel.identifies_by_email(), channel.identifies_by_handle())
        };
        for channel in Channel::ALL {
            let expected = match channel {
                Channel::Call | Channel::Sms => (true, false, false),
                Channel::Whatsapp => (true, false, true),
                Channel::Email | Channel::WebChat => (false, true, false),
                _ => (false, false, false),
            };
            assert_eq!(by(*channel), expected, "{channel}");
        }
        let registry = SocialChannel::ALL.iter().filter(|social| {
            !Channel::ALL.iter().any(|channel| channel.handle_field().and_then(SocialChannel::of) == Some(**social))
        });
        assert_eq!(registry.count(), 0, "every social channel brings enquiries");
    }

    #[track_caller]
    fn check_visit(given: &str, expected: Result<(&str, Option<&str>), &str>) {
        let visit = Visit::parse(given, DateTime::UNIX_EPOCH);
        let read = visit.as_ref().map(|visit| (visit.url.as_str(), visit.title.as_deref()));
        assert_eq!(read.map_err(|invalid| invalid.code), expected, "{given}");
    }

    #[test]
    fn a_visit_is_an_address_and_a_title() {
        check_visit("https://example.com", Ok(("https://example.com", None)));
        check_visit(
            " HTTP://Example.com/a?b=c#d  Prices for 2026 ",
            Ok(("HTTP://Example.com/a?b=c#d", Some("Prices for 2026"))),
        );
        check_visit("https://例え.jp/", Ok(("https://例え.jp/", None)));
        for bad in [
            "",
            "example.com",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
            "https:///a",
            "https://?a",
            "https://a\u{7}.com",
        ] {
            check_visit(bad, Err("VISIT_URL"));
        }
        check_visit(
            &format!("https://a.com/{}", "x".repeat(1986)),
            Ok((&format!("https://a.com/{}", "x".repeat(1986)), None)),
        );
        check_visit(&format!("https://a.com/{}", "x".repeat(1987)), Err("VISIT_URL"));
        check_visit(&format!("https://a.com/ {}", "x".repeat(1001)), Err("TEXT_TOO_LONG"));
    }

    #[test]
    fn a_sender_is_told_on_single_lines() {
        let sender = Sender { name: Some("  Ann ".to_owned()), handle: Some(" ".to_owned()), ..Sender::default() };
        assert_eq!(sender.checked().unwrap(), Sender { name: Some("Ann".to_owned()), ..Sender::default() });
        let sender = Sender { name: Some("Ann\nLee".to_owned()), ..Sender::default() };
        assert_eq!(sender.checked().unwrap_err().code, "TEXT_CONTROL");
        assert!(Sender { phone: Some(String::new()), ..Sender::default() }.checked().unwrap().is_nobody());
    }

    #[test]
    fn a_transcript_is_text_of_up_to_a_megabyte() {
        check_transcript("Ann: hello\r\n\tBob: hi\n").unwrap();
        assert_eq!(check_transcript("\u{1b}[2J").unwrap_err().code, "TEXT_CONTROL");
        check_transcript(&"x".repeat(TRANSCRIPT_MAX_BYTES)).unwrap();
        assert_eq!(check_transcript(&"x".repeat(TRANSCRIPT_MAX_BYTES + 1)).unwrap_err().code, "TRANSCRIPT_TOO_LARGE");
    }
}

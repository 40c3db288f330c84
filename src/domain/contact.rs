//! The contact and its parts: plain values without behaviour of their own. Reading and writing by field name is in `access`,
//! comparing in `change`, merging in `merge`; how a contact is stored or shown is decided above.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::country::Country;
use super::field::Field;
use super::id::ContactId;
use super::label::LabelName;
use super::language::Language;
use super::name::Name;

/// Declares an enum of words with `as_str`, `parse` and `ALL`.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// All words, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the stored word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads a stored word; exact, for text that this program wrote.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What the contact is to the organisation.
    ContactType {
        /// Somebody who might become a customer; the default.
        Lead = "lead",
        /// A qualified lead.
        Prospect = "prospect",
        /// A customer.
        Customer = "customer",
        /// Anybody else.
        Other = "other",
    }
}

words! {
    /// The contact's tier within its company.
    Level {
        /// The person to talk to; the default.
        Primary = "primary",
        /// The second choice, such as an assistant.
        Secondary = "secondary",
        /// Anybody further away.
        Tertiary = "tertiary",
    }
}

words! {
    /// Where a phone number rings.
    PhoneKind {
        /// A mobile phone.
        Mobile = "mobile",
        /// At work.
        Work = "work",
        /// At home.
        Home = "home",
        /// Anywhere else, or unknown.
        Other = "other",
    }
}

words! {
    /// What an e-mail address is used for.
    EmailKind {
        /// At work.
        Work = "work",
        /// Private.
        Personal = "personal",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// The registry of social channels.
    SocialChannel {
        /// Facebook (Messenger).
        Facebook = "facebook",
        /// WhatsApp: follows the phone rules and identifies a person.
        Whatsapp = "whatsapp",
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

impl SocialChannel {
    /// Returns the channel whose handles the field holds.
    #[must_use]
    pub fn of(field: Field) -> Option<Self> {
        Some(match field {
            Field::Facebook => Self::Facebook,
            Field::Whatsapp => Self::Whatsapp,
            Field::Wechat => Self::Wechat,
            Field::Line => Self::Line,
            Field::Twitter => Self::Twitter,
            Field::Linkedin => Self::Linkedin,
            Field::Instagram => Self::Instagram,
            Field::WoztellWhatsapp => Self::WoztellWhatsapp,
            Field::WoztellFacebook => Self::WoztellFacebook,
            Field::WoztellInstagram => Self::WoztellInstagram,
            _ => return None,
        })
    }

    /// Says whether a handle identifies its person, so that an enquiry may be matched by it.
    #[must_use]
    pub const fn identifies(self) -> bool {
        matches!(self, Self::Whatsapp)
    }
}

/// A phone number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phone {
    /// Where it rings.
    pub kind: PhoneKind,
    /// As typed.
    pub raw: String,
    /// In E.164 (`+85212345678`), when it is a real number; matching uses this.
    pub e164: Option<String>,
    /// Digits to dial after the connection.
    pub extension: Option<String>,
    /// Whether text messages may be sent to it.
    pub sms: bool,
    /// Whether its owner proved it; verified numbers may be locked by setting.
    pub verified: bool,
}

/// An e-mail address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Email {
    /// What it is used for.
    pub kind: EmailKind,
    /// As typed.
    pub address: String,
    /// Whether its owner proved it.
    pub verified: bool,
}

/// A handle on a social channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Social {
    /// The channel.
    pub channel: SocialChannel,
    /// The user's name or id there; for WhatsApp the E.164 number where it is one.
    pub handle: String,
    /// Whether its owner proved it.
    pub verified: bool,
}

/// The contact's id in another system.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ExternalId {
    /// The other system (`salesforce`); empty when the file did not say.
    pub source: String,
    /// The id there.
    pub id: String,
}

/// A postal address; every part may be missing.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Address {
    /// Street and house number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// ZIP or postal code, zeros kept.
    pub zip: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    pub country: Option<Country>,
}

/// When something was written, and by whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Time, UTC.
    pub at: DateTime<Utc>,
    /// Who: a staff member's name, `import 12`, or `cli`.
    pub by: Arc<str>,
}

/// One person outside the organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Identity, stable for ever.
    pub id: ContactId,
    /// Counts up with every write, from 1; 0 before the first.
    pub rev: u64,
    /// What the contact is to the organisation.
    pub kind: ContactType,
    /// Tier.
    pub level: Level,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Whether the last name was filled in by the setting `missing_last_name`.
    pub last_name_is_placeholder: bool,
    /// Other first names, kept by merges.
    pub other_first_names: Vec<String>,
    /// Other last names, kept by merges.
    pub other_last_names: Vec<String>,
    /// Company, as text.
    pub company: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Department, also called Team.
    pub department: Option<String>,
    /// Group.
    pub group: Option<String>,
    /// Language.
    pub language: Option<Language>,
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// Address.
    pub address: Address,
    /// Phone numbers: by kind, and within a kind in the order in which they were given.
    pub phones: Vec<Phone>,
    /// Numbers that it had once and that got no text messages then, as they are dialled; in order, none of them among its phones.
    pub silenced: Vec<String>,
    /// E-mail addresses, in the same order.
    pub emails: Vec<Email>,
    /// Social handles: by channel, and on a channel in the order in which they were given.
    pub socials: Vec<Social>,
    /// Labels, in order of name without case; no two equal.
    pub labels: Vec<LabelName>,
    /// Whether no surveys may be sent.
    pub survey_opt_out: bool,
    /// Link to the person in another system.
    pub external_url: Option<String>,
    /// Ids in other systems.
    pub external_ids: Vec<ExternalId>,
    /// Custom values by key.
    pub custom: BTreeMap<String, String>,
    /// The organization that the contact belongs to.
    pub organization: Option<Name>,
    /// The staff member who owns the contact.
    pub owner: Option<Name>,
    /// The staff members it is shared with, in order of name; no two equal.
    pub shared_with: Vec<Name>,
    /// The division; never changes once it is set.
    pub division: Option<Name>,
    /// The device last seen with an enquiry (`Firefox on Windows`).
    pub device: Option<String>,
    /// When and by whom it was created.
    pub created: Stamp,
    /// When and by whom it was last written.
    pub updated: Stamp,
}

impl Phone {
    /// Returns the number as it is dialled: in E.164 where it is a real one, else as typed.
    #[must_use]
    pub fn dialled(&self) -> &str {
        self.e164.as_deref().unwrap_or(&self.raw)
    }

    /// Says whether two entries are one number, whatever its kind and extension.
    #[must_use]
    pub fn is_number_of(&self, other: &Self) -> bool {
        self.dialled() == other.dialled()
    }

    /// Says whether two entries are one number of one kind.
    #[must_use]
    pub fn is_twin_of(&self, other: &Self) -> bool {
        self.kind == other.kind && self.extension == other.extension && self.is_number_of(other)
    }
}

impl Contact {
    /// Returns a contact with the defaults and nothing else.
    #[must_use]
    pub fn new(id: ContactId, created: Stamp) -> Self {
        Self {
            id,
            rev: 0,
            kind: ContactType::Lead,
            level: Level::Primary,
            first_name: None,
            last_name: None,
            last_name_is_placeholder: false,
            other_first_names: Vec::new(),
            other_last_names: Vec::new(),
            company: None,
            job_title: None,
            department: None,
            group: None,
            language: None,
            birth_date: None,
            address: Address::default(),
            phones: Vec::new(),
            silenced: Vec::new(),
            emails: Vec::new(),
            socials: Vec::new(),
            labels: Vec::new(),
            survey_opt_out: false,
            external_url: None,
            external_ids: Vec::new(),
            custom: BTreeMap::new(),
            organization: None,
            owner: None,
            shared_with: Vec::new(),
            division: None,
            device: None,
            updated: created.clone(),
            created,
        }
    }

    /// Returns the name for people: first and last name, or whichever there is.
    #[must_use]
    pub fn display_name(&self) -> String {
        let last = self.last_name.as_deref().filter(|_| !(self.last_name_is_placeholder && self.first_name.is_some()));
        let parts: Vec<&str> = [self.first_name.as_deref(), last].into_iter().flatten().collect();
        parts.join(" ")
    }

    /// Puts lists into the order that they are kept in: by kind, and within a kind as given. A field per kind can then tell all of it.
    pub fn put_in_order(&mut self) {
        self.phones.sort_by_key(|phone| phone.kind);
        self.emails.sort_by_key(|mail| mail.kind);
        self.socials.sort_by_key(|social| social.channel);
    }

    /// Adds a label unless the contact has it; says whether it did.
    pub fn add_label(&mut self, label: LabelName) -> bool {
        match self.labels.binary_search(&label) {
            Ok(_) => false,
            Err(at) => {
                self.labels.insert(at, label);
                true
            }
        }
    }

    /// Removes a label; says whether the contact had it.
    pub fn remove_label(&mut self, label: &LabelName) -> bool {
        let found = self.labels.binary_search(label);
        found.map(|at| self.labels.remove(at)).is_ok()
    }
}

//! An enquiry: somebody calls, writes or chats. Finding its contact and asking plugins happens above.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::contact::words;
use super::id::ContactId;

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
    /// How it came.
    pub channel: Channel,
    /// Where it stands.
    pub status: EnquiryStatus,
    /// Who it is from.
    pub from: Sender,
    /// What it is about.
    pub subject: Option<String>,
    /// The contact it was matched with.
    pub contact: Option<ContactId>,
    /// When it was opened, UTC.
    pub opened_at: DateTime<Utc>,
    /// What plugins noted about it.
    pub attributes: BTreeMap<String, String>,
    /// The decision, once made.
    pub survey: Option<SurveyDecision>,
}

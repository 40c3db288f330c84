//! An engagement: a staff member called a contact, or wrote a text message. Carnet dials and sends nothing itself; it records.

use chrono::{DateTime, Utc};

use super::contact::{Contact, Phone, PhoneKind, words};
use super::id::ContactId;
use super::invalid::Invalid;
use super::text;

/// Longest text message, in characters: ten parts.
pub const SMS_MAX_CHARS: usize = 1530;

words! {
    /// How a contact was engaged.
    EngagementKind {
        /// A phone call.
        Call = "call",
        /// A text message.
        Sms = "sms",
    }
}

/// One call or text message to a contact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Engagement {
    /// Number, from 1; 0 before it is stored.
    pub id: i64,
    /// Whom.
    pub contact: ContactId,
    /// How.
    pub kind: EngagementKind,
    /// The number: E.164 where it is one, else as typed.
    pub number: String,
    /// What was written, or a note about the call.
    pub text: Option<String>,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
}

/// Chooses the number of a contact that is called or written to: the one that is named, else the first mobile number, else the first.
/// `named` is E.164 where it is a number.
///
/// # Errors
/// `NO_NUMBER`; `NUMBER_UNKNOWN` with the contact's numbers; `SMS_OFF` with how to switch it on.
pub fn choose_number<'c>(contact: &'c Contact, named: Option<&str>, kind: EngagementKind) -> Result<&'c str, Invalid> {
    let Some(first) = contact.phones.iter().find(|phone| phone.kind == PhoneKind::Mobile).or(contact.phones.first())
    else {
        return Err(Invalid::new("NO_NUMBER", format!("contact {} has no phone number", contact.id))
            .hint(format!("add one with `carnet contact edit {} mobile=+85212345678`", contact.id)));
    };
    let number = match named {
        None => first.dialled(),
        Some(named) => {
            let meant = |phone: &&Phone| phone.dialled() == named || phone.raw == named;
            contact.phones.iter().find(meant).map(Phone::dialled).ok_or_else(|| unknown(contact, named))?
        }
    };
    // One number may stand there twice, as mobile and as work: if either says no, it is no.
    let silent = contact.phones.iter().any(|phone| phone.dialled() == number && !phone.sms);
    if kind == EngagementKind::Sms && silent {
        return Err(Invalid::new("SMS_OFF", format!("text messages to {number} are switched off")).hint(format!(
            "if the person agrees, switch them on with `carnet contact edit {} 'no_sms-={number}'`",
            contact.id
        )));
    }
    Ok(number)
}

fn unknown(contact: &Contact, named: &str) -> Invalid {
    let known: Vec<&str> = contact.phones.iter().map(Phone::dialled).collect();
    let message = format!("contact {} has no number `{}`", contact.id, text::shown(named));
    Invalid::new("NUMBER_UNKNOWN", message).hint(format!("its numbers are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::field::Field;
    use crate::domain::rules::Rules;
    use crate::domain::tests::contact;

    #[track_caller]
    fn check(contact: &Contact, named: Option<&str>, kind: EngagementKind, expected: Result<&str, &str>) {
        assert_eq!(choose_number(contact, named, kind).map_err(|invalid| invalid.code), expected);
    }

    #[test]
    fn the_first_mobile_number_is_chosen_unless_one_is_named() {
        let (mut lee, rules) = (contact("Lee"), Rules::for_tests());
        check(&lee, None, EngagementKind::Call, Err("NO_NUMBER"));
        lee.set(&Field::WorkPhone.into(), "+85221234567", &rules).unwrap();
        check(&lee, None, EngagementKind::Call, Ok("+85221234567"));
        lee.set(&Field::Mobile.into(), "+852 9123 4567", &rules).unwrap();
        check(&lee, None, EngagementKind::Sms, Ok("+85291234567"));
        check(&lee, Some("+85221234567"), EngagementKind::Sms, Ok("+85221234567"));
        check(&lee, Some("+852 9123 4567"), EngagementKind::Sms, Ok("+85291234567"));
        check(&lee, Some("+85200000000"), EngagementKind::Call, Err("NUMBER_UNKNOWN"));
    }

    #[test]
    fn a_number_that_is_silent_anywhere_gets_no_text_message() {
        let (mut lee, rules) = (contact("Lee"), Rules::for_tests());
        lee.set(&Field::Mobile.into(), "+85291234567", &rules).unwrap();
        lee.set(&Field::WorkPhone.into(), "+85291234567", &rules).unwrap();
        lee.phones[1].sms = false;
        check(&lee, None, EngagementKind::Sms, Err("SMS_OFF"));
        check(&lee, None, EngagementKind::Call, Ok("+85291234567"));
    }
}

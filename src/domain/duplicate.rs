//! How likely two contacts are one person, from 0 to 100, with the reasons. Which contacts are compared is decided by their keys (in
//! `keys`) and the use case; nothing is ever merged because of a score.

pub mod keys;
pub mod names;

#[cfg(test)]
mod tests;

use chrono::{Datelike, NaiveDate};

use super::contact::{Contact, words};
use keys::{Key, KeyKind};
use names::{Alike, Names};

/// Least score that is worth a person's look.
pub const WORTH_A_LOOK: u8 = 60;

/// Least score of two contacts that share both an e-mail address and a number, which nearly always are one person or its duplicate.
const SHARED_BOTH: f64 = 60.0;

/// A value that more contacts share identifies nobody: a switchboard, `info@`, a frequent name.
pub const COMMON: usize = 20;

words! {
    /// Why two contacts may be one, or may not.
    ReasonCode {
        /// They have an e-mail address in common.
        SameEmail = "SAME_EMAIL",
        /// They have a phone number in common.
        SamePhone = "SAME_PHONE",
        /// They have a WhatsApp number in common.
        SameWhatsapp = "SAME_WHATSAPP",
        /// They have an id of another system in common.
        SameExternalId = "SAME_EXTERNAL_ID",
        /// Their names are equal, in any order of their parts.
        SameName = "SAME_NAME",
        /// Their names are nearly equal.
        SimilarName = "SIMILAR_NAME",
        /// They work for the same company.
        SameCompany = "SAME_COMPANY",
        /// They were born on the same day.
        SameBirthDate = "SAME_BIRTH_DATE",
        /// Their names differ.
        DifferentName = "DIFFERENT_NAME",
        /// They work for different companies.
        DifferentCompany = "DIFFERENT_COMPANY",
        /// They were born on different days.
        DifferentBirthDate = "DIFFERENT_BIRTH_DATE",
        /// One system knows them under different ids.
        DifferentExternalId = "DIFFERENT_EXTERNAL_ID",
    }
}

/// One reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Stable code.
    pub code: ReasonCode,
    /// For people.
    pub text: String,
}

/// How likely two contacts are one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Likeness {
    /// From 0 to 100.
    pub score: u8,
    /// Why, the weightiest kind first.
    pub reasons: Vec<Reason>,
}

/// What is compared of a contact, made ready once.
#[derive(Clone, Debug)]
pub struct Traits {
    names: Names,
    shown_name: String,
    emails: Vec<String>,
    /// Numbers in E.164, with their extension.
    phones: Vec<(String, Option<String>)>,
    whatsapp: Vec<String>,
    external: Vec<(String, String)>,
    company: Option<(String, String)>,
    birth_date: Option<NaiveDate>,
}

impl Traits {
    /// Takes what is compared from a contact.
    #[must_use]
    pub fn of(contact: &Contact) -> Self {
        let phones = contact.phones.iter().filter_map(|it| it.e164.clone().map(|e164| (e164, it.extension.clone())));
        let whatsapp: Vec<String> = keys::whatsapp(contact).map(str::to_owned).collect();
        Self {
            names: Names::of(contact),
            shown_name: contact.display_name(),
            emails: contact.emails.iter().map(|mail| keys::email(&mail.address)).collect(),
            phones: phones.collect(),
            whatsapp,
            external: contact.external_ids.iter().map(|it| (it.source.clone(), it.id.clone())).collect(),
            company: keys::company(contact).map(|key| (key, keys::company_text(contact).to_owned())),
            birth_date: contact.birth_date,
        }
    }

    fn has_number(&self, number: &str, extension: Option<&String>) -> bool {
        let same = |(known, its): &(String, Option<String>)| {
            // Two extensions of one switchboard are two people.
            known == number && !matches!((its, extension), (Some(a), Some(b)) if a != b)
        };
        self.phones.iter().any(same) || self.whatsapp.iter().any(|known| known == number)
    }
}

/// What speaks for and against.
struct Scales {
    /// How likely they are two people in spite of what was found.
    doubt: f64,
    factor: f64,
    reasons: Vec<Reason>,
}

impl Scales {
    fn add(&mut self, weight: f64, code: ReasonCode, text: String) {
        self.doubt *= 1.0 - weight;
        self.reasons.push(Reason { code, text });
    }

    fn lower(&mut self, factor: f64, code: ReasonCode, text: String) {
        self.factor *= factor;
        self.reasons.push(Reason { code, text });
    }
}

/// Compares two contacts. `common` says of a key whether more than [`COMMON`] contacts share it.
#[must_use]
pub fn compare(a: &Traits, b: &Traits, common: &dyn Fn(Key) -> bool) -> Likeness {
    let mut scales = Scales { doubt: 1.0, factor: 1.0, reasons: Vec::new() };
    let Shared { id: same_id, both } = identifiers(a, b, common, &mut scales);
    names(a, b, common, same_id, &mut scales);
    company(a, b, &mut scales);
    birth_date(a, b, &mut scales);
    if !same_id {
        other_ids(a, b, &mut scales);
    }
    let born_apart = scales.reasons.iter().any(|reason| reason.code == ReasonCode::DifferentBirthDate);
    let least = if both && !born_apart { SHARED_BOTH } else { 0.0 };
    let score = ((1.0 - scales.doubt) * scales.factor * 100.0).round().clamp(least, 100.0);
    Likeness { score: score as u8, reasons: scales.reasons }
}

/// What two contacts have in common that identifies a person.
struct Shared {
    /// Another system knows both under one id, which settles nearly everything.
    id: bool,
    /// They share a personal e-mail address and a number, neither of them common.
    both: bool,
}

fn identifiers(a: &Traits, b: &Traits, common: &dyn Fn(Key) -> bool, scales: &mut Scales) -> Shared {
    let (mut mail_counts, mut number_counts) = (false, false);
    let shared_id = a.external.iter().find(|id| b.external.contains(id));
    if let Some((source, id)) = shared_id {
        let is_common = common(Key::new(KeyKind::ExternalId, &keys::external_id(source, id)));
        scales.add(if is_common { 0.1 } else { 0.97 }, ReasonCode::SameExternalId, format!("both have the id {id}"));
    }
    if let Some(address) = a.emails.iter().find(|address| b.emails.contains(address)) {
        let weight = match () {
            () if common(Key::new(KeyKind::Email, address)) => 0.1,
            () if keys::is_role_address(address) => 0.3,
            () => 0.8,
        };
        mail_counts = weight >= 0.8;
        scales.add(weight, ReasonCode::SameEmail, format!("both have {address}"));
    }
    let shared = |number: &str| common(Key::new(KeyKind::Phone, number));
    let whatsapp = a.whatsapp.iter().find(|handle| b.whatsapp.contains(handle));
    if let Some(number) = whatsapp {
        let weight = if shared(number) { 0.1 } else { 0.75 };
        number_counts |= !shared(number);
        scales.add(weight, ReasonCode::SameWhatsapp, format!("both have WhatsApp {number}"));
    }
    // One number in two fields is one piece of evidence.
    let all = a.phones.iter().map(|(number, extension)| (number, extension.as_ref()));
    let mut all = all.chain(a.whatsapp.iter().map(|number| (number, None)));
    let phone = all.find(|(number, extension)| Some(*number) != whatsapp && b.has_number(number, *extension));
    if let Some((number, _)) = phone {
        let weight = if shared(number) { 0.1 } else { 0.65 };
        number_counts |= !shared(number);
        scales.add(weight, ReasonCode::SamePhone, format!("both have {number}"));
    }
    Shared { id: shared_id.is_some(), both: mail_counts && number_counts }
}

fn names(a: &Traits, b: &Traits, common: &dyn Fn(Key) -> bool, same_id: bool, scales: &mut Scales) {
    let told = || format!("{} / {}", a.shown_name, b.shown_name);
    let (alike, key) = a.names.compare(&b.names);
    let common = alike == Alike::Same && key.is_some_and(|key| common(Key::new(KeyKind::Name, &key)));
    match alike {
        Alike::Unknown => {}
        Alike::Same => scales.add(if common { 0.3 } else { 0.6 }, ReasonCode::SameName, told()),
        Alike::Close => scales.add(0.5, ReasonCode::SimilarName, told()),
        Alike::Near => scales.add(0.4, ReasonCode::SimilarName, told()),
        Alike::Short => scales.add(0.2, ReasonCode::SimilarName, told()),
        // People marry; and a new last name is a better guess than a family of one first name.
        Alike::FirstOnly => scales.lower(0.95, ReasonCode::DifferentName, told()),
        Alike::Different => scales.lower(if same_id { 0.8 } else { 0.5 }, ReasonCode::DifferentName, told()),
    }
}

fn company(a: &Traits, b: &Traits, scales: &mut Scales) {
    let (Some((one, shown)), Some((two, other))) = (&a.company, &b.company) else { return };
    if one == two {
        scales.add(0.25, ReasonCode::SameCompany, format!("both are with {shown}"));
    } else if strsim::jaro_winkler(one, two) < 0.9 {
        scales.lower(0.9, ReasonCode::DifferentCompany, format!("{shown} / {other}"));
    }
}

fn birth_date(a: &Traits, b: &Traits, scales: &mut Scales) {
    let (Some(one), Some(two)) = (a.birth_date, b.birth_date) else { return };
    let swapped = one.year() == two.year() && one.month() == two.day() && one.day() == two.month();
    if one == two {
        scales.add(0.4, ReasonCode::SameBirthDate, format!("both were born on {one}"));
    } else if !swapped {
        // A day and a month that changed places say nothing.
        scales.lower(0.4, ReasonCode::DifferentBirthDate, format!("{one} / {two}"));
    }
}

fn other_ids(a: &Traits, b: &Traits, scales: &mut Scales) {
    let pair = a.external.iter().find_map(|(source, id)| {
        b.external.iter().find(|(its, _)| its == source).map(|(_, other)| (source, id, other))
    });
    if let Some((source, one, two)) = pair {
        let place = if source.is_empty() { String::new() } else { format!(" in {source}") };
        scales.lower(0.8, ReasonCode::DifferentExternalId, format!("{one} / {two}{place}"));
    }
}

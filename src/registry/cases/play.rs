//! Playing a case: the thing in hand is built from it under the default rules, and the hook is called. What came out is looked at in
//! `compare`.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate};

use super::parse::{Case, Event, Texts};
use crate::domain::cells::Cells;
use crate::domain::contact::{Contact, Stamp};
use crate::domain::date::DateFormat;
use crate::domain::draft::Draft;
use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender};
use crate::domain::field::{FieldKey, field_for_header};
use crate::domain::id::ContactId;
use crate::domain::language::LanguageNames;
use crate::domain::merge::merge;
use crate::domain::phone::PhoneMode;
use crate::domain::row::Columns;
use crate::domain::rules::{MissingLastName, RequiredNames, Rules, UnknownCustomFields, UnknownLabels};
use crate::plugin::budget::Spent;
use crate::plugin::fault::Fault;
use crate::plugin::hand::{ContactHand, Edit, EnquiryHand, MergeHand, RowHand, Sheet, Subject, Terms};
use crate::plugin::manifest::Manifest;
use crate::plugin::service::{ContactLookup, LogLine, LookupKey, PluginState, Services, StateWrite};
use crate::plugin::verdict::Verdict;
use crate::plugin::{Plugin, Session};
use crate::registry::dispatch;

/// What came of a case.
#[derive(Debug)]
pub struct Played {
    /// What the plugin said, or how it failed.
    pub verdict: Result<Verdict, Fault>,
    /// The thing in hand afterwards, with the edits unless the call failed.
    pub subject: Subject,
    /// What it edited.
    pub edits: Vec<Edit>,
    /// What it logged.
    pub log: Vec<LogLine>,
    /// What it asked to remember.
    pub state: Vec<StateWrite>,
    /// What it remembered before.
    pub known: Texts,
    /// What the call spent.
    pub spent: Spent,
}

/// What the calls of one case begin with.
pub struct Stage<'c> {
    case: &'c Case,
    rules: Arc<Rules>,
    terms: Arc<Terms>,
    services: Services,
}

impl<'c> Stage<'c> {
    /// Sets a case up for a plugin with this manifest.
    #[must_use]
    pub fn new(case: &'c Case, manifest: &Manifest) -> Self {
        let rules = Arc::new(rules());
        let lookup: Arc<dyn ContactLookup> =
            Arc::new(Book(case.lookup.iter().map(|texts| Arc::new(contact(texts, &rules))).collect()));
        let state: Arc<dyn PluginState> = Arc::new(Remembered(case.state.clone()));
        let services =
            Services { lookup: manifest.asks.lookup.then_some(lookup), state: manifest.asks.state.then_some(state) };
        let terms = Arc::new(manifest.terms(manifest.is_read_only(case.hook)));
        Self { case, rules, terms, services }
    }

    /// Opens a session with what the case lets be found.
    #[must_use]
    pub fn session(&self, plugin: &dyn Plugin) -> Box<dyn Session> {
        plugin.session(self.services.clone())
    }

    /// Returns the thing in hand, afresh.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let mut subject = subject(&self.case.event, &self.rules);
        subject.begin(&self.terms);
        subject
    }
}

/// Calls a case's hook once, in a session of its own.
#[must_use]
pub fn play(case: &Case, plugin: &dyn Plugin, manifest: &Manifest) -> Played {
    let stage = Stage::new(case, manifest);
    let returned = stage.session(plugin).call(case.hook, stage.subject());
    let mut subject = returned.subject;
    let verdict = dispatch::said(case.hook, manifest.phase, &subject, returned.outcome);
    let edits = if verdict.is_ok() { subject.keep() } else { subject.revert() };
    let known = case.state.clone();
    Played { verdict, subject, edits, log: returned.log, state: returned.state, known, spent: returned.spent }
}

fn subject(event: &Event, rules: &Arc<Rules>) -> Subject {
    let sheet = |contact| Sheet::new(contact, Arc::clone(rules));
    match event {
        Event::Row(cells) => Subject::Row(Box::new(row(cells))),
        Event::Contact { contact: fields, before } => {
            let before = before.as_ref().map(|before| Arc::new(contact(before, rules)));
            Subject::Contact(Box::new(ContactHand { sheet: sheet(draft(fields, rules)), before }))
        }
        Event::Merge { master, other } => {
            let (master, other) = (Arc::new(contact(master, rules)), Arc::new(contact(other, rules)));
            let result = sheet(Draft::new(merge(&master, &other)));
            Subject::Merge(Box::new(MergeHand { master, other, result }))
        }
        Event::Enquiry { enquiry: details, contact: fields, surveys, opened_at } => {
            let contact = fields.as_ref().map(|fields| sheet(draft(fields, rules)));
            Subject::Enquiry(Box::new(EnquiryHand::new(enquiry(details, *opened_at), contact, surveys.clone())))
        }
    }
}

fn row(cells: &Texts) -> RowHand {
    let headers: Vec<String> = cells.iter().map(|(header, _)| header.clone()).collect();
    let mapping = headers.iter().map(|header| field_for_header(header)).collect();
    let record: Cells = cells.iter().map(|(_, cell)| cell.as_str()).collect();
    RowHand::new(Arc::new(Columns::new(headers, mapping)), record, 1, 2)
}

/// A draft, so that a case may hold values that the rules refuse.
fn draft(fields: &Texts, rules: &Rules) -> Draft {
    let created = Stamp { at: DateTime::UNIX_EPOCH, by: Arc::from("case") };
    let mut draft = Draft::new(Contact::new(ContactId::from_bytes([1; 16]), created));
    for (name, value) in fields {
        if let Ok(key) = FieldKey::parse(name) {
            draft.offer(&key, value, rules);
        }
    }
    draft
}

fn contact(fields: &Texts, rules: &Rules) -> Contact {
    draft(fields, rules).contact
}

fn enquiry(details: &Texts, opened_at: DateTime<chrono::Utc>) -> Enquiry {
    let detail = |name: &str| details.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let attribute =
        |(name, value): &(String, String)| Some((name.strip_prefix("attribute.")?.to_owned(), value.clone()));
    let from = Sender {
        phone: detail("from.phone"),
        email: detail("from.email"),
        handle: detail("from.handle"),
        name: detail("from.name"),
    };
    let channel = detail("channel").and_then(|word| Channel::parse(&word)).unwrap_or(Channel::Call);
    Enquiry {
        id: 1,
        status: detail("status").and_then(|word| EnquiryStatus::parse(&word)).unwrap_or(EnquiryStatus::Open),
        subject: detail("subject"),
        attributes: details.iter().filter_map(attribute).collect(),
        ..Enquiry::new(channel, from, opened_at)
    }
}

/// The rules of the default profile, on a fixed day, so that a case means the same everywhere and always.
fn rules() -> Rules {
    Rules {
        missing_last_name: MissingLastName::Customer,
        required_names: RequiredNames::Last,
        phone_mode: PhoneMode::Lenient,
        default_country: None,
        date_format: DateFormat::Mdy,
        accept_serial_dates: false,
        multi_value: true,
        language_names: LanguageNames::Iso6391,
        sms_default: true,
        unknown_labels: UnknownLabels::Create,
        lock_verified: true,
        today: NaiveDate::from_ymd_opt(2030, 1, 1).unwrap_or_default(),
        schema: Arc::default(),
        unknown_custom_fields: UnknownCustomFields::Accept,
    }
}

/// The contacts that a case lets be found.
struct Book(Vec<Arc<Contact>>);

impl ContactLookup for Book {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        let found = self.0.iter().filter(|contact| is_found(contact, key)).take(limit);
        Ok(found.cloned().collect())
    }
}

fn is_found(contact: &Contact, key: &LookupKey) -> bool {
    match key {
        LookupKey::Email(wanted) => {
            contact.emails.iter().any(|mail| mail.address.to_lowercase() == wanted.to_lowercase())
        }
        LookupKey::Phone(wanted) => contact.phones.iter().any(|phone| phone.e164.as_ref() == Some(wanted)),
        LookupKey::ExternalId(wanted) => {
            contact.external_ids.iter().any(|id| format!("{}:{}", id.source, id.id) == *wanted)
        }
        LookupKey::Name(wanted) => {
            let name = contact.display_name().to_lowercase();
            wanted
                .to_lowercase()
                .split_whitespace()
                .all(|word| name.split_whitespace().any(|part| part.starts_with(word)))
        }
    }
}

/// What a case says that the plugin remembers.
struct Remembered(Texts);

impl PluginState for Remembered {
    fn get(&self, _plugin: &str, key: &str) -> Option<Vec<u8>> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone().into_bytes())
    }

    fn size(&self, _plugin: &str) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.len()).sum()
    }
}

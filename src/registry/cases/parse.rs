//! Reading a case: an event in TOML and what should come of it. Faults are collected and told by key.

use chrono::{DateTime, Utc};
use toml::{Table, Value};

use crate::domain::enquiry::{Channel, EnquiryStatus};
use crate::domain::field::FieldKey;
use crate::plugin::hook::Hook;
use crate::plugin::manifest::did_you_mean;

/// Texts by name, in the order of the names.
pub type Texts = Vec<(String, String)>;

/// One case.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// The hook to call.
    pub hook: Hook,
    /// What it is about.
    pub event: Event,
    /// Configuration over the manifest's defaults.
    pub config: Table,
    /// Contacts that a lookup finds, by field.
    pub lookup: Vec<Texts>,
    /// What should come of it.
    pub expect: Expected,
}

/// What a hook is about, as a case has it: values by header or field; the values of a list joined by `; `.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Cells by header.
    Row(Texts),
    /// A contact, and what it was before.
    Contact {
        /// Fields.
        contact: Texts,
        /// Fields of what is stored.
        before: Option<Texts>,
    },
    /// Two contacts.
    Merge {
        /// Fields of the one that stays.
        master: Texts,
        /// Fields of the one that goes.
        other: Texts,
    },
    /// An enquiry, and the contact that it was matched with.
    Enquiry {
        /// Its details: `channel`, `status`, `subject`, `from.phone`, `from.email`, `from.handle`, `from.name`, `attribute.KEY`.
        enquiry: Texts,
        /// Fields of the contact.
        contact: Option<Texts>,
        /// When surveys were sent to the contact, as Unix seconds.
        surveys: Vec<i64>,
        /// When it was opened.
        opened_at: DateTime<Utc>,
    },
}

/// How a call ends.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Accepted.
    Accept,
    /// Refused.
    Reject,
    /// Left out.
    Skip,
    /// Failed.
    Fault,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Accept, Self::Reject, Self::Skip, Self::Fault];

    /// Returns `accept`, `reject`, `skip` or `fault`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Skip => "skip",
            Self::Fault => "fault",
        }
    }
}

/// What should come of a case. Only what is said is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// How the call ends.
    pub verdict: Outcome,
    /// Cells or fields afterwards; a blank text means that there is none.
    pub set: Texts,
    /// Problems that must be among those told.
    pub problems: Vec<ExpectedProblem>,
}

/// A problem that is expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectedProblem {
    /// Its code.
    pub code: Option<String>,
    /// Its field.
    pub field: Option<String>,
}

/// The keys of a case.
const KEYS: [&str; 13] = [
    "hook",
    "row",
    "contact",
    "before",
    "master",
    "other",
    "enquiry",
    "surveys",
    "opened_at",
    "lookup",
    "config",
    "expect",
    "description",
];

/// Reads keys and collects what is wrong with them.
#[derive(Default)]
struct Walk {
    faults: Vec<String>,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let table: Table =
            text.parse().map_err(|error: toml::de::Error| vec![error.to_string().trim_end().to_owned()])?;
        let mut walk = Walk::default();
        walk.unknown(&table, &KEYS, "a case");
        let case = walk.case(&table);
        match case {
            Some(case) if walk.faults.is_empty() => Ok(case),
            _ => Err(walk.faults),
        }
    }
}

impl Walk {
    fn case(&mut self, table: &Table) -> Option<Case> {
        let hook = self.hook(table);
        let expect = self.expected(table);
        let lookup = self.tables(table, "lookup").into_iter().map(|found| self.fields(found, "lookup")).collect();
        let config = self.table(table, "config").cloned().unwrap_or_default();
        let event = self.event(hook?, table);
        Some(Case { hook: hook?, event: event?, config, lookup, expect: expect? })
    }

    fn hook(&mut self, table: &Table) -> Option<Hook> {
        let name = table.get("hook").and_then(Value::as_str).unwrap_or_default();
        let hook = Hook::parse(name);
        if hook.is_none() {
            self.faults.push(format!("`hook` names no hook; {}", did_you_mean(name, Hook::ALL.map(Hook::name))));
        }
        hook
    }

    fn event(&mut self, hook: Hook, table: &Table) -> Option<Event> {
        Some(match hook {
            Hook::ImportRow => Event::Row(self.needed(table, "row").map(|row| self.texts(row, "row"))?),
            Hook::Create | Hook::Update | Hook::Delete => Event::Contact {
                contact: self.needed(table, "contact").map(|contact| self.fields(contact, "contact"))?,
                before: self.table(table, "before").map(|before| self.fields(before, "before")),
            },
            Hook::Merge => {
                let master = self.needed(table, "master").map(|master| self.fields(master, "master"));
                let other = self.needed(table, "other").map(|other| self.fields(other, "other"));
                Event::Merge { master: master?, other: other? }
            }
            Hook::Enquiry => self.enquiry(table)?,
        })
    }

    fn enquiry(&mut self, table: &Table) -> Option<Event> {
        let given = self.needed(table, "enquiry")?;
        // Both are part of the enquiry; a file may have them at its head, too.
        let surveys = self.seconds(given.get("surveys").or_else(|| table.get("surveys")));
        let opened_at = self.opened_at(given.get("opened_at").or_else(|| table.get("opened_at")));
        let details: Table = given
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "surveys" | "opened_at"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let enquiry = self.texts(&details, "enquiry");
        for (name, value) in &enquiry {
            let sound = match name.as_str() {
                "channel" => Channel::parse(value).is_some(),
                "status" => EnquiryStatus::parse(value).is_some(),
                "subject" | "from.phone" | "from.email" | "from.handle" | "from.name" => true,
                _ => name.starts_with("attribute."),
            };
            if !sound {
                self.faults.push(format!("`enquiry.{name}` cannot be `{value}`"));
            }
        }
        Some(Event::Enquiry {
            enquiry,
            contact: self.table(table, "contact").map(|contact| self.fields(contact, "contact")),
            surveys,
            opened_at,
        })
    }

    fn seconds(&mut self, value: Option<&Value>) -> Vec<i64> {
        let Some(value) = value else { return Vec::new() };
        let seconds = value.as_array().and_then(|items| items.iter().map(Value::as_integer).collect());
        seconds.unwrap_or_else(|| {
            self.faults.push("`surveys` takes a list of Unix seconds".to_owned());
            Vec::new()
        })
    }

    /// Unix seconds, or a date and time with its offset.
    fn opened_at(&mut self, value: Option<&Value>) -> DateTime<Utc> {
        let time = match value {
            None => return DateTime::UNIX_EPOCH,
            Some(Value::Integer(seconds)) => DateTime::from_timestamp(*seconds, 0),
            Some(Value::String(text)) => DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()),
            Some(other) => DateTime::parse_from_rfc3339(&other.to_string()).ok().map(|time| time.to_utc()),
        };
        time.unwrap_or_else(|| {
            self.faults.push("`opened_at` takes Unix seconds or a time such as 2026-01-31T12:00:00Z".to_owned());
            DateTime::UNIX_EPOCH
        })
    }

    fn expected(&mut self, table: &Table) -> Option<Expected> {
        let expect = self.needed(table, "expect")?;
        self.unknown(expect, &["verdict", "set", "problems"], "[expect]");
        let word = expect.get("verdict").and_then(Value::as_str).unwrap_or_default();
        let verdict = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word);
        if verdict.is_none() {
            self.faults.push(format!(
                "`expect.verdict` takes no `{word}`; {}",
                did_you_mean(word, Outcome::ALL.map(Outcome::as_str))
            ));
        }
        let set = self.table(expect, "set").map(|set| self.texts(set, "expect.set")).unwrap_or_default();
        let problems = self.tables(expect, "problems").into_iter().map(|problem| self.problem(problem)).collect();
        Some(Expected { verdict: verdict?, set, problems })
    }

    fn problem(&mut self, table: &Table) -> ExpectedProblem {
        self.unknown(table, &["code", "field"], "[[expect.problems]]");
        let text = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
        ExpectedProblem { code: text("code"), field: text("field") }
    }

    fn unknown(&mut self, table: &Table, known: &[&str], what: &str) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            self.faults.push(format!("{what} has no key `{key}`; {}", did_you_mean(key, known.iter().copied())));
        }
    }

    fn needed<'t>(&mut self, table: &'t Table, key: &str) -> Option<&'t Table> {
        if !table.contains_key(key) {
            self.faults.push(format!("[{key}] is missing"));
        }
        self.table(table, key)
    }

    fn table<'t>(&mut self, table: &'t Table, key: &str) -> Option<&'t Table> {
        let value = table.get(key)?;
        if !value.is_table() {
            self.faults.push(format!("`{key}` takes a table: [{key}]"));
        }
        value.as_table()
    }

    fn tables<'t>(&mut self, table: &'t Table, key: &str) -> Vec<&'t Table> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let tables = value.as_array().and_then(|items| items.iter().map(Value::as_table).collect());
        tables.unwrap_or_else(|| {
            self.faults.push(format!("`{key}` takes tables: [[{key}]]"));
            Vec::new()
        })
    }

    /// Texts by the names of fields.
    fn fields(&mut self, table: &Table, key: &str) -> Texts {
        let texts = self.texts(table, key);
        for (name, _) in &texts {
            if let Err(invalid) = FieldKey::parse(name) {
                let hint = invalid.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
                self.faults.push(format!("`{key}`: {invalid}{hint}"));
            }
        }
        texts
    }

    fn texts(&mut self, table: &Table, key: &str) -> Texts {
        let mut texts = Texts::new();
        for (name, value) in table {
            self.flatten(name.clone(), value, key, &mut texts);
        }
        texts
    }

    /// `from.phone` without quotes is a table in a table, and means the same.
    fn flatten(&mut self, name: String, value: &Value, key: &str, texts: &mut Texts) {
        match value {
            Value::String(text) => texts.push((name, text.clone())),
            Value::Integer(number) => texts.push((name, number.to_string())),
            Value::Float(number) => texts.push((name, number.to_string())),
            Value::Boolean(yes) => texts.push((name, if *yes { "yes" } else { "no" }.to_owned())),
            Value::Table(inner) => {
                for (part, value) in inner {
                    self.flatten(format!("{name}.{part}"), value, key, texts);
                }
            }
            Value::Array(items) if items.iter().all(Value::is_str) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                texts.push((name, items.join("; ")));
            }
            Value::Array(_) | Value::Datetime(_) => self.faults.push(format!("`{key}.{name}` takes a text")),
        }
    }
}

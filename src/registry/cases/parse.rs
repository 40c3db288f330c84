//! Reading a case: an event in TOML and what should come of it. Faults are collected and told by key.

use chrono::{DateTime, Utc};
use toml::{Table, Value};

use crate::domain::enquiry::{Channel, EnquiryStatus};
use crate::domain::field::FieldKey;
use crate::plugin::hook::Hook;
use crate::plugin::manifest::did_you_mean;
use crate::plugin::manifest::place::{Part, locate, position};
use crate::plugin::package::LoadError;

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
    /// What the plugin remembers beforehand.
    pub state: Texts,
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
    /// Texts that lines of the log must hold, a line for each.
    pub log: Vec<String>,
    /// What it remembers afterwards; a blank text means that it does not.
    pub state: Texts,
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
const KEYS: [&str; 14] = [
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
    "state",
    "config",
    "expect",
    "description",
];

/// Sections of an event, with the hooks that they are for.
const SECTIONS: [(&str, &str); 4] = [
    ("row", "on_import_row"),
    ("master", "on_merge"),
    ("enquiry", "on_enquiry"),
    ("contact", "on_create, on_update or on_delete"),
];

/// Something that is wrong, by the keys that lead there.
struct Slip {
    path: Vec<String>,
    part: Part,
    message: String,
}

/// Reads keys and collects what is wrong with them.
#[derive(Default)]
struct Walk {
    faults: Vec<Slip>,
}

impl Case {
    /// Reads a case. `file` is the text's name, for positions.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its position, in the order of the text.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<LoadError>> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            vec![LoadError::new(error.message().to_owned()).at(position(text, file, at))]
        })?;
        Self::read(&table).map_err(|faults| {
            let mut told: Vec<LoadError> = faults
                .into_iter()
                .map(|Slip { path, part, message }| {
                    let path: Vec<&str> = path.iter().map(String::as_str).collect();
                    LoadError::new(message).at(locate(text, file, &path, part))
                })
                .collect();
            told.sort_by_key(|error| error.position.as_ref().map(|position| (position.line, position.column)));
            told
        })
    }

    /// Takes a case that was read from another notation, which has no positions.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_table(table: &Table) -> Result<Self, Vec<LoadError>> {
        Self::read(table).map_err(|faults| faults.into_iter().map(|slip| LoadError::new(slip.message)).collect())
    }

    fn read(table: &Table) -> Result<Self, Vec<Slip>> {
        let mut walk = Walk::default();
        walk.unknown(table, &KEYS, "a case", &[]);
        let case = walk.case(table);
        match case {
            Some(case) if walk.faults.is_empty() => Ok(case),
            _ => Err(walk.faults),
        }
    }
}

impl Walk {
    fn slip(&mut self, path: &[&str], part: Part, message: String) {
        self.faults.push(Slip { path: path.iter().map(|key| (*key).to_owned()).collect(), part, message });
    }

    fn wrong(&mut self, path: &[&str], message: String) {
        self.slip(path, Part::Value, message);
    }

    fn case(&mut self, table: &Table) -> Option<Case> {
        let hook = self.hook(table);
        let expect = self.expected(table);
        let found = self.tables(table, "lookup", &["lookup"]);
        let lookup = found.into_iter().map(|found| self.fields(found, "lookup")).collect();
        let config = self.table(table, "config").cloned().unwrap_or_default();
        let state = self.table(table, "state").map(|state| self.texts(state, "state")).unwrap_or_default();
        let event = self.event(hook?, table);
        Some(Case { hook: hook?, event: event?, config, lookup, state, expect: expect? })
    }

    fn hook(&mut self, table: &Table) -> Option<Hook> {
        let name = table.get("hook").and_then(Value::as_str).unwrap_or_default();
        let hook = Hook::parse(name);
        if hook.is_none() {
            let message = format!("`hook` names no hook; {}", did_you_mean(name, Hook::ALL.map(Hook::name)));
            self.wrong(&["hook"], message);
        }
        hook
    }

    fn event(&mut self, hook: Hook, table: &Table) -> Option<Event> {
        Some(match hook {
            Hook::ImportRow => Event::Row(self.event_part(hook, table, "row").map(|row| self.texts(row, "row"))?),
            Hook::Create | Hook::Update | Hook::Delete => Event::Contact {
                contact: self.event_part(hook, table, "contact").map(|contact| self.fields(contact, "contact"))?,
                before: self.table(table, "before").map(|before| self.fields(before, "before")),
            },
            Hook::Merge => {
                let master = self.event_part(hook, table, "master").map(|master| self.fields(master, "master"));
                let other = self.needed(table, "other").map(|other| self.fields(other, "other"));
                Event::Merge { master: master?, other: other? }
            }
            Hook::Enquiry => self.enquiry(table)?,
        })
    }

    fn enquiry(&mut self, table: &Table) -> Option<Event> {
        let given = self.event_part(Hook::Enquiry, table, "enquiry")?;
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
                self.wrong(&["enquiry", name], format!("`enquiry.{name}` cannot be `{value}`"));
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
            self.wrong(&["enquiry", "surveys"], "`surveys` takes a list of Unix seconds".to_owned());
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
            let message = "`opened_at` takes Unix seconds or a time such as 2026-01-31T12:00:00Z".to_owned();
            self.wrong(&["enquiry", "opened_at"], message);
            DateTime::UNIX_EPOCH
        })
    }

    fn expected(&mut self, table: &Table) -> Option<Expected> {
        let expect = self.needed(table, "expect")?;
        self.unknown(expect, &["verdict", "set", "problems", "log", "state"], "[expect]", &["expect"]);
        let word = expect.get("verdict").and_then(Value::as_str).unwrap_or_default();
        let verdict = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word);
        if verdict.is_none() {
            let known = did_you_mean(word, Outcome::ALL.map(Outcome::as_str));
            self.wrong(&["expect", "verdict"], format!("`expect.verdict` takes no `{word}`; {known}"));
        }
        let set = self.table(expect, "set").map(|set| self.texts(set, "expect.set")).unwrap_or_default();
        let problems = self.tables(expect, "problems", &["expect", "problems"]);
        let problems = problems.into_iter().enumerate().map(|(at, problem)| self.problem(at, problem)).collect();
        let state = self.table(expect, "state").map(|state| self.texts(state, "expect.state")).unwrap_or_default();
        Some(Expected { verdict: verdict?, set, problems, log: self.lines(expect.get("log")), state })
    }

    fn problem(&mut self, at: usize, table: &Table) -> ExpectedProblem {
        let at = at.to_string();
        self.unknown(table, &["code", "field"], "[[expect.problems]]", &["expect", "problems", &at]);
        let mut text = |key: &str| {
            let value = table.get(key)?;
            if !value.is_str() {
                self.wrong(&["expect", "problems", &at, key], format!("`{key}` takes a text"));
            }
            value.as_str().map(str::to_owned)
        };
        ExpectedProblem { code: text("code"), field: text("field") }
    }

    fn lines(&mut self, value: Option<&Value>) -> Vec<String> {
        let lines = match value {
            None => return Vec::new(),
            Some(Value::String(line)) => Some(vec![line.clone()]),
            Some(value) => {
                value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect())
            }
        };
        lines.unwrap_or_else(|| {
            self.wrong(&["expect", "log"], "`expect.log` takes a list of texts".to_owned());
            Vec::new()
        })
    }

    fn unknown(&mut self, table: &Table, known: &[&str], what: &str, path: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let message = format!("{what} has no key `{key}`; {}", did_you_mean(key, known.iter().copied()));
            self.slip(&[path, &[key]].concat(), Part::Key, message);
        }
    }

    /// The part of an event that a hook is about. Where there is an event of another kind, it says so.
    fn event_part<'t>(&mut self, hook: Hook, table: &'t Table, key: &str) -> Option<&'t Table> {
        let other = SECTIONS.iter().find(|(section, _)| table.contains_key(*section));
        match other {
            Some((section, hooks)) if !table.contains_key(key) => {
                let message = format!("{hook} is about [{key}], and here is [{section}], which is for {hooks}");
                self.slip(&[section], Part::Key, message);
                None
            }
            _ => self.needed(table, key),
        }
    }

    fn needed<'t>(&mut self, table: &'t Table, key: &str) -> Option<&'t Table> {
        if !table.contains_key(key) {
            self.wrong(&[key], format!("[{key}] is missing"));
        }
        self.table(table, key)
    }

    fn table<'t>(&mut self, table: &'t Table, key: &str) -> Option<&'t Table> {
        let value = table.get(key)?;
        if !value.is_table() {
            let path: &[&str] = if key == "set" { &["expect", key] } else { &[key] };
            self.wrong(path, format!("`{key}` takes a table: [{}]", path.join(".")));
        }
        value.as_table()
    }

    fn tables<'t>(&mut self, table: &'t Table, key: &str, path: &[&str]) -> Vec<&'t Table> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let tables = value.as_array().and_then(|items| items.iter().map(Value::as_table).collect());
        tables.unwrap_or_else(|| {
            self.wrong(path, format!("`{key}` takes tables: [[{}]]", path.join(".")));
            Vec::new()
        })
    }

    /// Texts by the names of fields.
    fn fields(&mut self, table: &Table, key: &str) -> Texts {
        let texts = self.texts(table, key);
        for (name, _) in &texts {
            if let Err(invalid) = FieldKey::parse(name) {
                let hint = invalid.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
                self.slip(&[key, name], Part::Key, format!("`{key}`: {invalid}{hint}"));
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
            Value::Array(_) | Value::Datetime(_) => {
                let path: Vec<&str> = key.split('.').chain([name.as_str()]).collect();
                self.wrong(&path, format!("`{key}.{name}` takes a text"));
            }
        }
    }
}

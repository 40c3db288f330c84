//! A stand-in for the engines: its code is lines such as `on_create set company Acme`, so that a test says in one line what a plugin does.
//!
//! `HOOK set NAME VALUE` (`$KEY` is a value of the configuration), `HOOK reject FIELD CODE`, `HOOK skip REASON`, `HOOK fault`,
//! `HOOK fault-on NAME VALUE`, `HOOK log TEXT`, `HOOK remember KEY VALUE`, `HOOK find EMAIL NAME` (sets NAME to the first name found);
//! `broken` does not load, `panics` breaks the loader. Loads are counted.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Folders, Load, Loaded, Mode};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::field::Field;
use crate::domain::id::ContactId;
use crate::domain::problem::Problem;
use crate::domain::rules::Rules;
use crate::plugin::budget::Spent;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::{ContactHand, EditError, Sheet, Subject};
use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::package::{Identity, LoadError, Package};
use crate::plugin::service::{LogLevel, LogLine, LookupKey, Services, StateWrite};
use crate::plugin::verdict::Verdict;
use crate::plugin::{Plugin, Returned, Session};

/// Loads fake plugins and counts how often.
#[derive(Default)]
pub(super) struct Fake {
    loads: AtomicUsize,
}

impl Fake {
    pub(super) fn loads(&self) -> usize {
        self.loads.load(Ordering::Relaxed)
    }
}

impl Load for Fake {
    fn load(&self, package: &Package) -> Result<Arc<dyn Plugin>, LoadError> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        let code = String::from_utf8(package.code.to_vec()).map_err(|_| LoadError::new("it is not text"))?;
        match code.trim() {
            "broken" => return Err(LoadError::new("it is broken")),
            "panics" => panic!("the loader breaks"),
            _ => {}
        }
        Ok(Arc::new(FakePlugin {
            package: package.clone(),
            lines: Arc::new(code.lines().filter_map(Line::parse).collect()),
        }))
    }
}

#[derive(Clone)]
struct Line {
    hook: Hook,
    action: String,
    name: String,
    value: String,
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        let hook = Hook::parse(words.next()?)?;
        let mut word = || words.next().unwrap_or_default().to_owned();
        Some(Self { hook, action: word(), name: word(), value: word() })
    }
}

struct FakePlugin {
    package: Package,
    lines: Arc<Vec<Line>>,
}

impl Plugin for FakePlugin {
    fn identity(&self) -> &Arc<Identity> {
        &self.package.identity
    }

    fn hooks(&self) -> HookSet {
        self.lines.iter().map(|line| line.hook).collect()
    }

    fn session(&self, services: Services) -> Box<dyn Session> {
        Box::new(FakeSession { package: self.package.clone(), lines: Arc::clone(&self.lines), services })
    }
}

struct FakeSession {
    package: Package,
    lines: Arc<Vec<Line>>,
    services: Services,
}

impl Session for FakeSession {
    fn call(&mut self, hook: Hook, subject: Subject) -> Returned {
        let spent = Spent { time: Duration::from_micros(3), ..Spent::default() };
        let mut returned =
            Returned { subject, outcome: Ok(Verdict::Accept), spent, log: Vec::new(), state: Vec::new() };
        for line in self.lines.iter().filter(|line| line.hook == hook) {
            if let Some(outcome) = self.act(line, &mut returned) {
                returned.outcome = outcome;
                break;
            }
        }
        returned
    }
}

impl FakeSession {
    fn act(&self, line: &Line, returned: &mut Returned) -> Option<Result<Verdict, Fault>> {
        let Line { action, name, value, .. } = line;
        let fault = |message: &str| Some(Err(Fault::new(FaultKind::Script, message)));
        match action.as_str() {
            "set" => match set(&mut returned.subject, name, &self.text(value)) {
                Err(EditError::TooMany(limit)) => return fault(&format!("more than {limit} edits")),
                // A refusal that goes unheeded is for the registry to notice.
                Ok(()) | Err(EditError::Refused(_)) => {}
            },
            "reject" => return Some(Ok(Verdict::Reject(vec![problem(name, value)]))),
            "skip" => return Some(Ok(Verdict::Skip(name.clone()))),
            "fault" => return fault("it fails"),
            "fault-on" if get(&returned.subject, name).as_deref() == Some(value) => return fault("it fails on that"),
            "log" => returned.log.push(LogLine { level: LogLevel::Info, text: name.clone() }),
            "remember" => {
                returned.state.push(StateWrite { key: name.clone(), value: Some(value.clone().into_bytes()) });
            }
            "find" => {
                let Some(lookup) = &self.services.lookup else { return fault("no lookup") };
                let found = lookup.find(&LookupKey::Email(name.clone()), 1).unwrap_or_default();
                let first = found.first().and_then(|contact| contact.first_name.clone()).unwrap_or_default();
                let _ = set(&mut returned.subject, value, &first);
            }
            _ => {}
        }
        None
    }

    fn text(&self, value: &str) -> String {
        let told = value
            .strip_prefix('$')
            .map(|key| self.package.config.get(key).map_or_else(String::new, ToString::to_string));
        told.unwrap_or_else(|| value.to_owned())
    }
}

fn problem(field: &str, code: &str) -> Problem {
    Problem {
        field: Some(field.to_owned()),
        code: Cow::Owned(code.to_owned()),
        value: None,
        message: "is refused".to_owned(),
        hint: None,
    }
}

fn set(subject: &mut Subject, name: &str, value: &str) -> Result<(), EditError> {
    match subject {
        Subject::Row(row) => row.set(name, value),
        Subject::Contact(hand) => hand.sheet.set(name, value),
        Subject::Merge(hand) => hand.result.set(name, value),
        Subject::Enquiry(hand) => match name.strip_prefix("attribute.") {
            Some(key) => hand.set_attribute(key, value),
            None if name == "survey" => hand.suppress_survey(value),
            None => hand.contact_mut(name)?.set(name, value),
        },
    }
}

fn get(subject: &Subject, name: &str) -> Option<String> {
    match subject {
        Subject::Row(row) => row.get(name).ok().flatten().map(str::to_owned),
        Subject::Contact(hand) => hand.sheet.get(name).ok().flatten().map(Cow::into_owned),
        Subject::Merge(hand) => hand.result.get(name).ok().flatten().map(Cow::into_owned),
        Subject::Enquiry(hand) => hand.get(name).ok().flatten().map(Cow::into_owned),
    }
}

/// A contact in hand, with a last name and nothing else.
pub(super) fn contact() -> Subject {
    let created = Stamp { at: chrono::DateTime::UNIX_EPOCH, by: Arc::from("test") };
    let mut contact = Contact::new(ContactId::from_bytes([7; 16]), created);
    contact.last_name = Some("Lee".to_owned());
    let sheet = Sheet::new(Draft::new(contact), Arc::new(Rules::for_tests()));
    Subject::Contact(Box::new(ContactHand { sheet, before: None }))
}

/// A field of the contact in hand.
pub(super) fn field(subject: &Subject, field: Field) -> Option<String> {
    match subject {
        Subject::Contact(hand) => hand.sheet.draft().contact.joined(&field.into()),
        _ => None,
    }
}

/// A loaded plugin with code and manifest, in `mode`.
pub(super) fn loaded(name: &str, manifest: &str, code: &str, mode: Mode) -> Arc<Loaded> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &format!("plugins/{name}/plugin.toml"), manifest);
    write(folder.path(), &format!("plugins/{name}/main.rhai"), code);
    let deployment = super::Deployment { mode, grants: vec!["lookup".into(), "state".into()], ..Default::default() };
    let deployments = [(name.to_owned(), deployment)].into();
    super::candidate(&folder.path().join("plugins").join(name), &deployments, &Fake::default()).unwrap()
}

/// The folders of a home.
pub(super) fn folders(home: &Path) -> Folders {
    Folders { plugins: home.join("plugins"), scripts: home.join("scripts"), cache: None, shelf: None }
}

/// Writes a file, and the folders above it.
pub(super) fn write(home: &Path, path: &str, text: &str) {
    let path = home.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

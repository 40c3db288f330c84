//! Why a use case did not happen, in the few classes that exit codes and HTTP statuses are made of. Bad rows of an import are results,
//! not failures.

use std::borrow::Cow;
use std::fmt;

use crate::config::edit::EditError;
use crate::config::{ConfigError, ConfigFault};
use crate::domain::invalid::Invalid;
use crate::intake::{IntakeError, IntakeErrorKind};
use crate::plugin::package::LoadError;
use crate::store::StoreError;

use super::contacts::conflict::Conflict;
use super::decide::Told;

/// The class of a failure.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// The request makes no sense as given.
    Usage,
    /// The settings are at fault.
    Config,
    /// What was named is not there.
    NotFound,
    /// Somebody else changed it meanwhile, or it was done before.
    Conflict,
    /// A rule, a plugin or the state of things refuses it.
    Rejected,
    /// A plugin failed.
    PluginFault,
    /// Carnet or its machine failed.
    Internal,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 7] =
        [Self::Usage, Self::Config, Self::NotFound, Self::Conflict, Self::Rejected, Self::PluginFault, Self::Internal];
}

/// What happened to which thing, and what to do about it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The class.
    pub class: Class,
    /// Stable code in SCREAMING_SNAKE_CASE.
    pub code: Cow<'static, str>,
    /// What happened, naming the thing.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The single problems, where there are several.
    pub problems: Vec<Told>,
    /// What both wanted, where somebody else was faster.
    pub conflict: Option<Box<Conflict>>,
}

/// Others changed what a plugin remembers between its decision and the write.
pub(super) const STATE_MOVED: &str = "STATE_MOVED";

impl Failure {
    /// Returns a failure without hint and problems.
    #[must_use]
    pub fn new(class: Class, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            class,
            code: Cow::Borrowed(code),
            message: message.into(),
            hint: None,
            problems: Vec::new(),
            conflict: None,
        }
    }

    /// Says whether the same may be done once more, on what plugins remember by now.
    #[must_use]
    pub fn is_state_moved(&self) -> bool {
        self.code == STATE_MOVED
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the single problems.
    #[must_use]
    pub fn because(mut self, problems: Vec<Told>) -> Self {
        self.problems = problems;
        self
    }

    /// A file or folder that could not be read or written.
    #[must_use]
    pub fn io(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let class =
            if matches!(error.kind(), std::io::ErrorKind::StorageFull) { Class::Internal } else { Class::Rejected };
        let hint = match error.kind() {
            std::io::ErrorKind::PermissionDenied if what.starts_with("read") => {
                "check who may read it and the folders above it"
            }
            std::io::ErrorKind::PermissionDenied => "check who may write it and the folders above it",
            std::io::ErrorKind::StorageFull => "free some space and run the command again",
            std::io::ErrorKind::NotFound => "check the path",
            _ => "check the path and its rights",
        };
        Self::new(class, "IO", format!("cannot {what} `{}`: {error}", path.display())).hint(hint)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self {
            class: Class::Usage,
            code: Cow::Borrowed(invalid.code),
            message: invalid.message,
            hint: invalid.hint,
            problems: Vec::new(),
            conflict: None,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let faults: Vec<String> = error.faults.iter().map(|fault| config_fault(&error.path, fault)).collect();
        Self::new(Class::Config, "SETTINGS", format!("{error}\n{}", faults.join("\n")))
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::File(error) => error.into(),
            EditError::Unsound(error) => {
                let faults: Vec<String> = error.faults.iter().map(|fault| config_fault(&error.path, fault)).collect();
                let message = format!("`{}` would no longer be sound\n{}", error.path.display(), faults.join("\n"));
                Self::new(Class::Config, "CONFIG", message).hint("nothing was written; change it by hand")
            }
            EditError::Raced(path) => {
                let message = format!("somebody else changed `{}` meanwhile", path.display());
                Self::new(Class::Conflict, "CONFIG_CHANGED", message).hint("nothing was written; run the command again")
            }
        }
    }
}

fn config_fault(path: &std::path::Path, fault: &ConfigFault) -> String {
    let place =
        if fault.line == 0 { String::new() } else { format!("{}:{}:{}: ", path.display(), fault.line, fault.column) };
    let hint = fault.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
    format!("  {place}{}{hint}", fault.message)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (class, code) = match &error {
            StoreError::NotFound { .. } => (Class::NotFound, "NOT_FOUND"),
            StoreError::Conflict { .. } => (Class::Conflict, "STALE_REV"),
            StoreError::Locked { .. } => (Class::Rejected, "DATABASE_LOCKED"),
            StoreError::ReadOnly { .. } => (Class::Rejected, "DATABASE_READ_ONLY"),
            StoreError::Open { .. } => (Class::Rejected, "DATABASE_OPEN"),
            StoreError::NotADatabase { .. } => (Class::Rejected, "NOT_A_DATABASE"),
            StoreError::Newer { .. } => (Class::Rejected, "DATABASE_NEWER"),
            StoreError::Cursor { .. } => (Class::Usage, "CURSOR"),
            StoreError::SelfMerge { .. } => (Class::Usage, "MERGE_SAME"),
            StoreError::NoJob { .. } => (Class::NotFound, "JOB_UNKNOWN"),
            StoreError::NoEnquiry { .. } => (Class::NotFound, "ENQUIRY_UNKNOWN"),
            StoreError::NoLabel { .. } => (Class::NotFound, "LABEL_UNKNOWN"),
            StoreError::JobRunning { .. } => (Class::Conflict, "JOB_RUNNING"),
            StoreError::LabelExists { .. } => (Class::Conflict, "LABEL_EXISTS"),
            StoreError::EnquiryChanged { .. } => (Class::Conflict, "ENQUIRY_CHANGED"),
            StoreError::StateMoved { .. } => (Class::Conflict, STATE_MOVED),
            StoreError::Full { .. } => (Class::Internal, "DISK_FULL"),
            StoreError::Io { .. } => (Class::Internal, "DATABASE_IO"),
            StoreError::NameTaken { .. } => (Class::Conflict, "NAME_TAKEN"),
            StoreError::EmailTaken { .. } => (Class::Conflict, "EMAIL_TAKEN"),
            StoreError::NoRecord { kind, .. } => (Class::NotFound, kind.unknown_code()),
            StoreError::RecordConflict { .. } => (Class::Conflict, "STALE_REV"),
            StoreError::DivisionInUse { .. } => (Class::Rejected, "DIVISION_IN_USE"),
            _ => (Class::Internal, "DATABASE"),
        };
        let hint = error.hint();
        Self {
            class,
            code: Cow::Borrowed(code),
            message: chain_text(&error),
            hint,
            problems: Vec::new(),
            conflict: None,
        }
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Self {
        let class = match error.kind() {
            IntakeErrorKind::NotFound => Class::NotFound,
            IntakeErrorKind::UnknownEncoding(_)
            | IntakeErrorKind::NoSuchLine { .. }
            | IntakeErrorKind::UnknownSheet { .. }
            | IntakeErrorKind::NotForWorkbook(_)
            | IntakeErrorKind::SheetOfText(_) => Class::Usage,
            _ => Class::Rejected,
        };
        let hint = error.hint();
        Self {
            class,
            code: Cow::Borrowed(error.code()),
            message: chain_text(&error),
            hint,
            problems: Vec::new(),
            conflict: None,
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let place = error.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
        Self {
            class: Class::PluginFault,
            code: Cow::Borrowed("PLUGIN_LOAD"),
            message: format!("{error}{place}"),
            hint: error.hint,
            problems: Vec::new(),
            conflict: None,
        }
    }
}

/// Text of an error with its causes, each once.
fn chain_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

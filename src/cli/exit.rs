//! Exit statuses: 0 done; 1 refused, stopped or not found; 2 wrong usage or settings; 3 done, with failed rows; 4 internal error; 130 stopped
//! by Ctrl-C or a termination signal, in good order.

use std::process::ExitCode;

use crate::app::failure::{Class, Failure};

/// How a command that ran ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All is done.
    Done,
    /// Done, but rows failed.
    FailedRows,
    /// Not done: too much went wrong on the way.
    Stopped,
    /// The answer is no: something looked at is not sound.
    Unsound,
    /// Stopped by a signal, in good order.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Unsound | Outcome::Stopped => 1,
            Outcome::FailedRows => 3,
            Outcome::Interrupted => super::signals::STOPPED,
        })
    }
}

/// The status of a failure.
#[must_use]
pub fn of_failure(failure: &Failure) -> ExitCode {
    ExitCode::from(status(failure.class))
}

const fn status(class: Class) -> u8 {
    match class {
        Class::NotFound | Class::Conflict | Class::Rejected | Class::PluginFault => 1,
        Class::Usage | Class::Config => 2,
        Class::Internal => 4,
    }
}

/// The status of arguments that cannot be parsed; asking for help is no error.
#[must_use]
pub fn of_usage(error: &clap::Error) -> ExitCode {
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// The status of an answer that could not be written.
#[must_use]
pub fn unwritten() -> ExitCode {
    ExitCode::from(status(Class::Internal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_status() {
        let statuses: Vec<_> = Class::ALL.into_iter().map(|class| (class, status(class))).collect();
        assert_eq!(
            statuses,
            [
                (Class::Usage, 2),
                (Class::Config, 2),
                (Class::NotFound, 1),
                (Class::Conflict, 1),
                (Class::Rejected, 1),
                (Class::PluginFault, 1),
                (Class::Internal, 4),
            ]
        );
    }
}

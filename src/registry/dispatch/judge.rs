//! Judging one call: whether what came back is a sound verdict, and what is noted about it.

use tracing::{debug, error, info, warn};

use super::note::CallNote;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::Subject;
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::plugin::service::{LogLevel, LogLine};
use crate::plugin::verdict::Verdict;
use crate::registry::loaded::Loaded;
use crate::registry::standing::Would;

/// Returns what the plugin said, or the fault that it is to say that here.
pub(in crate::registry) fn said(
    hook: Hook,
    phase: Phase,
    subject: &Subject,
    outcome: Result<Verdict, Fault>,
) -> Result<Verdict, Fault> {
    let verdict = outcome?;
    match &verdict {
        Verdict::Reject(problems) if !problems.is_empty() => Ok(verdict),
        Verdict::Reject(_) => {
            Err(Fault::new(FaultKind::Verdict, "it rejected without a problem").hint("say what is wrong, and where"))
        }
        Verdict::Skip(_) if hook != Hook::ImportRow || phase == Phase::Check => {
            let place = if hook == Hook::ImportRow { "the check phase" } else { hook.name() };
            let hint = "only `on_import_row` in the change phase may skip; reject instead";
            Err(Fault::new(FaultKind::Verdict, format!("it skipped in {place}")).hint(hint))
        }
        Verdict::Skip(_) => Ok(verdict),
        Verdict::Accept => subject.judged(verdict),
    }
}

/// Notes what an observed plugin would have done, and undoes it.
pub(super) fn observe(loaded: &Loaded, said: Result<Verdict, Fault>, note: &mut CallNote, subject: &mut Subject) {
    let hook = note.hook;
    let edits = subject.revert();
    let would = match said {
        Ok(Verdict::Accept) if edits.is_empty() => return,
        Ok(Verdict::Accept) => {
            note.edits = edits.len();
            note.aside().would = edits.iter().map(|edit| (Would::Set, edit.what.clone().into_owned())).collect();
            let told: Vec<String> = edits
                .iter()
                .map(|edit| format!("`{}` to `{}`", edit.what, edit.new.as_deref().unwrap_or("")))
                .collect();
            format!("would set {}", told.join(", "))
        }
        Ok(Verdict::Skip(reason)) => {
            let told = format!("would skip: {reason}");
            note.aside().would.push((Would::Skip, reason));
            told
        }
        Ok(Verdict::Reject(problems)) => {
            for problem in &problems {
                let field = problem.field.as_deref().unwrap_or("(record)");
                note.aside().would.push((Would::Reject, format!("{field} {}", problem.code)));
            }
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            format!("would reject: {}", told.join("; "))
        }
        Err(fault) => {
            super::traced::fault(loaded, hook, &fault);
            let told = format!("failed: {fault}");
            note.aside().fault = Some(fault);
            told
        }
    };
    note.aside().sample = Some(format!("{hook} {would}"));
}

/// Passes a plugin's lines on to the log of this process.
pub(super) fn log(loaded: &Loaded, hook: Hook, lines: &[LogLine]) {
    let identity = loaded.identity();
    let (plugin, version, hook_name) = (identity.name.as_str(), identity.version.as_str(), hook.name());
    for LogLine { level, text } in lines {
        match level {
            LogLevel::Debug => debug!(target: "carnet::plugin", plugin, version, hook = hook_name, "{text}"),
            LogLevel::Info => info!(target: "carnet::plugin", plugin, version, hook = hook_name, "{text}"),
            LogLevel::Warn => warn!(target: "carnet::plugin", plugin, version, hook = hook_name, "{text}"),
            LogLevel::Error => error!(target: "carnet::plugin", plugin, version, hook = hook_name, "{text}"),
        }
    }
}

/// Tells that a plugin is no longer called.
pub(super) fn warn_tripped(loaded: &Loaded, hook: Hook) {
    let identity = loaded.identity();
    let policy = loaded.policy(hook);
    let (plugin, version) = (identity.name.as_str(), identity.version.as_str());
    error!(target: "carnet::plugin", plugin, version, "faulted too often and is no longer called; on_fault = {policy} applies");
}

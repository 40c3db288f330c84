//! The cases of a package: events written down with the verdict expected, played before a version comes into service and by `plugin check`.

mod parse;
mod play;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::plugin::Plugin;
use crate::plugin::fault::FaultKind;
use crate::plugin::manifest::Manifest;
use crate::plugin::package::{LoadError, Package};

pub use parse::{Case, Event, Expected, ExpectedProblem, Outcome};
pub use play::{Played, play};

/// Times that a case is played again after a deadline passed: on a busy machine one late call proves nothing.
const DEADLINE_RETRIES: usize = 3;

/// Time that the cases of a package may take in sum: whoever starts a command waits for them.
const CASES_TIME: Duration = Duration::from_secs(20);

/// Most cases that are told to differ; then no more are played.
const MOST_FAILURES: usize = 50;

/// One case that did not end as expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseFailure {
    /// Name of the case's file.
    pub case: String,
    /// What was looked at: `verdict`, `set.FIELD`, `problems`, or `case` when the case itself is at fault.
    pub what: String,
    /// What should have come out.
    pub expected: String,
    /// What came out.
    pub got: String,
}

impl fmt::Display for CaseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, what, expected, got } = self;
        write!(f, "case `{case}`: {what}: expected {expected}, got {got}")
    }
}

impl From<CaseFailure> for LoadError {
    fn from(failure: CaseFailure) -> Self {
        Self::new(failure.to_string())
            .hint("mend the plugin or the case; a version whose cases fail does not come into service")
    }
}

/// Plays cases, each a file's name and text, and returns those that did not end as expected. A case sees the manifest's defaults with
/// its own `[config]` over them, whatever the deployment says.
pub fn run_cases<'a>(
    load: &dyn super::Load,
    package: &Package,
    manifest: &Manifest,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<CaseFailure> {
    let mut loaded: Vec<(Package, Arc<dyn Plugin>)> = Vec::new();
    let mut failures = Vec::new();
    let started = Instant::now();
    for (name, text) in files {
        if failures.len() >= MOST_FAILURES {
            break;
        }
        if started.elapsed() > CASES_TIME {
            failures.push(CaseFailure {
                case: name.to_owned(),
                what: "case".to_owned(),
                expected: format!("all cases played within {} s", CASES_TIME.as_secs()),
                got: "more time".to_owned(),
            });
            break;
        }
        let result = Case::parse(text).and_then(|case| {
            let plugin = plugin_for(load, package, manifest, &case, &mut loaded)?;
            Ok((case, plugin))
        });
        match result {
            Ok((case, plugin)) => failures.extend(run_case(name, &case, &*plugin, manifest)),
            Err(faults) => failures.push(CaseFailure {
                case: name.to_owned(),
                what: "case".to_owned(),
                expected: "a case that can be played".to_owned(),
                got: faults.join("; "),
            }),
        }
    }
    failures
}

/// Plays one case and compares.
#[must_use]
pub fn run_case(name: &str, case: &Case, plugin: &dyn Plugin, manifest: &Manifest) -> Vec<CaseFailure> {
    if !plugin.hooks().contains(case.hook) {
        let has: Vec<&str> = plugin.hooks().iter().map(crate::plugin::hook::Hook::name).collect();
        let (expected, got) = (format!("a plugin with {}", case.hook), has.join(", "));
        return vec![CaseFailure { case: name.to_owned(), what: "hook".to_owned(), expected, got }];
    }
    let mut played = play(case, plugin, manifest);
    for _ in 0..DEADLINE_RETRIES {
        if played.verdict.as_ref().is_err_and(|fault| fault.kind == FaultKind::Deadline) {
            played = play(case, plugin, manifest);
        }
    }
    let differences = played.compare(&case.expect).into_iter();
    differences.map(|(what, expected, got)| CaseFailure { case: name.to_owned(), what, expected, got }).collect()
}

/// Loads the plugin with a case's configuration, once for each that differs.
fn plugin_for(
    load: &dyn super::Load,
    package: &Package,
    manifest: &Manifest,
    case: &Case,
    loaded: &mut Vec<(Package, Arc<dyn Plugin>)>,
) -> Result<Arc<dyn Plugin>, Vec<String>> {
    let faults = |faults: Vec<LoadError>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
    let config = Arc::new(manifest.configure(&case.config).map_err(faults)?);
    if let Some((_, plugin)) = loaded.iter().find(|(known, _)| known.config == config) {
        return Ok(Arc::clone(plugin));
    }
    let package = Package { config, ..package.clone() };
    let plugin = super::activate::guarded(load, &package).map_err(|error| vec![error.to_string()])?;
    loaded.push((package, Arc::clone(&plugin)));
    Ok(plugin)
}

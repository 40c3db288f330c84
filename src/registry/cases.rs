//! The cases of a package: events written down with the verdict expected, played before a version comes into service and by `plugin check`.

mod bless;
mod compare;
mod parse;
mod play;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::plugin::Plugin;
use crate::plugin::fault::FaultKind;
use crate::plugin::manifest::Manifest;
use crate::plugin::package::{LoadError, Package};

pub use bless::{Blessed, bless};
pub use parse::{Case, Event, Expected, ExpectedProblem, Outcome};
pub use play::{Played, Stage, play};

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

/// How one case went.
#[derive(Debug)]
pub struct CaseRun {
    /// Name of the case's file.
    pub case: String,
    /// Time that playing it took, without loading the plugin.
    pub time: Duration,
    /// How it ended.
    pub end: CaseEnd,
}

/// How a case ended.
#[derive(Debug)]
pub enum CaseEnd {
    /// As expected.
    Passed,
    /// Otherwise.
    Differs(Box<Differs>),
    /// Not played: it cannot be read, or the plugin cannot be loaded for it.
    Unplayable(Vec<LoadError>),
}

/// What came out of a case that did not end as expected.
#[derive(Debug)]
pub struct Differs {
    /// The case.
    pub case: Case,
    /// What came out, when its hook could be called.
    pub played: Option<Played>,
    /// What differs.
    pub differences: Vec<CaseFailure>,
}

impl CaseRun {
    /// Says whether it ended as expected.
    #[must_use]
    pub const fn passed(&self) -> bool {
        matches!(self.end, CaseEnd::Passed)
    }

    fn failures(self) -> Vec<CaseFailure> {
        match self.end {
            CaseEnd::Passed => Vec::new(),
            CaseEnd::Differs(differs) => differs.differences,
            CaseEnd::Unplayable(errors) => {
                let told: Vec<String> = errors.iter().map(placed).collect();
                let expected = "a case that can be played".to_owned();
                vec![CaseFailure { case: self.case, what: "case".to_owned(), expected, got: told.join("; ") }]
            }
        }
    }
}

/// An error with its line and column; the file is the case's own.
fn placed(error: &LoadError) -> String {
    match &error.position {
        Some(position) => format!("{error} (line {}, column {})", position.line, position.column),
        None => error.to_string(),
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
    play_cases(load, package, manifest, files).into_iter().flat_map(CaseRun::failures).collect()
}

/// Plays cases and returns how each went.
pub fn play_cases<'a>(
    load: &dyn super::Load,
    package: &Package,
    manifest: &Manifest,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<CaseRun> {
    let mut loaded: Vec<(Package, Arc<dyn Plugin>)> = Vec::new();
    let mut play = |(name, text): (&str, &str)| {
        let loading = Instant::now();
        let ready = Case::parse(text, &format!("cases/{name}")).and_then(|case| {
            let plugin = plugin_for(load, package, manifest, &case, &mut loaded)?;
            Ok((case, plugin))
        });
        let (started, loading) = (Instant::now(), loading.elapsed());
        let end = match ready {
            Ok((case, plugin)) => play_case(name, case, &*plugin, manifest),
            Err(errors) => CaseEnd::Unplayable(errors),
        };
        (CaseRun { case: name.to_owned(), time: started.elapsed(), end }, loading)
    };
    let (mut began, mut is_loaded, mut runs, mut bad) = (Instant::now(), false, Vec::new(), 0);
    for (name, text) in files {
        if bad >= MOST_FAILURES {
            break;
        }
        if began.elapsed() > CASES_TIME {
            runs.push(CaseRun {
                case: name.to_owned(),
                time: Duration::ZERO,
                end: CaseEnd::Unplayable(vec![too_slow()]),
            });
            break;
        }
        let (run, loading) = play((name, text));
        // What is loaded first is compiled, and that has a limit of its own.
        if !is_loaded {
            began += loading;
            is_loaded = !matches!(run.end, CaseEnd::Unplayable(_));
        }
        bad += usize::from(!matches!(run.end, CaseEnd::Passed));
        runs.push(run);
    }
    runs
}

fn too_slow() -> LoadError {
    LoadError::new(format!("the cases of a package take {} s at most, and these take longer", CASES_TIME.as_secs()))
        .hint("keep those that tell most")
}

fn play_case(name: &str, case: Case, plugin: &dyn Plugin, manifest: &Manifest) -> CaseEnd {
    let failure = |(what, expected, got)| CaseFailure { case: name.to_owned(), what, expected, got };
    if !plugin.hooks().contains(case.hook) {
        let has: Vec<&str> = plugin.hooks().iter().map(crate::plugin::hook::Hook::name).collect();
        let difference = ("hook".to_owned(), format!("a plugin with {}", case.hook), has.join(", "));
        return CaseEnd::Differs(Box::new(Differs { case, played: None, differences: vec![failure(difference)] }));
    }
    let mut played = play(&case, plugin, manifest);
    for _ in 0..DEADLINE_RETRIES {
        if played.verdict.as_ref().is_err_and(|fault| fault.kind == FaultKind::Deadline) {
            played = play(&case, plugin, manifest);
        }
    }
    let differences: Vec<CaseFailure> = played.compare(&case.expect).into_iter().map(failure).collect();
    if differences.is_empty() {
        return CaseEnd::Passed;
    }
    CaseEnd::Differs(Box::new(Differs { case, played: Some(played), differences }))
}

/// A case has settings of its own, and does not see those of the deployment.
fn of_case(errors: Vec<LoadError>) -> Vec<LoadError> {
    let hint = |error: LoadError| match &error.hint {
        Some(hint) if hint.contains("carnet.toml") => error.hint(
            "say it under [config] in the case: a case sees no carnet.toml, so that it means the same everywhere",
        ),
        _ => error,
    };
    errors.into_iter().map(hint).collect()
}

/// Loads the plugin with a case's configuration, once for each that differs.
fn plugin_for(
    load: &dyn super::Load,
    package: &Package,
    manifest: &Manifest,
    case: &Case,
    loaded: &mut Vec<(Package, Arc<dyn Plugin>)>,
) -> Result<Arc<dyn Plugin>, Vec<LoadError>> {
    let config = Arc::new(manifest.configure(&case.config).map_err(of_case)?);
    if let Some((_, plugin)) = loaded.iter().find(|(known, _)| known.config == config) {
        return Ok(Arc::clone(plugin));
    }
    let package = Package { config, ..package.clone() };
    let plugin = super::activate::guarded(load, &package).map_err(|error| vec![error])?;
    loaded.push((package, Arc::clone(&plugin)));
    Ok(plugin)
}

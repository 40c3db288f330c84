//! Playing a package's cases for its author: each with its time and what differs, and, if asked, what came out written over what was
//! expected.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::source_line;
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::app::output::Output;
use crate::plugin::manifest::did_you_mean;
use crate::plugin::package::LoadError;
use crate::registry::cases::{CaseEnd, CaseRun, Differs, Played, bless};
use crate::registry::workbench::{Draft, Workbench};

/// What to play, and what to do with what differs.
#[derive(Clone, Default, Debug)]
pub struct TestOptions {
    /// The name of the one case to play, with or without `.toml`.
    pub case: Option<String>,
    /// Whether what came out is written over what was expected.
    pub bless: bool,
}

/// A package whose cases were played.
pub struct Tested {
    /// Name of the plugin.
    pub name: String,
    /// Folder or file of the package.
    pub path: PathBuf,
    /// Why nothing could be played.
    pub refused: Vec<LoadError>,
    /// Each case.
    pub cases: Vec<Tried>,
    /// Time that all of it took, loading included.
    pub time: Duration,
}

/// A case that was played.
pub struct Tried {
    /// How it went; after a blessing, how it had gone before.
    pub run: CaseRun,
    /// What was blessed, a line each, or why it was not; `None` when nobody asked or nothing differed.
    pub blessed: Option<Result<Vec<String>, String>>,
}

impl Tried {
    /// Says whether all is well now.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.run.passed() || matches!(self.blessed, Some(Ok(_)))
    }
}

impl Tested {
    /// Says whether all is well.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.refused.is_empty() && self.cases.iter().all(Tried::is_well)
    }

    /// Counts the cases that are not well.
    #[must_use]
    pub fn failing(&self) -> usize {
        self.cases.iter().filter(|tried| !tried.is_well()).count()
    }
}

impl App {
    /// Plays the cases of packages.
    ///
    /// # Errors
    /// When no engine can be started, or no package has the case that was named.
    pub fn test_packages(&self, packages: &[PathBuf], options: &TestOptions) -> Result<Vec<Tested>, Failure> {
        let workbench = self.workbench()?;
        let mut tested = Vec::new();
        let mut names = Vec::new();
        for path in packages {
            let one = test(&workbench, path, options, &mut names);
            tested.push(one);
        }
        if let Some(case) = &options.case
            && tested.iter().all(|one| one.cases.is_empty() && one.refused.is_empty())
        {
            let near = did_you_mean(stem(case), names.iter().map(|name| stem(name)));
            return Err(Failure::new(Class::NotFound, "CASE", format!("there is no case `{case}`")).hint(near));
        }
        Ok(tested)
    }
}

/// Plays the cases of one package.
pub(super) fn test(workbench: &Workbench, path: &Path, options: &TestOptions, names: &mut Vec<String>) -> Tested {
    let started = Instant::now();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut tested =
        Tested { name, path: path.to_owned(), refused: Vec::new(), cases: Vec::new(), time: Duration::ZERO };
    match workbench.read(path) {
        Err(error) => tested.refused.push(error),
        Ok(draft) => {
            draft.name().clone_into(&mut tested.name);
            names.extend(draft.cases().iter().map(|(name, _)| name.clone()));
            match played(&draft, options) {
                Ok(cases) => tested.cases = cases,
                Err(errors) => tested.refused = errors,
            }
        }
    }
    tested.time = started.elapsed();
    tested
}

fn played(draft: &Draft<'_>, options: &TestOptions) -> Result<Vec<Tried>, Vec<LoadError>> {
    let wanted = |name: &str| options.case.as_ref().is_none_or(|case| stem(case) == stem(name));
    let cases: Vec<(&str, &str)> = draft
        .cases()
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .filter(|(name, _)| wanted(name))
        .collect();
    let runs = draft.play(cases.iter().copied())?;
    // What keeps every case from being played, as code that does not load, is told once.
    let of_code = |run: &CaseRun| match &run.end {
        CaseEnd::Unplayable(errors) if !errors.iter().any(|error| is_in(error, "cases/")) => Some(errors.clone()),
        _ => None,
    };
    if let Some(errors) = runs.first().and_then(of_code)
        && runs.iter().all(|run| of_code(run).as_ref() == Some(&errors))
    {
        return Err(errors);
    }
    if runs.is_empty() && options.case.is_none() {
        // Without a case, it should load at least.
        draft.load_as_told(toml::Table::new())?;
    }
    let tried = runs.into_iter().zip(cases).map(|(mut run, (_, text))| {
        if let CaseEnd::Differs(differs) = &mut run.end
            && let Some(Played { verdict: Err(fault), .. }) = &mut differs.played
        {
            source_line::add(fault, draft.path(), draft.code());
        }
        let blessed = match &mut run.end {
            CaseEnd::Differs(differs) if options.bless => Some(blessed(draft, &run.case, text, differs)),
            _ => None,
        };
        Tried { run, blessed }
    });
    Ok(tried.collect())
}

/// Writes what came out into the case's file, once it is sure that the case passes then.
fn blessed(draft: &Draft<'_>, name: &str, text: &str, differs: &mut Differs) -> Result<Vec<String>, String> {
    let Differs { case, played, .. } = differs;
    let played = played.as_mut().ok_or("its hook could not be called, and so nothing came out")?;
    let blessed = bless(text, case, played)?;
    let again = draft.play([(name, blessed.text.as_str())]).map_err(|_| "it cannot be played again".to_owned())?;
    if !again.iter().all(CaseRun::passed) {
        return Err("it does not end the same way twice, and so nothing was written".to_owned());
    }
    let path = draft.path().join("cases").join(name);
    let written = Output::create(&path).and_then(|mut file| {
        file.write_all(blessed.text.as_bytes())?;
        file.finish()
    });
    written.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
    Ok(blessed.changes)
}

fn is_in(error: &LoadError, folder: &str) -> bool {
    error.position.as_ref().is_some_and(|position| position.file.starts_with(folder))
}

fn stem(case: &str) -> &str {
    case.strip_suffix(".toml").unwrap_or(case)
}

//! The doctor: is everything in this home folder as it should be?

use super::failure::Failure;
use super::{App, wire};
use crate::domain::permission::Viewer;
use crate::store::Job;

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is sound.
    pub sound: bool,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl App {
    /// Looks at home, settings, database, plugins and jobs. What is wrong is a finding, not an error. Jobs and counts are
    /// for admins.
    #[must_use]
    pub fn doctor(&self, by: &Viewer) -> Vec<Finding> {
        let mut findings = vec![sound("home", self.home().folder().display().to_string())];
        findings.push(sound("settings", format!("profile {}", self.settings().profile.as_str())));
        findings.extend(self.examine_database(by));
        findings.extend(self.examine_plugins());
        findings
    }

    fn examine_database(&self, by: &Viewer) -> Vec<Finding> {
        let looked = self.store().and_then(|store| {
            let faults = store.check()?;
            let (count, jobs) = store.read(|reader| Ok((reader.count()?, reader.jobs()?)))?;
            Ok((faults, count, jobs))
        });
        match looked {
            Err(failure) => vec![unsound("database", failure)],
            Ok((faults, count, jobs)) => {
                let count = if by.is_admin() { format!(", {count} contacts") } else { String::new() };
                let mut findings = vec![Finding {
                    what: "database",
                    sound: faults.is_empty(),
                    found: if faults.is_empty() {
                        format!("{}{count}, integrity ok", self.home().database().display())
                    } else {
                        faults.join("; ")
                    },
                    hint: (!faults.is_empty())
                        .then(|| "stop all writers, copy the file, and restore a backup".to_owned()),
                }];
                let interrupted =
                    jobs.iter().filter(|job| by.is_admin() && job.state == crate::store::JobState::Interrupted);
                findings.extend(interrupted.map(|job| Finding {
                    what: "import",
                    sound: false,
                    found: format!(
                        "job {} (`{}`) was interrupted after record {}",
                        job.id, job.file, job.committed_record
                    ),
                    hint: Some(format!("finish it with `{}`", wire::resume_of(job))),
                }));
                findings.extend(self.clean_up(by, &jobs));
                findings
            }
        }
    }

    /// Removes what imports left that were killed.
    fn clean_up(&self, by: &Viewer, jobs: &[Job]) -> Option<Finding> {
        let swept = self.store().map(crate::store::Store::sweep).unwrap_or_default();
        let parts = super::import::remove_parts(self.home(), jobs);
        let removed: Vec<String> = swept.iter().chain(&parts).map(|path| format!("`{}`", path.display())).collect();
        (by.is_admin() && !removed.is_empty())
            .then(|| sound("left-overs", format!("removed {} of an import that was killed", removed.join(", "))))
    }

    fn examine_plugins(&self) -> Vec<Finding> {
        match self.generation() {
            Err(failure) => vec![unsound("plugins", failure)],
            Ok(generation) => {
                let loaded: Vec<String> =
                    generation.plugins.iter().map(|loaded| loaded.plugin.identity().name.clone()).collect();
                let mut findings = vec![sound(
                    "plugins",
                    if loaded.is_empty() { "none loaded".to_owned() } else { loaded.join(", ") },
                )];
                findings.extend(self.unknown_plugins(&generation).into_iter().map(|name| Finding {
                    what: "settings",
                    sound: false,
                    found: format!("carnet.toml has settings for `{name}`, and there is no such plugin"),
                    hint: Some("correct the name under [plugins]".to_owned()),
                }));
                findings.extend(generation.refused.iter().map(|refused| Finding {
                    what: "plugin",
                    sound: false,
                    found: refused.to_string(),
                    hint: refused.error.hint.clone(),
                }));
                findings
            }
        }
    }
}

const fn sound(what: &'static str, found: String) -> Finding {
    Finding { what, sound: true, found, hint: None }
}

fn unsound(what: &'static str, failure: Failure) -> Finding {
    Finding { what, sound: false, found: failure.message, hint: failure.hint }
}

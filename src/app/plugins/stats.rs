//! What plugins did, as people and programs ask for it: sums across processes, how each stands, what it said last.

use std::sync::Arc;

use super::record::plugin_ref;
use crate::app::failure::{Class, Failure};
use crate::app::import::without_trips;
use crate::app::{App, now, wire};
use crate::domain::permission::Viewer;
use crate::plugin::hook::Hook;
use crate::registry::{Generation, Loaded, Mode};
use crate::store::{CallSums, Deed, Happening, JobState, PluginLine, PluginRef, PluginStanding, StoreError, Writer};

/// What is known of plugins, of one or of all.
#[derive(Clone, Default, Debug)]
pub struct PluginStats {
    /// Sums by version, hook and mode.
    pub calls: Vec<CallSums>,
    /// Faults by code, and what observed calls would have done.
    pub deeds: Vec<Deed>,
    /// The last lines.
    pub lines: Vec<PluginLine>,
    /// How versions stand that are in service.
    pub standings: Vec<PluginStanding>,
    /// Probations of versions in service.
    pub probations: Vec<Probation>,
}

/// A version in service that still has to show that it is no worse than what it replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Probation {
    /// Which version.
    pub plugin: PluginRef,
    /// Calls that it still lasts.
    pub calls_left: u32,
    /// The version that it replaced, where that is known.
    pub predecessor: Option<String>,
}

impl App {
    /// Returns what plugins did, in one hook or in all. To look makes no database. What they said may be about anybody: it is for admins.
    ///
    /// # Errors
    /// Not found, when no plugin has or had the name.
    pub fn plugin_stats(&self, name: Option<&str>, hook: Option<Hook>, by: &Viewer) -> Result<PluginStats, Failure> {
        let generation = self.generation()?;
        if let Some(name) = name {
            self.known_plugin(name)?;
        }
        let mut probations = self.plugin_probations(&generation)?;
        probations.retain(|trial| name.is_none_or(|name| trial.plugin.name == name));
        let Some(store) = self.store_if_any() else { return Ok(PluginStats { probations, ..PluginStats::default() }) };
        let mut stats = store.read(|reader| {
            Ok(PluginStats {
                calls: reader.plugin_calls(name)?,
                deeds: reader.plugin_deeds(name)?,
                lines: reader.plugin_lines(name)?,
                standings: reader.plugin_standings(name)?,
                probations,
            })
        })?;
        let in_hook = |of: &str| hook.is_none_or(|hook| hook.name() == of);
        stats.calls.retain(|sums| in_hook(&sums.hook));
        stats.deeds.retain(|deed| in_hook(&deed.hook));
        stats.lines.retain(|line| by.is_admin() && in_hook(&line.hook));
        stats.deeds.retain(|deed| by.is_admin() || deed.kind != "skip");
        stats.standings.retain(|row| find(&generation, row).is_some());
        Ok(stats)
    }

    /// Forgets what plugins did, of one or of all; how they stand stays.
    ///
    /// # Errors
    /// Forbidden for those who are no admins; not found.
    pub fn reset_plugin_stats(&self, name: Option<&str>, by: &Viewer) -> Result<(), Failure> {
        self.require_admin(by, "reset what is known of plugins")?;
        if let Some(name) = name {
            self.known_plugin(name)?;
        }
        let Some(store) = self.store_if_any() else { return Ok(()) };
        Ok(store.write(|writer| writer.reset_plugin_stats(name))?)
    }

    /// Returns how versions in service stand, by what earlier processes wrote.
    #[must_use]
    pub fn plugin_standings(&self, generation: &Generation) -> Vec<PluginStanding> {
        let Some(store) = self.store_if_any() else { return Vec::new() };
        let mut rows = store.read(|reader| reader.plugin_standings(None)).unwrap_or_default();
        rows.retain(|row| find(generation, row).is_some());
        rows
    }

    /// Returns which versions in service are on probation.
    ///
    /// # Errors
    /// When an engine cannot be started.
    pub fn plugin_probations(&self, generation: &Generation) -> Result<Vec<Probation>, Failure> {
        let registry = self.registry()?;
        let on_trial = generation.plugins.iter().filter(|loaded| loaded.probation.calls_left() > 0);
        let told = on_trial.map(|loaded| Probation {
            plugin: plugin_ref(loaded.identity()),
            calls_left: loaded.probation.calls_left(),
            predecessor: registry.version_before(loaded),
        });
        Ok(told.collect())
    }

    /// Returns what plugins that are observed would have done, summed over their hooks.
    #[must_use]
    pub fn plugins_observed(&self, generation: &Generation) -> Vec<CallSums> {
        let Some(store) = self.store_if_any() else { return Vec::new() };
        let mut sums: Vec<CallSums> = Vec::new();
        for more in store.read(|reader| reader.plugin_calls(None)).unwrap_or_default() {
            let serves =
                |loaded: &&Arc<Loaded>| loaded.mode == Mode::Observe && loaded.identity().hash == more.plugin.hash;
            if more.mode != Mode::Observe.as_str() || generation.find(&more.plugin.name).filter(serves).is_none() {
                continue;
            }
            match sums.iter_mut().find(|sums| sums.plugin == more.plugin) {
                Some(sums) => sums.counts.add(&more.counts),
                None => sums.push(more),
            }
        }
        sums
    }

    /// Calls a plugin again that faulted too often, or that failed on probation. Returns what was forgotten; nothing when all was well.
    ///
    /// # Errors
    /// Forbidden for those who are no admins; not found.
    pub fn reset_plugin(&self, name: &str, by: &Viewer) -> Result<Vec<String>, Failure> {
        self.require_admin(by, "reset plugins")?;
        self.known_plugin(name)?;
        let at = now();
        let failed = self.registry()?.forgive(name);
        let forgotten = self.store()?.write(|writer| {
            let rows = writer.plugin_standings(Some(name))?;
            let mut told: Vec<String> = rows.iter().filter_map(to_forget).chain(failed).collect();
            told.extend(reset_in_jobs(writer, name)?);
            if !told.is_empty() {
                writer.reset_plugin(name)?;
                writer.note_plugin(&Happening {
                    at,
                    plugin: name.to_owned(),
                    version: rows.first().map(|row| row.plugin.clone()),
                    what: "reset".to_owned(),
                    detail: told.join("; "),
                    person: Some(by.name().to_owned()),
                })?;
            }
            Ok::<_, Failure>(told)
        })?;
        Ok(forgotten)
    }

    /// Checks that there is a plugin with a name, or was one.
    pub(in crate::app) fn known_plugin(&self, name: &str) -> Result<(), Failure> {
        let generation = self.generation()?;
        let mut names: Vec<String> = generation.plugins.iter().map(|loaded| loaded.identity().name.clone()).collect();
        names.extend(generation.refused.iter().map(|refused| refused.name.clone()));
        names.extend(generation.off.iter().map(|off| off.name.clone()));
        if let Some(store) = self.store_if_any() {
            names.extend(store.read(|reader| reader.plugins_seen())?.into_iter().map(|seen| seen.plugin));
        }
        if names.iter().any(|known| known == name) {
            return Ok(());
        }
        let likeness = |known: &String| strsim::jaro_winkler(known, name);
        let near = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|near| likeness(near) > 0.75);
        let hint =
            near.map_or_else(|| "`carnet plugin list` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        Err(Failure::new(Class::NotFound, "PLUGIN_UNKNOWN", format!("there is no plugin `{name}`")).hint(hint))
    }
}

/// Lets jobs that are to be finished call a plugin again, which keep their breakers themselves. Returns what is forgotten, and of which jobs
/// nothing can be: a job under way writes what it knows.
fn reset_in_jobs(writer: &mut Writer<'_>, name: &str) -> Result<Vec<String>, StoreError> {
    let mut told = Vec::new();
    for job in writer.jobs()?.into_iter().filter(|job| job.state != JobState::Done && job.undo.is_none()) {
        let Some(progress) = without_trips(&writer.job_progress(job.id)?, name) else { continue };
        if job.state == JobState::Running {
            told.push(format!(
                "import job {} is under way and goes on without it: stop it, reset again, resume it",
                job.id
            ));
            continue;
        }
        writer.note_progress(job.id, &progress)?;
        told.push(format!("import job {} had tripped it: it is called again when the job is resumed", job.id));
    }
    Ok(told)
}

/// What of a version's standing a reset forgets.
fn to_forget(row: &PluginStanding) -> Option<String> {
    let (at, why) = row.tripped.as_ref()?;
    Some(format!("version {} was tripped since {}: {why}", row.plugin.version, wire::time(*at)))
}

/// The plugin in service that a standing is about.
#[must_use]
pub fn find<'g>(generation: &'g Generation, row: &PluginStanding) -> Option<&'g Arc<Loaded>> {
    generation.find(&row.plugin.name).filter(|loaded| loaded.terms == row.terms)
}

impl PluginStats {
    /// Versions that are told of, in the order of their sums.
    #[must_use]
    pub fn versions(&self) -> Vec<&PluginRef> {
        let mut versions: Vec<&PluginRef> = Vec::new();
        let all = self.calls.iter().map(|sums| &sums.plugin).chain(self.deeds.iter().map(|deed| &deed.plugin));
        for plugin in all.chain(self.lines.iter().map(|line| &line.plugin)) {
            if !versions.contains(&plugin) {
                versions.push(plugin);
            }
        }
        versions
    }
}

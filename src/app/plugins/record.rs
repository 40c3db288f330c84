//! What of plugins outlives a process: what their calls came to, how they stand, what became of them. Handed in when a command ends, or now
//! and then on the way; never for a single call, and never at the cost of what the command is about.

mod changes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::app::failure::Failure;
use crate::app::{App, now};
use crate::plugin::hook::Hook;
use crate::plugin::package::Identity;
use crate::plugin::service::LogLevel;
use crate::registry::breaker::Window;
use crate::registry::standing::{Fresh, Pasts, Standing};
use crate::registry::{Generation, Logged};
use crate::store::{
    CallSums, Deed, Happening, PluginLine, PluginRef, PluginStanding, Reader, SeenPlugin, Store, StoreError, Writer,
};

use changes::{changes, place, seen_of};

/// Characters of a line that are kept.
const LINE_CHARS: usize = 500;

/// Lines of one kind that are handed in at once.
const LINES: usize = 20;

/// What is known of what was written already, and what is to be written at all.
#[derive(Default)]
pub struct Book {
    manner: AtomicU8,
    seen: Mutex<Seen>,
}

/// How plugins were seen last by this process, or before it began.
#[derive(Default)]
struct Seen {
    by_name: BTreeMap<String, SeenPlugin>,
    /// Generation that was looked at; 0 before the first.
    generation: u64,
}

/// What of the calls so far is handed in.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Manner {
    /// All of it.
    All,
    /// Counts, but no words: they may be about somebody who was just forgotten.
    NoWords,
    /// Nothing: the calls were a rehearsal.
    Nothing,
    /// Nothing, nor what is seen of plugins: the whole command promised to write nothing.
    NotEvenSeen,
}

impl App {
    /// Says what of the calls until the next hand-in is kept; whoever keeps less is heeded.
    pub fn keep_of_calls(&self, manner: Manner) {
        self.book.manner.fetch_max(manner as u8, Ordering::Relaxed);
    }

    /// Hands in what plugins did and how they stand. What cannot be written now is handed in the next time, and changes nothing else. `by`
    /// changed settings or packages, if somebody did.
    pub fn hand_in_plugins(&self, by: Option<&str>) {
        if let Err(error) = self.try_hand_in(by) {
            tracing::debug!(target: "carnet::plugins", %error, "what plugins did is not written yet");
        }
    }

    /// Hands in what plugins did for the last time in this process. What cannot be written is lost, and the log says so.
    pub fn hand_in_plugins_at_last(&self, by: Option<&str>) {
        if let Err(error) = self.try_hand_in(by) {
            let lost = "what plugins did could not be written: their counts are short, and one that failed too often is called again";
            tracing::warn!(target: "carnet::plugins", %error, "{lost}");
        }
    }

    fn try_hand_in(&self, by: Option<&str>) -> Result<(), Failure> {
        let Some(registry) = self.registry.get() else { return Ok(()) };
        let mut fresh = registry.take_fresh();
        match self.book.manner.swap(Manner::All as u8, Ordering::Relaxed) {
            manner if manner == Manner::NotEvenSeen as u8 => return Ok(()),
            manner if manner == Manner::Nothing as u8 => fresh.clear(),
            manner if manner == Manner::NoWords as u8 => fresh.iter_mut().for_each(without_words),
            _ => {}
        }
        let Some(store) = self.store_if_any() else { return Ok(()) };
        let handed_in = self.hand_in(store, &registry.current(), &fresh, by);
        if handed_in.is_err() {
            registry.put_back(fresh);
        }
        handed_in
    }

    /// Returns the store where there is a database already; to look at plugins makes none.
    pub(in crate::app) fn store_if_any(&self) -> Option<&Store> {
        if self.store.get().is_none() && !self.home().database().exists() {
            return None;
        }
        self.store().ok()
    }

    /// Returns what earlier processes knew of plugins.
    pub(in crate::app) fn plugin_pasts(&self) -> Pasts {
        let Some(store) = self.store_if_any() else { return Pasts::new() };
        let read = store.read(|reader| Ok((pasts(reader)?, reader.plugins_seen()?)));
        let Ok((pasts, seen)) = read else { return Pasts::new() };
        let by_name = seen.into_iter().map(|seen| (seen.plugin.clone(), seen)).collect();
        *self.book.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { by_name, generation: 0 };
        pasts
    }

    fn hand_in(
        &self,
        store: &Store,
        generation: &Generation,
        fresh: &[Fresh],
        by: Option<&str>,
    ) -> Result<(), Failure> {
        let mut last = self.book.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = last.generation == 0;
        let current =
            if last.generation == generation.number { Vec::new() } else { seen_of(generation, &last.by_name) };
        let mut changed: Vec<SeenPlugin> =
            current.into_iter().filter(|seen| last.by_name.get(&seen.plugin) != Some(seen)).collect();
        if changed.is_empty() && fresh.is_empty() {
            last.generation = generation.number;
            return Ok(());
        }
        let at = now();
        store.write::<_, StoreError>(|writer| {
            let known: BTreeMap<String, SeenPlugin> =
                writer.plugins_seen()?.into_iter().map(|seen| (seen.plugin.clone(), seen)).collect();
            if is_first {
                // Who wrote since this process began has looked later.
                changed.retain(|seen| known.get(&seen.plugin) == last.by_name.get(&seen.plugin));
            }
            for seen in &changed {
                note_change(writer, known.get(&seen.plugin), seen, (at, by))?;
            }
            for one in fresh {
                sum_up(writer, one, at)?;
                stand(writer, generation, one, at)?;
            }
            Ok(())
        })?;
        last.generation = generation.number;
        last.by_name.extend(changed.into_iter().map(|seen| (seen.plugin.clone(), seen)));
        Ok(())
    }
}

/// Writes what became of a plugin.
fn note_change(
    writer: &mut Writer<'_>,
    old: Option<&SeenPlugin>,
    new: &SeenPlugin,
    (at, by): (DateTime<Utc>, Option<&str>),
) -> Result<(), StoreError> {
    for (what, detail) in changes(old, new) {
        writer.note_plugin(&Happening {
            at,
            plugin: new.plugin.clone(),
            version: new.version.clone(),
            what: what.to_owned(),
            detail,
            person: by.map(str::to_owned),
        })?;
    }
    writer.see_plugin(new)
}

/// Adds what calls came to.
fn sum_up(writer: &mut Writer<'_>, fresh: &Fresh, at: DateTime<Utc>) -> Result<(), StoreError> {
    let plugin = plugin_ref(&fresh.plugin);
    for (hook, counts) in &fresh.counts {
        writer.add_plugin_calls(&CallSums {
            plugin: plugin.clone(),
            hook: hook.name().to_owned(),
            mode: fresh.mode.as_str().to_owned(),
            since: at,
            until: at,
            counts: counts.clone(),
        })?;
    }
    let deed = |hook: Hook, kind: &str, what: &str, times: u64| Deed {
        plugin: plugin.clone(),
        hook: hook.name().to_owned(),
        kind: kind.to_owned(),
        what: cut(what),
        times,
        until: at,
    };
    for (hook, code, times) in &fresh.faults {
        writer.add_plugin_deed(&deed(*hook, "fault", code, *times))?;
    }
    for (hook, would, what, times) in &fresh.would {
        writer.add_plugin_deed(&deed(*hook, would.as_str(), what, *times))?;
    }
    let line = |hook: &str, kind: &str, place: Option<String>, text: &str| PluginLine {
        plugin: plugin.clone(),
        at,
        hook: hook.to_owned(),
        kind: kind.to_owned(),
        place,
        text: cut(text),
    };
    for Logged { hook, line: said } in last(&fresh.log) {
        writer.add_plugin_line(&line(hook.name(), level(said.level), None, &said.text))?;
    }
    for sample in last(&fresh.samples) {
        let (hook, text) = sample.split_once(' ').unwrap_or(("", sample));
        writer.add_plugin_line(&line(hook, "sample", None, text))?;
    }
    if let Some((hook, fault)) = &fresh.fault {
        let position = fault.position.as_ref().map(ToString::to_string);
        writer.add_plugin_line(&line(hook.name(), "fault", position, &format!("{}: {fault}", fault.kind.code())))?;
    }
    writer.trim_plugin(&plugin.name)
}

/// Writes how a version stands after its calls, and what that means.
fn stand(writer: &mut Writer<'_>, generation: &Generation, fresh: &Fresh, at: DateTime<Utc>) -> Result<(), StoreError> {
    let plugin = plugin_ref(&fresh.plugin);
    let known = writer.plugin_standings(Some(&plugin.name))?.into_iter().find(|row| row.terms == fresh.terms);
    let before = known.unwrap_or_else(|| blank(plugin.clone(), fresh.terms.clone(), at));
    let mut row = PluginStanding { until: at, ..before.clone() };
    let calls = if before.calls == fresh.before.bits() {
        fresh.window
    } else {
        Window::of(before.calls).then(fresh.window, fresh.calls())
    };
    row.calls = calls.bits();
    let mut happened = Vec::new();
    if before.tripped.is_none() && (fresh.tripped || calls.is_too_much()) {
        let faults = calls.bits().count_ones();
        let why = format!("{faults} of its last 50 calls failed{}", place(fresh.fault.as_ref()));
        happened.push(("tripped", why.clone()));
        row.tripped = Some((at, why));
    }
    // One that was taken back meanwhile proved nothing, whoever still called it.
    let serves = generation.find(&plugin.name).is_some_and(|loaded| loaded.identity().hash == plugin.hash);
    if fresh.proven && serves {
        happened.push(("proven", "its probation is over".to_owned()));
    }
    for (what, detail) in happened {
        let version = Some(plugin.clone());
        let happening =
            Happening { at, plugin: plugin.name.clone(), version, what: what.to_owned(), detail, person: None };
        writer.note_plugin(&happening)?;
    }
    let differs = PluginStanding { until: before.until, ..row.clone() } != before;
    if differs { writer.put_plugin_standing(&row) } else { Ok(()) }
}

const fn blank(plugin: PluginRef, terms: String, until: DateTime<Utc>) -> PluginStanding {
    PluginStanding { plugin, terms, calls: 0, tripped: None, until }
}

/// How all plugins stood.
fn pasts(reader: &Reader<'_>) -> Result<Pasts, StoreError> {
    let mut pasts = Pasts::new();
    for row in reader.plugin_standings(None)? {
        let standing = Standing { window: Window::of(row.calls), tripped: row.tripped.is_some() };
        pasts.entry(row.plugin.name).or_default().insert(row.terms, standing);
    }
    Ok(pasts)
}

pub(super) fn plugin_ref(it: &Identity) -> PluginRef {
    PluginRef { name: it.name.clone(), version: it.version.clone(), hash: it.hash.clone() }
}

fn without_words(fresh: &mut Fresh) {
    fresh.log.clear();
    fresh.samples.clear();
    fresh.would.clear();
    fresh.fault = None;
}

fn last<T>(items: &[T]) -> &[T] {
    &items[items.len().saturating_sub(LINES)..]
}

fn cut(text: &str) -> String {
    text.chars().take(LINE_CHARS).collect()
}

const fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

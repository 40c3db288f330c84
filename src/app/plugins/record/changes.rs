//! What changed about plugins between two looks, in words. Pure: nothing is read or written here.

use std::collections::BTreeMap;

use crate::plugin::fault::Fault;
use crate::plugin::hook::Hook;
use crate::registry::{Generation, Loaded, Refused};
use crate::store::{PluginRef, SeenPlugin};

/// What a refusal says of a version that failed on probation; what follows may hold a person's data.
const ON_PROBATION: &str = " failed on probation where version ";

/// What stands between a version and what it asks for, where it waits to be approved.
const WAITS: &str = " waits for approval: ";

/// How every plugin is seen now. One that is not there now keeps the version that served last.
pub(super) fn seen_of(generation: &Generation, before: &BTreeMap<String, SeenPlugin>) -> Vec<SeenPlugin> {
    let mut all: BTreeMap<String, SeenPlugin> = BTreeMap::new();
    for loaded in &generation.plugins {
        let name = &loaded.identity().name;
        let kept = generation.refused.iter().find(|refused| refused.kept.is_some() && refused.name == *name);
        all.insert(name.clone(), serving(loaded, kept));
    }
    let absent = |plugin: &str, state: &str, mode: &str, reason: String| {
        let old = before.get(plugin);
        SeenPlugin {
            plugin: plugin.to_owned(),
            state: state.to_owned(),
            mode: mode.to_owned(),
            version: old.and_then(|old| old.version.clone()),
            terms: old.map(|old| old.terms.clone()).unwrap_or_default(),
            reason,
        }
    };
    for refused in generation.refused.iter().filter(|refused| refused.kept.is_none()) {
        let state = if refused.waits.is_some() { "waiting" } else { "refused" };
        let seen = absent(&refused.name, state, "", reason(refused));
        all.entry(refused.name.clone()).or_insert(seen);
    }
    for off in &generation.off {
        all.entry(off.name.clone()).or_insert_with(|| absent(&off.name, "off", "off", String::new()));
    }
    for name in before.keys() {
        all.entry(name.clone()).or_insert_with(|| absent(name, "gone", "", String::new()));
    }
    all.into_values().collect()
}

fn serving(loaded: &Loaded, kept: Option<&Refused>) -> SeenPlugin {
    let identity = loaded.identity();
    let version =
        PluginRef { name: identity.name.clone(), version: identity.version.clone(), hash: identity.hash.clone() };
    SeenPlugin {
        plugin: identity.name.clone(),
        state: "serving".to_owned(),
        mode: loaded.mode.as_str().to_owned(),
        version: Some(version),
        terms: loaded.terms.clone(),
        reason: kept.map(reason).unwrap_or_default(),
    }
}

fn reason(refused: &Refused) -> String {
    let place = refused.error.position.as_ref().map_or_else(String::new, |position| format!("{position}: "));
    let message = &refused.error.message;
    let told = message.find(ON_PROBATION).map_or(message.as_str(), |at| {
        let after = at + ON_PROBATION.len();
        &message[..message[after..].find(": ").map_or(message.len(), |end| after + end)]
    });
    let waits = refused.waits.as_ref().map_or_else(String::new, |waits| format!("version {}{WAITS}", waits.version));
    format!("{waits}{place}{told}")
}

/// What happened between two looks: in a word, and more about it.
pub(super) fn changes(old: Option<&SeenPlugin>, new: &SeenPlugin) -> Vec<(&'static str, String)> {
    let was = old.map_or("gone", |old| &*old.state);
    let mut told = Vec::new();
    let is_new = !new.reason.is_empty() && old.is_none_or(|old| old.reason != new.reason);
    let is_taken_back = is_new && new.reason.contains(ON_PROBATION);
    match (was, &*new.state) {
        ("serving", "serving") => {
            let before = old.and_then(|old| old.version.as_ref());
            if is_taken_back {
                // It is told below what came in the place of what.
            } else if let Some(before) = before.filter(|before| new.version.as_ref() != Some(before)) {
                told.push(("replaced", format!("before: {} ({})", before.version, short(&before.hash))));
            } else if old.is_some_and(|old| old.terms != new.terms) {
                told.push(("configured", "its settings changed".to_owned()));
            }
            if let Some(old) = old.filter(|old| old.mode != new.mode) {
                told.push(("mode", format!("{} → {}", old.mode, new.mode)));
            }
        }
        ("off", "serving") => told.push(("switched on", of_mode(new))),
        (_, "serving") => told.push(("added", of_mode(new))),
        ("off", "off") | ("gone", "gone") => {}
        (_, "off") => told.push(("switched off", String::new())),
        (_, "gone") => told.push(("removed", String::new())),
        _ => {}
    }
    if is_new {
        let kept = new.version.as_ref().filter(|_| new.state == "serving");
        let kept = |end: &str| kept.map_or_else(String::new, |kept| format!("; version {} {end}", kept.version));
        told.push(match &new.reason {
            why if is_taken_back => ("taken back", format!("{why}{}", kept("is put back"))),
            why if why.contains(WAITS) => ("waits", format!("{why}{}", kept("stays in service"))),
            why => ("refused", format!("{why}{}", kept("stays in service"))),
        });
    }
    told
}

fn of_mode(new: &SeenPlugin) -> String {
    if new.mode == "enforce" { String::new() } else { format!("in mode {}", new.mode) }
}

/// Where a plugin failed, without what it failed on.
pub(super) fn place(fault: Option<&(Hook, Fault)>) -> String {
    let Some((hook, fault)) = fault else { return String::new() };
    let position = fault.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
    format!(", last in {hook}: {}{position}", fault.kind.code())
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(state: &str, mode: &str, version: &str, terms: &str, reason: &str) -> SeenPlugin {
        let version = PluginRef { name: "a".into(), version: version.into(), hash: format!("{version}-hash") };
        SeenPlugin {
            plugin: "a".into(),
            state: state.into(),
            mode: mode.into(),
            version: Some(version),
            terms: terms.into(),
            reason: reason.into(),
        }
    }

    #[test]
    fn every_change_has_its_word() {
        #[track_caller]
        fn check(old: Option<SeenPlugin>, new: SeenPlugin, expected: &[&str]) {
            let told: Vec<String> = changes(old.as_ref(), &new)
                .into_iter()
                .map(|(what, detail)| format!("{what} {detail}").trim_end().to_owned())
                .collect();
            assert_eq!(told, expected);
        }
        let serving = |version: &str, terms: &str| seen("serving", "enforce", version, terms, "");
        check(None, serving("1", "t"), &["added"]);
        check(Some(serving("1", "t")), serving("1", "t"), &[]);
        check(Some(serving("1", "t")), serving("2", "u"), &["replaced before: 1 (1-hash)"]);
        check(Some(serving("1", "t")), serving("1", "u"), &["configured its settings changed"]);
        check(Some(serving("1", "t")), seen("serving", "observe", "1", "t", ""), &["mode enforce → observe"]);
        check(Some(serving("1", "t")), seen("off", "off", "1", "t", ""), &["switched off"]);
        check(Some(seen("off", "off", "1", "t", "")), serving("1", "t"), &["switched on"]);
        check(Some(serving("1", "t")), seen("gone", "", "1", "t", ""), &["removed"]);
        check(Some(seen("gone", "", "1", "t", "")), seen("gone", "", "1", "t", ""), &[]);
        check(Some(serving("1", "t")), seen("refused", "", "1", "t", "no hook"), &["refused no hook"]);
        check(Some(seen("refused", "", "1", "t", "no hook")), seen("refused", "", "1", "t", "no hook"), &[]);
        check(
            Some(serving("1", "t")),
            seen("serving", "enforce", "1", "t", "no hook"),
            &["refused no hook; version 1 stays in service"],
        );
        check(
            Some(serving("2", "t")),
            seen("serving", "enforce", "1", "t", "version 2 failed on probation where version 1 did not"),
            &["taken back version 2 failed on probation where version 1 did not; version 1 is put back"],
        );
        let waits = "version 2 waits for approval: it asks for more than it was granted: `lookup`";
        check(None, seen("waiting", "", "1", "t", waits), &[&format!("waits {waits}")]);
        check(Some(seen("waiting", "", "1", "t", waits)), serving("2", "u"), &["added"]);
        check(
            Some(serving("1", "t")),
            seen("serving", "enforce", "1", "t", waits),
            &[&format!("waits {waits}; version 1 stays in service")],
        );
    }
}

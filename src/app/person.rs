//! Everything that is held about a person, as one document for the person to see.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::failure::Failure;
use super::{App, wire};
use crate::domain::id::ContactId;
use crate::domain::name::Name;
use crate::domain::permission::{Right, Viewer};
use crate::store::{Job, Person};

impl App {
    /// Returns everything that is held about the person of a contact, deleted or not. Who may delete the contact may ask for it.
    ///
    /// # Errors
    /// Not found; forbidden; when something cannot be read.
    pub fn export_person(&self, id: ContactId, by: &Viewer) -> Result<Value, Failure> {
        let (contact, deleted) = match self.person(id, by)? {
            Person::Live(contact) => (contact, false),
            Person::Deleted(contact) => (contact, true),
            Person::Forgotten { id, at } => return Err(super::history::forgotten(id, at)),
        };
        self.require(by, Right::Delete, &contact)?;
        self.require_whole_view(by)?;
        let changes = self.all_changes(id, None, by)?;
        let consent = self.consent(id, by)?;
        let (held, jobs) = self.store()?.read(|reader| Ok((reader.held(id)?, reader.jobs()?)))?;
        let file = |number: i64| jobs.iter().find(|job| job.id == number).map(|job| job.file.clone());
        let refused: Vec<(i64, u64)> = held.refused_rows.iter().map(|row| (row.job, row.record)).collect();
        let files = super::forget::files_about(self, &held.traces, &refused)?;
        let mut not_tracked = vec![
            "files that were imported, wherever they are kept".to_owned(),
            "files written by exports, and backups".to_owned(),
            "what plugins remember, or said, in a form of their own".to_owned(),
        ];
        let unread = |(path, why): &(PathBuf, String)| {
            format!("`{}`, an error file that cannot be read ({why})", path.display())
        };
        not_tracked.extend(files.unread.iter().map(unread));
        let objects = |texts: &[String]| texts.iter().map(|text| object(text)).collect::<Vec<_>>();
        Ok(json!({
            "contact": wire::contact(&contact),
            "deleted": deleted,
            "numbers_once_without_sms": contact.silenced,
            "organization": contact.organization.as_ref().map(Name::as_str),
            "merged": held.merged.iter().map(wire::contact).collect::<Vec<_>>(),
            "originals": held.originals.iter().map(|original| json!({
                "kept_by": original.kept_by, "at": wire::time(original.at), "contact": wire::contact(&original.contact),
            })).collect::<Vec<_>>(),
            "changes": changes.iter().map(wire::change).collect::<Vec<_>>(),
            "consent": wire::privacy::consent(&consent),
            "notes": objects(&held.notes),
            "enquiries": objects(&held.enquiries),
            "engagements": objects(&held.engagements),
            "visits": objects(&held.visits),
            "failed_rows": held.refused_rows.iter().map(|row| json!({
                "job": row.job, "file": file(row.job), "record": row.record, "line": row.line, "cells": row.cells, "error": row.text,
            })).collect::<Vec<_>>(),
            "plugin_state": held.plugin_state.iter().map(|(plugin, key, value)| json!({
                "plugin": plugin, "key": key, "value": String::from_utf8_lossy(value),
            })).collect::<Vec<_>>(),
            "plugin_lines": held.plugin_lines.iter().map(|line| json!({
                "plugin": line.plugin.name, "version": line.plugin.version, "at": wire::time(line.at), "hook": line.hook,
                "kind": line.kind, "text": line.text,
            })).collect::<Vec<_>>(),
            "plugin_deeds": held.plugin_deeds.iter().map(|deed| json!({
                "plugin": deed.plugin.name, "version": deed.plugin.version, "until": wire::time(deed.until), "hook": deed.hook,
                "kind": deed.kind, "what": deed.what, "times": deed.times,
            })).collect::<Vec<_>>(),
            "error_files": files.holding.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "imports": imports(&jobs, &held.jobs),
            "not_tracked": not_tracked,
        }))
    }
}

fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn imports(jobs: &[Job], numbers: &[i64]) -> Vec<Value> {
    let theirs = jobs.iter().filter(|job| numbers.contains(&job.id));
    theirs.map(|job| json!({ "job": job.id, "file": job.file, "started": wire::time(job.started) })).collect()
}

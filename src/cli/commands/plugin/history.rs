//! `carnet plugin history`

use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::wire;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::store::Happening;

/// Lists what became of plugins, newest first.
pub(super) fn run(app: &App, plugin: Option<&str>, limit: usize, printer: &mut Printer) -> Result<Outcome, Failure> {
    let history = app.plugin_history(plugin, limit)?;
    printer.answer(|| json!({ "history": history.iter().map(happening_json).collect::<Vec<_>>() }), || text(&history));
    Ok(Outcome::Done)
}

fn happening_json(it: &Happening) -> Value {
    json!({
        "at": wire::time(it.at), "plugin": it.plugin, "version": it.version.as_ref().map(|version| &version.version),
        "hash": it.version.as_ref().map(|version| &version.hash), "what": it.what, "detail": it.detail, "by": it.person,
    })
}

fn text(history: &[Happening]) -> String {
    if history.is_empty() {
        return "nothing happened to plugins yet".to_owned();
    }
    let head = ["at", "plugin", "version", "hash", "by", "what"].map(str::to_owned).to_vec();
    let rows = history.iter().map(|it| {
        let version = it.version.as_ref();
        let hash = version.map_or("", |version| version.hash.get(..8).unwrap_or(&version.hash));
        let detail = if it.detail.is_empty() { String::new() } else { format!(": {}", it.detail) };
        vec![
            wire::time(it.at),
            it.plugin.clone(),
            version.map_or_else(String::new, |version| version.version.clone()),
            hash.to_owned(),
            it.person.clone().unwrap_or_else(|| "–".to_owned()),
            format!("{}{detail}", it.what),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

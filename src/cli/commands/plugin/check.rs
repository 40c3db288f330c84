//! `carnet plugin check`

use std::path::Path;

use super::list::{list_json, loaded_json, refused_text};
use crate::app::App;
use crate::app::failure::Failure;
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::plugin::hook::Hook;
use crate::registry::{Asks, Loaded};

/// Checks one package.
pub(super) fn one(app: &App, package: &Path, printer: &mut Printer) -> Result<Outcome, Failure> {
    let loaded = app.check_package(package)?;
    printer.answer(|| loaded_json(&loaded, "sound"), || sound_text(&loaded));
    Ok(Outcome::Done)
}

fn sound_text(loaded: &Loaded) -> String {
    let hooks: Vec<&str> = loaded.plugin.hooks().iter().map(Hook::name).collect();
    let signed = loaded.signed.as_ref().map_or_else(String::new, |signed| format!("; signed by {}", signed.by));
    let asks = Asks::of(&loaded.manifest);
    let asks = if asks.is_modest() { String::new() } else { format!("; granted: {}", asks.told()) };
    format!(
        "{} is sound: {}, {}; its cases pass{asks}{signed}",
        loaded.identity(),
        loaded.identity().engine,
        hooks.join(", ")
    )
}

/// Checks all packages of the home folder.
pub(super) fn all(app: &App, printer: &mut Printer) -> Result<Outcome, Failure> {
    let generation = app.generation()?;
    let text = || {
        let sound: String = generation.plugins.iter().map(|loaded| format!("{}\n", sound_text(loaded))).collect();
        let refused: String = generation.refused.iter().map(refused_text).collect();
        if sound.is_empty() && refused.is_empty() { "no packages here".to_owned() } else { format!("{sound}{refused}") }
    };
    printer.answer(|| list_json(&generation), text);
    Ok(if generation.refused.is_empty() { Outcome::Done } else { Outcome::Unsound })
}

//! `carnet plugin enable`, `disable`, `mode` and `reset`

use serde_json::json;

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::plugins::mode::ModeChange;
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::domain::permission::Viewer;
use crate::registry::Mode;

/// Sets how a plugin is called.
pub(super) fn run(app: &App, plugin: &str, mode: Mode, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let change = app.set_plugin_mode(plugin, mode, by)?;
    let json = || {
        json!({
            "plugin": plugin, "before": change.before.as_str(), "mode": mode.as_str(), "file": change.path,
            "written": change.lines, "state": change.state, "hint": change.hint,
        })
    };
    printer.answer(json, || text(plugin, mode, &change));
    Ok(Outcome::Done)
}

fn text(plugin: &str, mode: Mode, change: &ModeChange) -> String {
    let file = change.path.display();
    let mut text = match change.lines.first() {
        Some(line) => {
            format!(
                "{plugin}: {} → {}; `{line}` stands under [plugins.{plugin}] in {file}",
                change.before.as_str(),
                mode.as_str()
            )
        }
        None => format!("{plugin} is in mode {} already; {file} is as it was", mode.as_str()),
    };
    let expected = match mode {
        Mode::Enforce => "active",
        Mode::Observe => "observe",
        Mode::Off => "off",
    };
    if change.state != expected {
        text.push_str(&format!("\nit is not {expected}: {}", change.state));
    }
    text.extend(change.hint.iter().map(|hint| format!("\nhint: {hint}")));
    text
}

/// Calls a plugin again.
pub(super) fn reset(app: &App, plugin: &str, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let forgotten = app.reset_plugin(plugin, by)?;
    let text = || match forgotten.as_slice() {
        [] => format!("{plugin} was neither tripped nor taken back: nothing to reset"),
        all => format!("{plugin} is called again\n{}", all.iter().map(|it| format!("  {it}\n")).collect::<String>()),
    };
    printer.answer(|| json!({ "plugin": plugin, "forgotten": forgotten }), text);
    Ok(Outcome::Done)
}

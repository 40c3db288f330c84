//! `carnet plugin new`

use std::path::Path;

use serde_json::json;

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::plugins::new::{Made, Wish};
use crate::cli::args::NewPluginArgs;
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::plugin::hook::Hook;
use crate::registry::sources::Language;

/// Makes a package.
pub(super) fn run(app: &App, args: &NewPluginArgs, printer: &mut Printer) -> Result<Outcome, Failure> {
    let wish = Wish { name: &args.name, language: &args.lang, hooks: &args.hooks, into: args.dir.as_deref() };
    let made = app.new_package(&wish)?;
    let hooks: Vec<&str> = made.hooks.iter().map(Hook::name).collect();
    let next = next(&made);
    printer.answer(
        || {
            json!({
                "name": args.name,
                "language": made.language.name(),
                "hooks": hooks,
                "folder": made.folder,
                "files": made.files,
                "next": next,
            })
        },
        || {
            let files: String = shown(&made.files).iter().map(|file| format!("  {file}\n")).collect();
            let next: String = next.iter().map(|command| format!("  {command}\n")).collect();
            let head = format!("made {} ({}, {})", shown_folder(&made.folder), made.language.title(), hooks.join(", "));
            format!("{head}\n{files}\nNext:\n{next}{}", standing(&made))
        },
    );
    Ok(Outcome::Done)
}

/// The files, those of the contract and the cases each in a line.
fn shown(files: &[String]) -> Vec<String> {
    let of = |folder: &str| files.iter().filter(|file| file.starts_with(folder)).count();
    let contract = "wit/deps/";
    let mut lines: Vec<String> =
        files.iter().filter(|file| !file.starts_with(contract) && !file.starts_with("cases/")).cloned().collect();
    lines.push(format!("cases/           {} cases", of("cases/")));
    if of(contract) > 0 {
        lines.push("wit/deps/        the contract, documented".to_owned());
    }
    lines.sort_by_key(|line| line.to_ascii_lowercase());
    lines
}

/// A home that is the current folder is not named.
fn shown_folder(folder: &Path) -> String {
    folder.strip_prefix(".").unwrap_or(folder).display().to_string()
}

/// The commands that come next.
fn next(made: &Made) -> Vec<String> {
    let folder = shown_folder(&made.folder);
    let tool = match made.language {
        Language::JavaScript => Some(format!("(cd {folder} && npm install)")),
        Language::Python => {
            Some(format!("(cd {folder} && python3 -m venv .venv && .venv/bin/pip install -r requirements.txt)"))
        }
        Language::Rhai | Language::Rust | Language::C => None,
    };
    let build = (made.language != Language::Rhai).then(|| format!("carnet plugin build {folder}"));
    tool.into_iter().chain(build).chain([format!("carnet plugin check {folder}")]).collect()
}

/// What is so from now on.
fn standing(made: &Made) -> &'static str {
    match (made.in_home, made.language) {
        (true, Language::Rhai) => {
            "\nIt is in service from now on; its README.md says how to watch it first without effect."
        }
        (true, _) => {
            "\nIt comes into service when it is built; its README.md says how to watch it first without effect."
        }
        (false, _) => "\nIts README.md says how to try and to install it.",
    }
}

//! Python, by componentize-py: the source and its interpreter in one component. Its WASI is not stubbed out, for a plugin's log and an
//! error's traceback come from there.

use std::ffi::OsString;
use std::path::Path;

use super::Place;
use super::pins::COMPONENTIZE_PY;
use super::tool::{Job, environments, find, missing};
use crate::app::failure::{Class, Failure};

pub(super) fn compile(place: &Place<'_>) -> Result<Vec<u8>, Failure> {
    let package = place.full.as_path();
    let module = main_module(package)?;
    let Some(program) = find("componentize-py", &environments(package)) else {
        let pin = if package.join("requirements.txt").is_file() {
            "-r requirements.txt".to_owned()
        } else {
            format!("componentize-py=={COMPONENTIZE_PY}")
        };
        return Err(missing(
            "componentize-py, which builds Python,",
            "`.venv/bin/componentize-py` in the package and the folders above it, the virtual environment in use, and \
             `componentize-py` in PATH",
            &format!("(cd {} && python3 -m venv .venv && .venv/bin/pip install {pin})", place.given.display()),
        ));
    };
    let hint =
        "its messages are above; hooks are classes as wit/world.wit names them: `class OnCreate(exports.OnCreate)`";
    let job = Job { program: &program, place, name: "componentize-py", hint, essence };
    job.run(|output| {
        let fixed = ["--quiet", "--wit-path", "wit", "componentize", &module, "--output"];
        let mut arguments: Vec<OsString> = fixed.map(OsString::from).into();
        arguments.push(output.as_os_str().to_owned());
        arguments
    })
}

/// What the author's code came to, without the tool's own stack around it.
fn essence(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("\nAssertionError: ")?;
    let end = ["\n\nCaused by:", "\nStack backtrace:"].into_iter().filter_map(|end| rest.find(end)).min();
    // The package is mounted under a number.
    let told = rest[..end.unwrap_or(rest.len())].trim_end().replace("File \"/0/", "File \"");
    (!told.is_empty()).then_some(told)
}

/// `plugin.py`, `app.py`, or the only one there is.
fn main_module(package: &Path) -> Result<String, Failure> {
    let entries = std::fs::read_dir(package).map_err(|error| Failure::io("read", package, &error))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut modules: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    modules.sort();
    let usual = ["plugin", "app"].into_iter().find(|name| modules.iter().any(|module| module == name));
    match (usual, modules.as_slice()) {
        (Some(name), _) => Ok(name.to_owned()),
        (None, [only]) => Ok(only.clone()),
        _ => Err(Failure::new(Class::Usage, "NO_SOURCES", format!("`{}` has no plugin.py", package.display()))
            .hint(format!("call the one with the hooks plugin.py; there are {}", modules.join(", ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_author_has_to_know_is_found() {
        let check = |said: &str, expected: Option<&str>| assert_eq!(essence(said).as_deref(), expected);
        check(
            "Traceback (most recent call last):\n  File \"/bin/componentize-py\", line 8\nAssertionError:   File \"/0/plugin.py\", line 18\n    def x(\nSyntaxError: no\n\n\nCaused by:\n    SyntaxError: no\n",
            Some("  File \"plugin.py\", line 18\n    def x(\nSyntaxError: no"),
        );
        check("no world was found", None);
    }
}

//! JavaScript, by componentize-js: the source and its engine in one component. The engine keeps what it prints with and takes the time from,
//! for a plugin's log and an error's place come from there; the network is left out, as no plugin has one.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Place;
use super::pins::COMPONENTIZE_JS;
use super::tool::{Job, find, in_ancestors, indented, missing};
use crate::app::failure::{Class, Failure};

/// What the engine could import of WASI, and is not let.
const LEFT_OUT: [&str; 2] = ["http", "fetch-event"];

pub(super) fn compile(place: &Place<'_>) -> Result<Vec<u8>, Failure> {
    let package = place.full.as_path();
    let source = main_file(package)?;
    let Some(program) = find("componentize-js", &in_ancestors(package, "node_modules/.bin")) else {
        let install = if package.join("package.json").is_file() {
            format!("(cd {} && npm install)", place.given.display())
        } else {
            format!(
                "npm install --prefix {} @bytecodealliance/componentize-js@{COMPONENTIZE_JS}",
                place.given.display()
            )
        };
        return Err(missing(
            "componentize-js, which builds JavaScript,",
            "`node_modules/.bin/componentize-js` in the package and the folders above it, and `componentize-js` in PATH",
            &install,
        ));
    };
    let Some(node) = find("node", &[]) else {
        return Err(missing(
            "Node.js, which runs componentize-js,",
            "`node` in PATH",
            "see https://nodejs.org (20 or later)",
        ));
    };
    let hint = "its messages are above; hooks are exported as wit/world.wit names them: `export const onCreate = { create(contact) { … } }`";
    let job = Job { program: &program, place, name: "componentize-js", hint, essence };
    let built = job.run(|output| {
        let mut arguments: Vec<OsString> =
            vec![source.as_str().into(), "--wit".into(), "wit".into(), "--disable".into()];
        arguments.extend(LEFT_OUT.map(OsString::from));
        arguments.extend(["--out".into(), output.as_os_str().to_owned()]);
        arguments
    });
    built.map_err(|mut failure| {
        // It says that something cannot be parsed, and not where.
        if failure.message.contains(UNPARSED)
            && let Some(told) = syntax_error(&node, package, &source)
        {
            failure.message =
                format!("componentize-js could not build `{}`\n{}", place.given.display(), indented(&told));
            failure.hint = Some("mend the source: this is what Node.js says of it".to_owned());
        }
        failure
    })
}

/// What componentize-js says of a source with a syntax error.
const UNPARSED: &str = "failed to parse JS source";

/// Asks Node.js where a source has its syntax error. It reads a file as a module if it is named like one.
fn syntax_error(node: &Path, package: &Path, source: &str) -> Option<String> {
    let aside = tempfile::tempdir().ok()?;
    let copy = aside.path().join("plugin.mjs");
    std::fs::copy(package.join(source), &copy).ok()?;
    let checked = Command::new(node).arg("--check").arg(&copy).stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&checked.stderr);
    let told = said.split("\n    at ").next().unwrap_or_default().trim_end();
    let copies = [format!("file://{}", copy.display()), copy.display().to_string()];
    let told = copies.iter().fold(told.to_owned(), |told, copy| told.replace(copy.as_str(), source));
    (!checked.status.success() && told.contains("SyntaxError")).then_some(told)
}

/// What the author's code came to, without the tool's own stack around it.
fn essence(said: &str) -> Option<String> {
    let rest = said.find("\nError: ").map(|at| &said[at + 1..])?;
    let told = rest.split("\n    at ").next().unwrap_or_default().trim_end();
    Some(told.replace("\nError: ", "\n").trim_start_matches("Error: ").to_owned())
}

/// The file that package.json names, else the usual ones.
fn main_file(package: &Path) -> Result<String, Failure> {
    let manifest = std::fs::read_to_string(package.join("package.json")).ok();
    let manifest: Option<serde_json::Value> = manifest.and_then(|text| serde_json::from_str(&text).ok());
    let named = manifest.and_then(|manifest| manifest["main"].as_str().map(str::to_owned));
    let usual = ["plugin.js", "plugin.mjs", "index.js", "index.mjs", "src/index.js"].map(str::to_owned);
    named.into_iter().chain(usual).find(|name| package.join(name).is_file()).ok_or_else(|| {
        Failure::new(Class::Usage, "NO_SOURCES", format!("`{}` has no plugin.js", package.display()))
            .hint("name the file in package.json: \"main\": \"plugin.js\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_author_has_to_know_is_found() {
        let check = |said: &str, expected: Option<&str>| assert_eq!(essence(said).as_deref(), expected);
        check(
            "file:///n/componentize.js:616\n    throw new Error(msg);\n          ^\n\nError: Unable to extract\nError: no \"onDelete\"\n  Try\n    at run (file:///n)\n\nNode.js v20",
            Some("Unable to extract\nno \"onDelete\"\n  Try"),
        );
        check("odd", None);
    }
}

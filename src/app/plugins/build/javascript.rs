//! JavaScript, by componentize-js: the source and its engine in one component. The engine keeps what it prints with and takes the time from,
//! for a plugin's log and an error's place come from there; the network is left out, as no plugin has one.

use std::ffi::OsString;
use std::path::Path;

use super::Place;
use super::pins::COMPONENTIZE_JS;
use super::tool::{Job, find, in_ancestors, missing};
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
    if find("node", &[]).is_none() {
        return Err(missing(
            "Node.js, which runs componentize-js,",
            "`node` in PATH",
            "see https://nodejs.org (20 or later)",
        ));
    }
    let hint = "its messages are above; hooks are exported as wit/world.wit names them: `export const onCreate = { create(contact) { … } }`";
    let job = Job { program: &program, place, name: "componentize-js", hint };
    job.run(|output| {
        let mut arguments: Vec<OsString> = vec![source.into(), "--wit".into(), "wit".into(), "--disable".into()];
        arguments.extend(LEFT_OUT.map(OsString::from));
        arguments.extend(["--out".into(), output.as_os_str().to_owned()]);
        arguments
    })
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

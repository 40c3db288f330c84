//! Building a package's component from its sources, with the tool of their language. What comes out becomes a component where it is none,
//! and gets the digest of the sources, so that anybody can see whether it was built from those beside it.

mod c;
mod javascript;
pub mod pins;
mod python;
mod rust;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};

use crate::app::failure::{Class, Failure};
use crate::registry::sources::{Digests, Language, digests_of};
use crate::runtime::wasm::{componentize, hooks_of, with_source_digest};

pub use crate::registry::sources::source_digest_of;

/// Where a package is.
struct Place<'a> {
    /// In full, for tools that run in it.
    full: PathBuf,
    /// As it was named, for people.
    given: &'a Path,
}

/// A component that was built.
#[derive(Debug)]
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: usize,
    /// SHA-256 of its sources, 64 hex digits.
    pub digest: String,
}

/// Builds `plugin.wasm` of a package. One that is there already stays until the new one is whole.
///
/// # Errors
/// Usage, when the folder holds no sources, or a script, which needs no building; rejected, when the tool fails or is missing, with the
/// way to install it.
pub fn build(package: &Path) -> Result<Built, Failure> {
    let language = language_of(package)?;
    let full = fs::canonicalize(package).map_err(|error| Failure::io("find", package, &error))?;
    let place = Place { full, given: package };
    let before = digest_of(package, language)?;
    let code = match language {
        Language::Rust => rust::compile(&place)?,
        Language::JavaScript => javascript::compile(&place)?,
        Language::Python => python::compile(&place)?,
        Language::C => c::compile(&place)?,
        Language::Rhai => return Err(nothing_to_build(package)),
    };
    let component = componentize(&code)?;
    hooks_of(&component)?;
    // Tools write lock files; anything else that changed meanwhile may or may not be in the component.
    let digest = digest_of(package, language)?;
    if digest.sources != before.sources {
        let message = format!("the sources of `{}` changed while they were built", package.display());
        return Err(Failure::new(Class::Conflict, "SOURCES_CHANGED", message).hint("build again"));
    }
    let component = with_source_digest(component, &digest.all);
    let path = package.join("plugin.wasm");
    let part = package.join(".plugin.wasm.part");
    fs::write(&part, &component)
        .and_then(|()| fs::rename(&part, &path))
        .inspect_err(|_| _ = fs::remove_file(&part))
        .map_err(|error| Failure::io("write", &path, &error))?;
    Ok(Built { path, bytes: component.len(), digest: digest.all })
}

/// Says whether a build failed for want of a tool.
pub(super) fn is_missing_tool(failure: &Failure) -> bool {
    failure.code == tool::MISSING
}

fn digest_of(package: &Path, language: Language) -> Result<Digests, Failure> {
    digests_of(package, language).map_err(|error| Failure::io("read the sources of", package, &error))
}

fn language_of(package: &Path) -> Result<Language, Failure> {
    if package.extension().is_some_and(|extension| extension == "rhai") && package.is_file() {
        return Err(nothing_to_build(package));
    }
    if !package.is_dir() {
        let message = format!("there is no package folder `{}`", package.display());
        return Err(Failure::new(Class::NotFound, "PACKAGE", message).hint("name the folder of a plugin's sources"));
    }
    Language::of_package(package).ok_or_else(|| {
        let message = format!("`{}` holds no sources of a plugin", package.display());
        Failure::new(Class::Usage, "NO_SOURCES", message).hint(if package.join("plugin.wasm").is_file() {
            "looked for Cargo.toml and package.json, and for *.js, *.py and *.c with a world in wit/"
        } else {
            "looked for Cargo.toml, package.json, *.js, *.py and *.c; `carnet plugin new` starts a plugin"
        })
    })
}

fn nothing_to_build(package: &Path) -> Failure {
    Failure::new(
        Class::Usage,
        "NOTHING_TO_BUILD",
        format!("`{}` is a script: there is nothing to build", package.display()),
    )
    .hint(format!("`carnet plugin check {}` looks at it and plays its cases", package.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(files: &[&str], code: &str) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let failure = build(folder.path()).unwrap_err();
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.hint.is_some());
    }

    #[test]
    fn what_cannot_be_built_says_why() {
        refused(&[], "NO_SOURCES");
        refused(&["plugin.toml", "plugin.wasm", "notes.txt"], "NO_SOURCES");
        refused(&["main.rhai", "plugin.toml"], "NOTHING_TO_BUILD");
        assert_eq!(build(Path::new("no/such/folder")).unwrap_err().code, "PACKAGE");
    }
}

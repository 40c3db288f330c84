//! Which package somebody means: by path, by a file in it, or by the name of one in the home folder.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::plugin::manifest::{MANIFEST_FILE, did_you_mean};
use crate::registry::workbench::packages;

impl App {
    /// Finds a package's folder or lone file.
    ///
    /// # Errors
    /// Not found, with the nearest name in the home folder.
    pub fn package_path(&self, name_or_path: &Path) -> Result<PathBuf, Failure> {
        if name_or_path.exists() {
            return Ok(whole_package(name_or_path));
        }
        let known = self.package_paths();
        let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let wanted = name_or_path.to_string_lossy();
        if let Some(found) = known.iter().find(|path| name(path) == wanted) {
            return Ok(found.clone());
        }
        let names: Vec<String> = known.iter().map(|path| name(path)).collect();
        let near = did_you_mean(&wanted, names.iter().map(String::as_str));
        let hint = if near.ends_with('?') {
            near
        } else {
            "name a folder with a plugin.toml, or a .rhai or .wasm file".to_owned()
        };
        Err(Failure::new(Class::NotFound, "PACKAGE", format!("there is no package `{wanted}`")).hint(hint))
    }

    /// Lists the packages of the home folder.
    #[must_use]
    pub fn package_paths(&self) -> Vec<PathBuf> {
        packages(&self.home().folders())
    }

    /// Returns the package named; else the current folder if it is one; else all packages of the home folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn packages_meant(&self, named: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
        if let Some(named) = named {
            return Ok(vec![self.package_path(named)?]);
        }
        if let Ok(here) = std::env::current_dir().and_then(|here| here.canonicalize())
            && here.join(MANIFEST_FILE).is_file()
        {
            return Ok(vec![here]);
        }
        let all = self.package_paths();
        if all.is_empty() {
            let message = format!("there are no packages in `{}`", self.home().folder().display());
            return Err(Failure::new(Class::NotFound, "PACKAGE", message).hint("name a package's folder or file"));
        }
        Ok(all)
    }
}

/// Who names a file of a package means the package.
fn whole_package(path: &Path) -> PathBuf {
    let own = [MANIFEST_FILE, "main.rhai", "plugin.wasm"].iter().any(|name| path.ends_with(name));
    match path.parent() {
        Some(folder) if own && path.with_file_name(MANIFEST_FILE).is_file() => {
            if folder.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                folder.to_owned()
            }
        }
        _ => path.to_owned(),
    }
}

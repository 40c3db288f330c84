//! The languages in which packages are written, and how a package shows its own. Building each is `build`, starting one is `new`.

use std::fmt;
use std::path::Path;

use crate::app::failure::{Class, Failure};
use crate::plugin::manifest::did_you_mean;

/// A language of plugins.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Language {
    /// A script, run as it is.
    Rhai,
    /// Compiled by cargo.
    Rust,
    /// Built by componentize-js.
    JavaScript,
    /// Built by componentize-py.
    Python,
    /// Compiled by clang or zig.
    C,
}

impl Language {
    /// All languages, the nearest at hand first.
    pub const ALL: [Self; 5] = [Self::Rhai, Self::Rust, Self::JavaScript, Self::Python, Self::C];

    /// Returns its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rhai => "rhai",
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
            Self::C => "c",
        }
    }

    /// Returns its name in sentences.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rhai => "Rhai",
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::C => "C",
        }
    }

    /// Reads a name, or one of its other names.
    ///
    /// # Errors
    /// Usage, with the nearest name.
    pub fn parse(name: &str) -> Result<Self, Failure> {
        let lower = name.to_ascii_lowercase();
        let known = match lower.as_str() {
            "rs" => Some(Self::Rust),
            "javascript" | "node" => Some(Self::JavaScript),
            "py" | "python3" => Some(Self::Python),
            _ => Self::ALL.into_iter().find(|language| language.name() == lower),
        };
        known.ok_or_else(|| {
            Failure::new(Class::Usage, "LANGUAGE_UNKNOWN", format!("plugins cannot be started in `{name}`"))
                .hint(did_you_mean(&lower, Self::ALL.map(Self::name)))
        })
    }

    /// Finds the language of a package by what lies in its folder.
    #[must_use]
    pub fn of_package(package: &Path) -> Option<Self> {
        if package.join("main.rhai").is_file() {
            return Some(Self::Rhai);
        }
        if package.join("Cargo.toml").is_file() {
            return Some(Self::Rust);
        }
        if package.join("package.json").is_file() {
            return Some(Self::JavaScript);
        }
        let entries = std::fs::read_dir(package).into_iter().flatten().flatten();
        let names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let has = |extensions: &[&str]| {
            let of =
                |name: &String| Path::new(name).extension().is_some_and(|ext| extensions.iter().any(|it| ext == *it));
            names.iter().any(of)
        };
        if has(&["js", "mjs"]) {
            Some(Self::JavaScript)
        } else if has(&["py"]) {
            Some(Self::Python)
        } else if has(&["c"]) {
            Some(Self::C)
        } else {
            None
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

//! One immutable set of plugins in service. A call or a job keeps the generation with which it began.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::Mode;
use super::grants::Waits;
use super::loaded::Loaded;
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::plugin::package::LoadError;

/// A set of plugins in service, and what could not be brought into service.
#[derive(Debug)]
pub struct Generation {
    /// Counts up with every change, from 1; 0 without plugins.
    pub number: u64,
    /// What is in service, in the order of calls: phase, priority, name.
    pub plugins: Vec<Arc<Loaded>>,
    /// Packages that were refused, by name.
    pub refused: Vec<Refused>,
    /// Packages that the deployment switched off or that are not built, by name. They are not loaded.
    pub off: Vec<SwitchedOff>,
    /// Who is called, by hook and phase: places in `plugins`.
    calls: [[Box<[usize]>; 2]; Hook::ALL.len()],
}

/// A package that was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Name of the plugin, or of its folder or file when the manifest cannot be read.
    pub name: String,
    /// Folder or file of the package.
    pub path: PathBuf,
    /// Why: the first fault.
    pub error: LoadError,
    /// The other faults.
    pub more: Vec<LoadError>,
    /// Version that stays in service in its place.
    pub kept: Option<String>,
    /// What it waits for, where nothing is wrong with it but that it asks for more than it was granted.
    pub waits: Option<Box<Waits>>,
}

/// A package that is not in service and is not missed: the deployment switched it off, or there are only its sources.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SwitchedOff {
    /// Name of the plugin.
    pub name: String,
    /// Version, when the manifest can be read.
    pub version: Option<String>,
    /// Folder or file of the package.
    pub path: PathBuf,
    /// Whether it is out of service because its component was never built.
    pub unbuilt: bool,
}

impl SwitchedOff {
    /// Returns `off` or `not built`.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        if self.unbuilt { "not built" } else { "off" }
    }
}

/// How a plugin is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Called, and its word counts.
    Active,
    /// Called, but its word does not count.
    Observed,
    /// Not called: it faulted too often.
    Tripped,
    /// Called, though its package holds something else that was refused, or cannot be read; with the version that is kept.
    Kept(String),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("active"),
            Self::Observed => f.write_str("observe"),
            Self::Tripped => f.write_str("tripped"),
            Self::Kept(version) => write!(f, "kept {version}"),
        }
    }
}

impl Refused {
    /// Says whether another version serves because this one is at fault. One that waits is not.
    const fn is_stale(&self) -> bool {
        self.kept.is_some() && self.waits.is_none()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.waits {
            Some(waits) => write!(f, "plugin `{}` {} waits for approval: ", self.name, waits.version)?,
            None => write!(f, "plugin `{}` is refused: ", self.name)?,
        }
        if let Some(position) = &self.error.position {
            write!(f, "{position}: ")?;
        }
        write!(f, "{}", self.error)?;
        if !self.more.is_empty() {
            write!(f, " (and {} more)", self.more.len())?;
        }
        match &self.kept {
            Some(version) => write!(f, "; version {version} stays in service"),
            None => Ok(()),
        }
    }
}

impl Generation {
    /// Returns a generation without plugins, number 0.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(0, Vec::new(), Vec::new(), Vec::new())
    }

    pub(super) fn new(
        number: u64,
        mut plugins: Vec<Arc<Loaded>>,
        refused: Vec<Refused>,
        off: Vec<SwitchedOff>,
    ) -> Self {
        plugins.sort_by(|a, b| order(a).cmp(&order(b)));
        let calls = std::array::from_fn(|hook| {
            Phase::ALL.map(|phase| {
                let called = |loaded: &Arc<Loaded>| {
                    loaded.phase == phase && loaded.mode != Mode::Off && loaded.plugin.hooks().contains(Hook::ALL[hook])
                };
                plugins.iter().enumerate().filter(|(_, loaded)| called(loaded)).map(|(at, _)| at).collect()
            })
        });
        Self { number, plugins, refused, off, calls }
    }

    /// Returns a generation of these plugins alone, number 0: to try out a candidate without putting it into service.
    #[must_use]
    pub fn of(plugins: Vec<Arc<Loaded>>) -> Self {
        Self::new(0, plugins, Vec::new(), Vec::new())
    }

    /// Finds a plugin in service by name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<Loaded>> {
        self.plugins.iter().find(|loaded| loaded.identity().name == name)
    }

    /// Says how a plugin of this generation is doing.
    #[must_use]
    pub fn state(&self, loaded: &Loaded) -> State {
        if loaded.breaker.is_tripped() {
            return State::Tripped;
        }
        let refused = self.refused.iter().find(|refused| refused.is_stale() && refused.name == loaded.identity().name);
        match (refused, loaded.mode) {
            (Some(_), _) => State::Kept(loaded.identity().version.clone()),
            (None, Mode::Observe) => State::Observed,
            (None, _) => State::Active,
        }
    }

    /// Returns who is called for a hook in a phase, in order.
    pub(super) fn calls(&self, hook: Hook, phase: Phase) -> &[usize] {
        &self.calls[hook as usize][phase as usize]
    }
}

/// Priority 0 comes first; of two plugins alike, the one whose name does.
fn order(loaded: &Loaded) -> (Phase, u16, &str) {
    let identity = loaded.identity();
    (loaded.phase, loaded.priority, &identity.name)
}

//! Developing a package: after each save it is built if it has to be, its cases are played, and it is loaded, as the settings of the moment
//! have it. Whatever is broken is told, and what worked stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::build::{Built, build, is_missing_tool};
use super::test::{TestOptions, Tested, test};
use crate::app::failure::{Class, Failure};
use crate::app::{App, deployments};
use crate::config::SETTINGS_FILE;
use crate::plugin::package::LoadError;
use crate::registry::sources::{built_from, source_digest_of};
use crate::registry::watch::{Notice, Timing, Tree, Watch};
use crate::registry::workbench::Workbench;
use crate::registry::{Load, Mode, Refused};
use crate::runtime::Runtimes;
use crate::runtime::wasm::source_digest;

/// How often the folder is looked at where the system cannot tell of changes.
const POLL: Duration = Duration::from_secs(1);

/// A package under development.
pub struct Developing<'a> {
    app: &'a App,
    load: Arc<dyn Load>,
    /// Set up with the last settings that could be read.
    workbench: Workbench,
    tree: Tree,
    /// Whether it is one of the home's own packages, and so comes into service.
    in_home: bool,
    /// The generation that works, once there is one.
    generation: Option<u64>,
    /// What it held at the last round.
    seen: Option<String>,
    /// What its sources held when they were last built.
    built: Option<String>,
    /// Whether the tool to build it with was missing at the last round.
    lacks_tool: bool,
}

/// What became of one save.
pub struct Round {
    /// The component that was built.
    pub built: Option<Built>,
    /// What its cases did; `None` when it could not be built.
    pub tested: Option<Tested>,
    /// Time of it all.
    pub time: Duration,
    /// How it ended.
    pub end: End,
}

/// How a round ended.
pub enum End {
    /// It works: the number of the generation that has it, and whether that is one in service.
    Works {
        /// Counts up with each version that works.
        generation: u64,
        /// How it is called, if it is the home's own and so in service.
        in_service: Option<Mode>,
    },
    /// It does not: the number of the generation that stays.
    Broken {
        /// The one that worked before.
        kept: Option<u64>,
        /// Why it cannot be built or does not come into service; cases that differ are told with the cases.
        why: Vec<LoadError>,
    },
}

impl App {
    /// Begins to develop a package.
    ///
    /// # Errors
    /// When there is none, or no engine can be started.
    pub fn develop(&self, package: &Path) -> Result<Developing<'_>, Failure> {
        let root = self.package_path(package)?;
        let root = root.canonicalize().map_err(|error| Failure::io("find", &root, &error))?;
        let folders = self.home().folders();
        let own = |folder: &PathBuf| folder.canonicalize().is_ok_and(|folder| root.parent() == Some(folder.as_path()));
        let in_home = own(&folders.plugins) || own(&folders.scripts);
        let made = built_from(&root).map(|_| root.join("plugin.wasm"));
        let home = self.home().folder();
        let tree = Tree { root, made, settings: home.join(SETTINGS_FILE) };
        let load: Arc<dyn Load> = Arc::new(Runtimes::new(folders.cache)?);
        let workbench = Workbench::new(deployments::deployments(self.settings(), home), Arc::clone(&load));
        Ok(Developing {
            app: self,
            load,
            workbench,
            tree,
            in_home,
            generation: None,
            seen: None,
            built: None,
            lacks_tool: false,
        })
    }
}

impl Developing<'_> {
    /// The folder or file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.tree.root
    }

    /// Watches it; `on_change` is called from another thread.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch(&self, on_change: impl FnMut() + Send + 'static) -> Result<Watch, Failure> {
        let notice = if self.app.settings().poll_folders { Notice::Poll(POLL) } else { Notice::Native };
        let watch = self.tree.watch(notice, Timing::default(), on_change);
        watch.map_err(|error| Failure::new(Class::Internal, "WATCH", error.to_string()))
    }

    /// Says whether it waits for a tool that is not installed: a round finds out whether it is there.
    #[must_use]
    pub const fn lacks_tool(&self) -> bool {
        self.lacks_tool
    }

    /// Builds, tests and loads it, unless nothing changed since the last round.
    pub fn round(&mut self) -> Option<Round> {
        let now = self.tree.fingerprint();
        let is_same = self.seen.as_ref() == Some(&now);
        if is_same && !self.lacks_tool {
            return None;
        }
        self.seen = Some(now);
        let started = Instant::now();
        let built = self.build_if_needed();
        // What was told once is not told again until something changes.
        let lacked_tool = std::mem::replace(&mut self.lacks_tool, built.as_ref().is_err_and(is_missing_tool));
        if is_same && lacked_tool && self.lacks_tool {
            return None;
        }
        let mut why = self.read_settings().err().into_iter().collect::<Vec<_>>();
        let (built, tested) = match built {
            Err(failure) => {
                why = vec![failed(failure)];
                (None, None)
            }
            Ok(built) => {
                let tested = test(&self.workbench, &self.tree.root, &TestOptions::default(), &mut Vec::new());
                (built, Some(tested))
            }
        };
        let end = match &tested {
            Some(tested) if tested.is_well() && why.is_empty() => match self.load() {
                Ok((generation, in_service)) => {
                    self.generation = Some(generation);
                    End::Works { generation, in_service }
                }
                Err(why) => End::Broken { kept: self.generation, why },
            },
            _ => End::Broken { kept: self.generation, why },
        };
        Some(Round { built, tested, time: started.elapsed(), end })
    }

    /// Builds a package whose sources are not those of its component.
    fn build_if_needed(&mut self) -> Result<Option<Built>, Failure> {
        let root = &self.tree.root;
        if built_from(root).is_none() {
            return Ok(None);
        }
        let sources = source_digest_of(root).map_err(|error| Failure::io("read the sources of", root, &error))?;
        let component = std::fs::read(root.join("plugin.wasm")).ok();
        let is_built = component.as_deref().and_then(source_digest).is_some_and(|digest| digest == sources);
        if is_built || self.built.as_ref() == Some(&sources) && component.is_some() {
            return Ok(None);
        }
        let built = build(root)?;
        self.built = Some(sources);
        Ok(Some(built))
    }

    /// Sets the workbench up with what the settings say now. While they cannot be used, those from before hold.
    fn read_settings(&mut self) -> Result<(), LoadError> {
        let deployed = deployments::read_again(self.app.home().folder(), self.app.settings().profile);
        self.workbench = Workbench::new(deployed.map_err(LoadError::new)?, Arc::clone(&self.load));
        Ok(())
    }

    /// Puts it into service here if it is one of the home's own, else loads it alone. Returns its generation, and how it is called.
    fn load(&self) -> Result<(u64, Option<Mode>), Vec<LoadError>> {
        let draft = self.workbench.read(&self.tree.root).map_err(|error| vec![error])?;
        if !self.in_home {
            draft.load_as_told(toml::Table::new())?;
            return Ok((self.generation.unwrap_or(0) + 1, None));
        }
        let registry = self.app.registry().map_err(|failure| vec![failed(failure)])?;
        registry.rescan();
        let current = registry.current();
        // One that does not suit the settings may serve as it did under earlier ones, and is refused all the same.
        let is_it = |refused: &&Refused| refused.name == draft.name() || refused.path == self.tree.root;
        if let Some(refused) = current.refused.iter().find(is_it) {
            return Err(std::iter::once(&refused.error).chain(&refused.more).cloned().collect());
        }
        if let Some(loaded) = current.find(draft.name()).filter(|loaded| loaded.identity().hash == draft.hash()) {
            return Ok((current.number, Some(loaded.mode)));
        }
        Err(vec![if current.off.iter().any(|off| off.name == draft.name()) {
            let hint = format!("`mode = \"off\"` stands under [plugins.{}] in carnet.toml", draft.name());
            LoadError::new("it is switched off here").hint(hint)
        } else {
            LoadError::new("it is not in service here").hint("`carnet plugin list` says what is")
        }])
    }
}

fn failed(failure: Failure) -> LoadError {
    LoadError { message: failure.message, position: None, hint: failure.hint }
}

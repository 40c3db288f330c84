//! Switching plugins on and off and watching them: what is written into the settings file, and how the plugin stands then.

use std::path::PathBuf;

use toml_edit::Value;

use crate::app::App;
use crate::app::deployments::deployments;
use crate::app::failure::Failure;
use crate::config::edit::edit_plugin;
use crate::domain::permission::Viewer;
use crate::registry::{Mode, State};

/// What a change of mode came to.
#[derive(Clone, Debug)]
pub struct ModeChange {
    /// Mode before.
    pub before: Mode,
    /// The settings file.
    pub path: PathBuf,
    /// Lines written under `[plugins.NAME]`; none when it said so already.
    pub lines: Vec<String>,
    /// How the plugin stands now: `active`, `tripped`, why it is refused.
    pub state: String,
    /// What to do where it is not called though it should be.
    pub hint: Option<String>,
}

impl App {
    /// Sets how a plugin is called, in the settings file, and looks what came of it.
    ///
    /// # Errors
    /// Forbidden for those who are no admins; not found; when the settings file cannot be changed.
    pub fn set_plugin_mode(&self, name: &str, mode: Mode, by: &Viewer) -> Result<ModeChange, Failure> {
        self.require_admin(by, "change how plugins are called")?;
        self.known_plugin(name)?;
        // How it was is told of first, and by nobody in particular.
        self.store()?;
        self.hand_in_plugins(None);
        let before = deployments(self.settings(), self.home().folder()).get(name).map(|it| it.mode).unwrap_or_default();
        // Without a line, a plugin is called.
        let is_said = self.settings().plugins.contains_key(name) || mode != Mode::Enforce;
        let keys = [("mode", Some(Value::from(mode.as_str())))];
        let edited = edit_plugin(self.home().folder(), name, if is_said && before != mode { &keys } else { &[] })?;
        let fresh = Self::open(self.home().folder(), Some(self.settings().profile))?;
        let generation = fresh.generation()?;
        fresh.hand_in_plugins_at_last(Some(by.name()));
        let (state, hint) = match generation.find(name) {
            Some(loaded) => match generation.state(loaded) {
                State::Tripped => ("tripped".to_owned(), Some(format!("`carnet plugin reset {name}` calls it again"))),
                state => (state.to_string(), None),
            },
            None => match generation.refused.iter().find(|refused| refused.name == name) {
                Some(refused) => (refused.to_string(), refused.error.hint.clone()),
                None if mode == Mode::Off => ("off".to_owned(), None),
                None => ("there is no package of that name any more".to_owned(), None),
            },
        };
        Ok(ModeChange { before, path: edited.path, lines: edited.lines, state, hint })
    }
}

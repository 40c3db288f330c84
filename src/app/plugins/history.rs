//! What became of plugins over time, as people ask for it.

use crate::app::App;
use crate::app::failure::Failure;
use crate::store::Happening;

impl App {
    /// Returns what happened to one plugin or to all, newest first, `limit` at most. What changed in the folders until now is in it.
    ///
    /// # Errors
    /// Not found, when no plugin has or had the name.
    pub fn plugin_history(&self, name: Option<&str>, limit: usize) -> Result<Vec<Happening>, Failure> {
        if let Some(name) = name {
            self.known_plugin(name)?;
        }
        self.generation()?;
        self.hand_in_plugins(None);
        let Some(store) = self.store_if_any() else { return Ok(Vec::new()) };
        Ok(store.read(|reader| reader.plugin_history(name, limit))?)
    }
}

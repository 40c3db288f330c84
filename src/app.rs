//! The use cases, each readable top to bottom: the only place where the store and the plugins meet. The command line and the server are
//! thin views on what is here; nothing here prints or parses arguments.

pub mod bulk;
pub mod cautions;
pub mod contacts;
pub mod custom_fields;
pub mod decide;
pub mod deployments;
pub mod divisions;
pub mod doctor;
pub mod duplicates;
pub mod engagement;
pub mod enquiry;
pub mod export;
pub mod failure;
pub mod filters;
pub mod forget;
pub mod history;
pub mod import;
pub mod labels;
pub mod lookup;
pub mod mappings;
pub mod memory;
pub mod merge;
pub mod notes;
pub mod organizations;
pub mod output;
pub mod person;
pub mod plugins;
mod provenance;
pub mod records;
pub mod staff;
pub mod template;
pub mod unmerge;
pub mod viewer;
pub mod wire;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use crate::config::{Profile, SETTINGS_FILE, Settings};
use crate::domain::custom::Entity;
use crate::domain::permission::{Scope, Viewer};
use crate::domain::rules::{Rules, UnknownLabels};
use crate::plugin::package::Grants;
use crate::plugin::service::Services;
use crate::registry::dispatch::{Chain, Flags};
use crate::registry::{Folders, Generation, Registry};
use crate::runtime::Runtimes;
use crate::store::Store;

use custom_fields::SchemaCache;
use decide::RuleBook;
use failure::{Class, Failure};
use lookup::StoreLookup;
use memory::StoredState;

/// A home folder: settings, database, plugins and scripts.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// Names a home folder; it must exist.
    ///
    /// # Errors
    /// When it is no folder.
    pub fn new(folder: &Path) -> Result<Self, Failure> {
        match std::fs::metadata(folder) {
            Ok(data) if data.is_dir() => Ok(Self(folder.to_owned())),
            Ok(_) => Err(Failure::new(Class::Usage, "HOME", format!("the home `{}` is no folder", folder.display()))
                .hint("name a folder with `--home`")),
            Err(error) => Err(Failure { class: Class::Usage, ..Failure::io("open the home folder", folder, &error) }),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("carnet.db")
    }

    /// Where an import writes failed rows, unless told otherwise.
    #[must_use]
    pub fn error_file(&self) -> PathBuf {
        self.0.join("ErrorDetail.csv")
    }

    fn folders(&self) -> Folders {
        Folders {
            plugins: self.0.join("plugins"),
            scripts: self.0.join("scripts"),
            cache: compile_cache(),
            shelf: Some(self.shelf()),
        }
    }

    /// Where the last good version of each plugin is kept.
    #[must_use]
    pub fn shelf(&self) -> PathBuf {
        self.0.join("carnet.db-plugins")
    }
}

/// Compiled components are kept with the user's other caches, never in the home folder, which may be read-only or shared.
fn compile_cache() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    base.map(|base| base.join("carnet"))
}

/// Carnet at work in one home folder. Opens the store and loads plugins when first needed.
pub struct App {
    home: Home,
    settings: Settings,
    store: OnceLock<Store>,
    registry: OnceLock<Arc<Registry>>,
    schemas: SchemaCache,
    book: plugins::record::Book,
}

impl App {
    /// Reads the settings of a home folder. `profile` wins over the file's.
    ///
    /// # Errors
    /// When the home is no folder, or its settings are at fault.
    pub fn open(home: &Path, profile: Option<Profile>) -> Result<Self, Failure> {
        let home = Home::new(home)?;
        let settings = Settings::load(home.folder(), profile)?;
        Ok(Self {
            home,
            settings,
            store: OnceLock::new(),
            registry: OnceLock::new(),
            schemas: SchemaCache::default(),
            book: plugins::record::Book::default(),
        })
    }

    /// The home folder.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// The settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Opens the store, once.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn store(&self) -> Result<&Store, Failure> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = Store::open(&self.home.database())?;
        Ok(self.store.get_or_init(|| store))
    }

    /// Loads the plugins, once.
    ///
    /// # Errors
    /// When an engine cannot be started; plugins that cannot be loaded are in the generation's list of refused ones.
    pub fn registry(&self) -> Result<&Arc<Registry>, Failure> {
        if let Some(registry) = self.registry.get() {
            return Ok(registry);
        }
        let folders = self.home.folders();
        let runtimes = Runtimes::new(folders.cache.clone())?;
        let home = self.home.folder().to_owned();
        let deployed = deployments::deployments(&self.settings, &home);
        let registry = Registry::open_as_known(folders, deployed, Arc::new(runtimes), self.plugin_pasts());
        let profile = self.settings.profile;
        registry.follow(&home.join(SETTINGS_FILE), move || deployments::read_again(&home, profile));
        Ok(self.registry.get_or_init(|| Arc::new(registry)))
    }

    /// The generation of plugins in service now.
    ///
    /// # Errors
    /// When an engine cannot be started.
    pub fn generation(&self) -> Result<Arc<Generation>, Failure> {
        Ok(self.registry()?.current())
    }

    /// Opens a chain over a generation, with the services that each plugin was granted. What somebody may not see who acts, their plugins do not
    /// find either.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn chain(&self, generation: Arc<Generation>, by: &Viewer) -> Result<Chain, Failure> {
        self.chain_on(generation, self.stored_state()?, by)
    }

    /// Opens a chain for several records, whose plugins remember what this holds.
    pub(in crate::app) fn chain_on(
        &self,
        generation: Arc<Generation>,
        state: Arc<StoredState>,
        by: &Viewer,
    ) -> Result<Chain, Failure> {
        Ok(Chain::new(generation, self.services(state, by.scope(self.settings.access))?))
    }

    /// Opens a chain whose calls are counted against nobody: its plugins trip by these flags alone, and find what lies within `scope`.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub(in crate::app) fn trial_chain(
        &self,
        generation: Arc<Generation>,
        flags: Arc<Flags>,
        scope: &Scope,
    ) -> Result<Chain, Failure> {
        Ok(Chain::for_job(generation, self.services(self.stored_state()?, scope.clone())?, flags).rehearsing())
    }

    fn services(
        &self,
        state: Arc<StoredState>,
        scope: Scope,
    ) -> Result<impl Fn(Grants) -> Services + Send + 'static, Failure> {
        let lookup = Arc::new(StoreLookup { store: self.store()?.clone(), scope });
        Ok(move |grants: Grants| Services {
            lookup: grants.lookup.then(|| Arc::clone(&lookup) as _),
            state: grants.state.then(|| Arc::clone(&state) as _),
        })
    }

    /// The built-in rules in force today, with what they need to know of the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn rule_book(&self) -> Result<RuleBook, Failure> {
        let rules = self.rules(now())?;
        let known_labels = if rules.unknown_labels == UnknownLabels::Reject {
            Some(Arc::new(self.store()?.read(|reader| reader.label_names())?))
        } else {
            None
        };
        Ok(RuleBook { rules: Arc::new(rules), known_labels, access: self.settings.access })
    }

    /// The built-in rules by the settings and the schema of custom fields.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn rules(&self, now: DateTime<Utc>) -> Result<Rules, Failure> {
        let settings = &self.settings;
        Ok(Rules {
            missing_last_name: settings.missing_last_name,
            required_names: settings.required_names,
            phone_mode: settings.phone_mode,
            default_country: settings.default_country,
            date_format: settings.date_format,
            accept_serial_dates: settings.accept_serial_dates,
            multi_value: settings.multi_value,
            language_names: settings.language_names,
            sms_default: settings.sms_default,
            unknown_labels: settings.unknown_labels,
            lock_verified: settings.lock_verified,
            today: now.date_naive(),
            schema: self.schema(Entity::Contact)?,
            unknown_custom_fields: settings.unknown_custom_fields,
        })
    }

    /// Names in the settings that no plugin has: a slip of the pen would else go unnoticed.
    #[must_use]
    pub fn unknown_plugins(&self, generation: &Generation) -> Vec<String> {
        let known = |name: &String| {
            generation.find(name).is_some()
                || generation.refused.iter().any(|refused| refused.name == *name)
                || generation.off.iter().any(|off| off.name == *name)
        };
        self.settings.plugins.keys().filter(|name| !known(name)).cloned().collect()
    }
}

/// The time, in the one place that asks for it.
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A fresh identity for a contact.
#[must_use]
pub fn fresh_id() -> crate::domain::id::ContactId {
    crate::domain::id::ContactId::from_uuid(uuid::Uuid::now_v7())
}

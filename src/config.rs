//! The settings file `carnet.toml`: keys, profiles, defaults, and what is wrong with it, all reported together with line and column.
//! Plain values only: turning them into rules and deployments of plugins is `app`.

pub mod edit;
mod keys;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::domain::contact::words;
use crate::domain::country::Country;
use crate::domain::date::DateFormat;
use crate::domain::field::FieldKey;
use crate::domain::language::LanguageNames;
use crate::domain::permission::Access;
use crate::domain::phone::PhoneMode;
use crate::domain::rules::{MissingLastName, RequiredNames, UnknownCustomFields, UnknownLabels};

/// Environment variable that names the home folder when `--home` is not given.
pub const HOME_VARIABLE: &str = "CARNET_HOME";

/// Name of the settings file in the home folder.
pub const SETTINGS_FILE: &str = "carnet.toml";

/// A preset of settings, after one of three contact-centre products.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Lenient; a missing last name becomes `customer`.
    Cinnox,
    /// Strict phone numbers; the last name is required; five languages.
    Maaiiconnect,
    /// First and last name required; text messages off until switched on.
    Genesys,
}

impl Profile {
    /// Names, as in settings and on the command line.
    pub const NAMES: [&'static str; 3] = ["cinnox", "maaiiconnect", "genesys"];

    /// Finds a profile by name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "cinnox" => Some(Self::Cinnox),
            "maaiiconnect" => Some(Self::Maaiiconnect),
            "genesys" => Some(Self::Genesys),
            _ => None,
        }
    }

    /// Returns its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cinnox => "cinnox",
            Self::Maaiiconnect => "maaiiconnect",
            Self::Genesys => "genesys",
        }
    }
}

words! {
    /// What happens to a row whose person is in the store already.
    OnMatch {
        /// No matching: every row becomes a contact.
        Create = "create",
        /// The row is skipped.
        Skip = "skip",
        /// The contact is updated.
        Update = "update",
        /// The row fails.
        Reject = "reject",
    }
}

words! {
    /// By what a row is matched with a contact.
    MatchBy {
        /// Id in another system.
        ExternalId = "external_id",
        /// E-mail address.
        Email = "email",
        /// Phone number.
        Phone = "phone",
    }
}

words! {
    /// Which contacts an export holds.
    ExportScope {
        /// All that whoever asks may see.
        Visible = "visible",
        /// Those that whoever asks owns, or that are shared with them.
        Owned = "owned-or-shared",
    }
}

words! {
    /// Where a search looks for words.
    SearchField {
        /// In first, last and other names.
        Name = "name",
        /// In the company's name.
        Company = "company",
        /// In e-mail addresses.
        Email = "email",
        /// In phone numbers, in any notation.
        Phone = "phone",
        /// In ids of other systems.
        ExternalId = "external_id",
    }
}

words! {
    /// What happens when an enquiry fits contacts.
    DuplicatesOnEnquiry {
        /// It is linked with the only one that fits; others that could be the same person are suggested.
        Suggest = "suggest",
        /// It is linked with the only one that fits; nothing is suggested.
        Off = "off",
        /// It is linked with the only one that fits, or else with the only one that the sender's other phone or e-mail fits.
        Link = "link",
    }
}

/// What stands for all fields where fields are listed.
pub const ALL_FIELDS: &str = "all";

/// Fields of a contact, or all of them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FieldList {
    /// Whether all are meant.
    pub all: bool,
    /// Fields that are named.
    pub keys: Vec<FieldKey>,
}

impl FieldList {
    /// Returns what is named in both lists, if anything is.
    #[must_use]
    pub fn common(&self, other: &Self) -> Option<String> {
        let both = (self.all && other.all).then(|| ALL_FIELDS.to_owned());
        both.or_else(|| self.keys.iter().find(|key| other.keys.contains(key)).map(ToString::to_string))
    }
}

/// Where the error column of `ErrorDetail.csv` stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ErrorColumn {
    /// The first free column after the file's last.
    FirstFree,
    /// A fixed one, by its letter as in a spreadsheet (`AZ`).
    Letter(String),
}

/// How a plugin is called here.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub enum PluginMode {
    /// It decides.
    #[default]
    Enforce,
    /// It runs, and what it would decide is counted; nothing of it is applied.
    Observe,
    /// It is not called.
    Off,
}

/// What the deployment says about one plugin: `[plugins.NAME]`.
#[derive(Clone, PartialEq, Default)]
pub struct PluginSettings {
    /// How it is called.
    pub mode: PluginMode,
    /// What it may use beside the thing in hand: `lookup`, `state`.
    pub grants: Vec<String>,
    /// Names of what it may read at most; `None` means what its manifest asks for.
    pub reads: Option<Vec<String>>,
    /// Names of what it may write at most; `None` means what its manifest asks for.
    pub writes: Option<Vec<String>>,
    /// `reject` or `skip`, over the plugin's own choice.
    pub on_fault: Option<String>,
    /// 0–1000, over the plugin's own choice.
    pub priority: Option<u16>,
    /// Its configuration; checked against its manifest when it is loaded. A table stands for a value that is kept elsewhere.
    pub config: toml::Table,
    /// Where each value of its configuration stands.
    pub places: BTreeMap<String, Place>,
}

/// Values may be secret; only manifests know which.
impl std::fmt::Debug for PluginSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginSettings")
            .field("mode", &self.mode)
            .field("grants", &self.grants)
            .field("reads", &self.reads)
            .field("writes", &self.writes)
            .field("config", &self.config.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// All settings, resolved.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The preset that the rest started from.
    pub profile: Profile,
    /// What happens without a last name.
    pub missing_last_name: MissingLastName,
    /// Which names a contact must have.
    pub required_names: RequiredNames,
    /// How strictly phone numbers are read.
    pub phone_mode: PhoneMode,
    /// Country of numbers without a country code.
    pub default_country: Option<Country>,
    /// Order of day and month.
    pub date_format: DateFormat,
    /// Whether spreadsheet serials are dates.
    pub accept_serial_dates: bool,
    /// Whether a cell may hold several phones or e-mails.
    pub multi_value: bool,
    /// Which language names are known.
    pub language_names: LanguageNames,
    /// Whether new numbers allow text messages.
    pub sms_default: bool,
    /// Whether verified values are locked.
    pub lock_verified: bool,
    /// Whether labels are created when first used.
    pub unknown_labels: UnknownLabels,
    /// What a department is called in templates.
    pub department_label: String,
    /// Where errors of an import are written in its rows.
    pub error_column: ErrorColumn,
    /// What happens to a row whose person is in the store.
    pub on_match: OnMatch,
    /// By what rows are matched, in order.
    pub match_by: Vec<MatchBy>,
    /// Whether an update fills blanks only.
    pub fill_blanks_only: bool,
    /// How many failed rows stop an import; none means that they never do.
    pub max_errors: Option<u64>,
    /// How many rows that plugins failed on stop an import; none means that they never do.
    pub max_faults: Option<u64>,
    /// Fields that an update overwrites nevertheless.
    pub overwrite: FieldList,
    /// Fields that an update only fills.
    pub fill: FieldList,
    /// Threads that run plugins during an import; 0 means as many as there are cores.
    pub workers: usize,
    /// Whether the folders are polled rather than watched, for network file systems.
    pub poll_folders: bool,
    /// Who may see and do what with contacts.
    pub access: Access,
    /// Which contacts an export holds.
    pub export_scope: ExportScope,
    /// Where a search looks for words.
    pub search_fields: Vec<SearchField>,
    /// Whether a search may have words and filters at once.
    pub search_with_filters: bool,
    /// What happens when an enquiry fits contacts.
    pub duplicates_on_enquiry: DuplicatesOnEnquiry,
    /// What happens to a value of a custom field that the schema does not have.
    pub unknown_custom_fields: UnknownCustomFields,
    /// Public keys of minisign whose signatures count.
    pub trusted_keys: Vec<String>,
    /// Whether a package without a signature that counts is refused.
    pub require_signature: bool,
    /// What is said about plugins, by name.
    pub plugins: BTreeMap<String, PluginSettings>,
}

impl Settings {
    /// Returns a profile's presets, with nothing else set.
    #[must_use]
    pub fn of_profile(profile: Profile) -> Self {
        let cinnox = Self {
            profile,
            missing_last_name: MissingLastName::Customer,
            required_names: RequiredNames::Last,
            phone_mode: PhoneMode::Lenient,
            default_country: None,
            date_format: DateFormat::Mdy,
            accept_serial_dates: false,
            multi_value: false,
            language_names: LanguageNames::Iso6391,
            sms_default: true,
            lock_verified: true,
            unknown_labels: UnknownLabels::Create,
            department_label: "Team".to_owned(),
            error_column: ErrorColumn::FirstFree,
            on_match: OnMatch::Create,
            match_by: vec![MatchBy::ExternalId, MatchBy::Email, MatchBy::Phone],
            fill_blanks_only: false,
            max_errors: None,
            max_faults: None,
            overwrite: FieldList::default(),
            fill: FieldList::default(),
            workers: 0,
            poll_folders: false,
            access: Access::Open,
            export_scope: ExportScope::Visible,
            search_fields: vec![SearchField::Name, SearchField::Company, SearchField::Email, SearchField::Phone],
            search_with_filters: true,
            duplicates_on_enquiry: DuplicatesOnEnquiry::Suggest,
            unknown_custom_fields: UnknownCustomFields::Accept,
            trusted_keys: Vec::new(),
            require_signature: false,
            plugins: BTreeMap::new(),
        };
        match profile {
            Profile::Cinnox => cinnox,
            Profile::Maaiiconnect => Self {
                missing_last_name: MissingLastName::Reject,
                phone_mode: PhoneMode::Strict,
                language_names: LanguageNames::Five,
                lock_verified: false,
                access: Access::Owner,
                export_scope: ExportScope::Owned,
                search_fields: vec![SearchField::Name, SearchField::Email, SearchField::Phone],
                duplicates_on_enquiry: DuplicatesOnEnquiry::Off,
                department_label: "Department".to_owned(),
                ..cinnox
            },
            Profile::Genesys => Self {
                missing_last_name: MissingLastName::Reject,
                required_names: RequiredNames::FirstAndLast,
                language_names: LanguageNames::Any,
                sms_default: false,
                lock_verified: false,
                access: Access::Division,
                search_fields: SearchField::ALL.to_vec(),
                duplicates_on_enquiry: DuplicatesOnEnquiry::Link,
                department_label: "Department".to_owned(),
                ..cinnox
            },
        }
    }

    /// Reads a home folder's settings; a missing file means the defaults. `profile` wins over the file's.
    ///
    /// # Errors
    /// All faults of the file together, or why it cannot be read.
    pub fn load(home: &Path, profile: Option<Profile>) -> Result<Self, ConfigError> {
        let path = home.join(SETTINGS_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, profile).map_err(|faults| ConfigError { path, faults }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::of_profile(profile.unwrap_or(Profile::Cinnox)))
            }
            Err(error) => {
                Err(ConfigError { path, faults: vec![ConfigFault::whole(format!("cannot be read: {error}"))] })
            }
        }
    }

    /// Reads settings from TOML.
    ///
    /// # Errors
    /// All faults together.
    pub fn parse(text: &str, profile: Option<Profile>) -> Result<Self, Vec<ConfigFault>> {
        let (table, mut faults) = match DeTable::parse(text) {
            Ok(table) => (table, Vec::new()),
            Err(error) => {
                return Err(vec![ConfigFault::at(
                    text,
                    error.span().map_or(0, |span| span.start),
                    error.message().to_owned(),
                )]);
            }
        };
        let named = table.get_ref().get("profile").and_then(|value| value.get_ref().as_str()).and_then(Profile::parse);
        let mut settings = Self::of_profile(profile.or(named).unwrap_or(Profile::Cinnox));
        for (key, value) in table.get_ref() {
            if key.get_ref() == "plugins" {
                faults.extend(keys::plugins::apply(&mut settings, text, value).into_iter().map(|(span, fault)| {
                    ConfigFault { hint: fault.hint, ..ConfigFault::at(text, span.start, fault.message) }
                }));
            }
            if key.get_ref() == "require_signature" && value.get_ref().as_bool() == Some(true) {
                let keys = table.get_ref().get("trusted_keys").and_then(|keys| keys.get_ref().as_array());
                if keys.is_none_or(|keys| keys.is_empty()) {
                    let fault = ConfigFault::at(
                        text,
                        value.span().start,
                        "`require_signature` without `trusted_keys` refuses every plugin".to_owned(),
                    );
                    faults.push(ConfigFault {
                        hint: Some(
                            "add the public keys of those whose plugins you trust: trusted_keys = [\"RWQ…\"]"
                                .to_owned(),
                        ),
                        ..fault
                    });
                }
            }
            if let Err(fault) = keys::apply(&mut settings, key.get_ref(), value.get_ref()) {
                let at = if fault.about_key { key.span().start } else { value.span().start };
                faults.push(ConfigFault { hint: fault.hint, ..ConfigFault::at(text, at, fault.message) });
            }
        }
        faults.sort_by_key(|fault| (fault.line, fault.column));
        if faults.is_empty() { Ok(settings) } else { Err(faults) }
    }
}

/// What is wrong with one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigFault {
    /// Line, from 1; 0 when it is about the whole file.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ConfigFault {
    const fn whole(message: String) -> Self {
        Self { line: 0, column: 0, message, hint: None }
    }

    fn at(text: &str, byte: usize, message: String) -> Self {
        let Place { line, column } = Place::of(text, byte);
        Self { line, column, message, hint: None }
    }
}

/// A place in the settings file, as people count.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Place {
    fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        Self { line, column: before.rsplit('\n').next().unwrap_or("").chars().count() + 1 }
    }
}

/// A settings file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the settings in `{}` cannot be used", path.display())]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Everything that is wrong with it.
    pub faults: Vec<ConfigFault>,
}

//! All that can be said about a package: what is wrong with it, what is odd about it, and what it may do. Nothing ends the look: an author mends
//! everything in one go.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::app::failure::Failure;
use crate::domain::reach;
use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::manifest::place::{Part, locate};
use crate::plugin::manifest::{MANIFEST_FILE, Manifest, did_you_mean};
use crate::plugin::package::{EngineKind, LoadError};
use crate::plugin::signature::{SIGNATURE_FILE, Signed};
use crate::registry::cases::{CaseEnd, CaseRun};
use crate::registry::sources::{Language, built_from, source_digest_of};
use crate::registry::workbench::Draft;
use crate::registry::{Deployment, Mode};
use crate::runtime::wasm::{Port, inspect, source_digest};

/// The settings of a home folder.
const SETTINGS: &str = "carnet.toml";

/// Everything about one package.
pub struct Checked {
    /// Name of the plugin, or of its folder or file when the manifest cannot be read.
    pub name: String,
    /// Folder or file of the package.
    pub path: PathBuf,
    /// Why it would be refused here.
    pub faults: Vec<LoadError>,
    /// What is odd, and keeps nothing from working.
    pub warnings: Vec<LoadError>,
    /// What it is; `None` when it cannot be read.
    pub what: Option<About>,
}

/// What a package is, as far as it can be told.
pub struct About {
    /// What runs it.
    pub engine: EngineKind,
    /// SHA-256 of code and manifest.
    pub hash: String,
    /// Size of the code in bytes.
    pub bytes: usize,
    /// What its manifest says, if it can be read.
    pub manifest: Option<Manifest>,
    /// What this deployment says about it.
    pub deployment: Deployment,
    /// Its hooks.
    pub hooks: HookSet,
    /// What its component imports.
    pub imports: Vec<Port>,
    /// What its component exports.
    pub exports: Vec<Port>,
    /// Whether the component says that it was built from the sources beside it; `None` when there is nothing to compare.
    pub sources: Option<Sources>,
    /// Who signed it, where that counts here.
    pub signed: Option<Signed>,
    /// How many cases it has.
    pub cases: usize,
    /// How many of them pass.
    pub passing: usize,
}

/// How a component stands to the sources beside it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Sources {
    /// Built from them.
    Same,
    /// Built from others.
    Changed,
    /// It does not say.
    Unknown,
}

impl Checked {
    /// Says whether it would come into service here.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, error: LoadError) {
        if !self.faults.contains(&error) {
            self.faults.push(error);
        }
    }

    fn warn(&mut self, warning: LoadError) {
        self.warnings.push(warning);
    }
}

impl App {
    /// Looks at a package from all sides.
    ///
    /// # Errors
    /// When there is none, or no engine can be started; whatever is wrong with the package is in the answer.
    pub fn check_in_full(&self, package: &Path) -> Result<Checked, Failure> {
        let path = self.package_path(package)?;
        let workbench = self.workbench()?;
        let name = path.canonicalize().unwrap_or_else(|_| path.clone());
        let name = name.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut checked = Checked { name, path, faults: Vec::new(), warnings: Vec::new(), what: None };
        if checked.path.is_dir() {
            misnamed(&mut checked);
        }
        match workbench.read(&checked.path.clone()) {
            Err(error) => {
                // A package without code has its manifest looked at all the same; one without a manifest is told so once.
                manifest_alone(&mut checked);
                if !error.message.starts_with(&format!("`{MANIFEST_FILE}`")) || checked.is_sound() {
                    checked.fault(error);
                }
            }
            Ok(draft) => {
                let settings = std::fs::read_to_string(self.home().folder().join(SETTINGS)).unwrap_or_default();
                look(&draft, &settings, &mut checked);
            }
        }
        // A home judges by more than what is looked at here; what it says has the last word.
        if checked.is_sound() {
            match self.registry()?.candidate(&checked.path) {
                Ok(loaded) => checked.what.iter_mut().for_each(|about| about.signed.clone_from(&loaded.signed)),
                Err(refused) => {
                    std::iter::once(refused.error).chain(refused.more).for_each(|error| checked.fault(error));
                }
            }
        }
        Ok(checked)
    }
}

fn look(draft: &Draft<'_>, settings: &str, checked: &mut Checked) {
    draft.name().clone_into(&mut checked.name);
    let deployment = draft.deployment();
    let inspected = if draft.engine() == EngineKind::Wasm { inspect(draft.code()) } else { Default::default() };
    inspected.fault.iter().for_each(|fault| checked.fault(fault.clone()));
    for port in inspected.imports.iter() {
        port.fault.iter().for_each(|fault| checked.fault(fault.clone()));
    }
    for port in &inspected.exports {
        // What is no hook is not called, and harms nobody; what is one of another version was meant to be called.
        if let Some(fault) = &port.fault {
            if port.interface.is_some() { checked.warn(fault.clone()) } else { checked.fault(fault.clone()) }
        }
    }
    let sources = sources_of(draft, checked);
    let mut about = About {
        engine: draft.engine(),
        hash: draft.hash().to_owned(),
        bytes: draft.code().len(),
        manifest: draft.manifest.as_ref().ok().cloned(),
        hooks: HookSet::default(),
        imports: inspected.imports,
        exports: inspected.exports,
        sources,
        signed: None,
        cases: draft.cases().len(),
        passing: 0,
        deployment,
    };
    match &draft.manifest {
        Err(faults) => faults.iter().for_each(|fault| checked.fault(fault.clone())),
        Ok(manifest) => {
            grants(manifest, &about, settings, checked);
            draft.unfit().into_iter().for_each(|fault| checked.fault(fault));
        }
    }
    // A component whose outside is at fault would only say the same again.
    let is_closed = |port: &Port| port.fault.is_some() && port.interface.is_none();
    if inspected.fault.is_none() && !about.imports.iter().chain(&about.exports).any(is_closed) {
        code(draft, &mut about, checked);
    }
    if let Ok(manifest) = &draft.manifest {
        fields(draft, manifest, about.hooks, checked);
    }
    checked.what = Some(about);
}

/// Loads it and plays its cases. Whatever else is wrong, its code is looked at.
fn code(draft: &Draft<'_>, about: &mut About, checked: &mut Checked) {
    // A script that is told nothing, or what it does not expect, may fail for that alone.
    let is_told = draft.manifest.is_ok() || !String::from_utf8_lossy(draft.code()).contains("config(");
    match draft.load_code() {
        Ok(plugin) => about.hooks = plugin.hooks(),
        Err(error) => {
            if is_told || draft.engine() == EngineKind::Wasm {
                checked.fault(not_asked(error, draft));
            }
            return;
        }
    }
    if draft.manifest.is_err() {
        return;
    }
    if about.cases == 0 {
        let hint = "put events with the verdict expected into cases/*.toml: a version that breaks one never comes into service";
        checked.warn(LoadError::new("it has no cases").hint(hint));
        return;
    }
    let cases = draft.cases().iter().map(|(name, text)| (name.as_str(), text.as_str()));
    match draft.play(cases) {
        Err(errors) => errors.into_iter().for_each(|error| checked.fault(error)),
        Ok(runs) => {
            about.passing = runs.iter().filter(|run| run.passed()).count();
            runs.into_iter().for_each(|run| failing(run, checked));
        }
    }
}

/// What is not asked for in the manifest is not granted to code on the workbench either.
fn not_asked(error: LoadError, draft: &Draft<'_>) -> LoadError {
    let Ok(manifest) = &draft.manifest else { return error };
    let asks = [("lookup", manifest.asks.lookup), ("state", manifest.asks.state)];
    let meant = |name: &str| error.message.contains(&format!("asks for `{name}`, which is not granted"));
    match asks.into_iter().find(|(name, asked)| !asked && meant(name)) {
        Some((name, _)) => {
            let message = format!("its code uses `{name}`, which its manifest does not ask for");
            LoadError { message, position: error.position, hint: Some(how_to_ask(name)) }
        }
        None => error,
    }
}

fn how_to_ask(grant: &str) -> String {
    format!("add \"{grant}\" to `grants` in {MANIFEST_FILE}")
}

/// Reads the manifest of a package that has no code that could be read.
fn manifest_alone(checked: &mut Checked) {
    let path = checked.path.join(MANIFEST_FILE);
    if !checked.path.is_dir() {
        return;
    }
    if !path.exists() {
        let hint = "write one: an empty one will do, and `name` and `version` are better";
        checked.fault(LoadError::new(format!("it has no `{MANIFEST_FILE}`")).hint(hint));
        return;
    }
    let Ok(text) = std::fs::read_to_string(path) else { return };
    match Manifest::parse(&text, &checked.name) {
        Ok(manifest) => checked.name = manifest.name,
        Err(faults) => faults.into_iter().for_each(|fault| checked.fault(fault)),
    }
}

fn failing(run: CaseRun, checked: &mut Checked) {
    match run.end {
        CaseEnd::Passed => {}
        CaseEnd::Differs(differs) => {
            let fault = differs.played.as_ref().and_then(|played| played.verdict.as_ref().err());
            let expected = differs.case.expect.verdict.as_str();
            for difference in &differs.differences {
                checked.fault(match fault.filter(|_| difference.what == "verdict") {
                    Some(fault) => LoadError {
                        message: format!("case `{}` expects {expected}, and the call fails: {fault}", run.case),
                        position: fault.position.clone(),
                        hint: fault.hint.clone(),
                    },
                    None => LoadError::from(difference.clone()),
                });
            }
        }
        CaseEnd::Unplayable(errors) => errors.into_iter().for_each(|mut error| {
            if error.position.is_none() {
                error.message = format!("case `{}`: {}", run.case, error.message);
            }
            checked.fault(error);
        }),
    }
}

/// What its code uses and does not ask for is a fault; what it was given and does not ask for is odd.
fn grants(manifest: &Manifest, about: &About, settings: &str, checked: &mut Checked) {
    let asked = [("lookup", manifest.asks.lookup), ("state", manifest.asks.state)];
    let imports = |name: &str| about.imports.iter().any(|port| port.interface.as_deref() == Some(name));
    for (name, asked) in asked {
        let granted = about.deployment.grants.iter().any(|grant| grant == name);
        if imports(name) && !asked {
            let hint = how_to_ask(name);
            checked.fault(
                LoadError::new(format!("its component imports `{name}`, which its manifest does not ask for"))
                    .hint(hint),
            );
        }
        if asked && about.engine == EngineKind::Wasm && !about.imports.is_empty() && !imports(name) {
            let hint = format!("leave it out of `grants` in {MANIFEST_FILE}");
            checked
                .warn(LoadError::new(format!("it asks for `{name}`, which its component does not import")).hint(hint));
        }
        if granted && !asked {
            let place = locate(settings, SETTINGS, &["plugins", &manifest.name, "grants"], Part::Value);
            checked.warn(LoadError::new(format!("it is granted `{name}`, and does not ask for it")).at(place));
        }
    }
    if about.deployment.mode == Mode::Off {
        let place = locate(settings, SETTINGS, &["plugins", &manifest.name, "mode"], Part::Value);
        checked.warn(LoadError::new("it is switched off here").at(place));
    }
}

/// What a manifest asks to use beside the thing in hand.
#[must_use]
pub fn asked_for(manifest: &Manifest) -> Vec<&'static str> {
    let asks = [("lookup", manifest.asks.lookup), ("state", manifest.asks.state)];
    asks.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect()
}

/// Names in `reads` and `writes` that none of its hooks can meet: columns of files without rows, details of enquiries without enquiries.
fn fields(draft: &Draft<'_>, manifest: &Manifest, hooks: HookSet, checked: &mut Checked) {
    let text = draft.manifest_text().unwrap_or_default();
    let lists = [("reads", &manifest.reads), ("writes", &manifest.writes)];
    for (key, names) in lists.into_iter().filter_map(|(key, names)| Some((key, names.as_ref()?))) {
        for (at, name) in names.iter().enumerate() {
            let (what, hook) = if name.starts_with(reach::HEADER) {
                ("a column of files", Hook::ImportRow)
            } else if reach::is_of_enquiry(name) {
                ("a detail of enquiries", Hook::Enquiry)
            } else {
                continue;
            };
            // Where the code cannot be loaded, nobody knows its hooks.
            if hooks.is_empty() || hooks.contains(hook) {
                continue;
            }
            let place = locate(text, MANIFEST_FILE, &[key, &at.to_string()], Part::Value);
            let message = format!("`{key}` names {what}, `{name}`, and it has no {hook}");
            checked.warn(LoadError::new(message).hint("leave it out, or add the hook").at(place));
        }
    }
}

/// Compares what the component says of its sources with those beside it.
fn sources_of(draft: &Draft<'_>, checked: &mut Checked) -> Option<Sources> {
    if draft.engine() != EngineKind::Wasm || built_from(draft.path()).is_none() {
        return None;
    }
    let now = match source_digest_of(draft.path()) {
        Ok(now) => now,
        Err(error) => {
            checked.warn(LoadError::new(format!("its sources cannot be read: {error}")));
            return None;
        }
    };
    let hint = format!("build it: `carnet plugin build {}`", draft.path().display());
    match source_digest(draft.code()) {
        Some(built) if built == now => Some(Sources::Same),
        Some(_) => {
            checked.warn(LoadError::new("its sources changed since it was built").hint(hint));
            Some(Sources::Changed)
        }
        None => {
            checked.warn(LoadError::new("its component does not say from which sources it was built").hint(hint));
            Some(Sources::Unknown)
        }
    }
}

/// Files that look like parts of a package and do not count, for their names are other ones.
fn misnamed(checked: &mut Checked) {
    const KNOWN: [&str; 5] = [MANIFEST_FILE, "plugin.wasm", "main.rhai", "cases", SIGNATURE_FILE];
    let Ok(entries) = std::fs::read_dir(&checked.path) else { return };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let missing: Vec<&str> = KNOWN.into_iter().filter(|known| !names.iter().any(|name| name == known)).collect();
    let language = Language::of_package(&checked.path);
    let is_source = |name: &&String| language.is_some_and(|language| language.writes(Path::new(name)));
    let others = names.iter().filter(|name| !KNOWN.contains(&name.as_str()) && !name.starts_with('.'));
    // A script other than `main.rhai` is none of its sources.
    for name in others.filter(|name| name.ends_with(".rhai") || !is_source(name)) {
        let code = [("plugin.wasm", ".wasm"), ("main.rhai", ".rhai")].into_iter().find(|(_, end)| name.ends_with(end));
        let lower = name.to_lowercase();
        // Much is called `plugin.` something; a signature is looked for only in what looks like one.
        let may_be = |known: &&&str| **known != SIGNATURE_FILE || lower.contains("sig");
        let near = did_you_mean(&lower, missing.iter().filter(may_be).copied());
        let hint = match code {
            Some((own, _)) if missing.contains(&own) => format!("its name has to be `{own}`"),
            Some((own, _)) => format!("the code of a package is `{own}` alone"),
            None if near.ends_with('?') => near,
            None => continue,
        };
        checked.warn(LoadError::new(format!("`{name}` does not count")).hint(hint));
    }
    let folder = checked.path.join("cases");
    let odd = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    for name in odd
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".toml") && !name.starts_with('.'))
    {
        checked.warn(
            LoadError::new(format!("`cases/{name}` does not count")).hint("cases are files that end with `.toml`"),
        );
    }
}

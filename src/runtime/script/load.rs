//! From a package to a script that can be called: compiled, its constants computed, its hooks found, its grants checked.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rhai::{AST, Dynamic, Engine, Module, ParseErrorType, Scope};

use super::api::{Api, misuse};
use super::blame::{self, Source};
use super::call::Call;
use super::engine::engine;
use super::habits;
use super::library::standard;
use super::patterns::Patterns;
use super::scan;
use crate::plugin::budget::Budget;
use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::package::{ConfigValue, Grants, Identity, LoadError, Package};
use crate::plugin::service::Services;

/// Longest script, in bytes.
const MAX_SOURCE: usize = 256 << 10;
/// Most cases of a script: what the compiler takes for those of one `switch` grows with their square.
const MAX_CASES: usize = 4000;
/// Stack for compiling: the parser recurses, and a stack that overflows cannot be caught.
const COMPILE_STACK: usize = 64 << 20;
/// Time for computing the constants.
const TOP_LEVEL_DEADLINE: Duration = Duration::from_secs(1);

/// One loaded version of a script; shared by its sessions.
pub(super) struct Loaded {
    pub(super) identity: Arc<Identity>,
    pub(super) terms: Arc<Terms>,
    pub(super) source: Source,
    pub(super) hooks: HookSet,
    /// The functions alone.
    pub(super) ast: AST,
    /// The constants at the top of the script, which all its functions see.
    pub(super) constants: Option<Arc<Module>>,
}

/// On what terms a script runs here.
pub(super) struct Terms {
    pub(super) identity: Arc<Identity>,
    pub(super) budget: Budget,
    pub(super) grants: Grants,
    pub(super) config: HashMap<String, Dynamic>,
    pub(super) patterns: Patterns,
}

/// Compiles a package; on a thread of its own, for the parser recurses and may panic.
pub(super) fn load(package: &Package) -> Result<Loaded, LoadError> {
    let package = package.clone();
    let worker = std::thread::Builder::new().name("compile script".into()).stack_size(COMPILE_STACK);
    let running = worker.spawn(move || load_here(&package));
    let running =
        running.map_err(|error| LoadError::new(format!("cannot start a thread to compile the script: {error}")))?;
    running.join().unwrap_or_else(|_| {
        Err(LoadError::new("the script breaks the compiler").hint("take it apart to find the line that does"))
    })
}

fn load_here(package: &Package) -> Result<Loaded, LoadError> {
    let source = read_source(package)?;
    check_grants(source.text(), package.grants)?;
    let terms = Arc::new(Terms::new(package));
    let (constants, ast) = compile(&terms, &source)?;
    refuse_misspelt(&source)?;
    let hooks = find_hooks(&ast, &source)?;
    refuse_habits(&ast, &source)?;
    Ok(Loaded { identity: Arc::clone(&package.identity), terms, source, hooks, ast, constants })
}

impl Terms {
    pub(super) fn new(package: &Package) -> Self {
        Self {
            identity: Arc::clone(&package.identity),
            budget: package.budget,
            grants: package.grants,
            config: package.config.iter().map(|(key, value)| (key.clone(), config_value(value))).collect(),
            patterns: Patterns::default(),
        }
    }
}

fn config_value(value: &ConfigValue) -> Dynamic {
    match value {
        ConfigValue::Text(text) => text.as_str().into(),
        ConfigValue::Integer(number) => (*number).into(),
        ConfigValue::Number(number) => (*number).into(),
        ConfigValue::Bool(yes) => (*yes).into(),
        ConfigValue::List(items) => items.iter().map(|item| item.as_str().into()).collect::<rhai::Array>().into(),
    }
}

fn read_source(package: &Package) -> Result<Source, LoadError> {
    let file = package.path.file_name().map_or_else(|| "main.rhai".into(), |name| name.to_string_lossy().into_owned());
    if package.code.len() > MAX_SOURCE {
        return Err(LoadError::new(format!("the script has {} bytes, more than {MAX_SOURCE}", package.code.len())));
    }
    match std::str::from_utf8(&package.code) {
        Ok(text) if text.matches("=>").count() > MAX_CASES => {
            Err(LoadError::new(format!("the script has more than {MAX_CASES} cases of `switch`"))
                .hint("look values up in maps"))
        }
        Ok(text) => Ok(Source::new(file, text.strip_prefix('\u{feff}').unwrap_or(text))),
        Err(error) => {
            let line = package.code.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            let error =
                LoadError::new(format!("the script is not UTF-8: byte {} cannot be read", error.valid_up_to() + 1));
            Err(error.hint("save it as UTF-8").at(Source::new(file, "").position(line, 0)))
        }
    }
}

/// A courtesy: a function called by another way is refused when it runs.
fn check_grants(text: &str, grants: Grants) -> Result<(), LoadError> {
    let asked = scan::called(text);
    let wants = |names: &[&str]| names.iter().any(|name| asked.contains(*name));
    for (grant, has, wanted) in [
        ("lookup", grants.lookup, wants(&["lookup"])),
        ("state", grants.state, wants(&["state_get", "state_set", "state_remove"])),
    ] {
        if wanted && !has {
            let hint = format!("add grants = [\"{grant}\"] under [plugins.NAME] in carnet.toml");
            return Err(LoadError::new(format!("asks for `{grant}`, which is not granted")).hint(hint));
        }
    }
    Ok(())
}

/// Compiles twice: once to compute the constants, and once knowing them, so that an unknown variable is an error here and not in the
/// middle of the night.
fn compile(terms: &Arc<Terms>, source: &Source) -> Result<(Option<Arc<Module>>, AST), LoadError> {
    let call = Arc::new(Call::new(Arc::clone(terms), Services::none()));
    let mut engine = engine(&call, None);
    let parse_error = |error: rhai::ParseError| source.blame_parse(&error);
    let first = engine.compile(source.text()).map_err(parse_error)?;
    let constants = compute_constants(&engine, &call, &first, source)?;
    engine.set_strict_variables(true);
    let mut ast = engine.compile_with_scope(&constants, source.text()).map_err(parse_error)?;
    ast.clear_statements();
    let mut module = Module::new();
    for (name, _, value) in constants.iter_raw() {
        module.set_var(name, value.clone());
    }
    module.build_index();
    Ok(((!constants.is_empty()).then(|| module.into()), ast))
}

fn compute_constants(
    engine: &Engine,
    call: &Arc<Call>,
    ast: &AST,
    source: &Source,
) -> Result<Scope<'static>, LoadError> {
    call.begin(None);
    call.meter.start(Instant::now(), TOP_LEVEL_DEADLINE);
    let mut scope = Scope::new();
    let result = engine.run_ast_with_scope(&mut scope, ast);
    let left = call.end();
    if let Err(error) = result {
        let fault = blame::fault(*error, left.failure, source, call);
        let mut load = LoadError::new(fault.message);
        (load.position, load.hint) = (fault.position, fault.hint);
        return Err(load);
    }
    match scope.iter_raw().find(|(_, constant, _)| !constant) {
        None => Ok(scope.clone()),
        Some((name, ..)) => {
            let message = format!("`let {name}` at the top of a script is seen by no function");
            Err(LoadError::new(message)
                .hint(format!("write `const {name} = …` for a value that never changes, or move it into a function")))
        }
    }
}

/// A function that is not there is an error only where it is called; one that is nearly there is told now.
fn refuse_misspelt(source: &Source) -> Result<(), LoadError> {
    let known = |name: &str| Api::knows(name) || standard::NAMES.contains(&name);
    for (name, at) in scan::foreign(source.text()).into_iter().filter(|(name, _)| !known(name)) {
        // A key in quotes may hold a function.
        if source.text().contains(&format!("\"{name}\"")) {
            continue;
        }
        if let Some(near) = Api::nearest(name) {
            let error = LoadError::new(format!("there is no function `{name}`"));
            return Err(error.hint(format!("did you mean `{near}`?")).at(source.at_byte(at)));
        }
    }
    Ok(())
}

/// What compiles, and can never mean what its author meant.
fn refuse_habits(ast: &AST, source: &Source) -> Result<(), LoadError> {
    let hooks = ast.iter_functions().filter(|function| Hook::parse(function.name).is_some());
    let things: Vec<String> = hooks.flat_map(|hook| hook.params).map(str::to_owned).collect();
    let compared = scan::compared(source.text()).into_iter().find(|it| things.iter().any(|thing| thing == it.thing));
    if let Some(habits::Compared { thing, field, at }) = compared {
        let text = format!("{thing}{field}");
        let error = LoadError::new(format!("`{text}` is a text, and is compared with a number: that is never so"));
        let hint = format!(
            "make a number of it, as by `parse_int({text})` or `parse_number({text}, \"1,234.50\")`, or compare it with a text"
        );
        return Err(error.hint(hint).at(source.at_byte(at)));
    }
    match scan::hole_in_quotes(source.text()) {
        Some(at) => Err(LoadError::new("`${…}` between double quotes stands for itself")
            .hint("put a text with values in it between back-quotes")
            .at(source.at_byte(at))),
        None => Ok(()),
    }
}

fn find_hooks(ast: &AST, source: &Source) -> Result<HookSet, LoadError> {
    let mut hooks = HookSet::default();
    for function in ast.iter_functions() {
        match Hook::ALL.into_iter().find(|hook| hook.name() == function.name) {
            Some(hook) if function.params.len() == parameters(hook).len() => hooks.insert(hook),
            Some(hook) => return Err(wrong_parameters(hook, function.params.len(), source)),
            None => refuse_near_miss(function.name, source)?,
        }
    }
    if hooks.is_empty() {
        return Err(LoadError::new("the script has no hook").hint(format!("define one of {}", hook_list())));
    }
    Ok(hooks)
}

fn wrong_parameters(hook: Hook, found: usize, source: &Source) -> LoadError {
    let wanted = parameters(hook).join(", ");
    let error = LoadError::new(format!(
        "`{hook}` takes ({wanted}), and here it has {found} parameter{}",
        if found == 1 { "" } else { "s" }
    ));
    error.hint(format!("write `fn {hook}({wanted})`")).at(source.find_function(hook.name()))
}

/// A function that looks like a hook and is none would never be called, and nobody would know.
fn refuse_near_miss(name: &str, source: &Source) -> Result<(), LoadError> {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let score = |hook: &Hook| {
        if plain(hook.name()) == plain(name) { 1.0 } else { strsim::jaro_winkler(hook.name(), name) }
    };
    let nearest = Hook::ALL.into_iter().max_by(|a, b| score(a).total_cmp(&score(b)));
    let looks_like_one =
        name.strip_prefix("on").is_some_and(|rest| rest.starts_with(|c: char| c == '_' || c.is_ascii_uppercase()));
    match nearest.filter(|hook| score(hook) == 1.0 || (looks_like_one && score(hook) > 0.8) || name.starts_with("on_"))
    {
        Some(hook) => {
            let hint = if score(&hook) > 0.8 {
                format!("did you mean `{hook}`?")
            } else {
                format!("the hooks are {}", hook_list())
            };
            Err(LoadError::new(format!("`{name}` is no hook")).hint(hint).at(source.find_function(name)))
        }
        None => Ok(()),
    }
}

fn hook_list() -> String {
    Hook::ALL.map(|hook| format!("{hook}({})", parameters(hook).join(", "))).join(", ")
}

/// Returns what a hook's function is given.
const fn parameters(hook: Hook) -> &'static [&'static str] {
    match hook {
        Hook::ImportRow => &["row"],
        Hook::Create | Hook::Delete => &["contact"],
        Hook::Update => &["contact", "before"],
        Hook::Merge => &["merge"],
        Hook::Enquiry => &["enquiry"],
    }
}

impl Source {
    /// What may have led to an error of compiling.
    fn habit(&self, error: &rhai::ParseError) -> Option<Cow<'static, str>> {
        let line = self.text().lines().nth(error.1.line()?.checked_sub(1)?)?;
        habits::hint(line, error.1.position()?, &error.0.to_string().to_ascii_lowercase()).map(Cow::Borrowed)
    }

    fn blame_parse(&self, error: &rhai::ParseError) -> LoadError {
        let (message, hint): (String, Option<Cow<'static, str>>) = match &*error.0 {
            ParseErrorType::VariableUndefined(name) => {
                let near = misuse::nearest(name, scan::words(self.text()).into_iter().filter(|word| word != name));
                let near = near.map(|near| Cow::Owned(format!("did you mean `{near}`?")));
                (format!("there is no variable `{name}`"), self.habit(error).or(near))
            }
            ParseErrorType::Reserved(word) | ParseErrorType::BadInput(rhai::LexError::ImproperSymbol(word, _))
                if matches!(word.as_str(), "eval" | "import" | "export") =>
            {
                (
                    format!("`{word}` is not available"),
                    Some("a script is one file, and runs only what was checked".into()),
                )
            }
            other => (blame::fragment(&other.to_string()), self.habit(error)),
        };
        let load = LoadError::new(message).at(self.at(error.1));
        match hint {
            Some(hint) => load.hint(hint.into_owned()),
            None => load,
        }
    }
}

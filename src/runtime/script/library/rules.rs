//! Rules: which field to look at, a pattern for its text, and what a fitting one gives. One call looks at all of them, so that a contact
//! that fits none costs as little as can be.

use std::sync::{Arc, Mutex, PoisonError};

use regex::{RegexSet, SetMatches};
use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

use super::{charged, given_all};
use crate::runtime::script::api::misuse::{refused, wrong_argument};
use crate::runtime::script::api::{Table, text};
use crate::runtime::script::call::{Call, Outcome};
use crate::runtime::script::patterns::{self, MAX_COMPILED};

/// What a rule is written like.
const WRITTEN: &str = "an array of maps `#{field: …, pattern: …, gives: …}`";
/// Most sets of patterns that the rules of one value are compiled to.
const MAX_PARTS: usize = 32;
/// Most values for which a session keeps searchers of its own; a script that makes more gets new ones.
const MAX_KEPT: usize = 16;

/// Rules in their order; they never change.
#[derive(Clone)]
pub(in crate::runtime::script) struct Rules(Arc<Vec<Part>>);

/// Rules about one field whose patterns were compiled together.
struct Part {
    field: ImmutableString,
    patterns: RegexSet,
    gives: Vec<Given>,
}

/// What a rule gives, and its place among all of them.
#[derive(Clone)]
struct Given {
    place: usize,
    text: ImmutableString,
}

/// Searches a field's text for all patterns of a part.
pub(in crate::runtime::script) type Search<'s> = &'s dyn Fn(&str) -> Outcome<Option<SetMatches>>;

/// The rules that a session used, with searchers of its own: those of a constant belong to all sessions, which would wait for each other.
#[derive(Default)]
pub(in crate::runtime::script) struct UsedRules(Mutex<Vec<(Rules, Arc<Vec<RegexSet>>)>>);

/// What rules weigh at most; 0 for any other value.
pub(super) fn weight(value: &Dynamic) -> usize {
    value.read_lock::<Rules>().map_or(0, |rules| rules.0.len() * MAX_COMPILED)
}

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "Rules",
        "For constants, as lists and tables are: `const RULES = rules([…]);` at the top of a script is made once. Each rule says which field \
         to look at, a [pattern](#patterns) for its text, and what a fitting one gives: a label, a reason, whatever text you like. One call \
         looks at all of them; that costs much less than asking field by field.",
    );
    table.say(
        "rules(array)",
        "Rules from an array of maps. A pattern that cannot be read keeps the script from loading.",
        &[(
            "let rules = rules([\n    #{field: \"company\", pattern: \"(?i)^acme\", gives: \"Partner\"},\n    \
             #{field: \"country\", pattern: \"^(HK|MO)$\", gives: \"Greater China\"},\n]);\n\
             for label in rules.fitting(contact) { contact.label(label); }",
            "sets labels = \"Greater China; Lead; Partner; VIP\"",
        )],
    );
    table.module.set_custom_type::<Rules>("Rules");
    table.function("rules", |context: NativeCallContext, given: Dynamic| rules(&*charged(&context)?, &given));
    for name in ["to_string", "to_debug", "print", "debug"] {
        table.inner(name, |rules: &mut Rules| {
            let count: usize = rules.0.iter().map(|part| part.gives.len()).sum();
            ImmutableString::from(format!("rules([… {count}])"))
        });
    }
}

/// Rules about one field, as they were given.
#[derive(Default)]
struct Field {
    patterns: Vec<ImmutableString>,
    gives: Vec<Given>,
}

fn rules(call: &Call, given: &Dynamic) -> Outcome<Rules> {
    let array = given.read_lock::<Array>().ok_or_else(|| wrong_argument("rules", (0, 1), WRITTEN, given))?;
    let mut fields: Vec<(ImmutableString, Field)> = Vec::new();
    for (place, rule) in array.iter().enumerate() {
        let [name, pattern, gives] = rule_of(rule)?;
        let at = fields.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            fields.push((name, Field::default()));
            fields.len() - 1
        });
        fields[at].1.patterns.push(pattern);
        fields[at].1.gives.push(Given { place, text: gives });
    }
    let mut parts = Vec::new();
    for (name, Field { patterns, gives }) in fields {
        compile(call, &name, &patterns, &gives, &mut parts)?;
    }
    Ok(Rules(Arc::new(parts)))
}

/// Reads a rule's field, pattern and what it gives.
fn rule_of(rule: &Dynamic) -> Outcome<[ImmutableString; 3]> {
    let wrong = || wrong_argument("rules", (0, 1), WRITTEN, rule);
    let map = rule.read_lock::<Map>().ok_or_else(wrong)?;
    let part = |key: &str| map.get(key).and_then(text).filter(|text| !text.is_empty());
    match (part("field"), part("pattern"), part("gives")) {
        (Some(field), Some(pattern), Some(gives)) if map.len() == 3 => Ok([field, pattern, gives]),
        _ => {
            let message = "a rule has a `field`, a `pattern` and what it `gives`, none of them empty, and nothing else";
            let hint = "write it like `#{field: \"company\", pattern: \"(?i)^acme\", gives: \"Partner\"}`";
            Err(refused("ARGUMENT", "rules", message.to_owned(), Some(hint.to_owned())))
        }
    }
}

/// Compiles the rules about one field: together, or where they are too large for that, in two halves.
fn compile(
    call: &Call,
    field: &ImmutableString,
    patterns: &[ImmutableString],
    gives: &[Given],
    parts: &mut Vec<Part>,
) -> Outcome<()> {
    call.check_clock()?;
    if parts.len() >= MAX_PARTS {
        let message = format!("these rules are too large: they look at more than {MAX_PARTS} fields, or for too much");
        return Err(refused("ARGUMENT", "rules", message, None));
    }
    if let Some(compiled) = patterns::compile_all(patterns)? {
        parts.push(Part { field: field.clone(), patterns: compiled, gives: gives.to_vec() });
        return Ok(());
    }
    let half = patterns.len().div_ceil(2);
    compile(call, field, &patterns[..half], &gives[..half], parts)?;
    compile(call, field, &patterns[half..], &gives[half..], parts)
}

impl Rules {
    /// Gives what the rules give whose fields fit, each once, in their order. `look` reads a field and has its text searched.
    pub(in crate::runtime::script) fn fitting(
        &self,
        call: &Call,
        look: impl Fn(&str, Search<'_>) -> Outcome<Option<SetMatches>>,
    ) -> Outcome<Dynamic> {
        let own = call.rules.of(self);
        let mut found: Vec<&Given> = Vec::new();
        for (part, patterns) in self.0.iter().zip(own.iter()) {
            call.check_clock()?;
            let search = |text: &str| {
                patterns::check_text(text)?;
                // Most texts fit nothing, and to say just that is much quicker than to say which.
                Ok(patterns.is_match(text).then(|| patterns.matches(text)))
            };
            if let Some(matches) = look(&part.field, &search)? {
                found.extend(matches.iter().filter_map(|at| part.gives.get(at)));
            }
        }
        found.sort_unstable_by_key(|given| given.place);
        let mut texts: Vec<&ImmutableString> = Vec::with_capacity(found.len());
        for Given { text, .. } in found {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        given_all(texts.into_iter().cloned())
    }
}

impl UsedRules {
    fn of(&self, rules: &Rules) -> Arc<Vec<RegexSet>> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, own)) = used.iter().find(|(known, _)| Arc::ptr_eq(&known.0, &rules.0)) {
            return Arc::clone(own);
        }
        let own = Arc::new(rules.0.iter().map(|part| part.patterns.clone()).collect());
        if used.len() >= MAX_KEPT {
            used.clear();
        }
        used.push((rules.clone(), Arc::clone(&own)));
        own
    }
}

//! Granting a plugin what it asks for: what that is, what of it is new, and writing it into the settings.

use toml_edit::{Array, DocumentMut, Item, RawString, Table, TableLike, Value, value};

use super::{refusal, unknown};
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::config::edit::edit_document;
use crate::registry::Asks;

/// What a plugin asks for, against what it was granted.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Its name.
    pub name: String,
    /// The version that asks.
    pub version: String,
    /// The version that serves meanwhile, if one does.
    pub serving: Option<String>,
    /// All that it asks for.
    pub asks: Asks,
    /// What the settings grant now.
    pub granted: Asks,
    /// What is not granted yet, or not limited yet, and would be written.
    pub new: Asks,
}

impl Approval {
    /// Says whether approving it would change the settings.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !self.new.is_modest()
    }
}

impl App {
    /// Looks at what a plugin of this home asks for. `version` says which version was looked at before.
    ///
    /// # Errors
    /// When there is no such plugin, it is of another version, or it cannot be loaded for another reason.
    pub fn approval(&self, name: &str, version: Option<&str>) -> Result<Approval, Failure> {
        let generation = self.generation()?;
        let refused = generation.refused.iter().find(|refused| refused.name == name);
        let serving = generation.find(name).map(|loaded| loaded.identity().version.clone());
        let (found, asks) = match (refused, generation.find(name)) {
            (Some(refused), _) => match &refused.waits {
                Some(waits) => (waits.version.clone(), waits.asks.clone()),
                None => {
                    return Err(refusal(refused).hint(
                        "mend what else is wrong with it first: then it waits for approval, and can be granted this",
                    ));
                }
            },
            (None, Some(loaded)) => (loaded.identity().version.clone(), Asks::of(&loaded.manifest)),
            (None, None) if generation.off.iter().any(|off| off.name == name) => {
                return Err(Failure::new(Class::Rejected, "PLUGIN_OFF", format!("plugin `{name}` is switched off"))
                    .hint(format!("switch it on first: `mode` under [plugins.{name}] in carnet.toml")));
            }
            (None, None) => return Err(unknown(name, &generation)),
        };
        if let Some(wanted) = version.filter(|wanted| *wanted != found) {
            let message = format!("plugin `{name}` is here in version {found}, not {wanted}");
            return Err(Failure::new(Class::Conflict, "PLUGIN_VERSION", message)
                .hint("look at what that version asks for, then name it"));
        }
        let settings = self.settings().plugins.get(name).cloned().unwrap_or_default();
        let granted = Asks { grants: settings.grants, reads: settings.reads, writes: settings.writes };
        let new = new(&asks, &granted);
        Ok(Approval { name: name.to_owned(), version: found, serving, asks, granted, new })
    }

    /// Writes what an approval grants into the settings of this home.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn approve(&self, approval: &Approval) -> Result<(), Failure> {
        edit_document(self.home().folder(), |document| {
            let table = table_of(document, &approval.name)?;
            grant(table, &approval.name, "grants", Some(&approval.new.grants).filter(|new| !new.is_empty()))?;
            grant(table, &approval.name, "reads", approval.new.reads.as_ref())?;
            grant(table, &approval.name, "writes", approval.new.writes.as_ref())
        })
    }
}

/// What the settings do not grant yet. Fields that were never limited are limited to what was looked at from then on.
fn new(asks: &Asks, granted: &Asks) -> Asks {
    let fields = |asked: &Option<Vec<String>>, granted: &Option<Vec<String>>| match (asked, granted) {
        (Some(asked), Some(granted)) => {
            Some(crate::domain::reach::beyond(asked, granted)).filter(|missing| !missing.is_empty())
        }
        (Some(asked), None) => Some(asked.clone()),
        (None, _) => None,
    };
    Asks {
        grants: asks.grants.iter().filter(|grant| !granted.grants.contains(grant)).cloned().collect(),
        reads: fields(&asks.reads, &granted.reads),
        writes: fields(&asks.writes, &granted.writes),
    }
}

/// Finds the table of a plugin, or makes it at the end.
fn table_of<'d>(document: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike, Failure> {
    let odd = || {
        Failure::new(Class::Config, "CONFIG", format!("`plugins.{name}` in carnet.toml is no table"))
            .hint(format!("write it as [plugins.{name}]"))
    };
    let plugins = document.entry("plugins").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let plugins = plugins.as_table_like_mut().ok_or_else(odd)?;
    plugins.entry(name).or_insert_with(|| Item::Table(Table::new())).as_table_like_mut().ok_or_else(odd)
}

/// Adds what is new to a list; what is in it stays where it is.
fn grant(table: &mut dyn TableLike, plugin: &str, key: &str, new: Option<&Vec<String>>) -> Result<(), Failure> {
    let Some(new) = new else { return Ok(()) };
    match table.get_mut(key) {
        Some(held) => {
            let odd = || {
                let message = format!("`{key}` of [plugins.{plugin}] in carnet.toml is no list");
                Failure::new(Class::Config, "CONFIG", message).hint(format!("write it as {key} = {new:?}"))
            };
            let list = held.as_array_mut().ok_or_else(odd)?;
            add(list, new);
        }
        None => drop(table.insert(key, value(new.iter().map(String::as_str).collect::<Array>()))),
    }
    Ok(())
}

/// Adds items behind the others. One item a line stays one item a line, and what is noted behind the last one stays with it.
fn add(list: &mut Array, new: &[String]) {
    let text = |raw: Option<&RawString>| raw.and_then(RawString::as_str).unwrap_or_default().to_owned();
    let last = list.iter().last();
    let prefix = text(last.and_then(|last| last.decor().prefix()));
    let Some(line) = prefix.rfind('\n').map(|at| prefix[at..].to_owned()) else {
        new.iter().for_each(|name| list.push(name.as_str()));
        return;
    };
    let tail = text(last.and_then(|last| last.decor().suffix())) + text(Some(list.trailing())).as_str();
    let (noted, end) = tail.split_at(tail.rfind('\n').unwrap_or(0));
    if let Some(last) = list.iter_mut().last() {
        last.decor_mut().set_suffix("");
    }
    for (at, name) in new.iter().enumerate() {
        let before = if at == 0 { noted } else { "" };
        list.push_formatted(Value::from(name.as_str()).decorated(format!("{before}{line}"), ""));
    }
    list.set_trailing(end);
    list.set_trailing_comma(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grants `lookup`, `email` and `labels` to `x` in a file and compares what comes out.
    #[track_caller]
    fn check(before: &str, after: &str) {
        let mut document: DocumentMut = before.parse().unwrap();
        let list = |name: &str| vec![name.to_owned()];
        let table = table_of(&mut document, "x").unwrap();
        grant(table, "x", "grants", Some(&list("lookup"))).unwrap();
        grant(table, "x", "reads", Some(&list("email"))).unwrap();
        grant(table, "x", "writes", None).unwrap();
        assert_eq!(document.to_string(), after);
    }

    #[test]
    fn a_grant_is_written_where_it_belongs_and_nothing_else_moves() {
        check("", "[plugins.x]\ngrants = [\"lookup\"]\nreads = [\"email\"]\n");
        check(
            "# mine\nprofile = 'cinnox' # kept\n\n[plugins.x]   # here\nreads = ['mobile'] # why\nmode = 'observe'\n\n# last\n[plugins.y]\npriority = 3\n",
            "# mine\nprofile = 'cinnox' # kept\n\n[plugins.x]   # here\nreads = ['mobile', \"email\"] # why\nmode = 'observe'\ngrants = [\"lookup\"]\n\n# last\n[plugins.y]\npriority = 3\n",
        );
        check("[plugins]\nx = { grants = [] }\n", "[plugins]\nx = { grants = [\"lookup\"] , reads = [\"email\"] }\n");
        check(
            "plugins.x.reads = [\n    \"mobile\", # a\n    \"names\", # b\n]\n",
            "plugins.x.reads = [\n    \"mobile\", # a\n    \"names\", # b\n    \"email\",\n]\nplugins.x.grants = [\"lookup\"]\n",
        );
        check(
            "[plugins.x]\ngrants = [\"lookup\"\n  # c\n]\nreads = [\n  \"names\" # b\n]\n"
                .replace("\"lookup\"", "")
                .as_str(),
            "[plugins.x]\ngrants = [\"lookup\"\n  # c\n]\nreads = [\n  \"names\", # b\n  \"email\",\n]\n",
        );
    }

    #[test]
    fn what_was_never_limited_is_limited_by_what_was_looked_at() {
        let list = |name: &str| Some(vec![name.to_owned()]);
        let asks = Asks { grants: vec!["state".into()], reads: list("emails"), writes: None };
        assert_eq!(new(&asks, &Asks::default()), asks);
        let granted = Asks { grants: vec!["state".into()], reads: list("*"), writes: list("city") };
        assert!(new(&asks, &granted).is_modest());
    }
}

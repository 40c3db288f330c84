//! The documents that asked for Carnet, each worked through step by step with its commands, under the profile that presets their rules.
//! One file a document, in the order of its headings.

mod cinnox_contacts;
mod cinnox_management;
mod genesys_contacts;
mod maaiiconnect_contacts;
mod maaiiconnect_management;

use serde_json::Value;

use crate::support::{Home, Ran};

/// A home of one of the products, at which its documents are worked through.
struct Desk(Home);

impl Desk {
    fn new(profile: &str, settings: &str) -> Self {
        let home = Home::new();
        home.write("carnet.toml", format!("profile = \"{profile}\"\n{settings}"));
        Self(home)
    }

    /// Runs a command that must end well, and returns its answer.
    #[track_caller]
    fn does(&self, args: &[&str]) -> Value {
        self.0.json(args, 0)
    }

    /// Runs a command for a staff member.
    #[track_caller]
    fn does_as(&self, staff: &str, args: &[&str]) -> Value {
        self.0.json(&[&["--as", staff], args].concat(), 0)
    }

    /// Runs a command that must be refused, and returns the code and everything that is said.
    #[track_caller]
    fn refuses(&self, args: &[&str]) -> (String, String) {
        told(&self.0.json(args, 1))
    }

    /// Runs a command for a staff member that must be refused.
    #[track_caller]
    fn refuses_as(&self, staff: &str, args: &[&str]) -> (String, String) {
        told(&self.0.json(&[&["--as", staff], args].concat(), 1))
    }

    /// What people read.
    #[track_caller]
    fn reads(&self, args: &[&str]) -> Ran {
        self.0.run(args).exits(0)
    }

    /// Names that a search finds, sorted.
    #[track_caller]
    fn finds(&self, args: &[&str]) -> Vec<String> {
        names(&self.does(&[&["search"], args].concat()))
    }

    /// Names that a staff member's search finds, sorted.
    #[track_caller]
    fn finds_as(&self, staff: &str, args: &[&str]) -> Vec<String> {
        names(&self.does_as(staff, &[&["search"], args].concat()))
    }

    /// The template as downloaded, with its sample record replaced by rows.
    fn fill_template(&self, rows: &[&[(&str, &str)]]) -> String {
        let template = self.reads(&["template"]).stdout;
        let header: Vec<&str> =
            template.lines().next().expect("a header").trim_start_matches('\u{feff}').split(',').collect();
        let cell = |row: &[(&str, &str)], name: &str| {
            let value = row.iter().find(|(column, _)| *column == name).map_or("", |(_, value)| *value);
            format!("\"{}\"", value.replace('"', "\"\""))
        };
        for (column, _) in rows.iter().copied().flatten() {
            assert!(header.contains(column), "the template has no column {column}: {header:?}");
        }
        let lines = rows.iter().map(|row| header.iter().map(|name| cell(row, name)).collect::<Vec<_>>().join(","));
        std::iter::once(header.join(",")).chain(lines).map(|line| line + "\r\n").collect()
    }
}

fn told(answer: &Value) -> (String, String) {
    (answer["error"]["code"].as_str().unwrap_or_default().to_owned(), answer["error"].to_string())
}

fn names(page: &Value) -> Vec<String> {
    let contacts = page["contacts"].as_array().expect("contacts");
    let mut names: Vec<String> =
        contacts.iter().map(|contact| contact["name"].as_str().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

fn id(record: &Value) -> &str {
    record["id"].as_str().expect("an id")
}

/// The values of a list's entries under one key.
fn each<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    list.as_array().expect("a list").iter().filter_map(|entry| entry[key].as_str()).collect()
}

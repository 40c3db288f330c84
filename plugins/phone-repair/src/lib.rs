//! Repairs the phone cells of an imported row: what spreadsheets and people do to numbers, undone before the built-in rules look.
//!
//! The built-in rules know one default country for a whole file. This plugin knows the row's own: `12345678` beside `Hong Kong`
//! becomes `+85212345678`, `0444 12 34 56` beside `BE` becomes `+32444123456`. Its one principle is that nothing is guessed: a cell is
//! written only when there is **exactly one** way to read it. Everything else (letters among the digits, `8.52E+10`, two possible
//! countries) stays as it is, and the built-in rules report it with the value that the file has.
//!
//! How it is laid out, and how you may lay out yours: this file alone knows the bindings. `cell` takes a cell apart, `number` reads
//! its digits by a country's `plan`, `row` goes through the columns. They see a row through a trait, so their tests run natively
//! with `cargo test`, without a host.

mod cell;
mod number;
mod plan;
mod row;

use std::sync::OnceLock;

use carnet::plugin::config;
use carnet::plugin::things::Row;
use carnet::plugin::types::{Problem, Refusal, RowVerdict};
use exports::carnet::plugin::on_import_row;
use row::Settings;

// A world of its own: what is not imported here need not be granted, and cannot break this plugin when it changes.
wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package carnet:phone-repair;
        world guest {
            import carnet:plugin/config@0.1.0;
            export carnet:plugin/on-import-row@0.1.0;
        }
    ",
    world: "carnet:phone-repair/guest",
    generate_all,
});

struct PhoneRepair;

impl on_import_row::Guest for PhoneRepair {
    fn import_row(row: &Row) -> RowVerdict {
        match row::repair(row, settings()) {
            Ok(()) => RowVerdict::Accept,
            // Accepting after a refused edit would be a fault. A refusal has all that a problem needs, so hand it on.
            Err(refusal) => RowVerdict::Reject(vec![problem(refusal)]),
        }
    }
}

impl row::Cells for Row {
    type Refusal = Refusal;

    fn get(&self, name: &str) -> Result<Option<String>, Refusal> {
        Row::get(self, name)
    }

    fn set(&self, name: &str, value: &str) -> Result<(), Refusal> {
        Row::set(self, name, value)
    }
}

/// The configuration stays the same as long as the plugin is loaded: it is asked for once, not for every row.
fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS
        .get_or_init(|| Settings::new(&config::get("default_country").unwrap_or_default(), config::get_list("columns")))
}

fn problem(refusal: Refusal) -> Problem {
    Problem { field: Some(refusal.field), code: refusal.code, message: refusal.message, hint: refusal.hint }
}

export!(PhoneRepair);

//! The row of a file, in scripts.

use std::collections::HashSet;
use std::sync::LazyLock;

use rhai::{Array, Dynamic, ImmutableString};

use super::{Pointer, Written, odd_handle, unchanged, written};
use crate::domain::field::FIELDS;
use crate::domain::text::is_blank;
use crate::plugin::hand::{RowHand, Subject};
use crate::runtime::script::api::{Table, text};
use crate::runtime::script::call::{Outcome, unreadable};
use crate::runtime::script::library::Rules;
use crate::runtime::script::patterns;

/// The row in hand of `on_import_row`.
#[derive(Clone)]
pub(super) struct RowHandle(pub(super) Pointer);

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "A row of a file: `fn on_import_row(row)`",
        "Cells go by the file's header, exactly as it is written there, or by the name of the field to which that header was mapped. \
         Setting a field that the file has no column for adds it.",
    );
    table.say(
        "row[\"Full Name\"]",
        "A cell as text; `()` when the file has no such column.",
        &[("row[\"Full Name\"]", "\"LEE, Ann\""), ("row[\"No such column\"]", "()")],
    );
    table.say("row.mobile", "The same by a field's name. (`row.line`, `row.number` and `row.headers` are below; the LINE id is `row[\"line\"]`.)", &[("row.mobile", "\"9123 4567\"")]);
    table.say("row.get(name)", "The same as a function.", &[("row.get(\"Full Name\")", "\"LEE, Ann\"")]);
    table.say(
        "row.has(name)",
        "Whether there is such a cell and it is not blank.",
        &[("row.has(\"mobile\") && !row.has(\"city\")", "true")],
    );
    table.say(
        "row.matches(name, pattern)",
        "Whether a [pattern](#patterns) occurs in the cell; one that is not there is an empty text.",
        &[(r#"row.matches("Email", "[;,]")"#, "true"), (r#"row.matches("No such column", `^$`)"#, "true")],
    );
    table.say(
        "rules.fitting(row)",
        "What those of the [rules](#rules) give whose cell fits: an array of texts in the rules' order, each once.",
        &[(
            "let rules = rules([\n    #{field: \"Notes\", pattern: \"^N/A$\", gives: \"a sample row\"},\n    \
             #{field: \"Email\", pattern: `@example\\.net$`, gives: \"an address of ours\"},\n]);\n\
             for reason in rules.fitting(row) { skip(reason); }",
            "skips: a sample row",
        )],
    );
    table.say(
        "row[\"Full Name\"] = text",
        "Sets a cell, or a field by name; `()` and `\"\"` empty it.",
        &[("row[\"Notes\"] = ();", "sets Notes = \"\""), ("row[\"city\"] = \"Kowloon\";", "sets city = \"Kowloon\"")],
    );
    table.say(
        "row.mobile = text",
        "The same by a field's name.",
        &[("row.mobile = normalize_phone(row.mobile, \"HK\");", "sets mobile = \"+85291234567\"")],
    );
    table.say(
        "row.set(name, text)",
        "The same as a function.",
        &[(
            "let name = split_name(row[\"Full Name\"]);
row.set(\"first_name\", name.first);",
            "sets first_name = \"Ann\"",
        )],
    );
    table.say("row.headers", "The headers as an array, in the file's order.", &[("row.headers.len()", "7")]);
    table.say("row.number", "The record's number, from 1.", &[("row.number", "1")]);
    table.say("row.line", "The file's line on which the record starts, from 1.", &[("row.line", "2")]);
    table.module.set_custom_type::<RowHandle>("Row");
    type About = (&'static str, &'static str, fn(&RowHand) -> Dynamic);
    let about: [About; 3] = [
        ("headers", "row.headers", headers),
        ("number", "row.number", |hand| number(hand.record())),
        ("line", "row.line", |hand| number(hand.line())),
    ];
    for (name, shown, read) in about {
        table.getter("row", name, move |row: &mut RowHandle| row.with(read));
        table.write_back(name, move |row: &mut RowHandle, value: Dynamic| unchanged(shown, &row.with(read)?, &value));
    }
    for name in FIELDS.iter().map(|info| info.name) {
        if name != "line" {
            table.getter("row", name, move |row: &mut RowHandle| row.get(name));
            table.setter("row", name, move |row: &mut RowHandle, value: Dynamic| row.assign(name, &value));
        }
    }
    table.index_getter("row", |row: &mut RowHandle, name: &str| row.get(name));
    table.index_setter("row", |row: &mut RowHandle, name: &str, value: Dynamic| row.assign(name, &value));
    table.function("get", |row: &mut RowHandle, name: &str| row.get(name));
    table.function("set", |row: &mut RowHandle, name: &str, value: Dynamic| row.set(name, &value));
    table.function("has", |row: &mut RowHandle, name: &str| row.has(name));
    table.function("matches", |row: &mut RowHandle, name: &str, pattern: ImmutableString| row.matches(name, &pattern));
    table.function("fitting", |rules: &mut Rules, row: RowHandle| {
        rules.fitting(&row.0.call, |name, search| row.read(name, |text| search(text.unwrap_or_default()))?)
    });
}

fn headers(hand: &RowHand) -> Dynamic {
    hand.columns().headers().iter().map(|header| header.as_str().into()).collect::<Array>().into()
}

/// Says whether there can be nothing of a name that is no column's. Scripts ask for many headers that most files don't have, and the hand
/// would look for the nearest name each time.
fn is_no_field(name: &str) -> bool {
    static FIELD_NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| FIELDS.iter().map(|info| info.name).collect());
    !name.starts_with("custom.") && !FIELD_NAMES.contains(name)
}

fn number(number: u64) -> Dynamic {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

impl RowHandle {
    fn with(&self, read: impl FnOnce(&RowHand) -> Dynamic) -> Outcome<Dynamic> {
        match &self.0.desk()?.subject {
            Some(Subject::Row(hand)) => Ok(read(hand)),
            _ => Err(odd_handle()),
        }
    }

    fn get(&self, name: &str) -> Outcome<Dynamic> {
        self.read(name, |text| text.map_or(Dynamic::UNIT, Into::into))
    }

    fn has(&self, name: &str) -> Outcome<bool> {
        self.read(name, |text| text.is_some_and(|text| !is_blank(text)))
    }

    fn matches(&self, name: &str, pattern: &ImmutableString) -> Outcome<bool> {
        let pattern = patterns::prepared(&self.0.call, pattern)?;
        self.read(name, |text| patterns::occurs(&pattern, text.unwrap_or_default()))?
    }

    fn read<T>(&self, name: &str, then: impl FnOnce(Option<&str>) -> T) -> Outcome<T> {
        match &self.0.desk()?.subject {
            Some(Subject::Row(hand)) => match hand.columns().find(name) {
                None if is_no_field(name) => Ok(then(None)),
                column => hand.get_at(column, name).map(then).map_err(unreadable),
            },
            _ => Err(odd_handle()),
        }
    }

    /// Sets a property, unless it is what it was: Rhai writes it back after any method was called on its value.
    fn assign(&self, name: &str, value: &Dynamic) -> Outcome<()> {
        let held = self.get(name).ok();
        let same = held.is_some_and(|held| match (held.read_lock::<ImmutableString>(), text(value)) {
            (Some(held), Some(text)) => *held == text,
            _ => held.is_unit() && value.is_unit(),
        });
        if same { Ok(()) } else { self.set(name, value) }
    }

    fn set(&self, name: &str, value: &Dynamic) -> Outcome<()> {
        let Written::One(text) = written(name, value)? else {
            return Err(format!("the cell `{name}` takes one text, not an array").into());
        };
        let mut desk = self.0.desk()?;
        let done = match &mut desk.subject {
            Some(Subject::Row(hand)) => hand.set(name, &text),
            _ => return Err(odd_handle()),
        };
        drop(desk);
        done.map_err(|error| self.0.call.edit_failed(error))
    }
}

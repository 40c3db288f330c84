//! The merge in scripts: three contacts, of which one can be written.

use rhai::Dynamic;

use super::contact::{ContactHandle, Which};
use super::{Pointer, odd_handle};
use crate::runtime::script::api::Table;
use crate::runtime::script::call::Outcome;

/// The merge in hand of `on_merge`.
#[derive(Clone)]
pub(super) struct MergeHandle(pub(super) Pointer);

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "A merge: `fn on_merge(merge)`",
        "Called after the choices of whoever merges were applied. `reject` vetoes the merge.",
    );
    table.say(
        "merge.master",
        "The contact that stays, as it is stored; read-only.",
        &[("merge.master.company", "\"Acme\"")],
    );
    table.say(
        "merge.other",
        "The contact that will be erased, as it is stored; read-only.",
        &[("merge.other.company", "\"Globex\"")],
    );
    table.say(
        "merge.result",
        "What the master will become; a contact that can be written: `merge.result.company = merge.other.company`.",
        &[
            ("merge.result.company = merge.other.company;", "sets company = \"Globex\""),
            ("merge.result.city", "\"Kowloon\""),
        ],
    );
    table.module.set_custom_type::<MergeHandle>("Merge");
    for (name, which) in [("master", Which::Master), ("other", Which::Other), ("result", Which::Result)] {
        table.getter("merge", name, move |merge: &mut MergeHandle| {
            Outcome::Ok(ContactHandle { pointer: merge.0.clone(), which: which.clone() })
        });
        // Rhai writes a property back after `merge.result.company = …`.
        table.write_back(name, |_: &mut MergeHandle, value: Dynamic| written_back(&value));
    }
}

/// Takes back a handle that was only passed through.
pub(super) fn written_back(value: &Dynamic) -> Outcome<()> {
    if value.is::<ContactHandle>() { Ok(()) } else { Err(odd_handle()) }
}

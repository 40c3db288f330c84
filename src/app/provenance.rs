//! Who changed what: the change log's view of a decision. Shared by every use case that writes contacts.

use std::sync::Arc;

use super::decide::Opinion;
use crate::domain::change::{FieldChange, diff};
use crate::domain::contact::Contact;
use crate::plugin::hand::Edit;
use crate::plugin::manifest::OnFault;
use crate::plugin::package::Identity;
use crate::plugin::service::StateWrite;
use crate::registry::dispatch::FaultReport;
use crate::store::{ChangedField, PluginRef, StoreError, Writer};

/// A plugin as the change log names it.
fn plugin_ref(plugin: &Identity) -> Arc<PluginRef> {
    Arc::new(PluginRef { name: plugin.name.clone(), version: plugin.version.clone(), hash: plugin.hash.clone() })
}

/// The plugin that set a field last, if one did.
pub(super) fn setter<'o>(opinion: &'o Opinion, field: &str) -> Option<&'o Arc<Identity>> {
    opinion.edits.iter().rev().find(|(_, edit)| edit.what == field).map(|(plugin, _)| plugin)
}

/// What the log says of a new contact: every edit that a plugin made; the rest came with the contact.
pub(super) fn plugin_edits(opinion: &Opinion) -> Vec<ChangedField> {
    let one = |(plugin, edit): &(Arc<Identity>, Edit)| ChangedField {
        field: edit.what.clone().into_owned(),
        old: edit.old.clone(),
        new: edit.new.clone(),
        plugin: Some(plugin_ref(plugin)),
    };
    opinion.edits.iter().map(one).collect()
}

/// What the log says of a contact made by hand: every field, and of those that a plugin set, what they were before it did.
pub(super) fn created_fields(contact: &Contact, opinion: &Opinion) -> Vec<ChangedField> {
    let blank = Contact::new(contact.id, contact.created.clone());
    let mut fields = changed_fields(&blank, contact, opinion);
    for field in fields.iter_mut().filter(|field| field.plugin.is_some()) {
        let first = opinion.edits.iter().find(|(_, edit)| edit.what == field.field);
        field.old = first.and_then(|(_, edit)| edit.old.clone());
    }
    fields
}

/// What the log says of a changed contact: every field that differs, with the plugin that set it last.
pub(super) fn changed_fields(before: &Contact, after: &Contact, opinion: &Opinion) -> Vec<ChangedField> {
    let one = |change: FieldChange| {
        let field = change.key.to_string();
        ChangedField {
            plugin: setter(opinion, &field).map(|plugin| plugin_ref(plugin)),
            field,
            old: change.old,
            new: change.new,
        }
    };
    diff(before, after).into_iter().map(one).collect()
}

/// Writes what plugins want to remember, in the transaction of the record that made them.
pub(super) fn write_state(writer: &mut Writer<'_>, state: &[(String, StateWrite)]) -> Result<(), StoreError> {
    state.iter().try_for_each(|(plugin, write)| writer.set_state(plugin, &write.key, write.value.as_deref()))
}

/// Plugins that failed under `on_fault = "skip"`: nothing was refused, but somebody should know.
pub(super) fn passed_over(opinion: &Opinion) -> Vec<String> {
    let told = |fault: &FaultReport| {
        let plugin = &fault.plugin;
        format!(
            "plugin `{}` {} failed in {} and was passed over: {}",
            plugin.name, plugin.version, fault.hook, fault.fault.message
        )
    };
    opinion.faults.iter().filter(|fault| fault.policy == OnFault::Skip).map(told).collect()
}

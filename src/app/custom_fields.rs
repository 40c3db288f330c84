//! Custom fields: the schemas in force, changing them, and what every way of writing a record asks of them. What a value must look like is
//! said by the domain; admins change the schema, everybody may see it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::contacts::refuse;
use super::decide::{Opinion, RuleBook};
use super::failure::{Class, Failure};
use super::{App, now};
use crate::domain::contact::Contact;
use crate::domain::custom::{Claim, CustomField, CustomKind, Entity, FieldEdit, Schema};
use crate::domain::field::FieldKey;
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::permission::{Access, Right, Scope, Viewer};
use crate::domain::problem::Problem;
use crate::store::{ChangeEntry, ChangedField, Reader, SchemaVersion, StoreError};

/// The schemas as they were last read.
#[derive(Default)]
pub(super) struct SchemaCache(Mutex<BTreeMap<&'static str, Arc<Schema>>>);

impl SchemaCache {
    fn get(&self, entity: Entity) -> Option<Arc<Schema>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(entity.as_str()).cloned()
    }

    fn put(&self, entity: Entity, schema: &Arc<Schema>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(entity.as_str(), Arc::clone(schema));
    }
}

/// A field that was written, and what to know about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldWritten {
    /// The field as it is now.
    pub field: CustomField,
    /// What has it.
    pub entity: Entity,
    /// The version of the schema that has it so.
    pub version: u64,
    /// What was changed, in words; empty when nothing was.
    pub changes: Vec<String>,
    /// Things to know.
    pub notes: Vec<String>,
}

impl App {
    /// Returns the custom fields of contacts or organizations, those not in use included. A home without a database has none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn schema(&self, entity: Entity) -> Result<Arc<Schema>, Failure> {
        if self.store.get().is_none() && !self.home.database().exists() {
            return Ok(Arc::default());
        }
        let known = self.schemas.get(entity);
        let schema = self.store()?.read(|reader| match known {
            // Another process may have changed it.
            Some(known) if known.version == reader.schema_version(entity)? => Ok(known),
            _ => reader.schema(entity).map(Arc::new),
        })?;
        self.schemas.put(entity, &schema);
        Ok(schema)
    }

    /// Returns the custom fields with the options that dropdowns had in earlier versions, for telling about rows that still have them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn schema_with_history(&self, entity: Entity) -> Result<Arc<Schema>, Failure> {
        let schema = self.schema(entity)?;
        if !schema.fields.iter().any(|field| field.kind == CustomKind::Dropdown) {
            return Ok(schema);
        }
        let versions = self.store()?.read(|reader| reader.schema_versions(entity))?;
        let versions: Vec<Schema> = versions.into_iter().map(|version| version.schema).collect();
        Ok(Arc::new(Schema::clone(&schema).with_history(&versions)))
    }

    /// Returns the custom fields in use, in order: what a template, an export or a form has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn custom_fields(&self, entity: Entity) -> Result<Vec<CustomField>, Failure> {
        Ok(self.schema(entity)?.enabled().cloned().collect())
    }

    /// Returns a contact as it may be shown: without the values of custom fields that are not in use.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn shown(&self, mut contact: Contact) -> Result<Contact, Failure> {
        self.hide(std::slice::from_mut(&mut contact))?;
        Ok(contact)
    }

    /// Hides in several contacts what [`App::shown`] hides in one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn hide(&self, contacts: &mut [Contact]) -> Result<(), Failure> {
        if contacts.iter().any(|contact| !contact.custom.is_empty()) {
            let schema = self.schema(Entity::Contact)?;
            contacts.iter_mut().for_each(|contact| schema.hide(&mut contact.custom));
        }
        Ok(())
    }

    /// Returns a test of whether the value of a field, by its name, may be shown: as in [`App::shown`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn shows(&self) -> Result<impl Fn(&str) -> bool, Failure> {
        let schema = self.schema(Entity::Contact)?;
        Ok(move |field: &str| field.strip_prefix("custom.").is_none_or(|key| schema.shows(key)))
    }

    /// Leaves of changed fields those that may be shown.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn shown_fields(&self, mut fields: Vec<ChangedField>) -> Result<Vec<ChangedField>, Failure> {
        let shows = self.shows()?;
        fields.retain(|changed| shows(&changed.field));
        Ok(fields)
    }

    /// Leaves in change logs the fields that may be shown.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn shown_changes(&self, mut entries: Vec<ChangeEntry>) -> Result<Vec<ChangeEntry>, Failure> {
        let shows = self.shows()?;
        entries.iter_mut().for_each(|entry| entry.fields.retain(|changed| shows(&changed.field)));
        Ok(entries)
    }

    /// Returns all versions of a schema, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn schema_versions(&self, entity: Entity) -> Result<Vec<SchemaVersion>, Failure> {
        Ok(self.store()?.read(|reader| reader.schema_versions(entity))?)
    }

    /// Returns a field by its key; where nobody says of what, of contacts first.
    ///
    /// # Errors
    /// Not found, with the nearest key.
    pub fn custom_field(&self, key: &str, entity: Option<Entity>) -> Result<(Entity, CustomField), Failure> {
        for entity in Entity::ALL.iter().filter(|known| entity.is_none_or(|wanted| wanted == **known)) {
            if let Some(field) = self.schema(*entity)?.find(key) {
                return Ok((*entity, field.clone()));
            }
        }
        let invalid = self.schema(entity.unwrap_or(Entity::Contact))?.unknown(key);
        Err(Failure { class: Class::NotFound, ..Failure::from(invalid) })
    }

    /// Adds a field.
    ///
    /// # Errors
    /// Forbidden; usage, when the field is not sound; conflict, when there is one with the key.
    pub fn add_field(&self, entity: Entity, field: CustomField, by: &Viewer) -> Result<FieldWritten, Failure> {
        let key = field.key.clone();
        self.change_schema(entity, &key, by, |schema| schema.with_field(field.clone()))
    }

    /// Changes a field's label, options, whether it is required, or whether it is in use. Its type stays.
    ///
    /// # Errors
    /// Forbidden; not found; usage, when the change is not sound.
    pub fn edit_field(
        &self,
        entity: Entity,
        key: &str,
        edit: &FieldEdit,
        by: &Viewer,
    ) -> Result<FieldWritten, Failure> {
        self.change_schema(entity, key, by, |schema| schema.with_edit(key, edit))
    }

    /// Makes the next version of a schema, unless nothing changes.
    fn change_schema(
        &self,
        entity: Entity,
        key: &str,
        by: &Viewer,
        change: impl Fn(&Schema) -> Result<Schema, Invalid>,
    ) -> Result<FieldWritten, Failure> {
        if !by.is_admin() {
            let message = format!("{} may not change custom fields", by.name());
            return Err(Failure::new(Class::Rejected, "FORBIDDEN", message).hint("ask an admin"));
        }
        self.store()?.write(|writer| {
            let before = writer.schema(entity)?;
            let after = change(&before).map_err(of_schema)?;
            let changes = before.changes(&after);
            let version = if changes.is_empty() { before.version } else { after.version };
            if !changes.is_empty() {
                writer.put_schema(entity, &after, now(), by.name())?;
            }
            let field = after.find(key).ok_or_else(|| of_schema(after.unknown(key)))?.clone();
            let notes = notes(writer, entity, before.find(key), &field)?;
            Ok(FieldWritten { field, entity, version, changes, notes })
        })
    }
}

/// What is wrong with a schema, as a failure.
fn of_schema(invalid: Invalid) -> Failure {
    let class = match invalid.code {
        "CUSTOM_UNKNOWN" => Class::NotFound,
        "CUSTOM_EXISTS" => Class::Conflict,
        _ => Class::Usage,
    };
    Failure { class, ..Failure::from(invalid) }
}

/// What whoever changes a field should know about the records that are there.
fn notes(
    reader: &Reader<'_>,
    entity: Entity,
    before: Option<&CustomField>,
    after: &CustomField,
) -> Result<Vec<String>, StoreError> {
    let mut notes = Vec::new();
    if let (Entity::Contact, Some(known)) = (entity, Schema::label_means(&after.label))
        && before.is_none_or(|before| before.label != after.label)
    {
        notes.push(format!(
            "in an import, a column headed `{}` means `{known}`: head this field's column `{}`",
            after.label,
            after.name()
        ));
    }
    if entity == Entity::Organization {
        return Ok(notes);
    }
    let key = &after.key;
    let held = reader.custom_count(key, None)?;
    if before.is_none() && held > 0 {
        let kind = after.kind;
        notes.push(format!(
            "{} a value already: kept as it is, and checked as {kind} when it is next set",
            contacts(held, "has", "have")
        ));
    }
    let demanded = |field: &CustomField| field.enabled && field.required;
    if demanded(after) && !before.is_some_and(demanded) {
        let lacking = reader.count()?.saturating_sub(held);
        if lacking > 0 {
            notes.push(format!(
                "{} no value: nothing happens to them until they are next edited",
                contacts(lacking, "has", "have")
            ));
        }
    }
    let options = before.map_or(&[][..], |before| &before.options);
    for option in options.iter().filter(|option| !after.options.contains(option)) {
        let using = reader.custom_count(key, Some(option))?;
        let still = after.options.iter().any(|other| other.to_lowercase() == option.to_lowercase());
        if using > 0 && !still {
            notes.push(format!(
                "{} the option `{option}`, and keep it until the field is next set",
                contacts(using, "has", "have")
            ));
        }
    }
    if before.is_some_and(|before| before.enabled) && !after.enabled && held > 0 {
        notes.push(format!(
            "{} a value: kept, but shown nowhere until the field is enabled",
            contacts(held, "has", "have")
        ));
    }
    Ok(notes)
}

fn contacts(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 contact {one}") } else { format!("{count} contacts {many}") }
}

/// Who has a unique value already, as far as whoever wants it may know.
pub(super) enum Holder {
    /// A record that they see.
    Seen(String),
    /// One that they do not, and its noun.
    Hidden(&'static str),
}

/// The refusal of a value that another record has.
pub(super) fn taken(claim: &Claim, holder: &Holder) -> Problem {
    let value = &claim.value;
    let invalid = match holder {
        Holder::Seen(owner) => Invalid::new("CUSTOM_TAKEN", format!("`{value}` is that of {owner} already"))
            .hint("use another value; if both are one person, merge them"),
        Holder::Hidden(noun) => {
            Invalid::new("CUSTOM_TAKEN", format!("`{value}` is taken by {noun} that is not yours to see"))
                .hint("use another value, or ask an admin")
        }
    };
    Problem::of_value(&FieldKey::Custom(claim.key.as_str().into()), &claim.value, invalid)
}

/// Refuses a contact whose new values are unique and another's. To be called in the transaction that writes it, so that nobody comes between;
/// `before` is the contact as it is stored.
///
/// # Errors
/// Rejected, naming the other contact if the viewer sees it.
pub fn refuse_taken(
    reader: &Reader<'_>,
    book: &RuleBook,
    before: Option<&Contact>,
    contact: &Contact,
    what: &str,
    by: &Viewer,
) -> Result<(), Failure> {
    let mut opinion = Opinion::default();
    opinion.rules_say(taken_by_others(reader, book, before, contact, by)?);
    refuse(what, &opinion)
}

/// Returns what [`refuse_taken`] refuses.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn taken_by_others(
    reader: &Reader<'_>,
    book: &RuleBook,
    before: Option<&Contact>,
    contact: &Contact,
    by: &Viewer,
) -> Result<Vec<Problem>, StoreError> {
    let claims = book.rules.schema.claims(before.map(|before| &before.custom), &contact.custom);
    let mut problems = Vec::new();
    for claim in claims.iter().filter(|claim| claim.fresh) {
        if let Some(owner) = reader.custom_owner(&claim.key, &claim.value, contact.id)? {
            problems.push(taken(claim, &holder(reader, owner, by, book.access)?));
        }
    }
    Ok(problems)
}

/// Returns what is wrong with an organization whose new values are unique and another's; to be asked in the transaction that writes it.
/// `number` is 0 for a new one.
///
/// # Errors
/// When the store cannot be read.
pub fn taken_of_organizations(
    reader: &Reader<'_>,
    schema: &Schema,
    number: i64,
    before: &BTreeMap<String, String>,
    values: &BTreeMap<String, String>,
    scope: &Scope,
) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    for claim in schema.claims(Some(before), values).iter().filter(|claim| claim.fresh) {
        if let Some((id, name)) = reader.custom_owner_organization(&claim.key, &claim.value, number)? {
            let seen = reader.organization(id)?.is_some_and(|other| scope.covers(other.division.as_ref()));
            let holder = if seen {
                Holder::Seen(format!("organization {id} ({name})"))
            } else {
                Holder::Hidden("an organization")
            };
            problems.push(taken(claim, &holder));
        }
    }
    Ok(problems)
}

/// Another contact, as a refusal tells the viewer of it.
pub(super) fn holder(reader: &Reader<'_>, owner: ContactId, by: &Viewer, access: Access) -> Result<Holder, StoreError> {
    let seen = reader.contact(owner)?.is_some_and(|contact| by.may(Right::View, &contact, access));
    Ok(if seen { Holder::Seen(owner_text(owner)) } else { Holder::Hidden("a contact") })
}

/// Another contact, as a refusal names it.
pub(super) fn owner_text(owner: ContactId) -> String {
    format!("contact {owner}")
}

/// A value for the sample row of a template.
pub(super) fn sample(field: &CustomField, app: &App) -> String {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 12, 31).unwrap_or_default();
    match field.kind {
        CustomKind::Text | CustomKind::Textarea => String::new(),
        CustomKind::Integer => "12".to_owned(),
        CustomKind::Number => "12.5".to_owned(),
        CustomKind::Checkbox => "yes".to_owned(),
        CustomKind::Date => app.settings().date_format.write(day),
        CustomKind::Datetime => "2026-12-31 09:30".to_owned(),
        CustomKind::Dropdown => field.options.first().cloned().unwrap_or_default(),
        CustomKind::Identifier => "A-1".to_owned(),
        CustomKind::Url => "https://example.com/".to_owned(),
        CustomKind::Tags => "one; two".to_owned(),
    }
}

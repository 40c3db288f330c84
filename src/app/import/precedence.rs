//! Whose value wins where a row and the contact that it updates both have one: field by field, whoever imports over the settings. What is
//! done with the answer is `overlay`'s.

use std::collections::HashMap;

use super::ImportRequest;
use super::mapping::Mapping;
use crate::app::failure::{Class, Failure};
use crate::config::{ALL_FIELDS, FieldList, OnMatch, Settings};
use crate::domain::custom::Schema;
use crate::domain::field::{FieldKey, field_for_header, header_key};

/// What an update does with a field of which both have a value.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// The row's value replaces the contact's; of labels and ids in other systems both stay.
    Overwrite,
    /// The row's value replaces the contact's, be it a list.
    Replace,
    /// The contact's value stays.
    Fill,
}

/// The ways of all fields.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Precedence {
    otherwise: Way,
    fields: HashMap<FieldKey, Way>,
}

impl Precedence {
    /// Reads what the settings and the request say.
    ///
    /// # Errors
    /// Usage: a field that is not there, or one in both lists; lists without an update that could follow them.
    pub(super) fn of(
        request: &ImportRequest,
        settings: &Settings,
        mapping: &Mapping,
        schema: &Schema,
    ) -> Result<Self, Failure> {
        let list = |option: &str, names: &[String]| read(option, names, mapping, schema);
        let (overwrite, fill) = (list("overwrite", &request.overwrite)?, list("fill", &request.fill)?);
        if let Some(field) = overwrite.common(&fill) {
            let message = format!("`{field}` is in `--overwrite` and in `--fill`");
            return Err(Failure::new(Class::Usage, "FIELD_TWICE", message).hint("name it in one of them"));
        }
        refuse_idle(request, settings)?;
        let otherwise = if settings.fill_blanks_only { Way::Fill } else { Way::Overwrite };
        let mut precedence = Self { otherwise, fields: HashMap::new() };
        precedence.take(&settings.overwrite, &settings.fill);
        precedence.take(&overwrite, &fill);
        Ok(precedence)
    }

    fn take(&mut self, overwrite: &FieldList, fill: &FieldList) {
        for (list, all, each) in [(overwrite, Way::Overwrite, Way::Replace), (fill, Way::Fill, Way::Fill)] {
            if list.all {
                self.otherwise = all;
                self.fields.clear();
            }
            self.fields.extend(list.keys.iter().map(|key| (key.clone(), each)));
        }
        // What is named by itself stands over what all are told.
        self.fields.extend(overwrite.keys.iter().map(|key| (key.clone(), Way::Replace)));
    }

    /// Returns a field's way.
    pub(super) fn way(&self, key: &FieldKey) -> Way {
        self.fields.get(key).copied().unwrap_or(self.otherwise)
    }
}

/// What says how rows meet contacts does nothing where they never do.
fn refuse_idle(request: &ImportRequest, settings: &Settings) -> Result<(), Failure> {
    let on_match = request.on_match.unwrap_or(settings.on_match);
    let idle = if request.match_by.is_some() && on_match == OnMatch::Create {
        (
            "--match-by",
            "says whom rows are matched with, but nothing is matched",
            "add `--on-match update`, `skip` or `reject`",
        )
    } else if !request.overwrite.is_empty() && on_match != OnMatch::Update {
        ("--overwrite", "says what an update does, but nothing is updated", "add `--on-match update`")
    } else if !request.fill.is_empty() && on_match != OnMatch::Update {
        ("--fill", "says what an update does, but nothing is updated", "add `--on-match update`")
    } else {
        return Ok(());
    };
    let (option, what, hint) = idle;
    Err(Failure::new(Class::Usage, "OPTION_IDLE", format!("`{option}` {what}")).hint(hint))
}

/// Reads names of fields as whoever imports knows them: Carnet's names, or headers of the file.
fn read(option: &str, names: &[String], mapping: &Mapping, schema: &Schema) -> Result<FieldList, Failure> {
    let mut list = FieldList::default();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        if name.eq_ignore_ascii_case(ALL_FIELDS) {
            list.all = true;
            continue;
        }
        list.keys.push(field(option, name, mapping, schema)?);
    }
    Ok(list)
}

fn field(option: &str, name: &str, mapping: &Mapping, schema: &Schema) -> Result<FieldKey, Failure> {
    let headers = mapping.columns.headers();
    let mapped = |at: usize| mapping.ordered.iter().find(|(column, _)| *column == at).map(|(_, key)| key.clone());
    let column = headers.iter().position(|header| header == name);
    let column = column.or_else(|| headers.iter().position(|header| header_key(header) == header_key(name)));
    let known = |key: &FieldKey| match key {
        FieldKey::Known(_) => true,
        FieldKey::Custom(key) => {
            schema.find(key).is_some() || mapping.ordered.iter().any(|(_, it)| it == &FieldKey::Custom(key.clone()))
        }
    };
    let found = FieldKey::find(name)
        .filter(known)
        .or_else(|| column.and_then(mapped))
        .or_else(|| field_for_header(name).filter(known))
        .or_else(|| schema.for_header(name));
    found.ok_or_else(|| unknown(option, name, column.is_some(), schema))
}

fn unknown(option: &str, name: &str, is_header: bool, schema: &Schema) -> Failure {
    if is_header {
        let message = format!("`--{option} {name}`: the column `{name}` is mapped to no field");
        return Failure::new(Class::Usage, "FIELD_UNKNOWN", message).hint(format!("map it: `--map '{name}=FIELD'`"));
    }
    let near =
        name.strip_prefix("custom.").and_then(|key| schema.nearly(key)).map(|near| format!("did you mean `{near}`?"));
    let hint = FieldKey::parse(name).err().and_then(|invalid| invalid.hint);
    let hint = near.or(hint).unwrap_or_else(|| "`carnet template --fields` lists the fields".to_owned());
    Failure::new(Class::Usage, "FIELD_UNKNOWN", format!("`--{option} {name}`: there is no field `{name}`")).hint(hint)
}

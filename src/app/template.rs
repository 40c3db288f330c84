//! The CSV template: every field by its header, custom ones behind the others, with one sample row that an import skips.

use super::failure::Failure;
use super::{App, custom_fields};
use crate::domain::custom::Entity;
use crate::domain::field::{FIELDS, Field, FieldInfo};
use crate::domain::language::LanguageNames;
use crate::domain::permission::Access;

impl App {
    /// Returns header and sample row of the template, in the order of the field table, as the settings name and require fields; then the
    /// custom fields in use.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn template(&self) -> Result<(Vec<String>, Vec<String>), Failure> {
        let known = self.template_fields().into_iter().map(Field::info);
        let known = known.map(|info| (self.header(info), sample(info, self)));
        let custom = self.custom_fields(Entity::Contact)?;
        let custom = custom.iter().map(|field| (field.name(), custom_fields::sample(field, self)));
        Ok(known.chain(custom).unzip())
    }

    /// Returns the fields that the template has columns for. Where divisions decide who sees what, theirs is among them.
    #[must_use]
    pub fn template_fields(&self) -> Vec<Field> {
        let by_division = self.settings().access == Access::Division;
        let wanted = |field: &Field| {
            field.in_template() || (by_division && matches!(field, Field::Organization | Field::Division))
        };
        FIELDS.iter().map(|info| info.field).filter(wanted).collect()
    }

    /// Returns a field's header under the settings.
    #[must_use]
    pub fn header(&self, info: &FieldInfo) -> String {
        match info.field {
            Field::Department => self.settings().department_label.clone(),
            _ => info.header.to_owned(),
        }
    }
}

/// The sample is written as the settings read it.
fn sample(info: &FieldInfo, app: &App) -> String {
    use crate::domain::date::DateFormat;
    match (info.field, app.settings().date_format) {
        (Field::BirthDate, DateFormat::Dmy) => "14/12/1980".to_owned(),
        (Field::BirthDate, DateFormat::Ymd) => "1980-12-14".to_owned(),
        (Field::Language, _) if app.settings().language_names == LanguageNames::Five => "English".to_owned(),
        _ => info.sample.to_owned(),
    }
}

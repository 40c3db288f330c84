//! Why columns cannot be mapped as they are, with the way out; and what is told of headers that nobody knows.

use std::path::Path;

use super::decided::meaning;
use crate::app::failure::{Class, Failure};
use crate::app::import::report::listed;
use crate::config::Settings;
use crate::domain::cells::Cells;
use crate::domain::custom::{CustomField, Schema};
use crate::domain::field::{Field, FieldKey, aliases, core_of};
use crate::domain::name::nearest;
use crate::domain::rules::MissingLastName;
use crate::domain::text::shown;
use crate::intake;

/// How many rows are looked at for a header further down.
const LOOKED_AT: usize = 20;

/// Most unknown headers for which a nearer one is offered.
const NEAR_MISSES: usize = 5;

/// The same header twice or more.
pub(super) fn twice(header: &str, twins: &[usize], key: Option<&FieldKey>) -> Failure {
    let numbers: Vec<String> = twins.iter().map(|at| (at + 1).to_string()).collect();
    let (last, others) = numbers.split_last().map_or(("", &[][..]), |(last, others)| (last, others));
    let every = if twins.len() == 2 { "both" } else { "all" };
    let means = key.map_or_else(String::new, |key| format!(", and {every} mean `{key}`"));
    let message = format!("columns {} and {last} have the same header `{}`{means}", others.join(", "), shown(header));
    let fields = key.into_iter().map(ToString::to_string).chain(spare_fields(key).iter().map(ToString::to_string));
    let fields = fields.chain(std::iter::repeat("-".to_owned()));
    let options: Vec<String> =
        numbers.iter().zip(fields).map(|(number, field)| format!("--map '#{number}={field}'")).collect();
    Failure::new(Class::Rejected, "HEADER_REPEATED", message)
        .hint(format!("decide each, such as `{}`; `-` leaves a column out", options.join(" ")))
}

/// Where a second and a third value of a field can go.
fn spare_fields(key: Option<&FieldKey>) -> &'static [Field] {
    use Field::{Email, HomePhone, Mobile, OtherEmail, OtherPhone, PersonalEmail, WorkPhone};
    match key.and_then(FieldKey::known) {
        Some(Email) => &[OtherEmail, PersonalEmail],
        Some(PersonalEmail) => &[OtherEmail, Email],
        Some(Mobile) => &[OtherPhone, WorkPhone, HomePhone],
        Some(WorkPhone | HomePhone) => &[OtherPhone, Mobile],
        Some(OtherPhone) => &[Mobile, WorkPhone, HomePhone],
        _ => &[],
    }
}

/// Two columns for one field.
pub(super) fn repeated(headers: &[String], at: usize, twin: usize, key: &FieldKey) -> Failure {
    let (first, second) = (at + 1, twin + 1);
    let message = format!("columns {first} (`{}`) and {second} (`{}`) both mean `{key}`", headers[at], headers[twin]);
    let spare = spare_fields(Some(key)).first().map_or_else(|| "-".to_owned(), ToString::to_string);
    let way = if spare == "-" { "`-` leaves a column out" } else { "a field has one column, and `-` leaves one out" };
    Failure::new(Class::Rejected, "HEADER_REPEATED", message)
        .hint(format!("decide each, such as `--map '#{first}={key}' --map '#{second}={spare}'`; {way}"))
}

/// One column for two fields.
pub(super) fn mapped_twice(headers: &[String], at: usize, a: Option<&FieldKey>, b: Option<&FieldKey>) -> Failure {
    let field = |key: Option<&FieldKey>| key.map_or_else(|| "-".to_owned(), ToString::to_string);
    let message =
        format!("column {} (`{}`) is mapped twice: to `{}` and to `{}`", at + 1, headers[at], field(a), field(b));
    Failure::new(Class::Usage, "MAP", message).hint("a column has one field: leave one of the two `--map` out")
}

/// A column that the file does not have.
pub(super) fn no_column(headers: &[String], name: &str) -> Failure {
    let hint = match nearest(name, headers.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its columns are: {}", listed(headers)),
    };
    Failure::new(Class::Usage, "MAP", format!("`--map {name}=…`: the file has no column `{name}`")).hint(hint)
}

/// A custom field that is switched off.
pub(super) fn disabled(key: &str) -> Failure {
    Failure::new(Class::Usage, "FIELD_DISABLED", format!("the custom field `{key}` is disabled"))
        .hint(format!("enable it with `carnet field enable {key}`, or map the column to another field"))
}

/// No header means anything: there is none, or it is further down, or it is in words that only its people know.
pub(super) fn no_known_header(reader: &intake::Reader, headers: &[String], schema: &Schema) -> Failure {
    if reader.header_line() == 0 {
        let message = format!("`{}` has no header, and no column is mapped", reader.source());
        let first = reader.next_rows(1).pop().map(|(_, cells)| first_cells(cells.iter())).unwrap_or_default();
        return Failure::new(Class::Rejected, "HEADER_MISSING", message).hint(format!(
            "say what each column holds, such as `--map '#1=first_name' --map '#2=last_name'`; the first row is: {first}"
        ));
    }
    let message = format!(
        "line {} of `{}` names no known field: {}",
        reader.header_line(),
        reader.source(),
        first_cells(headers.iter().map(String::as_str))
    );
    let names_fields = |cells: &Cells| cells.iter().filter(|cell| meaning(cell, schema).is_some()).count() > 1;
    let further_down = reader.next_rows(LOOKED_AT).into_iter().find(|(_, cells)| names_fields(cells));
    let near = near_misses(headers, &[], schema);
    let parted = other_delimiter(reader, headers, schema);
    let hint = match (parted, further_down) {
        (Some(name), _) => format!(
            "the header looks like it is parted by {name}s: leave `--delimiter` out, or say `--delimiter {name}`"
        ),
        (None, Some((line, cells))) => format!(
            "line {line} looks like the header ({}): add `--header-line {line}` if it is",
            first_cells(cells.iter())
        ),
        (None, None) if !near.is_empty() => near.join("; "),
        (None, None) => "the first line must be a header such as `First name,Last name,Mobile,Email`; `carnet template` writes one, \
                 `--map 'Their header=field'` maps yours; if there is none, add `--header-line 0 --map '#1=first_name' \
                 --map '#2=last_name'` and so on"
            .to_owned(),
    };
    Failure::new(Class::Rejected, "HEADER_MISSING", message).hint(hint)
}

/// The delimiter by which the line would be a header, where it was read by another one.
fn other_delimiter(reader: &intake::Reader, headers: &[String], schema: &Schema) -> Option<&'static str> {
    if reader.sheet().is_some() {
        return None;
    }
    let line = headers.join(&reader.delimiter().to_string());
    let known = |delimiter: char| {
        let cells = line.split(delimiter).map(|cell| cell.trim().trim_matches('"'));
        cells.filter(|cell| meaning(cell, schema).is_some()).count()
    };
    let named = [(',', "comma"), (';', "semicolon"), ('\t', "tab"), ('|', "pipe")];
    let others = named.into_iter().filter(|(delimiter, _)| *delimiter != reader.delimiter());
    let best = others.map(|(delimiter, name)| (known(delimiter), name)).max_by_key(|(known, _)| *known);
    best.filter(|(known, _)| *known > 1).map(|(_, name)| name)
}

/// The first cells of a row, none of them a thousand characters long.
fn first_cells<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    let short = |cell: &str| cell.chars().take(40).collect::<String>();
    cells.take(8).map(short).collect::<Vec<_>>().join(", ")
}

/// A file without any column for the last name can do only where something else fills it in.
pub(super) fn require_names(mapping: &[Option<FieldKey>], settings: &Settings) -> Result<(), Failure> {
    let has = |field: Field| mapping.iter().flatten().any(|key| key.known() == Some(field));
    if settings.missing_last_name != MissingLastName::Reject
        || has(Field::LastName)
        || mapping.iter().any(Option::is_none)
    {
        return Ok(());
    }
    Err(Failure::new(
        Class::Rejected,
        "COLUMN_MISSING",
        "the file has no column for the last name, which is mandatory".to_owned(),
    )
    .hint("add a column `Last name`, or map one with `--map 'Their header=last_name'`"))
}

/// A file with whole names only, and nobody to take them apart.
pub(super) fn whole_names(header: &str, file: &Path) -> Failure {
    let message = format!(
        "`{}` has first and last names in one column, `{header}`: they are not taken apart by guessing",
        file.display()
    );
    Failure::new(Class::Rejected, "WHOLE_NAMES", message).hint(format!(
        "`--map '{header}=last_name'` keeps them whole as last names, `--map '{header}=-'` imports without them; a plugin such as \
         `field-mapping` takes them apart"
    ))
}

/// A file with what may be whole names in a column that means the first name elsewhere.
pub(super) fn perhaps_whole_names(header: &str) -> Failure {
    let message = format!("`{header}` may hold first names or whole names: the file has no column for the last name");
    Failure::new(Class::Rejected, "WHOLE_NAMES", message).hint(format!(
        "say which: `--map '{header}=first_name'`, or `--map '{header}=last_name'`, which keeps whole names as last names; `--map \
         '{header}=-'` leaves them to plugins"
    ))
}

/// What unknown headers may have been meant to be, in words; each field is offered once. `taken` are the fields that have a column.
pub(super) fn near_misses(unknown: &[String], taken: &[Option<FieldKey>], schema: &Schema) -> Vec<String> {
    let mut gone: Vec<FieldKey> = taken.iter().flatten().cloned().collect();
    let mut notes = Vec::new();
    for header in unknown.iter().filter(|header| !aliases::is_whole_name(header)) {
        let Some((key, said)) = offer(header, &gone, schema) else { continue };
        notes.push(format!("`{}`: {said}? `--map '{header}={key}'` says so", shown(header)));
        gone.push(key);
    }
    notes.truncate(NEAR_MISSES);
    notes
}

/// A free field for a header: the one that it nearly names, or, for `Email 2`, the next that takes such values.
fn offer(header: &str, gone: &[FieldKey], schema: &Schema) -> Option<(FieldKey, String)> {
    let free = |key: &FieldKey| !gone.contains(key);
    let core = core_of(header);
    if let Some(meant) = Some(core).filter(|core| *core != header).and_then(|core| meaning(core, schema)) {
        // Of spare fields only those that say nothing else of the value: a second number need be nobody's mobile.
        let spare = spare_fields(Some(&meant)).iter().copied();
        let spare = spare.filter(|field| matches!(field, Field::OtherEmail | Field::OtherPhone)).map(FieldKey::from);
        let key = std::iter::once(meant.clone()).chain(spare).find(free)?;
        let name = key.known().map_or_else(|| core.to_owned(), |field| field.info().plain_header().to_owned());
        return Some((key, format!("is it `{name}`")));
    }
    let known = aliases::nearly(header).map(|(field, name)| (FieldKey::from(field), name.to_owned()));
    let slip =
        |field: &&CustomField| [&field.label, &field.key].iter().any(|name| aliases::slips(header, name).is_some());
    let custom = || {
        let field = schema.enabled().find(slip)?;
        Some((FieldKey::Custom(field.key.as_str().into()), field.label.clone()))
    };
    let (key, name) = known.or_else(custom).filter(|(key, _)| free(key))?;
    Some((key, format!("did you mean `{name}`")))
}

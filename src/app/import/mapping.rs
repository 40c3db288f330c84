//! Which column means which field: by header, by alias, or as whoever imports says. Decided once, before the first row.

use std::sync::Arc;

use crate::app::failure::{Class, Failure};
use crate::config::Settings;
use crate::domain::custom::Schema;
use crate::domain::field::{Field, FieldKey, field_for_header, header_key};
use crate::domain::row::Columns;
use crate::domain::rules::MissingLastName;
use crate::intake;
use crate::intake::write::restore;

/// Header of the column in which an import says why a row failed; ignored when the repaired file comes back.
pub const ERROR_HEADER: &str = "Error detail";

/// Header of the column in which an export keeps each contact's id: an import that matches goes by it first, and it is a sign that the file is ours.
pub const ID_HEADER: &str = "Carnet ID";

/// How many rows are looked at for a header further down.
const LOOKED_AT: usize = 20;

/// The columns of a file and what becomes of them.
#[derive(Debug)]
pub struct Mapping {
    /// Headers and fields, as rows need them.
    pub columns: Arc<Columns>,
    /// Mapped columns in the order in which their values are taken.
    pub ordered: Vec<(usize, FieldKey)>,
    /// Headers that mean nothing to Carnet; plugins see their cells.
    pub unknown: Vec<String>,
    /// The error column of a repaired file, if it has one.
    pub error_column: Option<usize>,
    /// The column of the contacts' ids, if Carnet wrote the file.
    pub id_column: Option<usize>,
    /// Columns left out because others were mapped to their fields, in words.
    pub left_out: Vec<String>,
    /// Whether Carnet wrote the file, so that cells neutralised for spreadsheets are read back.
    pub ours: bool,
    /// Whether Carnet wrote it as an export, so that values that nobody edited are taken as they are.
    pub exported: bool,
}

impl Mapping {
    /// Decides what each column means. `map` pairs headers (or `#3`, the third column) with fields; `-` ignores a column.
    ///
    /// # Errors
    /// Usage: a pair that names no header or field. Rejected: a header that occurs twice and is not decided; two columns for one
    /// field; no known header at all; a mandatory column that is missing.
    pub fn resolve(
        reader: &intake::Reader,
        map: &[(String, String)],
        settings: &Settings,
        schema: &Schema,
    ) -> Result<Self, Failure> {
        let headers = own_headers(reader);
        let mut decided = Decided::by_user(&headers, map, schema)?;
        decided.by_header(&headers, schema);
        decided.refuse_repeats(&headers)?;
        let left_out = decided.left_out(&headers);
        let mapping = decided.keys;
        let known = mapping.iter().flatten().count();
        if known == 0 {
            return Err(no_known_header(reader, &headers, schema));
        }
        require_names(&mapping, settings)?;
        let mut ordered: Vec<(usize, FieldKey)> =
            mapping.iter().enumerate().filter_map(|(at, key)| key.clone().map(|key| (at, key))).collect();
        // In the table's order: the SMS toggle comes after the numbers that it is about.
        ordered.sort_by(|a, b| a.1.cmp(&b.1));
        let error_column = headers.iter().position(|header| header == ERROR_HEADER);
        let exported = headers.iter().any(|header| header == ID_HEADER || *header == Field::AsTyped.info().header);
        let ours = error_column.is_some() || exported || headers.iter().any(|header| is_only_ours(header));
        let id_column = headers.iter().position(|header| header == ID_HEADER);
        let silent = |at: usize| {
            decided.settled[at]
                || decided.instead_of[at].is_some()
                || headers[at].is_empty()
                || headers[at] == ERROR_HEADER
                || headers[at] == ID_HEADER
        };
        let unknown =
            headers.iter().enumerate().filter(|(at, _)| !silent(*at)).map(|(_, header)| header.clone()).collect();
        let columns = Arc::new(Columns::new(headers, mapping));
        Ok(Self { columns, ordered, unknown, error_column, id_column, left_out, ours, exported })
    }

    /// Returns the column mapped to the field.
    #[must_use]
    pub fn column_of(&self, key: &FieldKey) -> Option<usize> {
        self.ordered.iter().find(|(_, mapped)| mapped == key).map(|(at, _)| *at)
    }
}

/// Decisions so far, column by column.
struct Decided {
    keys: Vec<Option<FieldKey>>,
    /// Whether the column is decided, be it as ignored.
    settled: Vec<bool>,
    /// Whether whoever imports decided it.
    by_user: Vec<bool>,
    /// The column that was mapped to the field of this one, which is therefore left out.
    instead_of: Vec<Option<usize>>,
}

impl Decided {
    fn by_user(headers: &[String], map: &[(String, String)], schema: &Schema) -> Result<Self, Failure> {
        let width = headers.len();
        let mut decided = Self {
            keys: vec![None; width],
            settled: vec![false; width],
            by_user: vec![false; width],
            instead_of: vec![None; width],
        };
        for (header, field) in map {
            let column = find_column(headers, header)?;
            decided.keys[column] = if field == "-" { None } else { Some(read_field(field, schema)?) };
            decided.settled[column] = true;
            decided.by_user[column] = true;
        }
        Ok(decided)
    }

    fn by_header(&mut self, headers: &[String], schema: &Schema) {
        for (at, header) in
            headers.iter().enumerate().filter(|(_, header)| *header != ERROR_HEADER && *header != ID_HEADER)
        {
            if self.settled[at] {
                continue;
            }
            self.keys[at] = meaning(header, schema);
            self.settled[at] = self.keys[at].is_some();
        }
    }

    /// A field may come from one column only. What whoever imports says wins over what headers say.
    fn refuse_repeats(&mut self, headers: &[String]) -> Result<(), Failure> {
        for (at, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
            let twin = headers.iter().skip(at + 1).position(|later| later == header).map(|later| at + 1 + later);
            if let Some(twin) = twin.filter(|twin| !self.by_user[at] || !self.by_user[*twin]) {
                return Err(twice(header, at, twin, self.keys[at].as_ref()));
            }
        }
        for at in 0..self.keys.len() {
            let Some(key) = self.keys[at].clone() else { continue };
            let Some(twin) = (at + 1..self.keys.len()).find(|later| self.keys[*later].as_ref() == Some(&key)) else {
                continue;
            };
            match (self.by_user[at], self.by_user[twin]) {
                (true, false) => self.leave_to_plugins(twin, at),
                (false, true) => self.leave_to_plugins(at, twin),
                _ => return Err(repeated(headers, at, twin, &key)),
            }
        }
        Ok(())
    }

    /// Says which columns are left out, and for which others.
    fn left_out(&self, headers: &[String]) -> Vec<String> {
        let told = |(at, instead): (usize, &Option<usize>)| {
            let instead = (*instead)?;
            let (header, other, key) = (&headers[at], &headers[instead], self.keys[instead].as_ref()?);
            Some(format!("`{header}` is left out, because `{other}` was mapped to {key}; plugins see it"))
        };
        self.instead_of.iter().enumerate().filter_map(told).collect()
    }

    fn leave_to_plugins(&mut self, column: usize, instead: usize) {
        self.instead_of[column] = Some(instead);
        self.keys[column] = None;
        self.settled[column] = false;
    }
}

/// The file's headers; what was done to them for the sake of spreadsheets in an error file or export is undone.
fn own_headers(reader: &intake::Reader) -> Vec<String> {
    let ours = reader.headers().iter().any(|header| header == ERROR_HEADER || header == ID_HEADER);
    let restored = |header: &str| if ours { restore(header).into_owned() } else { header.to_owned() };
    reader.headers().iter().map(restored).collect()
}

/// Headers that nobody but Carnet writes like this: a sign of its own file, whatever columns were taken out of it.
fn is_only_ours(header: &str) -> bool {
    const SIGNS: [Field; 5] =
        [Field::SurveyOptOut, Field::SharedWith, Field::OtherFirstNames, Field::OtherLastNames, Field::NoSms];
    SIGNS.iter().any(|field| header == field.info().header) || header.starts_with("custom.")
}

/// The same header twice: only whoever imports knows which is which.
fn twice(header: &str, at: usize, twin: usize, key: Option<&FieldKey>) -> Failure {
    let (first, second) = (at + 1, twin + 1);
    let means = key.map_or_else(String::new, |key| format!(", and both mean `{key}`"));
    let field = key.map_or_else(|| "-".to_owned(), ToString::to_string);
    Failure::new(
        Class::Rejected,
        "HEADER_REPEATED",
        format!("columns {first} and {second} have the same header `{header}`{means}"),
    )
    .hint(format!("decide each, such as `--map '#{first}={field}' --map '#{second}=-'`; `-` leaves a column out"))
}

fn repeated(headers: &[String], at: usize, twin: usize, key: &FieldKey) -> Failure {
    let (first, second) = (at + 1, twin + 1);
    let message = format!("columns {first} (`{}`) and {second} (`{}`) both mean `{key}`", headers[at], headers[twin]);
    Failure::new(Class::Rejected, "HEADER_REPEATED", message).hint(format!(
        "decide each with `--map '#{first}={key}' --map '#{second}=-'`, or give the second another field"
    ))
}

/// Finds a column as whoever imports names it: `#3`, the exact header, or one equal without case, spaces and punctuation.
fn find_column(headers: &[String], name: &str) -> Result<usize, Failure> {
    if let Some(number) = name.strip_prefix('#').and_then(|number| number.parse::<usize>().ok()) {
        return match number.checked_sub(1).filter(|at| *at < headers.len()) {
            Some(at) => Ok(at),
            None => Err(Failure::new(
                Class::Usage,
                "MAP",
                format!("`--map {name}`: the file has {} columns", headers.len()),
            )),
        };
    }
    let equal: Vec<usize> = (0..headers.len()).filter(|at| headers[*at] == name).collect();
    let alike = || (0..headers.len()).filter(|at| header_key(&headers[*at]) == header_key(name)).collect::<Vec<_>>();
    match if equal.is_empty() { alike() } else { equal }.as_slice() {
        [at] => Ok(*at),
        [] => Err(Failure::new(Class::Usage, "MAP", format!("`--map {name}=…`: the file has no column `{name}`"))
            .hint(format!("its columns are: {}", headers.join(", ")))),
        several => Err(Failure::new(
            Class::Usage,
            "MAP",
            format!("`--map {name}=…`: {} columns have this header", several.len()),
        )
        .hint(format!(
            "name them by number: {}",
            several.iter().map(|at| format!("`#{}`", at + 1)).collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// What a header means: a built-in field first, then a custom one by its label or key.
fn meaning(header: &str, schema: &Schema) -> Option<FieldKey> {
    match field_for_header(header) {
        // The key may be written in another case than the schema has it.
        Some(FieldKey::Custom(key)) if schema.find(&key).is_none() => {
            schema.for_header(header).or(Some(FieldKey::Custom(key)))
        }
        None => schema.for_header(header),
        found => found,
    }
}

fn read_field(field: &str, schema: &Schema) -> Result<FieldKey, Failure> {
    FieldKey::parse(field).or_else(|invalid| meaning(field, schema).ok_or(invalid)).map_err(Failure::from)
}

/// No header means anything: there is none, or it is further down, or it is in words that only its people know.
fn no_known_header(reader: &intake::Reader, headers: &[String], schema: &Schema) -> Failure {
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
    let names_fields =
        |cells: &csv::StringRecord| cells.iter().filter(|cell| meaning(cell, schema).is_some()).count() > 1;
    let further_down = reader.next_rows(LOOKED_AT).into_iter().find(|(_, cells)| names_fields(cells));
    let hint = match further_down {
        Some((line, cells)) => format!(
            "line {line} looks like the header ({}): add `--header-line {line}` if it is",
            first_cells(cells.iter())
        ),
        None => "the first line must be a header such as `First name,Last name,Mobile,Email`; `carnet template` writes one, \
                 `--map 'Their header=field'` maps yours; if there is none, add `--header-line 0 --map '#1=first_name' \
                 --map '#2=last_name'` and so on"
            .to_owned(),
    };
    Failure::new(Class::Rejected, "HEADER_MISSING", message).hint(hint)
}

/// The first cells of a row, none of them a thousand characters long.
fn first_cells<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    let short = |cell: &str| cell.chars().take(40).collect::<String>();
    cells.take(8).map(short).collect::<Vec<_>>().join(", ")
}

/// A file without any column for the last name can do only where something else fills it in.
fn require_names(mapping: &[Option<FieldKey>], settings: &Settings) -> Result<(), Failure> {
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

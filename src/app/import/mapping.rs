//! Which column means which field: as whoever imports says, by a kept mapping, by another program's export, by header or alias. Decided once,
//! before the first row.

pub mod bundled;
pub mod document;

mod decided;
mod noticed;
mod recipe;
mod refusal;

use std::path::Path;
use std::sync::Arc;

use crate::app::failure::Failure;
use crate::config::Settings;
use crate::domain::cells::Cells;
use crate::domain::custom::Schema;
use crate::domain::field::{Field, FieldKey, aliases, header_key};
use crate::domain::row::Columns;
use crate::intake;
use crate::intake::write::restore;

use bundled::Bundled;
use decided::{By, Decided};
use document::Document;
use noticed::Nameless;
use recipe::{Builder, Recipe};

/// Header of the column in which an import says why a row failed; ignored when the repaired file comes back.
pub const ERROR_HEADER: &str = "Error detail";

/// Header of the column in which an export keeps each contact's id: an import that matches goes by it first, and it is a sign that the file is ours.
pub const ID_HEADER: &str = "Carnet ID";

/// The columns of a file and what becomes of them.
#[derive(Debug)]
pub struct Mapping {
    /// Headers and fields, as rows need them: the file's, then those of fields that a recipe makes.
    pub columns: Arc<Columns>,
    /// Mapped columns in the order in which their values are taken.
    pub ordered: Vec<(usize, FieldKey)>,
    /// Headers that mean nothing to Carnet; plugins see their cells.
    pub unknown: Vec<String>,
    /// The error column of a repaired file, if it has one.
    pub error_column: Option<usize>,
    /// The column of the contacts' ids, if Carnet wrote the file.
    pub id_column: Option<usize>,
    /// Things to know about columns, in words: left out for others, nearly known.
    pub notes: Vec<String>,
    /// Whether Carnet wrote the file, so that cells neutralised for spreadsheets are read back.
    pub ours: bool,
    /// Whether Carnet wrote it as an export, so that values that nobody edited are taken as they are.
    pub exported: bool,
    /// What was decided, as it is kept.
    pub document: Document,
    /// Where the mapping comes from, if not from the headers alone.
    pub from: Option<Origin>,
    width: usize,
    recipe: Option<Recipe>,
    whole_name: Option<usize>,
    nameless: Nameless,
}

/// Where a mapping comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Saved under a name.
    Saved(String),
    /// Another program's export, by its name and that for people.
    Bundled(String, String),
}

/// What is known about a file before its headers are looked at one by one.
#[derive(Default, Debug)]
pub struct Chosen {
    /// A kept mapping.
    pub document: Option<Document>,
    /// Another program's export.
    pub base: Option<&'static Bundled>,
    /// What is told about it.
    pub from: Option<Origin>,
    /// What to know besides.
    pub note: Option<String>,
}

impl Mapping {
    /// Decides what each column means. `map` pairs headers (or `#3`, the third column) with fields; `-` ignores a column.
    ///
    /// # Errors
    /// Usage: a pair that names no header or field, or a column with two. Rejected: a header that occurs twice and is not decided; two
    /// columns for one field; no known header at all; a mandatory column that is missing.
    pub fn resolve(
        reader: &intake::Reader,
        map: &[(String, String)],
        chosen: Chosen,
        settings: &Settings,
        schema: &Schema,
    ) -> Result<Self, Failure> {
        let headers = own_headers(reader);
        let mut decided = Decided::by_user(&headers, map, schema)?;
        if let Some(document) = &chosen.document {
            decided.by_document(&headers, document, schema)?;
        }
        let keys: Vec<String> =
            if chosen.base.is_some() { headers.iter().map(|it| header_key(it)).collect() } else { Vec::new() };
        let mut builder = chosen.base.map(|base| builder(base, &keys, &headers, &mut decided));
        let taken: Vec<usize> = builder.iter().flat_map(Builder::taken).collect();
        decided.by_header(&headers, &taken, schema);
        decided.refuse_twins(&headers, schema)?;
        let before = decided.keys.clone();
        let made = builder.as_mut().map(|builder| join(builder, &mut decided)).unwrap_or_default();
        decided.refuse_repeats(&headers)?;
        decided.refuse_lone_names(&headers)?;
        let document = decided.document(&headers, &before, chosen.base.map(|base| &*base.name));
        let mapping = decided.keys.clone();
        if mapping.iter().chain(&made).flatten().next().is_none() {
            return Err(refusal::no_known_header(reader, &headers, schema));
        }
        let all: Vec<Option<FieldKey>> = mapping.into_iter().chain(made).collect();
        refusal::require_names(&all, settings)?;
        let error_column = headers.iter().position(|header| header == ERROR_HEADER);
        let exported = is_export(&headers);
        let ours = error_column.is_some() || exported || headers.iter().any(|header| is_only_ours(header));
        let id_column = headers.iter().position(|header| header == ID_HEADER);
        let silent = |at: usize| {
            decided.by[at] != By::Nobody
                || decided.instead_of[at].is_some()
                || taken.contains(&at)
                || !document::is_theirs(&headers[at])
        };
        let unknown: Vec<usize> = (0..headers.len()).filter(|at| !silent(*at)).collect();
        let has = |field: Field| all.iter().flatten().any(|key| key.known() == Some(field));
        let named = has(Field::FirstName) || has(Field::LastName);
        let whole_name = unknown.iter().copied().find(|at| !named && aliases::is_whole_name(&headers[*at]));
        let told: Vec<String> = unknown.iter().map(|at| headers[*at].clone()).collect();
        let mut notes = decided.left_out(&headers);
        notes.extend(chosen.note);
        notes.extend(refusal::near_misses(&told, &all, schema));
        let recipe = builder.map(|builder| builder.finish(unknown.into_iter()));
        let nameless = Nameless::new((0..headers.len()).filter(|at| headers[*at].is_empty() && all[*at].is_none()));
        let width = headers.len();
        let names =
            headers.into_iter().chain(recipe.iter().flat_map(|it| it.outputs().iter().map(ToString::to_string)));
        let columns = Arc::new(Columns::new(names.collect(), all.clone()));
        let mut ordered: Vec<(usize, FieldKey)> =
            all.into_iter().enumerate().filter_map(|(at, key)| key.map(|key| (at, key))).collect();
        // In the table's order: the SMS toggle comes after the numbers that it is about.
        ordered.sort_by(|a, b| a.1.cmp(&b.1));
        // What a recipe knows nothing of is told at the end, with how many rows have something there.
        let unknown = if recipe.is_some() { Vec::new() } else { told };
        Ok(Self {
            columns,
            ordered,
            unknown,
            error_column,
            id_column,
            notes,
            ours,
            exported,
            document,
            from: chosen.from,
            width,
            recipe,
            whole_name,
            nameless,
        })
    }

    /// Returns the column mapped to the field.
    #[must_use]
    pub fn column_of(&self, key: &FieldKey) -> Option<usize> {
        self.ordered.iter().find(|(_, mapped)| mapped == key).map(|(at, _)| *at)
    }

    /// Returns the headers of the file.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.columns.headers()[..self.width]
    }

    /// Finds the column of the file that a header or field name means; of several that make one field, the one with the value.
    #[must_use]
    pub fn file_column(&self, name: &str, value: &str, cells: &Cells) -> Option<usize> {
        let at = self.columns.find(name)?;
        if at < self.width { Some(at) } else { self.recipe.as_ref()?.source(at, value, cells) }
    }

    /// Puts the fields that are made of several columns behind a row's cells, and looks at what no field takes.
    pub fn extend(&self, cells: &mut Arc<Cells>) {
        self.nameless.look_at(cells);
        if let Some(recipe) = &self.recipe {
            recipe.extend(Arc::make_mut(cells));
        }
    }

    /// Takes them away again: the cells as the file has them.
    #[must_use]
    pub fn original(&self, mut cells: Arc<Cells>) -> Arc<Cells> {
        if let Some(recipe) = &self.recipe {
            recipe.restore(Arc::make_mut(&mut cells));
        }
        cells
    }

    /// Refuses a file with whole names only, where no plugin could take them apart.
    ///
    /// # Errors
    /// Rejected, with the ways out.
    pub fn check_names(&self, file: &Path, by_plugins: bool) -> Result<(), Failure> {
        match self.whole_name {
            Some(column) if !by_plugins => Err(refusal::whole_names(&self.headers()[column], file)),
            _ => Ok(()),
        }
    }

    /// What was noticed about values on the way, to be told when all rows are read.
    #[must_use]
    pub fn noticed(&self) -> Vec<String> {
        let mut told = self.recipe.as_ref().map(|recipe| recipe.noticed.tell()).unwrap_or_default();
        told.extend(self.nameless.tell());
        told
    }
}

/// Works out what another program's export says about the columns that nobody decided about yet.
fn builder<'h>(base: &Bundled, keys: &'h [String], headers: &[String], decided: &mut Decided) -> Builder<'h> {
    let free = (0..headers.len()).map(|at| decided.by[at] == By::Nobody && document::is_theirs(&headers[at])).collect();
    let builder = Builder::new(base, keys, headers, free);
    builder.direct.iter().for_each(|(column, key)| decided.by_bundled(*column, key));
    builder
}

/// Brings what is made together with what columns of their own say: lists take both, of anything else the column is whoever imports' word.
fn join(builder: &mut Builder<'_>, decided: &mut Decided) -> Vec<Option<FieldKey>> {
    let mut made: Vec<Option<FieldKey>> = builder.outputs().iter().cloned().map(Some).collect();
    for at in 0..decided.keys.len() {
        let Some(key) = decided.keys[at].clone() else { continue };
        let made = made.iter_mut().find(|made| made.as_ref() == Some(&key));
        if builder.join(at, &key) {
            decided.keys[at] = None;
        } else if made.is_some() && decided.by[at] == By::Header {
            (decided.keys[at], decided.by[at]) = (None, By::Nobody);
        } else if let Some(made) = made {
            *made = None;
        }
    }
    made
}

/// Says whether the headers are those of a file that Carnet exported.
#[must_use]
pub fn is_export(headers: &[String]) -> bool {
    headers.iter().any(|header| header == ID_HEADER || *header == Field::AsTyped.info().header)
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

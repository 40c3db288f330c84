//! Deciding column by column what is meant: by whoever imports, by a kept mapping, by another program's export, by headers, in this order.

use super::document::{Decision, Document};
use super::{ERROR_HEADER, ID_HEADER, refusal};
use crate::app::failure::{Class, Failure};
use crate::domain::custom::Schema;
use crate::domain::field::{Field, FieldKey, aliases, field_for_header, header_key};

/// Whose word counts more.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum By {
    /// Nobody decided.
    Nobody,
    /// What the header means.
    Header,
    /// What is known about another program's export.
    Bundled,
    /// A kept mapping.
    Kept,
    /// Whoever imports.
    User,
}

/// Decisions so far, column by column.
pub(super) struct Decided {
    pub(super) keys: Vec<Option<FieldKey>>,
    /// Who decided it, be it as ignored.
    pub(super) by: Vec<By>,
    /// Columns that a kept mapping knows as unknown.
    closed: Vec<bool>,
    /// The column that was mapped to the field of this one, which is therefore left out.
    pub(super) instead_of: Vec<Option<usize>>,
}

impl Decided {
    pub(super) fn by_user(headers: &[String], map: &[(String, String)], schema: &Schema) -> Result<Self, Failure> {
        let width = headers.len();
        let mut decided = Self {
            keys: vec![None; width],
            by: vec![By::Nobody; width],
            closed: vec![false; width],
            instead_of: vec![None; width],
        };
        for (header, field) in map {
            let column = find_column(headers, header)?;
            let key = if field == "-" { None } else { Some(read_field(field, schema)?) };
            if decided.by[column] == By::User && decided.keys[column] != key {
                return Err(refusal::mapped_twice(headers, column, decided.keys[column].as_ref(), key.as_ref()));
            }
            decided.keys[column] = key;
            decided.by[column] = By::User;
        }
        Ok(decided)
    }

    /// Takes over what was decided before. A column that it does not have is decided by its header.
    pub(super) fn by_document(
        &mut self,
        headers: &[String],
        document: &Document,
        schema: &Schema,
    ) -> Result<(), Failure> {
        for (at, decision) in document.decisions(headers).into_iter().enumerate() {
            if self.by[at] != By::Nobody {
                continue;
            }
            match decision {
                None => {}
                Some(Decision::Open) => self.closed[at] = document.base.is_none(),
                Some(Decision::Leave) => self.by[at] = By::Kept,
                Some(Decision::Field(key)) => {
                    check_enabled(&key, schema)?;
                    self.keys[at] = Some(key);
                    self.by[at] = By::Kept;
                }
            }
        }
        Ok(())
    }

    /// Says that a column is one field in another program's export.
    pub(super) fn by_bundled(&mut self, column: usize, key: &FieldKey) {
        self.keys[column] = Some(key.clone());
        self.by[column] = By::Bundled;
    }

    /// Decides by headers about what is left; `taken` are columns that another program's export is known to have.
    pub(super) fn by_header(&mut self, headers: &[String], taken: &[usize], schema: &Schema) {
        for (at, header) in
            headers.iter().enumerate().filter(|(_, header)| *header != ERROR_HEADER && *header != ID_HEADER)
        {
            if self.by[at] != By::Nobody || self.closed[at] || taken.contains(&at) {
                continue;
            }
            self.keys[at] = meaning(header, schema);
            if self.keys[at].is_some() {
                self.by[at] = By::Header;
            }
        }
    }

    /// The same header twice: only whoever imports knows which is which.
    pub(super) fn refuse_twins(&self, headers: &[String], schema: &Schema) -> Result<(), Failure> {
        for (at, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
            let twins: Vec<usize> = (at..headers.len()).filter(|later| headers[*later] == *header).collect();
            if twins.len() > 1 && twins.iter().any(|twin| self.by[*twin] < By::Kept) {
                // Where a recipe joins it to a list, the column has no field of its own.
                let key = self.keys[at].clone().or_else(|| meaning(header, schema));
                return Err(refusal::twice(header, &twins, key.as_ref()));
            }
        }
        Ok(())
    }

    /// A field may come from one column only. Whose word counts more wins; between equals, whoever imports decides.
    pub(super) fn refuse_repeats(&mut self, headers: &[String]) -> Result<(), Failure> {
        for at in 0..self.keys.len() {
            while let Some(key) = self.keys[at].clone() {
                let Some(twin) = (at + 1..self.keys.len()).find(|later| self.keys[*later].as_ref() == Some(&key))
                else {
                    break;
                };
                match self.by[at].cmp(&self.by[twin]) {
                    std::cmp::Ordering::Greater => self.leave_to_plugins(twin, at),
                    std::cmp::Ordering::Less => self.leave_to_plugins(at, twin),
                    std::cmp::Ordering::Equal => return Err(refusal::repeated(headers, at, twin, &key)),
                }
            }
        }
        Ok(())
    }

    /// What is a first name beside a last name is as likely a whole name without one: only whoever imports knows.
    pub(super) fn refuse_lone_names(&self, headers: &[String]) -> Result<(), Failure> {
        let is = |key: &Option<FieldKey>, field| key.as_ref().and_then(FieldKey::known) == Some(field);
        if self.keys.iter().any(|key| is(key, Field::LastName)) {
            return Ok(());
        }
        let lone = |at: &usize| {
            self.by[*at] == By::Header
                && is(&self.keys[*at], Field::FirstName)
                && aliases::may_be_whole_name(&headers[*at])
        };
        match (0..headers.len()).find(lone) {
            Some(at) => Err(refusal::perhaps_whole_names(&headers[at])),
            None => Ok(()),
        }
    }

    /// Says which columns are left out, and for which others.
    pub(super) fn left_out(&self, headers: &[String]) -> Vec<String> {
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
        self.by[column] = By::Nobody;
    }

    /// Returns what is decided, in the form that is kept. `keys` are the fields before some columns were joined to others. Under a base, only
    /// what was said beside it.
    pub(super) fn document(&self, headers: &[String], keys: &[Option<FieldKey>], base: Option<&str>) -> Document {
        let decision = |at: usize| match (&keys[at], self.by[at]) {
            (_, By::Nobody) => Decision::Open,
            (_, By::Header | By::Bundled) if base.is_some() => Decision::Open,
            (Some(key), _) => Decision::Field(key.clone()),
            (None, _) => Decision::Leave,
        };
        let columns = headers.iter().enumerate().filter(|(_, header)| super::document::is_theirs(header));
        let columns = columns.map(|(at, header)| (header.clone(), decision(at))).collect();
        Document { base: base.map(str::to_owned), columns }
    }
}

/// Finds a column as whoever imports names it: `#3`, the exact header, or one equal without case, spaces and punctuation.
fn find_column(headers: &[String], name: &str) -> Result<usize, Failure> {
    if let Some(number) = name.strip_prefix('#').and_then(|number| number.parse::<usize>().ok()) {
        return match number.checked_sub(1).filter(|at| *at < headers.len()) {
            Some(at) => Ok(at),
            None => Err(Failure::new(
                Class::Usage,
                "MAP",
                format!("`--map {name}=…`: the file has {} columns", headers.len()),
            )
            .hint(format!("columns with headers count from `#1` to `#{}`", headers.len()))),
        };
    }
    let equal: Vec<usize> = (0..headers.len()).filter(|at| headers[*at] == name).collect();
    let key = header_key(name);
    let alike =
        || (0..headers.len()).filter(|at| !key.is_empty() && header_key(&headers[*at]) == key).collect::<Vec<_>>();
    match if equal.is_empty() { alike() } else { equal }.as_slice() {
        [at] => Ok(*at),
        [] => Err(refusal::no_column(headers, name)),
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
pub(super) fn meaning(header: &str, schema: &Schema) -> Option<FieldKey> {
    match field_for_header(header) {
        // The key may be written in another case than the schema has it.
        Some(FieldKey::Custom(key)) if schema.find(&key).is_none() => {
            schema.for_header(header).or(Some(FieldKey::Custom(key)))
        }
        None => schema.for_header(header).or_else(|| by_key(header, schema)),
        found => found,
    }
}

/// A custom field by its key alone.
fn by_key(header: &str, schema: &Schema) -> Option<FieldKey> {
    let wanted = header_key(header);
    let field = schema.enabled().find(|field| !wanted.is_empty() && header_key(&field.key) == wanted)?;
    Some(FieldKey::Custom(field.key.as_str().into()))
}

fn read_field(field: &str, schema: &Schema) -> Result<FieldKey, Failure> {
    // What is switched off is told, rather than being unknown.
    let off = schema.fields.iter().filter(|it| !it.enabled);
    let meant = |it: &&crate::domain::custom::CustomField| {
        let wanted = header_key(field);
        field == it.name() || [header_key(&it.key), header_key(&it.label), header_key(&it.name())].contains(&wanted)
    };
    let read = FieldKey::parse(field).or_else(|invalid| meaning(field, schema).ok_or(invalid));
    match read {
        Ok(key) => check_enabled(&key, schema).map(|()| key),
        Err(invalid) => match off.clone().find(meant) {
            Some(it) => Err(refusal::disabled(&it.key)),
            None => Err(Failure::from(invalid)),
        },
    }
}

fn check_enabled(key: &FieldKey, schema: &Schema) -> Result<(), Failure> {
    match key {
        FieldKey::Custom(key) if schema.find(key).is_some_and(|field| !field.enabled) => Err(refusal::disabled(key)),
        _ => Ok(()),
    }
}

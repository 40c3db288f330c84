//! Saved mappings, and which mapping an import goes by: the one that is named, else a saved one that the headers fit, else that of the program
//! whose export the file seems to be. What a mapping does with columns is `import/mapping`'s.

use super::failure::{Class, Failure};
use super::import::ImportRequest;
use super::import::mapping::bundled::{self, BUNDLED, Bundled, Recognised};
use super::import::mapping::document::Document;
use super::import::mapping::{Chosen, Mapping, Origin, is_export};
use super::import::options::mapping_of;
use super::import::source::open_file;
use super::{App, now};
use crate::domain::custom::Entity;
use crate::domain::field::header_key;
use crate::domain::name::{Name, nearest};
use crate::domain::permission::{OPERATOR, Viewer};
use crate::intake;
use crate::store::{Job, SavedMapping};

/// The word that switches saved and bundled mappings off.
pub const NONE: &str = "none";

/// A mapping that was saved.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its name, who saved it, and when.
    pub saved: SavedMapping,
    /// What it decides.
    pub document: Document,
}

impl App {
    /// Saves what a file's columns mean under a name; says whether it took the place of another.
    ///
    /// # Errors
    /// As for an import of the file; conflict, when there is one of the name and it is not to be replaced; forbidden, when somebody else saved
    /// that one.
    pub fn save_mapping(&self, name: &str, request: &ImportRequest, replace: bool) -> Result<(Kept, bool), Failure> {
        let name = self.mapping_name(name)?;
        let reader = open_file(request)?;
        let schema = self.schema(Entity::Contact)?;
        let chosen = self.recognised(&headers_of(&reader))?;
        let mapping = Mapping::resolve(&reader, &request.map, chosen, self.settings(), &schema)?;
        refuse_nameless(&mapping)?;
        let saved = SavedMapping {
            name,
            doc_json: mapping.document.to_json().to_string(),
            person: request.by.name().to_owned(),
            at: now(),
        };
        let replaced = self.store()?.write(|writer| {
            if let Some(known) = writer.import_mapping(&saved.name)? {
                own(&known, &request.by, "replace")?;
                if !replace {
                    return Err(Failure::new(
                        Class::Conflict,
                        "MAPPING_EXISTS",
                        format!("there is a mapping `{}` already", known.name),
                    )
                    .hint("choose another name, or write over it with `--replace`"));
                }
            }
            Ok(writer.save_import_mapping(&saved)?)
        })?;
        Ok((Kept { saved, document: mapping.document }, replaced))
    }

    /// Returns all saved mappings, by name. They are everybody's to use: they say nothing about contacts.
    ///
    /// # Errors
    /// When the store cannot be read, or a newer Carnet wrote one.
    pub fn saved_mappings(&self) -> Result<Vec<Kept>, Failure> {
        self.store()?.read(|reader| reader.import_mappings())?.into_iter().map(read).collect()
    }

    /// Returns a saved mapping.
    ///
    /// # Errors
    /// Not found, with the nearest name.
    pub fn saved_mapping(&self, name: &str) -> Result<Kept, Failure> {
        let parsed = Name::parse(name)?;
        match self.store()?.read(|reader| reader.import_mapping(&parsed))? {
            Some(saved) => read(saved),
            None => Err(self.no_mapping(name)?),
        }
    }

    /// Deletes a saved mapping. Jobs that went by it keep what it said.
    ///
    /// # Errors
    /// Not found, with the nearest name; forbidden to all but who saved it and admins.
    pub fn delete_mapping(&self, name: &str, by: &Viewer) -> Result<(), Failure> {
        let parsed = Name::parse(name)?;
        if bundled::named(name).is_some() && self.store()?.read(|reader| reader.import_mapping(&parsed))?.is_none() {
            let message = format!("the mapping `{name}` comes with Carnet and cannot be deleted");
            return Err(Failure::new(Class::Rejected, "MAPPING_BUNDLED", message)
                .hint("`carnet import FILE --mapping none` imports without it"));
        }
        let deleted = self.store()?.write(|writer| match writer.import_mapping(&parsed)? {
            Some(known) => {
                own(&known, by, "delete")?;
                Ok::<_, Failure>(writer.delete_import_mapping(&known.name)?)
            }
            None => Ok(false),
        })?;
        if deleted { Ok(()) } else { Err(self.no_mapping(name)?) }
    }

    /// Checks who may delete a saved mapping, before anybody is asked whether they mean it.
    ///
    /// # Errors
    /// Not found; forbidden.
    pub fn may_delete_mapping(&self, name: &str, by: &Viewer) -> Result<Name, Failure> {
        let kept = self.saved_mapping(name)?;
        own(&kept.saved, by, "delete")?;
        Ok(kept.saved.name)
    }

    /// Chooses the mapping that an import goes by.
    ///
    /// # Errors
    /// Not found, for a name that is none; rejected, when several fit.
    pub(super) fn choose_mapping(
        &self,
        request: &ImportRequest,
        resumed: Option<&Job>,
        reader: &intake::Reader,
    ) -> Result<Chosen, Failure> {
        if let Some((document, saved)) = resumed.map(mapping_of).transpose()?.flatten() {
            return going_by(document, saved);
        }
        let headers = headers_of(reader);
        match request.mapping.as_deref() {
            Some(name) if header_key(name) == NONE => Ok(Chosen::default()),
            Some(name) => {
                let saved = Name::parse(name)?;
                let saved = self.store()?.read(|reader| reader.import_mapping(&saved))?;
                match (saved, bundled::named(name)) {
                    (Some(saved), _) => {
                        let kept = read(saved)?;
                        going_by(kept.document, Some(kept.saved.name.to_string()))
                    }
                    (None, Some(bundled)) => Ok(from_bundled(bundled)),
                    (None, None) => Err(self.no_mapping(name)?),
                }
            }
            None => {
                let fitting: Vec<Kept> =
                    self.saved_mappings()?.into_iter().filter(|kept| kept.document.fits(&headers)).collect();
                match &fitting[..] {
                    [] => self.recognised(&headers),
                    [kept] => going_by(kept.document.clone(), Some(kept.saved.name.to_string())),
                    several => {
                        let names: Vec<String> = several.iter().map(|kept| kept.saved.name.to_string()).collect();
                        Err(doubtful(reader.source(), "several saved mappings fit", &names))
                    }
                }
            }
        }
    }

    /// Looks whether the headers are those of another program's export.
    fn recognised(&self, headers: &[String]) -> Result<Chosen, Failure> {
        if is_export(headers) {
            return Ok(Chosen::default());
        }
        match bundled::recognise(headers) {
            Recognised::Unknown => Ok(Chosen::default()),
            Recognised::Certainly(bundled) => Ok(from_bundled(bundled)),
            Recognised::Perhaps(bundled) => {
                let Bundled { name, title, .. } = bundled;
                let note = format!(
                    "the file may be an export of {title}: `--mapping {name}` reads it as one, `--mapping none` says that it is none"
                );
                Ok(Chosen { note: Some(note), ..Chosen::default() })
            }
            Recognised::Several(several) => {
                let names: Vec<String> = several.iter().map(|it| it.name.clone()).collect();
                Err(doubtful("the file", "it could be an export of several programs", &names))
            }
        }
    }

    fn mapping_name(&self, name: &str) -> Result<Name, Failure> {
        let parsed = Name::parse(name)?;
        if header_key(name) == NONE || bundled::named(name).is_some() {
            let message = format!("`{name}` is the name of a mapping that comes with Carnet, or switches them off");
            return Err(Failure::new(Class::Usage, "MAPPING_NAME", message).hint("choose another name"));
        }
        Ok(parsed)
    }

    fn no_mapping(&self, name: &str) -> Result<Failure, Failure> {
        let saved = self.store()?.read(|reader| reader.import_mappings())?;
        let names = saved.iter().map(|saved| saved.name.as_str()).chain(BUNDLED.iter().map(|it| &*it.name));
        let hint = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`carnet import mapping list` lists the mappings".to_owned(),
        };
        Ok(Failure::new(Class::NotFound, "MAPPING_UNKNOWN", format!("there is no mapping `{name}`")).hint(hint))
    }
}

fn headers_of(reader: &intake::Reader) -> Vec<String> {
    reader.headers().iter().map(str::to_owned).collect()
}

fn from_bundled(bundled: &'static Bundled) -> Chosen {
    let from = Origin::Bundled(bundled.name.clone(), bundled.title.clone());
    Chosen { base: Some(bundled), from: Some(from), ..Chosen::default() }
}

/// Refuses a field for a column without a header: its number says which it is in this file, and nothing does in the next.
fn refuse_nameless(mapping: &Mapping) -> Result<(), Failure> {
    let nameless = |at: &usize| mapping.headers()[*at].is_empty() && mapping.columns.mapping()[*at].is_some();
    match (0..mapping.headers().len()).find(nameless) {
        Some(at) => Err(Failure::new(
            Class::Rejected,
            "MAPPING_NAMELESS",
            format!("column {} has no header by which a saved mapping could know it", at + 1),
        )
        .hint("write a header above it, or leave it out here and map it with each import")),
        None => Ok(()),
    }
}

/// A mapping that was kept, with the bundled one that it stands on.
fn going_by(document: Document, saved: Option<String>) -> Result<Chosen, Failure> {
    let base = match &document.base {
        None => None,
        Some(name) => Some(bundled::named(name).ok_or_else(|| {
            Failure::new(
                Class::Rejected,
                "MAPPING_UNKNOWN",
                format!("the mapping stands on `{name}`, which is not there"),
            )
            .hint("a newer Carnet saved it; save it again with this one")
        })?),
    };
    let from = match (saved, base) {
        (Some(name), _) => Some(Origin::Saved(name)),
        (None, Some(base)) => Some(Origin::Bundled(base.name.clone(), base.title.clone())),
        (None, None) => None,
    };
    Ok(Chosen { document: Some(document), base, from, note: None })
}

fn doubtful(file: &str, why: &str, names: &[String]) -> Failure {
    let message = format!("the mapping of {file} is in doubt: {why}: {}", names.join(", "));
    let ways: Vec<String> = names.iter().map(|name| format!("`--mapping '{name}'`")).collect();
    Failure::new(Class::Rejected, "MAPPING_DOUBTFUL", message)
        .hint(format!("choose with {}, or go by the headers alone with `--mapping none`", ways.join(" or ")))
}

fn read(saved: SavedMapping) -> Result<Kept, Failure> {
    let value = serde_json::from_str(&saved.doc_json).map_err(|error| error.to_string());
    match value.and_then(|value| Document::from_json(&value)) {
        Ok(document) => Ok(Kept { saved, document }),
        Err(reason) => Err(Failure::new(
            Class::Internal,
            "MAPPING_UNREADABLE",
            format!("the mapping `{}` cannot be read: {reason}", saved.name),
        )
        .hint("delete it and save it again; a newer Carnet may have written it")),
    }
}

/// Checks that a saved mapping is the viewer's to change: the author's, or an admin's.
fn own(saved: &SavedMapping, by: &Viewer, deed: &str) -> Result<(), Failure> {
    let wrote = |member: &crate::domain::permission::Member| {
        Name::parse(&saved.person).is_ok_and(|person| person == member.name)
    };
    if by.is_admin() || by.member().is_some_and(wrote) {
        return Ok(());
    }
    let SavedMapping { name, person, .. } = saved;
    let author = if person == OPERATOR { "whoever operates Carnet" } else { person };
    let message = format!("{} may not {deed} the mapping `{name}`: {author} saved it", by.name());
    Err(Failure::new(Class::Rejected, "FORBIDDEN", message)
        .hint(format!("ask {author} or an admin, or use another name")))
}

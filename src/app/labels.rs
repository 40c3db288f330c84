//! Labels as things of their own: made, recoloured, renamed, deleted. Any staff member may make one; what changes contacts is done by whoever
//! may change them all. No plugin is asked: the label changes, not what is known about anybody.

use super::failure::{Class, Failure};
use super::{App, now};
use crate::domain::contact::Stamp;
use crate::domain::label::{LabelName, parse_colour};
use crate::domain::permission::{Scope, Viewer};
use crate::domain::text::check_visible;
use crate::store::{LabelInfo, Query};

impl App {
    /// Returns all labels with their use, as far as the viewer sees it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn labels(&self, by: &Viewer) -> Result<Vec<LabelInfo>, Failure> {
        let labels = self.store()?.read(|reader| reader.labels())?;
        labels.into_iter().map(|label| self.as_seen(label, by)).collect()
    }

    /// Returns a label with its use, as far as the viewer sees it.
    ///
    /// # Errors
    /// Not found.
    pub fn label(&self, name: &str, by: &Viewer) -> Result<LabelInfo, Failure> {
        let name = LabelName::parse(name)?;
        self.as_seen(self.store()?.read(|reader| reader.label(&name))?, by)
    }

    fn as_seen(&self, label: LabelInfo, by: &Viewer) -> Result<LabelInfo, Failure> {
        let query = self.query(by);
        if query.scope == Scope::All {
            return Ok(label);
        }
        let contacts = self.count_of(&Query { labels: vec![label.name.clone()], ..query })?;
        Ok(LabelInfo { contacts, ..label })
    }

    /// Makes a label; without a colour it gets one by its name.
    ///
    /// # Errors
    /// Usage, when name or colour is not sound; conflict, when there is one with the name, whatever its case.
    pub fn create_label(&self, name: &str, colour: Option<&str>) -> Result<LabelInfo, Failure> {
        check_visible(name)?;
        let name = LabelName::parse(name)?;
        let colour = colour.map(parse_colour).transpose()?;
        self.store()?.write(|writer| {
            writer.create_label(&name, colour.as_deref())?;
            Ok::<_, Failure>(writer.label(&name)?)
        })
    }

    /// Gives a label another colour, or another name in every contact that has it; says how many contacts were rewritten.
    ///
    /// # Errors
    /// Not found; usage; conflict, when another label has the name; forbidden.
    pub fn edit_label(
        &self,
        name: &str,
        colour: Option<&str>,
        rename: Option<&str>,
        by: &Viewer,
    ) -> Result<(LabelInfo, u64), Failure> {
        let name = LabelName::parse(name)?;
        let colour = colour.map(parse_colour).transpose()?;
        let rename = rename.map(LabelName::parse).transpose()?;
        let (label, rewritten) = self.store()?.write(|writer| {
            let mut rewritten = 0;
            if let Some(colour) = &colour {
                writer.set_label_colour(&name, colour)?;
            }
            let name = match rename {
                Some(fresh) => {
                    self.may_rewrite(&writer.label(&name)?, by, "rename")?;
                    rewritten = writer.rename_label(&name, &fresh, &stamp(by))?;
                    fresh
                }
                None => name,
            };
            Ok::<_, Failure>((writer.label(&name)?, rewritten))
        })?;
        Ok((self.as_seen(label, by)?, rewritten))
    }

    /// Deletes a label, from every contact that has it; says how many these were.
    ///
    /// # Errors
    /// Not found; forbidden.
    pub fn delete_label(&self, name: &str, by: &Viewer) -> Result<LabelInfo, Failure> {
        let name = LabelName::parse(name)?;
        self.store()?.write(|writer| {
            let label = writer.label(&name)?;
            self.may_rewrite(&label, by, "delete")?;
            let contacts = writer.delete_label(&name, &stamp(by))?;
            Ok(LabelInfo { contacts, ..label })
        })
    }

    /// A label that contacts have is everybody's: only who sees all contacts may change it in all of them.
    fn may_rewrite(&self, label: &LabelInfo, by: &Viewer, deed: &str) -> Result<(), Failure> {
        if label.contacts == 0 || by.scope(self.settings().access) == Scope::All {
            return Ok(());
        }
        // How many is not for them to know.
        let message = format!("{} may not {deed} the label `{}`: contacts have it", by.name(), label.name);
        Err(Failure::new(Class::Rejected, "FORBIDDEN", message).hint("ask an admin"))
    }
}

fn stamp(by: &Viewer) -> Stamp {
    Stamp { at: now(), by: by.name().into() }
}

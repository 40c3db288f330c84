//! A no that is said again. Nothing changes by it, but from then on it is the word of whoever said it, too: it stays when the import, the bulk
//! write or the merge by which it came is taken back.

use super::Wish;
use crate::app::App;
use crate::app::failure::Failure;
use crate::domain::access::read_yes_no;
use crate::domain::contact::Contact;
use crate::domain::field::Field;
use crate::domain::permission::Viewer;
use crate::store::{Action, Actor, ChangedField};

impl App {
    /// What the change log says of consent that somebody asks for and that is so already, by the word of others.
    pub(super) fn confirmed(
        &self,
        contact: &Contact,
        wishes: &[Wish],
        by: &Viewer,
    ) -> Result<Vec<ChangedField>, Failure> {
        let mut asked = Vec::new();
        if contact.survey_opt_out && wishes.iter().any(opts_out) {
            asked.push((Field::SurveyOptOut, "yes".to_owned()));
        }
        let silent = contact.phones.iter().filter(|phone| !phone.sms);
        let silent: Vec<String> = silent.map(|phone| format!("{} no", phone.raw)).collect();
        if !silent.is_empty() && wishes.iter().any(silences) {
            asked.push((Field::Sms, silent.join("; ")));
        }
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let changes = self.store()?.read(|reader| reader.changes(contact.id, None))?;
        let own = Actor::Person(by.name().to_owned());
        let by_others = |field: Field| {
            let set = changes.iter().find_map(|change| {
                let field = change.fields.iter().rev().find(|it| it.field == field.info().name)?;
                // What a merge brought, or taking something back, is nobody's own word.
                let said = matches!(change.action, Action::Created | Action::Updated);
                Some(!said || change.actor != own || field.plugin.is_some())
            });
            // An import writes down what plugins did to a new contact, and not what came with it.
            set.unwrap_or(field == Field::SurveyOptOut)
        };
        let told = |(field, text): (Field, String)| ChangedField {
            field: field.info().name.to_owned(),
            old: Some(text.clone()),
            new: Some(text),
            plugin: None,
        };
        Ok(asked.into_iter().filter(|(field, _)| by_others(*field)).map(told).collect())
    }
}

fn opts_out(wish: &Wish) -> bool {
    matches!(wish, Wish::Set(key, value) if key.known() == Some(Field::SurveyOptOut) && read_yes_no(value) == Ok(true))
}

fn silences(wish: &Wish) -> bool {
    match wish {
        Wish::Set(key, value) if key.known() == Some(Field::Sms) => read_yes_no(value) == Ok(false),
        Wish::Set(key, value) | Wish::Add(key, value) => key.known() == Some(Field::NoSms) && !value.trim().is_empty(),
        Wish::Remove(..) => false,
    }
}

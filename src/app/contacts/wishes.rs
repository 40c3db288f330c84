//! What a person asks for, field by field, and how it gets into a draft.

use crate::app::failure::{Class, Failure};
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::{Field, FieldKey};
use crate::domain::rules::Rules;
use crate::domain::text;

/// One change that a person asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Set a field; an empty text clears it.
    Set(FieldKey, String),
    /// Add a value to a list.
    Add(FieldKey, String),
    /// Remove a value from a list.
    Remove(FieldKey, String),
}

impl Wish {
    /// The field that it is about.
    #[must_use]
    pub const fn key(&self) -> &FieldKey {
        match self {
            Self::Set(key, _) | Self::Add(key, _) | Self::Remove(key, _) => key,
        }
    }

    /// The value as the person wrote it.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Set(_, value) | Self::Add(_, value) | Self::Remove(_, value) => value,
        }
    }

    /// What is to be done with the value: `set`, `add` or `remove`.
    #[must_use]
    pub const fn how(&self) -> &'static str {
        match self {
            Self::Set(..) => "set",
            Self::Add(..) => "add",
            Self::Remove(..) => "remove",
        }
    }

    /// Reads `field=value`, `field+=value` or `field-=value`.
    ///
    /// # Errors
    /// Usage, when it is none of these or the field is unknown.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let usage = || {
            Failure::new(Class::Usage, "ASSIGNMENT", format!("`{text}` is no assignment"))
                .hint("write `field=value`, `field+=value` or `field-=value`")
        };
        let (name, value) = text.split_once('=').ok_or_else(usage)?;
        let value = value.to_owned();
        if let Some(name) = name.strip_suffix('+') {
            return Ok(Self::Add(FieldKey::parse(name)?, value));
        }
        if let Some(name) = name.strip_suffix('-') {
            return Ok(Self::Remove(FieldKey::parse(name)?, value));
        }
        Ok(Self::Set(FieldKey::parse(name)?, value))
    }
}

/// A custom field that is neither in the schema nor in the contact, but written nearly like one that is: typed by hand, it is a slip.
fn slip(draft: &Draft, wish: &Wish, rules: &Rules) -> Option<Pending> {
    let FieldKey::Custom(key) = wish.key() else { return None };
    let writes = !matches!(wish, Wish::Remove(..)) && !text::is_blank(wish.value());
    if !writes || draft.contact.custom.contains_key(&**key) {
        return None;
    }
    let near = rules.schema.nearly(key)?;
    let hint = format!("did you mean `{near}`? if not, `carnet field add {key}` makes the field");
    let invalid = rules.schema.unknown(key).hint(hint);
    Some(Pending { key: wish.key().clone(), value: wish.value().to_owned(), invalid })
}

/// Applies wishes; what a rule refuses stays pending, so that all problems are told together and a plugin may repair them.
pub(super) fn grant_all(draft: &mut Draft, wishes: &[Wish], rules: &Rules) {
    let last = |wish: &&Wish| wish.key().known().is_some_and(Field::comes_last);
    let ordered = wishes.iter().filter(|wish| !last(wish)).chain(wishes.iter().filter(last));
    for wish in ordered {
        if let Some(pending) = slip(draft, wish, rules) {
            draft.pending.push(pending);
            continue;
        }
        let (key, value, done) = match wish {
            Wish::Set(key, value) => {
                draft.offer(key, value, rules);
                continue;
            }
            Wish::Add(key, value) => (key, value, draft.add(key, value, rules)),
            Wish::Remove(key, value) => (key, value, draft.contact.remove(key, value, rules).map(drop)),
        };
        if let Err(invalid) = done {
            draft.pending.push(Pending { key: key.clone(), value: value.clone(), invalid });
        }
    }
}

//! What a person asks for, field by field, and how it gets into a draft.

use std::collections::BTreeSet;

use crate::app::failure::{Class, Failure};
use crate::domain::access::read_yes_no;
use crate::domain::custom::CustomKind;
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::{Field, FieldKey, FieldShape};
use crate::domain::invalid::Invalid;
use crate::domain::problem::Problem;
use crate::domain::rules::Rules;
use crate::domain::text::{self, is_blank};

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
            if is_blank(&value) {
                return Err(Failure::new(Class::Usage, "ASSIGNMENT", format!("`{text}` adds nothing"))
                    .hint(format!("write a value; `{name}=` clears the field")));
            }
            return Ok(Self::Add(FieldKey::parse(name)?, value));
        }
        if let Some(name) = name.strip_suffix('-') {
            return Ok(Self::Remove(FieldKey::parse(name)?, value));
        }
        Ok(Self::Set(FieldKey::parse(name)?, value))
    }

    /// Reads several assignments. One that would undo another of them is refused.
    ///
    /// # Errors
    /// Usage, as for [`Wish::parse`], or when a field is set after it was set or added to.
    pub fn parse_all(texts: &[String]) -> Result<Vec<Self>, Failure> {
        let mut wishes: Vec<Self> = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let wish = Self::parse(text)?;
            if let Self::Set(key, _) = &wish
                && let Some(earlier) = wishes.iter().position(|earlier| earlier.key() == key)
            {
                let message = format!("`{}` would replace `{}`", texts[at], texts[earlier]);
                let hint = if is_list(key) {
                    format!("a further value is added by `{key}+=…`")
                } else {
                    format!("`{key}` holds one value: write it once")
                };
                return Err(Failure::new(Class::Usage, "ASSIGNED_TWICE", message).hint(hint));
            }
            wishes.push(wish);
        }
        Ok(wishes)
    }
}

/// Whether a field may hold several values. Of custom fields only the schema knows, and it refuses for itself.
fn is_list(key: &FieldKey) -> bool {
    key.known().is_none_or(|field| !matches!(field.shape(), FieldShape::Text | FieldShape::Typed))
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
            Wish::Set(key, value) => match one_by_one(draft, key, value, rules) {
                Some(invalid) => (key, value, Err(invalid)),
                None => {
                    draft.offer(key, value, rules);
                    continue;
                }
            },
            Wish::Add(key, value) => (key, value, add(draft, key, value, rules)),
            Wish::Remove(key, value) => (key, value, remove(draft, key, value, rules)),
        };
        if let Err(invalid) = done {
            draft.pending.push(Pending { key: key.clone(), value: value.clone(), invalid });
        }
    }
}

/// Adding to what holds one value would replace it, which is another wish.
fn add(draft: &mut Draft, key: &FieldKey, value: &str, rules: &Rules) -> Result<(), Invalid> {
    let list = match key {
        FieldKey::Known(_) => is_list(key),
        FieldKey::Custom(name) => rules.schema.find(name).is_some_and(|field| field.kind == CustomKind::Tags),
    };
    match draft.contact.get(key).filter(|_| !list) {
        Some(held) => Err(Invalid::new("ONE_VALUE", format!("`{key}` holds one value, and has `{held}`"))
            .hint(format!("use `{key}=…` to replace it"))),
        None => draft.add(key, value, rules),
    }
}

/// What is not there need not be removed, but somebody may have meant another value.
fn remove(draft: &mut Draft, key: &FieldKey, value: &str, rules: &Rules) -> Result<(), Invalid> {
    if !draft.remove(key, value, rules)? {
        let message = format!("`{value}` is not there, so it was not removed");
        draft.warnings.push(Problem::of_value(key, value, Invalid::new("NOT_THERE", message)));
    }
    Ok(())
}

/// Where text messages are off until somebody switches them on, they are switched on for one number at a time.
fn one_by_one(draft: &Draft, key: &FieldKey, value: &str, rules: &Rules) -> Option<Invalid> {
    let on = key.known() == Some(Field::Sms) && !rules.sms_default && read_yes_no(value).unwrap_or(false);
    let numbers: BTreeSet<&str> =
        draft.contact.phones.iter().map(|phone| phone.e164.as_deref().unwrap_or(&phone.raw)).collect();
    (on && numbers.len() > 1).then(|| {
        let message = format!("text messages are switched on one number at a time, and there are {}", numbers.len());
        Invalid::new("SMS_ONE_BY_ONE", message).hint("use `no_sms-=NUMBER` for the number that agreed")
    })
}

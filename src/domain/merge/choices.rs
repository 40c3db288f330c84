//! What a person chooses in a merge, field by field, on top of what `merge` proposes: keep the master's, take the other's, or keep
//! both. No choice loosens consent, and none loses a verified value where these are locked.

use super::super::contact::Contact;
use super::super::field::{FIELDS, Field, FieldKey, FieldShape};
use super::super::invalid::Invalid;
use super::{merge, take_field};

/// What becomes of one field in a merge.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Choice {
    /// The master's value stays.
    Master,
    /// The other's value replaces it.
    Other,
    /// Both stay: the other's values are added to the list. Names go to the other names.
    Both,
}

impl Choice {
    /// Returns the word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Other => "other",
            Self::Both => "both",
        }
    }
}

/// Choices that a person made; what is not named is as `merge` proposes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Choices(Vec<(FieldKey, Choice)>);

impl Choices {
    /// Reads the name of a field, or of a group of fields (`phones`, `emails`, `socials`, `address`), and notes the choice for it.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`; `MERGE_NOT_A_LIST` when both values of a single one are asked for; `MERGE_FIELD` when nobody can choose;
    /// `MERGE_CHOICE_TWICE`.
    pub fn add(&mut self, name: &str, choice: Choice) -> Result<(), Invalid> {
        let keys = group(name).map_or_else(|| FieldKey::parse(name).map(|key| vec![key]), Ok)?;
        keys.into_iter().try_for_each(|key| self.set(key, choice))
    }

    /// Notes the choice for one field.
    ///
    /// # Errors
    /// As for [`Choices::add`].
    pub fn set(&mut self, key: FieldKey, choice: Choice) -> Result<(), Invalid> {
        may_choose(&key, choice)?;
        match self.of(&key) {
            Some(known) if known == choice => {}
            Some(known) => {
                let message = format!("`{key}` is chosen twice: {} and {}", known.as_str(), choice.as_str());
                return Err(Invalid::new("MERGE_CHOICE_TWICE", message).hint("name each field once"));
            }
            None => self.0.push((key, choice)),
        }
        Ok(())
    }

    /// Returns what was chosen for a field.
    #[must_use]
    pub fn of(&self, key: &FieldKey) -> Option<Choice> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, choice)| *choice)
    }

    /// Says whether nothing was chosen.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says whether somebody wished to choose about consent, which is not chosen.
    #[must_use]
    pub fn name_consent(&self) -> bool {
        self.0.iter().any(|(key, _)| key.known().is_some_and(is_consent))
    }

    fn of_known(&self, field: Field) -> Option<Choice> {
        self.of(&field.into())
    }
}

/// Names that mean several fields.
fn group(name: &str) -> Option<Vec<FieldKey>> {
    let all = |mine: fn(FieldShape) -> bool| {
        FIELDS.iter().filter(|info| mine(info.field.shape())).map(|info| info.field.into()).collect()
    };
    match name {
        "phones" => Some(all(|shape| matches!(shape, FieldShape::Phone(_)))),
        "emails" => Some(all(|shape| matches!(shape, FieldShape::Email(_)))),
        "socials" => Some(all(|shape| matches!(shape, FieldShape::Social(_)))),
        "address" => {
            Some([Field::Street, Field::City, Field::State, Field::Zip, Field::Country].map(FieldKey::Known).into())
        }
        "external_ids" => Some(vec![Field::ExternalId.into()]),
        _ => None,
    }
}

/// Says whether a field can keep the values of both.
#[must_use]
pub fn keeps_both(key: &FieldKey) -> bool {
    key.known().is_some_and(|field| match field.shape() {
        FieldShape::Phone(_) | FieldShape::Email(_) | FieldShape::Social(_) | FieldShape::List => true,
        _ => matches!(field, Field::FirstName | Field::LastName),
    })
}

/// Consent is decided by itself: the stricter wins.
fn is_consent(field: Field) -> bool {
    matches!(field, Field::SurveyOptOut | Field::Sms | Field::NoSms)
}

fn may_choose(key: &FieldKey, choice: Choice) -> Result<(), Invalid> {
    let field = key.known();
    if field == Some(Field::Division) {
        return Err(Invalid::new("MERGE_FIELD", "a contact never changes its division, so there is nothing to choose")
            .hint("leave `division` out"));
    }
    if matches!(field, Some(Field::Verified | Field::AsTyped)) {
        return Err(Invalid::new("MERGE_FIELD", format!("`{key}` goes with the values that it is about"))
            .hint("choose for the phones, e-mail addresses or handles instead"));
    }
    if choice == Choice::Both && !keeps_both(key) && !field.is_some_and(is_consent) {
        return Err(Invalid::new("MERGE_NOT_A_LIST", format!("`{key}` holds one value, so both cannot be kept"))
            .hint(format!("keep the master's (`--keep {key}`) or take the other's (`--take {key}`)")));
    }
    Ok(())
}

/// Merges by choices: where none is made, as [`merge`] proposes.
///
/// # Errors
/// `VERIFIED_LOCKED`, when a choice would lose a verified value and `lock_verified` says no.
pub fn combine(master: &Contact, other: &Contact, choices: &Choices, lock_verified: bool) -> Result<Contact, Invalid> {
    let mut result = merge(master, other);
    for (key, choice) in &choices.0 {
        match choice {
            Choice::Master => take_field(&mut result, master, key),
            Choice::Other => take_field(&mut result, other, key),
            Choice::Both => {}
        }
    }
    choose_names(&mut result, master, other, choices);
    choose_staff(&mut result, master, choices);
    tighten(&mut result, master, other);
    if lock_verified && !choices.is_empty() {
        nothing_verified_is_lost(&result, master, other)?;
    }
    Ok(result)
}

/// The stricter consent of both holds, whatever was chosen or asked for, and what was proved stays proved.
pub fn tighten(result: &mut Contact, master: &Contact, other: &Contact) {
    result.survey_opt_out |= master.survey_opt_out || other.survey_opt_out;
    let sides = [master, other];
    for phone in &mut result.phones {
        let twins = || sides.iter().flat_map(|side| &side.phones).filter(|known| known.is_number_of(phone));
        let (quiet, verified) = (twins().any(|known| !known.sms), twins().any(|known| known.verified));
        phone.sms &= !quiet;
        phone.verified |= verified;
    }
    result.stay_silent(&sides);
    for mail in &mut result.emails {
        let mut twins = sides.iter().flat_map(|side| &side.emails);
        mail.verified |= twins.any(|known| known.verified && known.address.eq_ignore_ascii_case(&mail.address));
    }
    for social in &mut result.socials {
        let mut twins = sides.iter().flat_map(|side| &side.socials);
        let same = |known: &super::Social| known.channel == social.channel && known.handle == social.handle;
        social.verified |= twins.any(|known| known.verified && same(known));
    }
}

/// A name that is not taken is kept as another name, unless the master's alone was asked for.
fn choose_names(result: &mut Contact, master: &Contact, other: &Contact, choices: &Choices) {
    let last = |contact: &Contact| contact.last_name.clone().filter(|_| !contact.last_name_is_placeholder);
    let kinds = [
        (Field::FirstName, Field::OtherFirstNames, [master.first_name.clone(), other.first_name.clone()]),
        (Field::LastName, Field::OtherLastNames, [last(master), last(other)]),
    ];
    for (main, list, [masters, others]) in kinds {
        let (main_choice, list_choice) = (choices.of_known(main), choices.of_known(list));
        if main_choice.is_none() && list_choice.is_none() {
            continue;
        }
        let names = |contact: &Contact| -> Vec<String> {
            let names = contact.values(&list.into());
            names.into_iter().map(std::borrow::Cow::into_owned).collect()
        };
        let of = |side: &Contact, not: Choice| if list_choice == Some(not) { Vec::new() } else { names(side) };
        let others = others.filter(|_| main_choice != Some(Choice::Master));
        let all = of(master, Choice::Other).into_iter().chain(masters).chain(others).chain(of(other, Choice::Master));
        let chosen = result.get(&main.into()).map(std::borrow::Cow::into_owned);
        let mut kept: Vec<String> = Vec::new();
        for name in all {
            if chosen.as_ref() != Some(&name) && !kept.contains(&name) {
                kept.push(name);
            }
        }
        match list {
            Field::OtherFirstNames => result.other_first_names = kept,
            _ => result.other_last_names = kept,
        }
    }
}

/// Whoever owned either of them still finds the person.
fn choose_staff(result: &mut Contact, master: &Contact, choices: &Choices) {
    if choices.of_known(Field::Owner).is_none() || choices.of_known(Field::SharedWith).is_some() {
        return;
    }
    let owner = result.owner.clone();
    result.shared_with.extend(master.owner.clone());
    result.shared_with.retain(|name| owner.as_ref() != Some(name));
    result.shared_with.sort();
    result.shared_with.dedup();
}

fn nothing_verified_is_lost(result: &Contact, master: &Contact, other: &Contact) -> Result<(), Invalid> {
    for side in [master, other] {
        let phone = side.phones.iter().filter(|phone| phone.verified);
        let phone = phone.filter(|phone| !result.phones.iter().any(|kept| kept.is_number_of(phone)));
        let mail = side.emails.iter().filter(|mail| mail.verified);
        let mail = mail.filter(|mail| !result.emails.iter().any(|it| it.address.eq_ignore_ascii_case(&mail.address)));
        let social = side.socials.iter().filter(|social| social.verified && !result.socials.contains(social));
        let lost = phone.map(|phone| &phone.raw).chain(mail.map(|mail| &mail.address));
        if let Some(value) = lost.chain(social.map(|social| &social.handle)).next() {
            let message = format!("`{value}` is verified and would be lost by this merge");
            return Err(Invalid::new("VERIFIED_LOCKED", message)
                .hint("keep both values of the field, or set `lock_verified = false` to allow it"));
        }
    }
    Ok(())
}

/// One field of two contacts side by side, with what it becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The field.
    pub key: FieldKey,
    /// The master's value, lists joined.
    pub master: Option<String>,
    /// The other's.
    pub other: Option<String>,
    /// What it becomes.
    pub result: Option<String>,
    /// Whose that is.
    pub choice: Choice,
}

impl Row {
    /// Says whether somebody may be asked about it: the two differ, and a choice changes something.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let decided = |field| is_consent(field) || matches!(field, Field::Division | Field::Verified | Field::AsTyped);
        self.master != self.other && !self.key.known().is_some_and(decided)
    }
}

/// Puts two contacts side by side, field by field, fields without any value left out.
#[must_use]
pub fn side_by_side(master: &Contact, other: &Contact, result: &Contact, choices: &Choices) -> Vec<Row> {
    let told = |field: &Field| !matches!(field, Field::Sms | Field::AsTyped);
    let known = FIELDS.iter().map(|info| info.field).filter(told).map(FieldKey::Known);
    let mut custom: Vec<&String> = [master, other, result].into_iter().flat_map(|side| side.custom.keys()).collect();
    custom.sort();
    custom.dedup();
    let custom = custom.into_iter().map(|key| FieldKey::Custom(key.as_str().into()));
    let row = |key: FieldKey| {
        let [master, other, result] = [master, other, result].map(|side| side.joined(&key));
        if master.is_none() && other.is_none() && result.is_none() {
            return None;
        }
        let made = || match () {
            () if result == master => Choice::Master,
            () if result == other => Choice::Other,
            () => Choice::Both,
        };
        // A first or last name of the master's is proposed while the other's is kept beside it.
        let beside = matches!(key.known(), Some(Field::FirstName | Field::LastName))
            && [&master, &other].into_iter().all(Option::is_some)
            && master != other
            && result == master;
        let chosen = choices.of(&key).filter(|_| !key.known().is_some_and(is_consent));
        let choice = chosen.unwrap_or_else(|| if beside { Choice::Both } else { made() });
        Some(Row { key, master, other, result, choice })
    };
    known.chain(custom).filter_map(row).collect()
}

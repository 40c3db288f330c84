//! Finding the stored contact that a row is about. Runs in the writer, in file order, on what the rows before have written. What becomes of
//! the two is `overlay`'s.

use std::sync::Arc;

use super::stage::View;
use crate::config::MatchBy;
use crate::domain::contact::{Contact, EmailKind, ExternalId, PhoneKind, Stamp};
use crate::domain::field::{FIELDS, Field, FieldKey, FieldShape};
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::permission::{Access, Right, Viewer};
use crate::domain::problem::Problem;
use crate::domain::text::{self, fold};
use crate::store::{Identifier, StoreError};

/// What matching found.
pub(super) enum Found {
    /// Nobody.
    None,
    /// One contact.
    One(Fit),
    /// Several, which is for a person to sort out: some of them, and how many there are at least.
    Several(Vec<Fit>, usize),
}

/// A contact that fits a row.
pub(super) struct Fit {
    pub(super) no: i64,
    pub(super) contact: Arc<Contact>,
    /// By which of the row's fields and values.
    pub(super) by: Vec<(FieldKey, String)>,
}

/// What matching found, and the numbers of all contacts that it looked at on the way.
pub(super) struct Finding {
    pub(super) found: Found,
    pub(super) looked_at: Vec<i64>,
    /// Whether it was found that those who share something with the row are others.
    pub(super) somebody_else: bool,
}

/// Contacts that one kind of identifier may find. Beyond it, what the kinds have in common is looked for from the other side.
const FITTING: usize = 200;

/// Contacts that a refusal names.
const NAMED: usize = 5;

/// How rows are matched.
pub(super) struct Matcher<'m> {
    pub(super) by: &'m [MatchBy],
    pub(super) viewer: &'m Viewer,
    pub(super) access: Access,
}

impl Matcher<'_> {
    /// Finds the contact that a row is about: by the id that an export gave it, else by its identifiers.
    pub(super) fn find(&self, view: &View<'_>, id: Option<&str>, row: &Contact) -> Result<Finding, StoreError> {
        match self.by_id(view, id)? {
            Some(fit) => Ok(Finding { looked_at: vec![fit.no], found: Found::One(fit), somebody_else: false }),
            None => self.by_identifiers(view, row),
        }
    }

    /// Finds the contact that an export wrote the row about; one that was merged away leads to its master. An id that is unknown says
    /// nothing, nor does one of a contact that was deleted, or that whoever imports may not see. One that is no id at all has failed its row.
    fn by_id(&self, view: &View<'_>, id: Option<&str>) -> Result<Option<Fit>, StoreError> {
        let Some(id) = id.and_then(|id| read_id(id).ok().flatten()) else { return Ok(None) };
        let Some(no) = view.number_of(id)? else { return Ok(None) };
        let seen = view.contact(no)?.filter(|contact| self.viewer.may(Right::Edit, contact, self.access));
        Ok(seen.map(|contact| Fit { no, contact: Arc::new(contact), by: Vec::new() }))
    }

    /// Searches by the kinds of identifiers in their order. A later kind may narrow what an earlier one found, for people share numbers;
    /// kinds that contradict each other leave the row ambiguous. An id in another system decides alone where it comes first.
    fn by_identifiers(&self, view: &View<'_>, row: &Contact) -> Result<Finding, StoreError> {
        let (mut fitting, mut looked_at, mut asked): (Vec<i64>, Vec<i64>, Vec<Identifier>) = Default::default();
        let mut agreed = true;
        for by in self.by {
            let identifiers = identifiers(row, *by);
            if identifiers.is_empty() {
                continue;
            }
            if fitting.is_empty() {
                fitting = view.matches(&identifiers, FITTING)?;
                looked_at.extend(&fitting);
                if *by == MatchBy::ExternalId && fitting.len() == 1 {
                    break;
                }
            } else if !narrow(view, &mut fitting, &identifiers, &asked, &mut looked_at)? {
                agreed = false;
                break;
            }
            asked.extend(identifiers);
        }
        let shared = fitting.len();
        let mut fits = Vec::new();
        for no in &fitting {
            // Of kinds that contradict each other, none is put aside: that is for a person to do.
            fits.extend(
                self.fit(view, *no, row)?.filter(|fit| !agreed || !is_somebody_else(row, &fit.contact, self.by)),
            );
        }
        // What very many share tells nobody of whom more is known.
        if agreed
            && shared >= FITTING
            && self.by.iter().any(|by| *by != MatchBy::Phone && !identifiers(row, *by).is_empty())
        {
            fits.clear();
        }
        let somebody_else = fits.is_empty() && shared > 0;
        let count = if shared < FITTING { fits.len() } else { shared };
        let found = match fits.len() {
            0 => Found::None,
            1 => fits.pop().map_or(Found::None, Found::One),
            _ => {
                fits.truncate(NAMED);
                Found::Several(fits, count)
            }
        };
        Ok(Finding { found, looked_at, somebody_else })
    }

    fn fit(&self, view: &View<'_>, no: i64, row: &Contact) -> Result<Option<Fit>, StoreError> {
        let contact = view.contact(no)?.filter(|contact| self.viewer.may(Right::Edit, contact, self.access));
        Ok(contact.map(|contact| {
            let by = common_fields(row, &contact, self.by);
            Fit { no, contact: Arc::new(contact), by }
        }))
    }
}

/// Reads the id that an export gave a contact; a blank cell says nothing.
///
/// # Errors
/// What is wrong with a cell that holds something else: the row might go by that to another contact than it is about.
pub(super) fn read_id(cell: &str) -> Result<Option<ContactId>, Invalid> {
    if text::is_blank(cell) {
        return Ok(None);
    }
    let invalid = || Invalid::new("CARNET_ID_FORMAT", format!("`{}` is no Carnet ID", text::shown(cell)));
    cell.trim().parse().map(Some).map_err(|_| {
        invalid().hint("take it from a fresh export, or leave the cell empty, so that the row goes by its e-mail, phone and external id")
    })
}

/// Keeps of what fits those that have any of the identifiers, too. Where none has, but others do, they are added, and the answer is no.
fn narrow(
    view: &View<'_>,
    fitting: &mut Vec<i64>,
    identifiers: &[Identifier],
    asked: &[Identifier],
    looked_at: &mut Vec<i64>,
) -> Result<bool, StoreError> {
    let mut common = Vec::new();
    for no in fitting.iter() {
        if view.holds(*no, identifiers)? {
            common.push(*no);
        }
    }
    if common.is_empty() {
        // Of a number that very many share, not all were looked at.
        let many = fitting.len() >= FITTING;
        let others = view.matches(identifiers, if many { usize::MAX } else { NAMED })?;
        looked_at.extend(&others);
        for no in others.iter().filter(|_| many) {
            if view.holds(*no, asked)? {
                common.push(*no);
            }
        }
        if common.is_empty() {
            let contradicts = !others.is_empty();
            fitting.extend(others);
            return Ok(!contradicts);
        }
    }
    *fitting = common;
    Ok(true)
}

/// Says whether a contact that shares something with a row is another person all the same: it has another id in the same system, or both
/// have e-mail addresses of their own and different names. Families share numbers, offices switchboards, and couples addresses.
fn is_somebody_else(row: &Contact, contact: &Contact, by: &[MatchBy]) -> bool {
    if by.contains(&MatchBy::ExternalId) {
        if row.external_ids.iter().any(|id| contact.external_ids.contains(id)) {
            return false;
        }
        let sources = |id: &ExternalId| contact.external_ids.iter().any(|theirs| theirs.source == id.source);
        if row.external_ids.iter().any(sources) {
            return true;
        }
    }
    let (ours, theirs) = (identifiers(row, MatchBy::Email), identifiers(contact, MatchBy::Email));
    by.contains(&MatchBy::Email)
        && !ours.is_empty()
        && !theirs.is_empty()
        && !ours.iter().any(|mail| theirs.iter().any(|their| their.is(mail)))
        && names_differ(row, contact)
}

fn names_differ(row: &Contact, contact: &Contact) -> bool {
    let last = contact.last_name.as_ref().filter(|_| !contact.last_name_is_placeholder);
    let other = |name: Option<&String>, theirs: Option<&String>, others: &[String]| {
        let Some(name) = name.map(|name| fold(name)) else { return false };
        let mut known = theirs.into_iter().chain(others).peekable();
        known.peek().is_some() && known.all(|known| fold(known) != name)
    };
    other(row.first_name.as_ref(), contact.first_name.as_ref(), &contact.other_first_names)
        || other(row.last_name.as_ref(), last, &contact.other_last_names)
}

/// The identifiers of a contact by which it may be matched.
fn identifiers(contact: &Contact, by: MatchBy) -> Vec<Identifier> {
    match by {
        MatchBy::ExternalId => {
            let ids = contact.external_ids.iter().cloned();
            ids.map(|id| Identifier::ExternalId { source: id.source, id: id.id }).collect()
        }
        MatchBy::Email => contact.emails.iter().map(|mail| Identifier::Email(mail.address.clone())).collect(),
        MatchBy::Phone => contact.phones.iter().filter_map(|phone| phone.e164.clone()).map(Identifier::Phone).collect(),
    }
}

/// Everything by which another row could be the same person, in the form in which it is compared.
pub(super) fn tokens(contact: &Contact) -> Vec<String> {
    MatchBy::ALL.iter().flat_map(|by| identifiers(contact, *by)).map(|identifier| identifier.token()).collect()
}

/// Says whether there is anything by which a row could be matched.
pub(super) fn can_be_matched(row: &Contact, by: &[MatchBy]) -> bool {
    by.iter().any(|by| !identifiers(row, *by).is_empty())
}

/// The row's fields whose values the contact has, too.
fn common_fields(row: &Contact, contact: &Contact, by: &[MatchBy]) -> Vec<(FieldKey, String)> {
    let mut common: Vec<(FieldKey, String)> = Vec::new();
    for by in by {
        let theirs = identifiers(contact, *by);
        let shared = |identifier: &Identifier| theirs.iter().any(|it| it.is(identifier));
        match by {
            MatchBy::ExternalId => {
                let ids = row.external_ids.iter();
                let ids =
                    ids.filter(|it| shared(&Identifier::ExternalId { source: it.source.clone(), id: it.id.clone() }));
                common.extend(ids.map(|it| (Field::ExternalId.into(), format!("{}:{}", it.source, it.id))));
            }
            MatchBy::Email => {
                let mails = row.emails.iter().filter(|mail| shared(&Identifier::Email(mail.address.clone())));
                common.extend(mails.map(|mail| (of_mail(mail.kind), mail.address.clone())));
            }
            MatchBy::Phone => {
                let phones = row.phones.iter().filter_map(|phone| Some((phone.kind, phone.e164.clone()?)));
                let phones = phones.filter(|(_, number)| shared(&Identifier::Phone(number.clone())));
                common.extend(phones.map(|(kind, number)| (of_phone(kind), number)));
            }
        }
    }
    common
}

fn of_mail(kind: EmailKind) -> FieldKey {
    of_shape(FieldShape::Email(kind), Field::Email)
}

fn of_phone(kind: PhoneKind) -> FieldKey {
    of_shape(FieldShape::Phone(kind), Field::OtherPhone)
}

fn of_shape(shape: FieldShape, or: Field) -> FieldKey {
    FIELDS.iter().map(|info| info.field).find(|field| field.shape() == shape).unwrap_or(or).into()
}

/// How a refusal names a contact. One that only a dry run has made has no id yet.
fn named(fit: &Fit, tried_out: Option<&Stamp>) -> String {
    let name = fit.contact.display_name();
    if tried_out == Some(&fit.contact.created) {
        return format!("{name} (from an earlier row of this file)");
    }
    format!("{name} ({})", fit.contact.id)
}

fn by_fields(by: &[(FieldKey, String)]) -> String {
    let names: Vec<String> = by.iter().map(|(key, _)| key.to_string()).collect();
    if names.is_empty() { String::new() } else { format!(" by {}", names.join(" and ")) }
}

/// The refusal of a row that fits several contacts.
pub(super) fn ambiguous(fits: &[Fit], count: usize, tried_out: Option<&Stamp>) -> Problem {
    let told: Vec<String> = fits.iter().map(|fit| format!("{}{}", named(fit, tried_out), by_fields(&fit.by))).collect();
    let count = if count >= FITTING { format!("{count} contacts or more") } else { format!("{count} contacts") };
    let invalid = Invalid::new("AMBIGUOUS_MATCH", format!("the row fits {count}: {}", told.join("; "))).hint(
        "correct the row's e-mail or phone, give it an external id, or merge the contacts if they are one person",
    );
    about(fits.iter().rev().find_map(|fit| fit.by.first()), invalid)
}

/// The refusal of a row whose person is in the store, under `on_match = "reject"`.
pub(super) fn exists(fit: &Fit, tried_out: Option<&Stamp>) -> Problem {
    let message = format!("this person is in the store already: {}{}", named(fit, tried_out), by_fields(&fit.by));
    let invalid = Invalid::new("EXISTS", message).hint("import with `--on-match update` to bring it up to date");
    about(fit.by.first(), invalid)
}

/// Why a row is passed over, under `on_match = "skip"`.
pub(super) fn passed_over(fit: &Fit, tried_out: Option<&Stamp>) -> String {
    format!("in the store already: {}{}", named(fit, tried_out), by_fields(&fit.by))
}

fn about(value: Option<&(FieldKey, String)>, invalid: Invalid) -> Problem {
    match value {
        Some((key, value)) => Problem::of_value(key, value, invalid),
        None => Problem::of_record(None, invalid),
    }
}

#[cfg(test)]
mod tests {
    use crate::app::App;
    use crate::app::import::{ImportRequest, Progress};
    use crate::config::OnMatch;

    #[test]
    fn a_carnet_id_that_cannot_be_read_fails_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::open(folder.path(), None).unwrap();
        let file = folder.path().join("rows.csv");
        let import = |rows: &str, on_match: OnMatch| {
            std::fs::write(&file, format!("Carnet ID,Last name,Email\n{rows}")).unwrap();
            let request =
                ImportRequest { on_match: Some(on_match), show: Some(9), again: true, ..ImportRequest::new(&file) };
            app.import(&request, &mut |_: Progress| ()).unwrap()
        };
        let unknown = "0190b6d6-7c1e-7000-8000-00000000abcd";
        let good = format!("{unknown},Lee,lee@example.com\n ,Ray,ray@example.com\n");
        assert_eq!(import(&good, OnMatch::Update).counts.created, 2, "an id of another book and a blank say nothing");
        for garbled in [&unknown[..30], "#REF!", "1.9E+35"] {
            let row = format!("{garbled},Fox,lee@example.com\n");
            for policy in [OnMatch::Update, OnMatch::Skip, OnMatch::Reject] {
                let report = import(&row, policy);
                assert_eq!((report.counts.failed, report.counts.read), (1, 1), "{garbled} {policy:?}");
                let problem = &report.previews.shown[0].problems[0];
                assert_eq!((&problem["code"], &problem["column"]), (&"CARNET_ID_FORMAT".into(), &"A".into()));
                assert_eq!(problem["value"], garbled);
                assert!(problem["hint"].as_str().unwrap().contains("fresh export"));
            }
            assert_eq!(
                import(&row, OnMatch::Create).counts.created,
                1,
                "where nothing is matched, no id means anything"
            );
        }
    }
}

//! One row's way from cells to a contact: `on_import_row`, mapping, built-in rules, then `on_create` or `on_update`. Runs on workers; nothing is
//! read from or written to the store here.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::mapping::{ID_HEADER, Mapping};
use super::matching;
use super::order::Asked;
use super::preview::{Outcome, Preview, PreviewField};
use super::{staff, unread};
use crate::app::contacts::claims::Claims;
use crate::app::decide::{Opinion, RuleBook, Told, decide_further};
use crate::app::export::cell;
use crate::app::fresh_id;
use crate::app::provenance::{changed_fields, plugin_edits, setter};
use crate::domain::access::read_yes_no;
use crate::domain::cells::Cells;
use crate::domain::change::diff;
use crate::domain::company::company_key;
use crate::domain::contact::{Contact, Stamp};
use crate::domain::custom::Claim;
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::{FIELDS, Field, FieldKey, FieldShape};
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::domain::problem::Problem;
use crate::domain::text;
use crate::domain::warning::{Caution, Warning};
use crate::intake::{self, write::column_letter, write::restore};
use crate::plugin::hand::RowHand;
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::plugin::service::StateWrite;
use crate::registry::dispatch::Chain;
use crate::store::{Action, Actor, Failure, NewChange, Prepared, Recall, Tombstones};

/// Characters of a value that are told beside its problem.
const SHOWN_VALUE: usize = 120;

/// What every row of an import shares.
pub(super) struct Context {
    pub(super) mapping: Arc<Mapping>,
    pub(super) book: RuleBook,
    pub(super) stamp: Stamp,
    pub(super) actor: Actor,
    /// Whether rows are matched with stored contacts before they are decided on.
    pub(super) matching: bool,
    /// Whether what would change is to be shown.
    pub(super) preview: bool,
    /// What is theirs who import; the operator claims nothing.
    pub(super) claims: Option<Claims>,
    /// Organizations that they do not see who import; nobody gets into them by naming them.
    pub(super) hidden_organizations: BTreeSet<Name>,
    /// The organizations that they do see, by what names are compared by.
    pub(super) companies: HashMap<String, Name>,
    /// The staff members that there are.
    pub(super) staff: BTreeSet<Name>,
    /// Those who were forgotten.
    pub(super) tombstones: Tombstones,
    /// Whether they may come back.
    pub(super) allow_forgotten: bool,
}

impl Context {
    /// When the person of a row was forgotten, if its cells tell one who may not come back.
    pub(super) fn forgotten_in(&self, cells: &Cells) -> Option<chrono::DateTime<chrono::Utc>> {
        if self.allow_forgotten { None } else { self.tombstones.in_row(cells.iter()) }
    }

    /// What is wrong with the id that says which contact a row is about.
    fn id_problem(&self, cells: &Cells) -> Option<Problem> {
        let cell = cells.get(self.mapping.id_column.filter(|_| self.matching)?)?;
        let invalid = matching::read_id(cell).err()?;
        let problem = Problem::of_record(None, invalid);
        Some(Problem { field: Some(ID_HEADER.to_owned()), value: Some(cell.to_owned()), ..problem })
    }
}

impl RowEnd {
    /// Says whether the row's person was forgotten: nothing of it is kept but its place.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.cells.is_empty())
    }
}

/// A row that was read, mapped and looked at by `on_import_row`, but not yet matched or decided on.
pub(super) struct Mapped {
    pub(super) record: u64,
    pub(super) line: u64,
    pub(super) cells: Arc<Cells>,
    pub(super) draft: Draft,
    pub(super) given: Given,
    pub(super) opinion: Opinion,
}

/// What a row says, as against what a new contact has by default.
#[derive(Default)]
pub(super) struct Given {
    /// Fields that it has a value for; told only where rows are matched.
    pub(super) keys: Vec<FieldKey>,
    /// Fields that it clears by `<clear>`.
    pub(super) cleared: Vec<FieldKey>,
    /// Whether text messages are allowed.
    pub(super) sms: Option<bool>,
    /// Whether it names numbers that get none.
    pub(super) no_sms: bool,
    /// What it says of values by naming them: those that are proven, and numbers that get no text messages.
    pub(super) marks: Vec<(FieldKey, String)>,
    /// Fields that a plugin set beside the columns; told only of those that hold names of records and people.
    pub(super) assigned: Vec<FieldKey>,
}

/// Where a row ends.
pub(super) enum RowEnd {
    /// To be matched by the writer, in file order.
    Match(Box<Mapped>),
    /// To be inserted.
    Create(Box<Ready>),
    /// To be updated, if its revision is still the one seen.
    Update(Box<Ready>, u64),
    /// Equal to what is stored.
    Unchanged,
    /// Left out on purpose.
    Skipped(String),
    /// Left out because its person is in the store, as the import was told to, with who it is.
    Known(String),
    /// Refused.
    Failed(Box<Failure>),
    /// Nothing in it.
    Blank,
}

/// A contact that may be written.
pub(super) struct Ready {
    pub(super) contact: Arc<Prepared>,
    /// What it was before, if it was.
    pub(super) before: Option<Arc<Contact>>,
    pub(super) entry: NewChange,
    pub(super) state: Vec<(String, StateWrite)>,
    pub(super) preview: Option<Preview>,
    /// The row as the file has it, for the case that it cannot be written after all.
    pub(super) cells: Arc<Cells>,
    /// Whom it can be matched by, for the rows that follow; only where rows are matched.
    pub(super) identity: Vec<String>,
    /// The values that no other contact may have.
    pub(super) claims: Vec<Claim>,
    /// Whether the person had been forgotten, and comes back.
    pub(super) returned: bool,
    /// Whether it has the number of a person who was forgotten, and seems to be somebody else.
    pub(super) echoes: bool,
}

/// A row's end, with its place in the file.
pub(super) struct Ended {
    pub(super) record: u64,
    pub(super) line: u64,
    pub(super) end: RowEnd,
    /// What there is to know about the values that were taken.
    pub(super) warnings: Vec<Problem>,
    /// Which plugins were asked, and what they were told.
    pub(super) asked: Asked,
}

/// Takes a row as far as it can go without the store.
pub(super) fn process(mut row: intake::Row, chain: &mut Chain, context: &Context) -> Ended {
    let (record, line) = (row.record, row.line);
    if context.mapping.ours {
        row.cells = restored(row.cells);
    }
    let mut warnings = Vec::new();
    // An error file keeps the place of a row whose person was forgotten, and nothing else of it.
    let silent = |(at, cell): (usize, &str)| Some(at) == context.mapping.error_column || text::is_blank(cell);
    let end = if row.blank || row.cells.iter().enumerate().all(silent) {
        RowEnd::Blank
    } else if let Some(problem) = unread::problem(&row, &context.mapping) {
        let mark = unread::mark(&problem, &row.cells, &context.mapping);
        failed_marked(record, line, &row.cells, &[Told { plugin: None, problem }], &mark, context)
    } else if let doubts @ [_, ..] = doubts(&row, context).as_slice() {
        failed(record, line, &row.cells, doubts, context)
    } else if !context.mapping.exported && is_sample(&row.cells, &context.mapping) {
        RowEnd::Skipped("the template's sample row".to_owned())
    } else {
        match map(row, chain, context) {
            Err(end) => end,
            Ok(mapped) if context.matching => RowEnd::Match(mapped),
            Ok(mut mapped) => {
                suggest_organization(&mut mapped.draft, context);
                let end;
                (end, warnings) = finish(*mapped, None, chain, context);
                end
            }
        }
    };
    Ended { record, line, end, warnings, asked: Asked::default() }
}

/// The cells that are not to be trusted, of columns that mean something.
fn doubts(row: &intake::Row, context: &Context) -> Vec<Told> {
    let told = |doubt: &intake::RowFault| {
        let column = doubt.column?;
        let key = context.mapping.columns.mapping().get(column)?.as_ref()?;
        let value = row.cells.get(column).filter(|value| !value.is_empty()).map(str::to_owned);
        let (message, hint) = (doubt.message.clone(), doubt.hint.clone());
        let problem = Problem { field: Some(key.to_string()), code: doubt.code.into(), value, message, hint };
        Some(Told { plugin: None, problem })
    };
    row.doubts.iter().filter_map(told).collect()
}

/// Asks `on_import_row`, then maps cells to fields.
fn map(mut row: intake::Row, chain: &mut Chain, context: &Context) -> Result<Box<Mapped>, RowEnd> {
    let (record, line) = (row.record, row.line);
    context.mapping.extend(&mut row.cells);
    let mut hand = Box::new(RowHand::new(Arc::clone(&context.mapping.columns), row.cells, record, line));
    let mut opinion = Opinion::default();
    for phase in [Phase::Change, Phase::Check] {
        hand = opinion.ask(chain, Hook::ImportRow, phase, hand);
    }
    if let (false, Some((plugin, reason))) = (opinion.refuses(), &opinion.skip) {
        return Err(RowEnd::Skipped(format!("{}: {reason}", plugin.name)));
    }
    let (draft, given) = draft_of(&hand, context);
    let cells = context.mapping.original(hand.into_original());
    if let Some(problem) = context.id_problem(&cells) {
        opinion.rules_say(vec![problem]);
    }
    Ok(Box::new(Mapped { record, line, cells, draft, given, opinion }))
}

/// Takes back what was done to cells for the sake of spreadsheets, in a file that Carnet wrote.
fn restored(cells: Arc<Cells>) -> Arc<Cells> {
    if cells.iter().any(|cell| cell.starts_with('\'')) {
        let restored: Vec<_> = cells.iter().map(restore).collect();
        Arc::new(restored.iter().collect())
    } else {
        cells
    }
}

fn draft_of(hand: &RowHand, context: &Context) -> (Draft, Given) {
    let mut draft = Draft::new(Contact::new(fresh_id(), context.stamp.clone()));
    let mut given = Given { keys: Vec::with_capacity(context.mapping.ordered.len()), ..Given::default() };
    let names = |key: &FieldKey| names_a_record(key) || key.known() == Some(Field::SharedWith);
    given.assigned = hand.extra_fields().filter(|(key, _)| names(key)).map(|(key, _)| key.clone()).collect();
    let rules = &context.book.rules;
    let cells = context.mapping.ordered.iter().map(|(column, key)| (key, hand.cell(*column)));
    let as_typed = context.mapping.column_of(&Field::AsTyped.into()).map(|column| cell::part(hand.cell(column)));
    let exported = context.mapping.exported.then(|| as_typed.unwrap_or_default());
    let offer = |draft: &mut Draft, key: &FieldKey, value: &str| {
        let value = if context.mapping.ours { cell::unescape(value) } else { value };
        match &exported {
            Some(_) if names_a_record(key) && draft.contact.take_exported_name(key, value) => {}
            Some(as_typed)
                if is_more_than_text(key) && draft.contact.take_exported(key, &cell::part(value), as_typed, rules) => {}
            _ => draft.offer(key, value, rules),
        }
    };
    let mut last = Vec::new();
    for (key, value) in cells.chain(hand.extra_fields()) {
        if text::is_blank(value) {
            continue;
        }
        if cell::clears(value) {
            given.cleared.push(key.clone());
        } else if key.known().is_some_and(Field::comes_last) {
            last.push((key, value));
        } else {
            offer(&mut draft, key, value);
            if context.matching {
                given.keys.push(key.clone());
            }
        }
    }
    // When all values are there that they are about; what is said of all numbers before what is said of one.
    last.sort_by_key(|(key, _)| (*key).clone());
    for (key, value) in last {
        offer(&mut draft, key, value);
        if key.known() == Some(Field::Sms) {
            given.sms = read_yes_no(value).ok();
        }
        if key.known() == Some(Field::NoSms) {
            (given.sms, given.no_sms) = (None, true);
        }
        if context.matching && matches!(key.known(), Some(Field::Verified | Field::NoSms)) {
            given.marks.push((key.clone(), value.to_owned()));
        }
    }
    (draft, given)
}

/// Whether the field holds the name of something that is there on its own.
fn names_a_record(key: &FieldKey) -> bool {
    matches!(key.known(), Some(Field::Organization | Field::Owner | Field::Division))
}

/// Whether an export writes the field in a way of its own.
fn is_more_than_text(key: &FieldKey) -> bool {
    key.known().is_some_and(|field| field.shape() != FieldShape::Text)
}

/// The template's sample row is recognised by all of its filled fields.
fn is_sample(cells: &Cells, mapping: &Mapping) -> bool {
    let cell = |field: Field| mapping.column_of(&field.into()).map(|column| cells.get(column).unwrap_or_default());
    // Dates and languages are written as the settings want them, so they do not count.
    let counts = |field: &Field| !matches!(field, Field::BirthDate | Field::Language);
    let same = |field: Field| cell(field).is_none_or(|cell| cell.trim() == field.info().sample);
    cell(Field::LastName) == Some(Field::LastName.info().sample)
        && cell(Field::Email) == Some(Field::Email.info().sample)
        && FIELDS.iter().filter(|info| !info.sample.is_empty() && counts(&info.field)).all(|info| same(info.field))
}

/// Decides on a mapped row: a new contact, or what `before` becomes. `mapped.draft` is already merged with `before`. Returns with it what there
/// is to know about the values that were taken, from the row and from plugins.
pub(super) fn finish(
    mapped: Mapped,
    before: Option<&Arc<Contact>>,
    chain: &mut Chain,
    context: &Context,
) -> (RowEnd, Vec<Problem>) {
    let Mapped { record, line, cells, mut draft, given, mut opinion } = mapped;
    if let Some(claims) = &context.claims {
        claims.settle(&mut draft, before.map(|before| &**before), &given.assigned);
        if !given.assigned.contains(&Field::Organization.into()) {
            check_organization(&mut draft, before.map(|before| &**before), context);
        }
    }
    staff::check(&mut draft, before.map(|before| &**before), &given.assigned, context);
    let hook = if before.is_some() { Hook::Update } else { Hook::Create };
    let draft = decide_further(chain, hook, draft, before, &context.book, &mut opinion);
    let recall = context.tombstones.recall(&draft.contact, before.map(|before| &**before));
    let (returned, echoes) = (matches!(recall, Some(Recall::Person(_))), matches!(recall, Some(Recall::Number(_))));
    if let Some(Recall::Person(at)) = recall.filter(|_| !context.allow_forgotten) {
        return (gone(record, line, at, context), Vec::new());
    }
    if opinion.refuses() {
        return (failed(record, line, &cells, &opinion.problems, context), Vec::new());
    }
    let Draft { contact, warnings, .. } = draft;
    let fields = match before {
        Some(before) => changed_fields(before, &contact, &opinion),
        None => plugin_edits(&opinion),
    };
    if before.is_some() && fields.is_empty() {
        return (RowEnd::Unchanged, warnings);
    }
    let preview = context.preview.then(|| {
        let told = |problem: &Problem| Told { plugin: None, problem: problem.clone() };
        let problems = warnings.iter().map(|it| problem_json(record, line, &told(it), &cells, context)).collect();
        Preview { problems, ..preview(record, line, &contact, before, &opinion) }
    });
    let action = if before.is_some() { Action::Updated } else { Action::Created };
    let opted_out = before.is_some_and(|before| before.survey_opt_out);
    let via = if contact.survey_opt_out == opted_out { String::new() } else { format!("line {line}") };
    let entry = NewChange { at: context.stamp.at, actor: context.actor.clone(), action, fields, via };
    let identity = if context.matching { matching::tokens(&contact) } else { Vec::new() };
    let claims = context.book.rules.schema.claims(before.map(|before| &before.custom), &contact.custom);
    let contact = Arc::new(Prepared::taking(contact));
    let state = opinion.state;
    let old = before.cloned();
    let ready =
        Box::new(Ready { contact, before: old, entry, state, preview, cells, identity, claims, returned, echoes });
    let end = match before {
        Some(before) => RowEnd::Update(ready, before.rev),
        None => RowEnd::Create(ready),
    };
    (end, warnings)
}

/// Tells of a company that could be an organization. Whether it is one, a person says: nothing is linked by likeness.
pub(super) fn suggest_organization(draft: &mut Draft, context: &Context) {
    let contact = &draft.contact;
    let (Some(company), None, false) = (&contact.company, &contact.organization, context.companies.is_empty()) else {
        return;
    };
    let Some(near) = context.companies.get(&company_key(company)) else { return };
    let message = format!("`{}` may be the organization `{near}`", text::shown(company));
    let told = Problem::to_know(&Field::Company.into(), company, Warning::new(Caution::OrganizationNear, message));
    let hint = Some("a column `External Organization` with its name links contacts to it".to_owned());
    draft.warnings.push(Problem { hint, ..told });
}

/// Refuses the name of an organization that whoever imports does not see, unless the contact has it already.
fn check_organization(draft: &mut Draft, before: Option<&Contact>, context: &Context) {
    let held = before.and_then(|before| before.organization.clone());
    let Some(name) = draft
        .contact
        .organization
        .take_if(|name| held.as_ref() != Some(&*name) && context.hidden_organizations.contains(name))
    else {
        return;
    };
    let invalid = Invalid::new("FORBIDDEN", format!("organization `{name}` is not yours to name"));
    let invalid = invalid.hint("name another one, or ask an admin");
    draft.pending.push(Pending { key: Field::Organization.into(), value: name.to_string(), invalid });
    draft.contact.organization = held;
}

fn preview(record: u64, line: u64, contact: &Contact, before: Option<&Arc<Contact>>, opinion: &Opinion) -> Preview {
    let blank = Contact::new(contact.id, contact.created.clone());
    let changes = diff(before.map_or(&blank, |before| before), contact);
    let field = |change: crate::domain::change::FieldChange| {
        let name = change.key.to_string();
        PreviewField {
            plugin: setter(opinion, &name).map(|plugin| plugin.name.clone()),
            field: name,
            old: change.old,
            new: change.new,
        }
    };
    Preview {
        record,
        line,
        action: if before.is_some() { "update" } else { "create" },
        outcome: Outcome::Contact {
            // One that this very file created is known by no other name.
            id: before.filter(|before| before.created != contact.updated).map(|before| before.id.to_string()),
            name: contact.display_name(),
        },
        fields: changes.into_iter().map(field).collect(),
        problems: Vec::new(),
    }
}

/// A failed row, with its original cells and every reason.
pub(super) fn failed(record: u64, line: u64, cells: &Cells, problems: &[Told], context: &Context) -> RowEnd {
    failed_marked(record, line, cells, problems, "", context)
}

/// The same of a row that could not be read, with the mark by which it is known again.
fn failed_marked(record: u64, line: u64, cells: &Cells, problems: &[Told], mark: &str, context: &Context) -> RowEnd {
    if let Some(at) = context.forgotten_in(cells) {
        return gone(record, line, at, context);
    }
    let mut failure = failure(record, line, cells, problems, context);
    failure.text.push_str(mark);
    RowEnd::Failed(Box::new(failure))
}

fn failure(record: u64, line: u64, cells: &Cells, problems: &[Told], context: &Context) -> Failure {
    let json: Vec<serde_json::Value> =
        problems.iter().map(|told| problem_json(record, line, told, cells, context)).collect();
    Failure {
        record,
        line,
        cells: cells.iter().map(str::to_owned).collect(),
        problems_json: serde_json::Value::Array(json).to_string(),
        text: error_text(problems),
    }
}

fn problem_json(record: u64, line: u64, told: &Told, cells: &Cells, context: &Context) -> serde_json::Value {
    let problem = &told.problem;
    let named = problem.field.as_deref();
    let value = problem.value.as_deref().unwrap_or_default();
    let found = named.and_then(|name| context.mapping.file_column(name, value, cells)).map(column_letter);
    let column = found.or_else(|| unread::letter(named?).map(str::to_owned));
    let value = problem.value.as_deref().map(shortened);
    serde_json::json!({
        "row": record, "line": line, "column": column, "field": problem.field, "code": problem.code, "value": value,
        "message": problem.message, "hint": problem.hint, "plugin": told.plugin.as_ref().map(|plugin| plugin.name.clone()),
    })
}

/// A value as programs are told of it: the error file has all of it.
fn shortened(value: &str) -> String {
    match value.char_indices().nth(SHOWN_VALUE) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// What stands in the error column: every problem, with its hint, separated by ` | `.
fn error_text(problems: &[Told]) -> String {
    let one = |told: &Told| {
        let who = told.plugin.as_ref().map_or_else(String::new, |plugin| format!(" [{}]", plugin.name));
        let hint = told.problem.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        format!("{}{hint}{who}", told.problem)
    };
    problems.iter().map(one).collect::<Vec<_>>().join(" | ")
}

/// The row of a person who was forgotten fails, and nothing of it is kept but its place.
fn gone(record: u64, line: u64, at: chrono::DateTime<chrono::Utc>, context: &Context) -> RowEnd {
    let message = format!("this person was forgotten on {}; the row (line {line}) is not kept", at.date_naive());
    let invalid =
        Invalid::new("FORGOTTEN", message).hint("import with `--allow-forgotten` if the person is to come back");
    let told = Told { plugin: None, problem: Problem::of_record(None, invalid) };
    RowEnd::Failed(Box::new(failure(record, line, &Cells::default(), &[told], context)))
}

/// A failure that the writer finds: two matches, or a match that the policy refuses.
pub(super) fn refused(mapped: &Mapped, problem: Problem, context: &Context) -> RowEnd {
    failed(mapped.record, mapped.line, &mapped.cells, &[Told { plugin: None, problem }], context)
}

//! The writer of an import: rows in file order, one transaction a batch. Matching happens here, before the transaction, on what is committed.
//! A dry run goes the same way, and writes to its own store.

use std::collections::{HashSet, VecDeque};

use super::ImportRequest;
use super::batch::{about, count, put_behind, updates, write_rows};
use super::limits::Limits;
use super::matching::{self, Finding, Found, Matcher};
use super::order::{Order, Overtaken};
use super::overlay::{Policy, overlay};
use super::precedence::Precedence;
use super::preview::{Outcome, Preview};
use super::report::ImportReport;
use super::row::{Context, Ended, Mapped, RowEnd, failed, finish, refused, suggest_organization};
use super::stage::{Stage, View};
use super::tally::Tally;
use super::unique::{self, Owners, Refused};
use crate::app::App;
use crate::app::cautions::Place;
use crate::app::decide::Told;
use crate::app::failure::{Class, Failure, STATE_MOVED};
use crate::app::memory::ROUNDS;
use crate::config::{MatchBy, OnMatch, Settings};
use crate::domain::contact::Stamp;
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::permission::Viewer;
use crate::domain::problem::Problem;
use crate::registry::dispatch::Chain;
use crate::store::{Counts, StateMark, StoreError};

/// Rows of one transaction. Twice as many write the pages of indices half as often; more would make others wait who write meanwhile. Tests
/// have small ones, so that short files have many.
pub(super) const BATCH_ROWS: usize = if cfg!(test) { 9 } else { 2048 };

/// Writes rows, batch by batch.
pub(super) struct Committer<'i> {
    stage: Stage,
    settings: &'i Settings,
    context: &'i Context,
    chain: Chain,
    on_match: OnMatch,
    match_by: Vec<MatchBy>,
    precedence: Precedence,
    allow_opt_in: bool,
    dry_run: bool,
    /// Who imports: rows meet what they may see.
    by: Viewer,
    batch: Vec<Ended>,
    /// Identifiers that this batch will write, so that a later row of the same person waits for the next one.
    pending: HashSet<String>,
    /// Contacts that this batch will rewrite, by number: what the store says of them is no longer so.
    rewritten: HashSet<i64>,
    /// Who has which unique value, by the rows of the batch that gathers.
    early: Owners,
    /// What the rows so far make, for those that are decided after them.
    order: Order,
    /// What plugins did about the rows that are written.
    tally: Tally,
    limits: Limits,
    /// Rows whose turn is next: those of a batch that have to be decided once more come first.
    queue: VecDeque<Ended>,
    /// How many of them the last flush put there.
    came_back: usize,
    /// Rows of the next batch: fewer where others change what plugins remember before it is written.
    room: usize,
    /// How often they did since a row was written.
    setbacks: usize,
    /// Whether too much went wrong: nothing more is taken.
    stopped: bool,
}

impl<'i> Committer<'i> {
    pub(super) fn new(
        app: &'i App,
        request: &ImportRequest,
        context: &'i Context,
        precedence: Precedence,
        stage: Stage,
        (chain, order, tally): (Chain, Order, Tally),
    ) -> Self {
        let settings = app.settings();
        Self {
            stage,
            settings,
            context,
            chain,
            on_match: request.on_match.unwrap_or(settings.on_match),
            match_by: request.match_by.clone().unwrap_or_else(|| settings.match_by.clone()),
            precedence,
            allow_opt_in: request.allow_opt_in,
            dry_run: request.dry_run,
            by: request.by.clone(),
            batch: Vec::with_capacity(BATCH_ROWS),
            pending: HashSet::new(),
            rewritten: HashSet::new(),
            early: Owners::default(),
            order,
            tally,
            limits: Limits::of(request, settings),
            queue: VecDeque::new(),
            came_back: 0,
            room: BATCH_ROWS,
            setbacks: 0,
            stopped: false,
        }
    }

    /// Says whether too much went wrong to go on.
    pub(super) const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Tells what the plugins did, and why the job stopped, if it did.
    pub(super) fn tell(&self, report: &mut ImportReport) {
        report.plugins = self.tally.reports(self.order.fuses());
        report.faulted = self.tally.faulted;
        report.asked_again = self.order.again;
        if self.stopped {
            report.stopped = self.limits.why(&report.counts, self.tally.faulted, report.job, &report.file);
        }
    }

    /// Takes rows in file order and writes whenever a batch is full.
    pub(super) fn take(&mut self, rows: Vec<Ended>, report: &mut ImportReport) -> Result<(), Failure> {
        self.queue.extend(rows);
        while let Some(row) = self.queue.pop_front().filter(|_| !self.stopped) {
            let Some(row) = self.decide(row, report)? else { continue };
            let row = self.claimed(row)?;
            self.order.took(&row);
            let is_bad = matches!(row.end, RowEnd::Failed(_)) || self.order.fuses().any_fault(&row.asked.calls);
            self.batch.push(row);
            if self.batch.len() >= self.room || (is_bad && self.is_too_much(report)) {
                self.flush(report)?;
                self.came_back = 0;
            }
        }
        Ok(())
    }

    /// Writes what is left, however often rows come back.
    pub(super) fn finish(&mut self, report: &mut ImportReport) -> Result<(), Failure> {
        while !self.stopped {
            self.flush(report)?;
            if std::mem::take(&mut self.came_back) == 0 {
                break;
            }
            self.take(Vec::new(), report)?;
        }
        Ok(())
    }

    /// Fails a row at once that asks for what is another contact's, where rows behind it go by what it makes: they would all be decided once
    /// more if it failed only when it is written.
    fn claimed(&mut self, row: Ended) -> Result<Ended, Failure> {
        let claims = matches!(&row.end, RowEnd::Create(ready) | RowEnd::Update(ready, _) if !ready.claims.is_empty());
        if !claims || !self.order.remembers() {
            return Ok(row);
        }
        let mut one = [row];
        let (early, by, access) = (&mut self.early, &self.by, self.settings.access);
        let refused = self.stage.view(|view| early.take(view, &one, by, access))?;
        unique::fail(&mut one, refused, self.context);
        let [row] = one;
        Ok(row)
    }

    fn is_too_much(&self, report: &ImportReport) -> bool {
        self.limits.cut(&self.batch, &report.counts, self.tally.faulted, self.order.fuses()).is_some()
    }

    /// Decides what becomes of a row after all the rows before it; nothing when some of them have to be decided once more first.
    fn decide(&mut self, mut row: Ended, report: &mut ImportReport) -> Result<Option<Ended>, Failure> {
        if self.order.disturbs(&row.asked) {
            if self.order.must_be_written_first(&row.asked) {
                self.flush(report)?;
                if self.came_back > 0 {
                    return Ok(self.put_off(row));
                }
            }
            row = self.ask_again(row)?;
        }
        loop {
            if let RowEnd::Match(mapped) = row.end {
                self.order.begin(&mut self.chain);
                (row.end, row.warnings) = self.settle_match(*mapped, report)?;
                self.order.end(&mut self.chain, &mut row.asked);
                if self.came_back > 0 {
                    return Ok(self.put_off(row));
                }
            }
            if !self.order.must_be_written_first(&row.asked) {
                return Ok(Some(row));
            }
            self.flush(report)?;
            if self.came_back > 0 {
                return Ok(self.put_off(row));
            }
            row = self.ask_again(row)?;
        }
    }

    fn ask_again(&mut self, row: Ended) -> Result<Ended, Failure> {
        self.order.ask_again(&row.asked, &mut self.chain, self.context).ok_or_else(|| {
            let message = format!("row {} was to be decided once more, and is not known any more", row.record);
            Failure::new(Class::Internal, "ORDER", message).hint("resume the job; report it with the file")
        })
    }

    /// Lets rows that came back go first.
    fn put_off(&mut self, row: Ended) -> Option<Ended> {
        self.queue.insert(std::mem::take(&mut self.came_back), row.asked.put_off(row.record, row.line));
        None
    }

    /// Finds the row's contact and decides what becomes of it. Rows of one person wait for each other, batch by batch.
    fn settle_match(
        &mut self,
        mut mapped: Mapped,
        report: &mut ImportReport,
    ) -> Result<(RowEnd, Vec<Problem>), Failure> {
        if mapped.opinion.refuses() {
            return Ok(finish(mapped, None, &mut self.chain, self.context));
        }
        if matching::tokens(&mapped.draft.contact).iter().any(|key| self.pending.contains(key)) {
            self.flush(report)?;
        }
        let mut finding = self.find(&mapped)?;
        if finding.looked_at.iter().any(|no| self.rewritten.contains(no)) {
            self.flush(report)?;
            finding = self.find(&mapped)?;
        }
        let (record, tried_out, somebody_else) = (mapped.record, self.tried_out(), finding.somebody_else);
        let (end, warnings) = match (finding.found, self.on_match) {
            (Found::None, _) => {
                suggest_organization(&mut mapped.draft, self.context);
                let unmatchable = !matching::can_be_matched(&mapped.draft.contact, &self.match_by);
                let ended = finish(mapped, None, &mut self.chain, self.context);
                if matches!(ended.0, RowEnd::Create(_)) {
                    report.remarks.unmatchable.take_if(unmatchable, record);
                    report.remarks.somebody_else.take_if(somebody_else, record);
                }
                ended
            }
            (Found::Several(fits, count), _) => {
                (refused(&mapped, matching::ambiguous(&fits, count, tried_out), self.context), Vec::new())
            }
            (Found::One(fit), OnMatch::Reject) => {
                (refused(&mapped, matching::exists(&fit, tried_out), self.context), Vec::new())
            }
            (Found::One(fit), OnMatch::Skip) => (RowEnd::Known(matching::passed_over(&fit, tried_out)), Vec::new()),
            (Found::One(fit), _) => {
                let (rules, allow_opt_in) = (&*self.context.book.rules, self.allow_opt_in);
                let policy = Policy { precedence: &self.precedence, rules, allow_opt_in };
                overlay(&mut mapped, &fit.contact, &policy);
                suggest_organization(&mut mapped.draft, self.context);
                let ended = finish(mapped, Some(&fit.contact), &mut self.chain, self.context);
                if matches!(ended.0, RowEnd::Update(..)) {
                    self.rewritten.insert(fit.no);
                }
                ended
            }
        };
        if let RowEnd::Create(ready) | RowEnd::Update(ready, _) = &end {
            self.pending.extend(ready.identity.iter().cloned());
        }
        Ok((end, warnings))
    }

    /// When and by whom contacts are created that nobody will ever see.
    fn tried_out(&self) -> Option<&Stamp> {
        self.dry_run.then_some(&self.context.stamp)
    }

    fn find(&self, mapped: &Mapped) -> Result<Finding, Failure> {
        let id = self.context.mapping.id_column.and_then(|column| mapped.cells.get(column));
        let matcher = Matcher { by: &self.match_by, viewer: &self.by, access: self.settings.access };
        Ok(self.stage.view(|view| matcher.find(view, id, &mapped.draft.contact))?)
    }

    /// Writes what has gathered, in one transaction.
    pub(super) fn flush(&mut self, report: &mut ImportReport) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        self.pending.clear();
        self.rewritten.clear();
        if batch.is_empty() {
            return Ok(());
        }
        let mut batch = batch;
        let mut behind = VecDeque::new();
        let (wrote, stops) = loop {
            if batch.is_empty() {
                break (Wrote::nothing(&self.tally), false);
            }
            // What failed only now counts, too.
            let cut = self.limits.cut(&batch, &report.counts, self.tally.faulted, self.order.fuses());
            if let Some(cut) = cut.filter(|cut| cut + 1 < batch.len()) {
                put_behind(&mut batch, &mut behind, cut + 1);
                self.order.back_to(&batch, behind.make_contiguous());
            }
            batch.iter_mut().for_each(|row| row.asked.hush(row.end.is_gone(), self.context));
            match self.write_batch(&batch, report) {
                Err(Trouble::Taken(refused)) => {
                    let failing: Vec<usize> = refused.iter().map(|(at, _)| *at).collect();
                    let refused = self.part(&mut batch, &mut behind, &failing, refused);
                    unique::fail(&mut batch, refused, self.context);
                    self.rewind(&batch, &mut behind);
                }
                // Somebody wrote the contact between our look and our transaction: the row fails by name, the others go on.
                Err(Trouble::Store(StoreError::Conflict { id, .. } | StoreError::NotFound { id }))
                    if updates(&batch, id) =>
                {
                    let failing = about(&batch, id);
                    self.part(&mut batch, &mut behind, &failing, Vec::new());
                    self.give_way(&mut batch, id);
                    self.rewind(&batch, &mut behind);
                }
                Err(Trouble::Overtaken(overtaken, first)) => {
                    put_behind(&mut batch, &mut behind, first);
                    self.order.take_in(&overtaken);
                    self.order.back_to(&batch, behind.make_contiguous());
                    self.set_back(behind.front())?;
                }
                Err(Trouble::Store(error)) => return Err(error.into()),
                Ok(wrote) => break (wrote, cut.is_some()),
            }
        };
        if let Some(overtaken) = &wrote.overtaken {
            self.order.take_in(overtaken);
            self.order.back_to(&batch, behind.make_contiguous());
        }
        if !batch.is_empty() {
            (self.room, self.setbacks) = ((self.room * 2).min(BATCH_ROWS), 0);
        }
        report.counts += wrote.counts;
        (self.tally, self.stopped) = (wrote.tally, stops);
        self.order.tell(&batch);
        for mut row in batch {
            // Of a row that failed nothing was taken.
            if matches!(row.end, RowEnd::Create(_) | RowEnd::Update(..) | RowEnd::Unchanged) {
                let place = || Place::Row { record: row.record, line: row.line };
                report.warned.add(std::mem::take(&mut row.warnings), place);
            }
            self.settle(row, report)?;
        }
        self.order.wrote(wrote.mark);
        self.early = Owners::default();
        self.came_back = behind.len();
        // The turn ends here, and another import may write what these rows did not find.
        let again = |row: Ended| if row.asked.can_be_put_off() { row.asked.put_off(row.record, row.line) } else { row };
        let mut behind: VecDeque<Ended> = behind.into_iter().map(again).collect();
        behind.append(&mut self.queue);
        self.queue = behind;
        Ok(())
    }

    /// Where rows that fail after all have misled others, only what comes up to the first of them is written now.
    fn part(
        &self,
        batch: &mut Vec<Ended>,
        behind: &mut VecDeque<Ended>,
        failing: &[usize],
        mut refused: Vec<Refused>,
    ) -> Vec<Refused> {
        if let Some(first) = failing.iter().min().filter(|_| self.order.misled(batch, failing)) {
            put_behind(batch, behind, *first + 1);
            refused.retain(|(at, _)| at == first);
        }
        refused
    }

    /// Others were faster: fewer rows are decided at a time, so that they have less time for it.
    fn set_back(&mut self, row: Option<&Ended>) -> Result<(), Failure> {
        (self.room, self.setbacks) = ((self.room / 4).max(1), self.setbacks + 1);
        if self.setbacks < ROUNDS {
            return Ok(());
        }
        let row = row.map_or(0, |row| row.record);
        let message = format!("others change what plugins remember all the time: row {row} could not be decided");
        Err(Failure::new(Class::Conflict, STATE_MOVED, message).hint("resume the job when less is going on"))
    }

    fn rewind(&mut self, batch: &[Ended], behind: &mut VecDeque<Ended>) {
        if !behind.is_empty() && self.order.remembers() {
            self.order.back_to(batch, behind.make_contiguous());
        }
    }

    fn write_batch(&mut self, batch: &[Ended], report: &ImportReport) -> Result<Wrote, Trouble> {
        let counts = count(batch);
        let last = batch.last().map_or(0, |row| row.record);
        let mut tally = self.tally.clone();
        batch.iter().for_each(|row| tally.note(&row.asked.calls, self.order.fuses()));
        let unique = self.context.book.rules.schema.has_identifiers();
        let scope = self.by.scope(self.settings.access);
        let (overtaken, mark) = self.stage.write::<_, Trouble>(|writer, beneath| {
            let overtaken = self.order.overtaken(writer)?.map(Box::new);
            let misled = |it: Box<Overtaken>| match it.first_misled(batch) {
                Some(first) => Err(Trouble::Overtaken(it, first)),
                None => Ok(it),
            };
            let overtaken = overtaken.map(misled).transpose()?;
            let view = View::of_writer(writer, beneath, &scope);
            let taken = |view| Owners::default().take(view, batch, &self.by, self.settings.access);
            let refused = if unique { taken(&view)? } else { Vec::new() };
            if !refused.is_empty() {
                return Err(Trouble::Taken(refused));
            }
            write_rows(writer, beneath, report.job, batch)?;
            let mut total = report.counts;
            total += counts;
            if let Some(job) = report.job {
                writer.advance_job(job, last, &total)?;
                if let Some(progress) = tally.progress(self.order.fuses()) {
                    writer.note_progress(job, &progress)?;
                }
            }
            Ok((overtaken, beneath.is_none().then(|| writer.state_mark())))
        })?;
        Ok(Wrote { counts, tally, overtaken, mark })
    }

    fn give_way(&self, batch: &mut [Ended], id: ContactId) {
        for row in batch.iter_mut() {
            if let RowEnd::Update(ready, _) = &row.end
                && ready.contact.id() == id
            {
                let invalid =
                    Invalid::new("CHANGED_MEANWHILE", format!("contact {id} was changed while this row was imported"))
                        .hint("import the row again");
                let problem = Problem::of_record(None, invalid);
                let told = Told { plugin: None, problem };
                row.end = failed(row.record, row.line, &ready.cells, &[told], self.context);
            }
        }
    }

    /// After the commit: plugins see their new state, and what became of the row is shown.
    fn settle(&self, row: Ended, report: &mut ImportReport) -> Result<(), Failure> {
        let Ended { record, line, end, .. } = row;
        let nothing = |action: &'static str, reasons: String| {
            let (outcome, fields, problems) = (Outcome::Nothing(reasons), Vec::new(), Vec::new());
            Preview { record, line, action, outcome, fields, problems }
        };
        let preview = match end {
            RowEnd::Create(ready) | RowEnd::Update(ready, _) => {
                self.stage.state.apply(&ready.state);
                report.returned.extend(ready.returned.then_some(record));
                report.echoes.extend(ready.echoes.then_some(record));
                ready.preview
            }
            RowEnd::Failed(failure) if self.context.preview => {
                let problems = serde_json::from_str(&failure.problems_json).unwrap_or_default();
                Some(Preview { problems, ..nothing("fail", failure.text) })
            }
            RowEnd::Skipped(reason) => {
                report.remarks.skip(&reason, record);
                self.context.preview.then(|| nothing("skip", reason))
            }
            RowEnd::Known(reason) if self.context.preview => Some(nothing("skip", reason)),
            _ => None,
        };
        preview.map_or(Ok(()), |preview| report.previews.take(preview))
    }
}

/// A batch that was written.
struct Wrote {
    counts: Counts,
    tally: Tally,
    /// What others made plugins remember before, which none of its rows went by.
    overtaken: Option<Box<Overtaken>>,
    /// The moment after it.
    mark: Option<StateMark>,
}

impl Wrote {
    fn nothing(tally: &Tally) -> Self {
        Self { counts: Counts::default(), tally: tally.clone(), overtaken: None, mark: None }
    }
}

/// Why a batch was not written.
enum Trouble {
    /// Others made plugins remember something else than what they went by, from this row on.
    Overtaken(Box<Overtaken>, usize),
    /// Rows ask for what is another contact's.
    Taken(Vec<Refused>),
    /// The store's reason.
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

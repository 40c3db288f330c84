//! The writer of an import: rows in file order, one transaction a batch. Matching happens here, before the transaction, on what is committed.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::ImportRequest;
use super::limits::Limits;
use super::matching::{self, Found, Policy};
use super::order::Order;
use super::report::{ImportReport, PREVIEW_ROWS, Preview};
use super::row::{Context, Ended, Mapped, RowEnd, failed, finish, identity, refused};
use super::tally::Tally;
use super::unique::{self, Owners, Refused};
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::app::lookup::StateMemory;
use crate::app::provenance::write_state;
use crate::config::{OnMatch, Settings};
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::permission::Viewer;
use crate::registry::dispatch::Chain;
use crate::store::{Counts, Reader, Store, StoreError, Writer};

/// Rows of one transaction.
pub(super) const BATCH_ROWS: usize = 1024;

/// Writes rows, batch by batch.
pub(super) struct Committer<'i> {
    store: &'i Store,
    settings: &'i Settings,
    state: Arc<StateMemory>,
    context: &'i Context,
    chain: Chain,
    on_match: OnMatch,
    allow_opt_in: bool,
    dry_run: bool,
    /// Who imports: rows meet what they may see.
    by: Viewer,
    batch: Vec<Ended>,
    /// Identifiers that this batch will write, so that a later row of the same person waits for the next one.
    pending: HashSet<String>,
    /// Who has which unique value, by the rows so far; kept from batch to batch only where nothing is written.
    owners: Owners,
    /// The same of the batch that gathers.
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
    /// Whether too much went wrong: nothing more is taken.
    stopped: bool,
}

impl<'i> Committer<'i> {
    pub(super) fn new(
        app: &'i App,
        request: &ImportRequest,
        context: &'i Context,
        (chain, order, tally): (Chain, Order, Tally),
    ) -> Result<Self, Failure> {
        Ok(Self {
            store: app.store()?,
            settings: app.settings(),
            state: Arc::clone(app.state()?),
            context,
            chain,
            on_match: request.on_match.unwrap_or(app.settings().on_match),
            allow_opt_in: request.allow_opt_in,
            dry_run: request.dry_run,
            by: request.by.clone(),
            batch: Vec::with_capacity(BATCH_ROWS),
            pending: HashSet::new(),
            owners: Owners::default(),
            early: Owners::default(),
            order,
            tally,
            limits: Limits::of(request, app.settings()),
            queue: VecDeque::new(),
            came_back: 0,
            stopped: false,
        })
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
        if self.order.forgot {
            report.notes.push("a dry run keeps the first 50,000 contacts for plugins that look contacts up: later rows were decided without those beyond".to_owned());
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
            if self.batch.len() >= BATCH_ROWS || (is_bad && self.is_too_much(report)) {
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
        let refused = self.store.read(|reader| early.take(reader, &one, by, access))?;
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
                row.warnings = 0;
                row.end = self.settle_match(*mapped, &mut row.warnings, report)?;
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
        warnings: &mut u64,
        report: &mut ImportReport,
    ) -> Result<RowEnd, Failure> {
        if mapped.opinion.refuses() {
            return Ok(finish(mapped, None, &mut self.chain, self.context));
        }
        if identity(&mapped.draft.contact).iter().any(|key| self.pending.contains(key)) {
            self.flush(report)?;
        }
        let mut found = self.find(&mapped)?;
        if matches!(&found, Found::One(contact) if self.pending.contains(&contact.id.to_string())) {
            self.flush(report)?;
            found = self.find(&mapped)?;
        }
        let end = match (found, self.on_match) {
            (Found::None, _) => {
                *warnings += mapped.draft.warnings.len() as u64;
                finish(mapped, None, &mut self.chain, self.context)
            }
            (Found::Several(ids), _) => refused(&mapped, None, matching::ambiguous(&ids), self.context),
            (Found::One(contact), OnMatch::Reject) => refused(&mapped, None, matching::exists(&contact), self.context),
            (Found::One(contact), OnMatch::Skip) => RowEnd::Skipped(format!("in the store already: {}", contact.id)),
            (Found::One(contact), _) => {
                let (rules, allow_opt_in) = (&*self.context.book.rules, self.allow_opt_in);
                matching::overlay(&mut mapped, &contact, &Policy { settings: self.settings, rules, allow_opt_in });
                *warnings += mapped.draft.warnings.len() as u64;
                finish(mapped, Some(&contact), &mut self.chain, self.context)
            }
        };
        if let RowEnd::Create(ready) | RowEnd::Update(ready, _) = &end {
            self.pending.extend(ready.identity.iter().cloned());
            self.pending.insert(ready.contact.id().to_string());
        }
        Ok(end)
    }

    fn find(&self, mapped: &Mapped) -> Result<Found, Failure> {
        let id = self.context.mapping.id_column.and_then(|column| mapped.cells.get(column));
        if let Some(contact) = matching::by_id(self.store, id, self.settings, &self.by)? {
            return Ok(Found::One(Arc::new(contact)));
        }
        matching::find(self.store, &mapped.draft.contact, self.settings, &self.by)
    }

    /// Writes what has gathered, in one transaction.
    pub(super) fn flush(&mut self, report: &mut ImportReport) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        self.pending.clear();
        if batch.is_empty() {
            return Ok(());
        }
        let mut batch = batch;
        let mut behind = VecDeque::new();
        let (counts, tally, stops) = loop {
            // What failed only now counts, too.
            let cut = self.limits.cut(&batch, &report.counts, self.tally.faulted, self.order.fuses());
            if let Some(cut) = cut.filter(|cut| cut + 1 < batch.len()) {
                put_behind(&mut batch, &mut behind, cut);
                self.order.back_to(&batch, behind.make_contiguous());
            }
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
                Err(Trouble::Store(error)) => return Err(error.into()),
                Ok((counts, tally)) => break (counts, tally, cut.is_some()),
            }
        };
        report.counts += counts;
        (self.tally, self.stopped) = (tally, stops);
        report.warned_values += batch.iter().map(|row| row.warnings).sum::<u64>();
        for row in batch {
            self.order.fuses().tell(&row.asked.calls);
            self.settle(row, report);
        }
        self.order.wrote();
        self.early = Owners::default();
        self.came_back = behind.len();
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
            put_behind(batch, behind, *first);
            refused.retain(|(at, _)| at == first);
        }
        refused
    }

    fn rewind(&mut self, batch: &[Ended], behind: &mut VecDeque<Ended>) {
        if !behind.is_empty() && self.order.remembers() {
            self.order.back_to(batch, behind.make_contiguous());
        }
    }

    fn write_batch(&mut self, batch: &[Ended], report: &ImportReport) -> Result<(Counts, Tally), Trouble> {
        let counts = count(batch);
        let last = batch.last().map_or(0, |row| row.record);
        let mut tally = self.tally.clone();
        batch.iter().for_each(|row| tally.note(&row.asked.calls, self.order.fuses()));
        let unique = self.context.book.rules.schema.has_identifiers();
        let (false, Some(job)) = (self.dry_run, report.job) else {
            let (owners, by, access) = (&mut self.owners, &self.by, self.settings.access);
            let take = |reader: &Reader<'_>| owners.take(reader, batch, by, access);
            let refused = if unique { self.store.read(take)? } else { Vec::new() };
            return if refused.is_empty() { Ok((counts, tally)) } else { Err(Trouble::Taken(refused)) };
        };
        self.store.write::<_, Trouble>(|writer| {
            let taken = |writer| Owners::default().take(writer, batch, &self.by, self.settings.access);
            let refused = if unique { taken(writer)? } else { Vec::new() };
            if !refused.is_empty() {
                return Err(Trouble::Taken(refused));
            }
            for row in batch {
                write_row(writer, job, row)?;
            }
            let mut total = report.counts;
            total += counts;
            writer.advance_job(job, last, &total)?;
            if let Some(progress) = tally.progress(self.order.fuses()) {
                writer.note_progress(job, &progress)?;
            }
            Ok(())
        })?;
        Ok((counts, tally))
    }

    fn give_way(&self, batch: &mut [Ended], id: ContactId) {
        for row in batch.iter_mut() {
            if let RowEnd::Update(ready, _) = &row.end
                && ready.contact.id() == id
            {
                let invalid =
                    Invalid::new("CHANGED_MEANWHILE", format!("contact {id} was changed while this row was imported"))
                        .hint("import the row again");
                let problem = crate::domain::problem::Problem::of_record(None, invalid);
                let told = crate::app::decide::Told { plugin: None, problem };
                row.end = failed(row.record, row.line, &ready.cells, &[told], self.context);
            }
        }
    }

    /// After the commit: plugins see their new state, and a dry run is told.
    fn settle(&self, row: Ended, report: &mut ImportReport) {
        let preview = match row.end {
            RowEnd::Create(ready) | RowEnd::Update(ready, _) => {
                self.state.apply(if self.dry_run { &[] } else { &ready.state });
                report.returned.extend(ready.returned.then_some(row.record));
                report.echoes.extend(ready.echoes.then_some(row.record));
                ready.preview
            }
            RowEnd::Failed(failure) if self.dry_run => Some(Preview {
                record: failure.record,
                line: failure.line,
                action: "fail",
                name: failure.text,
                fields: Vec::new(),
            }),
            RowEnd::Skipped(reason) if self.dry_run => {
                Some(Preview { record: row.record, line: row.line, action: "skip", name: reason, fields: Vec::new() })
            }
            _ => None,
        };
        report.preview.extend(preview.filter(|_| report.preview.len() < PREVIEW_ROWS));
    }
}

/// Why a batch was not written.
enum Trouble {
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

/// Takes what follows a row out of a batch.
fn put_behind(batch: &mut Vec<Ended>, behind: &mut VecDeque<Ended>, last: usize) {
    let mut tail: VecDeque<Ended> = batch.split_off(last + 1).into();
    tail.append(behind);
    *behind = tail;
}

fn updates(batch: &[Ended], id: ContactId) -> bool {
    batch.iter().any(|row| matches!(&row.end, RowEnd::Update(ready, _) if ready.contact.id() == id))
}

/// The rows that update a contact.
fn about(batch: &[Ended], id: ContactId) -> Vec<usize> {
    let about = |row: &Ended| matches!(&row.end, RowEnd::Update(ready, _) if ready.contact.id() == id);
    batch.iter().enumerate().filter(|(_, row)| about(row)).map(|(at, _)| at).collect()
}

fn write_row(writer: &mut Writer<'_>, job: i64, row: &Ended) -> Result<(), StoreError> {
    if let RowEnd::Create(ready) | RowEnd::Update(ready, _) = &row.end
        && ready.returned
    {
        writer.lift_tombstones(&ready.contact)?;
    }
    match &row.end {
        RowEnd::Create(ready) => {
            writer.insert(&ready.contact, &ready.entry)?;
            write_state(writer, &ready.state)
        }
        RowEnd::Update(ready, seen) => {
            writer.update(&ready.contact, *seen, &ready.entry)?;
            write_state(writer, &ready.state)
        }
        RowEnd::Failed(failure) => writer.add_failure(job, failure),
        RowEnd::Match(_) | RowEnd::Unchanged | RowEnd::Skipped(_) | RowEnd::Blank => Ok(()),
    }
}

fn count(batch: &[Ended]) -> Counts {
    let mut counts = Counts { read: batch.len() as u64, ..Counts::default() };
    for row in batch {
        *match &row.end {
            RowEnd::Create(_) => &mut counts.created,
            RowEnd::Update(..) => &mut counts.updated,
            RowEnd::Unchanged => &mut counts.unchanged,
            RowEnd::Skipped(_) => &mut counts.skipped,
            RowEnd::Failed(_) => &mut counts.failed,
            RowEnd::Blank => &mut counts.blank,
            RowEnd::Match(_) => continue,
        } += 1;
    }
    counts
}

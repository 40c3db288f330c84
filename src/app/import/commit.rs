//! The writer of an import: rows in file order, one transaction a batch. Matching happens here, before the transaction, on what is committed.

use std::collections::HashSet;
use std::sync::Arc;

use super::ImportRequest;
use super::matching::{self, Found, Policy};
use super::report::{ImportReport, PREVIEW_ROWS, Preview};
use super::row::{Context, Ended, Mapped, RowEnd, failed, finish, identity, refused, suggest_organization};
use super::unique::{self, Owners, Refused};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::lookup::StateMemory;
use crate::app::provenance::write_state;
use crate::config::{OnMatch, Settings};
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::permission::Viewer;
use crate::domain::problem::Problem;
use crate::registry::dispatch::{Chain, PluginCounts};
use crate::store::{Counts, Reader, Store, StoreError, Writer};

/// Rows of one transaction.
const BATCH_ROWS: usize = 1024;

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
}

impl<'i> Committer<'i> {
    pub(super) fn new(
        app: &'i App,
        request: &ImportRequest,
        context: &'i Context,
        chain: Chain,
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
        })
    }

    pub(super) fn plugin_counts(&mut self) -> Vec<PluginCounts> {
        self.chain.counts()
    }

    /// Takes rows in file order and writes whenever a batch is full.
    pub(super) fn take(&mut self, rows: Vec<Ended>, report: &mut ImportReport) -> Result<(), Failure> {
        for mut row in rows {
            if let RowEnd::Match(mapped) = row.end {
                row.end = self.settle_match(*mapped, &mut row.warnings, report)?;
            }
            self.batch.push(row);
            if self.batch.len() >= BATCH_ROWS {
                self.flush(report)?;
            }
        }
        Ok(())
    }

    /// Finds the row's contact and decides what becomes of it. Rows of one person wait for each other, batch by batch.
    fn settle_match(
        &mut self,
        mut mapped: Mapped,
        warnings: &mut Vec<Problem>,
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
                suggest_organization(&mut mapped.draft, self.context);
                warnings.append(&mut mapped.draft.warnings);
                finish(mapped, None, &mut self.chain, self.context)
            }
            (Found::Several(ids), _) => refused(&mapped, None, matching::ambiguous(&ids), self.context),
            (Found::One(contact), OnMatch::Reject) => refused(&mapped, None, matching::exists(&contact), self.context),
            (Found::One(contact), OnMatch::Skip) => RowEnd::Skipped(format!("in the store already: {}", contact.id)),
            (Found::One(contact), _) => {
                let (rules, allow_opt_in) = (&*self.context.book.rules, self.allow_opt_in);
                matching::overlay(&mut mapped, &contact, &Policy { settings: self.settings, rules, allow_opt_in });
                suggest_organization(&mut mapped.draft, self.context);
                warnings.append(&mut mapped.draft.warnings);
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
        let Some(last) = batch.last().map(|row| row.record) else { return Ok(()) };
        let mut batch = batch;
        let counts = loop {
            match self.write_batch(&batch, last, report) {
                Err(Trouble::Taken(refused)) => unique::fail(&mut batch, refused, self.context),
                // Somebody wrote the contact between our look and our transaction: the row fails by name, the others go on.
                Err(Trouble::Store(StoreError::Conflict { id, .. } | StoreError::NotFound { id }))
                    if updates(&batch, id) =>
                {
                    self.give_way(&mut batch, id)
                }
                Err(Trouble::Store(error)) => return Err(error.into()),
                Ok(counts) => break counts,
            }
        };
        report.counts += counts;
        for mut row in batch {
            // Of a row that failed nothing was taken.
            if matches!(row.end, RowEnd::Create(_) | RowEnd::Update(..) | RowEnd::Unchanged) {
                report.warned.add(row.record, row.line, std::mem::take(&mut row.warnings));
            }
            self.settle(row, report);
        }
        Ok(())
    }

    fn write_batch(&mut self, batch: &[Ended], last: u64, report: &ImportReport) -> Result<Counts, Trouble> {
        let counts = count(batch);
        let unique = self.context.book.rules.schema.has_identifiers();
        let (false, Some(job)) = (self.dry_run, report.job) else {
            let (owners, by, access) = (&mut self.owners, &self.by, self.settings.access);
            let take = |reader: &Reader<'_>| owners.take(reader, batch, by, access);
            let refused = if unique { self.store.read(take)? } else { Vec::new() };
            return if refused.is_empty() { Ok(counts) } else { Err(Trouble::Taken(refused)) };
        };
        self.store.write(|writer| {
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
            Ok(counts)
        })
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

fn updates(batch: &[Ended], id: ContactId) -> bool {
    batch.iter().any(|row| matches!(&row.end, RowEnd::Update(ready, _) if ready.contact.id() == id))
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

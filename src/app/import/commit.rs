//! The writer of an import: rows in file order, one transaction a batch. Matching happens here, before the transaction, on what is committed.
//! A dry run goes the same way, and writes to its own store.

use std::collections::HashSet;

use super::ImportRequest;
use super::matching::{self, Finding, Found, Matcher};
use super::overlay::{Policy, overlay};
use super::precedence::Precedence;
use super::preview::Preview;
use super::report::ImportReport;
use super::row::{Context, Ended, Mapped, RowEnd, failed, finish, refused};
use super::stage::{Stage, View};
use super::unique::{self, Owners, Refused};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::provenance::write_state;
use crate::config::{MatchBy, OnMatch, Settings};
use crate::domain::contact::Stamp;
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::permission::Viewer;
use crate::registry::dispatch::{Chain, PluginCounts};
use crate::store::{Counts, Reader, StoreError, Writer};

/// Rows of one transaction.
const BATCH_ROWS: usize = 1024;

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
}

impl<'i> Committer<'i> {
    pub(super) fn new(
        app: &'i App,
        request: &ImportRequest,
        context: &'i Context,
        precedence: Precedence,
        stage: Stage,
        chain: Chain,
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
        }
    }

    pub(super) fn plugin_counts(&mut self) -> Vec<PluginCounts> {
        self.chain.counts()
    }

    /// Takes rows in file order and writes whenever a batch is full.
    pub(super) fn take(&mut self, rows: Vec<Ended>, report: &mut ImportReport) -> Result<(), Failure> {
        for mut row in rows {
            if let RowEnd::Match(mapped) = row.end {
                row.end = self.settle_match(*mapped, report)?;
            }
            self.batch.push(row);
            if self.batch.len() >= BATCH_ROWS {
                self.flush(report)?;
            }
        }
        Ok(())
    }

    /// Finds the row's contact and decides what becomes of it. Rows of one person wait for each other, batch by batch.
    fn settle_match(&mut self, mut mapped: Mapped, report: &mut ImportReport) -> Result<RowEnd, Failure> {
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
        let end = match (finding.found, self.on_match) {
            (Found::None, _) => {
                report.warned_values += mapped.draft.warnings.len() as u64;
                let unmatchable = !matching::can_be_matched(&mapped.draft.contact, &self.match_by);
                let end = finish(mapped, None, &mut self.chain, self.context);
                if matches!(end, RowEnd::Create(_)) {
                    report.remarks.unmatchable.take_if(unmatchable, record);
                    report.remarks.somebody_else.take_if(somebody_else, record);
                }
                end
            }
            (Found::Several(fits, count), _) => {
                refused(&mapped, matching::ambiguous(&fits, count, tried_out), self.context)
            }
            (Found::One(fit), OnMatch::Reject) => refused(&mapped, matching::exists(&fit, tried_out), self.context),
            (Found::One(fit), OnMatch::Skip) => RowEnd::Skipped(matching::passed_over(&fit, tried_out)),
            (Found::One(fit), _) => {
                let (rules, allow_opt_in) = (&*self.context.book.rules, self.allow_opt_in);
                let policy = Policy { precedence: &self.precedence, rules, allow_opt_in };
                overlay(&mut mapped, &fit.contact, &policy);
                report.warned_values += mapped.draft.warnings.len() as u64;
                let kept_out = mapped.draft.warnings.iter().any(|warning| warning.code == "OPT_IN_REFUSED");
                report.remarks.kept_out.take_if(kept_out, record);
                let end = finish(mapped, Some(&fit.contact), &mut self.chain, self.context);
                if matches!(end, RowEnd::Update(..)) {
                    self.rewritten.insert(fit.no);
                }
                end
            }
        };
        if let RowEnd::Create(ready) | RowEnd::Update(ready, _) = &end {
            self.pending.extend(ready.identity.iter().cloned());
        }
        Ok(end)
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
        report.warned_values += batch.iter().map(|row| row.warnings).sum::<u64>();
        for row in batch {
            self.settle(row, report)?;
        }
        Ok(())
    }

    fn write_batch(&mut self, batch: &[Ended], last: u64, report: &ImportReport) -> Result<Counts, Trouble> {
        let counts = count(batch);
        let unique = self.context.book.rules.schema.has_identifiers();
        let scope = self.by.scope(self.settings.access);
        self.stage.write(|writer, beneath| {
            let view = View::of_writer(writer, beneath, &scope);
            let taken = |view| Owners::default().take(view, batch, &self.by, self.settings.access);
            let refused = if unique { taken(&view)? } else { Vec::new() };
            if !refused.is_empty() {
                return Err(Trouble::Taken(refused));
            }
            for row in batch {
                if let Some(beneath) = beneath {
                    plant(writer, beneath, row)?;
                }
                write_row(writer, report.job, row)?;
            }
            let mut total = report.counts;
            total += counts;
            if let Some(job) = report.job {
                writer.advance_job(job, last, &total)?;
            }
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
                let problem = crate::domain::problem::Problem::of_record(None, invalid);
                let told = crate::app::decide::Told { plugin: None, problem };
                row.end = failed(row.record, row.line, &ready.cells, &[told], self.context);
            }
        }
    }

    /// After the commit: plugins see their new state, and what became of the row is shown.
    fn settle(&self, row: Ended, report: &mut ImportReport) -> Result<(), Failure> {
        let Ended { record, line, end, .. } = row;
        let blank = |action: &'static str, name: String| {
            let (id, fields, problems) = (None, Vec::new(), Vec::new());
            Preview { record, line, action, id, name, fields, problems }
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
                Some(Preview { problems, ..blank("fail", failure.text) })
            }
            RowEnd::Skipped(reason) if self.context.preview => Some(blank("skip", reason)),
            _ => None,
        };
        preview.map_or(Ok(()), |preview| report.previews.take(preview))
    }
}

/// Brings the contact that a row updates into the store of a dry run, as it stands beneath.
fn plant(writer: &mut Writer<'_>, beneath: &Reader<'_>, row: &Ended) -> Result<(), StoreError> {
    let RowEnd::Update(ready, _) = &row.end else { return Ok(()) };
    let id = ready.contact.id();
    if writer.number_of(id)?.is_some() {
        return Ok(());
    }
    let (Some(no), Some(contact)) = (beneath.number_of(id)?, beneath.contact(id)?) else { return Ok(()) };
    writer.plant(no, &contact)
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

fn write_row(writer: &mut Writer<'_>, job: Option<i64>, row: &Ended) -> Result<(), StoreError> {
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
        RowEnd::Failed(failure) => job.map_or(Ok(()), |job| writer.add_failure(job, failure)),
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

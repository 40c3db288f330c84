//! The threads of an import: one reads, several map rows and ask plugins, one writes in file order. Memory is bounded by the number of chunks
//! under way, whatever the file's length.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::commit::{BATCH_ROWS, Committer};
use super::limits::Stopped;
use super::mapping::Mapping;
use super::order::{Asker, Order};
use super::precedence::Precedence;
use super::report::ImportReport;
use super::row::{Context, Ended};
use super::stage::Stage;
use super::tally::Tally;
use super::{ImportRequest, Progress, Stop, staff};
use crate::app::contacts::claims::Claims;
use crate::app::decide::RuleBook;
use crate::app::failure::{Class, Failure};
use crate::app::{App, now};
use crate::config::OnMatch;
use crate::domain::cells::Cells;
use crate::domain::contact::Stamp;
use crate::domain::custom::Entity;
use crate::domain::rules::Rules;
use crate::intake;
use crate::registry::Generation;
use crate::store::Actor;

/// Rows that travel together.
const CHUNK_ROWS: usize = if cfg!(test) { 4 } else { 256 };

/// Rows that workers may be ahead of the writer: enough that they never wait for it while it commits a batch.
const AHEAD_ROWS: usize = 5 * BATCH_ROWS / 2;

/// What to do about a fault of Carnet's own.
const RESUME: &str = "resume the job; if this happens again, report it with the file";

/// How much longer than the last row the next one may be before its memory must grow.
const SPARE_BYTES: usize = 32;

/// What is decided before the first row.
pub(super) struct Plan {
    pub(super) mapping: Arc<Mapping>,
    pub(super) precedence: Precedence,
}

/// Some rows on their way, with their number in the file's order.
struct Chunk<T> {
    number: u64,
    rows: Vec<T>,
    /// Bytes of the file read when the chunk was full.
    bytes: u64,
}

/// Runs an import to its end, or to its first failure; rows committed by then stay, and the counts tell of them.
pub(super) fn run(
    app: &App,
    request: &ImportRequest,
    reader: intake::Reader,
    plan: Plan,
    generation: Arc<Generation>,
    report: &mut ImportReport,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Failure> {
    let Plan { mapping, precedence } = plan;
    let context = context(app, request, mapping, report)?;
    let workers = worker_count(app);
    let in_flight = AHEAD_ROWS / CHUNK_ROWS + workers;
    // Twice as many as there can be, to be safe.
    let under_way = 2 * ((in_flight + 1) * CHUNK_ROWS + BATCH_ROWS) as u64;
    let stage = Stage::set(app, &request.by, request.dry_run)?;
    // A dry run writes to a store of its own, which nobody keeps.
    let _checkpoints = if request.dry_run { None } else { Some(app.store()?.checkpoint_aside()?) };
    let mut order = Order::new(stage.clone(), &generation, (report.resumed_after, under_way));
    let mut tally = Tally::new(&generation);
    resume(app, report, &mut order, &mut tally)?;
    let askers: Vec<Asker> = (0..workers).map(|_| order.worker(&generation)).collect();
    let chain = order.chain(&generation);
    let mut committer = Committer::new(app, request, &context, precedence, stage.clone(), (chain, order, tally));
    let total_bytes = reader.size_bytes();
    let (tokens, free) = bounded::<()>(in_flight);
    for _ in 0..in_flight {
        let _ = tokens.send(());
    }
    let (raw_in, raw_out) = bounded::<Chunk<intake::Row>>(in_flight);
    let (done_in, done_out) = bounded::<Result<Chunk<Ended>, Failure>>(in_flight);
    let skip = report.resumed_after;
    let delivered = AtomicU64::new(0);
    let before = report.counts.read;
    let written = thread::scope(|scope| {
        let delivered = &delivered;
        let reading = scope.spawn(move || read(reader, skip, &free, &raw_in, delivered));
        for asker in askers {
            let (rows, done, context) = (raw_out.clone(), done_in.clone(), &context);
            scope.spawn(move || work(asker, &rows, &done, context));
        }
        // Only the workers hold the ends now, so the channels close when they are done.
        drop((raw_out, done_in));
        let written = write(done_out, &mut committer, report, &tokens, total_bytes, &request.stop, progress);
        drop(tokens);
        let read = reading.join().unwrap_or_else(|_| {
            let message = format!("reading `{}` broke off", request.file.display());
            Err(Failure::new(Class::Internal, "READER", message).hint(RESUME))
        });
        written.and(read)
    });
    committer.tell(report);
    report.tell_of_file(&written?);
    report.previews.new_names = stage.new_names()?;
    if report.stopped.is_some() {
        return Ok(());
    }
    let (read, ended) = (delivered.into_inner(), report.counts.read - before);
    if read == ended { Ok(()) } else { Err(lost(read, ended)) }
}

/// Goes on from where an earlier run of the job left its plugins.
fn resume(app: &App, report: &mut ImportReport, order: &mut Order, tally: &mut Tally) -> Result<(), Failure> {
    let Some(job) = report.job else { return Ok(()) };
    let progress = app.store()?.read(|reader| reader.job_progress(job))?;
    if !progress.is_empty() {
        let (standing, notes) = tally.resume(&progress, order.fuses().standing());
        order.resume(&standing);
        report.notes.extend(notes);
    }
    Ok(())
}

fn context(
    app: &App,
    request: &ImportRequest,
    mapping: Arc<Mapping>,
    report: &ImportReport,
) -> Result<Context, Failure> {
    let book = app.rule_book()?;
    let rules = Rules {
        default_country: request.country.or(book.rules.default_country),
        schema: app.schema_with_history(Entity::Contact)?,
        ..(*book.rules).clone()
    };
    let by: Arc<str> = report.job.map_or_else(|| "dry run".to_owned(), |job| format!("import {job}")).into();
    Ok(Context {
        mapping,
        book: RuleBook { rules: Arc::new(rules), ..book },
        stamp: Stamp { at: now(), by },
        actor: Actor::Import(report.job.unwrap_or(0)),
        matching: request.on_match.unwrap_or(app.settings().on_match) != OnMatch::Create,
        preview: request.show.is_some() || request.show_every || (request.dry_run && request.errors_json.is_some()),
        claims: Claims::of(&request.by, app.settings().access),
        hidden_organizations: app.hidden_organizations(&request.by)?,
        companies: app.companies(&request.by)?,
        staff: staff::names(app, &request.by)?,
        tombstones: app.store()?.read(|reader| reader.tombstones())?,
        allow_forgotten: request.allow_forgotten,
    })
}

fn worker_count(app: &App) -> usize {
    match app.settings().workers {
        0 => thread::available_parallelism().map_or(2, std::num::NonZero::get).clamp(1, 16),
        workers => workers,
    }
}

/// Rows that were read and did not end are a fault of Carnet's, never passed over.
fn lost(read: u64, ended: u64) -> Failure {
    let message = format!("{read} rows were read, but {ended} ended: the import is not complete");
    Failure::new(Class::Internal, "ROWS_LOST", message).hint(RESUME)
}

/// Reads the file into chunks, waiting while too many are under way; the reader then knows what the file is like.
fn read(
    mut reader: intake::Reader,
    skip: u64,
    free: &Receiver<()>,
    chunks: &Sender<Chunk<intake::Row>>,
    delivered: &AtomicU64,
) -> Result<intake::Reader, Failure> {
    // Rows of a file are much alike: each is made as large as the last one was, instead of growing cell by cell.
    let (mut bytes, mut cells) = (0, 0);
    for number in 0.. {
        let mut rows = Vec::with_capacity(CHUNK_ROWS);
        let mut more = true;
        while more && rows.len() < CHUNK_ROWS {
            let mut row = intake::Row { cells: Arc::new(Cells::with_capacity(bytes, cells)), ..intake::Row::default() };
            more = reader.read(&mut row)?;
            (bytes, cells) = (row.cells.bytes() + SPARE_BYTES, row.cells.len());
            if more && row.record > skip {
                rows.push(row);
            }
        }
        delivered.fetch_add(rows.len() as u64, Ordering::Relaxed);
        let chunk = Chunk { number, rows, bytes: reader.bytes_read() };
        // A closed channel means that the writer gave up; its failure is the one to tell.
        if chunk.rows.is_empty() || free.recv().is_err() || chunks.send(chunk).is_err() || !more {
            break;
        }
    }
    Ok(reader)
}

fn work(
    mut asker: Asker,
    chunks: &Receiver<Chunk<intake::Row>>,
    done: &Sender<Result<Chunk<Ended>, Failure>>,
    context: &Context,
) {
    for chunk in chunks {
        let Chunk { number, rows, bytes } = chunk;
        // Whatever goes wrong here must reach the writer, or it would wait for this chunk for ever.
        let records = rows.first().zip(rows.last()).map(|(first, last)| (first.record, last.record));
        let work = AssertUnwindSafe(|| rows.into_iter().map(|row| asker.ask(row, context)).collect());
        let rows = catch_unwind(work).map_err(|_| {
            let (first, last) = records.unwrap_or_default();
            let message = format!("a worker of the import failed on one of the records {first} to {last}");
            Failure::new(Class::Internal, "WORKER", message).hint(RESUME)
        });
        if done.send(rows.map(|rows| Chunk { number, rows, bytes })).is_err() {
            break;
        }
    }
}

/// Puts chunks back in order and commits them.
fn write(
    done: Receiver<Result<Chunk<Ended>, Failure>>,
    committer: &mut Committer<'_>,
    report: &mut ImportReport,
    tokens: &Sender<()>,
    total_bytes: Option<u64>,
    stop: &Stop,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Failure> {
    let mut waiting: BTreeMap<u64, Chunk<Ended>> = BTreeMap::new();
    let mut next = 0;
    for chunk in done {
        // Without one chunk, those behind it can never be written: a worker that failed ends the import.
        let chunk = chunk?;
        waiting.insert(chunk.number, chunk);
        while let Some(chunk) = waiting.remove(&next) {
            next += 1;
            committer.take(chunk.rows, report)?;
            let _ = tokens.try_send(());
            let counts = report.counts;
            progress(Progress {
                records: counts.read,
                failed: counts.failed,
                bytes: chunk.bytes,
                total_bytes,
                waiting_for: None,
            });
            if committer.is_stopped() {
                return Ok(());
            }
            if stop.is_asked() {
                committer.finish(report)?;
                report.stopped.get_or_insert_with(|| Stopped::asked(report.job, &report.file));
                return Ok(());
            }
        }
    }
    committer.finish(report)
}

//! As if rows were decided one after the other: workers ask plugins ahead of the writer, and note what the plugins were told. When a row's turn
//! comes and a row before it has changed an answer, or has tripped a plugin, it is asked about again, on what the rows before it made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ahead::{self, AheadLookup, Ledger, Moved, Pending};
use super::heard::{Ear, Heard, Listening};
use super::row::{Context, Ended, RowEnd, process};
use super::stage::Stage;
use crate::app::memory::{StateMemory, crowds};
use crate::intake;
use crate::plugin::hook::Hook;
use crate::plugin::package::Grants;
use crate::plugin::service::{ContactLookup, PluginState, Services};
use crate::registry::Generation;
use crate::registry::dispatch::{CallNote, Chain, Flags, Fuse, Fuses};
use crate::store::{StateMark, StoreError, Writer};

/// How a row came to its end.
#[derive(Default)]
pub(super) struct Asked {
    /// The row, where plugins may have to be asked again.
    row: Option<Box<intake::Row>>,
    /// What the plugins were told.
    pub(super) heard: Vec<Heard>,
    /// The row up to which they saw what was written.
    seen: u64,
    /// Their calls.
    pub(super) calls: Vec<CallNote>,
    /// Under which number of the flags they were asked.
    changes: u32,
    /// Whether the row has to be asked about again whatever they were told.
    stale: bool,
}

impl Asked {
    /// Says whether the row can be decided once more.
    pub(super) const fn can_be_put_off(&self) -> bool {
        self.row.is_some()
    }

    /// Lets go of what plugins said in words, where nothing of the row's person may be kept.
    pub(super) fn hush(&mut self, is_gone: bool, context: &Context) {
        if self.calls.iter().all(|call| call.aside.is_none()) {
            return;
        }
        if is_gone || self.row.as_ref().is_some_and(|row| context.forgotten_in(&row.cells).is_some()) {
            self.calls.iter_mut().for_each(CallNote::hush);
        }
    }

    /// A row whose turn has not come yet after all.
    pub(super) fn put_off(self, record: u64, line: u64) -> Ended {
        Ended { record, line, end: RowEnd::Blank, warnings: Vec::new(), asked: Self { stale: true, ..self } }
    }
}

/// Who asks plugins about rows: a worker ahead of the writer.
pub(super) struct Asker {
    pub(super) chain: Chain,
    ear: Arc<Ear>,
    written: Arc<AtomicU64>,
    flags: Arc<Flags>,
    /// Whether there is anybody to ask.
    asks: bool,
}

impl Asker {
    /// Takes a row as far as it goes without the store, and notes what its plugins were told.
    pub(super) fn ask(&mut self, row: intake::Row, context: &Context) -> Ended {
        if !self.asks {
            return process(row, &mut self.chain, context);
        }
        let mut asked = Asked {
            row: Some(Box::new(row.clone())),
            seen: self.written.load(Ordering::Acquire),
            changes: self.flags.changes(),
            ..Asked::default()
        };
        drop((self.ear.take(), self.chain.take_notes()));
        let mut ended = process(row, &mut self.chain, context);
        (asked.heard, asked.calls) = (self.ear.take(), self.chain.take_notes());
        if asked.calls.is_empty() && !matches!(ended.end, RowEnd::Match(_)) {
            asked.row = None;
        }
        ended.asked = asked;
        ended
    }
}

/// What others made plugins remember while rows were decided on.
pub(super) struct Overtaken {
    mark: StateMark,
    now: StateMemory,
    moved: Moved,
}

impl Overtaken {
    /// The first row whose plugins were told something else.
    pub(super) fn first_misled(&self, rows: &[Ended]) -> Option<usize> {
        rows.iter().position(|row| row.asked.heard.iter().any(|heard| self.belies(heard)))
    }

    fn belies(&self, heard: &Heard) -> bool {
        match heard {
            Heard::Lookup(_) => false,
            Heard::State(plugin, key) => self.moved.get(plugin).is_some_and(|keys| keys.contains(key)),
            Heard::Size(plugin, was) => self.moved.contains_key(plugin) && crowds(*was, self.now.size(plugin)),
        }
    }
}

/// What the writer knows of the rows so far.
pub(super) struct Order {
    /// Where rows are written, or would be.
    stage: Stage,
    fuses: Fuses,
    /// How the breakers stood before the batch.
    before_batch: Vec<Fuse>,
    /// The last row whose contact is written.
    written: Arc<AtomicU64>,
    /// The last row that was taken.
    last: u64,
    /// What the writer's own chain was told.
    ear: Arc<Ear>,
    pending: Arc<Pending>,
    /// What is remembered after all rows taken.
    memory: Arc<StateMemory>,
    /// Up to which moment it is known what others made plugins remember; nothing before the first batch.
    mark: Option<StateMark>,
    ledger: Ledger,
    grants: Grants,
    /// The most rows under way.
    under_way: u64,
    /// Rows that were asked about again.
    pub(super) again: u64,
}

impl Order {
    /// Begins after a row; `under_way` is the most rows between one that is read and one that is written.
    pub(super) fn new(stage: Stage, generation: &Arc<Generation>, (after, under_way): (u64, u64)) -> Self {
        let fuses = Fuses::new(Arc::clone(generation));
        let memory = StateMemory::clone(&stage.state);
        Self {
            before_batch: fuses.standing().to_vec(),
            stage,
            fuses,
            written: Arc::new(AtomicU64::new(after)),
            last: after,
            ear: Arc::default(),
            pending: Arc::default(),
            memory: Arc::new(memory),
            mark: None,
            ledger: Ledger::default(),
            grants: granted(generation),
            under_way,
            again: 0,
        }
    }

    /// A worker, which sees what is committed.
    pub(super) fn worker(&self, generation: &Arc<Generation>) -> Asker {
        let ear: Arc<Ear> = Arc::default();
        let services = services(&ear, Arc::new(self.stage.clone()), Arc::clone(&self.stage.state));
        let chain = self.chain_with(generation, services);
        let asks = [Hook::ImportRow, Hook::Create, Hook::Update].into_iter().any(|hook| chain.has(hook));
        Asker { chain, ear, written: Arc::clone(&self.written), flags: Arc::clone(self.fuses.flags()), asks }
    }

    /// The writer's own chain, which sees what all rows so far make.
    pub(super) fn chain(&self, generation: &Arc<Generation>) -> Chain {
        let lookup = Arc::new(AheadLookup { stage: self.stage.clone(), pending: Arc::clone(&self.pending) });
        let services = services(&self.ear, lookup, Arc::clone(&self.memory));
        self.chain_with(generation, services)
    }

    fn chain_with(
        &self,
        generation: &Arc<Generation>,
        services: impl Fn(Grants) -> Services + Send + 'static,
    ) -> Chain {
        let chain = Chain::for_job(Arc::clone(generation), services, Arc::clone(self.fuses.flags()));
        if self.stage.is_dry() { chain.rehearsing() } else { chain }
    }

    /// Says whether a row before this one has changed what its plugins go by.
    pub(super) fn disturbs(&self, asked: &Asked) -> bool {
        let size = |plugin: &str| self.memory.size(plugin);
        asked.stale
            || (!asked.calls.is_empty() && asked.changes != self.fuses.flags().changes())
            || (!asked.heard.is_empty() && self.ledger.disturbs(&asked.heard, asked.seen, size))
    }

    /// Asks about a row again, now that all rows before it are known; nothing when there is nobody to ask.
    pub(super) fn ask_again(&mut self, asked: &Asked, chain: &mut Chain, context: &Context) -> Option<Ended> {
        let row = asked.row.clone()?;
        self.again += 1;
        self.begin(chain);
        let mut ended = process((*row).clone(), chain, context);
        ended.asked = Asked { row: Some(row), ..Asked::default() };
        self.end(chain, &mut ended.asked);
        Some(ended)
    }

    /// Before the writer's chain asks about the row that is next.
    pub(super) fn begin(&self, chain: &mut Chain) {
        drop((self.ear.take(), chain.take_notes()));
    }

    /// Notes what the writer's chain was told about it.
    pub(super) fn end(&self, chain: &mut Chain, asked: &mut Asked) {
        asked.heard.extend(self.ear.take());
        asked.calls.extend(chain.take_notes());
        (asked.seen, asked.changes) = (self.last, self.fuses.flags().changes());
    }

    /// Says whether a contact that the row's plugins looked up was changed by a row that is not written yet: where it stands among others is
    /// known only when it is.
    pub(super) fn must_be_written_first(&self, asked: &Asked) -> bool {
        self.ledger.meets_change(&asked.heard, self.written.load(Ordering::Acquire))
    }

    /// Takes in what a row made; the rows after it are decided on that.
    pub(super) fn took(&mut self, row: &Ended) {
        self.last = row.record;
        self.fuses.note(row.record, &row.asked.calls);
        let (RowEnd::Create(ready) | RowEnd::Update(ready, _)) = &row.end else { return };
        if self.grants.state {
            self.memory.apply(&ready.state);
        }
        if self.grants.lookup {
            self.pending.add(&ready.contact);
        }
        if self.grants.lookup || self.grants.state {
            self.ledger.note(row);
            self.ledger.sweep(row.record.saturating_sub(self.under_way));
        }
    }

    /// All rows so far are written, or would be, and so is what they made plugins remember.
    pub(super) fn wrote(&mut self, mark: Option<StateMark>) {
        self.mark = mark.or(self.mark);
        self.before_batch.clear();
        self.before_batch.extend_from_slice(self.fuses.standing());
        self.pending.clear();
        self.written.store(self.last, Ordering::Release);
    }

    /// Says whether rows that fail after all have left traces: in what is remembered, or in what later rows of the batch go by.
    pub(super) fn misled(&self, batch: &[Ended], failing: &[usize]) -> bool {
        let of = |at: &usize| match &batch[*at].end {
            RowEnd::Create(ready) | RowEnd::Update(ready, _) => Some((*at, ready)),
            _ => None,
        };
        let failing: Vec<_> = failing.iter().filter_map(of).collect();
        let mut later = batch.iter().enumerate().filter(|(_, row)| !row.asked.heard.is_empty());
        failing.iter().any(|(_, ready)| !ready.state.is_empty())
            || later.any(|(at, row)| {
                failing.iter().any(|(before, ready)| *before < at && ahead::concerns(&row.asked.heard, ready))
            })
    }

    /// Looks, before a batch is written, whether others made plugins remember something since it was last looked. In most cases nobody wrote
    /// at all, which is known at once.
    pub(super) fn overtaken(&self, writer: &Writer<'_>) -> Result<Option<Overtaken>, StoreError> {
        let mark = writer.state_mark();
        if !self.grants.state || self.stage.is_dry() || self.mark == Some(mark) {
            return Ok(None);
        }
        let now = StateMemory::load(writer)?;
        let moved = self.stage.state.differences(&now);
        Ok((!moved.is_empty()).then_some(Overtaken { mark, now, moved }))
    }

    /// Takes in what others made plugins remember. Workers that were told before are found out by the ledger, as if the first row that is not
    /// written yet had made it.
    pub(super) fn take_in(&mut self, overtaken: &Overtaken) {
        self.stage.state.become_like(&overtaken.now);
        self.mark = Some(overtaken.mark);
        self.ledger.note_others(self.written.load(Ordering::Acquire) + 1, &overtaken.moved);
    }

    /// Goes back to the end of these rows, the first of the batch; the last of them failed after all, or they are as good as written. The rows
    /// behind are to be taken once more.
    pub(super) fn back_to(&mut self, head: &[Ended], tail: &mut [Ended]) {
        let last = head.last().map_or_else(|| self.written.load(Ordering::Acquire), |row| row.record);
        self.fuses.restore(&self.before_batch);
        self.memory.become_like(&self.stage.state);
        self.pending.clear();
        self.ledger.rewind(last);
        for row in head {
            self.fuses.note(row.record, &row.asked.calls);
            if let RowEnd::Create(ready) | RowEnd::Update(ready, _) = &row.end {
                self.memory.apply(&ready.state);
                if self.grants.lookup {
                    self.pending.add(&ready.contact);
                }
            }
        }
        self.last = last;
        for row in tail.iter_mut() {
            row.asked.seen = row.asked.seen.min(last.saturating_sub(1));
        }
    }

    /// Says whether anything is kept of what rows make, which is otherwise once one of them has failed after all.
    pub(super) const fn remembers(&self) -> bool {
        self.grants.lookup || self.grants.state
    }

    /// Counts what was said about rows that are written, and lets everybody else know.
    pub(super) fn tell(&self, rows: &[Ended]) {
        self.fuses.tell(rows.iter().map(|row| row.asked.calls.as_slice()), self.stage.is_dry());
    }

    /// The breakers.
    pub(super) const fn fuses(&self) -> &Fuses {
        &self.fuses
    }

    /// Goes on from where an earlier run of the job left the breakers.
    pub(super) fn resume(&mut self, standing: &[Fuse]) {
        self.fuses.restore(standing);
        self.before_batch = self.fuses.standing().to_vec();
    }
}

fn services<L: ContactLookup + 'static, S: PluginState + 'static>(
    ear: &Arc<Ear>,
    lookup: Arc<L>,
    state: Arc<S>,
) -> impl Fn(Grants) -> Services + Send + 'static {
    let lookup = Arc::new(Listening { ear: Arc::clone(ear), service: lookup });
    let state = Arc::new(Listening { ear: Arc::clone(ear), service: state });
    move |grants: Grants| Services {
        lookup: grants.lookup.then(|| Arc::clone(&lookup) as _),
        state: grants.state.then(|| Arc::clone(&state) as _),
    }
}

/// What any plugin of the generation was granted.
fn granted(generation: &Generation) -> Grants {
    let any = |grant: fn(&Grants) -> bool| generation.plugins.iter().any(|loaded| grant(&loaded.grants));
    Grants { lookup: any(|grants| grants.lookup), state: any(|grants| grants.state) }
}

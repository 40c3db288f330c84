//! Watching the folders: what the system tells is only a hint to look, and a look leads to a reload only when what was found has settled.
//! The decisions are `settle`'s, which knows no clock and no folder; this file is the thread around it.

mod settle;
mod tree;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tracing::{debug, warn};

pub use settle::{Look, Settler, Timing};
pub use tree::Tree;

use super::scan::{self, Stamp};
use super::{Folders, Registry, Report};

/// How changes are noticed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// The system tells of them.
    Native,
    /// By looking this often: for network file systems and bind mounts, where the system tells nothing.
    Poll(Duration),
}

/// Why the folders cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// No thread could be started.
    #[error("no thread for watching plugins could be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What wakes the thread.
enum Hint {
    /// Something changed.
    Changed,
    /// The system lost events, or watching failed: nothing is certain.
    Lost,
    /// It is over.
    Stop,
}

/// A watch over the folders; dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    hints: Sender<Hint>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Ends the watch and waits until a reload under way is done.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.hints.send(Hint::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}

impl Registry {
    /// Watches the folders from now on and calls back after each reload that changed something. Where the system cannot tell of
    /// changes, they are still found by looking every [`Timing::full`].
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch(
        self: &Arc<Self>,
        notice: Notice,
        timing: Timing,
        on_change: impl FnMut(&Report) + Send + 'static,
    ) -> Result<Watch, WatchError> {
        let registry = Arc::clone(self);
        let mut on_change = on_change;
        let reload = move || {
            let report = registry.rescan();
            if !report.is_empty() {
                on_change(&report);
            }
        };
        start(InService(Arc::clone(self)), notice, timing, reload)
    }
}

/// What is watched.
trait Sight: Send + 'static {
    /// Returns what shows a change, for each file that counts.
    fn stamps(&self) -> BTreeMap<PathBuf, Stamp>;

    /// Returns the folders in which a change may matter.
    fn folders(&self) -> Vec<PathBuf>;
}

impl Sight for Folders {
    fn stamps(&self) -> BTreeMap<PathBuf, Stamp> {
        scan::stamps(self)
    }

    fn folders(&self) -> Vec<PathBuf> {
        let mut watched = scan::watched(self);
        // A folder that is not there yet shows in the one above it.
        watched.extend([&self.plugins, &self.scripts].into_iter().filter_map(|root| root.parent().map(PathBuf::from)));
        watched
    }
}

/// The folders of a registry, and the settings that its plugins are told.
struct InService(Arc<Registry>);

impl Sight for InService {
    fn stamps(&self) -> BTreeMap<PathBuf, Stamp> {
        let mut found = self.0.folders().stamps();
        found.extend(self.0.settings_stamp());
        found
    }

    fn folders(&self) -> Vec<PathBuf> {
        Sight::folders(self.0.folders())
    }
}

/// Starts the thread.
fn start(
    sight: impl Sight,
    notice: Notice,
    timing: Timing,
    reload: impl FnMut() + Send + 'static,
) -> Result<Watch, WatchError> {
    let (hints, told) = unbounded();
    let eyes = match notice {
        Notice::Native => Eyes::open(hints.clone()),
        Notice::Poll(_) => None,
    };
    let timing = match notice {
        Notice::Poll(every) => Timing { look: Some(every), ..timing },
        Notice::Native => timing,
    };
    let work = move || keep_watch(&sight, timing, &told, eyes, reload);
    let thread = thread::Builder::new().name("plugins".to_owned()).spawn(work)?;
    Ok(Watch { hints, thread: Some(thread) })
}

fn keep_watch(
    sight: &impl Sight,
    timing: Timing,
    told: &Receiver<Hint>,
    mut eyes: Option<Eyes>,
    mut reload: impl FnMut(),
) {
    // Anything may have changed between the first look of whoever watches and the first event.
    let mut settler = Settler::new(timing, Instant::now(), BTreeMap::new());
    settler.lost(Instant::now());
    loop {
        let wait = settler.wake_at().saturating_duration_since(Instant::now());
        match told.recv_timeout(wait) {
            Ok(Hint::Changed) => settler.hint(Instant::now()),
            Ok(Hint::Lost) => settler.lost(Instant::now()),
            Ok(Hint::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(eyes) = &mut eyes {
                    eyes.follow(sight.folders());
                }
                if settler.look(Instant::now(), sight.stamps()) == Look::Reload {
                    reload();
                }
            }
        }
    }
}

/// Which folder it is, whatever its name: where it is, its number, and since when it is there.
type Seen = (PathBuf, u64, Option<SystemTime>);

/// The system's watcher, and where it looks.
struct Eyes {
    watcher: RecommendedWatcher,
    /// Each folder with what it was: when its links lead elsewhere, or another folder is in its place, the watch must follow.
    watched: BTreeMap<PathBuf, Seen>,
}

impl Eyes {
    fn open(hints: Sender<Hint>) -> Option<Self> {
        let handler = move |event: notify::Result<Event>| {
            if let Some(hint) = hint(event) {
                // Nobody listens any more once the watch has ended.
                let _ = hints.send(hint);
            }
        };
        match notify::recommended_watcher(handler) {
            Ok(watcher) => Some(Self { watcher, watched: BTreeMap::new() }),
            Err(error) => {
                warn!(target: "carnet::plugin", "the system cannot tell of changed plugins, they are looked for instead: {error}");
                None
            }
        }
    }

    /// Watches the folders that there are now, and no others.
    fn follow(&mut self, wanted: Vec<PathBuf>) {
        let mut now = BTreeMap::new();
        for folder in wanted {
            if let Ok(target) = folder.canonicalize()
                && let Ok(data) = target.metadata()
            {
                now.insert(folder, (target, scan::inode(&data).0, data.created().ok()));
            }
        }
        let gone: Vec<PathBuf> = self
            .watched
            .iter()
            .filter(|(path, target)| now.get(*path) != Some(target))
            .map(|(path, _)| path.clone())
            .collect();
        for path in gone {
            // One that is gone is no longer watched anyway.
            let _ = self.watcher.unwatch(&path);
            self.watched.remove(&path);
        }
        for (path, target) in now {
            if !self.watched.contains_key(&path) {
                match self.watcher.watch(&path, RecursiveMode::NonRecursive) {
                    Ok(()) => drop(self.watched.insert(path, target)),
                    Err(error) => {
                        debug!(target: "carnet::plugin", path = %path.display(), "cannot be watched: {error}");
                    }
                }
            }
        }
    }
}

/// Reading is no change; everything else may be one.
fn hint(event: notify::Result<Event>) -> Option<Hint> {
    match event {
        Ok(event) if event.need_rescan() => Some(Hint::Lost),
        Ok(Event { kind: EventKind::Access(AccessKind::Close(AccessMode::Write)), .. }) => Some(Hint::Changed),
        Ok(event) => (!event.kind.is_access()).then_some(Hint::Changed),
        Err(_) => Some(Hint::Lost),
    }
}

//! Asking an import to stop. It ends the batch under way, writes its files, and can be resumed. Who asks, a signal or a server, is known above.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Flags that whoever runs an import may raise, from any thread or a signal.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Somebody asked the import to stop.
    pub asked: Arc<AtomicBool>,
    /// Whoever asks now may end the program at once: there is nothing to be ended in order, or it was asked before.
    pub at_once: Arc<AtomicBool>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { asked: Arc::default(), at_once: Arc::new(AtomicBool::new(true)) }
    }
}

impl Stop {
    /// Says whether somebody asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// From now on there is something to be ended in order.
    pub(super) fn arm(&self) {
        self.at_once.store(false, Ordering::Relaxed);
    }

    /// All is in order again.
    pub(super) fn disarm(&self) {
        self.at_once.store(true, Ordering::Relaxed);
    }
}

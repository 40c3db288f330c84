//! Ctrl-C and the termination signal while an import runs: the first asks it to stop in good order, the second ends the program at once.

use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::app::import::Stop;

/// The status of a program that a signal ended, in good order or at once.
pub const STOPPED: u8 = 130;

/// Lets signals ask an import to stop. Where they cannot be caught, they end the program as ever.
pub fn ask(stop: &Stop) {
    for signal in [SIGINT, SIGTERM] {
        // In this order: whether the program ends at once is looked at before the signal says that the next one may.
        let caught = flag::register_conditional_shutdown(signal, i32::from(STOPPED), Arc::clone(&stop.at_once))
            .and_then(|_| flag::register(signal, Arc::clone(&stop.asked)))
            .and_then(|_| flag::register(signal, Arc::clone(&stop.at_once)));
        if let Err(error) = caught {
            tracing::debug!(%error, signal, "a signal cannot be caught");
        }
    }
}

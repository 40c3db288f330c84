//! Variables that closures captured. They live in cells that are counted, and a closure that is put into a cell which it captured keeps it
//! alive for ever: so the cells that a call touches are noted, and emptied when it ends.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use rhai::{Dynamic, Scope};

use super::memory::{Heavy, weigh};

/// Most cells of one call.
const MAX_CELLS: usize = 10_000;

/// After how many cells they are weighed for the first time, and then whenever they have doubled.
const FIRST_WEIGHING: usize = 32;

/// The cells of the call that is running.
#[derive(Default)]
pub(super) struct Captured {
    /// Whether there is any: most scripts have no closures.
    any: AtomicBool,
    cells: Mutex<Vec<Cell>>,
}

struct Cell {
    /// Where its value lies, which is the cell's name.
    at: usize,
    shared: Dynamic,
}

impl Captured {
    /// Notes the variable that is being accessed, if it was captured.
    ///
    /// # Errors
    /// When all that was captured weighs too much.
    pub(super) fn note(&self, name: &str, scope: &Scope<'_>, most_bytes: usize) -> Result<(), Heavy> {
        let Some(value) = scope.get(name).filter(|value| value.is_shared() && !value.is_locked()) else {
            return Ok(());
        };
        let Some(at) = value.read_lock::<Dynamic>().map(|inner| std::ptr::from_ref::<Dynamic>(&inner).addr()) else {
            return Ok(());
        };
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if cells.iter().rev().any(|cell| cell.at == at) {
            return Ok(());
        }
        self.any.store(true, Relaxed);
        cells.push(Cell { at, shared: value.clone() });
        if cells.len() > MAX_CELLS {
            return Err(Heavy::Bytes);
        }
        if cells.len() >= FIRST_WEIGHING && cells.len().is_power_of_two() {
            let mut weight = 0;
            for cell in cells.iter() {
                weight += weigh(&cell.shared, 0)?;
            }
            if weight > most_bytes {
                return Err(Heavy::Bytes);
            }
        }
        Ok(())
    }

    /// Empties the cells, so that none holds itself.
    pub(super) fn release(&self) {
        if !self.any.swap(false, Relaxed) {
            return;
        }
        let cells = std::mem::take(&mut *self.cells.lock().unwrap_or_else(PoisonError::into_inner));
        for Cell { mut shared, .. } in cells {
            // The value is dropped when the cell is no longer locked, for it may hold the cell.
            let value = shared.write_lock::<Dynamic>().map(|mut inner| std::mem::replace(&mut *inner, Dynamic::UNIT));
            drop(value);
        }
    }
}

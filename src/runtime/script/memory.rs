//! What the values in a script's reach weigh. Rhai bounds single values, but not their sum, and what is filled by `m[k] = v` not at all; so
//! the variables of the running function, and `this`, are weighed now and then, and a call whose values weigh more than its budget ends.
//!
//! It is an estimate: values that are nowhere but on the interpreter's stack are not seen, and a function's callers count with what they
//! weighed when last looked at. What slips through is bounded by the deadline.

use std::mem::size_of;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, Scope};

use super::engine::{MAX_ARRAY, MAX_CALL_LEVELS, MAX_MAP, MAX_STRING};

/// What an entry of a map takes beside its value.
const MAP_ENTRY: usize = 48;
/// What a string takes beside its bytes.
const STRING: usize = 48;
/// Deepest nesting of arrays and maps; printing, comparing and dropping a value recurse into it.
const MAX_DEPTH: usize = 32;
/// Most accesses between two weighings: each may nest a value as deep as an expression may be, and the stack must bear what comes of it.
const MAX_PAUSE: usize = 8;
/// The most that one value may weigh within the engine's own limits, and so the most that an access may copy.
const HEAVIEST: usize = MAX_STRING + MAX_ARRAY * size_of::<Dynamic>() + MAX_MAP * (MAP_ENTRY + size_of::<Dynamic>());

/// Weighs the variables of a call, function by function.
#[derive(Debug)]
pub(super) struct Scales {
    limit: usize,
    /// Accesses of variables until the next weighing.
    pause: AtomicUsize,
    /// What each level of calls weighed when last looked at.
    levels: Mutex<[usize; MAX_CALL_LEVELS + 2]>,
    /// The most that the call weighed so far.
    highest: AtomicUsize,
}

/// What a value weighs, and how deep it is nested.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Heavy {
    /// More bytes than the budget.
    Bytes,
    /// More text in one value than Rhai would let it have: Rhai writes a value whole before it looks how long that became.
    Text,
    /// Nested deeper than the interpreter's own recursion can be trusted with.
    Depth,
}

impl Scales {
    pub(super) fn new(limit: usize) -> Self {
        let levels = Mutex::new([0; MAX_CALL_LEVELS + 2]);
        Self { limit, pause: AtomicUsize::new(pause(limit, 0)), levels, highest: AtomicUsize::new(0) }
    }

    /// Forgets the last call.
    pub(super) fn reset(&self) {
        self.pause.store(pause(self.limit, 0), Relaxed);
        self.levels.lock().unwrap_or_else(PoisonError::into_inner).fill(0);
        self.highest.store(0, Relaxed);
    }

    /// Weighs what a call leaves in its scope, and returns the most that it weighed: an estimate, as all that is weighed here.
    pub(super) fn highest(&self, scope: &Scope<'_>) -> usize {
        let left = scope.iter_raw().map(|(_, _, value)| weigh(value, 0).unwrap_or_default()).sum();
        self.highest.fetch_max(left, Relaxed).max(left)
    }

    /// Counts an access of a variable; says whether the call is too heavy.
    pub(super) fn access(&self, scope: &Scope<'_>, this: Option<&Dynamic>, level: usize) -> Result<(), Heavy> {
        let left = self.pause.load(Relaxed);
        if left > 0 {
            self.pause.store(left - 1, Relaxed);
            return Ok(());
        }
        let mut weight = 0;
        for value in scope.iter_raw().map(|(_, _, value)| value).chain(this) {
            let mut texts = 0;
            weight += weigh_texts(value, 0, &mut texts)?;
            if texts > MAX_STRING {
                return Err(Heavy::Text);
            }
        }
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let at = level.min(MAX_CALL_LEVELS + 1);
        levels[at] = weight;
        levels[at + 1..].fill(0);
        let sum: usize = levels.iter().sum();
        self.pause.store(pause(self.limit, sum), Relaxed);
        self.highest.fetch_max(sum, Relaxed);
        if sum > self.limit { Err(Heavy::Bytes) } else { Ok(()) }
    }
}

/// As many accesses as cannot fill what is left, if each copied the heaviest value there can be; and no more than keep nesting shallow.
fn pause(limit: usize, weight: usize) -> usize {
    (limit.saturating_sub(weight) / HEAVIEST).min(MAX_PAUSE)
}

/// Estimates the bytes that a value takes.
///
/// # Errors
/// When it is nested too deep to be looked at.
pub(super) fn weigh(value: &Dynamic, depth: usize) -> Result<usize, Heavy> {
    weigh_texts(value, depth, &mut 0)
}

/// The same; adds the bytes of the texts in it.
fn weigh_texts(value: &Dynamic, depth: usize, texts: &mut usize) -> Result<usize, Heavy> {
    if depth > MAX_DEPTH {
        return Err(Heavy::Depth);
    }
    // A shared value that is locked is being changed right now; it is weighed the next time.
    if value.is_shared() && value.is_locked() {
        return Ok(0);
    }
    let mut weight = size_of::<Dynamic>();
    // Asking what a value is costs much less than trying to open it.
    if value.is_string() {
        let bytes = value.read_lock::<ImmutableString>().map_or(0, |text| text.len());
        *texts += bytes;
        weight += STRING + bytes;
    } else if value.is_array() {
        let Some(array) = value.read_lock::<Array>() else { return Ok(weight) };
        for item in array.iter() {
            weight += weigh_texts(item, depth + 1, texts)?;
        }
    } else if value.is_map() {
        let Some(map) = value.read_lock::<Map>() else { return Ok(weight) };
        for (key, item) in map.iter() {
            *texts += key.len();
            weight += MAP_ENTRY + key.len() + weigh_texts(item, depth + 1, texts)?;
        }
    } else if value.is_fnptr() {
        // What a closure captured hangs from it, and is not written with it.
        let Some(function) = value.read_lock::<FnPtr>() else { return Ok(weight) };
        for item in function.iter_curry() {
            weight += weigh(item, depth + 1)?;
        }
    } else if value.is_variant() {
        weight += super::library::own_weight(value);
    }
    Ok(weight)
}

//! A deadline that holds plugins to what they do, and not to what else the machine does: once it has passed, a call may still work for as long
//! again by its own thread's clock. A sound call on a busy machine ends well, and an endless one ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

/// However little a call works, it ends after so many deadlines: it may wait for something that never comes.
const MOST: u32 = 40;

/// The work of a call since its deadline passed.
#[derive(Default, Debug)]
pub struct Overtime {
    /// Whether the deadline has passed: most calls never look further.
    passed: AtomicBool,
    since: Mutex<Option<(Instant, Option<Duration>)>>,
}

impl Overtime {
    /// A new call begins.
    pub fn reset(&self) {
        if self.passed.swap(false, Ordering::Relaxed) {
            *self.since.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Says whether a call whose deadline has passed is to end; asked on the call's thread, and the first time when the deadline passes.
    #[must_use]
    pub fn is_over(&self, deadline: Duration) -> bool {
        let worked = ThreadTime::try_now().ok().map(|time| time.as_duration());
        self.passed.store(true, Ordering::Relaxed);
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((passed, then)) = *since else {
            *since = Some((Instant::now(), worked));
            return false;
        };
        let late = passed.elapsed();
        match (worked, then) {
            (Some(now), Some(then)) => now.saturating_sub(then) >= deadline || late >= deadline.saturating_mul(MOST),
            // A machine that does not tell how long a thread has worked.
            _ => late >= deadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_no_work_and_working_ends() {
        let (overtime, deadline) = (Overtime::default(), Duration::from_millis(5));
        assert!(!overtime.is_over(deadline));
        std::thread::park_timeout(Duration::from_millis(20));
        assert!(!overtime.is_over(deadline), "it waited");
        while !overtime.is_over(deadline) {
            std::hint::spin_loop();
        }
        overtime.reset();
        assert!(!overtime.is_over(deadline));
        assert!(!overtime.is_over(Duration::from_secs(60)));
    }
}

//! When what was found in the folders has settled. Knows no clock and no folder: both are told to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::registry::scan::Stamp;

/// How long things take.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Timing {
    /// How long what was found must stay as it is, and the time between two looks at files that are still growing.
    pub settle: Duration,
    /// How long a file must stay away to count as removed: editors and deployments put another in its place.
    pub absence: Duration,
    /// Longest time between two reloads by content, whatever was told in between.
    pub full: Duration,
    /// Time between looks that no hint asked for; none by default.
    pub look: Option<Duration>,
}

impl Default for Timing {
    fn default() -> Self {
        let (settle, absence, full) = (Duration::from_millis(200), Duration::from_secs(2), Duration::from_secs(30));
        Self { settle, absence, full, look: None }
    }
}

/// What to do after a look.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Look {
    /// Nothing changed.
    Same,
    /// Something changes still: look again.
    Wait,
    /// Something changed and has settled, or it is time to compare contents.
    Reload,
}

type Found = BTreeMap<PathBuf, Stamp>;

/// Decides when to look and when to reload.
#[derive(Debug)]
pub struct Settler {
    timing: Timing,
    /// What was found at the last reload.
    accepted: Found,
    /// What was found at the last look, and since when it has looked like that.
    seen: Option<(Found, Instant)>,
    /// Files that went missing, and when that was noticed.
    missing: BTreeMap<PathBuf, Instant>,
    /// When it last looked: hints without end must not lead to looks without end.
    looked: Option<Instant>,
    look_at: Instant,
    full_at: Instant,
}

impl Settler {
    /// Starts with what is in service.
    pub(in crate::registry) fn new(timing: Timing, now: Instant, accepted: Found) -> Self {
        let full_at = now + timing.full;
        let look_at = timing.look.map_or(full_at, |every| full_at.min(now + every));
        Self { timing, accepted, seen: None, missing: BTreeMap::new(), looked: None, look_at, full_at }
    }

    /// Takes a hint that something changed. The first look comes soon, for what it finds has to stay the same from then on.
    pub fn hint(&mut self, now: Instant) {
        let soon = now + self.timing.settle / 4;
        let look_at = self.looked.map_or(soon, |looked| soon.max(looked + self.timing.settle));
        self.look_at = self.look_at.min(look_at);
    }

    /// Takes note that hints were lost: the next look compares contents.
    pub fn lost(&mut self, now: Instant) {
        self.hint(now);
        self.full_at = self.look_at;
    }

    /// Returns when to look next.
    #[must_use]
    pub const fn wake_at(&self) -> Instant {
        self.look_at
    }

    /// Takes what a look found.
    pub(in crate::registry) fn look(&mut self, now: Instant, found: Found) -> Look {
        self.looked = Some(now);
        let since = match self.seen.take() {
            Some((seen, since)) if seen == found => since,
            _ => now,
        };
        let changed = found != self.accepted;
        let settled = changed && now >= since + self.timing.settle && self.is_gone_for_good(now, &found);
        if settled || now >= self.full_at && !(changed && self.may_wait(now)) {
            self.full_at = now + self.timing.full;
            self.look_at = self.next_look(now);
            self.missing.clear();
            self.accepted = found;
            return Look::Reload;
        }
        self.seen = Some((found, since));
        self.look_at = if changed { now + self.timing.settle } else { self.next_look(now) };
        if changed { Look::Wait } else { Look::Same }
    }

    /// When to look if no hint comes.
    fn next_look(&self, now: Instant) -> Instant {
        self.timing.look.map_or(self.full_at, |every| self.full_at.min(now + every))
    }

    /// A reload that is due waits for files on the move, but not for ever.
    fn may_wait(&self, now: Instant) -> bool {
        now < self.full_at + self.timing.absence * 2
    }

    /// Says whether every missing file has stayed away for long enough.
    fn is_gone_for_good(&mut self, now: Instant, found: &Found) -> bool {
        self.missing.retain(|path, _| !found.contains_key(path));
        for path in self.accepted.keys().filter(|path| !found.contains_key(*path)) {
            self.missing.entry(path.clone()).or_insert(now);
        }
        self.missing.values().all(|since| now >= *since + self.timing.absence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing {
        settle: Duration::from_millis(200),
        absence: Duration::from_secs(2),
        full: Duration::from_secs(30),
        look: None,
    };

    /// A settler on a clock that the test turns, with files by name and size.
    struct Scene {
        start: Instant,
        settler: Settler,
    }

    impl Scene {
        fn new(files: &[(&str, u64)]) -> Self {
            let start = Instant::now();
            Self { start, settler: Settler::new(TIMING, start, found(files)) }
        }

        fn at(&self, ms: u64) -> Instant {
            self.start + Duration::from_millis(ms)
        }

        fn hint(&mut self, ms: u64) {
            self.settler.hint(self.at(ms));
        }

        /// Looks when the settler asks for it; says when that was and what it led to.
        fn look(&mut self, files: &[(&str, u64)]) -> (u128, Look) {
            let now = self.settler.wake_at();
            (now.duration_since(self.start).as_millis(), self.settler.look(now, found(files)))
        }
    }

    fn found(files: &[(&str, u64)]) -> Found {
        let stamp = |bytes| Stamp { bytes, modified: None, inode: (0, 0, 0), target: PathBuf::new() };
        files.iter().map(|(name, bytes)| (PathBuf::from(name), stamp(*bytes))).collect()
    }

    #[test]
    fn a_file_that_grows_is_waited_for() {
        let mut scene = Scene::new(&[]);
        scene.hint(0);
        assert_eq!(scene.look(&[("a", 10)]), (50, Look::Wait));
        assert_eq!(scene.look(&[("a", 20)]), (250, Look::Wait));
        assert_eq!(scene.look(&[("a", 20)]), (450, Look::Reload));
        assert_eq!(scene.look(&[("a", 20)]), (30_450, Look::Reload));
    }

    #[test]
    fn a_file_that_is_whole_takes_effect_in_a_quarter_of_a_second() {
        let mut scene = Scene::new(&[("a", 10)]);
        scene.hint(1000);
        scene.hint(1004);
        assert_eq!(scene.look(&[("a", 20)]), (1050, Look::Wait));
        scene.hint(1060);
        assert_eq!(scene.look(&[("a", 20)]), (1250, Look::Reload));
    }

    #[test]
    fn a_file_that_comes_back_was_never_gone() {
        let mut scene = Scene::new(&[("a", 10)]);
        scene.hint(0);
        assert_eq!(scene.look(&[]), (50, Look::Wait));
        for _ in 0..5 {
            assert_eq!(scene.look(&[]).1, Look::Wait);
        }
        assert_eq!(scene.look(&[("a", 10)]).1, Look::Same);
    }

    #[test]
    fn a_file_that_stays_away_is_gone() {
        let mut scene = Scene::new(&[("a", 10), ("b", 10)]);
        scene.hint(0);
        let ends: Vec<(u128, Look)> = (0..12).map(|_| scene.look(&[("b", 10)])).collect();
        assert_eq!(ends.iter().find(|(_, look)| *look == Look::Reload), Some(&(2250, Look::Reload)), "{ends:?}");
    }

    #[test]
    fn hints_without_end_lead_neither_to_none_nor_to_endless_looks() {
        let mut scene = Scene::new(&[("a", 1)]);
        let mut looks = 0;
        for ms in (0..10_000).step_by(10) {
            scene.hint(ms);
            if scene.settler.wake_at() <= scene.at(ms) {
                looks += 1;
                assert_eq!(scene.look(&[("a", 1)]).1, Look::Same);
            }
        }
        assert_eq!(looks, 50);
    }

    #[test]
    fn lost_hints_compare_contents_at_once_and_files_on_the_move_put_that_off_for_a_moment_only() {
        let mut scene = Scene::new(&[("a", 10)]);
        scene.settler.lost(scene.at(0));
        assert_eq!(scene.look(&[("a", 10)]), (50, Look::Reload));
        scene.settler.lost(scene.at(1000));
        let ends: Vec<(u128, Look)> = (1..40).map(|bytes| scene.look(&[("a", bytes * 100)])).collect();
        let first = ends.iter().find(|(_, look)| *look == Look::Reload).unwrap();
        assert!((5_000..6_000).contains(&first.0), "{ends:?}");
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_a_change() {
        let mut scene = Scene::new(&[("a", 10)]);
        let mut swapped = found(&[("a", 10)]);
        swapped.get_mut(&PathBuf::from("a")).unwrap().target = PathBuf::from("..2/a");
        assert_eq!(scene.settler.look(scene.at(1000), swapped.clone()), Look::Wait);
        assert_eq!(scene.settler.look(scene.at(1200), swapped), Look::Reload);
    }
}

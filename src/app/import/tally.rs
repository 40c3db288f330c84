//! What plugins did since they were last asked about it: counts that travel with the rows that caused them, so that a job which is killed
//! tells what they did for the rows that it has.

use crate::registry::dispatch::{Chain, PluginCounts};

/// The counts of a chain that were told already.
#[derive(Default)]
pub(super) struct Tally {
    told: Vec<PluginCounts>,
}

impl Tally {
    /// Returns what the chain's plugins did since the last time.
    pub(super) fn fresh(&mut self, chain: &mut Chain) -> Vec<PluginCounts> {
        let now = chain.counts();
        let before = std::mem::replace(&mut self.told, now.clone());
        let since = |(at, counts): (usize, PluginCounts)| {
            let Some(before) = before.get(at) else { return counts };
            PluginCounts {
                calls: counts.calls - before.calls,
                edits: counts.edits - before.edits,
                rejections: counts.rejections - before.rejections,
                skips: counts.skips - before.skips,
                faults: counts.faults - before.faults,
                ..counts
            }
        };
        now.into_iter().enumerate().map(since).collect()
    }
}

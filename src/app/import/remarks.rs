//! What an import remarks about rows that it took: kept short, however many there are.

/// Records told by number.
const NUMBERED: usize = 20;

/// Reasons for leaving rows out that are told one by one.
const REASONS: usize = 5;

/// Some records of the file.
#[derive(Clone, Default, Debug)]
pub struct Records {
    count: u64,
    first: Vec<u64>,
    last: u64,
}

impl Records {
    /// Takes in a record of which it is so.
    pub(super) fn take_if(&mut self, so: bool, record: u64) {
        // A row that is decided once more is no other one.
        if !so || record <= self.last {
            return;
        }
        self.last = record;
        self.count += 1;
        if self.first.len() < NUMBERED {
            self.first.push(record);
        }
    }

    fn told(&self) -> String {
        let mut told = self.first.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        let more = self.count - self.first.len() as u64;
        if more > 0 {
            told.push_str(&format!(" and {more} more"));
        }
        told
    }
}

/// What is remarked.
#[derive(Clone, Default, Debug)]
pub struct Remarks {
    /// Rows that became contacts because there is nothing by which they could be found.
    pub(super) unmatchable: Records,
    /// Rows that share a number or an address with somebody else.
    pub(super) somebody_else: Records,
    /// Rows that were left out, by reason; those of further reasons.
    skipped: Vec<(String, Records)>,
    skipped_else: Records,
}

impl Remarks {
    /// Takes in a row that was left out.
    pub(super) fn skip(&mut self, reason: &str, record: u64) {
        let known = self.skipped.iter().position(|(known, _)| known == reason);
        let records = match known {
            Some(at) => &mut self.skipped[at].1,
            None if self.skipped.len() < REASONS => {
                self.skipped.push((reason.to_owned(), Records::default()));
                &mut self.skipped.last_mut().expect("one was just added").1
            }
            None => &mut self.skipped_else,
        };
        records.take_if(true, record);
    }

    /// Tells all, for people.
    pub(super) fn notes(&self) -> Vec<String> {
        let skipped = self.skipped.iter().map(|(reason, records)| (reason.as_str(), records));
        let skipped = skipped.chain(Some(("other reasons", &self.skipped_else))).filter(|(_, it)| it.count > 0);
        let mut notes: Vec<String> =
            skipped.map(|(reason, records)| format!("skipped ({reason}): records {}", records.told())).collect();
        if self.unmatchable.count > 0 {
            notes.push(format!(
                "rows without anything to match them by became contacts, and will again if they are imported again: records {}",
                self.unmatchable.told()
            ));
        }
        if self.somebody_else.count > 0 {
            notes.push(format!(
                "rows that share a number or an address with contacts of another name or id became contacts of their own: records {}",
                self.somebody_else.told()
            ));
        }
        notes
    }
}

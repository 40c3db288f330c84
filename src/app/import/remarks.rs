//! What an import remarks about rows that it took: kept short, however many there are.

/// Records told by number.
const NUMBERED: usize = 20;

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
}

impl Remarks {
    /// Tells all, for people.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
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

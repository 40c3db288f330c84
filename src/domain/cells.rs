//! The cells of one row of a table.

use std::ops::{Index, Range};

/// Cells in their order. Their texts stand in one string, with whatever a file has between them: a row that is read is copied once, not
/// cell by cell.
#[derive(Clone, Default)]
pub struct Cells {
    text: String,
    places: Vec<(usize, usize)>,
}

impl Cells {
    /// No cells yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: String::new(), places: Vec::new() }
    }

    /// No cells yet, but memory for some.
    #[must_use]
    pub fn with_capacity(bytes: usize, cells: usize) -> Self {
        Self { text: String::with_capacity(bytes), places: Vec::with_capacity(cells) }
    }

    /// Takes all cells away; their memory is kept.
    pub fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
    }

    /// Adds a cell.
    pub fn push(&mut self, cell: &str) {
        let start = self.text.len();
        self.text.push_str(cell);
        self.places.push((start, self.text.len()));
    }

    /// Adds cells that stand in these places of a text.
    pub fn extend_from(&mut self, text: &str, places: impl Iterator<Item = Range<usize>>) {
        let start = self.text.len();
        self.text.push_str(text);
        self.places.extend(places.map(|place| (start + place.start, start + place.end)));
    }

    /// Keeps the first cells only.
    pub fn truncate(&mut self, cells: usize) {
        self.places.truncate(cells);
    }

    /// How many cells there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Bytes that the cells take; no cell has more.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// A cell.
    #[must_use]
    pub fn get(&self, cell: usize) -> Option<&str> {
        self.places.get(cell).map(|(start, end)| &self.text[*start..*end])
    }

    /// All cells.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.places.iter().map(|(start, end)| &self.text[*start..*end])
    }
}

impl Index<usize> for Cells {
    type Output = str;

    fn index(&self, cell: usize) -> &str {
        let (start, end) = self.places[cell];
        &self.text[start..end]
    }
}

impl<S: AsRef<str>> FromIterator<S> for Cells {
    fn from_iter<I: IntoIterator<Item = S>>(cells: I) -> Self {
        let mut all = Self::new();
        cells.into_iter().for_each(|cell| all.push(cell.as_ref()));
        all
    }
}

impl<S: AsRef<str>> From<Vec<S>> for Cells {
    fn from(cells: Vec<S>) -> Self {
        cells.into_iter().collect()
    }
}

impl PartialEq for Cells {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<S: AsRef<str>> PartialEq<Vec<S>> for Cells {
    fn eq(&self, other: &Vec<S>) -> bool {
        self.iter().eq(other.iter().map(AsRef::as_ref))
    }
}

impl std::fmt::Debug for Cells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_in_a_text_or_behind_it() {
        let mut cells = Cells::with_capacity(16, 4);
        cells.extend_from("a,,\"é\"\n", [0..1, 2..2, 4..6].into_iter());
        cells.push("d");
        assert_eq!(cells, vec!["a", "", "é", "d"]);
        assert_eq!((cells.get(2), cells.get(4), &cells[3]), (Some("é"), None, "d"));
        cells.truncate(2);
        cells.push("x");
        assert_eq!(cells, vec!["a", "", "x"]);
        assert!(cells.iter().all(|cell| cell.len() <= cells.bytes()));
        cells.clear();
        assert!(cells.is_empty() && cells == Cells::new());
    }
}

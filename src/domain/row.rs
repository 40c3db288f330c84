//! One row of an imported file before it is a contact: cells by header. Reading files is `intake`; mapping to fields is `app`.

use std::collections::HashMap;

use super::field::FieldKey;

/// The columns of a file and the fields they were mapped to. Shared by all rows of an import.
#[derive(Debug)]
pub struct Columns {
    headers: Vec<String>,
    mapping: Vec<Option<FieldKey>>,
    by_name: HashMap<String, usize>,
}

impl Columns {
    /// Pairs headers with the fields they mean; `mapping` has one entry per header.
    #[must_use]
    pub fn new(headers: Vec<String>, mapping: Vec<Option<FieldKey>>) -> Self {
        let mut by_name = HashMap::with_capacity(headers.len() * 2);
        for (at, header) in headers.iter().enumerate() {
            by_name.entry(header.clone()).or_insert(at);
        }
        // A field's name means the column that is mapped to it, whatever another column is headed.
        for (at, key) in mapping.iter().enumerate() {
            if let Some(key) = key {
                by_name.insert(key.to_string(), at);
            }
        }
        Self { headers, mapping, by_name }
    }

    /// Returns the headers, as the file has them.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Returns the field of each column.
    #[must_use]
    pub fn mapping(&self) -> &[Option<FieldKey>] {
        &self.mapping
    }

    /// Finds a column by its header as the file has it, or by the name of the field it is mapped to.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

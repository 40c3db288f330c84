//! A mapping as it is kept: saved under a name, and with each job, so that a resumed one goes on as it began whatever has become of the saved one
//! since. JSON with a version.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ERROR_HEADER, ID_HEADER};
use crate::domain::field::{FieldKey, header_key};

/// Version of the JSON that is written.
const VERSION: u64 = 1;

/// What was decided about the columns of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// The bundled mapping that decides about all columns that are open here.
    pub base: Option<String>,
    /// The columns by their headers, in the order of the file.
    pub columns: Vec<(String, Decision)>,
}

/// What was decided about a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It is a field.
    Field(FieldKey),
    /// It is left out on purpose.
    Leave,
    /// Nothing; without a base it is unknown and stays so.
    Open,
}

impl Document {
    /// Writes it as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let column = |(header, decision): &(String, Decision)| {
            let field = match decision {
                Decision::Field(key) => Value::from(key.to_string()),
                Decision::Leave => Value::from("-"),
                Decision::Open => Value::Null,
            };
            json!({ "header": header, "field": field })
        };
        json!({ "version": VERSION, "base": self.base, "columns": self.columns.iter().map(column).collect::<Vec<_>>() })
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let version = value["version"].as_u64().unwrap_or_default();
        if version != VERSION {
            return Err(format!("it has version {version}, and this Carnet reads version {VERSION}"));
        }
        let column = |column: &Value| {
            let header = column["header"].as_str().ok_or("a column has no header")?;
            let decision = match column["field"].as_str() {
                None => Decision::Open,
                Some("-") => Decision::Leave,
                Some(field) => Decision::Field(FieldKey::parse(field).map_err(|invalid| invalid.message)?),
            };
            Ok((header.to_owned(), decision))
        };
        let columns = value["columns"].as_array().ok_or("it has no columns")?;
        let columns = columns.iter().map(column).collect::<Result<_, String>>()?;
        Ok(Self { base: value["base"].as_str().map(str::to_owned), columns })
    }

    /// Says whether a file has exactly these columns, in whatever order, case and spacing; where a header is repeated, only their order tells
    /// which is which, so that it must be the same. What Carnet adds to a file does not count.
    #[must_use]
    pub fn fits(&self, headers: &[String]) -> bool {
        let (mut ours, mut theirs) = (self.keys(), keys_of(headers));
        if ours == theirs {
            return true;
        }
        ours.sort();
        theirs.sort();
        ours == theirs && ours.windows(2).all(|pair| pair[0] != pair[1])
    }

    /// Returns what was decided about each column of a file; `None` for columns that are not in here, and for those of one header that cannot be
    /// told apart.
    #[must_use]
    pub fn decisions(&self, headers: &[String]) -> Vec<Option<Decision>> {
        let mut known: BTreeMap<String, Vec<&Decision>> = BTreeMap::new();
        for (header, decision) in self.columns.iter().rev() {
            known.entry(header_key(header)).or_default().push(decision);
        }
        if self.keys() != keys_of(headers) {
            known.retain(|_, decisions| decisions.len() == 1);
        }
        let mut next = |header: &String| known.get_mut(&header_key(header)).and_then(Vec::pop).cloned();
        headers.iter().map(|header| if is_theirs(header) { next(header) } else { None }).collect()
    }

    fn keys(&self) -> Vec<String> {
        self.columns.iter().map(|(header, _)| header_key(header)).collect()
    }
}

fn keys_of(headers: &[String]) -> Vec<String> {
    headers.iter().filter(|header| is_theirs(header)).map(|header| header_key(header)).collect()
}

/// Whether a column is the file's own, and none that Carnet put there.
pub fn is_theirs(header: &str) -> bool {
    !header.is_empty() && header != ERROR_HEADER && header != ID_HEADER
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::field::Field;

    fn headers(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn document() -> Document {
        let columns = [
            ("Nachname", Decision::Field(Field::LastName.into())),
            ("Mail", Decision::Field(Field::Email.into())),
            ("Mail", Decision::Leave),
            ("Fax", Decision::Open),
        ];
        Document { base: None, columns: columns.map(|(header, it)| (header.to_owned(), it)).to_vec() }
    }

    #[test]
    fn it_comes_back_from_json_and_refuses_what_is_newer() {
        let document = document();
        assert_eq!(Document::from_json(&document.to_json()), Ok(document));
        assert!(Document::from_json(&json!({ "version": 2, "columns": [] })).unwrap_err().contains("version 2"));
        assert!(Document::from_json(&json!({ "version": 1 })).is_err());
    }

    #[test]
    fn it_fits_the_same_columns_in_any_order() {
        let document = document();
        for (file, expected) in [
            ("nach name,MAIL,mail,Fax,Error detail", true),
            ("Fax,Nachname,Mail,Mail", false),
            ("Nachname,Mail,Fax", false),
            ("Nachname,Mail,Mail,Fax,More", false),
        ] {
            assert_eq!(document.fits(&headers(file)), expected, "{file}");
        }
        let plain = Document { columns: document.columns[2..].to_vec(), ..document.clone() };
        assert!(plain.fits(&headers("fax,MAIL")), "without repeated headers the order says nothing");
        let (last, mail) = (Decision::Field(Field::LastName.into()), Decision::Field(Field::Email.into()));
        let decided = |file: &str| document.decisions(&headers(file));
        assert_eq!(
            decided("Nachname,mail,Mail,Fax"),
            [Some(last.clone()), Some(mail), Some(Decision::Leave), Some(Decision::Open)]
        );
        assert_eq!(
            decided("Mail,New,mail,Nachname"),
            [None, None, None, Some(last)],
            "which mail is which, nobody knows"
        );
    }
}

//! One version of a plugin in one file: a line that says what it is, a line of JSON with the names and sizes of its files, and the files.
//! Cases are left out: whatever is here has passed them. Whether it is what it claims to be is for whoever reads it to compare by its hash.

use serde::{Deserialize, Serialize};

use crate::plugin::package::LoadError;

/// What the first line says.
const MAGIC: &str = "carnet plugin 1";

/// What the second line says.
#[derive(Serialize, Deserialize)]
struct Head {
    /// Name of the package's folder or file, without extension.
    name: String,
    /// Name and size of each file.
    files: Vec<(String, usize)>,
}

/// The files of a package, by their names in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::registry) struct Packed {
    /// Name of its folder or file, without extension.
    pub(in crate::registry) name: String,
    /// Its files; a lone file of code has no manifest beside it.
    pub(in crate::registry) files: Vec<(String, Vec<u8>)>,
}

impl Packed {
    /// Makes one file of it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let files = self.files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect();
        let head = serde_json::to_string(&Head { name: self.name.clone(), files }).unwrap_or_default();
        let mut bytes = format!("{MAGIC}\n{head}\n").into_bytes();
        self.files.iter().for_each(|(_, content)| bytes.extend_from_slice(content));
        bytes
    }

    /// Takes it apart again.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, LoadError> {
        let damaged = || LoadError::new("its kept copy is damaged");
        let rest =
            bytes.strip_prefix(MAGIC.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n")).ok_or_else(damaged)?;
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (head, mut body) = (&rest[..end], &rest[end + 1..]);
        let head: Head = serde_json::from_slice(head).map_err(|_| damaged())?;
        let mut files = Vec::new();
        for (name, size) in head.files {
            let (content, more) = body.split_at_checked(size).ok_or_else(damaged)?;
            files.push((name, content.to_vec()));
            body = more;
        }
        if body.is_empty() { Ok(Self { name: head.name, files }) } else { Err(damaged()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_what_was_put_in() {
        let files =
            vec![("plugin.toml".to_owned(), b"version = '1.0.0'\n".to_vec()), ("a.wasm".to_owned(), vec![0; 9])];
        let packed = Packed { name: "a".to_owned(), files };
        let bytes = packed.to_bytes();
        assert_eq!(Packed::parse(&bytes), Ok(packed));
        for cut in 0..bytes.len() {
            assert!(Packed::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Packed::parse(&[&bytes[..], b"x"].concat()).is_err(), "too long");
    }
}

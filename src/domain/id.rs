//! Identities: newtypes that say what an id names. Making fresh ids needs a clock and lives with the callers.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::invalid::Invalid;

/// Identity of a contact: a UUIDv7, so ids sort by creation time. Stays valid after a merge, when it resolves to the master.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ContactId(Uuid);

impl ContactId {
    /// Wraps a UUID made elsewhere.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Returns the 16 bytes in which the store keeps the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Reads the id back from its 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ContactId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text.trim()).map(Self).map_err(|_| {
            Invalid::new("ID_FORMAT", format!("`{text}` is no contact id"))
                .hint("ids look like 0198c0de-0000-7000-8000-000000000001; `carnet search` prints them")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_and_bytes() {
        let text = "0198c0de-0000-7000-8000-000000000001";
        let id: ContactId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(ContactId::from_bytes(*id.as_bytes()), id);
        assert_eq!("nobody".parse::<ContactId>().unwrap_err().code, "ID_FORMAT");
    }
}

//! Who vouches for a package: detached signatures of minisign over its code and its manifest together, so that neither can be swapped for
//! that of another version. Which keys are trusted is the deployment's word; reading the files is `registry`.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minisign_verify::{PublicKey, Signature};
use sha2::{Digest, Sha256};

use super::package::LoadError;
use crate::domain::text::hex;

/// The signature of a package's folder; that of a lone file has `.minisig` behind the file's name.
pub const SIGNATURE_FILE: &str = "plugin.minisig";

/// Most bytes of a signature's file.
pub const SIGNATURE_BYTES: usize = 4 << 10;

/// Whose signatures count, and whether one is needed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Trust {
    keys: Vec<Key>,
    required: bool,
}

/// A public key, and its number as minisign shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Key {
    key: PublicKey,
    id: KeyId,
}

/// The number of a key: 16 hex digits.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct KeyId(u64);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

/// A signature that counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// Whose.
    pub by: KeyId,
    /// What whoever signed says beside it; signed, too.
    pub comment: String,
}

impl Trust {
    /// Takes public keys in base64, as `minisign.pub` has them; what is none is left out, for settings are checked before.
    #[must_use]
    pub fn new(keys: &[String], required: bool) -> Self {
        let key = |text: &String| Some(Key { key: PublicKey::from_base64(text).ok()?, id: key_id(text)? });
        Self { keys: keys.iter().filter_map(key).collect(), required }
    }

    /// Says whether what was judged once would be trusted now.
    #[must_use]
    pub fn allows(&self, signed: Option<&Signed>) -> bool {
        match signed {
            Some(signed) => !self.required || self.keys.iter().any(|key| key.id == signed.by),
            None => !self.required,
        }
    }

    /// Judges a package by the files that count and its signature, if it has one.
    ///
    /// # Errors
    /// Why it is not trusted. Where no key is trusted and none is needed, nothing is.
    pub fn judge(&self, files: &[(&str, &[u8])], signature: Option<&str>) -> Result<Option<Signed>, LoadError> {
        let place = signature_file(files);
        let Some(text) = signature else {
            return match self.required {
                true => Err(LoadError::new("it is not signed, and carnet.toml requires that (`require_signature`)")
                    .hint(format!("ask its author for `{place}`, or sign it yourself: plugins/README.md says how"))),
                false => Ok(None),
            };
        };
        if self.keys.is_empty() && !self.required {
            return Ok(None);
        }
        let malformed =
            || LoadError::new(format!("`{place}` is no signature of minisign")).hint("copy it again, whole");
        let signature = Signature::decode(text).map_err(|_| malformed())?;
        let id = text.lines().nth(1).and_then(key_id).ok_or_else(malformed)?;
        // Two keys may have the same number: whoever makes keys chooses it.
        let mut keys = self.keys.iter().filter(|key| key.id == id).peekable();
        if keys.peek().is_none() {
            let message = format!("it is signed by key {id}, which is not trusted here");
            return Err(LoadError::new(message)
                .hint("if you trust whoever has that key, add their public key to `trusted_keys` in carnet.toml"));
        }
        let said = statement(files);
        if keys.any(|key| key.key.verify(said.as_bytes(), &signature, false).is_ok()) {
            return Ok(Some(Signed { by: id, comment: signature.trusted_comment().to_owned() }));
        }
        let names: Vec<String> = files.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("`{place}` does not fit {}: one of them was altered", names.join(" and "));
        Err(LoadError::new(message)
            .hint("get all of them again from the author, or have them signed again as they are"))
    }
}

/// The file that a signature is in, by the files that it is for.
fn signature_file(files: &[(&str, &[u8])]) -> String {
    match files {
        [(lone, _)] => lone_signature(lone),
        _ => SIGNATURE_FILE.to_owned(),
    }
}

/// The file that the signature of a lone file is in.
#[must_use]
pub fn lone_signature(file: &str) -> String {
    format!("{file}.minisig")
}

/// What is signed: a line for each file with its SHA-256 and name, as `sha256sum` writes them. The manifest, which holds name and version,
/// comes first.
#[must_use]
pub fn statement(files: &[(&str, &[u8])]) -> String {
    let line = |(name, content): &(&str, &[u8])| format!("{}  {name}\n", hex(&Sha256::digest(content)));
    files.iter().map(line).collect()
}

/// Keys and signatures begin with two bytes of an algorithm and eight of the key's number.
fn key_id(base64: &str) -> Option<KeyId> {
    let bytes = BASE64_STANDARD.decode(base64.trim()).ok()?;
    Some(KeyId(u64::from_le_bytes(bytes.get(2..10)?.try_into().ok()?)))
}

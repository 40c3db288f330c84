//! Changing the operator's settings file in place: comments, order and everything else in it stay, and the file is whole at any moment.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use toml_edit::DocumentMut;

use super::failure::{Class, Failure};
use crate::config::{SETTINGS_FILE, Settings};

/// Changes the settings of a home folder; a missing file is made. Nothing is written when nothing changes.
///
/// # Errors
/// When the file cannot be read or written, when somebody else changed it meanwhile, or when it would no longer be sound.
pub(super) fn edit<T>(home: &Path, change: impl FnOnce(&mut DocumentMut) -> Result<T, Failure>) -> Result<T, Failure> {
    // A link stays a link: what it leads to is changed.
    let named = home.join(SETTINGS_FILE);
    let path = fs::canonicalize(&named).unwrap_or(named);
    let before = read(&path)?;
    let text = before.as_deref().unwrap_or_default();
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| Failure::new(Class::Config, "CONFIG", error.message().to_owned()))?;
    let changed = change(&mut document)?;
    let after = document.to_string();
    if after == text {
        return Ok(changed);
    }
    if let Err(faults) = Settings::parse(&after, None) {
        let told: Vec<String> =
            faults.into_iter().map(|fault| format!("line {}: {}", fault.line, fault.message)).collect();
        let message = format!("`{}` would no longer be sound: {}", path.display(), told.join("; "));
        return Err(Failure::new(Class::Config, "CONFIG", message).hint("nothing was written; change it by hand"));
    }
    if read(&path)? != before {
        let message = format!("somebody else changed `{}` meanwhile", path.display());
        return Err(
            Failure::new(Class::Conflict, "CONFIG_CHANGED", message).hint("nothing was written; run the command again")
        );
    }
    replace(&path, &after).map_err(|error| Failure::io("write", &path, &error))?;
    Ok(changed)
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read", path, &error)),
    }
}

/// Puts the new content under the name in one step, with the rights that the file had.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut part = tempfile::Builder::new().prefix(".carnet.toml.").tempfile_in(folder)?;
    part.write_all(text.as_bytes())?;
    match fs::metadata(path) {
        Ok(data) => part.as_file().set_permissions(data.permissions())?,
        // A new file is as any other that the user makes, not as closed as temporary ones.
        Err(_) => open_to_readers(part.as_file())?,
    }
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn open_to_readers(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_readers(_: &fs::File) -> io::Result<()> {
    Ok(())
}

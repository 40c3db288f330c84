//! Files that Carnet writes for people: whole or not at all, never over what it needs itself, and through links and devices.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::Home;
use super::failure::{Class, Failure};

/// A file being written. It takes its place when it is finished; what was there stays until then.
pub struct Output {
    out: BufWriter<File>,
    place: PathBuf,
    /// Where it is written until it is finished; whatever ends it before that, nothing of it is left. `None` for devices, which are
    /// written as they are.
    part: Option<TempPath>,
}

/// Says whether a file may be written there, before anything else is done.
///
/// # Errors
/// Usage, when it is a folder, or a file of the home folder that Carnet needs; rejected, when its folder does not exist.
pub fn check(path: &Path, home: &Home) -> Result<(), Failure> {
    let usage = |why: &str| Failure::new(Class::Usage, "OUTPUT", format!("cannot write `{}`: {why}", path.display()));
    if path == Path::new("-") {
        return Err(usage("it must be a file").hint("name a file"));
    }
    if path.is_dir() {
        return Err(usage("it is a folder").hint("name a file in it"));
    }
    let place = resolved(path);
    let own = ["carnet.db", "carnet.db-wal", "carnet.db-shm", "carnet.toml"];
    let shelved = place.parent() == Some(&resolved(&home.shelf()));
    if shelved || own.iter().any(|name| place == resolved(&home.folder().join(name))) {
        return Err(usage("Carnet keeps its own data there").hint("name another file"));
    }
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let message = format!("cannot write `{}`: there is no folder `{}`", path.display(), folder.display());
        return Err(Failure::new(Class::Rejected, "OUTPUT", message).hint("create the folder, or name another file"));
    }
    Ok(())
}

/// The file that a path leads to, links followed, whether or not it exists yet.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(place) = fs::canonicalize(path) {
        return place;
    }
    let name = path.file_name().unwrap_or_default();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::canonicalize(folder).map_or_else(|_| path.to_owned(), |folder| folder.join(name))
}

impl Output {
    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let place = resolved(path);
        let device = fs::metadata(&place).is_ok_and(|data| !data.is_file());
        if device {
            let out = BufWriter::new(File::options().write(true).open(&place)?);
            return Ok(Self { out, place, part: None });
        }
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = place.with_file_name(name);
        let out = BufWriter::new(File::create(&part)?);
        Ok(Self { out, place, part: Some(TempPath::try_from_path(part)?) })
    }

    /// Puts the finished file in its place. The content is on the disk before the name is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.finish_after(|_| Ok(()))
    }

    /// As [`Output::finish`], and between content and name does what is asked with the new file: set the old one aside.
    ///
    /// # Errors
    /// When it cannot be written, or what is asked fails.
    pub fn finish_after(self, between: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        let Self { out, place, part } = self;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let Some(part) = part else { return Ok(()) };
        file.sync_all()?;
        between(&part)?;
        part.persist(place).map_err(|error| error.error)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carnet_needs_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path()).unwrap();
        let refused = |name: &str| check(&folder.path().join(name), &home).unwrap_err().class;
        assert_eq!(refused("carnet.db"), Class::Usage);
        assert_eq!(refused("./carnet.toml"), Class::Usage);
        assert_eq!(refused("nowhere/errors.csv"), Class::Rejected);
        assert_eq!(check(folder.path(), &home).unwrap_err().class, Class::Usage);
        check(&folder.path().join("errors.csv"), &home).unwrap();
    }

    #[test]
    fn a_file_appears_when_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        fs::write(&path, "before").unwrap();
        let mut output = Output::create(&path).unwrap();
        output.write_all(b"after").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_left_of_a_file_that_was_not_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let begin = || {
            let mut output = Output::create(&path).unwrap();
            output.write_all(b"everybody's data").unwrap();
            output
        };
        drop(begin());
        begin().finish_after(|_| Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        let output = begin();
        fs::create_dir(&path).unwrap();
        output.finish().unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the folder");
    }
}

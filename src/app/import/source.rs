//! Where the bytes of an import come from. What can be read only once, as the standard input or a pipe, is copied beside the database while
//! it is hashed: so the same content is known again, and a job that was interrupted goes on with the same bytes.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::ImportRequest;
use crate::app::failure::{Class, Failure};
use crate::domain::text::hex;
use crate::intake;
use crate::store::{Copied, Store};

/// A file, or the copy of a stream.
pub(super) struct Source {
    copy: Option<Copied>,
    /// The file as it was when it was hashed; whoever puts another one in its place does not change it.
    file: Option<(File, Metadata)>,
    /// Hash of the content.
    pub(super) hash: String,
}

impl Source {
    /// Reads all of it once.
    pub(super) fn take(request: &ImportRequest, store: &Store) -> Result<Self, Failure> {
        let path = &request.file;
        let stream = path == Path::new("-");
        if !stream && std::fs::metadata(path).map_or(true, |data| data.is_file()) {
            let mut file = File::open(path).map_err(|error| missing(request, &error))?;
            let before = file.metadata().map_err(|error| missing(request, &error))?;
            let hash = hashed(&mut file, &mut io::sink()).map_err(|trouble| trouble.told(path, path))?;
            return Ok(Self { copy: None, file: Some((file, before)), hash });
        }
        // A folder is refused by whoever opens it as a table.
        if path.is_dir() {
            return Ok(Self { copy: None, file: None, hash: String::new() });
        }
        for left in store.sweep() {
            tracing::info!(path = %left.display(), "removed what an import left that was killed");
        }
        let copy = store.make_copy()?;
        let failed = |error: io::Error| Failure::io("write", copy.path(), &error);
        let mut to = copy.handle().map_err(failed)?;
        let mut from: Box<dyn Read> = if stream {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).map_err(|error| missing(request, &error))?)
        };
        let hash = hashed(&mut from, &mut to).map_err(|trouble| trouble.told(path, copy.path()))?;
        Ok(Self { copy: Some(copy), file: None, hash })
    }

    /// Says after the last row whether the file is still what was hashed. Somebody may have written into it meanwhile, and then what was
    /// read is neither the old file nor the new one: a row may have been cut in the middle of a value.
    pub(super) fn check_unchanged(&self, request: &ImportRequest, job: Option<i64>) -> Result<(), Failure> {
        let Some((file, before)) = &self.file else { return Ok(()) };
        let looks_same = |now: Metadata| now.len() == before.len() && now.modified().ok() == before.modified().ok();
        if file.metadata().is_ok_and(looks_same) {
            return Ok(());
        }
        // Of what was only touched, the content tells.
        let mut file = file;
        let again = file.rewind().map_err(Trouble::Reading).and_then(|()| hashed(&mut file, &mut io::sink()));
        if again.is_ok_and(|hash| hash == self.hash) {
            return Ok(());
        }
        let message = format!("`{}` was changed while it was imported", request.file.display());
        let hint = match job {
            Some(job) => {
                format!("`carnet import undo {job}` takes back what came in; then import the file as it is now")
            }
            None => "repeat the dry run when nobody writes the file".to_owned(),
        };
        Err(Failure::new(Class::Conflict, "FILE_CHANGED", message).hint(hint))
    }

    /// Opens it as a table.
    pub(super) fn open(&self, request: &ImportRequest) -> Result<intake::Reader, Failure> {
        let input = match &self.copy {
            None => intake::Input::named(&request.file),
            Some(copy) => {
                let failed = |error: io::Error| Failure::io("read", copy.path(), &error);
                let mut file = copy.handle().map_err(failed)?;
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                intake::Input::stream(request.file.display().to_string(), file)
            }
        };
        Ok(intake::open(input, &options(request))?)
    }
}

/// Opens a file of which only the beginning is wanted.
pub(in crate::app) fn open_file(request: &ImportRequest) -> Result<intake::Reader, Failure> {
    Ok(intake::open(intake::Input::named(&request.file), &options(request))?)
}

fn options(request: &ImportRequest) -> intake::Options {
    intake::Options {
        encoding: request.encoding.clone(),
        delimiter: request.delimiter,
        backslash: request.backslash,
        header_line: request.header_line,
        sheet: request.sheet.clone(),
        ..intake::Options::default()
    }
}

fn missing(request: &ImportRequest, error: &io::Error) -> Failure {
    // Told in the words of whoever reads tables.
    let options = intake::Options::default();
    match intake::open(intake::Input::named(&request.file), &options) {
        Err(told) => told.into(),
        Ok(_) => Failure::io("read", &request.file, error),
    }
}

/// Which side of a copy failed.
enum Trouble {
    Reading(io::Error),
    Writing(io::Error),
}

impl Trouble {
    fn told(self, from: &Path, to: &Path) -> Failure {
        match self {
            Self::Reading(error) => Failure::io("read", from, &error),
            Self::Writing(error) => Failure::io("copy the input to", to, &error),
        }
    }
}

fn hashed(from: &mut dyn Read, to: &mut dyn Write) -> Result<String, Trouble> {
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hasher.finalize())),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                to.write_all(&buffer[..n]).map_err(Trouble::Writing)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Trouble::Reading(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::app::App;
    use crate::app::import::{ImportRequest, Progress};
    use crate::domain::permission::Viewer;
    use crate::store::JobState;

    /// Imports a file, into which `write` writes when the first rows are in.
    fn import(write: &dyn Fn(&std::path::Path)) -> (String, JobState) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("people.csv");
        let rows: String = (0..200).map(|n| format!("Lee,Company {n}\n")).collect();
        std::fs::write(&file, format!("Last name,Company\n{rows}")).unwrap();
        let app = App::open(folder.path(), None).unwrap();
        let mut first = true;
        let mut progress = |_: Progress| {
            if std::mem::take(&mut first) {
                write(&file);
            }
        };
        let told = app.import(&ImportRequest::new(&file), &mut progress);
        let state = app.import_job(1, &Viewer::Operator).unwrap().state;
        (told.map_or_else(|failure| format!("{} {:?}", failure.code, failure.hint), |_| "done".to_owned()), state)
    }

    #[test]
    fn a_file_that_is_changed_while_it_is_imported_is_told() {
        let cut = |file: &std::path::Path| {
            std::fs::File::options().write(true).open(file).unwrap().set_len(1000).unwrap();
        };
        let (told, state) = import(&cut);
        assert!(told.starts_with("FILE_CHANGED") && told.contains("carnet import undo 1"), "{told}");
        assert!(matches!(state, JobState::Stopped), "it is not done: {state:?}");
        // Another file in its place, and the same content once more, change nothing of what was read.
        let replaced = |file: &std::path::Path| {
            std::fs::write(file.with_extension("new"), "Last name\nRay\n").unwrap();
            std::fs::rename(file.with_extension("new"), file).unwrap();
        };
        let same = |file: &std::path::Path| std::fs::write(file, std::fs::read(file).unwrap()).unwrap();
        for write in [&replaced as &dyn Fn(&std::path::Path), &same] {
            let (told, state) = import(write);
            assert!(told == "done" && matches!(state, JobState::Done), "{told} {state:?}");
        }
    }
}

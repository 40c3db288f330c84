//! Where the bytes of an import come from. What can be read only once, as the standard input or a pipe, is copied beside the database while
//! it is hashed: so the same content is known again, and a job that was interrupted goes on with the same bytes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::ImportRequest;
use crate::app::failure::Failure;
use crate::domain::text::hex;
use crate::intake;
use crate::store::{Copied, Store};

/// A file, or the copy of a stream.
pub(super) struct Source {
    copy: Option<Copied>,
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
            let hash = hashed(&mut file, &mut io::sink()).map_err(|trouble| trouble.told(path, path))?;
            return Ok(Self { copy: None, hash });
        }
        // A folder is refused by whoever opens it as a table.
        if path.is_dir() {
            return Ok(Self { copy: None, hash: String::new() });
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
        Ok(Self { copy: Some(copy), hash })
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

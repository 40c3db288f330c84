//! A workbook's archive: which parts it has, and streams of what they unpack to, counted against limits on the way.
//!
//! The archive's directory is believed only as far as it can be checked: sizes, ratio and checksum are looked at again
//! while a part is read, so that a directory that lies costs no more than an honest one.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Take;
use std::sync::Arc;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::CompressionMethod;
use zip::ZipArchive;

use crate::intake::IntakeErrorKind;

/// How much is unpacked whatever the ratio.
const UNSUSPICIOUS: u64 = 64 << 20;
/// What a table of people packs at most; a bomb does a thousand.
const MAX_RATIO: u64 = 250;
/// The most of a part that is neither a sheet nor the shared texts.
const SMALL_PART: u64 = 64 << 20;
/// The most bytes between two tags.
const MAX_NODE: u64 = 16 << 20;
/// How much is read at once.
const CHUNK: usize = 128 << 10;

/// A file that several readers share, each with its own place in it. They take turns: one thread reads a workbook.
struct Shared {
    file: Arc<File>,
    at: u64,
}

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.at))?;
        self.at = file.seek(to)?;
        Ok(self.at)
    }
}

/// The archive of a workbook.
pub(super) struct Package {
    file: Arc<File>,
    archive: ZipArchive<BufReader<Shared>>,
    /// Where each part is, by its name in lower case.
    parts: HashMap<String, usize>,
    /// The most that a sheet or a table of strings may unpack to.
    limit: u64,
}

impl Package {
    /// Reads the archive's directory.
    ///
    /// # Errors
    /// In words, if it is none.
    pub(super) fn open(file: File, limit: u64) -> Result<Self, String> {
        let file = Arc::new(file);
        let shared = Shared { file: Arc::clone(&file), at: 0 };
        let archive = ZipArchive::new(BufReader::new(shared)).map_err(|error| error.to_string())?;
        let name = |at: usize| {
            let name = archive.name_for_index(at)?.ok()?.replace('\\', "/").to_lowercase();
            Some((name.trim_start_matches('/').to_owned(), at))
        };
        let mut parts = HashMap::new();
        for (name, at) in (0..archive.len()).filter_map(name) {
            if parts.insert(name.clone(), at).is_some() {
                return Err(format!("two of its parts are named `{name}`"));
            }
        }
        Ok(Self { file, archive, parts, limit })
    }

    /// The names of all parts, in the archive's order.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        (0..self.archive.len()).filter_map(|at| Some(self.archive.name_for_index(at)?.ok()?.into_owned()))
    }

    /// Whether there is a part of that name, in any case.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&name.to_lowercase())
    }

    /// A part of a kind that is small in every workbook.
    ///
    /// # Errors
    /// As [`Package::large`].
    pub(super) fn small(&mut self, name: &str) -> Result<Part, IntakeErrorKind> {
        self.part(name, SMALL_PART.min(self.limit))
    }

    /// A sheet, of which a row is held at a time.
    ///
    /// # Errors
    /// If there is none of that name, if it is encrypted or packed in an unknown way, or if it unpacks to too much.
    pub(super) fn large(&mut self, name: &str) -> Result<Part, IntakeErrorKind> {
        self.part(name, self.limit)
    }

    /// The texts that cells share, which are held: less of them than of a sheet.
    ///
    /// # Errors
    /// As [`Package::large`].
    pub(super) fn texts(&mut self, name: &str) -> Result<Part, IntakeErrorKind> {
        self.part(name, self.limit / 4)
    }

    fn part(&mut self, name: &str, limit: u64) -> Result<Part, IntakeErrorKind> {
        let missing = || IntakeErrorKind::DamagedWorkbook(format!("its part `{name}` is missing"));
        let at = *self.parts.get(&name.to_lowercase()).ok_or_else(missing)?;
        let entry = self.archive.by_index_raw(at);
        let entry = entry.map_err(|error| IntakeErrorKind::DamagedWorkbook(error.to_string()))?;
        if entry.encrypted() {
            return Err(IntakeErrorKind::ProtectedWorkbook);
        }
        let start = entry.data_start().ok_or_else(missing)?;
        let packed = entry.compressed_size();
        let budget = Budget { name: name.to_owned(), limit, packed };
        budget.check(entry.size()).map_err(|too_large| IntakeErrorKind::UnpacksTooLarge(too_large.to_string()))?;
        let shared = Shared { file: Arc::clone(&self.file), at: start };
        let raw = BufReader::with_capacity(CHUNK, shared.take(packed));
        let bytes = match entry.compression() {
            CompressionMethod::Stored => Bytes::Stored(raw),
            CompressionMethod::Deflated => Bytes::Deflated(Box::new(DeflateDecoder::new(raw))),
            other => {
                let reason = format!("its part `{name}` is packed by {other}, which spreadsheets do not use");
                return Err(IntakeErrorKind::DamagedWorkbook(reason));
            }
        };
        Ok(Part { bytes, budget, size: entry.size(), sum: entry.crc32(), crc: Crc::new(), unpacked: 0, node: 0 })
    }
}

/// How much a part may unpack to.
struct Budget {
    name: String,
    limit: u64,
    packed: u64,
}

impl Budget {
    fn check(&self, unpacked: u64) -> Result<(), TooLarge> {
        let name = &self.name;
        if unpacked > self.limit {
            return Err(TooLarge(format!("its part `{name}` unpacks to more than {} KiB", self.limit >> 10)));
        }
        if unpacked > UNSUSPICIOUS && unpacked / MAX_RATIO > self.packed {
            return Err(TooLarge(format!("its part `{name}` unpacks to more than {MAX_RATIO} times its size")));
        }
        Ok(())
    }
}

/// More than a workbook may unpack to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct TooLarge(String);

enum Bytes {
    Stored(BufReader<Take<Shared>>),
    Deflated(Box<DeflateDecoder<BufReader<Take<Shared>>>>),
}

/// One part as it unpacks.
pub(super) struct Part {
    bytes: Bytes,
    budget: Budget,
    /// What the directory says it unpacks to.
    size: u64,
    sum: u32,
    crc: Crc,
    unpacked: u64,
    /// Bytes since the last tag.
    node: u64,
}

impl Part {
    /// The part's size in the archive.
    pub(super) fn packed_size(&self) -> u64 {
        self.budget.packed
    }

    /// How much of that was read.
    pub(super) fn packed_read(&self) -> u64 {
        match &self.bytes {
            Bytes::Stored(_) => self.unpacked,
            Bytes::Deflated(inflate) => inflate.total_in(),
        }
    }

    /// Bytes unpacked so far.
    pub(super) fn unpacked(&self) -> u64 {
        self.unpacked
    }

    /// Says that a tag was read, so that what follows may be as long again.
    pub(super) fn restart(&mut self) {
        self.node = 0;
    }

    fn check_end(&self) -> io::Result<()> {
        if self.unpacked == self.size && self.crc.sum() == self.sum {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("the checksum of `{}` is wrong", self.budget.name)))
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.bytes {
            Bytes::Stored(raw) => raw.read(buffer),
            Bytes::Deflated(inflate) => inflate.read(buffer),
        }?;
        if count == 0 && !buffer.is_empty() {
            return self.check_end().map(|()| 0);
        }
        self.crc.update(&buffer[..count]);
        self.unpacked += count as u64;
        self.node += count as u64;
        self.budget.check(self.unpacked).map_err(io::Error::other)?;
        if self.node > MAX_NODE {
            let reason = format!("its part `{}` has a text of more than {} MiB", self.budget.name, MAX_NODE >> 20);
            return Err(io::Error::other(TooLarge(reason)));
        }
        Ok(count)
    }
}

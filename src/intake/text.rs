//! The window of UTF-8 through which a file is scanned: reads, decodes, remembers where bytes could not be decoded.
//!
//! UTF-8 passes through unchecked, so that the scanner can validate a record at a time. Text in another encoding is
//! decoded; a sequence that means nothing becomes the byte `FF`, which no UTF-8 contains, so that both kinds of bad
//! bytes are found by the same check, and neither becomes U+FFFD unnoticed.

use std::collections::VecDeque;
use std::io;
use std::io::Cursor;
use std::io::ErrorKind;
use std::io::Read;

use encoding_rs::Decoder;
use encoding_rs::DecoderResult;
use encoding_rs::Encoding;
use encoding_rs::UTF_8;

/// How much is read at once: large enough that refills cost nothing, small enough for a processor's cache.
const CHUNK: usize = 256 << 10;

/// Stands for bytes that could not be decoded.
const UNDECODABLE: u8 = 0xFF;

/// A sliding window over the decoded file.
pub(super) struct Text {
    input: Box<dyn Read + Send>,
    transcoder: Option<Transcoder>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The offset of `buffer[start]` in the decoded text.
    position: u64,
    /// Bytes taken from the file so far, its byte order mark included.
    raw_read: u64,
    bom: u64,
    ended: bool,
}

impl Text {
    /// A window at the start of a file of which `head` was read already; its first `bom` bytes are skipped.
    pub(super) fn new(head: Vec<u8>, bom: usize, rest: Box<dyn Read + Send>, encoding: &'static Encoding) -> Self {
        let mut head = Cursor::new(head);
        head.set_position(bom as u64);
        let bom = bom as u64;
        Self {
            input: Box::new(head.chain(rest)),
            transcoder: (encoding != UTF_8).then(|| Transcoder::new(encoding, bom)),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            position: 0,
            raw_read: bom,
            bom,
            ended: false,
        }
    }

    /// What is in the window now.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether the window reaches to the end of the file.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Bytes of the file taken so far.
    pub(super) fn raw_read(&self) -> u64 {
        self.raw_read
    }

    /// Moves the window's start forward.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        self.position += count as u64;
        if let Some(transcoder) = &mut self.transcoder {
            transcoder.forget_before(self.position);
        }
    }

    /// The offset in the file of the bad bytes found at `at` in the window.
    pub(super) fn raw_offset(&self, at: usize) -> u64 {
        let position = self.position + at as u64;
        match &self.transcoder {
            Some(transcoder) => transcoder.raw_offset(position),
            None => self.bom + position,
        }
    }

    /// Reads on: afterwards the window is longer, or the end of the file is reached.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        self.make_room();
        match self.transcoder.is_some() {
            true => self.fill_decoded(),
            false => self.fill_plain(),
        }
    }

    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < self.end + CHUNK {
            self.buffer.resize(self.end + CHUNK, 0);
        }
    }

    fn fill_plain(&mut self) -> io::Result<()> {
        let count = read_some(&mut self.input, &mut self.buffer[self.end..self.end + CHUNK])?;
        self.raw_read += count as u64;
        self.end += count;
        self.ended = count == 0;
        Ok(())
    }

    fn fill_decoded(&mut self) -> io::Result<()> {
        let Some(transcoder) = &mut self.transcoder else { return Ok(()) };
        let before = self.end;
        while self.end == before && !self.ended {
            self.raw_read += transcoder.read(&mut self.input)? as u64;
            let position = self.position + self.end as u64;
            let (written, ended) = transcoder.decode(&mut self.buffer[self.end..], position);
            self.end += written;
            self.ended = ended;
        }
        Ok(())
    }
}

fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Decodes chunks and keeps a list of what could not be decoded.
struct Transcoder {
    decoder: Decoder,
    raw: Vec<u8>,
    next: usize,
    raw_ended: bool,
    /// Bytes of the file that the decoder has taken.
    taken: u64,
    /// Offsets of bad sequences, in the decoded text and in the file, for what is in the window.
    bad: VecDeque<(u64, u64)>,
}

impl Transcoder {
    fn new(encoding: &'static Encoding, taken: u64) -> Self {
        Self {
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: Vec::new(),
            next: 0,
            raw_ended: false,
            taken,
            bad: VecDeque::new(),
        }
    }

    /// Reads the next chunk once the last one is used up; returns how many bytes came.
    fn read(&mut self, input: &mut impl Read) -> io::Result<usize> {
        if self.next < self.raw.len() || self.raw_ended {
            return Ok(0);
        }
        self.raw.resize(CHUNK, 0);
        self.next = 0;
        let count = read_some(input, &mut self.raw);
        self.raw.truncate(*count.as_ref().unwrap_or(&0));
        self.raw_ended = matches!(count, Ok(0));
        count
    }

    /// Decodes into `output`, up to the next bad sequence; `position` is the output's offset in the text. Returns the
    /// bytes written and whether this was the last of the file.
    fn decode(&mut self, output: &mut [u8], position: u64) -> (usize, bool) {
        let room = output.len() - 1; // for the mark
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.raw[self.next..],
            &mut output[..room],
            self.raw_ended,
        );
        self.next += read;
        self.taken += read as u64;
        match result {
            DecoderResult::InputEmpty => (written, self.raw_ended),
            DecoderResult::OutputFull => (written, false),
            DecoderResult::Malformed(length, after) => {
                let raw = self.taken.saturating_sub(u64::from(length) + u64::from(after));
                self.bad.push_back((position + written as u64, raw));
                output[written] = UNDECODABLE;
                (written + 1, false)
            }
        }
    }

    fn forget_before(&mut self, position: u64) {
        while self.bad.front().is_some_and(|(text, _)| *text < position) {
            self.bad.pop_front();
        }
    }

    fn raw_offset(&self, position: u64) -> u64 {
        let found = self.bad.iter().find(|(text, _)| *text >= position);
        found.map_or(self.taken, |(_, raw)| *raw)
    }
}

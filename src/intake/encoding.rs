//! Which encoding a file is in: a byte order mark, the caller's word, or evidence; never a coin toss.

use chardetng::EncodingDetector;
use chardetng::Iso2022JpDetection;
use chardetng::Utf8Detection;
use encoding_rs::Encoding;
use encoding_rs::UTF_8;
use encoding_rs::UTF_16BE;
use encoding_rs::UTF_16LE;

use super::Choice;
use super::IntakeErrorKind;
use super::container;
use super::likelihood::Model;
use super::likelihood::log_likelihood;

/// By how much, in natural logarithms, the best encoding must beat the next: about 20 to 1.
const MARGIN: f64 = 3.0;
/// How much text is weighed.
const WEIGHED: usize = 256 << 10;
/// From how many lines on a single bad byte in plain ASCII is taken for damage rather than for another encoding.
const MANY_LINES: usize = 20;

/// The encoding settled on.
#[derive(Debug)]
pub(super) struct Detected {
    pub(super) encoding: &'static Encoding,
    /// The length of the byte order mark.
    pub(super) bom: usize,
    /// Inferred from the text itself.
    pub(super) guessed: bool,
}

impl Detected {
    fn sure(encoding: &'static Encoding) -> Self {
        Self { encoding, bom: 0, guessed: false }
    }

    fn guess(encoding: &'static Encoding) -> Self {
        Self { encoding, bom: 0, guessed: true }
    }
}

/// Settles the encoding from the file's beginning; `whole` says that `head` is all of it.
pub(super) fn detect(head: &[u8], whole: bool, label: Option<&str>) -> Result<Detected, IntakeErrorKind> {
    let wanted = label.map(by_label).transpose()?;
    if head.starts_with(b"\xFF\xFE\0\0") || head.starts_with(b"\0\0\xFE\xFF") {
        return Err(IntakeErrorKind::UnknownEncoding("utf-32".to_owned()));
    }
    if let Some((encoding, bom)) = Encoding::for_bom(head) {
        return Ok(Detected { encoding, bom, guessed: false });
    }
    if let Some(encoding) = wanted {
        return Ok(Detected::sure(encoding));
    }
    if let Some(encoding) = utf_16(head) {
        return Ok(Detected::guess(encoding));
    }
    if container::is_binary(head) {
        return Err(IntakeErrorKind::Binary);
    }
    let evidence = Utf8::of(head, whole);
    if evidence.holds() {
        return Ok(Detected::sure(UTF_8));
    }
    legacy(head, evidence.letters > 0)
}

/// The encoding with that label, Windows code page numbers included.
pub(super) fn by_label(label: &str) -> Result<&'static Encoding, IntakeErrorKind> {
    let lower = label.trim().to_ascii_lowercase();
    let name = match lower.trim_start_matches("cp") {
        "932" => "shift_jis",
        "936" => "gbk",
        "949" => "euc-kr",
        "950" => "big5",
        "874" => "windows-874",
        "54936" => "gb18030",
        "65001" | "utf8" => "utf-8",
        "utf16" => "utf-16",
        _ => &lower,
    };
    let encoding = Encoding::for_label_no_replacement(name.as_bytes());
    encoding
        .filter(|encoding| *encoding != encoding_rs::X_USER_DEFINED)
        .ok_or_else(|| IntakeErrorKind::UnknownEncoding(label.to_owned()))
}

/// UTF-16 without a byte order mark: every other byte of its ASCII characters is zero.
fn utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let sample = &head[..head.len().min(64 << 10) & !1];
    let even = sample.iter().step_by(2).filter(|byte| **byte == 0).count();
    let odd = sample.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count();
    let (encoding, zeros, others) = if odd > even { (UTF_16LE, odd, even) } else { (UTF_16BE, even, odd) };
    if zeros < 2 || others * 10 > zeros {
        return None;
    }
    // A third of zeros is Western text. In Chinese or Thai text only delimiters and line ends show them, but then
    // the bytes are no UTF-8; a NUL or two in UTF-8 is damage.
    let western = zeros * 3 > sample.len() / 2;
    let foreign = std::str::from_utf8(sample).is_err() && encoding.decode_without_bom_handling(sample).0.contains('\n');
    (western || foreign).then_some(encoding)
}

/// What speaks for UTF-8, and what against it.
struct Utf8 {
    /// Letters that are valid UTF-8 and not ASCII.
    letters: usize,
    /// Places at which the bytes are not valid.
    bad: usize,
    /// Whether a single bad byte stands among many lines of plain ASCII, which is damage.
    damaged: bool,
}

impl Utf8 {
    fn of(head: &[u8], whole: bool) -> Self {
        let (mut letters, mut bad, mut at) = (0, 0, 0);
        let mut first_bad = 0;
        for chunk in head.utf8_chunks() {
            letters += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
            at += chunk.valid().len();
            let cut = !whole && at + chunk.invalid().len() == head.len() && chunk.invalid().len() < 4;
            if !chunk.invalid().is_empty() && !cut {
                first_bad = if bad == 0 { at } else { first_bad };
                bad += 1;
            }
            at += chunk.invalid().len();
        }
        let lines = |bytes: &[u8]| bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
        let damaged = bad == 1 && lines(head) >= MANY_LINES && lines(&head[..first_bad]) > 0;
        Self { letters, bad, damaged }
    }

    /// Whether the text is UTF-8, a few damaged bytes aside.
    fn holds(&self) -> bool {
        self.damaged || self.letters >= self.bad * 4
    }
}

/// An encoding from before Unicode: the one that makes most sense of the bytes, if none comes near it. `perhaps_utf_8`
/// says that some of the letters would be UTF-8, which is a choice for whoever has to choose.
fn legacy(head: &[u8], perhaps_utf_8: bool) -> Result<Detected, IntakeErrorKind> {
    let sample = &head[..head.len().min(WEIGHED)];
    let mut scored = candidates(sample);
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (best, score) = scored[0];
    let near: Vec<&'static Encoding> =
        scored.iter().take(4).filter(|(_, other)| score - other < MARGIN).map(|(encoding, _)| *encoding).collect();
    if near.len() < 2 {
        return Ok(Detected::guess(best));
    }
    // What cannot be decoded at all is no choice, as long as there are others.
    let sound: Vec<&'static Encoding> = near.iter().copied().filter(|encoding| decodes(encoding, sample)).collect();
    let near = if sound.len() > 1 { sound } else { near };
    let near = perhaps_utf_8.then_some(UTF_8).into_iter().chain(near);
    Err(IntakeErrorKind::DoubtfulEncoding { choices: near.map(|encoding| choice(encoding, sample)).collect() })
}

/// Every encoding weighed, with its score. Among the single-byte alphabets, which differ by language rather than by
/// structure, the detector's favourite stands for all.
fn candidates(sample: &[u8]) -> Vec<(&'static Encoding, f64)> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, false);
    let favourite = detector.guess(None, Utf8Detection::Deny);
    let mut models = vec![
        (encoding_rs::GB18030, Model::Gb18030),
        (encoding_rs::BIG5, Model::Big5),
        (encoding_rs::SHIFT_JIS, Model::ShiftJis),
        (encoding_rs::EUC_JP, Model::EucJp),
        (encoding_rs::EUC_KR, Model::EucKr),
        (encoding_rs::WINDOWS_874, Model::Windows874),
    ];
    match favourite.name() {
        "windows-1250" | "windows-1254" | "windows-1257" | "windows-1258" | "ISO-8859-2" | "ISO-8859-4" => {
            models.push((favourite, Model::RichLatin));
        }
        _ if favourite.is_single_byte()
            && ![encoding_rs::WINDOWS_874, encoding_rs::WINDOWS_1252].contains(&favourite) =>
        {
            models.extend([(favourite, Model::Alphabet), (encoding_rs::WINDOWS_1252, Model::Latin)]);
        }
        _ => models.push((encoding_rs::WINDOWS_1252, Model::Latin)),
    }
    models.into_iter().map(|(encoding, model)| (encoding, log_likelihood(model, sample))).collect()
}

/// Whether all of the sample can be decoded, but for a letter that its end may cut.
fn decodes(encoding: &'static Encoding, sample: &[u8]) -> bool {
    let cut = sample.len().saturating_sub(4);
    let (text, damaged) = encoding.decode_without_bom_handling(sample);
    !damaged || (sample.len() == WEIGHED && !encoding.decode_without_bom_handling(&sample[..cut]).1) || text.is_empty()
}

/// The encoding with the first lines that differ by it, as they read in it.
fn choice(encoding: &'static Encoding, sample: &[u8]) -> Choice {
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let lines = text.split(['\r', '\n']).filter(|line| !line.is_ascii()).take(3);
    let lines: Vec<String> = lines.map(around_the_letters).collect();
    Choice { value: encoding.name().to_ascii_lowercase(), preview: lines.join("  ⏎  ") }
}

/// As much of a line as can be shown, from shortly before its first letter that is not ASCII.
fn around_the_letters(line: &str) -> String {
    let first = line.chars().position(|letter| !letter.is_ascii()).unwrap_or(0);
    line.chars().skip(first.saturating_sub(16)).take(40).filter(|letter| !letter.is_control()).collect()
}

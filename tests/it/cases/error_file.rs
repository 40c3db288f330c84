//! Case 33, for whole files of bad rows: what an error file keeps, and what comes in when it comes back, repaired or not, round after round.

use std::collections::BTreeMap;

use carnet::intake::write::{WriteOptions, Writer, restore};
use encoding_rs::{BIG5, Encoding, UTF_8, UTF_16LE, WINDOWS_1252};
use serde_json::Value;

use crate::support::Home;

const HEADERS: [&str; 7] = ["First name", "Last name", "Email", "Type", "Company", "Street", "@x"];
/// The column whose value tells one row from another.
const MARKER: usize = 4;

/// A file to write, and how it is read.
struct Dialect {
    name: &'static str,
    encoding: &'static Encoding,
    mark: bool,
    delimiter: u8,
    line_end: &'static str,
    /// Bytes that mean nothing in the encoding.
    bad_bytes: &'static [u8],
    /// Letters that it has.
    letters: &'static str,
    settings: &'static str,
}

const DIALECTS: [Dialect; 5] = [
    Dialect {
        name: "comma",
        encoding: UTF_8,
        mark: false,
        delimiter: b',',
        line_end: "\n",
        bad_bytes: b"\xE9",
        letters: "陳é",
        settings: "",
    },
    Dialect {
        name: "semicolon",
        encoding: UTF_8,
        mark: true,
        delimiter: b';',
        line_end: "\r\n",
        bad_bytes: b"\xC3",
        letters: "Ωé",
        settings: "error_column = \"AZ\"\n",
    },
    Dialect {
        name: "unicode",
        encoding: UTF_16LE,
        mark: true,
        delimiter: b'\t',
        line_end: "\r\n",
        bad_bytes: b"\x3D\xD8",
        letters: "陳é",
        settings: "",
    },
    Dialect {
        name: "big5",
        encoding: BIG5,
        mark: false,
        delimiter: b',',
        line_end: "\r\n",
        bad_bytes: b"\xFF",
        letters: "陳大文",
        settings: "error_column = \"K\"\n",
    },
    Dialect {
        name: "windows",
        encoding: WINDOWS_1252,
        mark: false,
        delimiter: b'|',
        line_end: "\r",
        bad_bytes: b"",
        letters: "“né”",
        settings: "",
    },
];

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }
}

impl Dialect {
    fn bytes(&self, text: &str) -> Vec<u8> {
        if self.encoding == UTF_16LE {
            return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        }
        let (bytes, _, lossy) = self.encoding.encode(text);
        assert!(!lossy, "{text}");
        bytes.into_owned()
    }

    fn line(&self, cells: &[String]) -> String {
        let quoted = |cell: &String| {
            let quotes = cell.contains(['"', '\n', '\r', ' ', char::from(self.delimiter)]);
            if quotes { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
        };
        cells.iter().map(quoted).collect::<Vec<_>>().join(&char::from(self.delimiter).to_string()) + self.line_end
    }

    /// A row of some kind, as bytes; `Some` has the cells that the error file must keep of a bad one.
    fn row(&self, kind: u64, cells: &mut [String]) -> (Vec<u8>, Option<Vec<String>>) {
        let delimiter = char::from(self.delimiter);
        cells[5] = format!("1 \"High\" St{delimiter}\n=2+2\n{}", self.letters);
        let kept = |cells: &[String]| Some(cells.to_vec());
        match kind {
            0 => {
                cells[2] = "nobody".to_owned();
                (self.bytes(&self.line(cells)), kept(cells))
            }
            1 => {
                cells[3] = "=HYPERLINK(\"x\")".to_owned();
                cells[6] = "'+cmd|' /C calc'!A0".to_owned();
                (self.bytes(&self.line(cells)), kept(cells))
            }
            2 => {
                let mut more = cells.to_vec();
                more.extend(["".to_owned(), "@SUM(1)".to_owned(), format!("a\n\"b\"{delimiter}")]);
                (self.bytes(&self.line(&more)), Some(more))
            }
            3 => {
                cells[0] = "\"Ann\"x".to_owned();
                let line = self.line(cells).replacen("\"\"\"Ann\"\"x\"", "\"Ann\"x", 1);
                (self.bytes(&line), kept(cells))
            }
            4 => {
                cells[5] = "\"left open".to_owned();
                let line = self.line(cells).replacen("\"\"\"left open\"", "\"left open", 1);
                (self.bytes(&line), kept(cells))
            }
            5 => {
                cells[1] = "N\0l".to_owned();
                (self.bytes(&self.line(cells)), kept(cells))
            }
            6 => {
                cells[6] = "x".repeat(140 << 10);
                (self.bytes(&self.line(cells)), kept(cells))
            }
            7 if !self.bad_bytes.is_empty() => {
                let line = self.line(cells);
                let (before, after) = line.split_at(line.find(delimiter).expect("a delimiter"));
                let bytes = [self.bytes(before), self.bad_bytes.to_vec(), self.bytes(after)].concat();
                cells[0].push('\u{FFFD}');
                (bytes, kept(cells))
            }
            _ => (self.bytes(&self.line(cells)), None),
        }
    }
}

/// One row of an error file.
#[derive(Clone, Debug, PartialEq)]
struct Failed {
    cells: Vec<String>,
    reason: String,
    codes: Vec<String>,
}

impl Failed {
    fn marker(&self) -> &str {
        &self.cells[MARKER]
    }
}

struct Rounds {
    home: Home,
    dialect: &'static Dialect,
    /// Cells before the error column.
    width: usize,
}

impl Rounds {
    /// Imports a file; returns how many contacts came in.
    fn import(&self, file: &str) -> u64 {
        let args = ["--json", "import", file, "--again", "--errors-json", "errors.json", "--map", "@x=job_title"];
        let ran = self.home.run(&args);
        let report: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}: {ran:#?}", self.dialect.name));
        assert!(report["error"].is_null(), "{}: {report:#}", self.dialect.name);
        report["created"].as_u64().expect("a count")
    }

    /// The rows of the error file, with their codes.
    fn failed(&self) -> Vec<Failed> {
        let errors: Value = serde_json::from_str(&self.home.read("errors.json")).expect("the errors");
        let mut codes: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for error in errors.as_array().expect("a list") {
            let code = error["code"].as_str().expect("a code").to_owned();
            codes.entry(error["row"].as_u64().expect("a row")).or_default().push(code);
        }
        let file = self.home.read("ErrorDetail.csv");
        let text = file.trim_start_matches('\u{FEFF}').as_bytes();
        let mut builder = csv::ReaderBuilder::new();
        let mut reader = builder.flexible(true).delimiter(self.dialect.delimiter).from_reader(text);
        let headers = reader.headers().expect("a header").clone();
        assert_eq!(headers.iter().position(|header| header == "Error detail"), Some(self.width));
        let rows: Vec<Failed> = reader
            .records()
            .zip(codes.into_values())
            .map(|(row, codes)| self.one(&row.expect("a row"), codes))
            .collect();
        assert_eq!(rows.len(), file_rows(text, self.dialect.delimiter), "every row has a code");
        rows
    }

    fn one(&self, row: &csv::StringRecord, codes: Vec<String>) -> Failed {
        let mut cells: Vec<String> = row.iter().map(|cell| restore(cell).into_owned()).collect();
        let reason = cells.remove(self.width);
        while cells.len() > HEADERS.len() && cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        Failed { cells, reason, codes }
    }

    /// Writes an error file as a spreadsheet would save it.
    fn write(&self, name: &str, rows: &[Failed]) {
        let options = WriteOptions { delimiter: self.dialect.delimiter, ..WriteOptions::default() };
        let mut writer = Writer::new(Vec::new(), options).expect("a file");
        let place = |cells: Vec<String>, error: &str| {
            let mut placed: Vec<String> = cells.iter().take(self.width).cloned().collect();
            placed.resize(self.width, String::new());
            placed.push(error.to_owned());
            placed.extend(cells.into_iter().skip(self.width));
            placed
        };
        writer.write(place(HEADERS.map(str::to_owned).to_vec(), "Error detail")).expect("a header");
        rows.iter().for_each(|row| writer.write(place(row.cells.clone(), &row.reason)).expect("a row"));
        self.home.write(name, writer.finish().expect("a file"));
    }

    fn stored(&self) -> Vec<String> {
        let lines = self.home.run(&["export", "--format", "jsonl", "--out", "-"]).exits(0).stdout;
        let company = |line: &str| {
            let contact: Value = serde_json::from_str(line).expect("a contact");
            contact["company"].as_str().unwrap_or_default().to_owned()
        };
        let mut stored: Vec<String> = lines.lines().map(company).collect();
        stored.sort();
        stored
    }
}

fn file_rows(text: &[u8], delimiter: u8) -> usize {
    csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text).records().count()
}

fn good(marker: &str, letters: &str) -> Vec<String> {
    let cells = ["Ann", letters, "ann@example.com", "lead", marker, "", "Clerk"];
    cells.map(str::to_owned).to_vec()
}

#[track_caller]
fn check(dialect: &'static Dialect, chance: &mut Chance) {
    let home = Home::new();
    home.write("carnet.toml", dialect.settings);
    let fixed = dialect.settings.split('"').nth(1).and_then(carnet::intake::write::column_index);
    let rounds = Rounds { home, dialect, width: fixed.unwrap_or(HEADERS.len()) };
    let mark = if dialect.mark { "\u{FEFF}" } else { "" };
    let header = dialect.line(&HEADERS.map(str::to_owned));
    let mut file = dialect.bytes(&format!("{mark}{header}"));
    let (mut kept, mut all) = (Vec::new(), Vec::new());
    for number in 0..48 {
        let marker = format!("Row {number:02}");
        let mut cells = good(&marker, dialect.letters);
        let (bytes, bad) = dialect.row(if number < 8 { number } else { chance.below(14) }, &mut cells);
        file.extend(bytes);
        kept.extend(bad);
        all.push(marker);
    }
    rounds.home.write("people.csv", file);
    // The first time, sound rows come in, and bad ones are kept as they are.
    let created = rounds.import("people.csv") as usize;
    let first = rounds.failed();
    let cells: Vec<_> = first.iter().map(|row| row.cells.clone()).collect();
    assert_eq!(cells, kept, "{}", dialect.name);
    assert_eq!(created + kept.len(), all.len());
    // Nothing repaired: nothing comes in, and the same rows fail for the same reasons.
    for _ in 0..2 {
        std::fs::copy(rounds.home.path().join("ErrorDetail.csv"), rounds.home.path().join("again.csv"))
            .expect("a copy");
        assert_eq!(rounds.import("again.csv"), 0, "{}", dialect.name);
        assert_same(dialect, &rounds.failed(), &first);
    }
    // Some repaired, in rounds, until all are in.
    let mut left = rounds.failed();
    while !left.is_empty() {
        let repaired: Vec<String> =
            left.iter().map(|row| row.marker().to_owned()).filter(|_| chance.below(2) == 0).collect();
        let repair = |row: &Failed| match repaired.contains(&row.cells[MARKER]) {
            true => Failed { cells: good(row.marker(), dialect.letters), ..row.clone() },
            false => row.clone(),
        };
        rounds.write("repaired.csv", &left.iter().map(repair).collect::<Vec<_>>());
        assert_eq!(rounds.import("repaired.csv") as usize, repaired.len(), "{}: {repaired:?}", dialect.name);
        let rest: Vec<Failed> = left.into_iter().filter(|row| !repaired.contains(&row.cells[MARKER])).collect();
        left = if rest.is_empty() { Vec::new() } else { rounds.failed() };
        assert_same(dialect, &left, &rest);
    }
    assert_eq!(rounds.stored(), all, "{}: each row is in, and once", dialect.name);
}

/// The same cells and codes; only where a cell too many stands may differ.
#[track_caller]
fn assert_same(dialect: &Dialect, rows: &[Failed], expected: &[Failed]) {
    let view = |rows: &[Failed]| rows.iter().map(|row| (row.cells.clone(), row.codes.clone())).collect::<Vec<_>>();
    assert_eq!(view(rows), view(expected), "{}", dialect.name);
}

#[test]
fn an_error_file_keeps_rows_as_they_are_and_takes_each_in_once() {
    let mut chance = Chance(20_26);
    DIALECTS.iter().for_each(|dialect| check(dialect, &mut chance));
}

//! How fast is an import, as ratios within one run: with two WASM and two Rhai plugins, without plugins, the store's floor (the same
//! contacts, prepared, only inserted), and scripts in Node and Python that do the same checks. Then where the time goes, the rate at the
//! beginning and at the end, memory, imports into a full store, and what one call of a hook costs. Each stage runs in a process of its own.
//!
//! `cargo bench --bench import -- [--rows N] [--rounds N]`; the figures of the aims are those of `--rows 1000000` on a quiet machine.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod data;
mod hooks;
mod stages;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use stages::{EDGE_ROWS, Measured, STAGES};

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Most rows that the scripts in other languages get: their rate does not depend on it, and they are slow.
const SCRIPT_ROWS: u64 = 100_000;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)).cloned();
    let number = |name: &str, default| value(name).map_or(default, |text| text.parse().expect("a number"));
    let path = |name: &str| value(name).map(PathBuf::from).unwrap_or_default();
    match value("--stage") {
        Some(stage) => println!("{}", stages::run(&stage, &path("--home"), &path("--file"), &path("--seed"))),
        None => Bench::new(number("--rows", 200_000), number("--rounds", 3)).run(),
    }
}

/// One run: its files, and the best of each stage.
struct Bench {
    folder: tempfile::TempDir,
    rows: u64,
    rounds: u64,
    best: BTreeMap<&'static str, Measured>,
}

impl Bench {
    fn new(rows: u64, rounds: u64) -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), rows, rounds, best: BTreeMap::new() }
    }

    fn run(&mut self) {
        let file = self.file(self.rows);
        let size = std::fs::metadata(&file).expect("the file was just written").len();
        let (rows, rounds, columns) = (self.rows, self.rounds, data::HEADERS.len());
        println!("{rows} rows x {columns} columns, {:.0} MB, best of {rounds} rounds\n", size as f64 / 1e6);
        self.measure(&file);
        self.rates();
        self.scripts();
        self.stages();
        self.evenness();
        self.undo();
        self.full_store();
        println!("\none call of a hook, ns              empty   3 reads + 2 writes");
        for cost in hooks::measure(self.folder.path()) {
            println!("  {:<30} {:>8.0} {:>12.0}", cost.engine, cost.empty, cost.busy);
        }
    }

    /// Every stage once a round, so that a busy minute hits all of them.
    fn measure(&mut self, file: &Path) {
        let moved = self.moved(file);
        for round in 0..self.rounds {
            for (name, _) in STAGES {
                let told = if name.starts_with("match-changed") { &moved } else { file };
                let home = self.folder.path().join(format!("{name}-{round}"));
                let measured = stages::measure(name, &home, told, file);
                let best = self.best.entry(name).or_insert(measured);
                best.merge(&measured);
            }
        }
    }

    fn of(&self, name: &str) -> Measured {
        self.best[name]
    }

    fn rates(&self) {
        println!("                                     rows/s   CPU us/row");
        for (name, title) in [
            ("plugins", "import, 2 WASM + 2 Rhai plugins"),
            ("none", "import, no plugins"),
            ("floor", "store's floor: inserts only"),
        ] {
            let Measured { rate, cpu_us, .. } = self.of(name);
            println!("{title:<34} {rate:>8.0} {cpu_us:>12.1}");
        }
        let share = |of: &str| 100.0 * self.of("plugins").rate / self.of(of).rate;
        println!("with plugins / without plugins     {:>8.0} %     aim 70 %", share("none"));
        println!("with plugins / store's floor       {:>8.0} %     aim 60 %", share("floor"));
        println!("with plugins, rows/s               {:>8.0}       aim 50000\n", self.of("plugins").rate);
    }

    /// The same file through scripts in other languages, on the same machine at the same time.
    fn scripts(&self) {
        let file = self.file(self.rows.min(SCRIPT_ROWS));
        // A Node without SQLite writes lines: less work than a database, so its rate there is no aim.
        for (name, title, program, script, published, aim) in [
            ("node", "Node script", "node", "import.mjs", 14_000.0, 3.0),
            ("python", "Python script", "python3", "import.py", 10_000.0, 5.0),
        ] {
            let rate = self.plugins_rate();
            let published_ratio = rate / published;
            print!("{title:<34} ");
            match self.script(name, program, script, &file) {
                Some((found, target)) => {
                    print!("{found:>8.0} rows/s, {:.1} times as fast with plugins ({target})", rate / found)
                }
                None => print!("    not run: there is no `{program}`"),
            }
            println!("; published {published:.0}, {published_ratio:.1} times, aim {aim:.0} times");
        }
    }

    fn plugins_rate(&self) -> f64 {
        self.of("plugins").rate
    }

    /// Rows a second of a script, and what it wrote to; nothing where its language is not installed.
    fn script(&self, name: &str, program: &str, script: &str, file: &Path) -> Option<(f64, &'static str)> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/baseline").join(script);
        let output = Command::new(program).arg(script).arg(file).arg(&folder).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
        let (Some(rows), Some(seconds)) = (numbers.next(), numbers.next()) else {
            panic!("{program} failed: {text}{}", String::from_utf8_lossy(&output.stderr));
        };
        let target =
            if folder.join("contacts.db").exists() { "it writes to SQLite" } else { "it writes lines, no database" };
        Some((rows / seconds, target))
    }

    /// Where the time goes: each part alone, or an import with and without it, on the same rows.
    fn stages(&self) {
        let cpu = |name: &str| self.of(name).cpu_us;
        println!("\nwhere the time goes                CPU us/row");
        let line = |title: &str, us: f64| println!("  {title:<32} {us:>9.1}");
        line("read", cpu("read"));
        line("map, rules, prepare, order", cpu("none") - cpu("read") - cpu("floor"));
        for package in data::PLUGINS {
            let name = package.rsplit('/').next().unwrap_or(package);
            line(&format!("plugin {name}"), cpu(&format!("only-{name}")) - cpu("none"));
        }
        line("match, where matching is wanted", cpu("match-none") - (cpu("none") - cpu("floor")));
        line("write", cpu("floor"));
    }

    /// Taking an import back, which asks no plugins, against the import.
    fn undo(&self) {
        let undo = self.of("undo").rate;
        let times = |stage: &str| undo / self.of(stage).rate;
        println!(
            "\nundo {undo:.0} rows/s: {:.1} times as fast as the import with plugins, aim 1; {:.1} times without",
            times("plugins"),
            times("none")
        );
    }

    /// Whether a long file stays as fast, and takes no more memory, than a short one.
    fn evenness(&self) {
        let Measured { first, last, peak_mib, .. } = self.of("plugins");
        let edge = EDGE_ROWS.min(self.rows / 2);
        println!(
            "\nfirst {edge} rows {first:.0} rows/s, last {edge} rows {last:.0}: {:.0} %, aim 80 %",
            100.0 * last / first
        );
        let tenth = self.rows / 10;
        let home = self.folder.path().join("tenth");
        let short = stages::measure("plugins", &home, &self.file(tenth), Path::new(""));
        let rows = self.rows;
        println!("peak memory {:.0} MiB at {tenth} rows, {peak_mib:.0} MiB at {rows}, aim below 200", short.peak_mib);
    }

    /// Imports into a store that has everybody already.
    fn full_store(&self) {
        println!("\ninto a full store, --on-match update     rows/s   CPU us/row");
        for (name, title) in [
            ("match-none", "nothing changed, no plugins"),
            ("match", "nothing changed, with plugins"),
            ("match-changed-none", "all changed, no plugins"),
            ("match-changed", "all changed, with plugins"),
        ] {
            let Measured { rate, cpu_us, .. } = self.of(name);
            println!("  {title:<36} {rate:>8.0} {cpu_us:>12.1}");
        }
    }

    /// The generated file of so many rows.
    fn file(&self, rows: u64) -> PathBuf {
        let file = self.folder.path().join(format!("contacts-{rows}.csv"));
        if !file.exists() {
            data::write(&file, rows).expect("the generated file");
        }
        file
    }

    /// The same people, all of whom have moved.
    fn moved(&self, file: &Path) -> PathBuf {
        let to = self.folder.path().join("moved.csv");
        let copy = || -> io::Result<()> {
            let mut out = BufWriter::new(File::create(&to)?);
            for line in BufReader::new(File::open(file)?).lines() {
                writeln!(out, "{}", line?.replace("Harbour Street", "Harbour Road"))?;
            }
            out.flush()
        };
        copy().expect("the generated file");
        to
    }
}

impl Measured {
    /// Keeps the better of two rounds, figure by figure.
    fn merge(&mut self, other: &Self) {
        if other.rate > self.rate {
            (self.rate, self.first, self.last) = (other.rate, other.first, other.last);
        }
        self.cpu_us = self.cpu_us.min(other.cpu_us);
        self.peak_mib = self.peak_mib.max(other.peak_mib);
    }
}

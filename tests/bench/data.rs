//! What the benchmarks share: a generated file of contacts (the same for the same number of rows, and nothing in it that a rule refuses),
//! the plugins that they load, and the process's peak memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The columns.
pub const HEADERS: [&str; 22] = [
    "First name",
    "Last name",
    "Mobile",
    "Work",
    "Email",
    "Personal Email",
    "Company",
    "Job Title",
    "Team",
    "Birthdate",
    "Language",
    "Address",
    "City",
    "State",
    "ZipCode",
    "Country",
    "Type",
    "Level",
    "Contact Label",
    "WhatsApp",
    "LinkedIn",
    "External ID",
];

const FIRST: [&str; 12] =
    ["Ann", "Bernd", "Chiara", "David", "Elena", "Farid", "Grace", "Hugo", "José", "Mei", "Omar", "Zoë"];
const LAST: [&str; 12] = [
    "Abbott", "Bianchi", "Chan", "Dubois", "Eriksen", "Ferrari", "Haddad", "Kumar", "Müller", "Nguyen", "O'Brien",
    "Wong",
];
const COMPANIES: [&str; 8] = [
    "Acme Ltd",
    "Globex GmbH",
    "Initech",
    "Harbour Logistics",
    "Lotus Trading",
    "Northwind",
    "Contoso",
    "Blue Peak Partners",
];
const TITLES: [&str; 6] =
    ["CEO", "Head of Marketing", "Account Manager", "Engineer", "Procurement Lead", "Director of Sales"];
const PLACES: [(&str, &str); 4] = [("Hong Kong", "HK"), ("London", "GB"), ("Singapore", "SG"), ("Roma", "IT")];

/// A small generator of numbers, so that every run reads the same file.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn of<'t, T>(&mut self, choices: &'t [T]) -> &'t T {
        &choices[self.below(choices.len())]
    }
}

/// The plugins of a benchmark: two components and two scripts.
pub const PLUGINS: [&str; 4] =
    ["plugins/phone-repair", "plugins/survey-policy", "scripts/field-mapping", "scripts/label-rules"];

/// Copies what counts of packages into a home folder: manifest and code.
pub fn copy_packages(home: &Path, packages: &[&str]) {
    for package in packages {
        let to = home.join(package);
        std::fs::create_dir_all(&to).expect("a package folder");
        for name in ["plugin.toml", "plugin.wasm", "main.rhai"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(package).join(name);
            if from.exists() {
                std::fs::copy(from, to.join(name)).expect("the package is copied");
            }
        }
    }
}

/// Peak memory of this process, where the system tells.
pub fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}

/// Writes the file.
pub fn write(path: &Path, rows: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "{}", HEADERS.join(","))?;
    let mut numbers = Numbers(7);
    for row in 0..rows {
        write_row(&mut out, row, &mut numbers)?;
    }
    out.flush()
}

fn write_row(out: &mut impl Write, row: u64, numbers: &mut Numbers) -> io::Result<()> {
    let (first, last) = (*numbers.of(&FIRST), *numbers.of(&LAST));
    let (company, title) = (*numbers.of(&COMPANIES), *numbers.of(&TITLES));
    let (city, country) = *numbers.of(&PLACES);
    // Every tenth number is written as people do, so that a plugin has something to repair.
    let mobile = if row.is_multiple_of(10) {
        format!("(852) 9{:03}-{:04}", row / 10_000 % 1000, row % 10_000)
    } else {
        format!("+8529{:07}", row % 10_000_000)
    };
    let (month, day, year) = (1 + numbers.below(12), 1 + numbers.below(28), 1950 + numbers.below(50));
    let (kind, level) = (numbers.of(&["Lead", "Customer", "Prospect", ""]), numbers.of(&["Primary", "Secondary", ""]));
    let label = numbers.of(&["VIP", "Newsletter", "VIP;Newsletter", "", ""]);
    writeln!(
        out,
        "{first},{last},{mobile},+8522{work:07},c{row}@example.com,p{row}@example.org,{company},{title},Sales,{month:02}/{day:02}/{year},en,\
         {street} Harbour Street,{city},,{zip:05},{country},{kind},{level},{label},+8526{row:07},in/{row},crm:{row}",
        work = row % 10_000_000,
        street = 1 + numbers.below(300),
        zip = numbers.below(100_000),
    )
}

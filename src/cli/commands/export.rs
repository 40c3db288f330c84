//! `carnet export`

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::query;
use crate::app::App;
use crate::app::export::Format;
use crate::app::failure::Failure;
use crate::cli::args::{ExportArgs, FormatArg};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::store::Query;

/// Runs the command.
pub fn run(app: &App, args: &ExportArgs, printer: &mut Printer) -> Result<Outcome, Failure> {
    let query = query(&args.query)?;
    let (format, name) = match args.format {
        FormatArg::Csv => (Format::Csv, "Contact.csv"),
        FormatArg::Jsonl => (Format::JsonLines, "Contact.jsonl"),
    };
    let path = args.out.clone().unwrap_or_else(|| app.home().folder().join(name));
    if path == Path::new("-") {
        app.export(&query, format, &mut BufWriter::new(io::stdout().lock()))?;
        return Ok(Outcome::Done);
    }
    let count = to_file(app, &query, format, &path)?;
    printer.answer(
        || json!({ "file": path, "contacts": count }),
        || format!("wrote {count} contacts to {}", path.display()),
    );
    Ok(Outcome::Done)
}

/// The file appears when it is complete; what was there before stays until then.
fn to_file(app: &App, query: &Query, format: Format, path: &Path) -> Result<u64, Failure> {
    let part = PathBuf::from(format!("{}.part", path.display()));
    let failed = |error: io::Error| Failure::io("write", path, &error);
    let mut out = BufWriter::new(File::create(&part).map_err(failed)?);
    let count = app.export(query, format, &mut out)?;
    out.flush().and_then(|()| std::fs::rename(&part, path)).map_err(failed)?;
    Ok(count)
}

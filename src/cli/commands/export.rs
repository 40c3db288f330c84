//! `carnet export`

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;

use super::query;
use crate::app::App;
use crate::app::export::Format;
use crate::app::failure::{Class, Failure};
use crate::app::output::{self, Output};
use crate::cli::args::{ExportArgs, FormatArg};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::domain::permission::Viewer;
use crate::store::Query;

/// Runs the command.
pub fn run(app: &App, args: &ExportArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let seen = query(app, &args.query, by)?;
    let query = Query { scope: app.export_scope(by), ..seen.clone() };
    if query.scope != seen.scope {
        printer.note("only contacts that you own or that are shared with you (`export_scope` in carnet.toml)");
    }
    let format = match args.format {
        FormatArg::Csv => Format::Csv,
        FormatArg::Vcard => Format::Vcard,
        FormatArg::Jsonl => Format::JsonLines,
    };
    let path = args.out.clone().unwrap_or_else(|| app.home().folder().join(format.file_name()));
    if path == Path::new("-") {
        if printer.is_json() {
            let message = "an export to the standard output is not one JSON document";
            return Err(
                Failure::new(Class::Usage, "OUTPUT", message).hint("leave out `--json`, or name a file with `--out`")
            );
        }
        let mut pipe = Pipe { out: io::stdout().lock(), closed: false };
        let place = Path::new("the standard output");
        let written = app.export(&query, format, &mut BufWriter::new(&mut pipe), place);
        return if pipe.closed { Ok(Outcome::Done) } else { written.map(|_| Outcome::Done) };
    }
    let count = to_file(app, &query, format, &path)?;
    printer.answer(
        || json!({ "file": path, "format": format.as_str(), "contacts": count }),
        || format!("wrote {count} contacts to {}", path.display()),
    );
    Ok(Outcome::Done)
}

/// The standard output. A reader that closes it has seen enough.
struct Pipe<W: Write> {
    out: W,
    closed: bool,
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).inspect_err(|error| self.closed |= error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().inspect_err(|error| self.closed |= error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The file appears when it is complete; what was there before stays until then.
fn to_file(app: &App, query: &Query, format: Format, path: &Path) -> Result<u64, Failure> {
    output::check(path, app.home())?;
    let failed = |error: io::Error| Failure::io("write", path, &error);
    let mut out = Output::create(path).map_err(failed)?;
    let count = app.export(query, format, &mut out, path)?;
    out.finish().map_err(failed)?;
    Ok(count)
}

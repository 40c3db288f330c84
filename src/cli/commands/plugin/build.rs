//! `carnet plugin build`

use std::path::Path;

use serde_json::json;

use crate::app::failure::Failure;
use crate::app::plugins::build;
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;

/// Builds a package's component.
pub(super) fn run(package: &Path, printer: &mut Printer) -> Result<Outcome, Failure> {
    let built = build::build(package)?;
    printer.answer(
        || json!({ "file": built.path, "bytes": built.bytes, "source_digest": built.digest }),
        || {
            format!(
                "built {} ({:.1} KiB, sources {})",
                built.path.display(),
                built.bytes as f64 / 1024.0,
                &built.digest[..12]
            )
        },
    );
    Ok(Outcome::Done)
}

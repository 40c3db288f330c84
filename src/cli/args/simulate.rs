//! `carnet plugin simulate`

use std::path::PathBuf;

use clap::Args;

use super::{OnMatchArg, QueryOptions};

/// What a candidate is tried on, and how much of it is told.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The candidate: a package's folder, or a lone .rhai or .wasm file
    pub package: PathBuf,
    /// Try it on the rows of this file, as an import would take them, instead of stored contacts
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// COLUMN=FIELD, for the file: as for `import`
    #[arg(long, value_name = "COLUMN=FIELD", requires = "file")]
    pub map: Vec<String>,
    /// A saved or bundled mapping, for the file
    #[arg(long, value_name = "NAME", requires = "file")]
    pub mapping: Option<String>,
    /// Country of the file's phone numbers without a country code: what `--country` is to `import`
    #[arg(long, value_name = "COUNTRY", requires = "file")]
    pub file_country: Option<String>,
    /// What becomes of the file's rows whose contact is there: create, skip, update, reject
    #[arg(long, value_name = "POLICY", requires = "file")]
    pub on_match: Option<OnMatchArg>,
    /// The only hook to try on contacts: on_create (as if they came in now) or on_update (as if they were saved unchanged)
    #[arg(long, value_name = "HOOK", conflicts_with = "file")]
    pub hook: Option<String>,
    /// Look at so many contacts at most, the oldest first
    #[arg(long, value_name = "N", conflicts_with = "file")]
    pub limit: Option<u64>,
    /// Show so many examples of each kind of difference
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub examples: usize,
    /// Which contacts
    #[command(flatten)]
    pub query: QueryOptions,
}

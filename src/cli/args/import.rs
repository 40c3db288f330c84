//! `carnet import` and what belongs to it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What the help says at its end.
const STOPPING: &str = "Ctrl-C stops an import after the batch under way: what is imported stays, the error file is written so far, the exit status \
    is 130, and `carnet import --resume JOB` goes on. A second Ctrl-C ends it at once; it can be resumed all the same.";

/// `carnet import`
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = STOPPING)]
pub struct ImportArgs {
    /// The file to import, CSV, .xlsx or .ods; `-` reads the standard input [default with `--resume`: the job's]
    #[arg(required_unless_present = "resume")]
    pub file: Option<PathBuf>,
    /// Look at jobs, take one back, or keep mappings instead
    #[command(subcommand)]
    pub jobs: Option<JobCommand>,
    /// Run everything, plugins included, and show what would change, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How many rows of each outcome a dry run shows; with `--json` it shows all [default: 20]
    #[arg(long, value_name = "ROWS", requires = "dry_run")]
    pub show: Option<usize>,
    /// Map a header to a field: 'Their header=last_name'; '#3=mobile' for the third column; '…=-' to ignore one
    #[arg(long, value_name = "HEADER=FIELD")]
    pub map: Vec<String>,
    /// Use a saved or bundled mapping or `none` [default: the one that the headers fit, if there is one]
    #[arg(long, value_name = "NAME")]
    pub mapping: Option<String>,
    /// Sheet of a workbook: its name, or '#2' for the second [default: the first that is not hidden]
    #[arg(long, value_name = "SHEET")]
    pub sheet: Option<String>,
    /// Country of phone numbers without a country code: HK, Hong Kong, …
    #[arg(long, value_name = "COUNTRY")]
    pub country: Option<String>,
    /// Where failed rows are written [default: ErrorDetail.csv in the home folder]
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// Write the errors for programs, too
    #[arg(long, value_name = "FILE")]
    pub errors_json: Option<PathBuf>,
    /// Encoding of the file, such as utf-8, windows-1252, gb18030, big5
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Delimiter of the file: comma, semicolon, tab, pipe, or the character
    #[arg(long, value_name = "CHAR")]
    pub delimiter: Option<String>,
    /// How quotes inside quoted values are written, where they are not doubled
    #[arg(long, value_name = "HOW")]
    pub escape: Option<EscapeArg>,
    /// Line of the header, where other text stands above it; 0 if there is none [default: the first that is not blank]
    #[arg(long, value_name = "LINE")]
    pub header_line: Option<u64>,
    /// What happens to a row whose person is in the store [default: create, or the setting]
    #[arg(long, value_name = "POLICY")]
    pub on_match: Option<OnMatchArg>,
    /// Whom a row is matched with, in this order [default: the setting]
    #[arg(long, value_name = "IDENTIFIERS", value_delimiter = ',')]
    pub match_by: Vec<MatchByArg>,
    /// Fields that a row overwrites in the contact that it updates, whatever the setting; `all` for every field
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub overwrite: Vec<String>,
    /// Fields that a row only fills where the contact has none, whatever the setting; `all` for every field
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub fill: Vec<String>,
    /// Stop the job when more rows than this have failed
    #[arg(long, value_name = "ROWS")]
    pub max_errors: Option<u64>,
    /// Stop the job when plugins have faulted on more rows than this
    #[arg(long, value_name = "ROWS")]
    pub max_faults: Option<u64>,
    /// Import a file although its content was imported before
    #[arg(long)]
    pub again: bool,
    /// Allow the file to opt contacts back in to surveys
    #[arg(long)]
    pub allow_opt_in: bool,
    /// Allow the file to bring back people who were forgotten
    #[arg(long)]
    pub allow_forgotten: bool,
    /// Finish a job that was stopped or interrupted, with the same file and what it began with
    #[arg(long, value_name = "JOB")]
    pub resume: Option<i64>,
    /// Go on with a job although plugins changed since it began
    #[arg(long, requires = "resume")]
    pub accept_plugins: bool,
    /// Go on with a job although settings changed since it began
    #[arg(long, requires = "resume")]
    pub accept_settings: bool,
    /// Import without any plugin
    #[arg(long)]
    pub no_plugins: bool,
}

/// `--escape`
#[derive(Copy, Clone, PartialEq, Eq, ValueEnum, Debug)]
pub enum EscapeArg {
    /// Doubled alone, as CSV has it
    Doubled,
    /// Doubled, or with a backslash before them
    Backslash,
}

/// `--on-match`
#[derive(Copy, Clone, ValueEnum, Debug)]
pub enum OnMatchArg {
    /// No matching: every row becomes a contact
    Create,
    /// Skip the row
    Skip,
    /// Update the contact
    Update,
    /// Fail the row
    Reject,
}

/// `--match-by`
#[derive(Copy, Clone, ValueEnum, Debug)]
pub enum MatchByArg {
    /// Its id in another system
    #[value(name = "external_id", alias = "external-id")]
    ExternalId,
    /// An e-mail address
    Email,
    /// A phone number
    Phone,
}

/// `carnet import list|show|undo|mapping`
#[derive(Subcommand, Debug)]
pub enum JobCommand {
    /// List import jobs, newest first
    List,
    /// Show one job
    Show {
        /// Its number
        job: i64,
    },
    /// Take back what an import created and updated; what somebody edited since stays, and is listed
    Undo {
        /// Its number
        job: i64,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
    /// Keep mappings of other programs' exports
    #[command(subcommand)]
    Mapping(MappingCommand),
}

/// `carnet import mapping`
#[derive(Subcommand, Debug)]
pub enum MappingCommand {
    /// Save a mapping under a name, with the headers of a file by which it is recognised
    Save {
        /// Its name
        name: String,
        /// A file with the headers; `-` reads the standard input
        file: PathBuf,
        /// Map a header to a field: 'Their header=last_name'; '#3=mobile' for the third column; '…=-' to ignore one
        #[arg(long, value_name = "HEADER=FIELD")]
        map: Vec<String>,
        /// Write over one of the same name
        #[arg(long)]
        replace: bool,
    },
    /// List saved and bundled mappings
    List,
    /// Show one
    Show {
        /// Its name
        name: String,
    },
    /// Delete a saved one
    Delete {
        /// Its name
        name: String,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}

//! What may be typed: clap's types and their help, and nothing else.

mod author;
mod contact;
mod division;
mod org;
mod staff;

pub use division::{DivisionArgs, DivisionCommand};
pub use staff::{StaffArgs, StaffCommand};
pub mod bulk;
mod engage;
mod enquiry;
mod field;
mod filter;
mod import;
mod label;
pub mod merge;
mod notes;
mod plugin;
mod query;
mod simulate;

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::HOME_VARIABLE;

pub use author::{BenchArgs, DevArgs, RunArgs, TestArgs};
use bulk::BulkArgs;
pub use contact::{ContactArgs, ContactCommand};
pub use engage::{EngageArgs, EngageCommand, SurveyArgs, SurveyCommand};
pub use enquiry::{EnquiryArgs, EnquiryCommand};
pub use field::{EntityArg, FieldArgs, FieldCommand, KindArg};
pub use filter::{FilterArgs, FilterCommand};
pub use import::{EscapeArg, ImportArgs, JobCommand, MappingCommand, MatchByArg, OnMatchArg};
pub use label::{LabelArgs, LabelCommand};
pub use notes::NotePageArgs;
pub use org::{OrgArgs, OrgCommand};
pub use plugin::{ModeArg, NewPluginArgs};
pub use query::{QueryArgs, QueryOptions};
pub use simulate::SimulateArgs;

/// An empty name, as of a variable that was emptied, is none: the current folder is meant.
fn home_folder() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(|given| PathBuf::from(if given.is_empty() { ".".into() } else { given }))
}

/// A contact store that its users program: WebAssembly and Rhai plugins on every row, and nothing lost.
#[derive(Parser, Debug)]
#[command(
    name = "carnet",
    version,
    about,
    max_term_width = 110,
    after_help = "Exit status: 0 done; 1 refused, stopped or not found; 2 wrong usage or settings; 3 done, with failed rows; \
        4 internal error; 130 stopped by a signal."
)]
pub struct Cli {
    /// Home folder: holds carnet.toml, carnet.db, plugins/ and scripts/
    #[arg(long, global = true, env = HOME_VARIABLE, default_value = ".", value_name = "DIR", value_parser = home_folder())]
    pub home: PathBuf,
    /// Preset of settings: cinnox, maaiiconnect or genesys
    #[arg(long, global = true, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Staff member who acts: name, e-mail address or number [default: the operator, who may do everything]
    #[arg(long = "as", global = true, value_name = "STAFF")]
    pub acting: Option<String>,
    /// Answer with one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// Tell more on stderr; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Import contacts from a CSV file or a workbook, every row through the plugins
    Import(ImportArgs),
    /// Write the CSV template for the current settings
    Template(TemplateArgs),
    /// Write contacts to a file
    Export(ExportArgs),
    /// Find contacts by name, company, e-mail or phone
    Search(SearchArgs),
    /// Add, show, edit, delete or merge contacts
    Contact(ContactArgs),
    /// Take enquiries: somebody calls, writes or chats
    Enquiry(EnquiryArgs),
    /// Labels
    Label(LabelArgs),
    /// Plugins: what is loaded, check one, try one, watch them
    Plugin(PluginArgs),
    /// Look whether everything in the home folder is as it should be
    Doctor,
    /// Staff members: who works with the contacts
    Staff(StaffArgs),
    /// Divisions of the own organisation
    Division(DivisionArgs),
    /// Organizations to which contacts belong
    Org(OrgArgs),
    /// Custom fields of contacts and organizations
    Field(FieldArgs),
    /// Record calls and text messages to contacts
    Engage(EngageArgs),
    /// Surveys: whether one may be sent
    Survey(SurveyArgs),
    /// Change, label or delete every contact that a query finds, and take it back
    Bulk(BulkArgs),
    /// Save what you often search for under a name
    Filter(FilterArgs),
}

/// `carnet template`
#[derive(Args, Debug)]
pub struct TemplateArgs {
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// List the fields with their names, headers and formats instead
    #[arg(long)]
    pub fields: bool,
}

/// `carnet export`
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Which contacts [default: all]
    #[command(flatten)]
    pub query: QueryArgs,
    /// Where to write them; `-` for the standard output [default: Contact.csv, Contact.vcf or Contact.jsonl]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Format
    #[arg(long, value_enum, default_value_t = FormatArg::Csv)]
    pub format: FormatArg,
}

/// `--format`
#[derive(Copy, Clone, PartialEq, Eq, ValueEnum, Debug)]
pub enum FormatArg {
    /// CSV that imports again
    Csv,
    /// One JSON document a line
    Jsonl,
    /// vCard 4.0, for other address books
    Vcard,
}

/// `carnet search`
#[derive(Args, Debug)]
pub struct SearchArgs {
    /// Which contacts [default: all]
    #[command(flatten)]
    pub query: QueryArgs,
    /// Order: newest, oldest, updated (the last changed first), or name
    #[arg(long, value_name = "ORDER", default_value = "newest")]
    pub sort: String,
    /// How many at a time
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// Go on after an earlier answer's `next`
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// `carnet plugin`
#[derive(Args, Debug)]
pub struct PluginArgs {
    /// What to do
    #[command(subcommand)]
    pub command: PluginCommand,
}

/// What to do with plugins.
#[derive(Subcommand, Debug)]
pub enum PluginCommand {
    /// List plugins: what is loaded, what is refused and why
    List,
    /// Say in full what is wrong with a package, or what it may do: manifest, code, grants, settings, sources, cases
    Check {
        /// A package's folder, a lone .rhai or .wasm file, or the name of a package here [default: all of the home folder]
        package: Option<PathBuf>,
    },
    /// Play the cases of a package and show what differs
    Test(TestArgs),
    /// Show what a plugin asks for, and grant it in carnet.toml
    Approve {
        /// The plugin's name
        name: String,
        /// Only if it is this version
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
        /// Grant it without asking
        #[arg(long)]
        yes: bool,
    },
    /// Call one hook of one plugin on an event and show what it does; nothing is written
    Run(RunArgs),
    /// Measure a package's hooks: cold and warm calls, against a hook that does nothing
    Bench(BenchArgs),
    /// Build, test and reload a package on every save, until Ctrl-C
    Dev(DevArgs),
    /// Print each generation of plugins as it takes effect, until stopped
    Watch {
        /// End after so many generations
        #[arg(long, value_name = "N")]
        generations: Option<u64>,
    },
    /// Show what plugins did: calls, verdicts, edits, faults, times and memory, across all commands and imports
    Stats {
        /// One plugin in full, with its faults, log, and what it would have done [default: all]
        plugin: Option<String>,
        /// One hook only, such as on_create
        #[arg(long, value_name = "HOOK")]
        hook: Option<String>,
        /// Forget what was counted, and begin again
        #[arg(long)]
        reset: bool,
        /// In the text format that Prometheus reads
        #[arg(long, conflicts_with = "reset")]
        prometheus: bool,
    },
    /// Show what became of plugins: what came, was replaced, refused, tripped, reset or switched, and by whom
    History {
        /// One plugin [default: all]
        plugin: Option<String>,
        /// How many entries, newest first
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Call a plugin, and let its word count: writes carnet.toml
    Enable {
        /// The plugin's name
        plugin: String,
    },
    /// Call a plugin no more: writes carnet.toml
    Disable {
        /// The plugin's name
        plugin: String,
    },
    /// Set how a plugin is called: writes carnet.toml
    Mode {
        /// The plugin's name
        plugin: String,
        /// `observe` calls it on everything and applies nothing of what it says, so that one sees what it would do
        #[arg(value_enum)]
        mode: ModeArg,
    },
    /// Call a plugin again that faulted too often, or whose version failed on probation
    Reset {
        /// The plugin's name
        plugin: String,
    },
    /// What a package would decide differently from what is in service, over contacts or a file; nothing is written
    Simulate(Box<SimulateArgs>),
    /// Start a plugin: a whole package that builds and passes its cases, to be changed
    New(NewPluginArgs),
    /// Show what scripts can call, with examples: all of it, or what fits a word
    Functions {
        /// A function, a field, or what it is about: split_name, birth_date, phone
        word: Option<String>,
    },
    /// Build a package's plugin.wasm from its sources in Rust, JavaScript, Python or C
    Build {
        /// The package's folder
        package: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}

//! What may be typed: clap's types and their help, and nothing else.

mod filter;
mod query;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::HOME_VARIABLE;

pub use filter::{FilterArgs, FilterCommand};
pub use query::{QueryArgs, QueryOptions};

/// A contact store that its users program: WebAssembly and Rhai plugins on every row, and nothing lost.
#[derive(Parser, Debug)]
#[command(
    name = "carnet",
    version,
    about,
    max_term_width = 110,
    after_help = "Exit status: 0 done; 1 refused or not found; 2 wrong usage or settings; 3 done, with failed rows; 4 internal error."
)]
pub struct Cli {
    /// Home folder: holds carnet.toml, carnet.db, plugins/ and scripts/
    #[arg(long, global = true, env = HOME_VARIABLE, default_value = ".", value_name = "DIR")]
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
    /// Import contacts from a CSV file, every row through the plugins
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
    /// Save what you often search for under a name
    Filter(FilterArgs),
}

/// `carnet import`
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ImportArgs {
    /// The file to import; `-` reads the standard input
    #[arg(required = true)]
    pub file: Option<PathBuf>,
    /// Look at jobs instead
    #[command(subcommand)]
    pub jobs: Option<JobCommand>,
    /// Run everything, plugins included, and show what would change, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Map a header to a field: 'Their header=last_name'; '#3=mobile' for the third column; '…=-' to ignore one
    #[arg(long, value_name = "HEADER=FIELD")]
    pub map: Vec<String>,
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
    /// What happens to a row whose person is in the store [default: create, or the setting]
    #[arg(long, value_name = "POLICY")]
    pub on_match: Option<OnMatchArg>,
    /// Import a file although its content was imported before
    #[arg(long)]
    pub again: bool,
    /// Allow the file to opt contacts back in to surveys
    #[arg(long)]
    pub allow_opt_in: bool,
    /// Finish an interrupted job with the same file
    #[arg(long, value_name = "JOB")]
    pub resume: Option<i64>,
    /// Import without any plugin
    #[arg(long)]
    pub no_plugins: bool,
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

/// `carnet import list|show`
#[derive(Subcommand, Debug)]
pub enum JobCommand {
    /// List import jobs, newest first
    List,
    /// Show one job
    Show {
        /// Its number
        job: i64,
    },
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
    /// Where to write them; `-` for the standard output [default: Contact.csv or Contact.jsonl]
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

/// `carnet contact`
#[derive(Args, Debug)]
pub struct ContactArgs {
    /// What to do
    #[command(subcommand)]
    pub command: ContactCommand,
}

/// What to do with a contact.
#[derive(Subcommand, Debug)]
pub enum ContactCommand {
    /// Create a contact: `carnet contact add first_name=Ann last_name=Lee mobile=+85212345678`
    Add {
        /// `field=value`, or `field+=value` for another value of a list; `carnet template --fields` lists the fields
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
    /// Show a contact
    Show {
        /// Its id
        id: String,
    },
    /// Change a contact: `field=value`, `field+=value`, `field-=value`
    Edit {
        /// Its id
        id: String,
        /// What to change
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        /// The revision that you saw; refused if somebody wrote since
        #[arg(long)]
        rev: Option<u64>,
    },
    /// Delete a contact
    Delete {
        /// Its id
        id: String,
        /// The revision that you saw; refused if somebody wrote since
        #[arg(long)]
        rev: Option<u64>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Merge two contacts into the first; the second is erased and its id leads to the first
    Merge {
        /// The contact that stays
        master: String,
        /// The contact that is erased
        other: String,
        /// Take this field from the other contact
        #[arg(long, value_name = "FIELD")]
        take: Vec<String>,
    },
    /// Show what was changed in a contact, when and by whom
    Changes {
        /// Its id
        id: String,
        /// Show all changes, not only the last five
        #[arg(long)]
        all: bool,
    },
}

/// `carnet enquiry`
#[derive(Args, Debug)]
pub struct EnquiryArgs {
    /// What to do
    #[command(subcommand)]
    pub command: EnquiryCommand,
}

/// What to do with an enquiry.
#[derive(Subcommand, Debug)]
pub enum EnquiryCommand {
    /// Open an enquiry and show everything about who it is from
    Open {
        /// call, sms, whatsapp, web-chat, email, messenger, wechat or line
        #[arg(long)]
        channel: String,
        /// Phone number or e-mail address of the sender
        #[arg(long, value_name = "PHONE|EMAIL", allow_hyphen_values = true)]
        from: Option<String>,
        /// Handle of the sender on the channel
        #[arg(long)]
        handle: Option<String>,
        /// Name of the sender
        #[arg(long)]
        name: Option<String>,
        /// What it is about
        #[arg(long)]
        subject: Option<String>,
    },
    /// Give an enquiry its next status
    Update {
        /// Its number
        id: i64,
        /// handling, closed or missed
        #[arg(long)]
        status: String,
    },
    /// Show an enquiry
    Show {
        /// Its number
        id: i64,
    },
    /// List the newest enquiries
    List {
        /// How many
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
}

/// `carnet label`
#[derive(Args, Debug)]
pub struct LabelArgs {
    /// What to do
    #[command(subcommand)]
    pub command: LabelCommand,
}

/// What to do with labels.
#[derive(Subcommand, Debug)]
pub enum LabelCommand {
    /// List labels with the number of contacts that have them
    List,
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
    /// Check a package, or all of them: manifest, code, grants, and its cases
    Check {
        /// A package's folder, or a lone .rhai or .wasm file [default: all of the home folder]
        package: Option<PathBuf>,
    },
    /// Call one hook of one plugin on an event and show what it does; nothing is written
    Run {
        /// The plugin's name, or a package's folder or file
        plugin: String,
        /// on_import_row, on_create, on_update, on_delete, on_merge or on_enquiry
        hook: String,
        /// The event, in the form of a package's cases: [row], [contact], [master] and [other], or [enquiry]
        #[arg(long, value_name = "FILE")]
        event: PathBuf,
    },
    /// Print each generation of plugins as it takes effect, until stopped
    Watch {
        /// End after so many generations
        #[arg(long, value_name = "N")]
        generations: Option<u64>,
    },
    /// Build a WASM package from its sources with cargo, and write its plugin.wasm
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

//! The arguments of `carnet field`.

use clap::{Args, Subcommand, ValueEnum};

use crate::domain::custom::{CustomKind, Entity};

/// `carnet field`
#[derive(Args, Debug)]
pub struct FieldArgs {
    /// What to do
    #[command(subcommand)]
    pub command: FieldCommand,
}

/// What to do with custom fields.
#[derive(Subcommand, Debug)]
pub enum FieldCommand {
    /// List the custom fields, those not in use included
    List {
        /// Of what [default: both]
        #[arg(long = "for", value_enum, value_name = "RECORD")]
        entity: Option<EntityArg>,
        /// List the versions of the schema instead: who changed what, and when
        #[arg(long)]
        versions: bool,
    },
    /// Add a custom field: `carnet field add tier --type dropdown --option Gold --option Silver`
    Add {
        /// Its key: 1–64 of a–z, 0–9, _ and -; it is called custom.KEY everywhere
        key: String,
        /// What it holds; never changes
        #[arg(long = "type", value_enum, value_name = "TYPE")]
        kind: KindArg,
        /// Its name on screens, and in the header of files [default: made of the key]
        #[arg(long)]
        label: Option<String>,
        /// An option of a dropdown; once for each
        #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
        option: Vec<String>,
        /// Refuse records without it
        #[arg(long)]
        required: bool,
        /// Of what
        #[arg(long = "for", value_enum, value_name = "RECORD", default_value_t = EntityArg::Contact)]
        entity: EntityArg,
    },
    /// Change a field's label, options, or whether it is required
    Edit {
        /// Its key
        key: String,
        /// Its new label
        #[arg(long)]
        label: Option<String>,
        /// The options of a dropdown, all of them; once for each
        #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
        option: Vec<String>,
        /// Whether records without it are refused
        #[arg(long, value_name = "true|false")]
        required: Option<bool>,
        /// Of what, when contacts and organizations both have it [default: contact]
        #[arg(long = "for", value_enum, value_name = "RECORD")]
        entity: Option<EntityArg>,
        /// Not possible; there for the error that says so
        #[arg(long = "type", value_enum, value_name = "TYPE", hide = true)]
        kind: Option<KindArg>,
    },
    /// Take a field out of use; its values are kept, and shown nowhere
    Disable {
        /// Its key
        key: String,
        /// Of what, when contacts and organizations both have it [default: contact]
        #[arg(long = "for", value_enum, value_name = "RECORD")]
        entity: Option<EntityArg>,
    },
    /// Bring a field back into use, with its values
    Enable {
        /// Its key
        key: String,
        /// Of what, when contacts and organizations both have it [default: contact]
        #[arg(long = "for", value_enum, value_name = "RECORD")]
        entity: Option<EntityArg>,
    },
    /// Show a field
    Show {
        /// Its key
        key: String,
        /// Of what, when contacts and organizations both have it [default: contact]
        #[arg(long = "for", value_enum, value_name = "RECORD")]
        entity: Option<EntityArg>,
    },
}

/// `--for`
#[derive(Copy, Clone, PartialEq, Eq, ValueEnum, Debug)]
pub enum EntityArg {
    /// Contacts
    Contact,
    /// Organizations
    Organization,
}

impl From<EntityArg> for Entity {
    fn from(arg: EntityArg) -> Self {
        match arg {
            EntityArg::Contact => Self::Contact,
            EntityArg::Organization => Self::Organization,
        }
    }
}

/// `--type`
#[derive(Copy, Clone, PartialEq, Eq, ValueEnum, Debug)]
pub enum KindArg {
    /// One line of up to 100 characters
    Text,
    /// Lines of up to 1000 characters
    Textarea,
    /// A whole number
    Integer,
    /// A decimal number
    Number,
    /// Yes or no
    Checkbox,
    /// A day
    Date,
    /// A day with a time
    Datetime,
    /// One of the options
    Dropdown,
    /// A text that no two contacts share
    Identifier,
    /// A web address
    Url,
    /// Several short texts
    Tags,
}

impl From<KindArg> for CustomKind {
    fn from(arg: KindArg) -> Self {
        match arg {
            KindArg::Text => Self::Text,
            KindArg::Textarea => Self::Textarea,
            KindArg::Integer => Self::Integer,
            KindArg::Number => Self::Number,
            KindArg::Checkbox => Self::Checkbox,
            KindArg::Date => Self::Date,
            KindArg::Datetime => Self::Datetime,
            KindArg::Dropdown => Self::Dropdown,
            KindArg::Identifier => Self::Identifier,
            KindArg::Url => Self::Url,
            KindArg::Tags => Self::Tags,
        }
    }
}

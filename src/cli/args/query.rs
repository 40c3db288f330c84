//! Which contacts are meant: words and filters, as `search`, `export`, `filter save` and bulk commands take them.

use clap::Args;

/// Words and filters.
#[derive(Args, Debug)]
pub struct QueryArgs {
    /// Words or beginnings of words; a phone number in any notation, or a part of it
    pub words: Vec<String>,
    /// The filters
    #[command(flatten)]
    pub options: QueryOptions,
}

/// Filters, and words as an option: for commands whose other arguments have no names.
#[derive(Args, Default, Debug)]
pub struct QueryOptions {
    /// Words, as an option
    #[arg(
        id = "words_option",
        long = "words",
        value_name = "WORDS",
        help_heading = "Which contacts",
        allow_hyphen_values = true
    )]
    pub text: Option<String>,
    /// Only with this label; several must all be there
    #[arg(long, value_name = "LABEL", help_heading = "Which contacts")]
    pub label: Vec<String>,
    /// Whether one of the labels is enough: any, or all [default: all]
    #[arg(long = "match", value_name = "ANY|ALL", requires = "label", help_heading = "Which contacts")]
    pub matching: Option<String>,
    /// The same as `--match any`
    #[arg(long, requires = "label", conflicts_with = "matching", hide = true)]
    pub any: bool,
    /// Only of this type: lead, prospect, customer, other
    #[arg(long = "type", value_name = "TYPE", help_heading = "Which contacts")]
    pub kind: Option<String>,
    /// Only of this level: primary, secondary, tertiary
    #[arg(long, value_name = "LEVEL", help_heading = "Which contacts")]
    pub level: Option<String>,
    /// Only with these words in the company's name
    #[arg(long, value_name = "COMPANY", help_heading = "Which contacts")]
    pub company: Option<String>,
    /// Only of this organization
    #[arg(long, value_name = "ORGANIZATION", help_heading = "Which contacts")]
    pub organization: Option<String>,
    /// Only owned by this staff member
    #[arg(long, value_name = "STAFF", help_heading = "Which contacts")]
    pub owner: Option<String>,
    /// Only of this division
    #[arg(long, value_name = "DIVISION", help_heading = "Which contacts")]
    pub division: Option<String>,
    /// Only in this country: a name or a code
    #[arg(long, value_name = "COUNTRY", help_heading = "Which contacts")]
    pub country: Option<String>,
    /// Only with this custom value: KEY=VALUE, KEY!=VALUE, KEY>=N, KEY<=N, KEY (has one), !KEY (has none)
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Which contacts")]
    pub custom: Vec<String>,
    /// Only those who opted out of surveys (yes), or who did not (no)
    #[arg(long, value_name = "YES|NO", help_heading = "Which contacts")]
    pub opt_out: Option<String>,
    /// Only created then: 2026-11-01..2026-11-30, 2026-11-01T10:00.., ..2026-11-30 (UTC; the last day counts)
    #[arg(long, value_name = "FROM..TO", help_heading = "Which contacts")]
    pub created: Option<String>,
    /// Only last changed then
    #[arg(long, value_name = "FROM..TO", help_heading = "Which contacts")]
    pub updated: Option<String>,
    /// What a saved filter asks for, too
    #[arg(long, value_name = "NAME", help_heading = "Which contacts")]
    pub filter: Option<String>,
}

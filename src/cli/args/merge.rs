//! `carnet contact merge`, `unmerge` and `duplicates`

use clap::Args;

/// `carnet contact merge`
#[derive(Args, Debug)]
pub struct MergeArgs {
    /// The contact that stays
    pub master: String,
    /// The contact that is erased
    pub other: String,
    /// Take this field from the other contact; also phones, emails, socials or address for all of them
    #[arg(long, value_name = "FIELD")]
    pub take: Vec<String>,
    /// Keep both values of this field (lists, and first and last name) [default for lists]
    #[arg(long, value_name = "FIELD")]
    pub both: Vec<String>,
    /// Keep the master's value of this field, and nothing of the other's
    #[arg(long, value_name = "FIELD")]
    pub keep: Vec<String>,
    /// The master's revision that you saw; refused if somebody wrote since
    #[arg(long, value_name = "N")]
    pub rev: Option<u64>,
    /// The other's revision that you saw
    #[arg(long, value_name = "N")]
    pub other_rev: Option<u64>,
    /// Show both side by side and ask about every field that differs [default on a terminal]
    #[arg(long, short, conflicts_with = "preview")]
    pub interactive: bool,
    /// Show both side by side with what the merge would make, and write nothing
    #[arg(long)]
    pub preview: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `carnet contact unmerge`
#[derive(Args, Debug)]
pub struct UnmergeArgs {
    /// Id of the contact that was erased, or of its master for the latest merge into it
    pub id: String,
    /// The master's revision that you saw; refused if somebody wrote since
    #[arg(long, value_name = "N")]
    pub rev: Option<u64>,
}

/// `carnet contact duplicates`
#[derive(Args, Debug)]
pub struct DuplicatesArgs {
    /// Only those of this contact [default: of the whole book]
    pub id: Option<String>,
    /// Least score, 0 to 100
    #[arg(long, value_name = "SCORE", default_value_t = 60, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub min: u8,
    /// How many at most
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// Show all
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
}

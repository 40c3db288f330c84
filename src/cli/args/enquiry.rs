//! What may be typed after `carnet enquiry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
        /// call, sms, whatsapp, web-chat, email, messenger, wechat, line, twitter, linkedin, instagram or woztell-…
        #[arg(long)]
        channel: String,
        /// Phone number or e-mail address of the sender; twice for both
        #[arg(long, value_name = "PHONE|EMAIL", allow_hyphen_values = true)]
        from: Vec<String>,
        /// Handle of the sender on the channel
        #[arg(long)]
        handle: Option<String>,
        /// Name of the sender
        #[arg(long)]
        name: Option<String>,
        /// What it is about
        #[arg(long)]
        subject: Option<String>,
        /// What is told with it
        #[command(flatten)]
        told: ToldArgs,
    },
    /// Give an enquiry its next status, or tell more of it
    Update {
        /// Its number
        id: i64,
        /// handling, closed or missed
        #[arg(long)]
        status: Option<String>,
        /// Who handles it: name, e-mail address or number [default: whoever acts, when the status is handling]
        #[arg(long)]
        staff: Option<String>,
        /// What it is about
        #[arg(long)]
        subject: Option<String>,
        /// What was said or written, up to 1 MB of text; `-` reads the standard input
        #[arg(long, value_name = "FILE")]
        transcript: Option<PathBuf>,
        /// Link it with this contact
        #[arg(long, value_name = "ID")]
        contact: Option<String>,
        /// What is told with it
        #[command(flatten)]
        told: ToldArgs,
    },
    /// Show an enquiry with everything about its contact, and what was said
    Show {
        /// Its number
        id: i64,
    },
    /// List the newest enquiries
    List {
        /// Only in this status: open, handling, closed or missed
        #[arg(long)]
        status: Option<String>,
        /// Only of this contact
        #[arg(long, value_name = "ID")]
        contact: Option<String>,
        /// How many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Only older ones than this number: how a list goes on
        #[arg(long, value_name = "N")]
        after: Option<i64>,
    },
    /// Change the contact of an enquiry that is being handled, or create it: `field=value`, `field+=value`, `field-=value`
    Edit {
        /// Its number
        id: i64,
        /// What to change
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
}

/// What may be told with an enquiry at any time.
#[derive(Args, Debug)]
pub struct ToldArgs {
    /// Device of the sender: 'Firefox on Windows'
    #[arg(long)]
    pub device: Option<String>,
    /// Page that the sender visited: 'https://example.com/prices', with its title after a space; may be given several times
    #[arg(long, value_name = "URL")]
    pub visit: Vec<String>,
}

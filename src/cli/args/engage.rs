//! What may be typed after `carnet engage` and `carnet survey`.

use clap::{Args, Subcommand};

/// `carnet engage`
#[derive(Args, Debug)]
pub struct EngageArgs {
    /// What to do
    #[command(subcommand)]
    pub command: EngageCommand,
}

/// How a contact is engaged.
#[derive(Subcommand, Debug)]
pub enum EngageCommand {
    /// Record a call to a contact
    Call {
        /// Its id
        id: String,
        /// Which of its numbers [default: the first mobile number, else the first]
        #[arg(long, allow_hyphen_values = true)]
        number: Option<String>,
        /// What to remember of the call
        #[arg(long)]
        note: Option<String>,
    },
    /// Record a text message to a contact; refused for numbers whose text messages are off
    Sms {
        /// Its id
        id: String,
        /// The message
        #[arg(allow_hyphen_values = true)]
        text: String,
        /// Which of its numbers [default: the first mobile number, else the first]
        #[arg(long, allow_hyphen_values = true)]
        number: Option<String>,
    },
}

/// `carnet survey`
#[derive(Args, Debug)]
pub struct SurveyArgs {
    /// What to do
    #[command(subcommand)]
    pub command: SurveyCommand,
}

/// What to ask about surveys.
#[derive(Subcommand, Debug)]
pub enum SurveyCommand {
    /// Say whether a survey may be sent to a contact, and why not
    Check {
        /// Its id
        id: String,
    },
}

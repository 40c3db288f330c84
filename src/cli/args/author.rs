//! Arguments of what authors of plugins do all day: test, run, bench, dev.

use std::path::PathBuf;

use clap::Args;

/// `carnet plugin test`
#[derive(Args, Debug)]
pub struct TestArgs {
    /// A package's folder, or its name here [default: the current folder if it is a package, else all of the home folder]
    pub package: Option<PathBuf>,
    /// Write what came out over what was expected in each case that differs; a fault is never written
    #[arg(long)]
    pub bless: bool,
    /// Play this case only
    #[arg(long, value_name = "NAME")]
    pub case: Option<String>,
}

/// `carnet plugin run`
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The plugin's name, or a package's folder or file
    pub plugin: String,
    /// on_import_row, on_create, on_update, on_delete, on_merge or on_enquiry
    pub hook: String,
    /// The event, like a case or the same as JSON: [row], [contact], [master] and [other], or [enquiry]; - is the standard input
    #[arg(long, value_name = "FILE")]
    pub event: PathBuf,
    /// A value for one of its settings, over carnet.toml's; items of a list are separated by commas
    #[arg(long, value_name = "KEY=VALUE")]
    pub config: Vec<String>,
}

/// `carnet plugin bench`
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// A package's folder or file, or its name here
    pub package: PathBuf,
    /// Only this hook
    #[arg(long)]
    pub hook: Option<String>,
    /// An event to call it with, instead of its cases' events; - is the standard input
    #[arg(long, value_name = "FILE")]
    pub event: Option<PathBuf>,
    /// How long to measure
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = seconds)]
    pub seconds: f64,
}

/// `carnet plugin dev`
#[derive(Args, Debug)]
pub struct DevArgs {
    /// The package's folder or lone script, or its name here
    pub package: PathBuf,
    /// End after so many generations that work
    #[arg(long, value_name = "N")]
    pub generations: Option<u64>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.01..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0.01 to 3600".to_owned()),
    }
}

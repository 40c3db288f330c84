//! The README's transcripts of imports, run again: what it shows is what the program prints, but for times and ids. `…` stands for more.

use std::process::Command;

use regex::Regex;

use crate::support::{Home, fixture, ran, root};

/// A fenced block: its language, and what is in it.
struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

fn blocks<'a>(readme: &'a str, heading: &str) -> Vec<Block<'a>> {
    let from = readme.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    let section = &readme[from + 1..];
    let section = &section[..section.find("\n## ").unwrap_or(section.len())];
    // Between fences, every second part is a block.
    let parts = section.split("```").skip(1).step_by(2);
    parts.filter_map(|part| part.split_once('\n')).map(|(language, text)| Block { language, text }).collect()
}

/// Runs every command of a transcript and holds what it prints against what is shown.
fn check_transcript(home: &Home, transcript: &str) {
    for shown in format!("\n{transcript}").split("\n$ ").skip(1) {
        let (command, expected) = shown.split_once('\n').expect("a line");
        let command = command.replace("cargo run --release --", "carnet");
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_carnet")).parent().expect("a folder");
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{{ {command}; }} 2>&1")]).env("PATH", path).env_remove("CARNET_HOME");
        let printed = ran(shell.current_dir(home.path()).output().expect("a shell")).stdout;
        let (printed, expected) = (steady(&printed), steady(expected));
        let any = regex::escape(&expected).replace("\n…\n", "\n(?s:.*)\n").replace('…', "[^\n]*");
        let fits = Regex::new(&format!("^{any}$")).expect("a pattern").is_match(&printed);
        assert!(fits, "`{command}` is shown with\n{expected}\nand printed\n{printed}");
    }
}

/// Text without what is another with every run.
fn steady(text: &str) -> String {
    let changing = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{22}", "ID"),
        (r"\d+\.\d\d s, [\d,]+ rows/s", "T"),
        (r"\d+(\.\d)? (µs|ms|s)\b", "T"),
        (r"(?m)\[(\w+) [0-9a-f]{8}\]", "[$1 HASH]"),
        (r" {2,}", "  "),
        (r"[\u{feff}\r]", ""),
    ];
    let told = changing.iter().fold(text.trim_end().to_owned(), |text, (pattern, with)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, *with).into_owned()
    });
    format!("\n{told}\n")
}

#[test]
fn the_transcripts_of_the_readme_are_what_is_printed() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let home = Home::with_packages();
    for name in ["contacts.csv", "ugly.csv"] {
        home.write(&format!("tests/fixtures/{name}"), std::fs::read(fixture(name)).expect("a fixture"));
    }
    check_transcript(&home, blocks(&readme, "## Try it")[0].text);

    let home = Home::with_packages();
    let ugly = std::fs::read(fixture("ugly.csv")).expect("the fixture");
    home.write("tests/fixtures/ugly.csv", &ugly);
    // Windows-1252 is Latin-1 as far as this file goes.
    let ugly: String = ugly.into_iter().map(char::from).collect();
    home.json(
        &["contact", "add", "first_name=Rosa", "last_name=Rossi", "email=rosa@example.com", "survey_opt_out=yes"],
        0,
    );
    let mut files = 0;
    for block in blocks(&readme, "## An ugly file, and back") {
        match (block.language, files) {
            ("console", _) => check_transcript(&home, block.text),
            ("csv", 0) => {
                assert_eq!(block.text, ugly.replace("\r\n", "\n"), "the file as it is shown");
                files += 1;
            }
            ("csv", _) => {
                home.write("ErrorDetail.csv", block.text);
            }
            (other, _) => panic!("a block of {other}"),
        }
    }
    // All that is left is who was there before.
    assert_eq!(home.json(&["search"], 0)["total"], 1);
}

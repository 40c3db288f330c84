//! The reference as a page, and the search in it.

use std::fmt::Write;

use super::{Api, Chapter, Entry, Example};
use crate::domain::text::fold;

/// What stands above all chapters. The events are those that the examples are run with.
const OPENING: &str = r#"# What a script can call

Written by Carnet from the table that its script engine is made of, and every example is run by its tests.
[README.md](README.md) is the guide; `carnet plugin functions WORD` shows a part of this page.

An example is an expression and, behind `//`, its value as `to_debug` writes it; or some lines of a hook and what comes of them. What says
`row` runs in `on_import_row`, `before` in `on_update`, `merge` in `on_merge`, `enquiry` in `on_enquiry`, everything else in `on_create`,
with these events (written as in a package's `cases/`):
"#;

impl Api {
    /// Writes the whole reference as Markdown.
    pub(in crate::runtime::script) fn reference(&self) -> String {
        let mut page = OPENING.to_owned();
        for (_, event) in super::super::examples::EVENTS {
            let _ = write!(page, "\n```toml\n{}\n```\n", event.trim());
        }
        page.push('\n');
        for chapter in &self.chapters {
            let _ = writeln!(page, "- [{}](#{})", chapter.title, anchor(chapter.title));
        }
        for chapter in &self.chapters {
            let _ = write!(page, "\n## {}\n\n{}\n", chapter.title, chapter.intro);
            for entry in &chapter.entries {
                let _ = write!(page, "\n#### `{}`\n\n{}\n", entry.usage, entry.doc);
                if !entry.examples.is_empty() {
                    let _ = write!(page, "\n```rhai\n{}```\n", entry.shown());
                }
            }
        }
        page
    }

    /// Returns what fits a word: entries of that very name; or else those that have it in their name; or else those that speak of it.
    /// With no word, all.
    pub(in crate::runtime::script) fn search(&self, word: &str) -> Vec<(&Chapter, Vec<&Entry>)> {
        let word = fold(word.trim().trim_end_matches("()"));
        let tests: [Fits<'_>; 4] = [
            &|_, entry| entry.function().is_some_and(|name| name == word),
            &|_, entry| fold(&entry.usage).contains(&word),
            &|chapter, _| fold(chapter.title).contains(&word),
            &|_, entry| fold(&entry.doc).contains(&word),
        ];
        let found = tests.iter().map(|fits| {
            let of = |chapter| (chapter, chapter_entries(chapter).filter(|entry| fits(chapter, entry)).collect());
            self.chapters.iter().map(of).filter(|(_, entries): &(_, Vec<_>)| !entries.is_empty()).collect::<Vec<_>>()
        });
        found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }
}

fn chapter_entries(chapter: &Chapter) -> impl Iterator<Item = &Entry> {
    chapter.entries.iter()
}

/// Says whether an entry of a chapter is wanted.
type Fits<'f> = &'f dyn Fn(&Chapter, &Entry) -> bool;

/// Returns the address of a heading, as GitHub makes it.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

impl Entry {
    /// Returns the examples as lines of code, what comes of each behind it.
    #[must_use]
    pub fn shown(&self) -> String {
        let single = |example: &&Example| !example.code.contains('\n');
        let width = self.examples.iter().filter(single).map(|example| example.code.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for Example { code, result } in &self.examples {
            let _ = if code.contains('\n') || width + result.chars().count() > 110 {
                writeln!(text, "{code}\n// {result}")
            } else {
                writeln!(text, "{code}{}  // {result}", " ".repeat(width - code.chars().count()))
            };
        }
        text
    }
}

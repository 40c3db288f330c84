//! Filling in a template: lines that stand under a condition, and words in double braces. What the templates say is in `templates/`.

use std::collections::BTreeMap;

/// What is true of the package, and what its words are.
#[derive(Clone, Default, Debug)]
pub(super) struct Facts {
    /// Conditions that hold: hooks by name, the language, and a few more.
    pub(super) truths: Vec<String>,
    /// What `{{word}}` becomes.
    pub(super) words: BTreeMap<&'static str, String>,
}

/// Fills in a template. `{{if ONE OTHER}}` and `{{end}}` stand on lines of their own: what is between is kept where one of the
/// conditions holds.
pub(super) fn fill(template: &str, facts: &Facts) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut kept = vec![true];
    for line in template.lines() {
        let mark = line.trim();
        if let Some(condition) = mark.strip_prefix("{{if ").and_then(|rest| rest.strip_suffix("}}")) {
            let holds = condition.split_whitespace().any(|word| facts.truths.iter().any(|truth| truth == word));
            kept.push(holds && kept.last().copied().unwrap_or(true));
        } else if mark == "{{end}}" {
            kept.pop();
        } else if kept.last().copied().unwrap_or(true) {
            words(line, facts, &mut filled);
            filled.push('\n');
        }
    }
    filled
}

/// Puts the words in; braces with anything else between them stay.
fn words(line: &str, facts: &Facts, filled: &mut String) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        match after.split_once("}}").and_then(|(word, behind)| Some((facts.words.get(word)?, behind))) {
            Some((word, behind)) => {
                filled.push_str(word);
                rest = behind;
            }
            None => {
                filled.push_str("{{");
                rest = after;
            }
        }
    }
    filled.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let facts = Facts {
            truths: vec!["on_create".to_owned()],
            words: BTreeMap::from([("name", "tidy".to_owned()), ("none", String::new())]),
        };
        assert_eq!(fill(template, &facts), expected);
    }

    #[test]
    fn words_are_put_in() {
        check("a {{name}}, {{name}}{{none}}\n", "a tidy, tidy\n");
        check("{{other}} {{ {{name}}", "{{other}} {{ tidy\n");
    }

    #[test]
    fn lines_stand_under_conditions() {
        check("1\n{{if on_create}}\n2\n{{end}}\n3", "1\n2\n3\n");
        check("1\n{{if on_delete}}\n2\n{{end}}\n3", "1\n3\n");
        check("{{if on_delete on_create}}\n2\n  {{end}}", "2\n");
        check("{{if on_delete}}\n{{if on_create}}\n2\n{{end}}\n1\n{{end}}\n3", "3\n");
    }
}

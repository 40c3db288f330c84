//! How a dry run looks: a sample of rows by what would become of them, then what would be done to each field.

use indicatif::HumanCount;

use crate::app::import::preview::{Outcome, Preview, PreviewField, Previews};
use crate::cli::print::table;
use crate::domain::field::FieldKey;

/// Names of a kind that are told.
const NAMES: usize = 20;

/// The actions in the order in which they are shown, with their headings.
const ACTIONS: [(&str, &str); 4] = [
    ("create", "Would be created"),
    ("update", "Would be updated"),
    ("skip", "Would be skipped"),
    ("fail", "Would fail"),
];

/// What would be done, for people.
pub(super) fn text(previews: &Previews) -> String {
    let mut text = String::new();
    for (action, heading) in ACTIONS {
        let rows: Vec<&Preview> = previews.shown.iter().filter(|preview| preview.action == action).collect();
        let count = previews.actions.get(action).copied().unwrap_or(0);
        if count == 0 {
            continue;
        }
        text.push_str(&format!("{heading}: {} {}\n", HumanCount(count), if count == 1 { "row" } else { "rows" }));
        rows.iter().for_each(|preview| text.push_str(&row(preview)));
        let more = count - rows.len() as u64;
        if more > 0 && !rows.is_empty() {
            text.push_str(&format!("  … and {} more\n", HumanCount(more)));
        }
        text.push('\n');
    }
    text.push_str(&sums(previews));
    for (kind, names) in &previews.new_names {
        let shown = names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!("new {kind}: {shown}{more}\n"));
    }
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    text
}

fn row(preview: &Preview) -> String {
    let line = preview.line;
    let (id, name) = match &preview.outcome {
        // Why a row fails, its problems tell one by one.
        Outcome::Nothing(_) if preview.action == "fail" => {
            let problems: String = preview.problems.iter().map(|it| format!("    {}\n", problem(it))).collect();
            return format!("  line {line}\n{problems}");
        }
        Outcome::Nothing(reason) => return format!("  line {line}: {reason}\n"),
        Outcome::Contact { id, name } => (id.as_ref().map_or_else(String::new, |id| format!("  {id}")), name),
    };
    let fields: Vec<Vec<String>> = preview.fields.iter().map(|it| field(it, preview.action == "create")).collect();
    let mut text = format!("  line {line}: {name}{id}\n");
    table(&fields).lines().for_each(|field| text.push_str(&format!("    {field}\n")));
    preview.problems.iter().for_each(|it| text.push_str(&format!("    note: {}\n", problem(it))));
    text
}

fn field(field: &PreviewField, fresh: bool) -> Vec<String> {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned()).replace(['\r', '\n'], "⏎");
    let change = if fresh && field.old.is_none() {
        value(&field.new)
    } else {
        format!("{} → {}", value(&field.old), value(&field.new))
    };
    let mut cells = vec![field.field.clone(), change];
    cells.extend(field.plugin.as_ref().map(|plugin| format!("[{plugin}]")));
    cells
}

/// A problem in a line: `mobile: … (what to do) [plugin]`.
fn problem(problem: &serde_json::Value) -> String {
    let part = |key: &str| problem[key].as_str();
    let field = part("field").map_or_else(String::new, |field| format!("{field}: "));
    let hint = part("hint").map_or_else(String::new, |hint| format!(" ({hint})"));
    let plugin = part("plugin").map_or_else(String::new, |plugin| format!(" [{plugin}]"));
    let code = part("code").map_or_else(String::new, |code| format!("  {code}"));
    format!("{field}{}{hint}{plugin}{code}", part("message").unwrap_or_default())
}

fn sums(previews: &Previews) -> String {
    if previews.fields.is_empty() && previews.codes.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    if !previews.fields.is_empty() {
        let head = ["field", "in new contacts", "filled", "changed", "cleared"].map(str::to_owned).to_vec();
        let count = |count: u64| if count == 0 { "–".to_owned() } else { HumanCount(count).to_string() };
        // In the order of the template, custom fields last.
        let mut fields: Vec<_> = previews.fields.iter().collect();
        fields.sort_by_key(|(field, _)| FieldKey::find(field));
        let rows = fields.into_iter().map(|(field, sum)| {
            vec![field.clone(), count(sum.created), count(sum.filled), count(sum.changed), count(sum.cleared)]
        });
        text.push_str(&table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
        text.push('\n');
    }
    if !previews.codes.is_empty() {
        let head = ["reason", "rows"].map(str::to_owned).to_vec();
        let rows = previews.codes.iter().map(|(code, rows)| vec![code.clone(), HumanCount(*rows).to_string()]);
        text.push_str(&table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
        text.push('\n');
    }
    text
}

//! `carnet plugin simulate`

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::app::import::ImportRequest;
use crate::app::plugins::simulate::{Decision, Difference, Kind, Over, Reason, SimulateRequest, Simulation};
use crate::cli::args::SimulateArgs;
use crate::cli::commands::import::{on_match, read_pair};
use crate::cli::commands::query;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::plugin::hook::Hook;
use crate::plugin::package::Identity;

/// What each kind of difference is called.
const fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::RejectedNow => "would be refused now",
        Kind::AcceptedNow => "would no longer be refused",
        Kind::SkippedNow => "would be left out now",
        Kind::TakenNow => "would no longer be left out",
        Kind::OtherValues => "would get other values",
        Kind::OtherReasons => "would be refused for other reasons",
        Kind::OtherWay => "would be taken in another way",
    }
}

/// Simulates a candidate.
pub(super) fn run(app: &App, args: &SimulateArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let request = SimulateRequest {
        package: args.package.clone(),
        over: over(app, args, by)?,
        hook: args.hook.as_deref().map(hook).transpose()?,
        examples: args.examples,
    };
    let bar = printer.shows_progress().then(|| {
        let style = ProgressStyle::with_template("{spinner} {human_pos} looked at");
        ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
    });
    let simulation = app.simulate(&request, &mut |looked_at| {
        if let Some(bar) = &bar {
            bar.set_position(looked_at);
        }
    });
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let simulation = simulation?;
    printer.answer(|| as_json(&simulation), || text(&simulation, args.file.is_some()));
    Ok(Outcome::Done)
}

fn hook(name: &str) -> Result<Hook, Failure> {
    Hook::parse(name).ok_or_else(|| {
        Failure::new(Class::Usage, "HOOK", format!("there is no hook `{name}`")).hint("use on_create or on_update")
    })
}

fn over(app: &App, args: &SimulateArgs, by: &Viewer) -> Result<Over, Failure> {
    let query = query::of(app, &[], &args.query, by)?;
    let Some(file) = &args.file else { return Ok(Over::Contacts(Box::new(query), args.limit)) };
    if query != app.query(by) {
        return Err(Failure::new(Class::Usage, "SIMULATE_OVER", "`--file` and filters of contacts do not go together")
            .hint("simulate over the file, or over contacts"));
    }
    let country = args.file_country.as_deref().map(str::parse).transpose()?;
    Ok(Over::File(Box::new(ImportRequest {
        map: args.map.iter().map(|pair| read_pair(pair)).collect::<Result<_, _>>()?,
        mapping: args.mapping.clone(),
        country,
        on_match: args.on_match.map(on_match),
        by: by.clone(),
        ..ImportRequest::new(file)
    })))
}

fn as_json(simulation: &Simulation) -> Value {
    let identity =
        |identity: &Identity| json!({ "name": identity.name, "version": identity.version, "hash": identity.hash });
    let sums = &simulation.differing;
    let kinds: Map<String, Value> = Kind::ALL
        .into_iter()
        .map(|kind| (kind.as_str().to_owned(), json!(sums.kinds.get(&kind).copied().unwrap_or(0))))
        .collect();
    let micros = |share| simulation.calls.quantile(share).map(|time| time.as_secs_f64() * 1e6);
    json!({
        "candidate": identity(&simulation.candidate),
        "serving": simulation.serving.as_deref().map(identity),
        "hooks": simulation.hooks.iter().map(|hook| hook.name()).collect::<Vec<_>>(),
        "looked_at": simulation.looked_at,
        "same": sums.same,
        "different": sums.differing(),
        "kinds": kinds,
        "fields": sums.fields,
        "codes": sums.codes,
        "faults": { "candidate": simulation.faults, "serving": simulation.faults_before },
        "calls": {
            "count": simulation.calls.calls, "p50_us": micros(0.5), "p99_us": micros(0.99),
            "longest_us": simulation.calls.longest.as_secs_f64() * 1e6,
        },
        "examples": sums.examples.iter().map(example_json).collect::<Vec<_>>(),
        "notes": simulation.notes,
    })
}

fn example_json(example: &Difference) -> Value {
    let reason =
        |it: &Reason| json!({ "code": it.code, "field": it.field, "message": it.message, "plugin": it.plugin });
    let decision = |decision: &Decision| json!({ "action": decision.action, "reasons": decision.reasons.iter().map(reason).collect::<Vec<_>>() });
    let fields = example
        .fields()
        .into_iter()
        .map(|(field, before, after)| json!({ "field": field, "serving": before, "candidate": after }));
    json!({
        "who": example.who, "kind": example.kind.as_str(), "serving": decision(&example.before),
        "candidate": decision(&example.after), "fields": fields.collect::<Vec<_>>(),
    })
}

fn text(simulation: &Simulation, of_rows: bool) -> String {
    let Simulation { candidate, serving, .. } = simulation;
    let place = match serving {
        Some(serving) => format!("in place of {} ({})", serving.version, short(serving)),
        None => "beside what is in service".to_owned(),
    };
    let hooks: Vec<&str> = simulation.hooks.iter().map(|hook| hook.name()).collect();
    let things = if of_rows { "rows" } else { "contacts" };
    let looked_at = HumanCount(simulation.looked_at);
    let mut text = format!(
        "{} {} ({}) {place}: {}, {looked_at} {things}; nothing was written\n\n",
        candidate.name,
        candidate.version,
        short(candidate),
        hooks.join(" and "),
    );
    text.extend(simulation.notes.iter().map(|note| format!("note: {note}\n")));
    text.push_str(&counts(simulation));
    text.push_str(&examples(simulation));
    if let (Some(half), Some(most)) = (simulation.calls.quantile(0.5), simulation.calls.quantile(0.99)) {
        let longest = simulation.calls.longest;
        text.push_str(&format!(
            "\na call takes {half:.1?} (half of them), {most:.1?} (99 %), {longest:.1?} (the longest)\n"
        ));
    }
    text.trim_end().to_owned()
}

fn counts(simulation: &Simulation) -> String {
    let sums = &simulation.differing;
    let row = |what: &str, count: u64| vec![format!("  {what}"), HumanCount(count).to_string()];
    let mut rows = vec![row("decisions alike", sums.same)];
    rows.extend(Kind::ALL.iter().filter_map(|kind| Some(row(heading(*kind), *sums.kinds.get(kind)?))));
    if simulation.faults + simulation.faults_before > 0 {
        rows.push(row("calls that failed", simulation.faults));
        rows.push(row("calls that failed before", simulation.faults_before));
    }
    let mut text = table(&rows);
    for (what, counts) in [("fields with other values", &sums.fields), ("new reasons", &sums.codes)] {
        if !counts.is_empty() {
            let rows: Vec<Vec<String>> = counts.iter().map(|(name, count)| row(name, *count)).collect();
            text.push_str(&format!("\n{what}\n{}", table(&rows)));
        }
    }
    text
}

fn examples(simulation: &Simulation) -> String {
    let mut text = String::new();
    for kind in Kind::ALL {
        let mut of_kind = simulation.differing.examples.iter().filter(|example| example.kind == kind).peekable();
        if of_kind.peek().is_some() {
            text.push_str(&format!("\n{}\n", heading(kind)));
            of_kind.for_each(|example| text.push_str(&example_text(example)));
        }
    }
    text
}

fn example_text(example: &Difference) -> String {
    let mut text = format!("  {}\n", example.who);
    if example.kind == Kind::OtherWay {
        text.push_str(&format!("    {} → {}\n", example.before.action, example.after.action));
    }
    let reason = |sign: &str, reason: &Reason| {
        let field = reason.field.as_ref().map_or_else(String::new, |field| format!("{field}: "));
        let who = reason.plugin.as_ref().map_or_else(String::new, |plugin| format!(" [{plugin}]"));
        format!("    {sign} {field}{}{who}\n", reason.message)
    };
    text.extend(example.old_reasons().map(|it| reason("-", it)));
    text.extend(example.new_reasons().map(|it| reason("+", it)));
    if matches!(example.kind, Kind::OtherValues | Kind::OtherWay) {
        let shown = |value: Option<&str>| value.map_or_else(|| "–".to_owned(), |value| format!("`{value}`"));
        for (field, before, after) in example.fields() {
            text.push_str(&format!("    {field}: {} → {}\n", shown(before), shown(after)));
        }
    }
    text
}

fn short(identity: &Identity) -> &str {
    identity.hash.get(..8).unwrap_or(&identity.hash)
}

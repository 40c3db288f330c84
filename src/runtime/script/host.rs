//! The functions that belong to no thing in hand: verdicts, log, configuration, lookup and state.

use std::borrow::Cow;

use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

use super::api::{Table, text};
use super::call::{Call, Outcome, throw};
use super::things;
use crate::domain::problem::Problem;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::{Refusal, Subject};
use crate::plugin::service::{LOOKUP_BYTES, LogLevel, LookupKey, STATE_WRITES, StateWrite, check_state_write};
use crate::plugin::told::printable;

/// The code of a problem whose script gave none.
const NO_CODE: &str = "REJECTED";
/// Most problems of one call.
const MAX_PROBLEMS: usize = 100;
/// Most contacts that one lookup returns.
const MAX_FOUND: i64 = 20;

pub(super) fn register(table: &mut Table) {
    verdicts(table);
    log(table);
    config(table);
    lookup(table);
    state(table);
}

fn verdicts(table: &mut Table) {
    table.chapter(
        "Verdicts",
        "A function that ends without rejecting or skipping accepts. `reject` and `skip` do not end the function: it goes on, so that \
         several problems can be reported at once; write `return` where nothing more is to be done. One rejection rejects, and a \
         rejection outweighs a skip. Edits of a rejected record are thrown away. A function that ends with `false` is a fault, so \
         that `return false` is never taken for a verdict; any other value of its last statement means nothing.",
    );
    table.say("reject(message)", "Refuses the record for a reason that concerns all of it, with the code `REJECTED`. Messages are lower-case fragments without a final dot: \"the number is on the do-not-call list\".", &[("reject(\"the number is on the do-not-call list\");", "rejects REJECTED: the number is on the do-not-call list")]);
    table.say("reject(field, code, message)", "Refuses it because of a field (or a header of the file), with a code of your own in SCREAMING_SNAKE_CASE, for programs.", &[(
            "if contact.city == \"\" { reject(\"city\", \"CITY_MISSING\", \"a customer needs a city\"); }",
            "rejects CITY_MISSING of city: a customer needs a city",
        )]);
    table.say(
        "reject(field, code, message, hint)",
        "The same, with what a person can do about it.",
        &[(
            "reject(\"email\", \"EMAIL_TAKEN\", \"somebody has this address\", \"search for it first\");",
            "rejects EMAIL_TAKEN of email: somebody has this address; search for it first",
        )],
    );
    table.say(
        "reject(#{field, code, message, hint})",
        "The same by name; all but `message` may be left out.",
        &[("reject(#{code: \"TOO_LATE\", message: \"the list is closed\"});", "rejects TOO_LATE: the list is closed")],
    );
    table.say(
        "skip(reason)",
        "Leaves the row out on purpose; it is counted as skipped. Only in `on_import_row`.",
        &[("if row.has(\"Notes\") && row[\"Notes\"] == \"N/A\" { skip(\"a sample row\"); }", "skips: a sample row")],
    );
    table.function("reject", |context: NativeCallContext, what: Dynamic| reject_one(&*Call::of(&context)?, &what));
    table.function("reject", |context: NativeCallContext, field: &str, code: &str, message: &str| {
        add_problem(&*Call::of(&context)?, Some(field), code, message, None)
    });
    table.function("reject", |context: NativeCallContext, field: &str, code: &str, message: &str, hint: &str| {
        add_problem(&*Call::of(&context)?, Some(field), code, message, Some(hint))
    });
    table.function("skip", |context: NativeCallContext, reason: &str| skip(&*Call::of(&context)?, reason));
}

fn reject_one(call: &Call, what: &Dynamic) -> Outcome<()> {
    let Some(map) = what.read_lock::<Map>() else {
        let message = text(what).ok_or("`reject` takes a text or a map `#{field, code, message, hint}`")?;
        return add_problem(call, None, NO_CODE, &message, None);
    };
    if let Some(odd) = map.keys().find(|key| !matches!(key.as_str(), "field" | "code" | "message" | "hint")) {
        return Err(format!("a problem has no `{odd}`, only `field`, `code`, `message` and `hint`").into());
    }
    let part = |name: &str| map.get(name).and_then(text).filter(|text| !text.is_empty());
    let message = part("message").ok_or("a problem needs a `message`")?;
    let code = part("code");
    add_problem(call, part("field").as_deref(), code.as_deref().unwrap_or(NO_CODE), &message, part("hint").as_deref())
}

fn add_problem(call: &Call, field: Option<&str>, code: &str, message: &str, hint: Option<&str>) -> Outcome<()> {
    call.charge()?;
    in_hand(call, "reject")?;
    call.say(field.map_or(0, str::len) + code.len() + message.len() + hint.map_or(0, str::len))?;
    let code = if code.is_empty() { NO_CODE } else { code };
    let problem = Problem {
        field: field.filter(|field| !field.is_empty()).map(|field| printable(field.to_owned())),
        code: Cow::Owned(printable(code.to_owned())),
        value: None,
        message: printable(message.to_owned()),
        hint: hint.filter(|hint| !hint.is_empty()).map(|hint| printable(hint.to_owned())),
    };
    let mut desk = call.desk();
    if desk.problems.len() < MAX_PROBLEMS {
        desk.problems.push(problem);
        return Ok(());
    }
    drop(desk);
    Err(call.stop(FaultKind::Output, format!("it rejects for more than {MAX_PROBLEMS} reasons")))
}

fn skip(call: &Call, reason: &str) -> Outcome<()> {
    call.charge()?;
    in_hand(call, "skip")?;
    call.say(reason.len())?;
    let is_row = matches!(call.desk().subject, Some(Subject::Row(_)));
    if is_row {
        call.desk().skip.get_or_insert_with(|| printable(reason.to_owned()));
        return Ok(());
    }
    let fault = Fault::new(FaultKind::Verdict, "`skip` is for rows of an import only").hint("use `reject`");
    Err(call.stop_with(fault))
}

/// Refuses what makes no sense while the script's constants are computed.
fn in_hand(call: &Call, what: &str) -> Outcome<()> {
    if call.desk().subject.is_some() {
        Ok(())
    } else {
        Err(format!("`{what}` works in hooks only, not at the top of a script").into())
    }
}

fn log(table: &mut Table) {
    table.chapter(
        "Log and configuration",
        "A call may log 64 KiB in sum (`log_kib` in plugin.toml); more ends it. Log no personal data.",
    );
    table.say(
        "log_debug(text)",
        "Logs a line for you. `debug(value)` does the same with any value.",
        &[("log_debug(`the tier is ${contact[\"custom.tier\"]}`);", "logs debug: the tier is gold")],
    );
    table.say(
        "log_info(text)",
        "Logs a line for the operator, when looking. `print(value)` does the same with any value.",
        &[("log_info(42);", "logs info: 42")],
    );
    table.say(
        "log_warn(text)",
        "Logs that something is odd.",
        &[("if contact.city == \"\" { log_warn(\"no city\"); }", "logs warn: no city")],
    );
    table.say(
        "log_error(text)",
        "Logs that something is wrong.",
        &[("log_error(\"this should not be\");", "logs error: this should not be")],
    );
    let levels = [
        ("log_debug", LogLevel::Debug),
        ("log_info", LogLevel::Info),
        ("log_warn", LogLevel::Warn),
        ("log_error", LogLevel::Error),
    ];
    for (name, level) in levels {
        table.function(name, move |context: NativeCallContext, line: Dynamic| {
            let call = Call::of(&context)?;
            call.charge()?;
            call.log(level, &text(&line).unwrap_or_else(|| line.to_string().into()))
        });
    }
}

fn config(table: &mut Table) {
    table.say("config(key)", "Returns a configured value: what `carnet.toml` sets under `[plugins.NAME.config]`, else the default in plugin.toml; a text, a number, `true` or `false`, or an array of texts; `()` when there is none. It never changes while the script is loaded, so `const LIMIT = config(\"limit\");` at the top of a script is the fastest way.", &[("config(\"no such key\") ?? 20", "20")]);
    table.function("config", |context: NativeCallContext, key: &str| {
        let call = Call::of(&context)?;
        call.charge()?;
        Outcome::Ok(call.terms.config.get(key).cloned().unwrap_or(Dynamic::UNIT))
    });
}

fn lookup(table: &mut Table) {
    table.chapter(
        "Other contacts, and a memory (by grant)",
        "A script that calls these asks for the grant of that name: `grants = [\"lookup\"]` in plugin.toml, and the same under \
         `[plugins.NAME]` in carnet.toml. Without it the script is not loaded. In an import it is as if rows came one after the other: a \
         lookup finds what the rows before made, and what they remembered is there. A row that goes by what a row just before it did is \
         asked about again, so a script that counts on every row is asked about all of them one by one, after the others. Whoever else \
         writes at the same time, no count is lost: where others changed what a script was told of `state`, it is asked again, too.",
    );
    table.say("lookup(by, value)", "Returns an array of stored contacts, read-only, oldest first, at most 20. `by` is `\"email\"`, `\"phone\"` (E.164), `\"external_id\"` (`source:id`) or `\"name\"` (words and prefixes). What they may not see who act is not found, and what the record in hand will become is not among them.", &[("lookup(\"email\", contact.email).map(|found| found.last_name)", "[\"Leigh\"]")]);
    table.say(
        "lookup(by, value, limit)",
        "The same, at most `limit` (1–20).",
        &[("lookup(\"phone\", contact.mobile, 1).is_empty()", "true")],
    );
    table.function("lookup", |context: NativeCallContext, by: &str, value: &str| find(&context, by, value, MAX_FOUND));
    table.function("lookup", |context: NativeCallContext, by: &str, value: &str, limit: i64| {
        find(&context, by, value, limit)
    });
}

fn find(context: &NativeCallContext<'_>, by: &str, value: &str, limit: i64) -> Outcome<Array> {
    let call = Call::of(context)?;
    call.charge()?;
    in_hand(&call, "lookup")?;
    let Some(service) = call.services.lookup.as_ref().filter(|_| call.terms.grants.lookup) else {
        return Err(not_granted("lookup"));
    };
    if value.len() > LOOKUP_BYTES {
        let message =
            format!("a text of {} bytes is longer than the {LOOKUP_BYTES} to look contacts up by", value.len());
        return Err(refuse("LOOKUP_VALUE", by, message, "look for less"));
    }
    let Some(key) = LookupKey::parse(by, value) else {
        return Err(refuse(
            "LOOKUP_KEY",
            by,
            format!("`{by}` is nothing to look contacts up by"),
            "use email, phone, external_id or name",
        ));
    };
    if let Some(subject) = &call.desk().subject {
        subject.may_look_up(&key).map_err(|refusal| throw(refusal, FaultKind::Script))?;
    }
    let limit = usize::try_from(limit.clamp(1, MAX_FOUND)).unwrap_or(1);
    let found = service.find(&key, limit).map_err(|message| format!("the lookup failed: {message}"))?;
    call.check_clock()?;
    let number = call.desk().number;
    Ok(found.into_iter().take(limit).map(|contact| things::found(&call, number, contact)).collect())
}

fn not_granted(grant: &str) -> Box<rhai::EvalAltResult> {
    let hint = format!("add grants = [\"{grant}\"] under [plugins.NAME] in carnet.toml");
    refuse("NOT_GRANTED", grant, format!("asks for `{grant}`, which is not granted"), &hint)
}

fn refuse(code: &'static str, field: &str, message: String, hint: &str) -> Box<rhai::EvalAltResult> {
    let refusal = Refusal { code: Cow::Borrowed(code), field: field.to_owned(), message, hint: Some(hint.to_owned()) };
    throw(refusal, FaultKind::Script)
}

fn state(table: &mut Table) {
    table.say("state_get(key)", "Returns the text that was set under the key, this call's own writes included, and in `on_create` and `on_update` those of `on_import_row` for the same row; `()` when there is none: `state_get(\"n\") ?? \"0\"`.", &[("state_get(\"seen\") ?? \"0\"", "\"0\"")]);
    table.say("state_set(key, text)", "Remembers a text (numbers are written out), together with the record in hand: when the record is refused, it is forgotten. Keys have 1–256 bytes; all together takes up to 1 MiB.", &[("state_set(\"seen\", parse_int(state_get(\"seen\") ?? \"0\") + 1);", "remembers seen = \"1\"")]);
    table.say("state_remove(key)", "Forgets the key.", &[("state_remove(\"seen\");", "forgets seen")]);
    table.function("state_get", |context: NativeCallContext, key: &str| state_get(&*Call::of(&context)?, key));
    table.function("state_set", |context: NativeCallContext, key: &str, value: Dynamic| {
        let value = text(&value).ok_or("`state_set` takes a text")?;
        state_write(&*Call::of(&context)?, key, Some(value.as_bytes().to_vec()))
    });
    table.function("state_remove", |context: NativeCallContext, key: &str| {
        state_write(&*Call::of(&context)?, key, None)
    });
}

fn state_get(call: &Call, key: &str) -> Outcome<Dynamic> {
    call.charge()?;
    let Some(service) = call.services.state.as_ref().filter(|_| call.terms.grants.state) else {
        return Err(not_granted("state"));
    };
    let own = call.desk().state.iter().rev().find(|write| write.key == key).map(|write| write.value.clone());
    let bytes = own.unwrap_or_else(|| service.get(&call.terms.identity.name, key));
    let decoded = bytes.map(|bytes| ImmutableString::from(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(decoded.map_or(Dynamic::UNIT, Dynamic::from))
}

fn state_write(call: &Call, key: &str, value: Option<Vec<u8>>) -> Outcome<()> {
    call.charge()?;
    in_hand(call, "state_set")?;
    let Some(service) = call.services.state.as_ref().filter(|_| call.terms.grants.state) else {
        return Err(not_granted("state"));
    };
    let mut desk = call.desk();
    if desk.state.len() >= STATE_WRITES && !desk.state.iter().any(|known| known.key == key) {
        drop(desk);
        return Err(call.stop(FaultKind::State, format!("it changed more than {STATE_WRITES} keys of its state")));
    }
    let write = StateWrite { key: key.to_owned(), value };
    // What is written over makes room.
    let bytes = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, |value| key.len() + value.len());
    let own = desk.state.iter().find(|known| known.key == key).map(|known| bytes(&known.value));
    let before = own.unwrap_or_else(|| bytes(&service.get(&call.terms.identity.name, key)));
    let now = desk.state_size.unwrap_or_else(|| service.size(&call.terms.identity.name));
    let others = now.saturating_sub(before);
    if let Err(message) = check_state_write(&write, others) {
        let code = if key.is_empty() || key.len() > crate::plugin::service::STATE_KEY_BYTES {
            "STATE_KEY"
        } else {
            "STATE_FULL"
        };
        let refusal = Refusal { code: Cow::Borrowed(code), field: key.to_owned(), message, hint: None };
        return Err(throw(refusal, FaultKind::State));
    }
    desk.state_size = Some(others + bytes(&write.value));
    desk.state.retain(|known| known.key != write.key);
    desk.state.push(write);
    Ok(())
}

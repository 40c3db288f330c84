//! Texts of any kind: case, blanks, padding, cutting, joining, comparing.

use rhai::{Dynamic, NativeCallContext};
use sha2::{Digest, Sha256};

use super::{charged, given, given_all, joined, one, text_at, texts_at, two};
use crate::domain::access::{read_yes_no, yes_no};
use crate::domain::phone;
use crate::domain::text::{clean, fold, hex, is_blank, is_blank_token};
use crate::runtime::script::api::Table;
use crate::runtime::script::api::misuse::{refused, wrong_argument};
use crate::runtime::script::call::Outcome;
use crate::runtime::script::names;
use crate::runtime::script::patterns::check_length;

/// Longest text that is compared by likeness, in characters: the work grows with the square.
const MAX_COMPARED: usize = 300;
/// How much of a digest is shown, in bytes.
const HASH_BYTES: usize = 8;

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "Texts",
        "These take texts, and missing values (`()`, a column that the file does not have) as empty ones; numbers are written out, `true` \
         and `false` are `yes` and `no`. They never change what they are given: `row.company = squeeze(row.company);`.",
    );
    case(table);
    blanks(table);
    cutting(table);
    joining(table);
    comparing(table);
}

fn case(table: &mut Table) {
    table.say("title_case(text)", "Capitals for names written in capitals or small letters only; words that mix both stay, and particles stay small. Behind a name, `III` and the like and legal forms of companies (`GmbH`, `LLC`) are written as they are.", &[
        (r#"title_case("ANN O'NEIL-SMITH")"#, r#""Ann O'Neil-Smith""#),
        (r#"title_case("ludwig VAN beethoven")"#, r#""Ludwig van Beethoven""#),
        (r#"title_case("McDonald")"#, r#""McDonald""#),
        (r#"title_case("ACME WERKE GMBH")"#, r#""Acme Werke GmbH""#),
    ]);
    table.say(
        "upper(text)",
        "All capitals, in every script that has them.",
        &[(r#"upper("straße, élan")"#, r#""STRASSE, ÉLAN""#)],
    );
    table.say("lower(text)", "All small letters.", &[(r#"lower("ÅNGSTRÖM ΣΟΦΙΑ")"#, r#""ångström σοφια""#)]);
    table.say(
        "fold(text)",
        "The form for comparing: no accents, no full-width forms, lower case.",
        &[(r#"fold("Ｅlodie É. Muñoz")"#, r#""elodie e. munoz""#)],
    );
    one(table, "title_case", |_, text| given(names::title_case(text)));
    one(table, "upper", |_, text| given(text.to_uppercase()));
    one(table, "lower", |_, text| given(text.to_lowercase()));
    one(table, "fold", |_, text| given(fold(text)));
}

fn blanks(table: &mut Table) {
    table.say(
        "squeeze(text)",
        "Trims, and makes one space of every run of blanks and line ends; invisible characters at the ends go, too.",
        &[(r#"squeeze("  ACME \t Trading\u00a0 Ltd. ")"#, r#""ACME Trading Ltd.""#)],
    );
    table.say(
        "is_blank(text)",
        "Whether there is nothing but blanks, or nothing at all.",
        &[(r#"is_blank(" \u00a0")"#, "true"), ("is_blank(())", "true"), ("is_blank(0)", "false")],
    );
    table.say("is_placeholder(text)", "Whether it is blank or says \"nothing here\": dashes, `N/A`, `NULL`. `Null` and `None` are names that people bear.", &[(r#"is_placeholder("N/A")"#, "true"), (r#"is_placeholder("Null")"#, "false")]);
    table.say(
        "first_filled(texts)",
        "The first of an array that is not blank, trimmed; or `\"\"`.",
        &[
            (r#"first_filled([row.mobile, row["Business Phone"], "none"])"#, r#""9123 4567""#),
            (r#"first_filled(["", (), " "])"#, r#""""#),
        ],
    );
    table.say(
        "yes_no(text)",
        "`yes` or `no` from the words that programs write (`TRUE`, `1`, `x`, `on`, …); `\"\"` for any other.",
        &[(r#"yes_no("TRUE")"#, r#""yes""#), ("yes_no(0)", r#""no""#), (r#"yes_no("perhaps")"#, r#""""#)],
    );
    one(table, "squeeze", |_, text| given(joined(clean(text).split_whitespace(), " ")?));
    one(table, "is_blank", |_, text| Ok(is_blank(text).into()));
    one(table, "is_placeholder", |_, text| Ok(is_blank_token(text).into()));
    table.function("first_filled", |context: NativeCallContext, values: Dynamic| {
        charged(&context)?;
        let texts = texts_at("first_filled", (0, 1), &values)?;
        given(texts.iter().find(|text| !is_blank(text)).map_or_else(String::new, |text| clean(text).into_owned()))
    });
    one(table, "yes_no", |_, text| given(read_yes_no(text).map_or("", yes_no)));
}

fn cutting(table: &mut Table) {
    table.say(
        "digits(text)",
        "The digits alone, of any script, as 0–9.",
        &[(r#"digits("Tel. (852) ２３")"#, r#""85223""#)],
    );
    table.say(
        "strip_prefix(text, prefix)",
        "Without a beginning, where it begins so, whatever the case.",
        &[
            (r#"strip_prefix("Mailto:ann@example.com", "mailto:")"#, r#""ann@example.com""#),
            (r#"strip_prefix("ann", "mailto:")"#, r#""ann""#),
        ],
    );
    table.say(
        "strip_suffix(text, suffix)",
        "Without an ending, where it ends so, whatever the case.",
        &[(r#"strip_suffix("Acme LTD.", " ltd.")"#, r#""Acme""#)],
    );
    table.say(
        "text_before(text, mark)",
        "What stands before the first such mark; all of it where there is none.",
        &[(r#"text_before("crm:17:b", ":")"#, r#""crm""#), (r#"text_before("crm", ":")"#, r#""crm""#)],
    );
    table.say(
        "text_after(text, mark)",
        "What stands behind the first such mark; `\"\"` where there is none.",
        &[(r#"text_after("crm:17:b", ":")"#, r#""17:b""#), (r#"text_after("crm", ":")"#, r#""""#)],
    );
    table.say(
        "pad_left(text, width, fill)",
        "Filled up on the left to so many characters; `fill` is one character.",
        &[(r#"pad_left(47, 5, "0")"#, r#""00047""#), (r#"pad_left("123456", 5, "0")"#, r#""123456""#)],
    );
    table.say(
        "pad_right(text, width, fill)",
        "Filled up on the right.",
        &[(r#"pad_right("A1", 4, "-")"#, r#""A1--""#)],
    );
    one(table, "digits", |_, text| given(phone::digits(text)));
    two(table, "strip_prefix", |_, text, prefix| given(without(text, prefix, false)));
    two(table, "strip_suffix", |_, text, suffix| given(without(text, suffix, true)));
    two(table, "text_before", |_, text, mark| {
        given(text.split_once(mark).filter(|_| !mark.is_empty()).map_or(text, |(before, _)| before))
    });
    two(table, "text_after", |_, text, mark| {
        given(text.split_once(mark).filter(|_| !mark.is_empty()).map_or("", |(_, after)| after))
    });
    for name in ["pad_left", "pad_right"] {
        table.function(name, move |context: NativeCallContext, value: Dynamic, width: i64, fill: Dynamic| {
            charged(&context)?;
            let text = text_at(name, (0, 3), &value)?;
            let fill = text_at(name, (2, 3), &fill)?;
            let mut chars = fill.chars();
            let (Some(fill), None) = (chars.next(), chars.next()) else {
                return Err(wrong_argument(name, (2, 3), "one character", &fill.clone().into()));
            };
            padded(&text, width, fill, name == "pad_left")
        });
    }
}

/// Cuts by characters that are equal in lower case; a text of another length in lower case is cut at the right place, too.
fn without<'t>(text: &'t str, part: &str, at_end: bool) -> &'t str {
    let count = part.chars().count();
    let all = text.chars().count();
    if count == 0 || count > all {
        return text;
    }
    let cut = if at_end { all - count } else { count };
    let at = text.char_indices().nth(cut).map_or(text.len(), |(at, _)| at);
    let (head, tail) = text.split_at(at);
    let (taken, left) = if at_end { (tail, head) } else { (head, tail) };
    if taken.to_lowercase() == part.to_lowercase() { left } else { text }
}

fn padded(text: &str, width: i64, fill: char, left: bool) -> Outcome<Dynamic> {
    let width = usize::try_from(width).unwrap_or(0);
    let missing = width.saturating_sub(text.chars().count());
    check_length(text.len().saturating_add(missing.saturating_mul(fill.len_utf8())))?;
    let filling: String = std::iter::repeat_n(fill, missing).collect();
    given(if left { format!("{filling}{text}") } else { format!("{text}{filling}") })
}

fn joining(table: &mut Table) {
    table.say(
        "join(texts, between)",
        "The texts of an array in one; blank ones are left out.",
        &[(r#"join(["1 High St", "", (), "Leeds"], ", ")"#, r#""1 High St, Leeds""#)],
    );
    table.say("split_list(text, marks)", "The values of a cell that holds several, trimmed, blank ones left out. `marks` is what stands between them, or an array of such.", &[(r#"split_list(row["Groups"], ":::")"#, r#"["* myContacts", "Clients"]"#), (r#"split_list("Lead;VIP, ;New", [";", ","])"#, r#"["Lead", "VIP", "New"]"#)]);
    table.say(
        "csv_split(text)",
        "The cells of one line of CSV, quotes understood. With a second argument, what stands between them.",
        &[(r#"csv_split(`17,"Lee, Ann",HK`)"#, r#"["17", "Lee, Ann", "HK"]"#)],
    );
    table.say(
        "csv_split(text, delimiter)",
        "The same with another delimiter, of one character.",
        &[(r#"csv_split("17;Lee;HK", ";")"#, r#"["17", "Lee", "HK"]"#)],
    );
    table.function("join", |context: NativeCallContext, values: Dynamic, between: Dynamic| {
        charged(&context)?;
        let texts = texts_at("join", (0, 2), &values)?;
        let between = text_at("join", (1, 2), &between)?;
        given(joined(texts.iter().map(|text| text.as_str()).filter(|text| !is_blank(text)), &between)?)
    });
    table.function("split_list", |context: NativeCallContext, value: Dynamic, marks: Dynamic| {
        let call = charged(&context)?;
        let text = text_at("split_list", (0, 2), &value)?;
        let marks = if marks.is_array() {
            texts_at("split_list", (1, 2), &marks)?
        } else {
            vec![text_at("split_list", (1, 2), &marks)?]
        };
        let mut parts = vec![&*text];
        for mark in marks.iter().filter(|mark| !mark.is_empty()) {
            parts = parts
                .iter()
                .flat_map(|part| part.split(mark.as_str()))
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .collect();
            call.check_clock()?;
        }
        given_all(parts.into_iter().map(str::trim).filter(|part| !is_blank(part)))
    });
    one(table, "csv_split", |_, text| csv_split(text, ","));
    two(table, "csv_split", |_, text, delimiter| csv_split(text, delimiter));
}

fn csv_split(text: &str, delimiter: &str) -> Outcome<Dynamic> {
    let &[delimiter] = delimiter.as_bytes() else {
        let message = "`delimiter`, the second argument of `csv_split`, must be one ASCII character".to_owned();
        return Err(refused("ARGUMENT", "csv_split", message, Some("write `csv_split(text, \";\")`".to_owned())));
    };
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(_) => given_all(record.iter()),
        Err(_) => given_all(std::iter::empty::<&str>()),
    }
}

fn comparing(table: &mut Table) {
    table.say("similarity(one, other)", "How alike two texts are, from 0.0 to 1.0, whatever their case and accents; names that differ by a letter or two have more than 0.9. Texts up to 300 characters.", &[(r#"similarity("Muñoz", "munoz")"#, "1.0"), (r#"similarity("Jonathan Lee", "Jonathon Lee") > 0.9"#, "true"), (r#"similarity("Ann", "Bob")"#, "0.0")]);
    table.say("short_hash(text)", "Sixteen hex digits that are the same for the same text everywhere and always: an id for rows of files that have none. It hides nothing.", &[(r#"short_hash("ann@example.com")"#, r#""71d4f55f72fa128d""#), (r#"contact.external_id = "web:" + short_hash(contact.email);"#, r#"sets external_id = "web:71d4f55f72fa128d""#)]);
    two(table, "similarity", |_, one, other| similarity(one, other));
    one(table, "short_hash", |_, text| {
        let digest = Sha256::digest(text.as_bytes());
        given(hex(digest.get(..HASH_BYTES).unwrap_or_default()))
    });
}

fn similarity(one: &str, other: &str) -> Outcome<Dynamic> {
    for (at, text) in [one, other].into_iter().enumerate() {
        if text.chars().count() > MAX_COMPARED {
            let which = if at == 0 { "one" } else { "other" };
            let message = format!("`{which}` of `similarity` has more than {MAX_COMPARED} characters");
            return Err(refused("ARGUMENT", "similarity", message, Some("compare names, not notes".to_owned())));
        }
    }
    let likeness = strsim::jaro_winkler(&fold(one), &fold(other));
    Ok(((likeness * 1000.0).round() / 1000.0).into())
}

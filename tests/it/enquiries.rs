//! Enquiries from the first ring to the survey: who they are from on every channel, who may do what, calls and text messages to
//! contacts, and what becomes of all that with the contact.

use serde_json::{Value, json};

use crate::support::{Home, ran};

#[track_caller]
fn add(home: &Home, fields: &[&str]) -> String {
    let contact = home.json(&[&["contact", "add"], fields].concat(), 0);
    contact["id"].as_str().expect("an id").to_owned()
}

#[track_caller]
fn open(home: &Home, args: &[&str]) -> Value {
    home.json(&[&["enquiry", "open", "--channel"], args].concat(), 0)
}

/// Who else it could be, each with the first reason.
fn candidates(pop: &Value) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    for candidate in pop["candidates"].as_array().expect("a list") {
        let id = candidate["contact"]["id"].as_str().expect("an id");
        pairs.push((id, candidate["reasons"][0].as_str().expect("a reason")));
    }
    pairs
}

#[track_caller]
fn code(home: &Home, args: &[&str], status: i32) -> String {
    home.json(args, status)["error"]["code"].as_str().expect("a code").to_owned()
}

#[test]
fn every_channel_matches_by_what_identifies_people_there() {
    let home = Home::new();
    let ann =
        add(&home, &["last_name=Lee", "work_phone=+85221234567", "email=ann@example.com", "whatsapp=+85291234567"]);
    let linked = |args: &[&str]| open(&home, args)["contact"]["id"].as_str().map(str::to_owned);
    let matching: &[&[&str]] = &[
        &["call", "--from", "+852 2123 4567"],
        &["sms", "--from", "0085221234567"],
        &["whatsapp", "--from", "+85221234567"],
        &["whatsapp", "--from", "+852-9123-4567"],
        &["whatsapp", "--handle", "+852 9123 4567"],
        &["email", "--from", "Ann Lee <ANN@example.com>"],
        &["web-chat", "--from", "mailto:ann@example.com"],
        &["CALL", "--from", "+85221234567"],
    ];
    for args in matching {
        assert_eq!(linked(args).as_deref(), Some(ann.as_str()), "{args:?}");
    }
    let never = ["messenger", "wechat", "line", "twitter", "linkedin", "instagram", "woztell-whatsapp"];
    for channel in never.iter().chain(&["woztell-facebook", "woztell-instagram", "facebook"]) {
        let pop = open(&home, &[channel, "--handle", "+85291234567", "--from", "ann@example.com"]);
        assert_eq!(pop["contact"], Value::Null, "{channel}");
        assert_eq!(candidates(&pop), [(ann.as_str(), "same e-mail ann@example.com")], "{channel}");
    }
    // A WhatsApp number rings nowhere else, an address is no number, and what is no number matches nothing.
    for args in [["call", "+85291234567"], ["call", "ann@example.com"], ["email", "+85221234567"], ["sms", "85221"]] {
        assert_eq!(linked(&[args[0], "--from", args[1]]), None, "{args:?}");
    }
}

#[test]
fn the_profile_says_what_is_suggested_and_what_is_linked() {
    let home = Home::new();
    let both = ["first_name=Ann", "mobile=+85291234567"];
    let ann = add(&home, &[&both[..], &["last_name=Lee", "email=ann@example.com"]].concat());
    let twin = add(&home, &[&both[..], &["last_name=Li", "email=li@example.com"]].concat());
    let pop = |profile: &str, args: &[&str]| open(&home, &[args, &["--profile", profile]].concat());
    let by_phone = ["call", "--from", "+85291234567"];
    let by_mail = ["email", "--from", "ann@example.com"];
    let by_both = ["call", "--from", "+85291234567", "--from", "li@example.com"];
    let by_handle = ["line", "--handle", "ann", "--from", "ann@example.com"];
    let told = |pop: &Value| {
        let ids: Vec<bool> = candidates(pop).iter().map(|(id, _)| *id == ann).collect();
        let linked = pop["contact"]["id"].as_str().map(|id| id == ann);
        (linked, ids)
    };
    let check = |profile: &str, args: &[&str], linked: Option<bool>, suggested: &[bool]| {
        assert_eq!(told(&pop(profile, args)), (linked, suggested.to_vec()), "{profile} {args:?}");
    };
    check("cinnox", &by_phone, None, &[true, false]);
    check("cinnox", &by_mail, Some(true), &[false]);
    check("cinnox", &by_both, None, &[true, false]);
    check("cinnox", &by_handle, None, &[true]);
    check("maaiiconnect", &by_phone, None, &[]);
    check("maaiiconnect", &by_mail, Some(true), &[]);
    check("maaiiconnect", &by_handle, None, &[]);
    check("genesys", &by_phone, None, &[true, false]);
    check("genesys", &by_mail, Some(true), &[]);
    check("genesys", &by_both, Some(false), &[]);
    check("genesys", &by_handle, Some(true), &[]);
    // Whoever could be meant and opted out gets no survey, suggested or not.
    home.json(&["contact", "edit", &twin, "survey_opt_out=yes"], 0);
    for profile in ["cinnox", "maaiiconnect"] {
        let survey = &pop(profile, &by_phone)["survey"];
        assert_eq!((&survey["send"], survey["reason"].is_string()), (&json!(false), true), "{profile}");
    }
}

#[test]
fn an_agent_edits_while_handling_and_only_then() {
    let home = Home::new();
    let ann = add(&home, &["last_name=Lee", "mobile=+85291234567", "labels=VIP", "custom.tier=gold"]);
    let pop = open(&home, &["call", "--from", "+85291234567", "--subject", "Refund"]);
    assert_eq!(pop["permissions"], json!({ "view": true, "edit": false }));
    assert_eq!(
        (&pop["labels"], &pop["custom"], &pop["restricted"]),
        (&json!(["VIP"]), &json!({ "tier": "gold" }), &json!(false))
    );
    for key in ["organization", "notes", "external_url", "activity", "changes", "earlier_enquiries", "notes_for_agent"]
    {
        assert!(pop.get(key).is_some(), "{key}");
    }
    let edit = ["enquiry", "edit", "1", "company=Acme"];
    let through = ["contact", "edit", &ann, "company=Acme", "--enquiry", "1"];
    let refused = home.json(&edit, 1);
    assert_eq!(refused["error"]["code"], "ENQUIRY_VIEW_ONLY");
    assert!(refused.to_string().contains("is open") && refused.to_string().contains("--status handling"), "{refused}");
    assert_eq!(code(&home, &through, 1), "ENQUIRY_VIEW_ONLY");
    home.json(&["enquiry", "update", "1", "--status", "missed"], 0);
    assert_eq!(code(&home, &edit, 1), "ENQUIRY_VIEW_ONLY");
    let pop = home.json(&["enquiry", "update", "1", "--status", "handling"], 0);
    assert_eq!(pop["permissions"], json!({ "view": true, "edit": true }));
    assert_eq!(home.json(&edit, 0)["contact"]["company"], "Acme");
    assert_eq!(home.json(&["contact", "edit", &ann, "company=Globex", "--enquiry", "1"], 0)["company"], "Globex");
    let other = add(&home, &["last_name=Chan"]);
    assert_eq!(code(&home, &["contact", "edit", &other, "company=X", "--enquiry", "1"], 1), "ENQUIRY_OTHER_CONTACT");
    assert_eq!(code(&home, &["contact", "edit", &ann, "company=X", "--enquiry", "9"], 1), "ENQUIRY_UNKNOWN");
    let closed = home.json(&["enquiry", "update", "1", "--status", "closed"], 0);
    assert_eq!((&closed["enquiry"]["survey"]["send"], &closed["permissions"]["edit"]), (&json!(true), &json!(false)));
    assert!(closed["enquiry"]["closed_at"].is_string());
    assert_eq!(code(&home, &edit, 1), "ENQUIRY_VIEW_ONLY");
    assert_eq!(code(&home, &["enquiry", "update", "1", "--status", "handling"], 1), "ENQUIRY_STATUS");
    // The last word about a closed enquiry's survey is what was decided then.
    home.json(&["contact", "edit", &ann, "survey_opt_out=yes"], 0);
    assert_eq!(home.json(&["enquiry", "show", "1"], 0)["survey"]["send"], true);
    let check = home.json(&["survey", "check", &ann], 0);
    assert_eq!((&check["send"], &check["opted_out"]), (&json!(false), &json!(true)));
}

#[test]
fn a_sender_nobody_knows_becomes_a_contact() {
    let home = Home::new();
    open(
        &home,
        &["sms", "--from", "+85291234567", "--from", "ann@example.com", "--name", "Ann Lee", "--device", "Pixel 9"],
    );
    home.json(&["enquiry", "update", "1", "--status", "handling"], 0);
    let pop = home.json(&["enquiry", "edit", "1", "first_name=Ann", "last_name=Lee", "labels=New"], 0);
    let contact = &pop["contact"];
    assert_eq!(
        (&contact["phones"][0]["kind"], &contact["phones"][0]["e164"]),
        (&json!("mobile"), &json!("+85291234567"))
    );
    assert_eq!((&contact["name"], &contact["device"]), (&json!("Ann Lee"), &json!("Pixel 9")));
    assert_eq!((&pop["enquiry"]["contact"], &pop["enquiry"]["contact_name"]), (&contact["id"], &json!("Ann Lee")));
    home.json(&["enquiry", "edit", "1", "company=Acme"], 0);
    assert_eq!(home.json(&["search"], 0)["total"], 1, "the second edit finds the contact of the first");
    // What the rules refuse creates nothing and links nothing.
    open(&home, &["call", "--from", "anonymous"]);
    home.json(&["enquiry", "update", "2", "--status", "handling"], 0);
    assert_eq!(code(&home, &["enquiry", "edit", "2", "mobile=8.5E+11"], 1), "REJECTED");
    assert_eq!(home.json(&["enquiry", "show", "2"], 0)["contact"], Value::Null);
    let named = home.json(&["enquiry", "edit", "2", "last_name=Chan"], 0);
    assert_eq!((&named["contact"]["phones"], &named["contact"]["last_name"]), (&json!([]), &json!("Chan")));
    // Linked by hand, with its pages and its device.
    let bo = add(&home, &["last_name=Bo"]);
    open(&home, &["line", "--handle", "bo", "--visit", "https://example.com/a", "--device", "iPhone"]);
    let linked = home.json(&["enquiry", "update", "3", "--contact", &bo], 0);
    assert_eq!((&linked["contact"]["id"], &linked["contact"]["device"]), (&json!(bo), &json!("iPhone")));
    assert_eq!(linked["activity"]["visits"][0]["url"], "https://example.com/a");
}

#[test]
fn calls_and_text_messages_are_recorded_and_silent_numbers_stay_silent() {
    let home = Home::new();
    let ann = add(&home, &["last_name=Lee", "work_phone=+85221234567", "mobile=+852 9123 4567"]);
    let call = home.json(&["engage", "call", &ann, "--note", "left a message"], 0);
    assert_eq!((&call["number"], &call["by"]), (&json!("+85291234567"), &json!("cli")));
    let sms = home.json(&["engage", "sms", &ann, "- see you", "--number", "+852 2123 4567"], 0);
    assert_eq!((&sms["number"], &sms["text"]), (&json!("+85221234567"), &json!("- see you")));
    home.json(&["contact", "edit", &ann, "no_sms=+85291234567"], 0);
    let refused = home.json(&["engage", "sms", &ann, "hello"], 1);
    assert_eq!(refused["error"]["code"], "SMS_OFF");
    assert!(refused.to_string().contains("to +85291234567") && refused.to_string().contains("no_sms-="), "{refused}");
    home.json(&["contact", "edit", &ann, "no_sms-=+85291234567"], 0);
    home.json(&["engage", "sms", &ann, "hello"], 0);
    let unknown = home.json(&["engage", "call", &ann, "--number", "+85200000000"], 2);
    assert_eq!(unknown["error"]["code"], "NUMBER_UNKNOWN");
    assert!(
        unknown["error"]["hint"].as_str().is_some_and(|hint| hint.contains("+85291234567, +85221234567")),
        "{unknown}"
    );
    assert_eq!(code(&home, &["engage", "sms", &ann, " "], 2), "SMS_EMPTY");
    assert_eq!(code(&home, &["engage", "sms", &ann, &"x".repeat(1531)], 2), "TEXT_TOO_LONG");
    let silent = add(&home, &["last_name=Chan"]);
    assert_eq!(code(&home, &["engage", "call", &silent], 1), "NO_NUMBER");
    let genesys = ["--profile", "genesys"];
    let off = home
        .json(&[&["contact", "add", "first_name=A", "last_name=B", "mobile=+85261234567"], &genesys[..]].concat(), 0);
    let off = off["id"].as_str().expect("an id");
    assert_eq!(code(&home, &["engage", "sms", off, "hello"], 1), "SMS_OFF", "off until switched on");
    let activity = home.json(&["contact", "activity", &ann], 0);
    let kinds: Vec<_> = activity["engagements"].as_array().expect("a list").iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["sms", "sms", "call"], "newest first");
    assert_eq!(activity["enquiries"], json!([]));
}

#[test]
fn what_happened_moves_with_a_merge_and_the_name_outlives_the_contact() {
    let home = Home::new();
    let ann = add(&home, &["last_name=Lee", "mobile=+85291234567"]);
    let twin = add(&home, &["last_name=Li", "mobile=+85261234567"]);
    open(&home, &["call", "--from", "+85291234567", "--visit", "https://example.com/ Start"]);
    open(&home, &["call", "--from", "+85261234567", "--visit", "https://example.com/prices"]);
    home.json(&["engage", "call", &twin], 0);
    home.json(&["contact", "merge", &ann, &twin], 0);
    for id in [&ann, &twin] {
        let activity = home.json(&["contact", "activity", id, "--limit", "5"], 0);
        let count = |key: &str| activity[key].as_array().map(Vec::len);
        assert_eq!((count("enquiries"), count("engagements"), count("visits")), (Some(2), Some(1), Some(2)));
        assert_eq!(activity["visits"][0]["url"], "https://example.com/prices");
        assert_eq!(activity["enquiries"][0]["contact_name"], "Lee");
    }
    assert_eq!(home.json(&["enquiry", "list", "--contact", &twin], 0)["enquiries"].as_array().map(Vec::len), Some(2));
    home.json(&["contact", "delete", &ann, "--yes"], 0);
    let shown = home.json(&["enquiry", "show", "1"], 0);
    assert_eq!((&shown["contact"], &shown["enquiry"]["contact_name"]), (&Value::Null, &json!("Lee")));
    assert_eq!(shown["survey"]["send"], false);
    assert_eq!(home.json(&["enquiry", "list"], 0)["enquiries"][0]["contact_name"], "Lee");
    home.json(&["enquiry", "update", "1", "--status", "handling"], 0);
    assert_eq!(code(&home, &["enquiry", "edit", "1", "company=Acme"], 1), "CONTACT_DELETED");
    let text = home.run(&["enquiry", "show", "1"]).exits(0).stdout;
    assert!(text.starts_with("Lee (deleted)\ncall 1 handling, from +85291234567"), "{text}");
    assert_eq!(code(&home, &["contact", "activity", &ann], 1), "CONTACT_DELETED");
}

#[test]
fn of_two_who_take_an_enquiry_at_once_one_does() {
    let home = Home::new();
    open(&home, &["call", "--from", "anonymous"]);
    let take = || {
        let mut command = home.command();
        command.args(["--json", "enquiry", "update", "1", "--status", "handling"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("it starts")
    };
    let both: Vec<_> = (0..3).map(|_| take()).collect();
    let both: Vec<_> = both.into_iter().map(|child| ran(child.wait_with_output().expect("it ends"))).collect();
    let mut codes: Vec<_> = both.iter().map(|ran| ran.json()["error"]["code"].as_str().map(str::to_owned)).collect();
    codes.sort();
    assert_eq!(codes[0], None, "{codes:?}");
    for lost in &codes[1..] {
        assert!(matches!(lost.as_deref(), Some("ENQUIRY_STATUS" | "ENQUIRY_CHANGED")), "{codes:?}");
    }
    assert_eq!(home.json(&["enquiry", "show", "1"], 0)["enquiry"]["rev"], 2);
}

#[test]
fn what_was_said_is_kept_whole_and_listed_by_its_size() {
    let home = Home::new();
    open(&home, &["web-chat", "--from", "ann@example.com"]);
    let update = |file: &str, status: i32| home.json(&["enquiry", "update", "1", "--transcript", file], status);
    let kept = home.write("said.txt", "\u{feff}Ann: 你好\r\nBob: hi\n");
    let told = update(&kept.to_string_lossy(), 0);
    assert_eq!((&told["enquiry"]["transcript_bytes"], told["enquiry"].get("transcript")), (&json!(21), None));
    assert_eq!(home.json(&["enquiry", "list"], 0)["enquiries"][0]["transcript_bytes"], 21);
    assert_eq!(home.json(&["enquiry", "show", "1"], 0)["enquiry"]["transcript"], "Ann: 你好\r\nBob: hi\n");
    let refused = |name: &str, bytes: &[u8], expected: &str| {
        let path = home.write(name, bytes);
        let error = home.json(
            &["enquiry", "update", "1", "--transcript", &path.to_string_lossy()],
            if expected == "TRANSCRIPT_ENCODING" { 1 } else { 2 },
        );
        assert_eq!(error["error"]["code"], expected);
    };
    refused("large", &vec![b'x'; (1 << 20) + 1], "TRANSCRIPT_TOO_LARGE");
    refused("latin", b"caf\xe9", "TRANSCRIPT_ENCODING");
    refused("escape", b"\x1b[2Jgone", "TEXT_CONTROL");
    assert_eq!(update("nowhere.txt", 1)["error"]["code"], "IO");
    update(&home.write("full", vec![b'x'; 1 << 20]).to_string_lossy(), 0);
    assert_eq!(update(&home.write("empty", "").to_string_lossy(), 0)["enquiry"]["transcript_bytes"], 0);
}

#[test]
fn lists_say_what_they_leave_out_and_a_check_asks_the_plugins() {
    let home = Home::with_packages();
    let lee = add(&home, &["last_name=Lee", "mobile=+85291234567"]);
    let check = || home.json(&["survey", "check", &lee], 0);
    assert_eq!(check()["send"], true);
    for _ in 0..2 {
        open(&home, &["call", "--from", "+85291234567"]);
    }
    assert_eq!(home.json(&["enquiry", "update", "2", "--status", "closed"], 0)["survey"]["send"], true);
    let revision = home.json(&["contact", "show", &lee], 0)["rev"].clone();
    let suppressed = check();
    assert_eq!(suppressed["send"], false, "{suppressed:#}");
    assert!(suppressed["reason"].as_str().is_some_and(|reason| reason.contains("survey")), "{suppressed:#}");
    assert_eq!(home.json(&["contact", "show", &lee], 0)["rev"], revision, "nothing is written");
    let first = home.json(&["enquiry", "list", "--limit", "1"], 0);
    assert_eq!((&first["total"], &first["next"], &first["enquiries"][0]["id"]), (&json!(2), &json!(2), &json!(2)));
    let last = home.json(&["enquiry", "list", "--limit", "1", "--after", "2", "--contact", &lee], 0);
    assert_eq!((&last["total"], &last["next"], &last["enquiries"][0]["id"]), (&json!(2), &json!(null), &json!(1)));
    let told = home.run(&["enquiry", "list", "--limit", "1"]).exits(0);
    assert_eq!(told.stderr, "2 enquiries; more: add `--after 2`\n");
    let told = home.run(&["contact", "activity", &lee, "--limit", "1"]).exits(0);
    assert_eq!(told.stderr, "1 of 2 enquiries; more: raise `--limit`\n");
    let again = home.json(&["enquiry", "update", "2", "--status", "closed"], 1);
    assert_eq!(again["error"]["hint"], "nothing follows closed: open a new enquiry");
    for at in 0..5 {
        home.json(&["contact", "edit", &lee, &format!("company=C{at}")], 0);
    }
    let told = home.run(&["contact", "changes", &lee]).exits(0);
    assert_eq!(told.stderr, "5 of 6; `--all` shows all\n");
}

#[test]
fn ugly_input_is_refused_with_the_way_out() {
    let home = Home::new();
    open(&home, &["call", "--from", "anonymous", "--subject", "  ", "--name", "", "--device", "🦊 on \u{202e}Windows"]);
    let long = "x".repeat(1001);
    let url = format!("https://example.com/{}", "x".repeat(2000));
    let table: &[(&[&str], i32, &str)] = &[
        (&["enquiry", "open", "--channel", "fax", "--from", "1"], 2, "CHANNEL"),
        (&["enquiry", "open", "--channel", "call"], 2, "ENQUIRY_FROM"),
        (&["enquiry", "open", "--channel", "call", "--from", " ", "--name", "\u{200b}"], 2, "ENQUIRY_FROM"),
        (&["enquiry", "open", "--channel", "call", "--from", "1", "--from", "2"], 2, "ENQUIRY_FROM"),
        (&["enquiry", "open", "--channel", "call", "--name", "a\u{7}b"], 2, "TEXT_CONTROL"),
        (&["enquiry", "open", "--channel", "call", "--from", "1", "--subject", &long], 2, "TEXT_TOO_LONG"),
        (&["enquiry", "open", "--channel", "call", "--from", "1", "--visit", "javascript:alert(1)"], 2, "VISIT_URL"),
        (&["enquiry", "open", "--channel", "call", "--from", "1", "--visit", &url], 2, "VISIT_URL"),
        (&["enquiry", "update", "1"], 2, "NOTHING_TO_DO"),
        (&["enquiry", "update", "1", "--status", "done"], 2, "STATUS"),
        (&["enquiry", "update", "1", "--status", "open"], 1, "ENQUIRY_STATUS"),
        (&["enquiry", "update", "1", "--staff", "Nobody at all"], 1, "STAFF_UNKNOWN"),
        (&["enquiry", "update", "1", "--contact", "nobody"], 2, "ID_FORMAT"),
        (&["enquiry", "update", "99", "--status", "closed"], 1, "ENQUIRY_UNKNOWN"),
        (&["enquiry", "show", "-1"], 2, "USAGE"),
        (&["enquiry", "list", "--limit", "0"], 2, "USAGE"),
        (&["enquiry", "list", "--status", "done"], 2, "STATUS"),
        (&["enquiry", "edit", "1", "company"], 2, "ASSIGNMENT"),
        (&["survey", "check", "01900000-0000-7000-8000-000000000000"], 1, "CONTACT_UNKNOWN"),
        (&["engage", "call", "01900000-0000-7000-8000-000000000000"], 1, "CONTACT_UNKNOWN"),
    ];
    for (args, status, expected) in table {
        assert_eq!(code(&home, args, *status), *expected, "{args:?}");
    }
    assert_eq!(home.json(&["enquiry", "list"], 0)["enquiries"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_call_is_not_lost_to_a_plugin_that_breaks_the_rules() {
    let home = Home::new();
    home.write("carnet.toml", "unknown_labels = \"reject\"\n");
    let ann = add(&home, &["last_name=Lee", "mobile=+85291234567"]);
    home.write(
        "scripts/wild.rhai",
        "fn on_enquiry(enquiry) { if enquiry.has_contact { enquiry.contact.add(\"labels\", \"Unheard of\"); } \
         enquiry.set_attribute(\"seen\", \"yes\"); if enquiry[\"from.phone\"] == \"666\" { reject(\"not that one\"); } }",
    );
    let pop = open(&home, &["call", "--from", "+85291234567"]);
    assert_eq!((&pop["labels"], &pop["enquiry"]["attributes"]["seen"]), (&json!([]), &json!("yes")));
    assert!(pop["notes_for_agent"][0].as_str().is_some_and(|note| note.contains("Unheard of")), "{pop:#}");
    assert_eq!(home.json(&["contact", "show", &ann], 0)["rev"], 1);
    assert_eq!(code(&home, &["enquiry", "open", "--channel", "call", "--from", "666"], 1), "REJECTED");
    let check = home.json(&["survey", "check", &ann], 0);
    assert_eq!((&check["send"], &check["plugins"]), (&json!(true), &json!(["wild"])));
    home.write("scripts/wild.rhai", "fn on_enquiry(enquiry) { this is no script");
    let check = home.json(&["survey", "check", &ann], 0);
    assert_eq!(&check["send"], &json!(true), "the version before still says so: {check:#}");
    std::fs::remove_dir_all(home.path().join("carnet.db-plugins")).expect("what was kept goes");
    let check = home.json(&["survey", "check", &ann], 0);
    assert_eq!((&check["send"], check["reason"].to_string().contains("wild")), (&json!(false), true), "{check:#}");
}

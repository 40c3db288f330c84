//! A no to text messages to a number holds for as long as nobody takes it back: when the number was gone in between, too, whoever brings it.

use serde_json::{Value, json};

use crate::support::Home;

const NUMBER: &str = "+85291234567";

/// Takes numbers away from whoever works for Acme, and gives them back at Globex.
const MOVER: &str = r#"
fn on_update(contact, before) {
    if contact.company == "Acme" { contact.remove("mobile", "+85291234567"); }
    if contact.company == "Globex" { contact.add("work_phone", "+852 9123 4567"); }
}
"#;

fn id(contact: &Value) -> String {
    contact["id"].as_str().expect("an id").to_owned()
}

/// A contact whose only number gets no text messages.
fn silent(home: &Home) -> String {
    let lee = id(&home.json(&["contact", "add", "last_name=Lee", "email=lee@example.com", "mobile=+85291234567"], 0));
    edit(home, &lee, &["no_sms+=+85291234567"]);
    lee
}

fn edit(home: &Home, id: &str, wishes: &[&str]) -> Value {
    home.json(&[&["contact", "edit", id], wishes].concat(), 0)
}

/// Imports a row about the contact over it.
fn import(home: &Home, content: &str, more: &[&str]) -> Value {
    home.write("rows.csv", content);
    let args = ["import", "rows.csv", "--again", "--on-match", "update", "--match-by", "email", "--overwrite", "all"];
    home.json(&[&args[..], more].concat(), 0)
}

/// Whether the number gets text messages; nothing when the contact does not have it.
fn sms(home: &Home, id: &str, number: &str) -> Option<bool> {
    let shown = home.json(&["contact", "show", id], 0);
    let phones = shown["phones"].as_array().expect("phones").clone();
    phones.iter().find(|phone| phone["e164"] == number).map(|phone| phone["sms"] == json!(true))
}

/// Loses the number in one way and gets it back in another.
#[track_caller]
fn check(what: &str, lose: fn(&Home, &str), regain: fn(&Home, &str)) {
    let home = Home::new();
    home.write("scripts/mover.rhai", MOVER);
    let lee = silent(&home);
    lose(&home, &lee);
    assert_eq!(sms(&home, &lee, NUMBER), None, "{what}: it is gone");
    edit(&home, &lee, &["city=Rome"]);
    regain(&home, &lee);
    assert_eq!(sms(&home, &lee, NUMBER), Some(false), "{what}: it is back, and silent");
}

type Step = (&'static str, fn(&Home, &str));

const LOSE: [Step; 5] = [
    ("an edit", |home, lee| drop(edit(home, lee, &["mobile="]))),
    ("an edit of one value", |home, lee| drop(edit(home, lee, &["mobile-=+85291234567"]))),
    ("another number", |home, lee| drop(edit(home, lee, &["mobile=+85298765432"]))),
    ("an import", |home, _| drop(import(home, "Last name,Email,Mobile\nLee,lee@example.com,<clear>\n", &[]))),
    ("a plugin", |home, lee| drop(edit(home, lee, &["company=Acme"]))),
];

const REGAIN: [Step; 5] = [
    ("an edit", |home, lee| drop(edit(home, lee, &["company=", "mobile=+852 9123 4567"]))),
    ("an edit of another field", |home, lee| drop(edit(home, lee, &["company=", "home_phone+=+85291234567"]))),
    ("an import", |home, _| {
        drop(import(home, "Last name,Email,Mobile,Company\nLee,lee@example.com,+85291234567,Umbrella\n", &[]));
    }),
    ("an import that says yes", |home, _| {
        let told =
            import(home, "Last name,Email,Mobile,Company,SMS\nLee,lee@example.com,+85291234567,Umbrella,yes\n", &[]);
        assert!(told.to_string().contains("OPT_IN_REFUSED"), "{told:#}");
    }),
    ("a plugin", |home, lee| drop(edit(home, lee, &["company=Globex"]))),
];

#[test]
fn a_no_comes_back_with_its_number() {
    for (how, lose) in LOSE {
        check(how, lose, REGAIN[0].1);
    }
    for (back, regain) in REGAIN {
        check(back, LOSE[0].1, regain);
    }
}

#[test]
fn what_a_person_allowed_stays_allowed() {
    let home = Home::new();
    let lee = silent(&home);
    edit(&home, &lee, &["mobile="]);
    edit(&home, &lee, &["mobile=+85291234567"]);
    edit(&home, &lee, &["no_sms-=+85291234567"]);
    edit(&home, &lee, &["mobile="]);
    edit(&home, &lee, &["mobile=+85291234567"]);
    assert_eq!(sms(&home, &lee, NUMBER), Some(true));
}

#[test]
fn whoever_is_told_otherwise_is_told_why() {
    let home = Home::new();
    let lee = silent(&home);
    edit(&home, &lee, &["mobile="]);
    let told = home.run(&["contact", "edit", &lee, "mobile=+85291234567"]).exits(0);
    let text = format!("{}{}", told.stdout, told.stderr);
    assert!(text.contains("got no text messages") && text.contains("no_sms-=+85291234567"), "{text}");
    edit(&home, &lee, &["mobile="]);
    let told = import(&home, "Last name,Email,Mobile\nLee,lee@example.com,+85291234567\n", &[]);
    assert!(told.to_string().contains("SMS_OFF_KEPT"), "{told:#}");
    edit(&home, &lee, &["mobile="]);
    let held = home.json(&["contact", "export-person", &lee], 0);
    assert_eq!(held["numbers_once_without_sms"], json!([NUMBER]), "{held:#}");
    import(&home, "Last name,Email,Mobile,SMS\nLee,lee@example.com,+85291234567,yes\n", &["--allow-opt-in"]);
    assert_eq!(sms(&home, &lee, NUMBER), Some(true), "an import may, if it is told so");
    // In one edit the person's word comes last.
    edit(&home, &lee, &["no_sms+=+85291234567"]);
    edit(&home, &lee, &["mobile="]);
    edit(&home, &lee, &["mobile=+85291234567", "sms=yes"]);
    assert_eq!(sms(&home, &lee, NUMBER), Some(true));
}

#[test]
fn who_wanted_none_to_their_last_number_wants_none_to_the_next_one_of_an_import() {
    let home = Home::new();
    let lee = silent(&home);
    edit(&home, &lee, &["mobile="]);
    import(&home, "Last name,Email,Mobile\nLee,lee@example.com,+85298765432\n", &[]);
    assert_eq!(sms(&home, &lee, "+85298765432"), Some(false));
}

#[test]
fn a_merge_keeps_the_no_and_taking_it_back_gives_each_their_own() {
    let home = Home::new();
    let lee = silent(&home);
    edit(&home, &lee, &["mobile="]);
    let add = |fields: &[&str]| id(&home.json(&[&["contact", "add"], fields].concat(), 0));
    // One has the number and may be written to, another has a silent one that the merge drops.
    let ray = add(&["last_name=Ray", "mobile=+85291234567", "work_phone=+85223456789", "no_sms=+85223456789"]);
    home.json(&["contact", "merge", &lee, &ray, "--keep", "work_phone", "--yes"], 0);
    assert_eq!((sms(&home, &lee, NUMBER), sms(&home, &lee, "+85223456789")), (Some(false), None));
    edit(&home, &lee, &["work_phone=+85223456789"]);
    assert_eq!(sms(&home, &lee, "+85223456789"), Some(false), "nobody has it for a while");
    edit(&home, &lee, &["work_phone="]);
    home.json(&["contact", "unmerge", &ray], 0);
    let held = |id: &str| home.json(&["contact", "export-person", id], 0)["numbers_once_without_sms"].clone();
    assert_eq!(held(&lee), json!([NUMBER]));
    edit(&home, &ray, &["work_phone=+85223456789"]);
    assert_eq!((sms(&home, &ray, NUMBER), sms(&home, &ray, "+85223456789")), (Some(true), Some(false)));
}

#[test]
fn a_number_that_is_only_remembered_is_forgotten_with_its_person() {
    let home = Home::new();
    let lee = silent(&home);
    edit(&home, &lee, &["mobile="]);
    let done = home.json(&["contact", "forget", &lee, "--yes"], 0);
    assert_eq!(done["complete"], true, "{done:#}");
    for entry in std::fs::read_dir(home.path()).expect("the home").flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).expect("a file");
        assert!(!bytes.windows(8).any(|window| window == b"91234567"), "{}", entry.path().display());
    }
}

/// Whether the contact takes no surveys, and who said so last.
fn consent(home: &Home, id: &str) -> (bool, String) {
    let told = home.json(&["contact", "consent", id], 0);
    (told["opt_out"] == json!(true), told["ledger"][0]["by"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_no_that_is_said_again_stays_when_others_take_theirs_back() {
    let home = Home::new();
    let add = |fields: &[&str]| id(&home.json(&[&["contact", "add"], fields].concat(), 0));
    let lee = add(&["last_name=Lee", "email=lee@example.com", "mobile=+85291234567"]);
    let ray = add(&["last_name=Ray", "email=ray@example.com", "mobile=+85298765432"]);
    let rows = "Last name,Email,Survey opt-out,SMS\nLee,lee@example.com,yes,no\nRay,ray@example.com,yes,no\n";
    let job = import(&home, rows, &[])["job"].to_string();
    // Both are so already, and from now on by the word of whoever says it; once is enough.
    edit(&home, &lee, &["survey_opt_out=yes", "no_sms+=+85291234567"]);
    assert_eq!(consent(&home, &lee), (true, "cli".to_owned()));
    let rev = |id: &str| home.json(&["contact", "show", id], 0)["rev"].clone();
    let before = rev(&lee);
    edit(&home, &lee, &["survey_opt_out=yes", "no_sms+=+85291234567"]);
    assert_eq!(rev(&lee), before, "nothing new was said");
    home.run(&["import", "undo", &job, "--yes"]).exits(0);
    assert_eq!((consent(&home, &lee).0, sms(&home, &lee, NUMBER)), (true, Some(false)));
    assert_eq!((consent(&home, &ray).0, sms(&home, &ray, "+85298765432")), (false, Some(true)));

    let master = add(&["last_name=Wu"]);
    let other = add(&["last_name=Woo", "survey_opt_out=yes"]);
    for (again, stays) in [(false, false), (true, true)] {
        home.json(&["contact", "merge", &master, &other, "--yes"], 0);
        if again {
            edit(&home, &master, &["survey_opt_out=yes"]);
        }
        home.json(&["contact", "unmerge", &other], 0);
        assert_eq!(consent(&home, &master).0, stays);
    }
}

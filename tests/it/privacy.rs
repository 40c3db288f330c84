//! Consent, the change log, and people who are forgotten: what was theirs is looked for in every file of the home folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::Home;

/// Remembers whom it saw, keeps VIPs, and opts callers out.
const MEMORY: &str = r#"
fn on_create(contact) {
    state_set("seen:" + contact.email, contact.last_name);
    if contact.last_name == "Leeworth" { log_info("saw " + contact.email); }
    if contact.company == "Initech" { contact.job_title = "Clerk"; }
}
fn on_delete(contact) { if contact["custom.keep"] == "yes" { reject("this contact is kept"); } }
fn on_enquiry(enquiry) { if enquiry.has_contact { enquiry.contact.survey_opt_out = "yes"; } }
"#;

const SETTINGS: &str = "[plugins.memory]\ngrants = [\"state\"]\n";

const MANIFEST: &str = "name = \"memory\"\nversion = \"1.0.0\"\ndescription = \"Remembers\"\ngrants = [\"state\"]\n";

/// Every row but Bob's and the namesake's is about Annabel, in one way or another; none of hers can be imported.
const ROWS: &str = "First name,Last name,Email,Mobile,Birth date
Annabel,Leeworth,annabel.leeworth@@example.com,,
X,,,9123 4567a,
Bob,Smithson,bob@@example.com,,
Y,Z,ANNABEL.Leeworth@Example.com,,02/30/1980
Annabel,Leeworth,another@example.org,,02/30/1980
";

fn id(contact: &Value) -> String {
    contact["id"].as_str().expect("an id").to_owned()
}

fn add(home: &Home, fields: &[&str]) -> String {
    id(&home.json(&[&["contact", "add"], fields].concat(), 0))
}

/// Files of a home, but not of its plugins, that hold one of the texts, whatever their case.
fn holding(home: &Home, texts: &[&str]) -> Vec<PathBuf> {
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).expect("a file");
        texts.iter().any(|text| bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes())))
    };
    let files = std::fs::read_dir(home.path()).expect("the home").flatten().map(|entry| entry.path());
    files.filter(|path| path.is_file() && holds(path)).collect()
}

fn total(home: &Home, words: &str) -> Option<u64> {
    home.json(&["search", words], 0)["total"].as_u64()
}

#[test]
fn a_person_who_was_everywhere_is_forgotten_and_does_not_come_back() {
    let home = Home::new();
    home.write("scripts/memory/main.rhai", MEMORY);
    home.write("scripts/memory/plugin.toml", MANIFEST);
    home.write("carnet.toml", SETTINGS);
    let files = Home::new();
    let file = files.write("rows.csv", ROWS);
    let file = file.to_str().expect("a path");
    let ann = add(
        &home,
        &[
            "first_name=Annabel",
            "last_name=Leeworth",
            "email=annabel.leeworth@example.com",
            "mobile=+852 9123 4567",
            "labels=Gold",
        ],
    );
    let twin = add(
        &home,
        &["first_name=Anna", "last_name=Leeworth-Old", "email=anna.old@example.com", "external_id=crm:AX-77"],
    );
    let bella = add(
        &home,
        &["first_name=Bella", "last_name=Leeworthy", "email=bella@example.com", "mobile=+85291234568", "labels=Gold"],
    );
    home.json(&["contact", "merge", &ann, &twin], 0);
    home.json(&["contact", "edit", &ann, "email+=second.mail@example.net", "company=Initech"], 0);
    home.json(&["contact", "edit", &ann, "email-=second.mail@example.net"], 0);
    home.json(
        &["enquiry", "open", "--channel", "call", "--from", "+85291234567", "--subject", "Annabel Leeworth calls"],
        0,
    );
    home.json(&["enquiry", "open", "--channel", "messenger", "--name", "Annabel Leeworth", "--handle", "x"], 0);
    home.json(&["enquiry", "open", "--channel", "call", "--from", "+85291234568", "--subject", "Bella calls"], 0);
    let json = home.path().join("problems.json");
    let json = json.to_str().expect("a path");
    assert_eq!(home.json(&["import", file, "--errors-json", json], 3)["failed"], 5);
    home.json(&["import", file, "--again"], 3);

    let held = home.json(&["contact", "export-person", &ann], 0);
    assert_eq!(held["contact"]["id"], json!(ann));
    let counts = [
        ("merged", 1),
        ("originals", 2),
        ("enquiries", 2),
        ("failed_rows", 6),
        ("plugin_state", 2),
        ("plugin_lines", 1),
        ("error_files", 3),
    ];
    for (key, count) in counts {
        assert_eq!(held[key].as_array().map(Vec::len), Some(count), "{key}: {held:#}");
    }
    assert!(held["consent"]["ledger"][0]["plugin"]["name"] == "memory", "{held:#}");

    let refused = home.json(&["contact", "forget", &twin, "--yes", "--reason", "Annabel Leeworth asked"], 2);
    assert_eq!(refused["error"]["code"], "REASON");
    let done = home.json(&["contact", "forget", &twin, "--yes", "--reason", "request 17"], 0);
    let erased = &done["erased"];
    assert_eq!((&done["forgotten"], &done["complete"]), (&json!(ann), &json!(true)), "the merged id leads there");
    assert_eq!((&erased["contacts"], &erased["merges"], &erased["enquiries"]), (&json!(2), &json!(1), &json!(2)));
    assert_eq!(
        (&erased["failed_rows"], &erased["plugin_state"]),
        (&json!(6), &json!([{ "plugin": "memory", "entries": 2 }]))
    );
    assert_eq!(erased["files"].as_array().map(Vec::len), Some(3), "{done:#}");

    let hers = ["annabel.leeworth@", "anna.old", "second.mail", "91234567", "9123 4567", "leeworth-old", "ax-77"];
    assert_eq!(holding(&home, &hers), Vec::<PathBuf>::new());
    assert!(!home.read("ErrorDetail.earlier-1.csv").contains("Annabel,Leeworth,,"));
    for name in ["ErrorDetail.csv", "ErrorDetail.earlier-1.csv", "problems.json"] {
        assert!(home.read(name).contains("bob@@example.com"), "{name}");
    }
    let kept = home.json(&["contact", "show", &bella], 0);
    assert_eq!((&kept["rev"], &kept["emails"][0]["address"]), (&json!(2), &json!("bella@example.com")));
    assert_eq!(home.json(&["contact", "changes", &bella], 0)["changes"][1]["fields"][0]["new"], "Bella");
    assert!(home.json(&["enquiry", "show", "3"], 0).to_string().contains("Bella calls"));

    for id in [&ann, &twin] {
        assert_eq!(home.json(&["contact", "show", id], 1)["error"]["code"], "CONTACT_FORGOTTEN");
    }
    let changes = home.json(&["contact", "changes", &ann], 0);
    assert_eq!(
        (&changes["changes"][0]["action"], &changes["changes"][0]["fields"][0]["new"]),
        (&json!("forgotten"), &json!("request 17"))
    );
    assert_eq!(changes["changes"][1]["fields"][0]["old"], Value::Null);
    assert_eq!(home.json(&["label", "list"], 0)["labels"][0]["contacts"], 1);
    assert_eq!(home.json(&["contact", "forget", &ann, "--yes"], 0)["erased"]["contacts"], 0, "cleaned once more");

    let back = files.write(
        "back.csv",
        "First name,Last name,Email,Mobile\nA,L,Anna.Old@example.com,\nA,L,,91234567\nC,D,c@example.com,\n",
    );
    let back = back.to_str().expect("a path");
    let ran = home.json(&["import", back, "--country", "HK"], 3);
    assert_eq!((&ran["created"], &ran["failed"]), (&json!(1), &json!(2)), "{ran:#}");
    assert!(home.read("ErrorDetail.csv").contains("this person was forgotten on"), "{}", home.read("ErrorDetail.csv"));
    assert_eq!(holding(&home, &["anna.old", "91234567"]), Vec::<PathBuf>::new());
    let again = home.path().join("ErrorDetail.csv");
    assert_eq!(home.json(&["import", again.to_str().expect("a path")], 0)["blank"], 2, "nothing is left to repair");
    assert_eq!(
        home.json(&["contact", "add", "last_name=L", "email=anna.old@example.com"], 1)["error"]["code"],
        "FORGOTTEN"
    );
    let ran = home.run(&["import", back, "--country", "HK", "--again", "--allow-forgotten"]).exits(0);
    assert!(ran.stderr.contains("people who had been forgotten are back, by records 1, 2"), "{}", ran.stderr);
    assert_eq!(total(&home, "91234567"), Some(1));
    home.json(&["contact", "add", "last_name=L", "email=anna.old@example.com"], 0);
    home.run(&["doctor"]).exits(0);
}

#[test]
fn a_plugin_that_keeps_a_contact_is_heard_and_can_be_overruled() {
    let home = Home::new();
    home.write(
        "scripts/memory.rhai",
        MEMORY.replace("    state_set(\"seen:\" + contact.email, contact.last_name);\n", ""),
    );
    let ann = add(&home, &["first_name=Ann", "last_name=Lee", "custom.keep=yes"]);
    home.json(&["contact", "forget", &ann], 2);
    let kept = home.json(&["contact", "forget", &ann, "--yes"], 1);
    assert_eq!(kept["error"]["problems"][0]["message"], "this contact is kept");
    let done = home.json(&["contact", "forget", &ann, "--yes", "--despite-plugins"], 0);
    assert!(done["notes"].to_string().contains("was overruled: this contact is kept"), "{done:#}");
    let bob = add(&home, &["first_name=Bob", "last_name=Xylander"]);
    home.json(&["contact", "delete", &bob, "--yes"], 0);
    home.json(&["contact", "changes", &bob], 0);
    home.json(&["contact", "forget", &bob, "--yes"], 0);
    assert_eq!(holding(&home, &["xylander"]), Vec::<PathBuf>::new());
    assert_eq!(
        home.json(&["contact", "forget", "01890000-0000-7000-8000-000000000000", "--yes"], 1)["error"]["code"],
        "CONTACT_UNKNOWN"
    );
}

#[test]
fn an_error_file_that_somebody_made_unreadable_is_told() {
    let home = Home::new();
    let ann = add(&home, &["first_name=Annabel", "last_name=Leeworth", "email=ann@example.com"]);
    home.write("ErrorDetail.csv", "something else with ann@example.com");
    let by_hand = |done: &Value| done["left"][0].as_str().is_some_and(|left| left.contains("delete it by hand"));
    let held = home.json(&["contact", "export-person", &ann], 0);
    assert_eq!(held["error_files"].as_array().map(Vec::len), Some(1), "{held:#}");
    // Half a character of UTF-16, then nothing that any encoding has.
    std::fs::write(home.path().join("ErrorDetail.earlier-1.csv"), [0xFF, 0xFE, 0x00, 0xD8, 0x41, 0x00, 0xDC])
        .expect("a file");
    let held = home.json(&["contact", "export-person", &ann], 0);
    let unread = held["not_tracked"].as_array().and_then(|told| told.last()?.as_str()).expect("a text");
    assert!(unread.contains("ErrorDetail.earlier-1.csv") && unread.contains("cannot be read"), "{held:#}");
    std::fs::remove_file(home.path().join("ErrorDetail.earlier-1.csv")).expect("a file");
    let done = home.json(&["contact", "forget", &ann, "--yes"], 3);
    assert!(by_hand(&done) && done["complete"] == false, "{done:#}");
    let done = home.json(&["contact", "forget", &ann, "--yes"], 3);
    assert!(by_hand(&done), "as long as it is there: {done:#}");
    let bob = add(&home, &["first_name=Bob", "last_name=Smithson", "email=bob@example.com"]);
    let text = "Name,Mail,Error detail\r\nBob,bob@example.com,no\r\n";
    let bytes: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    std::fs::write(home.path().join("ErrorDetail.csv"), bytes).expect("a file");
    let done = home.json(&["contact", "forget", &bob, "--yes"], 3);
    assert!(by_hand(&done) && done["left"][0].as_str().is_some_and(|left| left.contains("UTF-8")), "{done:#}");
    std::fs::remove_file(home.path().join("ErrorDetail.csv")).expect("a file");
    assert_eq!(home.json(&["contact", "forget", &ann, "--yes"], 0)["complete"], true);
    // What is left to do was noted; a note that cannot be read is not taken for nothing.
    let conn = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    conn.execute("UPDATE secret SET value = CAST('[damaged' AS BLOB) WHERE name LIKE 'unfinished %'", [])
        .expect("a damaged note");
    drop(conn);
    for _ in 0..2 {
        let done = home.json(&["contact", "forget", &bob, "--yes"], 3);
        assert!(done["complete"] == false && done["left"][0].to_string().contains("cannot be read"), "{done:#}");
    }
}

#[test]
fn whoever_asks_is_told_of_the_error_files_that_forgetting_rewrites() {
    let home = Home::new();
    let zoe = add(&home, &["first_name=Zoe", "last_name=Quill"]);
    let rows =
        home.write("rows.csv", "First name,Last name,Birth date\nZoe,Quill,02/30/1980\nBob,Smithson,02/30/1980\n");
    let json = home.path().join("problems.json");
    home.json(&["import", rows.to_str().expect("a path"), "--errors-json", json.to_str().expect("a path")], 3);
    let held = home.json(&["contact", "export-person", &zoe], 0);
    let done = home.json(&["contact", "forget", &zoe, "--yes"], 0);
    assert_eq!(held["error_files"].as_array().map(Vec::len), Some(2), "{held:#}");
    assert_eq!(held["error_files"], done["erased"]["files"]);
    assert!(home.read("ErrorDetail.csv").contains("Bob") && home.read("problems.json").contains("\"row\":2"));
}

#[test]
fn the_log_tells_who_did_what_field_by_field() {
    let home = Home::new();
    home.write(
        "scripts/memory.rhai",
        MEMORY.replace("    state_set(\"seen:\" + contact.email, contact.last_name);\n", ""),
    );
    let ann = add(&home, &["last_name=Lee", "mobile=+85291234567", "company=Initech", "job_title=Boss"]);
    let created = &home.json(&["contact", "changes", &ann], 0)["changes"][0];
    let fields = created["fields"].as_array().expect("fields");
    let field = |name: &str| fields.iter().find(|field| field["field"] == name).cloned().unwrap_or_default();
    assert_eq!(field("mobile")["new"], "+85291234567");
    assert_eq!((field("job_title")["old"].clone(), field("job_title")["new"].clone()), (json!("Boss"), json!("Clerk")));
    assert_eq!(field("job_title")["plugin"]["name"], "memory");
    home.json(&["enquiry", "open", "--channel", "call", "--from", "+85291234567"], 0);
    home.json(&["contact", "edit", &ann, "survey_opt_out=no"], 0);
    let consent = home.json(&["contact", "consent", &ann], 0);
    assert_eq!((&consent["opt_out"], consent["ledger"].as_array().map(Vec::len)), (&json!(false), Some(2)));
    assert_eq!(
        (&consent["ledger"][0]["by"], &consent["ledger"][1]["plugin"]["name"]),
        (&json!("cli"), &json!("memory"))
    );
    let file = home.write("people.csv", "Last name,Company,Survey opt-out\nMoe,Acme,yes\n");
    home.json(&["import", file.to_str().expect("a path")], 0);
    let moe = id(&home.json(&["search", "moe"], 0)["contacts"][0]);
    home.json(&["contact", "edit", &moe, "company=Globex"], 0);
    let told = home.run(&["contact", "changes", &moe]).exits(0).stdout;
    assert!(told.contains("by import 1 (") && told.contains("people.csv)"), "{told}");
    assert!(told.contains("  company: – → Acme") && told.contains("  company: Acme → Globex"), "{told}");
    assert_eq!(home.json(&["contact", "consent", &moe], 0)["ledger"][0]["via"], "line 2");
}

#[test]
fn what_a_failing_plugin_said_of_a_person_goes_with_them() {
    let home = Home::new();
    home.write("scripts/guard.rhai", "fn on_create(contact) { throw \"no room for \" + contact.email; }\n");
    home.write("carnet.toml", "[plugins.guard]\non_fault = 'skip'\n");
    let file = home.write("rows.csv", "Last name,Email\nQuill,zoe.quill@example.com\n");
    let report = home.json(&["import", "rows.csv"], 0);
    let told = report["plugins"][0]["last_fault"].as_str().expect("a fault");
    assert!(told.contains("no room for zoe.quill@example.com"), "{report:#}");
    let zoe = id(&home.json(&["search"], 0)["contacts"][0]);
    let held = home.json(&["contact", "export-person", &zoe], 0);
    assert_eq!(held["plugin_lines"][0]["kind"], "fault", "{held:#}");
    home.json(&["contact", "forget", &zoe, "--yes"], 0);
    std::fs::remove_file(file).expect("the file that was imported");
    assert_eq!(holding(&home, &["zoe.quill"]), Vec::<PathBuf>::new());
    let job = home.json(&["import", "show", "1"], 0);
    let plugin = &job["plugins"][0];
    assert_eq!((&plugin["name"], &plugin["faults"], &plugin["last_fault"]), (&json!("guard"), &json!(1), &Value::Null));
}

/// Says whom it sees, and fails or rejects as the company tells.
const GOSSIP: &str = r#"
fn on_import_row(row) {
    log_info(`row of ${row.first_name} ${row.last_name}, ${row.email}`);
    if row.company == "Skip" { skip(`no room for ${row.email}`); }
    if row.company == "Twin" { reject("company", "TWIN", "the same as Annabel Leeworth"); }
}
fn on_create(contact) {
    log_warn("new: " + contact.email);
    if contact.company == "Boom" { throw "boom for " + contact.email; }
}
"#;

#[test]
fn of_rows_of_somebody_who_was_forgotten_plugins_leave_no_word() {
    let home = Home::new();
    home.write("scripts/gossip.rhai", GOSSIP);
    let ann =
        add(&home, &["first_name=Annabel", "last_name=Leeworth", "email=ann.lee@example.com", "mobile=+85291234567"]);
    home.json(&["contact", "forget", &ann, "--yes"], 0);
    let files = Home::new();
    // Taken, refused by a plugin, left out by one, not read at all, told by the number alone; and two of somebody else.
    let rows = "First name,Last name,Email,Mobile,Company,Birth date\n\
        Annabel,Leeworth,ann.lee@example.com,,,\n\
        Annabel,Leeworth,ann.lee@example.com,,Boom,\n\
        Annabel,Leeworth,ann.lee@example.com,,Skip,\n\
        Annabel,Leeworth,ann.lee@example.com,,,,too,many\n\
        Annabel,Leeworth,,+85291234567,Boom,02/30/1980\n\
        Bob,Smithson,bob@example.com,,Boom,\n\
        Cy,Jones,cy@example.com,,,\n";
    let file = files.write("rows.csv", rows);
    for more in [&[][..], &["--on-match", "update", "--match-by", "email", "--again"]] {
        let report = home.json(&[&["import", file.to_str().expect("a path")], more].concat(), 3);
        assert_eq!((&report["failed"], &report["skipped"]), (&json!(5), &json!(1)), "{report:#}");
        assert!(!report["plugins"].to_string().contains("ann.lee"), "{report:#}");
    }
    let refused = home.json(&["contact", "add", "last_name=Leeworth", "email=ann.lee@example.com", "company=Boom"], 1);
    assert!(refused.to_string().contains("boom for ann.lee"), "whoever asks is told: {refused:#}");
    assert_eq!(holding(&home, &["ann.lee", "annabel", "leeworth", "91234567"]), Vec::<PathBuf>::new());
    assert!(holding(&home, &["row of Bob"]).len() == 1 && holding(&home, &["boom for bob@"]).len() > 1);
    let stats = home.json(&["plugin", "stats", "gossip"], 0).to_string();
    assert!(stats.contains("new: cy@example.com") && stats.contains("PLUGIN_SCRIPT"), "{stats}");
}

#[test]
fn a_reason_that_names_the_person_goes_and_the_row_of_somebody_else_stays() {
    let home = Home::new();
    home.write("scripts/gossip.rhai", GOSSIP);
    let ann = add(&home, &["first_name=Annabel", "last_name=Leeworth", "email=ann.lee@example.com"]);
    let file = home
        .write("rows.csv", "First name,Last name,Email,Company,Birth date\nBob,Smithson,bob@example.com,Twin,soon\n");
    home.json(&["import", "rows.csv"], 3);
    std::fs::remove_file(file).expect("the file that was imported");
    let done = home.json(&["contact", "forget", &ann, "--yes"], 0);
    assert_eq!((&done["erased"]["reasons"], &done["erased"]["failed_rows"]), (&json!(1), &json!(0)), "{done:#}");
    assert!(
        !done["left"].to_string().contains("Annabel") && !done["left"].to_string().contains("record 1"),
        "{done:#}"
    );
    assert_eq!(holding(&home, &["annabel", "leeworth"]), Vec::<PathBuf>::new());
    let errors = home.read("ErrorDetail.csv");
    assert!(errors.contains("Bob,Smithson,bob@example.com,Twin,soon,(erased)"), "{errors}");
    let shown = home.json(&["import", "show", "1"], 0);
    assert_eq!(shown["failed"], 1, "{shown:#}");
}

#[test]
fn what_came_in_since_is_cleaned_when_the_person_is_forgotten_again() {
    let home = Home::new();
    home.write("scripts/gossip.rhai", GOSSIP);
    let ann = add(&home, &["first_name=Annabel", "last_name=Leeworth", "email=ann.lee@example.com"]);
    home.json(&["contact", "forget", &ann, "--yes"], 0);
    let files = Home::new();
    let file = files.write("rows.csv", "First name,Last name,Email\nAnnabel,Leeworth,ann.lee@@example.com\n");
    home.json(&["import", file.to_str().expect("a path")], 3);
    // As an earlier version of Carnet left it.
    let store = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    store.execute("UPDATE job_failure SET cells = replace(cells, '@@', '@')", []).expect("a write");
    drop(store);
    let done = home.json(&["contact", "forget", &ann, "--yes"], 0);
    assert_eq!(done["erased"]["failed_rows"], 1, "{done:#}");
    let left = done["left"].to_string();
    assert!(left.contains("ErrorDetail.csv") && left.contains("misspelt"), "{left}");
    std::fs::remove_file(home.path().join("ErrorDetail.csv")).expect("the error file");
    assert_eq!(holding(&home, &["ann.lee", "annabel"]), Vec::<PathBuf>::new());
}

#[test]
fn who_came_back_by_an_import_stays_forgotten_when_it_is_taken_back() {
    let home = Home::new();
    let ann = add(&home, &["first_name=Annabel", "last_name=Leeworth", "email=ann.lee@example.com"]);
    home.json(&["contact", "forget", &ann, "--yes"], 0);
    let file = home.write("rows.csv", "First name,Last name,Email\nAnnabel,Leeworth,ann.lee@example.com\n");
    let import = ["import", file.to_str().expect("a path"), "--again"];
    assert_eq!(home.json(&[&import[..], &["--allow-forgotten"]].concat(), 0)["created"], 1);
    home.run(&["import", "undo", "1", "--yes"]).exits(0);
    assert_eq!(home.json(&import, 3)["failed"], 1, "the import's word is taken back with it");
    // Whoever brings the contact back by name says so for themselves.
    let changed = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    let id: Vec<u8> =
        changed.query_row("SELECT id FROM contact WHERE gone = 1", [], |row| row.get(0)).expect("the contact");
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let back = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    home.json(&["contact", "restore", &back], 0);
    home.json(&["contact", "add", "last_name=L", "email=ann.lee@example.com"], 0);
}

//! Who sees and does what, by `--as`, under each of the three kinds of access. Everything that takes a contact is asked as everybody.

use serde_json::Value;

use crate::support::Home;

/// A home with an admin and three agents, of whom two share a division.
fn desk(access: &str) -> Home {
    let home = Home::new();
    home.write("carnet.toml", format!("access = \"{access}\"\n"));
    for division in ["Asia", "Europe"] {
        home.json(&["division", "add", division], 0);
    }
    for (name, role, division) in
        [("Root", "admin", ""), ("Ann", "agent", "Asia"), ("Bob", "agent", "Asia"), ("Eve", "agent", "Europe")]
    {
        let (name_field, role) = (format!("name={name}"), format!("role={role}"));
        let (mail, division) = (format!("email={}@example.com", name.to_lowercase()), format!("divisions={division}"));
        home.json(&["staff", "add", &name_field, &role, &mail, &division], 0);
    }
    home
}

#[track_caller]
fn add(home: &Home, by: &str, fields: &[&str]) -> Value {
    home.json(&[&["--as", by, "contact", "add"], fields].concat(), 0)
}

fn id(contact: &Value) -> &str {
    contact["id"].as_str().expect("an id")
}

/// The code of an error, or `ok`.
fn code(home: &Home, by: &str, args: &[&str]) -> String {
    let answer = home.run(&[&["--json", "--as", by], args].concat()).json();
    let error = &answer["error"];
    let problem = error["problems"][0]["code"].as_str();
    problem.or(error["code"].as_str()).unwrap_or("ok").to_owned()
}

const UNKNOWN: &str = "CONTACT_UNKNOWN";

#[test]
fn under_open_access_all_staff_do_everything() {
    let home = desk("open");
    let lee = add(&home, "ann@example.com", &["last_name=Lee"]);
    assert_eq!(lee["owner"], "Ann");
    for args in [&["contact", "show", id(&lee)][..], &["contact", "edit", id(&lee), "company=Acme"]] {
        assert_eq!(code(&home, "Eve", args), "ok", "{args:?}");
    }
    assert_eq!(home.json(&["--as", "eve", "search", "lee"], 0)["total"], 1);
    assert_eq!(code(&home, "Eve", &["contact", "transfer", id(&lee), "Nobody At All"]), "STAFF_UNKNOWN");
    assert_eq!(code(&home, "Eve", &["contact", "delete", id(&lee), "--yes"]), "ok");
    assert_eq!(code(&home, "Nobody At All", &["search"]), "STAFF_UNKNOWN");
}

#[test]
fn under_access_by_owner_everybody_has_their_own() {
    let home = desk("owner");
    let lee = add(&home, "Ann", &["last_name=Lee", "email=lee@example.com"]);
    let other = add(&home, "Ann", &["last_name=Li"]);
    let id = id(&lee);
    let mine = other["id"].as_str().expect("an id");
    let asked: [&[&str]; 8] = [
        &["contact", "show", id],
        &["contact", "changes", id],
        &["contact", "edit", id, "company=Acme"],
        &["contact", "share", id, "Eve"],
        &["contact", "transfer", id, "Eve"],
        &["contact", "merge", id, mine],
        &["contact", "delete", id, "--yes"],
        &["contact", "restore", id],
    ];
    for args in asked {
        assert_eq!(code(&home, "Bob", args), UNKNOWN, "{args:?}");
    }
    assert_eq!(home.json(&["--as", "Bob", "search", "lee"], 0)["total"], 0);
    assert_eq!(home.json(&["--as", "Bob", "export", "--out", "bob.csv"], 0)["contacts"], 0);
    home.write("lee.csv", "Last name,Email,Company\nLee,lee@example.com,Leak\n");
    let imported = home.json(&["--as", "Bob", "import", "lee.csv", "--on-match", "reject"], 0);
    assert_eq!(imported["created"], 1, "what Bob may not see does not match");
    let shared = home.run(&["--as", "Ann", "contact", "share", id, "bob@example.com"]).exits(0).stdout;
    assert!(shared.contains("shared with: Bob"), "{shared}");
    assert_eq!(home.json(&["--as", "Bob", "search", "lee"], 0)["total"], 2);
    let codes: Vec<String> = asked.iter().map(|args| code(&home, "Bob", args)).collect();
    assert_eq!(codes[..3], ["ok", "ok", "ok"]);
    assert_eq!(codes[3..5], ["FORBIDDEN", "FORBIDDEN"]);
    assert_eq!(code(&home, "Bob", &["contact", "delete", id, "--yes"]), "FORBIDDEN");
    let given = home.run(&["--as", "Ann", "contact", "transfer", id, "Eve"]).exits(0).stdout;
    assert!(given.contains("owner: Eve") && given.contains("Ann owned it before"), "{given}");
    assert_eq!(code(&home, "Ann", &["contact", "show", id]), UNKNOWN);
    assert_eq!(code(&home, "Eve", &["contact", "delete", id, "--yes"]), "ok");
    assert_eq!(code(&home, "Ann", &["contact", "show", id]), UNKNOWN);
    assert_eq!(code(&home, "Eve", &["contact", "show", id]), "CONTACT_DELETED");
    assert_eq!(code(&home, "Root", &["contact", "restore", id]), "ok");
}

#[test]
fn under_access_by_division_everybody_has_their_team() {
    let home = desk("division");
    let lee = add(&home, "Ann", &["last_name=Lee"]);
    assert_eq!((lee["division"].as_str(), lee["owner"].as_str()), (Some("Asia"), Some("Ann")));
    for (by, total) in [("Ann", 1), ("Bob", 1), ("Eve", 0), ("Root", 1)] {
        assert_eq!(home.json(&["--as", by, "search"], 0)["total"], total, "{by}");
    }
    assert_eq!(code(&home, "Eve", &["contact", "edit", id(&lee), "company=Acme"]), UNKNOWN);
    assert_eq!(code(&home, "Bob", &["contact", "edit", id(&lee), "company=Acme"]), "ok");
    assert_eq!(code(&home, "Root", &["contact", "edit", id(&lee), "division=Europe"]), "DIVISION_FIXED");
    assert_eq!(code(&home, "Ann", &["contact", "add", "last_name=Li", "division=Europe"]), "FORBIDDEN");
    assert_eq!(code(&home, "Ann", &["contact", "edit", id(&lee), "owner=Eve"]), "FORBIDDEN");
    let warned = home.run(&["--as", "Ann", "contact", "share", id(&lee), "Eve"]).exits(0).stderr;
    assert!(warned.contains("Eve does not belong to division Asia"), "{warned}");
    home.write("li.csv", "Last name,Division\nLi,\nLo,Europe\n");
    let report = home.json(&["--as", "Ann", "import", "li.csv"], 3);
    assert_eq!((report["created"].as_u64(), report["failed"].as_u64()), (Some(1), Some(1)));
    assert_eq!(home.json(&["--as", "Bob", "search", "li"], 0)["contacts"][0]["division"], "Asia");
}

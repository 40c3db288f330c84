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

#[test]
fn a_merge_gives_nobody_what_is_not_theirs() {
    let home = desk("owner");
    let (bobs, anns) = (add(&home, "Bob", &["last_name=Lee"]), add(&home, "Ann", &["last_name=Lee"]));
    let (bobs, anns) = (id(&bobs), id(&anns));
    home.json(&["--as", "Bob", "contact", "share", bobs, "Ann"], 0);
    home.json(&["--as", "Ann", "contact", "share", anns, "Eve"], 0);
    let merge = ["contact", "merge", bobs, anns];
    for choice in [&["--take", "owner", "--take", "shared_with"][..], &["--both", "shared_with"]] {
        assert_eq!(code(&home, "Ann", &[&merge[..], choice].concat()), "FORBIDDEN", "{choice:?}");
    }
    let merged = home.run(&[&["--as", "Ann"], &merge[..]].concat()).exits(0);
    assert!(merged.stderr.contains("ask Bob to share it"), "{merged:#?}");
    let shown = home.json(&["contact", "show", bobs], 0);
    assert_eq!((&shown["owner"], &shown["shared_with"]), (&"Bob".into(), &serde_json::json!(["Ann"])));
    for (by, outcome) in [("Eve", UNKNOWN), ("Ann", "FORBIDDEN"), ("Bob", "ok")] {
        assert_eq!(code(&home, by, &["contact", "unmerge", anns]), outcome, "{by}");
    }

    let home = desk("division");
    let (none, asia) = (home.json(&["contact", "add", "last_name=Lee"], 0), add(&home, "Ann", &["last_name=Lee"]));
    assert_eq!(code(&home, "Ann", &["contact", "merge", id(&none), id(&asia)]), "FORBIDDEN");
    assert_eq!(code(&home, "Eve", &["contact", "show", id(&none)]), "ok");
    assert_eq!(code(&home, "Ann", &["contact", "merge", id(&asia), id(&none)]), "ok");
}

#[test]
fn an_enquiry_of_a_hidden_contact_is_no_way_to_it() {
    let home = desk("owner");
    let lee = add(&home, "Bob", &["last_name=Lee", "mobile=+85291234567", "survey_opt_out=yes", "device=Phone"]);
    let own = add(&home, "Eve", &["last_name=Own"]);
    home.write("said.txt", "said so");
    let open = ["enquiry", "open", "--channel", "call", "--from", "+85291234567", "--subject", "Refund"];
    let rings = home.json(&[&["--as", "Eve"], &open[..], &["--device", "Evil"]].concat(), 0);
    assert_eq!((&rings["survey"], &rings["restricted"]), (&Value::Null, &true.into()));
    assert_eq!(rings["enquiry"]["from"]["phone"], "+85291234567");
    home.json(&["--as", "Bob", "enquiry", "update", "1", "--status", "handling", "--transcript", "said.txt"], 0);
    let hidden = |text: &str| {
        for secret in ["Refund", "91234567", "said so", "Evil", "Lee", id(&lee), "opted"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    };
    let refused = |update: &[&str]| {
        let ran = home.run(&[&["--as", "Eve", "enquiry"], update].concat()).exits(1);
        assert!(ran.stderr.contains("not yours to see"), "{update:?}: {ran:#?}");
        hidden(&format!("{}{}", ran.stdout, ran.stderr));
    };
    let visit = "https://example.com";
    refused(&["update", "1", "--transcript", "said.txt", "--status", "closed", "--staff", "Eve", "--visit", visit]);
    refused(&["update", "1", "--device", "Evil"]);
    refused(&["edit", "1", "company=Acme"]);
    for args in [&["enquiry", "show", "1"][..], &["enquiry", "list"], &["--json", "enquiry", "show", "1"]] {
        hidden(&home.run(&[&["--as", "Eve"], args].concat()).exits(0).stdout);
    }
    assert_eq!(home.json(&["contact", "show", id(&lee)], 0)["device"], "Phone");
    // Deleting the contact does not open the enquiry.
    home.json(&["--as", "Bob", "contact", "delete", id(&lee), "--yes"], 0);
    refused(&["update", "1", "--contact", id(&own)]);
    refused(&["edit", "1", "company=Acme"]);
    for args in [&["enquiry", "show", "1"][..], &["--json", "enquiry", "list"]] {
        hidden(&home.run(&[&["--as", "Eve"], args].concat()).exits(0).stdout);
    }
    // One of nobody's is open to all, until somebody handles it.
    home.json(&["--as", "Ann", "enquiry", "open", "--channel", "call", "--from", "+85298765432"], 0);
    home.json(&["--as", "Ann", "enquiry", "update", "2", "--status", "handling"], 0);
    for args in [&["update", "2", "--status", "closed"][..], &["edit", "2", "last_name=Mine"]] {
        assert_eq!(code(&home, "Eve", &[&["enquiry"], args].concat()), "FORBIDDEN", "{args:?}");
    }
    // Under another name it is still hers.
    home.json(&["staff", "edit", "Ann", "name=Anna"], 0);
    assert_eq!(code(&home, "Anna", &["enquiry", "update", "2", "--subject", "Refund"]), "ok");
    assert_eq!(code(&home, "Root", &["enquiry", "update", "2", "--status", "closed"]), "ok");
}

#[test]
fn an_organization_of_another_division_is_not_there() {
    let home = desk("division");
    home.json(&["org", "add", "name=HiddenCorp", "division=Asia", "phone=+85221234567"], 0);
    home.json(&["org", "add", "name=Common"], 0);
    for typed in ["organization=HiddenCorp", "organization=HiddenCor"] {
        let told = home.run(&["--as", "Eve", "contact", "add", "last_name=Li", typed]).exits(1).stderr;
        assert!(!told.contains("did you mean"), "{told}");
    }
    home.write("li.csv", "Last name,External Organization\nLi,hiddencorp\nLo,Common\nLu,Brand New\n");
    let report = home.json(&["--as", "Eve", "import", "li.csv"], 3);
    assert_eq!((report["created"].as_u64(), report["failed"].as_u64()), (Some(2), Some(1)));
    assert!(home.read("ErrorDetail.csv").contains("organization `hiddencorp` is not yours to name"));
    // What an admin puts there is named, and not shown.
    let li = add(&home, "Eve", &["last_name=Li", "mobile=+85291234567"]);
    home.json(&["contact", "edit", id(&li), "organization=HiddenCorp"], 0);
    let open = ["enquiry", "open", "--channel", "call", "--from", "+85291234567"];
    assert_eq!(home.json(&[&["--as", "Eve"], &open[..]].concat(), 0)["organization"], Value::Null);
    assert_eq!(home.json(&open, 0)["organization"]["name"], "HiddenCorp");
    assert_eq!(code(&home, "Eve", &["org", "edit", "Common", "division=Europe"]), "FORBIDDEN");
    assert_eq!(code(&home, "Root", &["org", "edit", "Common", "division=Europe"]), "ok");
}

//! Searching, filtering and saved filters on the command line.

use serde_json::{Value, json};

use crate::support::Home;

const BOOK: &str = "\
First name,Last name,Mobile,Email,Company,Country,Type,Level,Contact Label,Its organization,Its owner,Its division,custom.tier,custom.points,custom.since
Ann,Chan,+85291234567,ann@example.com,Acme Ltd,HK,Customer,Primary,VIP,Acme,Mia,Asia,Gold,120,2026-03-01
Bob,Núñez,+442079460018,bob@example.com,Globex,GB,Lead,Secondary,VIP;News,Globex,Mia,Europe,silver,7,2026-05-01T10:00
Cy,Dubois,+85298765432,cy@acme.example,Initech,HK,Customer,Primary,News,Acme,Joe,,gold; early,35,
Dee,Abbott,,dee@example.org,Acme Asia,,Other,Primary,,,,,,,
";

fn book() -> Home {
    let home = Home::new();
    let file = home.write("book.csv", BOOK);
    for name in ["name=Mia", "name=Joe"] {
        home.run(&["staff", "add", name]).exits(0);
    }
    let maps = ["organization", "owner", "division"].map(|field| format!("--map=Its {field}={field}"));
    let file = file.to_str().expect("a path");
    home.run(&["import", file, &maps[0], &maps[1], &maps[2]]).exits(0);
    home
}

/// Last names of what a query finds, in order.
#[track_caller]
fn check(home: &Home, query: &str, expected: &str) {
    let args: Vec<&str> = query.split(' ').filter(|arg| !arg.is_empty()).collect();
    let found = home.json(&[&["search"], &args[..]].concat(), 0);
    let names: Vec<_> = found["contacts"]
        .as_array()
        .expect("contacts")
        .iter()
        .map(|it| it["last_name"].as_str().unwrap_or(""))
        .collect();
    assert_eq!(names.join(" "), expected, "{query}");
    assert_eq!((found["total"].as_u64(), &found["total_is"]), (Some(names.len() as u64), &json!("exact")), "{query}");
}

#[test]
fn filters_combine_with_words_and_each_other() {
    let home = book();
    check(&home, "", "Abbott Dubois Núñez Chan");
    check(&home, "acme --type Customer --sort oldest", "Chan Dubois");
    check(&home, "--label vip --label news", "Núñez");
    check(&home, "--label vip --label news --match any --sort name", "Chan Núñez Dubois");
    check(&home, "--company acme", "Abbott Chan");
    check(&home, "--organization ACME --owner joe", "Dubois");
    check(&home, "--division asia --level primary", "Chan");
    check(&home, "--country Hong-Kong --custom tier=GOLD", "Dubois Chan");
    check(&home, "--custom points>=30 --custom points<=120 --custom tier!=silver", "Dubois Chan");
    check(&home, "--custom since>=2026-04-01 --custom since<=2026-05-01", "Núñez");
    check(&home, "--custom !tier --opt-out no", "Abbott");
    check(&home, "--words 9123 --created 2020-01-01.. --updated 2020-01-01..", "Chan");
    check(&home, "--created ..2020-01-01", "");
    check(&home, "--opt-out yes", "");
}

#[test]
fn pages_follow_by_cursor_and_only_in_their_order() {
    let home = book();
    for (sort, expected) in [("updated", "Abbott Dubois Núñez Chan"), ("name", "Chan Núñez Dubois Abbott")] {
        let (mut names, mut after) = (Vec::new(), None::<String>);
        loop {
            let mut args = vec!["search", "--sort", sort, "--limit", "3"];
            args.extend(after.iter().flat_map(|after| ["--after", after]));
            let page = home.json(&args, 0);
            names.extend(page["contacts"].as_array().expect("contacts").iter().map(|it| it["last_name"].clone()));
            match page["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => break,
            }
        }
        let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
        assert_eq!(names.join(" "), expected);
        let cursor = after.expect("two pages");
        let refused = home.json(&["search", "--sort", "oldest", "--after", &cursor], 2);
        assert_eq!(refused["error"]["code"], "CURSOR");
    }
}

#[test]
fn what_cannot_be_asked_for_is_refused_with_the_way_out() {
    let home = book();
    for (args, code) in [
        (["--type", "friend"], "TYPE_UNKNOWN"),
        (["--level", "top"], "LEVEL_UNKNOWN"),
        (["--country", "Atlantis"], "COUNTRY_UNKNOWN"),
        (["--created", "yesterday"], "RANGE"),
        (["--updated", "2026-02-01..2026-01-01"], "RANGE"),
        (["--custom", "colour=red"], "CUSTOM_UNKNOWN"),
        (["--custom", "points>3"], "CUSTOM_FILTER"),
        (["--opt-out", "maybe"], "YES_NO"),
        (["--sort", "age"], "SORT"),
        (["--company", "--"], "COMPANY"),
        (["--label", "a;b"], "LABEL_FORMAT"),
    ] {
        let [option, value] = args;
        let error = &home.json(&["search", &format!("{option}={value}")], 2)["error"];
        assert_eq!(error["code"], code, "{args:?}");
        assert!(error["hint"].is_string(), "{args:?}");
    }
    let warned = home.run(&["search", "--organization", "Acmee", "--label", "none"]).exits(0);
    assert_eq!(warned.stdout.trim(), "0 contacts");
    assert!(warned.stderr.contains("there is no organization `Acmee`; did you mean `Acme`?"), "{warned:?}");
    assert!(warned.stderr.contains("there is no label `none`"), "{warned:?}");
    home.write("carnet.toml", "search_with_filters = false\n");
    let refused = home.json(&["search", "ann", "--label", "VIP"], 2);
    assert_eq!(refused["error"]["code"], "SEARCH_OR_FILTER");
    check(&home, "--label vip", "Núñez Chan");
}

#[test]
fn filters_are_saved_merged_replaced_and_deleted() {
    let home = book();
    let saved = home.json(&["filter", "save", "Asian VIPs", "--label", "VIP", "--division", "Asia"], 0);
    assert_eq!((&saved["replaced"], &saved["query"]["labels"]), (&json!(false), &json!(["VIP"])));
    let save =
        ["filter", "save", "asian vips", "acme", "--label=VIP", "--custom=points>=100", "--created=2026-01-01.."];
    assert!(home.run(&save).exits(0).stdout.starts_with("replaced the filter `asian vips`: --words acme --label VIP"));
    let found = home.json(&["search", "--filter", "Asian VIPs", "--type", "customer"], 0);
    assert_eq!(found["contacts"][0]["last_name"], "Chan");
    let none = home.json(&["search", "--filter", "Asian VIPs", "--type", "lead"], 0);
    assert_eq!(none["total"], 0);
    let list = home.json(&["filter", "list"], 0);
    assert_eq!(list["filters"].as_array().map(Vec::len), Some(1));
    let shown = home.run(&["filter", "show", "asian vips"]).exits(0).stdout;
    assert!(
        shown.contains("--created 2026-01-01T00:00:00Z.. --custom 'points>=100'") && shown.contains("1 contact\n"),
        "{shown}"
    );
    home.run(&["filter", "save", "either", "--label", "VIP", "--label", "News", "--match", "any"]).exits(0);
    assert_eq!(home.json(&["search", "--filter", "either", "--label", "VIP"], 2)["error"]["code"], "FILTER_LABELS");
    home.run(&["export", "--filter", "either", "--out", "either.csv"]).exits(0);
    assert_eq!(home.read("either.csv").lines().count(), 4);
    let error = &home.json(&["search", "--filter", "asian vip"], 1)["error"];
    assert_eq!((&error["code"], &error["hint"]), (&json!("FILTER_UNKNOWN"), &json!("did you mean `asian vips`?")));
    home.run(&["filter", "delete", "ASIAN VIPS"]).exits(0);
    home.run(&["filter", "delete", "ASIAN VIPS"]).exits(1);
}

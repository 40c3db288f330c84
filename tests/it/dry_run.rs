//! Dry runs: what they show, that it is what the import does, and that they leave nothing behind.

use serde_json::Value;

use crate::support::Home;

const COUNTER: &str = r#"
fn on_create(contact) {
    let n = parse_int(state_get("n") ?? "0") + 1;
    state_set("n", n);
    contact.job_title = `Number ${n}`;
}
"#;

fn counted(home: &Home) {
    home.write("carnet.toml", "workers = 1\n[plugins.counter]\ngrants = [\"state\"]\n");
    let manifest = "name = \"counter\"\nversion = \"1.0.0\"\ndescription = \"Counts\"\ngrants = [\"state\"]\n";
    home.write("scripts/counter/plugin.toml", manifest);
    home.write("scripts/counter/main.rhai", COUNTER);
}

const STORED: &str = "First name,Last name,Email,Mobile,Company\nAnn,Lee,ann@example.com,+85298760001,Acme\nBob,Ray,bob@example.com,+85298760002,Globex\n";

const ROWS: &str = "First name,Last name,Email,Mobile,Company,Contact Label,External Organization,Survey Opt-Out\n\
    Ann,Lee,ann@example.com,,Acme Corporation,VIP,Acme Ltd,\n\
    Bob,Ray,bob@example.com,+85298760002,Globex,,,\n\
    Cy,New,cy@example.com,+85298760003,,Gold,,yes\n\
    Cy,New,cy@example.com,+85298760004,Hooli,,,no\n\
    Dee,Bad,dee@example.com,8.5E+11,,,,\n\
    Eve,Both,ann@example.com,+85298760002,,,,\n";

#[test]
fn programs_get_the_errors_that_the_import_itself_writes() {
    let home = Home::new();
    home.write("stored.csv", STORED);
    home.json(&["import", "stored.csv"], 0);
    home.write("rows.csv", ROWS);
    let args = ["import", "rows.csv", "--on-match", "update", "--errors-json"];
    for json in [true, false] {
        let dry = [&args[..], &["dry.json", "--dry-run"]].concat();
        if json {
            let report = home.json(&dry, 3);
            assert_eq!(report["errors_json"], "dry.json", "{report:#}");
        } else {
            home.run(&dry).exits(3);
        }
        let told: Value = serde_json::from_str(&home.read("dry.json")).expect("a list");
        let codes: Vec<_> = told.as_array().expect("a list").iter().map(|it| (&it["line"], &it["code"])).collect();
        assert_eq!(codes, [(&6.into(), &"PHONE_SCIENTIFIC".into()), (&7.into(), &"AMBIGUOUS_MATCH".into())]);
    }
    home.json(&[&args[..], &["real.json"]].concat(), 3);
    assert_eq!(home.read("dry.json"), home.read("real.json"));
    home.write("good.csv", "Last name\nLee\n");
    home.json(&["import", "good.csv", "--errors-json", "dry.json", "--dry-run"], 0);
    assert_eq!(home.read("dry.json"), "[\n]\n", "nothing of an earlier run is left");
}

#[test]
fn people_read_what_would_change_field_by_field() {
    let home = Home::new();
    home.write("stored.csv", STORED);
    home.json(&["import", "stored.csv"], 0);
    home.write("rows.csv", ROWS);
    let ran = home.run(&["import", "rows.csv", "--on-match", "update", "--dry-run", "--show", "1"]).exits(3);
    let ids = regex::Regex::new(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+\.\d\d s, \d+ rows/s").expect("a pattern");
    insta::assert_snapshot!(ids.replace_all(&ran.stdout, "…"), @"
    Would be created: 1 row
      line 4: Cy New
        first_name      Cy
        last_name       New
        mobile          +85298760003
        email           cy@example.com
        labels          Gold
        survey_opt_out  no → yes

    Would be updated: 2 rows
      line 2: Ann Lee  …
        company       Acme → Acme Corporation
        labels        – → VIP
        organization  – → Acme Ltd
      … and 1 more

    Would fail: 2 rows
      line 6
        mobile: `8.5E+11` is in scientific notation: digits were lost in a spreadsheet (take the number from its source, with the column formatted as text)  PHONE_SCIENTIFIC
      … and 1 more

    field           in new contacts  filled  changed  cleared
    first_name      1                –       –        –
    last_name       1                –       –        –
    mobile          1                –       1        –
    email           1                –       –        –
    company         –                1       1        –
    labels          1                1       –        –
    survey_opt_out  1                –       –        –
    organization    –                1       –        –

    reason            rows
    AMBIGUOUS_MATCH   1
    PHONE_SCIENTIFIC  1

    new labels: Gold, VIP
    new organizations: Acme Ltd

    rows.csv: dry run, nothing was written, UTF-8, delimiter comma

      created         1
      updated         2
      unchanged       1
      skipped         0
      failed          2
      blank           0
      rows read       6  = the sum of the above

    taken, and worth a look:
           1 × an opt-out that stays: an import does not loosen consent by itself
               line 5, survey_opt_out: `no`: the contact opted out of surveys and stays so (import with `--allow-opt-in` if the contact agreed)

    …
    ");
    assert_eq!(ran.stderr, "", "what stands in the report is not told twice");
}

#[test]
fn programs_read_every_row_and_the_import_does_the_same() {
    let home = Home::new();
    counted(&home);
    let names = |from: usize| {
        (from..from + 3000).map(|n| format!("P{n},p{n}@example.com,Company {}\n", n % 7)).collect::<String>()
    };
    home.write("many.csv", format!("Last name,Email,Company\n{}{}", names(0), names(2000)));
    let temp = home.path().join("temp");
    std::fs::create_dir(&temp).expect("a folder");
    let args = ["--json", "import", "many.csv", "--on-match", "update", "--dry-run"];
    let dry = crate::support::ran(home.command().env("TMPDIR", &temp).args(args).output().expect("the program runs"));
    let dry = dry.exits(0).json();
    assert_eq!(std::fs::read_dir(&temp).expect("a folder").count(), 0, "nothing is left behind");
    let rows = dry["rows"].as_array().expect("rows");
    let lines: Vec<u64> = rows.iter().filter_map(|row| row["line"].as_u64()).collect();
    assert!(lines.is_sorted() && lines[0] == 2, "in the order of the file");
    let titles: std::collections::BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| {
            let fields = row["fields"].as_array()?;
            fields.iter().find(|it| it["field"] == "job_title")?["new"].as_str()
        })
        .collect();
    let counts = |report: &Value| {
        ["read", "created", "updated", "unchanged", "skipped", "failed"].map(|name| report[name].as_u64())
    };
    assert_eq!(home.json(&["search"], 0)["total"], 0);
    let real = home.json(&["import", "many.csv", "--on-match", "update"], 0);
    assert_eq!(counts(&dry), counts(&real));
    assert_eq!(
        (real["created"].as_u64(), rows.len()),
        (Some(5000), 5000 + real["updated"].as_u64().map_or(0, |n| n as usize))
    );
    // Plugins remember in a dry run as they will in the import, and no longer.
    assert!(titles.len() > 1, "{titles:?}");
    let held: std::collections::BTreeSet<String> = home
        .run(&["export", "--format", "jsonl", "--out", "-"])
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["job_title"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(titles, held.iter().map(String::as_str).collect());
}

#[test]
fn nobody_waits_for_a_dry_run_and_it_waits_for_nobody() {
    let home = Home::new();
    home.write("stored.csv", STORED);
    home.json(&["import", "stored.csv"], 0);
    let writer = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    writer.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    home.write("rows.csv", ROWS);
    let dry = home.json(&["import", "rows.csv", "--on-match", "update", "--dry-run"], 3);
    assert_eq!(dry["updated"], 2, "{dry:#}");
    let again = home.json(&["import", "stored.csv", "--dry-run"], 0);
    assert!(again["warnings"].to_string().contains("would be refused"), "{again:#}");
}

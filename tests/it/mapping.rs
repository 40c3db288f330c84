//! What columns mean: aliases in five languages, what is told of unknown ones, saved mappings, and the exports of other programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{Home, fixture};

/// Imports an export of another program, and returns what it became, contact by contact, then what failed and what was told.
fn exported(name: &str, args: &[&str]) -> String {
    let home = Home::new();
    let file = fixture(&format!("exports/{name}.csv"));
    let file = file.to_str().expect("a path");
    // The owner of some: a row with an owner who is nobody's colleague would fail.
    home.run(&["staff", "add", "name=Pat Manager"]).exits(0);
    let report = home.run(&[&["--json", "import", file, "--errors-json", "errors.json"], args].concat()).json();
    let lines = home.run(&["export", "--format", "jsonl", "--out", "-"]).exits(0).stdout;
    let mut text = format!("{}\n", report["mapping"]["title"].as_str().unwrap_or("by headers"));
    for line in lines.lines() {
        let contact: Value = serde_json::from_str(line).expect("a contact");
        writeln!(text, "{}", brief(&contact)).expect("a line");
    }
    let errors: Value = serde_json::from_str(&home.read("errors.json")).unwrap_or_default();
    for error in errors.as_array().or_else(|| errors["errors"].as_array()).into_iter().flatten() {
        writeln!(text, "line {} {} {}: {}", error["line"], column(error), word(&error["code"]), word(&error["value"]))
            .expect("a line");
    }
    for note in report["warnings"].as_array().into_iter().flatten() {
        writeln!(text, "- {}", word(note)).expect("a line");
    }
    text
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("–")
}

fn column(error: &Value) -> String {
    format!("{}/{}", word(&error["column"]), word(&error["field"]))
}

/// Everything that an import could have set, on one line.
fn brief(contact: &Value) -> String {
    let mut parts = Vec::new();
    let mut add = |name: &str, value: &Value| match value {
        Value::String(text) if !text.is_empty() => parts.push(format!("{name}={}", text.replace('\n', " / "))),
        Value::Bool(true) => parts.push(name.to_owned()),
        Value::Array(all) if !all.is_empty() => {
            let one = |it: &Value| match it {
                Value::Object(object) => {
                    let kind = object.get("kind").or(object.get("source")).map_or("", word);
                    let value = ["e164", "raw", "address", "id"].iter().find_map(|key| object.get(*key)?.as_str());
                    format!("{kind}:{}", value.unwrap_or("–"))
                }
                other => word(other).to_owned(),
            };
            parts.push(format!("{name}={}", all.iter().map(one).collect::<Vec<_>>().join(" ")));
        }
        _ => {}
    };
    for name in [
        "first_name",
        "last_name",
        "other_first_names",
        "other_last_names",
        "company",
        "job_title",
        "department",
        "language",
        "birth_date",
        "phones",
        "emails",
        "labels",
        "external_ids",
        "owner",
        "survey_opt_out",
    ] {
        add(name, &contact[name]);
    }
    for name in ["street", "city", "state", "zip", "country"] {
        add(name, &contact["address"][name]);
    }
    for (key, value) in contact["custom"].as_object().into_iter().flatten() {
        add(&format!("custom.{key}"), value);
    }
    parts.join("; ")
}

#[test]
fn google_contacts() {
    insta::assert_snapshot!(exported("google-contacts", &[]), @r#"
    Google Contacts (newer)
    first_name=Amelia; last_name=Hartley; other_first_names=Jane; company=Brightwater Ltd; job_title=Head of Sales; department=Sales; birth_date=1980-12-14; phones=mobile:+85291234567 work:+85221234567; emails=work:amelia@brightwater.example personal:mia@example.com; labels=VIP; street=1 Harbour Road; city=Hong Kong; country=HK
    first_name=Bruno; last_name=Rossi; company=Rossi S.p.A.; job_title=Direttore; birth_date=1975-03-02; phones=mobile:+393471234567; emails=work:bruno@rossi.example; street=Via Roma 1; city=Roma; zip=00184; country=IT
    first_name=大文; last_name=陳; company=陳氏貿易有限公司; job_title=經理; phones=mobile:+85298765432 mobile:+85298765433 other:+85231234567; emails=work:chan@trading.example; labels=客戶
    first_name=Carla; last_name=Nunes; phones=mobile:+351912345678 mobile:+351912345679 home:+351213123456; emails=personal:carla@example.org personal:carla.nunes@example.net
    last_name=customer; company=Harbour Café; phones=other:+85228881234; street=2 Pier Street / Floor 3 / PO Box 88; city=Hong Kong; state=New Territories; country=HK
    first_name=สมชาย; last_name=ใจดี; company=บริษัท ตัวอย่าง; job_title=ผู้จัดการ; phones=mobile:+66812345678; emails=work:somchai@example.co.th
    first_name=Iris; last_name=Kowalska; birth_date=1990-02-03; phones=other:+48512345678; emails=personal:iris@example.pl
    line 11 N/birth_date DATE_FORMAT: --06-12
    line 12 N/birth_date DATE_RANGE: 1604-06-12
    line 14 W/mobile PHONE_SCIENTIFIC: 8.5291E+10
    line 15 S/email EMAIL_FORMAT: not-an-address
    - left to plugins, for no field holds them: Name Prefix (1 row), Nickname (1 row), Phone 2 - Value (Work Fax) (1 row), Phone 3 - Value (Pager) (1 row)
    - kinds that are none of ours, and where their values went: `Club` to other_email (1 row), `Ski hut` to other_phone (1 row)
    - labels of the program's own, left out: `* myContacts` (9 rows), `* starred` (1 row)
    - labels with a comma or semicolon, which part labels here; left to plugins: `Friends, old` (1 row)
    - `Notes` holds notes, which are no field: left to plugins (1 row); `--map 'Notes=custom.notes'` takes it
    - birthdays without a year, which are no dates: 2 rows; `--map Birthday=-` leaves birthdays to plugins, `--map Birthday=custom.birthday` keeps them as text
    "#);
}

#[test]
fn google_contacts_as_it_was() {
    insta::assert_snapshot!(exported("google-contacts-older", &[]), @r#"
    Google Contacts (older)
    first_name=Amelia; last_name=Hartley; other_first_names=Jane; other_last_names=Brown; company=Brightwater Ltd; job_title=Head of Sales; department=Sales; language=en; birth_date=1980-12-14; phones=mobile:+85291234567 work:+85221234567; emails=work:amelia@brightwater.example personal:mia@example.com; labels=VIP; street=1 Harbour Road; city=Hong Kong; zip=00852; country=HK
    first_name=太郎; last_name=山田; language=ja; phones=work:+81312345678 work:+81312345679; emails=work:taro@example.jp
    last_name=customer; company=Harbour Café; phones=other:+85228881234
    first_name=Emil; last_name=Grün; language=de; phones=other:+436641234567; emails=other:emil@example.at
    line 6 O/birth_date DATE_FORMAT: --06-12
    line 7 AI/mobile PHONE_COUNTRY: 06 1234 5678
    line 8 AA/language LANGUAGE_UNKNOWN: Klingon
    - left to plugins, for no field holds them: Name (1 row), Yomi Name (1 row), Given Name Yomi (1 row), Family Name Yomi (1 row), Name Prefix (1 row), Gender (1 row), Organization 1 - Yomi Name (1 row), Organization 2 - Name (1 row), Organization 2 - Title (1 row), Website 1 - Type (1 row), Website 1 - Value (1 row), Phone 2 - Value (Home Fax) (1 row)
    - kinds that are none of ours, and where their values went: `Vereniging` to other_email (1 row)
    - labels of the program's own, left out: `* My Contacts` (5 rows), `* Starred in Android` (1 row)
    - `Notes` holds notes, which are no field: left to plugins (1 row); `--map 'Notes=custom.notes'` takes it
    - birthdays without a year, which are no dates: 1 row; `--map Birthday=-` leaves birthdays to plugins, `--map Birthday=custom.birthday` keeps them as text
    "#);
}

#[test]
fn outlook() {
    insta::assert_snapshot!(exported("outlook", &[]), @r#"
    Outlook
    first_name=Amelia; last_name=Hartley; other_first_names=Jane; company=Brightwater Ltd; job_title=Head of Sales; department=Sales; language=en; birth_date=1980-12-14; phones=mobile:+85291234567 work:+85221234567 work:+85221234568 home:+85223456789 home:+85223456780; emails=work:amelia@brightwater.example work:mia@example.com; labels=Press VIP; street=1 Harbour Road / Suite 5 / Pier side / PO Box 12; city=Hong Kong; country=HK
    first_name=Bruno; last_name=Rossi; company=Rossi S.p.A.; job_title=Direttore; phones=mobile:+393471234567; emails=work:bruno@rossi.example; street=Via Roma 1; city=Roma; state=RM; zip=00184; country=IT
    first_name=Carla; last_name=Nunes
    first_name=Eva; last_name=Lindqvist; phones=other:+46701234567 other:+46701234568; emails=work:eva@example.com
    last_name=customer; company=Harbour Café; emails=work:sales@harbour.example
    first_name=Hugo; last_name=Weber; phones=other:+4930123456; emails=work:hugo@example.de
    line 9 I/birth_date DATE_RANGE: 31/12/1980
    line 12 L/language LANGUAGE_UNKNOWN: Cantonish
    line 13 U/mobile PHONE_COUNTRY: 0444123456
    - left to plugins, for no field holds them: Web Page (1 row), Gender (1 row), Home Street (1 row), Spouse (1 row), Children (1 row), Manager's Name (1 row), Company Main Phone (1 row), Business Fax (1 row), Office Location (1 row), Other Fax (1 row), User 1 (1 row), Keywords (1 row), Priority (1 row)
    - labels with a comma or semicolon, which part labels here; left to plugins: `Friends, old` (1 row)
    - `Title` is the form of address in Outlook and no job title: left to plugins (3 rows); `--map 'Title=custom.form_of_address'` takes it
    - `Notes` holds notes, which are no field: left to plugins (1 row); `--map 'Notes=custom.notes'` takes it
    "#);
    insta::assert_snapshot!(exported("outlook-region", &[]), @r#"
    Outlook
    first_name=Amelia; last_name=Hartley; company=Brightwater Ltd; job_title=Head of Sales; department=Sales; phones=mobile:+85291234567 work:+85221234567; emails=work:amelia@brightwater.example; labels=VIP; street=1 Harbour Road; city=Hong Kong; country=HK
    first_name=Bruno; last_name=Rossi; phones=mobile:+393471234567; street=Via Roma 1; city=Roma; state=RM; zip=00184; country=IT
    - left to plugins, for no field holds them: Home Street (1 row), Home Country/Region (1 row)
    - `Title` is the form of address in Outlook and no job title: left to plugins (1 row); `--map 'Title=custom.form_of_address'` takes it
    "#);
}

#[test]
fn salesforce() {
    insta::assert_snapshot!(exported("salesforce", &[]), @r#"
    Salesforce contacts
    first_name=Amelia; last_name=Hartley; company=Brightwater Ltd; job_title=Head of Sales; birth_date=1980-12-14; phones=mobile:+85291234567 work:+85221234567; emails=work:amelia@brightwater.example; external_ids=salesforce:0035g00000Ab1cDAAR; street=1 Harbour Road / Suite 5; city=Hong Kong; country=HK
    first_name=Bruno; last_name=Rossi; company=Rossi S.p.A.; job_title=Direttore; phones=mobile:+393471234567 work:+390612345678; emails=work:bruno@rossi.example; external_ids=salesforce:0035g00000Ab1cEAAR; street=Via Roma 1; city=Roma; state=RM; zip=00184; country=IT
    last_name=Nunes; external_ids=salesforce:0035g00000Ab1cFAAR
    first_name=Frank; last_name=Ng; company=Harbour Café; emails=work:frank@example.com
    line 6 K/work_phone PHONE_COUNTRY: (555) 010-9999
    line 6 Q/birth_date DATE_RANGE: 14/12/1980
    line 7 J/country COUNTRY_UNKNOWN: Atlantis
    - left to plugins, for no field holds them: Salutation (2 rows), Fax (1 row), Account Owner (3 rows), Lead Source (2 rows)
    - `Email Opt Out` is about e-mail and says nothing about surveys: left to plugins (1 row); `--map 'Email Opt Out=survey_opt_out'` takes it
    - `Do Not Call` is about calls and says nothing about surveys: left to plugins (1 row); `--map 'Do Not Call=custom.do_not_call'` takes it
    "#);
}

#[test]
fn hubspot() {
    insta::assert_snapshot!(exported("hubspot", &["--map", "Unsubscribed from all email=survey_opt_out"]), @r#"
    HubSpot contacts
    first_name=Amelia; last_name=Hartley; company=Brightwater Ltd; job_title=Head of Sales; language=en; phones=mobile:+85291234567 other:+85221234567; emails=work:amelia@brightwater.example; external_ids=hubspot:51; owner=Pat Manager; street=1 Harbour Road; city=Hong Kong; country=HK
    first_name=Bruno; last_name=Rossi; company=Rossi; job_title=Direttore; language=it; phones=mobile:+393471234567; emails=work:bruno@rossi.example; external_ids=hubspot:52; survey_opt_out; street=Via Roma 1; city=Roma; state=RM; zip=00184; country=IT
    last_name=customer; company=Harbour Café; phones=other:+85228881234; emails=work:info@harbour.example; external_ids=hubspot:53
    first_name=Eva; last_name=Lindqvist; language=sv; emails=work:eva@example.com; external_ids=hubspot:55; country=SE
    line 5 D/email EMAIL_DOMAIN: dev@patel
    line 5 R/owner STAFF_UNKNOWN: Lee Other
    - left to plugins, for no field holds them: Lifecycle Stage (5 rows), Lead Status (2 rows), Associated Company (1 row), Create Date (5 rows)
    "#);
}

#[test]
fn what_whoever_imports_says_wins_over_what_is_known_of_an_export() {
    let maps = [
        "--map=Birthday=custom.birthday",
        "--map=Notes=custom.notes",
        "--map=Phone 2 - Value=mobile",
        "--map=Nickname=company",
        "--map=Labels=-",
        "--country=HK",
    ];
    let text = exported("google-contacts", &maps);
    let first = text.lines().nth(1).expect("a contact");
    for part in [
        "custom.birthday=1980-12-14",
        "custom.notes=Met in Hong Kong. / Likes tea.",
        "company=Mia",
        "mobile:+85221234567 mobile:+85291234567",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(!text.contains("labels=") && text.contains("custom.birthday=--06-12"), "{text}");
    assert!(text.contains("`Organization Name` is left out, because `Nickname` was mapped to company"), "{text}");
}

#[test]
fn headers_are_known_in_five_languages() {
    let home = Home::new();
    for (name, header) in [
        ("it.csv", "Cognome;Nome;Cellulare;E-mail;Azienda;Qualifica;Data di nascita;Città;CAP;Provincia;Paese"),
        ("th.csv", "นามสกุล;ชื่อ;มือถือ;อีเมล;บริษัท;ตำแหน่ง;วันเกิด;เมือง;รหัสไปรษณีย์;จังหวัด;ประเทศ"),
        ("hans.csv", "姓氏;名字;手机;电子邮件;公司;职位;出生日期;城市;邮政编码;省份;国家/地区"),
        ("hant.csv", "姓;名;行動電話;電郵;公司;職稱;生日;城市;郵遞區號;省;國家／地區"),
        (
            "en.csv",
            "SURNAME;given_name;Cell Phone;E-MAIL ADDRESS;Organisation;Position;D.O.B.;Town;Post Code;State / Province;Country/Region",
        ),
    ] {
        let row = "Rossi;Anna;+39 347 123 4567;anna@rossi.example;Rossi;Capo;12/14/1980;Roma;00184;RM;Italy";
        home.write(name, format!("{header}\n{row}\n"));
        let report = home.json(&["import", name, "--dry-run"], 0);
        assert_eq!(report["warnings"], json!([]), "{name}");
        let fields = report["rows"][0]["fields"].as_array().map_or(0, Vec::len);
        assert_eq!(fields, 11, "{name}: {report:#}");
    }
}

#[test]
fn what_is_unknown_is_told_with_what_may_have_been_meant() {
    let home = Home::new();
    home.write(
        "slips.csv",
        "Name,Fist name,Last name,,Emial,Favourite colour\nAnn Lee,Ann,Lee,?,ann@example.com,blue\n",
    );
    let report = home.json(&["import", "slips.csv"], 0);
    insta::assert_snapshot!(report["warnings"].as_array().expect("warnings").iter().map(word).collect::<Vec<_>>().join("\n"), @r#"
    unknown headers, seen by plugins only: Name, Fist name, Emial, Favourite colour
    `Fist name`: did you mean `First name`? `--map 'Fist name=first_name'` says so
    `Emial`: did you mean `Email`? `--map 'Emial=email'` says so
    column D has no header, and nothing takes its values (1 row); `--map '#4=FIELD'` does
    "#);
    home.write("whole.csv", "姓名,电子邮件\n陈大文,chan@example.com\n");
    let refused = home.run(&["import", "whole.csv"]).exits(1);
    insta::assert_snapshot!(refused.stderr, @r#"
    error: `whole.csv` has first and last names in one column, `姓名`: they are not taken apart by guessing
    hint: `--map '姓名=last_name'` keeps them whole as last names, `--map '姓名=-'` imports without them; a plugin such as `field-mapping` takes them apart
    "#);
    let report = home.json(&["import", "whole.csv", "--map", "姓名=last_name"], 0);
    assert_eq!(report["created"], 1);
    home.write(
        "perhaps.csv",
        "First Name,Last Name,Title,E-mail Address,Business Phone,Business City\nAnn,Lee,Dr,,+85221234567,Bern\n",
    );
    let report = home.json(&["import", "perhaps.csv", "--dry-run"], 0);
    assert!(report["warnings"].to_string().contains("may be an export of Outlook: `--mapping outlook`"), "{report:#}");
    let report = home.json(&["import", "perhaps.csv", "--dry-run", "--mapping", "outlook"], 0);
    assert_eq!(report["mapping"]["name"], "outlook");
    assert!(report["warnings"].to_string().contains("form of address"), "{report:#}");
}

#[test]
fn what_a_header_may_mean_is_offered_once_and_never_taken() {
    let home = Home::new();
    #[track_caller]
    fn check(home: &Home, file: &str, expected: &[&str]) {
        home.write("a.csv", file);
        let answer = home.run(&["--json", "import", "a.csv", "--dry-run"]).json();
        let all = answer["warnings"].as_array().map_or_else(Vec::new, |all| all.iter().map(word).collect());
        let told = all.into_iter().filter(|it| !it.starts_with("unknown headers")).collect::<Vec<_>>();
        let error =
            ["message", "hint"].map(|key| answer["error"][key].as_str().unwrap_or_default().to_owned()).join(": ");
        let told = if answer["error"].is_object() { vec![error.as_str()] } else { told };
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{expected} is not in {told}");
        }
    }
    check(
        &home,
        "Last name,email_1,email_2,email_3,Phone 1,Phone 2,Mobile (new)\nLee,,,,,,\n",
        &["email_1=email'", "email_2=other_email'", "'Phone 1=other_phone'", "'Mobile (new)=mobile'"],
    );
    // Other words, and what means one thing to some and another to others.
    check(&home, "Last name,Note,Stato,Company ID,User name,X,URL,Region\nLee,,,,,,,\n", &[]);
    check(
        &home,
        "Last name,,Email\nLee,7,\nRay,,\n",
        &["column B has no header, and nothing takes its values (1 row)"],
    );
    check(&home, "Last name,,Email\nLee, ,\n", &[]);
    for name in ["Nome", "ชื่อ", "名字"] {
        check(&home, &format!("{name},Email\nAnna Rossi,\n"), &["may hold first names or whole names"]);
        check(&home, &format!("{name},Email,Last name\nAnna,,Rossi\n"), &[]);
    }
    check(&home, "姓名（中文）,手机\n陈大文,\n", &["first and last names in one column, `姓名（中文）`"]);
    check(
        &home,
        "First Name,E-mail Address,E-mail Address,Business Phone,Business Street,Business City\nAnn,,,,,\n",
        &["both mean `email`: decide each, such as `--map '#2=email' --map '#3=other_email'`"],
    );
    home.write("a.csv", ",Nome\nACME,Anna\n");
    let maps = ["--map", "Nome=first_name", "--map", "#1=company"];
    let report = home.json(&[&["import", "a.csv"], &maps[..]].concat(), 0);
    assert_eq!((&report["created"], &report["warnings"]), (&json!(1), &json!([])));
    let saved = home.json(&[&["import", "mapping", "save", "mine", "a.csv"], &maps[..]].concat(), 1);
    assert_eq!(saved["error"]["code"], "MAPPING_NAMELESS");
}

#[test]
fn what_cannot_be_mapped_is_refused_with_the_way_out() {
    let home = Home::new();
    home.run(&["field", "add", "tier", "--type", "text", "--label", "Account tier"]).exits(0);
    home.write("a.csv", "Last name,Phone,Phone,Phone,Klasse\nLee,+85291234567,,,Gold\n");
    #[track_caller]
    fn check(home: &Home, maps: &str, expected: &str) {
        let maps = maps.split_whitespace().flat_map(|map| ["--map", map]);
        let args: Vec<&str> = ["import", "a.csv", "--again"].into_iter().chain(maps).collect();
        let ran = home.run(&args);
        assert_ne!(ran.status, 0, "{ran:#?}");
        assert!(ran.stderr.contains(expected), "{expected}: {}", ran.stderr);
    }
    check(&home, "", "columns 2, 3 and 4 have the same header `Phone`, and all mean `other_phone`");
    check(&home, "", "`--map '#2=other_phone' --map '#3=mobile' --map '#4=work_phone'`");
    check(&home, "Phone=mobile", "name them by number: `#2`, `#3`, `#4`");
    check(&home, "#9=mobile", "the file has 5 columns\nhint: columns with headers count from `#1` to `#5`");
    check(&home, "#2=mobile #3=- #4=- #2=work_phone", "is mapped twice: to `mobile` and to `work_phone`");
    check(&home, "#2=mobile #3=mobile #4=-", "both mean `mobile`");
    check(&home, "#2=- #3=- #4=- Klas=custom.tier", "did you mean `Klasse`?");
    home.run(&["field", "disable", "tier"]).exits(0);
    for field in ["custom.tier", "tier", "AccountTier"] {
        check(&home, &format!("#2=- #3=- #4=- Klasse={field}"), "the custom field `tier` is disabled");
    }
    home.run(&["field", "enable", "tier"]).exits(0);
    for (at, field) in ["custom.tier", "TIER", "account_tier"].iter().enumerate() {
        home.write(&format!("b{at}.csv"), format!("Last name,Klasse\nLee{at},Gold\n"));
        home.json(&["import", &format!("b{at}.csv"), "--map", &format!("Klasse={field}")], 0);
    }
    assert_eq!(home.json(&["search", "--custom", "tier=Gold"], 0)["total"], 3);
}

#[test]
fn mappings_are_saved_recognised_and_switched_off() {
    let home = Home::new();
    home.write("a.csv", "Vorname;Nachname;Ort\nAnn;Lee;Bern\n");
    let maps = ["--map", "Vorname=first_name", "--map", "nach name=last_name", "--map", "Ort=city"];
    let saved = home.json(&[&["import", "mapping", "save", "CRM", "a.csv"], &maps[..]].concat(), 0);
    assert_eq!(saved["columns"][2], json!({ "header": "Ort", "field": "city" }));
    home.write("b.csv", "ORT;vor_name;Nachname\nBasel;Bob;Ray\n");
    let report = home.json(&["import", "b.csv"], 0);
    assert_eq!(report["mapping"], json!({ "name": "CRM", "bundled": false }));
    assert_eq!(home.json(&["search", "ray"], 0)["contacts"][0]["address"]["city"], "Basel");
    home.run(&["import", "b.csv", "--again", "--mapping", "none"]).exits(1);
    home.write("c.csv", "Nachname,Vorname,Land\nFox,Cy,Italy\n");
    let report = home.json(&["import", "c.csv", "--mapping", "crm", "--map", "Land=country"], 0);
    assert_eq!((&report["mapping"]["name"], &report["created"]), (&json!("CRM"), &json!(1)));
    assert!(
        home.json(&["import", "c.csv", "--dry-run", "--mapping", "crm 1"], 1)["error"]["hint"]
            .to_string()
            .contains("CRM")
    );
    home.json(&[&["import", "mapping", "save", "Other", "b.csv"], &maps[..4]].concat(), 0);
    let doubt = home.json(&["import", "b.csv", "--again"], 1);
    assert_eq!(doubt["error"]["code"], "MAPPING_DOUBTFUL");
    assert!(doubt["error"]["hint"].to_string().contains("`--mapping 'CRM'` or `--mapping 'Other'`"), "{doubt:#}");
}

#[test]
fn saved_mappings_are_their_authors_and_admins_to_change() {
    let home = Home::new();
    for (name, role) in [("Ann", "agent"), ("Bob", "agent"), ("Root", "admin")] {
        home.json(&["staff", "add", &format!("name={name}"), &format!("role={role}")], 0);
    }
    home.write("a.csv", "Nachname\nLee\n");
    let save = |by: &str, more: &[&str], status| {
        let args = ["--as", by, "import", "mapping", "save", "crm", "a.csv", "--map", "Nachname=last_name"];
        home.json(&[&args[..], more].concat(), status)
    };
    save("Ann", &[], 0);
    assert_eq!(save("Ann", &[], 1)["error"]["code"], "MAPPING_EXISTS");
    assert_eq!(save("Ann", &["--replace"], 0)["replaced"], true);
    assert_eq!(save("Bob", &["--replace"], 1)["error"]["code"], "FORBIDDEN");
    assert_eq!(home.json(&["--as", "Bob", "import", "mapping", "show", "CRM"], 0)["saved"]["by"], "Ann");
    let delete = |by: &str, name: &str, status| {
        home.json(&["--as", by, "import", "mapping", "delete", name, "--yes"], status)["error"]["code"].clone()
    };
    assert_eq!(delete("Bob", "crm", 1), "FORBIDDEN");
    assert_eq!(delete("Root", "crm", 0), Value::Null);
    assert_eq!(delete("Root", "crm", 1), "MAPPING_UNKNOWN");
    assert_eq!(delete("Root", "outlook", 1), "MAPPING_BUNDLED");
    let all = home.json(&["import", "mapping", "list"], 0);
    assert_eq!(all["mappings"].as_array().map(Vec::len), Some(5), "those that come with Carnet");
    let named = home.json(&["import", "mapping", "save", "Outlook", "a.csv", "--map", "Nachname=last_name"], 2);
    assert_eq!(named["error"]["code"], "MAPPING_NAME");
}

#[test]
fn a_resumed_job_goes_by_the_mapping_that_it_began_with() {
    let home = Home::new();
    home.write("a.csv", "Vorname,Nachname,Ort\nAnn,Lee,Bern\nBob,Ray,Basel\n");
    let maps = ["--map", "Vorname=first_name", "--map", "Nachname=last_name", "--map", "Ort=city"];
    home.json(&[&["import", "mapping", "save", "crm", "a.csv"], &maps[..]].concat(), 0);
    home.json(&["import", "a.csv"], 0);
    let wrong = ["--map", "Vorname=last_name", "--map", "Nachname=first_name", "--map", "Ort=company", "--replace"];
    home.json(&[&["import", "mapping", "save", "crm", "a.csv"], &wrong[..]].concat(), 0);
    let stop = || {
        let book = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the book");
        let sql = "UPDATE job SET state = 'stopped', committed_record = 1, read = 1, created = 1 WHERE id = 1";
        assert_eq!(book.execute(sql, []).expect("a job"), 1);
    };
    for _ in ["changed", "deleted"] {
        stop();
        let report = home.json(&["import", "a.csv", "--resume", "1"], 0);
        assert_eq!((&report["mapping"]["name"], &report["created"]), (&json!("crm"), &json!(2)));
        let found = home.json(&["search", "ray"], 0);
        let all = found["contacts"].as_array().expect("contacts");
        assert!(all.iter().all(|it| it["first_name"] == "Bob" && it["address"]["city"] == "Basel"), "{found:#}");
        home.run(&["import", "mapping", "delete", "crm", "--yes"]);
    }
}

#[test]
fn what_failed_of_an_export_comes_back_as_what_it_was() {
    let home = Home::new();
    let file = fixture("exports/google-contacts.csv");
    home.json(&["import".as_ref(), file.as_os_str()], 3);
    let repaired = home.read("ErrorDetail.csv").replace("8.5291E+10", "+85291234568").replace("'", "");
    home.write("ErrorDetail.csv", repaired);
    let report = home.json(&["import", "ErrorDetail.csv", "--map", "Birthday=-"], 3);
    assert_eq!(report["mapping"]["name"], "google-contacts");
    assert_eq!((&report["created"], &report["failed"]), (&json!(3), &json!(1)), "{report:#}");
    let found = home.json(&["search", "o'neill"], 0);
    assert_eq!(found["contacts"][0]["phones"][0]["e164"], "+85291234568");
}

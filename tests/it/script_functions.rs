//! `carnet plugin functions`, and what the guide for scripts shows of it and of a wrong script.

use crate::support::{Home, root};

fn guide() -> String {
    std::fs::read_to_string(root().join("scripts/README.md")).expect("the guide for scripts")
}

#[test]
fn functions_are_found_by_name_by_word_and_by_what_they_are_about() {
    let home = Home::new();
    let one = home.run(&["plugin", "functions", "years_between"]).exits(0).stdout;
    assert!(guide().contains(one.trim_end()), "the guide shows something other than\n{one}");
    let phones = home.json(&["plugin", "functions", "phone", "--json"], 0);
    let usages: Vec<&str> =
        phones["functions"].as_array().expect("an array").iter().filter_map(|entry| entry["usage"].as_str()).collect();
    assert!(usages.contains(&"phone_country(number)") && usages.contains(&"find_phones(text, country)"), "{usages:?}");
    assert_eq!(phones["functions"][0]["examples"].as_array().map(Vec::is_empty), Some(false));
    let all = home.run(&["plugin", "functions"]).exits(0).stdout;
    assert!(all.contains("\nTexts\n  title_case(text)\n"), "{all}");
    let none = home.run(&["plugin", "functions", "frobnicate"]).exits(1);
    assert!(none.stderr.contains("`frobnicate`") && none.stderr.contains("plugin functions"), "{}", none.stderr);
}

#[test]
fn a_wrong_script_is_told_with_its_line_and_what_was_meant() {
    let home = Home::new();
    home.write("scripts/shout.rhai", "fn on_create(contact) {\n    contact.company = uper(contact.company);\n}\n");
    let told = home.run(&["plugin", "check", "scripts/shout.rhai"]).exits(1).stderr;
    assert!(guide().contains(told.trim_end()), "the guide shows something other than\n{told}");
}

//! Settings files, sound and not.

use super::*;

fn faults(text: &str) -> Vec<String> {
    let faults = Settings::parse(text, None).expect_err("the text is at fault");
    faults
        .into_iter()
        .map(|fault| format!("{}:{} {} | {}", fault.line, fault.column, fault.message, fault.hint.unwrap_or_default()))
        .collect()
}

#[test]
fn a_profile_presets_and_any_key_can_be_set_on_its_own() {
    let settings = Settings::parse("profile = \"genesys\"\nsms_default = true\n", None).unwrap();
    assert_eq!(settings.required_names, RequiredNames::FirstAndLast);
    assert!(settings.sms_default);
    let overruled = Settings::parse("profile = \"genesys\"", Some(Profile::Cinnox)).unwrap();
    assert_eq!(overruled.required_names, RequiredNames::Last);
    assert_eq!(Settings::of_profile(Profile::Maaiiconnect).phone_mode, PhoneMode::Strict);
}

#[test]
fn every_fault_is_reported_with_its_place_and_a_way_out() {
    let text = "phone_mode = \"loose\"\nphone_mod = \"strict\"\nworkers = 1000\ndefault_country = \"Hong Kon\"\n[plugins.x]\nmodus = \"off\"\n";
    let found = faults(text);
    assert_eq!(found.len(), 5, "{found:#?}");
    assert_eq!(found[0], "1:14 `phone_mode` must be one of `lenient`, `strict` | ");
    assert_eq!(found[1], "2:1 unknown key `phone_mod` | did you mean `phone_mode`?");
    assert_eq!(found[2], "3:11 `workers` must be a whole number from 0 to 64 | ");
    assert!(found[3].starts_with("4:19 `default_country`:"), "{}", found[3]);
    assert!(found[4].contains("`plugins.x` has no key `modus`"), "{}", found[4]);
}

#[test]
fn broken_toml_names_its_line() {
    assert!(faults("profile = \"cinnox\"\nworkers = = 2\n")[0].starts_with("2:"));
}

#[test]
fn plugins_are_granted_and_configured() {
    let text = "[plugins.guard]\nmode = \"observe\"\ngrants = [\"lookup\"]\npriority = 10\n[plugins.guard.config]\nlist = [\"a\", \"b\"]\nlimit = 0x10\n";
    let plugin = &Settings::parse(text, None).unwrap().plugins["guard"];
    assert_eq!((plugin.mode, plugin.priority), (PluginMode::Observe, Some(10)));
    assert_eq!(plugin.grants, ["lookup"]);
    assert_eq!(plugin.config["limit"].as_integer(), Some(16));
}

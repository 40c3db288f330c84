//! Tests of custom fields: what each type takes, what becomes of the schema.

use proptest::prelude::*;

use super::*;

fn field(key: &str, kind: CustomKind) -> CustomField {
    let options = match kind {
        CustomKind::Dropdown => vec!["Gold".to_owned(), "Silver & Co, Ltd".to_owned()],
        _ => Vec::new(),
    };
    CustomField { key: key.to_owned(), label: String::new(), kind, options, required: false, enabled: true }
}

/// A schema with a field of every type, its key the type's name.
fn every_type() -> Schema {
    CustomKind::ALL
        .iter()
        .fold(Schema::default(), |schema, kind| schema.with_field(field(kind.as_str(), *kind)).unwrap())
}

fn read(key: &str, value: &str) -> Result<String, &'static str> {
    every_type().check(key, value, &Rules::for_tests()).map_err(|invalid| invalid.code)
}

#[track_caller]
fn check(key: &str, value: &str, expected: Result<&str, &'static str>) {
    assert_eq!(read(key, value), expected.map(str::to_owned), "{key}: {value}");
}

#[test]
fn texts_keep_their_limits() {
    check("text", "  Gold \u{200b}", Ok("Gold"));
    check("text", " \u{feff}", Err("CUSTOM_EMPTY"));
    check("text", "a\nb", Err("CUSTOM_CONTROL"));
    check("text", &"é".repeat(100), Ok(&"é".repeat(100)));
    check("text", &"é".repeat(101), Err("CUSTOM_TOO_LONG"));
    check("textarea", "a\nb\tc", Ok("a\nb\tc"));
    check("textarea", &"x".repeat(1001), Err("CUSTOM_TOO_LONG"));
    check("identifier", "A-17", Ok("A-17"));
    check("identifier", "a\0", Err("CUSTOM_CONTROL"));
}

#[test]
fn numbers_are_exact_or_refused() {
    check("integer", "007", Ok("7"));
    check("integer", "-0", Ok("0"));
    check("integer", "+５", Ok("5"));
    check("integer", "5.0", Ok("5"));
    check("integer", "9007199254740991", Ok("9007199254740991"));
    check("integer", "9007199254740992", Err("CUSTOM_RANGE"));
    check("integer", "99999999999999999999", Err("CUSTOM_RANGE"));
    for bad in ["5.5", "1,000", "1E+05", "-", "0x10", "5.", "--5", "five"] {
        check("integer", bad, Err("CUSTOM_INTEGER"));
    }
    check("number", "-01.50", Ok("-1.5"));
    check("number", ".5", Ok("0.5"));
    check("number", "-0.00", Ok("0"));
    check("number", "1234567890.12345", Ok("1234567890.12345"));
    check("number", "1234567890.123456", Err("CUSTOM_RANGE"));
    for bad in ["1,5", "1e5", "NaN", "inf", ".", "1.2.3", "$5"] {
        check("number", bad, Err("CUSTOM_NUMBER"));
    }
    check("checkbox", "TRUE", Ok("yes"));
    check("checkbox", "off", Ok("no"));
    check("checkbox", "maybe", Err("CUSTOM_CHECKBOX"));
}

#[test]
fn dates_may_lie_ahead_and_are_stored_in_one_form() {
    check("date", "12/31/2099", Ok("2099-12-31"));
    check("date", "2099-12-31", Ok("2099-12-31"));
    check("date", "31/12/2099", Err("CUSTOM_DATE"));
    check("date", "45000", Err("CUSTOM_DATE"));
    check("datetime", "2026-12-31 23:59", Ok("2026-12-31T23:59:00Z"));
    check("datetime", "2026-12-31T23:59:00+08:00", Ok("2026-12-31T15:59:00Z"));
    check("datetime", "2026-12-31T23:59:00.25Z", Ok("2026-12-31T23:59:00.250Z"));
    for bad in ["2026-12-31", "2026-12-31 25:00", "9999-12-31T23:59:59-01:00", "tomorrow"] {
        check("datetime", bad, Err("CUSTOM_DATETIME"));
    }
}

#[test]
fn choices_and_addresses_are_stored_as_the_schema_writes_them() {
    check("dropdown", "gold", Ok("Gold"));
    check("dropdown", "SILVER & CO, LTD", Ok("Silver & Co, Ltd"));
    let refused = every_type().check("dropdown", "Bronze", &Rules::for_tests()).unwrap_err();
    assert_eq!(refused.code, "CUSTOM_OPTION");
    assert_eq!(refused.hint.as_deref(), Some("use one of Gold, Silver & Co, Ltd"));
    check("url", "HTTPS://Example.com/A?b=c#d", Ok("https://Example.com/A?b=c#d"));
    check("url", "http://[::1]:8080/", Ok("http://[::1]:8080/"));
    for bad in
        ["example.com", "ftp://a.b", "javascript://x", "https://", "https://a b", "https://a:99999", "https://?q"]
    {
        check("url", bad, Err("CUSTOM_URL"));
    }
    check("tags", "a; B ,b;; c", Ok("a; B; c"));
    check("tags", ";,", Err("CUSTOM_TAGS"));
}

#[test]
fn tags_are_added_and_removed_one_by_one() {
    let (schema, rules) = (every_type(), Rules::for_tests());
    let mut values = BTreeMap::new();
    schema.add(&mut values, "tags", "red", &rules).unwrap();
    schema.add(&mut values, "tags", "blue; RED", &rules).unwrap();
    assert_eq!(values["tags"], "red; blue");
    assert!(schema.remove(&mut values, "tags", "Red", &rules).unwrap());
    assert!(!schema.remove(&mut values, "tags", "green", &rules).unwrap());
    assert_eq!(values["tags"], "blue");
    assert!(schema.remove(&mut values, "tags", "blue", &rules).unwrap());
    schema.set(&mut values, "checkbox", "1", &rules).unwrap();
    assert!(schema.remove(&mut values, "checkbox", "TRUE", &rules).unwrap());
    assert_eq!(values, BTreeMap::new());
}

#[test]
fn a_whole_record_is_settled_at_once() {
    let (schema, rules) = (every_type(), Rules::for_tests());
    let required = FieldEdit { required: Some(true), ..FieldEdit::default() };
    let schema = schema.with_edit("dropdown", &required).unwrap().with_edit("url", &required).unwrap();
    let before =
        BTreeMap::from([("number".to_owned(), "legacy".to_owned()), ("date".to_owned(), "2026-01-01".to_owned())]);
    let mut values = before.clone();
    values.remove("date");
    for (key, value) in [("checkbox", "1"), ("integer", "x"), ("dropdown", "none")] {
        values.insert(key.to_owned(), value.to_owned());
    }
    let problems = schema.settle(&before, &mut values, &rules);
    let told: Vec<_> =
        problems.iter().map(|problem| (problem.field.as_deref().unwrap_or("-"), &*problem.code)).collect();
    assert_eq!(
        told,
        [("custom.dropdown", "CUSTOM_OPTION"), ("custom.integer", "CUSTOM_INTEGER"), ("custom.url", "CUSTOM_MISSING")]
    );
    let kept: Vec<_> = values.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(kept, ["checkbox=yes", "number=legacy"], "what was there before is not looked at");
}

#[test]
fn a_disabled_field_keeps_its_values_and_takes_none() {
    let rules = Rules::for_tests();
    let off = FieldEdit { enabled: Some(false), ..FieldEdit::default() };
    let schema = every_type().with_edit("text", &off).unwrap();
    let mut values = BTreeMap::from([("text".to_owned(), "kept".to_owned()), ("wild".to_owned(), "x".to_owned())]);
    for value in ["new", ""] {
        let refused = schema.set(&mut values, "text", value, &rules).unwrap_err();
        assert_eq!(
            (refused.code, refused.hint.as_deref()),
            ("CUSTOM_DISABLED", Some("enable it with `carnet field enable text`"))
        );
    }
    assert_eq!(values["text"], "kept");
    schema.hide(&mut values);
    assert_eq!(values.keys().collect::<Vec<_>>(), ["wild"]);
    assert!(schema.set(&mut values, "text", " ", &rules).is_ok(), "nothing is there to be cleared");
}

#[test]
fn unknown_fields_are_taken_as_text_or_refused() {
    let (schema, mut rules) = (every_type(), Rules::for_tests());
    assert_eq!(schema.check("other", " a\nb ", &rules).unwrap(), "a\nb");
    let slip = schema.check("INTEGER", "1", &rules).unwrap_err();
    assert_eq!((slip.code, slip.hint.as_deref()), ("CUSTOM_UNKNOWN", Some("did you mean `integer`?")));
    rules.unknown_custom_fields = UnknownCustomFields::Reject;
    let refused = schema.check("integr", "1", &rules).unwrap_err();
    assert_eq!((refused.code, refused.hint.as_deref()), ("CUSTOM_UNKNOWN", Some("did you mean `integer`?")));
    let mut values = BTreeMap::from([("old".to_owned(), "x".to_owned())]);
    schema.set(&mut values, "old", "", &rules).unwrap();
    assert_eq!(values, BTreeMap::new());
}

#[test]
fn a_schema_grows_by_versions_and_tells_what_changed() {
    let first = Schema::default().with_field(field("account_tier", CustomKind::Dropdown)).unwrap();
    assert_eq!((first.version, first.fields[0].label.as_str()), (1, "Account tier"));
    let edit =
        FieldEdit { options: Some(vec!["Gold".to_owned()]), required: Some(true), enabled: Some(false), label: None };
    let second = first.with_edit("account_tier", &edit).unwrap();
    assert_eq!(
        first.changes(&second),
        ["`account_tier`: options Gold, Silver & Co, Ltd → Gold", "`account_tier` required", "`account_tier` disabled"]
    );
    assert_eq!(Schema::default().changes(&first), ["`account_tier` added (dropdown)"]);
    assert_eq!(second.missing(&BTreeMap::new()), [], "a disabled field is not required");
    assert_eq!(second.for_header("ACCOUNT TIER"), None);
    assert_eq!(first.for_header("ACCOUNT TIER").unwrap().to_string(), "custom.account_tier");
    assert_eq!(first.for_header("Custom.Account_Tier").unwrap().to_string(), "custom.account_tier");
}

#[test]
fn unsound_fields_are_refused() {
    let schema = every_type();
    let code = |field: CustomField| schema.with_field(field).unwrap_err().code;
    for key in ["", "Tier", "a b", "é", &"x".repeat(65), "a.b"] {
        assert_eq!(code(field(key, CustomKind::Text)), "CUSTOM_KEY", "{key}");
    }
    assert_eq!(code(field("text", CustomKind::Integer)), "CUSTOM_EXISTS");
    assert_eq!(code(CustomField { label: "TEXT".to_owned(), ..field("other", CustomKind::Text) }), "CUSTOM_LABEL");
    assert_eq!(code(CustomField { options: vec![], ..field("d", CustomKind::Dropdown) }), "CUSTOM_OPTIONS");
    let twice = vec!["a".to_owned(), "A".to_owned()];
    assert_eq!(code(CustomField { options: twice, ..field("d", CustomKind::Dropdown) }), "CUSTOM_OPTIONS");
    assert_eq!(code(CustomField { options: vec!["a".to_owned()], ..field("d", CustomKind::Text) }), "CUSTOM_OPTIONS");
    assert_eq!(schema.with_edit("none", &FieldEdit::default()).unwrap_err().code, "CUSTOM_UNKNOWN");
}

#[test]
fn only_identifiers_in_use_are_claimed() {
    let schema = every_type();
    let values = BTreeMap::from([("identifier".to_owned(), "Ｉd-1".to_owned()), ("text".to_owned(), "x".to_owned())]);
    let claims = schema.claims(None, &values);
    assert_eq!((claims.len(), claims[0].folded.as_str(), claims[0].fresh), (1, "id-1", true));
    assert!(!schema.claims(Some(&values), &values)[0].fresh);
    let off = FieldEdit { enabled: Some(false), ..FieldEdit::default() };
    assert!(!schema.with_edit("identifier", &off).unwrap().has_identifiers());
}

proptest! {
    #[test]
    fn what_is_stored_is_accepted_again_unchanged(
        at in 0..CustomKind::ALL.len(),
        value in "(-?[0-9]{1,4}[./-]?[0-9]{0,4}[./-]?[0-9]{0,4}|[a-zA-Z ;,]{0,12}|https?://[a-z.:/@?#0-9]{1,9}|\\PC{0,8}\
                  |[0-9]{4}-0[1-9]-[0-2][0-9][ T][0-2][0-9]:[0-5][0-9](:[0-6][0-9])?(\\.[0-9]{1,9})?(Z|[+-]0[0-9]:30)?)",
    ) {
        let key = CustomKind::ALL[at].as_str();
        if let Ok(stored) = read(key, &value) {
            prop_assert!(!stored.is_empty());
            prop_assert_eq!(read(key, &stored), Ok(stored));
        }
    }
}

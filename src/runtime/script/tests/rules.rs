//! Rules: they give just what their patterns give one by one, however many there are, and say what is wrong with them.

use proptest::prelude::*;

use super::*;

/// Patterns that differ in what a set of them could get wrong: flags, anchors, word boundaries, other scripts, matches of nothing.
const PATTERNS: [&str; 12] = [
    "(?i)^(ceo)$",
    "(?i)\\b(ceo|head of)\\b",
    "(?i)(经理)",
    "^$",
    "a*",
    "[@.](acme)$",
    "(?s)a.b",
    "\\bé",
    "ß|ss",
    "(?-u:\\b)z",
    "k",
    "(?i)k",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => prop::sample::select(vec!["", "ceo", "CEO", "Head of z", "市场部经理", "x@acme", "a\nb", "été", "STRASSE", "\u{212a}", "aceo"])
            .prop_map(str::to_owned),
        1 => "[aA cekKzZßé经理@.]{1,12}",
        1 => "\\PC{1,12}",
    ]
}

/// What rules for these patterns give, as one call and one by one.
const BOTH: &str = "
    const RULES = rules(LIST);
    fn told(texts) { join(texts, \"+\") }
    fn on_create(contact) {
        log_info(told(RULES.fitting(contact)));
        let found = [];
        for rule in LIST {
            if contact.matches(rule.field, rule.pattern) && !(rule.gives in found) { found.push(rule.gives); }
        }
        log_info(told(found));
    }";

fn rule(field: &str, pattern: &str, gives: usize) -> String {
    format!("#{{field: \"{field}\", pattern: `{pattern}`, gives: \"{gives}\"}}")
}

fn logged(rules: &[String], contact: Contact) -> Vec<String> {
    let code = format!("const LIST = [{}];\n{BOTH}", rules.join(", "));
    let hand = ContactHand { sheet: sheet(contact), before: None };
    let returned = call(&code, Hook::Create, begun(Subject::Contact(Box::new(hand)), Terms::open(9)));
    assert_eq!(returned.outcome, Ok(Verdict::Accept));
    returned.log.into_iter().map(|line| line.text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn rules_give_what_their_patterns_give_one_by_one(
        chosen in prop::collection::vec((0..2usize, 0..PATTERNS.len(), 0..4usize), 1..9),
        company in texts(),
        title in texts(),
    ) {
        let rules: Vec<String> =
            chosen.iter().map(|(field, at, gives)| rule(["company", "job_title"][*field], PATTERNS[*at], *gives)).collect();
        let ann = Contact { company: Some(company), job_title: Some(title), ..ann() };
        let told = logged(&rules, ann);
        prop_assert_eq!(&told[0], &told[1]);
    }
}

#[test]
fn more_rules_than_fit_together_are_searched_in_parts() {
    // Each takes a good part of what may be compiled together, and a tenth of them fits.
    let rules: Vec<String> = (0..40).map(|n| rule("company", &format!(r"\pL\pL{}$", n % 10), n)).collect();
    let told = logged(&rules, Contact { company: Some("Acme3".into()), ..ann() });
    assert_eq!(told, ["3+13+23+33", "3+13+23+33"]);
}

#[test]
fn what_is_wrong_with_rules_is_told_when_the_script_is_loaded() {
    let refused = |rules: &str| {
        let error =
            ScriptRuntime::new().load(&package(&format!("const RULES = rules({rules});\nfn on_create(contact) {{ }}")));
        let error = error.err().expect("such rules keep a script from loading");
        assert_eq!(error.position.map(|position| position.line), Some(1), "{rules}");
        error.message
    };
    let written = "`rules` takes an array of maps `#{field: …, pattern: …, gives: …}`, not";
    assert_eq!(refused("\"company\""), format!("{written} a text"));
    assert_eq!(refused("[1]"), format!("{written} a whole number"));
    let parts = "`rules`: a rule has a `field`, a `pattern` and what it `gives`, none of them empty, and nothing else";
    for wrong in ["#{}", "#{field: \"a\", pattern: \"a\"}", "#{field: \"a\", pattern: \"\", gives: \"a\"}"] {
        assert_eq!(refused(&format!("[{wrong}]")), parts);
    }
    assert_eq!(refused("[#{field: \"a\", pattern: \"a\", gives: \"a\", gibt: \"a\"}]"), parts);
    let open = refused(&format!("[{}, {}]", rule("company", "a", 1), rule("company", "(", 2)));
    assert!(open.starts_with("`(` is no pattern: "), "{open}");
    let long = refused(&format!("[{}]", rule("company", &"a".repeat(1001), 1)));
    assert_eq!(long, "a pattern has at most 1000 bytes, this one has 1001");
    let many: Vec<String> = (0..33).map(|n| rule(&format!("f{n}"), "a", n)).collect();
    assert!(refused(&format!("[{}]", many.join(", "))).starts_with("`rules`: these rules are too large"));
}

#[test]
fn a_field_that_is_not_there_and_a_text_that_is_too_long_are_told() {
    let fails = |field: &str| {
        let code = format!(
            "const RULES = rules([{}]);\nfn on_create(contact) {{\n    RULES.fitting(contact);\n}}",
            rule(field, "a", 1)
        );
        let mut long = ann();
        long.company = Some("x".repeat(17_000));
        let hand = ContactHand { sheet: sheet(long), before: None };
        let returned = call(&code, Hook::Create, begun(Subject::Contact(Box::new(hand)), Terms::open(9)));
        let fault = returned.outcome.expect_err("a fault");
        (fault.message, fault.position.map(|position| position.line))
    };
    let (message, line) = fails("compani");
    assert!(message.contains("`compani`") && line == Some(3), "{message} {line:?}");
    assert_eq!(
        fails("company"),
        ("patterns search texts of at most 16384 bytes, this one has 17000".to_owned(), Some(3))
    );
}

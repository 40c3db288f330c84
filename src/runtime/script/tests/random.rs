//! Every function, property and index with values of every kind: a value or an error comes out, within the limits, and never a panic.

use proptest::prelude::*;
use rhai::{Array, Dynamic, Map, Scope};

use super::*;
use crate::runtime::script::call::Call;
use crate::runtime::script::engine::{MAX_ARRAY, MAX_STRING, engine};
use crate::runtime::script::memory::weigh;
use crate::runtime::script::things;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "\\PC{0,12}",
        1 => "[0-9+(). -]{0,24}",
        1 => "[a-z.]{0,6}@[a-z.]{0,6}",
        2 => prop::sample::select(vec![
            "", " ", "\u{feff}", "\0", "ß", "İ", "ﬁ", "陈大文", "e\u{301}", "🙂", "--06-12", "1604-01-01", "31/12/1999", "9999-12-31", "DD/MM/YYYY",
            "YY", "MMM D, YYYY*", "1.234,50", "1 234,50", "(1,234)", "=", "a=b", "(?i)a|b", "(a)(?P<b>b)?", "$1", "HK", "+85291234567",
            "mobile", "labels", "custom.x", "Ann <ann@example.com>", "\"a,b\"", "-", "*",
        ]).prop_map(str::to_owned),
        1 => (prop::char::any(), 0..MAX_STRING / 4).prop_map(|(c, count)| c.to_string().repeat(count)),
        1 => ("[a-c0-9 /;,]{1,4}", 0..12_000usize).prop_map(|(part, count)| part.repeat(count)),
    ]
}

fn scalar() -> impl Strategy<Value = Dynamic> {
    prop_oneof![
        1 => Just(Dynamic::UNIT),
        1 => any::<bool>().prop_map(Dynamic::from),
        1 => prop_oneof![any::<i64>(), -3..40i64].prop_map(Dynamic::from),
        1 => prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY)].prop_map(Dynamic::from),
        1 => any::<char>().prop_map(Dynamic::from),
        6 => text().prop_map(Dynamic::from),
    ]
}

/// A value, or the name of something that is made in the scope.
fn value() -> impl Strategy<Value = Dynamic> {
    prop_oneof![
        6 => scalar(),
        1 => prop::collection::vec(scalar(), 0..6).prop_map(|items| Dynamic::from(items.into_iter().collect::<Array>())),
        1 => prop::collection::vec(("[a-z]{1,4}", scalar()), 0..4).prop_map(|pairs| {
            Dynamic::from(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>())
        }),
        1 => "[a-z=]{0,9}".prop_map(|item| Dynamic::from(vec![Dynamic::from(item); 30])),
    ]
}

fn subjects() -> [(Hook, Subject); 4] {
    [
        (Hook::ImportRow, row(&[("Full Name", "Lee"), ("Mobile", "1")])),
        (Hook::Update, contact_in_hand(Terms::open(256))),
        (Hook::Merge, merge_in_hand()),
        (Hook::Enquiry, enquiry_in_hand(true)),
    ]
}

/// What is called: all functions with as many arguments as they take, and properties and indexes of the thing.
fn calls() -> Vec<String> {
    let mut calls = vec![
        "thing[a]".to_owned(),
        "thing[a] = b".to_owned(),
        "a[b]".to_owned(),
        "codes[a]".to_owned(),
        "names[a]".to_owned(),
    ];
    calls.extend(
        [
            "for x in names { }",
            "for x in codes { }",
            "a in names",
            "a in codes",
            "names == codes",
            "`${names} ${codes} ${checks}`",
        ]
        .map(str::to_owned),
    );
    for known in super::super::registered() {
        match known.kind {
            Kind::Function => {
                let arguments = ["a", "b", "c", "d"].get(..known.arity()).unwrap_or_default();
                calls.push(format!("{}({})", known.name, arguments.join(", ")));
                for first in ["thing", "names", "codes", "checks"] {
                    let rest = arguments.get(1..).unwrap_or_default();
                    calls.push(format!("{first}.{}({})", known.name, rest.join(", ")));
                }
            }
            Kind::Getter(_) => calls.push(format!("thing.{}", known.name)),
            Kind::Setter(_) => calls.push(format!("thing.{} = a", known.name)),
            _ => {}
        }
    }
    calls.sort();
    calls.dedup();
    calls
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn any_call_gives_a_value_or_an_error(values in prop::collection::vec(value(), 4), items in prop::collection::vec("[a-z]{0,3}", 0..5)) {
        let package = Package { grants: Grants { lookup: true, state: true }, ..package("fn on_create(contact) { }") };
        let terms = Arc::new(super::super::load::Terms::new(&package));
        let services = Services { lookup: Some(Arc::new(Book)), state: Some(Arc::new(Memory)) };
        let call = Arc::new(Call::new(terms, services));
        let engine = engine(&call, None);
        for (hook, subject) in subjects() {
            let number = call.begin(Some(subject));
            let (things::Arguments::One(thing) | things::Arguments::Two(thing, _)) = things::arguments(hook, &call, number);
            let mut scope = Scope::new();
            for (name, value) in ["a", "b", "c", "d"].into_iter().zip(&values) {
                scope.push(name, value.clone());
            }
            scope.push("thing", thing);
            scope.push("items", items.iter().map(|item| Dynamic::from(item.clone())).collect::<Array>());
            call.meter.start(std::time::Instant::now(), std::time::Duration::from_secs(60));
            let made = engine.run_with_scope(&mut scope, "let names = list(items); let codes = table(#{a: \"1\", b: \"2\"}); let checks = rules([#{field: \"company\", pattern: \"a\", gives: \"b\"}]);");
            prop_assert!(made.is_ok());
            for code in calls() {
                call.meter.start(std::time::Instant::now(), std::time::Duration::from_secs(60));
                let mut scope = scope.clone();
                if let Ok(value) = engine.eval_with_scope::<Dynamic>(&mut scope, &code) {
                    let weight = weigh(&value, 0).expect("no result is nested deep");
                    prop_assert!(weight <= 4 * MAX_STRING + 100 * MAX_ARRAY, "{code} gave {weight} bytes");
                }
                call.desk().problems.clear();
                call.desk().said_bytes = 0;
                call.desk().log_bytes = 0;
            }
        }
    }
}

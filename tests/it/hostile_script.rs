//! Scripts that mean harm, or do it by mistake: each ends by the right fault, soon, and the next call is served as if nothing had been.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carnet::domain::contact::{Contact, Stamp};
use carnet::domain::date::DateFormat;
use carnet::domain::draft::Draft;
use carnet::domain::id::ContactId;
use carnet::domain::language::LanguageNames;
use carnet::domain::phone::PhoneMode;
use carnet::domain::rules::{MissingLastName, RequiredNames, Rules, UnknownCustomFields, UnknownLabels};
use carnet::plugin::budget::Budget;
use carnet::plugin::fault::{Fault, FaultKind};
use carnet::plugin::hand::{ContactHand, Sheet, Subject, Terms};
use carnet::plugin::hook::Hook;
use carnet::plugin::package::{EngineKind, Grants, Identity, LoadError, Package};
use carnet::plugin::service::Services;
use carnet::plugin::verdict::Verdict;
use carnet::plugin::{Plugin, Session};
use carnet::runtime::script::ScriptRuntime;

/// Far more than any call may take, and far less than any of these scripts wants; machines that run tests are busy.
const SOON: Duration = Duration::from_secs(60);

fn package(code: &[u8], budget: Budget) -> Package {
    let identity =
        Identity { name: "hostile".into(), version: "1.0.0".into(), hash: "0".repeat(64), engine: EngineKind::Rhai };
    Package {
        identity: Arc::new(identity),
        code: code.into(),
        path: "scripts/hostile.rhai".into(),
        grants: Grants::default(),
        budget,
        config: Arc::new(BTreeMap::new()),
    }
}

fn rules() -> Rules {
    Rules {
        missing_last_name: MissingLastName::Customer,
        required_names: RequiredNames::Last,
        phone_mode: PhoneMode::Lenient,
        default_country: None,
        date_format: DateFormat::Mdy,
        accept_serial_dates: false,
        multi_value: false,
        language_names: LanguageNames::Any,
        sms_default: true,
        unknown_labels: UnknownLabels::Create,
        lock_verified: false,
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day of the calendar"),
        schema: Arc::default(),
        unknown_custom_fields: UnknownCustomFields::Accept,
    }
}

fn subject() -> Subject {
    let created = Stamp { at: chrono::DateTime::UNIX_EPOCH, by: "test".into() };
    let draft = Draft::new(Contact::new(ContactId::from_bytes([7; 16]), created));
    let mut subject =
        Subject::Contact(Box::new(ContactHand { sheet: Sheet::new(draft, Arc::new(rules())), before: None }));
    subject.begin(&Arc::new(Terms::open(Budget::STANDARD.edits)));
    subject
}

#[track_caller]
fn load(code: &str, budget: Budget) -> Arc<dyn Plugin> {
    ScriptRuntime::new().load(&package(code.as_bytes(), budget)).unwrap_or_else(|error| panic!("{code}: {error:?}"))
}

/// Calls the script, and then once more with a good contact: whatever it did, the session must still serve.
#[track_caller]
fn fault(code: &str, budget: Budget) -> Fault {
    let script = load(&format!("{code}\nfn on_delete(contact) {{ reject(\"still here\"); }}"), budget);
    let mut session: Box<dyn Session> = script.session(Services::none());
    let started = Instant::now();
    let returned = session.call(Hook::Create, subject());
    let taken = started.elapsed();
    let next = session.call(Hook::Delete, subject());
    assert!(matches!(next.outcome, Ok(Verdict::Reject(_))), "{code}: {:?}", next.outcome);
    assert!(taken < SOON, "{code}: took {taken:?}");
    returned
        .outcome
        .map_err(|fault| (fault, taken))
        .map_or_else(|(fault, _)| fault, |verdict| panic!("{code}: {verdict:?}"))
}

/// With all the time and operations in the world, so that only what is tested can end it.
const PATIENT: Budget = Budget { deadline: Duration::from_secs(60), operations: u64::MAX, ..Budget::STANDARD };

#[track_caller]
fn check(body: &str, kind: FaultKind) {
    let fault = fault(&format!("fn on_create(contact) {{ {body} }}"), PATIENT);
    assert_eq!(fault.kind, kind, "{body}: {fault:?}");
}

/// With a deadline, and no limit on operations.
#[track_caller]
fn check_late(body: &str) {
    let budget = Budget { operations: u64::MAX, ..Budget::STANDARD };
    let fault = fault(&format!("fn on_create(contact) {{ {body} }}"), budget);
    assert_eq!(fault.kind, FaultKind::Deadline, "{body}: {fault:?}");
}

#[test]
fn endless_loops_end() {
    check_late("loop { }");
    check_late("while true { let x = 1; }");
    check_late("for i in 0..9223372036854775807 { contact.city; }");
    check_late("try { loop { } } catch { loop { } }");
    check_late("let f = |x| { loop { } }; f.call(1);");
    let few = Budget { operations: 1000, ..PATIENT };
    let stopped = fault("const X = 1;\nfn on_create(contact) { loop { contact.city; } }", few);
    assert_eq!(stopped.kind, FaultKind::Operations);
    assert!(stopped.message.contains("1000"), "{stopped:?}");
    assert_eq!(stopped.position.map(|position| position.line), Some(2));
}

#[test]
fn a_limit_cannot_be_caught() {
    let few = Budget { operations: 1000, ..PATIENT };
    assert_eq!(fault("fn on_create(c) { try { loop { } } catch { } }", few).kind, FaultKind::Operations);
    check("try { for i in 0..300 { contact.city = `c${i}`; } } catch { }", FaultKind::Edits);
    check(
        "try { loop { print(\"0123456789012345678901234567890123456789012345678901234567890123456789\"); } } catch { }",
        FaultKind::Log,
    );
}

#[test]
fn recursion_ends_before_the_stack_does() {
    let deep = "fn on_create(c) { down(0) } fn down(n) { let a = [n, [n, [n]]]; 1 + (2 * (3 + down(n + 1))) }";
    assert_eq!(fault(deep, PATIENT).kind, FaultKind::Operations);
    let mutual =
        "fn on_create(c) { ping(0) } fn ping(n) { pong(n) } fn pong(n) { if n >= 0 { ping(n + 1) } else { 0 } }";
    assert_eq!(fault(mutual, PATIENT).kind, FaultKind::Operations);
    let closure = "fn on_create(c) { let f = |g, n| g.call(g, n + 1); f.call(f, 0) }";
    assert_eq!(fault(closure, PATIENT).kind, FaultKind::Operations);
    let mapped = "fn on_create(c) { down([1]) } fn down(a) { a.map(|x| down([x])) }";
    assert_eq!(fault(mapped, PATIENT).kind, FaultKind::Operations);
}

#[test]
fn the_deepest_expressions_in_the_deepest_calls_fit_the_stack() {
    let nested = format!("{}down(n + 1){}", "(1 + ".repeat(9), ")".repeat(9));
    let code = format!(
        "fn on_create(c) {{ down(0) }} fn down(n) {{ if n > 0 {{ if n > 0 {{ return {nested}; }} }} {nested} }}"
    );
    assert_eq!(fault(&code, PATIENT).kind, FaultKind::Operations);
}

#[test]
fn strings_do_not_grow_without_end() {
    check("let s = \"x\"; loop { s += s; }", FaultKind::Memory);
    check("let s = \"x\"; loop { s = `${s}${s}`; }", FaultKind::Memory);
    check("let s = \"x\"; s.pad(100000000, \"y\");", FaultKind::Memory);
    check("let s = \"x\"; loop { s.replace(\"x\", \"xx\"); }", FaultKind::Memory);
    check(
        "let s = \"x\"; while s.len() < 60000 { s += s.sub_string(0, 4000); } let t = s; t.replace(\"x\", s);",
        FaultKind::Memory,
    );
    check("let s = \"x\"; while s.len() < 16384 { s += s; } regex_replace(s, \"x\", \"xxxxxxxx\");", FaultKind::Memory);
}

#[test]
fn arrays_do_not_grow_without_end() {
    check("let a = []; loop { a.push(1); }", FaultKind::Memory);
    check("let a = [1]; loop { a += a; }", FaultKind::Memory);
    check("let a = [1]; loop { a = a + a; }", FaultKind::Memory);
    check("let a = []; a.pad(1000000000, 0);", FaultKind::Memory);
    check("let a = []; a.pad(4000, 0); let b = []; b.pad(4000, a);", FaultKind::Memory);
    check("let a = []; a.pad(4000, 0); let b = []; b.pad(4000, 1); b.map(|x| a).len();", FaultKind::Memory);
    check("let a = [1]; loop { a = [a, a]; }", FaultKind::Memory);
    check("let a = []; loop { a = [a]; }", FaultKind::Memory);
}

#[test]
fn maps_do_not_grow_without_end() {
    check("let m = #{}; for i in 0..100000 { m.set(`k${i}`, i); }", FaultKind::Memory);
    check("let m = #{}; loop { m = #{a: m, b: m}; }", FaultKind::Memory);
    check("let m = #{}; loop { m.a = m; }", FaultKind::Memory);
    // Rhai looks only at what is put in: our own scales end it.
    let small = Budget { memory_bytes: 2 << 20, ..PATIENT };
    let heavy =
        "fn on_create(c) { let a = []; a.pad(4000, 0); let m = #{}; let i = 0; loop { m[`k${i}`] = a; i += 1; } }";
    assert_eq!(fault(heavy, small).kind, FaultKind::Memory);
    let strings = "fn on_create(c) { let s = \"0123456789abcdef\"; while s.len() < 32768 { s += s; } let m = #{}; let i = 0; \
                   loop { m[`k${i}`] = s; i += 1; } }";
    assert_eq!(fault(strings, small).kind, FaultKind::Memory);
    let small = Budget { memory_bytes: 1 << 18, ..PATIENT };
    let entries = "fn on_create(c) { let m = #{}; let i = 0; loop { m[`k${i}`] = i; i += 1; } }";
    assert_eq!(fault(entries, small).kind, FaultKind::Memory);
    let captured = "fn on_create(c) { let m = #{}; let f = || m.len(); let i = 0; loop { m[`k${i}`] = i; i += 1; } }";
    assert_eq!(fault(captured, small).kind, FaultKind::Memory);
}

#[test]
fn many_values_weigh_together() {
    let variables: String = (0..60).map(|at| format!("let v{at} = a; ")).collect();
    let spread = format!("fn on_create(c) {{ let a = []; a.pad(4000, 0); {variables} loop {{ v1; }} }}");
    let budget = Budget { memory_bytes: 2 << 20, ..PATIENT };
    assert_eq!(fault(&spread, budget).kind, FaultKind::Memory);
    let called =
        format!("fn on_create(c) {{ down(0) }} fn down(n) {{ let a = []; a.pad(4000, n); {variables} down(n + 1) }}");
    assert_eq!(fault(&called, Budget { memory_bytes: 4 << 20, ..PATIENT }).kind, FaultKind::Memory);
    let endless: String = (0..400).map(|at| format!("let v{at} = 1; ")).collect();
    check(&endless, FaultKind::Memory);
}

#[test]
fn values_nested_deep_are_printed_and_compared_without_harm() {
    for use_of in [
        "print(a);",
        "a == b;",
        "`${a}`;",
        "a.to_json();",
        "a.contains(b);",
        "#{x: a}.to_json();",
        "switch a { 1 => 2 }",
        "a in [b];",
    ] {
        let code =
            format!("fn on_create(c) {{ let a = []; let b = []; loop {{ a = [a]; b = [[[[[[b]]]]]]; {use_of} }} }}");
        let kind = fault(&code, Budget { deadline: Duration::from_secs(10), ..Budget::STANDARD }).kind;
        assert!(
            matches!(kind, FaultKind::Memory | FaultKind::Script | FaultKind::Operations | FaultKind::Log),
            "{use_of}: {kind:?}"
        );
    }
}

#[test]
fn floods_are_counted() {
    check("loop { log_info(\"0123456789\"); }", FaultKind::Log);
    check("loop { print(\"0123456789\"); }", FaultKind::Log);
    check("loop { debug(\"0123456789\"); }", FaultKind::Log);
    check("let i = 0; loop { contact.city = `c${i}`; i += 1; }", FaultKind::Edits);
    check("loop { reject(\"no\"); }", FaultKind::Output);
    check("let s = \"0123456789\"; while s.len() < 32000 { s += s; } loop { reject(s); }", FaultKind::Output);
    let budget = Budget { host_calls: 100, ..PATIENT };
    assert_eq!(fault("fn on_create(c) { loop { c.city; } }", budget).kind, FaultKind::HostCalls);
    assert_eq!(fault("fn on_create(c) { loop { fold(\"x\"); } }", budget).kind, FaultKind::HostCalls);
    assert_eq!(fault("fn on_create(c) { loop { log_info(\"\"); } }", budget).kind, FaultKind::HostCalls);
    assert_eq!(fault("fn on_create(c) { loop { print(\"\"); } }", budget).kind, FaultKind::HostCalls);
}

#[test]
fn patterns_cannot_run_away() {
    check(
        "regex_match(\"x\", \"(((((((((x{100}){100}){100}){100}){100}){100}){100}){100}){100})\");",
        FaultKind::Script,
    );
    check("regex_match(\"x\", \"\\\\w{1000}\\\\w{1000}\\\\w{1000}\");", FaultKind::Script);
    check("let p = \"(\"; while p.len() < 900 { p += p; } regex_match(\"x\", p);", FaultKind::Script);
    check("let p = \"a\"; while p.len() < 2000 { p += p; } regex_match(\"x\", p);", FaultKind::Script);
    check(
        "let t = \"a\"; while t.len() < 60000 { t += \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; } regex_match(t, \"a\");",
        FaultKind::Script,
    );
    let text = "let t = \"a\"; while t.len() < 16000 { t += \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; }";
    let catastrophic =
        ["(a+)+$b", "(a|aa)+$b", "(a*)*b", "(.*.*.*.*.*.*)*b", "(?:a?){200}a{200}b", "[a-z]*?[a-y]*?[a-x]*?[a-w]*?b"];
    for pattern in catastrophic {
        check_late(&format!("{text} loop {{ regex_match(t, \"{pattern}\"); regex_replace(t, \"{pattern}\", \"\"); }}"));
    }
    check_late(&format!("{text} loop {{ regex_replace(t, \".*?b|a\", \"a\"); }}"));
}

#[test]
fn nothing_outside_is_reachable() {
    for (code, message) in [
        ("fn on_create(c) { eval(\"1\") }", "`eval`"),
        ("import \"x\" as y; fn on_create(c) { }", "`import`"),
        ("fn on_create(c) { import \"/etc/passwd\" as p; }", "`import`"),
        ("export const X = 1; fn on_create(c) { }", "`export`"),
    ] {
        let error = refused(code.as_bytes());
        assert!(error.message.contains(message), "{code}: {error:?}");
    }
    check("sleep(10);", FaultKind::Script);
    check("sleep(10.0);", FaultKind::Script);
    check("timestamp();", FaultKind::Script);
    check("Fn(\"eval\").call(\"1\");", FaultKind::Script);
    check("Fn(\"sleep\").call(10);", FaultKind::Script);
}

#[test]
fn odd_throws_are_told_as_script_errors() {
    for thrown in ["()", "1", "1.5", "'c'", "\"\"", "[1, [2]]", "#{a: #{}}", "contact", "|x| x", "true"] {
        check(&format!("throw {thrown};"), FaultKind::Script);
    }
    check("throw contact.labels;", FaultKind::Script);
    check("try { throw contact; } catch (e) { throw e; }", FaultKind::Script);
    check("1 / 0;", FaultKind::Script);
    check("9223372036854775807 + 1;", FaultKind::Script);
    check("[1][5];", FaultKind::Script);
    check("#{}.a.b.c;", FaultKind::Script);
    check("contact.x.y;", FaultKind::Script);
    check("this.x;", FaultKind::Script);
}

#[test]
fn a_handle_does_not_outlive_its_call() {
    // Nothing that a script keeps survives a call: constants are computed before any and are copied, scopes are fresh.
    let code = "const KEPT = []; fn on_create(contact) { if KEPT.len() > 0 { reject(\"kept\"); } KEPT.push(contact); }";
    let mut session = load(code, PATIENT).session(Services::none());
    for _ in 0..2 {
        assert_eq!(session.call(Hook::Create, subject()).outcome, Ok(Verdict::Accept));
    }
}

#[track_caller]
fn refused(code: &[u8]) -> LoadError {
    let started = Instant::now();
    let result = ScriptRuntime::new().load(&package(code, Budget::STANDARD));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    result.err().unwrap_or_else(|| panic!("loaded: {}", String::from_utf8_lossy(code)))
}

#[test]
fn bombs_for_the_parser_are_refused() {
    let hook = "fn on_create(c) { }";
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("#{a:", "}"),
        ("{", "}"),
        ("if true {", "}"),
        ("-", ""),
        ("!", ""),
        ("`${", "}`"),
        ("|x| ", ""),
        ("f(", ")"),
        ("a.b[", "]"),
        ("switch 1 { 1 => ", "}"),
        ("fn x() {", "}"),
        ("/*", "*/"),
        ("try {", "} catch {}"),
    ] {
        for times in [100, 20_000] {
            let bomb = format!("const X = {}1{}; {hook}", open.repeat(times), close.repeat(times));
            let in_function = format!("fn on_create(c) {{ {}1{} }}", open.repeat(times), close.repeat(times));
            refused_or_harmless(&bomb);
            refused_or_harmless(&in_function);
        }
    }
    refused_or_harmless(&format!("const X = {}; {hook}", "1+".repeat(50_000) + "1"));
    refused_or_harmless(&format!("const X = a{}; {hook}", ".b".repeat(50_000)));
    refused_or_harmless(&format!("const X = \"{}\"; {hook}", "x".repeat(200_000)));
    refused_or_harmless(&format!("const X = [{}]; {hook}", "1,".repeat(100_000)));
    refused_or_harmless(&format!("const X = {}; {hook}", "9".repeat(10_000)));
    refused_or_harmless(&"fn f() { }\n".repeat(5_000));
    refused_or_harmless(&(0..20_000).map(|at| format!("fn f{at}() {{ }}\n")).collect::<String>());
}

/// What the parser swallows must at least be found to have no hook, or run without harm.
#[track_caller]
fn refused_or_harmless(code: &str) {
    let started = Instant::now();
    if let Ok(script) = ScriptRuntime::new().load(&package(code.as_bytes(), Budget::STANDARD)) {
        drop(script.session(Services::none()).call(Hook::Create, subject()));
    }
    assert!(started.elapsed() < SOON, "{}…: {:?}", &code[..code.len().min(60)], started.elapsed());
}

#[test]
fn files_that_are_no_script_are_refused() {
    let error = refused(b"fn on_create(c) { }\n// caf\xe9");
    assert!(
        error.message.contains("UTF-8") && error.position.as_ref().is_some_and(|position| position.line == 2),
        "{error:?}"
    );
    assert!(refused(b"").message.contains("no hook"));
    assert!(refused(&b"//".repeat(200_000)).message.contains("more than"));
    refused(b"\0\0\0\0");
    refused(b"\0asm\x01\0\0\0");
    refused("#!/bin/sh\necho hello".as_bytes());
}

#[test]
fn the_top_of_a_script_is_held_too() {
    assert!(refused(b"const X = 1; loop { } fn on_create(c) { }").message.contains("took"));
    assert!(refused(b"fn f() { f() } const X = f(); fn on_create(c) { }").message.contains("deep"));
    assert!(refused(b"let s = \"x\"; loop { s += s; } fn on_create(c) { }").message.contains("takes more than"));
    assert!(refused(b"throw \"no\"; fn on_create(c) { }").message.contains("no"));
}

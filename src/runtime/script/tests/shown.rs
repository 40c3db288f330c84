//! Values as text: as Rhai writes them, and never longer than a text may be.

use rhai::packages::{Package as _, StandardPackage};

use super::*;

#[track_caller]
fn check(expression: &str) {
    let mut plain = rhai::Engine::new_raw();
    StandardPackage::new().register_into_engine(&mut plain);
    helper(expression, &plain.eval::<String>(expression).unwrap());
}

#[test]
fn values_are_written_as_rhai_writes_them() {
    for value in ["[]", "#{}", "[1, 2.5, true, 'c', (), [\"a\\nb\"]]", "#{a: [1], `b c`: #{d: \"é\"}}", "[0..3, #{}]"]
    {
        check(&format!("`${{{value}}}`"));
        check(&format!("to_string({value})"));
        check(&format!("to_debug({value})"));
        check(&format!("\"\" + {value}"));
    }
    check("#{a: [1, 2.5, ()], b: #{c: \"é\\\"\", d: 'x'}, e: true}.to_json()");
    check("#{}.to_json()");
}

#[test]
fn a_value_that_would_be_too_long_ends_the_call() {
    let body = "let m = #{}; for i in 0..8 { m[`k${i}`] = \"\"; m[`k${i}`].pad(8000, '\\x01'); }";
    for shown in ["print(m);", "let t = `${m}`;", "let t = m.to_json();", "try { debug([m]); } catch { }"] {
        let code = format!("fn on_create(contact) {{ {body} {shown} }}");
        let fault = call(&code, Hook::Create, contact_in_hand(Terms::open(9))).outcome.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Memory, "{shown}: {fault}");
        assert!(fault.message.ends_with("takes more than 65536 bytes"), "{shown}: {fault}");
    }
}

//! Scripts that tie values into chains and rings of functions.

use carnet::plugin::fault::FaultKind::Memory;

use super::super::End::{Fault, Refused};
use super::super::{Attack, PATIENT};
use super::script;

pub fn attacks() -> Vec<Attack> {
    let chain = |name, text: &str| script(name, ("values", "depth of values"), Fault(Memory), PATIENT, text);
    let curried = |name, text: &str| {
        script(name, ("values", "`curry` is not available"), Refused("name of a property"), PATIENT, text)
    };
    vec![
        curried("a chain of functions", "fn on_create(c) { let g = Fn(\"foo\"); loop { g = Fn(\"foo\").curry(g); } }"),
        curried(
            "a chain of functions, through `this`",
            "fn grow() { loop { this = Fn(\"x\").curry(this); } } fn on_create(c) { let a = 1; a.grow(); }",
        ),
        chain("a chain of closures", "fn on_create(c) { let f = |x| x; loop { let h = f; f = || h.call(1); } }"),
        chain("a chain of closures in arrays", "fn on_create(c) { let f = []; loop { let h = f; f = [|| h]; } }"),
        chain("a chain of closures in maps", "fn on_create(c) { let f = #{}; loop { let h = f; f = #{a: || h}; } }"),
        chain(
            "a chain of closures, through `this`",
            "fn grow() { loop { let h = this; this = || h; } } fn on_create(c) { let a = 1; a.grow(); }",
        ),
        chain(
            "a chain of closures, through what they return",
            "fn wrap(h) { || h } fn grow() { loop { this = wrap(this); } } fn on_create(c) { let a = 1; a.grow(); }",
        ),
        chain(
            "rings of a closure and itself",
            "fn on_create(c) { for i in 0..6000 { let big = []; big.pad(4000, 0); let a = 0; let f = || { a; big.len() }; a = f; } }",
        ),
        chain(
            "rings of a closure and an array",
            "fn on_create(c) { for i in 0..6000 { let a = []; a.pad(4000, 0); let f = || a.len(); a = [a, f]; } }",
        ),
        chain(
            "rings through a function",
            "fn ring() { let a = []; a.pad(4000, 0); let b = 0; let f = || { b; a.len() }; b = [f]; } fn on_create(c) { for i in 0..6000 { ring(); } }",
        ),
    ]
}

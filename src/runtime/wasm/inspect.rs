//! All that a component's outside shows, whether or not it is sound: for its author. What keeps it from being loaded is `scan`'s to say; here
//! nothing ends the look.

use wasmparser::{Parser, Payload};

use super::scan::{Outside, is_core_module, malformed, note_export, note_import, own_interface};
use super::{PACKAGE, VERSION};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::did_you_mean;
use crate::plugin::package::LoadError;

/// What bytes show from outside.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Inspected {
    /// What keeps them from being a component at all.
    pub fault: Option<LoadError>,
    /// What it asks of its host.
    pub imports: Vec<Port>,
    /// What it offers.
    pub exports: Vec<Port>,
}

/// One import or export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Port {
    /// Its full name.
    pub name: String,
    /// The interface of `carnet:plugin` that it is.
    pub interface: Option<String>,
    /// Why it cannot be had.
    pub fault: Option<LoadError>,
}

/// Looks at bytes from outside, as far as they can be read.
#[must_use]
pub fn inspect(bytes: &[u8]) -> Inspected {
    let mut inspected = Inspected::default();
    if is_core_module(bytes) {
        let hint = "build it with `carnet plugin build`";
        inspected.fault = Some(LoadError::new("this is a core WebAssembly module, not a component").hint(hint));
        return inspected;
    }
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        let noted = payload.and_then(|payload| note(payload, &mut depth, &mut inspected));
        if let Err(error) = noted {
            inspected.fault = Some(malformed(error));
            break;
        }
    }
    inspected
}

fn note(payload: Payload<'_>, depth: &mut usize, inspected: &mut Inspected) -> wasmparser::Result<()> {
    match payload {
        Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => *depth += 1,
        Payload::End(_) => *depth = depth.saturating_sub(1),
        Payload::ComponentImportSection(imports) if *depth == 0 => {
            for import in imports {
                let name = import?.name.name;
                let fault = note_import(name, &mut Outside::default()).err();
                inspected.imports.push(Port { name: name.to_owned(), interface: interface(name), fault });
            }
        }
        Payload::ComponentExportSection(exports) if *depth == 0 => {
            for export in exports {
                let name = export?.name.name;
                let fault = note_export(name, &mut Outside::default()).err().or_else(|| no_hook(name));
                inspected.exports.push(Port { name: name.to_owned(), interface: interface(name), fault });
            }
        }
        _ => {}
    }
    Ok(())
}

fn interface(name: &str) -> Option<String> {
    own_interface(name).ok().flatten().map(str::to_owned)
}

/// An export of `carnet:plugin` that is no hook would never be called, and nobody would know.
fn no_hook(name: &str) -> Option<LoadError> {
    let interface = own_interface(name).ok()??;
    if Hook::ALL.into_iter().any(|hook| hook.interface() == interface) {
        return None;
    }
    let hint = did_you_mean(interface, Hook::ALL.map(Hook::interface));
    Some(LoadError::new(format!("its export `{name}` is no hook of {PACKAGE}@{VERSION}")).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wat: &str, expected: &[&str]) {
        let inspected = inspect(&wat::parse_str(wat).unwrap());
        let ports = inspected.imports.iter().chain(&inspected.exports);
        let faults = inspected.fault.iter().chain(ports.filter_map(|port| port.fault.as_ref()));
        assert_eq!(faults.map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_import_and_export_is_looked_at() {
        check(
            r#"(component
                (import "carnet:plugin/log@0.1.0" (instance))
                (import "wasi:cli/nowhere@9.0.0" (instance))
                (import "carnet:plugin/config@0.9.0" (instance $i))
                (export "carnet:plugin/on-creat@0.1.0" (instance $i))
                (export "carnet:plugin/on-merge@2.0.0" (instance $i))
                (export "mine" (instance $i)))"#,
            &[
                "it imports `wasi:cli/nowhere@9.0.0`, which Carnet does not have",
                "it was made for carnet:plugin 0.9.0, this Carnet speaks 0.1.0",
                "its export `carnet:plugin/on-creat@0.1.0` is no hook of carnet:plugin@0.1.0",
                "it was made for carnet:plugin 2.0.0, this Carnet speaks 0.1.0",
            ],
        );
        check("(module)", &["this is a core WebAssembly module, not a component"]);
        assert!(inspect(b"\0asm\x0d\0\x01\0\x07").fault.is_some());
        assert!(inspect(b"").fault.is_some());
    }
}

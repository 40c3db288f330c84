//! What bytes say about themselves before they are compiled: whether they are a component, for which version of `carnet:plugin` it was
//! made, what it imports and exports, and from which source it was built.

use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::plugin::hook::Hook;
use crate::plugin::package::LoadError;

use super::heft::Heft;
use super::{PACKAGE, VERSION, wasi};

/// Largest component, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// The custom section that names the source a component was built from.
const DIGEST_SECTION: &str = "carnet:source-digest";

const BUILD_HINT: &str = "build it with `carnet plugin build`";

/// A component's outside.
#[derive(Debug, Default)]
pub(super) struct Outside {
    /// Interfaces of `carnet:plugin` that it imports: `log`, `things`.
    pub(super) imports: Vec<String>,
    /// The hooks that it exports, with the exported interface's full name.
    pub(super) hooks: Vec<(Hook, String)>,
}

/// Looks at a component from outside.
///
/// # Errors
/// What keeps it from being a plugin for this version of Carnet.
pub(super) fn outside(bytes: &[u8]) -> Result<Outside, LoadError> {
    if bytes.len() > MAX_BYTES {
        let message = format!("a component of {} bytes is larger than {MAX_BYTES}", bytes.len());
        return Err(LoadError::new(message).hint("leave out debug information, or what the plugin does not use"));
    }
    if is_core_module(bytes) {
        return Err(LoadError::new("this is a core WebAssembly module, not a component").hint(BUILD_HINT));
    }
    let mut outside = Outside::default();
    let (mut depth, mut heft) = (0_usize, Heft::default());
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(malformed)?;
        heft.note(&payload).map_err(malformed)??;
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    note_import(import.map_err(malformed)?.name.name, &mut outside)?;
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    note_export(export.map_err(malformed)?.name.name, &mut outside)?;
                }
            }
            _ => {}
        }
    }
    if outside.hooks.is_empty() {
        let known = Hook::ALL.map(Hook::interface).join("`, `");
        return Err(
            LoadError::new("it has no hook").hint(format!("export at least one of `{known}` of {PACKAGE}@{VERSION}"))
        );
    }
    Ok(outside)
}

#[expect(clippy::needless_pass_by_value, reason = "it is used with `map_err`")]
pub(super) fn malformed(error: wasmparser::BinaryReaderError) -> LoadError {
    // Some messages go on with bytes, line by line.
    let message = error.message().lines().next().unwrap_or_default().trim_end_matches(" - expected=[");
    LoadError::new(format!("this is not a WebAssembly component: {message} (at byte {})", error.offset()))
        .hint("the file may be damaged or still being written")
}

pub(super) fn note_import(name: &str, outside: &mut Outside) -> Result<(), LoadError> {
    if let Some(interface) = own_interface(name)? {
        outside.imports.push(interface.to_owned());
        return Ok(());
    }
    if wasi::knows(name) {
        return Ok(());
    }
    let message = format!("it imports `{name}`, which Carnet does not have");
    let hint = if name.starts_with("wasi:") {
        "of WASI there is an empty 0.2: `cli`, `clocks`, `filesystem`, `http`, `io`, `random` and `sockets`"
    } else {
        "plugins may import `log`, `config`, `lookup`, `state` and `things` of carnet:plugin, and nothing else"
    };
    Err(LoadError::new(message).hint(hint))
}

/// Exports that are no hooks are the guest's own business.
pub(super) fn note_export(name: &str, outside: &mut Outside) -> Result<(), LoadError> {
    let Some(interface) = own_interface(name)? else { return Ok(()) };
    if let Some(hook) = Hook::ALL.into_iter().find(|hook| hook.interface() == interface) {
        outside.hooks.push((hook, name.to_owned()));
    }
    Ok(())
}

/// Returns the interface's name if it is one of `carnet:plugin` in a version that this host speaks.
pub(super) fn own_interface(name: &str) -> Result<Option<&str>, LoadError> {
    let Some(rest) = name.strip_prefix(PACKAGE).and_then(|rest| rest.strip_prefix('/')) else { return Ok(None) };
    let (interface, version) = rest.split_once('@').unwrap_or((rest, "no version"));
    if is_spoken(version) {
        return Ok(Some(interface));
    }
    Err(LoadError::new(format!("it was made for {PACKAGE} {version}, this Carnet speaks {VERSION}"))
        .hint(format!("build the plugin against {PACKAGE}@{VERSION}, or use another version of Carnet")))
}

/// Patch versions are compatible both ways.
fn is_spoken(version: &str) -> bool {
    let minor = |version: &str| version.rsplit_once('.').map(|(minor, _)| minor.to_owned());
    minor(version).is_some() && minor(version) == minor(VERSION)
}

/// Says whether the bytes begin like a core module.
pub(super) fn is_core_module(bytes: &[u8]) -> bool {
    Parser::is_core_wasm(bytes)
}

/// Returns the digest of the source that a component was built from, if it says so.
#[must_use]
pub fn source_digest(component: &[u8]) -> Option<String> {
    sections(component)?.into_iter().find(|section| section.is_digest).map(|section| section.text)
}

/// Writes the digest of its source into a component, in place of an earlier one. Bytes that are no component are returned as they are.
#[must_use]
pub fn with_source_digest(component: Vec<u8>, digest: &str) -> Vec<u8> {
    let Some(sections) = sections(&component) else { return component };
    let mut marked = Vec::with_capacity(component.len() + digest.len() + 32);
    let mut copied = 0;
    for old in sections.iter().filter(|section| section.is_digest) {
        marked.extend_from_slice(&component[copied..old.start]);
        copied = old.end;
    }
    marked.extend_from_slice(&component[copied..]);
    let mut content = leb128(DIGEST_SECTION.len());
    content.extend_from_slice(DIGEST_SECTION.as_bytes());
    content.extend_from_slice(digest.as_bytes());
    marked.push(0);
    marked.extend(leb128(content.len()));
    marked.extend(content);
    marked
}

/// A custom section at the top level.
struct Custom {
    is_digest: bool,
    /// Where the section starts, its id included.
    start: usize,
    end: usize,
    text: String,
}

/// Returns the top level's custom sections; `None` for bytes that are not WebAssembly.
fn sections(bytes: &[u8]) -> Option<Vec<Custom>> {
    let mut found = Vec::new();
    let (mut depth, mut last_end) = (0_usize, 8);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.ok()?;
        if depth == 0
            && let Payload::CustomSection(section) = &payload
        {
            let end = section.range().end;
            let text = String::from_utf8_lossy(section.data()).into_owned();
            found.push(Custom { is_digest: section.name() == DIGEST_SECTION, start: last_end, end, text });
        }
        match &payload {
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                depth += 1;
                last_end = unchecked_range.end;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 => last_end = payload.as_section().map_or(last_end, |(_, range)| range.end),
            _ => {}
        }
    }
    Some(found)
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Makes a component of a core module that was built against the WIT of `carnet:plugin`; a component is returned as it is.
///
/// # Errors
/// Why the module cannot become one.
pub fn componentize(core_or_component: &[u8]) -> Result<Vec<u8>, LoadError> {
    if !is_core_module(core_or_component) {
        return Ok(core_or_component.to_vec());
    }
    let encoder = ComponentEncoder::default().validate(true).module(core_or_component);
    encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| {
        let why = format!("{error:#}");
        if let Some((_, missing)) = why.split_once("failed to find export of interface `")
            && let Some((interface, rest)) = missing.split_once('`')
        {
            let hook = interface.rsplit('/').next().unwrap_or(interface);
            let hook = hook.split('@').next().unwrap_or(hook).replace('-', "_");
            let function = rest.trim_start_matches(" function ").replace('`', "");
            return LoadError::new(format!("its world exports `{hook}`, and its code has no such hook (`{function}`)"))
                .hint(format!("write the hook, or take `export {interface};` out of wit/world.wit"));
        }
        LoadError::new(format!("the module cannot become a component: {why}"))
            .hint("plugins have no WASI: build for `wasm32-unknown-unknown` with bindings from wit/")
    })
}

//! The line of source at which a call failed, for its author: read from the package, where the component was built from what lies there.

use std::fs;
use std::path::{Component, Path};

use crate::plugin::fault::Fault;
use crate::plugin::told::printable;
use crate::registry::sources::{built_from, source_digest_of};
use crate::runtime::wasm::source_digest;

/// Largest source that is looked into, in bytes.
const SOURCE_BYTES: u64 = 4 << 20;

/// Longest line that is shown, in bytes.
const LINE_BYTES: usize = 200;

/// Puts the line into a fault that has a place and no line yet.
pub(super) fn add(fault: &mut Fault, package: &Path, code: &[u8]) {
    let Some(position) = fault.position.as_mut().filter(|position| position.source.is_none()) else { return };
    // The name of the file is what the plugin says: it leads nowhere but to a source of the package.
    let file = Path::new(&position.file);
    let is_inside = file.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_inside || !is_built_from(package, code) {
        return;
    }
    position.source = line_of(package, file, position.line);
}

fn is_built_from(package: &Path, code: &[u8]) -> bool {
    let digest = source_digest(code);
    digest.is_some() && built_from(package).is_some() && source_digest_of(package).ok() == digest
}

fn line_of(package: &Path, file: &Path, line: usize) -> Option<String> {
    let language = built_from(package)?;
    let path = package.join(file).canonicalize().ok()?;
    let is_source = language.writes(&path) && path.starts_with(package.canonicalize().ok()?);
    let data = fs::metadata(&path).ok()?;
    if !is_source || !data.is_file() || data.len() > SOURCE_BYTES {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().nth(line.checked_sub(1)?)?.trim();
    (!line.is_empty()).then(|| printable(line[..line.floor_char_boundary(LINE_BYTES)].to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::fault::{FaultKind, Position};
    use crate::runtime::wasm::with_source_digest;

    #[track_caller]
    fn check(file: &str, line: usize, expected: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package");
        fs::create_dir(&package).unwrap();
        fs::write(package.join("plugin.py"), "import re\n  raise ValueError()\n").unwrap();
        fs::write(package.join("plugin.toml"), "token = 'x'\n").unwrap();
        fs::write(folder.path().join("other.py"), "secret\n").unwrap();
        let code = with_source_digest(b"\0asm\x0d\0\x01\0".to_vec(), &source_digest_of(&package).unwrap());
        let position = Position { file: file.to_owned(), line, column: 0, source: None };
        let mut fault = Fault::new(FaultKind::Trap, "no").at(position);
        add(&mut fault, &package, &code);
        assert_eq!(fault.position.as_ref().unwrap().source.as_deref(), expected, "{file}:{line}");
        // Other sources than those that it was built from say nothing.
        fs::write(package.join("plugin.py"), "import re\n\n  raise ValueError()\n").unwrap();
        fault.position.as_mut().unwrap().source = None;
        add(&mut fault, &package, &code);
        assert_eq!(fault.position.unwrap().source, None);
    }

    #[test]
    fn the_line_is_of_a_source_of_the_package() {
        check("plugin.py", 2, Some("raise ValueError()"));
        check("plugin.py", 9, None);
        check("plugin.py", 0, None);
        check("plugin.toml", 1, None);
        check("../other.py", 1, None);
        check("/etc/passwd", 1, None);
    }
}

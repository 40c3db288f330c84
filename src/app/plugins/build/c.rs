//! C, by clang with lld, or by zig: a core module without a C library, to which the world in `wit/` is added, so that it can become a
//! component. The ABI comes with the package, in `carnet.h` and `carnet.c`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::Place;
use super::pins::ZIGLANG;
use super::tool::{Job, environments, find, missing};
use crate::app::failure::{Class, Failure};

/// What both compilers are told. There is no C library: nothing is taken for one of its functions.
const FLAGS: [&str; 10] = [
    "-std=c11",
    "-Os",
    "-Wall",
    "-Wextra",
    "-ffreestanding",
    "-fvisibility=hidden",
    "-nostdlib",
    "-Wl,--no-entry",
    "-Wl,--strip-all",
    "-Wl,-z,stack-size=65536",
];

pub(super) fn compile(place: &Place<'_>) -> Result<Vec<u8>, Failure> {
    let package = place.full.as_path();
    let world = package.join("wit");
    let files = sources(package)?;
    let venv = environments(package);
    let zig = || find("zig", &venv).or_else(|| find("python-zig", &venv));
    // clang finds its linker itself, but says little when there is none.
    let clang = find("clang", &[]).filter(|_| find("wasm-ld", &[]).is_some());
    let (program, how, name) = if let Some(clang) = clang {
        (clang, vec!["--target=wasm32-unknown-unknown", "-Wl,--stack-first"], "clang")
    } else if let Some(zig) = zig() {
        (zig, vec!["cc", "--target=wasm32-freestanding"], "zig cc")
    } else {
        return Err(missing(
            "a C compiler for WebAssembly",
            "`clang` with `wasm-ld` in PATH, and `zig` or `python-zig` in PATH, in \
             `.venv/bin` of the package and the folders above it, and in the virtual environment in use",
            &format!("apt-get install clang lld; or pip install ziglang=={ZIGLANG}"),
        ));
    };
    let hint = "its messages are above; there is no C library: carnet.h has what can be called";
    let job = Job { program: &program, place, name, hint, essence: |_| None };
    let code = job.run(|output| {
        let mut arguments: Vec<OsString> = how.into_iter().chain(FLAGS).map(OsString::from).collect();
        arguments.push("-o".into());
        arguments.push(output.as_os_str().to_owned());
        arguments.extend(files.into_iter().map(PathBuf::into_os_string));
        arguments
    })?;
    with_world(code, &world)
}

/// The `.c` files of the package and of its `src/`.
fn sources(package: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for folder in [package.to_owned(), package.join("src")].into_iter().filter(|folder| folder.is_dir()) {
        let entries = std::fs::read_dir(&folder).map_err(|error| Failure::io("read", &folder, &error))?;
        let paths = entries.flatten().map(|entry| entry.path());
        files.extend(paths.filter(|path| path.extension().is_some_and(|extension| extension == "c")));
    }
    files.sort();
    // Relative, so that no folder of this machine is in the component.
    Ok(files.iter().map(|file| file.strip_prefix(package).unwrap_or(file).to_owned()).collect())
}

/// Writes into a module what it is seen from outside; tools of other languages do that themselves.
fn with_world(mut code: Vec<u8>, folder: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error: String| {
        let message = format!("the world in `wit/` cannot be read: {}", error.trim_end());
        Failure::new(Class::Rejected, "WIT", message).hint("`carnet plugin new --lang c` makes one that can")
    };
    let mut resolve = Resolve::default();
    let read = resolve.push_dir(folder).and_then(|(package, _)| resolve.select_world(&[package], None));
    let world = read.map_err(|error| fail(resolve.render_error(&error)))?;
    embed_component_metadata(&mut code, &resolve, world, StringEncoding::UTF8)
        .map_err(|error| fail(format!("{error:#}")))?;
    Ok(code)
}

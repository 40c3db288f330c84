//! Finding and running the tools of other languages: where they are looked for, and what is said when they fail or are not there.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Place;
use crate::app::failure::{Class, Failure};

/// The code of a build for which there is no tool.
pub(super) const MISSING: &str = "TOOL_MISSING";

/// Returns the program's path: beside the package first (`node_modules/.bin`, `.venv/bin`), then in the path.
pub(super) fn find(program: &str, beside: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = beside.iter().cloned().chain(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    folders.map(|folder| folder.join(program)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file() || file.with_extension("exe").is_file() || file.with_extension("cmd").is_file()
}

/// Returns a subfolder of the package and of every folder above it.
pub(super) fn in_ancestors(package: &Path, folder: &str) -> Vec<PathBuf> {
    package.ancestors().map(|above| above.join(folder)).collect()
}

/// Where virtual environments of Python have their programs: those beside the package, and the one in use.
pub(super) fn environments(package: &Path) -> Vec<PathBuf> {
    let mut folders = in_ancestors(package, ".venv/bin");
    folders.extend(std::env::var_os("VIRTUAL_ENV").map(|folder| Path::new(&folder).join("bin")));
    folders
}

/// A tool that was not found: what was looked for and where, and the command that installs it.
pub(super) fn missing(what: &str, looked: &str, install: &str) -> Failure {
    Failure::new(Class::Rejected, MISSING, format!("{what} is not installed: looked for {looked}"))
        .hint(format!("install it: {install}"))
}

/// A tool to be run in a package's folder, and what it writes.
pub(super) struct Job<'a> {
    /// The program.
    pub(super) program: &'a Path,
    /// Where it works.
    pub(super) place: &'a Place<'a>,
    /// What it is called in messages.
    pub(super) name: &'a str,
    /// What to do when it fails.
    pub(super) hint: &'a str,
    /// Finds what an author has to know in what it says when it fails; without that, all of it is shown.
    pub(super) essence: fn(&str) -> Option<String>,
}

impl Job<'_> {
    /// Runs the tool; `arguments` gets the file to write. What it says is shown when it fails. Returns what it wrote.
    pub(super) fn run<A: AsRef<OsStr>>(&self, arguments: impl FnOnce(&Path) -> Vec<A>) -> Result<Vec<u8>, Failure> {
        let aside = tempfile::tempdir().map_err(|error| Failure::io("make", &std::env::temp_dir(), &error))?;
        let output = aside.path().join("out.wasm");
        let mut command = Command::new(self.program);
        command.args(arguments(&output)).current_dir(&self.place.full).stdin(Stdio::null());
        // It may take half a minute.
        tracing::info!(target: "carnet::notice", "building {} with {}…", self.place.given.display(), self.name);
        // How a tool came to its error tells an author nothing.
        command.env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
        let ran = command.output().map_err(|error| Failure::io("run", self.program, &error))?;
        let said =
            [ran.stdout.as_slice(), ran.stderr.as_slice()].map(|said| String::from_utf8_lossy(said).into_owned());
        let said =
            said.iter().map(|said| said.trim_end()).filter(|said| !said.is_empty()).collect::<Vec<_>>().join("\n");
        if ran.status.success() && output.is_file() {
            if !said.is_empty() {
                tracing::info!(target: "carnet::build", "{}: {said}", self.name);
            }
            return fs::read(&output).map_err(|error| Failure::io("read", &output, &error));
        }
        let how = if ran.status.success() { "it wrote no component".to_owned() } else { ran.status.to_string() };
        let message = format!("{} could not build `{}` ({how})", self.name, self.place.given.display());
        let said = (self.essence)(&said).unwrap_or(said);
        let message = if said.is_empty() { message } else { format!("{message}\n{}", indented(&said)) };
        Err(Failure::new(Class::Rejected, "BUILD", message).hint(self.hint))
    }
}

/// What a tool said, set off from what Carnet says.
pub(super) fn indented(said: &str) -> String {
    said.lines().map(|line| format!("    {}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_looked_for_beside_the_package_and_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("plugins/one");
        let bin = folder.path().join("node_modules/.bin");
        fs::create_dir_all(&package).unwrap();
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("no-such-tool"), "").unwrap();
        let beside = in_ancestors(&package, "node_modules/.bin");
        // A file that cannot be run is no tool.
        assert_eq!(find("no-such-tool", &beside), None);
        std::os::unix::fs::symlink("/bin/sh", bin.join("some-such-tool")).unwrap();
        assert_eq!(find("some-such-tool", &beside), Some(bin.join("some-such-tool")));
    }

    #[test]
    fn what_a_tool_says_is_shown_whole_when_it_fails() {
        let folder = tempfile::tempdir().unwrap();
        let run = |script: &str| {
            let place = Place { full: folder.path().to_owned(), given: Path::new("it") };
            let job = Job {
                program: Path::new("/bin/sh"),
                place: &place,
                name: "sh",
                hint: "mend the sources",
                essence: |_| None,
            };
            job.run(|output| vec!["-c".into(), script.into(), "sh".into(), output.as_os_str().to_owned()])
        };
        let failure = run("echo one; echo two >&2; exit 3").unwrap_err();
        assert!(failure.message.ends_with("\n    one\n    two"), "{failure}");
        assert!(failure.message.contains("exit status: 3"), "{failure}");
        assert!(run("true").unwrap_err().message.contains("wrote no component"));
        assert_eq!(run("printf code > \"$1\"").unwrap(), b"code");
    }
}

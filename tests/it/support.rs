//! Homes, files and runs of the real program.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use tempfile::TempDir;

/// A home folder of its own, gone when the test is over.
pub struct Home {
    folder: TempDir,
}

/// What a run printed, and its status.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The answer of a run with `--json`.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}\n{self:#?}"))
    }

    /// Checks the status.
    #[track_caller]
    pub fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }
}

impl Home {
    /// An empty home.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A home with the packages that ship with Carnet, and the settings that grant them what they need.
    pub fn with_packages() -> Self {
        let home = Self::new();
        for package in shipped_packages() {
            home.install(&package);
        }
        std::fs::copy(root().join("carnet.toml"), home.path().join("carnet.toml")).expect("the settings");
        home
    }

    /// Copies what counts of a package of the project.
    pub fn install(&self, package: &Path) {
        let to = self.path().join(package.strip_prefix(root()).expect("a package of the project"));
        std::fs::create_dir_all(&to).expect("a package folder");
        for name in ["plugin.toml", "plugin.wasm", "main.rhai"] {
            let from = package.join(name);
            if from.exists() {
                std::fs::copy(from, to.join(name)).expect("a copy");
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the home, making its folders.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folders");
        std::fs::write(&path, content).expect("the file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program, set to work in this home.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carnet"));
        command
            .arg("--home")
            .arg(self.path())
            .env_remove("CARNET_HOME")
            .env_remove("CARNET_LOG")
            .current_dir(self.path());
        command
    }

    /// Runs the program.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Ran {
        ran(self.command().args(args).output().expect("the program runs"))
    }

    /// Runs the program with `--json` and returns its answer.
    #[track_caller]
    pub fn json<S: AsRef<std::ffi::OsStr>>(&self, args: &[S], status: i32) -> serde_json::Value {
        ran(self.command().arg("--json").args(args).output().expect("the program runs")).exits(status).json()
    }
}

/// A running command that tells what happens as lines of JSON, until the test is over.
pub struct Telling {
    pub child: Child,
    pub lines: Lines<BufReader<ChildStdout>>,
}

impl Telling {
    pub fn start(home: &Home, args: &[&str]) -> Self {
        let mut command = home.command();
        command.arg("--json").args(args);
        Self::of(command)
    }

    /// Starts a command that was set up with `--json`.
    pub fn of(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    /// Waits for the next line.
    pub fn next(&mut self) -> serde_json::Value {
        let line = self.lines.next().expect("it goes on").expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        // The test is over either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The project's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file under `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    root().join("tests/fixtures").join(name)
}

/// Every folder under `plugins/` and `scripts/` with a manifest and committed code. A component that takes tools to build is not committed.
pub fn shipped_packages() -> Vec<PathBuf> {
    let folders = ["plugins", "scripts"]
        .into_iter()
        .flat_map(|top| std::fs::read_dir(root().join(top)).expect("a folder of packages"));
    let mut found: Vec<PathBuf> =
        folders.flatten().map(|entry| entry.path()).filter(|path| path.join("plugin.toml").exists()).collect();
    found.retain(|path| path.join("Cargo.toml").exists() || path.join("main.rhai").exists());
    found.sort();
    found
}

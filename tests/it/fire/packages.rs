//! Packages of both engines, each version of which sets one field to that version, and all that may happen to them. A component is made once;
//! other versions of it differ in one text, so that hundreds are made in moments.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use carnet::domain::contact::{Contact, Stamp};
use carnet::domain::draft::Draft;
use carnet::domain::id::ContactId;
use carnet::domain::rules::Rules;
use carnet::plugin::hand::{ContactHand, Sheet, Subject};

use crate::hostile::kit::{ACCEPT, REALLOC, component_of, world};

/// The version in the component's template.
const TEMPLATE: &str = "1.0.100000";

/// Which engine runs a package.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A component.
    Wasm,
    /// A script.
    Script,
}

/// Makes packages in a home and breaks them.
pub struct Shop {
    home: PathBuf,
    next: u32,
    /// The version last made of each, and all good ones.
    last: BTreeMap<String, String>,
    good: BTreeSet<(String, String)>,
}

impl Shop {
    /// Opens in a home.
    pub fn new(home: &Path) -> Self {
        for folder in ["plugins", "scripts", "releases"] {
            fs::create_dir_all(home.join(folder)).expect("a folder");
        }
        Self { home: home.to_owned(), next: 100_000, last: BTreeMap::new(), good: BTreeSet::new() }
    }

    /// The version last made.
    pub fn version(&self, name: &str) -> String {
        self.last[name].clone()
    }

    /// Says whether such a version was ever made whole.
    pub fn is_good(&self, name: &str, version: &str) -> bool {
        self.good.contains(&(name.to_owned(), version.to_owned()))
    }

    fn place(&self, name: &str) -> PathBuf {
        self.home.join("plugins").join(name)
    }

    fn fresh(&mut self, name: &str) -> String {
        self.next += 1;
        let version = format!("1.0.{}", self.next);
        self.last.insert(name.to_owned(), version.clone());
        self.good.insert((name.to_owned(), version.clone()));
        version
    }

    /// Makes the next version aside, whole.
    fn make(&mut self, name: &str, kind: Kind) -> PathBuf {
        let version = self.fresh(name);
        let folder = self.home.join("releases").join(format!("{name}-{version}"));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("plugin.toml"), manifest(name, &version)).expect("a manifest");
        fs::write(folder.join(file(kind)), code(kind, &version)).expect("the code");
        folder
    }

    /// Puts the next version in the place of whatever there is.
    pub fn replace(&mut self, name: &str, kind: Kind) {
        let made = self.make(name, kind);
        self.clear(name);
        fs::rename(made, self.place(name)).expect("the version comes");
    }

    /// Puts a link to the next version in its place, as deployments do.
    pub fn link(&mut self, name: &str) {
        let made = self.make(name, Kind::Script);
        let link = self.home.join("plugins").join(format!(".{name}.tmp"));
        std::os::unix::fs::symlink(made, &link).expect("a link");
        if !self.place(name).is_symlink() {
            self.clear(name);
        }
        fs::rename(link, self.place(name)).expect("the link comes");
    }

    /// Overwrites the code with what is none.
    pub fn break_code(&mut self, name: &str) {
        for file in ["main.rhai", "plugin.wasm"] {
            if self.place(name).join(file).exists() {
                fs::write(self.place(name).join(file), "fn on_create(contact { this is nothing").expect("a write");
            }
        }
    }

    /// Overwrites the manifest with what is none.
    pub fn break_manifest(&mut self, name: &str) {
        if self.place(name).exists() {
            fs::write(self.place(name).join("plugin.toml"), "version = [").expect("a write");
        }
    }

    /// Cuts a component in half.
    pub fn cut(&mut self, name: &str) {
        let version = self.version(name);
        let code = code(Kind::Wasm, &version);
        if self.place(name).exists() {
            let _ = fs::remove_file(self.place(name).join("main.rhai"));
            fs::write(self.place(name).join("plugin.wasm"), &code[..code.len() / 2]).expect("a write");
        }
    }

    /// Lets a package grow in its place, manifest first.
    pub fn grow(&mut self, name: &str, kind: Kind) {
        let version = self.fresh(name);
        self.clear(name);
        fs::create_dir_all(self.place(name)).expect("a folder");
        fs::write(self.place(name).join("plugin.toml"), manifest(name, &version)).expect("a manifest");
        let code = code(kind, &version);
        let mut written = fs::File::create(self.place(name).join(file(kind))).expect("a file");
        for piece in code.chunks(code.len() / 20 + 1) {
            std::io::Write::write_all(&mut written, piece).expect("a write");
            std::thread::yield_now();
        }
    }

    /// Takes a package away.
    pub fn remove(&mut self, name: &str) {
        self.clear(name);
    }

    /// Gives a package's folder another name, and back.
    pub fn rename(&mut self, name: &str) {
        let other = self.home.join("plugins").join(format!("{name}-renamed"));
        if self.place(name).exists() && !other.exists() {
            fs::rename(self.place(name), &other).expect("a rename");
        } else if other.exists() {
            self.clear(name);
            fs::rename(&other, self.place(name)).expect("a rename");
        }
    }

    /// Takes away what still has another name.
    pub fn tidy(&mut self, name: &str) {
        let _ = fs::remove_dir_all(self.home.join("plugins").join(format!("{name}-renamed")));
        let _ = fs::remove_file(self.home.join("plugins").join(format!("{name}-renamed")));
    }

    /// Leaves what editors leave.
    pub fn litter(&mut self, name: &str) {
        let plugins = self.home.join("plugins");
        for file in ["4913", ".main.rhai.swp", "main.rhai~", "#main.rhai#", "x.part", ".DS_Store", "notes.txt"] {
            fs::write(plugins.join(file), "fn on_create(contact) { throw 1; }").expect("a write");
            if self.place(name).exists() {
                fs::write(self.place(name).join(file), "fn on_create(contact) { throw 1; }").expect("a write");
            }
        }
    }

    /// Takes the folder of plugins away.
    pub fn take_folder_away(&mut self) {
        fs::rename(self.home.join("plugins"), self.home.join("away")).expect("a rename");
    }

    /// Brings it back.
    pub fn bring_folder_back(&mut self) {
        fs::rename(self.home.join("away"), self.home.join("plugins")).expect("a rename");
    }

    fn clear(&self, name: &str) {
        let place = self.place(name);
        if place.is_symlink() {
            fs::remove_file(&place).expect("the link goes");
        } else if place.exists() {
            // Moved away first, so that nobody sees a half of it.
            let grave = self.home.join("releases").join(format!("{name}-grave"));
            let _ = fs::remove_dir_all(&grave);
            fs::rename(&place, &grave).expect("it goes");
        }
    }
}

const fn file(kind: Kind) -> &'static str {
    match kind {
        Kind::Wasm => "plugin.wasm",
        Kind::Script => "main.rhai",
    }
}

fn manifest(name: &str, version: &str) -> String {
    // A busy machine is no fault of a plugin's.
    format!("name = '{name}'\nversion = '{version}'\n[budget]\ndeadline_ms = 5000\n")
}

/// Code of a version that sets the company to it.
pub fn code(kind: Kind, version: &str) -> Vec<u8> {
    match kind {
        Kind::Script => {
            format!("fn on_create(contact) {{ contact.company = \"{version}\"; }}\nfn on_enquiry(enquiry) {{ }}\n")
                .into()
        }
        Kind::Wasm => {
            static MADE: OnceLock<Vec<u8>> = OnceLock::new();
            let mut code = MADE.get_or_init(component).clone();
            let at = code.windows(TEMPLATE.len()).position(|part| part == TEMPLATE.as_bytes()).expect("the version");
            code[at..at + version.len()].copy_from_slice(version.as_bytes());
            code
        }
    }
}

fn component() -> Vec<u8> {
    let core = format!(
        r#"(module
          (import "carnet:plugin/things@0.1.0" "[method]contact.set" (func $set (param i32 i32 i32 i32 i32 i32)))
          (import "carnet:plugin/things@0.1.0" "[resource-drop]contact" (func $drop (param i32)))
          (memory (export "memory") 2)
          (global $heap (mut i32) (i32.const 65536))
          (data (i32.const 64) "company") (data (i32.const 80) "{TEMPLATE}")
          {REALLOC}
          (func (export "carnet:plugin/on-create@0.1.0#create") (param $contact i32) (result i32)
            (global.set $heap (i32.const 65536))
            (call $set (local.get $contact) (i32.const 64) (i32.const 7) (i32.const 80) (i32.const 10) (i32.const 2048))
            {ACCEPT}))"#
    );
    component_of(&core, &world(&["on-create"]))
}

/// A contact in hand.
pub fn contact() -> Subject {
    let created = Stamp { at: carnet::app::now(), by: Arc::from("test") };
    let mut contact = Contact::new(ContactId::from_bytes([7; 16]), created);
    contact.last_name = Some("Lee".to_owned());
    let sheet = Sheet::new(Draft::new(contact), rules());
    Subject::Contact(Box::new(ContactHand { sheet, before: None }))
}

fn rules() -> Arc<Rules> {
    static RULES: OnceLock<Arc<Rules>> = OnceLock::new();
    let made = || {
        let home = tempfile::tempdir().expect("a folder");
        let app = carnet::app::App::open(home.path(), None).expect("the home opens");
        Arc::new(app.rules(carnet::app::now()).expect("the rules"))
    };
    Arc::clone(RULES.get_or_init(made))
}

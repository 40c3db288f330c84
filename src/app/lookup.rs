//! What the app lends to plugins: read-only search over a store snapshot. What they remember is `memory`'s.

use std::sync::Arc;

use crate::domain::contact::Contact;
use crate::domain::permission::Scope;
use crate::plugin::service::{ContactLookup, LookupKey};
use crate::store::{Identifier, Query, Sought, Store, StoreError};

/// Search for other contacts among what is committed, as far as whoever acts sees them.
pub struct StoreLookup {
    /// Where they are.
    pub store: Store,
    /// Which of them are there for whoever acts.
    pub scope: Scope,
}

impl ContactLookup for StoreLookup {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        let found = self.store.read(|reader| match wanted(key) {
            Wanted::Identifier(identifier) => {
                let numbers = reader.matches(&[identifier], &self.scope, limit)?;
                numbers.into_iter().filter_map(|no| reader.contact_numbered(no).transpose()).collect()
            }
            Wanted::Words(words) => {
                let (words, scope) = (words.to_owned(), self.scope.clone());
                reader.newest(&Query { words, limit, scope, ..Query::default() })
            }
        });
        answer(found)
    }
}

/// What a lookup asks for: somebody with an identifier, or with words in the name.
pub(super) enum Wanted<'k> {
    /// An identifier, in the store's words.
    Identifier(Identifier),
    /// Words of a name.
    Words(&'k str),
}

/// Reads what a lookup asks for.
pub(super) fn wanted(key: &LookupKey) -> Wanted<'_> {
    match key {
        LookupKey::Email(address) => Wanted::Identifier(Identifier::Email(address.clone())),
        LookupKey::Phone(number) => Wanted::Identifier(Identifier::Phone(number.clone())),
        LookupKey::ExternalId(text) => {
            let (source, id) = text.split_once(':').unwrap_or(("", text));
            Wanted::Identifier(Identifier::ExternalId { source: source.to_owned(), id: id.to_owned() })
        }
        LookupKey::Name(words) => Wanted::Words(words),
    }
}

/// What a lookup finds, as plugins get it.
pub(super) fn answer(found: Result<Vec<Contact>, StoreError>) -> Result<Vec<Arc<Contact>>, String> {
    found.map(|contacts| contacts.into_iter().map(Arc::new).collect()).map_err(|error| error.to_string())
}

/// What a lookup asks for, as rows that are not written yet are asked.
pub(super) fn sought(key: &LookupKey) -> Sought {
    match wanted(key) {
        Wanted::Identifier(identifier) => Sought::identifier(&identifier),
        Wanted::Words(words) => Sought::words(words),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use crate::app::App;
    use crate::app::bulk::{BulkRequest, Deed};
    use crate::app::contacts::{Wish, tests::populate};
    use crate::app::import::{ImportRequest, Progress};
    use crate::domain::id::ContactId;
    use crate::domain::name::Name;
    use crate::domain::permission::{Member, Role, Viewer};
    use crate::store::Query;

    /// Refuses a contact whose address or name another one has.
    const GUARD: &str = r#"
fn on_create(contact) { refuse_known(contact); }
fn on_update(contact, before) { refuse_known(contact); }
fn refuse_known(contact) {
    if lookup("email", contact.email, 1).len() > 0 || lookup("name", contact.last_name, 1).len() > 0 {
        reject("email", "KNOWN", "known");
    }
}
"#;

    fn app(folder: &Path) -> App {
        let package = folder.join("scripts/guard");
        std::fs::create_dir_all(&package).unwrap();
        let manifest = "name = 'guard'\nversion = '1.0.0'\ndescription = 'Guards'\ngrants = ['lookup']\n";
        std::fs::write(package.join("plugin.toml"), manifest).unwrap();
        std::fs::write(package.join("main.rhai"), GUARD).unwrap();
        let settings = "access = 'owner'\n[plugins.guard]\ngrants = ['lookup']\n";
        std::fs::write(folder.join("carnet.toml"), settings).unwrap();
        App::open(folder, None).unwrap()
    }

    fn agent(name: &str) -> Viewer {
        let name = Name::parse(name).unwrap();
        Viewer::Staff(Arc::new(Member { name, role: Role::Agent, divisions: Vec::new() }))
    }

    fn wishes(fields: &[&str]) -> Vec<Wish> {
        fields.iter().map(|field| Wish::parse(field).unwrap()).collect()
    }

    fn like_anns() -> Vec<Wish> {
        wishes(&["last_name=Lee", "email=lee@example.com"])
    }

    /// Ways to get a contact like one of Ann's; somebody else's is there, too.
    const WAYS: [fn(&App, ContactId, &Viewer) -> bool; 4] = [
        |app, _, by| app.add_contact(&like_anns(), false, by).is_ok(),
        |app, other, by| app.edit_contact(other, &like_anns(), None, by).is_ok(),
        |app, _, by| {
            let request = BulkRequest {
                deed: Deed::Edit(like_anns()),
                kind: "edit",
                what: String::new(),
                dry_run: false,
                by: by.clone(),
            };
            let rays = Query { words: "Ray".to_owned(), ..app.query(by) };
            app.bulk(&request, &app.bulk_matched(&rays).unwrap()).unwrap().changed == 1
        },
        |app, _, by| {
            let file = app.home().folder().join("rows.csv");
            std::fs::write(&file, "Last name,Email\nLee,lee@example.com\n").unwrap();
            let request = ImportRequest { by: by.clone(), ..ImportRequest::new(file) };
            app.import(&request, &mut |_: Progress| ()).unwrap().counts.created == 1
        },
    ];

    fn gets(by: &Viewer) -> [bool; 4] {
        WAYS.map(|way| {
            let folder = tempfile::tempdir().unwrap();
            let app = app(folder.path());
            populate(&app);
            let anns = [like_anns(), wishes(&["owner=Ann"])].concat();
            app.add_contact(&anns, false, &Viewer::Operator).unwrap();
            let other = app.add_contact(&wishes(&["last_name=Ray"]), false, by).unwrap().contact.id;
            way(&app, other, by)
        })
    }

    #[test]
    fn plugins_find_what_whoever_acts_may_see_whichever_way_a_contact_comes_in() {
        assert_eq!(gets(&agent("Bob")), [true; 4], "he does not see it, so it is not there");
        assert_eq!(gets(&agent("Ann")), [false; 4], "it is hers");
        assert_eq!(gets(&Viewer::Operator), [false; 4], "the operator sees everything");
    }
}

//! Who may merge and unmerge what, and what happens when somebody else writes meanwhile.

use tempfile::TempDir;

use super::*;
use crate::app::fresh_id;
use crate::domain::name::Name;
use crate::domain::permission::{Member, Role};

/// A home with settings, and the use cases on it.
struct Desk {
    _home: TempDir,
    app: App,
}

impl Desk {
    fn new(settings: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("carnet.toml"), settings).unwrap();
        let app = App::open(home.path(), None).unwrap();
        Self { _home: home, app }
    }

    /// Stores a contact of an owner and a division, where these are not empty.
    fn add(&self, last_name: &str, owner: &str, division: &str) -> Contact {
        let mut contact = Contact::new(fresh_id(), Stamp { at: now(), by: "test".into() });
        contact.last_name = Some(last_name.to_owned());
        (contact.owner, contact.division) = (Name::parse(owner).ok(), Name::parse(division).ok());
        let entry = self.entry(Action::Created);
        self.app.store().unwrap().write(|writer| writer.insert(&Prepared::new(&contact), &entry)).unwrap();
        Contact { rev: 1, ..contact }
    }

    fn entry(&self, action: Action) -> NewChange {
        let actor = Actor::Person("test".to_owned());
        NewChange { at: now(), actor, action, fields: Vec::new(), via: String::new() }
    }

    fn pair(&self, master: &Contact, other: &Contact, by: &Viewer) -> Result<Pair, Failure> {
        let (master, other) = (master.id, other.id);
        self.app.merge_pair(Sides { master, other, rev: None, other_rev: None }, by)
    }

    fn merge(&self, master: &Contact, other: &Contact, by: &Viewer) -> Result<Written, Failure> {
        self.app.merge_contacts(&self.pair(master, other, by)?, &Choices::default(), by)
    }
}

fn agent(name: &str) -> Viewer {
    Viewer::Staff(Arc::new(Member { name: Name::parse(name).unwrap(), role: Role::Agent, divisions: Vec::new() }))
}

#[track_caller]
fn refused<T>(result: Result<T, Failure>, code: &str) -> Failure {
    let failure = result.err().expect("a refusal");
    assert_eq!(failure.code, code, "{failure:?}");
    failure
}

#[test]
fn contacts_of_two_divisions_are_not_merged() {
    let desk = Desk::new("");
    let [asia, europe, none] = ["Asia", "Europe", ""].map(|division| desk.add("Lee", "", division));
    refused(desk.pair(&asia, &europe, &Viewer::Operator), "MERGE_DIVISIONS");
    // The first division of a contact is an admin's to give, in a merge, too.
    refused(desk.pair(&none, &asia, &agent("Ann")), "FORBIDDEN");
    let merged = desk.merge(&none, &asia, &Viewer::Operator).unwrap().contact;
    assert_eq!(merged.division, Name::parse("asia").ok());
}

#[test]
fn a_merge_gives_nobody_what_they_could_not_give() {
    let desk = Desk::new("access = \"owner\"\n");
    let (ann, root) = (agent("Ann"), Viewer::Operator);
    let names = |names: &[&str]| names.iter().map(|name| Name::parse(name).unwrap()).collect::<Vec<_>>();
    let shared = |owner: &str, with: &[&str]| {
        let contact = Contact { shared_with: names(with), ..desk.add("Lee", owner, "") };
        let entry = desk.entry(Action::Updated);
        desk.app.store().unwrap().write(|writer| writer.update(&Prepared::new(&contact), 1, &entry)).unwrap();
        Contact { rev: 2, ..contact }
    };
    let bobs = shared("Bob", &["Ann"]);
    let hers = shared("Ann", &["Eve"]);
    let pair = desk.pair(&bobs, &hers, &ann).unwrap();
    let choose = |choices: &[(&str, Choice)]| {
        let mut chosen = Choices::default();
        choices.iter().for_each(|(field, choice)| chosen.add(field, *choice).unwrap());
        chosen
    };
    for choice in [("owner", Choice::Other), ("shared_with", Choice::Other), ("shared_with", Choice::Both)] {
        let choices = choose(&[choice]);
        let told = refused(desk.app.merge_contacts(&pair, &choices, &ann), "FORBIDDEN");
        assert_eq!(told.hint.as_deref(), Some("ask Bob, or an admin"));
        refused(desk.app.preview_merge(&pair, &choices, &ann), "FORBIDDEN");
        refused(desk.app.propose_merge(&pair, &choices, &ann), "FORBIDDEN");
        assert!(desk.app.preview_merge(&pair, &choices, &root).is_ok());
    }
    assert!(!desk.app.may_choose(&pair, &Field::Owner.into(), &ann));
    assert!(desk.app.may_choose(&pair, &Field::Company.into(), &ann));
    let keep = choose(&[("owner", Choice::Master), ("shared_with", Choice::Master)]);
    for choices in [&keep, &Choices::default()] {
        let preview = desk.app.preview_merge(&pair, choices, &ann).unwrap();
        assert_eq!(
            (preview.result.owner.as_ref(), &preview.result.shared_with),
            (bobs.owner.as_ref(), &names(&["Ann"]))
        );
        assert!(preview.notes[0].contains("ask Bob"), "{:?}", preview.notes);
    }
    let merged = desk.merge(&bobs, &hers, &ann).unwrap().contact;
    assert_eq!((merged.owner, merged.shared_with), (bobs.owner, names(&["Ann"])));
    // To take it back is the owner's, or an admin's, as to delete is.
    let told = refused(desk.app.unmerge_contact(hers.id, None, &ann), "FORBIDDEN");
    assert!(told.message.contains("may not unmerge"), "{told}");
    assert!(desk.app.unmerge_contact(hers.id, None, &agent("Bob")).is_ok());
    // Nobody's contact stays nobody's.
    let (nobodys, also) = (shared("", &["Ann"]), desk.add("Li", "Ann", ""));
    assert_eq!(desk.merge(&nobodys, &also, &ann).unwrap().contact.owner, None);
    let (own, shares) = (shared("Ann", &[]), shared("Ann", &["Eve"]));
    assert_eq!(desk.merge(&own, &shares, &ann).unwrap().contact.shared_with, names(&["Eve"]));
}

#[test]
fn the_master_must_be_editable_and_the_other_deletable() {
    let desk = Desk::new("access = \"owner\"\n");
    let (ann, bob) = (agent("Ann"), agent("Bob"));
    let [hers, also, his] = ["Ann", "Ann", "Bob"].map(|owner| desk.add("Lee", owner, ""));
    // What is not seen is not there.
    refused(desk.pair(&hers, &his, &ann), "CONTACT_UNKNOWN");
    refused(desk.pair(&his, &hers, &ann), "CONTACT_UNKNOWN");
    let mut shared = desk.add("Lee", "Bob", "");
    shared.shared_with = vec![Name::parse("Ann").unwrap()];
    let entry = desk.entry(Action::Updated);
    desk.app.store().unwrap().write(|writer| writer.update(&Prepared::new(&shared), 1, &entry)).unwrap();
    refused(desk.pair(&hers, &shared, &ann), "FORBIDDEN");
    let merged = desk.merge(&shared, &hers, &ann).unwrap().contact;
    assert_eq!(merged.shared_with, [Name::parse("Ann").unwrap()]);
    refused(desk.merge(&also, &hers, &ann), "MERGED_BEFORE");
    // The one that was erased is part of one that Eve does not see.
    refused(desk.app.unmerge_contact(hers.id, None, &agent("Eve")), "CONTACT_UNKNOWN");
    refused(desk.pair(&his, &hers, &agent("Eve")), "CONTACT_UNKNOWN");
    let unmerged = desk.app.unmerge_contact(hers.id, None, &bob).unwrap();
    assert_eq!((unmerged.master.id, unmerged.restored.owner.clone()), (shared.id, hers.owner));
    let found = desk.app.duplicates_in_book(&ann, 0, 9).unwrap();
    assert_eq!(found.total, 0, "a last name alone brings nobody together");
}

#[test]
fn somebody_who_writes_meanwhile_wins() {
    let desk = Desk::new("");
    let [master, other] = ["Lee", "Li"].map(|name| desk.add(name, "", ""));
    let store = desk.app.store().unwrap();
    let pair = desk.pair(&master, &other, &Viewer::Operator).unwrap();
    let entry = desk.entry(Action::Updated);
    store.write(|writer| writer.update(&Prepared::new(&other), 1, &entry)).unwrap();
    let merge = |pair: &Pair| desk.app.merge_contacts(pair, &Choices::default(), &Viewer::Operator);
    assert_eq!(refused(merge(&pair), "STALE_REV").class, Class::Conflict);
    let pair = desk.pair(&master, &other, &Viewer::Operator).unwrap();
    store.write(|writer| writer.delete(other.id, 2, &entry)).unwrap();
    assert_eq!(refused(merge(&pair), "STALE_REV").class, Class::Conflict);
    refused(desk.pair(&master, &other, &Viewer::Operator), "CONTACT_DELETED");
}

#[test]
fn a_merge_into_a_contact_that_was_deleted_waits_until_it_is_back() {
    let desk = Desk::new("");
    let [master, other] = ["Lee", "Li"].map(|name| desk.add(name, "", ""));
    let rev = desk.merge(&master, &other, &Viewer::Operator).unwrap().contact.rev;
    let entry = desk.entry(Action::Deleted);
    desk.app.store().unwrap().write(|writer| writer.delete(master.id, rev, &entry)).unwrap();
    let told = refused(desk.app.unmerge_contact(other.id, None, &Viewer::Operator), "CONTACT_DELETED");
    assert!(told.hint.is_some_and(|hint| hint.contains(&master.id.to_string())));
}

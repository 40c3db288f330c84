//! Merges taken back, in any order: nothing is lost, nothing is mixed up, and what was changed meanwhile stays.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;
use crate::domain::merge::merge;

/// What may happen to a book of a few contacts.
#[derive(Clone, Debug)]
enum Step {
    Merge(usize, usize),
    Title(usize),
    AddPhone(usize),
    RemovePhone(usize, usize),
    OptOut(usize),
    Unmerge(usize),
}

const PEOPLE: usize = 5;

fn number(at: usize) -> String {
    format!("+8529000{at:04}")
}

prop_compose! {
    fn any_person()(
        phones in proptest::collection::btree_map(0..6_usize, any::<bool>(), 0..4), company in proptest::option::of("[AB]"),
        title in proptest::option::of("[CD]"), labels in proptest::collection::btree_set("[a-c]", 0..3), opt_out in any::<bool>(),
        last_name in "[LM][a-b]", custom in proptest::option::of("[xy]"), street in proptest::option::of("[st]"),
    ) -> Contact {
        let mut person = contact(0, &last_name);
        person.phones = phones.into_iter().map(|(at, sms)| Phone { sms, ..phone(&number(at)) }).collect();
        person.labels = labels.iter().map(|name| label(name)).collect();
        (person.company, person.job_title, person.survey_opt_out) = (company, title, opt_out);
        person.address.street = street;
        person.custom.extend(custom.map(|value| ("tier".to_owned(), value)));
        person
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE;
    prop_oneof![
        6 => (who(), who()).prop_map(|(a, b)| Step::Merge(a, b)),
        1 => who().prop_map(Step::Title),
        1 => who().prop_map(Step::AddPhone),
        2 => (who(), 0..6_usize).prop_map(|(a, at)| Step::RemovePhone(a, at)),
        1 => who().prop_map(Step::OptOut),
        2 => who().prop_map(Step::Unmerge),
    ]
}

/// The store, and beside it what each person should be in the end.
struct World {
    store: Store,
    expected: Vec<Contact>,
    /// Into whom each is merged.
    master: [Option<usize>; PEOPLE],
    edits: usize,
    /// Tells apart the worlds that share a store.
    world: u8,
}

impl World {
    fn new(store: Store, world: u8, people: &[Contact]) -> Self {
        let mut new = Self { store, expected: Vec::new(), master: [None; PEOPLE], edits: 0, world };
        new.expected = people.iter().enumerate().map(|(at, it)| Contact { id: new.id_of(at), ..it.clone() }).collect();
        let entry = change(Action::Created, 0);
        let insert = |writer: &mut Writer<'_>| {
            new.expected.iter().try_for_each(|person| writer.insert(&Prepared::new(person), &entry))
        };
        new.store.write(insert).unwrap();
        new
    }

    fn id_of(&self, person: usize) -> ContactId {
        let mut bytes = *id(person as u8 + 1).as_bytes();
        bytes[0] = self.world + 1;
        ContactId::from_bytes(bytes)
    }

    fn root(&self, person: usize) -> usize {
        self.master[person].map_or(person, |master| self.root(master))
    }

    fn stored(&self, person: usize) -> Contact {
        self.store.read(|reader| reader.contact(self.id_of(person))).unwrap().unwrap()
    }

    fn edit(&mut self, root: usize, f: impl FnOnce(&mut Contact)) {
        let mut edited = self.stored(root);
        f(&mut edited);
        update(&self.store, &edited).unwrap();
        self.edits += 1;
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Merge(a, b) => self.merge(self.root(a), self.root(b)),
            Step::Unmerge(person) => self.unmerge(person),
            Step::Title(person) => {
                let (root, title) = (self.root(person), Some(format!("edit {}", self.edits)));
                self.expected[root].job_title.clone_from(&title);
                self.edit(root, |contact| contact.job_title = title);
            }
            Step::AddPhone(person) => {
                let (root, new) = (self.root(person), phone(&number(100 + self.edits)));
                self.expected[root].phones.push(new.clone());
                self.edit(root, |contact| contact.phones.push(new));
            }
            Step::RemovePhone(person, at) => {
                let (root, gone) = (self.root(person), number(at));
                let remove = |contact: &mut Contact, was_silent: bool| {
                    let had = contact.clone();
                    contact.phones.retain(|phone| phone.raw != gone);
                    let since = (was_silent && had.phones != contact.phones).then_some(gone.as_str());
                    contact.remember_silent(had.silent_numbers().chain(since));
                };
                let was_silent = self.stored(root).silent_numbers().any(|number| number == gone);
                for member in (0..PEOPLE).filter(|member| self.root(*member) == root).collect::<Vec<_>>() {
                    remove(&mut self.expected[member], was_silent);
                }
                self.edit(root, |contact| remove(contact, was_silent));
            }
            Step::OptOut(person) => {
                let root = self.root(person);
                if self.stored(root).survey_opt_out {
                    return;
                }
                for member in (0..PEOPLE).filter(|member| self.root(*member) == root).collect::<Vec<_>>() {
                    self.expected[member].survey_opt_out = true;
                }
                self.edit(root, |contact| contact.survey_opt_out = true);
            }
        }
    }

    fn merge(&mut self, master: usize, other: usize) {
        if master == other {
            return;
        }
        let (a, b) = (self.stored(master), self.stored(other));
        let result = Prepared::new(&merge(&a, &b));
        self.store.write(|writer| writer.merge(&result, a.rev, b.id, b.rev, &change(Action::Merged, 1))).unwrap();
        self.master[other] = Some(master);
    }

    fn unmerge(&mut self, person: usize) {
        if self.master[person].is_none() {
            return;
        }
        let standing = self.store.read(|reader| reader.standing_merge(self.id_of(person))).unwrap();
        let Some(Standing::Merge(mut trail)) = standing else { panic!("{standing:?}") };
        let undone = trail.undo();
        let [root, restored] = [trail.root(), &undone.restored].map(Prepared::new);
        let entry = change(Action::Unmerged, 2);
        self.store.write(|writer| writer.unmerge(&trail, (&root, &entry), (&restored, &entry))).unwrap();
        self.master[person] = None;
    }

    #[track_caller]
    fn check(&self) {
        for (person, expected) in self.expected.iter().enumerate() {
            let mut is = self.stored(person);
            if self.edits > 0 {
                is.phones.sort_by(|a, b| a.raw.cmp(&b.raw));
            }
            let mut expected = Contact { rev: is.rev, ..expected.clone() };
            if self.edits > 0 {
                expected.phones.sort_by(|a, b| a.raw.cmp(&b.raw));
            }
            assert_eq!(is, expected);
            for phone in &is.phones {
                let identifier = Identifier::Phone(phone.raw.clone());
                let found = self.store.read(|reader| reader.find(&identifier, usize::MAX)).unwrap();
                assert!(found.iter().any(|it| it.id == is.id), "{phone:?}");
            }
        }
    }
}

#[test]
fn merges_taken_back_in_any_order_leave_everybody_as_they_were_but_for_edits() {
    // One store for all cases: making one costs more than a case.
    let (store, worlds) = (Store::in_memory().unwrap(), std::cell::Cell::new(0));
    let people = proptest::collection::vec(any_person(), PEOPLE);
    let steps = proptest::collection::vec(any_step(), 1..14);
    let order = Just((0..PEOPLE).collect::<Vec<_>>()).prop_shuffle();
    let mut runner = TestRunner::new(ProptestConfig { cases: 64, max_shrink_iters: 0, ..ProptestConfig::default() });
    let checked = runner.run(&(people, steps, order), |(people, steps, order)| {
        let mut world = World::new(store.clone(), worlds.replace(worlds.get() + 1), &people);
        steps.iter().for_each(|step| world.run(step));
        order.into_iter().for_each(|person| world.unmerge(person));
        world.check();
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn enquiries_that_came_with_a_merge_go_back() {
    let people = [1, 2, 3].map(|number| contact(number, "Lee"));
    let mut world = World::new(Store::in_memory().unwrap(), 0, &people);
    let open = |world: &World, number: u8| {
        let asked = enquiries::enquiry(Some(id(number)));
        world.store.write(|writer| writer.insert_enquiry(&asked)).unwrap()
    };
    let early = open(&world, 2);
    world.merge(0, 1);
    let late = open(&world, 1);
    world.merge(2, 0);
    let of = |world: &World, enquiry: i64| {
        world.store.read(|reader| reader.enquiry(enquiry)).unwrap().unwrap().contact.unwrap()
    };
    assert_eq!((of(&world, early), of(&world, late)), (id(3), id(3)));
    world.unmerge(1);
    assert_eq!((of(&world, early), of(&world, late)), (id(2), id(3)));
    world.unmerge(0);
    assert_eq!((of(&world, early), of(&world, late)), (id(2), id(1)));
    let standing = |number| world.store.read(|reader| reader.standing_merge(id(number))).unwrap().unwrap();
    assert_eq!((standing(1), standing(2)), (Standing::TakenBack, Standing::TakenBack));
    let log = world.store.read(|reader| reader.changes(id(2), None)).unwrap();
    assert_eq!(log.iter().map(|entry| entry.action).collect::<Vec<_>>(), [Action::Unmerged, Action::Created]);
    assert_eq!(world.store.check().unwrap(), [""; 0]);
}

#[test]
fn a_merge_cannot_be_taken_back_twice_or_behind_somebodys_back() {
    let people = [1, 2].map(|number| contact(number, "Lee"));
    let mut world = World::new(Store::in_memory().unwrap(), 0, &people);
    assert_eq!(world.store.read(|reader| reader.standing_merge(id(1))).unwrap(), Some(Standing::Never));
    assert_eq!(world.store.read(|reader| reader.standing_merge(id(9))).unwrap(), None);
    world.merge(0, 1);
    assert_eq!(
        world.store.read(|reader| reader.whereabouts(id(2))).unwrap(),
        Some(Whereabouts::Merged { into: id(1), at: time(1) })
    );
    let Ok(Some(Standing::Merge(mut trail))) = world.store.read(|reader| reader.standing_merge(id(1))) else {
        panic!("a merge")
    };
    let undone = trail.undo();
    let [root, restored] = [trail.root(), &undone.restored].map(Prepared::new);
    let entry = change(Action::Unmerged, 2);
    let again = || world.store.write(|writer| writer.unmerge(&trail, (&root, &entry), (&restored, &entry)));
    assert_eq!(again().unwrap(), (3, 3));
    assert!(matches!(again(), Err(StoreError::Conflict { seen: 2, now: 3, .. })));
}

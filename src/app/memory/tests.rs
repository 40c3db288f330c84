//! Two programs at work in one home.

use std::path::Path;

use super::*;
use crate::app::contacts::Wish;
use crate::app::failure::Class;
use crate::domain::permission::Viewer;
use crate::plugin::service::STATE_KEY_BYTES;
use crate::store::Query;

fn apps(folder: &Path) -> [App; 2] {
    std::fs::write(folder.join("carnet.toml"), "[plugins.counter]\ngrants = [\"state\"]\n").unwrap();
    let to = folder.join("scripts/counter");
    std::fs::create_dir_all(&to).unwrap();
    std::fs::write(to.join("plugin.toml"), "grants = [\"state\"]\n[budget]\ndeadline_ms = 5000\n").unwrap();
    let script = "fn on_create(contact) { let n = parse_int(state_get(\"n\") ?? \"0\") + 1; state_set(\"n\", n); \
         contact.job_title = `${n}`; }\n";
    std::fs::write(to.join("main.rhai"), script).unwrap();
    [(); 2].map(|()| App::open(folder, None).unwrap())
}

fn add(app: &App) -> usize {
    let wish = Wish::parse("last_name=Lee").unwrap();
    let added = app.add_contact(&[wish], false, &Viewer::Operator).unwrap();
    added.contact.job_title.unwrap().parse().unwrap()
}

fn write(store: &Store, key: &str, value: Option<&[u8]>) {
    store.write::<_, StoreError>(|writer| writer.set_state("counter", key, value)).unwrap();
}

fn recalled(key: &str, value: Option<&[u8]>, size: Option<usize>) -> Vec<(String, Recalled)> {
    let values = [(key.to_owned(), value.map(<[u8]>::to_vec))].into();
    vec![("counter".to_owned(), Recalled { values, size })]
}

#[test]
fn programs_that_live_long_count_on_from_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = apps(folder.path());
    let numbers: Vec<usize> = [&one, &two, &one, &one, &two].map(add).into();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

#[test]
fn programs_that_write_at_once_give_every_number_once() {
    const EACH: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let apps = apps(folder.path());
    let start = std::sync::Barrier::new(4);
    // Two programs, each with two threads.
    let mut numbers: Vec<usize> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|nth| {
                let (app, start) = (&apps[nth % 2], &start);
                scope.spawn(move || {
                    start.wait();
                    (0..EACH).map(|_| add(app)).collect::<Vec<_>>()
                })
            })
            .collect();
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=4 * EACH).collect::<Vec<_>>());
    let stored = apps[0].store().unwrap().read(|reader| reader.search(&Query::default())).unwrap();
    assert_eq!(stored.total, 4 * EACH as u64);
}

#[test]
fn what_plugins_were_told_holds_or_does_not() {
    let store = Store::in_memory().unwrap();
    let holds = |recalled: &[(String, Recalled)]| match store.read(|reader| still_holds(reader, recalled)) {
        Ok(()) => true,
        Err(StoreError::StateMoved { plugin }) => {
            assert_eq!(plugin, "counter");
            false
        }
        Err(error) => panic!("{error}"),
    };
    assert!(holds(&recalled("n", None, Some(0))));
    write(&store, "n", Some(b"1"));
    assert!(!holds(&recalled("n", None, None)), "it came");
    assert!(holds(&recalled("n", Some(b"1"), Some(2))));
    assert!(holds(&recalled("m", None, Some(500))), "other keys and a little more or less matter to nobody");
    write(&store, "n", Some(b"2"));
    assert!(!holds(&recalled("n", Some(b"1"), None)), "it changed");
    write(&store, "n", None);
    assert!(!holds(&recalled("n", Some(b"2"), None)), "it went");
    write(&store, "é", Some(&vec![0; ROOMY]));
    assert!(!holds(&recalled("m", None, Some(0))), "there is less room");
    assert!(holds(&recalled("m", None, Some(ROOMY + 2))), "bytes are counted, not letters");
}

#[test]
fn who_is_always_overtaken_is_told_so() {
    let mut rounds = 0;
    let failure = undisturbed(|| {
        rounds += 1;
        Err::<(), _>(StoreError::StateMoved { plugin: "counter".to_owned() }.into())
    })
    .unwrap_err();
    assert_eq!((rounds, failure.class, &*failure.code), (ROUNDS, Class::Conflict, "STATE_MOVED"));
    assert!(failure.message.contains("`counter`") && failure.hint.is_some(), "{failure:?}");
}

#[test]
fn a_mark_stands_for_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = apps(folder.path());
    let (one, two) = (one.store().unwrap(), two.store().unwrap());
    let mark = |store: &Store| store.write::<_, StoreError>(|writer| Ok(writer.state_mark())).unwrap();
    let before = mark(one);
    assert_eq!(mark(one), before, "nobody wrote");
    write(two, "n", Some(b"1"));
    let others = mark(one);
    assert_ne!(others, before, "somebody else wrote");
    write(one, "n", Some(b"2"));
    let own = mark(one);
    assert_ne!(own, others, "another thread of this program wrote");
    let undone = one.write(|writer| {
        writer.set_state("counter", "n", None)?;
        Err::<(), _>(StoreError::NoJob { id: 1 })
    });
    assert!(undone.is_err() && mark(one) == own, "what was taken back never was");
}

#[test]
fn only_what_differs_is_told() {
    let store = Store::in_memory().unwrap();
    ["a", "b", "c"].iter().for_each(|key| write(&store, key, Some(b"1")));
    let load = || store.read(StateMemory::load).unwrap();
    let before = load();
    assert!(before.differences(&load()).is_empty());
    write(&store, "b", Some(b"2"));
    write(&store, "c", None);
    write(&store, &"d".repeat(STATE_KEY_BYTES), Some(b"1"));
    let keys: HashSet<String> = ["b".to_owned(), "c".to_owned(), "d".repeat(STATE_KEY_BYTES)].into();
    let expected = HashMap::from([("counter".to_owned(), keys)]);
    assert_eq!(before.differences(&load()), expected);
    assert_eq!(load().differences(&before), expected);
}

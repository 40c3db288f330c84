//! Import jobs: counts, refused rows, and how one tells the living from the dead.

use super::*;

fn begin(store: &Store, hash: &str) -> i64 {
    let job = NewJob {
        file: "people.csv".to_owned(),
        file_hash: hash.to_owned(),
        settings_json: "{\"x\":1}".to_owned(),
        generation: 7,
        started: time(0),
    };
    store.write(|writer| writer.begin_job(&job)).unwrap()
}

fn finish(store: &Store, id: i64, state: JobState) {
    store.write(|writer| writer.finish_job(id, state, "[1]", Some("ErrorDetail.csv"))).unwrap();
}

fn state(store: &Store, id: i64) -> JobState {
    store.read(|reader| reader.job(id)).unwrap().unwrap().state
}

fn lock_files(store: &Store) -> usize {
    let files = std::fs::read_dir(store.path().parent().unwrap()).unwrap();
    files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("-job-")).count()
}

#[test]
fn a_job_is_recorded_from_beginning_to_end() {
    let store = Store::in_memory().unwrap();
    let id = begin(&store, "h");
    let counts = Counts { read: 6, created: 1, updated: 1, unchanged: 1, skipped: 1, failed: 1, blank: 1 };
    assert!(counts.sum_is_sound());
    store.write(|writer| writer.advance_job(id, 6, &counts)).unwrap();
    let running = store.read(|reader| reader.job(id)).unwrap().unwrap();
    assert_eq!((running.state, running.counts, running.committed_record), (JobState::Running, counts, 6));
    assert_eq!((running.generation, running.started, running.finished), (7, time(0), None));
    assert_eq!(lock_files(&store), 1);
    finish(&store, id, JobState::Done);
    let done = store.read(|reader| reader.jobs()).unwrap().remove(0);
    assert_eq!(
        (done.state, &*done.plugins_json, done.error_file.as_deref()),
        (JobState::Done, "[1]", Some("ErrorDetail.csv"))
    );
    assert!(done.finished.is_some());
    assert_eq!(lock_files(&store), 0);
    assert!(matches!(store.write(|writer| writer.advance_job(99, 0, &counts)), Err(StoreError::NoJob { id: 99 })));
}

#[test]
fn a_job_without_its_process_is_interrupted_and_can_be_taken_up() {
    let store = Store::in_memory().unwrap();
    let elsewhere = Store::open(store.path()).unwrap();
    let id = begin(&store, "h");
    assert_eq!((state(&store, id), state(&elsewhere, id)), (JobState::Running, JobState::Running));
    assert!(matches!(elsewhere.write(|writer| writer.resume_job(id)), Err(StoreError::JobRunning { .. })));
    drop(store.guard_job(id));
    assert_eq!((state(&store, id), state(&elsewhere, id)), (JobState::Interrupted, JobState::Interrupted));
    elsewhere.write(|writer| writer.resume_job(id)).unwrap();
    assert_eq!(state(&store, id), JobState::Running);
    drop(elsewhere);
    assert_eq!(state(&store, id), JobState::Interrupted);
}

#[test]
fn a_job_that_was_taken_back_leaves_no_lock() {
    let store = Store::in_memory().unwrap();
    let job = NewJob {
        file: String::new(),
        file_hash: String::new(),
        settings_json: String::new(),
        generation: 0,
        started: time(0),
    };
    let failed = store.write(|writer| {
        let id = writer.begin_job(&job)?;
        Err::<(), _>(StoreError::NoJob { id })
    });
    assert!(failed.is_err());
    assert_eq!((lock_files(&store), store.read(|reader| reader.jobs()).unwrap().len()), (0, 0));
}

#[test]
fn the_newest_import_of_the_same_content_is_found_running_or_not() {
    let store = Store::in_memory().unwrap();
    let by_hash = |hash: &str| store.read(|reader| reader.job_by_hash(hash)).unwrap().map(|job| job.id);
    let first = begin(&store, "h");
    assert_eq!(by_hash("h"), Some(first));
    finish(&store, first, JobState::Stopped);
    let second = begin(&store, "h");
    begin(&store, "other");
    assert_eq!(by_hash("h"), Some(second));
    finish(&store, second, JobState::Done);
    assert_eq!((by_hash("h"), by_hash("none")), (Some(second), None));
}

#[test]
fn refused_rows_come_back_whole_in_the_order_of_the_file() {
    let store = Store::in_memory().unwrap();
    let id = begin(&store, "h");
    let other = begin(&store, "i");
    let failure = |record: u64| Failure {
        record,
        line: record * 2,
        cells: vec!["a;\"b\"".to_owned(), String::new(), "陳".to_owned()],
        problems_json: "[]".to_owned(),
        text: format!("row {record}"),
    };
    let add = |job: i64, record: u64| store.write(|writer| writer.add_failure(job, &failure(record)));
    for record in [10, 2, 9] {
        add(id, record).unwrap();
    }
    add(other, 1).unwrap();
    assert!(add(id, 9).is_err());
    let mut rows = Vec::new();
    let mut keep = |row| {
        rows.push(row);
        Ok(())
    };
    store.read(|reader| reader.failures(id, &mut keep)).unwrap();
    assert_eq!(rows, [failure(2), failure(9), failure(10)]);
}

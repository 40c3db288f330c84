//! What happens to what is known of plugins when the database does not take it.

use crate::app::App;
use crate::app::contacts::Wish;
use crate::domain::permission::Viewer;

const FAILS: &str = "fn on_create(contact) { let x = []; x[5] }";

fn add(app: &App) {
    let wishes = [Wish::parse("last_name=Lee").unwrap()];
    app.add_contact(&wishes, false, &Viewer::Operator).unwrap_or_else(|failure| panic!("{failure:?}"));
}

#[test]
fn what_the_database_does_not_take_is_handed_in_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("scripts/fails");
    std::fs::create_dir_all(&package).unwrap();
    let manifest = "name = 'fails'\nversion = '1.0.0'\ndescription = 'Fails'\non_fault = 'skip'\n";
    std::fs::write(package.join("plugin.toml"), manifest).unwrap();
    std::fs::write(package.join("main.rhai"), FAILS).unwrap();
    let app = App::open(folder.path(), None).unwrap();
    (0..30).for_each(|_| add(&app));
    let database = rusqlite::Connection::open(app.home().database()).unwrap();
    database.execute_batch("ALTER TABLE plugin_calls RENAME TO away").unwrap();
    app.hand_in_plugins(None);
    database.execute_batch("ALTER TABLE away RENAME TO plugin_calls").unwrap();
    app.hand_in_plugins(None);
    let store = app.store().unwrap();
    let standings = store.read(|reader| reader.plugin_standings(Some("fails"))).unwrap();
    assert!(standings[0].tripped.is_some(), "{standings:?}");
    let calls: i64 = database.query_row("SELECT sum(calls) FROM plugin_calls", [], |row| row.get(0)).unwrap();
    assert_eq!(calls, 20, "as many as it took to trip it");
}

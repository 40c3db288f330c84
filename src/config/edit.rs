//! Changing the settings file in place, with comments, order and line ends of all the rest as they were. What may be
//! changed, and by whom, is decided above.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{ConfigError, ConfigFault, SETTINGS_FILE, Settings};

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edited {
    /// The settings file.
    pub path: PathBuf,
    /// The lines that stand under `[plugins.NAME]` now, of those that were asked for; empty when all of them stood there already.
    pub lines: Vec<String>,
}

/// Why the settings file was not changed. It is then as it was.
#[derive(Debug)]
pub enum EditError {
    /// It cannot be read, understood or written.
    File(ConfigError),
    /// It would no longer be sound.
    Unsound(ConfigError),
    /// Somebody else changed it meanwhile.
    Raced(PathBuf),
}

/// Sets keys of `[plugins.NAME]` in a home folder's settings file, which is made if there is none; `None` removes a key.
///
/// # Errors
/// Why the file cannot be read or written. It is then as it was.
pub fn edit_plugin(home: &Path, name: &str, keys: &[(&str, Option<Value>)]) -> Result<Edited, EditError> {
    let path = home.join(SETTINGS_FILE);
    let lines = edit_text(&path, |text| edited(text, name, keys).map_err(|why| failed(&path, "changed", &why)))?;
    Ok(Edited { path, lines })
}

/// Changes the document of a home folder's settings file, which is made if there is none. Nothing is written when nothing changes.
///
/// # Errors
/// What `change` says, or why the file cannot be read or written. It is then as it was.
pub fn edit_document<T, E: From<EditError>>(
    home: &Path,
    change: impl FnOnce(&mut DocumentMut) -> Result<T, E>,
) -> Result<T, E> {
    let path = home.join(SETTINGS_FILE);
    edit_text(&path, |text| {
        let mut document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| failed(&path, "changed", &error.message()))?;
        let changed = change(&mut document)?;
        Ok((written(&document, text), changed))
    })
}

fn edit_text<T, E: From<EditError>>(path: &Path, change: impl FnOnce(&str) -> Result<(String, T), E>) -> Result<T, E> {
    let before = read(path)?;
    let old = before.as_deref().unwrap_or_default();
    let (new, changed) = change(old)?;
    if new == old {
        return Ok(changed);
    }
    // Never a file that could not be read again.
    Settings::parse(&new, None).map_err(|faults| EditError::Unsound(ConfigError { path: path.to_owned(), faults }))?;
    if read(path)? != before {
        return Err(EditError::Raced(path.to_owned()).into());
    }
    replace(path, &new).map_err(|error| failed(path, "written", &error))?;
    Ok(changed)
}

fn read(path: &Path) -> Result<Option<String>, EditError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, "read", &error)),
    }
}

fn failed(path: &Path, what: &str, error: &dyn std::fmt::Display) -> EditError {
    let faults = vec![ConfigFault::whole(format!("cannot be {what}: {error}"))];
    EditError::File(ConfigError { path: path.to_owned(), faults })
}

/// The document as text. The editor writes plain line ends; a file of another system keeps its own.
fn written(document: &DocumentMut, old: &str) -> String {
    let new = document.to_string();
    if old.contains("\r\n") { new.replace("\r\n", "\n").replace('\n', "\r\n") } else { new }
}

/// Changes the text of a settings file; returns it with the lines that were set.
fn edited(text: &str, name: &str, keys: &[(&str, Option<Value>)]) -> Result<(String, Vec<String>), String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    let is_there = document.get("plugins").and_then(|plugins| plugins.get(name)).is_some();
    if let Some(new) = (!is_there).then(|| appended(text, name, keys)).flatten() {
        return Ok(new);
    }
    let unlike = |what: &str| format!("`{what}` is no table");
    let plugins = document.entry("plugins").or_insert_with(implicit);
    let plugins = plugins.as_table_like_mut().ok_or_else(|| unlike("plugins"))?;
    let plugin = plugins.entry(name).or_insert_with(|| Item::Table(Table::new()));
    let plugin = plugin.as_table_like_mut().ok_or_else(|| unlike(&format!("plugins.{name}")))?;
    let mut lines = Vec::new();
    for (key, value) in keys {
        match value {
            Some(value) if !is_same(plugin.get(key), value) => {
                lines.push(format!("{key} = {}", value.to_string().trim()));
                set(plugin, key, value);
            }
            Some(_) => {}
            None if plugin.contains_key(key) => {
                lines.push(format!("{key} removed"));
                plugin.remove(key);
            }
            None => {}
        }
    }
    if lines.is_empty() {
        return Ok((text.to_owned(), lines));
    }
    Ok((written(&document, text), lines))
}

/// Puts a new table at the end, behind whatever comments stand there; nothing where the plugins are not written as tables.
fn appended(text: &str, name: &str, keys: &[(&str, Option<Value>)]) -> Option<(String, Vec<String>)> {
    let set = keys.iter().filter_map(|(key, value)| Some(format!("{key} = {}", value.as_ref()?.to_string().trim())));
    let lines: Vec<String> = set.collect();
    if lines.is_empty() {
        return Some((text.to_owned(), lines));
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if text.trim().is_empty() { "" } else { end };
    let close = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    let table: String = lines.iter().map(|line| format!("{line}{end}")).collect();
    let new = format!("{text}{close}{gap}[plugins.{name}]{end}{table}");
    new.parse::<DocumentMut>().is_ok().then_some((new, lines))
}

/// A table that stands in the file only by the names of those in it.
fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn is_same(old: Option<&Item>, new: &Value) -> bool {
    let plain = |value: &Value| {
        let mut value = value.clone();
        value.decor_mut().clear();
        value.to_string()
    };
    old.and_then(Item::as_value).is_some_and(|old| plain(old) == plain(new))
}

/// Puts a value in the place of another, leaving the comment behind it.
fn set(table: &mut dyn TableLike, key: &str, value: &Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = value.clone();
            *old.decor_mut() = decor;
        }
        None => drop(table.insert(key, Item::Value(value.clone()))),
    }
}

/// Writes a new file beside the old one and puts it in its place: whoever reads meanwhile reads one of them whole. A link stays a link, and the
/// rights stay as they were.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".carnet.toml.").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    match fs::metadata(&path) {
        // A file that its owner made read-only is not to be changed by going around it.
        Ok(data) if data.permissions().readonly() => return Err(io::ErrorKind::PermissionDenied.into()),
        Ok(data) => file.as_file().set_permissions(data.permissions())?,
        Err(_) => readable(file.as_file())?,
    }
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// A new file may be read by others, as one that an editor makes.
#[cfg(unix)]
fn readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, key: &str, value: Option<&str>, expected: &str) {
        let (new, _) = edited(text, "guard", &[(key, value.map(Value::from))]).unwrap();
        assert_eq!(new, expected);
        let (again, lines) = edited(&new, "guard", &[(key, value.map(Value::from))]).unwrap();
        assert_eq!((again, lines), (new, vec![]), "twice is once");
    }

    #[test]
    fn only_what_is_asked_for_changes() {
        check("", "mode", Some("off"), "[plugins.guard]\nmode = \"off\"\n");
        check("a = 1 # one\n", "mode", Some("off"), "a = 1 # one\n\n[plugins.guard]\nmode = \"off\"\n");
        check(
            "# head\nb = 2\n[plugins.guard] # mine\nmode = 'observe'   # for a week\ngrants = ['lookup']\n\n[plugins.z]\n# end\n",
            "mode",
            Some("enforce"),
            "# head\nb = 2\n[plugins.guard] # mine\nmode = \"enforce\"   # for a week\ngrants = ['lookup']\n\n[plugins.z]\n# end\n",
        );
        check("a = 1\n# end", "mode", Some("off"), "a = 1\n# end\n\n[plugins.guard]\nmode = \"off\"\n");
        check("plugins.guard.mode = 'off'\r\n", "mode", Some("enforce"), "plugins.guard.mode = \"enforce\"\r\n");
        check(
            "plugins = { guard = { priority = 1 } }\n",
            "mode",
            Some("off"),
            "plugins = { guard = { priority = 1 , mode = \"off\" } }\n",
        );
        check("[plugins.guard]\nmode = 'off'\nx = 1\n", "mode", None, "[plugins.guard]\nx = 1\n");
        check(
            "[plugins]\n[plugins.a]\n",
            "mode",
            Some("off"),
            "[plugins]\n[plugins.a]\n\n[plugins.guard]\nmode = \"off\"\n",
        );
    }

    #[test]
    fn what_is_no_table_is_left_alone() {
        let of = |text: &str| edited(text, "guard", &[("mode", Some(Value::from("off")))]);
        assert_eq!(of("plugins = 1"), Err("`plugins` is no table".to_owned()));
        assert_eq!(of("[plugins]\nguard = 1"), Err("`plugins.guard` is no table".to_owned()));
    }

    #[test]
    fn a_file_is_made_kept_and_never_left_half_written() {
        let home = tempfile::tempdir().unwrap();
        let off = [("mode", Some(Value::from("off")))];
        let made = edit_plugin(home.path(), "guard", &off).unwrap();
        assert_eq!(made.lines, ["mode = \"off\""]);
        assert_eq!(fs::read_to_string(&made.path).unwrap(), "[plugins.guard]\nmode = \"off\"\n");
        assert_eq!(edit_plugin(home.path(), "guard", &off).unwrap().lines, Vec::<String>::new());
        fs::write(&made.path, "mode = = 1").unwrap();
        assert!(edit_plugin(home.path(), "guard", &off).is_err());
        assert_eq!(fs::read_to_string(&made.path).unwrap(), "mode = = 1");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_rights_stay() {
        use std::os::unix::fs::PermissionsExt;
        let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (file, link) = (elsewhere.path().join("shared.toml"), home.path().join(SETTINGS_FILE));
        fs::write(&file, "# shared\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        edit_plugin(home.path(), "guard", &[("mode", Some(Value::from("off")))]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "# shared\n\n[plugins.guard]\nmode = \"off\"\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn what_somebody_else_wrote_meanwhile_stays() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(SETTINGS_FILE);
        let raced = edit_document::<_, EditError>(home.path(), |document| {
            fs::write(&file, "# theirs\n").unwrap();
            document["plugins"]["guard"]["mode"] = toml_edit::value("off");
            Ok(())
        });
        assert!(matches!(raced, Err(EditError::Raced(_))), "{raced:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "# theirs\n");
        let unsound = edit_document::<_, EditError>(home.path(), |document| {
            document["plugins"]["guard"]["mode"] = toml_edit::value("perhaps");
            Ok(())
        });
        assert!(matches!(unsound, Err(EditError::Unsound(_))), "{unsound:?}");
    }
}

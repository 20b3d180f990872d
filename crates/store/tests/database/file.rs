//! SQLite: the file, and how it is written.

use crate::engine::private_dir;
use crate::{FIRST, count, insert};
use ssmax_store::{Database, Migration, Place, SqlFault, StoreError};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

async fn open(dir: &Path, migrations: &[Migration]) -> Result<Database, StoreError> {
    Database::open(Place::in_directory(dir), "journal", migrations).await
}

#[tokio::test]
async fn the_database_and_its_log_are_for_their_owner_only() {
    let dir = private_dir();
    let state = dir.path().join("state");
    let database = open(&state, &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, ["journal.sqlite", "journal.sqlite-shm", "journal.sqlite-wal"]);
    assert_eq!(database.path(), Some(state.join("journal.sqlite").as_path()));
}

#[tokio::test]
async fn a_database_that_others_can_read_is_refused() {
    let dir = private_dir();
    let path = dir.path().join("journal.sqlite");
    fs::write(&path, b"").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = open(dir.path(), &[FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::OpenToOthers { path, mode: 0o644 });
}

#[tokio::test]
async fn what_was_written_is_read_by_another_process_without_closing() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    // A copy of the files as they are now is what is left after kill -9.
    let copy = private_dir();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let survivor = open(copy.path(), &[FIRST]).await.unwrap();
    assert_eq!(count(&survivor).await, 1);
}

#[tokio::test]
async fn a_damaged_file_is_named_as_such() {
    let dir = private_dir();
    ssmax_store::files::write_private(&dir.path().join("journal.sqlite"), &[0x55; 8192]).unwrap();
    let refused = open(dir.path(), &[FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::Sql(SqlFault::Corrupt));
    assert!(!refused.is_temporary());
}

//! An archive gives back what it was made of, or nothing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_backup::Access::{Private, Public};
use ssmax_backup::{BackupError, MANIFEST, Manifest, Whose, pack, unpack, verify};
use ssmax_store::sqlx::{self, Connection as _, SqliteConnection};
use ssmax_store::{Database, Migration, files, query};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, sql: "CREATE TABLE thing (name TEXT NOT NULL) STRICT" }];

fn whose() -> Whose {
    Whose { role: "keyserver".into(), member: "NTRJP-7000012050002".into() }
}

/// A role's folder with a database that is in use and a file in a folder.
struct Place {
    dir: TempDir,
    database: Database,
}

impl Place {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let database =
            Database::open(ssmax_store::Place::in_directory(&state), "things", MIGRATIONS)
                .await
                .unwrap();
        let mut writing = database.begin_write().await.unwrap();
        query("INSERT INTO thing VALUES ('kept')").execute(&mut writing).await.unwrap();
        writing.commit().await.unwrap();
        files::create_private_dir(&state.join("keys")).unwrap();
        files::create_private_dir(&state.join("keys/deep")).unwrap();
        files::write_private(&state.join("keys/deep/key"), b"secret").unwrap();
        files::write_private(&state.join("empty"), b"").unwrap();
        Self { dir, database }
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    async fn packed(&self) -> Vec<u8> {
        let mut out = Vec::new();
        pack(&self.state(), whose(), 1_800_000_000, &mut out).await.unwrap();
        out
    }

    fn elsewhere(&self) -> PathBuf {
        self.dir.path().join("elsewhere")
    }
}

fn is_empty(dir: &Path) -> bool {
    !dir.exists() || fs::read_dir(dir).unwrap().next().is_none()
}

#[tokio::test]
async fn what_was_packed_comes_back_with_databases_as_one_moment_saw_them() {
    let place = Place::new().await;
    // Somebody is writing and has not ended.
    let mut writing = place.database.begin_write().await.unwrap();
    query("INSERT INTO thing VALUES ('not yet')").execute(&mut writing).await.unwrap();
    let archive = place.packed().await;
    writing.commit().await.unwrap();

    let manifest = unpack(archive.as_slice(), &place.elsewhere(), &whose(), Private).unwrap();
    assert_eq!(manifest, verify(archive.as_slice()).unwrap());
    let names: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["things.sqlite", "empty", "keys/deep/key"]);
    let key = place.elsewhere().join("keys/deep/key");
    assert_eq!(fs::read(&key).unwrap(), b"secret");
    assert_eq!(fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(key.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    let again =
        Database::open(ssmax_store::Place::in_directory(&place.elsewhere()), "things", MIGRATIONS)
            .await
            .unwrap();
    let things: Vec<String> = query("SELECT name FROM thing").fetch_all(&again).await.unwrap();
    assert_eq!(things, ["kept"]);
    // Neither side has anything left over.
    assert!(!place.state().join(".backup").exists());
    assert!(!place.elsewhere().join(".restore").exists());
}

#[tokio::test]
async fn a_tar_of_everybodys_reads_it() {
    let place = Place::new().await;
    let path = place.dir.path().join("keyserver.tar");
    fs::write(&path, place.packed().await).unwrap();
    let said = Command::new("tar").arg("-tvf").arg(&path).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{text}");
    for name in ["things.sqlite", "keys/deep/key", MANIFEST] {
        assert!(text.contains(name), "{text}");
    }
    assert!(text.lines().all(|line| line.starts_with("-rw-------")), "{text}");
}

#[tokio::test]
async fn what_is_on_its_way_or_beside_a_database_is_left_out() {
    let place = Place::new().await;
    files::write_private(&place.state().join(".key-1.tmp"), b"half").unwrap();
    assert!(place.state().join("things.sqlite-wal").exists());
    let manifest = verify(place.packed().await.as_slice()).unwrap();
    assert!(manifest.files.iter().all(|file| !file.name.contains("tmp")), "{manifest:?}");
    assert!(manifest.files.iter().all(|file| !file.name.contains("-wal")), "{manifest:?}");
}

#[tokio::test]
async fn a_link_in_a_roles_folder_is_not_followed() {
    let place = Place::new().await;
    symlink("/etc/passwd", place.state().join("keys/link")).unwrap();
    let refused = pack(&place.state(), whose(), 0, Vec::new()).await.unwrap_err();
    assert!(matches!(refused, BackupError::ForeignKind { .. }), "{refused}");
    assert!(!place.state().join(".backup").exists());
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let place = Place::new().await;
    let archive = place.packed().await;
    let refused = unpack(archive.as_slice(), &place.state(), &whose(), Private).unwrap_err();
    assert!(matches!(refused, BackupError::NotEmpty { .. }), "{refused}");
    let mut here = SqliteConnection::connect(&format!(
        "sqlite:{}",
        place.state().join("things.sqlite").display()
    ))
    .await
    .unwrap();
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM thing").fetch_one(&mut here).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn the_state_of_another_is_not_taken() {
    let place = Place::new().await;
    let archive = place.packed().await;
    for other in [
        Whose { role: "ca".into(), ..whose() },
        Whose { member: "NTRJP-8000020131008".into(), ..whose() },
    ] {
        let refused = unpack(archive.as_slice(), &place.elsewhere(), &other, Private).unwrap_err();
        assert!(matches!(refused, BackupError::OfAnother { .. }), "{refused}");
        assert!(is_empty(&place.elsewhere()));
    }
}

#[tokio::test]
async fn a_changed_or_cut_archive_gives_nothing_back() {
    let place = Place::new().await;
    let archive = place.packed().await;
    let at = archive.windows(6).position(|octets| octets == b"secret").unwrap();
    let mut changed = archive.clone();
    changed[at] ^= 1;
    let refused = unpack(changed.as_slice(), &place.elsewhere(), &whose(), Private).unwrap_err();
    assert!(
        matches!(&refused, BackupError::Changed { name } if name == "keys/deep/key"),
        "{refused}"
    );
    assert!(is_empty(&place.elsewhere()));
    for length in (0..archive.len() - 1024).step_by(512) {
        assert!(
            unpack(&archive[..length], &place.elsewhere(), &whose(), Private).is_err(),
            "{length}"
        );
        assert!(is_empty(&place.elsewhere()), "{length}");
    }
}

/// An archive with one entry of this kind and name, and a manifest that fits.
fn archive_of(kind: tar::EntryType, name: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(1);
    header.set_mode(0o777);
    // As an attacker writes it: the library would not.
    let field = &mut header.as_old_mut().name;
    field[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    builder.append(&header, &b"x"[..]).unwrap();
    let file = ssmax_backup::FileFacts {
        name: name.to_owned(),
        bytes: 1,
        sha256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881".into(),
    };
    let manifest = Manifest { version: 1, whose: whose(), at: 0, files: vec![file] };
    let text = serde_json::to_vec(&manifest).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    builder.append_data(&mut header, MANIFEST, text.as_slice()).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn no_name_leads_out_of_the_folder_and_no_entry_is_but_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    use tar::EntryType::{Char, Directory, Fifo, Link, Regular, Symlink};
    for (kind, name) in [
        (Regular, "../x"),
        (Regular, "/etc/x"),
        (Regular, "a/../../x"),
        (Regular, "a//x"),
        (Regular, "./x"),
        (Regular, ".restore/x"),
        (Regular, "a\nx"),
        (Symlink, "x"),
        (Link, "x"),
        (Directory, "x"),
        (Fifo, "x"),
        (Char, "x"),
    ] {
        let refused =
            unpack(archive_of(kind, name).as_slice(), &state, &whose(), Private).unwrap_err();
        assert!(
            matches!(refused, BackupError::ForeignEntry { .. }),
            "{kind:?} {name:?}: {refused}"
        );
        assert!(is_empty(&state), "{name:?}");
    }
    let good = unpack(archive_of(Regular, "a/x").as_slice(), &state, &whose(), Private).unwrap();
    assert_eq!(good.bytes(), 1);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_secret_is_put_back_for_everybody() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("federation");
    let archive = archive_of(tar::EntryType::Regular, "a/x");
    unpack(archive.as_slice(), &state, &whose(), Public).unwrap();
    for (path, mode) in [("", 0o755), ("a", 0o755), ("a/x", 0o644)] {
        assert_eq!(fs::metadata(state.join(path)).unwrap().mode() & 0o777, mode, "{path}");
    }
}

#[tokio::test]
async fn nothing_may_stand_behind_the_manifest_and_none_may_be_missing() {
    let place = Place::new().await;
    let archive = place.packed().await;
    let end = archive.len() - 1024;
    let more = [&archive[..end], &archive_of(tar::EntryType::Regular, "more")].concat();
    let refused = verify(more.as_slice()).unwrap_err();
    assert!(matches!(&refused, BackupError::ForeignEntry { name } if name == "more"), "{refused}");
    assert!(matches!(verify(&b""[..]).unwrap_err(), BackupError::NotWhole));
    assert!(matches!(verify(&[0_u8; 4096][..]).unwrap_err(), BackupError::NotWhole));
    assert!(verify(&[0xa5_u8; 4096][..]).is_err());
}

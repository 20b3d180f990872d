//! Private files: their modes, their refusals, and that replacing is one step.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use ssmax_store::files::{
    self, create_private, create_private_all, create_private_dir, read_private, read_private_up_to,
    remove, write_private,
};
use ssmax_store::{FileAction, StoreError};
use tempfile::tempdir;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_written_file_is_for_its_owner_only_and_reads_back() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("key");
    write_private(&path, b"secret").unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(**read_private(&path).unwrap(), *b"secret");
}

#[test]
fn replacing_leaves_one_file_with_the_new_content() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("key");
    write_private(&path, b"a long old content").unwrap();
    write_private(&path, b"new").unwrap();
    assert_eq!(**read_private(&path).unwrap(), *b"new");
    assert_eq!(names(dir.path()), ["key"]);
}

#[test]
fn a_file_that_was_open_to_others_is_private_after_replacing_it() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("key");
    fs::write(&path, b"old").unwrap();
    set_mode(&path, 0o644);
    write_private(&path, b"new").unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_new_file_never_replaces_one_that_is_there() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("key");
    create_private(&path, b"first").unwrap();
    let refused = create_private(&path, b"second").unwrap_err();
    let kind = ErrorKind::AlreadyExists;
    assert_eq!(refused, StoreError::File { action: FileAction::Write, path: path.clone(), kind });
    assert_eq!(**read_private(&path).unwrap(), *b"first");
    assert_eq!((mode(&path), names(dir.path())), (0o600, vec!["key".to_owned()]));
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("key");
    fs::create_dir(&path).unwrap();
    let refused = write_private(&path, b"new").unwrap_err();
    assert!(matches!(refused, StoreError::File { action: FileAction::Write, .. }), "{refused}");
    assert_eq!(names(dir.path()), ["key"]);
}

#[test]
fn writing_into_a_directory_that_is_not_there_names_the_file() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("none").join("key");
    let refused = write_private(&path, b"new").unwrap_err();
    let kind = ErrorKind::NotFound;
    assert_eq!(refused, StoreError::File { action: FileAction::Write, path, kind });
}

#[test]
fn a_file_with_any_access_for_group_or_others_is_not_read() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("key");
    write_private(&path, b"secret").unwrap();
    for open in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777] {
        set_mode(&path, open);
        let refused = read_private(&path).unwrap_err();
        assert_eq!(refused, StoreError::OpenToOthers { path: path.clone(), mode: open });
    }
    for private in [0o600, 0o400, 0o700] {
        set_mode(&path, private);
        assert_eq!(**read_private(&path).unwrap(), *b"secret");
    }
}

#[test]
fn what_is_no_secret_is_read_by_all_and_changed_by_its_owner() {
    let dir = tempdir().unwrap();
    let (folder, path) = (dir.path().join("above/facts"), dir.path().join("above/facts/root.pem"));
    files::create_public_dir(&folder).unwrap();
    files::create_public_dir(&folder).unwrap();
    files::write_public(&path, b"fact").unwrap();
    assert_eq!((mode(&folder), mode(&path)), (0o755, 0o644));
    assert_eq!(mode(&dir.path().join("above")), 0o700);
    assert_eq!(files::read_public(&path).unwrap(), b"fact");
    files::check_public_dir(&folder).unwrap();
    for bits in [0o664, 0o646] {
        set_mode(&path, bits);
        let refused = files::read_public(&path).unwrap_err();
        assert!(matches!(refused, StoreError::OpenToOthers { .. }), "{refused}");
        set_mode(&folder, bits | 0o111);
        let refused = files::check_public_dir(&folder).unwrap_err();
        assert!(matches!(refused, StoreError::OpenToOthers { .. }), "{refused}");
        set_mode(&folder, 0o755);
    }
}

#[test]
fn a_file_is_given_away_by_its_only_name() {
    let dir = tempdir().unwrap();
    let (path, link, name) = (dir.path().join("f"), dir.path().join("link"), dir.path().join("n"));
    write_private(&path, b"secret").unwrap();
    let own = fs::metadata(&path).unwrap();
    files::give(&path, own.uid(), own.gid()).unwrap();
    symlink(&path, &link).unwrap();
    assert!(matches!(files::give(&link, own.uid(), own.gid()), Err(StoreError::File { .. })));
    fs::hard_link(&path, &name).unwrap();
    let refused = files::give(&name, own.uid(), own.gid()).unwrap_err();
    assert!(matches!(refused, StoreError::WrongKind { .. }), "{refused}");
}

#[test]
fn a_link_is_as_private_as_what_it_points_to() {
    let dir = tempdir().unwrap();
    let (path, link) = (dir.path().join("key"), dir.path().join("link"));
    write_private(&path, b"secret").unwrap();
    symlink(&path, &link).unwrap();
    assert_eq!(**read_private(&link).unwrap(), *b"secret");
    set_mode(&path, 0o644);
    let refused = read_private(&link).unwrap_err();
    assert_eq!(refused, StoreError::OpenToOthers { path: link, mode: 0o644 });
}

#[test]
fn a_directory_or_a_fifo_is_no_file_and_nobody_waits_for_it() {
    let dir = tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg("-m").arg("600").arg(&fifo).status();
    assert!(made.unwrap().success());
    for path in [dir.path().to_owned(), fifo] {
        let refused = read_private(&path).unwrap_err();
        assert_eq!(refused, StoreError::WrongKind { path, wanted: "regular file" });
    }
}

#[test]
fn a_file_of_the_largest_size_is_read_and_one_octet_more_is_refused() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("list");
    write_private(&path, &[7; 100]).unwrap();
    assert_eq!(read_private_up_to(&path, 100).unwrap().len(), 100);
    let refused = read_private_up_to(&path, 99).unwrap_err();
    assert_eq!(refused, StoreError::FileTooLarge { path, max: 99 });
}

#[test]
fn a_file_that_is_not_there_is_named_in_the_error() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("none");
    let refused = read_private(&path).unwrap_err();
    let kind = ErrorKind::NotFound;
    assert_eq!(refused, StoreError::File { action: FileAction::Read, path, kind });
}

#[test]
fn directories_are_made_for_their_owner_only_with_those_above_them() {
    let dir = tempdir().unwrap();
    let deep = dir.path().join("a").join("b");
    create_private_dir(&deep).unwrap();
    create_private_dir(&deep).unwrap();
    assert_eq!((mode(&deep), mode(&dir.path().join("a"))), (0o700, 0o700));
}

#[test]
fn a_directory_open_to_others_is_refused_and_not_changed() {
    let dir = tempdir().unwrap();
    set_mode(dir.path(), 0o755);
    let refused = create_private_dir(dir.path()).unwrap_err();
    assert_eq!(refused, StoreError::OpenToOthers { path: dir.path().to_owned(), mode: 0o755 });
    assert_eq!(mode(dir.path()), 0o755);
}

#[test]
fn a_file_where_a_directory_belongs_is_named() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("state");
    write_private(&path, b"").unwrap();
    let refused = create_private_dir(&path).unwrap_err();
    assert_eq!(refused, StoreError::WrongKind { path, wanted: "directory" });
}

#[test]
fn a_private_file_of_another_user_is_refused() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("key");
    write_private(&path, b"planted").unwrap();
    if std::os::unix::fs::chown(&path, Some(65534), None).is_err() {
        println!("skipped: only root can give a file to another user");
        return;
    }
    let refused = read_private(&path).unwrap_err();
    assert_eq!(refused, StoreError::ForeignOwner { path, uid: 65534 });
}

#[test]
fn removing_can_be_repeated() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("key");
    write_private(&path, b"secret").unwrap();
    remove(&path).unwrap();
    remove(&path).unwrap();
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_full_disk_is_temporary_and_a_missing_directory_is_not() {
    let error = |kind| StoreError::File { action: FileAction::Write, path: "x".into(), kind };
    assert!(error(ErrorKind::StorageFull).is_temporary());
    assert!(!error(ErrorKind::NotFound).is_temporary());
}

#[test]
fn many_files_are_made_together_and_none_is_replaced() {
    let dir = tempdir().unwrap();
    let file = |name: &str| (dir.path().join(name), name.as_bytes().to_vec());
    create_private_all(dir.path(), &[file("a"), file("b")]).unwrap();
    assert_eq!(**read_private(&dir.path().join("b")).unwrap(), *b"b");
    let other = (dir.path().join("b"), b"other".to_vec());
    let error = create_private_all(dir.path(), &[file("c"), other, file("d")]).unwrap_err();
    assert!(matches!(error, StoreError::File { kind: ErrorKind::AlreadyExists, .. }), "{error}");
    assert_eq!(**read_private(&dir.path().join("b")).unwrap(), *b"b");
    assert_eq!(names(dir.path()), ["a", "b", "c"], "nothing temporary is left");
    let nowhere = [(dir.path().join("none/x"), vec![])];
    assert!(create_private_all(dir.path(), &nowhere).is_err());
}

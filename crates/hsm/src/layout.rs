//! Where in the directory things are.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ssmax_store::files::create_private_dir;
use ssmax_store::{FileAction, StoreError};

use crate::{KEY_ID_DIGITS, KeyId, KeyPurpose};

/// How many digits of a key's id name its folder: 256 folders, so that 30,000 keys are
/// some hundred files in each.
const FOLDER_DIGITS: usize = 2;

/// The store's own file.
pub(crate) fn header(dir: &Path) -> PathBuf {
    dir.join("keystore")
}

/// Where all keys are.
pub(crate) fn keys(dir: &Path) -> PathBuf {
    dir.join("keys")
}

/// Where a key of this id is. The id must be one ([`is_key_id`]): it becomes a path.
pub(crate) fn key(dir: &Path, purpose: KeyPurpose, id: &str) -> PathBuf {
    folder(dir, purpose).join(id.get(..FOLDER_DIGITS).unwrap_or(id)).join(id)
}

/// Whether `id` has the form of a key id. Nothing else ever becomes part of a path.
pub(crate) fn is_key_id(id: &str) -> bool {
    id.len() == KEY_ID_DIGITS && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The ids of all keys of a purpose, in no order. Other files, such as temporary ones
/// that a crash left, are passed over.
pub(crate) fn ids(dir: &Path, purpose: KeyPurpose) -> Result<Vec<KeyId>, StoreError> {
    let mut ids = Vec::new();
    for name in names(&folder(dir, purpose))? {
        if name.len() != FOLDER_DIGITS {
            continue;
        }
        let inside = names(&folder(dir, purpose).join(&name))?;
        ids.extend(inside.into_iter().filter(|id| is_key_id(id) && id.starts_with(&name)));
    }
    Ok(ids)
}

/// Makes the directory that `path` is to be in, up to `dir`, each level on the disk
/// before the next: a key that was reported as written must not vanish with its folder.
pub(crate) fn make_folders(dir: &Path, path: &Path) -> Result<(), StoreError> {
    let inside = path.parent().and_then(|folder| folder.strip_prefix(dir).ok());
    let mut folder = dir.to_owned();
    for name in inside.into_iter().flat_map(Path::components) {
        let parent = folder.clone();
        folder.push(name);
        let missing = !exists(&folder)?;
        create_private_dir(&folder)?;
        if missing {
            sync(&parent)?;
        }
    }
    Ok(())
}

/// Whether something is at `path`; an error is not taken for a no.
pub(crate) fn exists(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(|error| failed(FileAction::Read, path, &error))
}

fn folder(dir: &Path, purpose: KeyPurpose) -> PathBuf {
    keys(dir).join(purpose.as_str())
}

/// The names in a directory; none if it is not there, and none that is not UTF-8.
fn names(dir: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(FileAction::Read, dir, &error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed(FileAction::Read, dir, &error))?;
        names.extend(entry.file_name().into_string().ok());
    }
    Ok(names)
}

fn sync(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| failed(FileAction::Write, dir, &error))
}

fn failed(action: FileAction, path: &Path, error: &io::Error) -> StoreError {
    StoreError::File { action, path: path.to_owned(), kind: error.kind() }
}

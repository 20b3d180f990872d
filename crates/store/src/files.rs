//! Files and directories for their owner only.
//!
//! A file written here is either wholly there or not at all, after a crash too: it
//! grows under a temporary name in the same directory (a leading dot, the ending
//! `.tmp`), is synced, renamed, and the directory is synced. All functions block.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::geteuid;
use zeroize::Zeroizing;

use crate::error::{FileAction, StoreError};

/// Permission bits of every file written here.
pub const PRIVATE_FILE_MODE: u32 = 0o600;

/// Permission bits of every directory made here.
pub const PRIVATE_DIR_MODE: u32 = 0o700;

const PUBLIC_FILE_MODE: u32 = 0o644;
const PUBLIC_DIR_MODE: u32 = 0o755;

/// Permission bits that a secret must not have, and those that a public fact must not.
const ALL_OF_GROUP_AND_OTHERS: u32 = 0o077;
const WRITE_OF_GROUP_AND_OTHERS: u32 = 0o022;

/// Largest file that [`read_private`] takes, in bytes: a held mail of the largest
/// size with room for its transfer encoding.
pub const MAX_PRIVATE_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// Makes a directory (and missing ones above it) that only its owner may enter.
///
/// One that is already there is accepted if it is private; it is never silently
/// tightened, because whoever could enter it before may hold files in it open.
///
/// # Errors
/// [`StoreError::OpenToOthers`], [`StoreError::ForeignOwner`] or
/// [`StoreError::WrongKind`] for what is already there; [`StoreError::File`] when it
/// cannot be made.
pub fn create_private_dir(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(PRIVATE_DIR_MODE).create(dir).map_err(|error| {
        match error.kind() {
            io::ErrorKind::AlreadyExists => not_a_directory(dir),
            _ => StoreError::file(FileAction::Create, dir, &error),
        }
    })?;
    let metadata =
        fs::metadata(dir).map_err(|error| StoreError::file(FileAction::Read, dir, &error))?;
    if !metadata.is_dir() {
        return Err(not_a_directory(dir));
    }
    check_owner_and_mode(&metadata, dir, ALL_OF_GROUP_AND_OTHERS)
}

/// Writes a file (mode 0600), replacing an older one of that name in one step.
///
/// When this returns, the content is on the disk. A crash before leaves the older
/// file, and perhaps a temporary one beside it.
///
/// # Errors
/// [`StoreError::File`]; the older file, if any, is then untouched.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let temporary = write_temporary(path, content)?;
    publish(&temporary, path, |from, to| fs::rename(from, to))
}

/// Makes a directory (and missing ones above it, for their owner only) that everybody may
/// look into and only its owner may change.
///
/// # Errors
/// [`StoreError::File`] when it cannot be made.
pub fn create_public_dir(dir: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| StoreError::file(FileAction::Create, dir, &error);
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(above) = dir.parent() {
        DirBuilder::new().recursive(true).mode(PRIVATE_DIR_MODE).create(above).map_err(failed)?;
    }
    DirBuilder::new().create(dir).map_err(failed)?;
    // Whatever the umask is.
    fs::set_permissions(dir, fs::Permissions::from_mode(PUBLIC_DIR_MODE)).map_err(failed)
}

/// Whether only this user or root may change what is in a directory.
///
/// # Errors
/// [`StoreError::OpenToOthers`], [`StoreError::ForeignOwner`], [`StoreError::File`].
pub fn check_public_dir(dir: &Path) -> Result<(), StoreError> {
    let metadata =
        fs::metadata(dir).map_err(|error| StoreError::file(FileAction::Read, dir, &error))?;
    check_owner_and_mode(&metadata, dir, WRITE_OF_GROUP_AND_OTHERS)
}

/// Writes a file that everybody may read (mode 0644) as [`write_private`] does: what is
/// no secret, and must not be changed by others.
///
/// # Errors
/// As [`write_private`].
pub fn write_public(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let temporary = write_temporary(path, content)?;
    publish(&temporary, path, |from, to| {
        fs::set_permissions(from, fs::Permissions::from_mode(PUBLIC_FILE_MODE))?;
        fs::rename(from, to)
    })
}

/// Reads a file that others may read but not change, of at most
/// [`MAX_PRIVATE_FILE_BYTES`].
///
/// # Errors
/// As [`read_private_up_to`]; [`StoreError::OpenToOthers`] when group or others may write.
pub fn read_public(path: &Path) -> Result<Vec<u8>, StoreError> {
    read_public_up_to(path, MAX_PRIVATE_FILE_BYTES)
}

/// Reads a file of at most `max` bytes that others may read but not change.
///
/// # Errors
/// As [`read_public`].
pub fn read_public_up_to(path: &Path, max: u64) -> Result<Vec<u8>, StoreError> {
    read_checked(path, max, WRITE_OF_GROUP_AND_OTHERS)
        .map(|mut content| std::mem::take(&mut *content))
}

/// Writes a new file (mode 0600) as [`write_private`] does, and never replaces one.
///
/// # Errors
/// [`StoreError::File`], with [`io::ErrorKind::AlreadyExists`] when the name is taken.
pub fn create_private(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let temporary = write_temporary(path, content)?;
    // A hard link fails when the name is taken; a rename would replace it.
    publish(&temporary, path, |from, to| {
        fs::hard_link(from, to).and_then(|()| fs::remove_file(from))
    })
}

/// Writes many new files (mode 0600) as [`create_private`] does each, with two syncs of their
/// file system for all together: where a thousand files each wait for the disk, that is
/// what they wait for. All have to be on the file system of `dir`, and their folders there.
///
/// A crash leaves some of them whole and none in part.
///
/// # Errors
/// As [`create_private`]; of those before the one that failed some may be there.
pub fn create_private_all(dir: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<(), StoreError> {
    let file_system =
        File::open(dir).map_err(|error| StoreError::file(FileAction::Read, dir, &error))?;
    let sync = || {
        rustix::fs::syncfs(&file_system)
            .map_err(|error| StoreError::file(FileAction::Write, dir, &error.into()))
    };
    let mut temporaries = Vec::with_capacity(files.len());
    let written = files.iter().try_for_each(|(path, content)| {
        temporaries.push(write_unsynced(path, content)?);
        Ok(())
    });
    // The content is on the disk before a name leads to it.
    let linked = written.and_then(|()| sync()).and_then(|()| {
        temporaries.iter().zip(files).try_for_each(|(temporary, (path, _))| {
            fs::hard_link(temporary, path)
                .map_err(|error| StoreError::file(FileAction::Write, path, &error))
        })
    });
    temporaries.iter().for_each(|temporary| discard(temporary));
    linked.and_then(|()| sync())
}

/// Reads a private file of at most [`MAX_PRIVATE_FILE_BYTES`].
///
/// What is checked is the opened file, so a symbolic link (as secrets are often
/// mounted) is as good as what it points to. The result is wiped when dropped.
///
/// # Errors
/// As [`read_private_up_to`].
pub fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    read_private_up_to(path, MAX_PRIVATE_FILE_BYTES)
}

/// Reads a private file of at most `max` bytes.
///
/// # Errors
/// [`StoreError::OpenToOthers`] when group or others have any access,
/// [`StoreError::ForeignOwner`] when neither this user nor root owns it,
/// [`StoreError::WrongKind`] for anything but a regular file,
/// [`StoreError::FileTooLarge`] past `max`, else [`StoreError::File`].
pub fn read_private_up_to(path: &Path, max: u64) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    read_checked(path, max, ALL_OF_GROUP_AND_OTHERS)
}

fn read_checked(path: &Path, max: u64, forbidden: u32) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let failed = |error: io::Error| StoreError::file(FileAction::Read, path, &error);
    let too_large = || StoreError::FileTooLarge { path: path.to_owned(), max };
    // Opening a FIFO would wait for its writer for ever.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(failed)?;
    check_file(&file, path, forbidden)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > max {
        return Err(too_large());
    }
    // Room for everything at once: a growing buffer leaves unwiped copies behind.
    let capacity = usize::try_from(length).map_err(|_| too_large())?.saturating_add(1);
    let mut content = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(max.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    if u64::try_from(content.len()).map_or(true, |read| read > max) {
        return Err(too_large());
    }
    Ok(content)
}

/// Gives a private file of this user to another user, and only that: what the name leads
/// to by a link, or what has other names too, is not given.
///
/// # Errors
/// As [`read_private`]; [`StoreError::WrongKind`] for a file with several names.
pub fn give(path: &Path, uid: u32, gid: u32) -> Result<(), StoreError> {
    let failed = |error: io::Error| StoreError::file(FileAction::Write, path, &error);
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(failed)?;
    check_private_file(&file, path)?;
    if file.metadata().map_err(failed)?.nlink() != 1 {
        return Err(StoreError::WrongKind { path: path.to_owned(), wanted: "file of one name" });
    }
    std::os::unix::fs::fchown(&file, Some(uid), Some(gid)).map_err(failed)
}

/// Removes a file for good: after a crash it does not come back. A file that is not
/// there is no error, so that a removal can be repeated.
///
/// # Errors
/// [`StoreError::File`].
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => sync_directory_of(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::file(FileAction::Remove, path, &error)),
    }
}

pub(crate) fn check_private_file(file: &File, path: &Path) -> Result<(), StoreError> {
    check_file(file, path, ALL_OF_GROUP_AND_OTHERS)
}

fn check_file(file: &File, path: &Path, forbidden: u32) -> Result<(), StoreError> {
    let metadata =
        file.metadata().map_err(|error| StoreError::file(FileAction::Read, path, &error))?;
    if !metadata.is_file() {
        return Err(StoreError::WrongKind { path: path.to_owned(), wanted: "regular file" });
    }
    check_owner_and_mode(&metadata, path, forbidden)
}

fn check_owner_and_mode(
    metadata: &Metadata,
    path: &Path,
    forbidden: u32,
) -> Result<(), StoreError> {
    const PERMISSIONS: u32 = 0o7777;
    const ROOT: u32 = 0;
    let uid = metadata.uid();
    // Root can change every file anyway, and mounted secrets are often root's.
    if uid != geteuid().as_raw() && uid != ROOT {
        return Err(StoreError::ForeignOwner { path: path.to_owned(), uid });
    }
    if metadata.mode() & forbidden != 0 {
        let mode = metadata.mode() & PERMISSIONS;
        return Err(StoreError::OpenToOthers { path: path.to_owned(), mode });
    }
    Ok(())
}

fn not_a_directory(path: &Path) -> StoreError {
    StoreError::WrongKind { path: path.to_owned(), wanted: "directory" }
}

fn write_temporary(path: &Path, content: &[u8]) -> Result<PathBuf, StoreError> {
    let failed = |error: io::Error| StoreError::file(FileAction::Write, path, &error);
    let (temporary, mut file) = new_temporary(path).map_err(failed)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(|error| {
        discard(&temporary);
        failed(error)
    })?;
    Ok(temporary)
}

/// As [`write_temporary`], for who syncs the file later.
fn write_unsynced(path: &Path, content: &[u8]) -> Result<PathBuf, StoreError> {
    let failed = |error: io::Error| StoreError::file(FileAction::Write, path, &error);
    let (temporary, mut file) = new_temporary(path).map_err(failed)?;
    file.write_all(content).map_err(|error| {
        discard(&temporary);
        failed(error)
    })?;
    Ok(temporary)
}

/// A new file beside `path`. The name holds the process id and a counter; one left by
/// a crashed process that had the same id is stepped over.
fn new_temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    const ATTEMPTS: usize = 1000;
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    for _ in 0..ATTEMPTS {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let mut temporary_name = OsString::from(".");
        temporary_name.push(name);
        temporary_name.push(format!(".{}-{count}.tmp", std::process::id()));
        let temporary = path.with_file_name(temporary_name);
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(PRIVATE_FILE_MODE)
            .open(&temporary);
        match opened {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|file| (temporary, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn publish(
    temporary: &Path,
    path: &Path,
    step: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> Result<(), StoreError> {
    step(temporary, path).map_err(|error| {
        discard(temporary);
        StoreError::file(FileAction::Write, path, &error)
    })?;
    sync_directory_of(path)
}

fn discard(temporary: &Path) {
    // The caller already reports the failure that matters; what stays behind is
    // private and is never read.
    let _ = fs::remove_file(temporary);
}

pub(crate) fn sync_directory_of(path: &Path) -> Result<(), StoreError> {
    let dir = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| StoreError::file(FileAction::Write, dir, &error))
}

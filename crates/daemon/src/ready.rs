//! How a role says that it serves: the file `RUN_DIR/ROLE.ready` holds its process id
//! and its addresses as one line of JSON, and is locked for as long as it serves. A
//! process id alone would lie after a restart of the machine, when another has it.
//!
//! Root looks into folders of roles that are other users': what stands there is a word of
//! that role only if it is a file of its own, and neither a link nor a pipe keeps root busy.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::Instant;

use crate::place;

/// What a role listens on, by the listener's name, such as `submission` and
/// `127.0.0.1:2525`.
pub type Addresses = BTreeMap<String, String>;

/// How often [`wait_ready`] looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Largest record that is read, in bytes.
const MAX_RECORD_BYTES: u64 = 64 * 1024;

/// What the ready file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The process that serves.
    pub pid: u32,
    /// Its addresses.
    pub addresses: Addresses,
}

/// The word that this process serves. Dropping it takes the word back, so a role keeps
/// it until it has stopped serving.
#[derive(Debug)]
#[must_use = "dropping the announcement takes it back"]
pub struct Announcement {
    path: PathBuf,
    /// Held open, and so locked.
    locked: fs::File,
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // A successor may already have announced itself under the same name.
        let own = self.locked.metadata().map(|held| (held.dev(), held.ino()));
        let there = fs::symlink_metadata(&self.path).map(|found| (found.dev(), found.ino()));
        if matches!((own, there), (Ok(own), Ok(there)) if own == there) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Some roles did not announce themselves in time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not serving in time: {}", missing.join(", "))]
pub struct NotReady {
    /// The roles without a living announcement.
    pub missing: Vec<String>,
}

/// Says that this process now serves `role` at `addresses`. The file appears in one
/// step, readable by its owner only; `run_dir` must be there.
///
/// # Errors
/// [`io::ErrorKind::AddrInUse`] while another process serves `role`; when the file cannot
/// be written or locked, or `role` is not a plain file name.
pub fn announce(run_dir: &Path, role: &str, addresses: &Addresses) -> io::Result<Announcement> {
    let path = record_path(run_dir, role)?;
    if served(run_dir, role).is_some() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    let pid = std::process::id();
    let record = Record { pid, addresses: addresses.clone() };
    let mut line = serde_json::to_vec(&record)?;
    line.push(b'\n');
    let temporary = path.with_file_name(format!(".{role}.ready.{pid}"));
    // What a crashed process with the same id has left is of no use to anyone.
    withdraw(&temporary)?;
    let written = write_locked(&temporary, &line)
        .and_then(|file| fs::rename(&temporary, &path).map(|()| file));
    match written {
        Ok(locked) => Ok(Announcement { path, locked }),
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            Err(error)
        }
    }
}

/// Waits until each of `roles` is announced by a process that is alive, and returns
/// what they announced.
///
/// # Errors
/// [`NotReady`] after `timeout`, naming those that are missing.
pub async fn wait_ready(
    run_dir: &Path,
    roles: &[&str],
    timeout: Duration,
) -> Result<BTreeMap<String, Record>, NotReady> {
    let deadline = Instant::now() + timeout;
    loop {
        let mut records = BTreeMap::new();
        let mut missing = Vec::new();
        for role in roles {
            match served(run_dir, role) {
                Some(record) => drop(records.insert((*role).to_owned(), record)),
                None => missing.push((*role).to_owned()),
            }
        }
        if missing.is_empty() {
            return Ok(records);
        }
        if Instant::now() >= deadline {
            return Err(NotReady { missing });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What a living process announces about `role`, if one serves it.
#[must_use]
pub fn served(run_dir: &Path, role: &str) -> Option<Record> {
    let file = open_record(&record_path(run_dir, role).ok()?)?;
    // Only who serves holds the lock, and the kernel lets go of it when he ends.
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => read_record(file),
        _ => None,
    }
}

/// The file, if it is one of the folder's owner, or of root.
fn open_record(path: &Path) -> Option<fs::File> {
    let owner = fs::metadata(path.parent()?).ok()?.uid();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags.bits().cast_signed()).open(path).ok()?;
    let found = file.metadata().ok()?;
    (found.is_file() && [place::ROOT, owner].contains(&found.uid())).then_some(file)
}

/// Takes back what a process that is no more has announced.
pub(crate) fn clear(run_dir: &Path, role: &str) -> io::Result<()> {
    if served(run_dir, role).is_some() {
        return Ok(());
    }
    withdraw(&record_path(run_dir, role)?)
}

fn write_locked(path: &Path, line: &[u8]) -> io::Result<fs::File> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    file.write_all(line)?;
    Ok(file)
}

fn withdraw(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn record_path(run_dir: &Path, role: &str) -> io::Result<PathBuf> {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if role.is_empty() || !role.bytes().all(plain) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(match place::folder(run_dir, role) {
        Some(folder) => folder.join("ready"),
        None => run_dir.join(format!("{role}.ready")),
    })
}

fn read_record(file: fs::File) -> Option<Record> {
    let mut line = Vec::new();
    file.take(MAX_RECORD_BYTES).read_to_end(&mut line).ok()?;
    serde_json::from_slice(&line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{chown, symlink};
    use std::sync::mpsc;

    /// What `served` says, unless it waits for something.
    fn looked(run_dir: &Path) -> Option<Record> {
        let (say, said) = mpsc::channel();
        let run_dir = run_dir.to_owned();
        std::thread::spawn(move || say.send(served(&run_dir, "lone")));
        said.recv_timeout(Duration::from_secs(5)).expect("it waits")
    }

    /// A record that a living process holds.
    fn held(path: &Path) -> fs::File {
        write_locked(path, b"{\"pid\":1,\"addresses\":{}}\n").unwrap()
    }

    #[test]
    fn a_link_a_pipe_and_a_folder_are_no_announcement() {
        let dir = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (dir.path().join("lone.ready"), dir.path().join("elsewhere"));
        let _held = held(&elsewhere);
        symlink(&elsewhere, &path).unwrap();
        assert_eq!(looked(dir.path()), None);
        fs::remove_file(&path).unwrap();
        fs::rename(&elsewhere, &path).unwrap();
        assert_eq!(looked(dir.path()).map(|record| record.pid), Some(1));
        fs::remove_file(&path).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        assert_eq!(looked(dir.path()), None);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(looked(dir.path()), None);
    }

    #[test]
    fn only_the_folders_owner_and_root_announce() {
        const OTHER: u32 = 4711;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lone.ready");
        let _held = held(&path);
        // Only root can give a file away.
        if chown(&path, Some(OTHER), None).is_err() {
            println!("skipped: not root");
            return;
        }
        assert_eq!(looked(dir.path()), None);
        chown(dir.path(), Some(OTHER), None).unwrap();
        assert!(looked(dir.path()).is_some());
        chown(&path, Some(place::ROOT), None).unwrap();
        assert!(looked(dir.path()).is_some());
    }
}

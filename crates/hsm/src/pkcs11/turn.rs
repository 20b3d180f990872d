//! Processes that use one token start its module and log in one after the other.
//!
//! SoftHSM rewrites the file of a token at each login. Another process that reads it at
//! that moment sees no token, or one that does not accept the PIN. Roles of a member
//! start together, and after that they hardly ever log in.
//!
//! They meet at a lock. It is not on the module, which everybody on the host can open, and
//! so could lock for as long as they like, but on the folder where the PIN is: roles of one
//! user, or of users of one group, have it in common (`/etc/ssmax/unlock`), and nobody else
//! may look into it. Where others may, the lock is on the PIN's file, which has one user.
//! Nothing is written: the folder may be on a file system that the role may not change.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

/// How long a turn is waited for. A start without one is better than none: who holds it
/// may be hanging in a token that is not ours, or be a role that somebody else has taken
/// over.
const LONGEST: Duration = Duration::from_secs(10);

/// How often it is asked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The turn to start a module, given back when dropped.
pub(crate) struct Turn {
    _locked: Option<File>,
}

impl Turn {
    /// Waits for it, among those whose PIN is in the same place.
    pub(crate) fn take(pin_file: &Path) -> Self {
        let Some(file) = open(&place(pin_file)) else { return Self { _locked: None } };
        let since = Instant::now();
        loop {
            if file.try_lock().is_ok() {
                return Self { _locked: Some(file) };
            }
            if since.elapsed() > LONGEST {
                tracing::warn!(pin_file = %pin_file.display(), "another process has been starting a PKCS#11 module for long; it is not waited for");
                return Self { _locked: None };
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// What is locked.
fn place(pin_file: &Path) -> PathBuf {
    const READ_OF_OTHERS: u32 = 0o004;
    match pin_file.parent() {
        Some(folder) if folder.metadata().is_ok_and(|found| found.mode() & READ_OF_OTHERS == 0) => {
            folder.to_owned()
        }
        _ => pin_file.to_owned(),
    }
}

fn open(path: &Path) -> Option<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn there_is_one_turn_at_a_time_and_it_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        let (one, two) = (dir.path().join("keyserver.pin"), dir.path().join("ca.pin"));
        fs::write(&one, "").unwrap();
        fs::write(&two, "").unwrap();
        let first = Turn::take(&one);
        let waits = {
            let two = two.clone();
            std::thread::spawn(move || Turn::take(&two)._locked.is_some())
        };
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waits.is_finished());
        drop(first);
        assert!(waits.join().unwrap());
        assert!(Turn::take(&dir.path().join("missing/pin"))._locked.is_none());
    }

    #[test]
    fn whoever_may_not_read_the_pins_cannot_hold_a_turn() {
        let dir = tempfile::tempdir().unwrap();
        let pin = dir.path().join("pin");
        fs::write(&pin, "").unwrap();
        fs::set_permissions(&pin, Permissions::from_mode(0o600)).unwrap();
        for (mode, locked) in
            [(0o700, dir.path()), (0o751, dir.path()), (0o755, &pin), (0o705, &pin)]
        {
            fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(place(&pin), locked, "{mode:o}");
            let turn = Turn::take(&pin);
            assert!(File::open(locked).unwrap().try_lock().is_err());
            drop(turn);
            // What anybody can open keeps nobody waiting.
            if locked == pin {
                let anybody = File::open(dir.path()).unwrap();
                anybody.try_lock().unwrap();
                let since = Instant::now();
                assert!(Turn::take(&pin)._locked.is_some());
                assert!(since.elapsed() < LONGEST);
            }
        }
    }
}

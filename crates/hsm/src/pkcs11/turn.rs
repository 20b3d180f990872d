//! Processes that use one module start it and log in one after the other.
//!
//! SoftHSM rewrites the file of a token at each login. Another process that reads it at
//! that moment sees no token, or one that does not accept the PIN. Roles of a member
//! start together, and after that they hardly ever log in.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a turn is waited for. A start without one is better than none: who holds it
/// may be hanging in a token that is not ours.
const LONGEST: Duration = Duration::from_secs(10);

/// How often it is asked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The turn to start a module, given back when dropped. The lock is on the module's own
/// file, which every process that uses it can open.
pub(crate) struct Turn {
    _locked: Option<File>,
}

impl Turn {
    /// Waits for it.
    pub(crate) fn take(module: &Path) -> Self {
        let Ok(file) = File::open(module) else { return Self { _locked: None } };
        let since = Instant::now();
        loop {
            if file.try_lock().is_ok() {
                return Self { _locked: Some(file) };
            }
            if since.elapsed() > LONGEST {
                tracing::warn!(module = %module.display(), "another process has been starting a PKCS#11 module for long; it is not waited for");
                return Self { _locked: None };
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_turn_at_a_time_and_it_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let module = dir.path().join("module.so");
        std::fs::write(&module, "").unwrap();
        let first = Turn::take(&module);
        let other = File::open(&module).unwrap();
        assert!(other.try_lock().is_err());
        drop(first);
        assert!(other.try_lock().is_ok());
        let waits = {
            let module = module.clone();
            std::thread::spawn(move || Turn::take(&module)._locked.is_some())
        };
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waits.is_finished());
        drop(other);
        assert!(waits.join().unwrap());
        assert!(Turn::take(&dir.path().join("missing.so"))._locked.is_none());
    }
}

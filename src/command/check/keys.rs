//! Unlock secrets, keys, and whether the organisation belongs to the federation yet.

use super::{Report, of};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::member;
use ssmax_hsm::{HsmError, KeyStore, UnlockSecret};
use std::path::{Path, PathBuf};

/// A role's key store and what unlocks it.
struct Keys {
    role: Role,
    dir: PathBuf,
    unlock_file: PathBuf,
}

pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    for role in config.roles() {
        match keys_of(config, role) {
            Ok(Some(keys)) => check_keys(config, &keys, report),
            Ok(None) => {}
            Err(complaint) => report.error(role.as_str(), &complaint),
        }
    }
    if config.is_member() {
        match member::installed(config) {
            Ok(Some(admission)) => {
                report.ok("federation.admission", "check-admitted", &[("id", &admission.id)]);
            }
            Ok(None) => report
                .error("federation.admission", &Complaint::new(Exit::Unavailable, "not-admitted")),
            Err(complaint) => report.error("federation.admission", &complaint),
        }
    }
}

fn keys_of(config: &Config, role: Role) -> Result<Option<Keys>, Complaint> {
    let (dir, unlock_file) = match role {
        Role::Authority => {
            let authority = config.authority()?;
            (authority.keys_dir(), authority.unlock_file)
        }
        Role::Keyserver => {
            let keyserver = config.keyserver()?;
            (keyserver.key_dir(), keyserver.keyserver.unlock_file)
        }
        Role::Ca => {
            let ca = config.ca()?;
            (ca.key_dir(), ca.ca.unlock_file)
        }
        // These two hold no key that could be unlocked.
        Role::Inspector | Role::Gateway => return Ok(None),
    };
    Ok(Some(Keys { role, dir, unlock_file }))
}

fn check_keys(config: &Config, keys: &Keys, report: &mut Report<'_>) {
    let name = of(keys.role, "unlock");
    let path = keys.unlock_file.display().to_string();
    let secret = match UnlockSecret::from_file(&keys.unlock_file) {
        Ok(secret) => secret,
        // With keys and without their unlock file, the file is lost: nothing is to be made.
        Err(error) if keys.dir.exists() => return report.error(&name, &error.into()),
        Err(error) => return report.error(&name, &without_keys(keys.role, error)),
    };
    if is_below(&keys.unlock_file, config.state_dir()) {
        let complaint = Complaint::new(Exit::Bad, "unlock-beside").with("path", &path);
        report.warning(&name, &complaint);
    } else {
        report.ok(&name, "check-unlock", &[("path", &path)]);
    }
    let name = of(keys.role, "keys");
    match KeyStore::open(&keys.dir, &secret) {
        Ok(_) => {
            report.ok(&name, "check-keys", &[("path", &keys.dir.display().to_string())]);
        }
        Err(error) => report.error(&name, &without_keys(keys.role, error)),
    }
}

/// Before the set-up, what is missing is not a fault of the file system.
fn without_keys(role: Role, error: HsmError) -> Complaint {
    let missing = match &error {
        HsmError::NotAStore { .. } => true,
        HsmError::Files(ssmax_store::StoreError::File { kind, .. }) => {
            *kind == std::io::ErrorKind::NotFound
        }
        _ => false,
    };
    match (missing, role) {
        (false, _) => error.into(),
        (true, Role::Authority) => Complaint::new(Exit::Unavailable, "authority-missing"),
        (true, _) => {
            Complaint::new(Exit::Unavailable, "org-keys-missing").with_text("role", role.text())
        }
    }
}

/// Whether `path` is somewhere below `dir`, whatever links lead there.
fn is_below(path: &Path, dir: &Path) -> bool {
    match (path.canonicalize(), dir.canonicalize()) {
        (Ok(path), Ok(dir)) => path.starts_with(dir),
        _ => path.starts_with(dir),
    }
}

//! Unlock secrets, keys, and whether the organisation belongs to the federation yet.

use super::{Report, of};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::member;
use ssmax_daemon::statement_key;
use ssmax_hsm::{Backend, HsmError, KeyPurpose, KeyStore, Pkcs11Config, UnlockSecret};
use ssmax_keyserver::OutsideCertificates;
use ssmax_pki::Certificate;
use std::path::{Path, PathBuf};

/// A role's key store and what unlocks it.
struct Keys {
    role: Role,
    dir: PathBuf,
    unlock_file: PathBuf,
    backend: Backend,
    pkcs11: Option<Pkcs11Config>,
    /// Whether PKCS#1 v1.5 is to be opened.
    pkcs1: bool,
}

pub(super) fn check(config: &Config, role: Role, report: &mut Report<'_>) {
    if role == Role::Submission {
        milter_key(config, report);
    }
    match keys_of(config, role) {
        Ok(Some(keys)) => {
            check_keys(config, &keys, report);
            check_token(config, &keys, report);
        }
        Ok(None) => {}
        Err(complaint) => report.error(role.as_str(), &complaint),
    }
    if role == Role::Keyserver {
        outside_certificates(config, report);
    }
}

/// Whether the milter has the key that it signs its word on logins with.
fn milter_key(config: &Config, report: &mut Report<'_>) {
    let name = of(Role::Submission, "key");
    let Ok(settings) = config.submission() else { return };
    match statement_key::read(&settings.dir()) {
        Ok(_) => report.ok(&name, "check-milter-key", &[]),
        Err(error) => report.error(&name, &error.into()),
    }
}

/// Whether keys that a change has made still wait for the authority.
fn pending(config: &Config, keys: &KeyStore, report: &mut Report<'_>) {
    let Ok(Some(admission)) = member::installed(config) else { return };
    let certified = Certificate::from_pem(&admission.organisation_signing);
    let newest = keys.entries(KeyPurpose::OrganisationSigning);
    if let (Ok(certified), Ok(newest)) = (certified, newest)
        && newest.first().is_some_and(|key| key.id != ssmax_hsm::key_id(certified.spki()))
    {
        let complaint = Complaint::new(Exit::Bad, "renewal-pending");
        report.warning(&of(Role::Keyserver, "renewal"), &complaint);
    }
}

/// Whether the organisation belongs to the federation.
pub(super) fn admission(config: &Config, report: &mut Report<'_>) {
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

/// What mail to people outside is encrypted by. One bad file makes mail to everybody
/// wait of whom no certificate is known.
fn outside_certificates(config: &Config, report: &mut Report<'_>) {
    const NAME: &str = "keyserver.outside_certificates";
    let Ok(settings) = config.keyserver() else { return };
    let Some(folder) = settings.keyserver.outside_certificates else { return };
    match OutsideCertificates::read(&folder) {
        Err(error) => {
            report.error(NAME, &Complaint::from_io(&folder, error.kind(), Exit::Unavailable));
        }
        Ok(found) => {
            for path in found.unreadable() {
                let complaint = Complaint::new(Exit::Bad, "outside-certificate-file");
                report.error(NAME, &complaint.with("path", path.display()));
            }
            let count = found.count().to_string();
            report.ok(NAME, "check-outside-certificates", &[("count", &count)]);
        }
    }
}

fn keys_of(config: &Config, role: Role) -> Result<Option<Keys>, Complaint> {
    Ok(Some(match role {
        Role::Authority => {
            let authority = config.authority()?;
            Keys {
                role,
                dir: authority.keys_dir(),
                unlock_file: authority.unlock_file,
                backend: Backend::File,
                pkcs11: None,
                pkcs1: false,
            }
        }
        Role::Keyserver => {
            let settings = config.keyserver()?;
            Keys {
                role,
                dir: settings.key_dir(),
                unlock_file: settings.keyserver.unlock_file,
                backend: settings.keyserver.backend,
                pkcs11: settings.keyserver.pkcs11,
                pkcs1: settings.keyserver.allow_pkcs1_decryption,
            }
        }
        Role::Ca => {
            let settings = config.ca()?;
            Keys {
                role,
                dir: settings.key_dir(),
                unlock_file: settings.ca.unlock_file,
                backend: settings.ca.backend,
                pkcs11: settings.ca.pkcs11,
                pkcs1: false,
            }
        }
        // These hold no key that could be unlocked.
        Role::Inspector
        | Role::Gateway
        | Role::Submission
        | Role::Directory
        | Role::Enrol
        | Role::Scim
        | Role::Watch => return Ok(None),
    }))
}

fn check_keys(config: &Config, keys: &Keys, report: &mut Report<'_>) {
    let name = of(keys.role, "unlock");
    let path = keys.unlock_file.display().to_string();
    let secret = match UnlockSecret::from_file(&keys.unlock_file) {
        Ok(secret) => secret,
        // With keys and without their unlock file, the file is lost: nothing is to be made.
        Err(error) if keys.dir.exists() && is_missing(&error) => {
            let complaint = Complaint::new(Exit::Unavailable, "unlock-lost")
                .with("keys", keys.dir.display())
                .with("path", &path);
            return report.error(&name, &complaint);
        }
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
        Ok(store) => {
            report.ok(&name, "check-keys", &[("path", &keys.dir.display().to_string())]);
            if keys.role == Role::Keyserver {
                pending(config, &store, report);
            }
        }
        Err(error) => report.error(&name, &without_keys(keys.role, error)),
    }
}

/// Opens the token and tries what it can do.
fn check_token(config: &Config, keys: &Keys, report: &mut Report<'_>) {
    let name = of(keys.role, "token");
    let token = match keys.backend.open(keys.pkcs11.as_ref()) {
        Ok(Some(token)) => token,
        Ok(None) => return,
        Err(error) => return report.error(&name, &error.into()),
    };
    let can = match token.capabilities() {
        Ok(can) => can,
        Err(error) => return report.error(&name, &error.into()),
    };
    let (able, unable): (Vec<_>, Vec<_>) = [
        ("ECDSA P-256", can.ecdsa),
        ("ECDH P-256", can.ecdh),
        ("RSA", can.rsa),
        ("OAEP SHA-1", can.oaep_sha1),
        ("OAEP SHA-256", can.oaep_sha256),
        ("PKCS#1 v1.5", can.rsa_raw),
    ]
    .into_iter()
    .partition(|(_, can)| *can);
    let names = |list: Vec<(&'static str, bool)>| {
        list.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    };
    let (id, cannot) = if unable.is_empty() {
        ("check-token", String::new())
    } else {
        ("check-token-cannot", names(unable))
    };
    let arguments = [("label", token.label()), ("can", &names(able)), ("cannot", &cannot)];
    report.ok(&name, id, &arguments);
    if keys.pkcs1 && !can.rsa_raw {
        let complaint = Complaint::new(Exit::Bad, "token-pkcs1").with("label", token.label());
        report.warning(&name, &complaint);
    }
    if let Some(token) = &keys.pkcs11
        && is_below(&token.pin_file, config.state_dir())
    {
        let path = token.pin_file.display();
        let complaint = Complaint::new(Exit::Bad, "unlock-beside").with("path", path);
        report.warning(&of(keys.role, "pin"), &complaint);
    }
}

/// Before the set-up, what is missing is not a fault of the file system.
fn without_keys(role: Role, error: HsmError) -> Complaint {
    match (is_missing(&error), role) {
        (false, _) => error.into(),
        (true, Role::Authority) => Complaint::new(Exit::Unavailable, "authority-missing"),
        (true, _) => {
            Complaint::new(Exit::Unavailable, "org-keys-missing").with_text("role", role.text())
        }
    }
}

/// Whether nothing is there, keys or the file that unlocks them.
fn is_missing(error: &HsmError) -> bool {
    match error {
        HsmError::NotAStore { .. } => true,
        HsmError::Files(ssmax_store::StoreError::File { kind, .. }) => {
            *kind == std::io::ErrorKind::NotFound
        }
        _ => false,
    }
}

/// Whether `path` is somewhere below `dir`, whatever links lead there.
fn is_below(path: &Path, dir: &Path) -> bool {
    match (path.canonicalize(), dir.canonicalize()) {
        (Ok(path), Ok(dir)) => path.starts_with(dir),
        _ => path.starts_with(dir),
    }
}

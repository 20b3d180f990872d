//! What is known of the certificates of people outside: one file for each in the folder
//! `register` below `[keyserver] outside_certificates`, which the key server does not read.
//! Approving one lays the certificate itself into the folder that it does read.

use crate::command::verify;
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use serde::{Deserialize, Serialize};
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_store::files::{create_public_dir, remove, write_public};
use std::path::{Path, PathBuf};

/// The most certificates that are kept, those that were rejected among them.
pub(super) const MAX_ENTRIES: usize = 10_000;
/// The most that wait for a decision for one address: more are no news but a flood.
pub(super) const MAX_WAITING_FOR_ADDRESS: usize = 8;
/// The largest file of the register, in octets.
const MAX_ENTRY_BYTES: usize = 64 * 1024;

/// What was decided about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// Nothing yet: nobody encrypts with it.
    Learnt,
    /// Mail to its owner is encrypted with it.
    Approved,
    /// It is not used, and not learnt again.
    Rejected,
}

/// Where a certificate came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Source {
    /// A mail signed by its owner, with a path to a certificate that was trusted.
    Mail,
    /// A file that somebody handed in: nothing is proved.
    File,
}

/// One certificate of somebody outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Whose it is: an address that the certificate carries.
    pub(super) address: String,
    /// SHA-256 of the certificate, hexadecimal: its name here.
    pub(super) sha256: String,
    pub(super) state: State,
    pub(super) source: Source,
    /// Seconds since 1970.
    pub(super) first_seen: i64,
    pub(super) last_seen: i64,
    /// PEM.
    pub(super) certificate: String,
}

impl Entry {
    pub(super) fn certificate(&self) -> Result<Certificate, Complaint> {
        Ok(Certificate::from_pem(&self.certificate)?)
    }

    pub(super) fn is_of(&self, address: &Address) -> bool {
        Address::parse(&self.address).is_ok_and(|own| own.matches(address))
    }
}

/// The folder and what its register says.
pub(super) struct Register {
    folder: PathBuf,
    pub(super) entries: Vec<Entry>,
}

impl Register {
    /// Reads it. A file that cannot be read is a complaint: it might be the one by which a
    /// certificate was rejected.
    pub(super) fn open(config: &Config) -> Result<Self, Complaint> {
        let settings = config.keyserver()?;
        let folder = settings.keyserver.outside_certificates;
        let folder = folder.ok_or_else(|| Complaint::new(Exit::WrongUse, "outside-no-folder"))?;
        Self::read(folder)
    }

    fn read(folder: PathBuf) -> Result<Self, Complaint> {
        // Made here it would be for its maker only, and the key server could not read it.
        if let Err(error) = std::fs::metadata(&folder) {
            return Err(Complaint::from_io(&folder, error.kind(), Exit::WrongUse));
        }
        let dir = folder.join("register");
        create_public_dir(&dir)?;
        let mut entries = Vec::new();
        for path in files(&dir, "json")? {
            let octets = verify::read(&path, MAX_ENTRY_BYTES)?;
            let entry: Entry = serde_json::from_slice(&octets).map_err(|_| {
                Complaint::new(Exit::Bad, "outside-entry").with("path", path.display())
            })?;
            entries.push(entry);
        }
        entries.sort_by(|one, other| {
            (&one.address, one.first_seen).cmp(&(&other.address, other.first_seen))
        });
        Ok(Self { folder, entries })
    }

    /// Keeps a certificate that was seen now. What was decided about it stays decided.
    pub(super) fn see(
        &mut self,
        address: &Address,
        certificate: &Certificate,
        source: Source,
        now: i64,
    ) -> Result<Entry, Complaint> {
        let sha256 = hex::encode(certificate.sha256());
        let known = self.entries.iter_mut().find(|entry| entry.sha256 == sha256);
        if let Some(entry) = known {
            entry.last_seen = now;
            // A signature of the owner proves more than a file does, and not the reverse.
            if source == Source::Mail {
                entry.source = source;
            }
            let entry = entry.clone();
            self.write(&entry)?;
            return Ok(entry);
        }
        let waits = |entry: &&Entry| entry.state == State::Learnt && entry.is_of(address);
        if self.entries.iter().filter(waits).count() >= MAX_WAITING_FOR_ADDRESS {
            let complaint = Complaint::new(Exit::Bad, "outside-waiting");
            return Err(complaint.with("address", address).with("max", MAX_WAITING_FOR_ADDRESS));
        }
        if self.entries.len() >= MAX_ENTRIES {
            return Err(Complaint::new(Exit::Bad, "outside-full").with("max", MAX_ENTRIES));
        }
        let entry = Entry {
            address: address.to_string(),
            sha256,
            state: State::Learnt,
            source,
            first_seen: now,
            last_seen: now,
            certificate: certificate.to_pem(),
        };
        self.write(&entry)?;
        self.entries.push(entry.clone());
        Ok(entry)
    }

    /// The one whose SHA-256 begins so.
    pub(super) fn find(&self, sha256: &str) -> Result<Entry, Complaint> {
        let wanted = sha256.replace(':', "").to_lowercase();
        let mut found = self.entries.iter().filter(|entry| entry.sha256.starts_with(&wanted));
        match (found.next(), found.next()) {
            (Some(entry), None) if wanted.len() >= 16 => Ok(entry.clone()),
            _ => Err(Complaint::new(Exit::Bad, "outside-not-found").with("sha256", sha256)),
        }
    }

    /// The files by which mail to this address is encrypted at present, however they came
    /// there, but for that of this very certificate.
    pub(super) fn others_in_use(&self, entry: &Entry) -> Result<Vec<PathBuf>, Complaint> {
        let mut others = Vec::new();
        for path in files(&self.folder, "pem")? {
            for one in verify::certificates(&path)? {
                if hex::encode(one.sha256()) != entry.sha256 && one.has_email(&entry.address) {
                    others.push(path.clone());
                }
            }
        }
        Ok(others)
    }

    /// Has mail to its owner encrypted with it, instead of with what lies in `others`.
    pub(super) fn approve(
        &mut self,
        entry: &Entry,
        others: &[PathBuf],
        now: i64,
    ) -> Result<(), Complaint> {
        let certificate = entry.certificate()?;
        for path in others {
            // Mail to a further address of the old one might leave in clear from now on.
            let kept = |one: &Certificate| {
                one.emails().iter().all(|address| certificate.has_email(address))
            };
            if !verify::certificates(path)?.iter().all(kept) {
                return Err(
                    Complaint::new(Exit::Bad, "outside-shared").with("path", path.display())
                );
            }
        }
        // The new one first: at no moment does mail to the owner leave in clear.
        write_public(&self.file_in_use(entry), entry.certificate.as_bytes())?;
        for path in others {
            self.retire(path, now)?;
            remove(path)?;
        }
        self.decide(entry, State::Approved)
    }

    /// Ends its use, if it was in use.
    pub(super) fn reject(&mut self, entry: &Entry) -> Result<(), Complaint> {
        self.decide(entry, State::Rejected)?;
        for path in files(&self.folder, "pem")? {
            let of = |one: &Certificate| hex::encode(one.sha256()) == entry.sha256;
            if verify::certificates(&path)?.iter().any(of) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Keeps what is replaced, also what an administrator had put there by hand: it may be
    /// approved again.
    fn retire(&mut self, path: &Path, now: i64) -> Result<(), Complaint> {
        for certificate in verify::certificates(path)? {
            let sha256 = hex::encode(certificate.sha256());
            let known = self.entries.iter().find(|one| one.sha256 == sha256).cloned();
            let replaced = known.unwrap_or_else(|| Entry {
                address: certificate.emails().into_iter().next().unwrap_or_default(),
                sha256,
                state: State::Approved,
                source: Source::File,
                first_seen: now,
                last_seen: now,
                certificate: certificate.to_pem(),
            });
            self.decide(&replaced, State::Rejected)?;
        }
        Ok(())
    }

    fn decide(&mut self, entry: &Entry, state: State) -> Result<(), Complaint> {
        let decided = Entry { state, ..entry.clone() };
        self.write(&decided)?;
        match self.entries.iter_mut().find(|one| one.sha256 == entry.sha256) {
            Some(kept) => *kept = decided,
            None => self.entries.push(decided),
        }
        Ok(())
    }

    /// Named by the address, so that one that cannot be read any more stops nobody else's mail;
    /// but by the hash alone where the address holds a slash.
    fn file_in_use(&self, entry: &Entry) -> PathBuf {
        let hash = entry.sha256.get(..16).unwrap_or(&entry.sha256);
        let name = if entry.address.contains('/') {
            format!("{hash}.pem")
        } else {
            format!("{}.{hash}.pem", entry.address)
        };
        self.folder.join(name)
    }

    fn write(&self, entry: &Entry) -> Result<(), Complaint> {
        let failed = |error: serde_json::Error| {
            Complaint::new(Exit::Unavailable, "failed").with("reason", error)
        };
        let octets = serde_json::to_vec_pretty(entry).map_err(failed)?;
        let path = self.folder.join("register").join(format!("{}.json", entry.sha256));
        Ok(write_public(&path, &octets)?)
    }
}

/// The files of a folder with this ending, in order.
fn files(dir: &Path, ending: &str) -> Result<Vec<PathBuf>, Complaint> {
    let failed = |error: std::io::Error| Complaint::from_io(dir, error.kind(), Exit::Unavailable);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|one| one == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;

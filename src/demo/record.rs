//! `demo.json`: what happened, for programs.

use super::opened::Arrived;
use super::people::Person;
use super::place::Place;
use super::processes::Processes;
use super::unavailable;
use crate::complaint::Complaint;
use serde::Serialize;
use ssmax_hsm::{KeyPurpose, KeyStore, UnlockSecret};
use ssmax_store::files::{create_private_dir, write_private};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A mail that arrived.
#[derive(Debug, Serialize)]
pub(crate) struct Delivered {
    pub(crate) case: String,
    pub(crate) file: PathBuf,
    pub(crate) recipient: String,
    pub(crate) key: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) trust: PathBuf,
    pub(crate) body_sha256: String,
}

/// A mail that was stopped.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Stopped {
    pub(crate) case: String,
    pub(crate) at: String,
    #[serde(rename = "where")]
    pub(crate) place: String,
    pub(crate) reply: String,
    pub(crate) reason: String,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) delivered: Vec<Delivered>,
    pub(crate) stopped: Vec<Stopped>,
    pub(crate) listen: BTreeMap<String, String>,
    pub(crate) pids: BTreeMap<String, u32>,
    /// Where the keys of the key servers are, "token" or "file", as "a.seal" and so on.
    pub(crate) keys: BTreeMap<String, String>,
    /// Cases that did not end as they must.
    pub(crate) failed: Vec<String>,
}

impl Record {
    pub(crate) fn new(place: &Place, processes: &Processes) -> Result<Self, Complaint> {
        let mut listen = BTreeMap::new();
        listen.insert("authority".to_owned(), place.authority_listen.to_string());
        for site in place.sites() {
            listen.insert(format!("{}.submission", site.name), site.submission.to_string());
            listen.insert(format!("{}.directory", site.name), site.directory.to_string());
            listen.insert(format!("{}.inbound_smtp", site.name), site.inbound.to_string());
        }
        Ok(Self {
            delivered: Vec::new(),
            stopped: Vec::new(),
            listen,
            pids: processes.pids.clone(),
            keys: homes(place)?,
            failed: Vec::new(),
        })
    }

    /// Keeps a delivered mail as a file beside the record.
    pub(crate) fn deliver(
        &mut self,
        place: &Place,
        case: &str,
        person: &Person,
        arrived: &Arrived,
        entity: &[u8],
    ) -> Result<(), Complaint> {
        let dir = place.dir.join("delivered");
        create_private_dir(&dir)?;
        let local = person.address.split('@').next().unwrap_or_default();
        let file = dir.join(format!("{case}-{local}.eml"));
        write_private(&file, &arrived.octets)?;
        self.delivered.push(Delivered {
            case: case.to_owned(),
            file,
            recipient: person.address.clone(),
            key: person.dir.join("encryption.key.pem"),
            cert: person.dir.join("encryption.crt.pem"),
            trust: arrived.trust.clone(),
            body_sha256: hex::encode(ssmax_primitives::sha256(entity)),
        });
        Ok(())
    }

    /// Writes `DIR/demo.json`.
    pub(crate) fn write(&self, place: &Place) -> Result<(), Complaint> {
        let mut text = serde_json::to_string_pretty(self).map_err(unavailable)?;
        text.push('\n');
        write_private(&place.dir.join("demo.json"), text.as_bytes())?;
        Ok(())
    }
}

/// Where the newest key of each purpose is, in each organisation's key server.
fn homes(place: &Place) -> Result<BTreeMap<String, String>, Complaint> {
    let mut homes = BTreeMap::new();
    for site in place.sites() {
        // Without the token: where a key is stands in its file.
        let settings = site.config.keyserver()?;
        let unlock = UnlockSecret::from_file(&settings.keyserver.unlock_file)?;
        let keys = KeyStore::open(&settings.key_dir(), &unlock)?;
        for purpose in KeyPurpose::ALL {
            if let Some(newest) = keys.entries(purpose)?.first() {
                let home = if newest.in_token { "token" } else { "file" };
                homes.insert(format!("{}.{purpose}", site.name), home.to_owned());
            }
        }
    }
    Ok(homes)
}

//! The engine: every file that the walk comes upon, and last the mail as a whole.

use super::Reply;
use super::session::Session;
use ssmax_api::inspector::ClamavBounds;
use ssmax_inspection::{Direction, Engine, EngineFault, Item, Report, rule};
use ssmax_primitives::sha256;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What clamd calls a file that it cannot open for want of a password (`AlertEncrypted`).
const ENCRYPTED: &str = "Heuristics.Encrypted.";

/// What clamd calls a file that it has not wholly looked at (`AlertExceedsMax`).
const LIMITS_EXCEEDED: &str = "Heuristics.Limits.Exceeded";

/// ClamAV over one connection, for one mail.
pub(crate) struct Clamav {
    most_bytes: usize,
    state: Mutex<State>,
}

struct State {
    session: Session<File>,
    /// What was said of octets, by their SHA-256: mail that stays inside is looked at in
    /// both directions, and a file may be attached twice.
    said: BTreeMap<[u8; 32], Reply>,
    fault: Option<EngineFault>,
}

impl Clamav {
    /// `connection` blocks for a moment at a time. The worker reads and writes it as a
    /// file: calls of sockets are forbidden to it.
    pub(crate) fn new(connection: OwnedFd, bounds: ClamavBounds) -> Self {
        let limit = Duration::from_secs(bounds.seconds);
        let session = Session::new(File::from(connection), limit);
        Self {
            most_bytes: usize::try_from(bounds.bytes).unwrap_or(usize::MAX),
            state: Mutex::new(State { session, said: BTreeMap::new(), fault: None }),
        }
    }

    fn ask(&self, octets: &[u8], part: &str, report: &mut Report) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.said(octets) {
            Ok(Reply::Clean) => {}
            Ok(Reply::Found(name)) => report.add(rule_of(&name), part, &name),
            Err(fault) => report.fail(fault),
        }
    }
}

impl Engine for Clamav {
    fn name(&self) -> &str {
        "clamav"
    }

    fn inspect(&self, item: &Item<'_>, _direction: Direction, report: &mut Report) {
        if item.octets.is_empty() {
            return;
        }
        if item.octets.len() > self.most_bytes {
            let what = "larger than what ClamAV is given";
            return report.add(rule::ARCHIVE_TOO_LARGE, item.part, what);
        }
        self.ask(item.octets, item.part, report);
    }

    /// The parts were scanned each by itself, so that a mail too large for this has been
    /// looked at all the same; what only a mail as such shows, it then shows to nobody.
    fn inspect_whole(&self, mail: &[u8], _direction: Direction, report: &mut Report) {
        if mail.len() <= self.most_bytes {
            self.ask(mail, "0", report);
        }
    }
}

impl State {
    fn said(&mut self, octets: &[u8]) -> Result<Reply, EngineFault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let digest = sha256(octets);
        if let Some(reply) = self.said.get(&digest) {
            return Ok(reply.clone());
        }
        let reply = self.session.scan(octets).inspect_err(|fault| self.fault = Some(*fault))?;
        self.said.insert(digest, reply.clone());
        Ok(reply)
    }
}

fn rule_of(name: &str) -> &'static str {
    if name.starts_with(ENCRYPTED) {
        rule::ARCHIVE_ENCRYPTED
    } else if name.starts_with(LIMITS_EXCEEDED) {
        rule::ARCHIVE_TOO_LARGE
    } else {
        rule::MALWARE_CLAMAV
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clamav_could_not_open_or_finish_is_not_called_malware() {
        assert_eq!(rule_of("Heuristics.Encrypted.Zip"), rule::ARCHIVE_ENCRYPTED);
        assert_eq!(rule_of("Heuristics.Limits.Exceeded.MaxFileSize"), rule::ARCHIVE_TOO_LARGE);
        assert_eq!(rule_of("Heuristics.Phishing.Email"), rule::MALWARE_CLAMAV);
        assert_eq!(rule_of("Win.Trojan.Encrypted"), rule::MALWARE_CLAMAV);
    }
}

//! An authority in memory: root, issuing CA, list signer.
#![allow(dead_code, reason = "no test file needs all of it")]

use ssmax_pki::profile::{self, Basis, Draft, Validity};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::Duration;

use crate::sample::NOW;

/// Keys and certificates of one authority.
pub(crate) struct Authority {
    pub(crate) root: Certificate,
    pub(crate) root_key: SoftwareKey,
    pub(crate) issuing_ca: Certificate,
    pub(crate) issuing_key: SoftwareKey,
    pub(crate) list_signer: Certificate,
    pub(crate) list_key: SoftwareKey,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let (root_key, issuing_key, list_key) = (key(), key(), key());
        let draft = profile::root(basis(&root_key, 7300), "Authority", "Authority Root");
        let root = issue::self_signed(lint::lint(draft).unwrap(), &root_key).unwrap();
        let draft = profile::issuing_ca(basis(&issuing_key, 3650), "Authority", "Authority CA");
        let issuing_ca = certificate(draft, &root, &root_key);
        let draft = profile::list_signer(basis(&list_key, 825), "Authority", "Authority List");
        let list_signer = certificate(draft, &root, &root_key);
        Self { root, root_key, issuing_ca, issuing_key, list_signer, list_key }
    }

    /// Whom readers trust.
    pub(crate) fn roots(&self) -> [Certificate; 1] {
        [self.root.clone()]
    }

    /// What the list is signed with.
    pub(crate) fn chain(&self) -> [Certificate; 1] {
        [self.list_signer.clone()]
    }
}

/// A new P-256 key.
pub(crate) fn key() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

/// Valid from an hour ago for so many days.
pub(crate) fn basis(key: &SoftwareKey, days: u16) -> Basis {
    let validity = Validity::days(NOW - Duration::HOUR, days);
    Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
}

/// A certificate as the profile demands.
pub(crate) fn certificate(draft: Draft, issuer: &Certificate, key: &SoftwareKey) -> Certificate {
    issue::issue(lint::lint(draft).unwrap(), issuer, key).unwrap()
}

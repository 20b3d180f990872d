//! Who signs and who reads: keys made once, certificates made for every sender.

use ssmax_pki::lint::lint;
use ssmax_pki::profile::{self, Basis, Draft, Generation, Identity, User, Validity};
use ssmax_pki::{Certificate, is_usable_address, issue};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::OffsetDateTime;
use time::macros::datetime;

/// When all this happens.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
const START: OffsetDateTime = datetime!(2026-04-01 0:00 UTC);

/// A key with its certificate.
pub(crate) struct Holder {
    pub(crate) key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

pub(crate) struct People {
    root: Holder,
    /// One key of either kind, for all who sign.
    signing: [SoftwareKey; 2],
    /// One of either kind. A mail goes to one of them first and to the other then.
    pub(crate) readers: [Holder; 2],
}

impl People {
    pub(crate) fn new() -> Self {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let draft = profile::root(basis(&key, 4000), "Authority", "Root");
        let certificate = issue::self_signed(lint(draft).unwrap(), &key).unwrap();
        let root = Holder { key, certificate };
        let kinds = [KeyAlgorithm::EcP256, KeyAlgorithm::Rsa2048];
        let new = |kind| SoftwareKey::generate(kind).unwrap();
        let readers = kinds.map(new).map(|key| {
            let draft = profile::user_encryption(basis(&key, 800), &user("reader@reader.example"));
            let certificate = issued(&root, draft).unwrap();
            Holder { key, certificate }
        });
        Self { root, signing: kinds.map(new), readers }
    }

    pub(crate) fn anchors(&self) -> &[Certificate] {
        std::slice::from_ref(&self.root.certificate)
    }

    /// A key of either kind, and a certificate of it for this sender; `None` for an
    /// address that no certificate can carry.
    pub(crate) fn signer(
        &self,
        address: &str,
        index: usize,
    ) -> Option<(&SoftwareKey, Certificate)> {
        if !is_usable_address(address) {
            return None;
        }
        let [one, other] = &self.signing;
        let key = if index.is_multiple_of(2) { one } else { other };
        let draft = profile::user_signing(basis(key, 800), &user(address));
        issued(&self.root, draft).map(|certificate| (key, certificate))
    }
}

fn issued(issuer: &Holder, draft: Draft) -> Option<Certificate> {
    let linted = lint(draft).ok()?;
    issue::issue(linted, &issuer.certificate, &issuer.key).ok()
}

fn basis(key: &SoftwareKey, days: u16) -> Basis {
    let serial = issue::random_serial(&SystemRandom);
    Basis::new(key.spki(), serial, Validity::days(START, days))
}

fn user(address: &str) -> User<'_> {
    User {
        address,
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    }
}

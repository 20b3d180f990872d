//! Keys and certificates that never change, made by `fixed/make`: an anchor, and three
//! people of `a.example` below it. The keys protect nothing.

use std::sync::LazyLock;

use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use time::OffsetDateTime;
use time::macros::datetime;

/// A moment within the validity of all of them.
pub(crate) const AT: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);

/// What every signed seed says, octet for octet.
pub(crate) const SIGNED_ENTITY: &[u8] =
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe signed words.\r\n";

/// A key with its certificate.
pub(crate) struct Holder {
    pub(crate) key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

impl Holder {
    fn new(key: &str, certificate: &str) -> Self {
        Self {
            key: SoftwareKey::from_pem(key).unwrap(),
            certificate: Certificate::from_pem(certificate).unwrap(),
        }
    }
}

/// The certificate in PEM of whoever plays a TLS server.
pub(crate) const ALICE_PEM: &str = include_str!("../fixed/alice.pem");
/// The key to it.
pub(crate) const ALICE_KEY_PEM: &str = include_str!("../fixed/alice.key.pem");

/// A CA, P-256, trusted where a target trusts anybody.
pub(crate) static ANCHOR: LazyLock<Certificate> =
    LazyLock::new(|| Certificate::from_pem(include_str!("../fixed/anchor.pem")).unwrap());
/// Signs; P-256.
pub(crate) static ALICE: LazyLock<Holder> = LazyLock::new(|| Holder::new(ALICE_KEY_PEM, ALICE_PEM));
/// Decrypts; P-256.
pub(crate) static BOB: LazyLock<Holder> = LazyLock::new(|| {
    Holder::new(include_str!("../fixed/bob.key.pem"), include_str!("../fixed/bob.pem"))
});
/// Decrypts; RSA-2048.
pub(crate) static CAROL: LazyLock<Holder> = LazyLock::new(|| {
    Holder::new(include_str!("../fixed/carol.key.pem"), include_str!("../fixed/carol.pem"))
});

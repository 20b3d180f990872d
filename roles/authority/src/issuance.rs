//! The one road to a certificate here: lint, record the intent, sign.

use ssmax_federation::CLOCK_SKEW;
use ssmax_pki::profile::{Basis, Draft, Validity};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::SystemRandom;
use ssmax_token::SigningKey;
use time::OffsetDateTime;

use crate::error::AuthorityError;
use crate::registry::{Intent, Profile, Registry};

/// Days that certificates last.
pub(crate) mod days {
    /// The root: as long as the federation's first generation.
    pub(crate) const ROOT: u16 = 7300;
    /// The issuing CA.
    pub(crate) const ISSUING_CA: u16 = 3650;
    /// The list signer.
    pub(crate) const LIST_SIGNER: u16 = 825;
    /// The CA above the HTTPS listener's certificate.
    pub(crate) const TRANSPORT_CA: u16 = 3650;
    /// The HTTPS listener's certificate; it is made anew at each start.
    pub(crate) const TLS_SERVER: u16 = 397;
    /// Organisation certificates (S/MIME BR 6.3.2: at most 825).
    pub(crate) const ORGANISATION: u16 = 825;
    /// A member's CA: past the last of its users' certificates of the first two years.
    pub(crate) const MEMBER_CA: u16 = 1825;
}

/// Who signs.
pub(crate) enum Issuer<'a> {
    /// The certificate's own key.
    Itself(&'a dyn SigningKey),
    /// A CA.
    Ca(&'a Certificate, &'a dyn SigningKey),
}

/// What a profile needs besides names: key, a fresh serial, and a validity that begins a
/// little in the past, since members' clocks are not ours.
pub(crate) fn basis(spki: &[u8], days: u16, at: OffsetDateTime) -> Basis {
    let serial = issue::random_serial(&SystemRandom);
    Basis::new(spki, serial, Validity::days(at - CLOCK_SKEW, days))
}

/// Makes a certificate. Its serial is on the disk before it is signed; the certificate
/// itself is for the caller to keep, together with what it is for.
pub(crate) async fn certify(
    registry: &Registry,
    (profile, member): (Profile, Option<&str>),
    mut draft: Draft,
    issuer: Issuer<'_>,
    at: OffsetDateTime,
) -> Result<Certificate, AuthorityError> {
    // Near the end of a CA's life what it issues lasts as long as the CA, not longer.
    if let Issuer::Ca(ca, _) = &issuer {
        let not_after = &mut draft.basis.validity.not_after;
        *not_after = ca.not_after().min(*not_after);
    }
    let linted = lint::lint(draft).map_err(AuthorityError::Lint)?;
    let basis = &linted.draft().basis;
    let intent = Intent { serial: &basis.serial, profile, member, spki: &basis.spki };
    registry.intend(&intent, at).await?;
    let certificate = match issuer {
        Issuer::Itself(key) => issue::self_signed(linted, key)?,
        Issuer::Ca(certificate, key) => issue::issue(linted, certificate, key)?,
    };
    Ok(certificate)
}

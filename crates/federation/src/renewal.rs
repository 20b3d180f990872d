//! What a member hands in to have new keys certified while the old ones still run.
//!
//! Like an application, a JSON file that people carry. Unlike one, it proves itself: the
//! member signs it with the organisation key that is in the list, so that nobody who only
//! reaches an officer's desk can put a key of his own beside a member's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use ssmax_pki::Certificate;
use ssmax_primitives::verify;
use ssmax_token::{KeyAlgorithm, SignatureAlgorithm, SigningKey, TokenError};
use time::{Duration, OffsetDateTime};

use crate::admission::{MAX_BYTES, base64_der, base64_ders};
use crate::ijson::{self, JsonFault};

/// How long after its signature a renewal may be handed in: it waits for officers, and an
/// old one must not bring back keys that were replaced since.
pub const RENEWAL_LIFETIME: Duration = Duration::days(30);

/// Told apart from everything else that an organisation key signs.
const LABEL: &[u8] = b"SSMAX1-renewal\n";

/// New keys of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// What is signed.
    pub keys: RenewedKeys,
    /// SHA-256 of the organisation signing certificate that the signature is verified
    /// with, 64 lower-case hexadecimal digits.
    pub certificate: String,
    /// The signature (base64) over the label and the JSON of `keys`, as this program
    /// writes it.
    signature: String,
}

/// The new keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewedKeys {
    /// The member's id.
    pub id: String,
    /// When this was signed, in seconds since 1970.
    pub at: i64,
    /// PKCS#10 request (DER; base64 in JSON) of the new organisation signing key.
    #[serde(with = "base64_der")]
    pub organisation_signing_request: Vec<u8>,
    /// SubjectPublicKeyInfo (DER; base64 in JSON) of each new federation encryption key.
    #[serde(with = "base64_ders")]
    pub federation_encryption_keys: Vec<Vec<u8>>,
}

/// Why a renewal is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenewalFault {
    /// Another certificate than the one it names was given.
    #[error("the renewal names another certificate")]
    OtherCertificate,
    /// The signature is not one over these keys.
    #[error("the signature of the renewal does not verify")]
    Signature,
    /// Signed in the future, or more than [`RENEWAL_LIFETIME`] ago.
    #[error("the renewal was not signed within the last 30 days")]
    Time,
}

impl Renewal {
    /// Signs new keys with the organisation key of `certificate`.
    ///
    /// # Errors
    /// [`TokenError`] when the key cannot be used.
    pub fn sign(
        keys: RenewedKeys,
        certificate: &Certificate,
        key: &dyn SigningKey,
    ) -> Result<Self, TokenError> {
        let signature = STANDARD.encode(key.sign(&keys.signed_octets())?);
        Ok(Self { keys, certificate: hex::encode(certificate.sha256()), signature })
    }

    /// Whether `certificate`, which the caller has found to be the member's, signed these
    /// keys not long before `now`.
    ///
    /// # Errors
    /// [`RenewalFault`].
    pub fn verify(
        &self,
        certificate: &Certificate,
        now: OffsetDateTime,
    ) -> Result<(), RenewalFault> {
        if self.certificate != hex::encode(certificate.sha256()) {
            return Err(RenewalFault::OtherCertificate);
        }
        let spki = certificate.spki();
        let algorithm = match ssmax_primitives::key_algorithm(spki) {
            Ok(KeyAlgorithm::EcP256) => SignatureAlgorithm::EcdsaSha256,
            Ok(found) if found.is_rsa() => SignatureAlgorithm::RsaPkcs1Sha256,
            _ => return Err(RenewalFault::Signature),
        };
        let signature = STANDARD.decode(&self.signature).map_err(|_| RenewalFault::Signature)?;
        verify(algorithm, spki, &self.keys.signed_octets(), &signature)
            .map_err(|_| RenewalFault::Signature)?;
        let at =
            OffsetDateTime::from_unix_timestamp(self.keys.at).map_err(|_| RenewalFault::Time)?;
        if at > now + crate::CLOCK_SKEW || at < now - RENEWAL_LIFETIME {
            return Err(RenewalFault::Time);
        }
        Ok(())
    }

    /// Reads a renewal. What it says is checked by the authority, not here.
    ///
    /// # Errors
    /// [`JsonFault`], also for an unknown name.
    pub fn from_json(text: &[u8]) -> Result<Self, JsonFault> {
        ijson::read(text, MAX_BYTES)
    }

    /// The renewal as indented JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: nothing here can fail to be written.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl RenewedKeys {
    /// The keys as JSON on one line, as they are signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: nothing here can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn signed_octets(&self) -> Vec<u8> {
        [LABEL, self.to_json().as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use ssmax_pki::profile::{self, Basis, Organisation, Validity};
    use ssmax_pki::{issue, lint};
    use ssmax_primitives::{SoftwareKey, SystemRandom};
    use ssmax_token::KeyPair as _;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-10-01 00:00 UTC);

    fn certified() -> (SoftwareKey, Certificate) {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let validity = Validity::days(NOW - Duration::days(9), 300);
        let basis = Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity);
        let named = Organisation { name: "A", identifier: "NTRJP-7000012050002" };
        let draft = profile::organisation_signing(basis, &named, &["a.example"]);
        let ca = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let basis = Basis::new(ca.spki(), issue::random_serial(&SystemRandom), validity);
        let root = profile::root(basis, "Root", "Root");
        let root = issue::self_signed(lint::lint(root).unwrap(), &ca).unwrap();
        let certificate = issue::issue(lint::lint(draft).unwrap(), &root, &ca).unwrap();
        (key, certificate)
    }

    fn keys(at: OffsetDateTime) -> RenewedKeys {
        RenewedKeys {
            id: "NTRJP-7000012050002".into(),
            at: at.unix_timestamp(),
            organisation_signing_request: vec![0x30, 0],
            federation_encryption_keys: vec![vec![0x30, 0], vec![1, 2, 3]],
        }
    }

    #[test]
    fn a_renewal_survives_its_file_and_proves_who_signed_it() {
        let (key, certificate) = certified();
        let renewal = Renewal::sign(keys(NOW), &certificate, &key).unwrap();
        let read = Renewal::from_json(renewal.to_json().as_bytes()).unwrap();
        assert_eq!(read, renewal);
        assert_eq!(read.verify(&certificate, NOW), Ok(()));
        let (_, other) = certified();
        assert_eq!(read.verify(&other, NOW), Err(RenewalFault::OtherCertificate));
        let forged = Renewal { certificate: hex::encode(other.sha256()), ..read };
        assert_eq!(forged.verify(&other, NOW), Err(RenewalFault::Signature));
    }

    #[test]
    fn a_key_put_in_after_the_signature_is_noticed() {
        let (key, certificate) = certified();
        let renewal = Renewal::sign(keys(NOW), &certificate, &key).unwrap();
        for change in [
            (|keys: &mut RenewedKeys| keys.federation_encryption_keys.push(vec![9]))
                as fn(&mut RenewedKeys),
            |keys| keys.organisation_signing_request.push(9),
            |keys| keys.id.push('0'),
            |keys| keys.at += 1,
        ] {
            let mut changed = renewal.clone();
            change(&mut changed.keys);
            assert_eq!(changed.verify(&certificate, NOW), Err(RenewalFault::Signature));
        }
    }

    #[test]
    fn a_renewal_may_wait_thirty_days_and_no_second_more() {
        let (key, certificate) = certified();
        let renewal = Renewal::sign(keys(NOW), &certificate, &key).unwrap();
        let last = NOW + RENEWAL_LIFETIME;
        assert_eq!(renewal.verify(&certificate, last), Ok(()));
        let late = renewal.verify(&certificate, last + Duration::SECOND);
        assert_eq!(late, Err(RenewalFault::Time));
        let early = renewal.verify(&certificate, NOW - crate::CLOCK_SKEW - Duration::SECOND);
        assert_eq!(early, Err(RenewalFault::Time));
    }
}

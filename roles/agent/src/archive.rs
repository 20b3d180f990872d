//! What two officers do before the keyserver opens mail of others: write a request, sign
//! it, hand it to the other one, and ask. Between them it travels as a file.

use crate::rekey::{RekeyFault, Request, sign_octets};
use serde::{Deserialize, Serialize};
use ssmax_chain::Digest;
use ssmax_chain::archive_request::{ArchiveObject, ArchiveRequest, MAX_REQUEST_BYTES};
use ssmax_chain::officers::{Asking, approved_octets, asked_octets};
use ssmax_chain::person_request::Base64;
use ssmax_cms::enveloped::{Enveloped, RecipientId, RecipientInfo};
use ssmax_pki::Certificate;
use ssmax_token::SigningKey;
use time::OffsetDateTime;

/// The version of the file.
const VERSION: u8 = 1;

/// The largest file that is read, in octets: the request is a JSON text within another.
pub const MAX_FILE_BYTES: usize = 2 * MAX_REQUEST_BYTES;

/// How many approvals make a request complete.
pub const APPROVALS: usize = 2;

/// An officer with a key.
#[derive(Clone, Copy)]
pub struct Officer<'a> {
    /// The user id, or an address.
    pub user: &'a str,
    /// The signing key.
    pub key: &'a dyn SigningKey,
    /// Its certificate.
    pub certificate: &'a Certificate,
}

/// A request on its way between two officers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circulated {
    v: u8,
    /// The text that is signed, an [`ArchiveRequest`].
    pub request: String,
    /// Who has signed it.
    pub approvals: Vec<Signed>,
}

/// One officer's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The user id, or an address.
    pub officer: String,
    /// Detached SignedData, DER in base64.
    pub signature: Base64,
}

/// Why a request cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// The file is no request of this version.
    #[error("this is no request for archive copies")]
    NotARequest,
    /// This officer has approved it before.
    #[error("this officer has approved it before")]
    SameOfficer,
    /// It has all the approvals it needs.
    #[error("two officers have approved it already")]
    Complete,
    /// The signature could not be made.
    #[error(transparent)]
    Key(#[from] RekeyFault),
}

impl Circulated {
    /// A request that nobody has approved yet.
    #[must_use]
    pub fn new(request: &ArchiveRequest) -> Self {
        Self { v: VERSION, request: request.to_json(), approvals: Vec::new() }
    }

    /// Reads the file, and the request in it.
    ///
    /// # Errors
    /// [`ArchiveFault::NotARequest`].
    pub fn read(octets: &[u8]) -> Result<(Self, ArchiveRequest), ArchiveFault> {
        let none = ArchiveFault::NotARequest;
        if octets.len() > MAX_FILE_BYTES {
            return Err(none);
        }
        let circulated: Self = serde_json::from_slice(octets).map_err(|_| none)?;
        if circulated.v != VERSION || circulated.approvals.len() > APPROVALS {
            return Err(none);
        }
        let request = ArchiveRequest::parse(&circulated.request).map_err(|_| none)?;
        Ok((circulated, request))
    }

    /// The file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: writing cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The name that the audit log has for it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.request.as_bytes())
    }

    /// Adds an officer's approval.
    ///
    /// # Errors
    /// [`ArchiveFault`] by cause.
    pub fn approve(&mut self, officer: &Officer<'_>) -> Result<(), ArchiveFault> {
        if self.approvals.iter().any(|one| one.officer.eq_ignore_ascii_case(officer.user)) {
            return Err(ArchiveFault::SameOfficer);
        }
        if self.approvals.len() >= APPROVALS {
            return Err(ArchiveFault::Complete);
        }
        let octets = approved_octets(&self.request);
        let signature = sign_octets(&octets, officer.key, officer.certificate)?;
        let signature = Base64(signature);
        self.approvals.push(Signed { officer: officer.user.to_owned(), signature });
        Ok(())
    }

    /// Asks for it now.
    ///
    /// # Errors
    /// [`ArchiveFault::Key`].
    pub fn ask(&self, officer: &Officer<'_>, at: OffsetDateTime) -> Result<Request, ArchiveFault> {
        let at = at.replace_nanosecond(0).unwrap_or(at);
        let json = Asking::new(&self.request, officer.user, at).to_json();
        let signature = sign_octets(&asked_octets(&json), officer.key, officer.certificate)?;
        Ok(Request { json, signature })
    }
}

/// An encrypted object as a request names it, and what the keyserver opens it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveCopy {
    /// For the request.
    pub object: ArchiveObject,
    /// The archive's RecipientInfo, DER.
    pub archive: Vec<u8>,
    /// The owner's, DER: the first that names a certificate.
    pub owner: Option<Vec<u8>>,
}

/// The archive copy of an object: the last RecipientInfo by key identifier alone. People
/// are named by their certificates. `None` without one.
#[must_use]
pub fn archive_copy(enveloped: &Enveloped) -> Option<ArchiveCopy> {
    let by_key = |info: &&RecipientInfo| matches!(info.identifiers(), [RecipientId::KeyId(_)]);
    let by_certificate = |info: &&RecipientInfo| {
        matches!(info.identifiers(), [RecipientId::IssuerSerial { .. }, ..])
    };
    let infos = enveloped.recipients();
    let archive = infos.iter().rfind(by_key)?.der().to_vec();
    let owner = infos.iter().find(by_certificate).map(|info| info.der().to_vec());
    let object = ArchiveObject {
        tail: Digest(enveloped.tail()),
        cipher: enveloped.cipher().name().to_owned(),
        archive: Digest::of(&archive),
    };
    Some(ArchiveCopy { object, archive, owner })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_pki::{issue, lint, profile};
    use ssmax_primitives::SoftwareKey;
    use ssmax_token::{KeyAlgorithm, KeyPair as _};

    fn request() -> ArchiveRequest {
        let object = ArchiveObject {
            tail: Digest::of(b"tail"),
            cipher: "aes256-cbc".to_owned(),
            archive: Digest::of(b"info"),
        };
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let words = ("bob@b.example", "carol", "he has left");
        ArchiveRequest::new(words, 1, vec![object], (at, at), [7; 16])
    }

    fn signed_by(circulated: &mut Circulated, user: &str) -> Result<(), ArchiveFault> {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let validity = profile::Validity::days(OffsetDateTime::UNIX_EPOCH, 100);
        let serial = issue::random_serial(&ssmax_primitives::SystemRandom);
        let basis = profile::Basis::new(key.spki(), serial, validity);
        let of = profile::Organisation { name: "B", identifier: "NTRJP-7000012050002" };
        let draft = profile::seal_ca(basis, &of, "Officers", &["b.example"]);
        let draft = lint::lint(draft).unwrap();
        let certificate = issue::self_signed(draft, &key).unwrap();
        circulated.approve(&Officer { user, key: &key, certificate: &certificate })
    }

    #[test]
    fn two_different_officers_approve_and_no_third_one() {
        let mut circulated = Circulated::new(&request());
        signed_by(&mut circulated, "olga").unwrap();
        assert_eq!(signed_by(&mut circulated, "Olga"), Err(ArchiveFault::SameOfficer));
        signed_by(&mut circulated, "oscar").unwrap();
        assert_eq!(signed_by(&mut circulated, "otto"), Err(ArchiveFault::Complete));
        let read = Circulated::read(circulated.to_json().as_bytes());
        assert_eq!(read, Ok((circulated, request())));
    }

    #[test]
    fn a_file_that_says_more_or_less_is_no_request() {
        let json = Circulated::new(&request()).to_json();
        for (this, by) in [
            ("\"v\": 1", "\"v\": 2"),
            ("\"v\": 1", "\"v\": 1, \"also\": 1"),
            ("\"approvals\": []", "\"approvals\": [0]"),
            ("rewrap-archive", "rewrap-own"),
        ] {
            assert!(json.contains(this), "{this} in {json}");
            let changed = json.replacen(this, by, 1);
            let read = Circulated::read(changed.as_bytes());
            assert_eq!(read, Err(ArchiveFault::NotARequest), "{by}");
        }
    }
}

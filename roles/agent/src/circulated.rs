//! What two officers do before the keyserver does what one of them may not have done alone:
//! write a request, sign it, hand it to the other one, and ask. Between them it travels as
//! a file.

use crate::rekey::{RekeyFault, Request, sign_octets};
use serde::{Deserialize, Serialize};
use ssmax_chain::Digest;
use ssmax_chain::archive_request::MAX_REQUEST_BYTES;
use ssmax_chain::officers::{Approvable, Asking, approved_octets, asked_octets};
use ssmax_chain::person_request::Base64;
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
    /// The text that is signed, an [`Approvable`].
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
pub enum CirculatedFault {
    /// The file is no request of this version.
    #[error("this is no request of this kind and version")]
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
    pub fn new(request: &impl Approvable) -> Self {
        Self { v: VERSION, request: request.to_json(), approvals: Vec::new() }
    }

    /// Reads the file, and the request in it, which is one for `R` and for nothing else.
    ///
    /// # Errors
    /// [`CirculatedFault::NotARequest`].
    pub fn read<R: Approvable>(octets: &[u8]) -> Result<(Self, R), CirculatedFault> {
        let none = CirculatedFault::NotARequest;
        if octets.len() > MAX_FILE_BYTES {
            return Err(none);
        }
        let circulated: Self = serde_json::from_slice(octets).map_err(|_| none)?;
        if circulated.v != VERSION || circulated.approvals.len() > APPROVALS {
            return Err(none);
        }
        let request = R::parse(&circulated.request).map_err(|_| none)?;
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
    /// [`CirculatedFault`] by cause.
    pub fn approve(&mut self, officer: &Officer<'_>) -> Result<(), CirculatedFault> {
        if self.approvals.iter().any(|one| one.officer.eq_ignore_ascii_case(officer.user)) {
            return Err(CirculatedFault::SameOfficer);
        }
        if self.approvals.len() >= APPROVALS {
            return Err(CirculatedFault::Complete);
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
    /// [`CirculatedFault::Key`].
    pub fn ask(
        &self,
        officer: &Officer<'_>,
        at: OffsetDateTime,
    ) -> Result<Request, CirculatedFault> {
        let at = at.replace_nanosecond(0).unwrap_or(at);
        let json = Asking::new(&self.request, officer.user, at).to_json();
        let signature = sign_octets(&asked_octets(&json), officer.key, officer.certificate)?;
        Ok(Request { json, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_chain::archive_request::{ArchiveObject, ArchiveRequest};
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

    fn signed_by(circulated: &mut Circulated, user: &str) -> Result<(), CirculatedFault> {
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
        assert_eq!(signed_by(&mut circulated, "Olga"), Err(CirculatedFault::SameOfficer));
        signed_by(&mut circulated, "oscar").unwrap();
        assert_eq!(signed_by(&mut circulated, "otto"), Err(CirculatedFault::Complete));
        let read = Circulated::read::<ArchiveRequest>(circulated.to_json().as_bytes());
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
            let read = Circulated::read::<ArchiveRequest>(changed.as_bytes());
            assert_eq!(read, Err(CirculatedFault::NotARequest), "{by}");
        }
    }
}

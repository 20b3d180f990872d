//! OCSP responses (RFC 6960): read here, believed in [`crate::path`].
//!
//! Offline: a response is a file or came with a mail, nothing is asked over the network
//! and no nonce is expected. [`crate::path::validate`] looks for the answer about each
//! certificate of a path, checks who signed it and for when it holds.

mod request;
mod respond;
pub(crate) mod syntax;

use std::fmt;
use std::sync::Arc;

use der::asn1::{Any, ObjectIdentifier};
use der::{Decode, Encode, Tag, TagNumber};
use ssmax_primitives::{DigestAlgorithm, digest, sha1};
use time::OffsetDateTime;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::CrlReason;

use crate::crl::{Freshness, Reason, reason_of};
use crate::encode::key_octets;
use crate::name::CanonicalName;
use crate::{Certificate, PkiError, instant, oid, pem};

/// The largest OCSP response that is read, in octets. One with a certificate chain has
/// about 5 KiB.
pub const MAX_RESPONSE_BYTES: usize = 128 * 1024;
/// The most answers in one response.
pub const MAX_ANSWERS: usize = 100;
/// The most certificates in one response.
pub const MAX_CERTIFICATES: usize = 10;

/// How long a response without nextUpdate counts. RFC 6960 4.2.2.1: without the field
/// "newer revocation information is available all the time".
pub const AGE_WITHOUT_NEXT_UPDATE: time::Duration = time::Duration::hours(1);

pub use request::{MAX_NONCE_BYTES, MAX_QUESTIONS, MAX_REQUEST_BYTES, Question, Request};
pub use respond::{Refusal, Said, respond};

const PEM_LABEL: &str = "OCSP RESPONSE";

/// An OCSP response: syntax checked, nothing verified. Cheap to clone.
#[derive(Clone)]
pub struct Response(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    tbs: Vec<u8>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    responder: Responder,
    produced_at: OffsetDateTime,
    answers: Vec<Answer>,
    certificates: Vec<Certificate>,
    has_unknown_critical: bool,
    /// archiveCutoff: answers about certificates that ended since then still count.
    keeps_since: Option<OffsetDateTime>,
}

/// Who says to have signed (RFC 6960 4.2.1, ResponderID).
enum Responder {
    Name(CanonicalName),
    /// SHA-1 of the key's octets.
    Key(Vec<u8>),
}

/// One answer (RFC 6960 4.2.1, SingleResponse).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The content octets of the certificate's serial number, as
    /// [`Certificate::serial`] gives them.
    pub serial: Vec<u8>,
    /// What the responder says about it.
    pub status: Status,
    /// Since when that is known to be right.
    pub this_update: OffsetDateTime,
    /// When there will be newer knowledge.
    pub next_update: Option<OffsetDateTime>,
    /// `None` for a hash that we do not know.
    hash: Option<DigestAlgorithm>,
    issuer_name_hash: Vec<u8>,
    issuer_key_hash: Vec<u8>,
    has_unknown_critical: bool,
}

/// What a responder says about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is not revoked.
    Good,
    /// It is revoked.
    Revoked {
        /// Since when.
        since: OffsetDateTime,
        /// Why.
        reason: Reason,
    },
    /// The responder does not know the certificate.
    Unknown,
}

/// Why an OCSP response does not tell the state of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No answer in it is about the certificate's serial number.
    #[error("the OCSP response is about another certificate")]
    OtherCertificate,
    /// The serial number is the certificate's, name or key of the issuer are not.
    #[error("the OCSP response is about another issuer's certificate")]
    OtherIssuer,
    /// Several answers about the certificate, none of which says that it is revoked.
    #[error("the OCSP response answers more than once")]
    SeveralAnswers,
    /// A hash or signature algorithm, or a key, that we do not accept.
    #[error("an algorithm of the OCSP response is not accepted")]
    UnsupportedAlgorithm,
    /// A critical extension that we do not process.
    #[error("a critical extension of the OCSP response is not known")]
    UnknownCriticalExtension,
    /// thisUpdate lies after producedAt, or the answer came after the certificate's end
    /// without archiveCutoff.
    #[error("the OCSP response does not count yet or no longer")]
    NotForThisTime,
    /// The moment lies after nextUpdate, or, without that field, more than
    /// [`AGE_WITHOUT_NEXT_UPDATE`] after thisUpdate.
    #[error("the OCSP response is out of date")]
    Stale,
    /// No certificate at hand is the responder's: neither the issuer nor one that came
    /// with the response has the name or key that the response names.
    #[error("the OCSP responder's certificate is missing")]
    NoResponder,
    /// The responder's certificate was not made by the issuer of the certificate in
    /// question (RFC 6960 4.2.2.2).
    #[error("the OCSP responder was not authorised by the issuer")]
    ResponderOfOtherIssuer,
    /// The responder's certificate lacks the purpose OCSPSigning, or the key usage to
    /// sign, or has a critical extension that we do not know.
    #[error("the OCSP responder's certificate is not for OCSP")]
    ResponderNotAllowed,
    /// The responder's certificate was not valid when it signed, or is not now.
    #[error("the OCSP responder's certificate is not valid at that time")]
    ResponderNotValid,
    /// The responder's certificate is revoked, or names a way to ask about it and its
    /// state cannot be told.
    #[error("the OCSP responder's certificate may be revoked")]
    ResponderMayBeRevoked,
    /// The response was not signed with the responder's key.
    #[error("the signature of the OCSP response is wrong")]
    BadSignature,
    /// The responder does not know the certificate.
    #[error("the OCSP responder does not know the certificate")]
    Unknown,
}

impl Fault {
    /// Every one, for tests.
    pub const ALL: [Self; 14] = [
        Self::OtherCertificate,
        Self::OtherIssuer,
        Self::SeveralAnswers,
        Self::UnsupportedAlgorithm,
        Self::UnknownCriticalExtension,
        Self::NotForThisTime,
        Self::Stale,
        Self::NoResponder,
        Self::ResponderOfOtherIssuer,
        Self::ResponderNotAllowed,
        Self::ResponderNotValid,
        Self::ResponderMayBeRevoked,
        Self::BadSignature,
        Self::Unknown,
    ];

    /// The stable code, for JSON and for the texts that people read.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherCertificate => "ocsp-other-certificate",
            Self::OtherIssuer => "ocsp-other-issuer",
            Self::SeveralAnswers => "ocsp-several-answers",
            Self::UnsupportedAlgorithm => "ocsp-algorithm",
            Self::UnknownCriticalExtension => "ocsp-unknown-critical-extension",
            Self::NotForThisTime => "ocsp-not-for-this-time",
            Self::Stale => "ocsp-stale",
            Self::NoResponder => "ocsp-no-responder",
            Self::ResponderOfOtherIssuer => "ocsp-responder-of-other-issuer",
            Self::ResponderNotAllowed => "ocsp-responder-not-allowed",
            Self::ResponderNotValid => "ocsp-responder-not-valid",
            Self::ResponderMayBeRevoked => "ocsp-responder-may-be-revoked",
            Self::BadSignature => "ocsp-signature-wrong",
            Self::Unknown => "ocsp-unknown",
        }
    }
}

impl Response {
    /// Reads one DER `OCSPResponse` of the basic type.
    ///
    /// # Errors
    /// [`PkiError::TooLarge`] (also for more than [`MAX_ANSWERS`] or
    /// [`MAX_CERTIFICATES`]), [`PkiError::Malformed`] (also for octets after it),
    /// [`PkiError::NoAnswer`], [`PkiError::UnknownResponseType`],
    /// [`PkiError::MalformedExtension`] and [`PkiError::DuplicateExtension`].
    pub fn from_der(der: &[u8]) -> Result<Self, PkiError> {
        if der.len() > MAX_RESPONSE_BYTES {
            return Err(PkiError::TooLarge);
        }
        let outer = syntax::Outer::from_der(der).map_err(malformed)?;
        if outer.status.header().tag() != Tag::Enumerated {
            return Err(PkiError::Malformed);
        }
        let Some(bytes) = outer.bytes.filter(|_| outer.status.value() == [0]) else {
            return Err(PkiError::NoAnswer);
        };
        if bytes.kind.to_string() != oid::OCSP_BASIC {
            return Err(PkiError::UnknownResponseType);
        }
        let basic = syntax::Basic::from_der(bytes.response.as_bytes()).map_err(malformed)?;
        let tbs = basic.tbs.to_der().map_err(malformed)?;
        let data = syntax::Data::from_der(&tbs).map_err(malformed)?;
        if data.version != 0 {
            return Err(PkiError::UnknownResponseType);
        }
        let embedded = basic.certificates.unwrap_or_default();
        if data.answers.len() > MAX_ANSWERS || embedded.len() > MAX_CERTIFICATES {
            return Err(PkiError::TooLarge);
        }
        let mut extensions = Known::default();
        extensions.read(data.extensions.as_deref().unwrap_or_default())?;
        Ok(Self(Arc::new(Inner {
            der: der.to_vec(),
            algorithm: basic.algorithm.to_der().map_err(malformed)?,
            signature: basic.signature.as_bytes().ok_or(PkiError::Malformed)?.to_vec(),
            responder: Responder::read(&data.responder)?,
            produced_at: generalized(&data.produced_at)?,
            answers: data
                .answers
                .iter()
                .map(|one| Answer::read(one, &mut extensions))
                .collect::<Result<_, _>>()?,
            // One that we cannot read cannot be the responder's; it does no harm.
            certificates: embedded.iter().filter_map(|one| certificate(one).ok()).collect(),
            has_unknown_critical: extensions.has_unknown_critical,
            keeps_since: extensions.keeps_since,
            tbs,
        })))
    }

    /// Reads every PEM block "OCSP RESPONSE", in order; none is an empty list.
    ///
    /// # Errors
    /// [`PkiError::NotPem`], or what [`Response::from_der`] gives.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, PkiError> {
        pem::decode_all(&[PEM_LABEL], text)?.iter().map(|der| Self::from_der(der)).collect()
    }

    /// The octets of the whole response.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// When it was signed, as the responder says.
    #[must_use]
    pub fn produced_at(&self) -> OffsetDateTime {
        self.0.produced_at
    }

    /// The answers in it.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.0.answers
    }

    /// The certificates that came along, as far as they can be read.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// The one answer about `certificate`, issued by `issuer`; nothing is verified.
    pub(crate) fn about(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<&Answer, Fault> {
        let mut fault = Fault::OtherCertificate;
        let mut found: Option<&Answer> = None;
        let mut is_several = false;
        for answer in self.0.answers.iter().filter(|one| one.serial == certificate.serial()) {
            match answer.names_issuer(certificate, issuer) {
                None => fault = Fault::UnsupportedAlgorithm,
                Some(false) if fault == Fault::OtherCertificate => fault = Fault::OtherIssuer,
                Some(false) => {}
                // Whatever else it says, revoked is revoked.
                Some(true) if matches!(answer.status, Status::Revoked { .. }) => return Ok(answer),
                Some(true) => {
                    is_several |= found.is_some();
                    found = Some(answer);
                }
            }
        }
        match found {
            Some(_) if is_several => Err(Fault::SeveralAnswers),
            Some(answer) => Ok(answer),
            None => Err(fault),
        }
    }

    /// Whether the answer counts at `at`.
    pub(crate) fn is_timely(
        &self,
        answer: &Answer,
        certificate: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Freshness, Fault> {
        let inner = &self.0;
        if inner.has_unknown_critical || answer.has_unknown_critical {
            return Err(Fault::UnknownCriticalExtension);
        }
        if answer.this_update > inner.produced_at {
            return Err(Fault::NotForThisTime);
        }
        if answer.this_update > at {
            let ends = certificate.not_after();
            let is_kept =
                answer.this_update <= ends || inner.keeps_since.is_some_and(|since| since <= ends);
            return if is_kept { Ok(Freshness::Later) } else { Err(Fault::NotForThisTime) };
        }
        let end = match answer.next_update {
            Some(next) => next,
            None => answer.this_update.saturating_add(AGE_WITHOUT_NEXT_UPDATE),
        };
        Ok(if at <= end { Freshness::Current } else { Freshness::Stale })
    }

    /// Whether the response names the holder of this certificate as the responder.
    pub(crate) fn is_by(&self, certificate: &Certificate) -> bool {
        match &self.0.responder {
            Responder::Name(name) => name == certificate.subject_name(),
            Responder::Key(hash) => key_octets(certificate.spki())
                .is_some_and(|octets| sha1(&octets).as_slice() == hash.as_slice()),
        }
    }

    pub(crate) fn tbs(&self) -> &[u8] {
        &self.0.tbs
    }

    pub(crate) fn algorithm_der(&self) -> &[u8] {
        &self.0.algorithm
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.0.signature
    }
}

impl PartialEq for Response {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Response {}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} answers, of {})", self.0.answers.len(), self.0.produced_at)
    }
}

impl Answer {
    fn read(single: &syntax::Single, shared: &mut Known) -> Result<Self, PkiError> {
        let mut extensions = Known::default();
        extensions.read(single.extensions.as_deref().unwrap_or_default())?;
        shared.keeps_since = shared.keeps_since.or(extensions.keeps_since);
        Ok(Self {
            serial: crate::certificate::serial_octets(&single.id.serial)?,
            status: Status::read(&single.status)?,
            this_update: generalized(&single.this_update)?,
            next_update: single.next_update.as_ref().map(generalized).transpose()?,
            hash: hash_of(&single.id.hash)?,
            issuer_name_hash: single.id.issuer_name_hash.as_bytes().to_vec(),
            issuer_key_hash: single.id.issuer_key_hash.as_bytes().to_vec(),
            has_unknown_critical: extensions.has_unknown_critical,
        })
    }

    /// Whether both hashes are those of the issuer; `None` for an unknown hash.
    ///
    /// RFC 6960 4.1.1: over the issuer's name as it stands in the certificate asked
    /// about, and over the octets of the issuer's key.
    fn names_issuer(&self, certificate: &Certificate, issuer: &Certificate) -> Option<bool> {
        let algorithm = self.hash?;
        let key = key_octets(issuer.spki())?;
        Some(
            digest(algorithm, certificate.issuer()) == self.issuer_name_hash
                && digest(algorithm, &key) == self.issuer_key_hash,
        )
    }
}

impl Status {
    /// `CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo,
    /// unknown [2] IMPLICIT NULL }`
    fn read(status: &Any) -> Result<Self, PkiError> {
        match status.header().tag() {
            Tag::ContextSpecific { constructed: false, number: TagNumber(0) }
                if status.value().is_empty() =>
            {
                Ok(Self::Good)
            }
            Tag::ContextSpecific { constructed: true, number: TagNumber(1) } => {
                let info = Any::new(Tag::Sequence, status.value()).map_err(malformed)?;
                let info = info.decode_as::<syntax::RevokedInfo>().map_err(malformed)?;
                let reason = match info.reason {
                    Some(reason) => reason_of(reason.decode_as::<CrlReason>().map_err(malformed)?),
                    None => Reason::Unspecified,
                };
                Ok(Self::Revoked { since: generalized(&info.since)?, reason })
            }
            Tag::ContextSpecific { constructed: false, number: TagNumber(2) }
                if status.value().is_empty() =>
            {
                Ok(Self::Unknown)
            }
            _ => Err(PkiError::Malformed),
        }
    }
}

impl Responder {
    /// `ResponderID ::= CHOICE { byName [1] EXPLICIT Name, byKey [2] EXPLICIT KeyHash }`
    fn read(responder: &Any) -> Result<Self, PkiError> {
        match responder.header().tag() {
            Tag::ContextSpecific { constructed: true, number: TagNumber(1) } => {
                Ok(Self::Name(CanonicalName::from_der(responder.value())?))
            }
            Tag::ContextSpecific { constructed: true, number: TagNumber(2) } => {
                let hash = Any::from_der(responder.value()).map_err(malformed)?;
                if hash.header().tag() != Tag::OctetString {
                    return Err(PkiError::Malformed);
                }
                Ok(Self::Key(hash.value().to_vec()))
            }
            _ => Err(PkiError::Malformed),
        }
    }
}

/// What the extensions of a response or of one answer say to us.
#[derive(Default)]
struct Known {
    has_unknown_critical: bool,
    keeps_since: Option<OffsetDateTime>,
}

impl Known {
    fn read(&mut self, extensions: &[Extension]) -> Result<(), PkiError> {
        let mut seen: Vec<ObjectIdentifier> = Vec::new();
        if extensions.len() > crate::extensions::MAX_EXTENSIONS {
            return Err(PkiError::TooLarge);
        }
        for extension in extensions {
            if seen.contains(&extension.extn_id) {
                return Err(PkiError::DuplicateExtension);
            }
            seen.push(extension.extn_id);
            match extension.extn_id.to_string().as_str() {
                // Nothing was asked, so there is none to compare with.
                oid::OCSP_NONCE => {}
                oid::OCSP_ARCHIVE_CUTOFF => {
                    let date = Any::from_der(extension.extn_value.as_bytes())
                        .map_err(|_| PkiError::MalformedExtension)?;
                    self.keeps_since = Some(generalized(&date)?);
                }
                _ => self.has_unknown_critical |= extension.critical,
            }
        }
        Ok(())
    }
}

fn hash_of(identifier: &Any) -> Result<Option<DigestAlgorithm>, PkiError> {
    let identifier = identifier.decode_as::<spki::AlgorithmIdentifierOwned>().map_err(malformed)?;
    Ok(match identifier.oid.to_string().as_str() {
        "1.3.14.3.2.26" => Some(DigestAlgorithm::Sha1),
        "2.16.840.1.101.3.4.2.1" => Some(DigestAlgorithm::Sha256),
        "2.16.840.1.101.3.4.2.2" => Some(DigestAlgorithm::Sha384),
        "2.16.840.1.101.3.4.2.3" => Some(DigestAlgorithm::Sha512),
        _ => None,
    })
}

fn certificate(der: &Any) -> Result<Certificate, PkiError> {
    Certificate::from_der(&der.to_der().map_err(malformed)?)
}

fn generalized(time: &Any) -> Result<OffsetDateTime, PkiError> {
    if time.header().tag() != Tag::GeneralizedTime {
        return Err(PkiError::Malformed);
    }
    instant::from_any(time)
}

fn malformed(_: der::Error) -> PkiError {
    PkiError::Malformed
}

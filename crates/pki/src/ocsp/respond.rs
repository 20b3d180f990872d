//! OCSP responses (RFC 6960 4.2), made by a responder.

use der::asn1::{Any, BitString, ObjectIdentifier, OctetString};
use der::{Decode, Encode, Tag, TagNumber};
use ssmax_primitives::sha1;
use ssmax_token::SigningKey;
use time::OffsetDateTime;

use super::request::nonce_extension;
use super::{Question, Status, syntax};
use crate::crl::{Reason, code_of};
use crate::encode::key_octets;
use crate::issue::sign_octets;
use crate::{Certificate, PkiError, instant, oid};

/// What is said about one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Its state.
    pub status: Status,
    /// Since when that is known to be right.
    pub this_update: OffsetDateTime,
    /// When there will be newer knowledge.
    pub next_update: OffsetDateTime,
}

/// Why there is no answer (RFC 6960 4.2.1, OCSPResponseStatus). It is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The request is none.
    MalformedRequest,
    /// Something that the responder needs has failed.
    InternalError,
    /// Too many are asking.
    TryLater,
    /// About none of our CAs (RFC 5019 2.2.3).
    Unauthorized,
}

impl Refusal {
    /// The DER `OCSPResponse`, which is the status alone.
    #[must_use]
    pub fn der(self) -> [u8; 5] {
        let code = match self {
            Self::MalformedRequest => 1,
            Self::InternalError => 2,
            Self::TryLater => 3,
            Self::Unauthorized => 6,
        };
        [0x30, 3, 0x0a, 1, code]
    }
}

/// A signed DER `OCSPResponse` with these answers. `responder` goes along; it is named by
/// its key (RFC 5019 2.2.1: the smaller form).
///
/// # Errors
/// [`PkiError::WrongIssuerKey`] when `key` is not the responder's,
/// [`PkiError::UnsupportedAlgorithm`], [`PkiError::Unencodable`] and [`PkiError::Token`].
pub fn respond(
    answers: &[(&Question, Said)],
    nonce: Option<&[u8]>,
    produced_at: OffsetDateTime,
    responder: &Certificate,
    key: &dyn SigningKey,
) -> Result<Vec<u8>, PkiError> {
    if responder.spki() != key.spki() {
        return Err(PkiError::WrongIssuerKey);
    }
    let octets = key_octets(responder.spki()).ok_or(PkiError::Unencodable)?;
    let named = OctetString::new(sha1(&octets)).and_then(|hash| hash.to_der());
    let data = syntax::Data {
        version: 0,
        responder: choice(2, true, &named.map_err(unencodable)?)?,
        produced_at: instant::to_generalized(produced_at)?,
        answers: answers
            .iter()
            .map(|(asked, said)| single(asked, *said))
            .collect::<Result<_, _>>()?,
        extensions: nonce.map(|nonce| nonce_extension(nonce).map(|one| vec![one])).transpose()?,
    };
    let tbs = data.to_der().map_err(unencodable)?;
    let (algorithm, signature) = sign_octets(&tbs, key)?;
    let basic = syntax::Basic {
        tbs: any(&tbs)?,
        algorithm: any(&algorithm)?,
        signature: BitString::from_bytes(&signature).map_err(unencodable)?,
        certificates: Some(vec![any(responder.der())?]),
    };
    let bytes = syntax::Bytes {
        kind: ObjectIdentifier::new(oid::OCSP_BASIC).map_err(|_| PkiError::Unencodable)?,
        response: OctetString::new(basic.to_der().map_err(unencodable)?).map_err(unencodable)?,
    };
    let status = Any::new(Tag::Enumerated, [0].as_slice()).map_err(unencodable)?;
    syntax::Outer { status, bytes: Some(bytes) }.to_der().map_err(unencodable)
}

fn single(asked: &Question, said: Said) -> Result<syntax::Single, PkiError> {
    let status = match said.status {
        Status::Good => choice(0, false, &[])?,
        Status::Unknown => choice(2, false, &[])?,
        Status::Revoked { since, reason } => {
            let reason = match reason {
                // As in a CRL: absent instead of unspecified.
                Reason::Unspecified => None,
                reason => Some(any(&code_of(reason).to_der().map_err(unencodable)?)?),
            };
            let info = syntax::RevokedInfo { since: instant::to_generalized(since)?, reason };
            choice(1, true, any(&info.to_der().map_err(unencodable)?)?.value())?
        }
    };
    Ok(syntax::Single {
        id: asked.id.clone(),
        status,
        this_update: instant::to_generalized(said.this_update)?,
        next_update: Some(instant::to_generalized(said.next_update)?),
        extensions: None,
    })
}

fn choice(number: u32, constructed: bool, value: &[u8]) -> Result<Any, PkiError> {
    Any::new(Tag::ContextSpecific { constructed, number: TagNumber(number) }, value)
        .map_err(unencodable)
}

fn any(der: &[u8]) -> Result<Any, PkiError> {
    Any::from_der(der).map_err(unencodable)
}

fn unencodable(_: der::Error) -> PkiError {
    PkiError::Unencodable
}

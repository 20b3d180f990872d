//! OCSP requests (RFC 6960 4.1), read by a responder. Whoever may send one may send anything.

use der::Decode;
use der::asn1::OctetString;
use ssmax_primitives::{DigestAlgorithm, digest};

use super::{hash_of, malformed, syntax};
use crate::encode::key_octets;
use crate::extensions::MAX_EXTENSIONS;
use crate::{Certificate, PkiError, oid};

/// The largest request that is read, in octets. RFC 5019 5: one that is sent by GET has at
/// most 255; with [`MAX_QUESTIONS`] and the longest nonce it is below 3 KiB.
pub const MAX_REQUEST_BYTES: usize = 4096;
/// The most certificates that one request may ask about. Mailers ask about one.
pub const MAX_QUESTIONS: usize = 16;
/// The longest nonce, in octets (RFC 9654 2.1).
pub const MAX_NONCE_BYTES: usize = 128;

/// A request: syntax checked. A signature on it is passed over, for the answer is the same
/// to everybody (RFC 6960 4.1.2: "the OCSP responder MAY choose to respond").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked, at least one and at most [`MAX_QUESTIONS`].
    pub questions: Vec<Question>,
    /// To be given back, 1 to [`MAX_NONCE_BYTES`] octets.
    pub nonce: Option<Vec<u8>>,
}

/// One certificate that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub(super) id: syntax::CertificateId,
    serial: Vec<u8>,
    hash: Option<DigestAlgorithm>,
}

impl Request {
    /// Reads one DER `OCSPRequest`.
    ///
    /// # Errors
    /// [`PkiError::TooLarge`], [`PkiError::Malformed`] (also for no question, octets after
    /// it and a nonce of no octet or too many), [`PkiError::WrongVersion`],
    /// [`PkiError::MalformedExtension`] (also for a critical one that is not known) and
    /// [`PkiError::DuplicateExtension`].
    pub fn from_der(der: &[u8]) -> Result<Self, PkiError> {
        if der.len() > MAX_REQUEST_BYTES {
            return Err(PkiError::TooLarge);
        }
        let tbs = syntax::Asked::from_der(der).map_err(malformed)?.tbs;
        if tbs.version != 0 {
            return Err(PkiError::WrongVersion);
        }
        if tbs.list.len() > MAX_QUESTIONS {
            return Err(PkiError::TooLarge);
        }
        let nonce = nonce_among(tbs.extensions.as_deref().unwrap_or_default())?;
        let questions: Vec<Question> =
            tbs.list.into_iter().map(Question::read).collect::<Result<_, _>>()?;
        if questions.is_empty() { Err(PkiError::Malformed) } else { Ok(Self { questions, nonce }) }
    }
}

impl Question {
    fn read(asked: syntax::AskedOne) -> Result<Self, PkiError> {
        nonce_among(asked.extensions.as_deref().unwrap_or_default())?;
        Ok(Self {
            serial: crate::certificate::serial_octets(&asked.id.serial)?,
            hash: hash_of(&asked.id.hash)?,
            id: asked.id,
        })
    }

    /// The content octets of the serial number, as [`Certificate::serial`] gives them.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Whether it is about a certificate that this CA issued: name and key of the issuer, by
    /// a hash that we know.
    #[must_use]
    pub fn is_of(&self, issuer: &Certificate) -> bool {
        let Some((hash, key)) = self.hash.zip(key_octets(issuer.spki())) else { return false };
        digest(hash, issuer.subject()) == self.id.issuer_name_hash.as_bytes()
            && digest(hash, &key) == self.id.issuer_key_hash.as_bytes()
    }
}

/// The nonce, if there is one, and no critical extension that is not known.
fn nonce_among(extensions: &[x509_cert::ext::Extension]) -> Result<Option<Vec<u8>>, PkiError> {
    if extensions.len() > MAX_EXTENSIONS {
        return Err(PkiError::TooLarge);
    }
    let mut nonce = None;
    let mut seen = Vec::new();
    for extension in extensions {
        if seen.contains(&extension.extn_id) {
            return Err(PkiError::DuplicateExtension);
        }
        seen.push(extension.extn_id);
        if extension.extn_id.to_string() == oid::OCSP_NONCE {
            let octets =
                OctetString::from_der(extension.extn_value.as_bytes()).map_err(malformed)?;
            // RFC 9654 2.1: no octet or more than 128 "MUST" be answered malformedRequest.
            if !(1..=MAX_NONCE_BYTES).contains(&octets.as_bytes().len()) {
                return Err(PkiError::Malformed);
            }
            nonce = Some(octets.as_bytes().to_vec());
        } else if extension.critical {
            return Err(PkiError::MalformedExtension);
        }
    }
    Ok(nonce)
}

/// The nonce as a response carries it.
pub(super) fn nonce_extension(nonce: &[u8]) -> Result<x509_cert::ext::Extension, PkiError> {
    let octets = OctetString::new(nonce).map_err(|_| PkiError::Unencodable)?;
    crate::encode::extension(oid::OCSP_NONCE, false, &octets)
}

#[cfg(test)]
mod tests {
    use der::Encode;

    use super::*;
    use crate::forge::responses::asked;
    use crate::forge::{Federation, basis, new_key};
    use crate::profile;

    fn federation() -> (Federation, Certificate) {
        let federation = Federation::new();
        let key = new_key();
        let draft = profile::relay_encryption(basis(&key), "hanako@b.example", "Hanako");
        let leaf = crate::forge::forge(&draft, &federation.member);
        (federation, leaf)
    }

    #[test]
    fn a_nonce_of_1_to_128_octets_is_read_and_none_else() {
        let (federation, leaf) = federation();
        let issuer = &federation.member.certificate;
        for (length, is_read) in [(0, false), (1, true), (128, true), (129, false)] {
            let read = Request::from_der(&asked(&leaf, issuer, 1, &vec![7; length]));
            assert_eq!(read.is_ok(), is_read, "{length}");
        }
    }

    #[test]
    fn sixteen_questions_are_read_and_seventeen_or_none_are_not() {
        let (federation, leaf) = federation();
        let issuer = &federation.member.certificate;
        let read = |times| Request::from_der(&asked(&leaf, issuer, times, &[7]));
        assert_eq!(read(16).unwrap().questions.len(), 16);
        assert_eq!(read(17), Err(PkiError::TooLarge));
        assert_eq!(read(0), Err(PkiError::Malformed));
        assert_eq!(Request::from_der(&[0; MAX_REQUEST_BYTES + 1]), Err(PkiError::TooLarge));
    }

    #[test]
    fn a_critical_extension_that_is_not_known_is_refused() {
        let (federation, leaf) = federation();
        let issuer = &federation.member.certificate;
        let mut read = syntax::Asked::from_der(&asked(&leaf, issuer, 1, &[7])).unwrap();
        for one in read.tbs.extensions.iter_mut().flatten() {
            one.extn_id = der::asn1::ObjectIdentifier::new("1.2.3").unwrap();
            one.critical = true;
        }
        let read = Request::from_der(&read.to_der().unwrap());
        assert_eq!(read, Err(PkiError::MalformedExtension));
    }

    #[test]
    fn a_question_belongs_to_the_ca_of_that_name_and_key() {
        let (federation, leaf) = federation();
        let issuer = &federation.member.certificate;
        let request = Request::from_der(&asked(&leaf, issuer, 1, &[7])).unwrap();
        let question = request.questions.first().unwrap();
        assert!(question.is_of(issuer));
        assert_eq!(question.serial(), leaf.serial());
        assert!(!question.is_of(&federation.issuing.certificate));
        // The same name with another key.
        assert!(!question.is_of(&Federation::new().member.certificate));
    }
}

//! Certification requests (PKCS#10, RFC 2986).
//!
//! A request proves that whoever made it holds the private key. Everything else in it
//! is a wish that the CA answers from its own register. The holder of a key that
//! cannot sign passes the public key directly.

use der::asn1::{Any, BitString, ObjectIdentifier, SetOfVec};
use der::{Decode, Encode, Sequence, Tag};
use ssmax_primitives::verify;
use ssmax_token::SigningKey;
use x509_cert::attr::Attribute;
use x509_cert::ext::Extension;
use x509_cert::name::Name;

use crate::extensions::Extensions;
use crate::issue::sign_octets;
use crate::profile::AlternativeName;
use crate::{PkiError, address, algorithm, encode, name, oid, pem};

/// The largest request that is read, in octets.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;

const PEM_LABEL: &str = "CERTIFICATE REQUEST";
/// What older programs write; RFC 7468 7 asks parsers to take it.
const OLD_PEM_LABEL: &str = "NEW CERTIFICATE REQUEST";

/// What a request asks for; its signature has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The public key as DER `SubjectPublicKeyInfo`, its possession proved.
    pub spki: Vec<u8>,
    /// The common name wished for.
    pub common_name: Option<String>,
    /// The addresses wished for, from the requested subjectAltName only.
    pub emails: Vec<String>,
    /// The host names wished for.
    pub dns_names: Vec<String>,
}

/// `CertificationRequest` (RFC 2986 4.2).
#[derive(Sequence)]
struct SignedRequest {
    content: Any,
    algorithm: Any,
    signature: BitString,
}

/// `CertificationRequestInfo` (RFC 2986 4.1).
#[derive(Sequence)]
struct Content {
    version: u8,
    subject: Any,
    spki: Any,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    attributes: SetOfVec<Attribute>,
}

/// A request for `key`, signed by it, as DER.
///
/// # Errors
/// [`PkiError::UnusableAddress`], [`PkiError::Unencodable`],
/// [`PkiError::UnsupportedAlgorithm`] and [`PkiError::Token`].
pub fn create(
    key: &dyn SigningKey,
    common_name: &str,
    email: Option<&str>,
) -> Result<Vec<u8>, PkiError> {
    let mut attributes = SetOfVec::new();
    if let Some(email) = email {
        if !address::is_usable_address(email) {
            return Err(PkiError::UnusableAddress);
        }
        let names = encode::general_names(&[AlternativeName::Email(email.to_owned())])?;
        let wanted = vec![encode::extension(oid::EXT_SUBJECT_ALT_NAME, false, &names)?];
        attributes.insert(extension_request(&wanted)?).map_err(unencodable)?;
    }
    let subject = name::encode(&[(oid::COMMON_NAME, common_name)])?;
    let content = Content {
        version: 0,
        subject: Any::from_der(&subject).map_err(unencodable)?,
        spki: Any::from_der(key.spki()).map_err(unencodable)?,
        attributes,
    };
    let content = content.to_der().map_err(unencodable)?;
    let (identifier, signature) = sign_octets(&content, key)?;
    SignedRequest {
        content: Any::from_der(&content).map_err(unencodable)?,
        algorithm: Any::from_der(&identifier).map_err(unencodable)?,
        signature: BitString::from_bytes(&signature).map_err(unencodable)?,
    }
    .to_der()
    .map_err(unencodable)
}

/// Reads a DER request and checks its signature with the key in it.
///
/// # Errors
/// [`PkiError::TooLarge`], [`PkiError::Malformed`], the extension errors of
/// [`crate::Certificate::from_der`], [`PkiError::UnsupportedAlgorithm`] and
/// [`PkiError::BadSignature`].
pub fn parse(request: &[u8]) -> Result<Request, PkiError> {
    if request.len() > MAX_REQUEST_BYTES {
        return Err(PkiError::TooLarge);
    }
    let signed = SignedRequest::from_der(request).map_err(malformed)?;
    let content_der = signed.content.to_der().map_err(malformed)?;
    let content = Content::from_der(&content_der).map_err(malformed)?;
    if content.version != 0 {
        return Err(PkiError::WrongVersion);
    }
    let spki = content.spki.to_der().map_err(malformed)?;
    let identifier = signed.algorithm.to_der().map_err(malformed)?;
    let algorithm = algorithm::from_der(&identifier).ok_or(PkiError::UnsupportedAlgorithm)?;
    let signature = signed.signature.as_bytes().ok_or(PkiError::Malformed)?;
    verify(algorithm, &spki, &content_der, signature).map_err(|_| PkiError::BadSignature)?;

    let wanted = wanted_extensions(&content.attributes)?;
    let subject = content.subject.to_der().map_err(malformed)?;
    let subject = Name::from_der(&subject).map_err(malformed)?;
    Ok(Request {
        spki,
        common_name: name::attribute_text(&subject, oid::COMMON_NAME),
        emails: wanted.emails,
        dns_names: wanted.dns_names,
    })
}

/// A DER request as one PEM block "CERTIFICATE REQUEST".
#[must_use]
pub fn to_pem(request: &[u8]) -> String {
    pem::encode(PEM_LABEL, request)
}

/// Reads the first request among PEM blocks, as [`parse`] does.
///
/// # Errors
/// [`PkiError::NotPem`], and those of [`parse`].
pub fn parse_pem(text: &str) -> Result<Request, PkiError> {
    parse(&pem::decode_first(&[PEM_LABEL, OLD_PEM_LABEL], text)?)
}

fn extension_request(wanted: &[Extension]) -> Result<Attribute, PkiError> {
    let wanted = wanted.to_vec().to_der().map_err(unencodable)?;
    let mut values = SetOfVec::new();
    values.insert(Any::from_der(&wanted).map_err(unencodable)?).map_err(unencodable)?;
    let oid = ObjectIdentifier::new(oid::EXTENSION_REQUEST).map_err(|_| PkiError::Unencodable)?;
    Ok(Attribute { oid, values })
}

/// RFC 2985 5.4.2: at most one extensionRequest with exactly one value.
fn wanted_extensions(attributes: &SetOfVec<Attribute>) -> Result<Extensions, PkiError> {
    let mut requests =
        attributes.iter().filter(|attribute| attribute.oid.to_string() == oid::EXTENSION_REQUEST);
    let Some(request) = requests.next() else {
        return Ok(Extensions::default());
    };
    if requests.next().is_some() {
        return Err(PkiError::DuplicateExtension);
    }
    let mut values = request.values.iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(PkiError::MalformedExtension);
    };
    if value.header().tag() != Tag::Sequence {
        return Err(PkiError::MalformedExtension);
    }
    let der = value.to_der().map_err(malformed)?;
    let list = Vec::<Extension>::from_der(&der).map_err(|_| PkiError::MalformedExtension)?;
    Extensions::decode(&list)
}

fn malformed(_: der::Error) -> PkiError {
    PkiError::Malformed
}

fn unencodable(_: der::Error) -> PkiError {
    PkiError::Unencodable
}

#[cfg(test)]
mod tests {
    use ssmax_primitives::SoftwareKey;
    use ssmax_token::{KeyAlgorithm, KeyPair};

    use super::*;

    #[test]
    fn a_request_is_read_back_with_its_key_and_wishes() {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let der = create(&key, "山田 花子", Some("hanako@a.example")).unwrap();
        let request = parse_pem(&to_pem(&der)).unwrap();
        assert_eq!(request.spki, key.spki());
        assert_eq!(request.common_name.as_deref(), Some("山田 花子"));
        assert_eq!(request.emails, ["hanako@a.example"]);
    }

    #[test]
    fn a_request_with_another_name_under_the_signature_is_refused() {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let mut der = create(&key, "alice", None).unwrap();
        let at = der.windows(5).position(|window| window == b"alice").unwrap();
        der[at] = b'A';
        assert_eq!(parse(&der), Err(PkiError::BadSignature));
    }

    #[test]
    fn a_request_for_an_unusable_address_is_not_made() {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        assert_eq!(
            create(&key, "alice", Some("alice@a.example\n")),
            Err(PkiError::UnusableAddress)
        );
    }

    #[test]
    fn octets_beyond_the_bound_are_not_even_looked_at() {
        assert_eq!(parse(&vec![0; MAX_REQUEST_BYTES]), Err(PkiError::Malformed));
        assert_eq!(parse(&vec![0; MAX_REQUEST_BYTES + 1]), Err(PkiError::TooLarge));
    }
}

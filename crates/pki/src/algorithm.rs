//! Signature algorithms as X.509 and CMS write them.

use der::asn1::{Any, ObjectIdentifier};
use der::{Decode, Encode, Sequence, Tag};
use spki::AlgorithmIdentifierOwned;
use ssmax_token::SignatureAlgorithm;

const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const ECDSA_SHA512: &str = "1.2.840.10045.4.3.4";
const RSA_SHA256: &str = "1.2.840.113549.1.1.11";
const RSA_SHA384: &str = "1.2.840.113549.1.1.12";
const RSA_SHA512: &str = "1.2.840.113549.1.1.13";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const MGF1: &str = "1.2.840.113549.1.1.8";
const ED25519: &str = "1.3.101.112";
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";

/// `RSASSA-PSS-params` (RFC 4055 3.1). Every field has a default, all of them SHA-1.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_length: Option<u32>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u32>,
}

/// The DER `AlgorithmIdentifier` of a signature algorithm (RFC 5758 3.2, RFC 4055,
/// RFC 8410), or `None` for one that this version cannot write.
#[must_use]
pub fn to_der(algorithm: SignatureAlgorithm) -> Option<Vec<u8>> {
    let (identifier, parameters) = match algorithm {
        // RFC 5758 3.2: "the encoding MUST omit the parameters field."
        SignatureAlgorithm::EcdsaSha256 => (ECDSA_SHA256, None),
        SignatureAlgorithm::EcdsaSha384 => (ECDSA_SHA384, None),
        SignatureAlgorithm::EcdsaSha512 => (ECDSA_SHA512, None),
        // RFC 4055 5: "the parameters MUST be NULL."
        SignatureAlgorithm::RsaPkcs1Sha256 => (RSA_SHA256, Some(Any::null())),
        SignatureAlgorithm::RsaPkcs1Sha384 => (RSA_SHA384, Some(Any::null())),
        SignatureAlgorithm::RsaPkcs1Sha512 => (RSA_SHA512, Some(Any::null())),
        SignatureAlgorithm::RsaPssSha256 => (RSA_PSS, Some(pss_parameters(SHA256, 32)?)),
        SignatureAlgorithm::RsaPssSha384 => (RSA_PSS, Some(pss_parameters(SHA384, 48)?)),
        SignatureAlgorithm::RsaPssSha512 => (RSA_PSS, Some(pss_parameters(SHA512, 64)?)),
        // RFC 8410 3: "the parameters MUST be absent."
        SignatureAlgorithm::Ed25519 => (ED25519, None),
        _ => return None,
    };
    AlgorithmIdentifierOwned { oid: ObjectIdentifier::new(identifier).ok()?, parameters }
        .to_der()
        .ok()
}

/// The signature algorithm of a DER `AlgorithmIdentifier`.
///
/// `None` for everything that we do not accept: unknown algorithms, SHA-1 and MD5,
/// wrong parameters, PSS with a mask hash or a salt length other than the message
/// hash's own.
#[must_use]
pub fn from_der(identifier: &[u8]) -> Option<SignatureAlgorithm> {
    let identifier = AlgorithmIdentifierOwned::from_der(identifier).ok()?;
    let parameters = identifier.parameters.as_ref();
    let absent = parameters.is_none();
    // RFC 4055 5: "implementations MUST accept the parameters being absent as well".
    let null = parameters.is_none_or(Any::is_null);
    match identifier.oid.to_string().as_str() {
        ECDSA_SHA256 if absent => Some(SignatureAlgorithm::EcdsaSha256),
        ECDSA_SHA384 if absent => Some(SignatureAlgorithm::EcdsaSha384),
        ECDSA_SHA512 if absent => Some(SignatureAlgorithm::EcdsaSha512),
        RSA_SHA256 if null => Some(SignatureAlgorithm::RsaPkcs1Sha256),
        RSA_SHA384 if null => Some(SignatureAlgorithm::RsaPkcs1Sha384),
        RSA_SHA512 if null => Some(SignatureAlgorithm::RsaPkcs1Sha512),
        RSA_PSS => pss_algorithm(parameters?),
        ED25519 if absent => Some(SignatureAlgorithm::Ed25519),
        _ => None,
    }
}

fn pss_parameters(hash: &str, salt_length: u32) -> Option<Any> {
    let hash = AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new(hash).ok()?,
        parameters: Some(Any::null()),
    };
    let mask = AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new(MGF1).ok()?,
        parameters: Some(Any::encode_from(&hash).ok()?),
    };
    let parameters = PssParameters {
        hash: Some(hash),
        mask: Some(mask),
        salt_length: Some(salt_length),
        trailer: None,
    };
    Any::encode_from(&parameters).ok()
}

fn pss_algorithm(parameters: &Any) -> Option<SignatureAlgorithm> {
    if parameters.header().tag() != Tag::Sequence {
        return None;
    }
    let parameters = parameters.decode_as::<PssParameters>().ok()?;
    if parameters.trailer.is_some_and(|trailer| trailer != 1) {
        return None;
    }
    let hash = plain_hash(parameters.hash.as_ref()?)?;
    let mask = parameters.mask.as_ref()?;
    if mask.oid.to_string() != MGF1 {
        return None;
    }
    let mask_hash = mask.parameters.as_ref()?.decode_as::<AlgorithmIdentifierOwned>().ok()?;
    if plain_hash(&mask_hash)? != hash {
        return None;
    }
    match (hash.as_str(), parameters.salt_length?) {
        (SHA256, 32) => Some(SignatureAlgorithm::RsaPssSha256),
        (SHA384, 48) => Some(SignatureAlgorithm::RsaPssSha384),
        (SHA512, 64) => Some(SignatureAlgorithm::RsaPssSha512),
        _ => None,
    }
}

fn plain_hash(identifier: &AlgorithmIdentifierOwned) -> Option<String> {
    identifier.parameters.as_ref().is_none_or(Any::is_null).then(|| identifier.oid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_read_back_as_written() {
        for algorithm in [
            SignatureAlgorithm::EcdsaSha256,
            SignatureAlgorithm::EcdsaSha384,
            SignatureAlgorithm::EcdsaSha512,
            SignatureAlgorithm::RsaPkcs1Sha256,
            SignatureAlgorithm::RsaPkcs1Sha384,
            SignatureAlgorithm::RsaPkcs1Sha512,
            SignatureAlgorithm::RsaPssSha256,
            SignatureAlgorithm::RsaPssSha384,
            SignatureAlgorithm::RsaPssSha512,
            SignatureAlgorithm::Ed25519,
        ] {
            let der = to_der(algorithm).unwrap();
            assert_eq!(from_der(&der), Some(algorithm));
        }
    }

    #[test]
    fn sha1_is_no_algorithm_of_ours() {
        let sha1_with_rsa = [0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0];
        assert_eq!(from_der(&sha1_with_rsa), None);
    }

    #[test]
    fn pss_with_the_sha1_defaults_is_refused() {
        let identifier = AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap(RSA_PSS),
            parameters: Some(Any::new(Tag::Sequence, Vec::new()).unwrap()),
        };
        assert_eq!(from_der(&identifier.to_der().unwrap()), None);
    }
}

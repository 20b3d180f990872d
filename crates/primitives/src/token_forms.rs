//! Public keys and signatures as tokens give them (PKCS#11), in the forms of certificates.

use der::asn1::{BitStringRef, UintRef};
use der::{AnyRef, Encode, Sequence};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::public_key::{RSA_ENCRYPTION, RsaPublicKey};
use crate::{KeyError, key_algorithm};

/// The DER `SubjectPublicKeyInfo` of an RSA key (RFC 3279 2.3.1), from modulus and public
/// exponent as big-endian numbers.
///
/// # Errors
/// [`KeyError::Malformed`] for what are no such numbers, and what [`key_algorithm`] finds.
pub fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, KeyError> {
    let encode = || -> der::Result<Vec<u8>> {
        let modulus = UintRef::new(modulus)?;
        let public_exponent = UintRef::new(exponent)?;
        let key = RsaPublicKey { modulus, public_exponent }.to_der()?;
        let algorithm =
            AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
        let subject_public_key = BitStringRef::from_bytes(&key)?;
        SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der()
    };
    let spki = encode().map_err(|_| KeyError::Malformed)?;
    key_algorithm(&spki)?;
    Ok(spki)
}

/// The DER `ECDSA-Sig-Value` (RFC 5480 appendix A) of a signature given as r and s, each
/// half of `raw`.
///
/// # Errors
/// [`KeyError::Malformed`] for an odd or empty number of octets.
pub fn ecdsa_signature_der(raw: &[u8]) -> Result<Vec<u8>, KeyError> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return Err(KeyError::Malformed);
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    let encode = || EcdsaSignature { r: UintRef::new(r)?, s: UintRef::new(s)? }.to_der();
    encode().map_err(|_| KeyError::Malformed)
}

/// `ECDSA-Sig-Value`.
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

#[cfg(test)]
mod tests {
    use ssmax_token::{KeyAlgorithm, KeyPair as _};

    use super::*;
    use crate::SoftwareKey;
    use crate::public_key::PublicKey;
    use der::Decode;

    #[test]
    fn an_rsa_key_from_its_numbers_is_the_one_that_the_library_writes() {
        let key = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap();
        let PublicKey::Rsa { rsa_public_key, .. } = PublicKey::parse(key.spki()).unwrap() else {
            panic!("not RSA");
        };
        let numbers = RsaPublicKey::from_der(rsa_public_key).unwrap();
        let (modulus, exponent) = (numbers.modulus.as_bytes(), numbers.public_exponent.as_bytes());
        assert_eq!(rsa_spki(modulus, exponent).unwrap(), key.spki());
        // Some tokens write leading zeros.
        let padded = [&[0, 0], modulus].concat();
        assert_eq!(rsa_spki(&padded, exponent).unwrap(), key.spki());
        assert_eq!(rsa_spki(&modulus[..128], exponent), Err(KeyError::RsaTooSmall { bits: 1024 }));
        assert_eq!(rsa_spki(modulus, &[1]), Err(KeyError::Malformed));
    }

    #[test]
    fn a_raw_signature_becomes_two_positive_integers_of_the_fewest_octets() {
        let raw = [[0x80, 0, 0, 1], [0, 0, 0x7f, 2]].concat();
        let want = [0x30, 0x0b, 2, 5, 0, 0x80, 0, 0, 1, 2, 2, 0x7f, 2];
        assert_eq!(ecdsa_signature_der(&raw).unwrap(), want);
        assert_eq!(ecdsa_signature_der(&raw[1..]), Err(KeyError::Malformed));
        assert_eq!(ecdsa_signature_der(&[]), Err(KeyError::Malformed));
    }
}

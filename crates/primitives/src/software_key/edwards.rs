//! The encodings of RFC 8410 that the library does not make or read.

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, SliceReader};
use ssmax_token::{KeyAlgorithm, TokenError};
use zeroize::Zeroizing;

/// Octets of a public key and of a private one (RFC 7748 6.1, RFC 8032 5.1.5).
const KEY_OCTETS: usize = 32;

/// `PrivateKeyInfo` version 0 with id-X25519, up to the key (RFC 8410 7).
const X25519_PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
];

/// The DER `SubjectPublicKeyInfo` of an Ed25519 or X25519 key (RFC 8410 4).
pub(super) fn spki(algorithm: KeyAlgorithm, public: &[u8]) -> Vec<u8> {
    let arc = if algorithm == KeyAlgorithm::X25519 { 0x6e } else { 0x70 };
    [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, arc, 0x03, 0x21, 0x00], public].concat()
}

/// The DER of an X25519 key as `PrivateKeyInfo`.
pub(super) fn x25519_pkcs8(seed: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut pkcs8 = Zeroizing::new(Vec::with_capacity(X25519_PKCS8_PREFIX.len() + KEY_OCTETS));
    pkcs8.extend_from_slice(&X25519_PKCS8_PREFIX);
    pkcs8.extend_from_slice(seed);
    pkcs8
}

/// The private octets of an X25519 `OneAsymmetricKey` (RFC 5958 2, RFC 8410 7): version 1
/// or 2; attributes and a public key may follow, and are not needed.
pub(super) fn seed(pkcs8: &[u8]) -> Result<&[u8], TokenError> {
    let read = || -> der::Result<_> {
        let mut reader = SliceReader::new(pkcs8)?;
        der::Header::decode(&mut reader)?;
        u8::decode(&mut reader)?;
        spki::AlgorithmIdentifier::<ObjectIdentifier>::decode(&mut reader)?;
        <&OctetStringRef>::decode(&mut reader)
    };
    let outer = read().map_err(|_| TokenError::Malformed)?;
    // RFC 8410 7: CurvePrivateKey is an OCTET STRING inside the OCTET STRING.
    let inner = <&OctetStringRef>::from_der(outer.as_bytes()).map_err(|_| TokenError::Malformed)?;
    Ok(inner.as_bytes())
}

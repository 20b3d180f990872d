//! Serial numbers of relay certificates: the key is found from the serial alone.
//!
//! A mailer names the recipient of an encrypted mail by issuer and serial number. The
//! key server then has to know which of its submission keys is meant, without asking
//! the CA: so the serial carries a short identifier of the key.

use ssmax_primitives::sha256;

/// The first octet of a relay serial: this layout. Positive, and no leading zero.
const VERSION: u8 = 1;
/// Octets of the key identifier in a serial.
pub const SHORT_KEY_ID_BYTES: usize = 8;
/// Octets of the random part: the 64 bits that S/MIME BR 7.1 demands.
pub const RANDOM_BYTES: usize = 8;

const SERIAL_BYTES: usize = 1 + SHORT_KEY_ID_BYTES + RANDOM_BYTES;

/// The short identifier of a key: the first octets of SHA-256 over its DER
/// `SubjectPublicKeyInfo`.
#[must_use]
pub fn short_key_id(spki: &[u8]) -> [u8; SHORT_KEY_ID_BYTES] {
    let mut key_id = [0; SHORT_KEY_ID_BYTES];
    for (to, from) in key_id.iter_mut().zip(sha256(spki)) {
        *to = from;
    }
    key_id
}

/// The serial number of a relay certificate for this key: version, short key
/// identifier, random octets.
#[must_use]
pub fn serial(spki: &[u8], random: [u8; RANDOM_BYTES]) -> Vec<u8> {
    let mut serial = Vec::with_capacity(SERIAL_BYTES);
    serial.push(VERSION);
    serial.extend(short_key_id(spki));
    serial.extend(random);
    serial
}

/// The short key identifier in a serial number; `None` when it has another layout.
///
/// Anybody can write such a number: whether a certificate with it was issued is known
/// by the issuer named beside it, or not at all.
#[must_use]
pub fn key_of_serial(serial: &[u8]) -> Option<[u8; SHORT_KEY_ID_BYTES]> {
    let (version, rest) = serial.split_first()?;
    let (key_id, random) = rest.split_first_chunk::<SHORT_KEY_ID_BYTES>()?;
    (*version == VERSION && random.len() == RANDOM_BYTES).then_some(*key_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_again_from_the_serial() {
        assert_eq!(key_of_serial(&serial(b"key", [0xff; 8])), Some(short_key_id(b"key")));
    }

    #[test]
    fn serials_of_another_length_or_version_name_no_key() {
        let good = serial(b"key", [7; 8]);
        assert_eq!(key_of_serial(&good[..16]), None);
        assert_eq!(key_of_serial(&[good.as_slice(), &[0]].concat()), None);
        let mut other = good;
        other[0] = 2;
        assert_eq!(key_of_serial(&other), None);
        assert_eq!(key_of_serial(&[]), None);
    }
}

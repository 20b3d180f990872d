//! Decryption under a password: PBES2 (RFC 8018) and the older schemes of PKCS#12
//! (RFC 7292 appendix C), which exports of many programs still use.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{AnyRef, Decode as _, Encode as _, Reader as _, SliceReader};
use pkcs5::pbes2::{self, Kdf};
use ssmax_primitives::{DigestAlgorithm, digest};
use zeroize::Zeroizing;

use crate::KeyFault;

/// The most rounds of a key derivation that are made, a few seconds' worth: the file may
/// come from anybody.
pub(crate) const MAX_ROUNDS: u32 = 10_000_000;
/// The most memory that scrypt may take, in octets.
const MAX_SCRYPT_BYTES: u64 = 256 * 1024 * 1024;

pub(crate) const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
// RFC 7292 appendix C.
pub(crate) const SHA1_TRIPLE_DES: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const SHA1_RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const SHA1_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");

/// What octets are derived for (RFC 7292 B.3).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Key = 1,
    InitialVector = 2,
    Mac = 3,
}

/// Opens `ciphertext`, of which `algorithm` is the DER AlgorithmIdentifier.
pub(crate) fn decrypt(
    algorithm: &[u8],
    ciphertext: &[u8],
    password: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    let whole = AnyRef::from_der(algorithm).map_err(|_| KeyFault::Malformed)?;
    let mut reader = SliceReader::new(whole.value()).map_err(|_| KeyFault::Malformed)?;
    let scheme = ObjectIdentifier::decode(&mut reader).map_err(|_| KeyFault::Malformed)?;
    let parameters = reader.tlv_bytes().map_err(|_| KeyFault::Malformed)?;
    match scheme {
        PBES2 => pbes2(parameters, ciphertext, password),
        SHA1_TRIPLE_DES => {
            let (key, vector) = legacy_key(parameters, password, 24)?;
            let cipher = cbc::Decryptor::<des::TdesEde3>::new_from_slices(&key, &vector)
                .map_err(|_| KeyFault::Malformed)?;
            cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).map_err(|_| KeyFault::Password)
        }
        SHA1_RC2_128 | SHA1_RC2_40 => {
            let octets = if scheme == SHA1_RC2_40 { 5 } else { 16 };
            let (key, vector) = legacy_key(parameters, password, octets)?;
            let cipher = cbc::Decryptor::<rc2::Rc2>::new_from_slices(&key, &vector)
                .map_err(|_| KeyFault::Malformed)?;
            cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).map_err(|_| KeyFault::Password)
        }
        _ => return Err(KeyFault::Unsupported),
    }
    .map(Zeroizing::new)
}

fn pbes2(parameters: &[u8], ciphertext: &[u8], password: &str) -> Result<Vec<u8>, KeyFault> {
    let parameters = pbes2::Parameters::from_der(parameters).map_err(|_| KeyFault::Unsupported)?;
    let is_bearable = match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= MAX_ROUNDS,
        // RFC 7914 section 2: 128 * N * r octets.
        Kdf::Scrypt(scrypt) => scrypt
            .cost_parameter
            .checked_mul(u64::from(scrypt.block_size))
            .and_then(|product| product.checked_mul(128))
            .is_some_and(|octets| octets <= MAX_SCRYPT_BYTES),
        _ => false,
    };
    if !is_bearable {
        return Err(KeyFault::Unsupported);
    }
    parameters.decrypt(password.as_bytes(), ciphertext).map_err(|_| KeyFault::Password)
}

/// Encrypts as the older scheme of PKCS#12 does that every mailer reads.
pub(crate) fn encrypt_triple_des(
    content: &[u8],
    password: &str,
    salt: &[u8],
    rounds: u32,
) -> Result<Vec<u8>, KeyFault> {
    let made =
        |purpose, octets| derive(DigestAlgorithm::Sha1, purpose, password, salt, rounds, octets);
    let (key, vector) = (made(Purpose::Key, 24)?, made(Purpose::InitialVector, 8)?);
    let cipher = cbc::Encryptor::<des::TdesEde3>::new_from_slices(&key, &vector)
        .map_err(|_| KeyFault::Malformed)?;
    Ok(cipher.encrypt_padded_vec::<Pkcs7>(content))
}

type KeyAndVector = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

/// `pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER }`, with SHA-1.
fn legacy_key(parameters: &[u8], password: &str, octets: usize) -> Result<KeyAndVector, KeyFault> {
    let read = || -> der::Result<(Vec<u8>, u32)> {
        let whole = AnyRef::from_der(parameters)?;
        let mut reader = SliceReader::new(whole.value())?;
        let salt = <&OctetStringRef>::decode(&mut reader)?.as_bytes().to_vec();
        Ok((salt, u32::decode(&mut reader)?))
    };
    let (salt, rounds) = read().map_err(|_| KeyFault::Malformed)?;
    let made =
        |purpose, octets| derive(DigestAlgorithm::Sha1, purpose, password, &salt, rounds, octets);
    Ok((made(Purpose::Key, octets)?, made(Purpose::InitialVector, 8)?))
}

/// The key derivation of PKCS#12 (RFC 7292 B.2).
pub(crate) fn derive(
    hash: DigestAlgorithm,
    purpose: Purpose,
    password: &str,
    salt: &[u8],
    rounds: u32,
    octets: usize,
) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    if rounds > MAX_ROUNDS {
        return Err(KeyFault::Unsupported);
    }
    let block = match hash {
        DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512 => 128,
        _ => 64,
    };
    // RFC 7292 B.1: BMPString, with a NUL at its end.
    let text: Zeroizing<Vec<u8>> =
        Zeroizing::new(password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect());
    let mut input = Zeroizing::new(repeated(salt, block));
    input.extend_from_slice(&Zeroizing::new(repeated(&text, block)));
    let mut out = Zeroizing::new(Vec::with_capacity(octets));
    loop {
        let first = [vec![purpose as u8; block], input.to_vec()].concat();
        let mut state = Zeroizing::new(digest(hash, &Zeroizing::new(first)));
        for _ in 1..rounds {
            state = Zeroizing::new(digest(hash, &state));
        }
        let left = octets - out.len();
        out.extend(state.iter().take(left));
        if out.len() == octets {
            return Ok(out);
        }
        let addend: Vec<u8> = state.iter().copied().cycle().take(block).collect();
        for chunk in input.chunks_mut(block) {
            add_with_one(chunk, &addend);
        }
    }
}

/// `octets` over and over, up to the next multiple of `block`.
fn repeated(octets: &[u8], block: usize) -> Vec<u8> {
    let length = octets.len().div_ceil(block) * block;
    octets.iter().copied().cycle().take(length).collect()
}

/// `number + addend + 1`, big-endian, cut to the length of both.
fn add_with_one(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1;
    for (digit, other) in number.iter_mut().zip(addend).rev() {
        let sum = u16::from(*digit) + u16::from(*other) + carry;
        [_, *digit] = sum.to_be_bytes();
        carry = sum >> 8;
    }
}

/// DER of the first element in `content` and what follows it.
pub(crate) fn split_first(content: &[u8]) -> der::Result<(AnyRef<'_>, &[u8])> {
    let mut reader = SliceReader::new(content)?;
    let first = AnyRef::decode(&mut reader)?;
    let length = usize::try_from(first.encoded_len()?).unwrap_or(usize::MAX);
    Ok((first, content.get(length..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addition_carries_and_wraps() {
        let mut number = [0x00, 0xff, 0xfe];
        add_with_one(&mut number, &[0x00, 0x00, 0x01]);
        assert_eq!(number, [0x01, 0x00, 0x00]);
        let mut number = [0xff, 0xff];
        add_with_one(&mut number, &[0x00, 0x00]);
        assert_eq!(number, [0x00, 0x00]);
    }

    #[test]
    fn more_rounds_than_the_bound_are_refused_before_any_is_made() {
        let made =
            |rounds| derive(DigestAlgorithm::Sha1, Purpose::Key, "", b"salt", rounds, 8).map(drop);
        assert_eq!(made(MAX_ROUNDS + 1), Err(KeyFault::Unsupported));
        assert_eq!(made(1), Ok(()));
    }

    /// A value that circulates among implementations as a test vector; whole files are
    /// read in `tests/`.
    #[test]
    fn the_derivation_spans_several_blocks() {
        let salt = b"\x0a\x58\xcf\x64\x53\x0d\x82\x3f";
        let octets = derive(DigestAlgorithm::Sha1, Purpose::Key, "smeg", salt, 1, 24).unwrap();
        assert_eq!(
            *octets,
            b"\x8a\xaa\xe6\x29\x7b\x6c\xb0\x46\x42\xab\x5b\x07\x78\x51\x28\x4e\
              \xb7\x12\x8f\x1a\x2a\x7f\xbc\xa3"
        );
    }
}

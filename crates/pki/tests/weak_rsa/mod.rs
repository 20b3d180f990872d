//! RSA signatures with any key length and with SHA-1 and SHA-256, for test suites of
//! another time. Slow, simple, public values only.

use std::collections::BTreeMap;
use std::sync::Mutex;

use der::asn1::{Any, UintRef};
use der::{Decode, Sequence};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};
use ssmax_pki::path::danger::Answer;
use ssmax_primitives::{sha1, sha256};

const SHA1_RSA: &str = "1.2.840.113549.1.1.5";
const SHA256_RSA: &str = "1.2.840.113549.1.1.11";
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";

#[derive(Sequence)]
struct RsaKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

#[derive(Sequence)]
struct DigestInfo {
    algorithm: AlgorithmIdentifierOwned,
    digest: der::asn1::OctetString,
}

/// A verifier for `ssmax_pki::path::danger`. Remembers its answers: the cases of a
/// suite share most of their certificates.
pub(crate) fn verify(identifier: &[u8], spki: &[u8], message: &[u8], signature: &[u8]) -> Answer {
    static ANSWERS: Mutex<BTreeMap<[u8; 32], Answer>> = Mutex::new(BTreeMap::new());
    let question: Vec<u8> =
        [identifier, spki, message, signature].iter().flat_map(|part| sha256(part)).collect();
    let question = sha256(&question);
    if let Some(answer) = ANSWERS.lock().unwrap().get(&question) {
        return *answer;
    }
    let answer = judge(identifier, spki, message, signature);
    ANSWERS.lock().unwrap().insert(question, answer);
    answer
}

fn judge(identifier: &[u8], spki: &[u8], message: &[u8], signature: &[u8]) -> Answer {
    let identifier = AlgorithmIdentifierOwned::from_der(identifier).unwrap();
    let digest = match identifier.oid.to_string().as_str() {
        SHA1_RSA => sha1(message).to_vec(),
        SHA256_RSA => sha256(message).to_vec(),
        _ => return Answer::Unsupported,
    };
    let spki = SubjectPublicKeyInfoRef::from_der(spki).unwrap();
    if spki.algorithm.oid.to_string() != RSA_ENCRYPTION {
        return Answer::Unsupported;
    }
    let key = RsaKey::from_der(spki.subject_public_key.raw_bytes()).unwrap();
    let exponent =
        key.exponent.as_bytes().iter().fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    let opened = power(signature, exponent, key.modulus.as_bytes());
    if is_padded_digest(&opened, &digest) { Answer::Good } else { Answer::Bad }
}

/// RFC 8017 9.2: 00 01 FF.. 00 DigestInfo.
fn is_padded_digest(opened: &[u8], digest: &[u8]) -> bool {
    let Some(rest) = opened.strip_prefix(&[0, 1]) else { return false };
    let padding = rest.iter().take_while(|octet| **octet == 0xff).count();
    if padding < 8 || rest.get(padding) != Some(&0) {
        return false;
    }
    DigestInfo::from_der(&rest[padding + 1..]).is_ok_and(|info| {
        info.digest.as_bytes() == digest
            && info.algorithm.parameters.as_ref().is_none_or(Any::is_null)
    })
}

/// base^exponent mod modulus, big-endian, as long as the modulus.
fn power(base: &[u8], exponent: u64, modulus: &[u8]) -> Vec<u8> {
    let modulus_limbs = limbs(modulus);
    let base = reduce(limbs(base), &modulus_limbs);
    let mut result = vec![1_u32];
    for bit in (0..64 - exponent.leading_zeros()).rev() {
        result = reduce(multiply(&result, &result), &modulus_limbs);
        if exponent >> bit & 1 == 1 {
            result = reduce(multiply(&result, &base), &modulus_limbs);
        }
    }
    let mut octets: Vec<u8> = result.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    octets.resize(modulus.len(), 0);
    octets.reverse();
    octets
}

/// Little-endian limbs of big-endian octets.
fn limbs(octets: &[u8]) -> Vec<u32> {
    octets
        .rchunks(4)
        .map(|chunk| chunk.iter().fold(0, |limb, octet| limb << 8 | u32::from(*octet)))
        .collect()
}

fn multiply(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut product = vec![0_u32; a.len() + b.len()];
    for (i, x) in a.iter().enumerate() {
        let mut carry = 0_u64;
        for (j, y) in b.iter().enumerate() {
            let sum = u64::from(*x) * u64::from(*y) + u64::from(product[i + j]) + carry;
            product[i + j] = sum as u32;
            carry = sum >> 32;
        }
        product[i + b.len()] = carry as u32;
    }
    product
}

/// The remainder, bit by bit.
fn reduce(value: Vec<u32>, modulus: &[u32]) -> Vec<u32> {
    let mut remainder = vec![0_u32; modulus.len() + 1];
    for limb in value.iter().rev() {
        for bit in (0..32).rev() {
            let mut carry = limb >> bit & 1;
            for digit in &mut remainder {
                let next = *digit >> 31;
                *digit = *digit << 1 | carry;
                carry = next;
            }
            if !is_less(&remainder, modulus) {
                subtract(&mut remainder, modulus);
            }
        }
    }
    remainder.truncate(modulus.len());
    remainder
}

fn is_less(a: &[u32], b: &[u32]) -> bool {
    for position in (0..a.len()).rev() {
        let other = b.get(position).copied().unwrap_or(0);
        if a[position] != other {
            return a[position] < other;
        }
    }
    false
}

fn subtract(a: &mut [u32], b: &[u32]) {
    let mut borrow = false;
    for (position, digit) in a.iter_mut().enumerate() {
        let other = b.get(position).copied().unwrap_or(0);
        let (first, one) = digit.overflowing_sub(other);
        let (second, two) = first.overflowing_sub(u32::from(borrow));
        *digit = second;
        borrow = one || two;
    }
}

use ssmax_token::{DecryptionKey, KeyPair};

use super::*;
use crate::SoftwareKey;

/// The DER of a SEQUENCE, BIT STRING and so on around `content`.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let header = match len {
        0..0x80 => vec![tag, len as u8],
        0x80..0x100 => vec![tag, 0x81, len as u8],
        _ => vec![tag, 0x82, (len >> 8) as u8, len as u8],
    };
    [header, content.to_vec()].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number[0] & 0x80 != 0 { &[0] } else { &[] };
    tlv(2, &[sign, number].concat())
}

fn rsa_spki_with(algorithm: &[u8], modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = tlv(0x30, &[integer(modulus), integer(exponent)].concat());
    let key = tlv(3, &[vec![0], key].concat());
    tlv(0x30, &[tlv(0x30, algorithm), key].concat())
}

const RSA_WITH_NULL: [u8; 13] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const PSS_WITHOUT_PARAMETERS: [u8; 11] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

/// An odd number of `bits` bits, no product of two primes: enough for what only looks.
fn odd_number(bits: usize) -> Vec<u8> {
    let mut number = vec![0xa5; bits.div_ceil(8)];
    number[0] = match bits % 8 {
        0 => 0x80,
        over => 1 << (over - 1),
    };
    *number.last_mut().unwrap() |= 1;
    number
}

fn rsa_spki(bits: usize) -> Vec<u8> {
    rsa_spki_with(&RSA_WITH_NULL, &odd_number(bits), &[1, 0, 1])
}

#[test]
fn the_bounds_of_rsa_hold_at_the_limit_and_one_past_it() {
    assert!(PublicKey::parse(&rsa_spki(2_048)).is_ok());
    assert!(PublicKey::parse(&rsa_spki(8_192)).is_ok());
    assert!(rsa_encrypt_oaep(&rsa_spki(8_192), OaepHash::Sha512, b"key").is_ok());
    let refused = [
        (1_024, KeyError::RsaTooSmall { bits: 1_024 }),
        (2_047, KeyError::RsaTooSmall { bits: 2_047 }),
        (8_193, KeyError::RsaTooLarge { bits: 8_193 }),
        (16_384, KeyError::RsaTooLarge { bits: 16_384 }),
    ];
    for (bits, error) in refused {
        let spki = rsa_spki(bits);
        assert_eq!(key_algorithm(&spki), Err(error));
        assert_eq!(rsa_encrypt_pkcs1(&spki, b"key"), Err(error));
        assert_eq!(rsa_encrypt_oaep(&spki, OaepHash::Sha256, b"key"), Err(error));
    }
}

#[test]
fn our_own_keys_are_elliptic_or_rsa_of_three_sizes() {
    assert_eq!(key_algorithm(&rsa_spki(2_048)), Ok(KeyAlgorithm::Rsa2048));
    assert_eq!(key_algorithm(&rsa_spki(3_072)), Ok(KeyAlgorithm::Rsa3072));
    assert_eq!(key_algorithm(&rsa_spki(4_096)), Ok(KeyAlgorithm::Rsa4096));
    let odd_size = KeyError::UnsupportedRsaSize { bits: 2_560 };
    assert_eq!(key_algorithm(&rsa_spki(2_560)), Err(odd_size));
    let pss = rsa_spki_with(&PSS_WITHOUT_PARAMETERS, &odd_number(2_048), &[1, 0, 1]);
    assert_eq!(key_algorithm(&pss), Err(KeyError::UnsupportedAlgorithm));
    for algorithm in ELLIPTIC {
        let key = SoftwareKey::generate(algorithm).unwrap();
        assert_eq!(key_algorithm(key.spki()), Ok(algorithm));
    }
}

const AGREEING: [(KeyAlgorithm, usize, usize); 4] = [
    (KeyAlgorithm::EcP256, 65, 32),
    (KeyAlgorithm::EcP384, 97, 48),
    (KeyAlgorithm::EcP521, 133, 66),
    (KeyAlgorithm::X25519, 32, 32),
];
const ELLIPTIC: [KeyAlgorithm; 5] = [
    KeyAlgorithm::EcP256,
    KeyAlgorithm::EcP384,
    KeyAlgorithm::EcP521,
    KeyAlgorithm::Ed25519,
    KeyAlgorithm::X25519,
];

#[test]
fn rsa_numbers_that_no_key_has_are_malformed() {
    let modulus = odd_number(2_048);
    let mut even = modulus.clone();
    *even.last_mut().unwrap() = 2;
    for spki in [
        rsa_spki_with(&RSA_WITH_NULL, &even, &[1, 0, 1]),
        rsa_spki_with(&RSA_WITH_NULL, &modulus, &[4]),
        rsa_spki_with(&RSA_WITH_NULL, &modulus, &[1]),
        rsa_spki_with(&RSA_WITH_NULL, &modulus, &[0]),
        // Parameters absent instead of NULL.
        rsa_spki_with(&RSA_WITH_NULL[..11], &modulus, &[3]),
    ] {
        assert_eq!(key_algorithm(&spki), Err(KeyError::Malformed));
    }
    let small_exponent = rsa_spki_with(&RSA_WITH_NULL, &modulus, &[3]);
    assert_eq!(key_algorithm(&small_exponent), Ok(KeyAlgorithm::Rsa2048));
}

#[test]
fn a_key_with_an_enormous_exponent_is_refused_before_it_costs_time() {
    let spki = rsa_spki_with(&RSA_WITH_NULL, &odd_number(8_192), &odd_number(8_190));
    assert_eq!(rsa_encrypt_pkcs1(&spki, b"key"), Err(KeyError::Malformed));
}

#[test]
fn an_spki_cut_or_lengthened_anywhere_is_malformed() {
    for algorithm in ELLIPTIC {
        let key = SoftwareKey::generate(algorithm).unwrap();
        let spki = key.spki();
        for len in 0..spki.len() {
            assert_eq!(key_algorithm(&spki[..len]), Err(KeyError::Malformed));
        }
        assert_eq!(key_algorithm(&[spki, &[0]].concat()), Err(KeyError::Malformed));
    }
}

#[test]
fn keys_of_rfc_8410_have_no_parameters_and_32_octets() {
    for algorithm in [KeyAlgorithm::Ed25519, KeyAlgorithm::X25519] {
        let key = SoftwareKey::generate(algorithm).unwrap();
        let (oid, key) = (&key.spki()[4..9], &key.spki()[12..]);
        let spki = |parameters: &[u8], key: &[u8]| {
            let bits = tlv(3, &[&[0], key].concat());
            tlv(0x30, &[tlv(0x30, &[oid, parameters].concat()), bits].concat())
        };
        assert_eq!(key_algorithm(&spki(b"", key)), Ok(algorithm));
        assert_eq!(key_algorithm(&spki(&[5, 0], key)), Err(KeyError::Malformed));
        assert_eq!(key_algorithm(&spki(b"", &key[1..])), Err(KeyError::Malformed));
        assert_eq!(key_algorithm(&spki(b"", &[key, &[0]].concat())), Err(KeyError::Malformed));
    }
}

#[test]
fn a_p256_point_and_its_spki_are_two_forms_of_one_key() {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let point = ec_point(key.spki()).unwrap();
    assert_eq!((point.len(), point[0]), (P256_POINT_OCTETS, 4));
    assert_eq!(p256_spki(&point), key.spki());
}

#[test]
fn points_of_other_forms_and_off_the_curve_are_told_apart() {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let point = ec_point(key.spki()).unwrap();
    let mut off_curve = point.clone();
    off_curve[64] ^= 1;
    assert_eq!(ec_point(&p256_spki(&off_curve)), Err(KeyError::PointNotOnCurve));

    let mut hybrid = point.clone();
    hybrid[0] = 6 | (point[64] & 1);
    assert_eq!(ec_point(&p256_spki(&hybrid)), Err(KeyError::UnsupportedPointForm));

    let compressed = [&[2 | (point[64] & 1)], &point[1..33]].concat();
    let bits = tlv(3, &[&[0][..], &compressed].concat());
    let spki = tlv(0x30, &[&key.spki()[2..23], &bits[..]].concat());
    assert_eq!(ec_point(&spki), Err(KeyError::UnsupportedPointForm));

    // A point of the wrong length makes an SPKI whose lengths do not fit.
    assert_eq!(ec_point(&p256_spki(&point[..64])), Err(KeyError::Malformed));
    assert_eq!(ec_point(&p256_spki(&[])), Err(KeyError::Malformed));
}

#[test]
fn operations_refuse_keys_of_the_other_kind() {
    let ec = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let rsa = rsa_spki(2_048);
    assert_eq!(ec_point(&rsa), Err(KeyError::WrongAlgorithm));
    assert_eq!(ephemeral_agree(&rsa), Err(KeyError::WrongAlgorithm));
    assert_eq!(rsa_encrypt_pkcs1(ec.spki(), b"k"), Err(KeyError::WrongAlgorithm));
    let result = rsa_encrypt_oaep(ec.spki(), OaepHash::Sha1, b"k");
    assert_eq!(result, Err(KeyError::WrongAlgorithm));
    // RFC 4055 1.2: a key marked for PSS does nothing else.
    let pss = rsa_spki_with(&PSS_WITHOUT_PARAMETERS, &odd_number(2_048), &[1, 0, 1]);
    assert_eq!(rsa_encrypt_pkcs1(&pss, b"k"), Err(KeyError::WrongAlgorithm));
}

#[test]
fn messages_fit_up_to_the_room_that_the_padding_leaves() {
    let spki = rsa_spki(2_048);
    assert!(rsa_encrypt_pkcs1(&spki, &[1; 245]).is_ok());
    assert_eq!(rsa_encrypt_pkcs1(&spki, &[1; 246]), Err(KeyError::MessageTooLong));
    for (hash, room) in [
        (OaepHash::Sha1, 214),
        (OaepHash::Sha256, 190),
        (OaepHash::Sha384, 158),
        (OaepHash::Sha512, 126),
    ] {
        assert!(rsa_encrypt_oaep(&spki, hash, &vec![1; room]).is_ok());
        let past = rsa_encrypt_oaep(&spki, hash, &vec![1; room + 1]);
        assert_eq!(past, Err(KeyError::MessageTooLong));
    }
}

#[test]
fn both_sides_of_an_ephemeral_agreement_find_the_same_secret() {
    for (algorithm, public_octets, secret_octets) in AGREEING {
        let key = SoftwareKey::generate(algorithm).unwrap();
        let (public, shared) = ephemeral_agree(key.spki()).unwrap();
        assert_eq!(key.agree(&public).unwrap(), shared);
        assert_eq!((public.len(), shared.len()), (public_octets, secret_octets));
        let (other_public, other_shared) = ephemeral_agree(key.spki()).unwrap();
        assert_ne!(public, other_public);
        assert_ne!(shared, other_shared);
    }
}

#[test]
fn nobody_agrees_with_a_key_that_makes_every_secret_zero() {
    let key = SoftwareKey::generate(KeyAlgorithm::X25519).unwrap();
    let mut spki = key.spki().to_vec();
    spki[12..].fill(0);
    assert_eq!(ephemeral_agree(&spki), Err(KeyError::PointNotOnCurve));
    spki[12] = 1;
    assert_eq!(ephemeral_agree(&spki), Err(KeyError::PointNotOnCurve));
}

#[test]
fn a_key_that_only_signs_does_not_agree() {
    let key = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap();
    assert_eq!(ephemeral_agree(key.spki()), Err(KeyError::WrongAlgorithm));
    assert_eq!(ec_point(key.spki()), Err(KeyError::WrongAlgorithm));
}

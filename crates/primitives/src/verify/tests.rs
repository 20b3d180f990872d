use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding, RsaKeyPair,
};
use ssmax_token::{KeyAlgorithm, KeyPair, SigningKey};

use super::*;
use crate::{SoftwareKey, ec_point};

#[test]
fn a_signature_of_the_largest_size_of_curve_is_verified_too() {
    let cases: [(&EcdsaSigningAlgorithm, &[u8], _); 2] = [
        (&ECDSA_P384_SHA384_ASN1_SIGNING, &P384_SPKI_PREFIX, SignatureAlgorithm::EcdsaSha384),
        (&ECDSA_P521_SHA512_ASN1_SIGNING, &P521_SPKI_PREFIX, SignatureAlgorithm::EcdsaSha512),
    ];
    for (curve, prefix, algorithm) in cases {
        let (signature, spki) = sign_on(curve, prefix, b"message");
        assert_eq!(verify(algorithm, &spki, b"message", &signature), Ok(()));
        let other = verify(algorithm, &spki, b"massage", &signature);
        assert_eq!(other, Err(VerifyError::BadSignature));
        let other_hash = verify(SignatureAlgorithm::EcdsaSha256, &spki, b"message", &signature);
        assert_eq!(other_hash, Err(VerifyError::BadSignature));
    }
}

const P384_SPKI_PREFIX: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];
const P521_SPKI_PREFIX: [u8; 25] = [
    0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05,
    0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
];

fn sign_on(
    curve: &'static EcdsaSigningAlgorithm,
    spki_prefix: &[u8],
    message: &[u8],
) -> (Vec<u8>, Vec<u8>) {
    let key = EcdsaKeyPair::generate(curve).unwrap();
    let signature = key.sign(&SystemRandom::new(), message).unwrap();
    let spki = [spki_prefix, key.public_key().as_ref()].concat();
    (signature.as_ref().to_vec(), spki)
}

#[test]
fn pss_signatures_of_all_three_hashes_are_verified_each_by_its_own() {
    let key = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    let signer = RsaKeyPair::from_pkcs8(&key.to_pkcs8()).unwrap();
    let cases: [(&'static dyn RsaEncoding, SignatureAlgorithm); 3] = [
        (&RSA_PSS_SHA256, SignatureAlgorithm::RsaPssSha256),
        (&RSA_PSS_SHA384, SignatureAlgorithm::RsaPssSha384),
        (&RSA_PSS_SHA512, SignatureAlgorithm::RsaPssSha512),
    ];
    for (encoding, made) in cases {
        let mut signature = vec![0; 256];
        signer.sign(encoding, &SystemRandom::new(), b"message", &mut signature).unwrap();
        for (_, tried) in cases {
            let want = if tried == made { Ok(()) } else { Err(VerifyError::BadSignature) };
            assert_eq!(verify(tried, key.spki(), b"message", &signature), want);
        }
        let as_pkcs1 =
            verify(SignatureAlgorithm::RsaPkcs1Sha256, key.spki(), b"message", &signature);
        assert_eq!(as_pkcs1, Err(VerifyError::BadSignature));
    }
}

#[test]
fn a_key_marked_for_pss_verifies_pss_only() {
    let key = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    let signer = RsaKeyPair::from_pkcs8(&key.to_pkcs8()).unwrap();
    let mut signature = vec![0; 256];
    signer.sign(&RSA_PSS_SHA256, &SystemRandom::new(), b"m", &mut signature).unwrap();

    // rsaEncryption with NULL becomes id-RSASSA-PSS without parameters.
    let mut spki = key.spki().to_vec();
    let algorithm = spki.windows(4).position(|w| w == [0x01, 0x01, 0x05, 0x00]).unwrap();
    spki[algorithm + 1] = 0x0a;
    spki.drain(algorithm + 2..algorithm + 4);
    spki[5] -= 2;
    let len = u16::from_be_bytes([spki[2], spki[3]]) - 2;
    spki[2..4].copy_from_slice(&len.to_be_bytes());

    assert_eq!(verify(SignatureAlgorithm::RsaPssSha256, &spki, b"m", &signature), Ok(()));
    let pkcs1 = verify(SignatureAlgorithm::RsaPkcs1Sha256, &spki, b"m", &signature);
    assert_eq!(pkcs1, Err(VerifyError::WrongAlgorithm));
}

#[test]
fn a_signature_algorithm_needs_a_key_of_its_kind() {
    let ec = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let signature = ec.sign(b"message").unwrap();
    assert_eq!(verify(SignatureAlgorithm::EcdsaSha256, ec.spki(), b"message", &signature), Ok(()));
    for algorithm in [
        SignatureAlgorithm::RsaPkcs1Sha256,
        SignatureAlgorithm::RsaPssSha512,
        SignatureAlgorithm::Ed25519,
    ] {
        let result = verify(algorithm, ec.spki(), b"message", &signature);
        assert_eq!(result, Err(VerifyError::WrongAlgorithm));
    }
}

#[test]
fn small_rsa_keys_are_refused_by_name_even_for_a_good_signature() {
    let spki = hex::decode(RSA_1024_SPKI).unwrap();
    for algorithm in [SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPssSha256] {
        let result = verify(algorithm, &spki, b"message", &[0; 128]);
        assert_eq!(result, Err(VerifyError::Key(KeyError::RsaTooSmall { bits: 1_024 })));
    }
}

/// A key of 1,024 bits from `openssl genrsa`; nobody has kept the private half.
const RSA_1024_SPKI: &str = "\
    30819f300d06092a864886f70d010101050003818d0030818902818100c487245bbb26774b7bfa39\
    5f6e6daf796d537d2c145231f3f2d7a4b7b86b86dd10a44dabee82b719d8cf7f2c63b2a9f876b578\
    1905f34dc30fd3ed94218df638ef511ca91397e15df2b9a6fc82ee41ecc216175b612295a7df24a8\
    72bea87fd5821e8d3966b52981c7c9a69dbfd0ea1767152d35e1251b785ebdfdd962493eeb020301\
    0001";

#[test]
fn a_compressed_point_verifies_and_a_hybrid_one_does_not() {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let signature = key.sign(b"message").unwrap();
    let point = ec_point(key.spki()).unwrap();
    let odd = point[64] & 1;

    let mut compressed = key.spki()[..26].to_vec();
    compressed[1] = 0x39;
    compressed[24] = 0x22;
    compressed.push(2 | odd);
    compressed.extend_from_slice(&point[1..33]);
    let result = verify(SignatureAlgorithm::EcdsaSha256, &compressed, b"message", &signature);
    assert_eq!(result, Ok(()));

    let mut hybrid = key.spki().to_vec();
    hybrid[26] = 6 | odd;
    let result = verify(SignatureAlgorithm::EcdsaSha256, &hybrid, b"message", &signature);
    assert_eq!(result, Err(VerifyError::Key(KeyError::UnsupportedPointForm)));
}

#[test]
fn parts_of_a_key_info_that_do_not_parse_are_named_malformed() {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let point = ec_point(key.spki()).unwrap();
    for bytes in [&b""[..], b"\x30\x00", &point] {
        let result = verify(SignatureAlgorithm::EcdsaSha256, bytes, b"", b"");
        assert_eq!(result, Err(VerifyError::Key(KeyError::Malformed)));
    }
}

#[test]
fn a_key_that_only_agrees_verifies_nothing() {
    let key = SoftwareKey::generate(KeyAlgorithm::X25519).unwrap();
    let result = verify(SignatureAlgorithm::Ed25519, key.spki(), b"message", &[0; 64]);
    assert_eq!(result, Err(VerifyError::WrongAlgorithm));
}

#[test]
fn sha1_is_verified_only_where_it_is_asked_for_by_name() {
    use danger::verify_rsa_pkcs1_sha1;
    let spki = hex::decode(SHA1_SPKI).unwrap();
    let signature = hex::decode(SHA1_SIGNATURE).unwrap();
    assert_eq!(verify_rsa_pkcs1_sha1(&spki, b"old mail", &signature), Ok(()));
    let other = verify_rsa_pkcs1_sha1(&spki, b"old mall", &signature);
    assert_eq!(other, Err(VerifyError::BadSignature));
    for algorithm in [SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPssSha256] {
        let result = verify(algorithm, &spki, b"old mail", &signature);
        assert_eq!(result, Err(VerifyError::BadSignature));
    }
    let small = hex::decode(RSA_1024_SPKI).unwrap();
    let result = verify_rsa_pkcs1_sha1(&small, b"old mail", &[0; 128]);
    assert_eq!(result, Err(VerifyError::Key(KeyError::RsaTooSmall { bits: 1_024 })));
    let ec = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let result = verify_rsa_pkcs1_sha1(ec.spki(), b"old mail", &signature);
    assert_eq!(result, Err(VerifyError::WrongAlgorithm));
}

/// A key of 2,048 bits from `openssl genrsa`, and its signature of "old mail" by
/// `openssl dgst -sha1`; nobody has kept the private half.
const SHA1_SPKI: &str = "\
    30820122300d06092a864886f70d01010105000382010f003082010a0282010100a032df5037ce4f\
    51aa58b5f0eb6c464c0a35f5ff8b2ee9599aa57ed403b41043b4594b238433b9b5d418384b3f2869\
    4444b2800a8baeb4f83cf57b5a9910b3e8546fc3da5ef9225457c71267e5ee9c4c953247d4355a65\
    dd2a100a1359ab0086022f5bb9668e394884921235c30d7a0bf6d8385d01a6546d032c77e46e94ba\
    1cd4d6d33095767bc753a1f56767e55d4a6c3d7be63e2e6d79aef3140e73be2e7ee60b3df6cfad6c\
    e249c70287a9984a3223206a896dd1a62b0198fa9dd265c791fa6c0d7606de48f6f23b6580675b5f\
    d232fd3b35697b28f86762ed8047b8877b2c2fd73bc0f61a98f9b1f67b93577efd255d5a63e5a4a5\
    7a08883300882ab4350203010001";
const SHA1_SIGNATURE: &str = "\
    9eb8db7531b37b1ff16b10f7ea14956b9312c54ddeec06f6661201aa6b654271048c2ba599a7dd4c\
    5f6841191ca38574e480fa7840e3dadb4b4c8274261cc3097c222409effb9f90ad166da75a772988\
    1f2a71febfdb5d64d647336f4441b0839924727be5dda5c350c898caa16f1201c9b3aefb56e9abb9\
    78299db8a3bc4ed5332701b1a6859a752773a2d47bd8b779f23d124753891b083b9f2070ded42bfa\
    00e161a9d5c948c0c42ecf93d28f7783afdc62873326b097a60006ab215620ad9a6a48891e808235\
    f8b38647d9d8c371605c4d0806c3dc9a7ad849bd24f5ac04a86c3a475704d4586bf08f263105f37e\
    bdabaeebd329b098e06044654e6bbf70";

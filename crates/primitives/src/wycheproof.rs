//! The public test vectors of Wycheproof through this crate's own functions, with its
//! policy. Where we differ from a vector's verdict we do so on purpose: the difference
//! has a name, and its number is fixed here. Nothing invalid is ever accepted.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use ssmax_token::{DecryptionKey as _, OaepHash, SignatureAlgorithm, TokenError};

use crate::cipher::{aes_gcm_open, aes_gcm_seal};
use crate::corpora::{self, Case, Hex, wycheproof};
use crate::{
    HKDF_SHA256_MAX_OCTETS, KeyError, SoftwareKey, VerifyError, ec_point, hkdf, hkdf_sha256,
    key_wrap, verify,
};

/// The vector is accepted, and what comes out is what it says.
const ACCEPTED: &str = "accepted";
/// It is refused without a reason of our own.
const REFUSED: &str = "refused";

// The deliberate differences.
const NONCE: &str = "a nonce has 96 bits: others cannot be said, CMS writes no others";
const SHORT_KEY: &str = "a wrapped key has 16 octets or more: RFC 3394 begins there";
const POINT_FORM: &str = "a point for key agreement is uncompressed: one key, one encoding";
const LABEL: &str = "OAEP has no label: mail has none";
const ZERO_SECRET: &str = "an agreement on nothing but zeros is refused (RFC 7748 6.1)";
const NO_NULL: &str = "PKCS#1 has the NULL in its digest: one signature, one encoding";
const EXPLICIT_CURVE: &str = "a curve is named (RFC 5480 2.1.1): parameters can be forged";
const OFF_CURVE: &str = "a point is on its curve, also where its encoding is at fault";
const NOT_DER: &str = "a public key is DER";

/// A file's name; verdict, outcome, and how many vectors have both.
type File = (&'static str, &'static [(&'static str, &'static str, usize)]);

/// Every file of the folder, and for each how many vectors of each verdict have which
/// outcome. One that is not here fails the test below.
const OUTCOMES: [File; 14] = [
    (
        "aes_gcm_test.json",
        &[
            ("valid", ACCEPTED, 116),
            ("valid", NONCE, 113),
            ("invalid", NONCE, 6),
            ("invalid", REFUSED, 81),
        ],
    ),
    (
        "aes_wrap_test.json",
        &[
            ("valid", ACCEPTED, 36),
            ("acceptable", SHORT_KEY, 3),
            ("invalid", SHORT_KEY, 3),
            ("invalid", REFUSED, 123),
        ],
    ),
    (
        "ecdh_secp256r1_test.json",
        &[
            ("valid", ACCEPTED, 330),
            ("acceptable", EXPLICIT_CURVE, 42),
            ("acceptable", NOT_DER, 186),
            ("acceptable", POINT_FORM, 1),
            ("acceptable", OFF_CURVE, 1),
            ("invalid", EXPLICIT_CURVE, 24),
            ("invalid", NOT_DER, 1),
            ("invalid", POINT_FORM, 7),
            ("invalid", OFF_CURVE, 18),
            ("invalid", REFUSED, 2),
        ],
    ),
    ("ecdsa_secp256r1_sha256_test.json", &[("valid", ACCEPTED, 174), ("invalid", REFUSED, 310)]),
    ("ed25519_test.json", &[("valid", ACCEPTED, 88), ("invalid", REFUSED, 63)]),
    ("hkdf_sha256_test.json", &[("valid", ACCEPTED, 83), ("invalid", REFUSED, 3)]),
    (
        "rsa_oaep_2048_sha1_mgf1sha1_test.json",
        &[("valid", ACCEPTED, 10), ("valid", LABEL, 7), ("invalid", REFUSED, 19)],
    ),
    (
        "rsa_oaep_2048_sha256_mgf1sha256_test.json",
        &[("valid", ACCEPTED, 10), ("valid", LABEL, 8), ("invalid", REFUSED, 19)],
    ),
    (
        "rsa_oaep_3072_sha256_mgf1sha256_test.json",
        &[("valid", ACCEPTED, 10), ("valid", LABEL, 8), ("invalid", REFUSED, 19)],
    ),
    ("rsa_pkcs1_2048_test.json", &[("valid", ACCEPTED, 42), ("invalid", REFUSED, 25)]),
    ("rsa_pss_2048_sha256_mgf1_32_test.json", &[("valid", ACCEPTED, 63), ("invalid", REFUSED, 45)]),
    (
        "rsa_signature_2048_sha256_test.json",
        &[("valid", ACCEPTED, 9), ("acceptable", NO_NULL, 1), ("invalid", REFUSED, 249)],
    ),
    (
        "rsa_signature_2048_sha512_test.json",
        &[("valid", ACCEPTED, 8), ("acceptable", NO_NULL, 1), ("invalid", REFUSED, 250)],
    ),
    (
        "x25519_test.json",
        &[("valid", ACCEPTED, 264), ("acceptable", ACCEPTED, 223), ("acceptable", ZERO_SECRET, 31)],
    ),
];

macro_rules! files {
    ($($test:ident: $file:literal = $run:expr;)*) => {
        $(#[test]
        fn $test() {
            check($file, $run);
        })*
    };
}

files! {
    gcm_agrees: "aes_gcm_test.json" = gcm;
    key_wrap_agrees: "aes_wrap_test.json" = wrap;
    ecdh_agrees: "ecdh_secp256r1_test.json" = ecdh;
    ecdsa_agrees: "ecdsa_secp256r1_sha256_test.json" = |file| signature(file, SignatureAlgorithm::EcdsaSha256);
    ed25519_agrees: "ed25519_test.json" = |file| signature(file, SignatureAlgorithm::Ed25519);
    hkdf_agrees: "hkdf_sha256_test.json" = derive;
    oaep_2048_sha1_agrees: "rsa_oaep_2048_sha1_mgf1sha1_test.json" = |file| oaep(file, OaepHash::Sha1);
    oaep_2048_sha256_agrees: "rsa_oaep_2048_sha256_mgf1sha256_test.json" = |file| oaep(file, OaepHash::Sha256);
    oaep_3072_sha256_agrees: "rsa_oaep_3072_sha256_mgf1sha256_test.json" = |file| oaep(file, OaepHash::Sha256);
    pkcs1_decryption_agrees: "rsa_pkcs1_2048_test.json" = pkcs1;
    pss_agrees: "rsa_pss_2048_sha256_mgf1_32_test.json" = |file| signature(file, SignatureAlgorithm::RsaPssSha256);
    pkcs1_sha256_agrees: "rsa_signature_2048_sha256_test.json" = |file| signature(file, SignatureAlgorithm::RsaPkcs1Sha256);
    pkcs1_sha512_agrees: "rsa_signature_2048_sha512_test.json" = |file| signature(file, SignatureAlgorithm::RsaPkcs1Sha512);
    x25519_agrees: "x25519_test.json" = x25519;
}

#[test]
fn every_file_of_the_folder_is_run() {
    let Some(found) = corpora::wycheproof_files() else { return };
    let mut run: Vec<_> = OUTCOMES.iter().map(|(file, _)| (*file).to_owned()).collect();
    run.sort();
    assert_eq!(found, run);
}

type Tally = BTreeMap<(String, &'static str), usize>;

/// Runs one file and compares with [`OUTCOMES`].
fn check(file: &str, run: impl FnOnce(&str) -> Tally) {
    let tally = run(file);
    if tally.is_empty() {
        // The corpora are not there; the reader has said so.
        return;
    }
    let (_, expected) = OUTCOMES.iter().find(|(name, _)| *name == file).expect("is in the list");
    let expected: Tally = expected
        .iter()
        .map(|(verdict, outcome, count)| (((*verdict).to_owned(), *outcome), *count))
        .collect();
    assert_eq!(tally, expected, "{file}");
}

/// Calls `judge` with each vector and counts what comes out.
fn tally<V: DeserializeOwned>(
    file: &str,
    mut judge: impl FnMut(&Case<V>) -> &'static str,
) -> Tally {
    let mut tally = Tally::new();
    wycheproof::<V>(file, |case| {
        let outcome = judge(case);
        assert!(outcome != ACCEPTED || !case.is_invalid(), "wrong accept: {case}");
        assert!(outcome != REFUSED || case.is_invalid(), "refused without a reason: {case}");
        *tally.entry((case.verdict().to_owned(), outcome)).or_default() += 1;
    });
    tally
}

fn gcm(file: &str) -> Tally {
    #[derive(Deserialize)]
    struct Vector {
        key: Hex,
        iv: Hex,
        aad: Hex,
        msg: Hex,
        ct: Hex,
        tag: Hex,
    }
    tally::<Vector>(file, |case| {
        let v = &case.vector;
        let Ok(nonce) = <[u8; 12]>::try_from(&v.iv.0[..]) else { return NONCE };
        let tag = v.tag.0[..].try_into().unwrap();
        let Ok(opened) = aes_gcm_open(&v.key.0, &nonce, &v.aad.0, &v.ct.0, &tag) else {
            return REFUSED;
        };
        assert_eq!(*opened, v.msg.0, "{case}");
        let sealed = aes_gcm_seal(&v.key.0, &nonce, &v.aad.0, &v.msg.0).unwrap();
        assert_eq!(sealed, (v.ct.0.clone(), tag), "{case}");
        ACCEPTED
    })
}

fn wrap(file: &str) -> Tally {
    #[derive(Deserialize)]
    struct Vector {
        key: Hex,
        msg: Hex,
        ct: Hex,
    }
    tally::<Vector>(file, |case| {
        let v = &case.vector;
        match key_wrap::unwrap(&v.key.0, &v.ct.0) {
            Ok(key) => {
                assert_eq!(*key, v.msg.0, "{case}");
                assert_eq!(key_wrap::wrap(&v.key.0, &v.msg.0).unwrap(), v.ct.0, "{case}");
                ACCEPTED
            }
            Err(_) if case.has_flag("ShortKey") => SHORT_KEY,
            Err(_) => REFUSED,
        }
    })
}

#[derive(Deserialize)]
struct Agreement {
    public: Hex,
    private: Hex,
    shared: Hex,
}

fn ecdh(file: &str) -> Tally {
    tally::<Agreement>(file, |case| {
        let v = &case.vector;
        match ec_point(&v.public.0) {
            Ok(point) => match ec_key(&v.private.0).agree(&point) {
                Ok(shared) => {
                    assert_eq!(*shared, v.shared.0, "{case}");
                    ACCEPTED
                }
                Err(_) => REFUSED,
            },
            Err(KeyError::UnsupportedPointForm) => POINT_FORM,
            Err(KeyError::UnsupportedAlgorithm) => EXPLICIT_CURVE,
            Err(KeyError::Malformed) => NOT_DER,
            Err(KeyError::PointNotOnCurve) => OFF_CURVE,
            Err(_) => REFUSED,
        }
    })
}

/// An `ECPrivateKey` (RFC 5915) on P-256.
fn ec_key(scalar: &[u8]) -> SoftwareKey {
    let scalar = scalar.strip_prefix(&[0]).filter(|s| s.len() >= 32).unwrap_or(scalar);
    let mut der = hex::decode("303102010104200000000000000000000000000000000000000000000000000000000000000000a00a06082a8648ce3d030107").unwrap();
    der[7 + 32 - scalar.len()..7 + 32].copy_from_slice(scalar);
    let line = der::pem::LineEnding::LF;
    let text = der::pem::encode_string("EC PRIVATE KEY", line, &der).unwrap();
    SoftwareKey::from_pem(&text).unwrap()
}

fn x25519(file: &str) -> Tally {
    tally::<Agreement>(file, |case| {
        let v = &case.vector;
        let prefix = hex::decode("302e020100300506032b656e04220420").unwrap();
        let key = SoftwareKey::from_pkcs8(&[prefix, v.private.0.clone()].concat()).unwrap();
        match key.agree(&v.public.0) {
            Ok(shared) => {
                assert_eq!(*shared, v.shared.0, "{case}");
                ACCEPTED
            }
            Err(fault) => {
                assert_eq!(fault, TokenError::Failed);
                assert_eq!(v.shared.0, [0; 32], "{case}");
                ZERO_SECRET
            }
        }
    })
}

fn signature(file: &str, algorithm: SignatureAlgorithm) -> Tally {
    #[derive(Deserialize)]
    struct Vector {
        #[serde(rename = "publicKeyDer")]
        spki: Hex,
        msg: Hex,
        sig: Hex,
    }
    tally::<Vector>(file, |case| {
        let v = &case.vector;
        match verify(algorithm, &v.spki.0, &v.msg.0, &v.sig.0) {
            Ok(()) => ACCEPTED,
            Err(fault) => {
                assert_eq!(fault, VerifyError::BadSignature, "{case}");
                if case.has_flag("MissingNull") { NO_NULL } else { REFUSED }
            }
        }
    })
}

fn derive(file: &str) -> Tally {
    #[derive(Deserialize)]
    struct Vector {
        ikm: Hex,
        salt: Hex,
        info: Hex,
        size: usize,
        okm: Hex,
    }
    tally::<Vector>(file, |case| {
        let v = &case.vector;
        let hash = crate::DigestAlgorithm::Sha256;
        let Some(okm) = hkdf(hash, &v.salt.0, &v.ikm.0, &v.info.0, v.size) else {
            assert!(v.size > HKDF_SHA256_MAX_OCTETS, "{case}");
            return REFUSED;
        };
        assert_eq!(*okm, v.okm.0, "{case}");
        assert_eq!(hkdf_sha256(&v.salt.0, &v.ikm.0, &v.info.0, v.size), okm);
        ACCEPTED
    })
}

fn oaep(file: &str, hash: OaepHash) -> Tally {
    #[derive(Deserialize)]
    struct Vector {
        #[serde(rename = "privateKeyPkcs8")]
        pkcs8: Hex,
        msg: Hex,
        ct: Hex,
        label: Hex,
    }
    let mut known: Option<SoftwareKey> = None;
    tally::<Vector>(file, |case| {
        let v = &case.vector;
        let key = known.get_or_insert_with(|| SoftwareKey::from_pkcs8(&v.pkcs8.0).unwrap());
        match key.decrypt_oaep(hash, &v.ct.0) {
            Ok(message) => {
                assert_eq!(*message, v.msg.0, "{case}");
                ACCEPTED
            }
            Err(fault) => {
                assert_eq!(fault, TokenError::Failed);
                // A ciphertext with a label must not open without it.
                if v.label.0.is_empty() { REFUSED } else { LABEL }
            }
        }
    })
}

/// Refused means: what comes out depends on key and ciphertext alone.
fn pkcs1(file: &str) -> Tally {
    #[derive(Deserialize)]
    struct Vector {
        #[serde(rename = "privateKeyPkcs8")]
        pkcs8: Hex,
        msg: Hex,
        ct: Hex,
    }
    tally::<Vector>(file, |case| {
        let v = &case.vector;
        let key = SoftwareKey::from_pkcs8(&v.pkcs8.0).unwrap();
        if v.ct.0.len() != 256 {
            assert_eq!(key.decrypt_pkcs1(&v.ct.0, 32), Err(TokenError::Failed), "{case}");
            return REFUSED;
        }
        // An invalid vector has no message whose length could be expected.
        let expected = if case.is_valid() { v.msg.0.len() } else { 32 };
        let out = key.decrypt_pkcs1(&v.ct.0, expected).unwrap();
        if case.is_valid() && *out == v.msg.0 {
            let wrong_len = key.decrypt_pkcs1(&v.ct.0, expected + 16).unwrap();
            assert_eq!(wrong_len, key.rejection_for_test(&v.ct.0, expected + 16), "{case}");
            return ACCEPTED;
        }
        assert_eq!(out, key.rejection_for_test(&v.ct.0, expected), "{case}");
        REFUSED
    })
}

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::*;
use crate::{p256_spki, rsa_encrypt_oaep, rsa_encrypt_pkcs1, verify};

const ALL: [KeyAlgorithm; 8] = [
    KeyAlgorithm::EcP256,
    KeyAlgorithm::EcP384,
    KeyAlgorithm::EcP521,
    KeyAlgorithm::Ed25519,
    KeyAlgorithm::X25519,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
];

/// An RSA key that all tests share, as making one takes a while.
fn rsa() -> &'static SoftwareKey {
    static KEY: OnceLock<SoftwareKey> = OnceLock::new();
    KEY.get_or_init(|| SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap())
}

fn ec() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

/// Runs `openssl` with `input` and gives its output.
fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    output.stdout
}

#[test]
fn a_generated_key_of_every_kind_signs_and_survives_both_encodings() {
    for algorithm in ALL {
        let key = SoftwareKey::generate(algorithm).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key_algorithm(key.spki()), Ok(algorithm));
        match key.sign(b"message") {
            Ok(signature) => {
                let algorithm = key.signature_algorithm();
                assert_eq!(verify(algorithm, key.spki(), b"message", &signature), Ok(()));
            }
            Err(fault) => {
                assert_eq!((fault, algorithm.can_sign()), (TokenError::WrongAlgorithm, false));
            }
        }

        for copy in [
            SoftwareKey::from_pkcs8(&key.to_pkcs8()).unwrap(),
            SoftwareKey::from_pem(&key.to_pem()).unwrap(),
        ] {
            assert_eq!(copy.algorithm(), algorithm);
            assert_eq!(copy.spki(), key.spki());
            assert_eq!(copy.to_pkcs8(), key.to_pkcs8());
        }
    }
}

#[test]
fn debug_output_of_a_key_shows_its_algorithm_only() {
    assert_eq!(format!("{:?}", ec()), "SoftwareKey { algorithm: EcP256, .. }");
}

#[test]
fn keys_of_openssl_in_each_pem_form_are_read() {
    let ec_and_parameters = openssl(&["ecparam", "-name", "prime256v1", "-genkey"], b"");
    let ec_pkcs8 = openssl(&["pkcs8", "-topk8", "-nocrypt"], &ec_and_parameters);
    let rsa_pkcs8 = openssl(&["genrsa", "2048"], b"");
    let rsa_pkcs1 = openssl(&["rsa", "-traditional"], &rsa_pkcs8);
    let curve = |name: &str| openssl(&["ecparam", "-name", name, "-genkey"], b"");
    let generate = |name: &str| openssl(&["genpkey", "-algorithm", name], b"");
    let p521_pkcs8 = openssl(&["pkcs8", "-topk8", "-nocrypt"], &curve("secp521r1"));
    for (label, pem) in [
        ("EC PRIVATE KEY", curve("secp384r1")),
        ("EC PRIVATE KEY", curve("secp521r1")),
        ("PRIVATE KEY", p521_pkcs8),
        ("PRIVATE KEY", generate("ED25519")),
        ("PRIVATE KEY", generate("X25519")),
        ("EC PRIVATE KEY", ec_and_parameters),
        ("PRIVATE KEY", ec_pkcs8),
        ("PRIVATE KEY", rsa_pkcs8),
        ("RSA PRIVATE KEY", rsa_pkcs1),
    ] {
        let text = String::from_utf8(pem.clone()).unwrap();
        assert!(text.contains(&format!("-----BEGIN {label}-----")));
        let key = SoftwareKey::from_pem(&text).unwrap();
        let spki = openssl(&["pkey", "-pubout", "-outform", "DER"], &pem);
        assert_eq!(key.spki(), spki, "{label}");

        let crlf = text.replace('\n', "\r\n");
        assert_eq!(SoftwareKey::from_pem(&crlf).unwrap().spki(), spki, "{label}");
    }
}

#[test]
fn openssl_reads_our_pem_and_finds_the_same_public_key() {
    for algorithm in &ALL[..6] {
        let key = SoftwareKey::generate(*algorithm).unwrap();
        let spki = openssl(&["pkey", "-pubout", "-outform", "DER"], key.to_pem().as_bytes());
        assert_eq!(spki, key.spki());
    }
}

#[test]
fn keys_that_are_not_for_us_are_told_from_malformed_ones() {
    let wrong = [
        openssl(&["ecparam", "-name", "secp256k1", "-genkey"], b""),
        openssl(&["genpkey", "-algorithm", "ED448"], b""),
        openssl(&["genpkey", "-algorithm", "X448"], b""),
        openssl(&["genrsa", "2560"], b""),
    ];
    for pem in wrong {
        let result = SoftwareKey::from_pem(std::str::from_utf8(&pem).unwrap());
        assert_eq!(result.unwrap_err(), TokenError::WrongAlgorithm);
    }
    for text in ["", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", &rsa_altered()] {
        assert_eq!(SoftwareKey::from_pem(text).unwrap_err(), TokenError::Malformed);
    }
}

/// The shared RSA key with another digit in the middle of its modulus.
fn rsa_altered() -> String {
    let mut text = rsa().to_pem().to_string();
    let other = if &text[200..201] == "A" { "B" } else { "A" };
    text.replace_range(200..201, other);
    text
}

#[test]
fn a_small_rsa_key_is_no_key() {
    let pem = openssl(&["genrsa", "1024"], b"");
    let result = SoftwareKey::from_pem(std::str::from_utf8(&pem).unwrap());
    assert_eq!(result.unwrap_err(), TokenError::Malformed);
}

#[test]
fn pkcs8_cut_or_lengthened_anywhere_is_malformed() {
    let elliptic = ALL[..5].iter().map(|algorithm| SoftwareKey::generate(*algorithm).unwrap());
    for key in elliptic.chain([SoftwareKey::from_pkcs8(&rsa().to_pkcs8()).unwrap()]) {
        let whole = key.to_pkcs8();
        for len in 0..whole.len() {
            let result = SoftwareKey::from_pkcs8(&whole[..len]);
            assert_eq!(result.unwrap_err(), TokenError::Malformed, "{len}");
        }
        let longer = [&whole[..], &[0]].concat();
        assert_eq!(SoftwareKey::from_pkcs8(&longer).unwrap_err(), TokenError::Malformed);
    }
}

#[test]
fn a_private_key_beside_the_public_key_of_another_is_malformed() {
    let (mine, other) = (ec(), ec());
    let mut pkcs8 = mine.to_pkcs8();
    let point = &other.spki()[26..];
    let at = pkcs8.len() - point.len();
    pkcs8[at..].copy_from_slice(point);
    assert_eq!(SoftwareKey::from_pkcs8(&pkcs8).unwrap_err(), TokenError::Malformed);
}

#[test]
fn operations_of_the_other_kind_are_refused() {
    let wrong = TokenError::WrongAlgorithm;
    assert_eq!(rsa().agree(&ec().spki()[26..]), Err(wrong));
    let [ed, x] = [KeyAlgorithm::Ed25519, KeyAlgorithm::X25519]
        .map(|algorithm| SoftwareKey::generate(algorithm).unwrap());
    assert_eq!(ed.agree(&[9; 32]), Err(wrong));
    assert_eq!(x.sign(b"message"), Err(wrong));
    for key in [ec(), ed, x] {
        assert_eq!(key.decrypt_oaep(OaepHash::Sha256, &[0; 256]), Err(wrong));
        assert_eq!(key.decrypt_pkcs1(&[0; 256], 32), Err(wrong));
    }
}

#[test]
fn agreement_with_anything_but_an_uncompressed_point_on_the_curve_fails() {
    for algorithm in [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::EcP521] {
        let [key, other] = [(); 2].map(|()| SoftwareKey::generate(algorithm).unwrap());
        let point = crate::ec_point(other.spki()).unwrap();
        let coordinate = (point.len() - 1) / 2;
        assert_eq!(key.agree(&point).unwrap().len(), coordinate);
        let odd = point.last().unwrap() & 1;
        let mut off_curve = point.clone();
        off_curve[40] ^= 1;
        let mut hybrid = point.clone();
        hybrid[0] = 6 | odd;
        let compressed = [&[2 | odd], &point[1..=coordinate]].concat();
        let short = &point[..point.len() - 1];
        for bad in [&[][..], &[0], &off_curve, &hybrid, &compressed, short, other.spki()] {
            assert_eq!(key.agree(bad), Err(TokenError::Failed));
        }
    }
    let whole_spki = p256_spki(&[4; 65]);
    assert_eq!(ec().agree(&whole_spki), Err(TokenError::Failed));
}

#[test]
fn points_of_another_curve_do_not_agree() {
    let keys =
        [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::EcP521, KeyAlgorithm::X25519]
            .map(|algorithm| SoftwareKey::generate(algorithm).unwrap());
    for key in &keys {
        for other in &keys {
            let public = match other.algorithm() {
                KeyAlgorithm::X25519 => other.spki()[12..].to_vec(),
                _ => crate::ec_point(other.spki()).unwrap(),
            };
            assert_eq!(key.agree(&public).is_ok(), key.algorithm() == other.algorithm());
        }
    }
}

#[test]
fn a_key_signs_with_every_algorithm_that_fits_it_and_refuses_the_others() {
    use SignatureAlgorithm::{
        EcdsaSha256, EcdsaSha384, EcdsaSha512, Ed25519, RsaPkcs1Sha256, RsaPkcs1Sha384,
        RsaPkcs1Sha512, RsaPssSha256, RsaPssSha384, RsaPssSha512,
    };
    let ecdsa = [EcdsaSha256, EcdsaSha384, EcdsaSha512];
    let rsa_algorithms =
        [RsaPkcs1Sha256, RsaPkcs1Sha384, RsaPkcs1Sha512, RsaPssSha256, RsaPssSha384, RsaPssSha512];
    let every = [&ecdsa[..], &rsa_algorithms, &[Ed25519]].concat();
    for (algorithm, default, fitting) in [
        (KeyAlgorithm::EcP256, EcdsaSha256, &ecdsa[..1]),
        (KeyAlgorithm::EcP384, EcdsaSha384, &ecdsa[1..2]),
        (KeyAlgorithm::EcP521, EcdsaSha512, &ecdsa),
        (KeyAlgorithm::Ed25519, Ed25519, &[Ed25519]),
        (KeyAlgorithm::Rsa2048, RsaPkcs1Sha256, &rsa_algorithms),
        (KeyAlgorithm::X25519, Ed25519, &[]),
    ] {
        let pkcs8 = match algorithm {
            KeyAlgorithm::Rsa2048 => rsa().to_pkcs8(),
            other => SoftwareKey::generate(other).unwrap().to_pkcs8(),
        };
        let read = || SoftwareKey::from_pkcs8(&pkcs8).unwrap();
        assert_eq!(read().signature_algorithm(), default);
        for with in &every {
            match read().with_signature_algorithm(*with) {
                Ok(key) => {
                    assert!(fitting.contains(with), "{algorithm:?} {with:?}");
                    assert_eq!(key.signature_algorithm(), *with);
                    let signature = key.sign(b"message").unwrap();
                    assert_eq!(verify(*with, key.spki(), b"message", &signature), Ok(()));
                }
                Err(fault) => {
                    assert!(!fitting.contains(with), "{algorithm:?} {with:?}");
                    assert_eq!(fault, TokenError::WrongAlgorithm);
                }
            }
        }
    }
}

#[test]
fn an_x25519_key_of_version_two_is_read_and_a_malformed_one_is_not() {
    let key = SoftwareKey::generate(KeyAlgorithm::X25519).unwrap();
    let one = key.to_pkcs8();
    // OneAsymmetricKey (RFC 5958 2): version 1 and the public key in [1].
    let mut two = one.to_vec();
    two[4] = 1;
    two.extend_from_slice(&[0x81, 0x21, 0x00]);
    two.extend_from_slice(&key.spki()[12..]);
    two[1] += 35;
    assert_eq!(SoftwareKey::from_pkcs8(&two).unwrap().spki(), key.spki());

    let mut short = one.to_vec();
    short.pop();
    short[1] -= 1;
    short[13] -= 1;
    short[15] -= 1;
    assert_eq!(SoftwareKey::from_pkcs8(&short).unwrap_err(), TokenError::Malformed);
    let mut not_inside = one.to_vec();
    not_inside[14] = 0x05;
    assert_eq!(SoftwareKey::from_pkcs8(&not_inside).unwrap_err(), TokenError::Malformed);
}

#[test]
fn what_is_encrypted_with_oaep_is_decrypted_with_the_same_hash_only() {
    let hashes = [OaepHash::Sha1, OaepHash::Sha256, OaepHash::Sha384, OaepHash::Sha512];
    for hash in hashes {
        let ciphertext = rsa_encrypt_oaep(rsa().spki(), hash, &[7; 32]).unwrap();
        for tried in hashes {
            let result = rsa().decrypt_oaep(tried, &ciphertext);
            if tried == hash {
                assert_eq!(*result.unwrap(), [7; 32]);
            } else {
                assert_eq!(result, Err(TokenError::Failed));
            }
        }
        assert_eq!(rsa().decrypt_oaep(hash, &ciphertext[1..]), Err(TokenError::Failed));
    }
}

#[test]
fn openssl_and_we_read_each_others_rsa_encryption() {
    let dir = std::env::temp_dir().join(format!("ssmax-primitives-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("key.pem");
    let file = path.to_str().unwrap();
    std::fs::File::create_new(&path).unwrap().write_all(rsa().to_pem().as_bytes()).unwrap();

    let paddings = [
        (None, &["-pkeyopt", "rsa_padding_mode:pkcs1"][..]),
        (Some(OaepHash::Sha1), &["-pkeyopt", "rsa_padding_mode:oaep"]),
        (
            Some(OaepHash::Sha256),
            &["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256"],
        ),
    ];
    for (hash, options) in paddings {
        let run = |step: &str, input: &[u8]| {
            openssl(&[&["pkeyutl", step, "-inkey", file], options].concat(), input)
        };
        let theirs = run("-encrypt", &[5; 32]);
        let ours = match hash {
            None => {
                assert_eq!(*rsa().decrypt_pkcs1(&theirs, 32).unwrap(), [5; 32]);
                rsa_encrypt_pkcs1(rsa().spki(), &[6; 32]).unwrap()
            }
            Some(hash) => {
                assert_eq!(*rsa().decrypt_oaep(hash, &theirs).unwrap(), [5; 32]);
                rsa_encrypt_oaep(rsa().spki(), hash, &[6; 32]).unwrap()
            }
        };
        assert_eq!(run("-decrypt", &ours), [6; 32]);
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

impl SoftwareKey {
    /// What a bad ciphertext decrypts to.
    pub(crate) fn rejection_for_test(&self, ciphertext: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
        match &self.private {
            Private::Rsa(rsa) => rejection(&rsa.rejection, ciphertext, len),
            _ => panic!("no RSA key"),
        }
    }
}

#[test]
fn implicit_rejection_depends_on_key_ciphertext_and_length_alone() {
    let other = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    // Below every modulus, and with a padding that fails all but surely.
    let garbage = [1; 256];
    let fake = rsa().decrypt_pkcs1(&garbage, 32).unwrap();
    assert_eq!(rsa().decrypt_pkcs1(&garbage, 32).unwrap(), fake);
    let reread = SoftwareKey::from_pkcs8(&rsa().to_pkcs8()).unwrap();
    assert_eq!(reread.decrypt_pkcs1(&garbage, 32).unwrap(), fake);

    assert_ne!(other.decrypt_pkcs1(&garbage, 32).unwrap(), fake);
    assert_ne!(rsa().decrypt_pkcs1(&[2; 256], 32).unwrap(), fake);
    assert_ne!(rsa().decrypt_pkcs1(&garbage, 16).unwrap()[..], fake[..16]);
    for len in [0, 1, 31, 33, 64, 300] {
        assert_eq!(rsa().decrypt_pkcs1(&garbage, len).unwrap().len(), len);
    }
    // At least the modulus: the library fails before the padding, the caller sees the same.
    assert_eq!(rsa().decrypt_pkcs1(&[0xff; 256], 32).unwrap().len(), 32);
}

#[test]
fn a_good_plaintext_of_another_length_than_expected_is_not_given_out() {
    let ciphertext = rsa_encrypt_pkcs1(rsa().spki(), &[9; 32]).unwrap();
    assert_eq!(*rsa().decrypt_pkcs1(&ciphertext, 32).unwrap(), [9; 32]);
    for len in [16, 24, 31, 33] {
        let fake = rsa().decrypt_pkcs1(&ciphertext, len).unwrap();
        assert_eq!(fake.len(), len);
        assert_ne!(fake[..16], [9; 16]);
    }
}

#[test]
fn a_ciphertext_without_the_length_of_the_modulus_fails_openly() {
    for len in [0, 255, 257] {
        assert_eq!(rsa().decrypt_pkcs1(&vec![1; len], 32), Err(TokenError::Failed));
    }
}

#[test]
fn one_key_works_in_many_threads_at_once() {
    let ciphertext = rsa_encrypt_oaep(rsa().spki(), OaepHash::Sha256, b"key").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..8 {
                    let out = rsa().decrypt_oaep(OaepHash::Sha256, &ciphertext).unwrap();
                    assert_eq!(*out, b"key");
                    rsa().sign(b"message").unwrap();
                }
            });
        }
    });
}

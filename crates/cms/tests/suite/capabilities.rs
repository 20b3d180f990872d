//! What mailers say that they read.

use ssmax_cms::{
    CmsError, Limits,
    capabilities::{Capabilities, MAX_CAPABILITIES, SMIME_CAPABILITIES},
    enveloped::{AgreementKdf, ContentCipher, KeyWrap},
    signed::SignedData,
};
use ssmax_primitives::DigestAlgorithm;
use ssmax_token::OaepHash;

use crate::{
    identities::{RSA, corpus, openssl},
    surgery::Node,
};

/// SMIMECapabilities with these entries, each an identifier in hexadecimal and parameters.
fn value(entries: &[(&str, Option<Node>)]) -> Vec<u8> {
    let entry = |(oid, parameters): &(&str, Option<Node>)| {
        let mut inside = vec![Node::Leaf(6, hex::decode(oid).unwrap())];
        inside.extend(parameters.clone());
        Node::Branch(0x30, inside)
    };
    Node::Branch(0x30, entries.iter().map(entry).collect()).encode()
}

const AES128_CBC: &str = "60864801650304012a02";
const AES_256_CBC: &str = "60864801650304012a";
const AES_128_CBC: &str = "608648016503040102";
const AES_128_GCM: &str = "608648016503040106";
const TRIPLE_DES: &str = "2a864886f70d0307";
const RC2: &str = "2a864886f70d0302";
const OAEP: &str = "2a864886f70d010107";
const SHA256_KDF: &str = "2b8104010b01";
const AES_128_WRAP: &str = "608648016503040105";

#[test]
fn ciphers_stand_in_the_order_of_preference_each_once() {
    let number = Node::Leaf(2, vec![0, 0x80]);
    let found = Capabilities::parse(&value(&[
        (AES_256_CBC, None),
        (AES_128_GCM, None),
        (TRIPLE_DES, None),
        (RC2, Some(number)),
        (AES128_CBC, None),
        (AES_128_CBC, Some(Node::Leaf(5, vec![]))),
        (AES_256_CBC, None),
    ]))
    .unwrap();
    use ContentCipher::{Aes128Cbc, Aes128Gcm, Aes256Cbc, Aes256Gcm, TripleDesCbc};
    assert_eq!(found.ciphers(), [Aes256Cbc, Aes128Gcm, TripleDesCbc, Aes128Cbc]);
    assert!(found.reads(Aes128Gcm));
    assert!(!found.reads(Aes256Gcm));
    assert!(!found.prefers_oaep());
    assert_eq!(found.agreements(), []);
}

#[test]
fn oaep_and_key_agreement_are_told_with_their_parameters() {
    let hash =
        || Node::Branch(0x30, vec![Node::Leaf(6, hex::decode("608648016503040201").unwrap())]);
    let mgf1 = Node::Leaf(6, hex::decode("2a864886f70d010108").unwrap());
    let sha256 = Node::Branch(
        0x30,
        vec![
            Node::Branch(0xa0, vec![hash()]),
            Node::Branch(0xa1, vec![Node::Branch(0x30, vec![mgf1, hash()])]),
        ],
    );
    let wrap = Node::Branch(0x30, vec![Node::Leaf(6, hex::decode(AES_128_WRAP).unwrap())]);
    let found = Capabilities::parse(&value(&[
        (OAEP, Some(sha256)),
        (OAEP, None),
        (SHA256_KDF, Some(wrap)),
        (SHA256_KDF, None),
    ]))
    .unwrap();
    assert!(found.prefers_oaep());
    assert_eq!(found.oaep_hashes(), [OaepHash::Sha256, OaepHash::Sha1]);
    let kdf = AgreementKdf::X963(DigestAlgorithm::Sha256);
    assert_eq!(found.agreements(), [(kdf, KeyWrap::Aes128)]);
    assert!(found.agrees(kdf));
    assert!(!found.agrees(AgreementKdf::Hkdf(DigestAlgorithm::Sha256)));
    assert_eq!(found.ciphers(), []);
}

#[test]
fn sixty_four_entries_are_read_and_sixty_five_are_not() {
    let with = |count| Capabilities::parse(&value(&vec![(RC2, None); count]));
    assert_eq!(with(MAX_CAPABILITIES), Ok(Capabilities::default()));
    assert_eq!(with(MAX_CAPABILITIES + 1), Err(CmsError::TooManyCapabilities));
    assert_eq!(with(0), Ok(Capabilities::default()));
}

#[test]
fn what_is_no_list_of_capabilities_is_refused() {
    for bad in [&b""[..], b"\x05\x00", b"\x30\x02\x05\x00", b"\x30\x00\x00"] {
        assert_eq!(Capabilities::parse(bad), Err(CmsError::Malformed), "{bad:?}");
    }
    assert_eq!(Capabilities::parse(b"\x30\x04\x06\x01"), Err(CmsError::Truncated));
    // An entry with more than an identifier and parameters.
    let two = b"\x30\x09\x30\x07\x06\x01\x2a\x05\x00\x05\x00";
    assert_eq!(Capabilities::parse(two), Err(CmsError::Malformed));
}

#[test]
fn our_own_capabilities_are_read_back() {
    let attribute = Capabilities::attribute(false);
    assert_eq!(attribute.oid, SMIME_CAPABILITIES);
    let found = Capabilities::parse(&attribute.value).unwrap();
    assert!(found.ciphers().iter().all(|cipher| ContentCipher::ALL.contains(cipher)));
    assert!(!found.reads(ContentCipher::Aes256Gcm));
    let with_gcm = Capabilities::parse(&Capabilities::attribute(true).value).unwrap();
    assert!(with_gcm.reads(ContentCipher::Aes256Gcm));
}

#[test]
fn capabilities_of_openssl_are_read_and_their_absence_is_told() {
    let sign = |options: &[&str]| {
        let fixed = ["cms", "-sign", "-binary", "-outform", "DER", "-signer"];
        let signer = [&*RSA.certificate_file, "-inkey", &RSA.key_file];
        let message = openssl(&[&fixed[..], &signer, options].concat(), b"Hello");
        SignedData::parse(&message, &Limits::default()).unwrap().signers()[0].capabilities()
    };
    let found = sign(&[]).unwrap().unwrap();
    use ContentCipher::{Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc};
    assert_eq!(found.ciphers(), [Aes256Cbc, Aes192Cbc, Aes128Cbc, TripleDesCbc]);
    assert_eq!(sign(&["-nosmimecap"]), Ok(None));
    assert_eq!(sign(&["-noattr"]), Ok(None));
}

#[test]
fn in_the_signatures_of_rfc_4134_they_are_readable_or_absent() {
    let Some(folder) = corpus("rfc4134") else { return };
    let mut signers = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let octets = std::fs::read(entry.unwrap().path()).unwrap();
        let Ok(signed) = SignedData::parse(&octets, &Limits::default()) else { continue };
        for signer in signed.signers() {
            assert!(signer.capabilities().is_ok());
            signers += 1;
        }
    }
    assert!(signers > 0);
}

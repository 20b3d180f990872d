//! Signatures made here, read by OpenSSL and by us.

use ssmax_cms::{
    CmsError, Limits,
    capabilities::Capabilities,
    enveloped::ContentCipher,
    signed::{
        Attribute, ID_DOMAIN_SIGNATURE, SIGNATURE_TYPE, SignRequest, SignedData, attribute_oid,
        attribute_utf8, domain_signature_type, encryption_key_preference, is_domain_signature_type,
        sign, sign_over, utf8_value,
    },
};
use ssmax_pki::Certificate;
use ssmax_primitives::{SoftwareKey, sha256};
use ssmax_token::{KeyAlgorithm, KeyPair, SignatureAlgorithm, SigningKey, TokenError};
use time::macros::datetime;

use crate::{
    identities::{ED25519, Identity, P256, P384, P521, RSA, X25519, file, openssl},
    surgery::{MESSAGE_DIGEST, Node, attribute},
};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello, world.\r\n";

fn request<'a>(identity: &'a Identity, certificates: &'a [Certificate]) -> SignRequest<'a> {
    SignRequest {
        content_digest: sha256(CONTENT),
        content: None,
        signing_time: None,
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates,
        signer: &identity.certificate,
    }
}

fn read(message: &[u8]) -> SignedData {
    SignedData::parse(message, &Limits::default()).unwrap()
}

/// A key that says to sign with another algorithm.
struct Pretending(SignatureAlgorithm);

impl KeyPair for Pretending {
    fn algorithm(&self) -> KeyAlgorithm {
        RSA.key().algorithm()
    }
    fn spki(&self) -> &[u8] {
        RSA.key().spki()
    }
}

impl SigningKey for Pretending {
    fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.0
    }
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, TokenError> {
        Err(TokenError::Unavailable)
    }
}

#[test]
fn openssl_verifies_what_we_sign() {
    for identity in [&*RSA, &P256] {
        let certificates = [identity.certificate.clone()];
        let detached = sign(&request(identity, &certificates), identity.key()).unwrap();
        let content = file(&format!("signed-{}", identity.key().algorithm().is_rsa()), CONTENT);
        let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-CAfile"];
        let with = [&verify[..], &[&identity.certificate_file, "-content", &content]].concat();
        assert_eq!(openssl(&with, &detached), CONTENT);

        let opaque = SignRequest { content: Some(CONTENT), ..request(identity, &certificates) };
        let opaque = sign(&opaque, identity.key()).unwrap();
        let with = [&verify[..], &[&identity.certificate_file, "-cades"]].concat();
        assert_eq!(openssl(&with, &opaque), CONTENT);
    }
}

#[test]
fn we_read_back_what_we_sign() {
    let certificates = [P256.certificate.clone(), RSA.certificate.clone()];
    let time = datetime!(2026-03-04 05:06:07.89 +09:00);
    let request = SignRequest {
        content: Some(CONTENT),
        signing_time: Some(time),
        extra_signed: vec![
            attribute_utf8("1.2.3.4", "記録"),
            attribute_oid("1.2.3.5", "1.2.840.113549.1.9.16.2.28"),
            encryption_key_preference(&P256.certificate),
        ],
        unsigned: vec![attribute_utf8("1.2.3.6", "evidence")],
        ..request(&P256, &certificates)
    };
    let message = sign(&request, P256.key()).unwrap();
    let signed = read(&message);
    assert_eq!(signed.content(), Some(CONTENT));
    assert!(signed.is_data());
    assert_eq!(signed.certificates(), certificates);
    let [signer] = signed.signers() else { panic!("one signer") };
    assert_eq!(signer.verify(&P256.certificate, CONTENT), Ok(()));
    assert_eq!(signer.verify_digest(&P256.certificate, &sha256(CONTENT)), Ok(()));
    assert_eq!(signer.signing_time(), Some(datetime!(2026-03-03 20:06:07 UTC)));
    let text = "\u{c}\u{6}記録".as_bytes();
    assert_eq!(signer.signed_attribute("1.2.3.4"), Ok(Some(text)));
    let oid = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x1c";
    assert_eq!(signer.signed_attribute("1.2.3.5"), Ok(Some(&oid[..])));
    assert_eq!(signer.unsigned_attribute("1.2.3.6"), Ok(Some(&b"\x0c\x08evidence"[..])));
    assert_eq!(signer.signed_attribute("1.2.3.6"), Ok(None));
    assert_eq!(signer.signed_attribute("no identifier"), Ok(None));
    let preference = signer.signed_attribute("1.2.840.113549.1.9.16.2.11").unwrap().unwrap();
    assert_eq!(preference[0], 0xa0);
    assert!(preference.windows(8).any(|w| P256.certificate.serial().starts_with(w)));
    for always in ["1.2.840.113549.1.9.15", "1.2.840.113549.1.9.16.2.47"] {
        assert!(signer.signed_attribute(always).unwrap().is_some(), "{always}");
    }
}

#[test]
fn the_message_is_der_with_sorted_signed_attributes() {
    let certificates = [RSA.certificate.clone()];
    let request = SignRequest {
        signing_time: Some(datetime!(2026-03-04 05:06:07 UTC)),
        extra_signed: vec![attribute_utf8("1.2.3.4", "x"), attribute_utf8("1.2.3.3", "longer")],
        ..request(&RSA, &certificates)
    };
    let message = sign(&request, RSA.key()).unwrap();
    assert_eq!(ssmax_cms::ber::to_der(&message, &Limits::default()).unwrap(), message);
    assert_eq!(sign(&request, RSA.key()).unwrap(), message, "deterministic with PKCS#1");
    // OpenSSL writes signed attributes sorted when it re-encodes them.
    let again = openssl(&["cms", "-cmsout", "-inform", "DER", "-outform", "DER"], &message);
    assert_eq!(again, message);
}

#[test]
fn years_from_2050_are_written_as_generalized_time() {
    for time in [
        datetime!(1949-12-31 23:59:59 UTC),
        datetime!(1950-01-01 0:00 UTC),
        datetime!(2049-12-31 23:59:59 UTC),
        datetime!(2050-01-01 0:00 UTC),
    ] {
        let request = SignRequest { signing_time: Some(time), ..request(&P256, &[]) };
        let signed = read(&sign(&request, P256.key()).unwrap());
        let signer = &signed.signers()[0];
        assert_eq!(signer.signing_time(), Some(time));
        let value = signer.signed_attribute("1.2.840.113549.1.9.5").unwrap().unwrap();
        let tag = if (1950..2050).contains(&time.year()) { 0x17 } else { 0x18 };
        assert_eq!(value[0], tag);
    }
}

#[test]
fn the_hash_names_the_signature_whatever_unsigned_attributes_are_added() {
    let plain = sign(&request(&RSA, &[]), RSA.key()).unwrap();
    let unsigned = vec![attribute_utf8("1.2.3.6", "evidence")];
    let more = sign(&SignRequest { unsigned, ..request(&RSA, &[]) }, RSA.key()).unwrap();
    let (plain, more) = (read(&plain), read(&more));
    let (plain, more) = (&plain.signers()[0], &more.signers()[0]);
    assert_ne!(plain.der(), more.der());
    assert_eq!(plain.hash(), sha256(plain.der()));
    assert_eq!(more.hash(), plain.hash());
}

#[test]
fn attributes_that_cannot_be_written_are_refused_by_name() {
    let with = |attribute: Attribute| {
        let extra_signed = vec![attribute];
        sign(&SignRequest { extra_signed, ..request(&P256, &[]) }, P256.key()).unwrap_err()
    };
    assert_eq!(with(attribute_utf8("no identifier", "x")), CmsError::BadAttribute);
    assert_eq!(with(attribute_oid("1.2.3", "no identifier")), CmsError::BadAttribute);
    let value = b"\x05\x00\x05\x00".to_vec();
    assert_eq!(with(Attribute { oid: "1.2.3".into(), value }), CmsError::BadAttribute);
    // contentType is written always.
    assert_eq!(with(attribute_utf8("1.2.840.113549.1.9.3", "x")), CmsError::DuplicateAttribute);
    let unsigned = vec![attribute_oid("1.2.3", "")];
    let found = sign(&SignRequest { unsigned, ..request(&P256, &[]) }, P256.key());
    assert_eq!(found.unwrap_err(), CmsError::BadAttribute);
}

#[test]
fn a_domain_signature_says_so() {
    let with = |extra_signed| {
        let message =
            sign(&SignRequest { extra_signed, ..request(&P256, &[]) }, P256.key()).unwrap();
        let signed = read(&message);
        let value = signed.signers()[0].signed_attribute(SIGNATURE_TYPE).unwrap().unwrap();
        is_domain_signature_type(value)
    };
    assert!(with(vec![domain_signature_type()]));
    // An OID that stands alone, and id-sti-originatorSig.
    assert!(!with(vec![attribute_oid(SIGNATURE_TYPE, ID_DOMAIN_SIGNATURE)]));
    let mut originator = domain_signature_type();
    *originator.value.last_mut().unwrap() = 1;
    assert!(!with(vec![originator]));
}

#[test]
fn only_one_valid_utf8_string_is_a_text() {
    assert_eq!(utf8_value(&attribute_utf8("1.2.3", "記録").value), Some("記録".to_owned()));
    for bad in [&b""[..], b"\x0c\x01", b"\x0c\x01\xff", b"\x0c\x01a\x0c\x01b", b"\x04\x01a"] {
        assert_eq!(utf8_value(bad), None, "{bad:?}");
    }
}

#[test]
fn taking_the_content_out_leaves_a_detached_signature() {
    let certificates = [P256.certificate.clone()];
    let unsigned = vec![attribute_utf8("1.2.3.6", "evidence")];
    let detached = SignRequest { unsigned, ..request(&P256, &certificates) };
    let detached = sign(&detached, P256.key()).unwrap();
    assert_eq!(read(&detached).detached(), detached);
    let opaque = SignRequest { content: Some(CONTENT), ..request(&P256, &certificates) };
    let opaque = read(&sign(&opaque, P256.key()).unwrap());
    let taken = read(&opaque.detached());
    assert_eq!(taken.content(), None);
    assert_eq!(taken.certificates(), certificates);
    assert_eq!(taken.signers()[0].der(), opaque.signers()[0].der());
    assert_eq!(taken.signers()[0].verify(&P256.certificate, CONTENT), Ok(()));
}

#[test]
fn a_key_that_is_not_the_certificates_does_not_sign() {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    assert_eq!(sign(&request(&P256, &[]), &key), Err(CmsError::KeyMismatch));
}

#[test]
fn a_detached_signature_with_another_hash_needs_the_content() {
    let found = sign(&request(&RSA, &[]), &Pretending(SignatureAlgorithm::RsaPkcs1Sha512));
    assert_eq!(found, Err(CmsError::SigningAlgorithm));
    for algorithm in [SignatureAlgorithm::RsaPkcs1Sha512, SignatureAlgorithm::RsaPssSha256] {
        let found = sign_over(&request(&RSA, &[]), CONTENT, &Pretending(algorithm));
        assert_eq!(found, Err(CmsError::Signing(TokenError::Unavailable)));
    }
}

#[test]
fn a_key_that_only_agrees_signs_nothing() {
    let found = sign_over(&request(&X25519, &[]), CONTENT, X25519.key());
    assert_eq!(found, Err(CmsError::SigningAlgorithm));
}

#[test]
fn every_key_and_algorithm_makes_signatures_that_openssl_and_we_verify() {
    use SignatureAlgorithm as A;
    let rsa = [
        A::RsaPkcs1Sha256,
        A::RsaPkcs1Sha384,
        A::RsaPkcs1Sha512,
        A::RsaPssSha256,
        A::RsaPssSha384,
        A::RsaPssSha512,
    ];
    let cases: [(&Identity, &[A]); 5] = [
        (&RSA, &rsa),
        (&P256, &[A::EcdsaSha256]),
        (&P384, &[A::EcdsaSha384]),
        (&P521, &[A::EcdsaSha256, A::EcdsaSha384, A::EcdsaSha512]),
        (&ED25519, &[A::Ed25519]),
    ];
    let content = file("every-algorithm", CONTENT);
    for (identity, algorithms) in cases {
        let certificates = [identity.certificate.clone()];
        for algorithm in algorithms {
            let pkcs8 = identity.key().to_pkcs8();
            let key = SoftwareKey::from_pkcs8(&pkcs8).unwrap();
            let key = key.with_signature_algorithm(*algorithm).unwrap();
            let detached = sign_over(&request(identity, &certificates), CONTENT, &key).unwrap();
            let with_content =
                SignRequest { content: Some(CONTENT), ..request(identity, &certificates) };
            let opaque = sign(&with_content, &key).unwrap();
            for message in [&detached, &opaque] {
                let signed = read(message);
                let [signer] = signed.signers() else { panic!("one signer") };
                assert_eq!(signer.verify(&identity.certificate, CONTENT), Ok(()));
                assert_eq!(signer.signature_algorithm(), Ok(*algorithm));
            }
            if *algorithm == A::Ed25519 {
                // OpenSSL 3.0 does not do Ed25519 in CMS, only by itself.
                verify_attributes(identity, &detached);
                continue;
            }
            let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-CAfile"];
            let with = [&verify[..], &[&identity.certificate_file, "-content", &content]].concat();
            assert_eq!(openssl(&with, &detached), CONTENT, "{algorithm:?}");
            let with = [&verify[..], &[&identity.certificate_file, "-cades"]].concat();
            assert_eq!(openssl(&with, &opaque), CONTENT, "{algorithm:?}");
        }
    }
}

/// OpenSSL checks the only signature over its attributes, and SHA-512 is what they tell.
fn verify_attributes(identity: &Identity, message: &[u8]) {
    let signed = read(message);
    let mut signer = Node::parse(signed.signers()[0].der());
    let sha512 = ssmax_primitives::digest(ssmax_primitives::DigestAlgorithm::Sha512, CONTENT);
    let attributes = signer.at(&[3]).inside();
    assert_eq!(*attribute(attributes, MESSAGE_DIGEST).at(&[1, 0]).content(), sha512);
    let as_set = file("ed25519-set", &Node::Branch(0x31, attributes.clone()).encode());
    let value = file("ed25519-value", signer.at(&[5]).content());
    let verify = ["pkeyutl", "-verify", "-rawin", "-certin", "-inkey"];
    let files = [&*identity.certificate_file, "-in", &as_set, "-sigfile", &value];
    openssl(&[&verify[..], &files].concat(), b"");
}

#[test]
fn our_capabilities_name_gcm_only_where_asked() {
    let ciphers = |extra_signed| {
        let request = SignRequest { extra_signed, ..request(&P256, &[]) };
        let message = sign(&request, P256.key()).unwrap();
        let signed = read(&message);
        signed.signers()[0].capabilities().unwrap().unwrap().ciphers().to_vec()
    };
    use ContentCipher::{Aes128Cbc, Aes128Gcm, Aes192Cbc, Aes256Cbc, Aes256Gcm};
    assert_eq!(ciphers(vec![]), [Aes256Cbc, Aes192Cbc, Aes128Cbc]);
    assert_eq!(ciphers(vec![Capabilities::attribute(false)]), ciphers(vec![]));
    assert_eq!(
        ciphers(vec![Capabilities::attribute(true)]),
        [Aes256Gcm, Aes128Gcm, Aes256Cbc, Aes192Cbc, Aes128Cbc]
    );
    let twice = vec![Capabilities::attribute(true), Capabilities::attribute(false)];
    let request = SignRequest { extra_signed: twice, ..request(&P256, &[]) };
    assert_eq!(sign(&request, P256.key()), Err(CmsError::DuplicateAttribute));
}

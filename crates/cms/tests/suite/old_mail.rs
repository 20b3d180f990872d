//! What is read only to open old mail: 3DES, and signatures with SHA-1.

use ssmax_cms::{
    CmsError, Limits, SignatureFault,
    enveloped::{ContentCipher, Enveloped, Kind, UnwrapPolicy},
    signed::{SignaturePolicy, SignedData},
};
use ssmax_primitives::ContentKey;

use crate::{
    identities::{Identity, P256, RSA, RSA_1024, openssl},
    surgery::{MESSAGE_DIGEST, Node, SIGNER_INFO, attribute},
};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nWritten long ago.\r\n";
const PKCS1: UnwrapPolicy = UnwrapPolicy { allow_pkcs1: true };
const OLD: SignaturePolicy = SignaturePolicy { allow_sha1: true };

fn limits() -> Limits {
    Limits::default()
}

fn triple_des(options: &[&str]) -> Vec<u8> {
    let mut arguments = vec!["cms", "-encrypt", "-binary", "-outform", "DER", "-des3"];
    arguments.extend(options);
    arguments.extend(["-recip", &RSA.certificate_file]);
    openssl(&arguments, CONTENT)
}

#[test]
fn triple_des_opens_as_old_mail_and_not_otherwise() {
    for options in [&[][..], &["-stream"], &["-keyid"]] {
        let message = triple_des(options);
        assert_eq!(Enveloped::parse(&message, &limits()).unwrap_err(), CmsError::CipherRefused);
        let found = Enveloped::parse_vec(message.clone(), &limits());
        assert_eq!(found.unwrap_err(), CmsError::CipherRefused);

        let old = Enveloped::parse_old(&message, &limits()).unwrap();
        assert_eq!((old.cipher(), old.kind()), (ContentCipher::TripleDesCbc, Kind::Enveloped));
        let key = old.recipients()[0].unwrap(&RSA.certificate, RSA.key(), &PKCS1, 24).unwrap();
        assert_eq!(*old.decrypt(&key).unwrap(), CONTENT);
        let probe = old.probe(&key, 8).unwrap();
        assert_eq!((&**probe.beginning, probe.content_bytes), (&CONTENT[..8], CONTENT.len()));
        let in_place = Enveloped::parse_old_vec(message, &limits()).unwrap();
        assert_eq!(in_place.tail(), old.tail());
        assert_eq!(*in_place.into_decrypted(&key).unwrap(), CONTENT);
        let wrong = ContentKey::new(vec![1; 24]);
        assert_eq!(old.decrypt(&wrong).unwrap_err(), CmsError::Decryption);
        let short = ContentKey::new(vec![1; 16]);
        assert_eq!(old.decrypt(&short).unwrap_err(), CmsError::Decryption);
    }
}

#[test]
fn old_mail_may_have_the_ciphers_of_today_and_no_others() {
    let today = ["cms", "-encrypt", "-binary", "-outform", "DER", "-aes128"];
    let message = openssl(&[&today[..], &["-recip", &RSA.certificate_file]].concat(), CONTENT);
    let old = Enveloped::parse_old(&message, &limits()).unwrap();
    assert_eq!(old.cipher(), ContentCipher::Aes128Cbc);
    let mut tree = Node::parse(&triple_des(&[]));
    // des-ede3-cbc is 1.2.840.113549.3.7; rc2-cbc is .2, rc4 is .4.
    for other in [2, 4] {
        *tree.at(&[1, 0, 2, 1, 0]).content().last_mut().unwrap() = other;
        let found = Enveloped::parse_old(&tree.encode(), &limits());
        assert_eq!(found.unwrap_err(), CmsError::CipherRefused);
    }
}

#[test]
fn a_vector_of_other_than_eight_octets_is_refused() {
    for len in [0, 7, 9, 16] {
        let mut tree = Node::parse(&triple_des(&[]));
        tree.at(&[1, 0, 2, 1, 1]).content().resize(len, 0);
        let found = Enveloped::parse_old(&tree.encode(), &limits());
        assert_eq!(found.unwrap_err(), CmsError::CipherParameters, "{len}");
    }
}

#[test]
fn triple_des_in_an_authenticated_structure_is_no_gcm() {
    let mut tree = Node::parse(&triple_des(&[]));
    *tree.at(&[0]).content() = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17".to_vec();
    tree.at(&[1, 0]).inside().push(Node::Leaf(4, vec![0; 16]));
    let found = Enveloped::parse_old(&tree.encode(), &limits());
    assert_eq!(found.unwrap_err(), CmsError::GcmRequired);
}

fn sign_with(identity: &Identity, options: &[&str]) -> SignedData {
    let mut arguments = vec!["cms", "-sign", "-binary", "-outform", "DER"];
    arguments.extend(["-signer", &identity.certificate_file, "-inkey", &identity.key_file]);
    arguments.extend(options);
    SignedData::parse(&openssl(&arguments, CONTENT), &limits()).unwrap()
}

#[test]
fn sha1_counts_only_where_old_mail_is_allowed() {
    for options in
        [&["-md", "sha1"][..], &["-md", "sha1", "-noattr"], &["-md", "sha1", "-nodetach"]]
    {
        let signed = sign_with(&RSA, options);
        let signer = &signed.signers()[0];
        let certificate = &RSA.certificate;
        assert_eq!(signer.verify(certificate, CONTENT), Err(SignatureFault::WeakDigest));
        assert_eq!(signer.verify_with(certificate, CONTENT, &OLD), Ok(()));
        let never = SignaturePolicy::default();
        let found = signer.verify_with(certificate, CONTENT, &never);
        assert_eq!(found, Err(SignatureFault::WeakDigest));
        let changed = signer.verify_with(certificate, b"changed", &OLD);
        let expected = if options.contains(&"-noattr") {
            SignatureFault::Invalid
        } else {
            SignatureFault::DigestMismatch
        };
        assert_eq!(changed, Err(expected));
        let other = signer.verify_with(&P256.certificate, CONTENT, &OLD);
        assert_eq!(other, Err(SignatureFault::WrongCertificate));
        assert_eq!(signer.digest_algorithm(), Err(SignatureFault::WeakDigest));
    }
}

#[test]
fn sha1_with_ecdsa_or_pss_and_md5_are_refused_in_old_mail_too() {
    let pss = ["-md", "sha1", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"];
    for signed in [
        sign_with(&P256, &["-md", "sha1"]),
        sign_with(&RSA, &pss),
        sign_with(&RSA, &["-md", "md5"]),
    ] {
        let signer = &signed.signers()[0];
        for identity in [&*RSA, &P256] {
            let found = signer.verify_with(&identity.certificate, CONTENT, &OLD);
            assert_eq!(found, Err(SignatureFault::WeakDigest));
        }
    }
}

#[test]
fn the_policy_changes_nothing_for_signatures_of_today() {
    let signed = sign_with(&RSA, &["-md", "sha256"]);
    let signer = &signed.signers()[0];
    assert_eq!(signer.verify_with(&RSA.certificate, CONTENT, &OLD), Ok(()));
    // SHA-1 as the digest with a signature over SHA-256 is neither.
    let mut tree = Node::parse(&openssl(
        &[
            &["cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256", "-nocerts"][..],
            &["-signer", &RSA.certificate_file, "-inkey", &RSA.key_file],
        ]
        .concat(),
        CONTENT,
    ));
    let signer = tree.at(&SIGNER_INFO);
    *signer.at(&[2, 0]).content() = b"\x2b\x0e\x03\x02\x1a".to_vec();
    *signer.at(&[4, 0]).content() = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b".to_vec();
    assert!(!attribute(signer.at(&[3]).inside(), MESSAGE_DIGEST).encode().is_empty());
    let mixed = SignedData::parse(&tree.encode(), &limits()).unwrap();
    let found = mixed.signers()[0].verify_with(&RSA.certificate, CONTENT, &OLD);
    assert_eq!(found, Err(SignatureFault::WeakDigest));
}

#[test]
fn keys_of_1024_bits_are_refused_by_name_in_old_mail_too() {
    for digest in ["sha1", "sha256"] {
        let signed = sign_with(&RSA_1024, &["-md", digest]);
        let signer = &signed.signers()[0];
        let found = signer.verify_with(&RSA_1024.certificate, CONTENT, &OLD);
        assert_eq!(found, Err(SignatureFault::KeyTooSmall));
    }
}

#[test]
fn a_key_of_another_kind_than_the_signature_is_named() {
    // The identifier of the signature says RSA; the certificate named has an EC key.
    let signed = sign_with(&RSA, &["-md", "sha256", "-nocerts"]);
    let mut tree = Node::parse(signed.signers()[0].der());
    let mut name = Node::parse(P256.certificate.der());
    let (serial, issuer) = (name.at(&[0, 1]).clone(), name.at(&[0, 3]).clone());
    *tree.at(&[1]) = Node::Branch(0x30, vec![issuer, serial]);
    let signer = ssmax_cms::signed::SignerInfo::parse(&tree.encode(), &limits()).unwrap();
    let found = signer.verify(&P256.certificate, CONTENT);
    assert_eq!(found, Err(SignatureFault::KeyKind));
}

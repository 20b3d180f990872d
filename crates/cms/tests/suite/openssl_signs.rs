//! Signatures made by OpenSSL, read here.

use ssmax_cms::{Limits, SignatureFault, signed::SignedData};
use ssmax_token::SignatureAlgorithm;

use crate::{
    identities::{ED25519, Identity, P256, P384, P521, RSA, file, openssl},
    surgery::{Node, SIGNER_INFO},
};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello, world.\r\n";

fn sign_with(identity: &Identity, options: &[&str]) -> Vec<u8> {
    let mut arguments = vec!["cms", "-sign", "-binary", "-outform", "DER"];
    arguments.extend(["-signer", &identity.certificate_file, "-inkey", &identity.key_file]);
    arguments.extend(options);
    openssl(&arguments, CONTENT)
}

#[track_caller]
fn assert_good(identity: &Identity, message: &[u8], detached: bool) -> SignatureAlgorithm {
    let signed = SignedData::parse(message, &Limits::default()).unwrap();
    assert_eq!(signed.content(), (!detached).then_some(CONTENT));
    let [signer] = signed.signers() else { panic!("one signer") };
    let certificate = signer.certificate(signed.certificates()).unwrap();
    assert_eq!(certificate, &identity.certificate);
    assert_eq!(signer.verify(certificate, CONTENT), Ok(()));
    assert_ne!(signer.verify(certificate, b"other"), Ok(()));
    signer.signature_algorithm().unwrap()
}

#[test]
fn every_key_with_every_hash_verifies() {
    use SignatureAlgorithm as A;
    let ecdsa = [A::EcdsaSha256, A::EcdsaSha384, A::EcdsaSha512];
    let rsa = [A::RsaPkcs1Sha256, A::RsaPkcs1Sha384, A::RsaPkcs1Sha512];
    for (identity, algorithms) in [(&*RSA, rsa), (&P256, ecdsa), (&P384, ecdsa), (&P521, ecdsa)] {
        for (hash, algorithm) in ["sha256", "sha384", "sha512"].into_iter().zip(algorithms) {
            let message = sign_with(identity, &["-md", hash]);
            assert_eq!(assert_good(identity, &message, true), algorithm);
        }
    }
}

#[test]
fn pss_with_a_salt_as_long_as_the_hash_verifies() {
    use SignatureAlgorithm as A;
    for (hash, algorithm) in
        [("sha256", A::RsaPssSha256), ("sha384", A::RsaPssSha384), ("sha512", A::RsaPssSha512)]
    {
        let options =
            ["-md", hash, "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"];
        let message = sign_with(&RSA, &options);
        assert_eq!(assert_good(&RSA, &message, true), algorithm);
    }
}

#[test]
fn pss_with_other_parameters_is_refused_by_name() {
    let pss = ["-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt"];
    for (option, fault) in [
        ("rsa_pss_saltlen:20", SignatureFault::PssParameters),
        ("rsa_mgf1_md:sha512", SignatureFault::PssParameters),
        ("rsa_mgf1_md:sha1", SignatureFault::PssParameters),
    ] {
        let salt = ["-keyopt", "rsa_pss_saltlen:-1"];
        let options = match option {
            "rsa_pss_saltlen:20" => [&pss[..], &[option]].concat(),
            _ => [&pss[..], &[option], &salt].concat(),
        };
        let signed = SignedData::parse(&sign_with(&RSA, &options), &Limits::default()).unwrap();
        assert_eq!(signed.signers()[0].verify(&RSA.certificate, CONTENT), Err(fault), "{option}");
    }
}

#[test]
fn every_way_of_writing_it_verifies() {
    for identity in [&*RSA, &P256] {
        for (options, detached) in [
            (&["-nodetach"][..], false),
            (&["-nodetach", "-stream"], false),
            (&["-stream"], false),
            (&["-keyid"], true),
            (&["-nosmimecap"], true),
            (&["-cades"], true),
            (&["-noattr"], true),
            (&["-noattr", "-nodetach", "-stream"], false),
        ] {
            assert_good(identity, &sign_with(identity, options), detached);
        }
    }
}

#[test]
fn a_message_of_megabytes_in_segments_verifies() {
    let content = vec![b'x'; 3_000_001];
    let identity = &*P256;
    let arguments = [
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-stream",
        "-outform",
        "DER",
        "-signer",
        &identity.certificate_file,
        "-inkey",
        &identity.key_file,
    ];
    let message = openssl(&arguments, &content);
    let signed = SignedData::parse(&message, &Limits::default()).unwrap();
    assert_eq!(signed.content(), Some(&content[..]));
    assert_eq!(signed.signers()[0].verify(&identity.certificate, &content), Ok(()));
}

#[test]
fn sha_1_is_refused_by_name() {
    for identity in [&*RSA, &P256] {
        let message = sign_with(identity, &["-md", "sha1"]);
        let signed = SignedData::parse(&message, &Limits::default()).unwrap();
        let signer = &signed.signers()[0];
        assert_eq!(signer.digest_algorithm(), Err(SignatureFault::WeakDigest));
        assert_eq!(signer.verify(&identity.certificate, CONTENT), Err(SignatureFault::WeakDigest));
    }
}

#[test]
fn sha_224_is_refused_by_name() {
    let signed =
        SignedData::parse(&sign_with(&RSA, &["-md", "sha224"]), &Limits::default()).unwrap();
    let fault = signed.signers()[0].verify(&RSA.certificate, CONTENT);
    assert_eq!(fault, Err(SignatureFault::UnsupportedDigest));
}

/// OpenSSL 3.0 makes Ed25519 signatures but no CMS with them (RFC 8419), so its
/// signature is put into a message made otherwise.
#[test]
fn ed25519_verifies() {
    let mut tree = Node::parse(&sign_with(&RSA, &["-md", "sha512", "-nocerts"]));
    let signer = tree.at(&SIGNER_INFO);
    let certificate = &ED25519.certificate;
    let name =
        vec![Node::parse(certificate.issuer()), Node::Leaf(2, certificate.serial().to_vec())];
    *signer.at(&[1]) = Node::Branch(0x30, name);
    *signer.at(&[4]) = Node::Branch(0x30, vec![Node::Leaf(6, b"\x2b\x65\x70".to_vec())]);
    let Node::Branch(_, attributes) = signer.at(&[3]).clone() else { panic!("attributes") };
    let message = file("ed25519-message", &Node::Branch(0x31, attributes).encode());
    let arguments = ["pkeyutl", "-sign", "-rawin", "-inkey", &ED25519.key_file, "-in", &message];
    *signer.at(&[5]).content() = openssl(&arguments, b"");

    let verify = |tree: &Node| {
        let signed = SignedData::parse(&tree.encode(), &Limits::default()).unwrap();
        let signer = &signed.signers()[0];
        (signer.signature_algorithm(), signer.verify(certificate, CONTENT))
    };
    assert_eq!(verify(&tree), (Ok(SignatureAlgorithm::Ed25519), Ok(())));
    tree.at(&SIGNER_INFO).at(&[4]).inside().push(Node::Leaf(5, vec![]));
    let fault = SignatureFault::UnsupportedAlgorithm;
    assert_eq!(verify(&tree), (Err(fault), Err(fault)));
}

#[test]
fn the_signing_time_is_read() {
    let before = time::OffsetDateTime::from(std::time::UNIX_EPOCH)
        + std::time::UNIX_EPOCH.elapsed().unwrap()
        - time::Duration::seconds(1);
    let signed = SignedData::parse(&sign_with(&P256, &[]), &Limits::default()).unwrap();
    let found = signed.signers()[0].signing_time().unwrap();
    assert!(found >= before && found < before + time::Duration::minutes(5), "{found}");
}

#[test]
fn a_message_with_certificates_only_has_no_signer() {
    let message = openssl(
        &["crl2pkcs7", "-nocrl", "-outform", "DER", "-certfile", &P256.certificate_file],
        b"",
    );
    let signed = SignedData::parse(&message, &Limits::default()).unwrap();
    assert_eq!(signed.certificates(), std::slice::from_ref(&P256.certificate));
    assert!(signed.signers().is_empty());
    assert!(signed.crls().is_empty());
}

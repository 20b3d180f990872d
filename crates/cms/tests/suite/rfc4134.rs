//! The examples of RFC 4134: all are read or refused by name, and none is believed, for
//! they are of 2003.

use ssmax_cms::{CmsError, Limits, SignatureFault, enveloped::Enveloped, signed::SignedData};

use crate::identities::corpus;

fn example(name: &str) -> Option<Vec<u8>> {
    corpus("rfc4134").map(|folder| std::fs::read(folder.join(name)).unwrap())
}

const CONTENT: &[u8] = b"This is some sample content.";

#[test]
fn signatures_with_sha_1_or_md5_are_read_and_not_believed() {
    for (name, signers) in [
        ("4.1.bin", 1),
        ("4.2.bin", 1),
        ("4.3.bin", 1),
        ("4.4.bin", 1),
        ("4.5.bin", 1),
        ("4.6.bin", 2),
        ("4.7.bin", 1),
        ("4.10.bin", 1),
        ("4.11.bin", 0),
    ] {
        let Some(message) = example(name) else { return };
        let signed = SignedData::parse(&message, &Limits::default())
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(signed.signers().len(), signers, "{name}");
        for signer in signed.signers() {
            assert_eq!(signer.digest_algorithm(), Err(SignatureFault::WeakDigest), "{name}");
            for certificate in signed.certificates() {
                let found = signer.verify(certificate, CONTENT);
                assert_eq!(found, Err(SignatureFault::WeakDigest), "{name}");
            }
        }
    }
}

#[test]
fn content_stands_inside_or_not_as_the_rfc_says() {
    for (name, content) in
        [("4.1.bin", Some(CONTENT)), ("4.3.bin", None), ("4.5.bin", Some(CONTENT))]
    {
        let Some(message) = example(name) else { return };
        let signed = SignedData::parse(&message, &Limits::default()).unwrap();
        assert_eq!(signed.content(), content, "{name}");
    }
}

#[test]
fn old_ciphers_are_refused_by_name() {
    for name in ["5.1.bin", "5.2.bin"] {
        let Some(message) = example(name) else { return };
        let found = Enveloped::parse(&message, &Limits::default());
        assert_eq!(found.unwrap_err(), CmsError::CipherRefused, "{name}");
    }
}

#[test]
fn other_content_types_are_refused_by_name() {
    for name in ["6.0.bin", "7.1.bin", "7.2.bin", "3.1.bin", "3.2.bin"] {
        let Some(message) = example(name) else { return };
        let found = Enveloped::parse(&message, &Limits::default());
        assert_eq!(found.unwrap_err(), CmsError::WrongContentType, "{name}");
        let found = SignedData::parse(&message, &Limits::default());
        assert_eq!(found.unwrap_err(), CmsError::WrongContentType, "{name}");
    }
}

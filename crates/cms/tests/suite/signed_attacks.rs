//! What an attacker may do with signed messages, and what is answered.

use ssmax_cms::{
    CmsError, Limits, SignatureFault,
    signed::{MAX_ATTRIBUTES, MAX_SIDE_BYTES, SignRequest, SignedData, attribute_utf8, sign},
};
use ssmax_pki::Certificate;
use ssmax_primitives::sha256;
use ssmax_token::SigningKey;

use crate::{
    identities::{Identity, OTHER_RSA, P256, RSA, openssl},
    surgery::{
        CONTENT_TYPE, ECONTENT_INFO, MESSAGE_DIGEST, Node, SIGNER_INFO, SIGNER_INFOS,
        SIGNING_CERTIFICATE_V2, attribute, resigned, set_digest,
    },
};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello, world.\r\n";

fn signed_by(identity: &Identity) -> Vec<u8> {
    let request = SignRequest {
        content_digest: sha256(CONTENT),
        content: None,
        signing_time: Some(time::macros::datetime!(2026-03-04 05:06:07 UTC)),
        extra_signed: vec![attribute_utf8("1.2.3.4", "record")],
        unsigned: Vec::new(),
        certificates: &[],
        signer: &identity.certificate,
    };
    sign(&request, identity.key()).unwrap()
}

fn parse(message: &[u8]) -> Result<SignedData, CmsError> {
    SignedData::parse(message, &Limits::default())
}

fn verify(message: &[u8]) -> Result<(), SignatureFault> {
    parse(message).unwrap().signers()[0].verify(&RSA.certificate, CONTENT)
}

fn changed(change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut tree = Node::parse(&signed_by(&RSA));
    change(&mut tree);
    tree.encode()
}

fn with_attributes(change: impl FnOnce(&mut Vec<Node>)) -> Vec<u8> {
    resigned(&signed_by(&RSA), RSA.key(), change)
}

#[test]
fn signing_anew_without_a_change_verifies() {
    assert_eq!(verify(&with_attributes(|_| {})), Ok(()));
}

/// Unsigned attributes, certificates, CRLs, digest algorithms and a content, put there on
/// the way: what is kept is as if they had never been.
#[test]
fn what_was_added_on_the_way_is_stripped() {
    let plain = parse(&signed_by(&RSA)).unwrap().stripped(&[]);
    let noisy = changed(|tree| {
        let noise = Node::Branch(0x31, vec![Node::Leaf(4, b"noise".to_vec())]);
        let unsigned = Node::Branch(0x30, vec![Node::Leaf(6, vec![0x2a, 3, 4, 5]), noise]);
        tree.at(&SIGNER_INFO).inside().push(Node::Branch(0xa1, vec![unsigned]));
        let digest = tree.at(&[1, 0, 1]).inside()[0].clone();
        tree.at(&[1, 0, 1]).inside().push(digest);
        let crl = Node::Branch(0x30, vec![Node::Leaf(4, b"no list".to_vec())]);
        tree.at(&[1, 0]).inside().insert(3, Node::Branch(0xa1, vec![crl]));
        let certificate = Node::parse(P256.certificate.der());
        tree.at(&[1, 0]).inside().insert(3, Node::Branch(0xa0, vec![certificate]));
    });
    let noisy = parse(&noisy).unwrap();
    assert_eq!((noisy.certificates().len(), noisy.crls().len()), (1, 1));
    assert_eq!(noisy.stripped(&[]), plain);
    let kept = noisy.stripped(std::slice::from_ref(&RSA.certificate));
    let kept = parse(&kept).unwrap();
    assert_eq!(kept.certificates(), std::slice::from_ref(&RSA.certificate));
    assert_eq!(kept.signers()[0].hash(), noisy.signers()[0].hash());
    assert_eq!(kept.signers()[0].verify(&RSA.certificate, CONTENT), Ok(()));
    assert_eq!(parse(&plain).unwrap().stripped(&[]), plain);
}

#[test]
fn no_signer_is_an_empty_list_and_never_a_signature() {
    let message = changed(|tree| tree.at(&SIGNER_INFOS).inside().clear());
    assert!(parse(&message).unwrap().signers().is_empty());
}

#[test]
fn several_signers_are_all_given_in_their_order() {
    let other = Node::parse(&signed_by(&OTHER_RSA)).at(&SIGNER_INFO).clone();
    let message = changed(|tree| tree.at(&SIGNER_INFOS).inside().insert(0, other));
    let signed = parse(&message).unwrap();
    let [first, second] = signed.signers() else { panic!("two signers") };
    assert_eq!(first.verify(&OTHER_RSA.certificate, CONTENT), Ok(()));
    assert_eq!(second.verify(&RSA.certificate, CONTENT), Ok(()));
    assert_eq!(first.verify(&RSA.certificate, CONTENT), Err(SignatureFault::WrongCertificate));
}

#[test]
fn sixteen_signers_are_read_and_seventeen_are_not() {
    let with = |count: usize| {
        changed(|tree| {
            let signer = tree.at(&SIGNER_INFO).clone();
            *tree.at(&SIGNER_INFOS).inside() = vec![signer; count];
        })
    };
    assert_eq!(parse(&with(16)).unwrap().signers().len(), 16);
    assert_eq!(parse(&with(17)).unwrap_err(), CmsError::TooManySigners);
}

#[test]
fn sixty_four_certificates_and_crls_are_read_and_sixty_five_are_not() {
    for tag in [0xa0, 0xa1] {
        let with = |count: usize| {
            changed(|tree| {
                let inside = vec![Node::Branch(0x30, vec![]); count];
                tree.at(&[1, 0]).inside().insert(3, Node::Branch(tag, inside));
            })
        };
        let signed = parse(&with(64)).unwrap();
        assert!(signed.certificates().is_empty(), "unreadable ones are left out");
        assert_eq!(signed.crls().len(), if tag == 0xa1 { 64 } else { 0 });
        assert_eq!(parse(&with(65)).unwrap_err(), CmsError::TooManyCertificates);
    }
}

#[test]
fn sixty_four_attributes_are_read_and_sixty_five_are_not() {
    let attribute = |number: usize| {
        let oid = Node::Leaf(6, vec![0x2b, 3, number as u8]);
        Node::Branch(0x30, vec![oid, Node::Branch(0x31, vec![Node::Leaf(5, vec![])])])
    };
    let with = |count: usize| {
        with_attributes(|attributes| {
            let missing = count - attributes.len();
            attributes.extend((0..missing).map(attribute));
        })
    };
    assert_eq!(verify(&with(MAX_ATTRIBUTES)), Ok(()));
    assert_eq!(parse(&with(MAX_ATTRIBUTES + 1)).unwrap_err(), CmsError::TooManyAttributes);
    let values = |count| {
        with_attributes(|attributes| {
            let mut many = attribute(0);
            *many.at(&[1]).inside() = vec![Node::Leaf(5, vec![]); count];
            attributes.clear();
            attributes.push(many);
        })
    };
    assert!(parse(&values(MAX_ATTRIBUTES)).is_ok());
    assert_eq!(parse(&values(MAX_ATTRIBUTES + 1)).unwrap_err(), CmsError::TooManyAttributes);
}

#[test]
fn sixteen_mebibytes_beside_the_content_are_read_and_one_octet_more_is_not() {
    // Before and behind the content: version and digests, then CRLs and the signer.
    let with = |len: usize| {
        changed(|tree| {
            let crl = Node::Branch(0x30, vec![Node::Leaf(4, vec![0; len])]);
            tree.at(&[1, 0]).inside().insert(3, Node::Branch(0xa1, vec![crl]));
        })
    };
    let rest = with(1 << 20).len() - (1 << 20) - beside_nothing();
    let fitting = MAX_SIDE_BYTES - rest;
    // A length of 16 MiB takes as many octets as one of 1 MiB.
    assert!(parse(&with(fitting)).is_ok());
    assert_eq!(parse(&with(fitting + 1)).unwrap_err(), CmsError::TooLarge);
}

/// Octets of a message that do not count: both outer headers, the content type, and
/// encapContentInfo, with lengths of a megabyte.
fn beside_nothing() -> usize {
    let header = 1 + 1 + 3;
    header + 11 + header + header + 2 + 11
}

#[test]
fn another_content_is_noticed() {
    let signed = parse(&signed_by(&RSA)).unwrap();
    let signer = &signed.signers()[0];
    let found = signer.verify(&RSA.certificate, b"another");
    assert_eq!(found, Err(SignatureFault::DigestMismatch));
    let found = signer.verify_digest(&RSA.certificate, &sha256(b"another"));
    assert_eq!(found, Err(SignatureFault::DigestMismatch));
    let found = signer.verify_digest(&RSA.certificate, b"");
    assert_eq!(found, Err(SignatureFault::DigestMismatch));
}

#[test]
fn a_swapped_message_digest_breaks_the_signature() {
    let message = changed(|tree| set_digest(tree.at(&SIGNER_INFO).at(&[3]).inside(), b"another"));
    let signed = parse(&message).unwrap();
    let found = signed.signers()[0].verify(&RSA.certificate, b"another");
    assert_eq!(found, Err(SignatureFault::Invalid));
}

#[test]
fn attributes_that_occur_twice_are_refused_though_signed() {
    for twice in [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2, b"\x2a\x03\x04"] {
        let message = with_attributes(|attributes| {
            let again = attribute(attributes, twice).clone();
            attributes.push(again);
        });
        assert_eq!(verify(&message), Err(SignatureFault::DuplicateAttribute));
    }
    let message = with_attributes(|attributes| {
        let again = attribute(attributes, b"\x2a\x03\x04").clone();
        attributes.push(again);
    });
    let signed = parse(&message).unwrap();
    let found = signed.signers()[0].signed_attribute("1.2.3.4");
    assert_eq!(found, Err(CmsError::DuplicateAttribute));
}

#[test]
fn attributes_with_two_values_or_none_are_refused_though_signed() {
    for name in [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2, b"\x01\x09\x05"] {
        for copies in [0, 2] {
            let message = with_attributes(|attributes| {
                let values = attribute(attributes, name).at(&[1]).inside();
                *values = vec![values[0].clone(); copies];
            });
            assert_eq!(verify(&message), Err(SignatureFault::AttributeValues));
        }
    }
    let message = with_attributes(|attributes| {
        let values = attribute(attributes, b"\x2a\x03\x04").at(&[1]).inside();
        *values = vec![values[0].clone(); 2];
    });
    let signed = parse(&message).unwrap();
    let found = signed.signers()[0].signed_attribute("1.2.3.4");
    assert_eq!(found, Err(CmsError::AttributeValues));
}

#[test]
fn missing_attributes_are_refused_though_signed() {
    let without = |name: &[u8]| {
        with_attributes(|attributes| {
            let gone = attribute(attributes, name).clone();
            attributes.retain(|attribute| *attribute != gone);
        })
    };
    assert_eq!(verify(&without(MESSAGE_DIGEST)), Err(SignatureFault::NoMessageDigest));
    assert_eq!(verify(&without(CONTENT_TYPE)), Err(SignatureFault::ContentType));
    assert_eq!(verify(&without(SIGNING_CERTIFICATE_V2)), Ok(()), "it is optional when read");
}

#[test]
fn another_content_type_is_refused() {
    let message = with_attributes(|attributes| {
        *attribute(attributes, CONTENT_TYPE).at(&[1, 0]).content() = vec![0x2a, 3];
    });
    assert_eq!(verify(&message), Err(SignatureFault::ContentType));
    let message = changed(|tree| *tree.at(&ECONTENT_INFO).content() = vec![0x2a, 3]);
    assert_eq!(verify(&message), Err(SignatureFault::ContentType));
    assert!(!parse(&message).unwrap().is_data());
}

#[test]
fn malformed_attribute_values_are_refused_though_signed() {
    for name in [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2] {
        let message = with_attributes(|attributes| {
            *attribute(attributes, name).at(&[1, 0]) = Node::Leaf(5, vec![]);
        });
        assert_eq!(verify(&message), Err(SignatureFault::MalformedAttribute));
    }
}

#[test]
fn a_signing_certificate_attribute_for_another_certificate_is_refused() {
    let with = |change: fn(&mut Node)| {
        with_attributes(|attributes| {
            change(attribute(attributes, SIGNING_CERTIFICATE_V2).at(&[1, 0, 0, 0]));
        })
    };
    let other_hash = with(|id| *id.at(&[0]).content() = sha256(b"another").to_vec());
    assert_eq!(verify(&other_hash), Err(SignatureFault::SigningCertificate));
    let weak = with(|id| {
        let sha1 = Node::Leaf(6, b"\x2b\x0e\x03\x02\x1a".to_vec());
        id.inside().insert(0, Node::Branch(0x30, vec![sha1]));
    });
    assert_eq!(verify(&weak), Err(SignatureFault::WeakDigest));
    let name_of = |certificate: &Certificate| {
        let name = Node::Branch(0xa4, vec![Node::parse(certificate.issuer())]);
        let serial = Node::Leaf(2, certificate.serial().to_vec());
        Node::Branch(0x30, vec![Node::Branch(0x30, vec![name]), serial])
    };
    let right_name = with(|id| id.inside().push(Node::Leaf(5, vec![])));
    assert_eq!(verify(&right_name), Err(SignatureFault::MalformedAttribute));
    for (certificate, expected) in [
        (&RSA.certificate, Ok(())),
        (&OTHER_RSA.certificate, Err(SignatureFault::SigningCertificate)),
    ] {
        let message = with_attributes(|attributes| {
            let id = attribute(attributes, SIGNING_CERTIFICATE_V2).at(&[1, 0, 0, 0]);
            id.inside().push(name_of(certificate));
        });
        assert_eq!(verify(&message), expected);
    }
}

#[test]
fn a_signature_over_the_content_is_none_over_a_digest() {
    let message = without_attributes(CONTENT);
    assert_eq!(verify(&message), Ok(()));
    let signed = parse(&message).unwrap();
    let found = signed.signers()[0].verify_digest(&RSA.certificate, &sha256(CONTENT));
    assert_eq!(found, Err(SignatureFault::NoSignedAttributes));
}

fn without_attributes(content: &[u8]) -> Vec<u8> {
    changed(|tree| {
        let signer = tree.at(&SIGNER_INFO).inside();
        signer.remove(3);
        *signer[4].content() = RSA.key().sign(content).unwrap();
    })
}

#[test]
fn signed_attributes_cannot_be_passed_off_as_content() {
    // The signature over attributes is one over their octets as content: an attacker
    // drops the attributes and shows them as the message.
    let mut tree = Node::parse(&signed_by(&RSA));
    let signer = tree.at(&SIGNER_INFO).inside();
    let Node::Branch(_, attributes) = signer.remove(3) else { panic!("attributes") };
    let content = Node::Branch(0x31, attributes).encode();
    let signed = parse(&tree.encode()).unwrap();
    let found = signed.signers()[0].verify(&RSA.certificate, &content);
    assert_eq!(found, Err(SignatureFault::AmbiguousContent));
}

#[test]
fn only_plain_data_may_be_signed_without_attributes() {
    let mut tree = Node::parse(&without_attributes(CONTENT));
    *tree.at(&ECONTENT_INFO).content() = vec![0x2a, 3];
    assert_eq!(verify(&tree.encode()), Err(SignatureFault::NoSignedAttributes));
}

#[test]
fn relabelled_algorithms_are_refused() {
    let relabelled = |digest: Option<u8>, algorithm: Option<u8>| {
        verify(&changed(|tree| {
            let signer = tree.at(&SIGNER_INFO);
            if let Some(last) = digest {
                *signer.at(&[2, 0]).content().last_mut().unwrap() = last;
            }
            if let Some(last) = algorithm {
                *signer.at(&[4, 0]).content().last_mut().unwrap() = last;
            }
        }))
    };
    assert_eq!(relabelled(Some(3), None), Err(SignatureFault::DigestDisagrees));
    assert_eq!(relabelled(None, Some(0x0d)), Err(SignatureFault::DigestDisagrees));
    assert_eq!(relabelled(Some(3), Some(0x0d)), Err(SignatureFault::DigestMismatch));
    assert_eq!(relabelled(None, Some(0x05)), Err(SignatureFault::WeakDigest));
    assert_eq!(relabelled(None, Some(0x04)), Err(SignatureFault::WeakDigest));
    assert_eq!(relabelled(None, Some(0x0a)), Err(SignatureFault::PssParameters));
    assert_eq!(relabelled(None, Some(0x77)), Err(SignatureFault::UnsupportedAlgorithm));
    assert_eq!(relabelled(Some(4), None), Err(SignatureFault::UnsupportedDigest));
    // rsaEncryption leaves the hash to digestAlgorithm, so it is the same signature.
    assert_eq!(relabelled(None, Some(0x01)), Ok(()));
}

#[test]
fn an_ecdsa_label_on_an_rsa_key_is_refused() {
    let message = changed(|tree| {
        let algorithm = tree.at(&SIGNER_INFO).at(&[4]).inside();
        algorithm[0] = Node::Leaf(6, b"\x2a\x86\x48\xce\x3d\x04\x03\x02".to_vec());
    });
    assert_eq!(verify(&message), Err(SignatureFault::KeyKind));
}

#[test]
fn every_changed_octet_of_the_signature_value_is_noticed() {
    for identity in [&*RSA, &P256] {
        let mut tree = Node::parse(&signed_by(identity));
        let len = tree.at(&SIGNER_INFO).at(&[5]).content().len();
        for position in 0..len {
            tree.at(&SIGNER_INFO).at(&[5]).content()[position] ^= 1;
            let signed = parse(&tree.encode()).unwrap();
            let found = signed.signers()[0].verify(&identity.certificate, CONTENT);
            assert_eq!(found, Err(SignatureFault::Invalid));
            tree.at(&SIGNER_INFO).at(&[5]).content()[position] ^= 1;
        }
    }
}

#[test]
fn another_certificate_with_the_same_key_is_not_the_signers() {
    let pem = openssl(
        &["req", "-x509", "-days", "10", "-subj", "/CN=Mallory", "-key", &RSA.key_file],
        b"",
    );
    let twin = Certificate::from_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
    assert_eq!(twin.spki(), RSA.certificate.spki());
    let signed = parse(&signed_by(&RSA)).unwrap();
    let signer = &signed.signers()[0];
    assert_eq!(signer.verify(&twin, CONTENT), Err(SignatureFault::WrongCertificate));
    assert_eq!(signer.certificate(&[twin]), None);
    // Renamed to the twin, signingCertificateV2 still tells them apart.
    let mut tree = Node::parse(&signed_by(&RSA));
    let pem = openssl(
        &["req", "-x509", "-days", "10", "-subj", "/CN=Mallory", "-key", &RSA.key_file],
        b"",
    );
    let twin = Certificate::from_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
    let name = vec![Node::parse(twin.issuer()), Node::Leaf(2, twin.serial().to_vec())];
    *tree.at(&SIGNER_INFO).at(&[1]) = Node::Branch(0x30, name);
    let signed = parse(&tree.encode()).unwrap();
    let found = signed.signers()[0].verify(&twin, CONTENT);
    assert_eq!(found, Err(SignatureFault::SigningCertificate));
}

#[test]
fn ber_all_over_verifies_over_the_der_of_the_attributes() {
    let message = Node::parse(&signed_by(&RSA)).encode_indefinite();
    assert_eq!(verify(&message), Ok(()));
}

#[test]
fn signed_attributes_count_in_the_order_they_came_in() {
    let message = with_attributes(|attributes| attributes.reverse());
    assert_eq!(verify(&message), Ok(()));
    let message = changed(|tree| tree.at(&SIGNER_INFO).at(&[3]).inside().reverse());
    assert_eq!(verify(&message), Err(SignatureFault::Invalid));
}

#[test]
fn other_structures_are_refused_by_name() {
    let message = changed(|tree| *tree.at(&[0]).content().last_mut().unwrap() = 3);
    assert_eq!(parse(&message).unwrap_err(), CmsError::WrongContentType);
    let data = b"\x30\x11\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x04\x04\x02hi";
    assert_eq!(parse(data).unwrap_err(), CmsError::WrongContentType);
    let mut trailing = signed_by(&RSA);
    trailing.push(0);
    assert_eq!(parse(&trailing).unwrap_err(), CmsError::TrailingOctets);
    let message = changed(|tree| tree.at(&[1, 0]).inside().push(Node::Leaf(5, vec![])));
    assert_eq!(parse(&message).unwrap_err(), CmsError::Malformed);
    let message = changed(|tree| tree.at(&SIGNER_INFO).inside().push(Node::Leaf(5, vec![])));
    assert_eq!(parse(&message).unwrap_err(), CmsError::Malformed);
    assert_eq!(parse(b"").unwrap_err(), CmsError::Truncated);
    assert_eq!(
        parse(b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff").unwrap_err(),
        CmsError::LengthOverflow
    );
    assert_eq!(parse(&b"\x30\x80".repeat(100_000)).unwrap_err(), CmsError::TooDeep);
}

#[test]
fn an_impossible_signing_time_is_no_time() {
    for text in [
        "260230000000Z",
        "261301000000Z",
        "260101240000Z",
        "2601010000Z",
        "260101000000",
        "26010100000 Z",
    ] {
        let message = with_attributes(|attributes| {
            *attribute(attributes, b"\x01\x09\x05").at(&[1, 0]).content() = text.into();
        });
        let signed = parse(&message).unwrap();
        assert_eq!(signed.signers()[0].signing_time(), None, "{text}");
        assert_eq!(verify(&message), Ok(()), "a time is a claim");
    }
}

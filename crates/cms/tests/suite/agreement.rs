//! Key agreement: every curve, key derivation and key wrap, from OpenSSL to us and back,
//! and X25519, which OpenSSL 3.0 does not do in CMS, by its parts.

use ssmax_cms::{
    CmsError, Limits,
    enveloped::{
        AgreementKdf, ContentCipher, Curve, Enveloped, KeyWrap, RecipientId, RecipientInfo,
        RecipientKind, RsaTransport, UnwrapPolicy, WrapChoice, encrypt, recipient_info,
        recipient_info_for_key, recipient_info_with,
    },
};
use ssmax_primitives::{ContentKey, DigestAlgorithm, SystemRandom};
use ssmax_token::KeyPair;

use crate::{
    identities::{ED25519, Identity, P256, P384, P521, RSA, X25519, file, openssl},
    surgery::Node,
};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nA secret.\r\n";

const HASHES: [(&str, DigestAlgorithm); 5] = [
    ("sha1", DigestAlgorithm::Sha1),
    ("sha224", DigestAlgorithm::Sha224),
    ("sha256", DigestAlgorithm::Sha256),
    ("sha384", DigestAlgorithm::Sha384),
    ("sha512", DigestAlgorithm::Sha512),
];
const WRAPS: [KeyWrap; 3] = [KeyWrap::Aes128, KeyWrap::Aes192, KeyWrap::Aes256];

fn nist_curves() -> [(&'static Identity, Curve); 3] {
    [(&P256, Curve::P256), (&P384, Curve::P384), (&P521, Curve::P521)]
}

fn key() -> ContentKey {
    ContentKey::new((0..32).collect())
}

fn encrypt_with(options: &[&str], to: &Identity, key_options: &[&str]) -> Vec<u8> {
    let mut arguments = vec!["cms", "-encrypt", "-binary", "-outform", "DER"];
    arguments.extend(options);
    arguments.extend(["-recip", &to.certificate_file]);
    for option in key_options {
        arguments.extend(["-keyopt", option]);
    }
    openssl(&arguments, CONTENT)
}

fn decrypt_with(identity: &Identity, message: &[u8]) -> Vec<u8> {
    let (certificate, key) = (&identity.certificate_file, &identity.key_file);
    let arguments =
        ["cms", "-decrypt", "-binary", "-inform", "DER", "-recip", certificate, "-inkey", key];
    openssl(&arguments, message)
}

fn unwrap(info: &RecipientInfo, identity: &Identity, len: usize) -> Result<ContentKey, CmsError> {
    info.unwrap(&identity.certificate, identity.key(), &UnwrapPolicy::default(), len)
}

/// Opens it, and gives the kind of its only recipient.
fn assert_opens(identity: &Identity, message: &[u8]) -> RecipientKind {
    let enveloped = Enveloped::parse(message, &Limits::default()).unwrap();
    let [info] = enveloped.recipients() else { panic!("one recipient") };
    let key = unwrap(info, identity, enveloped.cipher().key_len()).unwrap();
    assert_eq!(*enveloped.decrypt(&key).unwrap(), CONTENT);
    info.kind()
}

#[test]
fn every_kdf_and_wrap_of_openssl_opens_standard_and_cofactor() {
    // OpenSSL chooses the wrap by the length of the content key.
    let ciphers = [("-aes128", 0), ("-aes192", 1), ("-aes256", 2)];
    for (number, (name, hash)) in HASHES.into_iter().enumerate() {
        for (cipher, wrap) in ciphers {
            for cofactor in ["ecdh_cofactor_mode:0", "ecdh_cofactor_mode:1"] {
                let (identity, curve) = nist_curves()[(number + wrap) % 3];
                let options = [&format!("ecdh_kdf_md:{name}"), cofactor];
                let message = encrypt_with(&[cipher], identity, &options);
                let (kdf, wrap) = (AgreementKdf::X963(hash), WRAPS[wrap]);
                let expected = RecipientKind::KeyAgree { curve, kdf, wrap };
                assert_eq!(assert_opens(identity, &message), expected);
            }
        }
    }
}

#[test]
fn every_curve_of_openssl_opens_in_both_structures_and_encodings() {
    for (identity, _) in nist_curves() {
        for options in [&["-aes-256-gcm"][..], &["-aes256", "-stream"], &["-aes128", "-keyid"]] {
            assert_opens(identity, &encrypt_with(options, identity, &[]));
        }
    }
}

#[test]
fn openssl_opens_every_choice_of_ours() {
    let sealed = encrypt(CONTENT, ContentCipher::Aes256Cbc, &key(), &SystemRandom).unwrap();
    for (identity, curve) in nist_curves() {
        for (number, (_, hash)) in HASHES.into_iter().enumerate() {
            let wrap = WRAPS[number % 3];
            let choice = WrapChoice {
                kdf: Some(AgreementKdf::X963(hash)),
                wrap: Some(wrap),
                by_key_id: number % 2 == 1,
                ..WrapChoice::new(RsaTransport::Pkcs1)
            };
            let ukm = (number > 2).then_some(&b"keying material"[..]);
            let info = recipient_info_with(&identity.certificate, &key(), ukm, &choice).unwrap();
            let message = sealed.with_recipients(&[info]);
            assert_eq!(decrypt_with(identity, &message), CONTENT);
            let kdf = AgreementKdf::X963(hash);
            let expected = RecipientKind::KeyAgree { curve, kdf, wrap };
            assert_eq!(assert_opens(identity, &message), expected);
        }
    }
}

#[test]
fn without_a_choice_the_curve_chooses() {
    for (identity, curve, hash) in [
        (&*P256, Curve::P256, DigestAlgorithm::Sha256),
        (&P384, Curve::P384, DigestAlgorithm::Sha384),
        (&P521, Curve::P521, DigestAlgorithm::Sha512),
        (&X25519, Curve::X25519, DigestAlgorithm::Sha256),
    ] {
        let certificate = &identity.certificate;
        let by_name = recipient_info(certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
        let spki = identity.key().spki();
        let by_id = recipient_info_for_key(spki, b"id", &key(), None).unwrap();
        let (kdf, wrap) = (AgreementKdf::X963(hash), KeyWrap::Aes256);
        for info in [by_name, by_id] {
            let info = RecipientInfo::parse(&info).unwrap();
            assert_eq!(info.kind(), RecipientKind::KeyAgree { curve, kdf, wrap });
            let name = info.identifiers()[0].clone();
            let policy = UnwrapPolicy::default();
            let found = info.unwrap(&name, identity.key(), &policy, 32).unwrap();
            assert_eq!(found.as_bytes(), key().as_bytes());
        }
    }
}

/// What OpenSSL's derivation, KDF and AES key wrap make of our recipient information for
/// X25519: nothing of ours takes part.
fn unwrap_by_parts(info: &[u8], kdf: &str, digest: &str, ukm: Option<&[u8]>) -> Vec<u8> {
    let mut tree = Node::parse(info);
    let spki_prefix = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00";
    assert_eq!(tree.at(&[1, 0, 0]).encode(), b"\x30\x05\x06\x03\x2b\x65\x6e");
    let public = [spki_prefix, &tree.at(&[1, 0, 1]).content()[1..]].concat();
    let public = file("ephemeral.der", &public);
    let derive = ["pkeyutl", "-derive", "-inkey", &X25519.key_file];
    let shared = openssl(&[&derive[..], &["-peerform", "DER", "-peerkey", &public]].concat(), b"");

    let agreement = 1 + usize::from(ukm.is_some()) + 1;
    let wrap = tree.at(&[agreement, 1]).clone();
    let mut inside = vec![wrap];
    if let Some(ukm) = ukm {
        assert_eq!(tree.at(&[2, 0]).content(), ukm);
        inside.push(Node::Branch(0xa0, vec![Node::Leaf(4, ukm.to_vec())]));
    }
    inside.push(Node::Branch(0xa2, vec![Node::Leaf(4, vec![0, 0, 1, 0])]));
    let shared_info = Node::Branch(0x30, inside).encode();

    let option = |name: &str, octets: &[u8]| format!("{name}:{}", hex::encode(octets));
    let mut options = vec![format!("digest:{digest}")];
    if kdf == "HKDF" {
        options.push(option("hexkey", &shared));
        options.extend(ukm.map(|ukm| option("hexsalt", ukm)));
    } else {
        options.push(option("hexsecret", &shared));
    }
    options.push(option("hexinfo", &shared_info));
    let mut arguments = vec!["kdf", "-keylen", "32", "-binary"];
    for option in &options {
        arguments.extend(["-kdfopt", option]);
    }
    arguments.push(kdf);
    let kek = hex::encode(openssl(&arguments, b""));
    let wrapped = tree.at(&[agreement + 1, 0, 1]).content().clone();
    let unwrap = ["enc", "-d", "-id-aes256-wrap", "-iv", "a6a6a6a6a6a6a6a6", "-K", &kek];
    openssl(&unwrap, &wrapped)
}

#[test]
fn the_parts_of_openssl_unwrap_what_we_wrap_on_x25519() {
    for (kdf, name, digest) in [
        (AgreementKdf::X963(DigestAlgorithm::Sha256), "X963KDF", "SHA256"),
        (AgreementKdf::X963(DigestAlgorithm::Sha512), "X963KDF", "SHA512"),
        (AgreementKdf::Hkdf(DigestAlgorithm::Sha256), "HKDF", "SHA256"),
        (AgreementKdf::Hkdf(DigestAlgorithm::Sha384), "HKDF", "SHA384"),
        (AgreementKdf::Hkdf(DigestAlgorithm::Sha512), "HKDF", "SHA512"),
    ] {
        for ukm in [None, Some(&b"keying material"[..])] {
            let choice = WrapChoice { kdf: Some(kdf), ..WrapChoice::new(RsaTransport::Pkcs1) };
            let info = recipient_info_with(&X25519.certificate, &key(), ukm, &choice).unwrap();
            assert_eq!(unwrap_by_parts(&info, name, digest, ukm), key().as_bytes());
            let info = RecipientInfo::parse(&info).unwrap();
            assert_eq!(unwrap(&info, &X25519, 32).unwrap().as_bytes(), key().as_bytes());
            let (curve, wrap) = (Curve::X25519, KeyWrap::Aes256);
            assert_eq!(info.kind(), RecipientKind::KeyAgree { curve, kdf, wrap });
        }
    }
}

#[test]
fn a_changed_ukm_opens_nothing_with_either_kdf() {
    for kdf in
        [AgreementKdf::X963(DigestAlgorithm::Sha256), AgreementKdf::Hkdf(DigestAlgorithm::Sha256)]
    {
        let choice = WrapChoice { kdf: Some(kdf), ..WrapChoice::new(RsaTransport::Pkcs1) };
        let info = recipient_info_with(&X25519.certificate, &key(), Some(b"from A to B"), &choice);
        let mut tree = Node::parse(&info.unwrap());
        *tree.at(&[2, 0]).content() = b"from A to C".to_vec();
        let info = RecipientInfo::parse(&tree.encode()).unwrap();
        assert_eq!(unwrap(&info, &X25519, 32).unwrap_err(), CmsError::Decryption);
    }
}

#[test]
fn a_kdf_that_no_scheme_names_is_not_written() {
    for hash in [DigestAlgorithm::Sha1, DigestAlgorithm::Sha224] {
        let kdf = Some(AgreementKdf::Hkdf(hash));
        let choice = WrapChoice { kdf, ..WrapChoice::new(RsaTransport::Pkcs1) };
        let found = recipient_info_with(&X25519.certificate, &key(), None, &choice);
        assert_eq!(found.unwrap_err(), CmsError::AgreementAlgorithm);
    }
}

#[test]
fn a_key_identifier_that_the_certificate_has_not_is_not_written() {
    // A certificate without extensions.
    let file = file("no-extensions.cnf", b"[req]\ndistinguished_name=d\n[d]\n");
    let arguments = ["req", "-x509", "-config", &file, "-subj", "/CN=x", "-key", &P256.key_file];
    let pem = String::from_utf8(openssl(&arguments, b"")).unwrap();
    let certificate = ssmax_pki::Certificate::from_pem(&pem).unwrap();
    assert_eq!(certificate.subject_key_id(), None);
    let choice = WrapChoice { by_key_id: true, ..WrapChoice::new(RsaTransport::Pkcs1) };
    let found = recipient_info_with(&certificate, &key(), None, &choice);
    assert_eq!(found.unwrap_err(), CmsError::NoKeyId);
}

#[test]
fn by_key_identifier_both_kinds_of_recipients_open() {
    let choice = WrapChoice { by_key_id: true, ..WrapChoice::new(RsaTransport::OaepSha256) };
    for identity in [&*RSA, &P384, &X25519] {
        let info = recipient_info_with(&identity.certificate, &key(), None, &choice).unwrap();
        let info = RecipientInfo::parse(&info).unwrap();
        let id = identity.certificate.subject_key_id().unwrap().to_vec();
        assert_eq!(info.identifiers(), [RecipientId::KeyId(id)]);
        assert_eq!(unwrap(&info, identity, 32).unwrap().as_bytes(), key().as_bytes());
    }
}

#[test]
fn a_key_on_another_curve_is_not_used() {
    let info = recipient_info(&P384.certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
    let info = RecipientInfo::parse(&info).unwrap();
    let name = RecipientId::of(&P384.certificate);
    for identity in [&*P256, &P521, &X25519, &ED25519, &RSA] {
        let found = info.unwrap(&name, identity.key(), &UnwrapPolicy::default(), 32);
        assert_eq!(found.unwrap_err(), CmsError::KeyKind);
    }
}

#[test]
fn a_compressed_ephemeral_key_is_refused_by_name() {
    for (identity, _) in nist_curves() {
        let info =
            recipient_info(&identity.certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
        let mut tree = Node::parse(&info);
        let point = tree.at(&[1, 0, 1]).content();
        let coordinate = (point.len() - 2) / 2;
        point[1] = 2 | (point.last().unwrap() & 1);
        point.truncate(2 + coordinate);
        let info = RecipientInfo::parse(&tree.encode()).unwrap();
        assert_eq!(info.kind(), RecipientKind::Other);
        assert_eq!(unwrap(&info, identity, 32).unwrap_err(), CmsError::CompressedPoint);
    }
}

#[test]
fn an_ephemeral_key_of_another_length_or_with_parameters_is_no_x25519_key() {
    let info = recipient_info(&X25519.certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
    let changes: [fn(&mut Node); 4] = [
        |key| key.at(&[1]).content().truncate(32),
        |key| key.at(&[1]).content().push(0),
        |key| key.at(&[0]).inside().push(Node::Leaf(5, vec![])),
        // X448
        |key| *key.at(&[0, 0]).content().last_mut().unwrap() = 0x6f,
    ];
    for change in changes {
        let mut tree = Node::parse(&info);
        change(tree.at(&[1, 0]));
        let info = RecipientInfo::parse(&tree.encode()).unwrap();
        assert_eq!(unwrap(&info, &X25519, 32).unwrap_err(), CmsError::OriginatorKey);
    }
    // All zero: the secret would be known to everybody.
    let mut tree = Node::parse(&info);
    tree.at(&[1, 0, 1]).content().fill(0);
    let info = RecipientInfo::parse(&tree.encode()).unwrap();
    assert_eq!(unwrap(&info, &X25519, 32).unwrap_err(), CmsError::Decryption);
}

#[test]
fn a_curve_named_in_the_message_must_be_that_of_the_point() {
    let info = recipient_info(&P384.certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
    for (oid, outcome) in [
        (&b"\x2b\x81\x04\x00\x22"[..], None),
        (b"\x2b\x81\x04\x00\x23", Some(CmsError::OriginatorKey)),
        (b"\x2a\x86\x48\xce\x3d\x03\x01\x07", Some(CmsError::OriginatorKey)),
    ] {
        let mut tree = Node::parse(&info);
        tree.at(&[1, 0, 0]).inside().push(Node::Leaf(6, oid.to_vec()));
        let info = RecipientInfo::parse(&tree.encode()).unwrap();
        assert_eq!(unwrap(&info, &P384, 32).err(), outcome);
    }
}

#[test]
fn a_3des_key_wrap_and_an_unknown_scheme_are_refused_by_name() {
    let message = encrypt_with(&["-des3"], &P256, &[]);
    let enveloped = Enveloped::parse_old(&message, &Limits::default()).unwrap();
    let found = unwrap(&enveloped.recipients()[0], &P256, 24);
    assert_eq!(found.unwrap_err(), CmsError::WrapAlgorithm);

    let info = recipient_info(&P256.certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
    let mut tree = Node::parse(&info);
    *tree.at(&[2, 0]).content().last_mut().unwrap() = 9;
    let info = RecipientInfo::parse(&tree.encode()).unwrap();
    assert_eq!(unwrap(&info, &P256, 32).unwrap_err(), CmsError::AgreementAlgorithm);
}

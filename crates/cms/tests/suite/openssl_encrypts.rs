//! Encryption, from OpenSSL to us and back.

use ssmax_cms::{
    CmsError, Limits,
    enveloped::{
        ContentCipher, Enveloped, KeyName, Kind, RecipientId, RecipientKind, RsaTransport,
        UnwrapPolicy, encrypt, recipient_info, recipient_info_for_key,
    },
};
use ssmax_primitives::{ContentKey, SystemRandom};
use ssmax_token::{KeyPair, OaepHash};

use crate::identities::{ED25519, Identity, OTHER_P256, OTHER_RSA, P256, RSA, openssl};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nA secret.\r\n";
const PKCS1: UnwrapPolicy = UnwrapPolicy { allow_pkcs1: true };

const CIPHERS: [(&str, ContentCipher); 6] = [
    ("-aes-128-cbc", ContentCipher::Aes128Cbc),
    ("-aes-192-cbc", ContentCipher::Aes192Cbc),
    ("-aes-256-cbc", ContentCipher::Aes256Cbc),
    ("-aes-128-gcm", ContentCipher::Aes128Gcm),
    ("-aes-192-gcm", ContentCipher::Aes192Gcm),
    ("-aes-256-gcm", ContentCipher::Aes256Gcm),
];

/// `openssl cms -encrypt` with general options and, for each recipient, its own.
fn encrypt_with(options: &[&str], recipients: &[(&Identity, &[&str])], content: &[u8]) -> Vec<u8> {
    let mut arguments = vec!["cms", "-encrypt", "-binary", "-outform", "DER"];
    arguments.extend(options);
    for (identity, key_options) in recipients {
        arguments.extend(["-recip", &identity.certificate_file]);
        for option in *key_options {
            arguments.extend(["-keyopt", option]);
        }
    }
    openssl(&arguments, content)
}

fn decrypt_with(identity: &Identity, message: &[u8]) -> Vec<u8> {
    let (certificate, key) = (&identity.certificate_file, &identity.key_file);
    let arguments =
        ["cms", "-decrypt", "-binary", "-inform", "DER", "-recip", certificate, "-inkey", key];
    openssl(&arguments, message)
}

#[track_caller]
fn assert_opens(identity: &Identity, message: &[u8]) -> Enveloped {
    let enveloped = Enveloped::parse(message, &Limits::default()).unwrap();
    let mut recipients = enveloped.recipients().iter();
    let recipient = recipients.find(|info| info.names(&identity.certificate)).unwrap();
    let key_len = enveloped.cipher().key_len();
    let key = recipient.unwrap(&identity.certificate, identity.key(), &PKCS1, key_len).unwrap();
    assert_eq!(*enveloped.decrypt(&key).unwrap(), CONTENT);
    enveloped
}

#[test]
fn every_cipher_for_every_key_in_both_encodings_opens() {
    for (option, cipher) in CIPHERS {
        for identity in [&*RSA, &P256] {
            for options in [&[option][..], &[option, "-stream"], &[option, "-keyid"]] {
                let enveloped =
                    assert_opens(identity, &encrypt_with(options, &[(identity, &[])], CONTENT));
                assert_eq!(enveloped.cipher(), cipher);
                assert_eq!(enveloped.kind(), cipher.kind());
                assert!(!enveloped.has_originator_info());
                assert!(!enveloped.has_unprotected_attributes());
            }
        }
    }
}

#[test]
fn a_message_of_megabytes_in_segments_opens() {
    let content = vec![7; 3_000_001];
    for cipher in ["-aes-256-cbc", "-aes-256-gcm"] {
        let message = encrypt_with(&[cipher, "-stream"], &[(&P256, &[])], &content);
        let enveloped = Enveloped::parse(&message, &Limits::default()).unwrap();
        let info = &enveloped.recipients()[0];
        let key = info.unwrap(&P256.certificate, P256.key(), &PKCS1, 32).unwrap();
        assert_eq!(*enveloped.decrypt(&key).unwrap(), content);
        assert!(enveloped.ciphertext_len() >= content.len());
    }
}

#[test]
fn oaep_opens_with_every_hash() {
    for (options, hash) in [
        (&["rsa_padding_mode:oaep"][..], OaepHash::Sha1),
        (&["rsa_padding_mode:oaep", "rsa_oaep_md:sha256"], OaepHash::Sha256),
        (&["rsa_padding_mode:oaep", "rsa_oaep_md:sha384"], OaepHash::Sha384),
        (&["rsa_padding_mode:oaep", "rsa_oaep_md:sha512"], OaepHash::Sha512),
    ] {
        let message = encrypt_with(&["-aes256"], &[(&RSA, options)], CONTENT);
        let enveloped = assert_opens(&RSA, &message);
        assert_eq!(enveloped.recipients()[0].kind(), RecipientKind::KeyTransOaep(hash));
    }
}

#[test]
fn oaep_with_two_hashes_or_a_label_is_refused_by_name() {
    for (options, fault) in [
        (
            ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"],
            CmsError::OaepHashesDiffer,
        ),
        (
            ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_oaep_label:6162"],
            CmsError::OaepLabel,
        ),
        (
            ["rsa_padding_mode:oaep", "rsa_oaep_md:sha224", "rsa_mgf1_md:sha224"],
            CmsError::OaepParameters,
        ),
    ] {
        let message = encrypt_with(&["-aes256"], &[(&RSA, &options)], CONTENT);
        let enveloped = Enveloped::parse(&message, &Limits::default()).unwrap();
        let info = &enveloped.recipients()[0];
        assert_eq!(info.kind(), RecipientKind::Other);
        let found = info.unwrap(&RSA.certificate, RSA.key(), &PKCS1, 32);
        assert_eq!(found.unwrap_err(), fault);
    }
}

#[test]
fn pkcs1_is_refused_unless_allowed() {
    let message = encrypt_with(&["-aes256"], &[(&RSA, &[])], CONTENT);
    let enveloped = Enveloped::parse(&message, &Limits::default()).unwrap();
    let info = &enveloped.recipients()[0];
    assert_eq!(info.kind(), RecipientKind::KeyTransPkcs1);
    let refused = info.unwrap(&RSA.certificate, RSA.key(), &UnwrapPolicy::default(), 32);
    assert_eq!(refused.unwrap_err(), CmsError::Pkcs1NotAllowed);
    assert!(info.unwrap(&RSA.certificate, RSA.key(), &PKCS1, 32).is_ok());
}

#[test]
fn each_of_several_recipients_opens_it() {
    let all = [&*RSA, &P256, &OTHER_RSA, &OTHER_P256];
    let message = encrypt_with(&["-aes256"], &all.map(|identity| (identity, &[][..])), CONTENT);
    for identity in all {
        let enveloped = assert_opens(identity, &message);
        assert_eq!(enveloped.recipients().len(), all.len());
    }
}

#[test]
fn other_ciphers_and_kinds_of_recipients_are_refused_by_name() {
    let message = encrypt_with(&["-des3"], &[(&RSA, &[])], CONTENT);
    let found = Enveloped::parse(&message, &Limits::default());
    assert_eq!(found.unwrap_err(), CmsError::CipherRefused);

    let password = ["-aes256", "-pwri_password", "secret"];
    let enveloped =
        Enveloped::parse(&encrypt_with(&password, &[], CONTENT), &Limits::default()).unwrap();
    let info = &enveloped.recipients()[0];
    assert_eq!((info.kind(), info.identifiers()), (RecipientKind::Other, &[][..]));
    let found = info.unwrap(&RSA.certificate, RSA.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::RecipientType);
}

#[test]
fn openssl_opens_what_we_encrypt() {
    let transports = [
        RsaTransport::Pkcs1,
        RsaTransport::OaepSha1,
        RsaTransport::OaepSha256,
        RsaTransport::OaepSha384,
        RsaTransport::OaepSha512,
    ];
    for (_, cipher) in CIPHERS {
        let key = ContentKey::random(&SystemRandom, cipher.key_len());
        let sealed = encrypt(CONTENT, cipher, &key, &SystemRandom).unwrap();
        for transport in transports {
            let info = recipient_info(&RSA.certificate, &key, None, transport).unwrap();
            assert_eq!(decrypt_with(&RSA, &sealed.with_recipients(&[info])), CONTENT);
        }
        for ukm in [None, Some(&b"keying material"[..])] {
            let info = recipient_info(&P256.certificate, &key, ukm, RsaTransport::Pkcs1).unwrap();
            let message = sealed.with_recipients(&[info]);
            assert_eq!(decrypt_with(&P256, &message), CONTENT);
            assert_eq!(assert_opens(&P256, &message).recipients()[0].ukm(), ukm);
        }
    }
}

#[test]
fn openssl_opens_what_we_encrypt_for_a_key_id() {
    let key = ContentKey::random(&SystemRandom, 32);
    let sealed = encrypt(CONTENT, ContentCipher::Aes256Gcm, &key, &SystemRandom).unwrap();
    let key_id = P256.certificate.subject_key_id().unwrap();
    let info = recipient_info_for_key(P256.certificate.spki(), key_id, &key, Some(b"ukm")).unwrap();
    let message = sealed.with_recipients(&[info]);
    assert_eq!(decrypt_with(&P256, &message), CONTENT);
    let enveloped = assert_opens(&P256, &message);
    let info = &enveloped.recipients()[0];
    assert_eq!(info.identifiers(), [RecipientId::KeyId(key_id.to_vec())]);
    assert_eq!(enveloped.kind(), Kind::AuthEnveloped);
    assert!(info.unwrap(KeyName::KeyId(key_id), P256.key(), &PKCS1, 32).is_ok());
    let found = info.unwrap(KeyName::KeyId(b"other"), P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::NotNamed);
    assert_eq!(P256.key().spki(), P256.certificate.spki());
}

#[test]
fn openssl_opens_what_we_encrypt_for_the_key_id_of_an_rsa_key() {
    let key = ContentKey::random(&SystemRandom, 32);
    let sealed = encrypt(CONTENT, ContentCipher::Aes256Cbc, &key, &SystemRandom).unwrap();
    let (spki, key_id) = (RSA.certificate.spki(), RSA.certificate.subject_key_id().unwrap());
    let info = recipient_info_for_key(spki, key_id, &key, None).unwrap();
    let message = sealed.with_recipients(&[info]);
    assert_eq!(decrypt_with(&RSA, &message), CONTENT);
    let info = &assert_opens(&RSA, &message).recipients()[0].clone();
    assert_eq!(info.identifiers(), [RecipientId::KeyId(key_id.to_vec())]);
    assert_eq!(info.kind(), RecipientKind::KeyTransOaep(OaepHash::Sha256));
    let found = recipient_info_for_key(spki, key_id, &key, Some(b"ukm"));
    assert_eq!(found.unwrap_err(), CmsError::KeyKind);
    let found = recipient_info_for_key(ED25519.certificate.spki(), key_id, &key, None);
    assert_eq!(found.unwrap_err(), CmsError::PublicKey);
}

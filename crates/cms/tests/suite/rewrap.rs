//! The same ciphertext for other recipients.

use ssmax_cms::{
    CmsError, Limits,
    enveloped::{
        ContentCipher, Enveloped, RecipientInfo, RsaTransport, UnwrapPolicy, encrypt, kcv,
        recipient_info,
    },
};
use ssmax_primitives::{ContentKey, SystemRandom, hmac_sha256};

use crate::identities::{Identity, OTHER_P256, OTHER_RSA, P256, RSA, openssl};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nA secret.\r\n";
const PKCS1: UnwrapPolicy = UnwrapPolicy { allow_pkcs1: true };

fn limits() -> Limits {
    Limits::default()
}

fn from_openssl(options: &[&str], to: &Identity) -> Vec<u8> {
    let mut arguments = vec!["cms", "-encrypt", "-binary", "-outform", "DER"];
    arguments.extend(options);
    arguments.push(&to.certificate_file);
    openssl(&arguments, CONTENT)
}

fn open_with_openssl(identity: &Identity, message: &[u8]) -> Vec<u8> {
    let (certificate, key) = (&identity.certificate_file, &identity.key_file);
    let arguments =
        ["cms", "-decrypt", "-binary", "-inform", "DER", "-recip", certificate, "-inkey", key];
    openssl(&arguments, message)
}

#[test]
fn rewrapped_messages_keep_the_tail_and_open_for_the_new_recipients_only() {
    for options in [
        &["-aes-128-cbc"][..],
        &["-aes-256-cbc", "-stream"],
        &["-aes-256-gcm"],
        &["-aes-128-gcm", "-stream"],
    ] {
        let before = Enveloped::parse(&from_openssl(options, &RSA), &limits()).unwrap();
        let key_len = before.cipher().key_len();
        let key = before.recipients()[0].unwrap(&RSA.certificate, RSA.key(), &PKCS1, key_len);
        let key = key.unwrap();
        let new = [&*OTHER_RSA, &P256, &OTHER_P256];
        let infos = new.map(|identity| {
            recipient_info(&identity.certificate, &key, None, RsaTransport::OaepSha256).unwrap()
        });
        let message = before.with_recipients(&infos);

        let after = Enveloped::parse(&message, &limits()).unwrap();
        assert_eq!(after.tail(), before.tail());
        let order: Vec<_> = after.recipients().iter().map(RecipientInfo::der).collect();
        assert_eq!(order, infos.each_ref().map(Vec::as_slice), "the caller's order");
        assert!(!after.recipients().iter().any(|info| info.names(&RSA.certificate)));
        for identity in new {
            assert_eq!(open_with_openssl(identity, &message), CONTENT);
        }
        assert_eq!(after.with_recipients(&infos), message, "deterministic");
        assert_eq!(before.clone().into_rewrapped(&infos), message, "in place");
        assert_eq!(*after.clone().into_decrypted(&key).unwrap(), CONTENT);
        assert_eq!(ssmax_cms::ber::to_der(&message, &limits()).unwrap(), message, "DER");
    }
}

#[test]
fn the_tail_is_the_hash_of_its_parts() {
    let key = ContentKey::random(&SystemRandom, 32);
    for cipher in [ContentCipher::Aes256Cbc, ContentCipher::Aes256Gcm] {
        let sealed = encrypt(CONTENT, cipher, &key, &SystemRandom).unwrap();
        let info = recipient_info(&P256.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        let message = sealed.with_recipients(std::slice::from_ref(&info));
        assert_eq!(sealed.clone().into_message(std::slice::from_ref(&info)), message);
        assert_eq!(Enveloped::parse(&message, &limits()).unwrap().tail(), sealed.tail());

        // What follows the recipients is EncryptedContentInfo, and the tag.
        let rest = &message[message.windows(info.len()).position(|w| w == info).unwrap()..];
        let rest = &rest[info.len()..];
        let (header, rest) = rest.split_at(2);
        let (inside, mac) = rest.split_at(usize::from(header[1]));
        let mut parts = inside.to_vec();
        // contentType has 11 octets, the algorithm those of its length.
        let ciphertext = 11 + 2 + usize::from(inside[12]);
        assert_eq!(parts[ciphertext], 0x80);
        parts[ciphertext] = 0x04;
        parts.extend(mac);
        assert_eq!(ssmax_primitives::sha256(&parts), sealed.tail());
    }
}

#[test]
fn the_key_check_value_binds_key_and_tail() {
    let key = ContentKey::new(vec![1; 32]);
    let value = kcv(&key, &[2; 32]);
    assert_eq!(value, hmac_sha256(&[1; 32], &[b"SSMAX1-kcv\x02", &[2; 31]]));
    assert_ne!(value, kcv(&ContentKey::new(vec![3; 32]), &[2; 32]));
    assert_ne!(value, kcv(&key, &[3; 32]));
}

#[test]
fn version_numbers_follow_the_recipients() {
    let version = |message: &[u8]| {
        // ContentInfo, its type of 11 octets, [0], the structure; the version is the
        // first INTEGER.
        let position = message.windows(2).position(|pair| pair == [2, 1]).unwrap();
        message[position + 2]
    };
    let key = ContentKey::random(&SystemRandom, 32);
    let transport = recipient_info(&RSA.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
    let agreement = recipient_info(&P256.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
    let cbc = encrypt(CONTENT, ContentCipher::Aes256Cbc, &key, &SystemRandom).unwrap();
    assert_eq!(version(&cbc.with_recipients(std::slice::from_ref(&transport))), 0);
    assert_eq!(version(&cbc.with_recipients(std::slice::from_ref(&agreement))), 2);
    assert_eq!(version(&cbc.with_recipients(&[transport, agreement.clone()])), 2);
    let password = b"\xa3\x00".to_vec();
    assert_eq!(version(&cbc.with_recipients(&[password])), 3);
    let gcm = encrypt(CONTENT, ContentCipher::Aes256Gcm, &key, &SystemRandom).unwrap();
    assert_eq!(version(&gcm.with_recipients(&[agreement])), 0);
}

#[test]
fn keys_and_transports_that_do_not_fit_are_refused_by_name() {
    let key = ContentKey::random(&SystemRandom, 16);
    let found = encrypt(CONTENT, ContentCipher::Aes256Cbc, &key, &SystemRandom);
    assert_eq!(found.unwrap_err(), CmsError::KeyLength);
    let found = recipient_info(&RSA.certificate, &key, Some(b"ukm"), RsaTransport::OaepSha256);
    assert_eq!(found.unwrap_err(), CmsError::KeyKind);
    let only_signs = &crate::identities::ED25519.certificate;
    let found = recipient_info(only_signs, &key, None, RsaTransport::OaepSha256);
    assert_eq!(found.unwrap_err(), CmsError::PublicKey);
    // RSA with 1,024 bits, however the mail is sent.
    let small = &crate::identities::RSA_1024.certificate;
    for transport in [RsaTransport::Pkcs1, RsaTransport::OaepSha1] {
        let found = recipient_info(small, &key, None, transport);
        assert_eq!(found.unwrap_err(), CmsError::PublicKey);
    }
    let key = ContentKey::random(&SystemRandom, 24);
    let found = encrypt(CONTENT, ContentCipher::TripleDesCbc, &key, &SystemRandom);
    assert_eq!(found.unwrap_err(), CmsError::CipherRefused);
}

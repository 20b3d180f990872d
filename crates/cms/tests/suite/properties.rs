//! Properties that hold for every message, also a damaged one.

use std::sync::LazyLock;

use proptest::prelude::*;
use ssmax_cms::{
    Limits, ber, compressed,
    enveloped::{
        ContentCipher, Enveloped, RecipientInfo, RsaTransport, UnwrapPolicy, encrypt,
        recipient_info,
    },
    signed::{SignRequest, SignedData, attribute_utf8, sign},
};
use ssmax_primitives::{ContentKey, SystemRandom, sha256};

use crate::{
    identities::{P256, RSA},
    surgery::Node,
};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello, world.\r\n";

/// Messages to damage, in DER and in BER.
static MESSAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut found = Vec::new();
    let certificates = [P256.certificate.clone()];
    let request = SignRequest {
        content_digest: sha256(CONTENT),
        content: Some(CONTENT),
        signing_time: Some(time::macros::datetime!(2026-03-04 05:06:07 UTC)),
        extra_signed: vec![attribute_utf8("1.2.3.4", "record")],
        unsigned: vec![attribute_utf8("1.2.3.5", "evidence")],
        certificates: &certificates,
        signer: &P256.certificate,
    };
    found.push(sign(&request, P256.key()).unwrap());
    let key = ContentKey::new(vec![1; 32]);
    for cipher in [ContentCipher::Aes256Cbc, ContentCipher::Aes256Gcm] {
        let sealed = encrypt(CONTENT, cipher, &key, &SystemRandom).unwrap();
        let infos = [
            recipient_info(&P256.certificate, &key, Some(b"ukm"), RsaTransport::Pkcs1).unwrap(),
            recipient_info(&RSA.certificate, &key, None, RsaTransport::OaepSha256).unwrap(),
        ];
        found.push(sealed.with_recipients(&infos));
    }
    let ber: Vec<_> = found.iter().map(|der| Node::parse(der).encode_indefinite()).collect();
    found.extend(ber);
    found
});

/// Everything that reading can lead to; whether it succeeds does not matter.
fn exercise(message: &[u8]) {
    let limits = Limits::default();
    if let Ok(der) = ber::to_der(message, &limits) {
        assert_eq!(ber::to_der(&der, &limits).as_ref(), Ok(&der));
        assert_eq!(ber::to_der_vec(message.to_vec(), &limits).as_ref(), Ok(&der.to_vec()));
    }
    let _ = compressed::decompress(message, &limits);
    if let Ok(signed) = SignedData::parse(message, &limits) {
        let again = SignedData::parse_vec(message.to_vec(), &limits).unwrap();
        assert_eq!(again.content(), signed.content());
        assert_eq!(again.detached(), signed.detached());
        assert_eq!(again.into_content().as_deref(), signed.content());
        for signer in signed.signers() {
            let _ = signer.verify(&P256.certificate, CONTENT);
            let _ = (signer.hash(), signer.signing_time(), signer.signed_attribute("1.2.3.4"));
            let _ = signer.capabilities();
        }
    }
    if let Ok(enveloped) = Enveloped::parse(message, &limits) {
        let infos: Vec<_> = enveloped.recipients().iter().map(|info| info.der().to_vec()).collect();
        let again = Enveloped::parse(&enveloped.with_recipients(&infos), &limits).unwrap();
        assert_eq!(again.tail(), enveloped.tail());
        let key = ContentKey::new(vec![1; enveloped.cipher().key_len()]);
        assert_eq!(again.decrypt(&key), enveloped.decrypt(&key));
        let owned = || Enveloped::parse_vec(message.to_vec(), &limits).unwrap();
        assert_eq!(owned().into_rewrapped(&infos), enveloped.with_recipients(&infos));
        assert_eq!(owned().into_decrypted(&key), enveloped.decrypt(&key));
        for (info, der) in enveloped.recipients().iter().zip(&infos) {
            assert_eq!(RecipientInfo::parse(der).unwrap().identifiers(), info.identifiers());
            let policy = UnwrapPolicy { allow_pkcs1: true };
            let _ = info.unwrap(&P256.certificate, P256.key(), &policy, 32);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn damaged_messages_are_read_or_refused_and_rewrap_keeps_their_tail(
        which in 0_usize..6,
        damages in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..4),
    ) {
        let mut message = MESSAGES[which].clone();
        for (position, octet, how) in damages {
            let position = position.index(message.len());
            match how {
                0 => message[position] = octet,
                1 => message[position] ^= 1 << (octet % 8),
                2 => message.insert(position, octet),
                _ => drop(message.remove(position)),
            }
        }
        exercise(&message);
    }

    #[test]
    fn messages_cut_off_anywhere_are_refused(which in 0_usize..6, at in any::<prop::sample::Index>()) {
        let message = &MESSAGES[which];
        let cut = &message[..at.index(message.len())];
        prop_assert!(ber::to_der(cut, &Limits::default()).is_err());
        prop_assert!(SignedData::parse(cut, &Limits::default()).is_err());
        prop_assert!(Enveloped::parse(cut, &Limits::default()).is_err());
    }

    #[test]
    fn any_content_comes_back(
        content in proptest::collection::vec(any::<u8>(), 0..300),
        which in 0_usize..6,
    ) {
        let cipher = ContentCipher::ALL[which];
        let key = ContentKey::random(&SystemRandom, cipher.key_len());
        let info = recipient_info(&P256.certificate, &key, Some(&content), RsaTransport::Pkcs1).unwrap();
        let sealed = encrypt(&content, cipher, &key, &SystemRandom).unwrap();
        let message = sealed.with_recipients(&[info]);
        let ber = Node::parse(&message).encode_indefinite();
        for form in [&message, &ber] {
            let enveloped = Enveloped::parse(form, &Limits::default()).unwrap();
            prop_assert_eq!(enveloped.tail(), sealed.tail());
            let info = &enveloped.recipients()[0];
            let found = info.unwrap(&P256.certificate, P256.key(), &UnwrapPolicy::default(), cipher.key_len()).unwrap();
            prop_assert_eq!(&*enveloped.decrypt(&found).unwrap(), &content);
        }
    }
}

#[test]
fn undamaged_messages_are_read() {
    for message in MESSAGES.iter() {
        let limits = Limits::default();
        let readable = SignedData::parse(message, &limits).is_ok()
            || Enveloped::parse(message, &limits).is_ok();
        assert!(readable);
        exercise(message);
    }
}

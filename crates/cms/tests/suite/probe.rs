//! Telling a right content key from a wrong one without opening everything.

use ssmax_cms::{
    CmsError, Limits,
    enveloped::{ContentCipher, Enveloped, RsaTransport, encrypt, recipient_info},
};
use ssmax_primitives::{ContentKey, SystemRandom};

use crate::identities::P256;

const PROBED: usize = 64;

fn key(cipher: ContentCipher, first: u8) -> ContentKey {
    ContentKey::new((first..).take(cipher.key_len()).collect())
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

fn message(cipher: ContentCipher, len: usize) -> Vec<u8> {
    let key = key(cipher, 1);
    let info = recipient_info(&P256.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
    encrypt(&content(len), cipher, &key, &SystemRandom).unwrap().with_recipients(&[info])
}

fn parse(message: &[u8]) -> Enveloped {
    Enveloped::parse(message, &Limits::default()).unwrap()
}

#[test]
fn the_beginning_and_the_length_are_those_of_the_content() {
    for cipher in ContentCipher::ALL {
        for len in [0, 1, 15, 16, 63, 64, 65, 79, 80, 95, 96, 97, 111, 112, 113, 5_000] {
            let probe = parse(&message(cipher, len)).probe(&key(cipher, 1), PROBED).unwrap();
            assert_eq!(*probe.beginning, content(len.min(PROBED)), "{cipher:?} {len}");
            assert_eq!(probe.content_bytes, len, "{cipher:?} {len}");
            assert!(!format!("{probe:?}").contains("beginning"));
        }
    }
}

#[test]
fn any_number_of_octets_may_be_asked_for() {
    for cipher in [ContentCipher::Aes256Cbc, ContentCipher::Aes256Gcm] {
        let enveloped = parse(&message(cipher, 200));
        for asked in [0, 1, 16, 17, 160, 199, 200, 201, usize::MAX] {
            let probe = enveloped.probe(&key(cipher, 1), asked).unwrap();
            assert_eq!(*probe.beginning, content(asked.min(200)), "{cipher:?} {asked}");
            assert_eq!(probe.content_bytes, 200);
        }
    }
}

/// One wrong key in 256 leaves a padding of one octet, hardly any a longer one.
#[test]
fn a_wrong_key_shows_by_the_padding_in_all_but_few_cases() {
    let cbc = ContentCipher::Aes256Cbc;
    let enveloped = parse(&message(cbc, 5_000));
    let passed = (2..=250).filter(|first| {
        let found = enveloped.probe(&ContentKey::new(vec![*first; 32]), PROBED);
        found.is_err_and(|fault| fault == CmsError::Decryption)
    });
    assert!(passed.count() > 230);
    let short = enveloped.probe(&ContentKey::new(vec![1; 16]), PROBED);
    assert_eq!(short.unwrap_err(), CmsError::Decryption);
}

#[test]
fn of_gcm_the_tag_tells() {
    let gcm = ContentCipher::Aes256Gcm;
    let enveloped = parse(&message(gcm, 5_000));
    for first in 2..=250 {
        let found = enveloped.probe(&ContentKey::new(vec![first; 32]), PROBED);
        assert_eq!(found.unwrap_err(), CmsError::Decryption);
    }
}

/// Whatever stands between is not looked at: the cost is the same for every size.
#[test]
fn of_cbc_only_the_ends_are_opened() {
    let cbc = ContentCipher::Aes256Cbc;
    let whole = message(cbc, 5_000);
    let mut cut = whole.clone();
    let middle = cut.len() - 2_500;
    cut[middle] ^= 1;
    for message in [&whole, &cut] {
        let probe = parse(message).probe(&key(cbc, 1), PROBED).unwrap();
        assert_eq!((&*probe.beginning, probe.content_bytes), (&content(PROBED), 5_000));
    }
    // The end is: this octet is the mask of the last one of the padding.
    let mut cut = whole;
    let mask = cut.len() - 17;
    cut[mask] ^= 1;
    assert_eq!(parse(&cut).probe(&key(cbc, 1), PROBED).unwrap_err(), CmsError::Decryption);
}

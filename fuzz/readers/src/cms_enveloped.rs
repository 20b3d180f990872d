//! EnvelopedData and AuthEnvelopedData.
//!
//! Properties: for other recipients the message keeps its tail, its cipher and what it
//! decrypts to; strict and old reading agree where both read.

use ssmax_cms::enveloped::{ContentCipher, Enveloped, UnwrapPolicy, kcv};
use ssmax_cms::{CmsError, Limits};
use ssmax_primitives::ContentKey;

use crate::fixed::{BOB, CAROL};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Cms];
pub(crate) const ROUNDS: usize = 800;

/// Recipients that a private key is used for.
const MAX_OPENED: usize = 2;

/// Reads the octets, re-wraps them and opens them with keys that may fit.
pub fn run(octets: &[u8]) {
    let limits = Limits::default();
    let strict = Enveloped::parse(octets, &limits);
    let Ok(enveloped) = Enveloped::parse_old(octets, &limits) else {
        assert!(strict.is_err(), "read strictly and not as an old mail");
        return;
    };
    match strict {
        Ok(strict) => assert_eq!(strict.tail(), enveloped.tail(), "two readings"),
        Err(fault) => {
            assert_eq!(fault, CmsError::CipherRefused);
            assert_eq!(enveloped.cipher(), ContentCipher::TripleDesCbc);
        }
    }
    let infos: Vec<_> = enveloped.recipients().iter().map(|info| info.der().to_vec()).collect();
    let written = enveloped.with_recipients(&infos);
    let again = Enveloped::parse_old(&written, &limits).expect("what is re-wrapped is read");
    assert_eq!(again.tail(), enveloped.tail(), "re-wrapping changed the tail");
    assert_eq!(again.cipher(), enveloped.cipher());
    assert_eq!(again.ciphertext_len(), enveloped.ciphertext_len());
    assert!(!again.has_originator_info() && !again.has_unprotected_attributes());
    assert_eq!(again.with_recipients(&infos), written, "re-wrapping is not stable");
    assert_eq!(enveloped.clone().into_rewrapped(&infos), written, "in place it is another");
    let count: usize = again.recipients().iter().map(|info| info.identifiers().len()).sum();
    assert!(count <= limits.max_recipients, "more recipients than the bound");

    let mut keys = vec![ContentKey::new(vec![1; enveloped.cipher().key_len()])];
    let policy = UnwrapPolicy { allow_pkcs1: true };
    let key_len = enveloped.cipher().key_len();
    for info in enveloped.recipients().iter().take(MAX_OPENED) {
        keys.extend(info.unwrap(&BOB.certificate, &BOB.key, &policy, key_len).ok());
        keys.extend(info.unwrap(&CAROL.certificate, &CAROL.key, &policy, key_len).ok());
    }
    for key in keys {
        let content = enveloped.decrypt(&key);
        assert_eq!(again.decrypt(&key), content, "another content");
        assert_eq!(enveloped.clone().into_decrypted(&key), content, "another content in place");
        assert_eq!(kcv(&key, &again.tail()), kcv(&key, &enveloped.tail()));
    }
}

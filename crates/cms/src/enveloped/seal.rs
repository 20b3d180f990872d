//! Encrypting a content.

use std::fmt;

use ssmax_primitives::{self as primitives, ContentKey};
use ssmax_token::Random;

use super::{ContentCipher, Kind, cipher, tail::Tail};
use crate::{
    CmsError, oid,
    write::{Element, OCTET_STRING, wrap_in_place},
};

/// An encrypted message without recipients yet.
#[derive(Clone)]
pub struct Sealed {
    cipher: ContentCipher,
    algorithm: Vec<u8>,
    ciphertext: Vec<u8>,
    mac: Option<[u8; cipher::TAG_OCTETS]>,
}

/// How much more room than its length the content of [`encrypt_vec`] should have, so that
/// it is encrypted where it stands.
pub const ENCRYPT_ROOM: usize = 16;

/// Encrypts `content` under `key`, with a fresh random vector or nonce.
///
/// # Errors
/// [`CmsError::CipherRefused`] for 3DES; [`CmsError::KeyLength`] if the key does not fit
/// the cipher; [`CmsError::TooLarge`] if the content is beyond what the cipher can take.
pub fn encrypt(
    content: &[u8],
    cipher: ContentCipher,
    key: &ContentKey,
    random: &dyn Random,
) -> Result<Sealed, CmsError> {
    let mut copy = Vec::with_capacity(content.len() + ENCRYPT_ROOM);
    copy.extend_from_slice(content);
    encrypt_vec(copy, cipher, key, random)
}

/// As [`encrypt`], in the memory of `content` if it has [`ENCRYPT_ROOM`] octets to spare;
/// else in a copy, and the original is wiped. After an error the content is lost.
///
/// # Errors
/// As [`encrypt`].
pub fn encrypt_vec(
    mut content: Vec<u8>,
    cipher: ContentCipher,
    key: &ContentKey,
    random: &dyn Random,
) -> Result<Sealed, CmsError> {
    if cipher == ContentCipher::TripleDesCbc {
        return Err(CmsError::CipherRefused);
    }
    if key.as_bytes().len() != cipher.key_len() {
        return Err(CmsError::KeyLength);
    }
    let (parameters, ciphertext, mac) = match cipher.kind() {
        Kind::Enveloped => {
            let mut vector = [0; cipher::CBC_IV_OCTETS];
            random.fill(&mut vector);
            let ciphertext =
                primitives::cipher::aes_cbc_encrypt_vec(key.as_bytes(), &vector, content)
                    .map_err(|_| CmsError::TooLarge)?;
            (Element::value(OCTET_STRING, vector.to_vec()), ciphertext, None)
        }
        Kind::AuthEnveloped => {
            let mut nonce = [0; cipher::GCM_NONCE_OCTETS];
            random.fill(&mut nonce);
            // RFC 5083 2.2: no authAttrs, so no additional data.
            let mac = primitives::cipher::aes_gcm_seal_in_place(
                key.as_bytes(),
                &nonce,
                &[],
                &mut content,
            )
            .map_err(|_| CmsError::TooLarge)?;
            let parameters = Element::sequence(vec![
                Element::value(OCTET_STRING, nonce.to_vec()),
                Element::small_integer(cipher::TAG_OCTETS as u8),
            ]);
            (parameters, content, Some(mac))
        }
    };
    let algorithm = Element::sequence(vec![Element::oid(cipher.oid()), parameters]).encode();
    Ok(Sealed { cipher, algorithm, ciphertext, mac })
}

impl Sealed {
    /// The tail hash, as [`super::Enveloped::tail`].
    #[must_use]
    pub fn tail(&self) -> [u8; 32] {
        self.with_tail(|tail| tail.hash())
    }

    /// The message as a DER `ContentInfo`, with `infos` in the order given (see
    /// [`super::Enveloped::with_recipients`]).
    #[must_use]
    pub fn with_recipients(&self, infos: &[Vec<u8>]) -> Vec<u8> {
        self.with_tail(|tail| tail.with_recipients(infos))
    }

    /// As [`Sealed::with_recipients`], in the memory of the ciphertext.
    #[must_use]
    pub fn into_message(self, infos: &[Vec<u8>]) -> Vec<u8> {
        let (before, behind) = self.with_tail(|tail| tail.around(infos));
        let range = 0..self.ciphertext.len();
        wrap_in_place(self.ciphertext, range, &before, &behind)
    }

    fn with_tail<T>(&self, use_tail: impl FnOnce(&Tail<'_>) -> T) -> T {
        use_tail(&Tail {
            kind: self.cipher.kind(),
            content_type: &Element::oid(oid::DATA).encode(),
            algorithm: &self.algorithm,
            ciphertext: &self.ciphertext,
            auth_attributes: None,
            mac: self.mac.as_ref().map(<[u8; cipher::TAG_OCTETS]>::as_slice),
        })
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("cipher", &self.cipher)
            .field("ciphertext_bytes", &self.ciphertext.len())
            .finish_non_exhaustive()
    }
}

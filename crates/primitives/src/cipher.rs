//! AES in the two modes that mail uses: CBC with PKCS#7 padding (enveloped-data) and GCM
//! (authEnveloped-data). 3DES in CBC only to open old mail.
//!
//! What ends in `_in_place` or `_vec` works in the memory it is given, so that a large
//! mail is in memory once.

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptionContext,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use zeroize::Zeroizing;

use crate::constant_time::{choose, mask_eq, to_mask};

/// The block of AES, in octets.
const BLOCK_OCTETS: usize = 16;
/// The block of 3DES, in octets.
const DES_BLOCK_OCTETS: usize = 8;

/// A cipher gave no result. One value for every cause: which check failed is what a
/// padding oracle lives on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cipher operation failed")]
pub struct CipherError;

/// AES-CBC with PKCS#7 padding (RFC 5652 6.3, RFC 3565). The ciphertext is one to 16
/// octets longer than the plaintext.
///
/// `iv` must be unpredictable and new for each message under one key.
///
/// # Errors
/// [`CipherError`] when `key` has not 16, 24 or 32 octets.
pub fn aes_cbc_encrypt(
    key: &[u8],
    iv: &[u8; 16],
    plaintext: &[u8],
) -> Result<Vec<u8>, CipherError> {
    let mut out = Vec::with_capacity(plaintext.len() + BLOCK_OCTETS);
    out.extend_from_slice(plaintext);
    aes_cbc_encrypt_vec(key, iv, out)
}

/// As [`aes_cbc_encrypt`], in the plaintext's own memory if that has room for 16 octets
/// more; else in a copy, and the original is wiped.
///
/// # Errors
/// As [`aes_cbc_encrypt`].
pub fn aes_cbc_encrypt_vec(
    key: &[u8],
    iv: &[u8; 16],
    plaintext: Vec<u8>,
) -> Result<Vec<u8>, CipherError> {
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(cbc_key(key)?).map_err(|_| CipherError)?;
    let mut out = with_room(plaintext, BLOCK_OCTETS);
    key.less_safe_encrypt(&mut out, EncryptionContext::Iv128(FixedLength::from(iv)))
        .map_err(|_| CipherError)?;
    Ok(out)
}

/// Opens what [`aes_cbc_encrypt`] made. CBC does not authenticate: parse the result only
/// when a signature covers the ciphertext or the plaintext.
///
/// The padding is checked over the whole last block without a branch on its octets. That
/// the check failed at all, and how long the plaintext is, the caller learns and must not
/// pass on.
///
/// # Errors
/// [`CipherError`] for a key of another size, a ciphertext that is empty or not whole
/// blocks, and bad padding.
pub fn aes_cbc_decrypt(
    key: &[u8],
    iv: &[u8; 16],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let mut out = Zeroizing::new(ciphertext.to_vec());
    let len = aes_cbc_decrypt_in_place(key, iv, &mut out)?;
    out.truncate(len);
    Ok(out)
}

/// As [`aes_cbc_decrypt`] in the ciphertext's own memory: gives the length of the
/// plaintext, which stands at the beginning of `octets`. After an error their content is
/// no use to anybody, but may be plaintext; wipe it.
///
/// # Errors
/// As [`aes_cbc_decrypt`].
pub fn aes_cbc_decrypt_in_place(
    key: &[u8],
    iv: &[u8; 16],
    octets: &mut [u8],
) -> Result<usize, CipherError> {
    if octets.is_empty() || !octets.len().is_multiple_of(BLOCK_OCTETS) {
        return Err(CipherError);
    }
    let key = DecryptingKey::cbc(cbc_key(key)?).map_err(|_| CipherError)?;
    key.decrypt(octets, DecryptionContext::Iv128(FixedLength::from(iv)))
        .map_err(|_| CipherError)?;
    let padding = padding_len::<BLOCK_OCTETS>(octets)?;
    octets.len().checked_sub(padding).ok_or(CipherError)
}

/// Opens 3DES-CBC with PKCS#7 padding (RFC 3370 5.1) in the ciphertext's own memory, as
/// [`aes_cbc_decrypt_in_place`]. To read old mail; nothing encrypts so any more. Blocks
/// of 64 bits collide after some gigabytes under one key, which one mail has not.
///
/// # Errors
/// [`CipherError`] for a key of other than 24 octets, a ciphertext that is empty or not
/// whole blocks, and bad padding.
pub fn triple_des_cbc_decrypt_in_place(
    key: &[u8],
    iv: &[u8; 8],
    octets: &mut [u8],
) -> Result<usize, CipherError> {
    if octets.is_empty() || !octets.len().is_multiple_of(DES_BLOCK_OCTETS) {
        return Err(CipherError);
    }
    cbc::Decryptor::<des::TdesEde3>::new_from_slices(key, iv)
        .map_err(|_| CipherError)?
        .decrypt_padded::<NoPadding>(octets)
        .map_err(|_| CipherError)?;
    let padding = padding_len::<DES_BLOCK_OCTETS>(octets)?;
    octets.len().checked_sub(padding).ok_or(CipherError)
}

/// As [`triple_des_cbc_decrypt_in_place`], in a copy.
///
/// # Errors
/// The same.
pub fn triple_des_cbc_decrypt(
    key: &[u8],
    iv: &[u8; 8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let mut out = Zeroizing::new(ciphertext.to_vec());
    let len = triple_des_cbc_decrypt_in_place(key, iv, &mut out)?;
    out.truncate(len);
    Ok(out)
}

/// AES-GCM (NIST SP 800-38D): the ciphertext, as long as the plaintext, and its tag.
///
/// `nonce` must never repeat under one key.
///
/// # Errors
/// [`CipherError`] when `key` has not 16, 24 or 32 octets, or the plaintext passes the
/// mode's bound of 64 GiB.
pub fn aes_gcm_seal(
    key: &[u8],
    nonce: &[u8; 12],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<(Vec<u8>, [u8; 16]), CipherError> {
    let mut out = plaintext.to_vec();
    let tag = aes_gcm_seal_in_place(key, nonce, aad, &mut out)?;
    Ok((out, tag))
}

/// As [`aes_gcm_seal`] in the plaintext's own memory; gives the tag.
///
/// # Errors
/// As [`aes_gcm_seal`].
pub fn aes_gcm_seal_in_place(
    key: &[u8],
    nonce: &[u8; 12],
    aad: &[u8],
    octets: &mut [u8],
) -> Result<[u8; 16], CipherError> {
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let tag = gcm_key(key)?
        .seal_in_place_separate_tag(nonce, Aad::from(aad), octets)
        .map_err(|_| CipherError)?;
    tag.as_ref().try_into().map_err(|_| CipherError)
}

/// Opens what [`aes_gcm_seal`] made. Nothing of the plaintext is given out unless key,
/// nonce, `aad`, ciphertext and tag belong together.
///
/// # Errors
/// [`CipherError`] for a key of another size and for any mismatch.
pub fn aes_gcm_open(
    key: &[u8],
    nonce: &[u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8; 16],
) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let mut out = Zeroizing::new(ciphertext.to_vec());
    aes_gcm_open_in_place(key, nonce, aad, &mut out, tag)?;
    Ok(out)
}

/// As [`aes_gcm_open`] in the ciphertext's own memory. After an error `octets` must be
/// thrown away and wiped.
///
/// # Errors
/// As [`aes_gcm_open`].
pub fn aes_gcm_open_in_place(
    key: &[u8],
    nonce: &[u8; 12],
    aad: &[u8],
    octets: &mut [u8],
    tag: &[u8; 16],
) -> Result<(), CipherError> {
    let nonce = Nonce::assume_unique_for_key(*nonce);
    gcm_key(key)?
        .open_in_place_separate_tag(nonce, Aad::from(aad), tag, octets)
        .map(drop)
        .map_err(|_| CipherError)
}

/// `octets` with room for `more`. Growing in place could leave a copy of the plaintext
/// behind in freed memory, so what does not fit is copied and wiped.
fn with_room(octets: Vec<u8>, more: usize) -> Vec<u8> {
    if octets.capacity() - octets.len() >= more {
        return octets;
    }
    let old = Zeroizing::new(octets);
    let mut out = Vec::with_capacity(old.len() + more);
    out.extend_from_slice(&old);
    out
}

fn cbc_key(key: &[u8]) -> Result<UnboundCipherKey, CipherError> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        _ => return Err(CipherError),
    };
    UnboundCipherKey::new(algorithm, key).map_err(|_| CipherError)
}

fn gcm_key(key: &[u8]) -> Result<LessSafeKey, CipherError> {
    let algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        32 => &AES_256_GCM,
        _ => return Err(CipherError),
    };
    UnboundKey::new(algorithm, key).map(LessSafeKey::new).map_err(|_| CipherError)
}

/// The number of padding octets at the end of `plaintext`, 1 to `BLOCK`. Every octet of
/// the last block is looked at, whatever the padding says.
fn padding_len<const BLOCK: usize>(plaintext: &[u8]) -> Result<usize, CipherError> {
    let block = plaintext.last_chunk::<BLOCK>().ok_or(CipherError)?;
    let last = *block.last().ok_or(CipherError)?;
    let mut wrong = 0_u8;
    let mut known_len = 0_u8;
    for (from_end, octet) in (1..=BLOCK).zip(block.iter().rev()) {
        // from_end <= last, as a mask: the borrow of last - from_end.
        let beyond = (usize::from(last).wrapping_sub(from_end) >> (usize::BITS - 1)) as u8;
        wrong |= choose(to_mask(beyond), 0, octet ^ last);
        known_len |= mask_eq(usize::from(last), from_end);
    }
    let fits = known_len & mask_eq(usize::from(wrong), 0);
    if fits == 0xff { Ok(usize::from(last)) } else { Err(CipherError) }
}

#[cfg(test)]
mod tests;

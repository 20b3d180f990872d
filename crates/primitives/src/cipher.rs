//! AES in the two modes that mail uses: CBC with PKCS#7 padding (enveloped-data) and GCM
//! (authEnveloped-data).

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptionContext,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use crate::constant_time::{choose, mask_eq, to_mask};

/// The block of AES, in octets.
const BLOCK_OCTETS: usize = 16;

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
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(cbc_key(key)?).map_err(|_| CipherError)?;
    // Room for the padding from the start: growing would leave a copy of the plaintext
    // behind in freed memory.
    let mut out = Vec::with_capacity(plaintext.len() + BLOCK_OCTETS);
    out.extend_from_slice(plaintext);
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
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(BLOCK_OCTETS) {
        return Err(CipherError);
    }
    let key = DecryptingKey::cbc(cbc_key(key)?).map_err(|_| CipherError)?;
    let mut out = Zeroizing::new(ciphertext.to_vec());
    key.decrypt(&mut out, DecryptionContext::Iv128(FixedLength::from(iv)))
        .map_err(|_| CipherError)?;
    let padding = padding_len(&out)?;
    let len = out.len().checked_sub(padding).ok_or(CipherError)?;
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
    let key = gcm_key(key)?;
    let mut out = plaintext.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let tag =
        key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut out).map_err(|_| CipherError)?;
    let tag = tag.as_ref().try_into().map_err(|_| CipherError)?;
    Ok((out, tag))
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
    let key = gcm_key(key)?;
    let mut out = Zeroizing::new(ciphertext.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    key.open_in_place_separate_tag(nonce, Aad::from(aad), tag, &mut out)
        .map_err(|_| CipherError)?;
    Ok(out)
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

/// The number of padding octets at the end of `plaintext`, 1 to 16. Every octet of the
/// last block is looked at, whatever the padding says.
fn padding_len(plaintext: &[u8]) -> Result<usize, CipherError> {
    let block = plaintext.last_chunk::<BLOCK_OCTETS>().ok_or(CipherError)?;
    let [.., last] = *block;
    let mut wrong = 0_u8;
    let mut known_len = 0_u8;
    for (from_end, octet) in (1..=BLOCK_OCTETS).zip(block.iter().rev()) {
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

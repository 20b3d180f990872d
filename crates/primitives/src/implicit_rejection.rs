//! RSAES-PKCS1-v1_5 decryption that answers every ciphertext with a key.

use ssmax_token::TokenError;
use zeroize::Zeroizing;

use crate::constant_time::{choose, mask_eq};
use crate::hmac_sha256;

/// Octets of padding at least (RFC 8017 7.2.1).
const MIN_PADDING_OCTETS: usize = 8;
/// Octets around the padding: 0x00 0x02 before it, 0x00 after it.
const FRAME_OCTETS: usize = 3;

/// Takes the padding off `block`, the raw RSA operation's result on `ciphertext`, for a
/// home of keys that offers the raw operation only: a token.
///
/// A good block gives its `expected_len` octets. Every other one, and one with a
/// plaintext of another length, gives that many octets which depend on `secret` and
/// ciphertext alone. Which of the two it was is seen neither in the answer nor in the
/// time: every octet is looked at, without a branch.
///
/// # Errors
/// [`TokenError::Failed`] when block and ciphertext are not equally long or have no room
/// for `expected_len` octets with their padding: lengths are not secret.
pub fn unpad_pkcs1(
    block: &[u8],
    secret: &[u8],
    ciphertext: &[u8],
    expected_len: usize,
) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    let frame = expected_len.checked_add(FRAME_OCTETS + MIN_PADDING_OCTETS);
    if block.len() != ciphertext.len() || frame.is_none_or(|frame| frame > block.len()) {
        return Err(TokenError::Failed);
    }
    let mut out = rejection(secret, ciphertext, expected_len);
    let (padded, key) = block.split_at(block.len() - expected_len);
    let mut good = 0xff;
    for (at, octet) in padded.iter().enumerate() {
        let octet = usize::from(*octet);
        good &= match at {
            0 => mask_eq(octet, 0),
            1 => mask_eq(octet, 2),
            _ if at + 1 == padded.len() => mask_eq(octet, 0),
            _ => !mask_eq(octet, 0),
        };
    }
    for (fake, real) in out.iter_mut().zip(key) {
        *fake = choose(good, *real, *fake);
    }
    Ok(out)
}

/// What a bad `ciphertext` decrypts to: `len` octets that nobody without `secret` can
/// tell from a random key, and that are the same each time.
pub(crate) fn rejection(secret: &[u8], ciphertext: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![0; len]);
    let asked = (len as u64).to_be_bytes();
    for (counter, block) in (0_u32..).zip(out.chunks_mut(32)) {
        let parts: [&[u8]; 3] = [&counter.to_be_bytes(), &asked, ciphertext];
        let octets = Zeroizing::new(hmac_sha256(secret, &parts));
        for (to, from) in block.iter_mut().zip(octets.iter()) {
            *to = *from;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a secret of the store";
    const CIPHERTEXT: [u8; 256] = [7; 256];
    const KEY: [u8; 32] = [0xa5; 32];

    /// 0x00 0x02, padding, 0x00, key, filling 256 octets.
    fn block() -> Vec<u8> {
        let mut block = vec![0, 2];
        block.resize(256 - KEY.len() - 1, 0x11);
        block.push(0);
        block.extend(KEY);
        block
    }

    fn unpad(block: &[u8]) -> Vec<u8> {
        unpad_pkcs1(block, SECRET, &CIPHERTEXT, KEY.len()).unwrap().to_vec()
    }

    #[test]
    fn a_good_block_gives_its_key() {
        assert_eq!(unpad(&block()), KEY);
    }

    #[test]
    fn a_fault_at_any_octet_of_the_padding_gives_the_same_other_key() {
        let fake = unpad(&[0; 256]);
        assert_ne!(fake, KEY);
        let padded = 256 - KEY.len();
        for at in 0..padded {
            let mut bad = block();
            bad[at] = if at < 2 || at + 1 == padded { 0xff } else { 0 };
            assert_eq!(unpad(&bad), fake, "octet {at}");
        }
    }

    #[test]
    fn a_key_of_another_length_is_never_cut_or_filled() {
        let fake = unpad(&[0; 256]);
        let mut longer = block();
        longer[256 - 34] = 0;
        longer[256 - 33] = 0x11;
        assert_eq!(unpad(&longer), fake);
        let mut shorter = block();
        shorter[256 - 33] = 0x11;
        shorter[256 - 32] = 0;
        assert_eq!(unpad(&shorter), fake);
    }

    #[test]
    fn eight_octets_of_padding_are_enough_and_seven_are_not() {
        let mut block = vec![0, 2];
        block.extend([0x11; 8]);
        block.push(0);
        block.extend(KEY);
        let ciphertext = vec![7; block.len()];
        let unpad = |len| unpad_pkcs1(&block, SECRET, &ciphertext, len);
        assert_eq!(unpad(32).unwrap().as_slice(), KEY);
        assert_eq!(unpad(33).unwrap_err(), TokenError::Failed);
        assert_eq!(unpad(usize::MAX).unwrap_err(), TokenError::Failed);
        let error = unpad_pkcs1(&block[1..], SECRET, &ciphertext, 32).unwrap_err();
        assert_eq!(error, TokenError::Failed);
    }
}

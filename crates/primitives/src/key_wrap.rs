//! AES key wrap (RFC 3394, NIST SP 800-38F "KW") with 128-, 192- and 256-bit keys.
//!
//! The library offers no 192-bit key wrap, so that one stands here, over the library's
//! block cipher.

use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrap};
use zeroize::Zeroizing;

use crate::CipherError;

mod wrap192;

/// How much longer a wrapped key is than the key.
const OVERHEAD_OCTETS: usize = 8;
/// RFC 3394 2.2.1 wraps two semiblocks or more.
const MIN_KEY_OCTETS: usize = 16;
/// The longest key that is wrapped or unwrapped. Keys have 16 to 32 octets; what is far
/// longer is no key, and its six passes would be paid for by us.
pub const MAX_KEY_OCTETS: usize = 4_096;

/// Wraps `key` under `kek`.
///
/// # Errors
/// [`CipherError`] when `kek` has not 16, 24 or 32 octets, or `key` not a multiple of eight
/// between 16 and [`MAX_KEY_OCTETS`].
pub fn wrap(kek: &[u8], key: &[u8]) -> Result<Vec<u8>, CipherError> {
    check_key_len(key.len())?;
    if kek.len() == wrap192::KEK_OCTETS {
        return wrap192::wrap(kek, key);
    }
    let mut out = vec![0; key.len() + OVERHEAD_OCTETS];
    let len = kek_for(kek)?.wrap(key, &mut out).map_err(|_| CipherError)?.len();
    out.truncate(len);
    Ok(out)
}

/// Unwraps what [`wrap`] gave under the same `kek`.
///
/// # Errors
/// [`CipherError`] for lengths that no key has, and when the integrity check fails: wrong
/// `kek` and altered octets look alike.
pub fn unwrap(kek: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let key_len = wrapped.len().checked_sub(OVERHEAD_OCTETS).ok_or(CipherError)?;
    check_key_len(key_len)?;
    if kek.len() == wrap192::KEK_OCTETS {
        return wrap192::unwrap(kek, wrapped);
    }
    let mut out = Zeroizing::new(vec![0; key_len]);
    let len = kek_for(kek)?.unwrap(wrapped, &mut out).map_err(|_| CipherError)?.len();
    out.truncate(len);
    Ok(out)
}

fn check_key_len(octets: usize) -> Result<(), CipherError> {
    let fits = (MIN_KEY_OCTETS..=MAX_KEY_OCTETS).contains(&octets) && octets.is_multiple_of(8);
    if fits { Ok(()) } else { Err(CipherError) }
}

fn kek_for(kek: &[u8]) -> Result<AesKek, CipherError> {
    let cipher = match kek.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return Err(CipherError),
    };
    AesKek::new(cipher, kek).map_err(|_| CipherError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_agrees_with_the_examples_of_rfc_3394() {
        let kek = hex::decode("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
            .unwrap();
        let key = hex::decode("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
            .unwrap();
        for (kek, key, wrapped) in [
            // 4.1
            (&kek[..16], &key[..16], "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"),
            // 4.2, 4.4
            (&kek[..24], &key[..16], "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"),
            (
                &kek[..24],
                &key[..24],
                "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2",
            ),
            // 4.3
            (&kek[..], &key[..16], "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"),
            // 4.6
            (
                &kek[..],
                &key[..],
                "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
            ),
        ] {
            let octets = wrap(kek, key).unwrap();
            assert_eq!(hex::encode(&octets), wrapped);
            assert_eq!(*unwrap(kek, &octets).unwrap(), key);
        }
    }

    #[test]
    fn key_lengths_are_bounded_on_both_sides() {
        for kek in [&[1; 16][..], &[1; 24], &[1; 32]] {
            for len in [16, 24, MAX_KEY_OCTETS] {
                let wrapped = wrap(kek, &vec![2; len]).unwrap();
                assert_eq!(*unwrap(kek, &wrapped).unwrap(), vec![2; len]);
            }
            for len in [0, 8, 15, 17, MAX_KEY_OCTETS + 8] {
                assert_eq!(wrap(kek, &vec![2; len]), Err(CipherError), "{len}");
                assert_eq!(unwrap(kek, &vec![2; len + 8]), Err(CipherError), "{len}");
            }
            for len in 0..8 {
                assert_eq!(unwrap(kek, &vec![2; len]), Err(CipherError), "{len}");
            }
        }
    }

    #[test]
    fn only_kek_sizes_of_aes_are_taken() {
        for len in [0, 15, 23, 25, 33] {
            assert_eq!(wrap(&vec![1; len], &[2; 16]), Err(CipherError));
            assert_eq!(unwrap(&vec![1; len], &[2; 24]), Err(CipherError));
        }
    }

    #[test]
    fn every_flipped_octet_of_a_wrapped_key_is_noticed() {
        for kek in [&[1; 16][..], &[1; 24], &[1; 32]] {
            let wrapped = wrap(kek, &[2; 32]).unwrap();
            for at in 0..wrapped.len() {
                let mut altered = wrapped.clone();
                altered[at] ^= 1;
                assert_eq!(unwrap(kek, &altered), Err(CipherError));
            }
        }
    }
}

//! AES key unwrap (RFC 3394 2.2.2) with a 192-bit key, which the cryptographic library
//! does not offer. Some programs take it together with AES-192 content.
//!
//! The block cipher is reached through CBC: the second of two blocks is chosen so that
//! the padding is right, and the first then comes out plain.

use ssmax_primitives::{
    CipherError,
    cipher::{aes_cbc_decrypt, aes_cbc_encrypt},
    constant_time_eq,
};
use zeroize::Zeroizing;

type Block = [u8; 16];

const SEMIBLOCK: usize = 8;
/// RFC 3394 2.2.3.1.
const INITIAL_VALUE: [u8; SEMIBLOCK] = [0xa6; SEMIBLOCK];
/// Content keys have 16 to 32 octets: two to four semiblocks after the check value.
const MIN_SEMIBLOCKS: usize = 2;
const MAX_SEMIBLOCKS: usize = 4;

/// Unwraps a key of 16 to 32 octets.
pub(super) fn unwrap(kek: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let (registers, rest) = wrapped.as_chunks::<SEMIBLOCK>();
    let [check, registers @ ..] = registers else { return Err(CipherError) };
    let count = registers.len();
    if kek.len() != 24 || !rest.is_empty() || !(MIN_SEMIBLOCKS..=MAX_SEMIBLOCKS).contains(&count) {
        return Err(CipherError);
    }
    let mut check = Zeroizing::new(*check);
    let mut registers = Zeroizing::new(registers.to_vec());
    for round in (0..6).rev() {
        for (index, register) in registers.iter_mut().enumerate().rev() {
            let step = (count * round + index + 1) as u64;
            let mut block = Zeroizing::new([0; 16]);
            let (high, low) = block.split_at_mut(SEMIBLOCK);
            high.copy_from_slice(&(u64::from_be_bytes(*check) ^ step).to_be_bytes());
            low.copy_from_slice(register);
            let plain = decrypt_block(kek, &block)?;
            let (high, low) = plain.split_at(SEMIBLOCK);
            check.copy_from_slice(high);
            register.copy_from_slice(low);
        }
    }
    if constant_time_eq(&*check, &INITIAL_VALUE) {
        Ok(Zeroizing::new(registers.as_flattened().to_vec()))
    } else {
        Err(CipherError)
    }
}

fn decrypt_block(kek: &[u8], block: &Block) -> Result<Zeroizing<Block>, CipherError> {
    // Encrypting nothing gives E(padding ^ vector); as the block after ours it decrypts
    // to exactly that padding.
    let padding = aes_cbc_encrypt(kek, block, &[])?;
    let plain = aes_cbc_decrypt(kek, &[0; 16], &[&block[..], &padding].concat())?;
    let plain = plain.as_slice().try_into().map_err(|_| CipherError)?;
    Ok(Zeroizing::new(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEK: &str = "000102030405060708090a0b0c0d0e0f1011121314151617";

    #[test]
    fn unwrapping_agrees_with_the_examples_of_rfc_3394() {
        // 4.2 and 4.4.
        for (wrapped, key) in [
            (
                "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d",
                "00112233445566778899aabbccddeeff",
            ),
            (
                "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2",
                "00112233445566778899aabbccddeeff0001020304050607",
            ),
        ] {
            let kek = hex::decode(KEK).unwrap();
            let found = unwrap(&kek, &hex::decode(wrapped).unwrap()).unwrap();
            assert_eq!(hex::encode(&*found), key);
        }
    }

    #[test]
    fn every_changed_octet_is_noticed() {
        let kek = hex::decode(KEK).unwrap();
        let wrapped = hex::decode("96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d").unwrap();
        for position in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[position] ^= 1;
            assert_eq!(unwrap(&kek, &changed), Err(CipherError));
        }
    }

    #[test]
    fn keys_outside_16_to_32_octets_are_refused() {
        let kek = hex::decode(KEK).unwrap();
        for len in [0, 8, 16, 17, 23, 25, 48] {
            assert_eq!(unwrap(&kek, &vec![0; len]), Err(CipherError));
        }
        assert_eq!(unwrap(&kek[..16], &[0; 24]), Err(CipherError));
    }
}

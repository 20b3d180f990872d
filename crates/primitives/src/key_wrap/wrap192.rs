//! AES key wrap with a 192-bit key (RFC 3394 2.2), over single blocks.

use aws_lc_rs::cipher::{
    AES_192, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
};
use zeroize::Zeroizing;

use crate::{CipherError, constant_time_eq};

/// Octets of the key that wraps.
pub(super) const KEK_OCTETS: usize = 24;

const SEMIBLOCK: usize = 8;
/// RFC 3394 2.2.3.1.
const INITIAL_VALUE: [u8; SEMIBLOCK] = [0xa6; SEMIBLOCK];
const ROUNDS: usize = 6;

/// Wraps a key whose length has been checked.
pub(super) fn wrap(kek: &[u8], key: &[u8]) -> Result<Vec<u8>, CipherError> {
    let cipher = EncryptingKey::ecb(unbound(kek)?).map_err(|_| CipherError)?;
    let (registers, []) = key.as_chunks::<SEMIBLOCK>() else { return Err(CipherError) };
    let mut registers = Zeroizing::new(registers.to_vec());
    let mut check = INITIAL_VALUE;
    let mut block = Zeroizing::new([0; 2 * SEMIBLOCK]);
    let count = registers.len();
    for round in 0..ROUNDS {
        for (index, register) in registers.iter_mut().enumerate() {
            let (high, low) = block.split_at_mut(SEMIBLOCK);
            high.copy_from_slice(&check);
            low.copy_from_slice(register);
            cipher.encrypt(&mut *block).map_err(|_| CipherError)?;
            let (high, low) = block.split_at(SEMIBLOCK);
            check = xor_step(high, count * round + index + 1)?;
            register.copy_from_slice(low);
        }
    }
    Ok([&check[..], registers.as_flattened()].concat())
}

/// Unwraps a key whose length has been checked.
pub(super) fn unwrap(kek: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let cipher = DecryptingKey::ecb(unbound(kek)?).map_err(|_| CipherError)?;
    let ([check, registers @ ..], []) = wrapped.as_chunks::<SEMIBLOCK>() else {
        return Err(CipherError);
    };
    let mut check = Zeroizing::new(*check);
    let mut registers = Zeroizing::new(registers.to_vec());
    let mut block = Zeroizing::new([0; 2 * SEMIBLOCK]);
    let count = registers.len();
    for round in (0..ROUNDS).rev() {
        for (index, register) in registers.iter_mut().enumerate().rev() {
            let (high, low) = block.split_at_mut(SEMIBLOCK);
            high.copy_from_slice(&xor_step(&*check, count * round + index + 1)?);
            low.copy_from_slice(register);
            cipher.decrypt(&mut *block, DecryptionContext::None).map_err(|_| CipherError)?;
            let (high, low) = block.split_at(SEMIBLOCK);
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

fn unbound(kek: &[u8]) -> Result<UnboundCipherKey, CipherError> {
    UnboundCipherKey::new(&AES_192, kek).map_err(|_| CipherError)
}

/// The semiblock with the step's number added (without carry).
fn xor_step(semiblock: &[u8], step: usize) -> Result<[u8; SEMIBLOCK], CipherError> {
    let semiblock: [u8; SEMIBLOCK] = semiblock.try_into().map_err(|_| CipherError)?;
    Ok((u64::from_be_bytes(semiblock) ^ step as u64).to_be_bytes())
}

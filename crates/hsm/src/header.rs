//! The store's own file: its format version, its salt, and how a wrong secret is noticed.
//!
//! ```text
//! ssmax-key-store 1
//! salt 64 hexadecimal digits
//! check 64 hexadecimal digits
//! ```

use std::path::Path;

use ssmax_primitives::{constant_time_eq, hkdf_sha256};
use ssmax_token::Random;
use zeroize::Zeroizing;

use crate::{HsmError, UnlockSecret};

/// The largest header, in octets. The one written has 154.
pub(crate) const MAX_HEADER_OCTETS: u64 = 1_024;

const KIND: &str = "ssmax-key-store";
const VERSION: &str = "1";
/// What HKDF derives from the secret, told apart by its info. The version belongs to it,
/// so that no key serves two formats.
const ENCRYPTION_INFO: &[u8] = b"SSMAX1-key-store 1 encryption";
const CHECK_INFO: &[u8] = b"SSMAX1-key-store 1 check";
const SECRETS_INFO: &[u8] = b"SSMAX1-key-store 1 small secrets";
const REJECTION_INFO: &[u8] = b"SSMAX1-key-store 1 implicit rejection";

/// The key that the files of a store are encrypted with.
pub(crate) struct StoreKey(Zeroizing<Vec<u8>>);

impl StoreKey {
    /// What a key in a token, which cannot say anything of its own, answers bad padding
    /// with: `spec/keyserver.md`, section 1.
    pub(crate) fn rejection_secret(&self, id: &str) -> Zeroizing<Vec<u8>> {
        hkdf_sha256(id.as_bytes(), &self.0, REJECTION_INFO, 32)
    }

    /// What secrets that are no keys are encrypted with.
    pub(crate) fn small_secrets(&self) -> Zeroizing<Vec<u8>> {
        hkdf_sha256(b"", &self.0, SECRETS_INFO, 32)
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// A new salt's header, and the key that goes with it.
pub(crate) fn make(unlock: &UnlockSecret, random: &dyn Random) -> (String, StoreKey) {
    let mut salt = [0; 32];
    random.fill(&mut salt);
    let check = hkdf_sha256(&salt, unlock.octets(), CHECK_INFO, 32);
    let (salt_digits, check) = (hex::encode(salt), hex::encode(&*check));
    let text = format!("{KIND} {VERSION}\nsalt {salt_digits}\ncheck {check}\n");
    (text, key(&salt, unlock))
}

/// The key of the store whose header is `text`, if `unlock` is its secret. The path is
/// for errors only.
pub(crate) fn open(text: &[u8], unlock: &UnlockSecret, path: &Path) -> Result<StoreKey, HsmError> {
    let damaged = || HsmError::DamagedStore { path: path.to_owned() };
    let text = std::str::from_utf8(text).map_err(|_| damaged())?;
    let mut lines = text.split('\n');
    match lines.next().and_then(|line| line.split_once(' ')) {
        Some((KIND, VERSION)) => {}
        Some((KIND, _)) => return Err(HsmError::UnsupportedVersion { path: path.to_owned() }),
        _ => return Err(damaged()),
    }
    let mut octets = |name: &str| -> Option<Vec<u8>> {
        let digits = lines.next()?.strip_prefix(name)?.strip_prefix(' ')?;
        hex::decode(digits).ok().filter(|octets| octets.len() == 32)
    };
    let salt = octets("salt").ok_or_else(damaged)?;
    let check = octets("check").ok_or_else(damaged)?;
    if lines.next() != Some("") || lines.next().is_some() {
        return Err(damaged());
    }
    if !constant_time_eq(&check, &hkdf_sha256(&salt, unlock.octets(), CHECK_INFO, 32)) {
        return Err(HsmError::WrongUnlockSecret);
    }
    Ok(key(&salt, unlock))
}

fn key(salt: &[u8], unlock: &UnlockSecret) -> StoreKey {
    StoreKey(hkdf_sha256(salt, unlock.octets(), ENCRYPTION_INFO, 32))
}

//! The PIN that opens a token.

use std::fmt;
use std::path::Path;

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use ssmax_primitives::constant_time_eq;
use ssmax_store::files;
use zeroize::Zeroizing;

use crate::HsmError;

/// The longest PIN, in octets. PKCS#11 has no bound; tokens have 4 to 255.
const MAX_PIN_OCTETS: usize = 255;

/// A PIN. Wiped when dropped, never shown by `Debug`.
pub struct Pin(Zeroizing<Vec<u8>>);

impl Pin {
    /// Reads one line of text, white space around it left out.
    ///
    /// # Errors
    /// [`HsmError::PinNotText`] for anything but 1 to 255 octets of one line,
    /// [`HsmError::Files`] for a file that others may read.
    pub fn from_file(path: &Path) -> Result<Self, HsmError> {
        Self::from_line(&files::read_private_up_to(path, 2 * MAX_PIN_OCTETS as u64)?)
    }

    /// What somebody typed.
    ///
    /// # Errors
    /// [`HsmError::PinNotText`].
    pub fn from_line(line: &[u8]) -> Result<Self, HsmError> {
        let line = line.trim_ascii();
        match std::str::from_utf8(line) {
            Ok(text)
                if !text.is_empty()
                    && text.len() <= MAX_PIN_OCTETS
                    && !text.contains(char::is_control) =>
            {
                Ok(Self(Zeroizing::new(line.to_vec())))
            }
            _ => Err(HsmError::PinNotText),
        }
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }

    /// Logs the application in. Another store of this process may have done so already.
    pub(crate) fn log_in(
        &self,
        library: &Pkcs11,
        slot: Slot,
        session: &Session,
    ) -> Result<(), HsmError> {
        let info = library.get_token_info(slot).map_err(|_| HsmError::TokenUnavailable)?;
        if !may_try(Tries::of(&info)) {
            return Err(HsmError::PinLocked);
        }
        let text = std::str::from_utf8(&self.0).map_err(|_| HsmError::PinNotText)?;
        // The copy is wiped by its type.
        let pin = AuthPin::from(text.to_owned());
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(RvError::PinLocked | RvError::PinExpired, _)) => {
                Err(HsmError::PinLocked)
            }
            Err(Error::Pkcs11(
                RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::UserPinNotInitialized,
                _,
            )) => Err(HsmError::WrongPin),
            Err(_) => Err(HsmError::TokenUnavailable),
        }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin").finish_non_exhaustive()
    }
}

/// What a token says about wrong PINs before.
#[derive(Debug, Clone, Copy)]
struct Tries {
    final_try: bool,
    locked: bool,
}

impl Tries {
    fn of(info: &TokenInfo) -> Self {
        Self { final_try: info.user_pin_final_try(), locked: info.user_pin_locked() }
    }
}

/// Whether to try a PIN. The last try is left to a person: a role with a wrong PIN is
/// started again and again, and would lock the token for good.
fn may_try(tries: Tries) -> bool {
    !tries.final_try && !tries.locked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_try_of_a_pin_and_a_locked_one_are_left_to_a_person() {
        assert!(may_try(Tries { final_try: false, locked: false }));
        assert!(!may_try(Tries { final_try: true, locked: false }));
        assert!(!may_try(Tries { final_try: false, locked: true }));
    }

    #[test]
    fn a_pin_is_one_line_of_bounded_text_and_is_never_shown() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("pin");
        let read = |content: &[u8]| {
            files::write_private(&path, content).unwrap();
            Pin::from_file(&path)
        };
        let pin = read(b" 5678\n").unwrap();
        assert!(pin.is(&read(b"5678").unwrap()));
        assert!(!pin.is(&read(b"5679").unwrap()));
        assert_eq!(format!("{pin:?}"), "Pin { .. }");
        assert!(read(&[b'1'; MAX_PIN_OCTETS]).is_ok());
        for bad in [&b""[..], b"\n", b"12\n34", b"\xff\xfe", &[b'1'; MAX_PIN_OCTETS + 1]] {
            assert_eq!(read(bad).unwrap_err(), HsmError::PinNotText);
        }
    }
}

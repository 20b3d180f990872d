//! The secret that opens a key store.

use std::fmt;
use std::path::Path;

use ssmax_store::files;
use ssmax_token::Random;
use zeroize::Zeroizing;

use crate::HsmError;

/// The shortest unlock secret, in octets.
pub const MIN_UNLOCK_OCTETS: usize = 32;
/// The longest unlock file, in octets.
pub const MAX_UNLOCK_OCTETS: usize = 4_096;
/// Random octets behind a generated secret; twice as many hexadecimal digits.
const GENERATED_OCTETS: usize = 32;

/// The secret that opens a key store: one line of text, used as it stands.
///
/// It belongs on another medium than the store (a service credential, a mounted secret).
/// Wiped when dropped, never shown by `Debug`.
pub struct UnlockSecret(Zeroizing<Vec<u8>>);

impl UnlockSecret {
    /// Reads a secret: one line of UTF-8 text, white space around it left out, of
    /// [`MIN_UNLOCK_OCTETS`] or more in a file of at most [`MAX_UNLOCK_OCTETS`].
    ///
    /// # Errors
    /// [`HsmError::Files`] with [`ssmax_store::StoreError::OpenToOthers`] when group or
    /// others have any access to the file, [`HsmError::UnlockSecretTooShort`],
    /// [`HsmError::UnlockSecretNotText`].
    pub fn from_file(path: &Path) -> Result<Self, HsmError> {
        let content = files::read_private_up_to(path, MAX_UNLOCK_OCTETS as u64)?;
        let line = content.trim_ascii();
        if line.len() < MIN_UNLOCK_OCTETS {
            return Err(HsmError::UnlockSecretTooShort { octets: line.len() });
        }
        match std::str::from_utf8(line) {
            Ok(text) if !text.contains(char::is_control) => Ok(Self(Zeroizing::new(line.to_vec()))),
            _ => Err(HsmError::UnlockSecretNotText),
        }
    }

    /// Makes a secret of 32 random octets and writes it, as hexadecimal digits and a line
    /// end, to a new file of mode 0600.
    ///
    /// # Errors
    /// [`HsmError::Files`] when the file cannot be written or is there already: the store
    /// that it opens would be lost.
    pub fn generate_file(path: &Path, random: &dyn Random) -> Result<Self, HsmError> {
        let mut octets = Zeroizing::new([0; GENERATED_OCTETS]);
        random.fill(&mut octets[..]);
        let mut line = Zeroizing::new(Vec::with_capacity(2 * GENERATED_OCTETS + 1));
        for octet in octets.iter() {
            line.extend([digit(octet >> 4), digit(octet & 0x0f)]);
        }
        let secret = Self(line.clone());
        line.push(b'\n');
        files::create_private(path, &line)?;
        Ok(secret)
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for UnlockSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlockSecret").finish_non_exhaustive()
    }
}

/// The hexadecimal digit of `nibble`, computed without a table: an index would be seen in
/// the cache.
fn digit(nibble: u8) -> u8 {
    // 9 - nibble borrows for 10 to 15; then the letters follow 39 places after the digits.
    let letter = 9_u8.wrapping_sub(nibble) >> 7;
    b'0' + nibble + letter * (b'a' - b'0' - 10)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use ssmax_primitives::SystemRandom;
    use ssmax_store::StoreError;
    use tempfile::TempDir;

    use super::*;

    fn written(dir: &TempDir, content: &[u8]) -> PathBuf {
        let path = dir.path().join("unlock");
        files::write_private(&path, content).unwrap();
        path
    }

    #[test]
    fn a_generated_secret_reads_back_and_is_never_overwritten() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("unlock");
        let secret = UnlockSecret::generate_file(&path, &SystemRandom).unwrap();
        assert_eq!(UnlockSecret::from_file(&path).unwrap().octets(), secret.octets());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.len(), 65);
        assert_eq!(hex::decode(text.trim_end()).unwrap().len(), 32);

        let again = UnlockSecret::generate_file(&path, &SystemRandom);
        assert!(matches!(again.unwrap_err(), HsmError::Files(StoreError::File { kind, .. })
            if kind == std::io::ErrorKind::AlreadyExists));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn digits_are_those_of_lower_case_hexadecimal() {
        let digits: Vec<u8> = (0..16).map(digit).collect();
        assert_eq!(digits, b"0123456789abcdef");
    }

    #[test]
    fn an_unlock_file_that_group_or_others_can_read_is_refused() {
        let dir = TempDir::new().unwrap();
        let path = written(&dir, &[b'x'; 40]);
        for mode in [0o640, 0o604, 0o644, 0o660, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = UnlockSecret::from_file(&path).unwrap_err();
            let want = StoreError::OpenToOthers { path: path.clone(), mode };
            assert_eq!(error, HsmError::Files(want));
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(UnlockSecret::from_file(&path).is_ok());
        }
    }

    #[test]
    fn a_secret_has_32_octets_at_least_not_counting_white_space() {
        let dir = TempDir::new().unwrap();
        let path = written(&dir, b"0123456789abcdef0123456789abcde \r\n");
        let error = UnlockSecret::from_file(&path).unwrap_err();
        assert_eq!(error, HsmError::UnlockSecretTooShort { octets: 31 });
        let path = written(&dir, b"\t0123456789abcdef0123456789abcdef\n");
        let secret = UnlockSecret::from_file(&path).unwrap();
        assert_eq!(secret.octets(), b"0123456789abcdef0123456789abcdef");
    }

    #[test]
    fn an_unlock_file_of_the_largest_size_is_read_and_one_octet_more_is_not() {
        let dir = TempDir::new().unwrap();
        let path = written(&dir, &[b'x'; MAX_UNLOCK_OCTETS]);
        assert!(UnlockSecret::from_file(&path).is_ok());
        let path = written(&dir, &[b'x'; MAX_UNLOCK_OCTETS + 1]);
        let error = UnlockSecret::from_file(&path).unwrap_err();
        let want = StoreError::FileTooLarge { path, max: MAX_UNLOCK_OCTETS as u64 };
        assert_eq!(error, HsmError::Files(want));
    }

    #[test]
    fn what_is_not_one_line_of_text_is_no_secret() {
        let dir = TempDir::new().unwrap();
        for content in [
            &b"0123456789abcdef\n0123456789abcdef0123456789abcdef\n"[..],
            b"0123456789abcdef\x000123456789abcdef0123456789abcdef",
            b"\xff0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            let error = UnlockSecret::from_file(&written(&dir, content)).unwrap_err();
            assert_eq!(error, HsmError::UnlockSecretNotText);
        }
    }

    #[test]
    fn debug_output_of_a_secret_shows_nothing_of_it() {
        let dir = TempDir::new().unwrap();
        let secret = UnlockSecret::from_file(&written(&dir, &[b'x'; 40])).unwrap();
        assert_eq!(format!("{secret:?}"), "UnlockSecret { .. }");
    }
}

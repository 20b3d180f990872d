//! Files that people hand in and take away.

use crate::complaint::{Complaint, Exit};
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use zeroize::Zeroizing;

/// The largest application, admission or request that is read, in bytes.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 256 * 1024;
/// The largest password file, in bytes.
const MAX_PASSWORD_BYTES: u64 = 1024;

/// What stands for standard input or output in place of a file name.
const STANDARD_STREAM: &str = "-";

/// Reads a document of at most [`MAX_DOCUMENT_BYTES`]; `-` is standard input.
pub(crate) fn read_document(path: &Path) -> Result<Vec<u8>, Complaint> {
    read_document_up_to(path, MAX_DOCUMENT_BYTES)
}

/// Reads a document of at most `max` bytes; `-` is standard input.
pub(crate) fn read_document_up_to(path: &Path, max: u64) -> Result<Vec<u8>, Complaint> {
    let failed = |error: std::io::Error| Complaint::from_io(path, error.kind(), Exit::WrongUse);
    let mut content = Vec::new();
    let read = if path.as_os_str() == STANDARD_STREAM {
        std::io::stdin().lock().take(max + 1).read_to_end(&mut content)
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(max + 1).read_to_end(&mut content)
    };
    read.map_err(failed)?;
    if content.len() as u64 > max {
        return Err(Complaint::new(Exit::WrongUse, "file-too-large")
            .with("path", path.display())
            .with("max", max));
    }
    Ok(content)
}

/// Reads a password: the first line of a file that only its owner can read, or of
/// standard input for `-`.
pub(crate) fn read_password(path: &Path) -> Result<Zeroizing<String>, Complaint> {
    let content = if path.as_os_str() == STANDARD_STREAM {
        Zeroizing::new(read_document(path)?)
    } else {
        ssmax_store::files::read_private_up_to(path, MAX_PASSWORD_BYTES)?
    };
    let line = content.split(|octet| matches!(octet, b'\n' | b'\r')).next().unwrap_or_default();
    match std::str::from_utf8(line) {
        Ok(text) if !text.is_empty() && !text.contains(char::is_control) => {
            Ok(Zeroizing::new(text.to_owned()))
        }
        _ => {
            Err(Complaint::new(Exit::WrongUse, "password-unreadable").with("path", path.display()))
        }
    }
}

/// Writes a document that others may read, as a new file: what is there is never
/// replaced. `-` is standard output.
pub(crate) fn write_document(path: &Path, content: &[u8]) -> Result<(), Complaint> {
    if path.as_os_str() == STANDARD_STREAM {
        return std::io::stdout()
            .write_all(content)
            .map_err(|error| Complaint::from_io(path, error.kind(), Exit::Unavailable));
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .map_err(|error| Complaint::from_write(path, error.kind()))
}

/// Refuses a name that is taken, before the work whose outcome is to be written there.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), Complaint> {
    if path.as_os_str() != STANDARD_STREAM && path.symlink_metadata().is_ok() {
        return Err(Complaint::new(Exit::WrongUse, "file-exists").with("path", path.display()));
    }
    Ok(())
}

/// Makes a directory and those above it, with ordinary rights.
pub(crate) fn create_dir(path: &Path) -> Result<(), Complaint> {
    std::fs::create_dir_all(path)
        .map_err(|error| Complaint::from_io(path, error.kind(), Exit::Unavailable))
}

/// Writes a line to standard output. A reader that went away (`| head`) is no fault.
pub(crate) fn say(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout(), "{}", line.as_ref());
}

/// Writes a line to standard error, where standard output is a document.
pub(crate) fn note(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", line.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_a_private_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        ssmax_store::files::write_private(&path, "ひみつ pass \r\nrest\n".as_bytes()).unwrap();
        assert_eq!(read_password(&path).unwrap().as_str(), "ひみつ pass ");
        ssmax_store::files::write_private(&path, b"\nrest\n").unwrap();
        assert_eq!(read_password(&path).unwrap_err().name, "password-unreadable");
    }

    #[test]
    fn a_password_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, "secret\n").unwrap();
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&path, permissions).unwrap();
        assert_eq!(read_password(&path).unwrap_err().name, "file-open-to-others");
    }

    #[test]
    fn a_document_of_the_largest_size_is_read_and_one_octet_more_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("document");
        let size = usize::try_from(MAX_DOCUMENT_BYTES).unwrap();
        std::fs::write(&path, vec![b'x'; size]).unwrap();
        assert_eq!(read_document(&path).unwrap().len(), size);
        std::fs::write(&path, vec![b'x'; size + 1]).unwrap();
        assert_eq!(read_document(&path).unwrap_err().name, "file-too-large");
    }

    #[test]
    fn a_document_never_replaces_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("document");
        let fault = write_document(&path.join("missing"), b"one").unwrap_err();
        assert_eq!((fault.name, fault.exit), ("folder-missing", Exit::WrongUse));
        write_document(&path, b"one").unwrap();
        assert_eq!(write_document(&path, b"two").unwrap_err().name, "file-exists");
        assert_eq!(refuse_existing(&path).unwrap_err().name, "file-exists");
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
    }
}

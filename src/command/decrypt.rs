//! `ssmax decrypt`: open one message with a key, and give out its content.

use super::{Context, verify};
use crate::complaint::{Complaint, Exit};
use ssmax_agent::key::{KeyFault, KeyFile, MAX_KEY_FILE_BYTES};
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_smime::decrypt::{DecryptFault, decrypt};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// The largest password file, in bytes.
const MAX_PASSWORD_BYTES: usize = 1024;

/// Arguments of `ssmax decrypt`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The message as the mailer saves it; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Where to write the content, replacing what is there. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A person's key as it comes in files.
#[derive(Debug, clap::Args)]
pub(super) struct KeyArgs {
    /// The private key, PEM or PKCS#12.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key's certificate, where the key file does not hold it.
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// File with the password of the key file on its first line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// What a key is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Signing,
    Decrypting,
}

/// A key with what belongs to it.
pub(super) struct Identity {
    pub(super) key: SoftwareKey,
    pub(super) certificate: Option<Certificate>,
    /// Further certificates of the same files.
    pub(super) others: Vec<Certificate>,
}

impl KeyArgs {
    /// A key file that holds everything.
    #[cfg(test)]
    pub(super) fn of(path: &Path) -> Self {
        Self { key: path.to_owned(), cert: None, password_file: None }
    }

    /// Reads key and certificate.
    pub(super) fn load(&self, wanted: Use) -> Result<Identity, Complaint> {
        let octets = Zeroizing::new(verify::read(&self.key, MAX_KEY_FILE_BYTES)?);
        let password = self.password_file.as_deref().map(password).transpose()?;
        let keys = KeyFile::read_all(&octets, password.as_ref().map(|text| text.as_str()))
            .map_err(|fault| complaint_of_key(fault, &self.key))?;
        let given = match &self.cert {
            Some(path) => verify::certificates(path)?,
            None => Vec::new(),
        };
        let key =
            choose(keys, &given, wanted).map_err(|fault| complaint_of_key(fault, &self.key))?;
        let belongs = |certificate: &&Certificate| is_of(certificate, &key.key);
        let certificate = match (given.iter().find(belongs), &self.cert) {
            (Some(found), _) => Some(found.clone()),
            (None, Some(path)) => {
                return Err(Complaint::new(Exit::WrongUse, "certificate-of-another-key")
                    .with("path", path.display()));
            }
            (None, None) => key.certificate().cloned(),
        };
        let mut others = given;
        others.extend_from_slice(&key.certificates);
        others.retain(|other| Some(other) != certificate.as_ref());
        Ok(Identity { key: key.key, certificate, others })
    }
}

/// The one key of a file that fits: the given certificate's, or the only one, or the only
/// one whose certificate allows the use. Mailers export a signing and an encryption key
/// together.
fn choose(keys: Vec<KeyFile>, given: &[Certificate], wanted: Use) -> Result<KeyFile, KeyFault> {
    let allows = |file: &KeyFile| {
        file.certificate().is_some_and(|certificate| match wanted {
            Use::Signing => certificate.allows_signing(),
            Use::Decrypting => certificate.allows_encryption(),
        })
    };
    let several = keys.len() > 1;
    let named = |file: &KeyFile| given.iter().any(|certificate| is_of(certificate, &file.key));
    let mut fitting = keys
        .into_iter()
        .filter(|file| !several || if given.is_empty() { allows(file) } else { named(file) });
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (None, _) if !several => Err(KeyFault::NoKey),
        _ => Err(KeyFault::SeveralKeys),
    }
}

fn is_of(certificate: &Certificate, key: &SoftwareKey) -> bool {
    certificate.spki() == ssmax_token::KeyPair::spki(key)
}

/// The first line of a password file. It may be empty: PKCS#12 files without a password
/// are made with an empty one.
pub(super) fn password(path: &Path) -> Result<Zeroizing<String>, Complaint> {
    let content = Zeroizing::new(verify::read(path, MAX_PASSWORD_BYTES)?);
    let line = content.split(|octet| matches!(octet, b'\n' | b'\r')).next().unwrap_or_default();
    match std::str::from_utf8(line) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => {
            Err(Complaint::new(Exit::WrongUse, "password-not-text").with("path", path.display()))
        }
    }
}

/// Decrypts the message.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(open(&args))
}

fn open(args: &Args) -> Result<ExitCode, Complaint> {
    let identity = args.key.load(Use::Decrypting)?;
    let message = verify::mail(&args.file)?;
    let content = decrypt(&message, &identity.key, identity.certificate.as_ref())
        .map_err(|fault| complaint(fault, &args.file))?;
    write(args.out.as_deref(), &content)?;
    Ok(ExitCode::SUCCESS)
}

/// What could not be opened, and why.
pub(super) fn complaint(fault: DecryptFault, path: &Path) -> Complaint {
    let of = |exit, name| Complaint::new(exit, name).with("path", path.display());
    match fault {
        DecryptFault::Mail(fault) => of(Exit::WrongUse, "not-a-mail").with("reason", fault.code()),
        DecryptFault::NotEncrypted => of(Exit::WrongUse, "not-encrypted"),
        DecryptFault::Object(fault) => {
            of(Exit::Bad, "encrypted-object-refused").with("reason", fault)
        }
        DecryptFault::KeyMismatch => of(Exit::WrongUse, "certificate-of-another-key"),
        DecryptFault::NotARecipient => of(Exit::Bad, "not-a-recipient"),
        DecryptFault::KeyUnavailable => of(Exit::Unavailable, "key-home-unavailable"),
        _ => of(Exit::Bad, "decryption-failed"),
    }
}

fn complaint_of_key(fault: KeyFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        KeyFault::TooLarge => of("file-too-large").with("max", MAX_KEY_FILE_BYTES),
        KeyFault::PasswordNeeded => of("key-password-needed"),
        KeyFault::Password => of("key-password-wrong"),
        KeyFault::SeveralKeys => of("key-several"),
        KeyFault::Unsupported => of("key-unsupported"),
        _ => of("not-a-key"),
    }
}

/// Writes what only its reader is to see: a file for its owner alone, or standard output.
/// A file that is there is replaced.
pub(super) fn write(path: Option<&Path>, content: &[u8]) -> Result<(), Complaint> {
    let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
        let mut out = std::io::stdout().lock();
        return out
            .write_all(content)
            .and_then(|()| out.flush())
            .map_err(|error| Complaint::from_io(Path::new("-"), error.kind(), Exit::Unavailable));
    };
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .map_err(|error| Complaint::from_io(path, error.kind(), Exit::Unavailable))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;
    use ssmax_token::KeyAlgorithm;

    fn key_file(dir: &Path, name: &str) -> PathBuf {
        let path = dir.join(name);
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        std::fs::write(&path, key.to_pem().as_bytes()).unwrap();
        path
    }

    #[test]
    fn what_is_written_is_for_its_owner_alone_and_replaces_what_was_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        write(Some(&path), b"long content").unwrap();
        write(Some(&path), b"short").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"short");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_password_is_the_first_line_and_may_be_empty() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        for (content, expected) in [(&b"secret \r\nx"[..], "secret "), (b"\n", ""), (b"", "")] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(password(&path).unwrap().as_str(), expected);
        }
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(password(&path).unwrap_err().name, "password-not-text");
    }

    #[test]
    fn a_mail_that_is_not_encrypted_is_wrong_use() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mail.eml");
        std::fs::write(&file, "Subject: s\n\nx\n").unwrap();
        let key = KeyArgs { key: key_file(dir.path(), "key"), cert: None, password_file: None };
        let fault = open(&Args { file, key, out: None }).unwrap_err();
        assert_eq!((fault.name, fault.exit), ("not-encrypted", Exit::WrongUse));
    }

    #[test]
    fn every_complaint_about_opening_has_its_texts() {
        let path = Path::new("x");
        let opening = [
            DecryptFault::NotEncrypted,
            DecryptFault::KeyMismatch,
            DecryptFault::NotARecipient,
            DecryptFault::KeyUnavailable,
            DecryptFault::Failed,
            DecryptFault::Object(ssmax_cms::CmsError::CipherRefused),
        ]
        .map(|fault| complaint(fault, path));
        let keys = [
            KeyFault::TooLarge,
            KeyFault::Malformed,
            KeyFault::PasswordNeeded,
            KeyFault::Password,
            KeyFault::SeveralKeys,
            KeyFault::Unsupported,
        ]
        .map(|fault| complaint_of_key(fault, path));
        for complaint in opening.iter().chain(&keys) {
            for language in Language::ALL {
                let what = complaint.what(language);
                assert!(what.starts_with('x') && !what.contains("{$"), "{what}");
                assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
            }
        }
    }
}

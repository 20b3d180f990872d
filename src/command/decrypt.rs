//! `ssmax decrypt`: open one message with a key, and give out its content.

use super::{Context, verify};
use crate::complaint::{Complaint, Exit};
use ssmax_agent::key::{KeyFault, KeyFile, MAX_KEY_FILE_BYTES};
use ssmax_cms::CmsError;
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_smime::decrypt::{DecryptFault, OpenPolicy, decrypt_with, is_bare_object};
use ssmax_store::StoreError;
use ssmax_store::files::write_private;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// The largest password file, in bytes.
const MAX_PASSWORD_BYTES: usize = 1024;

/// Arguments of `ssmax decrypt`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The message as the mailer saves it, or an encrypted file (DER, PEM); `-` is
    /// standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    open: OpenArgs,
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

/// What is opened beyond the ordinary, and what is not.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct OpenArgs {
    /// Read Triple-DES, to open old mail.
    #[arg(long)]
    allow_3des: bool,
    /// Refuse RSA PKCS#1 v1.5, which most mailers write.
    #[arg(long)]
    refuse_pkcs1: bool,
}

impl OpenArgs {
    /// What they mean.
    pub(super) fn policy(self) -> OpenPolicy {
        OpenPolicy {
            allow_triple_des: self.allow_3des,
            allow_pkcs1: !self.refuse_pkcs1,
            ..OpenPolicy::default()
        }
    }
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
    /// As given in other arguments.
    pub(super) fn new(key: PathBuf, cert: Option<PathBuf>, password_file: Option<PathBuf>) -> Self {
        Self { key, cert, password_file }
    }

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
    let message = encrypted_file(&args.file)?.octets;
    let (key, certificate) = (&identity.key, identity.certificate.as_ref());
    let content = decrypt_with(&message, key, certificate, &args.open.policy())
        .map_err(|fault| complaint(fault, &args.file))?;
    write(args.out.as_deref(), &content)?;
    Ok(ExitCode::SUCCESS)
}

/// An encrypted mail or object.
pub(super) struct EncryptedFile {
    /// A mail with CRLF, everything else as it is.
    pub(super) octets: Vec<u8>,
    /// Whether it is a mail whose lines ended in LF alone.
    pub(super) had_local_line_ends: bool,
}

/// Reads an encrypted mail, or a file with the CMS object alone.
pub(super) fn encrypted_file(path: &Path) -> Result<EncryptedFile, Complaint> {
    let octets = verify::read(path, verify::MAX_MAIL_BYTES)?;
    if is_bare_object(&octets) {
        return Ok(EncryptedFile { octets, had_local_line_ends: false });
    }
    let had_local_line_ends = !octets.windows(2).any(|pair| pair == b"\r\n");
    Ok(EncryptedFile { octets: verify::into_mail(octets, path)?, had_local_line_ends })
}

/// The certificates in a file that are somebody's to encrypt for: all but those of CAs
/// that go along with one. A file with CAs only means its first.
pub(super) fn recipient_certificates(path: &Path) -> Result<Vec<Certificate>, Complaint> {
    let found = verify::certificates(path)?;
    let people: Vec<_> = found.iter().filter(|found| !found.is_ca()).cloned().collect();
    Ok(if people.is_empty() { found.into_iter().take(1).collect() } else { people })
}

/// What could not be opened, and why.
pub(super) fn complaint(fault: DecryptFault, path: &Path) -> Complaint {
    let of = |exit, name| Complaint::new(exit, name).with("path", path.display());
    match fault {
        DecryptFault::Mail(fault) => of(Exit::WrongUse, "not-a-mail").with("reason", fault.code()),
        DecryptFault::NotEncrypted => of(Exit::WrongUse, "not-encrypted"),
        DecryptFault::Object(CmsError::CipherRefused) => of(Exit::Bad, "cipher-refused"),
        DecryptFault::Object(CmsError::Pkcs1NotAllowed) => of(Exit::Bad, "pkcs1-refused"),
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
/// A file that is there is replaced in one step, whatever its permissions were: whoever
/// holds it open sees what it was, and a crash leaves it as it was. What a symbolic link
/// points to is replaced, and the link stays.
pub(super) fn write(path: Option<&Path>, content: &[u8]) -> Result<(), Complaint> {
    let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
        let mut out = std::io::stdout().lock();
        return out
            .write_all(content)
            .and_then(|()| out.flush())
            .map_err(|error| Complaint::from_io(Path::new("-"), error.kind(), Exit::Unavailable));
    };
    let failed = |kind| Complaint::from_write(path, kind);
    if is_stream(path) {
        let file = OpenOptions::new().append(true).open(path);
        return file
            .and_then(|mut file| file.write_all(content))
            .map_err(|error| failed(error.kind()));
    }
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    write_private(&target, content).map_err(|fault| match fault {
        StoreError::File { kind, .. } => failed(kind),
        _ => failed(std::io::ErrorKind::Other),
    })
}

/// Refuses to write where something is that would be lost.
pub(super) fn refuse_replacing(path: Option<&Path>) -> Result<(), Complaint> {
    match path {
        Some(path) if !is_stream(path) => crate::files::refuse_existing(path),
        _ => Ok(()),
    }
}

/// Whether a path is for writing into and not for replacing: a pipe, a terminal, or one of
/// the names that the system has for a file that is already open, such as `/dev/stdout`,
/// also where that is a file.
fn is_stream(path: &Path) -> bool {
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    let is_of_system = parent.is_some_and(|parent| {
        parent == Path::new("/dev") || parent.starts_with("/proc") || parent.ends_with("dev/fd")
    });
    is_of_system || path.metadata().is_ok_and(|found| !found.is_file())
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
    fn a_file_open_to_others_is_replaced_by_one_that_is_not() {
        use std::io::Read as _;
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        std::fs::write(&path, "before").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        // Somebody else reads it, and waits for more.
        let mut reader = std::fs::File::open(&path).unwrap();
        write(Some(&path), b"secret").unwrap();
        let mut seen = String::new();
        reader.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, "before");
        assert_eq!(std::fs::read(&path).unwrap(), b"secret");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // No temporary file stays.
        assert_eq!(dir.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn what_a_link_points_to_is_replaced_and_the_link_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (link, target) = (dir.path().join("link"), dir.path().join("target"));
        std::fs::write(&target, "before").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(Some(&link), b"secret").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&target).unwrap(), b"secret");
    }

    #[test]
    fn what_is_no_file_is_written_into_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt as _;
        let null = Path::new("/dev/null");
        assert!(is_stream(null));
        write(Some(null), b"secret").unwrap();
        assert!(null.metadata().unwrap().file_type().is_char_device());
        for stream in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            assert!(is_stream(Path::new(stream)), "{stream}");
        }
        let dir = tempfile::tempdir().unwrap();
        for file in [dir.path().join("out"), PathBuf::from("out"), PathBuf::from("/out")] {
            assert!(!is_stream(&file), "{}", file.display());
        }
        let fault = write(Some(dir.path()), b"secret").unwrap_err();
        assert_eq!((fault.name, fault.exit), ("file-is-directory", Exit::WrongUse));
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
        let fault = open(&Args { file, key, open: OpenArgs::default(), out: None }).unwrap_err();
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
            DecryptFault::Object(CmsError::CipherRefused),
            DecryptFault::Object(CmsError::Pkcs1NotAllowed),
            DecryptFault::Object(CmsError::OaepLabel),
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

//! The folder of outside certificates: read without waiting for anything, a file only when
//! it has changed, and the whole folder not for every mail.

use ssmax_chain::Reason;
use ssmax_daemon::stamp::Stamp;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// The most files that are looked at.
const MAX_FILES: usize = 10_000;

/// The largest file that is read, in octets.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// What was found, and when.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    looked: Option<(Instant, Arc<OutsideCertificates>)>,
    read: HashMap<PathBuf, ReadFile>,
}

/// A file as it was read.
#[derive(Debug, Clone)]
struct ReadFile {
    stamp: Stamp,
    certificate: Arc<Certificate>,
}

impl Kept {
    /// What lies in the folder, as it was found not longer ago than `lasts`.
    ///
    /// # Errors
    /// As [`OutsideCertificates::read`].
    pub(super) fn found(
        &mut self,
        folder: &Path,
        lasts: Duration,
    ) -> io::Result<Arc<OutsideCertificates>> {
        if let Some((when, found)) = &self.looked
            && when.elapsed() < lasts
        {
            return Ok(Arc::clone(found));
        }
        let found = Arc::new(self.look(folder)?);
        self.looked = Some((Instant::now(), Arc::clone(&found)));
        Ok(found)
    }

    fn look(&mut self, folder: &Path) -> io::Result<OutsideCertificates> {
        let mut found = OutsideCertificates::default();
        let mut there = HashMap::new();
        for (number, entry) in std::fs::read_dir(folder)?.enumerate() {
            let path = entry?.path();
            if number >= MAX_FILES {
                let many = format!("more than {MAX_FILES} files");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, many));
            }
            if path.extension().is_none_or(|ending| ending != "pem") {
                continue;
            }
            let before = self.read.get(&path);
            match read(&path, before) {
                Ok(file) => {
                    found.certificates.push(Arc::clone(&file.certificate));
                    there.insert(path, file);
                }
                Err(error) => {
                    tracing::error!(file = %path.display(), %error, "an outside certificate cannot be read");
                    let before = before.cloned();
                    let of = match &before {
                        Some(file) => Owner::OfCertificate(Arc::clone(&file.certificate)),
                        None => Owner::named(&path),
                    };
                    found.unreadable.push(Unreadable { path: path.clone(), of });
                    there.extend(before.map(|file| (path, file)));
                }
            }
        }
        self.read = there;
        Ok(found)
    }
}

/// What lies in the folder of outside certificates.
#[derive(Debug, Default)]
pub struct OutsideCertificates {
    /// In no order.
    certificates: Vec<Arc<Certificate>>,
    /// The files that hold no certificate that can be read.
    unreadable: Vec<Unreadable>,
}

#[derive(Debug)]
struct Unreadable {
    path: PathBuf,
    of: Owner,
}

/// Whose certificate it may be that cannot be read.
#[derive(Debug)]
enum Owner {
    /// Whose it was when it could be read.
    OfCertificate(Arc<Certificate>),
    /// Whose the file's name says, in lower case: an address may be a part of it only, as of
    /// `bob@x.example.2026.pem`, which has the form of another address.
    Named(String),
    /// Anybody's.
    Anybody,
}

impl Owner {
    fn named(path: &Path) -> Self {
        let name = path.file_stem().and_then(|stem| stem.to_str());
        match name.filter(|name| Address::parse(name).is_ok()) {
            Some(name) => Self::Named(name.to_lowercase()),
            None => Self::Anybody,
        }
    }

    fn may_be(&self, address: &Address) -> bool {
        match self {
            Self::OfCertificate(certificate) => certificate.has_email(&address.to_string()),
            Self::Named(name) => name.contains(&address.to_string().to_lowercase()),
            Self::Anybody => true,
        }
    }
}

impl OutsideCertificates {
    /// Reads every `*.pem` of the folder.
    ///
    /// # Errors
    /// When the folder cannot be read to its end, or has too many files.
    pub fn read(folder: &Path) -> io::Result<Self> {
        Kept::default().look(folder)
    }

    /// How many certificates were read.
    #[must_use]
    pub fn count(&self) -> usize {
        self.certificates.len()
    }

    /// The files that hold no certificate that can be read.
    pub fn unreadable(&self) -> impl Iterator<Item = &Path> {
        self.unreadable.iter().map(|file| file.path.as_path())
    }

    /// The newest certificate of this address that is good for encryption now.
    ///
    /// # Errors
    /// [`Reason::OutsideCertificateUnreadable`] where there is none and a file that cannot be
    /// read might be the one: otherwise the mail would leave in clear or be refused for good.
    /// Everybody else's mail goes on.
    pub(crate) fn newest_for(
        &self,
        address: &Address,
        now: OffsetDateTime,
    ) -> Result<Option<&Certificate>, Reason> {
        let is_good = |one: &&Certificate| {
            one.not_before() <= now
                && now <= one.not_after()
                && one.allows_encryption()
                && one.has_email(&address.to_string())
        };
        let all = self.certificates.iter().map(AsRef::as_ref);
        let newest = all.filter(is_good).max_by_key(|one| one.not_before());
        let unreadable = self.unreadable.iter().find(|file| file.of.may_be(address));
        match (newest, unreadable) {
            (None, Some(file)) => {
                tracing::error!(file = %file.path.display(), "mail to somebody outside waits: this may be the certificate, and cannot be read");
                Err(Reason::OutsideCertificateUnreadable)
            }
            (newest, _) => Ok(newest),
        }
    }
}

/// Reads a file, unless it is as it was `before`. Links are followed; a pipe or a device at
/// the end of one is not waited for.
fn read(path: &Path, before: Option<&ReadFile>) -> io::Result<ReadFile> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let stamp = Stamp::from(&found);
    if let Some(before) = before
        && before.stamp == stamp
    {
        return Ok(before.clone());
    }
    let certificate = Arc::new(parsed(file)?);
    Ok(ReadFile { stamp, certificate })
}

fn parsed(file: File) -> io::Result<Certificate> {
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).map_or(true, |read| read > MAX_FILE_BYTES) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let no_certificate = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    Certificate::from_pem(&text).map_err(no_certificate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_pki::profile::{self, Basis, Validity};
    use ssmax_pki::{issue, lint};
    use ssmax_primitives::{SoftwareKey, SystemRandom};
    use ssmax_token::{KeyAlgorithm, KeyPair as _};

    const NO_TIME: Duration = Duration::ZERO;
    const UNREADABLE: Reason = Reason::OutsideCertificateUnreadable;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    /// A certificate of this address, PEM.
    fn certificate(of: &str) -> String {
        let key = || SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let (ca_key, key) = (key(), key());
        let basis = |key: &SoftwareKey, days: i64| {
            let not_before = OffsetDateTime::now_utc() - time::Duration::HOUR;
            let not_after = not_before + time::Duration::days(days);
            let serial = issue::random_serial(&SystemRandom);
            Basis::new(key.spki(), serial, Validity { not_before, not_after })
        };
        let ca = profile::root(basis(&ca_key, 3000), "Elsewhere", "Elsewhere CA");
        let ca = issue::self_signed(lint::lint(ca).unwrap(), &ca_key).unwrap();
        let leaf = profile::relay_encryption(basis(&key, 300), of, of);
        issue::issue(lint::lint(leaf).unwrap(), &ca, &ca_key).unwrap().to_pem()
    }

    /// Whether a certificate is found for the address, by one who asks within five seconds.
    fn known(found: &OutsideCertificates, of: &str) -> Result<bool, Reason> {
        let now = OffsetDateTime::now_utc();
        found.newest_for(&address(of), now).map(|found| found.is_some())
    }

    #[test]
    fn files_that_cannot_be_read_are_named_and_all_others_used() {
        let dir = folder();
        let found = OutsideCertificates::read(dir.path()).unwrap();
        assert_eq!((found.count(), found.unreadable().count()), (0, 0));
        std::fs::write(dir.path().join("notes.txt"), "x").unwrap();
        for unreadable in ["x".to_owned(), "x".repeat(70_000), String::new()] {
            let path = dir.path().join("one.pem");
            std::fs::write(&path, unreadable).unwrap();
            let found = OutsideCertificates::read(dir.path()).unwrap();
            assert_eq!((found.count(), found.unreadable().collect()), (0, vec![path.as_path()]));
        }
        std::os::unix::fs::symlink(dir.path().join("missing"), dir.path().join("gone.pem"))
            .unwrap();
        let found = OutsideCertificates::read(dir.path()).unwrap();
        assert_eq!(found.unreadable().count(), 2);
        // Whose they are nobody knows: of no address it can be said that there is none.
        assert_eq!(known(&found, "x@x.example"), Err(UNREADABLE));
        assert_eq!(known(&OutsideCertificates::default(), "x@x.example"), Ok(false));
    }

    #[test]
    fn a_pipe_a_device_and_a_folder_are_not_waited_for_and_a_link_is_followed() {
        let dir = folder();
        let at = |name: &str| dir.path().join(name);
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe.pem"), mode).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("zero.pem")).unwrap();
        std::fs::create_dir(at("folder.pem")).unwrap();
        std::fs::write(at("elsewhere"), certificate("bob@x.example")).unwrap();
        std::os::unix::fs::symlink(at("elsewhere"), at("bob.pem")).unwrap();
        let (say, said) = std::sync::mpsc::channel();
        let path = dir.path().to_owned();
        std::thread::spawn(move || say.send(OutsideCertificates::read(&path)));
        let found = said.recv_timeout(Duration::from_secs(5)).expect("it waits").unwrap();
        assert_eq!((found.count(), found.unreadable().count()), (1, 3));
        assert_eq!(known(&found, "bob@x.example"), Ok(true));
    }

    #[test]
    fn a_file_that_cannot_be_read_stops_only_whose_it_was_or_is_named_for() {
        let dir = folder();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("one.pem"), certificate("bob@x.example")).unwrap();
        std::fs::write(at("carol@x.example.pem"), "no certificate").unwrap();
        let mut kept = Kept::default();
        let found = kept.found(dir.path(), NO_TIME).unwrap();
        assert_eq!(known(&found, "bob@x.example"), Ok(true));
        assert_eq!(known(&found, "Carol@x.example"), Err(UNREADABLE));
        assert_eq!(known(&found, "dave@x.example"), Ok(false));
        for _ in 0..2 {
            std::fs::write(at("one.pem"), "no certificate any more").unwrap();
            let found = kept.found(dir.path(), NO_TIME).unwrap();
            assert_eq!(known(&found, "bob@x.example"), Err(UNREADABLE));
            assert_eq!(known(&found, "dave@x.example"), Ok(false));
        }
        std::fs::remove_file(at("one.pem")).unwrap();
        let found = kept.found(dir.path(), NO_TIME).unwrap();
        assert_eq!(known(&found, "bob@x.example"), Ok(false));
    }

    #[test]
    fn a_name_with_more_than_the_address_in_it_is_that_address_too() {
        for name in
            ["bob@x.example.2026", "bob@x.example.new", "BOB@x.example-renewed", "x-bob@x.example"]
        {
            let dir = folder();
            std::fs::write(dir.path().join(format!("{name}.pem")), "no certificate").unwrap();
            let found = OutsideCertificates::read(dir.path()).unwrap();
            assert_eq!(known(&found, "bob@x.example"), Err(UNREADABLE), "{name}");
            assert_eq!(known(&found, "dave@x.example"), Ok(false), "{name}");
        }
    }

    #[test]
    fn a_file_is_read_when_it_has_changed_and_the_folder_when_its_time_is_up() {
        let dir = folder();
        let path = dir.path().join("one.pem");
        std::fs::write(&path, certificate("bob@x.example")).unwrap();
        let mut kept = Kept::default();
        let first = kept.found(dir.path(), NO_TIME).unwrap();
        let again = kept.found(dir.path(), NO_TIME).unwrap();
        assert!(Arc::ptr_eq(&first.certificates[0], &again.certificates[0]));
        std::fs::write(&path, certificate("carol@x.example")).unwrap();
        let lasting = kept.found(dir.path(), Duration::from_secs(600)).unwrap();
        assert_eq!(known(&lasting, "carol@x.example"), Ok(false));
        let found = kept.found(dir.path(), NO_TIME).unwrap();
        assert_eq!(known(&found, "carol@x.example"), Ok(true));
        assert_eq!(known(&found, "bob@x.example"), Ok(false));
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_failure() {
        let missing = folder().path().join("missing");
        let error = OutsideCertificates::read(&missing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn one_file_past_the_limit_is_a_failure() {
        let dir = folder();
        for number in 0..MAX_FILES {
            std::fs::write(dir.path().join(number.to_string()), "").unwrap();
        }
        assert!(OutsideCertificates::read(dir.path()).is_ok());
        std::fs::write(dir.path().join("more"), "").unwrap();
        let error = OutsideCertificates::read(dir.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}

//! Recipients outside the federation to whom mail may be encrypted: by certificates that
//! an administrator put into a folder, looked up here and nowhere else.

use crate::release::received_key;
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, lock};
use ssmax_api::Problem;
use ssmax_chain::{Digest, Reason};
use ssmax_cms::enveloped::{ContentCipher, RsaTransport, recipient_info};
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// The most files that are looked at.
const MAX_FILES: usize = 10_000;

/// The largest file that is read, in octets.
const MAX_FILE_BYTES: u64 = 64 * 1024;

impl Keyserver {
    /// What lies in the folder; without a folder, nothing.
    pub(crate) async fn outside_certificates(&self) -> Result<OutsideCertificates, Problem> {
        let Some(folder) = self.settings.keyserver.outside_certificates.clone() else {
            return Ok(OutsideCertificates::default());
        };
        let read = tokio::task::spawn_blocking(move || OutsideCertificates::read(&folder));
        read.await.map_err(failed)?.map_err(|error| {
            tracing::error!(%error, "the folder of outside certificates cannot be read");
            Problem::Failed
        })
    }

    /// The RecipientInfo of a mail that an own person wrote to somebody outside.
    pub(crate) async fn encrypt_outside(
        &self,
        ticket: &str,
        recipient: &str,
        tail: Digest,
        key: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        let address = Address::parse(recipient).map_err(|_| Problem::Malformed)?;
        if self.settings.organisation.has_domain(address.domain()) {
            return Err(Problem::NotAllowed);
        }
        // Whoever is a member's gets mail over the chain, whatever lies in the folder.
        if lock(&self.list).usable(Self::now())?.member_of_domain(address.domain()).is_some() {
            return Err(Problem::NotAllowed);
        }
        let key = {
            let open = self.tickets.find(ticket, Self::now())?;
            let open = lock(&open);
            open.passed()?;
            if !matches!(open.origin, Origin::Own(_)) || !open.is_for(&address) {
                return Err(Problem::NotAllowed);
            }
            // What an ESP's user encrypted is not encrypted anew: nobody there opens it.
            if self.is_esp() && open.parts.iter().any(|part| part.fresh.is_none()) {
                return Err(Problem::NotAllowed);
            }
            received_key(&open, ticket, &tail, key, ContentCipher::Aes256Cbc)?
        };
        let known = self.outside_certificates().await?;
        let target = known
            .newest_for(&address, Self::now())?
            .ok_or(Problem::Refused(Reason::OutsideCertificateUnknown))?;
        tracing::info!("a mail is encrypted for a recipient outside");
        // PKCS#1 v1.5 is what every mailer with an RSA key reads (measured).
        recipient_info(target, &key, None, RsaTransport::Pkcs1).map_err(failed)
    }
}

/// What lies in the folder of outside certificates.
#[derive(Debug, Default)]
pub struct OutsideCertificates {
    /// In no order.
    certificates: Vec<Certificate>,
    /// The files that hold no certificate that can be read.
    pub unreadable: Vec<PathBuf>,
}

impl OutsideCertificates {
    /// Reads every `*.pem` of the folder.
    ///
    /// # Errors
    /// When the folder cannot be read to its end, or has too many files.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut found = Self::default();
        for (number, entry) in std::fs::read_dir(folder)?.enumerate() {
            let path = entry?.path();
            if number >= MAX_FILES {
                let many = format!("more than {MAX_FILES} files");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, many));
            }
            if path.extension().is_none_or(|ending| ending != "pem") {
                continue;
            }
            match read(&path) {
                Some(certificate) => found.certificates.push(certificate),
                None => {
                    tracing::error!(file = %path.display(), "an outside certificate cannot be read");
                    found.unreadable.push(path);
                }
            }
        }
        Ok(found)
    }

    /// How many certificates were read.
    #[must_use]
    pub fn count(&self) -> usize {
        self.certificates.len()
    }

    /// The newest certificate of this address that is good for encryption now.
    ///
    /// Where there is none a file that cannot be read might be the one: the answer is then a
    /// failure, for otherwise the mail would leave in clear or be refused for good. Everybody
    /// else's mail goes on.
    pub(crate) fn newest_for(
        &self,
        address: &Address,
        now: OffsetDateTime,
    ) -> Result<Option<&Certificate>, Problem> {
        let is_good = |one: &&Certificate| {
            one.not_before() <= now
                && now <= one.not_after()
                && one.allows_encryption()
                && one.has_email(&address.to_string())
        };
        let newest = self.certificates.iter().filter(is_good).max_by_key(|one| one.not_before());
        match newest {
            None if !self.unreadable.is_empty() => Err(Problem::Failed),
            newest => Ok(newest),
        }
    }
}

fn read(path: &Path) -> Option<Certificate> {
    let mut text = String::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).ok()?;
    if u64::try_from(text.len()).ok()? > MAX_FILE_BYTES {
        return None;
    }
    Certificate::from_pem(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn files_that_cannot_be_read_are_named_and_all_others_used() {
        let dir = folder();
        let found = OutsideCertificates::read(dir.path()).unwrap();
        assert_eq!((found.count(), found.unreadable.len()), (0, 0));
        std::fs::write(dir.path().join("notes.txt"), "x").unwrap();
        for unreadable in ["x".to_owned(), "x".repeat(70_000), String::new()] {
            let path = dir.path().join("one.pem");
            std::fs::write(&path, unreadable).unwrap();
            let found = OutsideCertificates::read(dir.path()).unwrap();
            assert_eq!((found.count(), found.unreadable), (0, vec![path]));
        }
        std::os::unix::fs::symlink(dir.path().join("missing"), dir.path().join("gone.pem"))
            .unwrap();
        let found = OutsideCertificates::read(dir.path()).unwrap();
        assert_eq!(found.unreadable.len(), 2);
        // Whose they are nobody knows: of no address it can be said that there is none.
        let address = Address::parse("x@x.example").unwrap();
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(found.newest_for(&address, now).err(), Some(Problem::Failed));
        let empty = OutsideCertificates::default();
        assert_eq!(empty.newest_for(&address, now).map(|found| found.is_some()), Ok(false));
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

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
use std::io::Read as _;
use std::path::Path;
use time::OffsetDateTime;

/// The most files that are looked at.
const MAX_FILES: usize = 10_000;

/// The largest file that is read, in octets.
const MAX_FILE_BYTES: u64 = 64 * 1024;

impl Keyserver {
    /// The certificates that are good for encryption now, the newest first.
    pub(crate) async fn outside_certificates(&self) -> Result<Vec<Certificate>, Problem> {
        let Some(folder) = self.settings.keyserver.outside_certificates.clone() else {
            return Ok(Vec::new());
        };
        let now = Self::now();
        tokio::task::spawn_blocking(move || read_folder(&folder, now)).await.map_err(failed)?
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
            .iter()
            .find(|one| is_for(one, &address))
            .ok_or(Problem::Refused(Reason::OutsideCertificateUnknown))?;
        tracing::info!(%ticket, "a mail is encrypted for a recipient outside");
        // PKCS#1 v1.5 is what every mailer with an RSA key reads (measured).
        recipient_info(target, &key, None, RsaTransport::Pkcs1).map_err(failed)
    }
}

/// Whether a certificate carries this address.
pub(crate) fn is_for(certificate: &Certificate, address: &Address) -> bool {
    certificate.has_email(&address.to_string())
}

/// All of the folder or nothing: without a certificate that cannot be read now, a mail
/// would leave in clear or be refused for good.
fn read_folder(folder: &Path, now: OffsetDateTime) -> Result<Vec<Certificate>, Problem> {
    let unreadable = |error| {
        tracing::error!(%error, "the folder of outside certificates cannot be read");
        Problem::Failed
    };
    let mut found = Vec::new();
    for (number, entry) in std::fs::read_dir(folder).map_err(unreadable)?.enumerate() {
        let path = entry.map_err(unreadable)?.path();
        if number >= MAX_FILES {
            tracing::error!("the folder of outside certificates has more than {MAX_FILES} files");
            return Err(Problem::Failed);
        }
        if path.extension().is_none_or(|ending| ending != "pem") {
            continue;
        }
        let one = read(&path).ok_or_else(|| {
            tracing::error!(file = %path.display(), "an outside certificate cannot be read");
            Problem::Failed
        })?;
        if one.not_before() <= now && now <= one.not_after() && one.allows_encryption() {
            found.push(one);
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.not_before()));
    Ok(found)
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
    fn a_folder_that_is_not_read_to_its_end_is_a_failure_and_no_short_list() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let dir = folder();
        assert_eq!(read_folder(dir.path(), now).map(|found| found.len()), Ok(0));
        let missing = dir.path().join("missing");
        assert_eq!(read_folder(&missing, now).err(), Some(Problem::Failed));
        std::fs::write(dir.path().join("notes.txt"), "x").unwrap();
        assert!(read_folder(dir.path(), now).is_ok());
        for unreadable in ["x".to_owned(), "x".repeat(70_000), String::new()] {
            std::fs::write(dir.path().join("one.pem"), unreadable).unwrap();
            assert_eq!(read_folder(dir.path(), now).err(), Some(Problem::Failed));
        }
        std::fs::remove_file(dir.path().join("one.pem")).unwrap();
        std::os::unix::fs::symlink(&missing, dir.path().join("gone.pem")).unwrap();
        assert_eq!(read_folder(dir.path(), now).err(), Some(Problem::Failed));
    }

    #[test]
    fn one_file_past_the_limit_is_a_failure() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let dir = folder();
        for number in 0..MAX_FILES {
            std::fs::write(dir.path().join(number.to_string()), "").unwrap();
        }
        assert!(read_folder(dir.path(), now).is_ok());
        std::fs::write(dir.path().join("more"), "").unwrap();
        assert_eq!(read_folder(dir.path(), now).err(), Some(Problem::Failed));
    }
}

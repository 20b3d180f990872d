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
        tokio::task::spawn_blocking(move || read_folder(&folder, now)).await.map_err(failed)
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

fn read_folder(folder: &Path, now: OffsetDateTime) -> Vec<Certificate> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::error!(%error, "the folder of outside certificates cannot be read");
            return Vec::new();
        }
    };
    let is_pem = |path: &Path| path.extension().is_some_and(|ending| ending == "pem");
    let mut found: Vec<Certificate> = entries
        .take(MAX_FILES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_pem(path))
        .filter_map(|path| {
            let certificate = read(&path);
            if certificate.is_none() {
                tracing::warn!(file = %path.display(), "an outside certificate cannot be read");
            }
            certificate
        })
        .filter(|one| one.not_before() <= now && now <= one.not_after() && one.allows_encryption())
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.not_before()));
    found
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

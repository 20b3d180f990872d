//! Recipients outside the federation to whom mail may be encrypted: by certificates that
//! an administrator put into a folder, looked up here and nowhere else.

mod folder;

use crate::release::received_key;
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, lock};
use ssmax_api::Problem;
use ssmax_chain::{Digest, Reason};
use ssmax_cms::enveloped::{ContentCipher, RsaTransport, recipient_info};
use ssmax_mail::address::Address;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use folder::Kept;
pub use folder::OutsideCertificates;

impl Keyserver {
    /// What lies in the folder; without a folder, nothing.
    pub(crate) async fn outside_certificates(&self) -> Result<Arc<OutsideCertificates>, Problem> {
        let Some(folder) = self.settings.keyserver.outside_certificates.clone() else {
            return Ok(Arc::default());
        };
        let kept = Arc::clone(&self.outside);
        let lasts = Duration::from_secs(self.settings.keyserver.outside_certificates_seconds);
        let found = tokio::task::spawn_blocking(move || lock(&kept).found(&folder, lasts));
        found.await.map_err(failed)?.map_err(|error| {
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
        if self.member_list()?.member_of_domain(address.domain()).is_some() {
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
        let target = known.newest_for(&address, Self::now()).map_err(Problem::Refused)?;
        let target = target.ok_or(Problem::Refused(Reason::OutsideCertificateUnknown))?;
        tracing::info!("a mail is encrypted for a recipient outside");
        // PKCS#1 v1.5 is what every mailer with an RSA key reads (measured).
        recipient_info(target, &key, None, RsaTransport::Pkcs1).map_err(failed)
    }
}

//! Preserved delivery: the sender's ciphertext, re-wrapped for a recipient here.
//!
//! Nothing is decrypted and nothing sealed: who reads it checks the sender's own
//! signature. An organisation has inspected the mail before; an ESP does not.

use crate::rewrap::assertion;
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, Ticket, lock};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::RecipientCopy;
use ssmax_chain::binding::archive_ukm;
use ssmax_chain::seal_record::ShownAssertion;
use ssmax_chain::{Digest, Reason};
use ssmax_cms::enveloped::{
    ContentCipher, Kind, RsaTransport, recipient_info, recipient_info_for_key_by,
};
use ssmax_hsm::{KeyPurpose, StoredKey};
use ssmax_mail::address::Address;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_primitives::ContentKey;
use ssmax_token::{KeyPair as _, OaepHash};

impl Keyserver {
    /// RecipientInfos for one recipient of the ticket. The keyserver looks up their
    /// certificate itself.
    pub(crate) async fn preserve(
        &self,
        ticket: &str,
        recipient: &str,
        tail: Digest,
    ) -> Result<RecipientCopy, Problem> {
        let recipient = Address::parse(recipient).map_err(|_| Problem::Malformed)?;
        {
            // Before the directory is asked: nobody learns there who has a certificate
            // without a ticket.
            let open = self.tickets.find(ticket, Self::now())?;
            let open = lock(&open);
            self.preserved_sender(&open)?;
            if !open.is_for(&recipient) {
                return Err(Problem::NotAllowed);
            }
        }
        let target = self
            .encryption_certificate(&recipient)
            .await?
            .ok_or(Problem::Refused(Reason::RecipientWithoutCertificate))?;
        let open = self.tickets.find(ticket, Self::now())?;
        let open = lock(&open);
        let sender = self.preserved_sender(&open)?;
        let part = open.parts.iter().find(|part| part.tail == tail).ok_or(Problem::NotAllowed)?;
        if !is_for_mailers(&part.cipher) {
            return Err(Problem::NotAllowed);
        }
        let recipients = self.for_mailbox(&recipient, &target, &tail, &part.key)?;
        tracing::info!("a mail is re-encrypted for a recipient here");
        Ok(RecipientCopy { recipients, sender })
    }

    /// How the sender is known, if the ticket's mail may go on to its recipients here: it
    /// has passed, or it came to an ESP over the chain, where nobody looks into it.
    fn preserved_sender(&self, open: &Ticket) -> Result<ShownAssertion, Problem> {
        match &open.origin {
            Origin::Own(own) => {
                let signer = open.passed()?.signer.as_ref().ok_or(Problem::NotAllowed)?;
                Ok((&assertion(own, signer)).into())
            }
            Origin::Member(mail) => {
                if !self.is_esp() {
                    open.passed()?;
                }
                Ok((&mail.sealed.sender).into())
            }
            Origin::Outside => Err(Problem::NotAllowed),
        }
    }

    /// RecipientInfos of what a mailer is to read: its recipient, and an organisation's
    /// archive, of one kind, since some mailers cannot read mixed ones.
    pub(crate) fn for_mailbox(
        &self,
        recipient: &Address,
        target: &Certificate,
        tail: &Digest,
        key: &ContentKey,
    ) -> Result<Vec<ByteBuf>, Problem> {
        // PKCS#1 v1.5 is what every mailer with an RSA key reads (measured).
        let mut infos =
            vec![recipient_info(target, key, None, RsaTransport::Pkcs1).map_err(failed)?];
        let rsa = ssmax_primitives::key_algorithm(target.spki())
            .is_ok_and(ssmax_token::KeyAlgorithm::is_rsa);
        // An ESP keeps no key to its people's mail.
        let archive = if self.is_esp() { None } else { self.newest_key(KeyPurpose::Archive, rsa)? };
        if let Some(archive) = archive {
            let ukm = archive_ukm(recipient, tail);
            let ukm = (!rsa).then_some(ukm.as_slice());
            let spki = archive.spki();
            let transport = archive_transport(&archive)?;
            infos.push(
                recipient_info_for_key_by(spki, &key_identifier(spki), key, ukm, transport)
                    .map_err(failed)?,
            );
        }
        Ok(infos.into_iter().map(ByteBuf::from).collect())
    }
}

/// Whether mailers read this content cipher: AES-CBC. GCM is shown blank by some
/// (measured), so nobody is sent it unasked.
pub(crate) fn is_for_mailers(cipher: &str) -> bool {
    ContentCipher::from_name(cipher).is_some_and(|cipher| cipher.kind() == Kind::Enveloped)
}

/// How an archive key of RSA gets its copy: what its home opens, which of a token may be
/// SHA-1 only.
fn archive_transport(archive: &StoredKey) -> Result<RsaTransport, Problem> {
    match archive.oaep_hash().map_err(failed)? {
        Some(OaepHash::Sha1) => Ok(RsaTransport::OaepSha1),
        // An EC key is asked too, and has no such choice.
        _ => Ok(RsaTransport::OaepSha256),
    }
}

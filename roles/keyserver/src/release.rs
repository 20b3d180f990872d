//! Content keys go to one worker, and come back from it, never in the clear.

use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, Ticket, Worker, lock};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::{AnnouncedMail, ExpectedSigner, FreshForm, Released, StatedMail};
use ssmax_chain::Digest;
use ssmax_chain::binding::release_ukm;
use ssmax_cms::enveloped::{
    ContentCipher, KeyName, RecipientInfo, UnwrapPolicy, kcv, recipient_info_for_key,
};
use ssmax_inspection::Direction;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_primitives::{ContentKey, SoftwareKey};
use ssmax_token::{KeyAlgorithm, KeyPair as _};

impl Keyserver {
    /// Seals the ticket's content keys to a worker's key. Once per ticket: a second
    /// worker of the same mail is none of ours.
    pub(crate) fn release(&self, ticket: &str, worker: Vec<u8>) -> Result<Released, Problem> {
        // An ESP opens no mail: there is no release, whatever is asked.
        self.not_at_an_esp()?;
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        self.release_to(ticket, &mut open, worker)
    }

    /// Seals a ticket's content keys to a worker's key; the rules are the callers'.
    pub(crate) fn release_to(
        &self,
        ticket: &str,
        open: &mut Ticket,
        worker: Vec<u8>,
    ) -> Result<Released, Problem> {
        if open.worker.is_some() || open.review_only {
            return Err(Problem::NotAllowed);
        }
        let worker_id = key_identifier(&worker);
        let mut keys = Vec::new();
        for part in &open.parts {
            let ukm = release_ukm(ticket, "worker", &part.tail);
            let info = recipient_info_for_key(&worker, &worker_id, &part.key, Some(&ukm))
                .map_err(|_| Problem::Malformed)?;
            keys.push((part.path.clone(), ByteBuf::from(info)));
        }
        let reply_key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(failed)?;
        let released = self.released(open, keys, reply_key.spki().to_vec());
        open.worker = Some(Worker { spki: worker, reply_key });
        Ok(released)
    }

    fn released(
        &self,
        open: &Ticket,
        keys: Vec<(String, ByteBuf)>,
        reply_key: Vec<u8>,
    ) -> Released {
        let der = |one: &Certificate| ByteBuf::from(one.der().to_vec());
        let (direction, body, signer, at) = match &open.origin {
            Origin::Own(own) => (
                Direction::Outbound,
                Some(match own.seen {
                    None => StatedMail::Whole(own.statement.body),
                    Some(_) => StatedMail::Content(own.statement.body),
                }),
                ExpectedSigner::OwnUser {
                    from: own.from.to_string(),
                    certificates: own.user.signing.iter().map(|(_, der)| Digest::of(der)).collect(),
                },
                Self::now(),
            ),
            Origin::Member(mail) => (
                Direction::Inbound,
                None,
                ExpectedSigner::Announced {
                    from: mail.from.to_string(),
                    si: mail.sealed.sender.si,
                    certificate: mail.sealed.sender.cert,
                    entity: mail.sealed.entity,
                },
                // The sender's certificate had to be good when its organisation signed;
                // the mail may have waited since.
                mail.hop.at,
            ),
            Origin::Outside => (Direction::Inbound, None, ExpectedSigner::Anybody, Self::now()),
        };
        let announced = match &open.origin {
            Origin::Member(mail) => {
                Some(AnnouncedMail { content: mail.content, headers: mail.hop.headers })
            }
            _ => None,
        };
        Released {
            announced,
            keys,
            reply_key,
            direction,
            body,
            signer,
            anchors: vec![der(&self.own.root)],
            intermediates: vec![der(&self.own.issuing_ca), der(&self.own.member_ca)],
            seal_ca: self.own.seal_ca.der().to_vec(),
            at: at.unix_timestamp(),
        }
    }

    /// Adds a part that the worker encrypted: what came in clear, for other members.
    pub(crate) fn encrypt_fresh(
        &self,
        ticket: &str,
        form: FreshForm,
        tail: Digest,
        key: &[u8],
    ) -> Result<(), Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        open.passed()?;
        if !matches!(open.origin, Origin::Own(_))
            || open.parts.iter().any(|part| part.fresh.is_none() || part.fresh == Some(form))
        {
            return Err(Problem::NotAllowed);
        }
        let cipher = match form {
            FreshForm::WrappedGcm => ContentCipher::Aes256Gcm,
            FreshForm::MailCbc => ContentCipher::Aes256Cbc,
        };
        let key = received_key(&open, ticket, &tail, key, cipher)?;
        let kcv = Digest(kcv(&key, &tail.0));
        open.parts.push(crate::ticket::TicketPart {
            path: String::new(),
            tail,
            kcv,
            key,
            cipher: cipher.name().to_owned(),
            fresh: Some(form),
        });
        Ok(())
    }
}

/// A content key that the ticket's worker made and sealed to the ticket's reply key.
pub(crate) fn received_key(
    open: &Ticket,
    ticket: &str,
    tail: &Digest,
    sealed: &[u8],
    cipher: ContentCipher,
) -> Result<ContentKey, Problem> {
    let worker = open.worker.as_ref().ok_or(Problem::NotAllowed)?;
    let info = RecipientInfo::parse(sealed).map_err(|_| Problem::Malformed)?;
    if info.ukm() != Some(release_ukm(ticket, "keyserver", tail).as_slice()) {
        return Err(Problem::NotAllowed);
    }
    let id = key_identifier(worker.reply_key.spki());
    let policy = UnwrapPolicy { allow_pkcs1: false };
    info.unwrap(KeyName::KeyId(&id), &worker.reply_key, &policy, cipher.key_len())
        .map_err(|_| Problem::NotAllowed)
}

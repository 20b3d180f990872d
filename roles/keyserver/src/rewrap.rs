//! Copies for other members: new RecipientInfos, the same ciphertext (step 6).

use crate::admit::ri_digest;
use crate::people::server_held;
use crate::state::{Keyserver, failed};
use crate::ticket::{HopCopy, Origin, OwnMail, Ticket, TicketPart, lock};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, KeyHolder};
use ssmax_api::keyserver::{FilesCopy, InnerSigner, MemberCopy};
use ssmax_chain::binding::{hop_ukm, recipient_digest};
use ssmax_chain::hop_mail::{WHOLE_PATH, path_of_file};
use ssmax_chain::hop_record::PartRecord;
use ssmax_chain::sealed_record::{
    MAX_RECIPIENTS_PER_COPY, RecipientSalt, SealedRecord, SenderAssertion, SignedBy,
};
use ssmax_chain::{Digest, HopId, Reason};
use ssmax_cms::enveloped::{ContentCipher, RsaTransport, encrypt, recipient_info};
use ssmax_inspection::Outcome;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_primitives::ContentKey;

impl Keyserver {
    /// Makes one copy for one member. The keyserver looks up the member's certificate
    /// itself: nobody can name a target of his own.
    pub(crate) fn rewrap(
        &self,
        ticket: &str,
        to_org: &str,
        recipients: &[String],
        tail: Digest,
    ) -> Result<MemberCopy, Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        if open.files {
            return Err(Problem::NotAllowed);
        }
        let part = |part: &TicketPart| (part.tail == tail).then(|| WHOLE_PATH.to_owned());
        let (id, infos, sealed) = self.copy(to_org, recipients, &mut open, part)?;
        Ok(MemberCopy { id, recipients: infos, sealed })
    }

    /// Makes one copy of a mail in attachment mode for one member: all its files, or none.
    pub(crate) fn rewrap_files(
        &self,
        ticket: &str,
        to_org: &str,
        recipients: &[String],
    ) -> Result<FilesCopy, Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        if !open.files {
            return Err(Problem::NotAllowed);
        }
        let every = |part: &TicketPart| Some(path_of_file(&part.path));
        let (id, files, sealed) = self.copy(to_org, recipients, &mut open, every)?;
        Ok(FilesCopy { id, files, sealed })
    }

    /// A copy of the parts for which `path` says where they will stand.
    fn copy(
        &self,
        to_org: &str,
        recipients: &[String],
        open: &mut Ticket,
        path: impl Fn(&TicketPart) -> Option<String>,
    ) -> Result<(HopId, Vec<ByteBuf>, Vec<u8>), Problem> {
        let verdict = open.passed()?;
        let entity = verdict.entity.ok_or(Problem::NotAllowed)?;
        let signer = verdict.signer.clone().ok_or(Problem::NotAllowed)?;
        let Origin::Own(own) = &open.origin else { return Err(Problem::NotAllowed) };
        let target = self.target(to_org, recipients, open)?;
        let id = HopId::new(Self::now(), self.octets());
        let own_id = &self.settings.organisation.id;
        let salts = self.salts(recipients)?;
        let record = SealedRecord {
            v: ssmax_chain::hop_record::RECORD_VERSION,
            id,
            salts: salts.clone(),
            entity,
            sender: assertion(own, &signer),
            inspection: self.inspection_said(verdict.outcome).to_owned(),
        };
        let (mut infos, mut parts) = (Vec::new(), Vec::new());
        for part in &open.parts {
            let Some(path) = path(part) else { continue };
            let info = hop_recipient(&target, part, id, own_id, to_org)?;
            parts.push(PartRecord {
                path,
                ri: ri_digest(std::slice::from_ref(&info)),
                tail: part.tail,
                kcv: part.kcv,
                alg: part.cipher.clone(),
            });
            infos.push(info);
        }
        if parts.is_empty() {
            return Err(Problem::NotAllowed);
        }
        let sealed = self.encrypt_sealed(&record, &target, own_id, to_org)?;
        let copy = HopCopy { to_org: to_org.to_owned(), salts, parts, sealed: Digest::of(&sealed) };
        open.copies.insert(id, copy);
        tracing::info!(%id, %to_org, "a copy is re-encrypted for a member");
        Ok((id, infos, sealed))
    }

    /// What the sealed record says of the inspection. A mail with findings that an officer
    /// let pass does not say that it passed, and an ESP inspects none.
    fn inspection_said(&self, outcome: Outcome) -> &'static str {
        match outcome {
            _ if self.is_esp() => "none",
            Outcome::Pass => "pass",
            _ => "released",
        }
    }

    /// The certificate to encrypt for, if all recipients are this member's and in the
    /// ticket, and its standing is good.
    fn target(
        &self,
        to_org: &str,
        recipients: &[String],
        open: &Ticket,
    ) -> Result<Certificate, Problem> {
        if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS_PER_COPY {
            return Err(Problem::NotAllowed);
        }
        let now = Self::now();
        let list = self.member_list()?;
        for text in recipients {
            let recipient = Address::parse(text).map_err(|_| Problem::Malformed)?;
            let member = list.member_of_domain(recipient.domain()).ok_or(Problem::NotAllowed)?;
            if member.id != to_org || !open.is_for(&recipient) {
                return Err(Problem::NotAllowed);
            }
            if !member.standing.state.exchanges_mail() {
                return Err(Problem::Refused(Reason::ReceiverStandingLost));
            }
        }
        let member = list.member(to_org).ok_or(Problem::NotAllowed)?;
        self.member_encryption_certificate(member, now).ok_or(Problem::Failed)
    }

    fn salts(&self, recipients: &[String]) -> Result<Vec<RecipientSalt>, Problem> {
        recipients
            .iter()
            .map(|text| {
                let recipient = Address::parse(text).map_err(|_| Problem::Malformed)?;
                let salt = self.octets::<16>();
                Ok(RecipientSalt {
                    salt: hex::encode(salt),
                    digest: recipient_digest(&salt, &recipient),
                })
            })
            .collect()
    }

    fn encrypt_sealed(
        &self,
        record: &SealedRecord,
        target: &Certificate,
        own_id: &str,
        to_org: &str,
    ) -> Result<Vec<u8>, Problem> {
        let cipher = ContentCipher::Aes256Gcm;
        let key = ContentKey::random(&self.random, cipher.key_len());
        let sealed =
            encrypt(record.to_json().as_bytes(), cipher, &key, &self.random).map_err(failed)?;
        let ukm = hop_ukm(record.id, own_id, to_org, &Digest(sealed.tail()));
        let info =
            recipient_info(target, &key, Some(&ukm), RsaTransport::OaepSha256).map_err(failed)?;
        Ok(sealed.with_recipients(&[info]))
    }
}

fn hop_recipient(
    target: &Certificate,
    part: &TicketPart,
    id: HopId,
    from_org: &str,
    to_org: &str,
) -> Result<ByteBuf, Problem> {
    let ukm = hop_ukm(id, from_org, to_org, &part.tail);
    recipient_info(target, &part.key, Some(&ukm), RsaTransport::OaepSha256)
        .map(ByteBuf::from)
        .map_err(failed)
}

/// What we tell the receiving organisation about the sender.
pub(crate) fn assertion(own: &OwnMail, signer: &InnerSigner) -> SenderAssertion {
    let hash = Digest::of(&signer.certificate);
    let holder = own
        .user
        .signing
        .iter()
        .find(|(_, der)| Digest::of(der) == hash)
        .map_or(KeyHolder::Server, |(holder, _)| *holder);
    debug_assert!(holder != KeyHolder::Server || server_held(&own.user).is_some());
    SenderAssertion {
        si: signer.si,
        cert: hash,
        proof: own.user.proof.clone(),
        ial: own.user.ial,
        auth: own.statement.method.clone(),
        aal: own.statement.aal,
        signed_by: match holder {
            _ if matches!(own.user.kind, AccountKind::System | AccountKind::List) => {
                SignedBy::System
            }
            KeyHolder::Token => SignedBy::Token,
            KeyHolder::File => SignedBy::File,
            KeyHolder::Server => SignedBy::Server,
        },
        on_behalf: own.actor.clone(),
    }
}

//! A mail of another member (step 7). Everything that needs no private key comes
//! first: forged, unknown and suspended senders never get one used.

use super::{addresses, are_files, recipient_infos, ri_digest};
use crate::decision::{Made, Step};
use crate::hold::StoppedMail;
use crate::levels::Below;
use crate::limits::Source;
use crate::preserve::is_for_mailers;
use crate::state::Keyserver;
use crate::ticket::{MemberMail, Origin, Ticket, TicketPart};
use ssmax_api::Problem;
use ssmax_api::keyserver::{AdmitInbound, InboundAnswer, InboundTicket, OfferedPart};
use ssmax_chain::binding::hop_ukm;
use ssmax_chain::held_decision::HeldDeed;
use ssmax_chain::hop_mail::{WHOLE_PATH, path_of_file};
use ssmax_chain::hop_record::MAX_SIGNED_DATA_BYTES;
use ssmax_chain::hop_record::PartRecord;
use ssmax_chain::sealed_record::SealedRecord;
use ssmax_chain::{Digest, HopRecord, Reason};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{ContentCipher, Enveloped, KeyName, RecipientInfo, kcv};
use ssmax_cms::signed::SignedData;
use ssmax_federation::{Member, StandingState};
use ssmax_hsm::{KeyPurpose, StoredKey};
use ssmax_mail::address::Address;
use ssmax_pki::path::{PathInput, Purpose, Revocation, validate};
use ssmax_pki::{Certificate, oid};
use ssmax_primitives::ContentKey;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// How long a mail may be on its way between two organisations.
const MAX_AGE: Duration = Duration::days(7);

/// How far another member's clock may be ahead.
const MAX_AHEAD: Duration = Duration::minutes(10);

/// The largest sealed record that is opened, encrypted, in octets.
const MAX_SEALED_BYTES: usize = 256 * 1024;

impl Keyserver {
    /// Opens a ticket for a mail of another member.
    pub(crate) async fn admit_inbound(
        &self,
        request: AdmitInbound,
    ) -> Result<InboundAnswer, Problem> {
        self.admit_hop(request, None).await
    }

    /// Opens a ticket anew for a mail that was held, by an officer's decision about it: it is as old as when it was first
    /// stopped here. Everything else is judged as of now.
    pub(crate) async fn readmit_inbound(
        &self,
        request: AdmitInbound,
    ) -> Result<InboundTicket, Problem> {
        let nonce = request.decision.clone().ok_or(Problem::NotAllowed)?;
        let fits = |made: &Made| {
            made.asked.mail == request.content && made.asked.op != HeldDeed::HoldDelete
        };
        let made = self.carry_out_decision(&nonce, Step::Admit, fits).await?;
        let request = AdmitInbound { delivered: None, ..request };
        match self.admit_hop(request, Some(made.asked.op)).await? {
            InboundAnswer::Admitted(ticket) => Ok(ticket),
            InboundAnswer::Repeat(_) => Err(Problem::NotAllowed),
        }
    }

    /// `held` is what an officer wants done with a mail that was held.
    async fn admit_hop(
        &self,
        request: AdmitInbound,
        held: Option<HeldDeed>,
    ) -> Result<InboundAnswer, Problem> {
        let now = Self::now();
        let from =
            Address::parse(&request.from).map_err(|_| Problem::Refused(Reason::FromNotOne))?;
        let recipients = addresses(&request.recipients)?;
        // Asked before the signer's path: by a clock that is wrong, no certificate is valid.
        self.member_list()?;
        let (hop, signer, evidence) = self.verify_hop(&request, now)?;
        let member = self.judge_member(&hop, &signer, &from)?;
        let stopped = if held.is_some() {
            self.first_stopped(&StoppedMail::of_hop(&hop)).await?
        } else {
            None
        };
        let own_id = &self.settings.organisation.id;
        check_hop(&hop, &request, own_id, stopped.unwrap_or(now), now)?;
        if is_repeat(&hop, &request) {
            return Ok(InboundAnswer::Repeat(hop.id));
        }
        self.check_form_at_esp(&request.parts)?;
        if request.parts.len() > self.settings.keyserver.max_private_operations {
            return Err(Problem::Refused(Reason::TooManyEncryptedParts));
        }
        let mut keys = Vec::with_capacity(request.parts.len());
        for part in &request.parts {
            keys.push(self.bound_key(&hop, part)?);
        }
        let sealed = Enveloped::parse(&request.sealed, &Limits::default())
            .map_err(|_| Problem::Refused(Reason::EncryptionRefused))?;
        let sealed_part = offered_sealed(&sealed, &request.sealed, &hop)?;
        let sealed_key = self.bound_key(&hop, &sealed_part)?;
        let (mut without_certificate, mut lists) = (Vec::new(), Vec::new());
        for recipient in &recipients {
            if self.list_at(recipient).await?.is_some() {
                lists.push(recipient.to_string());
            } else if self.encryption_certificate(recipient).await?.is_none() {
                without_certificate.push(recipient.to_string());
            }
        }
        // A mail that nobody here could get is not opened: its reason is a numbered one,
        // which after a key was used would tell that the key came out.
        if without_certificate.len() == recipients.len() {
            return Err(Problem::Refused(Reason::RecipientWithoutCertificate));
        }

        let source = Source::Member(member.id.clone());
        self.count_mail(&source, recipients.len())?;

        // A private key is used from here on.
        let opened = self.open_sealed(&sealed, &sealed_key).and_then(|record| {
            check_sealed(&record, &hop, &recipients)?;
            let mut parts = Vec::with_capacity(keys.len());
            for ((part, named), key) in request.parts.iter().zip(&hop.parts).zip(&keys) {
                parts.push(self.open_mail(named, part, key)?);
            }
            Ok((record, parts))
        });
        // Whoever has a copy of a member's mail can send it on to somebody else: that is
        // none of the member's tries.
        if !matches!(opened, Err(Problem::Refused(Reason::RecipientNotAnnounced))) {
            self.count_refusal(Some(&source), &opened);
        }
        let (record, parts) = opened?;
        let below = self.settings.keyserver.expects.below(&from, &record.sender);
        if below == Some(Below::Stop) && held.is_none() {
            // An officer may let it in all the same.
            self.remember_stopped(&StoppedMail::of_hop(&hop)).await?;
            return Err(Problem::Refused(Reason::SenderLevelBelow));
        }
        let files = is_in_attachment_mode(&request.parts);
        let class = self.class_of_members()?;
        let answer = InboundTicket {
            ticket: self.ticket_id(),
            id: hop.id,
            from_org: member.id.clone(),
            from_name: member.names.formal().to_owned(),
            list: hop.list,
            class,
            standing: member.standing.state.as_str().to_owned(),
            without_certificate,
            lists,
            below: below.is_some(),
        };
        let origin = Origin::Member(Box::new(MemberMail {
            from,
            hop,
            sealed: record,
            member,
            class,
            content: request.content,
            signed_data: evidence,
        }));
        let mut ticket = Ticket::new(now, origin, recipients);
        ticket.parts = parts;
        ticket.files = files;
        ticket.review_only = held == Some(HeldDeed::HoldShow);
        self.tickets.open(answer.ticket.clone(), ticket)?;
        Ok(InboundAnswer::Admitted(answer))
    }

    /// An ESP cannot make of it what every mailer reads, since it does not open it.
    fn check_form_at_esp(&self, parts: &[OfferedPart]) -> Result<(), Problem> {
        if !self.is_esp() {
            return Ok(());
        }
        if is_in_attachment_mode(parts) {
            return Err(Problem::Refused(Reason::EncryptionRefused));
        }
        match parts.iter().all(|part| is_for_mailers(&part.cipher)) {
            true => Ok(()),
            false => Err(Problem::Refused(Reason::CipherNotForMailers)),
        }
    }

    /// The organisation's signature over the entity, by a certificate whose path leads
    /// to the federation's root. Gives what it is evidence of later as well: the signature
    /// and the certificates of the path, without what anybody could have added.
    fn verify_hop(
        &self,
        request: &AdmitInbound,
        now: OffsetDateTime,
    ) -> Result<(HopRecord, Certificate, Vec<u8>), Problem> {
        let bad = Problem::Refused(Reason::HopSignatureBad);
        if request.signed_data.len() > MAX_SIGNED_DATA_BYTES {
            return Err(bad);
        }
        let signed =
            SignedData::parse(&request.signed_data, &Limits::default()).map_err(|_| bad)?;
        let [signer_info] = signed.signers() else { return Err(bad) };
        let signer = signer_info.certificate(signed.certificates()).ok_or(bad)?;
        signer_info.verify_digest(signer, &request.content.0).map_err(|_| bad)?;
        if !is_domain_signature(signer_info) {
            return Err(bad);
        }
        let json = signer_info
            .signed_attribute(oid::HOP_RECORD)
            .ok()
            .flatten()
            .and_then(ssmax_cms::signed::utf8_value)
            .ok_or(Problem::Refused(Reason::HopRecordMalformed))?;
        let hop =
            HopRecord::parse(&json).map_err(|_| Problem::Refused(Reason::HopRecordMalformed))?;
        let path = validate(&PathInput {
            leaf: signer,
            intermediates: signed.certificates(),
            anchors: std::slice::from_ref(&self.own.root),
            crls: &[],
            ocsp: &[],
            at: now,
            purpose: Purpose::OrganisationSigning,
            revocation: Revocation::Skip,
            limits: ssmax_pki::path::Limits::default(),
        })
        .map_err(|_| Problem::Refused(Reason::OrganisationNotMember))?;
        let without_root = path.certificates.split_last().map_or(&[][..], |(_, before)| before);
        Ok((hop, signer.clone(), signed.stripped(without_root)))
    }

    /// from_org = organizationIdentifier of the signer = owner of From's domain, in
    /// list and certificate; its standing now.
    fn judge_member(
        &self,
        hop: &HopRecord,
        signer: &Certificate,
        from: &Address,
    ) -> Result<Member, Problem> {
        let refuse = |reason| Err(Problem::Refused(reason));
        let list = self.member_list()?;
        let Some(member) = list.member(&hop.from_org) else {
            // Admitted perhaps by a list that is on its way here.
            self.knows_list(hop.list)?;
            return refuse(Reason::OrganisationNotMember);
        };
        if signer.organization_identifier().as_deref() != Some(member.id.as_str())
            || !member
                .certificates
                .iter()
                .any(|hash| Digest::from_hex(hash).is_ok_and(|hash| hash.0 == signer.sha256()))
        {
            // Certified by the federation, and named perhaps in a list that is on its
            // way here: a mail signed with a new key may be quicker than the list.
            self.knows_list(hop.list)?;
            return refuse(Reason::OrganisationNotMember);
        }
        match member.standing.state {
            StandingState::Suspended => return refuse(Reason::OrganisationSuspended),
            StandingState::Expelled => return refuse(Reason::OrganisationExpelled),
            _ => {}
        }
        ssmax_federation::organisation_certificates_match(member, signer, from.domain())
            .map_err(|_| Problem::Refused(Reason::OrganisationNotFrom))?;
        Ok(member.clone())
    }

    /// The own key that a part is bound to: exactly one RecipientInfo of it names a
    /// federation key, with the `ukm` of this hop; none other is looked at.
    fn bound_key(&self, hop: &HopRecord, part: &OfferedPart) -> Result<BoundKey, Problem> {
        let refused = Problem::Refused(Reason::CiphertextNotBound);
        let ukm = hop_ukm(hop.id, &hop.from_org, &hop.to_org, &part.tail);
        let [info] = <[RecipientInfo; 1]>::try_from(recipient_infos(&part.recipients)?)
            .map_err(|_| refused)?;
        if info.ukm() != Some(ukm.as_slice()) {
            return Err(refused);
        }
        let certificate = self
            .federation_certificates()
            .into_iter()
            .find(|certificate| info.names(certificate))
            .ok_or(refused)?;
        let key = self.key_for(KeyPurpose::FederationEncryption, certificate.spki())?;
        Ok(BoundKey { info, certificate, key })
    }

    fn unwrap_bound(&self, bound: &BoundKey, cipher: ContentCipher) -> Result<ContentKey, Problem> {
        self.unwrap(
            &bound.info,
            KeyName::Certificate(&bound.certificate),
            bound.key.as_ref(),
            cipher,
        )
    }

    fn open_sealed(&self, sealed: &Enveloped, bound: &BoundKey) -> Result<SealedRecord, Problem> {
        let malformed = Problem::Refused(Reason::SealedRecordMalformed);
        let content_key = self.unwrap_bound(bound, sealed.cipher())?;
        let json = sealed.decrypt(&content_key).map_err(|_| malformed)?;
        let json = std::str::from_utf8(&json).map_err(|_| malformed)?;
        SealedRecord::parse(json).map_err(|_| malformed)
    }

    fn open_mail(
        &self,
        named: &PartRecord,
        part: &OfferedPart,
        bound: &BoundKey,
    ) -> Result<TicketPart, Problem> {
        let cipher = ContentCipher::from_name(&part.cipher)
            .ok_or(Problem::Refused(Reason::EncryptionRefused))?;
        let content_key = self.unwrap_bound(bound, cipher)?;
        let kcv = Digest(kcv(&content_key, &part.tail.0));
        if named.kcv != kcv {
            return Err(Problem::Refused(Reason::KeyCheckFailed));
        }
        Ok(TicketPart {
            path: part.path.clone(),
            tail: part.tail,
            kcv,
            key: content_key,
            cipher: part.cipher.clone(),
            fresh: None,
        })
    }
}

/// A RecipientInfo that is bound to this hop, with the own key it names.
struct BoundKey {
    info: RecipientInfo,
    certificate: Certificate,
    key: Arc<StoredKey>,
}

/// Whether the signature says that it is a domain's (RFC 3183 3.1).
fn is_domain_signature(signer: &ssmax_cms::signed::SignerInfo) -> bool {
    signer
        .signed_attribute(ssmax_cms::signed::SIGNATURE_TYPE)
        .ok()
        .flatten()
        .is_some_and(ssmax_cms::signed::is_domain_signature_type)
}

/// Whether the gateway has delivered this very copy to everybody whom it comes for again.
/// Only now that the record is the sending organisation's own does that count.
fn is_repeat(hop: &HopRecord, request: &AdmitInbound) -> bool {
    request.delivered.as_ref().is_some_and(|delivered| {
        delivered.from_org == hop.from_org
            && delivered.id == hop.id
            && request.recipients.iter().all(|one| delivered.recipients.contains(one))
    })
}

/// What the record says against what came. `seen` is now, but for a mail that was held:
/// when it was first stopped.
fn check_hop(
    hop: &HopRecord,
    request: &AdmitInbound,
    own_id: &str,
    seen: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let refuse = |reason| Err(Problem::Refused(reason));
    if hop.to_org != own_id {
        return refuse(Reason::NotForUs);
    }
    // Its time comes, or ours is set right: a mail is not lost for a clock.
    if hop.at > now + MAX_AHEAD {
        return refuse(Reason::TimeAhead);
    }
    if hop.at < seen - MAX_AGE {
        return refuse(Reason::HopTimeOutside);
    }
    if hop.headers != request.headers || hop.message_id != request.message_id {
        return refuse(Reason::HeadersChanged);
    }
    let is_named = |(named, part): (&PartRecord, &OfferedPart)| {
        named.path == part.path
            && named.tail == part.tail
            && named.alg == part.cipher
            && named.ri == ri_digest(&part.recipients)
    };
    let is_whole = matches!(request.parts.as_slice(), [part] if part.path == WHOLE_PATH);
    if !(is_whole || is_in_attachment_mode(&request.parts))
        || hop.parts.len() != request.parts.len()
        || !hop.parts.iter().zip(&request.parts).all(is_named)
        || hop.sealed != Digest::of(&request.sealed)
    {
        return refuse(Reason::CiphertextNotBound);
    }
    Ok(())
}

/// Whether the parts are the files of a mail in attachment mode.
fn is_in_attachment_mode(parts: &[OfferedPart]) -> bool {
    are_files(parts, |path| path_of_file(&path.to_string()))
}

/// The sealed record as an offered part, to be bound like the mail itself.
fn offered_sealed(
    sealed: &Enveloped,
    octets: &[u8],
    hop: &HopRecord,
) -> Result<OfferedPart, Problem> {
    if octets.len() > MAX_SEALED_BYTES || hop.sealed != Digest::of(octets) {
        return Err(Problem::Refused(Reason::CiphertextNotBound));
    }
    Ok(OfferedPart {
        path: "2".to_owned(),
        recipients: sealed
            .recipients()
            .iter()
            .map(|info| serde_bytes::ByteBuf::from(info.der().to_vec()))
            .collect(),
        tail: Digest(sealed.tail()),
        cipher: sealed.cipher().name().to_owned(),
    })
}

/// Every envelope recipient must have been meant by the sender. A subset is fine:
/// queues split and retry.
fn check_sealed(
    record: &SealedRecord,
    hop: &HopRecord,
    recipients: &[Address],
) -> Result<(), Problem> {
    if record.id != hop.id {
        return Err(Problem::Refused(Reason::SealedRecordMalformed));
    }
    for recipient in recipients {
        let named = record.salt_of(recipient).is_some_and(|entry| hop.rcpt.contains(&entry.digest));
        if !named {
            return Err(Problem::Refused(Reason::RecipientNotAnnounced));
        }
    }
    Ok(())
}

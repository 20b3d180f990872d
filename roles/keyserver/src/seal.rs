//! The seal: what the recipient's mailer shows, made by the receiving organisation
//! (steps 9 and 10).

use crate::release::received_key;
use crate::rewrap::assertion;
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, Ticket, lock};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{KeyserverRequest, RelayCertificates};
use ssmax_api::keyserver::Seal;
use ssmax_chain::evidence::Evidence;
use ssmax_chain::hop_record::RECORD_VERSION;
use ssmax_chain::seal_record::{MailClass, SealRecord};
use ssmax_chain::{Digest, Reason};
use ssmax_cms::enveloped::ContentCipher;
use ssmax_cms::signed::{Attribute, SignRequest, attribute_utf8, encryption_key_preference, sign};
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::path::{self, PathInput, Purpose, Revocation};
use ssmax_pki::{Certificate, oid};
use ssmax_token::KeyPair as _;
use std::time::Duration;

/// How long the CA may take for relay certificates.
const CA_TIMEOUT: Duration = Duration::from_secs(10);

/// What is known before the CA is asked, copied out of the ticket.
struct Draft {
    record: SealRecord,
    from: Address,
    name: String,
    evidence: Evidence,
}

impl Keyserver {
    /// Seals the content for one recipient: only what the worker found to be the
    /// sender's entity, octet for octet.
    pub(crate) async fn seal(
        &self,
        ticket: &str,
        recipient: &str,
        entity: Digest,
        headers: Digest,
    ) -> Result<Seal, Problem> {
        let recipient = self.recipient_of(ticket, recipient)?;
        let target = self
            .encryption_certificate(&recipient)
            .await?
            .ok_or(Problem::Refused(Reason::RecipientWithoutCertificate))?;
        let draft = {
            let open = self.tickets.find(ticket, Self::now())?;
            let open = lock(&open);
            self.draft(&open, &recipient, entity, headers)?
        };
        let rsa = ssmax_primitives::key_algorithm(target.spki())
            .is_ok_and(ssmax_token::KeyAlgorithm::is_rsa);
        let relay = self.relay(&draft, rsa).await?;
        self.sign_seal(&draft, &relay)
    }

    /// The recipient, if a mail that passed may be sealed for them. This comes before the
    /// directory is asked: nobody learns there who has a certificate without a ticket.
    ///
    /// An ESP seals nothing: a seal says that somebody has looked at the content.
    fn recipient_of(&self, ticket: &str, recipient: &str) -> Result<Address, Problem> {
        self.not_at_an_esp()?;
        let recipient = Address::parse(recipient).map_err(|_| Problem::Malformed)?;
        let open = self.tickets.find(ticket, Self::now())?;
        let open = lock(&open);
        open.passed()?;
        if matches!(open.origin, Origin::Outside) || !open.is_for(&recipient) {
            return Err(Problem::NotAllowed);
        }
        Ok(recipient)
    }

    fn draft(
        &self,
        open: &Ticket,
        recipient: &Address,
        entity: Digest,
        headers: Digest,
    ) -> Result<Draft, Problem> {
        let verdict = open.passed()?;
        let derived = match entity {
            whole if verdict.entity == Some(whole) => false,
            made if verdict.derived == Some(made) => true,
            _ => return Err(Problem::NotAllowed),
        };
        let signer = verdict.signer.as_ref().ok_or(Problem::NotAllowed)?;
        let certificate = Certificate::from_der(&signer.certificate).map_err(failed)?;
        let own_id = &self.settings.organisation.id;
        let class = match &open.origin {
            Origin::Member(mail) => mail.class,
            Origin::Own(_) | Origin::Outside => MailClass::Verified,
        };
        let (from, id, from_org, sender, standing, organisation, salt) = match &open.origin {
            Origin::Own(own) => (
                &own.from,
                own.inside_id,
                own_id.clone(),
                (&assertion(own, signer)).into(),
                "good".to_owned(),
                Vec::new(),
                Vec::new(),
            ),
            Origin::Member(mail) => (
                &mail.from,
                mail.hop.id,
                mail.member.id.clone(),
                (&mail.sealed.sender).into(),
                mail.member.standing.state.as_str().to_owned(),
                mail.signed_data.clone(),
                mail.sealed
                    .salt_of(recipient)
                    .and_then(|entry| entry.octets())
                    .ok_or(Problem::NotAllowed)?
                    .to_vec(),
            ),
            Origin::Outside => return Err(Problem::NotAllowed),
        };
        Ok(Draft {
            record: SealRecord {
                v: RECORD_VERSION,
                hop: 3,
                id,
                from_org,
                to_org: own_id.clone(),
                at: Self::now_as_told(),
                list: self.list_version(),
                recipient: recipient.to_string(),
                headers,
                entity,
                derived,
                class,
                standing,
                sender,
                prev: verdict.prev,
            },
            from: from.clone(),
            name: certificate.common_name().unwrap_or_default(),
            evidence: Evidence { organisation, sender: signer.signed_data.clone(), salt },
        })
    }

    /// Relay certificates for From. The keyserver checks what the CA gives: SAN, keys.
    async fn relay(&self, draft: &Draft, rsa: bool) -> Result<RelayCertificates, Problem> {
        let request = KeyserverRequest::Relay {
            address: draft.from.to_string(),
            name: draft.name.clone(),
            rsa,
        };
        let answer: ssmax_api::Answer = self.ca.call(&request, CA_TIMEOUT).await.map_err(failed)?;
        let relay: RelayCertificates = ssmax_api::decode(answer)?;
        self.check_relay(draft, &relay)?;
        Ok(relay)
    }

    /// What the CA gives must be for From and carry keys of ours: a CA role that was
    /// taken over could otherwise name a key of its own, and get all replies.
    fn check_relay(&self, draft: &Draft, relay: &RelayCertificates) -> Result<(), Problem> {
        let from = draft.from.to_string();
        let inside = self.settings.organisation.has_domain(draft.from.domain());
        let issuer = if inside { &self.own.member_ca } else { &self.own.seal_ca };
        let foreign = || failed("the CA gave a relay certificate that is not for this sender");
        for (der, purpose) in [
            (&relay.signing, KeyPurpose::Seal),
            (&relay.encryption, KeyPurpose::SubmissionEncryption),
        ] {
            let certificate = Certificate::from_der(der).map_err(failed)?;
            let ours = self.keys_of(purpose)?.iter().any(|key| key.spki() == certificate.spki());
            if !ours
                || !certificate.has_email(&from)
                || !certificate.has_policy(oid::POLICY_RELAY)
                || !self.is_issued_by(&certificate, issuer)
            {
                return Err(foreign());
            }
        }
        Ok(())
    }

    /// Whether one of our own CAs signed a certificate, and it is valid now. The CA's own
    /// certificate is none: as an anchor it would need no signature.
    pub(crate) fn is_issued_by(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        !certificate.is_ca()
            && path::validate(&PathInput {
                leaf: certificate,
                intermediates: &[],
                anchors: std::slice::from_ref(issuer),
                crls: &[],
                ocsp: &[],
                at: Self::now(),
                purpose: Purpose::Any,
                revocation: Revocation::Skip,
                limits: path::Limits::default(),
            })
            .is_ok()
    }

    fn sign_seal(&self, draft: &Draft, relay: &RelayCertificates) -> Result<Seal, Problem> {
        let signer = Certificate::from_der(&relay.signing).map_err(failed)?;
        let encryption = Certificate::from_der(&relay.encryption).map_err(failed)?;
        let key = self.key_for(KeyPurpose::Seal, signer.spki())?;
        let mut certificates = vec![signer.clone(), encryption.clone()];
        for der in &relay.chain {
            certificates.push(Certificate::from_der(der).map_err(failed)?);
        }
        let evidence = draft.evidence.to_der().map_err(failed)?;
        let request = SignRequest {
            content_digest: draft.record.entity.0,
            content: None,
            // Mailers object to a signingTime more than an hour from Date, and a mail
            // may well be on its way for longer; the time stands in the record.
            signing_time: None,
            extra_signed: vec![
                encryption_key_preference(&encryption),
                attribute_utf8(oid::HOP_RECORD, &draft.record.to_json()),
            ],
            unsigned: vec![Attribute { oid: oid::EVIDENCE.to_owned(), value: evidence }],
            certificates: &certificates,
            signer: &signer,
        };
        let signed_data = sign(&request, key.as_ref()).map_err(failed)?;
        Ok(Seal { signed_data, class: draft.record.class, sender: draft.record.sender.clone() })
    }

    /// RecipientInfos of a sealed mail: its recipient and the archive, of one kind,
    /// since some mailers cannot read mixed ones.
    pub(crate) async fn encrypt_to(
        &self,
        ticket: &str,
        recipient: &str,
        tail: Digest,
        key: &[u8],
    ) -> Result<Vec<ByteBuf>, Problem> {
        let recipient = self.recipient_of(ticket, recipient)?;
        let target = self
            .encryption_certificate(&recipient)
            .await?
            .ok_or(Problem::Refused(Reason::RecipientWithoutCertificate))?;
        let open = self.tickets.find(ticket, Self::now())?;
        let open = lock(&open);
        let key = received_key(&open, ticket, &tail, key, ContentCipher::Aes256Cbc)?;
        self.for_mailbox(&recipient, &target, &tail, &key)
    }

    /// RecipientInfos of each file of a mail in attachment mode, as [`Self::encrypt_to`]
    /// gives them for a whole mail.
    pub(crate) async fn rewrap_to(
        &self,
        ticket: &str,
        recipient: &str,
    ) -> Result<Vec<Vec<ByteBuf>>, Problem> {
        let recipient = self.recipient_of(ticket, recipient)?;
        let target = self
            .encryption_certificate(&recipient)
            .await?
            .ok_or(Problem::Refused(Reason::RecipientWithoutCertificate))?;
        let open = self.tickets.find(ticket, Self::now())?;
        let open = lock(&open);
        if !open.files {
            return Err(Problem::NotAllowed);
        }
        let files = open
            .parts
            .iter()
            .map(|part| self.for_mailbox(&recipient, &target, &part.tail, &part.key));
        files.collect()
    }
}

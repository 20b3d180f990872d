//! The organisation's signature over a copy: a hop record built from the ticket.

use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, lock};
use ssmax_api::Problem;
use ssmax_chain::hop_record::RECORD_VERSION;
use ssmax_chain::{Digest, HopId, HopRecord};
use ssmax_cms::signed::{SignRequest, attribute_utf8, domain_signature_type, sign};
use ssmax_hsm::KeyPurpose;
use ssmax_pki::oid;

impl Keyserver {
    /// Signs a copy made by `rewrap`. The gateway says what stands outside (content
    /// digest, header digest, Message-ID); all else comes from the ticket.
    pub(crate) fn sign_hop(
        &self,
        ticket: &str,
        id: HopId,
        content: Digest,
        headers: Digest,
        message_id: String,
    ) -> Result<Vec<u8>, Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        let prev = open.passed()?.prev;
        let copy = open.copies.remove(&id).ok_or(Problem::NotAllowed)?;
        let Origin::Own(own) = &open.origin else { return Err(Problem::NotAllowed) };
        let now = Self::now_as_told();
        let record = HopRecord {
            v: RECORD_VERSION,
            id,
            from_org: self.settings.organisation.id.clone(),
            to_org: copy.to_org.clone(),
            at: now,
            list: self.list_version(),
            message_id,
            mail_from: own.statement.mail_from.clone(),
            headers,
            rcpt: copy.salts.iter().map(|salt| salt.digest).collect(),
            parts: copy.parts,
            sealed: copy.sealed,
            // As the sender signed it: the worker found it under the signature.
            prev,
        };
        let signer = self.hop_signer(now);
        let key = self.key_for(KeyPurpose::OrganisationSigning, signer.spki())?;
        let request = SignRequest {
            content_digest: content.0,
            content: None,
            signing_time: Some(now),
            extra_signed: vec![
                domain_signature_type(),
                attribute_utf8(oid::HOP_RECORD, &record.to_json()),
            ],
            unsigned: vec![],
            certificates: &[signer.clone(), self.own.issuing_ca.clone()],
            signer: &signer,
        };
        sign(&request, key.as_ref()).map_err(failed)
    }
}

//! Tickets for mails of alice of A.

use crate::asking::Site;
use serde_bytes::ByteBuf;
use ssmax_api::keyserver::{AdmitOutbound, Form, GatewayRequest, OfferedPart, OutboundTicket};
use ssmax_api::keyserver::{InnerSigner, RecipientRoute};
use ssmax_chain::statement::Statement;
use ssmax_chain::{Digest, Reason};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::Enveloped;
use ssmax_cms::signed::SignedData;
use ssmax_mail::canonical;
use ssmax_support::mails::{Mail, mail, parsed, random, text};
use time::OffsetDateTime;

/// A mail with its ticket.
pub(crate) struct Admitted {
    pub(crate) ticket: String,
    /// Its encrypted parts.
    pub(crate) parts: Vec<OfferedPart>,
    /// SHA-256 of the content entity.
    pub(crate) entity: Digest,
    /// Who signed it, if anybody did.
    pub(crate) signer: Option<InnerSigner>,
    /// By what the keyserver knows it: an officer's decision names it so.
    pub(crate) digest: Digest,
}

impl Admitted {
    /// The tail of its first part.
    pub(crate) fn tail(&self) -> Digest {
        self.parts[0].tail
    }
}

impl Site {
    /// Submits a mail as alice.
    pub(crate) async fn submit(&self, form: Form, recipients: &[&str]) -> Admitted {
        let alice = &self.federation.alice;
        let plain = mail(&alice.address, recipients[0], &text());
        let signed = plain.signed_by(alice);
        let (mail, entity, signer) = match form {
            Form::Unsigned | Form::System => {
                let entity = canonical::content_entity(&parsed(&plain.octets));
                (plain, entity, None)
            }
            Form::Attachments => panic!("made elsewhere"),
            Form::Signed | Form::Enveloped => {
                let (entity, signed_data) = signed.signature();
                (signed, entity, Some(inner_signer(&signed_data)))
            }
        };
        let (mail, parts) = match form {
            Form::Enveloped => {
                let mail = mail.encrypted_for(&self.relay);
                let object = parsed(&mail.octets).decoded_body().unwrap();
                (mail, vec![offered("", &object)])
            }
            _ => (mail, vec![]),
        };
        let request = self.admission(&mail, form, recipients, parts.clone());
        let OutboundTicket { ticket, routes } = self.gateway(&request).await.unwrap();
        // But for whom alice is not known well enough.
        let refused = |route: &RecipientRoute| {
            matches!(route, RecipientRoute::Refused { reason, .. }
                if *reason != Reason::SenderLevelTooLow)
        };
        assert!(!routes.iter().any(refused), "{routes:?}");
        let digest = Digest::of(&mail.octets);
        Admitted { ticket, parts, entity: Digest::of(&entity), signer, digest }
    }

    /// What the gateway asks with the word of the submission service.
    pub(crate) fn admission(
        &self,
        mail: &Mail,
        form: Form,
        recipients: &[&str],
        parts: Vec<OfferedPart>,
    ) -> GatewayRequest {
        self.admission_by("alice", mail, form, recipients, parts)
    }

    /// The same by somebody who writes in alice's name.
    pub(crate) fn admission_by(
        &self,
        user: &str,
        mail: &Mail,
        form: Form,
        recipients: &[&str],
        parts: Vec<OfferedPart>,
    ) -> GatewayRequest {
        let alice = &self.federation.alice.address;
        let statement = Statement {
            v: ssmax_chain::hop_record::RECORD_VERSION,
            user: user.to_owned(),
            aal: 2,
            method: "device-secret".to_owned(),
            from: alice.clone(),
            mail_from: alice.clone(),
            recipients: recipients.iter().map(|&text| text.to_owned()).collect(),
            body: Digest::of(&mail.octets),
            at: OffsetDateTime::now_utc(),
            nonce: hex::encode(random::<16>()),
            source: None,
        };
        let statement = statement.sign(&self.statement_key).unwrap();
        GatewayRequest::AdmitOutbound(Box::new(AdmitOutbound {
            statement,
            form,
            parts,
            received: None,
        }))
    }
}

/// A CMS object as a part for a ticket.
pub(crate) fn offered(path: &str, object: &[u8]) -> OfferedPart {
    let enveloped = Enveloped::parse(object, &Limits::default()).unwrap();
    let infos = enveloped.recipients().iter();
    OfferedPart {
        path: path.to_owned(),
        recipients: infos.map(|info| ByteBuf::from(info.der().to_vec())).collect(),
        tail: Digest(enveloped.tail()),
        cipher: enveloped.cipher().name().to_owned(),
    }
}

/// A detached signature as a worker reports it.
pub(crate) fn inner_signer(signed_data: &[u8]) -> InnerSigner {
    let signed = SignedData::parse(signed_data, &Limits::default()).unwrap();
    let signer = &signed.signers()[0];
    InnerSigner {
        si: Digest(signer.hash()),
        certificate: signer.certificate(signed.certificates()).unwrap().der().to_vec(),
        signed_data: signed_data.to_vec(),
    }
}

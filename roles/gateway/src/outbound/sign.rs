//! We sign for our part: the hop-2 mail is put together around the signature.

use super::fold::folded;
use super::inspect::Made;
use super::reencrypt::{Body, Reencrypted};
use crate::fate::{Fates, Leaving};
use crate::gateway::Gateway;
use serde_bytes::ByteBuf;
use ssmax_api::keyserver::{GatewayRequest, OutboundTicket};
use ssmax_chain::journey::{Inspected, Mail, Parcel, Signed};
use ssmax_chain::{Digest, Reason, Refusal, binding, hop_mail, trace};
use ssmax_mail::Entity;
use tokio::time::Instant;

/// What stands outside while the real subject is inside.
const NEUTRAL_SUBJECT: &[u8] = b"Subject: ...\r\n";

impl Gateway {
    pub(super) async fn sign_and_send(
        &self,
        mail: &Mail<Inspected<OutboundTicket, Made>>,
        entity: &Entity<'_>,
        made: Reencrypted,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        let (id, to_org) = (made.id, made.to_org.clone());
        let began = Instant::now();
        let parcel = self.sign(mail, entity, made).await;
        fates.trail.stage_over("sign", began);
        let parcel = parcel?;
        let recipients = parcel.recipients().to_vec();
        tracing::info!(%id, %to_org, recipients = parcel.recipients().len(), "a mail leaves for a member");
        self.transmit(&mail.envelope().mail_from, parcel, Some(id), Leaving::Encrypted, fates)
            .await;
        fates.went_to(&recipients, &to_org);
        Ok(())
    }

    async fn sign(
        &self,
        mail: &Mail<Inspected<OutboundTicket, Made>>,
        entity: &Entity<'_>,
        made: Reencrypted,
    ) -> Result<Parcel<Signed>, Refusal> {
        let (inner, outer) = (Self::boundary(), Self::boundary());
        let fields = outer_fields(entity, made.wrapped, &self.settings.gateway.host_name)?;
        let fields = [self.received("ESMTPA").as_bytes(), &fields].concat();
        let content = match made.body {
            Body::Object(kind, object) => {
                hop_mail::compose_content_vec((kind, object), &made.sealed, &inner)
            }
            Body::Files(mail) => hop_mail::compose_attachments(mail, &made.sealed, &inner),
        };
        // The header is all that is asked of the shell.
        let shell = hop_mail::compose_mail(&fields, b"\r\n", b"", &outer);
        let shell = super::accept::parse(&shell)?;
        let headers = binding::headers_digest(shell.header())
            .map_err(|_| Refusal::from(Reason::MailAmbiguous))?;
        let request = GatewayRequest::SignHop {
            ticket: mail.ticket().ticket.clone(),
            id: made.id,
            content: Digest::of(&content),
            headers,
            message_id: mail.made().message_id.clone(),
        };
        let signature: ByteBuf = self.keyserver(&request).await?;
        mail.parcel(made.recipients, content)
            .signed(|content| Ok(hop_mail::compose_mail_vec(&fields, content, &signature, &outer)))
    }
}

/// The header fields that stand outside between two organisations, in lines that no
/// server on the way cuts.
fn outer_fields(mail: &Entity<'_>, wrapped: bool, host_name: &str) -> Result<Vec<u8>, Refusal> {
    let mut fields = trace::carried_fields(mail.header(), Some(host_name));
    fields.extend_from_slice(b"\r\n");
    let header = super::accept::parse(&fields)?;
    let mut outer = Vec::with_capacity(fields.len());
    for field in header.header().fields() {
        // Keywords and Comments tell as much as a subject does.
        let tells = ["Subject", "Keywords", "Comments", "Thread-Topic"];
        if !wrapped || !tells.iter().any(|one| one.eq_ignore_ascii_case(field.name())) {
            outer.extend(folded(field)?);
        }
    }
    if wrapped {
        outer.extend_from_slice(NEUTRAL_SUBJECT);
    }
    Ok(outer)
}

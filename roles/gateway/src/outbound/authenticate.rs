//! Who sent this? The listener's statement goes to the keyserver, which decides.

use super::accept::{Submitted, parse};
use crate::claim::Claim;
use crate::fate::Fates;
use crate::gateway::Gateway;
use serde_bytes::ByteBuf;
use ssmax_api::keyserver::{AdmitOutbound, Form, GatewayRequest, OutboundTicket};
use ssmax_chain::journey::{Authenticated, Mail};
use ssmax_chain::statement::{SignedStatement, Statement};
use ssmax_chain::{Digest, Reason, Refusal};
use ssmax_mail::canonical;
use ssmax_primitives::SystemRandom;
use ssmax_token::Random as _;
use time::OffsetDateTime;

/// A mail whose sender the keyserver knows.
pub(super) struct Known {
    pub(super) mail: Mail<Authenticated<OutboundTicket>>,
    pub(super) form: Form,
    pub(super) message_id: String,
    pub(super) from: String,
    pub(super) server_signature: Option<ByteBuf>,
}

impl Gateway {
    /// Settles the recipients who have this very mail already, or are getting it in
    /// another session: SMTP gives one answer for all, so a client sends to those again
    /// who have it. The claims are to be held until it is remembered who has the mail.
    pub(super) async fn settle_repeats(
        &self,
        submitted: &Submitted,
        fates: &mut Fates,
    ) -> Result<Vec<Claim>, Refusal> {
        let mut claims = Vec::new();
        let Some(sent) = &submitted.sent else { return Ok(claims) };
        fates.sent = Some(sent.clone());
        let body = sent.body.to_string();
        for recipient in &submitted.mail.envelope().recipients {
            let key = fates.key(recipient);
            let Ok(Some(claim)) = self.claims.take(&sent.user, &body, &key).await else {
                fates.refuse(recipient, Reason::StoreUnavailable.into());
                continue;
            };
            claims.push(claim);
            let known = self
                .journal
                .has_sent(sent, &key)
                .await
                .map_err(|_| Refusal::from(Reason::StoreUnavailable))?;
            if known {
                fates.repeat(recipient, None);
            }
        }
        Ok(claims)
    }

    pub(super) async fn authenticate(
        &self,
        submitted: Submitted,
        fates: &mut Fates,
    ) -> Result<Known, Refusal> {
        fates.came.digest = Some(match &submitted.stated {
            Some(stated) => stated.digest(),
            None => Digest::of(submitted.mail.octets()),
        });
        let (statement, received) = match &submitted.stated {
            Some(stated) => {
                let recipients = submitted.mail.envelope().recipients.clone();
                let decision = fates.release.as_ref().map(|release| release.decision.clone());
                (stated.statement.clone(), Some(stated.received(recipients, decision)))
            }
            None => (self.state(&submitted)?, None),
        };
        let request = GatewayRequest::AdmitOutbound(Box::new(AdmitOutbound {
            statement,
            form: submitted.form,
            parts: submitted.parts,
            received,
        }));
        let ticket: OutboundTicket = self.keyserver(&request).await?;
        fates.admitted(ticket.ticket.clone());
        fates.came.sender_verified = true;
        self.tolerate(fates).await?;
        let server_signature = match submitted.form {
            Form::Unsigned | Form::System => {
                let mail = parse(submitted.mail.octets())?;
                let entity = Digest::of(&canonical::content_entity(&mail));
                let request = GatewayRequest::SignUser { ticket: ticket.ticket.clone(), entity };
                Some(self.keyserver(&request).await?)
            }
            _ => None,
        };
        Ok(Known {
            mail: submitted.mail.authenticated(ticket),
            form: submitted.form,
            message_id: submitted.message_id,
            from: submitted.from,
            server_signature,
        })
    }

    /// Tells the keyserver of an officer's release, if this is one and not a mail that is
    /// only shown.
    pub(crate) async fn tolerate(&self, fates: &Fates) -> Result<(), Refusal> {
        let (Some(release), Some(ticket)) = (&fates.release, &fates.ticket) else { return Ok(()) };
        if !release.deed.releases() {
            return Ok(());
        }
        let (held, decision) = (release.held.clone(), release.decision.clone());
        let request = GatewayRequest::Tolerate { ticket: ticket.clone(), held, decision };
        self.keyserver(&request).await
    }

    /// What this listener saw, signed with its own key.
    fn state(&self, submitted: &Submitted) -> Result<SignedStatement, Refusal> {
        let mut nonce = [0; 16];
        SystemRandom.fill(&mut nonce);
        let envelope = submitted.mail.envelope();
        Statement {
            v: ssmax_chain::hop_record::RECORD_VERSION,
            user: submitted.login.user.clone(),
            aal: submitted.login.aal,
            method: submitted.login.method.clone(),
            from: submitted.from.clone(),
            mail_from: envelope.mail_from.clone(),
            recipients: envelope.recipients.clone(),
            body: Digest::of(submitted.mail.octets()),
            at: OffsetDateTime::now_utc(),
            nonce: nonce.iter().map(|octet| format!("{octet:02x}")).collect(),
            source: submitted.source.clone(),
        }
        .sign(&self.statement_key)
        .map_err(|_| Reason::Internal.into())
    }
}

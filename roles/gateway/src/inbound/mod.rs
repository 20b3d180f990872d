//! A mail that arrives, from the wire to the recipient's mailbox (steps 7 to 9). The
//! steps stand in the files of their names; re-encrypting and signing happen in the
//! worker, which alone sees plaintext.

mod accept;
mod authenticate;
mod inspect;
mod transmit;

use crate::ambiguity;
use crate::fate::Fates;
use crate::gateway::Gateway;
use crate::listen::{self, Journey, Login};
use crate::reply;
use crate::wire::Reply;
use accept::Arrived;
use ssmax_chain::journey::Envelope;
use ssmax_chain::{Reason, Refusal};
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Instrument as _;

/// The journey behind the inbound listeners.
pub(crate) struct Inbound(Arc<Gateway>);

impl Inbound {
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        Self(gateway)
    }
}

impl Journey for Inbound {
    async fn authenticate(&self, _: &str, _: &[u8], _: &str) -> Result<Option<Login>, ()> {
        // Nobody logs in to receive mail for others; AUTH is not offered here.
        Ok(None)
    }

    async fn recipient(&self, _so_far: &listen::Envelope, recipient: &str) -> Result<(), Reply> {
        if ssmax_mail::address::Address::parse(recipient).is_err() {
            return Err(reply::refused(Reason::RecipientMalformed.into()));
        }
        if self.0.settings.is_inside(recipient) {
            Ok(())
        } else {
            Err(reply::refused(Reason::RelayDenied.into()))
        }
    }

    async fn mail(&self, envelope: listen::Envelope, octets: Vec<u8>) -> Vec<Reply> {
        let mut fates = Fates::new(&envelope, &self.0.settings.organisation);
        let queue_id = envelope.xforward_ident.as_deref();
        let span = fates.trail.arrived("inbound", envelope.listener, octets.len(), queue_id);
        let journey = Envelope { mail_from: envelope.mail_from, recipients: fates.recipients() };
        let octets = Arc::new(octets);
        async {
            if let Err(refusal) = self.0.inbound(&journey, &octets, &mut fates).await {
                let mode = self.0.settings.gateway.inbound_after_opening;
                self.0.stop("inbound", mode, &octets, refusal, &mut fates).await;
            }
            let ticket = fates.ticket.clone();
            let replies = fates.write(&self.0.journal, "inbound").await;
            self.0.close(ticket);
            replies
        }
        .instrument(span)
        .await
    }
}

impl Gateway {
    /// A ticket for a mail that was held, and nothing more: to be shown to an officer.
    pub(crate) async fn admit_again(
        &self,
        envelope: &Envelope,
        octets: &[u8],
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        match accept::accept(octets, &mut fates.message_id)? {
            Arrived::OverTheChain(hop) => {
                fates.came.digest = Some(hop.content);
                let ticket = self.readmit_hop(envelope, &hop, fates).await?;
                fates.admitted(ticket.ticket);
                Ok(())
            }
            Arrived::FromOutside(_) => Err(Reason::Internal.into()),
        }
    }

    /// All steps, in their order. Whoever has no fate at its end is refused by the caller
    /// with the refusal returned.
    pub(crate) async fn inbound(
        &self,
        envelope: &Envelope,
        octets: &Arc<Vec<u8>>,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        fates.trail.direction = "inbound";
        let began = Instant::now();
        let setting = self.settings.gateway.ambiguous;
        let readable = ambiguity::readable_aside(octets, setting).await?;
        fates.rebuilt = readable.is_some();
        let octets = &readable.map_or_else(|| Arc::clone(octets), Arc::new);
        let accepted = accept::accept(octets, &mut fates.message_id);
        fates.trail.stage_over("accept", began);
        let accepted = accepted?;
        self.can_remember().await?;
        match accepted {
            Arrived::OverTheChain(hop) => {
                fates.came.from.clone_from(&hop.from);
                fates.came.encrypted = !hop.in_attachment_mode;
                self.over_the_chain(envelope, octets, &hop, fates).await
            }
            Arrived::FromOutside(mail) => {
                fates.came.from.clone_from(&mail.from);
                self.outside_the_chain(envelope, octets, &mail, fates).await
            }
        }
    }
}

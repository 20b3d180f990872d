//! The recipient's mailbox takes it. Header fields are added on top only.

use super::inspect::Copies;
use crate::fate::{Fates, Leaving};
use crate::gateway::{Gateway, on_top_of};
use crate::outbound::parse;
use crate::preserve::Preserved;
use ssmax_api::TicketId;
use ssmax_api::inspector::SealedCopy;
use ssmax_api::keyserver::InboundTicket;
use ssmax_chain::journey::{Inspected, Mail};
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::trace::{self, ResultField, authentication_results};
use ssmax_chain::{Reason, Refusal, hop_mail};

impl Gateway {
    /// Delivers each recipient's copy, sealed or preserved, and remembers that they have
    /// it.
    pub(super) async fn deliver_copies(
        &self,
        mail: &mut Mail<Inspected<InboundTicket, Copies>>,
        from: &str,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        // Each copy is given up when it has gone.
        for copy in std::mem::take(&mut mail.made_mut().sealed) {
            self.deliver_copy(mail, from, copy, fates).await;
        }
        let mail = &*mail;
        let preserved_for = &mail.made().preserved_for;
        if preserved_for.is_empty() {
            return Ok(());
        }
        let entity = parse(mail.octets())?;
        let hop = hop_mail::take_apart(&entity).ok_or(Reason::MailAmbiguous)?;
        let host_name = &self.settings.gateway.host_name;
        let hop_mail::HopBody::Whole(object) = hop.mail else {
            return Err(Reason::Internal.into());
        };
        let preserved = Preserved::new(object, entity.header(), host_name)?;
        for recipient in preserved_for {
            match self.preserved_copy(&mail.ticket().ticket, &preserved, recipient).await {
                Ok(copy) => self.deliver_copy(mail, from, copy, fates).await,
                Err(refusal) => fates.refuse(recipient, refusal),
            }
        }
        Ok(())
    }

    async fn deliver_copy(
        &self,
        mail: &Mail<Inspected<InboundTicket, Copies>>,
        from: &str,
        copy: SealedCopy,
        fates: &mut Fates,
    ) {
        let ticket = mail.ticket();
        let host_name = &self.settings.gateway.host_name;
        let result = ResultField {
            authserv_id: host_name,
            class: ticket.class,
            from_org: Some(&ticket.from_org),
            standing: Some(&ticket.standing),
            sender: Some(&copy.sender),
            below: ticket.below,
        };
        let mut on_top = self.received("ESMTP");
        // An ESP has not seen the sender's signature; its organisation vouches for it.
        if !self.settings.organisation.is_esp() {
            on_top += &authentication_results(host_name, "pass", from);
        }
        on_top += &result.render();
        let octets = on_top_of(on_top.as_bytes(), copy.mail);
        let recipient = copy.recipient;
        // The worker sealed it, or the sender's own signature is inside: there is nothing
        // left to sign.
        let Ok(parcel) = mail.parcel(vec![recipient.clone()], octets).signed(Ok::<_, ()>) else {
            return;
        };
        self.transmit(
            &mail.envelope().mail_from,
            parcel,
            Some(ticket.id),
            Leaving::Encrypted,
            fates,
        )
        .await;
        self.remember_delivered(ticket, &recipient, fates).await;
    }

    /// Remembers that a recipient has the mail, if they have.
    pub(super) async fn remember_delivered(
        &self,
        ticket: &InboundTicket,
        recipient: &str,
        fates: &Fates,
    ) {
        let key = fates.key(recipient);
        if Self::has_passed(fates, recipient)
            && let Err(error) = self.journal.delivered(&ticket.from_org, ticket.id, &key).await
        {
            tracing::error!(%error, "a delivery could not be remembered; a repeat may come twice");
        }
    }

    /// Delivers a mail from outside the federation as it came, with its class on top.
    pub(super) async fn deliver_as_it_came(
        &self,
        mail: &Mail<Inspected<TicketId, Copies>>,
        class: MailClass,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        let host_name = &self.settings.gateway.host_name;
        let result = ResultField {
            authserv_id: host_name,
            class,
            from_org: None,
            standing: None,
            sender: None,
            below: false,
        };
        let on_top = self.received("ESMTP") + &result.render();
        let octets = self.with_result_on_top(mail.octets(), &on_top)?;
        let Ok(parcel) = mail.parcel(fates.undecided(), octets).signed(Ok::<_, ()>) else {
            return Err(Reason::Internal.into());
        };
        self.transmit(&mail.envelope().mail_from, parcel, None, Leaving::Clear, fates).await;
        Ok(())
    }

    /// The mail with its body untouched and its header without anything that only we
    /// may say.
    fn with_result_on_top(&self, octets: &[u8], result: &str) -> Result<Vec<u8>, Refusal> {
        let mail = parse(octets)?;
        let mut out = result.as_bytes().to_vec();
        for field in mail.header().fields() {
            if !trace::is_reserved(field, &self.settings.gateway.host_name) {
                out.extend_from_slice(field.raw());
            }
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(mail.body());
        Ok(out)
    }
}

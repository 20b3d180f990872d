//! The next hop takes it.

use super::accept::parse;
use super::authenticate::Known;
use super::inspect::Made;
use crate::fate::{Fates, Leaving};
use crate::gateway::{Gateway, on_top_of};
use crate::report;
use ssmax_api::inspector::SealedCopy;
use ssmax_api::keyserver::{Form, OutboundTicket, RecipientRoute};
use ssmax_chain::HopId;
use ssmax_chain::journey::{Inspected, Mail, Parcel, Signed};
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::trace::{ResultField, authentication_results};
use tokio::time::Instant;

impl Gateway {
    /// Sends a signed parcel on; each recipient has their own fate. Who has an own
    /// user's mail is remembered, for when it comes again.
    pub(crate) async fn transmit(
        &self,
        mail_from: &str,
        parcel: Parcel<Signed>,
        hop: Option<HopId>,
        leaving: Leaving,
        fates: &mut Fates,
    ) {
        let recipients = parcel.recipients().to_vec();
        let octets = parcel.into_octets();
        let began = Instant::now();
        self.send(mail_from, recipients.clone(), &octets, hop, leaving, fates).await;
        fates.trail.stage_over("transmit", began);
        self.remember_sent(&recipients, fates).await;
    }

    /// Remembers which of them have this mail.
    pub(super) async fn remember_sent(&self, recipients: &[String], fates: &Fates) {
        let Some(sent) = fates.sent.clone() else { return };
        for recipient in recipients.iter().filter(|one| Self::has_passed(fates, one)) {
            if let Err(error) = self.journal.sent(&sent, &fates.key(recipient)).await {
                tracing::error!(%error, "a sent mail could not be remembered; it may come twice");
            }
        }
    }

    /// Whom outside the federation a report goes to: whoever wrote to us from there has to
    /// hear that a mail was not delivered, whatever may be sent there otherwise.
    pub(super) fn returned_outside(&self, known: &Known) -> Vec<String> {
        let is_report = known.form == Form::System
            && parse(known.mail.octets()).is_ok_and(|mail| report::is_of_delivery(&mail));
        if !is_report {
            return Vec::new();
        }
        let outside = |route: &RecipientRoute| match route {
            RecipientRoute::Outside { recipient, .. } => Some(recipient.clone()),
            _ => None,
        };
        known.mail.ticket().routes.iter().filter_map(outside).collect()
    }

    /// Sends a report on in clear. It has nothing in it but the header of the mail that
    /// its recipient wrote.
    pub(super) async fn return_in_clear(
        &self,
        mail: &Mail<Inspected<OutboundTicket, Made>>,
        recipients: Vec<String>,
        fates: &mut Fates,
    ) {
        let octets = [self.received("ESMTP").as_bytes(), mail.octets()].concat();
        if let Ok(parcel) = mail.parcel(recipients, octets).signed(Ok::<_, ()>) {
            self.transmit("", parcel, None, Leaving::Clear, fates).await;
        }
    }

    /// A colleague's sealed copy: the journey ends inside this organisation.
    pub(super) async fn deliver_inside(
        &self,
        mail: &Mail<Inspected<OutboundTicket, Made>>,
        copy: SealedCopy,
        fates: &mut Fates,
    ) {
        let host_name = &self.settings.gateway.host_name;
        let mail_from = mail.envelope().mail_from.as_str();
        let from = &mail.made().from;
        let result = ResultField {
            authserv_id: host_name,
            class: MailClass::Verified,
            from_org: Some(&self.settings.organisation.id),
            standing: Some("good"),
            sender: Some(&copy.sender),
            below: false,
        };
        let fields = self.received("ESMTPA")
            + &authentication_results(host_name, "pass", from)
            + &result.render();
        let octets = on_top_of(fields.as_bytes(), copy.mail);
        // The worker sealed it: there is nothing left to sign.
        let parcel = mail.parcel(vec![copy.recipient], octets).signed(Ok::<_, ()>);
        if let Ok(parcel) = parcel {
            self.transmit(mail_from, parcel, None, Leaving::Encrypted, fates).await;
        }
    }
}

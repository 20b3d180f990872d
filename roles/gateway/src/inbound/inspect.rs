//! May it pass? A worker looks into it, re-encrypts it and has it sealed for each
//! recipient (steps 8 and 9).

use super::accept::{HopArrival, OutsideArrival};
use super::authenticate::Admitted;
use crate::ambiguity;
use crate::fate::Fates;
use crate::gateway::{Gateway, fitting};
use crate::hold::Release;
use crate::outbound::parse;
use crate::report;
use serde_bytes::ByteBuf;
use ssmax_api::TicketId;
use ssmax_api::inspector::{Inspect, Inspected, ListPost, Plan, SealedCopy};
use ssmax_api::keyserver::GatewayRequest;
use ssmax_chain::hop_mail::WHOLE_PATH;
use ssmax_chain::journey::{Envelope, Inspection, Mail};
use ssmax_chain::{Reason, Refusal};
use ssmax_inspection::Outcome;
use std::sync::Arc;
use tokio::time::Instant;

/// What is delivered here.
#[derive(Default)]
pub(super) struct Copies {
    pub(super) sealed: Vec<SealedCopy>,
    /// Who gets what the sender encrypted.
    pub(super) preserved_for: Vec<String>,
    /// What lists made of it: their address and the new mail.
    pub(super) posts: Vec<(String, ByteBuf)>,
}

impl Gateway {
    pub(super) async fn over_the_chain(
        &self,
        envelope: &Envelope,
        octets: &Arc<Vec<u8>>,
        hop: &HopArrival,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        let mail = Mail::accept(envelope.clone(), Arc::clone(octets));
        let began = Instant::now();
        let admitted = self.admit_arrival(envelope, hop, fates).await;
        fates.trail.stage_over("authenticate", began);
        let Some(mut admitted) = admitted? else { return Ok(()) };
        let mut seal_for = fates.undecided();
        seal_for.retain(|one| !admitted.waiting.iter().any(|(waiting, _)| waiting == one));
        let lists = self.posts_of(envelope, octets, &mut admitted, &mut seal_for)?;
        if seal_for.is_empty() && lists.is_empty() {
            refuse_each(&admitted.waiting, fates);
            return Ok(());
        }
        let answer = if self.settings.organisation.is_esp() {
            Inspection::Exempt(Copies { preserved_for: seal_for, ..Copies::default() })
        } else {
            let began = Instant::now();
            let looked = (seal_for, lists);
            let answer = self.inspect_arrival(octets, hop, &mut admitted, looked, fates).await;
            fates.trail.stage_over("inspect", began);
            answer?
        };
        let mut mail = mail.authenticated(admitted.ticket).inspected(answer)?;
        refuse_each(&admitted.waiting, fates);
        for (list, post) in std::mem::take(&mut mail.made_mut().posts) {
            let ticket = mail.ticket();
            self.distribute(&list, post.into_vec(), octets, Some(ticket.id), fates).await;
            self.remember_delivered(ticket, &list, fates).await;
        }
        let began = Instant::now();
        let delivered = self.deliver_copies(&mut mail, &hop.from, fates).await;
        fates.trail.stage_over("transmit", began);
        delivered
    }

    /// Has a worker look into a mail of another member and make what is delivered.
    async fn inspect_arrival(
        &self,
        octets: &Arc<Vec<u8>>,
        hop: &HopArrival,
        admitted: &mut Admitted,
        (mut seal_for, lists): (Vec<String>, Vec<ListPost>),
        fates: &mut Fates,
    ) -> Result<Inspection<Copies>, Refusal> {
        // The sender's queue brings the mail again for the others.
        for later in seal_for.split_off(fitting(octets.len()).min(seal_for.len())) {
            admitted.waiting.push((later, Reason::InspectorUnavailable));
        }
        let plan = Plan {
            encrypted: (!hop.in_attachment_mode).then(|| WHOLE_PATH.to_owned()),
            attachments: hop.in_attachment_mode.then_some(self.settings.gateway.attachments),
            seal_for,
            lists,
            preserve: self.settings.preserves() && !hop.in_attachment_mode,
            authserv_id: self.settings.gateway.host_name.clone(),
            tolerate: fates.release.as_ref().map(Release::tolerates),
            ..Plan::default()
        };
        self.look(admitted.ticket.ticket.clone(), octets, plan, fates).await
    }

    /// What the lists among the recipients make of the mail; these are not sealed for. One
    /// that does not take it waits with the others who do not get it.
    fn posts_of(
        &self,
        envelope: &Envelope,
        octets: &[u8],
        admitted: &mut Admitted,
        seal_for: &mut Vec<String>,
    ) -> Result<Vec<ListPost>, Refusal> {
        let is_list = |one: &String| admitted.ticket.lists.contains(one);
        let lists: Vec<String> = seal_for.iter().filter(|one| is_list(one)).cloned().collect();
        seal_for.retain(|one| !is_list(one));
        let mail = parse(octets)?;
        let prev = Some(admitted.ticket.id);
        let mut posts = Vec::new();
        for list in lists {
            match self.post(&list, &mail, &envelope.mail_from, octets, prev) {
                Ok(post) => posts.push(post),
                Err(reason) => admitted.waiting.push((list, reason)),
            }
        }
        Ok(posts)
    }

    pub(super) async fn outside_the_chain(
        &self,
        envelope: &Envelope,
        octets: &Arc<Vec<u8>>,
        arrival: &OutsideArrival,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        let class = self.judge_outside(arrival)?;
        for recipient in fates.undecided() {
            // Of nobody known nothing is sent on in our name.
            if self.list_at(&recipient).is_some() {
                fates.refuse(&recipient, Reason::ListClosed.into());
            }
        }
        if fates.all_decided() {
            return Ok(());
        }
        let report = report::without_returned_body(&envelope.mail_from, octets, &Self::boundary())?;
        let octets = &report.map_or_else(|| Arc::clone(octets), Arc::new);
        let setting = self.settings.gateway.ambiguous;
        let settled = ambiguity::settled_aside(octets, setting).await?;
        fates.rebuilt |= settled.is_some();
        let octets = &settled.map_or_else(|| Arc::clone(octets), Arc::new);
        let mail = Mail::accept(envelope.clone(), Arc::clone(octets));
        if self.settings.organisation.is_esp() {
            // Nobody looks into it, so nothing has to be allowed.
            let mail = mail.authenticated(TicketId::new());
            let mail = mail.inspected(Inspection::Exempt(Copies::default()))?;
            return self.deliver_as_it_came(&mail, class, fates).await;
        }
        let request = GatewayRequest::AdmitOutside { recipients: envelope.recipients.clone() };
        let ticket: TicketId = self.keyserver(&request).await?;
        fates.admitted(ticket.clone());
        self.tolerate(fates).await?;
        let plan = Plan {
            authserv_id: self.settings.gateway.host_name.clone(),
            tolerate: fates.release.as_ref().map(Release::tolerates),
            from_outside: true,
            ..Plan::default()
        };
        let answer = self.look(ticket.clone(), octets, plan, fates).await?;
        let mail = mail.authenticated(ticket).inspected(answer)?;
        self.deliver_as_it_came(&mail, class, fates).await
    }

    async fn look(
        &self,
        ticket: TicketId,
        octets: &Arc<Vec<u8>>,
        plan: Plan,
        fates: &mut Fates,
    ) -> Result<Inspection<Copies>, Refusal> {
        let recipients = plan.seal_for.clone();
        let request = Inspect { ticket, mail: Arc::clone(octets), plan };
        Ok(match self.inspector(request).await? {
            Inspected::Passed { sealed, preserved, posts, findings, .. } => {
                fates.inspected(Outcome::Pass, &findings);
                let preserved_for = if preserved { recipients } else { Vec::new() };
                Inspection::Passed(Copies { sealed, preserved_for, posts })
            }
            Inspected::Stopped { reason, outcome, findings } => {
                fates.found(outcome, findings);
                Inspection::Stopped(reason)
            }
        })
    }
}

fn refuse_each(waiting: &[(String, Reason)], fates: &mut Fates) {
    for (recipient, reason) in waiting {
        fates.refuse(recipient, (*reason).into());
    }
}

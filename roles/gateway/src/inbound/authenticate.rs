//! Who sent this? The keyserver judges what came over the chain; for the rest the
//! member list says whether the domain should have.

use super::accept::{HopArrival, OutsideArrival};
use crate::claim::Claim;
use crate::fate::Fates;
use crate::gateway::Gateway;
use ssmax_api::keyserver::{
    AdmitInbound, DeliveredBefore, GatewayRequest, InboundAnswer, InboundTicket,
};
use ssmax_chain::journey::Envelope;
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::{Reason, Refusal, hop_record};
use ssmax_federation::{Directory, Enforce, Freshness, freshness};
use time::OffsetDateTime;

/// A mail of another member that is admitted.
pub(super) struct Admitted {
    pub(super) ticket: InboundTicket,
    /// To be held until it is remembered who has the mail.
    pub(super) _claims: Vec<Claim>,
    /// Recipients who do not get it, and why; told when the inspection has passed the
    /// mail. Told earlier, these numbers would say of a mail that is stopped whether its
    /// key had come out.
    pub(super) waiting: Vec<(String, Reason)>,
}

impl Gateway {
    /// Admits a mail of another member, settles the recipients who have it already,
    /// and finds those who are getting it in another session or cannot get it. `None` if
    /// everybody has it.
    pub(super) async fn admit_arrival(
        &self,
        envelope: &Envelope,
        hop: &HopArrival,
        fates: &mut Fates,
    ) -> Result<Option<Admitted>, Refusal> {
        fates.came.digest = Some(hop.content);
        let ticket = if fates.release.is_some() {
            self.readmit_hop(envelope, hop, fates).await?
        } else {
            let delivered = self.delivered_before(envelope, hop, fates).await?;
            let request = GatewayRequest::AdmitInbound(admission(envelope, hop, delivered));
            let answer = self.keyserver(&request).await;
            if matches!(answer, Err(Refusal { reason: Reason::MemberListOutdated, .. })) {
                self.newer_list.notify_one();
            }
            match answer? {
                InboundAnswer::Admitted(ticket) => ticket,
                InboundAnswer::Repeat(id) => {
                    for recipient in &envelope.recipients {
                        fates.repeat(recipient, Some(id));
                    }
                    return Ok(None);
                }
            }
        };
        fates.admitted(ticket.ticket.clone());
        fates.came.sender_verified = true;
        // It has not changed who this sender is; what else it says is asked for at once.
        if self.directory().is_none_or(|directory| directory.list().version < ticket.list) {
            self.newer_list.notify_one();
        }
        self.tolerate(fates).await?;
        let mut waiting = Vec::new();
        let mut claims = Vec::with_capacity(envelope.recipients.len());
        let hop_name = ticket.id.to_string();
        for recipient in &envelope.recipients {
            let key = fates.key(recipient);
            let Ok(Some(claim)) = self.claims.take(&ticket.from_org, &hop_name, &key).await else {
                // The other session decides; when this mail comes again it is known how.
                waiting.push((recipient.clone(), Reason::StoreUnavailable));
                continue;
            };
            claims.push(claim);
            let known = self
                .journal
                .has(&ticket.from_org, ticket.id, &key)
                .await
                .map_err(|_| Refusal::from(Reason::StoreUnavailable))?;
            if known {
                fates.repeat(recipient, Some(ticket.id));
            }
        }
        for recipient in &ticket.without_certificate {
            waiting.push((recipient.clone(), Reason::RecipientWithoutCertificate));
        }
        Ok(Some(Admitted { ticket, _claims: claims, waiting }))
    }

    /// Who of the envelope has the copy that this mail says it is. Asked before the
    /// keyserver, so that a mail sent again and again costs no use of a key.
    async fn delivered_before(
        &self,
        envelope: &Envelope,
        hop: &HopArrival,
        fates: &Fates,
    ) -> Result<Option<DeliveredBefore>, Refusal> {
        let Some((from_org, id)) = hop_record::claimed_name(&hop.signed_data) else {
            return Ok(None);
        };
        let mut recipients = Vec::new();
        for recipient in &envelope.recipients {
            let known = self
                .journal
                .has(&from_org, id, &fates.key(recipient))
                .await
                .map_err(|_| Refusal::from(Reason::StoreUnavailable))?;
            if known {
                recipients.push(recipient.clone());
            }
        }
        Ok((!recipients.is_empty()).then_some(DeliveredBefore { from_org, id, recipients }))
    }

    /// Asks the keyserver for a ticket anew, for a mail that was held.
    pub(super) async fn readmit_hop(
        &self,
        envelope: &Envelope,
        hop: &HopArrival,
        fates: &Fates,
    ) -> Result<InboundTicket, Refusal> {
        let decision = fates.release.as_ref().map(|release| release.decision.clone());
        let request = AdmitInbound { decision, ..*admission(envelope, hop, None) };
        self.keyserver(&GatewayRequest::ReadmitInbound(Box::new(request))).await
    }

    /// The class of a mail that did not come over the chain.
    pub(super) fn judge_outside(&self, mail: &OutsideArrival) -> Result<MailClass, Refusal> {
        Ok(judge_outside(self.directory().as_deref(), &mail.from, OffsetDateTime::now_utc())?)
    }
}

/// What the keyserver is told of a mail of another member.
fn admission(
    envelope: &Envelope,
    hop: &HopArrival,
    delivered: Option<DeliveredBefore>,
) -> Box<AdmitInbound> {
    Box::new(AdmitInbound {
        signed_data: hop.signed_data.clone(),
        content: hop.content,
        from: hop.from.clone(),
        message_id: hop.message_id.clone(),
        headers: hop.headers,
        parts: hop.parts.clone(),
        sealed: hop.sealed.clone(),
        recipients: envelope.recipients.clone(),
        delivered,
        decision: None,
    })
}

/// By the member list, if it is young enough to say who is no member.
fn judge_outside(
    directory: Option<&Directory>,
    from: &str,
    now: OffsetDateTime,
) -> Result<MailClass, Reason> {
    let directory = directory
        .filter(|directory| freshness(directory.list(), now) != Freshness::Outdated)
        .ok_or(Reason::MemberListOutdated)?;
    let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
    match directory.member_of_domain(domain) {
        None => Ok(MailClass::Unknown),
        Some(member) if member.capabilities.enforce == Enforce::Refuse => {
            Err(Reason::ForgedMemberDomain)
        }
        Some(_) => Ok(MailClass::Suspicious),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_federation::{MEMBERSHIP_LIFETIME, MemberList};
    use time::Duration;

    #[test]
    fn a_list_past_its_week_says_of_nobody_that_he_is_no_member() {
        let issued = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let expires = issued + Duration::days(1);
        let list = MemberList { version: 1, issued, expires, members: vec![] };
        let directory = Directory::new(list).unwrap();
        let judged = |now| judge_outside(Some(&directory), "x@x.example", now);
        let end = issued + MEMBERSHIP_LIFETIME;
        assert_eq!(judged(end), Ok(MailClass::Unknown));
        assert_eq!(judged(end + Duration::SECOND), Err(Reason::MemberListOutdated));
        assert_eq!(judge_outside(None, "x@x.example", issued), Err(Reason::MemberListOutdated));
    }
}

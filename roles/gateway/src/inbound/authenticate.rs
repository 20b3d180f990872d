//! Who sent this? The keyserver judges what came over the chain; for the rest the
//! member list says whether the domain should have.

use super::accept::{HopArrival, OutsideArrival};
use crate::fate::Fates;
use crate::gateway::Gateway;
use ssmax_api::keyserver::{AdmitInbound, GatewayRequest, InboundTicket};
use ssmax_chain::journey::Envelope;
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::{Reason, Refusal};
use ssmax_federation::{Directory, Enforce, Freshness, freshness};
use time::OffsetDateTime;

impl Gateway {
    /// Admits a mail of another member, and settles the recipients who have it already
    /// or cannot get it.
    pub(super) async fn admit_arrival(
        &self,
        envelope: &Envelope,
        hop: &HopArrival,
        fates: &mut Fates,
    ) -> Result<InboundTicket, Refusal> {
        let request = GatewayRequest::AdmitInbound(Box::new(AdmitInbound {
            signed_data: hop.signed_data.clone(),
            content: hop.content,
            from: hop.from.clone(),
            message_id: hop.message_id.clone(),
            headers: hop.headers,
            part: hop.part.clone(),
            sealed: hop.sealed.clone(),
            recipients: envelope.recipients.clone(),
        }));
        let ticket: InboundTicket = self.keyserver(&request).await?;
        for recipient in &envelope.recipients {
            let known = self
                .journal
                .has(&ticket.from_org, ticket.id, recipient)
                .await
                .map_err(|_| Refusal::from(Reason::StoreUnavailable))?;
            if known {
                fates.repeat(recipient, ticket.id);
            }
        }
        for recipient in &ticket.without_certificate {
            fates.refuse(recipient, Reason::RecipientWithoutCertificate.into());
        }
        Ok(ticket)
    }

    /// The class of a mail that did not come over the chain.
    pub(super) fn judge_outside(&self, mail: &OutsideArrival) -> Result<MailClass, Refusal> {
        Ok(judge_outside(self.directory().as_deref(), &mail.from, OffsetDateTime::now_utc())?)
    }
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
        let directory = Directory::new(list);
        let judged = |now| judge_outside(Some(&directory), "x@x.example", now);
        let end = issued + MEMBERSHIP_LIFETIME;
        assert_eq!(judged(end), Ok(MailClass::Unknown));
        assert_eq!(judged(end + Duration::SECOND), Err(Reason::MemberListOutdated));
        assert_eq!(judge_outside(None, "x@x.example", issued), Err(Reason::MemberListOutdated));
    }
}

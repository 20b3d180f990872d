//! What `ssmax hold` asks, over `gateway.officer.sock`. Whoever can connect may look at the
//! list; what is decided is decided by an officer's signature, which the keyserver
//! believes or not.

use super::object::failed;
use super::release::Release;
use super::store::{Facts, Held};
use crate::gateway::Gateway;
use serde_bytes::ByteBuf;
use ssmax_api::gateway::{EndedBy, HeldMail, HeldState, OfficerRequest};
use ssmax_api::keyserver::{Decided, GatewayRequest};
use ssmax_api::person::{PersonProblem, SignedRequest};
use ssmax_api::{Answer, Problem, encode};
use ssmax_chain::held_decision::{HeldDecision, HeldDeed, unidentified};
use ssmax_mail::address::Address;

/// Answers an officer.
pub(crate) async fn answer(gateway: &Gateway, request: OfficerRequest) -> Answer {
    match request {
        OfficerRequest::List { ended } => encode(gateway.list_held(ended).await),
        OfficerRequest::Show { id } => encode(gateway.show_held(&id).await),
        OfficerRequest::Review { id, decision, certificate } => {
            encode(gateway.review_held(&id, &decision, &certificate).await.map(ByteBuf::from))
        }
        OfficerRequest::Release { id, decision } => {
            encode(gateway.release_held(&id, &decision).await)
        }
        OfficerRequest::Delete { id, decision } => {
            encode(gateway.delete_held(&id, &decision).await)
        }
    }
}

/// Whether the decision is about this mail. One of which it is not known what it is may be
/// shown by its name, and nothing more.
fn is_meant(held: &Held, asked: &HeldDecision) -> bool {
    match held.facts.digest {
        _ if !held.readable => false,
        Some(digest) => asked.mail == digest,
        None => asked.op == HeldDeed::HoldShow && asked.mail == unidentified(&held.id),
    }
}

/// Whether the person has submitted the mail, or stands in its From.
fn is_own(held: &Held, user: &str, addresses: &[String]) -> bool {
    let Facts { login, from, .. } = &held.facts;
    let is_theirs = |text: &str| {
        let Ok(address) = Address::parse(text) else { return false };
        addresses.iter().any(|one| Address::parse(one).is_ok_and(|one| one.matches(&address)))
    };
    let submitted = login.as_ref().is_some_and(|one| one.user == user || is_theirs(&one.user));
    submitted || is_theirs(from)
}

impl Gateway {
    async fn list_held(&self, ended: bool) -> Result<Vec<HeldMail>, Problem> {
        let found = self.hold.list(ended).await.map_err(failed)?;
        Ok(found.iter().map(Held::shown).collect())
    }

    async fn show_held(&self, id: &str) -> Result<HeldMail, Problem> {
        let found = self.hold.find(id).await.map_err(failed)?.ok_or(Problem::NotFound)?;
        Ok(found.shown())
    }

    /// Has the keyserver believe a decision about this mail.
    pub(super) async fn decide(
        &self,
        held: &Held,
        signed: &SignedRequest,
        fits: impl Fn(HeldDeed) -> bool,
    ) -> Result<Release, Problem> {
        let asked = HeldDecision::parse(&signed.json).map_err(|_| Problem::Malformed)?;
        if asked.held != held.id || !is_meant(held, &asked) || !fits(asked.op) {
            return Err(Problem::Malformed);
        }
        let request = GatewayRequest::Decide(Box::new(signed.clone()));
        let Decided { officer, user, addresses } = self.ask_keyserver(&request).await?;
        // The key server sees to that too, where it knows whose mail it is.
        if asked.op.releases() && is_own(held, &user, &addresses) {
            return Err(Problem::NotBelieved(PersonProblem::OfficerConcerned));
        }
        Ok(Release {
            officer,
            reason: asked.reason,
            deed: asked.op,
            held: asked.held,
            decision: asked.nonce,
        })
    }

    /// Gives a mail up. Its octets are gone afterwards; who did it and why stays known.
    async fn delete_held(&self, id: &str, signed: &SignedRequest) -> Result<HeldMail, Problem> {
        let claim = self.claims.take("held", id, "").await.map_err(failed)?;
        let _claim = claim.ok_or(Problem::Exists)?;
        let held = self.hold.find(id).await.map_err(failed)?.ok_or(Problem::NotFound)?;
        if held.state != HeldState::Held {
            return Ok(held.shown());
        }
        let Release { officer, reason, .. } =
            self.decide(&held, signed, |deed| deed == HeldDeed::HoldDelete).await?;
        let by = EndedBy { officer, reason };
        if self.hold.end(id, HeldState::Deleted, Some(&by)).await.map_err(failed)? {
            tracing::warn!(
                held.id = %id, officer = %by.officer, why = %by.reason,
                "an officer has deleted a held mail",
            );
            self.write_end(&held, "deleted").await;
        }
        self.show_held(id).await
    }
}

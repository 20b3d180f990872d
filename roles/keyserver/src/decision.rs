//! What officers decide about held mail (`spec/keyserver.md`, 4.7). A decision is the
//! officer's own signature over deed and mail: the gateway, which keeps held mail and
//! hands decisions in, can make none, and turn none into another.

use crate::state::Keyserver;
use crate::ticket::{Origin, Ticket, lock};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::{Decided, UserRecord};
use ssmax_api::person::{PersonProblem, SignedRequest};
use ssmax_chain::Digest;
use ssmax_chain::held_decision::{HeldDecision, HeldDeed, decided_octets};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use time::{Duration, OffsetDateTime};

/// How long a decision may be carried out: as long as a ticket.
const LIFETIME: Duration = Duration::minutes(15);

/// A decision with who has made it.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) asked: HeldDecision,
    /// The officer's user id.
    pub(crate) officer: String,
    signature: ByteBuf,
    /// As it was signed.
    json: String,
    until: OffsetDateTime,
    done: HashSet<Step>,
}

/// What is done for a decision, each thing once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The held mail is opened for its gateway.
    Open,
    /// It gets a ticket.
    Admit,
    /// Its findings are let pass.
    Tolerate,
    /// It is shown.
    Review,
}

/// The decisions that are being carried out, by nonce. Only in memory: after a restart
/// the officer decides again.
#[derive(Debug, Default)]
pub(crate) struct Decisions(Mutex<HashMap<String, Made>>);

impl Decisions {
    fn add(&self, made: Made, now: OffsetDateTime) {
        let mut all = lock(&self.0);
        all.retain(|_, made| made.until >= now);
        all.insert(made.asked.nonce.clone(), made);
    }

    fn find(&self, nonce: &str, now: OffsetDateTime) -> Option<Made> {
        lock(&self.0).get(nonce).filter(|made| made.until >= now).cloned()
    }

    /// Uses a decision up for this step; `false` if that was done before.
    fn take(&self, nonce: &str, step: Step) -> bool {
        lock(&self.0).get_mut(nonce).is_some_and(|made| made.done.insert(step))
    }
}

impl Keyserver {
    /// Takes an officer's decision, once.
    pub(crate) async fn decide(&self, signed: &SignedRequest) -> Result<Decided, Problem> {
        let made = self.believe_officer(signed).await.map_err(Problem::NotBelieved)?;
        let HeldDecision { op, held, reason, .. } = &made.0.asked;
        tracing::warn!(held.id = %held, officer = %made.0.officer, ?op, why = %reason, "an officer decides about a held mail");
        let UserRecord { user, addresses, .. } = &made.1;
        let (user, addresses) = (user.clone(), addresses.clone());
        let officer = crate::people::shown(&made.1);
        self.decisions.add(made.0, Self::now());
        Ok(Decided { officer, user, addresses })
    }

    async fn believe_officer(
        &self,
        signed: &SignedRequest,
    ) -> Result<(Made, UserRecord), PersonProblem> {
        let asked = HeldDecision::parse(&signed.json).map_err(|_| PersonProblem::Malformed)?;
        Self::is_now(asked.at)?;
        let octets = decided_octets(&signed.json);
        let officer = self.signer(&asked.officer, &octets, &signed.signature).await?;
        if !self.is_reviewer(&officer).await? {
            return Err(PersonProblem::NotAnOfficer);
        }
        // Nobody looks into a mail at an ESP, whoever decides it.
        if asked.op == HeldDeed::HoldShow {
            self.not_at_an_esp().map_err(|_| PersonProblem::KeepsNoKeys)?;
        }
        self.use_nonce(&asked.nonce).await?;
        let until = Self::now() + LIFETIME;
        let SignedRequest { json, signature } = signed.clone();
        let (user, done) = (officer.user.clone(), HashSet::new());
        Ok((Made { asked, officer: user, signature, json, until, done }, officer))
    }

    /// Whether the settings name this person among those who decide about held mail.
    pub(crate) async fn is_reviewer(&self, person: &UserRecord) -> Result<bool, PersonProblem> {
        for named in &self.settings.keyserver.reviewers {
            if self.known_person(named).await?.is_some_and(|one| one.user == person.user) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The decision of this nonce, used up for this step, if it was taken, its time is not
    /// over, and it `fits` what is asked for. Who has made it must be able to make it now:
    /// in a quarter of an hour somebody may be revoked.
    pub(crate) async fn carry_out_decision(
        &self,
        nonce: &str,
        step: Step,
        fits: impl Fn(&Made) -> bool,
    ) -> Result<Made, Problem> {
        let made = self.decisions.find(nonce, Self::now()).ok_or(Problem::NotAllowed)?;
        if !fits(&made) {
            return Err(Problem::NotAllowed);
        }
        let octets = decided_octets(&made.json);
        let officer = self.signer(&made.asked.officer, &octets, &made.signature).await;
        let still = match officer {
            Ok(officer) if officer.user == made.officer => self.is_reviewer(&officer).await,
            Ok(_) => Ok(false),
            Err(problem) => Err(problem),
        };
        match still {
            Ok(true) => {}
            Err(PersonProblem::Failed) => return Err(Problem::Failed),
            Ok(false) | Err(_) => return Err(Problem::NotAllowed),
        }
        if self.decisions.take(nonce, step) { Ok(made) } else { Err(Problem::NotAllowed) }
    }

    /// The user id of who has made the decision of this nonce.
    pub(crate) fn decided_by(&self, nonce: &str) -> Option<String> {
        self.decisions.find(nonce, Self::now()).map(|made| made.officer)
    }
}

impl Made {
    /// Whether the decision is about the held mail of this name.
    pub(crate) fn is_about(&self, held: &str) -> bool {
        self.asked.held == held
    }

    /// Whether the mail of this ticket is the officer's own: submitted by them, or in their
    /// name.
    pub(crate) fn concerns_its_officer(&self, ticket: &Ticket) -> bool {
        match &ticket.origin {
            Origin::Own(own) => own.statement.user == self.officer || own.user.user == self.officer,
            Origin::Member(_) | Origin::Outside => false,
        }
    }

    /// Whether the decision is about the mail of this ticket. Of a mail from outside the
    /// keyserver knows nothing by which it could tell, and uses no key for it.
    pub(crate) fn is_of(&self, ticket: &Ticket) -> bool {
        mail_digest(ticket).is_none_or(|digest| digest == self.asked.mail)
    }
}

/// By what the keyserver knows a mail again: what the statement or the organisation's
/// signature is over.
fn mail_digest(ticket: &Ticket) -> Option<Digest> {
    match &ticket.origin {
        Origin::Own(own) => Some(own.statement.body),
        Origin::Member(mail) => Some(mail.content),
        Origin::Outside => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_carried_out_in_its_time_and_forgotten_after_it() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let made = |nonce: u8| {
            let (mail, words) = (("one", Digest::of(b"mail")), ("olga", "seen"));
            let asked = HeldDecision::new(HeldDeed::HoldRelease, mail, words, now, [nonce; 16]);
            Made {
                json: asked.to_json(),
                asked,
                officer: "olga".to_owned(),
                signature: ByteBuf::new(),
                until: now + LIFETIME,
                done: HashSet::new(),
            }
        };
        let decisions = Decisions::default();
        let (first, second) = (made(1), made(2));
        let nonce = first.asked.nonce.clone();
        decisions.add(first, now);
        assert!(decisions.find(&nonce, now + LIFETIME).is_some());
        assert!(decisions.take(&nonce, Step::Open) && decisions.take(&nonce, Step::Admit));
        assert!(!decisions.take(&nonce, Step::Open) && !decisions.take("another", Step::Open));
        let later = now + LIFETIME + Duration::SECOND;
        assert!(decisions.find(&nonce, later).is_none());
        decisions.add(second, later);
        assert_eq!(lock(&decisions.0).len(), 1);
        assert!(decisions.find("another", now).is_none());
    }
}

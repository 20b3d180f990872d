//! A held mail goes on: the journey runs again from the stored octets, with a new ticket,
//! so that signature, standing and list are judged as of now.

use super::object::failed;
use super::store::{Facts, Held};
use crate::fate::Fates;
use crate::gateway::Gateway;
use crate::listen::{Envelope, Login};
use ssmax_api::Problem;
use ssmax_api::gateway::{EndedBy, HeldState, Released};
use ssmax_api::person::SignedRequest;
use ssmax_chain::held_decision::{HeldDecision, HeldDeed};
use ssmax_chain::{Reason, journey};
use ssmax_inspection::Outcome;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// An officer's word, carried along on the journey.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    /// As the keyserver knows the person.
    pub(crate) officer: String,
    pub(crate) reason: String,
    pub(crate) deed: HeldDeed,
    /// The name of the held mail.
    pub(crate) held: String,
    /// By what the keyserver knows the decision.
    pub(crate) decision: String,
}

impl Release {
    /// How grave findings may be.
    pub(crate) fn tolerates(&self) -> Outcome {
        match self.deed {
            HeldDeed::HoldOverride => Outcome::Block,
            HeldDeed::HoldRelease => Outcome::Hold,
            HeldDeed::HoldShow | HeldDeed::HoldDelete => Outcome::Pass,
        }
    }
}

impl Gateway {
    /// Releases a held mail to all who have not got it. A mail that has ended is left
    /// alone, so that a release asked for twice is delivered once.
    ///
    /// # Errors
    /// [`Problem::NotFound`]; [`Problem::NotAllowed`] when findings say block and that is
    /// not overridden; [`Problem::NotBelieved`] of who may not decide; [`Problem::Exists`] while another release of it is
    /// on its way; [`Problem::Failed`].
    pub(super) async fn release_held(
        &self,
        id: &str,
        signed: &SignedRequest,
    ) -> Result<Released, Problem> {
        let claim = self.claims.take("held", id, "").await.map_err(failed)?;
        let _claim = claim.ok_or(Problem::Exists)?;
        let held = self.hold.find(id).await.map_err(failed)?.ok_or(Problem::NotFound)?;
        if held.state != HeldState::Held {
            return Ok(Released { state: held.state, ended_before: true, fates: vec![] });
        }
        let overrides = HeldDecision::parse(&signed.json).map_err(|_| Problem::Malformed)?;
        let overridden = overrides.op == HeldDeed::HoldOverride;
        if held.facts.outcome == Outcome::Block && !overridden {
            return Err(Problem::NotAllowed);
        }
        let release = self.decide(&held, signed, HeldDeed::releases).await?;
        tracing::warn!(
            held.id = %id, officer = %release.officer, why = %release.reason,
            override_block = overridden, "an officer releases a held mail",
        );
        let octets = self.open_held(id, &release.decision).await?;
        let by = EndedBy { officer: release.officer.clone(), reason: release.reason.clone() };
        let fates = self.travel_again(&held, octets, release).await;
        let told = fates.told();
        for one in told.iter().filter(|one| matches!(one.fate.as_str(), "passed" | "repeated")) {
            self.hold.reached(id, &one.recipient).await.map_err(failed)?;
        }
        // The journal names the ticket, so it is taken along.
        let ticket = fates.ticket.clone();
        fates.write(&self.journal, &held.facts.direction).await;
        self.close_now(ticket).await;
        let now = self.hold.find(id).await.map_err(failed)?.ok_or(Problem::NotFound)?;
        let mut state = now.state;
        if now.waiting().is_empty() {
            self.hold.end(id, HeldState::Released, Some(&by)).await.map_err(failed)?;
            state = HeldState::Released;
        }
        Ok(Released { state, ended_before: false, fates: told })
    }

    /// The journey, for those who are waiting.
    async fn travel_again(&self, held: &Held, octets: Vec<u8>, release: Release) -> Fates {
        let envelope = envelope(&held.facts, held.waiting());
        let mut fates = Fates::new(&envelope, &self.settings.organisation);
        fates.message_id.clone_from(&held.facts.message_id);
        fates.came.source.clone_from(&held.facts.source);
        fates.came.stated.clone_from(&held.facts.stated);
        fates.release = Some(release);
        let gone = if held.facts.login.is_some() {
            self.resubmit(envelope, octets, &mut fates).await
        } else {
            let journey =
                journey::Envelope { mail_from: envelope.mail_from, recipients: fates.recipients() };
            self.inbound(&journey, &Arc::new(octets), &mut fates).await
        };
        match gone {
            Ok(()) => fates.refuse_rest(Reason::Internal.into()),
            Err(refusal) => fates.refuse_rest(refusal),
        }
        fates
    }
}

/// The envelope as it was, for some of its recipients.
pub(super) fn envelope(facts: &Facts, recipients: Vec<String>) -> Envelope {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut envelope = Envelope::new(nobody);
    envelope.mail_from.clone_from(&facts.mail_from);
    envelope.mail_options.clone_from(&facts.mail_options);
    let options = |one: &String| {
        let at = facts.recipients.iter().position(|known| known == one);
        at.and_then(|at| facts.recipient_options.get(at)).cloned().unwrap_or_default()
    };
    envelope.recipient_options = recipients.iter().map(options).collect();
    envelope.recipients = recipients;
    envelope.smtputf8 = facts.smtputf8;
    envelope.auth = facts.login.as_ref().map(|login| Login {
        user: login.user.clone(),
        method: login.method.clone(),
        aal: login.aal,
    });
    envelope
}

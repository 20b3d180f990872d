//! Officers at a gateway: what `ssmax hold` asks.

use crate::person::Person;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;
use ssmax_agent::circulated::Officer;
use ssmax_api::gateway::{HeldMail, OfficerRequest, Released, ReviewMail};
use ssmax_api::person::SignedRequest;
use ssmax_api::{Answer, Problem};
use ssmax_chain::Digest;
use ssmax_chain::held_decision::{HeldDecision, HeldDeed};
use ssmax_pki::Certificate;
use std::path::Path;
use std::time::Duration;
use time::OffsetDateTime;

/// A release is a whole journey.
const TIMEOUT: Duration = Duration::from_secs(60);

/// All held mail.
pub async fn list(run_dir: &Path) -> Vec<HeldMail> {
    ask(run_dir, OfficerRequest::List { ended: false }).await.unwrap()
}

/// The one held mail of this Message-ID.
pub async fn find(run_dir: &Path, message_id: &str) -> HeldMail {
    let held = list(run_dir).await;
    let mut found = held.into_iter().filter(|mail| mail.message_id == message_id);
    let mail = found.next().unwrap();
    assert!(found.next().is_none());
    mail
}

/// What a person would sign about a held mail of this name and digest, now.
#[must_use]
pub fn decision(mail: (&str, Digest), by: &Person, op: HeldDeed, reason: &str) -> HeldDecision {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    HeldDecision::new(op, mail, (&by.address, reason), now, crate::mails::random())
}

/// It, signed by this person.
#[must_use]
pub fn signed(decision: &HeldDecision, by: &Person) -> SignedRequest {
    let (key, certificate) = &by.signing;
    let officer = Officer { user: &by.address, key, certificate };
    let signed = ssmax_agent::hold::decide(decision, &officer).unwrap();
    SignedRequest { json: signed.json, signature: ByteBuf::from(signed.signature) }
}

/// Releases a mail, over findings that block it if there is a reason.
pub async fn release(
    run_dir: &Path,
    held: &HeldMail,
    by: &Person,
    override_for: Option<&str>,
) -> Result<Released, Problem> {
    let op = if override_for.is_some() { HeldDeed::HoldOverride } else { HeldDeed::HoldRelease };
    let mail = (held.id.as_str(), held.digest.unwrap());
    let decision = signed(&decision(mail, by, op, override_for.unwrap_or_default()), by);
    ask(run_dir, OfficerRequest::Release { id: held.id.clone(), decision }).await
}

/// Has a mail shown for a certificate.
pub async fn review(
    run_dir: &Path,
    held: &HeldMail,
    by: &Person,
    certificate: &Certificate,
) -> Result<ReviewMail, Problem> {
    let certificate = certificate.der().to_vec();
    let decision = decision((&held.id, held.digest.unwrap()), by, HeldDeed::HoldShow, "");
    let decision = HeldDecision { certificate: Some(Digest::of(&certificate)), ..decision };
    let (id, decision) = (held.id.clone(), signed(&decision, by));
    ask(run_dir, OfficerRequest::Review { id, decision, certificate }).await
}

/// Gives a mail up.
pub async fn delete(
    run_dir: &Path,
    held: &HeldMail,
    by: &Person,
    reason: &str,
) -> Result<HeldMail, Problem> {
    let decision = decision((&held.id, held.digest.unwrap()), by, HeldDeed::HoldDelete, reason);
    let (id, decision) = (held.id.clone(), signed(&decision, by));
    ask(run_dir, OfficerRequest::Delete { id, decision }).await
}

/// Asks the gateway.
pub async fn ask<T: DeserializeOwned>(
    run_dir: &Path,
    request: OfficerRequest,
) -> Result<T, Problem> {
    let socket = ssmax_gateway::Settings::socket(run_dir, "officer");
    let answer: Answer = ssmax_daemon::call::call(&socket, &request, TIMEOUT).await.unwrap();
    ssmax_api::decode(answer)
}

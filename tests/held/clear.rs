//! Mail that came in clear: findings that say hold keep it.

use crate::{HELD, MALLORY, delivered, run_dir};
use ssmax_api::Problem;
use ssmax_api::gateway::{HeldMail, HeldState, OfficerRequest, Released};
use ssmax_api::person::PersonProblem;
use ssmax_chain::held_decision::{HeldDecision, HeldDeed};
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::Outcome;
use ssmax_support::federation::Federation;
use ssmax_support::mails::{locked_zip, mail, my_number, parsed};
use ssmax_support::person::Person;
use ssmax_support::stage::submit;
use ssmax_support::{officer, smtp};

pub(crate) async fn run(federation: &Federation) {
    a_released_mail_is_delivered_once(federation).await;
    a_mail_from_outside_is_shown_to_a_reviewer_alone(federation).await;
    only_an_officers_own_word_about_this_mail_decides(federation).await;
    a_deleted_mail_is_gone_and_its_reason_is_known(federation).await;
    what_blocks_is_refused_and_not_kept(federation).await;
}

async fn a_released_mail_is_delivered_once(federation: &Federation) {
    let Federation { a, alice, carol, wanda, .. } = federation;
    let dir = run_dir(a);
    let mail = mail(&alice.address, &carol.address, &locked_zip());
    for _ in 0..2 {
        // A client that lost the answer sends again; it is kept once.
        assert_eq!(submit(a, alice, &carol.address, &mail).await, HELD);
    }
    let held = officer::find(&dir, &mail.message_id).await;
    assert_eq!(held.reason, Reason::ContentUninspectable);
    assert_eq!((held.outcome, held.encrypted, held.sender_verified), (Outcome::Hold, false, true));
    assert_eq!(held.findings[0].rule, "archive.encrypted");
    assert_eq!(held.recipients, std::slice::from_ref(&carol.address));
    assert!(delivered(a, carol, &mail.message_id).is_empty());

    // Her own mail she releases neither way; who is in its From, nobody does for herself.
    let concerned = Err(Problem::NotBelieved(PersonProblem::OfficerConcerned));
    for reason in [None, Some("it is mine")] {
        let released = officer::release(&dir, &held, alice, reason).await;
        assert_eq!(released.map(drop), concerned);
    }
    assert!(delivered(a, carol, &mail.message_id).is_empty());

    let both = tokio::join!(
        officer::release(&dir, &held, wanda, None),
        officer::release(&dir, &held, wanda, None)
    );
    // One of two at the same time is told that the other is at work, or that it is done.
    let outcomes = [both.0, both.1];
    assert_eq!(outcomes.iter().flatten().filter(|one| !one.ended_before).count(), 1);
    let again = officer::release(&dir, &held, wanda, None).await.unwrap();
    assert_eq!((again.state, again.ended_before), (HeldState::Released, true));
    assert_eq!(delivered(a, carol, &mail.message_id).len(), 1);
    let ended: HeldMail =
        officer::ask(&dir, OfficerRequest::Show { id: held.id.clone() }).await.unwrap();
    assert_eq!(ended.ended_by.unwrap().officer, "wanda <wanda@a.example>");
    assert_eq!(ended.released_to, std::slice::from_ref(&carol.address));
    assert!(!a.state_dir().join("gateway/held").join(&held.id).exists());
}

async fn a_mail_from_outside_is_shown_to_a_reviewer_alone(federation: &Federation) {
    let Federation { a, alice, bob, .. } = federation;
    let dir = run_dir(a);
    let mail = mail(MALLORY, &alice.address, &locked_zip());
    let reply = smtp::send(a.inbound, None, MALLORY, &alice.address, &mail.octets).await;
    assert_eq!(reply, HELD);
    let held = officer::find(&dir, &mail.message_id).await;
    assert!(!held.sender_verified);
    let review = |certificate| officer::review(&dir, &held, alice, certificate);
    // Nobody of another member, and nobody with a signing certificate.
    for stranger in [&bob.encryption.1, &alice.signing.1] {
        assert_eq!(review(stranger).await, Err(Problem::NotAllowed));
    }
    let (key, certificate) = &alice.encryption;
    let shown = review(certificate).await.unwrap();
    assert!(!String::from_utf8_lossy(&shown).contains(&mail.message_id));
    let content = ssmax_smime::decrypt::decrypt(&shown, key, Some(certificate)).unwrap();
    assert_eq!(parsed(&content).decoded_body().unwrap(), mail.octets);

    let released = officer::release(&dir, &held, alice, None).await.unwrap();
    assert_eq!(released.state, HeldState::Released, "{released:?}");
    assert_eq!(delivered(a, alice, &mail.message_id).len(), 1);
}

/// The gateway itself asks, as it would if it were taken over: every signature is good but
/// for the one thing.
async fn only_an_officers_own_word_about_this_mail_decides(federation: &Federation) {
    let Federation { a, alice, carol, wanda, .. } = federation;
    let dir = run_dir(a);
    let (first, second) = (
        mail(&alice.address, &carol.address, &locked_zip()),
        mail(&alice.address, &carol.address, &locked_zip()),
    );
    for mail in [&first, &second] {
        assert_eq!(submit(a, alice, &carol.address, mail).await, HELD);
    }
    let held = officer::find(&dir, &first.message_id).await;
    let other = officer::find(&dir, &second.message_id).await;
    let about = |mail: &HeldMail| (mail.id.clone(), mail.digest.unwrap());
    let release = async |decision: &HeldDecision, by: &Person| {
        let decision = officer::signed(decision, by);
        let request = OfficerRequest::Release { id: held.id.clone(), decision };
        officer::ask::<Released>(&dir, request).await
    };
    let decided = |(id, digest): (String, Digest), by: &Person| {
        officer::decision((&id, digest), by, HeldDeed::HoldRelease, "")
    };
    let good = decided(about(&held), wanda);
    let believed = |problem| Err(Problem::NotBelieved(problem));
    // carol is nobody who decides, signs as herself and as alice.
    let hers = decided(about(&held), carol);
    assert_eq!(release(&hers, carol).await, believed(PersonProblem::NotAnOfficer));
    assert_eq!(release(&good, carol).await, believed(PersonProblem::NotSigned));
    let old = HeldDecision { at: good.at - time::Duration::minutes(11), ..good.clone() };
    assert_eq!(release(&old, wanda).await, believed(PersonProblem::TimeOutside));
    for of_another in [about(&other), (held.id.clone(), other.digest.unwrap())] {
        let decision = decided(of_another, wanda);
        assert_eq!(release(&decision, wanda).await, Err(Problem::Malformed));
    }
    let deletes =
        officer::decision((&held.id, held.digest.unwrap()), wanda, HeldDeed::HoldDelete, "no");
    assert_eq!(release(&deletes, wanda).await, Err(Problem::Malformed));
    assert!(delivered(a, carol, &first.message_id).is_empty());
    assert_eq!(release(&good, wanda).await.unwrap().state, HeldState::Released);
    // What was asked for the first mail is worth nothing for the second.
    let decision = officer::signed(&good, wanda);
    let request = OfficerRequest::Release { id: other.id.clone(), decision };
    assert_eq!(officer::ask::<Released>(&dir, request).await, Err(Problem::Malformed));
    assert!(delivered(a, carol, &second.message_id).is_empty());
    officer::delete(&dir, &other, alice, "not needed").await.unwrap();
}

async fn a_deleted_mail_is_gone_and_its_reason_is_known(federation: &Federation) {
    let Federation { a, alice, .. } = federation;
    let dir = run_dir(a);
    let mail = mail(MALLORY, &alice.address, &locked_zip());
    smtp::send(a.inbound, None, MALLORY, &alice.address, &mail.octets).await;
    let held = officer::find(&dir, &mail.message_id).await;
    let delete = |reason| officer::delete(&dir, &held, alice, reason);
    assert_eq!(delete("").await, Err(Problem::Malformed));
    let ended = delete("nobody expects it").await.unwrap();
    assert_eq!(ended.state, HeldState::Deleted);
    assert_eq!(ended.ended_by.unwrap().reason, "nobody expects it");
    assert!(!a.state_dir().join("gateway/held").join(&held.id).exists());
    let released = officer::release(&dir, &held, alice, Some("too late")).await.unwrap();
    assert_eq!((released.state, released.ended_before), (HeldState::Deleted, true));
    assert!(delivered(a, alice, &mail.message_id).is_empty());
    let fates = ssmax_gateway::fates_of(a.gateway.place(), &mail.message_id).await.unwrap();
    let fates: Vec<_> = fates.iter().map(|row| row.fate.as_str()).collect();
    assert_eq!(fates, ["held", "deleted"]);
}

async fn what_blocks_is_refused_and_not_kept(federation: &Federation) {
    let Federation { a, b, alice, bob, .. } = federation;
    let leak = mail(&alice.address, &bob.address, &my_number());
    let reply = submit(a, alice, &bob.address, &leak).await;
    assert_eq!(reply, ssmax_support::published::told(Reason::LeakFound));
    // B blocks what A holds.
    let locked = mail(&bob.address, &alice.address, &locked_zip());
    let reply = submit(b, bob, &alice.address, &locked).await;
    assert_eq!(reply, ssmax_support::published::told(Reason::ContentUninspectable));
    for (member, mail) in [(a, leak), (b, locked)] {
        let held = officer::list(&run_dir(member)).await;
        assert!(held.iter().all(|one| one.message_id != mail.message_id));
    }
}

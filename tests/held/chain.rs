//! Mail that came encrypted: opened, stopped, and judged anew when it is released.

use crate::{HELD, delivered, run_dir};
use ssmax_api::Problem;
use ssmax_api::gateway::HeldState;
use ssmax_chain::Reason;
use ssmax_inspection::Outcome;
use ssmax_support::federation::Federation;
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{Mail, eicar, locked_zip, mail, my_number, text};
use ssmax_support::person::look_up;
use ssmax_support::stage::submit;
use ssmax_support::{officer, smtp};
use time::OffsetDateTime;

pub(crate) async fn run(federation: &Federation) {
    a_finding_that_blocks_needs_an_override_with_a_reason(federation).await;
    what_a_person_encrypted_is_shown_and_released(federation).await;
    what_no_inspection_has_opened_is_shown_to_nobody(federation).await;
    // The last one, as C is suspended from here on.
    a_member_that_was_suspended_meanwhile_is_refused(federation).await;
}

/// From erin at C to alice at A, who holds whatever is stopped after opening.
fn by_erin(federation: &Federation, content: &[u8]) -> Forgery {
    let Federation { a, c, alice, erin, .. } = federation;
    let inner = mail(&erin.address, &alice.address, content).signed_by(erin);
    Forgery::new(Signer::member(c), a, &alice.address, inner)
}

async fn arrive(federation: &Federation, mail: &Mail) -> String {
    let Federation { a, alice, erin, .. } = federation;
    smtp::send(a.inbound, None, &erin.address, &alice.address, &mail.octets).await
}

async fn a_finding_that_blocks_needs_an_override_with_a_reason(federation: &Federation) {
    let Federation { a, alice, .. } = federation;
    let dir = run_dir(a);
    let infected = by_erin(federation, &eicar()).compose();
    assert_eq!(arrive(federation, &infected).await, HELD);
    let held = officer::find(&dir, &infected.message_id).await;
    assert_eq!((held.reason, held.outcome), (Reason::MalwareInside, Outcome::Block));
    assert!(held.encrypted && held.sender_verified);
    let plain = officer::release(&dir, &held, alice, None).await;
    assert_eq!(plain, Err(Problem::NotAllowed));
    let unexplained = officer::release(&dir, &held, alice, Some(" ")).await;
    assert_eq!(unexplained, Err(Problem::Malformed));
    assert!(delivered(a, alice, &infected.message_id).is_empty());
    let released = officer::release(&dir, &held, alice, Some("a test file")).await.unwrap();
    assert_eq!(released.state, HeldState::Released, "{released:?}");
    assert_eq!(delivered(a, alice, &infected.message_id).len(), 1);
    // The copy that its sender's queue may still have is a repeat.
    let reply = arrive(federation, &infected).await;
    assert_eq!(reply, "250 2.0.0 Ok, delivered before");
    // What only says hold inside needs no override.
    let locked = by_erin(federation, &locked_zip()).compose();
    assert_eq!(arrive(federation, &locked).await, HELD);
    let held = officer::find(&dir, &locked.message_id).await;
    assert_eq!((held.reason, held.outcome), (Reason::UninspectableInside, Outcome::Hold));
    let released = officer::release(&dir, &held, alice, None).await.unwrap();
    assert_eq!(released.state, HeldState::Released, "{released:?}");
    assert_eq!(delivered(a, alice, &locked.message_id).len(), 1);
}

/// B holds what its people encrypted and what is stopped then.
async fn what_a_person_encrypted_is_shown_and_released(federation: &Federation) {
    let Federation { b, bob, dave, .. } = federation;
    let dir = run_dir(b);
    let relay = look_up(b, &dave.address).await;
    let leak = mail(&bob.address, &dave.address, &my_number()).signed_by(bob).encrypted_for(&relay);
    assert_eq!(submit(b, bob, &dave.address, &leak).await, HELD);
    let held = officer::find(&dir, &leak.message_id).await;
    assert_eq!((held.reason, held.outcome), (Reason::LeakInside, Outcome::Block));

    let (key, certificate) = &bob.encryption;
    let shown = officer::review(&dir, &held, bob, certificate).await.unwrap();
    let content = ssmax_smime::decrypt::decrypt(&shown, key, Some(certificate)).unwrap();
    let content = String::from_utf8_lossy(&content).into_owned();
    assert!(content.contains("multipart/signed"), "{content}");

    let reason = Some("the owner agreed");
    let released = officer::release(&dir, &held, dave, reason).await.unwrap();
    assert_eq!(released.state, HeldState::Released, "{released:?}");
    assert_eq!(delivered(b, dave, &leak.message_id).len(), 1);
}

/// Its key does not come out, so that nobody could see more than the gateway has.
async fn what_no_inspection_has_opened_is_shown_to_nobody(federation: &Federation) {
    let Federation { a, alice, .. } = federation;
    let dir = run_dir(a);
    let closed = by_erin(federation, &text()).other_key().compose();
    assert_eq!(arrive(federation, &closed).await, HELD);
    let held = officer::find(&dir, &closed.message_id).await;
    let shown = officer::review(&dir, &held, alice, &alice.encryption.1).await;
    assert_eq!(shown, Err(Problem::NotAllowed));
    let released = officer::release(&dir, &held, alice, Some("let us see")).await.unwrap();
    assert_eq!(released.state, HeldState::Held);
    assert_eq!(released.fates[0].reason, Some(Reason::UnwrapFailed));
}

async fn a_member_that_was_suspended_meanwhile_is_refused(federation: &Federation) {
    let Federation { a, c, alice, authority, .. } = federation;
    let dir = run_dir(a);
    let locked = by_erin(federation, &locked_zip()).compose();
    assert_eq!(arrive(federation, &locked).await, HELD);
    let held = officer::find(&dir, &locked.message_id).await;
    let now = OffsetDateTime::now_utc();
    let version = ssmax_authority::suspend(authority, &c.id, "unanswered", now).await.unwrap();
    federation.wait_for_list(version).await;
    let refused = officer::release(&dir, &held, alice, Some("we know them")).await.unwrap();
    assert_eq!((refused.state, refused.ended_before), (HeldState::Held, false));
    assert_eq!(refused.fates[0].reason, Some(Reason::OrganisationSuspended));
    assert!(delivered(a, alice, &locked.message_id).is_empty());
    let version = ssmax_authority::reinstate(authority, &c.id, "answered", now).await.unwrap();
    federation.wait_for_list(version).await;
    let released = officer::release(&dir, &held, alice, None).await.unwrap();
    assert_eq!(released.state, HeldState::Released, "{released:?}");
}

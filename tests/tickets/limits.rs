//! How much one person and one member get in an hour: the last one is let in, the next one
//! waits, and no key is used for it.

use crate::asking::{Site, assert_refused};
use crate::own_mail::admit;
use ssmax_api::Problem;
use ssmax_api::keyserver::{Decided, Form, GatewayRequest, InboundAnswer, VerdictBody};
use ssmax_api::person::PersonProblem;
use ssmax_chain::held_decision::HeldDeed;
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::Outcome;
use ssmax_keyserver::Limits;
use ssmax_support::mails::{mail, text};
use ssmax_support::member::Role;
use ssmax_support::officer;

pub(crate) async fn run(site: &mut Site) {
    a_person_submits_so_many_mails_and_writes_to_so_many_people(site).await;
    who_is_refused_after_opening_too_often_gets_no_key_used(site).await;
    what_a_worker_refuses_counts_and_neither_findings_nor_its_death_do(site).await;
    a_copy_sent_on_to_somebody_else_is_not_held_against_its_member(site).await;
    a_member_has_so_many_mails_on_their_way_at_a_time(site).await;
}

const SUBMITTER: Problem = Problem::Refused(Reason::SubmitterLimit);

async fn limit(site: &mut Site, limits: Limits) {
    let a = &mut site.federation.a;
    a.stop(Role::Keyserver).await;
    a.keyserver.keyserver.limits = limits;
    a.start(Role::Keyserver).await;
}

async fn submitted(site: &Site, user: &str) -> Result<(), Problem> {
    let federation = &site.federation;
    let person = if user == "alice" { &federation.alice } else { &federation.carol };
    let plain = mail(&person.address, &federation.bob.address, &text());
    admit(site, user, person, &plain.encrypted_for(&site.relay)).await.map(drop)
}

async fn a_person_submits_so_many_mails_and_writes_to_so_many_people(site: &mut Site) {
    limit(site, Limits { mails_per_hour: 2, ..Limits::default() }).await;
    assert_eq!(submitted(site, "alice").await, Ok(()));
    assert_eq!(submitted(site, "alice").await, Ok(()));
    assert_eq!(submitted(site, "alice").await, Err(SUBMITTER));
    assert_eq!(submitted(site, "carol").await, Ok(()));
    limit(site, Limits { recipients_per_hour: 1, ..Limits::default() }).await;
    assert_eq!(submitted(site, "alice").await, Ok(()));
    assert_eq!(submitted(site, "alice").await, Err(SUBMITTER));
}

async fn who_is_refused_after_opening_too_often_gets_no_key_used(site: &mut Site) {
    limit(site, Limits { opened_refusals_per_hour: 2, ..Limits::default() }).await;
    let federation = &site.federation;
    let (alice, bob) = (&federation.alice, &federation.bob.address);
    let plain = mail(&alice.address, bob, &text());
    // The last octets are the wrapped key, which proves itself.
    let damaged = plain.encrypted_around(&plain.content(), &site.relay, |mut info| {
        *info.last_mut().unwrap() ^= 1;
        info
    });
    let opened = Problem::Refused(Reason::UnwrapFailed);
    for problem in [opened, opened, SUBMITTER] {
        let answer = admit(site, "alice", alice, &damaged).await;
        assert_eq!(answer.map(drop), Err(problem));
    }
    assert_eq!(submitted(site, "alice").await, Err(SUBMITTER));
    assert_eq!(submitted(site, "carol").await, Ok(()));
}

/// One mail of alice that a worker blocks with this change to what it found.
async fn blocked(site: &Site, change: impl FnOnce(&mut VerdictBody)) {
    let mail = site.submit(Form::Enveloped, &[&site.federation.bob.address]).await;
    let worker = site.release(&mail).await;
    let mut verdict = VerdictBody { outcome: Outcome::Block, ..worker.finding(&mail) };
    change(&mut verdict);
    assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
    site.close(&mail.ticket).await;
}

async fn what_a_worker_refuses_counts_and_neither_findings_nor_its_death_do(site: &mut Site) {
    let two = Limits { opened_refusals_per_hour: 2, ..Limits::default() };
    limit(site, two).await;
    for _ in 0..3 {
        blocked(site, |_| {}).await;
    }
    blocked(site, |verdict| verdict.parts = vec![]).await;
    blocked(site, |verdict| verdict.signer = None).await;
    assert_eq!(submitted(site, "alice").await, Err(SUBMITTER));
    assert_eq!(submitted(site, "carol").await, Ok(()));
    // A worker that dies is our own trouble: nobody has to wait for it longer than it lasts.
    limit(site, two).await;
    let bob = site.federation.bob.address.clone();
    for _ in 0..2 {
        let silent = site.submit(Form::Enveloped, &[&bob]).await;
        site.release(&silent).await;
        site.close(&silent.ticket).await;
    }
    assert_eq!(submitted(site, "alice").await, Ok(()));
}

async fn a_copy_sent_on_to_somebody_else_is_not_held_against_its_member(site: &mut Site) {
    limit(site, Limits { opened_refusals_per_hour: 1, ..Limits::default() }).await;
    let (mut request, _) = site.by_erin(|_| {});
    request.recipients = vec![site.federation.carol.address.clone()];
    let request = GatewayRequest::AdmitInbound(Box::new(request));
    for _ in 0..3 {
        let answer = site.gateway::<InboundAnswer>(&request).await;
        let refused = Problem::Refused(Reason::RecipientNotAnnounced);
        assert_eq!(answer.map(|_| "admitted"), Err(refused));
    }
    assert!(site.arriving().await.is_ok());
}

/// An empty list of reviewers names nobody.
pub(crate) async fn without_reviewers_nobody_decides(site: &mut Site) {
    let a = &mut site.federation.a;
    a.stop(Role::Keyserver).await;
    a.keyserver.keyserver.reviewers = vec![];
    a.start(Role::Keyserver).await;
    let alice = &site.federation.alice;
    let mail = ("one", Digest::of(b"mail"));
    let decision = officer::decision(mail, alice, HeldDeed::HoldRelease, "seen");
    let decide = GatewayRequest::Decide(Box::new(officer::signed(&decision, alice)));
    let refused = Problem::NotBelieved(PersonProblem::NotAnOfficer);
    assert_refused(site.gateway::<Decided>(&decide).await, refused);
}

async fn a_member_has_so_many_mails_on_their_way_at_a_time(site: &mut Site) {
    limit(site, Limits { member_mails_at_once: 2, ..Limits::default() }).await;
    let mails = [site.arrive().await, site.arrive().await];
    let refused = Problem::Refused(Reason::MemberLimit);
    assert_eq!(site.arriving().await.map(|_| "admitted"), Err(refused));
    site.close(&mails[0].ticket).await;
    site.arrive().await;
    assert_eq!(site.arriving().await.map(|_| "admitted"), Err(refused));
    limit(site, Limits { member_mails_per_hour: 1, ..Limits::default() }).await;
    site.arrive().await;
    assert_eq!(site.arriving().await.map(|_| "admitted"), Err(refused));
}

//! How much one person and one member get in an hour: the last one is let in, the next one
//! waits, and no key is used for it.

use crate::asking::Site;
use crate::mails::{mail, text};
use crate::member::Role;
use crate::own_mail::admit;
use ssmax_api::Problem;
use ssmax_chain::Reason;
use ssmax_keyserver::Limits;

pub(crate) async fn run(site: &mut Site) {
    a_person_submits_so_many_mails_and_writes_to_so_many_people(site).await;
    who_is_refused_after_opening_too_often_gets_no_key_used(site).await;
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

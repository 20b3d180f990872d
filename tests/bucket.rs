//! Two gateways of one member that hold mail in one bucket of an S3-compatible store which
//! others wrote, and what happens while that is away.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests stop at what they do not expect"
)]

use ssmax_api::Problem;
use ssmax_api::gateway::HeldState;
use ssmax_chain::Reason;
use ssmax_store::objects::ObjectsConfig;
use ssmax_support::federation::Federation;
use ssmax_support::mails::{Mail, mail, my_number, text};
use ssmax_support::member::{Member, Role};
use ssmax_support::officer;
use ssmax_support::person::{Person, look_up};
use ssmax_support::second::{Second, copies};
use ssmax_support::stage::submit;
use ssmax_test_objects::{Between, Failure};
use ssmax_test_postgres::shared;
use std::time::{Duration, Instant};

/// The answer for a mail that waits for an officer.
const HELD: &str = "250 2.0.0 Ok, kept for review";

/// The member whose gateways these are, and two of its people.
struct Own<'a> {
    member: &'a Member,
    sender: &'a Person,
    colleague: &'a Person,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gateways_hold_mail_in_one_bucket_and_put_it_off_while_that_is_away() {
    let (Some(_), Some(objects)) = (shared(), ssmax_test_objects::shared()) else { return };
    let mut federation = Federation::start().await;
    let (between, bucket) = (Between::before(objects.port()), objects.bucket());
    federation.b.stop(Role::Gateway).await;
    let key = federation.b.home.join("objects.key");
    ssmax_test_objects::write_key(&key);
    federation.b.gateway.gateway.objects = ObjectsConfig {
        url: Some(format!("s3://{bucket}/b")),
        endpoint: Some(between.endpoint()),
        credentials_file: Some(key),
        timeout_seconds: 4,
        ..ObjectsConfig::default()
    };
    federation.b.start(Role::Gateway).await;
    let second = Second::start(&federation.b, "second").await;
    let Federation { b: member, bob: sender, dave: colleague, .. } = &federation;
    let b = Own { member, sender, colleague };
    let in_bucket = || objects.names(&bucket);
    what_one_holds_in_the_bucket_an_officer_releases_at_the_other(&b, &second, &in_bucket).await;
    without_the_bucket_mail_is_put_off_and_held_again(&b, &between).await;
    a_held_mail_stays_while_the_bucket_is_away_and_when_its_object_is_gone(
        &b, objects, &bucket, &between,
    )
    .await;
    second.stop().await;
}

/// What a person of B submits that is held.
async fn leak(b: &Own<'_>) -> Mail {
    let to = &b.colleague.address;
    let relay = look_up(b.member, to).await;
    mail(&b.sender.address, to, &my_number()).signed_by(b.sender).encrypted_for(&relay)
}

async fn what_one_holds_in_the_bucket_an_officer_releases_at_the_other(
    b: &Own<'_>,
    second: &Second,
    in_bucket: &impl Fn() -> Vec<String>,
) {
    let (leak, to) = (leak(b).await, &b.colleague.address);
    assert_eq!(submit(b.member, b.sender, to, &leak).await, HELD);
    assert_eq!(submit(b.member, b.sender, to, &leak).await, HELD, "kept once");
    let held = officer::find(&second.run_dir, &leak.message_id).await;
    assert_eq!(in_bucket().len(), 1);
    assert_eq!(b.member.held_object(&held.id), None, "nothing of it is in the tables");
    assert!(!in_bucket()[0].contains(&held.id), "the name tells nothing");
    let reason = Some("the owner agreed");
    let released = officer::release(&second.run_dir, &held, b.colleague, reason).await.unwrap();
    assert_eq!((released.state, released.ended_before), (HeldState::Released, false));
    assert_eq!(copies(b.member, b.colleague, &leak), 1);
    for _ in 0..100 {
        if in_bucket().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the object of a released mail is still there: {:?}", in_bucket());
}

async fn without_the_bucket_mail_is_put_off_and_held_again(b: &Own<'_>, between: &Between) {
    let to = &b.colleague.address;
    for failure in Failure::ALL {
        // An answer to what is written is too short to be cut off there.
        if failure == Failure::Truncated {
            continue;
        }
        let leak = leak(b).await;
        between.fail(Some(failure));
        let begun = Instant::now();
        let reply = submit(b.member, b.sender, to, &leak).await;
        assert!(reply.starts_with("451 4.3.0 SSMAX-9005"), "{failure:?}: {reply}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{failure:?}: {:?}", begun.elapsed());
        let good = mail(&b.sender.address, to, &text()).signed_by(b.sender);
        let reply = submit(b.member, b.sender, to, &good).await;
        assert!(reply.starts_with("250 "), "what is not held needs no bucket: {reply}");
        between.fail(None);
        // The queue tries again; nobody has restarted anything.
        assert_eq!(submit(b.member, b.sender, to, &leak).await, HELD, "{failure:?}");
    }
}

async fn a_held_mail_stays_while_the_bucket_is_away_and_when_its_object_is_gone(
    b: &Own<'_>,
    objects: &ssmax_test_objects::Server,
    bucket: &str,
    between: &Between,
) {
    let run_dir = &b.member.gateway.run_dir;
    let part = async || {
        let said = ssmax_daemon::watch::ask(run_dir, "gateway").await.unwrap();
        said.parts.into_iter().find(|part| part.name == "objects").unwrap().fault
    };
    let (leak, to) = (leak(b).await, &b.colleague.address);
    let before = objects.names(bucket);
    assert_eq!(submit(b.member, b.sender, to, &leak).await, HELD);
    let held = officer::find(run_dir, &leak.message_id).await;
    let reason = Some("the owner agreed");
    let release = async || officer::release(run_dir, &held, b.colleague, reason).await.map(drop);
    assert_eq!(part().await, None);
    for (failure, fault) in [(Failure::Busy, "unusable"), (Failure::Silent, "unreachable")] {
        between.fail(Some(failure));
        assert_eq!(release().await, Err(Problem::Refused(Reason::StoreUnavailable)));
        assert_eq!(part().await.as_deref(), Some(fault));
    }
    between.fail(None);
    assert_eq!(part().await, None);
    let object = objects.names(bucket).into_iter().find(|name| !before.contains(name)).unwrap();
    objects.remove(bucket, &object);
    assert_eq!(release().await, Err(Problem::Refused(Reason::HeldMailMissing)));
    assert_eq!(officer::find(run_dir, &leak.message_id).await.state, HeldState::Held);
    let ended = officer::delete(run_dir, &held, b.colleague, "its octets are gone").await.unwrap();
    assert_eq!(ended.state, HeldState::Deleted);
}

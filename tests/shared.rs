//! Two gateways of one member that keep their tables on one PostgreSQL server, as behind
//! one mail server: what one has done the other knows, and mail waits while the server is
//! away.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests stop at what they do not expect"
)]

use ssmax_api::Problem;
use ssmax_api::gateway::HeldState;
use ssmax_daemon::Stop;
use ssmax_keyserver::SetupError;
use ssmax_store::{StoreError, files};
use ssmax_support::federation::Federation;
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{Mail, mail, my_number, text};
use ssmax_support::member::{Member, Role};
use ssmax_support::officer;
use ssmax_support::person::look_up;
use ssmax_support::second::{Second, copies};
use ssmax_support::smtp;
use ssmax_support::stage::{Side, Stage, submit, submit_at};
use ssmax_test_postgres::{Server, shared};
use std::time::Duration;

/// The answer for a mail that waits for an officer.
const HELD: &str = "250 2.0.0 Ok, kept for review";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gateways_on_one_server_share_what_they_have_done_and_lose_nothing_without_it() {
    let Some(server) = shared() else { return };
    let mut federation = Federation::start().await;
    let second = Second::start(&federation.b, "second").await;
    let stage = Stage::open(&federation).await;
    let [_, b] = stage.sides();
    what_one_has_delivered_is_a_repeat_at_the_other(&federation, &b, &second).await;
    of_one_mail_at_both_at_once_one_is_delivered(&federation, &b, &second).await;
    what_one_holds_an_officer_releases_at_the_other(&b, &second).await;
    a_second_keyserver_is_refused_while_the_first_serves(&b).await;
    without_the_server_mail_is_put_off_and_passes_again(server, &federation, &b, &second).await;
    second.stop().await;
    one_after_the_other_is_restarted_while_mail_goes_on(&mut federation).await;
}

/// What became of a mail, without the times that it was put off.
async fn fates(member: &Member, mail: &Mail) -> Vec<String> {
    let rows = ssmax_gateway::fates_of(member.gateway.place(), &mail.message_id).await.unwrap();
    let decided = rows.into_iter().filter(|row| !row.reply.starts_with('4'));
    decided.map(|row| row.fate).collect()
}

/// Sends until it is taken, as a queue does. Whoever comes at once with what the other
/// gateway has just done may find it claimed still.
async fn taken(send: impl AsyncFn() -> String) {
    let mut reply = String::new();
    for _ in 0..10 {
        reply = send().await;
        if reply.starts_with("250 ") {
            return;
        }
        assert!(reply.starts_with('4'), "{reply}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{reply}");
}

async fn what_one_has_delivered_is_a_repeat_at_the_other(
    federation: &Federation,
    b: &Side<'_>,
    second: &Second,
) {
    let coming = federation.by_c(b).compose();
    let erin = &federation.erin.address;
    for gateway in [b.member.inbound, second.inbound, b.member.inbound] {
        taken(async || smtp::send(gateway, None, erin, &b.sender.address, &coming.octets).await)
            .await;
    }
    assert_eq!(fates(b.member, &coming).await, ["passed", "repeated", "repeated"]);
    assert_eq!(copies(b.member, b.sender, &coming), 1);
    // Likewise what an own person sends.
    let going = mail(&b.sender.address, &b.other.address, &text()).signed_by(b.sender);
    for gateway in [second.submission, b.member.submission] {
        taken(async || submit_at(gateway, b.sender, &b.other.address, &going).await).await;
    }
    assert_eq!(fates(b.member, &going).await, ["passed", "repeated"]);
}

async fn of_one_mail_at_both_at_once_one_is_delivered(
    federation: &Federation,
    b: &Side<'_>,
    second: &Second,
) {
    let erin = &federation.erin.address;
    for _ in 0..5 {
        let coming = federation.by_c(b).compose();
        let to = &b.sender.address;
        let (one, other) = tokio::join!(
            smtp::send(b.member.inbound, None, erin, to, &coming.octets),
            smtp::send(second.inbound, None, erin, to, &coming.octets),
        );
        assert!(one.starts_with("250 ") || other.starts_with("250 "), "{one} {other}");
        assert_eq!(copies(b.member, b.sender, &coming), 1, "{one} {other}");
        taken(async || smtp::send(second.inbound, None, erin, to, &coming.octets).await).await;
        assert_eq!(copies(b.member, b.sender, &coming), 1);
    }
}

async fn what_one_holds_an_officer_releases_at_the_other(b: &Side<'_>, second: &Second) {
    let (to, first) = (&b.colleague.address, &b.member.gateway.run_dir);
    let relay = look_up(b.member, to).await;
    let leak = mail(&b.sender.address, to, &my_number()).signed_by(b.sender).encrypted_for(&relay);
    assert_eq!(submit(b.member, b.sender, to, &leak).await, HELD);
    let held = officer::find(&second.run_dir, &leak.message_id).await;
    assert!(b.member.held_object(&held.id).is_some());
    let reason = Some("the owner agreed");
    let released = officer::release(&second.run_dir, &held, b.colleague, reason).await.unwrap();
    assert_eq!((released.state, released.ended_before), (HeldState::Released, false));
    let mut again = officer::release(first, &held, b.colleague, reason).await;
    if again == Err(Problem::Exists) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        again = officer::release(first, &held, b.colleague, reason).await;
    }
    let again = again.unwrap();
    assert_eq!((again.state, again.ended_before), (HeldState::Released, true));
    assert_eq!(copies(b.member, b.colleague, &leak), 1);
    assert_eq!(b.member.held_object(&held.id), None);
}

async fn a_second_keyserver_is_refused_while_the_first_serves(b: &Side<'_>) {
    let mut settings = b.member.keyserver.clone();
    settings.run_dir = b.member.home.join("spare");
    files::create_private_dir(&settings.run_dir).unwrap();
    let refused = ssmax_keyserver::serve(settings, Stop::new()).await.unwrap_err();
    assert!(matches!(refused, SetupError::Store(StoreError::InUse)), "{refused}");
}

async fn without_the_server_mail_is_put_off_and_passes_again(
    server: &Server,
    federation: &Federation,
    b: &Side<'_>,
    second: &Second,
) {
    let coming = federation.by_c(b).compose();
    let erin = &federation.erin.address;
    // Killed, and silent, as behind a broken network: each is an answer within 30 seconds.
    for away in [Away::Stopped, Away::Silent] {
        away.begin(server);
        for gateway in [b.member.inbound, second.inbound] {
            let reply = smtp::send(gateway, None, erin, &b.sender.address, &coming.octets).await;
            assert!(reply.starts_with('4'), "{away:?}: {reply}");
        }
        away.end(server);
        assert_eq!(copies(b.member, b.sender, &coming), 0);
        let good = federation.by_c(b).compose();
        let to = &b.sender.address;
        taken(async || smtp::send(second.inbound, None, erin, to, &good.octets).await).await;
        assert_eq!(copies(b.member, b.sender, &good), 1);
    }
    let (gateway, to) = (b.member.inbound, &b.sender.address);
    taken(async || smtp::send(gateway, None, erin, to, &coming.octets).await).await;
    assert_eq!(copies(b.member, b.sender, &coming), 1);
}

#[derive(Debug, Clone, Copy)]
enum Away {
    Stopped,
    Silent,
}

impl Away {
    fn begin(self, server: &Server) {
        match self {
            Self::Stopped => server.stop(),
            Self::Silent => server.freeze(true),
        }
    }

    fn end(self, server: &Server) {
        match self {
            Self::Stopped => server.run(),
            Self::Silent => server.freeze(false),
        }
    }
}

async fn one_after_the_other_is_restarted_while_mail_goes_on(federation: &mut Federation) {
    let erin = federation.erin.address.clone();
    let composed = |federation: &Federation| {
        let Federation { b, c, bob, erin, .. } = federation;
        let inner = mail(&erin.address, &bob.address, &text()).signed_by(erin);
        Forgery::new(Signer::member(c), b, &bob.address, inner).compose()
    };
    let mut second = Second::start(&federation.b, "third").await;
    for round in 0..3 {
        let coming = composed(federation);
        let octets = coming.octets.clone();
        let (gateway, to) = (second.inbound, federation.bob.address.clone());
        federation.b.stop(Role::Gateway).await;
        taken(async || smtp::send(gateway, None, &erin, &to, &octets).await).await;
        federation.b.start(Role::Gateway).await;
        second.stop().await;
        let gateway = federation.b.inbound;
        taken(async || smtp::send(gateway, None, &erin, &to, &octets).await).await;
        assert_eq!(copies(&federation.b, &federation.bob, &coming), 1);
        second = Second::start(&federation.b, &format!("third-{round}")).await;
    }
    second.stop().await;
}

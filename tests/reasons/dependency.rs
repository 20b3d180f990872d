//! Something needed is down, or forgets: the mail stays with who has it.

use crate::between::{Between, Meddling};
use serde_bytes::ByteBuf;
use ssmax_api::Answer;
use ssmax_api::gateway::HeldState;
use ssmax_api::keyserver::{GatewayRequest, ListInstalled};
use ssmax_chain::Reason;
use ssmax_daemon::Stop;
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::federation::Federation;
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{Mail, eicar, mail, text};
use ssmax_support::member::{Member, Role};
use ssmax_support::person::Person;
use ssmax_support::published::told;
use ssmax_support::stage::{Found, Stage, submit, submit_at};
use ssmax_support::{officer, smtp};
use std::path::Path;
use std::time::Duration;
use time::OffsetDateTime;

/// Somebody outside the federation.
const MALLORY: &str = "mallory@x.example";

pub(crate) async fn run(stage: &mut Stage<'_>) {
    nobody_listens_at_the_next_hop(stage).await;
    the_next_hop_refuses(stage).await;
    the_store_has_no_room_to_hold(stage).await;
    the_store_cannot_say_what_was_delivered(stage).await;
    the_octets_of_a_held_mail_are_changed_and_gone(stage).await;
    the_store_cannot_be_written(stage).await;
    the_inspector_forgets_its_work(stage).await;
    no_member_list_was_ever_seen(stage).await;
}

async fn nobody_listens_at_the_next_hop(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let erin = &stage.federation.erin.address;
    let mail = mail(&a.sender.address, erin, &text());
    let reply = submit(a.member, a.sender, erin, &mail).await;
    let expected = "451 4.4.1 SSMAX-9003: no connection to the next hop (connection refused)";
    let (place, fate) = (a.member.gateway.place(), ("outbound", "refused"));
    let reason = Reason::NextHopUnavailable;
    stage.found.compare(&place, fate, &mail, &reply, expected, reason).await;
}

/// The sender is told in the next hop's words, which say no more than to anybody.
async fn the_next_hop_refuses(stage: &mut Stage<'_>) {
    let [a, b] = stage.sides();
    let nobody = format!("nobody@{}", b.member.domain);
    let unknown = mail(&a.sender.address, &nobody, &text());
    let infected = mail(&a.sender.address, &b.sender.address, &eicar());
    for (recipient, mail, theirs) in [
        (&nobody, unknown, Reason::RecipientWithoutCertificate),
        (&b.sender.address, infected, Reason::RefusedAfterOpening),
    ] {
        let reply = submit(a.member, a.sender, recipient, &mail).await;
        let expected = told(theirs).replacen("SSMAX-", "SSMAX-9004: SSMAX-", 1);
        let (place, fate) = (a.member.gateway.place(), ("outbound", "refused"));
        let reason = Reason::NextHopRefused;
        stage.found.compare(&place, fate, &mail, &reply, &expected, reason).await;
    }
}

/// A gateway's database with one table out of reach.
struct Without<'a> {
    member: &'a Member,
    table: &'static str,
}

impl<'a> Without<'a> {
    async fn table(member: &'a Member, table: &'static str) -> Self {
        let without = Self { member, table };
        without.rename(table, "out_of_reach").await;
        without
    }

    async fn restored(self) {
        self.rename("out_of_reach", self.table).await;
    }

    async fn rename(&self, from: &str, to: &str) {
        let store = if self.table == "held" { "hold" } else { "gateway" };
        if let Some(address) = &self.member.gateway.gateway.state.url {
            let change = format!("ALTER TABLE ssmax_{store}.{from} RENAME TO {to}");
            ssmax_test_postgres::shared().unwrap().sql_at(address, &change);
            return;
        }
        let path = self.member.state_dir().join(format!("gateway/{store}.sqlite"));
        let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
        let change = sqlx::AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
        sqlx::query(change).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

async fn the_store_has_no_room_to_hold(stage: &mut Stage<'_>) {
    // A holds what comes in, B what goes out.
    let [a, b] = stage.sides();
    let reason = Reason::StoreUnavailable;
    let at_a = Without::table(a.member, "held").await;
    let infected = stage.federation.by_c_around(&a, &eicar()).compose();
    let erin = &stage.federation.erin.address;
    stage.arrived(a.member, erin, &a.sender.address, &infected, reason).await;
    at_a.restored().await;
    let at_b = Without::table(b.member, "held").await;
    let unsigned = mail(&b.sender.address, &b.other.address, &text()).encrypted_for(&b.relay);
    stage.submitted(b.member, b.sender, &b.other.address, &unsigned, reason).await;
    at_b.restored().await;
}

async fn the_store_cannot_say_what_was_delivered(stage: &mut Stage<'_>) {
    for side in stage.sides() {
        let without = Without::table(side.member, "replay").await;
        let good = stage.federation.by_c(&side).compose();
        let erin = &stage.federation.erin.address;
        let reason = Reason::StoreUnavailable;
        stage.arrived(side.member, erin, &side.sender.address, &good, reason).await;
        without.restored().await;
    }
}

/// It stays held, and goes on when they are back.
async fn the_octets_of_a_held_mail_are_changed_and_gone(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let (erin, wanda) = (&stage.federation.erin.address, &stage.federation.wanda);
    let infected = stage.federation.by_c_around(&a, &eicar()).compose();
    let reply = smtp::send(a.member.inbound, None, erin, &a.sender.address, &infected.octets).await;
    stage.found.expect(reply.starts_with("250 2.0.0 Ok, kept"), &reply);
    let run_dir = &a.member.gateway.run_dir;
    let held = officer::find(run_dir, &infected.message_id).await;
    let path = a.member.state_dir().join("gateway/held").join(&held.id);
    let octets = std::fs::read(&path).unwrap();
    let mut changed = octets.clone();
    changed[octets.len() / 2] ^= 1;
    let release =
        async || officer::release(run_dir, &held, wanda, Some("a false alarm")).await.map(drop);
    for (octets, reason) in [
        (Some(changed.as_slice()), Reason::HeldMailChanged),
        (Some(&octets[..octets.len() - 1]), Reason::HeldMailChanged),
        (None, Reason::HeldMailMissing),
    ] {
        match octets {
            Some(octets) => ssmax_store::files::write_private(&path, octets).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let told = release().await;
        stage.found.told_an_officer(told, reason);
    }
    let still = officer::find(run_dir, &infected.message_id).await;
    stage.found.expect(still.state == HeldState::Held, "a mail without octets stays held");
    ssmax_store::files::write_private(&path, &octets).unwrap();
    let told = release().await;
    stage.found.expect(told == Ok(()), &format!("it goes on when they are back: {told:?}"));
}

/// Nothing is sent of which nothing would be known.
async fn the_store_cannot_be_written(stage: &mut Stage<'_>) {
    // Believed until then is what was written just now.
    let believed = Duration::from_secs(1);
    for side in stage.sides() {
        let (to, reason) = (&side.other.address, Reason::StoreUnavailable);
        let without = Without::table(side.member, "status").await;
        tokio::time::sleep(believed).await;
        let going = mail(&side.sender.address, to, &text()).signed_by(side.sender);
        stage.submitted(side.member, side.sender, to, &going, reason).await;
        tokio::time::sleep(believed).await;
        let coming = stage.federation.by_c(&side).compose();
        let erin = &stage.federation.erin.address;
        stage.arrived(side.member, erin, &side.sender.address, &coming, reason).await;
        without.restored().await;
    }
}

async fn the_inspector_forgets_its_work(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    for (meddling, recipient) in
        [(Meddling::ForgetFresh, &a.other.address), (Meddling::ForgetSealed, &a.colleague.address)]
    {
        let between = Between::start(a.member, &stage.federation.dir, meddling).await;
        let good = mail(&a.sender.address, recipient, &text());
        let reply = submit_at(between.submission, a.sender, recipient, &good).await;
        let (fate, reason) = (("outbound", "refused"), Reason::Internal);
        let expected = told(reason);
        stage.found.compare(&between.place(), fate, &good, &reply, &expected, reason).await;
        between.stop().await;
    }
}

async fn no_member_list_was_ever_seen(stage: &mut Stage<'_>) {
    let federation = stage.federation;
    let (c, erin) = (&federation.c, &federation.erin.address);
    let alone = Between::alone(c, &federation.dir).await;
    let outside = mail(MALLORY, erin, &text());
    list_outdated(stage, &alone, MALLORY, &outside).await;
    // Behind the same gateway now a keyserver whose list is eight days old.
    let stop = Stop::new();
    let serving = keyserver_with_an_old_list(federation, &alone, &stop).await;
    let alice = &federation.alice;
    let inner = mail(&alice.address, erin, &text()).signed_by(alice);
    let over_the_chain = Forgery::new(Signer::member(&federation.a), c, erin, inner).compose();
    list_outdated(stage, &alone, &alice.address, &over_the_chain).await;
    stop.trigger();
    serving.await.unwrap();
    alone.stop().await;
}

async fn list_outdated(stage: &mut Stage<'_>, alone: &Between, from: &str, mail: &Mail) {
    let erin = &stage.federation.erin.address;
    let reply = smtp::send(alone.inbound, None, from, erin, &mail.octets).await;
    let (fate, reason) = (("inbound", "refused"), Reason::MemberListOutdated);
    let expected = told(reason);
    stage.found.compare(&alone.place(), fate, mail, &reply, &expected, reason).await;
}

/// C's keyserver as it would be after eight days without the authority.
async fn keyserver_with_an_old_list(
    federation: &Federation,
    alone: &Between,
    stop: &Stop,
) -> tokio::task::JoinHandle<()> {
    let c = &federation.c;
    let mut settings = c.keyserver.clone();
    settings.state_dir.clone_from(&alone.state_dir);
    settings.run_dir = alone.state_dir.with_file_name("run");
    copy(&c.keyserver.key_dir(), &settings.key_dir());
    let seal_ca = ssmax_ca::seal_ca(&c.ca).await.unwrap();
    let nobody = ssmax_support::forgery::generate();
    let key = ssmax_token::KeyPair::spki(&nobody);
    ssmax_keyserver::install_admission(&settings, &c.admission, &seal_ca, key).await.unwrap();
    let run_dir = settings.run_dir.clone();
    let serving = ssmax_keyserver::serve(settings, stop.clone());
    let task = tokio::spawn(async { serving.await.unwrap() });
    let wait = Duration::from_secs(10);
    ssmax_daemon::ready::wait_ready(&run_dir, &["keyserver"], wait).await.unwrap();

    let mut authority = federation.authority.clone();
    // Issued long ago, and still running by its own word.
    authority.list_hours = 24 * 30;
    let mirror = federation.dir.path().join("mirror");
    let at = OffsetDateTime::now_utc() - time::Duration::days(8);
    ssmax_authority::publish(&authority, &mirror, at).await.unwrap();
    let list = std::fs::read(mirror.join("v1/list")).unwrap();
    let install = GatewayRequest::InstallList { list, certificates: Vec::<ByteBuf>::new() };
    let socket = run_dir.join("keyserver.gateway.sock");
    let answer: Answer = ssmax_daemon::call::call(&socket, &install, wait).await.unwrap();
    let _: ListInstalled = ssmax_api::decode(answer).unwrap();
    task
}

/// Copies a key store.
fn copy(from: &Path, to: &Path) {
    ssmax_store::files::create_private_dir(to.parent().unwrap()).unwrap();
    ssmax_store::files::create_private_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Roles of A are stopped, and come back: mail is put off and then passes again, without
/// a restart of anybody else.
pub(crate) async fn run_without_roles(federation: &mut Federation, found: &mut Found) {
    for (role, reason) in [
        (Role::Inspector, Reason::InspectorUnavailable),
        (Role::Keyserver, Reason::KeyserverUnavailable),
    ] {
        federation.a.stop(role).await;
        let Federation { a, alice, bob, .. } = &*federation;
        let going = mail(&alice.address, &bob.address, &text());
        found.submitted(a, alice, &bob.address, &going, reason).await;
        let coming = mail(MALLORY, &alice.address, &text());
        found.arrived(a, MALLORY, &alice.address, &coming, reason).await;
        federation.a.start(role).await;
        let Federation { a, alice, bob, .. } = &*federation;
        passes_again(a, alice, bob, found).await;
    }
}

/// A keyserver that has had enough of somebody for this hour puts off the rest.
pub(crate) async fn run_at_the_limit(federation: &mut Federation, found: &mut Found) {
    let usual = federation.a.keyserver.keyserver.limits;
    let none = ssmax_keyserver::Limits { mails_per_hour: 0, member_mails_per_hour: 0, ..usual };
    with_limits(federation, none).await;
    let Federation { a, b, alice, bob, .. } = &*federation;
    let going = mail(&alice.address, &bob.address, &text());
    found.submitted(a, alice, &bob.address, &going, Reason::SubmitterLimit).await;
    let coming = mail(&bob.address, &alice.address, &text());
    let reply = submit(b, bob, &alice.address, &coming).await;
    let reason = Reason::MemberLimit;
    let (at_a, at_b) = (told(reason), told(reason).replacen("SSMAX-", "SSMAX-9003: SSMAX-", 1));
    found.expect(reply == at_b, &reply);
    found.compare(&a.gateway.place(), ("inbound", "refused"), &coming, &at_a, &at_a, reason).await;
    with_limits(federation, usual).await;
    let Federation { a, alice, bob, .. } = &*federation;
    passes_again(a, alice, bob, found).await;
}

async fn with_limits(federation: &mut Federation, limits: ssmax_keyserver::Limits) {
    federation.a.stop(Role::Keyserver).await;
    federation.a.keyserver.keyserver.limits = limits;
    federation.a.start(Role::Keyserver).await;
}

async fn passes_again(a: &Member, alice: &Person, bob: &Person, found: &mut Found) {
    let good = mail(&alice.address, &bob.address, &text());
    let reply = submit(a, alice, &bob.address, &good).await;
    found.expect(reply.starts_with("250 2.0.0 "), &reply);
}

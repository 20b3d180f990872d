//! How the gateway tells people of opened mail: when the next hop is away, when it was
//! killed between sending and saying so, and when nobody takes mail for the address.

use crate::archive::{Asked, Cast, set};
use crate::archive_parts::archived;
use crate::asking::Site;
use ssmax_api::ca::{AccountKind, AddUser, NewUser, OfficerRequest};
use ssmax_gateway::wire::Route;
use ssmax_inspection::{Direction, Outcome, rule};
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::member::Role;
use ssmax_support::person::Person;
use std::time::{Duration, Instant};

/// How long a gateway may take that looks when it starts.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(site: &mut Site) {
    site.federation.a.stop(Role::Gateway).await;
    let cast = Cast {
        olga: Person::enrol(site.a(), "olga", false).await,
        oscar: Person::enrol(site.a(), "oscar", false).await,
        ruth: Person::enrol(site.a(), "ruth", false).await,
        rita: Person::enrol(site.a(), "rita", false).await,
    };
    let role = AddUser {
        user: "reports".to_owned(),
        kind: AccountKind::System,
        name: "Mail system".to_owned(),
        addresses: vec!["mailer-daemon@a.example".to_owned()],
        proof: "organisation".to_owned(),
        server_key: true,
        ..AddUser::default()
    };
    let _: NewUser = site.officer(&OfficerRequest::AddUser(Box::new(role))).await;
    set(site, |_| {}).await;
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    site.archive(asked.by(&cast.officers())).await.unwrap();
    a_notice_waits_while_the_next_hop_is_away(site).await;
    a_notice_that_was_sent_before_is_not_delivered_again(site).await;
    a_reason_that_is_held_or_refused_hides_no_notice(site, &cast).await;
    a_notice_that_nobody_takes_has_its_end(site, &cast).await;
}

/// Starts the gateway with this road to its own people.
async fn start_with(site: &mut Site, route: &str) {
    let a = &mut site.federation.a;
    let route: Route = route.parse().unwrap();
    a.gateway.gateway.routes.insert("a.example".to_owned(), route);
    a.start(Role::Gateway).await;
}

fn to_files(site: &Site) -> String {
    format!("maildir:{}/mail/{{domain}}/{{local}}", site.a().home.display())
}

/// Waits until no notice waits any more.
async fn all_ended(site: &Site) {
    let start = Instant::now();
    while !site.notices().await.is_empty() {
        assert!(start.elapsed() < PATIENCE, "a notice still waits");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn in_mailbox(site: &Site) -> usize {
    let dir = site.a().maildir("ruth@a.example");
    std::fs::read_dir(dir).map_or(0, Iterator::count)
}

/// What the gateway's journal says of the notices so far.
async fn fates(site: &Site) -> Vec<String> {
    let path = site.a().gateway.dir().join("gateway.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT fate FROM journal WHERE recipient = 'ruth@a.example' ORDER BY rowid",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    pool.close().await;
    rows.into_iter().map(|(fate,)| fate).collect()
}

async fn a_notice_waits_while_the_next_hop_is_away(site: &mut Site) {
    // Nobody listens at the port of a socket that is bound and closed again.
    let port = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    };
    start_with(site, &format!("smtp://127.0.0.1:{port}")).await;
    let start = Instant::now();
    while fates(site).await.is_empty() {
        assert!(start.elapsed() < PATIENCE, "no notice was tried");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(fates(site).await, ["refused"]);
    assert_eq!(site.notices().await.len(), 1);
    site.federation.a.stop(Role::Gateway).await;
    let road = to_files(site);
    start_with(site, &road).await;
    all_ended(site).await;
    assert_eq!(in_mailbox(site), 1);
}

/// The keyserver has not heard that it was sent.
async fn a_notice_that_was_sent_before_is_not_delivered_again(site: &mut Site) {
    site.federation.a.stop(Role::Gateway).await;
    let path = site.a().keyserver.dir().join("keyserver.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("UPDATE archive_notice SET ended = NULL").execute(&pool).await.unwrap();
    pool.close().await;
    assert_eq!(site.notices().await.len(), 1);
    // A date tells seconds apart.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    site.federation.a.start(Role::Gateway).await;
    all_ended(site).await;
    assert_eq!(in_mailbox(site), 1);
    assert_eq!(fates(site).await.last().map(String::as_str), Some("repeated"));
}

/// Officers write the reason: one that an inspection stops must not keep the owner from
/// hearing of it.
async fn a_reason_that_is_held_or_refused_hides_no_notice(site: &mut Site, cast: &Cast) {
    for (outcome, fate) in [(Outcome::Hold, "held"), (Outcome::Block, "refused")] {
        let before = in_mailbox(site);
        let a = &mut site.federation.a;
        a.stop(Role::Gateway).await;
        a.stop(Role::Inspector).await;
        let policy = std::mem::take(&mut a.inspector.inspector.policy);
        a.inspector.inspector.policy =
            policy.with(rule::LEAK_MY_NUMBER, Direction::Outbound, outcome);
        a.start(Role::Inspector).await;
        let asked = Asked::of(&[archived(site, &cast.ruth).await]);
        let asked = asked.with(|request| {
            request.reason = "個人番号は1234-5678-9018です。".to_owned();
        });
        site.archive(asked.by(&cast.officers())).await.unwrap();
        site.federation.a.start(Role::Gateway).await;
        all_ended(site).await;
        assert_eq!(fates(site).await.last().map(String::as_str), Some(fate));
        assert_eq!(in_mailbox(site), before + 1);
    }
}

async fn a_notice_that_nobody_takes_has_its_end(site: &mut Site, cast: &Cast) {
    site.federation.a.stop(Role::Gateway).await;
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    site.archive(asked.by(&cast.officers())).await.unwrap();
    let before = in_mailbox(site);
    start_with(site, "reject").await;
    all_ended(site).await;
    assert_eq!(in_mailbox(site), before);
}

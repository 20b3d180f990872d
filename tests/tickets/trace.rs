//! From a hop or a certificate to a person, by the word of two officers: who may, who gets
//! the answer, when, how often, and who is told.

use crate::asking::{Site, assert_refused};
use crate::own_mail::assert_not;
use crate::submitted::Admitted;
use serde_bytes::ByteBuf;
use ssmax_agent::circulated::{Circulated, Officer};
use ssmax_api::Problem;
use ssmax_api::archive::{Approval, ArchiveNotice};
use ssmax_api::ca::{AccountKind, OfficerRequest};
use ssmax_api::keyserver::{CaRequest, Delegation, Form, GatewayRequest};
use ssmax_api::person::{PersonAnswer, PersonProblem, PersonRequest, SignedRequest};
use ssmax_api::trace::{Found, Trace};
use ssmax_chain::officers::Approvable as _;
use ssmax_chain::trace_request::{TraceRequest, Traced, Words};
use ssmax_chain::{Digest, HopId};
use ssmax_keyserver::TraceConfig;
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::mails::{mail, random, text};
use ssmax_support::member::Role;
use ssmax_support::person::Person;
use time::{Duration, OffsetDateTime};

/// The officers.
struct Cast {
    olga: Person,
    oscar: Person,
}

impl Cast {
    fn two(&self) -> [Officer<'_>; 2] {
        [officer("olga", &self.olga), officer("oscar@a.example", &self.oscar)]
    }
}

fn officer<'a>(user: &'a str, person: &'a Person) -> Officer<'a> {
    Officer { user, key: &person.signing.0, certificate: &person.signing.1 }
}

const OFFICERS: [&str; 3] = ["olga", "oscar", "alice"];

pub(crate) async fn run(site: &mut Site) {
    // Nobody fetches notices but the tests.
    site.federation.a.stop(Role::Gateway).await;
    set(site, |trace| trace.officers.clear()).await;
    let cast = Cast {
        olga: Person::enrol(site.a(), "olga", false).await,
        oscar: Person::enrol(site.a(), "oscar", false).await,
    };
    let hop = hop_of_alice(site).await;
    without_officers_nobody_is_traced(site, &cast, hop).await;
    set(site, |_| {}).await;
    two_officers_learn_who_is_behind_a_hop_and_it_is_in_the_log_first(site, &cast, hop).await;
    a_certificate_leads_to_its_holder(site, &cast).await;
    one_officer_alone_learns_nothing(site, &cast, hop).await;
    who_is_no_officer_learns_nothing(site, &cast, hop).await;
    the_answer_is_the_proposers_alone(site, &cast, hop).await;
    what_was_approved_is_what_is_traced(site, &cast, hop).await;
    an_approval_is_for_its_time_and_serves_once(site, &cast, hop).await;
    what_is_not_ours_is_unknown(site, &cast).await;
    an_officer_is_not_told_of_himself(site, &cast, hop).await;
    who_writes_in_anothers_name_is_told_with_both(site, &cast).await;
    a_mail_that_stays_inside_is_traced_by_its_name_there(site, &cast).await;
    nobody_traces_more_than_a_day_may_have(site, &cast, hop).await;
    what_cannot_be_recorded_or_asked_is_not_told(site, &cast, hop).await;
    whoever_is_named_is_told_that_it_was_asked_and_not_whom_it_found(site, &cast, hop).await;
    an_old_hop_is_forgotten(site, &cast, hop).await;
    who_left_long_ago_is_erased_in_the_log_first(site, &cast).await;
}

/// Starts the keyserver of A with other settings.
async fn set(site: &mut Site, change: impl FnOnce(&mut TraceConfig)) {
    let a = &mut site.federation.a;
    a.stop(Role::Keyserver).await;
    let officers = OFFICERS.map(str::to_owned).into();
    let mut trace = TraceConfig { officers, requests_per_day: 1000, ..TraceConfig::default() };
    change(&mut trace);
    a.keyserver.keyserver.trace = trace;
    a.start(Role::Keyserver).await;
}

/// A mail of alice that left for bob.
async fn hop_of_alice(site: &Site) -> HopId {
    let bob = site.federation.bob.address.clone();
    let (mail, _) = site.passed(Form::Enveloped, &[&bob]).await;
    signed_hop(site, &mail, &bob).await
}

async fn signed_hop(site: &Site, mail: &Admitted, to: &str) -> HopId {
    let copy = site.rewrap(&mail.ticket, &site.b().id, &[to], mail.tail()).await.unwrap();
    site.sign_hop(&mail.ticket, copy.id).await.unwrap();
    copy.id
}

fn request(traced: Traced) -> TraceRequest {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let words = Words { case: "2026-17", reason: "malware was sent", proposer: "olga" };
    TraceRequest::new(traced, words, (now, now + Duration::hours(72)), random())
}

/// Approved by these, and asked for by the first.
fn by(request: &TraceRequest, officers: &[Officer<'_>]) -> Trace {
    asked(request, officers, &officers[0], OffsetDateTime::now_utc())
}

fn asked(
    request: &TraceRequest,
    officers: &[Officer<'_>],
    asker: &Officer<'_>,
    at: OffsetDateTime,
) -> Trace {
    let approval = |officer: &Officer<'_>| {
        // Each on a file of its own: no rule of the command is in the way here.
        let mut circulated = Circulated::new(request);
        circulated.approve(officer).unwrap();
        let signed = circulated.approvals.remove(0);
        Approval { officer: signed.officer, signature: ByteBuf::from(signed.signature.0) }
    };
    let asking = Circulated::new(request).ask(asker, at).unwrap();
    Trace {
        request: request.to_json(),
        approvals: officers.iter().map(approval).collect(),
        asking: SignedRequest { json: asking.json, signature: ByteBuf::from(asking.signature) },
    }
}

impl Site {
    async fn trace(&self, asked: &Trace) -> Result<Found, PersonProblem> {
        let socket = ssmax_keyserver::Settings::socket(&self.a().keyserver.run_dir, "person");
        let request = PersonRequest::Trace(asked.clone());
        let timeout = std::time::Duration::from_secs(30);
        let answer: PersonAnswer =
            ssmax_daemon::call::call(&socket, &request, timeout).await.unwrap();
        ssmax_api::person::decode(answer)
    }
}

async fn without_officers_nobody_is_traced(site: &Site, cast: &Cast, hop: HopId) {
    let asked = by(&request(Traced::Hop(hop)), &cast.two());
    assert_not(site.trace(&asked).await, PersonProblem::NotAnOfficer);
}

async fn two_officers_learn_who_is_behind_a_hop_and_it_is_in_the_log_first(
    site: &Site,
    cast: &Cast,
    hop: HopId,
) {
    let request = request(Traced::Hop(hop));
    let found = site.trace(&by(&request, &cast.two())).await.unwrap();
    assert_eq!((found.person.user.as_str(), found.person.kind), ("alice", AccountKind::Person));
    assert_eq!(found.person.addresses, ["alice@a.example"]);
    assert_eq!((found.in_name_of, found.certificate), (None, None));
    let now = OffsetDateTime::now_utc().unix_timestamp();
    assert!((now - 60..=now).contains(&found.at), "{}", found.at);
    let row = site.newest_row("trace").await;
    assert_eq!(row["result"], "ok");
    assert_eq!(row["about"], Digest::of(request.to_json().as_bytes()).to_string());
    // The officers, and not whom they found.
    let who = site.in_rows(&["olga", "oscar@a.example"]);
    assert_eq!(row["who"], serde_json::json!(who));
}

async fn a_certificate_leads_to_its_holder(site: &Site, cast: &Cast) {
    let certificate = &site.federation.alice.signing.1;
    let serial = Traced::from_words(&hex::encode(certificate.serial())).unwrap();
    for traced in [serial, Traced::Certificate(Digest(certificate.sha256()))] {
        let found = site.trace(&by(&request(traced), &cast.two())).await.unwrap();
        assert_eq!(found.person.user, "alice");
        let certified = found.certificate.unwrap();
        assert_eq!(certified.serial, hex::encode(certificate.serial()));
        assert_eq!((certified.kind.as_str(), certified.revoked), ("user-signing", None));
    }
}

async fn one_officer_alone_learns_nothing(site: &Site, cast: &Cast, hop: HopId) {
    let request = request(Traced::Hop(hop));
    let [olga, oscar] = cast.two();
    let same = officer("olga@a.example", &cast.olga);
    let alone = PersonProblem::TwoOfficers;
    for officers in [vec![olga], vec![olga, olga], vec![olga, same], vec![olga, oscar, olga]] {
        assert_not(site.trace(&by(&request, &officers)).await, alone);
    }
    // With the other's name over her own signature.
    let borrowed = officer("oscar", &cast.olga);
    assert_not(site.trace(&by(&request, &[olga, borrowed])).await, PersonProblem::NotSigned);
    assert_eq!(site.newest_row("trace").await["result"], "not-signed");
    // Nothing of all that has used the request up.
    assert!(site.trace(&by(&request, &cast.two())).await.is_ok());
}

async fn who_is_no_officer_learns_nothing(site: &Site, cast: &Cast, hop: HopId) {
    let request = request(Traced::Hop(hop));
    let [olga, oscar] = cast.two();
    let carol = officer("carol", &site.federation.carol);
    assert_not(site.trace(&by(&request, &[olga, carol])).await, PersonProblem::NotAnOfficer);
    let now = OffsetDateTime::now_utc();
    let by_another = asked(&request, &[olga, oscar], &carol, now);
    assert_not(site.trace(&by_another).await, PersonProblem::NotAnOfficer);
    let stranger = officer("bob@b.example", &site.federation.bob);
    assert_not(site.trace(&by(&request, &[olga, stranger])).await, PersonProblem::NotSigned);
}

async fn the_answer_is_the_proposers_alone(site: &Site, cast: &Cast, hop: HopId) {
    let request = request(Traced::Hop(hop));
    let [olga, oscar] = cast.two();
    let second = asked(&request, &[olga, oscar], &oscar, OffsetDateTime::now_utc());
    assert_not(site.trace(&second).await, PersonProblem::NotTheProposer);
    let nobody = TraceRequest { proposer: "nobody".to_owned(), ..request.clone() };
    assert_not(site.trace(&by(&nobody, &[olga, oscar])).await, PersonProblem::NotTheProposer);
    // It was not used up by that.
    assert!(site.trace(&by(&request, &[olga, oscar])).await.is_ok());
}

async fn what_was_approved_is_what_is_traced(site: &Site, cast: &Cast, hop: HopId) {
    let request = request(Traced::Hop(hop));
    let good = by(&request, &cast.two());
    for (this, by) in [
        (hop.to_string(), "0190a6e0-0000-7000-8000-000000000001"),
        ("2026-17".to_owned(), "2026-18"),
        ("malware".to_owned(), "nothing"),
        ("\"olga\"".to_owned(), "\"alice\""),
    ] {
        let text = good.request.replacen(&this, by, 1);
        assert_ne!(text, good.request, "{this}");
        let changed = Trace { request: text.clone(), ..good.clone() };
        assert_not(site.trace(&changed).await, PersonProblem::NotAsApproved);
        // Asked for as it is now, it is still not what they signed.
        let other = TraceRequest::parse(&text).unwrap();
        let asking = crate::trace::by(&other, &cast.two()).asking;
        let changed = Trace { request: text, asking, ..good.clone() };
        assert_not(site.trace(&changed).await, PersonProblem::NotSigned);
    }
    for text in [String::new(), "{}".to_owned(), good.request.clone() + "{}"] {
        let changed = Trace { request: text, ..good.clone() };
        assert_not(site.trace(&changed).await, PersonProblem::Malformed);
    }
    assert!(site.trace(&good).await.is_ok());
}

async fn an_approval_is_for_its_time_and_serves_once(site: &Site, cast: &Cast, hop: HopId) {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let (hour, minute) = (Duration::HOUR, Duration::MINUTE);
    let two = cast.two();
    for (from, to) in [(-hour * 72, -minute), (minute * 11, hour), (Duration::ZERO, hour * 73)] {
        let (at, until) = (now + from, now + to);
        let request = TraceRequest { at, until, ..request(Traced::Hop(hop)) };
        assert_not(site.trace(&by(&request, &two)).await, PersonProblem::Expired);
    }
    let request = request(Traced::Hop(hop));
    for apart in [-minute * 11, minute * 11] {
        let old = asked(&request, &two, &two[0], now + apart);
        assert_not(site.trace(&old).await, PersonProblem::TimeOutside);
    }
    let carried_out = by(&request, &two);
    assert!(site.trace(&carried_out).await.is_ok());
    assert_not(site.trace(&carried_out).await, PersonProblem::Replayed);
    assert_not(site.trace(&by(&request, &two)).await, PersonProblem::Replayed);
}

async fn what_is_not_ours_is_unknown(site: &Site, cast: &Cast) {
    let another = HopId::new(OffsetDateTime::now_utc(), random());
    let bobs = &site.federation.bob.signing.1;
    for traced in [
        Traced::Hop(another),
        Traced::Certificate(Digest(bobs.sha256())),
        Traced::from_words(&hex::encode(bobs.serial())).unwrap(),
        // A certificate of A's CA, for an address outside: it is nobody's here.
        Traced::Certificate(Digest(site.relay.sha256())),
        Traced::from_words(&hex::encode(site.relay.serial())).unwrap(),
    ] {
        let request = request(traced);
        assert_not(site.trace(&by(&request, &cast.two())).await, PersonProblem::Unknown);
    }
    assert_eq!(site.newest_row("trace").await["result"], "unknown");
}

async fn an_officer_is_not_told_of_himself(site: &Site, cast: &Cast, hop: HopId) {
    let alice = officer("alice", &site.federation.alice);
    let request = request(Traced::Hop(hop));
    let answer = site.trace(&by(&request, &[officer("olga", &cast.olga), alice])).await;
    assert_not(answer, PersonProblem::OfficerConcerned);
    // Nor is the request good for trying others.
    assert_not(site.trace(&by(&request, &cast.two())).await, PersonProblem::Replayed);
}

async fn who_writes_in_anothers_name_is_told_with_both(site: &Site, cast: &Cast) {
    let until = (OffsetDateTime::now_utc() + Duration::HOUR).unix_timestamp();
    let (owner, actor) = ("alice".to_owned(), "carol".to_owned());
    let delegation = Delegation { owner, actor, until };
    let _: () = site.ca(&CaRequest::Delegate(delegation)).await.unwrap();
    let alice = &site.federation.alice;
    let to = &site.federation.carol.address;
    let signed = mail(&alice.address, to, &text()).signed_by(alice);
    let admission = site.admission_by("carol", &signed, Form::Signed, &[to], vec![]);
    let _: ssmax_api::keyserver::OutboundTicket = site.gateway(&admission).await.unwrap();
    let hop = newest_hop(site).await;
    let found = site.trace(&by(&request(Traced::Hop(hop)), &cast.two())).await.unwrap();
    assert_eq!(found.person.user, "carol");
    assert_eq!(found.in_name_of.unwrap().user, "alice");
}

async fn a_mail_that_stays_inside_is_traced_by_its_name_there(site: &Site, cast: &Cast) {
    let before = hops(site).await;
    site.submit(Form::Signed, &[&site.federation.carol.address]).await;
    assert_eq!(hops(site).await, before + 1);
    let hop = newest_hop(site).await;
    let found = site.trace(&by(&request(Traced::Hop(hop)), &cast.two())).await.unwrap();
    assert_eq!(found.person.user, "alice");
    // What goes to another member alone has no name here.
    site.submit(Form::Signed, &[&site.federation.bob.address]).await;
    assert_eq!(hops(site).await, before + 1);
}

async fn audit_pool(site: &Site) -> SqlitePool {
    let path = site.a().keyserver.dir().join("audit.sqlite");
    SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap()
}

async fn hops(site: &Site) -> i64 {
    let pool = audit_pool(site).await;
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM sender").fetch_one(&pool).await.unwrap();
    pool.close().await;
    count
}

/// The hop of which it was last written down whose it is.
async fn newest_hop(site: &Site) -> HopId {
    let pool = audit_pool(site).await;
    let (hop, sealed): (String, Vec<u8>) =
        sqlx::query_as("SELECT hop, sealed FROM sender ORDER BY rowid DESC LIMIT 1")
            .fetch_one(&pool)
            .await
            .unwrap();
    pool.close().await;
    // Who reads the log with all that is beside it learns nobody's number.
    for user in ["alice", "carol"] {
        assert!(!sealed.windows(user.len()).any(|octets| octets == user.as_bytes()), "{user}");
    }
    HopId::parse(&hop).unwrap()
}

async fn nobody_traces_more_than_a_day_may_have(site: &mut Site, cast: &Cast, hop: HopId) {
    let path = site.a().keyserver.dir().join("keyserver.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("DELETE FROM trace_use").execute(&pool).await.unwrap();
    pool.close().await;
    set(site, |trace| trace.requests_per_day = 1).await;
    let two = cast.two();
    assert!(site.trace(&by(&request(Traced::Hop(hop)), &two)).await.is_ok());
    let waits = request(Traced::Hop(hop));
    assert_not(site.trace(&by(&waits, &two)).await, PersonProblem::LimitReached);
    set(site, |_| {}).await;
    // It was not used up by having to wait.
    assert!(site.trace(&by(&waits, &two)).await.is_ok());
}

async fn what_cannot_be_recorded_or_asked_is_not_told(site: &mut Site, cast: &Cast, hop: HopId) {
    let waits = request(Traced::Hop(hop));
    site.federation.a.stop(Role::Ca).await;
    assert_not(site.trace(&by(&waits, &cast.two())).await, PersonProblem::Failed);
    site.federation.a.start(Role::Ca).await;
    let pool = audit_pool(site).await;
    sqlx::query("ALTER TABLE audit RENAME TO away").execute(&pool).await.unwrap();
    let other = request(Traced::Hop(hop));
    assert_not(site.trace(&by(&other, &cast.two())).await, PersonProblem::Failed);
    sqlx::query("ALTER TABLE away RENAME TO audit").execute(&pool).await.unwrap();
    pool.close().await;
    // An outage of the CA was not the officers' fault; what was granted is used up.
    assert!(site.trace(&by(&waits, &cast.two())).await.is_ok());
    assert_not(site.trace(&by(&other, &cast.two())).await, PersonProblem::Replayed);
}

async fn whoever_is_named_is_told_that_it_was_asked_and_not_whom_it_found(
    site: &mut Site,
    cast: &Cast,
    hop: HopId,
) {
    assert_eq!(notices(site).await, [], "nobody is named");
    set(site, |trace| trace.notice = Some("privacy@a.example".to_owned())).await;
    assert!(site.trace(&by(&request(Traced::Hop(hop)), &cast.two())).await.is_ok());
    let notices = notices(site).await;
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    let told = ArchiveNotice {
        id: notice.id,
        to: "privacy@a.example".to_owned(),
        mailbox: String::new(),
        reader: "olga <olga@a.example>".to_owned(),
        officers: vec!["olga <olga@a.example>".to_owned(), "oscar <oscar@a.example>".to_owned()],
        reason: "2026-17: malware was sent".to_owned(),
        mails: 0,
        parts: 0,
        at: notice.at,
        traced: Some(hop.to_string()),
    };
    assert_eq!(*notice, told);
    let ended = GatewayRequest::NoticeEnded { id: notice.id, delivered: true };
    assert_eq!(site.gateway::<()>(&ended).await, Ok(()));
    assert_refused(site.gateway::<()>(&ended).await, Problem::NotFound);
}

async fn notices(site: &Site) -> Vec<ArchiveNotice> {
    site.gateway(&GatewayRequest::ArchiveNotices).await.unwrap()
}

async fn an_old_hop_is_forgotten(site: &mut Site, cast: &Cast, hop: HopId) {
    // Who has left is still told, as long as the registration is there.
    let revoke = OfficerRequest::RevokeUser { user: "alice".to_owned() };
    let _: () = site.officer(&revoke).await;
    let found = site.trace(&by(&request(Traced::Hop(hop)), &cast.two())).await.unwrap();
    assert!(found.person.ended.is_some());
    assert_eq!(found.person.former[0].address, "alice@a.example");
    made_so_old(site, 29).await;
    set(site, |trace| trace.hop_days = 30).await;
    assert!(site.trace(&by(&request(Traced::Hop(hop)), &cast.two())).await.is_ok());
    made_so_old(site, 31).await;
    set(site, |trace| trace.hop_days = 30).await;
    // The sweep begins with the start.
    let mut answer = site.trace(&by(&request(Traced::Hop(hop)), &cast.two())).await;
    for _ in 0..50 {
        if answer.is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        answer = site.trace(&by(&request(Traced::Hop(hop)), &cast.two())).await;
    }
    assert_not(answer, PersonProblem::Unknown);
    assert_eq!(hops(site).await, 0);
}

/// The CA's part: alice has left, and as many days pass as her registration is kept.
async fn who_left_long_ago_is_erased_in_the_log_first(site: &mut Site, cast: &Cast) {
    let certificate = site.federation.alice.signing.1.clone();
    let serial = Traced::from_words(&hex::encode(certificate.serial())).unwrap();
    left_for(site, 1829).await;
    restart_ca(site).await;
    let found = site.trace(&by(&request(serial.clone()), &cast.two())).await.unwrap();
    assert_eq!(found.person.user, "alice");
    left_for(site, 1831).await;
    // What cannot be told to the log is not deleted.
    site.federation.a.stop(Role::Keyserver).await;
    restart_ca(site).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(rows_of_alice(site).await, (false, true));
    site.federation.a.start(Role::Keyserver).await;
    restart_ca(site).await;
    for _ in 0..100 {
        if rows_of_alice(site).await.0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(rows_of_alice(site).await, (true, false));
    let row = site.newest_row("erase").await;
    assert_eq!((&row["about"], &row["result"]), (&"registration 1".into(), &"ok".into()));
    assert_eq!(row["who"], serde_json::json!(site.in_rows(&["alice"])));
    let answer = site.trace(&by(&request(serial), &cast.two())).await;
    assert_not(answer, PersonProblem::Erased);
    assert_eq!(site.newest_row("trace").await["result"], "erased");
    relays_are_deleted_a_while_after_they_ran_out(site).await;
    // The log takes no other words, and not more names than a row has.
    let note = |class: &str, count: usize| {
        let whose = vec!["alice".to_owned(); count];
        CaRequest::NoteErasure { class: class.to_owned(), whose }
    };
    for refused in [note("mallory", 1), note("relay", 0), note("relay", 101)] {
        assert_refused(site.ca::<()>(&refused).await, Problem::Malformed);
    }
    assert_eq!(site.ca::<()>(&note("relay", 100)).await, Ok(()));
}

async fn relays_are_deleted_a_while_after_they_ran_out(site: &mut Site) {
    for (days, kept) in [(399, true), (401, false)] {
        let pool = ca_pool(site).await;
        let at = (OffsetDateTime::now_utc() - Duration::days(days)).unix_timestamp();
        sqlx::query("UPDATE relay SET not_after = ?").bind(at).execute(&pool).await.unwrap();
        restart_ca(site).await;
        let mut left = i64::MAX;
        for _ in 0..if kept { 10 } else { 100 } {
            let count = "SELECT (SELECT COUNT(*) FROM relay) + (SELECT COUNT(*) FROM certificate WHERE kind = 'relay')";
            (left,) = sqlx::query_as(count).fetch_one(&pool).await.unwrap();
            if left == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        pool.close().await;
        assert_eq!(left > 0, kept, "{days}");
    }
    let row = site.newest_row("erase").await;
    assert!(row["about"].as_str().unwrap().starts_with("relay "), "{row}");
    assert!(
        row["who"]
            .as_array()
            .unwrap()
            .contains(&site.in_rows(&["bob@b.example"])[0].clone().into())
    );
}

async fn restart_ca(site: &mut Site) {
    site.federation.a.stop(Role::Ca).await;
    site.federation.a.start(Role::Ca).await;
}

async fn ca_pool(site: &Site) -> SqlitePool {
    let path = site.a().ca.dir().join("ca.sqlite");
    SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap()
}

/// As if alice had left so many days ago.
async fn left_for(site: &Site, days: i64) {
    let pool = ca_pool(site).await;
    let at = (OffsetDateTime::now_utc() - Duration::days(days)).unix_timestamp();
    sqlx::query("UPDATE person SET ended = ? WHERE user = 'alice'")
        .bind(at)
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

/// Whether it is written down that what was known of alice is deleted, and whether anything
/// is still there.
async fn rows_of_alice(site: &Site) -> (bool, bool) {
    let pool = ca_pool(site).await;
    let (erased,): (Option<i64>,) =
        sqlx::query_as("SELECT erased FROM person WHERE user = 'alice'")
            .fetch_one(&pool)
            .await
            .unwrap();
    let (known,): (i64,) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM person WHERE user = 'alice' AND name || proof <> '')
             + (SELECT COUNT(*) FROM address WHERE user = 'alice')
             + (SELECT COUNT(*) FROM credential WHERE user = 'alice')
             + (SELECT COUNT(*) FROM certificate WHERE subject = 'alice' AND der IS NOT NULL)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    pool.close().await;
    (erased.is_some(), known > 0)
}

/// As if all hops were from so many days ago.
async fn made_so_old(site: &Site, days: i64) {
    let pool = audit_pool(site).await;
    let at = (OffsetDateTime::now_utc() - Duration::days(days)).unix_timestamp();
    sqlx::query("UPDATE sender SET at = ?").bind(at).execute(&pool).await.unwrap();
    pool.close().await;
}

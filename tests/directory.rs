//! What the directory is told by the CA: a certificate for whoever mail would be encrypted
//! for, and nobody else; at A with SQLite, at B on a PostgreSQL server, if there is one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use serde::de::DeserializeOwned;
use ssmax_api::ca::{AccountKind, AddUser, Login, NewUser, OfficerRequest};
use ssmax_api::directory::{
    DirectoryEntry, DirectoryRequest, Field, Fragment, Suggestions, folded,
};
use ssmax_api::keyserver::CaRequest;
use ssmax_api::{Answer, Problem};
use ssmax_daemon::call::call;
use ssmax_pki::{Certificate, relay};
use ssmax_support::federation::Federation;
use ssmax_support::member::{Member, Role};
use ssmax_support::person::{Person, look_up, officer};
use std::process::Command;
use std::time::Duration;
use time::OffsetDateTime;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Longer than a list of people is searched before it is read again.
const LIST_AGE: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mailers_find_whom_mail_would_be_encrypted_for_and_nobody_else() {
    let mut federation = Federation::start().await;
    members_are_found_and_their_certificates_kept(&federation).await;
    strangers_are_found_by_a_known_certificate_only(&federation).await;
    colleagues_are_found_as_far_as_somebody_reads(&federation).await;
    colleagues_are_suggested_by_all_that_was_typed(&federation).await;
    who_has_left_is_neither_found_nor_suggested(&federation).await;
    a_login_is_a_persons(&federation).await;
    a_suspended_member_is_not_found(&federation).await;
    an_hour_has_a_certain_number_of_new_certificates(&mut federation.a).await;
    without_a_keyserver_there_is_no_answer(&mut federation.a).await;
}

async fn ask<T: DeserializeOwned>(
    member: &Member,
    request: &DirectoryRequest,
) -> Result<T, Problem> {
    let socket = ssmax_ca::Settings::socket(&member.ca.run_dir, "directory");
    let answer: Answer = call(&socket, request, TIMEOUT).await.unwrap();
    ssmax_api::decode(answer)
}

async fn find(member: &Member, address: &str) -> Option<DirectoryEntry> {
    let address = address.to_owned();
    ask(member, &DirectoryRequest::Find { address, own: false }).await.unwrap()
}

fn certificate(entry: &DirectoryEntry) -> Certificate {
    Certificate::from_der(entry.certificate.as_ref().unwrap()).unwrap()
}

async fn members_are_found_and_their_certificates_kept(federation: &Federation) {
    for (member, address) in
        [(&federation.a, "bob@b.example"), (&federation.b, "never-written-to@a.example")]
    {
        let found = find(member, address).await.unwrap();
        let given = certificate(&found);
        assert_eq!((found.address.as_str(), found.name.as_str()), (address, address));
        assert_eq!(given.emails(), [address]);
        // The key server finds its key by the serial, so mail by it can be submitted.
        let submission = look_up(member, address).await;
        assert_eq!(given.spki(), submission.spki());
        let key = relay::short_key_id(given.spki());
        assert_eq!(relay::key_of_serial(given.serial()), Some(key));
        assert_eq!(find(member, address).await.unwrap(), found, "another one was issued");
    }
}

async fn strangers_are_found_by_a_known_certificate_only(federation: &Federation) {
    let a = &federation.a;
    for nobody in ["zoe@x.example", "mallory@x.example", "no address", "", "@b.example"] {
        assert_eq!(find(a, nobody).await, None, "{nobody}");
    }
    let folder = a.home.join("outside");
    std::fs::create_dir_all(&folder).unwrap();
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "zoe.key", "-days", "30",
        ])
        .args(["-out", "outside/zoe.pem", "-subj", "/CN=Zoe"])
        .args(["-addext", "subjectAltName=email:zoe@x.example"])
        .current_dir(&a.home)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let zoe = find(a, "zoe@x.example").await.unwrap();
    // Her own would let nobody look into the mail on its way.
    assert_eq!(certificate(&zoe).spki(), look_up(a, "zoe@x.example").await.spki());
    assert_eq!(find(a, "mallory@x.example").await, None);
}

async fn colleagues_are_found_as_far_as_somebody_reads(federation: &Federation) {
    let (a, carol) = (&federation.a, &federation.carol);
    let found = find(a, "CAROL@a.example").await.unwrap();
    assert_eq!((found.address.as_str(), found.name.as_str()), (carol.address.as_str(), "carol"));
    let given = certificate(&found);
    assert_eq!(given.common_name().unwrap(), "carol (checked by Organisation A)");
    assert_eq!(given.spki(), look_up(a, "bob@b.example").await.spki());
    let own = |address: &str| {
        let request = DirectoryRequest::Find { address: address.to_owned(), own: true };
        async move { ask::<Option<DirectoryEntry>>(a, &request).await.unwrap() }
    };
    assert_eq!(certificate(&own("carol@a.example").await.unwrap()), carol.encryption.1);
    // Nobody outside is known by their own.
    let bob = own("bob@b.example").await.unwrap();
    assert_eq!(certificate(&bob).spki(), given.spki());

    for (user, kind) in [("news", AccountKind::List), ("robot", AccountKind::System)] {
        let request = AddUser {
            user: user.to_owned(),
            kind,
            name: user.to_owned(),
            addresses: vec![format!("{user}@a.example")],
            proof: "organisation".to_owned(),
            server_key: true,
            ..AddUser::default()
        };
        let _: NewUser = officer(a, &OfficerRequest::AddUser(Box::new(request))).await;
    }
    for list in [find(a, "news@a.example").await, own("news@a.example").await] {
        assert_eq!(certificate(&list.unwrap()).spki(), given.spki());
    }
    assert_eq!(find(a, "robot@a.example").await, None);
    assert_eq!(find(a, "nobody@a.example").await, None);
}

fn fragment(field: Field, piece: &str) -> Fragment {
    let (initial, ending) = (String::new(), String::new());
    Fragment { field, initial, any: vec![folded(piece)], ending, whole: false }
}

async fn suggested(
    member: &Member,
    clauses: Vec<Vec<Fragment>>,
    limit: u32,
) -> (Vec<String>, bool) {
    let request = DirectoryRequest::Suggest { clauses, limit };
    let found: Suggestions = ask(member, &request).await.unwrap();
    assert!(found.entries.iter().all(|entry| entry.certificate.is_none()));
    (found.entries.into_iter().map(|entry| entry.address).collect(), found.more)
}

async fn colleagues_are_suggested_by_all_that_was_typed(federation: &Federation) {
    let a = &federation.a;
    tokio::time::sleep(LIST_AGE).await;
    let either = |piece| vec![fragment(Field::Name, piece), fragment(Field::Address, piece)];
    let (found, more) = suggested(a, vec![either("A.EXAMPLE")], 20).await;
    // robot@a.example is nobody's to write to.
    let all = ["alice", "carol", "news", "wanda"].map(|user| format!("{user}@a.example"));
    assert_eq!((found, more), (all.to_vec(), false));
    let (found, more) = suggested(a, vec![either("a.example"), either("AR")], 20).await;
    assert_eq!((found, more), (vec!["carol@a.example".to_owned()], false));
    let (found, more) = suggested(a, vec![either("a.example")], 2).await;
    assert_eq!((found.len(), more), (2, true));
    // Nobody of another member, whoever has written to whom.
    assert_eq!(suggested(a, vec![either("bob")], 20).await, (vec![], false));
    let everybody = DirectoryRequest::Suggest { clauses: vec![], limit: 20 };
    assert_eq!(ask::<Suggestions>(a, &everybody).await, Err(Problem::Malformed));
}

async fn who_has_left_is_neither_found_nor_suggested(federation: &Federation) {
    let a = &federation.a;
    let oscar = Person::enrol(a, "oscar", false).await;
    assert!(find(a, &oscar.address).await.is_some());
    let () = officer(a, &OfficerRequest::RevokeUser { user: "oscar".to_owned() }).await;
    assert_eq!(find(a, &oscar.address).await, None);
    tokio::time::sleep(LIST_AGE).await;
    let clauses = vec![vec![fragment(Field::Name, "oscar")]];
    assert_eq!(suggested(a, clauses, 20).await, (vec![], false));
}

async fn a_login_is_a_persons(federation: &Federation) {
    let (a, carol) = (&federation.a, &federation.carol);
    let login = |user: &str, secret: &str| {
        let (user, secret) = (user.to_owned(), secret.as_bytes().to_vec());
        let request = DirectoryRequest::CheckCredential { user, secret };
        async move { ask::<Option<Login>>(a, &request).await.unwrap() }
    };
    let proved = login(&carol.address, &carol.secret).await.unwrap();
    assert_eq!((proved.user.as_str(), proved.method.as_str()), ("carol", "device-secret"));
    assert_eq!(login("alice", &carol.secret).await, None);
    assert_eq!(login("nobody", &carol.secret).await, None);
}

async fn a_suspended_member_is_not_found(federation: &Federation) {
    let (a, authority) = (&federation.a, &federation.authority);
    assert!(find(a, "erin@c.example").await.is_some());
    let now = OffsetDateTime::now_utc();
    let version = ssmax_authority::suspend(authority, &federation.c.id, "test", now).await.unwrap();
    federation.wait_for_list(version).await;
    assert_eq!(find(a, "erin@c.example").await, None);
    let version =
        ssmax_authority::reinstate(authority, &federation.c.id, "test", now).await.unwrap();
    federation.wait_for_list(version).await;
    assert!(find(a, "erin@c.example").await.is_some());
}

/// The directory may be somebody else's by now.
async fn an_hour_has_a_certain_number_of_new_certificates(a: &mut Member) {
    a.stop(Role::Ca).await;
    a.ca.ca.directory_relays_per_hour = 1;
    a.start(Role::Ca).await;
    assert!(find(a, "first@b.example").await.is_some());
    let second = "second@b.example".to_owned();
    let second = DirectoryRequest::Find { address: second, own: false };
    assert_eq!(ask::<Option<DirectoryEntry>>(a, &second).await, Err(Problem::NotAllowed));
    // What is there is given, and an officer or a mail is none of the directory's.
    assert!(find(a, "bob@b.example").await.is_some());
    let _ = look_up(a, "second@b.example").await;
    assert!(find(a, "second@b.example").await.is_some());
}

async fn without_a_keyserver_there_is_no_answer(a: &mut Member) {
    let socket = ssmax_keyserver::Settings::socket(&a.keyserver.run_dir, "ca");
    let own = CaRequest::IsReached { address: "carol@a.example".to_owned() };
    let answer: Answer = call(&socket, &own, TIMEOUT).await.unwrap();
    assert_eq!(ssmax_api::decode::<bool>(answer), Ok(false), "it is about others");
    a.stop(Role::Keyserver).await;
    for address in ["bob@b.example", "carol@a.example"] {
        let request = DirectoryRequest::Find { address: address.to_owned(), own: false };
        let answer = ask::<Option<DirectoryEntry>>(a, &request).await;
        assert_eq!(answer, Err(Problem::Failed), "{address}");
    }
    // Who is nobody is so without it.
    assert_eq!(find(a, "nobody@a.example").await, None);
}

//! The engine with a key server that fails when it is told to.

use super::*;
use crate::config::{CaConfig, Settings};
use crate::setup::{initialise, store_ca};
use ssmax_api::ca::{AccountKind, Change, Evidence, Field, Registered};
use ssmax_api::keyserver::UserKeys;
use ssmax_api::{Answer, Organisation};
use ssmax_daemon::Stop;
use ssmax_daemon::call::Client;
use ssmax_hsm::{Backend, KeyPurpose, UnlockSecret};
use ssmax_pki::profile::{self, Basis, Organisation as Named, Validity};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_store::{Database, StateConfig};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// Where the key server fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fails {
    Never,
    MakingKeys,
    /// Before anything is installed.
    Installing,
    /// When all is installed: the answer is lost.
    Answering,
}

struct Keyserver {
    fails: Fails,
    people: BTreeMap<String, UserRecord>,
    installed: usize,
    /// Who is not taken.
    refused: Option<String>,
}

struct Site {
    ca: Ca,
    keyserver: Arc<Mutex<Keyserver>>,
    settings: Settings,
    stop: Stop,
    _dir: TempDir,
}

fn answer(keyserver: &Mutex<Keyserver>, request: CaRequest) -> Answer {
    let mut keyserver = keyserver.lock().unwrap();
    let key = || SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap().spki().to_vec();
    match request {
        CaRequest::MakeKeysForMany { .. } if keyserver.fails == Fails::MakingKeys => {
            Err(Problem::Failed)
        }
        CaRequest::MakeKeysForMany { people } => {
            let made = (0..people).map(|_| UserKeys {
                encryption: Some(ByteBuf::from(key())),
                signing: Some(ByteBuf::from(key())),
            });
            ssmax_api::encode(Ok(made.collect::<Vec<_>>()))
        }
        CaRequest::InstallUsers(_) if keyserver.fails == Fails::Installing => Err(Problem::Failed),
        CaRequest::InstallUsers(records) => {
            let mut results: Vec<Result<(), Problem>> = Vec::new();
            for record in records {
                if keyserver.refused.as_ref() == Some(&record.user) {
                    results.push(Err(Problem::NotAllowed));
                    continue;
                }
                keyserver.installed += 1;
                keyserver.people.insert(record.user.clone(), record);
                results.push(Ok(()));
            }
            if keyserver.fails == Fails::Answering {
                return Err(Problem::Failed);
            }
            ssmax_api::encode(Ok(results))
        }
        CaRequest::Person { user } => ssmax_api::encode(Ok(keyserver.people.get(&user).cloned())),
        other => panic!("{other:?}"),
    }
}

fn basis(key: &SoftwareKey) -> Basis {
    basis_of(key.spki())
}

fn basis_of(spki: &[u8]) -> Basis {
    let now = OffsetDateTime::now_utc();
    let validity =
        Validity { not_before: now - Duration::HOUR, not_after: now + Duration::days(3000) };
    Basis::new(spki, issue::random_serial(&SystemRandom), validity)
}

fn settings(dir: &TempDir, state: StateConfig) -> Settings {
    let home = dir.path();
    Settings {
        organisation: Organisation {
            id: "NTRJP-7000012050002".to_owned(),
            name: "Organisation A".to_owned(),
            kind: ssmax_federation::Kind::Organisation,
            name_ja: String::new(),
            name_kana: String::new(),
            incident_contact: String::new(),
            domains: vec!["a.example".to_owned()],
        },
        state_dir: home.join("state"),
        run_dir: home.join("run"),
        transport: ssmax_transport::Transport::local(),
        ca: CaConfig {
            unlock_file: home.join("unlock"),
            backend: Backend::File,
            pkcs11: None,
            user_days: 730,
            relay_days: 400,
            directory_relays_per_hour: 10_000,
            device_secret_aal: 2,
            login: crate::LoginConfig::default(),
            address_quarantine_days: 180,
            registration_days: 1830,
            relay_kept_days: 400,
            state,
            listen: None,
            publish: crate::PublishConfig::default(),
            transport_days: 90,
        },
    }
}

impl Site {
    async fn new() -> Self {
        Self::with(StateConfig::default()).await
    }

    async fn with(state: StateConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(&dir, state);
        for private in [&settings.state_dir, &settings.run_dir] {
            ssmax_store::files::create_private_dir(private).unwrap();
        }
        UnlockSecret::generate_file(&settings.ca.unlock_file, &SystemRandom).unwrap();
        initialise(&settings).await.unwrap();
        certify(&settings).await;
        let keyserver = Arc::new(Mutex::new(Keyserver {
            fails: Fails::Never,
            people: BTreeMap::new(),
            installed: 0,
            refused: None,
        }));
        let (stop, socket) = (Stop::new(), settings.run_dir.join("k.sock"));
        let (answering, asked) = (Arc::clone(&keyserver), socket.clone());
        let stopping = stop.clone();
        tokio::spawn(async move {
            let handler = move |request| {
                let answer = answer(&answering, request);
                async move { answer }
            };
            ssmax_daemon::listen::serve(&asked, stopping, handler).await.unwrap();
        });
        while !socket.exists() {
            tokio::task::yield_now().await;
        }
        let ca = Ca::open(settings.clone(), Client::new(&socket)).await.unwrap();
        Self { ca, keyserver, settings, stop, _dir: dir }
    }

    /// The CA as it comes back after it was killed.
    async fn killed_and_started(mut self) -> Self {
        let socket = self.settings.run_dir.join("k.sock");
        self.ca.database.close().await;
        self.ca = Ca::open(self.settings.clone(), Client::new(&socket)).await.unwrap();
        self
    }

    fn fails(&self, fails: Fails) {
        self.keyserver.lock().unwrap().fails = fails;
    }

    fn record(&self, user: &str) -> UserRecord {
        self.keyserver.lock().unwrap().people.get(user).unwrap().clone()
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<Vec<Outcome>, Problem> {
        self.ca.resume_changes().await?;
        self.ca.apply_changes(&ApplyChanges { changes, former_address: false }).await
    }

    async fn applied(&self, change: Change) -> Outcome {
        self.apply(vec![change]).await.unwrap().remove(0)
    }

    async fn registered(&self, user: &str) -> Registered {
        self.ca.registered(user).await.unwrap().unwrap()
    }

    /// Certificates of people: those in force, those revoked, and intents without one.
    async fn counted(&self) -> (usize, usize, usize) {
        type Stored = (Vec<u8>, Option<Vec<u8>>, Option<i64>);
        let rows: Vec<Stored> =
            query("SELECT serial, der, revoked FROM certificate WHERE kind LIKE 'user-%'")
                .fetch_all(&self.ca.database)
                .await
                .unwrap();
        for (serial, der, _) in &rows {
            let Some(der) = der else { continue };
            assert_eq!(Certificate::from_der(der).unwrap().serial(), serial.as_slice());
        }
        let count = |wanted: fn(bool, bool) -> bool| {
            rows.iter().filter(|(_, der, revoked)| wanted(der.is_some(), revoked.is_some())).count()
        };
        (
            count(|signed, revoked| signed && !revoked),
            count(|signed, revoked| signed && revoked),
            count(|signed, _| !signed),
        )
    }

    async fn pending(&self) -> i64 {
        query("SELECT COUNT(*) FROM person_change").fetch_one(&self.ca.database).await.unwrap()
    }

    /// No certificate that anybody was given has the serial of another.
    fn no_serial_twice(&self) {
        let keyserver = self.keyserver.lock().unwrap();
        let mut serials = Vec::new();
        for record in keyserver.people.values() {
            let ders = record.signing.iter().map(|(_, der)| der).chain(&record.encryption);
            serials.extend(ders.map(|der| Certificate::from_der(der).unwrap().serial().to_vec()));
        }
        let count = serials.len();
        serials.sort();
        serials.dedup();
        assert_eq!(serials.len(), count);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}

/// Stands for the authority's answer.
async fn certify(settings: &Settings) {
    let keys = settings.open_keys().unwrap();
    let newest = keys.keys(KeyPurpose::MemberCa).unwrap().remove(0);
    let key = keys.key(KeyPurpose::MemberCa, &newest).unwrap();
    let root_key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let root = profile::root(basis(&root_key), "Authority", "Root");
    let root = issue::self_signed(lint::lint(root).unwrap(), &root_key).unwrap();
    let named = Named { name: "Organisation A", identifier: "NTRJP-7000012050002" };
    let mut draft = profile::member_ca(basis_of(key.spki()), &named, "A CA", &["a.example"]);
    draft.basis.validity.not_after -= Duration::DAY;
    let member = issue::issue(lint::lint(draft).unwrap(), &root, &root_key).unwrap();
    let database = Database::open(settings.place(), "ca", crate::schema::MIGRATIONS).await.unwrap();
    for (purpose, certificate) in [("member-ca", &member), ("issuing-ca", &root), ("root", &root)] {
        store_ca(&database, purpose, certificate).await.unwrap();
    }
    database.close().await;
}

fn person(number: usize) -> Person {
    Person {
        user: number.to_string(),
        name: format!("山田 花子{number}"),
        kana: Some("ヤマダ ハナコ".to_owned()),
        english: Some("Hanako Yamada".to_owned()),
        addresses: vec![format!("p{number}@a.example"), format!("alias{number}@a.example")],
        department: Some("営業部".to_owned()),
        evidence: Evidence {
            proof: "employee-card".to_owned(),
            reference: Some("HR-17".to_owned()),
            proved: Some(1_790_000_000),
            by: Some("2002".to_owned()),
        },
        source: "import".to_owned(),
    }
}

fn join(number: usize) -> Change {
    Change::Join(person(number))
}

fn altered(number: usize, alter: fn(&mut Person)) -> Change {
    let mut person = person(number);
    alter(&mut person);
    Change::Change { person, fields: vec![] }
}

const TWO: Outcome = Outcome::Done { certificates: 2 };
const NONE: Outcome = Outcome::Done { certificates: 0 };

fn first(record: &UserRecord) -> [Certificate; 2] {
    [&record.signing[0].1, &record.encryption[0]].map(|der| Certificate::from_der(der).unwrap())
}

#[tokio::test]
async fn who_joins_is_registered_with_two_certificates_and_all_that_is_known() {
    let mut sites = vec![Site::new().await];
    if let Some(server) = ssmax_test_postgres::shared() {
        let url = Some(server.database());
        sites.push(Site::with(StateConfig { url, ..StateConfig::default() }).await);
    }
    for site in sites {
        assert_eq!(site.apply(vec![join(1), join(2)]).await, Ok(vec![TWO, TWO]));
        let registered =
            Registered { person: person(1), kind: AccountKind::Person, active: true, ended: None };
        assert_eq!(site.registered("1").await, registered);
        assert_eq!(site.ca.list_people().await.unwrap()[0], registered);
        let record = site.record("1");
        assert_eq!(record.addresses, person(1).addresses);
        assert_eq!((record.proof.as_str(), record.ial, record.active), ("employee-card", 2, true));
        for certificate in first(&record) {
            assert_eq!(certificate.emails(), ["p1@a.example"]);
            assert_eq!(certificate.common_name().unwrap(), "山田 花子1");
            // The day on which identity was proved, not that of the import.
            let proof = certificate.identity_proof().unwrap();
            assert_eq!((proof.level, proof.date.to_string().as_str()), (2, "2026-09-21"));
        }
        assert_eq!(record.signing[0].0, KeyHolder::Server);
        // Twice asked is once done.
        assert_eq!(site.apply(vec![join(1), join(2)]).await, Ok(vec![Outcome::Unchanged; 2]));
        assert_eq!(site.counted().await, (4, 0, 0));
        assert_eq!(site.pending().await, 0);
        site.no_serial_twice();
    }
}

#[tokio::test]
async fn one_that_is_refused_stops_no_other() {
    let site = Site::new().await;
    let with = |number, change: fn(&mut Person)| {
        let mut person = person(number);
        change(&mut person);
        Change::Join(person)
    };
    let changes = vec![
        join(1),
        with(2, |one| one.addresses = vec!["x@b.example".to_owned()]),
        with(3, |one| one.addresses.push("P1@a.example".to_owned())),
        with(4, |one| one.name = "\u{e000}".to_owned()),
        with(5, |one| one.evidence.proof = "rumour".to_owned()),
        with(6, |one| one.user = "p1@a.example".to_owned()),
        join(1),
        Change::Leave { user: "7".to_owned() },
        Change::Return(person(8)),
        altered(9, |_| {}),
        join(10),
    ];
    let refused = Outcome::Refused;
    let outcomes = site.apply(changes).await.unwrap();
    let expected = [
        TWO,
        refused(Problem::NotAllowed),
        refused(Problem::Exists),
        refused(Problem::Malformed),
        refused(Problem::Malformed),
        refused(Problem::Exists),
        refused(Problem::Malformed),
        refused(Problem::NotFound),
        refused(Problem::NotFound),
        refused(Problem::NotFound),
        TWO,
    ];
    for (at, expected) in expected.iter().enumerate() {
        assert_eq!(outcomes[at], *expected, "{at}");
    }
    assert_eq!((site.counted().await.0, site.pending().await), (4, 0));
    site.keyserver.lock().unwrap().refused = Some("11".to_owned());
    let outcomes = site.apply(vec![join(11), join(12)]).await.unwrap();
    assert_eq!(outcomes, [refused(Problem::NotAllowed), TWO]);
    // What was signed for who was not taken is revoked.
    assert_eq!(site.counted().await, (6, 2, 2));
    assert_eq!(site.ca.registered("11").await, Ok(None));
    let many = (0..=MAX_CHANGES).map(join).collect();
    assert_eq!(site.apply(many).await, Err(Problem::Malformed));
}

#[tokio::test]
async fn what_certificates_say_is_certified_anew_for_the_same_keys_and_nothing_else_is() {
    let site = Site::new().await;
    site.applied(join(1)).await;
    let before = site.record("1");
    let change = altered(1, |one| {
        one.department = None;
        one.kana = Some("スズキ".to_owned());
        one.addresses = vec!["p1@a.example".to_owned(), "new@a.example".to_owned()];
    });
    assert_eq!(site.applied(change.clone()).await, NONE);
    assert_eq!(site.applied(change).await, Outcome::Unchanged);
    let record = site.record("1");
    assert_eq!(record.addresses, ["p1@a.example", "new@a.example"]);
    assert_eq!((&record.signing, &record.encryption), (&before.signing, &before.encryption));
    let known = site.registered("1").await.person;
    assert_eq!((known.department, known.kana.as_deref()), (None, Some("スズキ")));
    assert_eq!(known.addresses, record.addresses);
    // The alias that went rests, for its holder alone.
    assert_eq!(site.ca.former_addresses("1").await.unwrap()[0].address, "alias1@a.example");
    let mut taker = person(2);
    taker.addresses.push("alias1@a.example".to_owned());
    assert_eq!(site.applied(Change::Join(taker)).await, Outcome::Refused(Problem::AddressKept));

    let married = altered(1, |one| {
        one.name = "鈴木 花子".to_owned();
        one.addresses = vec!["suzuki@a.example".to_owned(), "p1@a.example".to_owned()];
    });
    assert_eq!(site.applied(married).await, TWO);
    let record = site.record("1");
    for (now, then) in first(&record).iter().zip(first(&before)) {
        assert_eq!(now.spki(), then.spki());
        assert_ne!(now.serial(), then.serial());
        assert_eq!(now.emails(), ["suzuki@a.example"]);
        assert_eq!(now.common_name().unwrap(), "鈴木 花子");
    }
    // The key server signs with the new one alone; mail to the old address still opens.
    assert_eq!((record.signing.len(), record.encryption.len()), (1, 2));
    assert_eq!(site.counted().await, (3, 1, 0));
    // A certificate for an address that is somebody's no more goes with it.
    let moved = altered(1, |one| {
        one.name = "鈴木 花子".to_owned();
        one.addresses = vec!["suzuki@a.example".to_owned()];
    });
    assert_eq!(site.applied(moved).await, NONE);
    assert_eq!(site.record("1").encryption.len(), 1);
    assert_eq!(site.counted().await, (2, 2, 0));
    site.no_serial_twice();
}

#[tokio::test]
async fn a_better_proof_is_certified_and_a_weaker_one_changes_nothing() {
    let site = Site::new().await;
    site.applied(join(1)).await;
    let prove = |proof: &str| {
        let mut person = person(1);
        person.evidence = Evidence { proof: proof.to_owned(), ..Evidence::default() };
        Change::Change { person, fields: vec![Field::Level] }
    };
    assert_eq!(site.applied(prove("hr-record")).await, Outcome::Unchanged);
    assert_eq!(site.registered("1").await.person.evidence, person(1).evidence);
    assert_eq!(site.applied(prove("my-number-card")).await, TWO);
    let record = site.record("1");
    assert_eq!(first(&record)[0].identity_proof().unwrap().level, 3);
    assert_eq!((record.ial, record.proof.as_str()), (3, "my-number-card"));
}

#[tokio::test]
async fn who_leaves_has_no_rights_and_comes_back_by_name_only() {
    let site = Site::new().await;
    site.applied(join(1)).await;
    let before = site.record("1");
    let leave = Change::Leave { user: "1".to_owned() };
    assert_eq!(site.applied(leave.clone()).await, NONE);
    assert_eq!(site.applied(leave).await, Outcome::Unchanged);
    let record = site.record("1");
    assert!(!record.active && record.addresses.is_empty() && record.encryption.is_empty());
    let left = site.registered("1").await;
    assert!(!left.active && left.ended.is_some());
    // Their addresses rest with them.
    assert_eq!(left.person.addresses, person(1).addresses);
    assert_eq!(site.counted().await, (0, 2, 0));
    assert_eq!(site.applied(join(1)).await, Outcome::Refused(Problem::Ended));
    assert_eq!(site.applied(altered(1, |_| {})).await, Outcome::Refused(Problem::Ended));
    let mut weaker = person(1);
    weaker.evidence.proof = "hr-record".to_owned();
    let weaker = site.applied(Change::Return(weaker)).await;
    assert_eq!(weaker, Outcome::Refused(Problem::ProofTooWeak));
    assert_eq!(site.applied(Change::Return(person(1))).await, TWO);
    assert_eq!(site.applied(Change::Return(person(1))).await, Outcome::Unchanged);
    // With new keys.
    assert_ne!(first(&site.record("1"))[1].spki(), first(&before)[1].spki());
    assert!(site.registered("1").await.active);
    assert_eq!(site.counted().await, (2, 2, 0));
}

#[tokio::test]
async fn roles_are_nobodys_to_tell_of_and_an_esp_makes_no_keys() {
    let mut site = Site::new().await;
    query(
        "INSERT INTO person (user, name, kind, proof, ial, active, registered)
         VALUES ('office', 'Office', 'shared', 'organisation', 0, 1, 5)",
    )
    .execute(&site.ca.database)
    .await
    .unwrap();
    let leave = Change::Leave { user: "office".to_owned() };
    assert_eq!(site.applied(leave).await, Outcome::Refused(Problem::Exists));
    site.ca.settings.organisation.kind = ssmax_federation::Kind::Esp;
    assert_eq!(site.applied(join(1)).await, Outcome::Refused(Problem::NotAllowed));
}

/// Wherever it stops: the next run finds everybody, once, with two certificates in force.
#[tokio::test]
async fn after_a_failure_at_any_step_asking_again_gives_exact_counts() {
    for fails in [Fails::MakingKeys, Fails::Installing, Fails::Answering] {
        let site = Site::new().await;
        site.applied(join(1)).await;
        site.fails(fails);
        let changes = vec![join(2), join(3), Change::Leave { user: "1".to_owned() }];
        assert_eq!(site.apply(changes.clone()).await, Err(Problem::Failed), "{fails:?}");
        let site = site.killed_and_started().await;
        // While the key server is away nothing else about people is done either.
        if fails != Fails::MakingKeys {
            assert_eq!(site.pending().await, 3, "{fails:?}");
            assert_eq!(site.apply(vec![join(4)]).await, Err(Problem::Failed), "{fails:?}");
        }
        site.fails(Fails::Never);
        let outcomes = site.apply(changes).await.unwrap();
        let so =
            if fails == Fails::MakingKeys { [TWO, TWO, NONE] } else { [Outcome::Unchanged; 3] };
        assert_eq!(outcomes, so, "{fails:?}");
        assert_eq!(site.counted().await, (4, 2, 0), "{fails:?}");
        assert_eq!(site.pending().await, 0);
        site.no_serial_twice();
    }
}

#[tokio::test]
async fn what_was_not_signed_before_a_kill_is_given_up_and_its_serials_never_used() {
    let site = Site::new().await;
    let request = ApplyChanges { changes: vec![join(1), join(2)], former_address: false };
    let planned = site.ca.plan(&request).await.unwrap();
    let tasks = planned.into_iter().map(|one| one.unwrap().unwrap()).collect();
    let begun = site.ca.begin(tasks).await.unwrap();
    // Killed while it signs: certificates were made that nobody will ever have.
    let drafts = begun.len();
    drop(begun);
    let site = site.killed_and_started().await;
    assert_eq!((site.pending().await, drafts), (2, 2));
    assert_eq!(site.counted().await, (0, 0, 4));
    assert_eq!(site.apply(request.changes).await, Ok(vec![TWO, TWO]));
    assert_eq!(site.counted().await, (4, 0, 4));
    let unrevoked: i64 =
        query("SELECT COUNT(*) FROM certificate WHERE der IS NULL AND revoked IS NULL")
            .fetch_one(&site.ca.database)
            .await
            .unwrap();
    assert_eq!((unrevoked, site.pending().await), (0, 0));
    site.no_serial_twice();
}

#[tokio::test]
async fn what_was_signed_before_a_kill_is_carried_through_without_being_asked_for() {
    let site = Site::new().await;
    let request = ApplyChanges { changes: vec![join(1), join(2)], former_address: false };
    let planned = site.ca.plan(&request).await.unwrap();
    let tasks = planned.into_iter().map(|one| one.unwrap().unwrap()).collect();
    let begun = site.ca.begin(tasks).await.unwrap();
    let (certified, unsigned) = site.ca.sign(begun).await.unwrap();
    assert_eq!((certified.len(), unsigned.len()), (2, 0));
    let signed: Vec<_> = certified.iter().flat_map(|one| first(&one.record)).collect();
    let site = site.killed_and_started().await;
    assert_eq!(site.pending().await, 2);
    site.ca.resume(&site.stop).await;
    assert_eq!(site.pending().await, 0);
    let installed: Vec<_> = ["1", "2"].iter().flat_map(|one| first(&site.record(one))).collect();
    assert_eq!(installed, signed);
    assert_eq!(site.counted().await, (4, 0, 0));
    assert!(site.registered("2").await.active);
}

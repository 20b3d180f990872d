mod bucket;

use super::facts::Facts;
use super::octets::PIECE_BYTES;
use super::*;
use crate::dsn::MailOptions;
use ssmax_chain::Reason;
use ssmax_inspection::Outcome;
use ssmax_store::objects::ObjectFault;
use ssmax_store::{StateConfig, files};
use ssmax_test_postgres::Server;
use std::os::unix::fs::PermissionsExt as _;

const ROOM: Room = Room { bytes: 10, mails: 3 };

/// Runs a test where the octets are files, where all is on a server, and where the octets
/// are in a bucket beside either.
fn run(test: impl AsyncFn(HoldStore, &Place)) {
    run_on_files(&test);
    let server = ssmax_test_postgres::shared();
    let state =
        server.map(|server| StateConfig { url: Some(server.database()), ..StateConfig::default() });
    if let Some(state) = &state {
        run_at(state, &ObjectsConfig::default(), &test);
    }
    run_on_bucket(&test);
    if let (Some(_), Some(objects)) = (state, ssmax_test_objects::shared()) {
        let state = StateConfig { url: server.map(Server::database), ..StateConfig::default() };
        let (config, _dir) = in_bucket(&objects.endpoint(), &objects.bucket());
        run_at(&state, &config, &test);
    }
}

fn run_on_files(test: impl AsyncFn(HoldStore, &Place)) {
    run_at(&StateConfig::default(), &ObjectsConfig::default(), test);
}

fn run_on_bucket(test: impl AsyncFn(HoldStore, &Place)) {
    let Some(objects) = ssmax_test_objects::shared() else { return };
    let (config, _dir) = in_bucket(&objects.endpoint(), &objects.bucket());
    run_at(&StateConfig::default(), &config, test);
}

/// Settings for a bucket, and the folder that its key is in.
fn in_bucket(endpoint: &str, bucket: &str) -> (ObjectsConfig, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    ssmax_test_objects::write_key(&key);
    let config = ObjectsConfig {
        url: Some(format!("s3://{bucket}/a")),
        endpoint: Some(endpoint.to_owned()),
        credentials_file: Some(key),
        timeout_seconds: 3,
        ..ObjectsConfig::default()
    };
    (config, dir)
}

fn run_at(state: &StateConfig, objects: &ObjectsConfig, test: impl AsyncFn(HoldStore, &Place)) {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path().join("gateway"), state);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        test(HoldStore::open(place.clone(), objects).await.unwrap(), &place).await;
    });
}

fn day(number: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::days(20_000 + number)
}

fn mail(id: &str, known: &str) -> NewMail {
    let facts = Facts {
        mail_options: MailOptions::default(),
        recipient_options: vec![],
        direction: "inbound".into(),
        mail_from: "a@a.example".into(),
        from: "a@a.example".into(),
        sender_verified: false,
        recipients: vec!["b@b.example".into(), "c@b.example".into()],
        message_id: "<1@a>".into(),
        smtputf8: false,
        stage: "inspect".into(),
        reason: Reason::MalwareInside,
        outcome: Outcome::Block,
        findings: vec![],
        encrypted: true,
        login: None,
        source: None,
        stated: None,
        digest: Some(Digest::of(b"mail")),
    };
    NewMail { id: id.into(), known: known.into(), at: day(0), expires: day(14), facts }
}

async fn keep(store: &HoldStore, id: &str, octets: usize) -> Kept {
    store.keep(&mail(id, id), vec![b'x'; octets], ROOM).await.unwrap()
}

/// How many mails have octets, after what is removed later.
async fn objects(store: &HoldStore) -> usize {
    assert!(store.remove_ended().await.unwrap());
    let pieces = query("SELECT DISTINCT id FROM held_piece").fetch_all::<String>(&store.database);
    let mut found = pieces.await.unwrap().len();
    for place in [&store.octets.files, &store.octets.bucket].into_iter().flatten() {
        found += place.list().await.unwrap().len();
    }
    found
}

#[test]
fn mail_is_kept_up_to_the_limit_of_octets_and_not_one_past_it() {
    run(async |store, _| {
        assert_eq!(keep(&store, "1", 5).await, Kept::Kept);
        assert_eq!(keep(&store, "2", 6).await, Kept::Full);
        assert_eq!(store.asked("2", 6, ROOM).await.unwrap(), Some(Kept::Full));
        assert_eq!(store.asked("2", 5, ROOM).await.unwrap(), None);
        assert_eq!(keep(&store, "3", 5).await, Kept::Kept);
        assert_eq!(keep(&store, "4", 1).await, Kept::Full);
        assert_eq!(objects(&store).await, 2, "what is not kept leaves nothing");
    });
}

#[test]
fn mail_is_kept_up_to_the_limit_of_mails_and_not_one_past_it() {
    run(async |store, _| {
        for id in ["1", "2", "3"] {
            assert_eq!(keep(&store, id, 1).await, Kept::Kept);
        }
        assert_eq!(keep(&store, "4", 1).await, Kept::Full);
        assert!(store.end("1", HeldState::Expired, None).await.unwrap());
        assert_eq!(keep(&store, "4", 1).await, Kept::Kept);
    });
}

#[test]
fn a_mail_that_comes_again_is_kept_once_as_long_as_it_is_held() {
    run(async |store, _| {
        let again = || mail("2", "1");
        assert_eq!(keep(&store, "1", 1).await, Kept::Kept);
        assert_eq!(store.asked("1", 1, ROOM).await.unwrap(), Some(Kept::Kept));
        assert_eq!(store.keep(&again(), vec![b'x'], ROOM).await.unwrap(), Kept::Kept);
        assert_eq!((store.list(true).await.unwrap().len(), objects(&store).await), (1, 1));
        store.end("1", HeldState::Released, None).await.unwrap();
        assert_eq!(store.keep(&again(), vec![b'x'], ROOM).await.unwrap(), Kept::Kept);
        assert_eq!(store.list(false).await.unwrap()[0].id, "2");
    });
}

#[test]
fn the_octets_go_when_the_mail_ends_and_it_ends_once() {
    run(async |store, _| {
        keep(&store, "1", 3).await;
        assert_eq!(store.object("1").await.unwrap(), b"xxx");
        let by = EndedBy { officer: "hanako".into(), reason: "spam".into() };
        assert!(store.end("1", HeldState::Deleted, Some(&by)).await.unwrap());
        assert_eq!(objects(&store).await, 0);
        assert!(store.object("1").await.is_err());
        assert!(!store.end("1", HeldState::Released, None).await.unwrap());
        let ended = store.find("1").await.unwrap().unwrap().shown();
        assert_eq!((ended.state, ended.ended_by), (HeldState::Deleted, Some(by)));
    });
}

#[test]
fn a_file_of_octets_is_private() {
    run_on_files(async |store, place| {
        keep(&store, "1", 3).await;
        let file = std::fs::metadata(place.directory().join("held/1")).unwrap();
        assert_eq!(file.permissions().mode() & 0o7777, 0o600);
    });
}

#[test]
fn a_mail_of_many_pieces_comes_back_whole() {
    run(async |store, _| {
        let room = Room { bytes: u64::MAX, mails: 3 };
        for (id, len) in [("1", PIECE_BYTES), ("2", 2 * PIECE_BYTES + 1)] {
            let object: Vec<u8> = (0..len).map(|place| (place / 1000) as u8).collect();
            let kept = store.keep(&mail(id, id), object.clone(), room).await.unwrap();
            assert_eq!((kept, store.object(id).await.unwrap() == object), (Kept::Kept, true));
        }
    });
}

/// Two gateways behind one mail server.
#[test]
fn gateways_that_share_a_server_share_held_mail_with_its_octets() {
    let Some(server) = ssmax_test_postgres::shared() else { return };
    let Some(objects) = ssmax_test_objects::shared() else { return };
    let (config, _dir) = in_bucket(&objects.endpoint(), &objects.bucket());
    for config in [ObjectsConfig::default(), config] {
        let state = StateConfig { url: Some(server.database()), ..StateConfig::default() };
        run_at(&state, &config, async |one, _| {
            let elsewhere = tempfile::tempdir().unwrap();
            let place = Place::new(elsewhere.path().join("gateway"), &state);
            let other = HoldStore::open(place, &config).await.unwrap();
            keep(&one, "1", 3).await;
            assert_eq!(other.object("1").await.unwrap(), b"xxx");
            assert_eq!(keep(&other, "2", 8).await, Kept::Full, "they share the room");
            // Another gateway that starts or tidies up meanwhile takes nothing away.
            let late = OffsetDateTime::now_utc().unix_timestamp() + 1000;
            other.remove_orphans(late, std::time::Duration::ZERO).await.unwrap();
            assert_eq!(one.object("1").await.unwrap(), b"xxx");
            assert!(other.end("1", HeldState::Released, None).await.unwrap());
            assert!(!one.end("1", HeldState::Deleted, None).await.unwrap());
        });
    }
}

#[test]
fn whom_a_release_has_reached_waits_no_longer() {
    run(async |store, _| {
        keep(&store, "1", 1).await;
        store.reached("1", "b@b.example").await.unwrap();
        store.reached("1", "b@b.example").await.unwrap();
        let held = store.find("1").await.unwrap().unwrap();
        assert_eq!(held.waiting(), ["c@b.example"]);
        assert_eq!(held.shown().released_to, ["b@b.example"]);
    });
}

#[test]
fn people_are_told_each_thing_once() {
    run(async |store, _| {
        keep(&store, "1", 1).await;
        let untold = async |told, at| store.untold(told, at).await.unwrap().len();
        assert_eq!((untold(1, day(14)).await, untold(1, day(13)).await), (1, 0));
        store.told("1", 1).await.unwrap();
        assert_eq!((untold(1, day(99)).await, untold(2, day(14)).await), (0, 1));
        store.told("1", 2).await.unwrap();
        store.told("1", 1).await.unwrap();
        assert_eq!(untold(2, day(99)).await, 0);
    });
}

#[test]
fn notices_to_a_person_are_counted_within_a_time() {
    run(async |store, _| {
        for at in [0, 1, 2] {
            store.noticed("b@b.example", day(at)).await.unwrap();
        }
        assert_eq!(store.notices("c@b.example", day(0)).await.unwrap(), 0);
        assert_eq!(store.notices("b@b.example", day(1)).await.unwrap(), 2);
        assert_eq!(store.notices("b@b.example", day(0)).await.unwrap(), 2, "older ones are gone");
    });
}

#[test]
fn a_file_that_never_came_into_the_table_is_removed_at_the_next_start() {
    run_on_files(async |store, place| {
        keep(&store, "1", 1).await;
        for stray in ["2", ".3.17-0.tmp"] {
            files::write_private(&place.directory().join("held").join(stray), b"x").unwrap();
        }
        store.database.close().await;
        let store = HoldStore::open(place.clone(), &ObjectsConfig::default()).await.unwrap();
        assert_eq!((objects(&store).await, store.object("1").await.unwrap()), (1, b"x".to_vec()));
    });
}

#[test]
fn what_has_ended_is_forgotten_after_a_month() {
    run(async |store, _| {
        keep(&store, "1", 1).await;
        keep(&store, "2", 1).await;
        store.end("1", HeldState::Deleted, None).await.unwrap();
        let now = OffsetDateTime::now_utc();
        store.forget_old(now + REMEMBERED - Duration::MINUTE).await.unwrap();
        assert_eq!(store.list(true).await.unwrap().len(), 2);
        store.forget_old(now + REMEMBERED + Duration::MINUTE).await.unwrap();
        assert_eq!(store.list(true).await.unwrap()[0].id, "2");
    });
}

/// Writes what is known of the held mails as another build would have.
async fn rewrite(store: &HoldStore, change: impl Fn(&mut serde_json::Value)) {
    let (text,): (String,) =
        query("SELECT facts FROM held").fetch_one(&store.database).await.unwrap();
    let mut facts = serde_json::from_str(&text).unwrap();
    change(&mut facts);
    let changed = query("UPDATE held SET facts = ?").bind(facts.to_string());
    changed.execute(&store.database).await.unwrap();
}

#[test]
fn a_mail_that_an_earlier_build_kept_is_there_and_is_identified_when_it_is_opened() {
    run(async |store, _| {
        keep(&store, "1", 5).await;
        rewrite(&store, |facts| {
            for name in ["digest", "stated", "mail_options", "recipient_options"] {
                facts.as_object_mut().unwrap().remove(name);
            }
        })
        .await;
        let held = store.find("1").await.unwrap().unwrap();
        assert!(held.readable && held.facts.digest.is_none());
        assert_eq!(held.waiting(), ["b@b.example", "c@b.example"]);
        assert_eq!(store.asked("1", 5, ROOM).await.unwrap(), Some(Kept::Kept));
        store.identified(&held, Digest::of(b"mail")).await.unwrap();
        let held = store.find("1").await.unwrap().unwrap();
        assert_eq!(held.shown().digest, Some(Digest::of(b"mail")));
    });
}

#[test]
fn a_mail_that_cannot_be_read_is_told_of_ends_and_is_not_kept_for_another() {
    run(async |store, _| {
        keep(&store, "1", 1).await;
        rewrite(&store, |facts| facts["outcome"] = "a later build's word".into()).await;
        let listed = store.list(false).await.unwrap();
        let shown = listed[0].shown();
        assert_eq!((shown.id.as_str(), shown.readable, shown.digest), ("1", false, None));
        assert_eq!((shown.at, shown.expires), (day(0).unix_timestamp(), day(14).unix_timestamp()));
        // The same mail comes again: what nobody can decide about is not what keeps it.
        assert_eq!(store.asked("1", 1, ROOM).await.unwrap(), None);
        assert_eq!(store.keep(&mail("2", "1"), vec![b'x'], ROOM).await.unwrap(), Kept::Kept);
        assert!(store.find("2").await.unwrap().unwrap().readable);
        assert_eq!(objects(&store).await, 2);
        let expired = store.untold(i64::MAX, day(14)).await.unwrap();
        assert_eq!(expired.len(), 2);
        for held in expired {
            assert!(store.end(&held.id, HeldState::Expired, None).await.unwrap());
        }
        assert_eq!(objects(&store).await, 0);
    });
}

fn fault(result: Result<impl std::fmt::Debug, StoreError>) -> ObjectFault {
    match result.unwrap_err() {
        StoreError::Object(fault) => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn octets_that_are_gone_cut_or_changed_are_told_apart_and_the_mail_stays() {
    run_on_files(async |store, place| {
        keep(&store, "1", 3).await;
        let path = place.directory().join("held/1");
        for (octets, expected) in [
            (Some("xxxx"), ObjectFault::Changed),
            (Some("xx"), ObjectFault::Changed),
            (Some("xxy"), ObjectFault::Changed),
            (None, ObjectFault::Missing),
        ] {
            match octets {
                Some(octets) => files::write_private(&path, octets.as_bytes()).unwrap(),
                None => files::remove(&path).unwrap(),
            }
            assert_eq!(fault(store.object("1").await), expected, "{octets:?}");
        }
        assert_eq!(store.list(false).await.unwrap().len(), 1);
        files::write_private(&path, b"xxx").unwrap();
        assert_eq!(store.object("1").await.unwrap(), b"xxx", "what is brought back counts");
    });
    let Some(server) = ssmax_test_postgres::shared() else { return };
    let address = server.database();
    let state = StateConfig { url: Some(address.clone()), ..StateConfig::default() };
    run_at(&state, &ObjectsConfig::default(), async |store, _| {
        keep(&store, "1", 3).await;
        for (change, expected) in [
            ("UPDATE ssmax_hold.held_piece SET octets = 'xxy'", ObjectFault::Changed),
            ("UPDATE ssmax_hold.held_piece SET octets = 'xx'", ObjectFault::Changed),
            ("DELETE FROM ssmax_hold.held_piece", ObjectFault::Missing),
        ] {
            server.sql_at(&address, change);
            assert_eq!(fault(store.object("1").await), expected, "{change}");
        }
        assert_eq!(store.list(false).await.unwrap().len(), 1);
    });
}

//! Held mail in a bucket of an S3-compatible store that others wrote.

use super::{ROOM, fault, in_bucket, keep, mail, objects, run_at, run_on_bucket, run_on_files};
use crate::hold::store::{HoldStore, Kept};
use ssmax_api::gateway::HeldState;
use ssmax_store::objects::{ObjectFault, Objects, ObjectsConfig};
use ssmax_store::{Place, StateConfig, StoreError, files, query};
use ssmax_test_objects::{Between, Failure, Server, shared};
use std::time::Duration;
use time::OffsetDateTime;

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// The one mail's object, as the table names it.
async fn object_name(store: &HoldStore, id: &str) -> Option<String> {
    let select = query("SELECT object FROM held WHERE id = ?").bind(id);
    select.fetch_one::<(Option<String>,)>(&store.database).await.unwrap().0
}

#[test]
fn objects_of_a_bucket_that_are_gone_cut_or_changed_are_told_apart_and_the_mail_stays() {
    // Its own: files of others lie between those of the shared one.
    let Some(server) = Server::start(None) else { return };
    let bucket_name = server.bucket();
    let (config, _dir) = in_bucket(&server.endpoint(), &bucket_name);
    run_at(&StateConfig::default(), &config, async |store, _| {
        keep(&store, "1", 5).await;
        let [file] = server.files().try_into().unwrap();
        // What lies there is what was handed in, and its name tells nothing.
        assert_eq!(std::fs::read(&file).unwrap(), b"xxxxx");
        let name = object_name(&store, "1").await.unwrap();
        assert!(name.len() == 32 && server.names(&bucket_name)[0].ends_with(&name));
        std::fs::write(&file, "xxyxx").unwrap();
        let changed = fault(store.object("1").await);
        assert_eq!(changed, ObjectFault::Changed);
        let held = store.octets.bucket.as_ref().unwrap();
        held.put(&name, b"xxx".to_vec()).await.unwrap();
        assert_eq!(fault(store.object("1").await), ObjectFault::Changed);
        held.remove(&name).await.unwrap();
        assert_eq!(fault(store.object("1").await), ObjectFault::Missing);
        assert_eq!(store.list(false).await.unwrap().len(), 1);
        held.put(&name, b"xxxxx".to_vec()).await.unwrap();
        assert_eq!(store.object("1").await.unwrap(), b"xxxxx", "what is brought back counts");
    });
}

#[test]
fn a_mail_is_kept_only_when_the_bucket_has_it_whatever_fails() {
    let Some(server) = shared() else { return };
    let between = Between::before(server.port());
    let bucket_name = server.bucket();
    let (config, _dir) = in_bucket(&between.endpoint(), &bucket_name);
    run_at(&StateConfig::default(), &config, async |store, _| {
        for failure in Failure::ALL {
            if failure == Failure::Truncated {
                // An answer to a PUT is too short for that.
                continue;
            }
            between.fail(Some(failure));
            let tried = store.keep(&mail("1", "1"), vec![b'x'; 5], ROOM).await;
            assert!(matches!(tried, Err(StoreError::Object(_))), "{failure:?}: {tried:?}");
            assert!(store.list(true).await.unwrap().is_empty(), "{failure:?}");
        }
        between.fail(None);
        assert_eq!(keep(&store, "1", 5).await, Kept::Kept, "the same mail comes again");
        // One was taken without our hearing of it: it goes after its time, and not before.
        assert_eq!(server.names(&bucket_name).len(), 2);
        let now = now();
        let hour = Duration::from_secs(3600);
        let foreign = store.octets.bucket.as_ref().unwrap();
        foreign.put("readme.txt", b"not ours".to_vec()).await.unwrap();
        assert_eq!(store.remove_orphans(now, hour).await.unwrap(), 0);
        assert_eq!(store.remove_orphans(now + 3500, hour).await.unwrap(), 0);
        assert_eq!(store.remove_orphans(now + 3700, hour).await.unwrap(), 1);
        assert_eq!(store.object("1").await.unwrap(), b"xxxxx");
        assert_eq!(server.names(&bucket_name).len(), 2, "the mail and what is not ours");
    });
}

#[test]
fn a_mail_ends_without_the_bucket_and_its_object_goes_when_that_is_back() {
    let Some(server) = shared() else { return };
    let between = Between::before(server.port());
    let bucket_name = server.bucket();
    let (config, _dir) = in_bucket(&between.endpoint(), &bucket_name);
    run_at(&StateConfig::default(), &config, async |store, _| {
        keep(&store, "1", 5).await;
        between.fail(Some(Failure::Reset));
        assert!(store.end("1", HeldState::Deleted, None).await.unwrap());
        assert!(store.remove_ended().await.is_err());
        assert_eq!(server.names(&bucket_name).len(), 1);
        assert!(object_name(&store, "1").await.is_some());
        between.fail(None);
        assert!(store.remove_ended().await.unwrap());
        assert!(server.names(&bucket_name).is_empty());
        assert_eq!(object_name(&store, "1").await, None);
    });
}

#[test]
fn two_organisations_in_one_bucket_leave_each_others_objects_alone() {
    let Some(server) = shared() else { return };
    let (config, _dir) = in_bucket(&server.endpoint(), &server.bucket());
    run_at(&StateConfig::default(), &config, async |one, _| {
        keep(&one, "1", 5).await;
        run_beside(&config, async |other| {
            let late = now() + 1000;
            let removed = other.remove_orphans(late, Duration::ZERO).await;
            assert_eq!(removed, Ok(0));
        })
        .await;
        assert_eq!(one.object("1").await.unwrap(), b"xxxxx");
    });
}

async fn run_beside(config: &ObjectsConfig, test: impl AsyncFn(HoldStore)) {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_directory(&dir.path().join("gateway"));
    test(HoldStore::open(place, config).await.unwrap()).await;
}

#[test]
fn mail_stays_where_it_was_put_when_a_bucket_is_set_or_no_more() {
    let Some(server) = shared() else { return };
    let (config, _dir) = in_bucket(&server.endpoint(), &server.bucket());
    run_on_files(async |store, place| {
        keep(&store, "1", 3).await;
        store.database.close().await;
        let store = HoldStore::open(place.clone(), &config).await.unwrap();
        keep(&store, "2", 4).await;
        assert_eq!(store.object("1").await.unwrap(), b"xxx");
        assert_eq!(store.object("2").await.unwrap(), b"xxxx");
        store.database.close().await;
        let store = HoldStore::open(place.clone(), &ObjectsConfig::default()).await.unwrap();
        assert_eq!(store.object("1").await.unwrap(), b"xxx");
        assert_eq!(fault(store.object("2").await), ObjectFault::NotSet);
        store.database.close().await;
        let store = HoldStore::open(place.clone(), &config).await.unwrap();
        assert_eq!(store.object("2").await.unwrap(), b"xxxx");
        for id in ["1", "2"] {
            assert!(store.end(id, HeldState::Deleted, None).await.unwrap());
        }
        assert_eq!(objects(&store).await, 0);
    });
}

#[test]
fn tables_of_an_earlier_moment_name_what_is_gone_and_their_bucket_is_tidied() {
    let Some(server) = shared() else { return };
    let bucket_name = server.bucket();
    let (config, _dir) = in_bucket(&server.endpoint(), &bucket_name);
    run_at(&StateConfig::default(), &config, async |store, place| {
        let tables = place.directory().join("hold.sqlite");
        let backup = place.directory().join("backup.sqlite");
        keep(&store, "1", 3).await;
        ssmax_store::snapshot(&tables, &backup).await.unwrap();
        assert!(store.end("1", HeldState::Released, None).await.unwrap());
        assert!(store.remove_ended().await.unwrap());
        keep(&store, "2", 4).await;
        store.database.close().await;
        for file in ["hold.sqlite-wal", "hold.sqlite-shm"] {
            files::remove(&place.directory().join(file)).unwrap();
        }
        std::fs::rename(&backup, &tables).unwrap();
        let store = HoldStore::open(place.clone(), &config).await.unwrap();
        assert_eq!(store.list(true).await.unwrap().len(), 1);
        assert_eq!(fault(store.object("1").await), ObjectFault::Missing);
        assert!(store.end("1", HeldState::Deleted, None).await.unwrap());
        assert!(store.remove_ended().await.unwrap(), "what is gone is removed");
        let late = now() + 1000;
        let removed = store.remove_orphans(late, Duration::ZERO).await;
        assert_eq!(removed, Ok(1));
        assert!(server.names(&bucket_name).is_empty());
    });
}

#[test]
fn the_directory_of_a_gateway_with_a_bucket_has_no_octets() {
    run_on_bucket(async |store, place| {
        keep(&store, "1", 3).await;
        assert!(matches!(&store.octets.files, Some(Objects::Directory(_))));
        assert_eq!(std::fs::read_dir(place.directory().join("held")).unwrap().count(), 0);
    });
}

//! Objects in a directory and in a bucket of an S3-compatible store that others wrote, and
//! what happens when it fails.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests stop at what they do not expect"
)]

use ssmax_store::StoreError;
use ssmax_store::objects::{
    AddressFault, Bucket, MAX_OBJECT_BYTES, ObjectFault, Objects, ObjectsConfig, Refusal,
};
use ssmax_test_objects::{
    Between, Failure, Server, Tls, shared, write_key, write_key_without_rights, write_wrong_key,
};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Settings for a bucket, and the folder with its key.
fn config(endpoint: &str, bucket: &str) -> (ObjectsConfig, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    write_key(&key);
    let config = ObjectsConfig {
        url: Some(format!("s3://{bucket}/a/b")),
        endpoint: Some(endpoint.to_owned()),
        credentials_file: Some(key),
        timeout_seconds: 3,
        ..ObjectsConfig::default()
    };
    (config, dir)
}

fn objects(config: &ObjectsConfig) -> Objects {
    Objects::Bucket(Bucket::open(config).unwrap().unwrap())
}

fn fault<T: std::fmt::Debug>(result: Result<T, StoreError>) -> ObjectFault {
    match result.unwrap_err() {
        StoreError::Object(fault) => fault,
        other => panic!("{other}"),
    }
}

async fn written_read_listed_and_removed(objects: &Objects) {
    let large: Vec<u8> = (0..5_000_000_u32).map(|place| (place / 1000) as u8).collect();
    objects.put("one", large.clone()).await.unwrap();
    objects.put("two", Vec::new()).await.unwrap();
    assert!(objects.get("one", 5_000_000).await.unwrap() == large);
    assert_eq!(objects.get("two", 0).await.unwrap(), b"");
    assert_eq!(fault(objects.get("one", 5_000_001).await), ObjectFault::Changed);
    assert_eq!(fault(objects.get("one", 4_999_999).await), ObjectFault::Changed);
    assert_eq!(fault(objects.get("three", 1).await), ObjectFault::Missing);
    let mut listed = objects.list().await.unwrap();
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for one in listed {
        assert!(one.written.unsigned_abs().abs_diff(now) < 60, "{one:?}");
    }
    for _ in 0..2 {
        objects.remove("one").await.unwrap();
    }
    assert_eq!(fault(objects.get("one", 5_000_000).await), ObjectFault::Missing);
    let beyond = usize::try_from(MAX_OBJECT_BYTES + 1).unwrap();
    assert_eq!(fault(objects.put("four", vec![0; beyond]).await), ObjectFault::TooLarge);
    assert_eq!(objects.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn objects_are_written_read_listed_and_removed_in_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let objects = Objects::directory(dir.path().join("objects")).unwrap();
    written_read_listed_and_removed(&objects).await;
    for name in ["", "..", "a/b"] {
        assert_eq!(fault(objects.get(name, 1).await), ObjectFault::Name, "{name}");
    }
}

#[tokio::test]
async fn objects_are_written_read_listed_and_removed_in_a_bucket_and_keep_to_their_folder() {
    let Some(server) = shared() else { return };
    let bucket = server.bucket();
    let (config, _dir) = config(&server.endpoint(), &bucket);
    let bucket_of = Bucket::open(&config).unwrap().unwrap();
    bucket_of.look().await.unwrap();
    let beside = Objects::Bucket(bucket_of.below("beside"));
    beside.put("five", b"5".to_vec()).await.unwrap();
    written_read_listed_and_removed(&Objects::Bucket(bucket_of.below("held"))).await;
    assert_eq!(server.names(&bucket), ["a/b/beside/five", "a/b/held/two"]);
}

#[tokio::test]
async fn a_listing_of_several_pages_is_whole() {
    let Some(server) = shared() else { return };
    let (config, _dir) = config(&server.endpoint(), &server.bucket());
    let objects = objects(&config);
    for name in 0..1003 {
        objects.put(&format!("{name:04}"), vec![0]).await.unwrap();
    }
    assert_eq!(objects.list().await.unwrap().len(), 1003);
}

#[tokio::test]
async fn who_may_not_is_told_why() {
    let Some(server) = shared() else { return };
    let bucket = server.bucket();
    let (config, dir) = config(&server.endpoint(), &bucket);
    let key = dir.path().join("key");
    let put = async || objects(&config).put("one", vec![1]).await;
    write_wrong_key(&key);
    assert_eq!(fault(put().await), ObjectFault::Refused(Refusal::Credentials));
    write_key_without_rights(&key);
    assert_eq!(fault(put().await), ObjectFault::Refused(Refusal::Rights));
    assert!(server.names(&bucket).is_empty());
    // The key is read for every request: no restart.
    let same = objects(&config);
    write_key(&key);
    same.put("one", vec![1]).await.unwrap();
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(same.get("one", 1).await, Err(StoreError::File { .. })));
    write_key(&key);
    let nowhere = ObjectsConfig { url: Some("s3://nowhere".into()), ..config.clone() };
    let nowhere = objects(&nowhere);
    let no_bucket = ObjectFault::Refused(Refusal::NoBucket);
    assert_eq!(fault(nowhere.put("one", vec![1]).await), no_bucket);
    assert_eq!(fault(nowhere.get("one", 1).await), no_bucket);
    assert_eq!(fault(nowhere.list().await), no_bucket);
}

#[tokio::test]
async fn what_fails_on_its_way_is_an_error_in_time_and_works_again_afterwards() {
    let Some(server) = shared() else { return };
    let between = Between::before(server.port());
    let (config, _dir) = config(&between.endpoint(), &server.bucket());
    let objects = objects(&config);
    objects.put("there", vec![7; 2000]).await.unwrap();
    for failure in Failure::ALL {
        between.fail(Some(failure));
        let begun = Instant::now();
        let put = objects.put("one", vec![1; 300_000]).await;
        let get = objects.get("there", 2000).await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{failure:?} {:?}", begun.elapsed());
        let (put, get) = (put.err(), fault(get));
        let expected = |fault: ObjectFault| match failure {
            Failure::Silent => fault == ObjectFault::Silent,
            // On a busy machine the other end may have given up first.
            Failure::Slow => matches!(fault, ObjectFault::Silent | ObjectFault::Unreachable(_)),
            Failure::Reset | Failure::Unheard | Failure::Truncated => {
                matches!(fault, ObjectFault::Unreachable(_))
            }
            Failure::Garbage => fault == ObjectFault::Garbage,
            Failure::Website => matches!(fault, ObjectFault::Garbage | ObjectFault::Changed),
            Failure::Busy => fault == ObjectFault::Busy(503),
        };
        assert!(expected(get), "{failure:?}: {get:?}");
        // An answer to a PUT is short, and was not cut off.
        if failure != Failure::Truncated {
            let Some(StoreError::Object(put)) = put else { panic!("{failure:?}: {put:?}") };
            assert!(expected(put), "{failure:?}: {put:?}");
        }
        between.fail(None);
        objects.put("one", vec![1]).await.unwrap();
        assert_eq!(objects.get("there", 2000).await.unwrap(), vec![7; 2000], "{failure:?}");
        objects.remove("one").await.unwrap();
    }
    let away = ObjectsConfig { endpoint: Some("http://127.0.0.1:1".into()), ..config };
    let refused = std::io::ErrorKind::ConnectionRefused;
    let away = self::objects(&away).put("one", vec![1]).await;
    assert_eq!(fault(away), ObjectFault::Unreachable(refused));
}

#[tokio::test]
async fn a_store_that_is_stopped_or_stands_still_is_an_error_in_time_and_comes_back() {
    // Its own: others would miss it.
    let Some(server) = Server::start(None) else { return };
    let (config, _dir) = config(&server.endpoint(), &server.bucket());
    let objects = objects(&config);
    objects.put("one", b"1".to_vec()).await.unwrap();
    server.freeze(true);
    assert_eq!(fault(objects.put("two", b"2".to_vec()).await), ObjectFault::Silent);
    server.freeze(false);
    objects.put("three", b"3".to_vec()).await.unwrap();
    server.stop();
    assert!(matches!(fault(objects.get("one", 1).await), ObjectFault::Unreachable(_)));
    server.run();
    for name in ["one", "three"] {
        assert_eq!(objects.get(name, 1).await.unwrap().len(), 1, "what was taken is there");
    }
}

/// A certificate for 127.0.0.1 by a CA of its own, made by OpenSSL.
fn certificates(dir: &Path, name: &str) {
    let run = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(dir).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    run(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=ca -days 2"));
    run(&format!("req {key} -keyout key.pem -out request.pem -subj /CN=s3"));
    std::fs::write(dir.join("names"), format!("subjectAltName={name}")).unwrap();
    run("x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 2 -extfile names -out cert.pem");
    run(&format!("req -x509 {key} -keyout ca.key -out other.pem -subj /CN=other -days 2"));
}

#[tokio::test]
async fn the_endpoint_is_verified_by_its_name_and_the_ca_that_is_set() {
    for (name, trusted) in [("IP:127.0.0.1", true), ("DNS:s3.example", false)] {
        let dir = tempfile::tempdir().unwrap();
        certificates(dir.path(), name);
        let file = |name: &str| dir.path().join(name);
        let tls = Tls { certificate: &file("cert.pem"), key: &file("key.pem") };
        let Some(server) = Server::start(Some(tls)) else { return };
        let (mut config, _key) = config(&server.endpoint(), &server.bucket());
        config.ca_file = file("ca.pem");
        let put = objects(&config).put("one", b"1".to_vec()).await;
        if !trusted {
            assert_eq!(fault(put), ObjectFault::Untrusted);
            continue;
        }
        put.unwrap();
        assert_eq!(objects(&config).get("one", 1).await.unwrap(), b"1");
        config.ca_file = file("other.pem");
        assert_eq!(fault(objects(&config).get("one", 1).await), ObjectFault::Untrusted);
        config.ca_file = file("names");
        let error = Bucket::open(&config).unwrap_err();
        assert_eq!(error, ObjectFault::Address(AddressFault::Ca).into());
    }
}

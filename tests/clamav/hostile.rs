//! A clamd that is not there, says nonsense or says nothing: no verdict, and soon.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::clamd::{Clamd, configured};
use ssmax_support::site::{Said, ssmax_in};

/// More than the two seconds that a scan may take here, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// A folder whose clamd does as it likes with each connection.
fn fake(act: impl Fn(UnixStream) + Send + Sync + 'static) -> TempDir {
    let dir = configured("");
    let socket = dir.path().join("ctl");
    let lines = format!("clamav = \"unix:{}\"\nclamav_seconds = 2\n", socket.display());
    let text = fs::read_to_string(dir.path().join("ssmax.toml")).unwrap() + &lines;
    fs::write(dir.path().join("ssmax.toml"), text).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            act(stream);
        }
    });
    dir
}

/// Scans something harmless.
fn scan(dir: &Path) -> Said {
    fs::write(dir.join("a.txt"), "harmless").unwrap();
    let start = Instant::now();
    let said = ssmax_in(dir, &["scan", "a.txt", "--config", "ssmax.toml", "--json"]);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    said
}

fn assert_no_verdict(said: Said, complaint: &str) {
    let said = said.ends(3);
    assert_eq!(said.out, "");
    assert!(said.err.contains(complaint), "{said:?}");
}

#[test]
fn one_that_is_not_there_gives_no_verdict() {
    let dir = configured("clamav = \"unix:/nowhere/clamd.ctl\"\n");
    assert_no_verdict(scan(dir.path()), "clamd does not answer at unix:/nowhere/clamd.ctl");
}

#[test]
fn one_that_hangs_gives_no_verdict_within_its_seconds() {
    let dir = fake(|mut stream| {
        // The connection stays open, and everything is read.
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
            std::thread::sleep(SOON);
        });
    });
    assert_no_verdict(scan(dir.path()), "The inspection has failed");
}

#[test]
fn garbage_an_endless_answer_and_a_reset_give_no_verdict() {
    let garbage = fake(|mut stream| {
        let _ = stream.write_all(b"\xff\x00\xfe stream: OK\0");
    });
    let endless = fake(|mut stream| while stream.write_all(&[b'1'; 4096]).is_ok() {});
    // Closed with octets unread, which the other side sees as a reset.
    let reset = fake(drop);
    for dir in [garbage, endless, reset] {
        assert_no_verdict(scan(dir.path()), "The inspection has failed");
    }
}

#[test]
fn clamds_own_limit_gives_no_verdict() {
    let Some(clamd) = Clamd::start("StreamMaxLength 1K\n") else { return };
    let dir = configured(&clamd.section());
    let scan = |size: usize| {
        fs::write(dir.path().join("a.bin"), vec![b'x'; size]).unwrap();
        ssmax_in(dir.path(), &["scan", "a.bin", "--config", "ssmax.toml", "--json"])
    };
    scan(1024).ends(0);
    assert_no_verdict(scan(1025), "The inspection has failed");
}

#[test]
fn an_address_of_another_computer_is_refused() {
    let dir = configured("clamav = \"tcp:192.0.2.1:3310\"\n");
    let said = scan(dir.path()).ends(2);
    assert!(said.err.contains("plaintext"), "{said:?}");
}

//! A mail whose inspection breaks off is put off (9002) and arrives once clamd is back.

use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::clamd::Clamd;
use ssmax_support::site::desk::{Desk, processes_of};
use ssmax_support::site::{Said, Site};

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

/// How long a mail may take to reach its worker.
const REACHED: Duration = Duration::from_secs(20);

/// How the listener is told that the inspector cannot judge.
const PUT_OFF: &str = "451 4.3.0 SSMAX-9002";

#[test]
fn a_mail_whose_inspection_breaks_off_is_put_off_and_arrives_when_clamd_is_back() {
    let Some(mut clamd) = Clamd::start("") else { return };
    let site = clamd.site();
    let _authority = site.serve("authority", &[], &["authority"]);
    let _roles = site.serve("a", &[], &ROLES);
    let desk = Desk::new(&site);
    desk.learn_from_first_mail();
    let before = desk.arrived("alice");

    let broken = desk.encrypted("broken", "\r\nHello.\r\n");
    let said = killed_in_the_middle(&site, &desk, &mut clamd, &broken);
    assert_put_off(&said);
    // Nobody is there at all.
    assert_put_off(&desk.send(&broken));
    assert_eq!(desk.arrived("alice"), before);
    clamd.restart();
    desk.send(&broken).ends(0);
    assert_eq!(desk.arrived("alice"), before + 1);

    let garbled = desk.encrypted("garbled", "\r\nHello again.\r\n");
    clamd.kill();
    let said = with_garbage(&clamd.socket(), || desk.send(&garbled));
    assert_put_off(&said);
    assert_eq!(desk.arrived("alice"), before + 1);
    clamd.restart();
    desk.send(&garbled).ends(0);
    assert_eq!(desk.arrived("alice"), before + 2);
}

#[track_caller]
fn assert_put_off(said: &Said) {
    assert_ne!(said.exit, 0, "{said:?}");
    assert!(said.err.contains(PUT_OFF), "{said:?}");
}

/// Sends while clamd is held, and kills it when a worker waits for it.
fn killed_in_the_middle(site: &Site, desk: &Desk<'_>, clamd: &mut Clamd, mail: &str) -> Said {
    clamd.hold();
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| desk.send(mail));
        let start = Instant::now();
        while processes_of(site, "inspect-worker").is_empty() {
            assert!(start.elapsed() < REACHED, "no worker in time");
        }
        // It has the keys soon after, and then waits for an answer that does not come.
        std::thread::sleep(Duration::from_secs(1));
        assert!(!sending.is_finished(), "somebody answered for clamd");
        clamd.kill();
        sending.join().unwrap()
    })
}

/// Does it while what listens at clamd's place says nonsense.
fn with_garbage<T>(socket: &Path, act: impl FnOnce() -> T) -> T {
    let listener = UnixListener::bind(socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let asked = std::thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let mut asked = 0;
            while !over.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((mut stream, _)) => {
                        asked += 1;
                        let _ = stream.write_all(b"\xff\x00\xfe stream: OK\0");
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            }
            asked
        }
    });
    let done = act();
    over.store(true, Ordering::Relaxed);
    assert_ne!(asked.join().unwrap(), 0, "nobody asked");
    std::fs::remove_file(socket).unwrap();
    done
}

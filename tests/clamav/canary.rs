//! Plaintext is in memory and nowhere else, whoever is killed while it is there.
//!
//! A person sends encrypted mails with a canary through real roles and a real clamd;
//! worker, inspector and clamd are killed at random moments. Afterwards no file of theirs
//! outside of a tmpfs holds the canary, neither plain nor in base64. Swap is not looked into:
//! that there is none, or none that stays readable, is what `ssmax check` demands.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustix::process::{Pid, Signal, kill_process};

use crate::clamd::Clamd;
use ssmax_support::site::desk::{Desk, processes_of};

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

/// How often each of the three is killed.
const ROUNDS: usize = 2;

/// Longest wait before somebody is killed, in milliseconds: within it, a mail of this size
/// is decrypted, scanned and sealed.
const LATEST_MS: u64 = 700;

/// Longest time that a worker lives before it is killed, in milliseconds.
const WORKER_MS: u64 = 150;

#[derive(Debug, Clone, Copy)]
enum Victim {
    Worker,
    Inspector,
    Clamd,
}

#[test]
fn no_file_outside_of_memory_holds_what_was_encrypted_whoever_is_killed() {
    let start = SystemTime::now();
    let Some(mut clamd) = Clamd::start("") else { return };
    let site = clamd.site();
    let _authority = site.serve("authority", &[], &["authority"]);
    let _roles = site.serve("a", &[], &ROLES);
    // What the sender has in clear is his own: kept in memory, so that it is not found.
    let desk = Desk::new(&site);
    desk.learn_from_first_mail();

    let canary = format!("canary-{:016x}{:016x}", random(), random());
    // A megabyte, all of it full of the canary.
    let line = format!("{canary} {canary}\r\n");
    let body = "\r\n".to_owned() + &line.repeat(1_000_000 / line.len());
    let mut workers_killed = 0;
    for (round, victim) in [Victim::Worker, Victim::Inspector, Victim::Clamd]
        .into_iter()
        .cycle()
        .take(3 * ROUNDS)
        .enumerate()
    {
        let mail = desk.encrypted(&format!("round-{round}"), &body);
        std::thread::scope(|scope| {
            // Whatever is answered: the mail is not what this is about.
            scope.spawn(|| desk.send(&mail));
            std::thread::sleep(Duration::from_millis(random() % LATEST_MS));
            match victim {
                Victim::Worker => {
                    let workers = processes_of(&site, "inspect-worker");
                    std::thread::sleep(Duration::from_millis(random() % WORKER_MS));
                    workers_killed += kill(&workers);
                }
                Victim::Inspector => {
                    kill(&processes_of(&site, "--role\0inspector\0"));
                }
                Victim::Clamd => clamd.kill_and_restart(),
            }
        });
    }
    assert!(workers_killed > 0, "no worker lived long enough to be killed");
    // All are back, and mail goes on.
    let mail = desk.encrypted("last", &body);
    site.eventually(0, || desk.send(&mail));
    assert!(desk.arrived("alice") > 0);

    let forms = forms(&canary);
    assert!(holds(&desk.path("draft.eml"), &forms), "the search finds nothing at all");
    let mut found = Vec::new();
    search(&site.path(""), &forms, &mut found);
    search(clamd.dir(), &forms, &mut found);
    for file in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let written = file.metadata().and_then(|about| about.modified());
        let path = file.path();
        if written.is_ok_and(|written| written >= start) && (path.is_file() || is_clamavs(&path)) {
            search(&path, &forms, &mut found);
        }
    }
    assert!(found.is_empty(), "{found:?}");
}

fn is_clamavs(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("clamav"))
}

/// Kills them and gives how many were there to be killed.
fn kill(processes: &[Pid]) -> usize {
    processes.iter().filter(|process| kill_process(**process, Signal::KILL).is_ok()).count()
}

/// The canary as it is, and the octets that stand for it in base64 whatever is before it.
fn forms(canary: &str) -> Vec<String> {
    let encoded = (0..3).map(|before| {
        let text =
            STANDARD_NO_PAD.encode([vec![b' '; before], canary.as_bytes().to_vec()].concat());
        text[4..text.len() - 4].to_owned()
    });
    std::iter::once(canary.to_owned()).chain(encoded).collect()
}

fn holds(path: &Path, forms: &[String]) -> bool {
    // Sockets and what is gone already have no content.
    let content = fs::read(path).unwrap_or_default();
    // A line of base64 may end anywhere.
    let joined: Vec<u8> =
        content.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
    let texts = [String::from_utf8_lossy(&content), String::from_utf8_lossy(&joined)];
    forms.iter().any(|form| texts.iter().any(|text| text.contains(form.as_str())))
}

/// Every file below a folder that is not on a tmpfs.
fn search(path: &Path, forms: &[String], found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            search(&entry.path(), forms, found);
        }
    } else if !in_memory(path) && holds(path, forms) {
        found.push(path.to_owned());
    }
}

fn in_memory(path: &Path) -> bool {
    const TMPFS: i64 = 0x0102_1994;
    rustix::fs::statfs(path).is_ok_and(|about| about.f_type == TMPFS)
}

fn random() -> u64 {
    RandomState::new().hash_one(Instant::now())
}

//! How much memory a large mail takes, as the most that the process ever had (`VmHWM`).
//!
//! The goal is 256 MB for a mail of 100 MB. Here a smaller one is held against its share
//! of that; `SSMAX_MEMORY_MB=100` takes the large one (docs/performance.md has its
//! figures).
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use ssmax_support::site::Site;
use ssmax_support::site::desk::{Desk, processes_of};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Megabytes of the mail, as long as the environment says nothing else.
const MAIL_MB: usize = 16;

/// What the program takes for itself, in MB: most of it are its own pages.
const BASE_MB: usize = 40;

/// What a mail may take beyond that, in percent: 256 MB for one of 100 MB.
const PERCENT: usize = 216;

fn mail_mb() -> usize {
    std::env::var("SSMAX_MEMORY_MB").map_or(MAIL_MB, |value| value.parse().unwrap())
}

/// A mail with an attachment in base64.
fn draft(path: &Path, mb: usize) {
    const LINE: &[u8] =
        b"TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\r\n";
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    file.write_all(
        b"From: alice@a.example\r\nTo: alice@a.example\r\nSubject: large\r\n\
        Date: Mon, 01 Jan 2024 00:00:00 +0000\r\nMIME-Version: 1.0\r\n\
        Content-Type: application/octet-stream; name=\"large.bin\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n",
    )
    .unwrap();
    for _ in 0..mb * 1_000_000 / LINE.len() {
        file.write_all(LINE).unwrap();
    }
    file.flush().unwrap();
}

/// A self-signed person: key and certificate in one file, made by OpenSSL.
fn person(dir: &Path) -> PathBuf {
    let path = dir.join("alice.pem");
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=alice", "-days", "30", "-addext"])
        .args(["subjectAltName=email:alice@a.example", "-addext"])
        .args(["keyUsage=digitalSignature,keyAgreement", "-addext"])
        .args(["basicConstraints=critical,CA:false", "-keyout", "-"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(&path, output.stdout).unwrap();
    path
}

/// The highest memory that a process has had so far, in kB; `None` when it has ended.
fn high_water(pid: u32) -> Option<usize> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

/// Runs a command to its good end, and gives its peak in MB.
fn peak(arguments: &[&str]) -> usize {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ssmax"))
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        // It never falls, so only what comes in the very last moment is missed, when the
        // work is done.
        peak = high_water(child.id()).unwrap_or(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "{arguments:?}: {status}");
    assert!(peak > 0);
    peak / 1000
}

#[test]
fn a_large_mail_is_in_memory_little_more_than_twice() {
    let mb = mail_mb();
    let bound = BASE_MB + mb * PERCENT / 100;
    let dir = tempfile::tempdir().unwrap();
    let person = person(dir.path());
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    draft(&dir.path().join("draft"), mb);
    // Encrypted, base64 around base64, it is as large as the other.
    draft(&dir.path().join("lesser"), mb * 73 / 100);
    let key = person.to_str().unwrap();
    let [draft, lesser, signed, inner, sealed, again, opened] =
        ["draft", "lesser", "signed", "inner", "sealed", "again", "opened"].map(path);
    let mut peaks = Vec::new();
    let mut run = |name, arguments: &[&str]| peaks.push((name, peak(arguments)));
    run("mail sign", &["mail", "sign", &draft, "--key", key, "--out", &signed]);
    run("verify", &["verify", &signed, "--trust", key]);
    run("mail encrypt", &["mail", "encrypt", &draft, "--to", key, "--out", &sealed]);
    run("mail sign, less", &["mail", "sign", &lesser, "--key", key, "--out", &inner]);
    run("mail encrypt, less", &["mail", "encrypt", &inner, "--to", key, "--out", &sealed]);
    run("rewrap", &["rewrap", &sealed, "--key", key, "--to", key, "--out", &again]);
    run("mail open", &["mail", "open", &sealed, "--key", key, "--trust", key, "--out", &opened]);
    run("decrypt", &["decrypt", &again, "--key", key, "--out", &opened]);
    println!("a mail of {mb} MB, bound {bound} MB: {peaks:?}");
    // Opening gives out the mail in clear beside the one that came: once more.
    let bound_of = |name| if name == "mail open" { bound + mb * 10 / 100 } else { bound };
    for (name, peak) in &peaks {
        let bound = bound_of(*name);
        assert!(*peak <= bound, "{name}: {peak} MB for a mail of {mb} MB, bound {bound}");
    }
}

/// What a role takes for itself, in MB: more than a command, as it has a runtime.
const ROLE_BASE_MB: usize = 50;

/// The highest memory of gateway, inspector and workers while `work` goes on, in MB.
fn peaks_of_roles(site: &Site, work: impl FnOnce()) -> [usize; 3] {
    let role = |name: &str| {
        let found = processes_of(site, &format!("--role\0{name}\0"));
        u32::try_from(found.first().unwrap().as_raw_nonzero().get()).unwrap()
    };
    let (gateway, inspector) = (role("gateway"), role("inspector"));
    let children = || {
        // Whoever of its threads has started them.
        let threads = std::fs::read_dir(format!("/proc/{inspector}/task")).unwrap().flatten();
        let of_thread = |thread: std::fs::DirEntry| {
            std::fs::read_to_string(thread.path().join("children")).unwrap_or_default()
        };
        threads.map(of_thread).collect::<Vec<_>>().join(" ")
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut worker = 0;
            while !done.load(Ordering::Relaxed) {
                for child in children().split_whitespace() {
                    worker = worker.max(high_water(child.parse().unwrap()).unwrap_or(0));
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            worker
        });
        // Also when it panics, or the watching would never end.
        let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = worked {
            std::panic::resume_unwind(panic);
        }
        let worker = watching.join().unwrap();
        let role = |pid| high_water(pid).unwrap();
        [role(gateway), role(inspector), worker].map(|kilobytes| kilobytes / 1000)
    })
}

#[test]
fn a_large_mail_goes_through_the_roles_in_little_more_than_twice_its_size() {
    let mb = mail_mb();
    let site = Site::new();
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let _roles = site.serve("a", &[], &["keyserver", "ca", "inspector", "gateway"]);
    let desk = Desk::new(&site);
    desk.learn_from_first_mail();
    let line = "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\r\n";
    let body = line.repeat(mb * 720_000 / line.len());
    let mail = desk.encrypted(
        "large",
        &format!(
            "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{body}"
        ),
    );
    let peaks = peaks_of_roles(&site, || drop(desk.send(&mail).ends(0)));
    let bound = ROLE_BASE_MB + mb * PERCENT / 100;
    println!("a mail of {mb} MB, bound {bound} MB: gateway, inspector, worker {peaks:?}");
    assert_eq!(desk.arrived("alice"), 1);
    for peak in peaks {
        assert!(peak > 0 && peak <= bound, "{peaks:?} MB for a mail of {mb} MB, bound {bound}");
    }
}

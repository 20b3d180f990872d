//! Plaintext is in memory and nowhere else, whoever is killed while it is there.
//!
//! A person sends encrypted mails with a canary through real roles and a real clamd;
//! worker, inspector and clamd are killed at random moments. Afterwards no file of theirs
//! outside of a tmpfs holds the canary, neither plain nor in base64. Swap is not looked into:
//! that there is none, or none that stays readable, is what `ssmax check` demands.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::clamd::Clamd;
use crate::site::{Said, Site};

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
    let site = Site::new();
    let config =
        site.member_config().replace("[inspector]\n", &format!("[inspector]\n{}", clamd.section()));
    site.write("a/ssmax.toml", &config);
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let _roles = site.serve("a", &[], &ROLES);
    // What the sender has in clear is his own: kept in memory, so that it is not found.
    let desk = Desk::new(&site);
    desk.learn_from_first_mail();

    let canary = format!("canary-{:016x}{:016x}", random(), random());
    let mut workers_killed = 0;
    for (round, victim) in [Victim::Worker, Victim::Inspector, Victim::Clamd]
        .into_iter()
        .cycle()
        .take(3 * ROUNDS)
        .enumerate()
    {
        let mail = desk.encrypted(&format!("round-{round}"), &canary);
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
    let mail = desk.encrypted("last", &canary);
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

/// taro with his key and his drafts, on a tmpfs.
struct Desk<'s> {
    site: &'s Site,
    dir: TempDir,
}

impl<'s> Desk<'s> {
    fn new(site: &'s Site) -> Self {
        let desk = Self { site, dir: tempfile::tempdir_in("/dev/shm").unwrap() };
        site.write("password", "correct horse\n");
        fs::set_permissions(site.path("password"), fs::Permissions::from_mode(0o600)).unwrap();
        let add = |user: &str, address: &str, more: &[&str]| {
            let mut line = vec!["add", user, "--name", user, "--address", address];
            line.extend(["--proof", "in-person", "--password-file", "password"]);
            line.extend(more);
            site.member("user", &line).ends(0);
        };
        for person in ["alice", "taro"] {
            desk.openssl(&format!("ecparam -name prime256v1 -genkey -noout -out {person}.key"));
            desk.openssl(&format!(
                "req -new -key {person}.key -subj /CN={person} -out {person}.csr"
            ));
            let request = desk.name(&format!("{person}.csr"));
            let address = format!("{person}@a.example");
            add(person, &address, &["--csr", &request, "--out", person]);
        }
        let export = desk.name("export");
        site.member("user", &["export", "taro@a.example", "--out", &export]).ends(0);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn openssl(&self, line: &str) {
        let mut command = Command::new("openssl");
        let output = command.args(line.split(' ')).current_dir(self.dir.path()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// alice writes, and with her mail comes the certificate that answers are encrypted for.
    fn learn_from_first_mail(&self) {
        let mail =
            "From: alice@a.example\r\nTo: taro@a.example\r\nSubject: first\r\n\r\nHello.\r\n";
        fs::write(self.path("first.eml"), mail).unwrap();
        let signed = self.signed("first.eml", "alice");
        self.submit(&signed, "alice@a.example").ends(0);
        let arrived = mails(&self.maildir("taro")).pop().unwrap();
        let (key, trust) = (self.name("export/encryption-key.pem"), self.name("export/chain.pem"));
        let cert = self.name("export/encryption.pem");
        let (mail, known) = (arrived.display().to_string(), self.name("known.json"));
        let out = self.name("opened.eml");
        let line = ["mail", "open", &mail, "--key", &key, "--cert", &cert, "--trust", &trust];
        let line = [&line[..], &["--known", &known, "--out", &out]].concat();
        self.site.ssmax(&line).ends(0);
    }

    /// A mail of a megabyte from taro to alice, all of it full of the canary.
    fn encrypted(&self, subject: &str, canary: &str) -> String {
        let line = format!("{canary} {canary}\r\n");
        let body = line.repeat(1_000_000 / line.len());
        let mail = format!(
            "From: taro@a.example\r\nTo: alice@a.example\r\nSubject: {subject}\r\n\
             Message-ID: <{subject}.{:x}@a.example>\r\nDate: {}\r\n\r\n{body}",
            random(),
            "Mon, 30 Nov 2026 00:00:00 +0000",
        );
        fs::write(self.path("draft.eml"), mail).unwrap();
        let signed = self.signed("draft.eml", "taro");
        let (sealed, known) = (self.name(&format!("{subject}.eml")), self.name("known.json"));
        let line = ["mail", "encrypt", &signed, "--known", &known, "--out", &sealed];
        self.site.ssmax(&line).ends(0);
        sealed
    }

    fn signed(&self, draft: &str, person: &str) -> String {
        let signed = self.name("signed.eml");
        let (draft, key) = (self.name(draft), self.name(&format!("{person}.key")));
        let of = |file: &str| self.site.path(&format!("{person}/{file}")).display().to_string();
        let (certificate, chain) = (of("signing-file.pem"), of("chain.pem"));
        let line = ["mail", "sign", &draft, "--key", &key, "--cert", &certificate];
        let line = [&line[..], &["--chain", &chain, "--out", &signed]].concat();
        self.site.ssmax(&line).ends(0);
        signed
    }

    fn send(&self, mail: &str) -> Said {
        self.submit(mail, "taro@a.example")
    }

    fn submit(&self, mail: &str, user: &str) -> Said {
        let server = format!("127.0.0.1:{}", self.site.submission_port);
        let line = ["mail", "send", mail, "--server", &server, "--user", user];
        self.site.ssmax(&[&line[..], &["--password-file", "password"]].concat())
    }

    fn maildir(&self, person: &str) -> PathBuf {
        self.site.path(&format!("a/mail/a.example/{person}/new"))
    }

    fn arrived(&self, person: &str) -> usize {
        mails(&self.maildir(person)).len()
    }
}

fn mails(maildir: &Path) -> Vec<PathBuf> {
    fs::read_dir(maildir).unwrap().map(|file| file.unwrap().path()).collect()
}

/// The processes of this site's roles whose command line has these words. Workers are
/// children of an inspector; only those of ours are looked for.
fn processes_of(site: &Site, words: &str) -> Vec<Pid> {
    let config = site.path("a/ssmax.toml").display().to_string();
    let start = Instant::now();
    loop {
        let mut found = Vec::new();
        let mut roles = Vec::new();
        for (pid, line, parent) in processes() {
            let is_role = line.contains("--role\0inspector\0") && line.contains(&config);
            if is_role {
                roles.push(pid);
            }
            if line.contains(words) {
                found.push((pid, is_role, parent));
            }
        }
        let ours: Vec<Pid> = found
            .into_iter()
            .filter(|(_, is_role, parent)| *is_role || roles.contains(parent))
            .filter_map(|(pid, _, _)| Pid::from_raw(pid))
            .collect();
        // A mail may be through already; then nobody is left to be killed.
        if !ours.is_empty() || start.elapsed() > Duration::from_secs(2) {
            return ours;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Process, command line (words end with NUL) and parent of all processes.
fn processes() -> Vec<(i32, String, i32)> {
    let read = |pid: i32| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        Some((pid, line, parent.trim().parse().ok()?))
    };
    let folders = fs::read_dir("/proc").unwrap().flatten();
    let pids = folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok());
    pids.filter_map(read).collect()
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

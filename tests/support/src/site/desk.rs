//! Somebody with a key of his own, who signs, encrypts and sends with the program.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use tempfile::TempDir;

use super::{Said, Site};

/// taro with his key and his drafts, on a tmpfs.
pub struct Desk<'s> {
    site: &'s Site,
    dir: TempDir,
}

impl<'s> Desk<'s> {
    pub fn new(site: &'s Site) -> Self {
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

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub fn openssl(&self, line: &str) {
        let mut command = Command::new("openssl");
        let output = command.args(line.split(' ')).current_dir(self.dir.path()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// alice writes, and with her mail comes the certificate that answers are encrypted for.
    pub fn learn_from_first_mail(&self) {
        let mail =
            "From: alice@a.example\r\nTo: taro@a.example\r\nSubject: first\r\n\r\nHello.\r\n";
        fs::write(self.path("first.eml"), mail).unwrap();
        let signed = self.signed("first.eml", "alice");
        // Until the roles have seen a member list, nobody's mail is judged.
        self.site.eventually(0, || self.submit(&signed, "alice@a.example"));
        let arrived = mails(&self.maildir("taro")).pop().unwrap();
        let (key, trust) = (self.name("export/encryption-key.pem"), self.name("export/chain.pem"));
        let cert = self.name("export/encryption.pem");
        let (mail, known) = (arrived.display().to_string(), self.name("known.json"));
        let out = self.name("opened.eml");
        let line = ["mail", "open", &mail, "--key", &key, "--cert", &cert, "--trust", &trust];
        let line = [&line[..], &["--known", &known, "--out", &out]].concat();
        self.site.ssmax(&line).ends(0);
    }

    /// The file of an encrypted mail from taro to alice. `content` begins with the fields
    /// that describe the body.
    pub fn encrypted(&self, subject: &str, content: &str) -> String {
        let mail = format!(
            "From: taro@a.example\r\nTo: alice@a.example\r\nSubject: {subject}\r\n\
             Message-ID: <{subject}.{:x}@a.example>\r\nDate: {}\r\n{content}",
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

    pub fn signed(&self, draft: &str, person: &str) -> String {
        let signed = self.name("signed.eml");
        let (draft, key) = (self.name(draft), self.name(&format!("{person}.key")));
        let of = |file: &str| self.site.path(&format!("{person}/{file}")).display().to_string();
        let (certificate, chain) = (of("signing-file.pem"), of("chain.pem"));
        let line = ["mail", "sign", &draft, "--key", &key, "--cert", &certificate];
        let line = [&line[..], &["--chain", &chain, "--out", &signed]].concat();
        self.site.ssmax(&line).ends(0);
        signed
    }

    pub fn send(&self, mail: &str) -> Said {
        self.submit(mail, "taro@a.example")
    }

    pub fn submit(&self, mail: &str, user: &str) -> Said {
        let server = format!("127.0.0.1:{}", self.site.submission_port);
        let line = ["mail", "send", mail, "--server", &server, "--user", user];
        self.site.ssmax(&[&line[..], &["--password-file", "password"]].concat())
    }

    pub fn maildir(&self, person: &str) -> PathBuf {
        self.site.path(&format!("a/mail/a.example/{person}/new"))
    }

    pub fn arrived(&self, person: &str) -> usize {
        mails(&self.maildir(person)).len()
    }
}

pub fn mails(maildir: &Path) -> Vec<PathBuf> {
    // Before the first mail there is no folder.
    fs::read_dir(maildir).into_iter().flatten().map(|file| file.unwrap().path()).collect()
}

/// The processes of this site's roles whose command line has these words. Workers are
/// children of an inspector; only those of ours are looked for.
pub fn processes_of(site: &Site, words: &str) -> Vec<Pid> {
    let config = site.path("a/ssmax.toml").display().to_string();
    let start = Instant::now();
    loop {
        let mut found = Vec::new();
        let mut roles = Vec::new();
        for (pid, line, parent) in processes() {
            let is_role = line.contains("--role\0") && line.contains(&config);
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

fn random() -> u64 {
    RandomState::new().hash_one(Instant::now())
}

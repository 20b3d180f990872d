//! A folder with an authority and a member, and the executable run on it as people do.

pub mod desk;

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use ssmax_daemon::ports::Ports;
use tempfile::TempDir;

/// How long a role may take to serve, on a busy machine.
const READY: Duration = Duration::from_secs(60);

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts the exit code, and shows everything if it is another.
    #[track_caller]
    pub fn ends(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "{self:#?}");
        self
    }
}

/// Runs `ssmax` in `dir`, in English.
pub fn ssmax_in(dir: &Path, arguments: &[&str]) -> Said {
    let output = Command::new(crate::executable())
        .args(arguments)
        .current_dir(dir)
        .env_remove("LC_ALL")
        .env_remove("LC_MESSAGES")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Said {
        exit: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A running `ssmax serve`, ended with the test.
pub struct Serving(Child);

impl Serving {
    /// Asks it to stop and gives its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.0.wait().unwrap().code()
    }

    /// Ends it as a power cut does.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        // The roles below it end with it, if it is asked and not killed.
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            let _ = self.0.wait();
        }
    }
}

/// The folder.
pub struct Site {
    dir: TempDir,
    pub authority_port: u16,
    pub submission_port: u16,
    /// For what a test puts there itself.
    pub spare_port: u16,
    _ports: Ports,
}

impl Site {
    /// Configurations and directories; nothing is made or started yet.
    #[allow(clippy::new_without_default, reason = "it makes a folder and claims ports")]
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut ports = Ports::claim().unwrap();
        let mut port = || ports.free(Ipv4Addr::LOCALHOST.into()).unwrap().port();
        let (authority_port, submission_port, spare_port) = (port(), port(), port());
        let site = Self { dir, authority_port, submission_port, spare_port, _ports: ports };
        for name in ["authority", "a"] {
            private_dir(&site.path(name));
        }
        site.write("authority/ssmax.toml", &site.authority_config());
        site.write("a/ssmax.toml", &site.member_config());
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn authority_config(&self) -> String {
        let port = self.authority_port;
        format!(
            "state_dir = \"state\"\nrun_dir = \"run\"\n\n[authority]\nname = \"Test Federation\"\n\
             url = \"https://127.0.0.1:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\
             unlock_file = \"unlock\"\n"
        )
    }

    pub fn member_config(&self) -> String {
        let (authority, submission) = (self.authority_port, self.submission_port);
        let mail = self.path("a/mail").display().to_string();
        format!(
            "state_dir = \"state\"\nrun_dir = \"run\"\n\n[organisation]\n\
             id = \"NTRJP-7000012050002\"\nname = \"Organisation A\"\nname_ja = \"組織A\"\n\
             domains = [\"a.example\"]\nincident_contact = \"abuse@a.example\"\n\n\
             [federation]\nauthority_url = \"https://127.0.0.1:{authority}\"\npoll_seconds = 1\n\n\
             [keyserver]\nunlock_file = \"unlock-keyserver\"\n\
             reviewers = [\"carol@a.example\"]\n\n\
             [ca]\nunlock_file = \"unlock-ca\"\n\n[inspector]\n\n\
             [gateway]\nhost_name = \"gateway.a.example\"\n\
             submission = \"127.0.0.1:{submission}\"\nallow_plaintext_auth = true\n\
             next_hop = \"maildir:{mail}/{{domain}}/{{local}}\"\n"
        )
    }

    pub fn ssmax(&self, arguments: &[&str]) -> Said {
        ssmax_in(self.dir.path(), arguments)
    }

    /// `ssmax authority ACTION... --config`, with the arguments in between.
    pub fn authority(&self, arguments: &[&str]) -> Said {
        self.with_config("authority", arguments, "authority/ssmax.toml")
    }

    /// `ssmax COMMAND ... --config` of the member.
    pub fn member(&self, command: &str, arguments: &[&str]) -> Said {
        self.with_config(command, arguments, "a/ssmax.toml")
    }

    fn with_config(&self, command: &str, arguments: &[&str], config: &str) -> Said {
        let mut line = vec![command];
        line.extend(arguments);
        line.extend(["--config", config]);
        self.ssmax(&line)
    }

    /// Registers somebody with a signing key in `USER.key`; what comes of it is in the folder
    /// `USER`.
    pub fn enrol(&self, user: &str, more: &[&str]) -> Said {
        let openssl = |line: &str| {
            let mut command = Command::new("openssl");
            let output = command.args(line.split(' ')).current_dir(self.dir.path()).output();
            assert!(output.unwrap().status.success(), "{line}");
        };
        openssl(&format!("ecparam -name prime256v1 -genkey -noout -out {user}.key"));
        openssl(&format!("req -new -key {user}.key -subj /CN={user} -out {user}.csr"));
        let key = self.path(&format!("{user}.key"));
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
        let (address, request) = (format!("{user}@a.example"), format!("{user}.csr"));
        let line = ["add", user, "--name", user, "--address", &address, "--proof", "in-person"];
        let files = ["--csr", &request, "--out", user, "--json"];
        self.member("user", &[&line[..], &files, more].concat())
    }

    /// A decision about held mail, signed by who was enrolled with a key.
    pub fn decides(&self, user: &str, arguments: &[&str]) -> Said {
        let (key, certificate) = (format!("{user}.key"), format!("{user}/signing-file.pem"));
        let files = ["--key", &key, "--cert", &certificate];
        self.member("hold", &[arguments, &files].concat())
    }

    /// Founds the federation and gives the SHA-256 of its root.
    pub fn found(&self) -> String {
        let said = self.authority(&["init", "--json"]).ends(0);
        said.json()["root_sha256"].as_str().unwrap().to_owned()
    }

    /// Founds the federation and brings the member into it.
    pub fn join(&self) {
        let root = self.found();
        self.member("org", &["init", "--out", "application.json"]).ends(0);
        self.authority(&["admit", "application.json", "--out", "admission.json"]).ends(0);
        self.member("org", &["install", "admission.json", "--root-sha256", &root]).ends(0);
    }

    /// What `ssmax serve` of this name has logged so far.
    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default()
    }

    /// Starts `ssmax serve` and waits until these roles are ready.
    pub fn serve(&self, name: &str, arguments: &[&str], roles: &[&str]) -> Serving {
        let log = fs::File::create(self.path(&format!("{name}.log"))).unwrap();
        let child = Command::new(crate::executable())
            .args(["serve", "--config", &format!("{name}/ssmax.toml")])
            .args(arguments)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let serving = Serving(child);
        for role in roles {
            let ready = self.path(&format!("{name}/run/{role}.ready"));
            self.wait(name, role, || ready.exists());
        }
        serving
    }

    #[track_caller]
    fn wait(&self, name: &str, what: &str, done: impl Fn() -> bool) {
        let start = Instant::now();
        while !done() {
            let log = fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default();
            assert!(start.elapsed() < READY, "{name}: no {what} in time\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a command again and again until it ends as wanted.
    #[track_caller]
    pub fn eventually(&self, exit: i32, command: impl Fn() -> Said) -> Said {
        let start = Instant::now();
        loop {
            let said = command();
            if said.exit == exit {
                return said;
            }
            assert!(start.elapsed() < READY, "not {exit} in time: {said:#?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

pub fn private_dir(path: &Path) {
    fs::DirBuilder::new().mode(0o700).create(path).unwrap();
}

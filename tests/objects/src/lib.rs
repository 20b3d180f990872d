//! An S3-compatible store for each test program, that others wrote: Debian's OpenStack
//! Swift with its S3 interface, in a temporary folder, on loopback ports. It ends with the
//! program that started it, however that ends. [`Between`] stands in front of it and fails.
//!
//! Where Swift is not installed, tests say `skipped:` and pass; with `CI=true` they fail.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, reason = "tests")]

mod between;

pub use between::{Between, Failure};

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use tempfile::TempDir;

/// The interpreter that Debian's packages are for.
const PYTHON: &str = "/usr/bin/python3";

const SCRIPT: &str = include_str!("serve.py");

/// Whose key may do everything, and whose nothing.
const OWNER: &str = "test:owner";
const OTHER: &str = "test:other";

const SECRET: &str = "a-secret-for-tests";

/// A certificate chain and its key, PEM.
#[derive(Debug, Clone, Copy)]
pub struct Tls<'a> {
    /// The certificate.
    pub certificate: &'a Path,
    /// Its key.
    pub key: &'a Path,
}

/// A store.
pub struct Server {
    folder: TempDir,
    port: u16,
    is_tls: bool,
    talk: Mutex<Talk>,
}

struct Talk {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The program's store, started when first asked for. `None` if there is no Swift, which
/// the test has said then.
pub fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(None)).as_ref()
}

impl Server {
    /// A store of one's own, with TLS or without.
    #[must_use]
    pub fn start(tls: Option<Tls<'_>>) -> Option<Self> {
        if !is_installed() {
            assert!(std::env::var_os("CI").is_none(), "python3-swift is not installed");
            println!("skipped: python3-swift is not installed");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("ssmax-s3").tempdir().unwrap();
        let ports = free_ports();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(PYTHON);
        command.args(["-c", SCRIPT]).arg(folder.path());
        command.arg(ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",")).arg(SECRET);
        if let Some(Tls { certificate, key }) = tls {
            command.args([certificate, key]);
        }
        // Whoever ends the tests as a group does not end it before it has tidied up.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let commands = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        answers.read_line(&mut ready).unwrap();
        let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        assert_eq!(ready, "ready\n", "{log}");
        let talk = Mutex::new(Talk { child, commands, answers });
        Some(Self { folder, port: ports[0], is_tls: tls.is_some(), talk })
    }

    /// Where it listens on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// A new, empty bucket.
    #[must_use]
    pub fn bucket(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bucket{}", COUNT.fetch_add(1, Ordering::Relaxed));
        assert_eq!(self.ask(&format!("make {name}")), "200");
        name
    }

    /// The names of the objects in a bucket.
    #[must_use]
    pub fn names(&self, bucket: &str) -> Vec<String> {
        serde_json::from_str(&self.ask(&format!("list {bucket}"))).unwrap()
    }

    /// Removes an object, as somebody else would.
    pub fn remove(&self, bucket: &str, name: &str) {
        assert_eq!(self.ask(&format!("remove {bucket}/{name}")), "204");
    }

    /// The files in which objects lie, for whoever changes them where nobody looks.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.folder.path().join("disk/objects"), &mut found);
        found.retain(|path| path.extension().is_some_and(|end| end == "data"));
        found
    }

    /// Ends it at once, as power loss would.
    pub fn stop(&self) {
        self.ask("stop");
    }

    /// Starts it again after [`Server::stop`].
    pub fn run(&self) {
        self.ask("start");
    }

    /// Makes all of its processes stand still, as a network does that drops packets; or go on.
    pub fn freeze(&self, still: bool) {
        self.ask(if still { "freeze" } else { "thaw" });
    }

    fn ask(&self, command: &str) -> String {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(talk.commands.as_mut().unwrap(), "{command}").unwrap();
        let mut answer = String::new();
        talk.answers.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        talk.commands.take();
        let _ = talk.child.wait();
    }
}

/// All four at once, so that they differ.
fn free_ports() -> [u16; 4] {
    let bound = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    bound.map(|one| one.local_addr().unwrap().port())
}

/// Writes the key that may do everything into a private file.
pub fn write_key(path: &Path) {
    write_key_of(path, OWNER, SECRET);
}

/// Writes a key that may do nothing.
pub fn write_key_without_rights(path: &Path) {
    write_key_of(path, OTHER, SECRET);
}

/// Writes a key with another secret than the store knows.
pub fn write_wrong_key(path: &Path) {
    write_key_of(path, OWNER, "another-secret");
}

fn write_key_of(path: &Path, user: &str, secret: &str) {
    let text = format!("aws_access_key_id = {user}\naws_secret_access_key = {secret}\n");
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.path().is_dir() {
            walk(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

fn is_installed() -> bool {
    let asked = Command::new(PYTHON)
        .args(["-c", "import swift.common.middleware.s3api.s3api"])
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

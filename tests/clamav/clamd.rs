//! A real clamd, on a UNIX socket of its own and with signatures of its own.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use ssmax_support::site::Site;
use tempfile::TempDir;

/// How long clamd may take to load its signatures, on a busy machine.
const READY: Duration = Duration::from_secs(60);

/// The 544 octets that every one of ClamAV's test files holds, by their MD5.
const TEST_FILE: &str = "aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n";

/// What the other signature finds wherever it stands.
pub(crate) const SAMPLE: &str = "SSMAX-SAMPLE-OF-MALWARE-7f1c";

/// Where tests may say that a program is missing: everywhere but in CI.
pub(crate) fn may_skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}");
    println!("skipped: {why}");
}

pub(crate) struct Clamd {
    dir: TempDir,
    process: Child,
    with: String,
}

impl Clamd {
    /// Starts one, with more lines of configuration; `None` where there is no clamd.
    pub(crate) fn start(with: &str) -> Option<Self> {
        if Command::new("clamd").arg("--version").output().is_err() {
            may_skip("clamd is not installed");
            return None;
        }
        // In memory, as ssmax check demands it of clamd's temporary files.
        let dir = tempfile::tempdir_in("/dev/shm").unwrap();
        for folder in ["db", "tmp"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("db/own.hdb"), TEST_FILE).unwrap();
        let sample: String = SAMPLE.bytes().map(|octet| format!("{octet:02x}")).collect();
        fs::write(dir.path().join("db/own.ndb"), format!("Own.Sample:0:*:{sample}\n")).unwrap();
        let process = spawn(dir.path(), with);
        let clamd = Self { dir, process, with: with.to_owned() };
        clamd.wait();
        Some(clamd)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn conf(&self) -> PathBuf {
        self.dir.path().join("clamd.conf")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("ctl")
    }

    /// The lines of `[inspector]` that name it.
    pub(crate) fn section(&self) -> String {
        let (socket, conf) = (self.socket(), self.conf());
        format!("clamav = \"unix:{}\"\nclamd_conf = \"{}\"\n", socket.display(), conf.display())
    }

    /// A federation with a member whose inspector asks it.
    pub(crate) fn site(&self) -> Site {
        let site = Site::new();
        let section = format!("[inspector]\n{}", self.section());
        site.write("a/ssmax.toml", &site.member_config().replace("[inspector]\n", &section));
        site.join();
        site
    }

    /// Holds it: connections are made, and nobody reads from them.
    pub(crate) fn hold(&self) {
        kill_process(Pid::from_child(&self.process), Signal::STOP).unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let _ = fs::remove_file(self.socket());
    }

    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        self.restart();
    }

    /// Starts it again after [`Self::kill`].
    pub(crate) fn restart(&mut self) {
        self.process = spawn(self.dir.path(), &self.with);
        self.wait();
    }

    fn wait(&self) {
        let start = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            let log = fs::read_to_string(self.dir.path().join("out")).unwrap_or_default();
            assert!(start.elapsed() < READY, "clamd is not ready in time\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(dir: &Path, with: &str) -> Child {
    let path = |name: &str| dir.join(name).display().to_string();
    let conf = format!(
        "Foreground yes\nLocalSocket {}\nDatabaseDirectory {}\nTemporaryDirectory {}\n\
         LogFile {}\nAlertExceedsMax yes\nAlertEncrypted yes\n{with}",
        path("ctl"),
        path("db"),
        path("tmp"),
        path("log"),
    );
    fs::write(dir.join("clamd.conf"), conf).unwrap();
    let out = fs::File::create(dir.join("out")).unwrap();
    Command::new("clamd")
        .arg("--config-file")
        .arg(dir.join("clamd.conf"))
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(out)
        .spawn()
        .unwrap()
}

/// A folder with a configuration whose inspector has these lines.
pub(crate) fn configured(lines: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("state_dir = \"state\"\nrun_dir = \"run\"\n\n[inspector]\n{lines}");
    fs::write(dir.path().join("ssmax.toml"), text).unwrap();
    dir
}

//! A PostgreSQL server of its own for each test program: Debian's, in a temporary folder,
//! on a UNIX socket and a loopback port. It ends with the program that started it, however
//! that ends.
//!
//! Where PostgreSQL is not installed, tests say `skipped:` and pass; with `CI=true` they
//! fail.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, reason = "tests")]

use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to start, on a busy machine.
const READY: Duration = Duration::from_secs(60);

/// Debian's folder of one version each.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The user that owns the databases of the tests.
const USER: &str = "ssmax";

/// Whom root runs the server as, which refuses root.
const NOBODY: u32 = 65534;

/// Runs while its standard input is open: with the program that holds the other end the
/// server ends, and its folder goes unless it was told to stop.
const WATCH: &str = "folder=$1; shift; \"$@\" & server=$!; read -r word
    kill -QUIT $server; wait $server; [ \"$word\" = stop ] || rm -rf \"$folder\"";

/// A server.
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    running: Mutex<Option<Child>>,
    settings: Vec<String>,
}

/// The program's server, started when first asked for. `None` if there is no PostgreSQL,
/// which the test has said then.
pub fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(&[])).as_ref()
}

impl Server {
    /// A server of one's own, with settings of `postgresql.conf`, `NAME=VALUE`.
    #[must_use]
    pub fn start(settings: &[&str]) -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed");
            println!("skipped: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("ssmax-pg").tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        if is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = settings.iter().map(|one| (*one).to_owned()).collect();
        let server = Self { folder, programs, port, running: Mutex::new(None), settings };
        let made = server
            .unprivileged("initdb")
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .args(["--username", USER, "--pgdata"])
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.run();
        Some(server)
    }

    /// Starts it again after [`Server::stop`].
    pub fn run(&self) {
        let mut options = vec![
            "-D".to_owned(),
            self.data().display().to_string(),
            "-k".to_owned(),
            self.folder.path().display().to_string(),
            "-p".to_owned(),
            self.port.to_string(),
            "-h".to_owned(),
            "127.0.0.1".to_owned(),
        ];
        for setting in ["shared_buffers=16MB", "max_wal_size=64MB", "log_min_messages=fatal"] {
            options.extend(["-c".to_owned(), setting.to_owned()]);
        }
        for setting in &self.settings {
            options.extend(["-c".to_owned(), setting.clone()]);
        }
        let mut command = self.unprivileged_shell();
        command.args(["-c", WATCH, "sh"]).arg(self.folder.path());
        command.arg(self.programs.join("postgres")).args(options);
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        // Whoever ends the tests as a group does not end the watch before it has done its part.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
        *self.lock() = Some(command.spawn().unwrap());
        let deadline = Instant::now() + READY;
        while !self.try_sql("postgres", "SELECT 1").status.success() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the server does not start: {log}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Stops it at once, as power loss would.
    pub fn stop(&self) {
        if let Some(mut child) = self.lock().take() {
            child.stdin.take().unwrap().write_all(b"stop\n").unwrap();
            child.wait().unwrap();
        }
    }

    /// The address of a new, empty database.
    #[must_use]
    pub fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("db{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.address(&name)
    }

    /// Where all that it keeps lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a database over the socket.
    #[must_use]
    pub fn address(&self, database: &str) -> String {
        let socket = self.folder.path().display();
        format!("postgresql://{USER}@localhost/{database}?host={socket}&port={}", self.port)
    }

    /// Where it listens on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts a file among its own, for its user alone.
    pub fn put(&self, name: &str, octets: &[u8]) {
        let path = self.data().join(name);
        fs::write(&path, octets).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// Makes all of its processes stand still, as a network does that drops packets; or go on.
    pub fn freeze(&self, still: bool) {
        let signal = if still { Signal::STOP } else { Signal::CONT };
        let first = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let first: i32 = first.lines().next().unwrap().parse().unwrap();
        let mut processes = children_of(first);
        processes.push(first);
        for process in processes {
            // One that has ended in between is no matter.
            let _ = kill_process(Pid::from_raw(process).unwrap(), signal);
        }
    }

    /// Ends all connections to a database of which [`Server::database`] gave the address.
    pub fn end_connections(&self, address: &str) {
        let name = name_in(address);
        self.sql(
            "postgres",
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        );
    }

    /// Carries out statements in a database, as its owner, and gives the answer as text:
    /// columns by `|`, a line for each row.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let output = self.try_sql(database, statements);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The same in a database of which [`Server::database`] gave the address.
    pub fn sql_at(&self, address: &str, statements: &str) -> String {
        self.sql(name_in(address), statements)
    }

    /// A schema as statements, without what differs from one run to the next.
    pub fn dump(&self, address: &str, schema: &str, options: &[&str]) -> String {
        let output = Command::new(self.programs.join("pg_dump"))
            .args(["--no-owner", "--no-privileges", "--username", USER, "--schema", schema])
            .args(options)
            .arg("--host")
            .arg(self.folder.path())
            .args(["--port", &self.port.to_string(), name_in(address)])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        // Settings of the session are of the one version's program, and need not be known to
        // another's; newer ones frame all by words of their own choice.
        let skipped = ["SET ", "\\restrict ", "\\unrestrict "];
        let lines = text.lines().filter(|line| !skipped.iter().any(|one| line.starts_with(one)));
        lines.fold(String::new(), |text, line| text + line + "\n")
    }

    /// Carries out what [`Server::dump`] gave.
    pub fn restore(&self, address: &str, statements: &str) {
        let mut child = Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--username", USER])
            .args(["--dbname", name_in(address), "--host"])
            .arg(self.folder.path())
            .args(["--port", &self.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(statements.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn try_sql(&self, database: &str, statements: &str) -> Output {
        Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet"])
            .args(["--set", "ON_ERROR_STOP=1", "--username", USER, "--dbname", database])
            .arg("--host")
            .arg(self.folder.path())
            .args(["--port", &self.port.to_string(), "--command", statements])
            .output()
            .unwrap()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn unprivileged(&self, program: &str) -> Command {
        unprivileged(&self.programs.join(program))
    }

    fn unprivileged_shell(&self) -> Command {
        unprivileged(Path::new("/bin/sh"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn name_in(address: &str) -> &str {
    let path = address.split_once("localhost/").unwrap().1;
    path.split_once('?').unwrap().0
}

/// The processes that another one started.
fn children_of(parent: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap();
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |process: &i32| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        line.and_then(|line| line.trim().parse().ok()) == Some(parent)
    };
    numbers.filter(is_child).collect()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program as the user that the server runs as.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let id = NOBODY.to_string();
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"]).arg(program);
    // Where root is may be closed to others.
    command.current_dir("/");
    command
}

/// The newest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?;
    let numbered = versions.flatten().filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        let programs = entry.path().join("bin");
        programs.join("initdb").is_file().then_some((number, programs))
    });
    numbered.max().map(|(_, programs)| programs)
}

//! Programs that are run: to their end, or until they are no longer wanted.

use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to end after SIGTERM before SIGKILL, in seconds.
const KILL_SECONDS: &str = "15";

/// How long we wait for that.
const GRACE: Duration = Duration::from_secs(20);

/// How long a program may run at all, in seconds: far longer than any test.
const LIFETIME_SECONDS: &str = "7200";

/// How often a wait looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// The exit code; -1 if a signal ended it.
    pub exit: i32,
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// Fails the test unless the exit code is this one.
    #[track_caller]
    #[must_use]
    pub fn ends(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "{}{}", self.text(), self.err);
        self
    }
}

/// Runs a program to its end, in English and with nothing to read.
#[track_caller]
pub fn run(command: &mut Command) -> Said {
    let said = command
        .env_remove("LC_ALL")
        .env_remove("LC_MESSAGES")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Said {
        exit: said.status.code().unwrap_or(-1),
        out: said.stdout,
        err: String::from_utf8_lossy(&said.stderr).into_owned(),
    }
}

/// A program that runs until this value is dropped.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts a program that stays in the foreground; what it says goes to `log`.
    ///
    /// It also ends with the thread that called this, so that a test that is killed
    /// leaves nothing behind, and after `LIFETIME_SECONDS`. Between it and the kernel's
    /// signal stands `timeout`, since Postfix changes its user id, which turns the signal
    /// off. All stay in this process group: Postfix wants to make a session of its own,
    /// which the leader of a group cannot.
    #[track_caller]
    pub fn start<I: AsRef<OsStr>>(program: &Path, arguments: &[I], log: &Path) -> Self {
        Self::start_with(program, arguments, log, &[])
    }

    /// As [`Running::start`], with more variables in its environment.
    #[track_caller]
    pub fn start_with<I: AsRef<OsStr>>(
        program: &Path,
        arguments: &[I],
        log: &Path,
        environment: &[(&str, PathBuf)],
    ) -> Self {
        let log = File::create(log).unwrap();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--"])
            .args(["timeout", "--foreground", "--kill-after", KILL_SECONDS, LIFETIME_SECONDS])
            .arg(program)
            .args(arguments)
            .env("LANG", "C.UTF-8")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let start = Instant::now();
        // Still a child that nobody has waited for, so the number is its own.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        while start.elapsed() < GRACE {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Looks again and again until there is an answer, and fails the test if there is none
/// within `time`.
#[track_caller]
pub fn wait_for<T>(what: &str, time: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < time, "{what}: not within {} s", time.as_secs());
        std::thread::sleep(LOOK_EVERY);
    }
}

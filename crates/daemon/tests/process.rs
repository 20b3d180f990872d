//! Processes as they are: signals, supervision, readiness, the end of a parent.
//!
//! Where a test needs a role of its own, this test executable starts itself again
//! with [`ROLE`] set and runs only [`a_role_announces_itself_until_it_is_stopped`].
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use ssmax_daemon::Stop;
use ssmax_daemon::ready::{Addresses, NotReady, Record, announce, wait_ready};
use ssmax_daemon::stop::SUPERVISOR_VARIABLE;
use ssmax_daemon::supervise::{Backoff, End, RoleProcess, Supervisor};
use tempfile::{TempDir, tempdir};
use tokio::task::JoinHandle;

/// `RUN_DIR:NAME:KIND` of the role to be.
const ROLE: &str = "SSMAX_TEST_ROLE";
const ENTRY: &str = "a_role_announces_itself_until_it_is_stopped";
const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_role_announces_itself_until_it_is_stopped() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let mut parts = role.split(':');
    let (dir, name) = (parts.next().unwrap(), parts.next().unwrap());
    let stop = Stop::on_signals().unwrap();
    let addresses = Addresses::from([("smtp".to_owned(), "127.0.0.1:25".to_owned())]);
    let _announcement = announce(Path::new(dir), name, &addresses).unwrap();
    stop.stopped().await;
    if parts.next() == Some("stubborn") {
        tokio::time::sleep(LONG).await;
    }
}

fn entry_arguments() -> [&'static str; 3] {
    ["--exact", ENTRY, "--nocapture"]
}

fn start(dir: &Path, kind: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(entry_arguments())
        .env(ROLE, format!("{}:lone:{kind}", dir.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

fn is_alive(pid: u32) -> bool {
    // A process that was killed but not yet waited for counts as dead.
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap().starts_with('Z'))
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LONG, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn pid_of(dir: &Path, role: &str) -> u32 {
    wait_ready(dir, &[role], LONG).await.unwrap()[role].pid
}

#[tokio::test]
async fn either_signal_stops_a_process_in_good_order() {
    for asked in [Signal::TERM, Signal::INT] {
        let dir = tempdir().unwrap();
        let mut child = start(dir.path(), "");
        assert_eq!(pid_of(dir.path(), "lone").await, child.id());
        signal(child.id(), asked);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(!dir.path().join("lone.ready").exists());
    }
}

#[tokio::test]
async fn a_second_signal_ends_a_process_at_once() {
    let dir = tempdir().unwrap();
    let mut child = start(dir.path(), "stubborn");
    pid_of(dir.path(), "lone").await;
    signal(child.id(), Signal::TERM);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(is_alive(child.id()));
    signal(child.id(), Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[tokio::test]
async fn a_role_started_by_hand_outlives_its_shell() {
    let dir = tempdir().unwrap();
    let mut shell = Command::new("sh")
        .arg("-c")
        .arg("\"$0\" \"$@\" & sleep 1")
        .arg(std::env::current_exe().unwrap())
        .args(entry_arguments())
        .env(ROLE, format!("{}:lone:", dir.path().display()))
        .env_remove(SUPERVISOR_VARIABLE)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = pid_of(dir.path(), "lone").await;
    assert!(shell.wait().unwrap().success());
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(is_alive(pid));
    signal(pid, Signal::TERM);
    until("the role has ended", || !is_alive(pid)).await;
}

#[tokio::test]
async fn a_process_stops_when_its_supervisor_is_killed() {
    let dir = tempdir().unwrap();
    // The shell is the supervisor: it names itself and waits.
    let mut shell = Command::new("sh")
        .arg("-c")
        .arg(format!("{SUPERVISOR_VARIABLE}=$$ \"$0\" \"$@\" & wait"))
        .arg(std::env::current_exe().unwrap())
        .args(entry_arguments())
        .env(ROLE, format!("{}:lone:", dir.path().display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = pid_of(dir.path(), "lone").await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(is_alive(pid));
    shell.kill().unwrap();
    shell.wait().unwrap();
    until("the orphan has ended", || !is_alive(pid)).await;
    assert!(!dir.path().join("lone.ready").exists());
}

#[tokio::test]
async fn a_grandchild_of_the_supervisor_does_not_take_itself_for_its_child() {
    let dir = tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(entry_arguments())
        .env(ROLE, format!("{}:lone:", dir.path().display()))
        // Process 1 lives and is not the parent.
        .env(SUPERVISOR_VARIABLE, "1")
        .stdout(Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    let pid = pid_of(dir.path(), "lone").await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(is_alive(pid));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_stop_reaches_all_its_clones_and_stays() {
    let stop = Stop::new();
    let clone = stop.clone();
    let waiting = tokio::spawn(async move { clone.stopped().await });
    tokio::task::yield_now().await;
    assert!(!stop.is_stopped() && !waiting.is_finished());
    stop.trigger();
    waiting.await.unwrap();
    stop.stopped().await;
    assert!(stop.clone().is_stopped());
}

#[tokio::test]
async fn an_announcement_holds_process_and_addresses_until_it_is_dropped() {
    let dir = tempdir().unwrap();
    let addresses = Addresses::from([("lmtp".to_owned(), "127.0.0.1:24".to_owned())]);
    let announcement = announce(dir.path(), "gateway", &addresses).unwrap();
    let path = dir.path().join("gateway.ready");
    let pid = std::process::id();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{{\"pid\":{pid},\"addresses\":{{\"lmtp\":\"127.0.0.1:24\"}}}}\n")
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let ready = wait_ready(dir.path(), &["gateway"], Duration::ZERO).await.unwrap();
    assert_eq!(ready, BTreeMap::from([("gateway".to_owned(), Record { pid, addresses })]));
    let second = announce(dir.path(), "gateway", &Addresses::new()).unwrap_err();
    assert_eq!(second.kind(), std::io::ErrorKind::AddrInUse);
    drop(announcement);
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none());
}

#[test]
fn an_announcement_leaves_that_of_its_successor_alone() {
    let dir = tempdir().unwrap();
    let first = announce(dir.path(), "ca", &Addresses::new()).unwrap();
    fs::remove_file(dir.path().join("ca.ready")).unwrap();
    let second = announce(dir.path(), "ca", &Addresses::new()).unwrap();
    drop(first);
    assert!(dir.path().join("ca.ready").exists());
    drop(second);
    assert!(!dir.path().join("ca.ready").exists());
}

#[tokio::test]
async fn roles_that_are_missing_in_time_are_named() {
    let dir = tempdir().unwrap();
    let _announcement = announce(dir.path(), "ca", &Addresses::new()).unwrap();
    let roles = ["ca", "gateway", "inspector"];
    let missing = wait_ready(dir.path(), &roles, Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(missing, NotReady { missing: vec!["gateway".to_owned(), "inspector".to_owned()] });
    assert_eq!(missing.to_string(), "not serving in time: gateway, inspector");
}

#[tokio::test]
async fn what_a_dead_process_or_nobody_announced_does_not_count() {
    let dir = tempdir().unwrap();
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let dead = format!("{{\"pid\":{},\"addresses\":{{}}}}", child.id());
    // The process id may be another process's by now: only the lock says who serves.
    let another = dead.replace(&child.id().to_string(), &std::process::id().to_string());
    for record in [
        dead.as_str(),
        another.as_str(),
        "",
        "{}",
        "{\"pid\":0,\"addresses\":{}}",
        "{\"pid\":4294967295,\"addresses\":{}}",
    ] {
        fs::write(dir.path().join("ca.ready"), record).unwrap();
        let refused = wait_ready(dir.path(), &["ca"], Duration::ZERO).await.unwrap_err();
        assert_eq!(refused.missing, ["ca"], "{record}");
    }
}

#[test]
fn a_role_name_cannot_leave_the_run_directory() {
    let dir = tempdir().unwrap();
    for role in ["", "../x", "a/b", "a.b"] {
        let refused = announce(dir.path(), role, &Addresses::new()).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput, "{role}");
    }
}

/// A supervisor under test, with its run directory.
struct Supervised {
    dir: TempDir,
    stop: Stop,
    running: JoinHandle<std::io::Result<End>>,
}

impl Supervised {
    fn start(roles: &[(&'static str, &str)], adjust: impl FnOnce(&mut Supervisor)) -> Self {
        let dir = tempdir().unwrap();
        let roles = roles.iter().map(|(role, script)| RoleProcess {
            role,
            arguments: ["-c", script].map(Into::into).to_vec(),
            own_session: false,
        });
        let mut supervisor = Supervisor {
            executable: "/bin/sh".into(),
            backoff: Backoff {
                first: Duration::from_millis(50),
                longest: Duration::from_millis(200),
                healthy_after: LONG,
            },
            ..Supervisor::new(dir.path().join("run"), roles.collect()).unwrap()
        };
        adjust(&mut supervisor);
        let stop = Stop::new();
        let stopping = stop.clone();
        let running = tokio::spawn(async move { supervisor.run(stopping).await });
        Self { dir, stop, running }
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join("run").join(name)).unwrap_or_default()
    }

    async fn end(self) -> End {
        self.stop.trigger();
        self.running.await.unwrap().unwrap()
    }
}

/// A script in the run directory, which `cd "$RUN"` is put in front of.
fn in_dir(dir: &Path, script: &str) -> Vec<std::ffi::OsString> {
    vec!["-c".into(), format!("cd '{}'; {script}", dir.display()).into()]
}

fn run_in_dir(supervisor: &mut Supervisor) {
    let dir = supervisor.run_dir.clone();
    for role in &mut supervisor.roles {
        let script = role.arguments[1].clone().into_string().unwrap();
        role.arguments = in_dir(&dir, &script);
    }
}

#[tokio::test]
async fn a_role_that_ends_is_started_again_and_the_others_are_left_alone() {
    let roles = [("ca", "echo x >>starts"), ("gateway", "echo x >>steady; exec sleep 60")];
    let supervised = Supervised::start(&roles, run_in_dir);
    until("it was started four times", || supervised.file("starts").lines().count() >= 4).await;
    assert!(ssmax_metrics::list::RESTARTS.counted(["ca".into()]) >= 3);
    assert_eq!(supervised.file("steady"), "x\n");
    assert_eq!(supervised.end().await, End::Stopped);
}

#[tokio::test]
async fn waits_between_starts_grow() {
    let supervised = Supervised::start(&[("ca", "date +%s%N >>starts")], run_in_dir);
    until("it was started five times", || supervised.file("starts").lines().count() >= 5).await;
    let starts: Vec<u64> =
        supervised.file("starts").lines().map(|line| line.parse().unwrap()).collect();
    let waits: Vec<u64> =
        starts.windows(2).map(|pair| (pair[1] - pair[0]) / 1_000_000).take(4).collect();
    for (wait, least) in waits.iter().zip([50, 100, 200, 200]) {
        assert!(*wait >= least, "{waits:?}");
    }
    supervised.end().await;
}

#[tokio::test]
async fn without_restart_a_role_stays_away_until_nothing_is_left() {
    let roles = [("ca", "echo x >>starts"), ("gateway", "sleep 0.5; echo x >>starts; exit 1")];
    let supervised = Supervised::start(&roles, |supervisor| {
        supervisor.restart = false;
        run_in_dir(supervisor);
    });
    let path = supervised.dir.path().join("run").join("starts");
    assert_eq!(supervised.running.await.unwrap().unwrap(), End::NothingLeft);
    assert_eq!(fs::read_to_string(path).unwrap(), "x\nx\n");
}

#[tokio::test]
async fn the_stop_reaches_each_role_once() {
    let script =
        "trap 'echo term >>signals; exit 0' TERM; echo up >>signals; while :; do sleep 0.05; done";
    let supervised = Supervised::start(&[("ca", script)], run_in_dir);
    until("it is up", || supervised.file("signals") == "up\n").await;
    supervised.stop.trigger();
    let path = supervised.dir.path().join("run").join("signals");
    assert_eq!(supervised.running.await.unwrap().unwrap(), End::Stopped);
    assert_eq!(fs::read_to_string(path).unwrap(), "up\nterm\n");
}

#[tokio::test]
async fn a_role_that_will_not_end_is_killed_with_what_it_started() {
    let script = "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $$ $! >pids; wait; sleep 60";
    let supervised = Supervised::start(&[("ca", script)], |supervisor| {
        supervisor.grace = Duration::from_millis(200);
        run_in_dir(supervisor);
    });
    until("it is up", || supervised.file("pids").ends_with('\n')).await;
    let pids: Vec<u32> =
        supervised.file("pids").split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    let started = Instant::now();
    assert_eq!(supervised.end().await, End::Stopped);
    assert!(started.elapsed() < Duration::from_secs(5));
    for pid in pids {
        until("all are dead", || !is_alive(pid)).await;
    }
}

#[tokio::test]
async fn the_stop_does_not_wait_for_the_next_start() {
    let supervised = Supervised::start(&[("ca", "echo x >>starts")], |supervisor| {
        supervisor.backoff = Backoff { first: LONG, longest: LONG, healthy_after: LONG };
        run_in_dir(supervisor);
    });
    until("it was started", || supervised.file("starts") == "x\n").await;
    let started = Instant::now();
    assert_eq!(supervised.end().await, End::Stopped);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_executable_that_is_not_there_is_tried_again() {
    let dir = tempdir().unwrap();
    let later = dir.path().join("later");
    let path = later.clone();
    let supervised =
        Supervised::start(&[("ca", "unused")], move |supervisor| supervisor.executable = path);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let script = format!("#!/bin/sh\necho x >>'{}'\n", dir.path().join("starts").display());
    let unfinished = dir.path().join("unfinished");
    fs::write(&unfinished, script).unwrap();
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(&unfinished, &later).unwrap();
    until("it was started", || dir.path().join("starts").exists()).await;
    supervised.end().await;
}

#[tokio::test]
async fn a_killed_role_is_ready_again_with_another_process_and_leaves_nothing_at_the_end() {
    let supervised = Supervised::start(&[("keyserver", "")], |supervisor| {
        supervisor.executable = "/usr/bin/env".into();
        let role = format!("{ROLE}={}:keyserver:", supervisor.run_dir.display());
        let executable = std::env::current_exe().unwrap();
        let mut arguments: Vec<std::ffi::OsString> = vec![role.into(), executable.into()];
        arguments.extend(entry_arguments().map(Into::into));
        supervisor.roles[0].arguments = arguments;
    });
    let run_dir = supervised.dir.path().join("run");
    let first = pid_of(&run_dir, "keyserver").await;
    signal(first, Signal::KILL);
    until("it is dead", || {
        test_kill_process(Pid::from_raw(i32::try_from(first).unwrap()).unwrap()).is_err()
    })
    .await;
    let second = pid_of(&run_dir, "keyserver").await;
    assert_ne!(first, second);
    supervised.stop.trigger();
    assert_eq!(supervised.running.await.unwrap().unwrap(), End::Stopped);
    assert!(!is_alive(second));
    assert!(fs::read_dir(&run_dir).unwrap().next().is_none());
}

#[tokio::test]
async fn a_signal_to_the_terminal_of_the_supervisor_does_not_reach_roles() {
    let script =
        "trap 'echo int >>signals' INT; ps -o pgid= -p $$ >group; echo $$ >>group; exec sleep 60";
    let supervised = Supervised::start(&[("ca", script)], run_in_dir);
    until("it is up", || supervised.file("group").lines().count() == 2).await;
    let group = supervised.file("group");
    let mut numbers = group.split_whitespace();
    assert_eq!(numbers.next(), numbers.next());
    supervised.end().await;
}

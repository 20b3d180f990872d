//! How a worker gives up its rights before it reads a mail.
//!
//! Four layers, so that a hole in one is not a way out: limits on resources, no new
//! privileges and no memory dump, landlock without a single allowed path, and a filter
//! that answers every system call beyond reading, writing, memory, time, random octets
//! and ending with `EPERM`. Calls are refused rather than fatal: a library that looks
//! for a file and can do without it goes on, and a mail is not lost over it.

use std::{collections::BTreeMap, io::ErrorKind};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetStatus, Scope,
};
use rustix::{
    io::Errno,
    process::{DumpableBehavior, Resource, Rlimit},
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use thiserror::Error;

/// What a worker may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Octets of memory for data (`RLIMIT_DATA`); addresses (`RLIMIT_AS`) may be
    /// [`CODE_BYTES`] more, for the program itself. Default 1 GiB.
    pub memory_bytes: u64,
    /// Seconds of processor time, after which the kernel kills the worker. Default 60.
    pub cpu_seconds: u64,
    /// Open descriptors, standard ones included. Those already open stay so. Default 16.
    pub open_files: u64,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, cpu_seconds: 60, open_files: 16 }
    }
}

/// Addresses that the program's code and its libraries may take beside its data.
pub const CODE_BYTES: u64 = 512 << 20;

/// The newest landlock rights that we ask for; an older kernel gives what it knows.
const LANDLOCK: ABI = ABI::V6;

/// How far landlock reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landlock {
    /// All that was asked for: files, TCP, signals and abstract sockets.
    Full,
    /// The kernel is older than some of it (before 6.12); files are among what it knows.
    Partial,
    /// The kernel has no landlock, or has it switched off.
    Absent,
}

/// What is in force, or would be. Limits and privileges always are: without them
/// [`enter`] fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// Landlock: no file, no TCP.
    pub landlock: Landlock,
    /// The filter of system calls.
    pub call_filter: bool,
}

impl Sandbox {
    /// Whether every layer holds.
    pub fn is_complete(&self) -> bool {
        self.landlock == Landlock::Full && self.call_filter
    }

    /// Whether at least one layer keeps the worker from files and sockets: less is no
    /// sandbox, and a site should not run so.
    pub fn confines(&self) -> bool {
        self.call_filter
    }
}

/// Why a worker could not give up its rights; it must not read a mail then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A limit could not be set: the site's hard limit is lower still, or the kernel
    /// refuses.
    #[error("the limit on {0} cannot be set")]
    Limit(&'static str),
    /// The kernel refuses `no_new_privs`.
    #[error("new privileges cannot be given up")]
    Privileges,
    /// The kernel refuses to switch memory dumps off.
    #[error("memory dumps cannot be switched off")]
    Dumps,
    /// Landlock is there and fails.
    #[error("landlock cannot be put in force")]
    Landlock,
    /// The filter is not for this processor, or the kernel has filters and refuses ours.
    #[error("the filter of system calls cannot be put in force")]
    CallFilter,
}

/// Gives up everything that a worker does not need, for good and for all threads, and
/// tells what is in force. Call it first, in a process of its own with one thread: only
/// the calling thread comes under landlock.
///
/// Afterwards standard input, output and error work if they are pipes (a write to a
/// regular file ends the process, `RLIMIT_FSIZE` being 0); files, sockets, processes
/// and threads cannot be opened or started any more.
///
/// A kernel without landlock or filters is told by [`Sandbox`], not by an error.
///
/// # Errors
/// [`SandboxError`], by the layer that failed; the process is then to end.
pub fn enter(limits: &SandboxLimits) -> Result<Sandbox, SandboxError> {
    limit_resources(limits)?;
    rustix::thread::set_no_new_privs(true).map_err(|_| SandboxError::Privileges)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|_| SandboxError::Dumps)?;
    let landlock = forbid_paths()?;
    // Late, so that an error before it can still be written to a log file.
    limit(Resource::Fsize, 0, "file size")?;
    let call_filter = filter_calls()?;
    Ok(Sandbox { landlock, call_filter })
}

/// What [`enter`] would put in force on this kernel, without entering anything: for
/// `ssmax check`.
pub fn available() -> Sandbox {
    let call_filter = rustix::thread::secure_computing_mode().is_ok() && call_filter().is_some();
    let landlock = |level| ruleset(level).and_then(|rules| rules.create()).is_ok();
    let landlock = if landlock(CompatLevel::HardRequirement) {
        Landlock::Full
    } else if oldest_landlock() {
        Landlock::Partial
    } else {
        Landlock::Absent
    };
    Sandbox { landlock, call_filter }
}

fn limit_resources(limits: &SandboxLimits) -> Result<(), SandboxError> {
    limit(Resource::Core, 0, "core dumps")?;
    limit(Resource::Data, limits.memory_bytes, "memory")?;
    limit(Resource::As, limits.memory_bytes.saturating_add(CODE_BYTES), "addresses")?;
    limit(Resource::Cpu, limits.cpu_seconds, "processor time")?;
    limit(Resource::Nofile, limits.open_files, "open files")?;
    limit(Resource::Nproc, 0, "processes")
}

/// Sets a limit for good, not above one that is already in force.
fn limit(resource: Resource, value: u64, name: &'static str) -> Result<(), SandboxError> {
    let ceiling = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let value = Some(value.min(ceiling));
    rustix::process::setrlimit(resource, Rlimit { current: value, maximum: value })
        .map_err(|_| SandboxError::Limit(name))
}

/// Every right that landlock knows is handled and none is granted.
fn ruleset(level: CompatLevel) -> Result<Ruleset, landlock::RulesetError> {
    Ruleset::default()
        .set_compatibility(level)
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))
}

fn oldest_landlock() -> bool {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create)
        .is_ok()
}

fn forbid_paths() -> Result<Landlock, SandboxError> {
    let status = ruleset(CompatLevel::BestEffort)
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|_| SandboxError::Landlock)?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Landlock::Full,
        RulesetStatus::PartiallyEnforced => Landlock::Partial,
        RulesetStatus::NotEnforced => Landlock::Absent,
    })
}

/// System calls that a worker may make whatever their arguments: descriptors that are
/// open, memory, time, random octets, its own signals, its end.
const CALLS: &[i64] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_ppoll,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// The filter, or `None` for a processor that it cannot be made for.
fn call_filter() -> Option<BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.iter().map(|call| (*call, Vec::new())).collect();
    let argument = |index, operator, value| {
        let condition =
            SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, value).ok()?;
        SeccompRule::new(vec![condition]).ok()
    };
    // No new code: neither memory mapped to run nor memory made so.
    let executable = u64::try_from(libc::PROT_EXEC).ok()?;
    let not_executable = argument(2, SeccompCmpOp::MaskedEq(executable), 0)?;
    rules.insert(libc::SYS_mmap, vec![not_executable.clone()]);
    rules.insert(libc::SYS_mprotect, vec![not_executable]);
    // abort() signals its own thread; other processes of the same user it must not reach.
    let own = u64::try_from(rustix::process::getpid().as_raw_nonzero().get()).ok()?;
    rules.insert(libc::SYS_tgkill, vec![argument(0, SeccompCmpOp::Eq, own)?]);
    let refuse = SeccompAction::Errno(u32::try_from(libc::EPERM).ok()?);
    let architecture = std::env::consts::ARCH.try_into().ok()?;
    SeccompFilter::new(rules, refuse, SeccompAction::Allow, architecture).ok()?.try_into().ok()
}

fn filter_calls() -> Result<bool, SandboxError> {
    let filter = call_filter().ok_or(SandboxError::CallFilter)?;
    match seccompiler::apply_filter_all_threads(&filter) {
        Ok(()) => Ok(true),
        Err(seccompiler::Error::Seccomp(error)) if is_missing(&error) => Ok(false),
        Err(_) => Err(SandboxError::CallFilter),
    }
}

/// A kernel built without filters answers so.
fn is_missing(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported
        || error.raw_os_error() == Some(Errno::NOSYS.raw_os_error())
        || error.raw_os_error() == Some(Errno::INVAL.raw_os_error())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{TcpListener, TcpStream, UdpSocket},
        os::{
            fd::{AsFd as _, OwnedFd},
            unix::{net::UnixStream, process::ExitStatusExt as _},
        },
        process::{Command, Output, Stdio},
        time::Duration,
    };

    use super::*;

    /// Names the act that this executable, started again, performs in a sandbox.
    const ACT: &str = "SSMAX_TEST_SANDBOX_ACT";
    const PORT: &str = "SSMAX_TEST_SANDBOX_PORT";

    /// Starts this executable again for `act` and returns what came of it.
    fn child(act: &str, port: u16) -> Output {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "sandbox::tests::acts_in_the_child",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(ACT, act)
            .env(PORT, port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that ends at its limit may be gone before it reads.
        let _ = child.stdin.take().unwrap().write_all(b"mail");
        child.wait_with_output().unwrap()
    }

    fn lines(output: &Output) -> Vec<String> {
        let text = String::from_utf8_lossy(&output.stdout);
        // The harness may have written its own words before the first.
        text.lines()
            .filter_map(|line| line.split_once("> "))
            .map(|(_, told)| told.to_owned())
            .collect()
    }

    fn tell(what: &str, result: std::io::Result<()>) {
        let word = match result {
            Ok(()) => "done".to_owned(),
            Err(error) => format!("{:?}", error.kind()),
        };
        println!("> {what}: {word}");
    }

    /// Not a test on its own: the acts of the others' children.
    #[test]
    fn acts_in_the_child() {
        let Ok(act) = std::env::var(ACT) else { return };
        let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
        let limits = SandboxLimits { memory_bytes: 256 << 20, cpu_seconds: 1, open_files: 16 };
        if act == "landlock" {
            println!("> landlock: {:?}", forbid_paths().unwrap());
            tell("read", std::fs::File::open("/etc/passwd").map(drop));
            std::process::exit(0);
        }
        let program = std::env::current_exe().unwrap();
        let parent = rustix::process::getppid().unwrap();
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (clamd, mut other) = UnixStream::pair().unwrap();
        let passed = OwnedFd::from(clamd.try_clone().unwrap());
        other.write_all(b"PONG").unwrap();
        let sandbox = enter(&limits).unwrap();
        match act.as_str() {
            "reach out" => {
                println!("> call filter: {}", sandbox.call_filter);
                tell("read a file", std::fs::File::open("/etc/passwd").map(drop));
                tell("write a file", std::fs::File::create("/tmp/ssmax-sandbox-test").map(drop));
                tell("list files", std::fs::read_dir("/").map(drop));
                tell("look at a file", std::fs::metadata("/etc/passwd").map(drop));
                tell("connect", TcpStream::connect(("127.0.0.1", port)).map(drop));
                tell("listen", TcpListener::bind("127.0.0.1:0").map(drop));
                tell("send", datagrams.send_to(b"x", ("127.0.0.1", port)).map(drop));
                tell("connect to a path", UnixStream::connect("/run/x").map(drop));
                tell("receive a descriptor", receive(&clamd));
                tell("send a descriptor", send(&clamd, &passed));
                tell("receive by a call of sockets", (&clamd).read(&mut [0; 4]).map(drop));
                tell("change a socket", clamd.set_read_timeout(None));
                tell("end one half of a socket", clamd.shutdown(std::net::Shutdown::Read));
                tell("run a program", Command::new(&program).spawn().map(drop));
                tell("start a thread", std::thread::Builder::new().spawn(|| ()).map(drop));
                let signal = rustix::process::kill_process(parent, rustix::process::Signal::CONT);
                tell("signal a process", signal.map_err(Into::into));
                let trace = rustix::process::setrlimit(
                    Resource::Cpu,
                    Rlimit { current: Some(1), maximum: Some(1) },
                );
                tell("change a limit", trace.map_err(Into::into));
            }
            "scan" => {
                let mut clamd = std::fs::File::from(passed);
                let mut answer = [0; 4];
                clamd.write_all(b"PING").unwrap();
                clamd.read_exact(&mut answer).unwrap();
                println!("> clamd {}", String::from_utf8_lossy(&answer));
            }
            "work" => {
                let mut input = String::new();
                std::io::stdin().read_to_string(&mut input).unwrap();
                println!("> read {input}");
                let random: std::collections::HashMap<u8, u8> = [(1, 2)].into();
                let memory = vec![7u8; 64 << 20];
                println!(
                    "> memory {} {}",
                    memory.iter().filter(|o| **o == 7).count(),
                    random.len()
                );
                std::thread::sleep(Duration::from_millis(1));
                println!(
                    "> clock {}",
                    std::time::Instant::now().elapsed() < Duration::from_secs(9)
                );
                let caught = std::panic::catch_unwind(|| std::hint::black_box(Vec::<u8>::new())[0]);
                println!("> panic {}", caught.is_err());
            }
            "compute keys" => {
                use ssmax_token::{KeyAlgorithm, KeyPair as _};
                let key = ssmax_primitives::SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
                println!("> key {}", !key.spki().is_empty());
            }
            "take memory" => {
                let mut memory: Vec<u8> = Vec::new();
                println!("> within {}", memory.try_reserve_exact(128 << 20).is_ok());
                let mut more: Vec<u8> = Vec::new();
                println!("> beyond {}", more.try_reserve_exact(256 << 20).is_ok());
            }
            "take time" => loop {
                std::hint::black_box(0);
            },
            "abort" => std::process::abort(),
            other => panic!("no such act: {other}"),
        }
        std::process::exit(0);
    }

    /// Takes a descriptor, as before the sandbox.
    fn receive(socket: &UnixStream) -> std::io::Result<()> {
        crate::hand_over::take(socket.as_fd()).map(drop)
    }

    /// Gives a descriptor to the other end.
    fn send(socket: &UnixStream, passed: &OwnedFd) -> std::io::Result<()> {
        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let passed = [passed.as_fd()];
        assert!(control.push(SendAncillaryMessage::ScmRights(&passed)));
        let octets = [std::io::IoSlice::new(b"x")];
        sendmsg(socket, &octets, &mut control, SendFlags::empty())?;
        Ok(())
    }

    #[test]
    fn a_worker_reaches_no_file_no_socket_and_no_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let output = child("reach out", port);
        if lines(&output).first().is_some_and(|line| line == "call filter: false") {
            println!("skipped: this kernel has no filter of system calls");
            return;
        }
        let refused = [
            "read a file",
            "write a file",
            "list files",
            "look at a file",
            "connect",
            "listen",
            "send",
            "connect to a path",
            "receive a descriptor",
            "send a descriptor",
            "receive by a call of sockets",
            "change a socket",
            "end one half of a socket",
            "run a program",
            "start a thread",
            "signal a process",
            "change a limit",
        ]
        .map(|what| format!("{what}: PermissionDenied"));
        let mut expected = vec!["call filter: true".to_owned()];
        expected.extend(refused);
        assert_eq!(lines(&output), expected, "{output:?}");
        assert!(output.status.success());
    }

    #[test]
    fn a_worker_can_do_its_work() {
        let output = child("work", 0);
        let expected = ["read mail", "memory 67108864 1", "clock true", "panic true"];
        assert_eq!(lines(&output), expected, "{output:?}");
    }

    #[test]
    fn a_worker_can_use_the_connection_that_it_was_handed() {
        assert_eq!(lines(&child("scan", 0)), ["clamd PONG"]);
    }

    #[test]
    fn a_worker_can_make_and_use_keys() {
        let output = child("compute keys", 0);
        assert_eq!(lines(&output), ["key true"], "{output:?}");
    }

    #[test]
    fn landlock_alone_keeps_files_away() {
        let output = child("landlock", 0);
        if lines(&output).first().is_some_and(|line| line == "landlock: Absent") {
            println!("skipped: this kernel has no landlock");
            return;
        }
        assert_eq!(lines(&output).last().unwrap(), "read: PermissionDenied", "{output:?}");
    }

    #[test]
    fn memory_ends_at_its_limit() {
        assert_eq!(lines(&child("take memory", 0)), ["within true", "beyond false"]);
    }

    #[test]
    fn processor_time_ends_at_its_limit() {
        let status = child("take time", 0).status;
        let killed = [rustix::process::Signal::XCPU, rustix::process::Signal::KILL];
        let signal = status.signal();
        assert!(killed.iter().any(|one| signal == Some(one.as_raw())), "{status:?}");
    }

    #[test]
    fn a_worker_that_aborts_ends_without_a_dump() {
        let status = child("abort", 0).status;
        assert_eq!(status.signal(), Some(rustix::process::Signal::ABORT.as_raw()));
        assert!(!status.core_dumped());
    }

    #[test]
    fn what_is_available_is_what_comes_in_force() {
        let available = available();
        let reached = child("reach out", 0);
        let told = lines(&reached).first().cloned();
        assert_eq!(told, Some(format!("call filter: {}", available.call_filter)));
        let told = lines(&child("landlock", 0)).first().cloned();
        assert_eq!(told, Some(format!("landlock: {:?}", available.landlock)));
        assert_eq!(available.confines(), available.call_filter);
    }
}

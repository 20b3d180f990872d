//! What this computer has to offer: directories, sockets, the clock, memory that stays
//! in memory, walls around the worker.

use super::{Report, of};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use rustix::process::{Resource, getrlimit};
use ssmax_daemon::place;
use ssmax_inspector::sandbox::{self, Landlock};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use time::OffsetDateTime;
use time::macros::datetime;

/// Octets of a socket's path at most: `sun_path` has 108 with the final NUL (unix(7)).
const MAX_SOCKET_PATH_OCTETS: usize = 107;

/// This program did not exist earlier: a clock before it is wrong.
const EARLIEST: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    // Where each role has a folder of its own, what is above is the system's.
    let base = if place::has_folders(config.run_dir()) { unchangeable } else { directory };
    base("state_dir", config.state_dir(), report);
    base("run_dir", config.run_dir(), report);
    sockets(config, report);
    clock(OffsetDateTime::now_utc(), report);
    let roles = config.roles();
    if roles.contains(&Role::Inspector) {
        walls(report);
    }
    let secretless = [Role::Gateway, Role::Submission, Role::Directory, Role::Scim];
    if roles.iter().any(|role| !secretless.contains(role)) {
        memory(roles.contains(&Role::Inspector), report);
    }
}

/// The state of a role.
pub(super) fn state(config: &Config, role: Role, report: &mut Report<'_>) {
    let dir = config.state_dir().join(role.as_str());
    if dir.exists() {
        directory(&of(role, "state"), &dir, report);
    }
}

/// A directory in which roles of several users have folders: nobody else may change it.
fn unchangeable(name: &str, dir: &Path, report: &mut Report<'_>) {
    match ssmax_store::files::check_public_dir(dir) {
        Ok(()) => report.ok(name, "check-dir-of-roles", &[("path", &dir.display().to_string())]),
        Err(error) => report.error(name, &error.into()),
    }
}

/// A directory that is there must be ours and closed to others; one that is not will
/// be made.
fn directory(name: &str, dir: &Path, report: &mut Report<'_>) {
    let path = dir.display().to_string();
    if !dir.exists() {
        return report.ok(name, "check-dir-will-be-made", &[("path", &path)]);
    }
    // What is there is only looked at.
    match ssmax_store::files::create_private_dir(dir) {
        Ok(()) => report.ok(name, "check-dir", &[("path", &path)]),
        Err(error) => report.error(name, &error.into()),
    }
}

fn sockets(config: &Config, report: &mut Report<'_>) {
    let mut longest = 0;
    for role in config.roles() {
        let callers: &[&str] = match role {
            Role::Keyserver => &["gateway", "inspector", "person", "ca"],
            Role::Ca => {
                &["gateway", "keyserver", "inspector", "directory", "enrol", "scim", "officer"]
            }
            Role::Inspector => &["gateway"],
            Role::Authority
            | Role::Gateway
            | Role::Submission
            | Role::Directory
            | Role::Enrol
            | Role::Scim
            | Role::Watch => &[],
        };
        for caller in callers.iter().chain(&["watch"]) {
            let path = place::socket(config.run_dir(), role.as_str(), caller);
            longest = longest.max(path.as_os_str().as_bytes().len());
        }
    }
    if longest > MAX_SOCKET_PATH_OCTETS {
        let complaint = Complaint::new(Exit::Bad, "socket-too-long")
            .with("path", config.run_dir().display())
            .with("octets", longest)
            .with("max", MAX_SOCKET_PATH_OCTETS);
        report.error("run_dir.sockets", &complaint);
    }
}

fn clock(now: OffsetDateTime, report: &mut Report<'_>) {
    let date = now.date().to_string();
    if now < EARLIEST {
        report.error("clock", &Complaint::new(Exit::Bad, "clock-early").with("date", date));
    } else {
        report.ok("clock", "check-clock", &[("date", &date)]);
    }
}

/// What keeps an inspecting worker from files and sockets.
fn walls(report: &mut Report<'_>) {
    let available = sandbox::available();
    let name = of(Role::Inspector, "sandbox");
    if !available.confines() {
        report.error(&name, &Complaint::new(Exit::Bad, "sandbox-missing"));
    } else if available.landlock != Landlock::Full {
        report.warning(&name, &Complaint::new(Exit::Bad, "landlock-missing"));
    } else {
        report.ok(&name, "check-sandbox", &[]);
    }
}

/// Keys and opened mail are in memory; swap space and core dumps put it on a disk. Where
/// mail is opened, no swap may take it there.
fn memory(opens_mail: bool, report: &mut Report<'_>) {
    match std::fs::read_to_string("/proc/swaps") {
        Ok(swaps) if swaps_to_disk(&swaps, is_encrypted) => {
            let complaint = Complaint::new(Exit::Bad, "swap");
            if opens_mail {
                report.error("memory.swap", &complaint);
            } else {
                report.warning("memory.swap", &complaint);
            }
        }
        Ok(_) => report.ok("memory.swap", "check-swap", &[]),
        // Not Linux, or a container that hides it: nothing can be said.
        Err(_) => {}
    }
    if getrlimit(Resource::Core).current != Some(0) {
        report.warning("memory.core", &Complaint::new(Exit::Bad, "core-dumps"));
    }
}

/// Whether `/proc/swaps` (one line of headings, then one for each) names a disk that keeps
/// what is written to it readable. What is compressed within memory stays there.
fn swaps_to_disk(swaps: &str, is_encrypted: impl Fn(&str) -> bool) -> bool {
    let mut places = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    places.any(|place| !place.starts_with("/dev/zram") && !is_encrypted(place))
}

/// Whether a device is one of dm-crypt, by the name that the kernel has for it.
fn is_encrypted(device: &str) -> bool {
    let Ok(device) = std::fs::canonicalize(device) else { return false };
    let Some(name) = device.strip_prefix("/dev").ok().and_then(Path::to_str) else { return false };
    std::fs::read_to_string(format!("/sys/block/{name}/dm/uuid"))
        .is_ok_and(|uuid| uuid.starts_with("CRYPT-"))
}

#[cfg(test)]
mod tests {
    use super::{is_encrypted, swaps_to_disk};

    #[test]
    fn swap_on_a_disk_is_seen_and_swap_in_memory_or_encrypted_is_not() {
        let headings = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        let to_disk = |line: &str| {
            swaps_to_disk(&format!("{headings}{line}"), |device| device == "/dev/dm-1")
        };
        assert!(!to_disk(""));
        assert!(!to_disk("/dev/zram0 partition 8388604 0 100\n"));
        assert!(!to_disk("/dev/dm-1 partition 8388604 0 -2\n"));
        assert!(to_disk("/dev/dm-2 partition 8388604 0 -2\n"));
        assert!(to_disk("/dev/dm-1 partition 1 0 -2\n/swapfile file 2097148 0 -2\n"));
        assert!(!is_encrypted("/no/such/device"));
    }
}

//! What this measurement needs of the machine.

use crate::complaint::{Complaint, Exit};
use rustix::process::geteuid;
use std::path::{Path, PathBuf};

/// The programs, with the Debian package that each is from.
pub(super) const PROGRAMS: [(&str, &str); 6] = [
    ("postfix", "postfix"),
    ("postconf", "postfix"),
    ("smtp-source", "postfix"),
    ("smtp-sink", "postfix"),
    ("opendkim", "opendkim"),
    ("chown", "coreutils"),
];

/// Where Debian keeps programs of administrators, which not everybody's `PATH` has.
const ALSO: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Whether everything is there.
///
/// # Errors
/// [`Exit::Unavailable`] with the first thing that is not.
pub(super) fn look() -> Result<(), Complaint> {
    for (program, package) in PROGRAMS {
        if find(program).is_none() {
            return Err(Complaint::new(Exit::Unavailable, "bench-mail-program")
                .with("program", program)
                .with("package", package));
        }
    }
    // Postfix's master gives up root's rights, and so has to have them.
    if !geteuid().is_root() {
        return Err(Complaint::new(Exit::Unavailable, "bench-mail-root"));
    }
    Ok(())
}

/// Where a program is.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let also = ALSO.iter().map(PathBuf::from).filter(|_| !path.is_empty());
    std::env::split_paths(&path)
        .chain(also)
        .map(|dir| dir.join(program))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

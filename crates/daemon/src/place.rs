//! Where the roles of one host meet: sockets and ready files below `run_dir`.
//!
//! All roles may run as one user; then everything stands in `run_dir`, which only that
//! user may enter. Or each runs as a user of its own, and `run_dir` has a folder for each
//! that is its role's and that the others may only enter: nobody can put a socket where
//! another role's is looked for. Who owns the folder `run_dir/ROLE` is that role, for the
//! kernel's word on whoever connects.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

pub(crate) const ROOT: u32 = 0;

/// The socket at which `role` answers `caller`.
#[must_use]
pub fn socket(run_dir: &Path, role: &str, caller: &str) -> PathBuf {
    match folder(run_dir, role) {
        Some(folder) => folder.join(format!("{caller}.sock")),
        None => run_dir.join(format!("{role}.{caller}.sock")),
    }
}

/// The roles that may have folders.
const ROLES: [&str; 10] = [
    "authority",
    "ca",
    "directory",
    "enrol",
    "gateway",
    "inspector",
    "keyserver",
    "scim",
    "submission",
    "watch",
];

/// The caller who asks any role how it is; so does whoever administers the host.
pub const WATCH: &str = "watch";

/// Whether roles have folders here.
#[must_use]
pub fn has_folders(run_dir: &Path) -> bool {
    ROLES.iter().any(|role| folder(run_dir, role).is_some())
}

/// The folder of `role`, if roles have folders here. A link is none.
#[must_use]
pub fn folder(run_dir: &Path, role: &str) -> Option<PathBuf> {
    looked_at(run_dir, role).map(|_| run_dir.join(role))
}

/// User and group that `role` runs as here, if roles have folders.
#[must_use]
pub fn owner(run_dir: &Path, role: &str) -> Option<(u32, u32)> {
    looked_at(run_dir, role).map(|found| (found.uid(), found.gid()))
}

/// A role's folder. Where others than root and this user could make one, there is none:
/// whoever made it would be that role.
fn looked_at(run_dir: &Path, role: &str) -> Option<Metadata> {
    const WRITE_OF_GROUP_AND_OTHERS: u32 = 0o022;
    let above = fs::metadata(run_dir).ok()?;
    let trusted = [ROOT, geteuid().as_raw()].contains(&above.uid());
    if !trusted || above.mode() & WRITE_OF_GROUP_AND_OTHERS != 0 {
        return None;
    }
    fs::symlink_metadata(run_dir.join(role)).ok().filter(Metadata::is_dir)
}

/// Who may connect as a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peers {
    uids: Vec<u32>,
    /// Whether the socket has to let in others than its owner.
    pub(crate) shared: bool,
    /// The group that the socket is for, where no folder hands its own down.
    pub(crate) group: Option<u32>,
}

impl Peers {
    /// This process's own user.
    pub(crate) fn own() -> Self {
        Self { uids: vec![geteuid().as_raw()], shared: false, group: None }
    }

    /// `caller` at a socket of `role`: the user that it runs as. A caller that is no role
    /// (an officer, a person) is who administers the host.
    pub(crate) fn of(run_dir: &Path, role: &str, caller: &str) -> Self {
        let own = Self::own();
        // The supervisor is no role and has no folder; it is watched all the same.
        if folder(run_dir, role).is_none() && !(caller == WATCH && has_folders(run_dir)) {
            return own;
        }
        let uid = owner(run_dir, caller).map_or(ROOT, |(uid, _)| uid);
        let shared = !own.allow(uid) && uid != ROOT;
        let officer = (caller == WATCH).then_some(ROOT);
        let uids = own.uids.into_iter().chain([uid]).chain(officer).collect();
        let group = owner(run_dir, caller).map(|(_, gid)| gid);
        let group = group.filter(|_| shared && folder(run_dir, role).is_none());
        Self { uids, shared, group }
    }

    /// One user only, whoever that is.
    #[cfg(test)]
    pub(crate) fn only(uid: u32) -> Self {
        Self { uids: vec![uid], shared: false, group: None }
    }

    pub(crate) fn allow(&self, uid: u32) -> bool {
        self.uids.contains(&uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_folders_everything_stands_in_one_place_for_one_user() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(socket(dir.path(), "ca", "gateway"), dir.path().join("ca.gateway.sock"));
        assert_eq!(owner(dir.path(), "ca"), None);
        assert_eq!(Peers::of(dir.path(), "ca", "gateway"), Peers::own());
    }

    #[test]
    fn a_folder_is_its_roles_and_a_link_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let (ca, elsewhere) = (dir.path().join("ca"), dir.path().join("elsewhere"));
        fs::create_dir(&ca).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, dir.path().join("gateway")).unwrap();
        assert_eq!(socket(dir.path(), "ca", "gateway"), ca.join("gateway.sock"));
        assert_eq!(folder(dir.path(), "gateway"), None);
        assert_eq!(owner(dir.path(), "gateway"), None);
        let found = fs::metadata(&ca).unwrap();
        assert_eq!(owner(dir.path(), "ca"), Some((found.uid(), found.gid())));
    }

    #[test]
    fn a_folder_that_somebody_else_could_have_made_is_none() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("gateway")).unwrap();
        for (mode, counts) in [(0o755, true), (0o775, false), (0o757, false), (0o1777, false)] {
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(has_folders(dir.path()), counts, "{mode:o}");
            assert_eq!(owner(dir.path(), "gateway").is_some(), counts, "{mode:o}");
        }
        if std::os::unix::fs::chown(dir.path(), Some(4711), None).is_ok() {
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
            assert!(!has_folders(dir.path()));
        }
    }

    #[test]
    fn who_owns_a_callers_folder_may_connect_as_it_and_nobody_else() {
        const OTHER: u32 = 4711;
        let dir = tempfile::tempdir().unwrap();
        for role in ["ca", "gateway"] {
            fs::create_dir(dir.path().join(role)).unwrap();
        }
        // Only root can give a folder away.
        if std::os::unix::fs::chown(dir.path().join("gateway"), Some(OTHER), None).is_err() {
            println!("skipped: not root");
            return;
        }
        let peers = Peers::of(dir.path(), "ca", "gateway");
        assert!(peers.allow(OTHER) && peers.allow(geteuid().as_raw()) && peers.shared);
        assert!(!peers.allow(OTHER + 1));
        let officers = Peers::of(dir.path(), "ca", "officer");
        assert!(officers.allow(ROOT) && !officers.allow(OTHER) && !officers.shared);
        // Whoever watches is let in by all, and so is root with `ssmax status`.
        fs::create_dir(dir.path().join(WATCH)).unwrap();
        std::os::unix::fs::chown(dir.path().join(WATCH), Some(OTHER), None).unwrap();
        for role in ["ca", "gateway", "supervisor"] {
            let peers = Peers::of(dir.path(), role, WATCH);
            assert!(peers.allow(OTHER) && peers.allow(ROOT) && !peers.allow(OTHER + 1), "{role}");
            assert!(peers.shared, "{role}");
        }
    }
}

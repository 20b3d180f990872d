//! The folder of one measurement, and the addresses in it.

use super::failed;
use crate::complaint::Complaint;
use ssmax_daemon::ports::Ports;
use std::fs::{self, DirBuilder, Permissions};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::PathBuf;

/// Everything that listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    /// Where smtp-source and other members hand in, by what comes behind it.
    pub(super) plain: SocketAddr,
    pub(super) pass_through: SocketAddr,
    pub(super) signed: SocketAddr,
    pub(super) submission: SocketAddr,
    pub(super) shared_submission: SocketAddr,
    pub(super) mx: SocketAddr,
    /// Where the filters hand back.
    pub(super) reinjection: SocketAddr,
    /// The end of the way.
    pub(super) sink: SocketAddr,
    /// The filter that only copies.
    pub(super) copier: SocketAddr,
    /// OpenDKIM and our milter.
    pub(super) dkim: SocketAddr,
    pub(super) milter: SocketAddr,
    /// The two gateways for mail of own users, and the one for mail of other members.
    pub(super) stated: [SocketAddr; 2],
    pub(super) inbound: SocketAddr,
    /// Where the mails are made that come in later.
    pub(super) collector: SocketAddr,
    pub(super) authority: SocketAddr,
}

/// The folder, which goes with this value.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) dir: PathBuf,
    pub(super) addresses: Addresses,
    _ports: Ports,
}

impl Place {
    /// Makes it. Postfix gives up root's rights and has to pass through.
    pub(super) fn new() -> Result<Self, Complaint> {
        let dir = std::env::temp_dir().join(format!("ssmax-bench-{}", std::process::id()));
        // Fails where somebody else has made one of that name.
        DirBuilder::new().mode(0o755).create(&dir).map_err(failed)?;
        let mut ports = Ports::claim().map_err(failed)?;
        let mut free = || ports.free(Ipv4Addr::LOCALHOST.into()).map_err(failed);
        let addresses = Addresses {
            plain: free()?,
            pass_through: free()?,
            signed: free()?,
            submission: free()?,
            shared_submission: free()?,
            mx: free()?,
            reinjection: free()?,
            sink: free()?,
            copier: free()?,
            dkim: free()?,
            milter: free()?,
            stated: [free()?, free()?],
            inbound: free()?,
            collector: free()?,
            authority: free()?,
        };
        let place = Self { dir, addresses, _ports: ports };
        // Whatever the umask of whoever runs it is.
        fs::set_permissions(&place.dir, Permissions::from_mode(0o755)).map_err(failed)?;
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

//! Addresses on loopback for servers that are about to be started: a demonstration or a
//! test writes them into a configuration, and a child process binds them later.
//!
//! A port that was merely free a moment ago may be taken in between, by the local end of
//! any outgoing connection or by another run that looked at the same moment. So the
//! ports lie below those that systems give to outgoing connections, and a run holds one
//! port of a block as its claim to the others.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

/// Where the blocks lie: above the ports of well-known services, below the ephemeral
/// ones (Linux from 32,768, IANA from 49,152).
const FIRST: u16 = 20_000;

/// Ports of a block, its claim among them.
const BLOCK: u16 = 32;

/// How many blocks there are.
const BLOCKS: u16 = 375;

/// A block of ports that no other holder of [`Ports`] on this host uses.
#[derive(Debug)]
pub struct Ports {
    /// Bound, and so claimed, for as long as this value lives.
    _claim: TcpListener,
    next: u16,
    end: u16,
}

impl Ports {
    /// Claims a block.
    ///
    /// # Errors
    /// [`io::ErrorKind::AddrInUse`] if every block is claimed.
    pub fn claim() -> io::Result<Self> {
        // Runs that begin together begin to look at different places.
        let start = u16::try_from(std::process::id() % u32::from(BLOCKS)).unwrap_or(0);
        (0..BLOCKS)
            .map(|step| FIRST + (start + step) % BLOCKS * BLOCK)
            .find_map(|first| {
                let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
                Some(Self { _claim: claim, next: first + 1, end: first + BLOCK })
            })
            .ok_or_else(|| io::ErrorKind::AddrInUse.into())
    }

    /// An address of `ip` that nothing listens on now; each port is given once.
    ///
    /// # Errors
    /// [`io::ErrorKind::AddrInUse`] when the block is used up (31 ports);
    /// what binding says if `ip` is not an address of this host.
    pub fn free(&mut self, ip: IpAddr) -> io::Result<SocketAddr> {
        while self.next < self.end {
            let address = SocketAddr::new(ip, self.next);
            self.next += 1;
            match TcpListener::bind(address) {
                Ok(_) => return Ok(address),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn two_claims_share_no_port_and_none_is_ephemeral() {
        let mut claims = [Ports::claim().unwrap(), Ports::claim().unwrap()];
        let mut given = Vec::new();
        for ports in &mut claims {
            while let Ok(address) = ports.free(LOCALHOST) {
                assert!((FIRST..32_768).contains(&address.port()), "{address}");
                given.push(address.port());
            }
        }
        let count = given.len();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), count);
        assert!(count > usize::from(BLOCK), "only {count} ports");
    }

    #[test]
    fn a_port_that_something_listens_on_is_passed_over() {
        let mut ports = Ports::claim().unwrap();
        let taken = SocketAddr::new(LOCALHOST, ports.next);
        let _listener = TcpListener::bind(taken).unwrap();
        assert_eq!(ports.free(LOCALHOST).unwrap().port(), taken.port() + 1);
    }
}

//! The handshakes under way at a port, and which of them ends when there are too many.
//!
//! A handshake is long over when its connection is used: what is bounded here is only what
//! has not yet shown a certificate. A flood must cost those who flood, so hosts are bounded
//! each for itself, and one from which a role has come keeps its place.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};

use tokio::task::AbortHandle;

/// How many hosts are remembered from which roles have come. A member has a handful.
const REMEMBERED_HOSTS: usize = 64;

/// A host, as far as its address tells: with IPv6 one has a whole network of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Host(IpAddr);

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        const NETWORK: u128 = !0 << 64;
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & NETWORK)),
        })
    }
}

/// One that is under way.
pub(super) trait Handshake {
    fn is_over(&self) -> bool;
    fn end(&self);
}

impl Handshake for AbortHandle {
    fn is_over(&self) -> bool {
        self.is_finished()
    }

    fn end(&self) {
        self.abort();
    }
}

/// All that are under way.
#[derive(Debug)]
pub(super) struct Unfinished<H> {
    max: usize,
    max_of_host: usize,
    /// The oldest first.
    running: VecDeque<(Host, H)>,
    /// Hosts from which roles have come, the latest last.
    known: VecDeque<Host>,
}

impl<H: Handshake> Unfinished<H> {
    pub(super) fn new(max: usize, max_of_host: usize) -> Self {
        let (running, known) = (VecDeque::new(), VecDeque::new());
        Self { max: max.max(1), max_of_host: max_of_host.max(1), running, known }
    }

    /// Makes room for one more of `host`, and ends another where there is none: of the same
    /// host, if that has its share; else the oldest of the strange host that has the most.
    /// Whether one had to end.
    pub(super) fn make_room(&mut self, host: Host) -> bool {
        self.running.retain(|(_, handshake)| !handshake.is_over());
        if self.count(host) >= self.max_of_host {
            return self.end_oldest_of(host);
        }
        if self.running.len() < self.max {
            return false;
        }
        let hosts = self.running.iter().map(|(host, _)| *host);
        // The first of several with as many: it holds the oldest of them.
        let most = hosts.rev().max_by_key(|host| (!self.known.contains(host), self.count(*host)));
        most.is_some_and(|host| self.end_oldest_of(host))
    }

    pub(super) fn begin(&mut self, host: Host, handshake: H) {
        self.running.push_back((host, handshake));
    }

    /// A role has come from `host`.
    pub(super) fn remember(&mut self, host: Host) {
        self.known.retain(|known| *known != host);
        if self.known.len() >= REMEMBERED_HOSTS {
            self.known.pop_front();
        }
        self.known.push_back(host);
    }

    fn count(&self, host: Host) -> usize {
        self.running.iter().filter(|(other, _)| *other == host).count()
    }

    fn end_oldest_of(&mut self, host: Host) -> bool {
        let oldest = self.running.iter().position(|(other, _)| *other == host);
        let Some((_, handshake)) = oldest.and_then(|place| self.running.remove(place)) else {
            return false;
        };
        handshake.end();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    #[derive(Debug, Clone, Default)]
    struct Shown(Rc<Cell<bool>>);

    impl Handshake for Shown {
        fn is_over(&self) -> bool {
            self.0.get()
        }

        fn end(&self) {
            self.0.set(true);
        }
    }

    fn host(text: &str) -> Host {
        text.parse::<IpAddr>().unwrap().into()
    }

    /// One more of `host`; what it is known by.
    fn begun(unfinished: &mut Unfinished<Shown>, from: &str) -> Shown {
        let shown = Shown::default();
        unfinished.make_room(host(from));
        unfinished.begin(host(from), shown.clone());
        shown
    }

    #[test]
    fn a_host_that_floods_ends_its_own_and_nobody_elses() {
        let mut unfinished = Unfinished::new(8, 4);
        let honest = begun(&mut unfinished, "10.0.0.1");
        let flood: Vec<_> = (0..100).map(|_| begun(&mut unfinished, "10.0.0.9")).collect();
        assert!(!honest.is_over());
        assert_eq!(flood.iter().filter(|one| !one.is_over()).count(), 4);
        assert!(!flood[99].is_over() && flood[0].is_over());
    }

    #[test]
    fn many_strange_hosts_do_not_end_what_comes_from_a_known_one() {
        let mut unfinished = Unfinished::new(8, 4);
        unfinished.remember(host("10.0.0.1"));
        let honest = begun(&mut unfinished, "10.0.0.1");
        let stranger = |number: u8| format!("192.0.2.{number}");
        let flood: Vec<_> =
            (0..200).map(|number| begun(&mut unfinished, &stranger(number))).collect();
        assert!(!honest.is_over());
        assert_eq!(flood.iter().filter(|one| !one.is_over()).count(), 7);
        assert!(!flood[199].is_over());
    }

    #[test]
    fn over_the_whole_bound_the_host_with_the_most_loses_its_oldest() {
        let mut unfinished = Unfinished::new(4, 3);
        let single = begun(&mut unfinished, "10.0.0.1");
        let many: Vec<_> = (0..3).map(|_| begun(&mut unfinished, "10.0.0.2")).collect();
        let next = begun(&mut unfinished, "10.0.0.3");
        assert!(!single.is_over() && many[0].is_over() && !many[1].is_over() && !next.is_over());
        // With one each, the oldest.
        let mut unfinished = Unfinished::new(2, 2);
        let first = begun(&mut unfinished, "10.0.0.1");
        let second = begun(&mut unfinished, "10.0.0.2");
        begun(&mut unfinished, "10.0.0.3");
        assert!(first.is_over() && !second.is_over());
    }

    #[test]
    fn what_is_over_needs_no_room() {
        let mut unfinished = Unfinished::new(2, 2);
        for _ in 0..10 {
            assert!(!unfinished.make_room(host("10.0.0.1")));
            let shown = Shown::default();
            unfinished.begin(host("10.0.0.1"), shown.clone());
            shown.end();
        }
    }

    #[test]
    fn a_host_of_ipv6_is_its_network_and_a_mapped_address_is_the_old_one() {
        assert_eq!(host("2001:db8::1"), host("2001:db8::ffff:1"));
        assert_ne!(host("2001:db8::1"), host("2001:db8:0:1::1"));
        assert_eq!(host("::ffff:10.0.0.1"), host("10.0.0.1"));
        assert_ne!(host("10.0.0.1"), host("10.0.0.2"));
    }

    #[test]
    fn only_the_latest_known_hosts_are_remembered() {
        let mut unfinished = Unfinished::<Shown>::new(1, 1);
        for number in 0..=REMEMBERED_HOSTS {
            unfinished.remember(host(&format!("10.0.1.{number}")));
            unfinished.remember(host("10.0.0.1"));
        }
        assert_eq!(unfinished.known.len(), REMEMBERED_HOSTS);
        assert!(unfinished.known.contains(&host("10.0.0.1")));
        assert!(!unfinished.known.contains(&host("10.0.1.0")));
    }
}

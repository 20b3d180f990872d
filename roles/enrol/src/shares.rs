//! What one address may have: connections, and wrong links in an hour.

use crate::config::Limits;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are kept in mind; when there are more, those are forgotten who have nothing
/// open and nothing wrong.
const MAX_ADDRESSES: usize = 20_000;

const HOUR: Duration = Duration::from_secs(3600);

/// The shares of all addresses.
pub(crate) struct Shares {
    connections: usize,
    failures: u32,
    by_address: Mutex<HashMap<IpAddr, Share>>,
}

struct Share {
    connections: usize,
    hour: Instant,
    failures: u32,
}

/// A connection's place, given back when dropped.
pub(crate) struct Pass {
    shares: Arc<Shares>,
    address: IpAddr,
}

impl Shares {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            connections: limits.max_connections_per_address,
            failures: limits.failures_per_hour,
            by_address: Mutex::default(),
        })
    }

    /// Lets a connection in, unless the address has too many.
    pub(crate) fn enter(self: &Arc<Self>, from: IpAddr, now: Instant) -> Option<Pass> {
        let address = network(from);
        let mut all = self.all();
        let share = share(&mut all, address, now)?;
        if share.connections >= self.connections {
            return None;
        }
        share.connections += 1;
        Some(Pass { shares: Arc::clone(self), address })
    }

    /// Whether the address may try a link.
    pub(crate) fn may_try(&self, from: IpAddr, now: Instant) -> bool {
        let mut all = self.all();
        share(&mut all, network(from), now).is_some_and(|share| share.failures < self.failures)
    }

    /// A link or code was wrong.
    pub(crate) fn failed(&self, from: IpAddr, now: Instant) {
        if let Some(share) = share(&mut self.all(), network(from), now) {
            share.failures = share.failures.saturating_add(1);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<IpAddr, Share>> {
        // The counts are consistent even if another thread panicked with the lock.
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The share of an address, brought up to now; none if too many others have one.
fn share(all: &mut HashMap<IpAddr, Share>, address: IpAddr, now: Instant) -> Option<&mut Share> {
    let is_over = |share: &Share| now.saturating_duration_since(share.hour) >= HOUR;
    if all.len() >= MAX_ADDRESSES && !all.contains_key(&address) {
        all.retain(|_, share| share.connections > 0 || (share.failures > 0 && !is_over(share)));
        if all.len() >= MAX_ADDRESSES {
            return None;
        }
    }
    let share = all.entry(address).or_insert(Share { connections: 0, hour: now, failures: 0 });
    if is_over(share) {
        (share.hour, share.failures) = (now, 0);
    }
    Some(share)
}

/// Whoever has one address of an IPv6 /64 has them all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(share) = self.shares.all().get_mut(&self.address) {
            share.connections = share.connections.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_connections_and_its_mistakes() {
        let limits =
            Limits { max_connections_per_address: 2, failures_per_hour: 3, ..Limits::default() };
        let shares = Shares::new(&limits);
        let now = Instant::now();
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let same: IpAddr = "2001:db8::2".parse().unwrap();
        let other: IpAddr = "192.0.2.1".parse().unwrap();
        let passes = [shares.enter(one, now), shares.enter(same, now)];
        assert!(passes.iter().all(Option::is_some));
        assert!(shares.enter(one, now).is_none() && shares.enter(other, now).is_some());
        drop(passes);
        assert!(shares.enter(one, now).is_some());
        for _ in 0..3 {
            assert!(shares.may_try(one, now));
            shares.failed(same, now);
        }
        assert!(!shares.may_try(one, now) && shares.may_try(other, now));
        assert!(shares.may_try(one, now + HOUR));
    }
}

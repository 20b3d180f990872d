//! What one address may have: requests, suggestions, wrong passwords, connections.

use crate::config::Limits;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are kept in mind; when there are more, those are forgotten who have
/// asked for nothing lately.
const MAX_ADDRESSES: usize = 50_000;

/// How many seconds' worth of requests may come at once.
const BURST: u32 = 10;

const HOUR: Duration = Duration::from_secs(3600);

/// The shares of all addresses.
#[derive(Debug)]
pub struct Shares {
    limits: Limits,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    connections: usize,
    by_address: HashMap<IpAddr, Share>,
}

/// What an address has left.
#[derive(Debug, Clone, Copy)]
struct Share {
    connections: usize,
    /// Requests that may come at once, as of `looked`.
    requests: f64,
    looked: Instant,
    /// Since when the counts of the hour are.
    hour: Instant,
    suggestions: u32,
    failed_binds: u32,
}

/// A connection's place, given back when dropped.
#[derive(Debug)]
pub struct Pass {
    shares: Arc<Shares>,
    address: IpAddr,
}

impl Shares {
    /// Nobody has had anything yet.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, all: Mutex::default() })
    }

    /// Lets a connection in, unless there are too many.
    #[must_use]
    pub fn enter(self: &Arc<Self>, from: IpAddr, now: Instant) -> Option<Pass> {
        let address = network(from);
        let mut all = self.all();
        if all.connections >= self.limits.max_connections {
            return None;
        }
        let share = all.of(address, &self.limits, now)?;
        if share.connections >= self.limits.max_connections_per_address {
            return None;
        }
        share.connections += 1;
        all.connections += 1;
        Some(Pass { shares: Arc::clone(self), address })
    }

    /// Takes a request from the share of this moment.
    pub(crate) fn may_ask(&self, from: IpAddr, now: Instant) -> bool {
        let mut all = self.all();
        let Some(share) = all.of(network(from), &self.limits, now) else { return false };
        if share.requests < 1.0 {
            return false;
        }
        share.requests -= 1.0;
        true
    }

    /// Takes as many suggestions from the share of this hour.
    pub(crate) fn may_have(&self, from: IpAddr, suggestions: usize, now: Instant) -> bool {
        let mut all = self.all();
        let Some(share) = all.of(network(from), &self.limits, now) else { return false };
        let wanted = u32::try_from(suggestions).unwrap_or(u32::MAX);
        let sum = share.suggestions.saturating_add(wanted);
        let may = sum <= self.limits.suggestions_per_hour;
        if may {
            share.suggestions = sum;
        }
        may
    }

    /// Whether a password may be tried.
    pub(crate) fn may_try(&self, from: IpAddr, now: Instant) -> bool {
        let mut all = self.all();
        let share = all.of(network(from), &self.limits, now);
        share.is_some_and(|share| share.failed_binds < self.limits.failed_binds_per_hour)
    }

    /// A password was wrong.
    pub(crate) fn failed(&self, from: IpAddr, now: Instant) {
        if let Some(share) = self.all().of(network(from), &self.limits, now) {
            share.failed_binds = share.failed_binds.saturating_add(1);
        }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        // The counts are consistent even if another thread panicked with the lock.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    /// The share of an address, brought up to now; none if too many others have one.
    fn of(&mut self, address: IpAddr, limits: &Limits, now: Instant) -> Option<&mut Share> {
        let (rate, most) = (f64::from(limits.requests_per_second), burst(limits));
        if self.by_address.len() >= MAX_ADDRESSES && !self.by_address.contains_key(&address) {
            self.by_address.retain(|_, share| !share.is_whole(rate, most, now));
            if self.by_address.len() >= MAX_ADDRESSES {
                return None;
            }
        }
        let share = self.by_address.entry(address).or_insert(Share {
            connections: 0,
            requests: most,
            looked: now,
            hour: now,
            suggestions: 0,
            failed_binds: 0,
        });
        share.requests = share.requests_at(rate, most, now);
        share.looked = now;
        if now.saturating_duration_since(share.hour) >= HOUR {
            (share.hour, share.suggestions, share.failed_binds) = (now, 0, 0);
        }
        Some(share)
    }
}

impl Share {
    fn requests_at(&self, rate: f64, most: f64, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.looked).as_secs_f64();
        (self.requests + rate * passed).min(most)
    }

    /// Whether forgetting it gives nobody anything.
    fn is_whole(&self, rate: f64, most: f64, now: Instant) -> bool {
        let is_counted = self.suggestions > 0 || self.failed_binds > 0;
        let is_of_this_hour = now.saturating_duration_since(self.hour) < HOUR;
        self.connections == 0
            && self.requests_at(rate, most, now) >= most
            && !(is_counted && is_of_this_hour)
    }
}

fn burst(limits: &Limits) -> f64 {
    f64::from(limits.requests_per_second.saturating_mul(BURST))
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut all = self.shares.all();
        all.connections = all.connections.saturating_sub(1);
        if let Some(share) = all.by_address.get_mut(&self.address) {
            share.connections = share.connections.saturating_sub(1);
        }
    }
}

/// An IPv6 client has a whole /64 of addresses to itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "192.0.2.1";
    const B: &str = "192.0.2.2";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn shares(change: impl FnOnce(&mut Limits)) -> Arc<Shares> {
        let mut limits = Limits::default();
        change(&mut limits);
        Shares::new(limits)
    }

    #[test]
    fn requests_come_back_with_time_and_one_address_takes_nothing_from_another() {
        let shares = shares(|limits| limits.requests_per_second = 2);
        let start = Instant::now();
        let asked = (0..100).filter(|_| shares.may_ask(ip(A), start)).count();
        assert_eq!(asked, 20);
        assert!(shares.may_ask(ip(B), start));
        let later = start + Duration::from_secs(3);
        let asked = (0..100).filter(|_| shares.may_ask(ip(A), later)).count();
        assert_eq!(asked, 6);
        let much_later = start + HOUR;
        assert_eq!((0..100).filter(|_| shares.may_ask(ip(A), much_later)).count(), 20);
    }

    #[test]
    fn suggestions_and_wrong_passwords_count_for_an_hour() {
        let shares = shares(|limits| {
            (limits.suggestions_per_hour, limits.failed_binds_per_hour) = (10, 2);
        });
        let start = Instant::now();
        assert!(shares.may_have(ip(A), 8, start) && !shares.may_have(ip(A), 3, start));
        assert!(shares.may_have(ip(A), 2, start) && shares.may_have(ip(B), 10, start));
        for _ in 0..2 {
            assert!(shares.may_try(ip(A), start));
            shares.failed(ip(A), start);
        }
        assert!(!shares.may_try(ip(A), start) && shares.may_try(ip(B), start));
        let later = start + HOUR;
        assert!(shares.may_have(ip(A), 10, later) && shares.may_try(ip(A), later));
    }

    #[test]
    fn connections_are_bounded_for_all_and_for_one_and_given_back() {
        let shares = shares(|limits| {
            (limits.max_connections, limits.max_connections_per_address) = (3, 2);
        });
        let now = Instant::now();
        let enter = |from: &str| shares.enter(ip(from), now);
        let (one, two) = (enter("2001:db8::1").unwrap(), enter("2001:db8::ffff:2").unwrap());
        assert!(enter("2001:db8::3").is_none(), "an IPv6 network counts as one address");
        let three = enter("2001:db8:0:1::1").unwrap();
        assert!(enter(B).is_none(), "all places are taken");
        drop((one, three));
        assert!(enter("::ffff:192.0.2.2").is_some());
        drop(two);
    }

    #[test]
    fn who_has_asked_for_nothing_lately_is_forgotten_when_there_are_too_many() {
        let shares = shares(|limits| limits.failed_binds_per_hour = 1);
        let start = Instant::now();
        let address = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        shares.failed(address(0), start);
        for number in 1..MAX_ADDRESSES {
            assert!(shares.may_ask(address(number), start));
        }
        // Each has asked just now.
        assert!(!shares.may_ask(address(MAX_ADDRESSES), start));
        let later = start + Duration::from_secs(1);
        assert!(shares.may_ask(address(MAX_ADDRESSES), later));
        assert_eq!(shares.all().by_address.len(), 2);
        assert!(!shares.may_try(address(0), later), "a wrong password is not forgotten");
    }
}

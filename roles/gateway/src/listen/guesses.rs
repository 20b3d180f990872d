//! How often somebody at one address may be wrong about a password.

use crate::listen::gate::network;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Addresses that are kept in mind. With more of them in an hour, one that is new may not
/// log in: a crowd of guessers must not be forgotten for another crowd.
const MAX_ADDRESSES: usize = 50_000;

const HOUR: Duration = Duration::from_secs(3600);

/// Counts failed logins of one listener.
#[derive(Debug)]
pub(super) struct Guesses {
    per_hour: u32,
    failed: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Guesses {
    pub(super) fn new(per_hour: u32) -> Self {
        Self { per_hour, failed: Mutex::default() }
    }

    /// Counts an attempt, unless the hour has had its number. It counts as failed until
    /// [`Guesses::was_right`], so that attempts at the same time are no way around.
    pub(super) fn may_try(&self, from: IpAddr, now: Instant) -> bool {
        let mut failed = self.failed();
        if failed.len() >= MAX_ADDRESSES {
            failed.retain(|_, (since, _)| now.saturating_duration_since(*since) < HOUR);
        }
        let is_full = failed.len() >= MAX_ADDRESSES;
        let network = network(from);
        if is_full && !failed.contains_key(&network) {
            return false;
        }
        let (since, count) = failed.entry(network).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= HOUR {
            (*since, *count) = (now, 0);
        }
        let may = *count < self.per_hour;
        if may {
            *count += 1;
        }
        may
    }

    /// The attempt was none of a guesser's.
    pub(super) fn was_right(&self, from: IpAddr) {
        if let Some((_, count)) = self.failed().get_mut(&network(from)) {
            *count = count.saturating_sub(1);
        }
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<IpAddr, (Instant, u32)>> {
        // The counts are consistent even if another thread panicked with the lock.
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_wrong_ones_in_an_hour_and_others_have_theirs() {
        let (guesses, now) = (Guesses::new(2), Instant::now());
        let at = |text: &str| text.parse().unwrap();
        let (one, other) = (at("192.0.2.1"), at("192.0.2.2"));
        assert!(guesses.may_try(one, now) && guesses.may_try(one, now));
        assert!(!guesses.may_try(one, now) && guesses.may_try(other, now));
        assert!(!guesses.may_try(one, now + HOUR - Duration::from_secs(1)));
        assert!(guesses.may_try(one, now + HOUR));
        // A network of IPv6 is one client.
        assert!(guesses.may_try(at("2001:db8::1"), now) && guesses.may_try(at("2001:db8::2"), now));
        assert!(!guesses.may_try(at("2001:db8::3"), now));
        assert!(guesses.may_try(at("2001:db8:0:1::1"), now));
    }

    #[test]
    fn who_is_right_is_not_counted() {
        let (guesses, now) = (Guesses::new(1), Instant::now());
        let one = "192.0.2.1".parse().unwrap();
        for _ in 0..5 {
            assert!(guesses.may_try(one, now));
            guesses.was_right(one);
        }
        assert!(guesses.may_try(one, now));
        assert!(!guesses.may_try(one, now));
    }
}

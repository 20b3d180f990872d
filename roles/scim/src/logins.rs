//! What a token and an address may have: requests a second, and wrong tokens an hour.

use crate::config::Limits;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are kept in mind. When there are more, one that is new has none of its
/// wrong tokens counted, and none of them is let in.
const MAX_ADDRESSES: usize = 10_000;

/// How many seconds' worth of requests may come at once.
const BURST: f64 = 10.0;

const HOUR: Duration = Duration::from_secs(3600);

/// Who has had what.
#[derive(Debug)]
pub(crate) struct Logins {
    limits: Limits,
    had: Mutex<Had>,
}

#[derive(Debug, Default)]
struct Had {
    failed: HashMap<IpAddr, (Instant, u32)>,
    /// What each token has left, and as of when.
    requests: HashMap<String, (Instant, f64)>,
}

impl Logins {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), had: Mutex::default() }
    }

    /// Whether somebody at this address may try a token.
    pub(crate) fn may_try(&self, from: IpAddr, now: Instant) -> bool {
        let mut had = self.had();
        had.failed.retain(|_, (since, _)| now.saturating_duration_since(*since) < HOUR);
        match had.failed.get(&from) {
            Some((_, count)) => *count < self.limits.failed_logins_per_hour,
            None => had.failed.len() < MAX_ADDRESSES,
        }
    }

    /// A token was wrong.
    pub(crate) fn failed(&self, from: IpAddr, now: Instant) {
        let mut had = self.had();
        let (_, count) = had.failed.entry(from).or_insert((now, 0));
        *count = count.saturating_add(1);
    }

    /// Takes a request of a token's share.
    pub(crate) fn may_ask(&self, token: &str, now: Instant) -> bool {
        let rate = f64::from(self.limits.requests_per_second);
        let mut had = self.had();
        let (looked, left) = had.requests.entry(token.to_owned()).or_insert((now, rate * BURST));
        let passed = now.saturating_duration_since(*looked).as_secs_f64();
        *left = (*left + rate * passed).min(rate * BURST);
        *looked = now;
        let may = *left >= 1.0;
        if may {
            *left -= 1.0;
        }
        may
    }

    fn had(&self) -> MutexGuard<'_, Had> {
        // The counts are consistent even if another thread panicked with the lock.
        self.had.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_tokens_end_an_address_for_an_hour_and_nobody_else() {
        let limits = Limits { failed_logins_per_hour: 2, ..Limits::default() };
        let (logins, now) = (Logins::new(&limits), Instant::now());
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        for _ in 0..2 {
            assert!(logins.may_try(one, now));
            logins.failed(one, now);
        }
        assert!(!logins.may_try(one, now) && logins.may_try(other, now));
        assert!(!logins.may_try(one, now + HOUR - Duration::from_secs(1)));
        assert!(logins.may_try(one, now + HOUR));
    }

    #[test]
    fn a_token_has_its_requests_and_not_one_more() {
        let limits = Limits { requests_per_second: 2, ..Limits::default() };
        let (logins, now) = (Logins::new(&limits), Instant::now());
        assert!((0..20).all(|_| logins.may_ask("a", now)));
        assert!(!logins.may_ask("a", now));
        assert!(logins.may_ask("b", now));
        assert!(logins.may_ask("a", now + Duration::from_millis(500)));
        assert!(!logins.may_ask("a", now + Duration::from_millis(500)));
    }
}

//! How many connections are served at the same time, in all and for one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// One address gets at most this part of all connections, so that no single client keeps
/// the others out by connecting and waiting.
const SHARE_OF_ONE_ADDRESS: usize = 4;

/// Counts connections. Clones count together.
#[derive(Debug, Clone)]
pub struct Gate {
    most: usize,
    inside: Arc<Mutex<Inside>>,
    left: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Leave to be inside; dropping it leaves.
#[derive(Debug)]
pub struct Pass {
    gate: Gate,
    address: IpAddr,
}

impl Gate {
    /// A gate for `most` connections, at least one.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), inside: Arc::default(), left: Arc::default() }
    }

    /// Waits until there is room for one more.
    pub async fn has_room(&self) {
        loop {
            let left = self.left.notified();
            if self.lock().all < self.most {
                return;
            }
            left.await;
        }
    }

    /// Lets one more in, unless all or this address have their share.
    #[must_use]
    pub fn enter(&self, address: IpAddr) -> Option<Pass> {
        let share = self.most.div_ceil(SHARE_OF_ONE_ADDRESS);
        let mut inside = self.lock();
        let of_address = inside.by_address.get(&address).copied().unwrap_or(0);
        if inside.all >= self.most || of_address >= share {
            return None;
        }
        inside.all += 1;
        inside.by_address.insert(address, of_address + 1);
        Some(Pass { gate: self.clone(), address })
    }

    /// Counting cannot leave the state half changed, so a panic elsewhere is no reason to
    /// stop counting.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut inside = self.gate.lock();
        inside.all = inside.all.saturating_sub(1);
        match inside.by_address.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(inside.by_address.remove(&self.address)),
        }
        drop(inside);
        self.gate.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    #[test]
    fn one_address_gets_a_quarter_and_not_one_more() {
        let gate = Gate::new(8);
        let first = gate.enter(address(1));
        let second = gate.enter(address(1));
        assert!(first.is_some() && second.is_some());
        assert!(gate.enter(address(1)).is_none());
        assert!(gate.enter(address(2)).is_some());
        drop(first);
        assert!(gate.enter(address(1)).is_some());
    }

    #[test]
    fn all_addresses_together_get_the_limit_and_not_one_more() {
        let gate = Gate::new(2);
        let _first = gate.enter(address(1)).unwrap();
        let second = gate.enter(address(2));
        assert!(second.is_some());
        assert!(gate.enter(address(3)).is_none());
        drop(second);
        assert!(gate.enter(address(3)).is_some());
    }

    #[tokio::test]
    async fn who_waits_for_room_is_woken_when_somebody_leaves() {
        let gate = Gate::new(1);
        let pass = gate.enter(address(1)).unwrap();
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.has_room().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(pass);
        waiting.await.unwrap();
        assert!(gate.lock().by_address.is_empty());
    }
}

//! How many clients are inside, overall and from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::listen::{Limits, Reply};

/// Counts connections of one listener.
pub(super) struct Gate {
    max_connections: usize,
    max_connections_per_address: usize,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place inside, given back when dropped.
pub(super) struct Pass {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            max_connections: limits.max_connections,
            max_connections_per_address: limits.max_connections_per_address,
            inside: Mutex::default(),
        })
    }

    /// Lets a client in, or says with what reply it is turned away.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Pass, Reply> {
        let address = network(address);
        let mut inside = self.inside();
        if inside.all >= self.max_connections {
            return Err(Reply::new(421, "4.3.2", "too many connections, try again later"));
        }
        let from_there = inside.by_address.get(&address).copied().unwrap_or_default();
        if from_there >= self.max_connections_per_address {
            let text = "too many connections from your address, try again later";
            return Err(Reply::new(421, "4.7.0", text));
        }
        inside.by_address.insert(address, from_there + 1);
        inside.all += 1;
        Ok(Pass { gate: Arc::clone(self), address })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        // The counts are consistent even if another thread panicked with the lock.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut inside = self.gate.inside();
        inside.all = inside.all.saturating_sub(1);
        if let Some(count) = inside.by_address.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                inside.by_address.remove(&self.address);
            }
        }
    }
}

/// An IPv6 client has a whole /64 of addresses to itself.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(all: usize, per_address: usize) -> Arc<Gate> {
        Gate::new(&Limits {
            max_connections: all,
            max_connections_per_address: per_address,
            ..Limits::default()
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_is_free_again_when_its_client_leaves() {
        let gate = gate(1, 1);
        let pass = gate.enter(address("192.0.2.1")).ok().unwrap();
        let full = gate.enter(address("192.0.2.2")).err().unwrap();
        assert_eq!((full.code, &*full.enhanced), (421, "4.3.2"));
        drop(pass);
        assert!(gate.enter(address("192.0.2.2")).is_ok());
        assert!(gate.inside().by_address.is_empty());
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let gate = gate(10, 2);
        let _inside: Vec<_> =
            (0..2).map(|_| gate.enter(address("192.0.2.1")).ok().unwrap()).collect();
        let full = gate.enter(address("192.0.2.1")).err().unwrap();
        assert_eq!((full.code, &*full.enhanced), (421, "4.7.0"));
        assert!(gate.enter(address("192.0.2.2")).is_ok());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_together() {
        let gate = gate(10, 1);
        let _pass = gate.enter(address("2001:db8::1")).ok().unwrap();
        assert!(gate.enter(address("2001:db8::ffff:2")).is_err());
        assert!(gate.enter(address("2001:db8:0:1::1")).is_ok());
    }
}

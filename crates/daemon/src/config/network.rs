//! Networks in settings: whose addresses begin alike.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Addresses that begin alike: `192.0.2.0/28`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

/// A text is no network: an address, with `/` and the number of leading bits or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is written 192.0.2.7, 192.0.2.0/28 or 2001:db8::/64")]
pub struct NotANetwork;

impl Network {
    /// How many leading bits the addresses in it have in common.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// Whether the address lies in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(other)) => {
                let kept = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                first.to_bits() & kept == other.to_bits() & kept
            }
            (IpAddr::V6(first), IpAddr::V6(other)) => {
                let kept = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                first.to_bits() & kept == other.to_bits() & kept
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.as_str(), None),
        };
        let first: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| NotANetwork)?;
        if bits > most { Err(NotANetwork) } else { Ok(Self { first, bits }) }
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        format!("{}/{}", network.first, network.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_like_it() {
        let holds = |net: &str, one: &str| network(net).holds(one.parse().unwrap());
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.6"));
        assert!(holds("192.0.2.0/28", "192.0.2.15") && !holds("192.0.2.0/28", "192.0.2.16"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("192.0.2.7", "::ffff:192.0.2.7"));
        assert!(holds("2001:db8::/64", "2001:db8::1") && !holds("2001:db8::/64", "2001:db8:1::1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "scanner", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/x", "192.0.2/24"] {
            assert_eq!(Network::try_from(text.to_owned()), Err(NotANetwork), "{text}");
        }
    }
}

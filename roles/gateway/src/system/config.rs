//! `[gateway.system]` of `ssmax.toml`.

use serde::{Deserialize, Serialize};
use ssmax_api::Organisation;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// `[gateway.system]`: mail that nobody logs in for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemConfig {
    /// Where the own MTA hands in automatic mail by LMTP. None: nowhere.
    pub lmtp: Option<SocketAddr>,
    /// Where the devices of `sources` hand in by SMTP, at a site without an MTA. None:
    /// nowhere.
    pub smtp: Option<SocketAddr>,
    /// The role that reports on delivery are from. Default `mailer-daemon@` the main
    /// domain.
    pub report_address: Option<String>,
    /// The role that replies of mailboxes are from: vacation, calendar, receipts. Default
    /// `auto-reply@` the main domain.
    pub reply_address: Option<String>,
    /// By network, such as `192.0.2.7` or `192.0.2.0/28`: the role that the scanners,
    /// printers and monitors there write as. The narrowest network counts.
    #[serde(default)]
    pub sources: BTreeMap<Network, String>,
}

impl SystemConfig {
    pub(super) fn report_role(&self, own: &Organisation) -> Option<String> {
        self.report_address.clone().or_else(|| role("mailer-daemon", own))
    }

    pub(super) fn reply_role(&self, own: &Organisation) -> Option<String> {
        self.reply_address.clone().or_else(|| role("auto-reply", own))
    }

    /// The role of whoever is at this address.
    pub(super) fn source_role(&self, address: IpAddr) -> Option<String> {
        self.sources
            .iter()
            .filter(|(network, _)| network.holds(address))
            .max_by_key(|(network, _)| network.bits)
            .map(|(_, role)| role.clone())
    }
}

fn role(local: &str, own: &Organisation) -> Option<String> {
    own.domains.first().map(|domain| format!("{local}@{domain}"))
}

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

    #[test]
    fn the_narrowest_network_names_the_role() {
        let sources = [("192.0.2.0/24", "monitor@a.example"), ("192.0.2.7", "scanner@a.example")];
        let config = SystemConfig {
            sources: sources.map(|(net, role)| (network(net), role.to_owned())).into(),
            ..SystemConfig::default()
        };
        let role = |address: &str| config.source_role(address.parse().unwrap());
        assert_eq!(role("192.0.2.7").as_deref(), Some("scanner@a.example"));
        assert_eq!(role("192.0.2.8").as_deref(), Some("monitor@a.example"));
        assert_eq!(role("192.0.3.8"), None);
    }
}

//! `[gateway.system]` of `ssmax.toml`.

use serde::Deserialize;
use ssmax_api::Organisation;
use ssmax_daemon::config::network::Network;
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
            .max_by_key(|(network, _)| network.bits())
            .map(|(_, role)| role.clone())
    }
}

fn role(local: &str, own: &Organisation) -> Option<String> {
    own.domains.first().map(|domain| format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::try_from(text.to_owned()).unwrap()
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

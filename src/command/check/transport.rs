//! Roles on other hosts: whether this host's certificates are good, what it listens on,
//! and whether the others answer.

use super::{Report, of};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use ssmax_daemon::call::CallError;
use ssmax_daemon::endpoint::{Endpoint, Remote};
use ssmax_daemon::tls::Identity;
use ssmax_transport::Transport;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use time::OffsetDateTime;

pub(super) async fn check(config: &Config, role: Role, report: &mut Report<'_>) {
    let transport = config.transport();
    let listen = config.listen(role);
    if let Some(address) = listen {
        reachable_by(role, address, report);
        super::network::listen(config, role, "listen", address, report).await;
    }
    if !transport.needs_certificate(role.as_str(), listen) {
        return;
    }
    match transport.identity(role.as_str()) {
        Ok(identity) => {
            lasting(role, &transport, report);
            if !transport.is_renewed(role.as_str()) {
                let complaint = Complaint::new(Exit::Bad, "transport-no-renewal");
                report.warning(
                    &of(role, "transport.renewal"),
                    &complaint.with("role", role.as_str()),
                );
            }
            peers(role, &transport, &Arc::new(identity), report).await;
        }
        Err(error) => report.error(&of(role, "transport"), &error.into()),
    }
}

/// A port for the own roles is nothing for the world to knock at.
fn reachable_by(role: Role, address: SocketAddr, report: &mut Report<'_>) {
    if !is_inside(address.ip()) {
        let complaint = Complaint::new(Exit::Bad, "transport-public").with("address", address);
        report.warning(&of(role, "listen.address"), &complaint);
    }
}

fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// A role renews in the last third of a certificate's time. Deep in it, it has failed to.
fn lasting(role: Role, transport: &Transport, report: &mut Report<'_>) {
    let name = of(role, "transport");
    let certificate =
        match ssmax_transport::certificate(&transport.place(role.as_str()), role.as_str()) {
            Ok(certificate) => certificate,
            Err(error) => return report.error(&name, &error.into()),
        };
    let left = certificate.not_after() - OffsetDateTime::now_utc();
    let days = left.whole_days().max(0).to_string();
    if left <= (certificate.not_after() - certificate.not_before()) / 6 {
        let complaint = Complaint::new(Exit::Bad, "transport-ends").with("days", days);
        report.warning(&name, &complaint.with("role", role.as_str()));
    } else {
        report.ok(&name, "check-transport", &[("role", role.as_str()), ("days", &days)]);
    }
}

/// Whether each server that this role asks is there, and is what it should be.
async fn peers(
    role: Role,
    transport: &Transport,
    identity: &Arc<Identity>,
    report: &mut Report<'_>,
) {
    for other in ssmax_transport::asked(role.as_str()) {
        for server in transport.servers(other) {
            let name = of(role, &format!("transport.{other}"));
            let remote = Remote::new(Arc::clone(identity), other, vec![server.clone()]);
            let complaint = match Endpoint::from(remote).connect().await {
                Ok(_) => {
                    let arguments = [("role", other), ("address", server.as_str())];
                    report.ok(&name, "check-transport-peer", &arguments);
                    continue;
                }
                Err(CallError::Untrusted) => Complaint::new(Exit::Bad, "transport-untrusted"),
                Err(_) => Complaint::new(Exit::Unavailable, "transport-unreachable"),
            };
            report.error(&name, &complaint.with("role", other).with("address", server));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_inside;

    #[test]
    fn an_address_that_the_world_can_reach_is_told_from_one_inside() {
        for inside in ["127.0.0.9", "10.1.2.3", "192.168.0.1", "172.16.0.1", "::1", "fd00::1"] {
            assert!(is_inside(inside.parse().unwrap()), "{inside}");
        }
        for public in ["0.0.0.0", "::", "198.51.100.7", "2001:db8::1"] {
            assert!(!is_inside(public.parse().unwrap()), "{public}");
        }
    }
}

//! Addresses to listen on, the authority, the next hop.

use super::{Report, of};
use crate::command::authority::standing_text;
use crate::command::org::fetch_list;
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use ssmax_api::organisation::Organisation;
use ssmax_federation::{CLOCK_SKEW, Freshness, MemberList, freshness};
use ssmax_gateway::wire::{self, ClientSettings, Route};
use ssmax_gateway::{GatewayConfig, listen::TlsServer};
use ssmax_submission::MilterAddress;
use std::io::ErrorKind;
use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// How long a next hop may take to be connected.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn check(config: &Config, report: &mut Report<'_>) {
    let roles = config.roles();
    if let (true, Ok(authority)) = (roles.contains(&Role::Authority), config.authority()) {
        listen(config, Role::Authority, "listen", authority.listen, report).await;
    }
    if roles.contains(&Role::Gateway) {
        match config.gateway() {
            Ok(settings) => gateway(config, &settings.gateway, report).await,
            Err(complaint) => report.error("gateway", &complaint),
        }
    }
    if let (true, Ok(settings)) = (roles.contains(&Role::Submission), config.submission()) {
        milter(config, &settings.submission.milter, report).await;
    }
    if roles.contains(&Role::Directory) {
        match config.directory() {
            Ok(settings) => super::directory::check(config, &settings, report).await,
            Err(complaint) => report.error("directory", &complaint),
        }
    }
    if let (true, Ok(settings)) = (roles.contains(&Role::Enrol), config.enrol()) {
        listen(config, Role::Enrol, "listen", settings.enrol.listen, report).await;
        let path = settings.enrol.tls_certificate.display().to_string();
        match ssmax_enrol::read_tls(&settings) {
            Ok(_) => report.ok("enrol.tls_certificate", "check-tls", &[("path", &path)]),
            Err(error) => report.error("enrol.tls_certificate", &error.into()),
        }
    }
    if roles.contains(&Role::Scim) {
        match config.scim() {
            Ok(settings) => super::scim::check(config, &settings, report).await,
            Err(complaint) => report.error("scim", &complaint),
        }
    }
    if let (true, Ok(settings)) = (roles.contains(&Role::Watch), config.watch()) {
        let address = settings.watch.listen;
        listen(config, Role::Watch, "listen", address, report).await;
        if !address.ip().is_loopback() {
            let complaint = Complaint::new(Exit::Bad, "watch-open").with("address", address);
            report.warning("watch.listen", &complaint);
        }
    }
    // Before the admission there is nothing to trust the authority by.
    if config.is_member() && config.admission().exists() {
        federation(config, report).await;
    }
}

async fn gateway(config: &Config, gateway: &GatewayConfig, report: &mut Report<'_>) {
    let listeners = [
        ("submission", gateway.submission),
        ("submission_lmtp", gateway.submission_lmtp),
        ("inbound_smtp", gateway.inbound_smtp),
        ("inbound_lmtp", gateway.inbound_lmtp),
    ];
    if listeners.iter().all(|(_, address)| address.is_none()) {
        report.warning("gateway.listen", &Complaint::new(Exit::Bad, "no-listener"));
    }
    for (name, address) in listeners {
        if let Some(address) = address {
            listen(config, Role::Gateway, name, address, report).await;
        }
    }
    let (set, fits) = (gateway.submission_bytes(), gateway.largest_submission());
    if set > fits {
        let complaint = Complaint::new(Exit::Bad, "submission-too-large").with("set", set);
        report.warning("gateway.max_submission_bytes", &complaint.with("fits", fits));
    }
    tls(gateway, report);
    let routes = gateway.routes.iter();
    let routes = routes.map(|(domain, route)| (format!("gateway.routes.{domain}"), route));
    let all = iter::once(("gateway.next_hop".to_owned(), &gateway.next_hop)).chain(routes);
    for (name, route) in all {
        if let Some((_, address)) = listeners.iter().find_map(|(listener, address)| {
            address.filter(|address| leads_to(route, *address)).map(|address| (listener, address))
        }) {
            let complaint = Complaint::new(Exit::Bad, "next-hop-circle").with("route", route);
            report.error(&name, &complaint.with("address", address));
            continue;
        }
        if next_hop(&name, route, report).await && gateway.dsn {
            dsn(&name, route, gateway, report).await;
        }
    }
}

/// Where the MTA asks the milter. Every process of this host can speak on a loopback
/// address, and say that anybody has logged in.
async fn milter(config: &Config, milter: &MilterAddress, report: &mut Report<'_>) {
    let address = milter.to_string();
    let name = of(Role::Submission, "milter");
    match milter {
        MilterAddress::Inet(socket) => {
            listen(config, Role::Submission, "milter", *socket, report).await;
            let complaint = Complaint::new(Exit::Bad, "milter-open");
            let name = of(Role::Submission, "peers");
            report.warning(&name, &complaint.with("address", address));
        }
        MilterAddress::Unix(path) => {
            let folder = path.parent().filter(|folder| folder.is_dir());
            match folder.map(writable) {
                Some(Ok(())) => report.ok(&name, "check-milter", &[("address", &address)]),
                _ => {
                    let complaint = Complaint::new(Exit::Bad, "milter-folder");
                    report.error(&name, &complaint.with("address", address));
                }
            }
        }
    }
}

/// Whether an address is free, or taken by this very role.
pub(super) async fn listen(
    config: &Config,
    role: Role,
    field: &str,
    address: SocketAddr,
    report: &mut Report<'_>,
) {
    let name = of(role, field);
    let text = address.to_string();
    let kind = match TcpListener::bind(address).await {
        Ok(_) => return report.ok(&name, "check-listen-free", &[("address", &text)]),
        Err(error) => error.kind(),
    };
    if kind == ErrorKind::AddrInUse && is_ours(config, role, &text).await {
        return report.ok(&name, "check-listen-ours", &[("address", &text)]);
    }
    let complaint = match kind {
        ErrorKind::AddrInUse => Complaint::new(Exit::Bad, "address-in-use"),
        _ => Complaint::new(Exit::Bad, "listen").because(kind),
    };
    report.error(&name, &complaint.with("address", text));
}

/// Whether the role has announced that it serves there, and is alive.
async fn is_ours(config: &Config, role: Role, address: &str) -> bool {
    ssmax_daemon::ready::wait_ready(config.run_dir(), &[role.as_str()], Duration::ZERO)
        .await
        .is_ok_and(|records| {
            records.values().any(|record| record.addresses.values().any(|one| one == address))
        })
}

fn tls(gateway: &GatewayConfig, report: &mut Report<'_>) {
    let name = "gateway.tls_certificate";
    let (certificate, key) = match (&gateway.tls_certificate, &gateway.tls_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => {
            if gateway.submission.is_some() && !gateway.allow_plaintext_auth {
                report.warning(name, &Complaint::new(Exit::Bad, "no-tls"));
            }
            return;
        }
        _ => return report.error(name, &Complaint::new(Exit::Bad, "tls-half")),
    };
    match read_tls(certificate, key) {
        Ok(()) => {
            report.ok(name, "check-tls", &[("path", &certificate.display().to_string())]);
        }
        Err(complaint) => report.error(name, &complaint),
    }
}

fn read_tls(certificate: &Path, key: &Path) -> Result<(), Complaint> {
    let chain = std::fs::read(certificate)
        .map_err(|error| Complaint::from_io(certificate, error.kind(), Exit::Bad))?;
    let key = ssmax_store::files::read_private(key)?;
    TlsServer::from_pem(&chain, &key)
        .map(drop)
        .map_err(|fault| Complaint::new(Exit::Bad, "listener-tls").with("reason", fault))
}

/// Whether the place that takes our mail makes the reports that the gateway offers.
async fn dsn(name: &str, route: &Route, gateway: &GatewayConfig, report: &mut Report<'_>) {
    let mut settings = ClientSettings::new(gateway.host_name.clone());
    settings.total = CONNECT_TIMEOUT;
    // What is refused reports nothing.
    if *route != Route::Reject && wire::offers_dsn(route, &settings).await == Ok(false) {
        let complaint = Complaint::new(Exit::Bad, "next-hop-dsn");
        report.error(name, &complaint.with("route", route));
    }
}

/// Whether the place that takes our mail can be reached now, which is reported.
async fn next_hop(name: &str, route: &Route, report: &mut Report<'_>) -> bool {
    let text = route.to_string();
    let reached = match route {
        Route::Smtp { host, port, .. } | Route::Lmtp { host, port } => {
            connect(TcpStream::connect((host.as_str(), *port))).await
        }
        Route::LmtpSocket(path) => connect(UnixStream::connect(path)).await,
        Route::Maildir(pattern) => writable(&fixed_part(pattern)),
        Route::Reject => Ok(()),
    };
    match reached {
        Ok(()) if *route == Route::Reject => report.ok(name, "check-next-hop-reject", &[]),
        Ok(()) => report.ok(name, "check-next-hop", &[("route", &text)]),
        Err(kind) => {
            let complaint = Complaint::new(Exit::Bad, "next-hop");
            report.error(name, &complaint.with("route", text).because(kind));
        }
    }
    reached.is_ok()
}

async fn connect<S>(connecting: impl Future<Output = std::io::Result<S>>) -> Result<(), ErrorKind> {
    match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.kind()),
        Err(_) => Err(ErrorKind::TimedOut),
    }
}

/// Whether mail on this route comes back to a listener of the gateway's own.
fn leads_to(route: &Route, listener: SocketAddr) -> bool {
    let (Route::Smtp { host, port, .. } | Route::Lmtp { host, port }) = route else { return false };
    let named = match (host.as_str(), listener) {
        ("localhost", SocketAddr::V4(_)) => Some(Ipv4Addr::LOCALHOST.into()),
        ("localhost", SocketAddr::V6(_)) => Some(Ipv6Addr::LOCALHOST.into()),
        _ => host.parse().ok(),
    };
    let everywhere = |ip: IpAddr| listener.ip().is_unspecified() && ip.is_loopback();
    *port == listener.port()
        && named.is_some_and(|ip: IpAddr| ip == listener.ip() || everywhere(ip))
}

/// What of a Maildir's path is the same for every recipient.
fn fixed_part(pattern: &str) -> PathBuf {
    let fixed = pattern.split_once('{').map_or(pattern, |(before, _)| before);
    let path = Path::new(fixed);
    match path.parent() {
        Some(parent) if !fixed.ends_with('/') => parent.to_owned(),
        _ => path.to_owned(),
    }
}

/// Whether directories can be made in `dir`, or in the nearest one above that is there.
fn writable(dir: &Path) -> Result<(), ErrorKind> {
    let there = dir.ancestors().find(|dir| dir.exists()).ok_or(ErrorKind::NotFound)?;
    rustix::fs::access(there, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
        .map_err(|error| std::io::Error::from(error).kind())
}

async fn federation(config: &Config, report: &mut Report<'_>) {
    let name = "federation.authority_url";
    let list = match fetch_list(config).await {
        Ok(list) => list,
        Err(complaint) => return report.error(name, &complaint),
    };
    let version = list.version.to_string();
    report.ok(name, "check-list", &[("version", &version)]);
    let now = OffsetDateTime::now_utc();
    if list.issued > now + CLOCK_SKEW {
        report.error("clock.federation", &Complaint::new(Exit::Bad, "clock-behind"));
    } else if freshness(&list, now) != Freshness::Fresh {
        report.warning("federation.list", &Complaint::new(Exit::Bad, "list-stale"));
    }
    if let Ok(organisation) = config.organisation() {
        let admitted = crate::member::installed(config).ok().flatten();
        let from = admitted.map_or(0, |admission| admission.list_version);
        standing(organisation, &list, from, report);
    }
}

/// How the member stands, which the list says from version `from` on.
fn standing(organisation: &Organisation, list: &MemberList, from: u64, report: &mut Report<'_>) {
    let name = "federation.standing";
    let version = list.version.to_string();
    let Some(member) = list.member(&organisation.id) else {
        if list.version < from {
            let early = Complaint::new(Exit::Bad, "not-listed-yet").with("version", version);
            return report.warning(name, &early.with("from", from));
        }
        let complaint = Complaint::new(Exit::Bad, "not-listed").with("version", version);
        return report.error(name, &complaint);
    };
    // Mail from a domain that the others do not know as ours is refused by them.
    let unknown = organisation.domains.iter().filter(|one| !member.has_domain(one));
    let unknown: Vec<&str> = unknown.map(String::as_str).collect();
    if !unknown.is_empty() {
        let complaint = Complaint::new(Exit::Bad, "domains-unlisted")
            .with("domains", unknown.join(", "))
            .with("listed", member.domains.join(", "));
        report.error("federation.domains", &complaint);
    }
    let state = member.standing.state;
    if state.exchanges_mail() {
        let standing = report.context.text(standing_text(state), &[]);
        report.ok(name, "check-standing", &[("standing", &standing), ("version", &version)]);
    } else {
        let complaint = Complaint::new(Exit::Bad, "standing-lost")
            .with_text("standing", standing_text(state))
            .with("reason", &member.standing.reason);
        report.error(name, &complaint);
    }
}

#[cfg(test)]
mod tests {
    use super::fixed_part;
    use std::path::Path;

    #[test]
    fn the_fixed_part_of_a_maildir_ends_before_what_changes() {
        for (pattern, fixed) in [
            ("/var/mail/{domain}/{local}", "/var/mail/"),
            ("/var/mail/x-{domain}", "/var/mail"),
            ("/var/mail/all", "/var/mail"),
        ] {
            assert_eq!(fixed_part(pattern), Path::new(fixed), "{pattern}");
        }
    }
}

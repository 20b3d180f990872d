//! Starting: one listener for each trust, and the member list kept fresh.

use crate::archive_notice;
use crate::claim::Claims;
use crate::config::{GatewayConfig, Settings};
use crate::gateway::Gateway;
use crate::hold::{self, HoldStore};
use crate::inbound::Inbound;
use crate::journal::Journal;
use crate::list::{ListFault, all_lists};
use crate::listen::{self, AuthRule, Dialect, ListenerConfig, TlsServer};
use crate::member_list;
use crate::outbound::{StatedSubmission, Submission};
use crate::system::SystemMail;
use crate::wire::{ClientSettings, RouteFault, Routes, TlsClient, TlsFault};
use ssmax_api::gateway::OfficerRequest;
use ssmax_daemon::listen::{Limits, Listener};
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::statement_key::{self, StatementKeyError};
use ssmax_daemon::stop::Stop;
use ssmax_daemon::watch::Watched;
use ssmax_store::files::read_private;
use ssmax_store::{Looked, Place};
use ssmax_transport::Meeting;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, RwLock};
use tokio::net::TcpListener;
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinSet;

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A socket or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] ssmax_store::StoreError),
    /// The statement key.
    #[error(transparent)]
    StatementKey(#[from] StatementKeyError),
    /// The routing table.
    #[error(transparent)]
    Route(#[from] RouteFault),
    /// TLS of routes or listeners.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The lists.
    #[error(transparent)]
    List(#[from] ListFault),
    /// The certificate for TLS with roles of other hosts.
    #[error(transparent)]
    Transport(#[from] ssmax_transport::IdentityError),
    /// Passwords in clear on an address that others can reach.
    #[error("allow_plaintext_auth is for loopback addresses only, and {0} is none")]
    PlaintextAuth(SocketAddr),
}

/// How long the CA may take for a new certificate.
const CA_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// How often the journal is shortened.
const FORGET_EVERY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Runs the gateway until `stop`.
///
/// # Errors
/// [`ServeError`] when something of it cannot be opened or bound.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), ServeError> {
    let run_dir = settings.run_dir.clone();
    let config = settings.gateway.clone();
    let meeting = Meeting::of("gateway", &settings.transport, &run_dir, None)?;
    let gateway = Arc::new(open(settings, &meeting).await?);
    member_list::take_kept(&gateway).await;
    let tls = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(TlsServer::from_pem(&read(certificate)?, &read_private(key)?)?)
        }
        _ => None,
    };
    let mut addresses = Addresses::new();
    let mut tasks = JoinSet::new();
    let watched = Watched::bind(&run_dir, "gateway")?;
    tasks.spawn(watched.serve(stop.clone(), {
        let gateway = Arc::clone(&gateway);
        move || {
            let gateway = Arc::clone(&gateway);
            async move { gateway.how_it_is().await }
        }
    }));
    if let Some(address) = config.submission {
        if config.allow_plaintext_auth && !address.ip().is_loopback() {
            return Err(ServeError::PlaintextAuth(address));
        }
        let listener = bind(address, "submission", &mut addresses).await?;
        // Only where people log in is anybody asked for a certificate.
        let asking = match (&config.tls_certificate, &config.tls_key) {
            (Some(certificate), Some(key)) if config.client_certificates => {
                Some(TlsServer::asking_clients(&read(certificate)?, &read_private(key)?)?)
            }
            _ => tls.clone(),
        };
        let mut listen = listener_config(&config, Dialect::Smtp, asking.as_ref());
        listen.name = "submission";
        listen.limits.max_mail_bytes = config.submission_bytes();
        listen.auth = AuthRule::Required;
        listen.allow_plaintext_auth = config.allow_plaintext_auth;
        let journey = Arc::new(Submission::new(Arc::clone(&gateway)));
        tasks.spawn(listen::serve(listener, listen, journey, stop.clone()));
    }
    if let Some(address) = config.submission_lmtp {
        let listener = bind(address, "submission_lmtp", &mut addresses).await?;
        let mut listen = unauthenticated(&config, Dialect::Lmtp, tls.as_ref(), address);
        listen.name = "submission_lmtp";
        let journey = Arc::new(StatedSubmission::new(Arc::clone(&gateway)));
        tasks.spawn(listen::serve(listener, listen, journey, stop.clone()));
    }
    for (address, name, dialect) in [
        (config.inbound_smtp, "inbound_smtp", Dialect::Smtp),
        (config.inbound_lmtp, "inbound_lmtp", Dialect::Lmtp),
    ] {
        let Some(address) = address else { continue };
        let listener = bind(address, name, &mut addresses).await?;
        let mut listen = unauthenticated(&config, dialect, tls.as_ref(), address);
        listen.name = name;
        let journey = Arc::new(Inbound::new(Arc::clone(&gateway)));
        tasks.spawn(listen::serve(listener, listen, journey, stop.clone()));
    }
    for (address, name, dialect) in [
        (config.system.smtp, "system_smtp", Dialect::Smtp),
        (config.system.lmtp, "system_lmtp", Dialect::Lmtp),
    ] {
        let Some(address) = address else { continue };
        let listener = bind(address, name, &mut addresses).await?;
        let mut listen = unauthenticated(&config, dialect, tls.as_ref(), address);
        listen.name = name;
        // What the own MTA hands in by LMTP it has taken already.
        if dialect == Dialect::Smtp {
            listen.limits.max_mail_bytes = config.submission_bytes();
        }
        let journey = Arc::new(SystemMail::new(Arc::clone(&gateway)));
        tasks.spawn(listen::serve(listener, listen, journey, stop.clone()));
    }
    tasks.spawn(member_list::keep_fresh(Arc::clone(&gateway), stop.clone()));
    let officer = Listener::between(&run_dir, "gateway", "officer")?;
    tasks.spawn(officer.serve(Limits::default(), stop.clone(), {
        let gateway = Arc::clone(&gateway);
        move |request: OfficerRequest| {
            let gateway = Arc::clone(&gateway);
            async move { hold::answer_officer(&gateway, request).await }
        }
    }));
    tasks.spawn(hold::watch(Arc::clone(&gateway), stop.clone()));
    tasks.spawn(keep_renewed(meeting, Arc::clone(&gateway), stop.clone()));
    // An ESP has no archive.
    if !gateway.settings.organisation.is_esp() {
        tasks.spawn(archive_notice::watch(Arc::clone(&gateway), stop.clone()));
    }
    member_list::wait_for_first(&gateway, &stop).await;
    tasks.spawn(forget_old(gateway, stop));
    let _announced = ssmax_daemon::ready::announce(&run_dir, "gateway", &addresses)?;
    while tasks.join_next().await.is_some() {}
    Ok(())
}

/// Looks at the gateway's databases on their server, if they have one, without changing them.
///
/// # Errors
/// [`ssmax_store::StoreError`], by what is in the way.
pub async fn look_at_state(place: &Place) -> Result<Vec<Looked>, ssmax_store::StoreError> {
    let mut looked = Vec::new();
    looked.extend(Journal::look(place).await?);
    looked.extend(HoldStore::look(place).await?);
    Ok(looked)
}

async fn keep_renewed(meeting: Meeting, gateway: Arc<Gateway>, stop: Stop) {
    let ask = |request: Vec<u8>| {
        let gateway = Arc::clone(&gateway);
        async move {
            let request = ssmax_api::ca::GatewayRequest::RenewTransport { request };
            ssmax_api::ca::renewed(gateway.ca.call(&request, CA_TIMEOUT).await)
        }
    };
    meeting.keep_renewed(ask, stop).await;
}

/// Forgets old journal rows, once a day.
async fn forget_old(gateway: Arc<Gateway>, stop: Stop) {
    loop {
        if let Err(error) = gateway.journal.forget_old(gateway.settings.gateway.journal_days).await
        {
            tracing::warn!(%error, "old journal rows could not be forgotten");
        }
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(FORGET_EVERY) => {}
        }
    }
}

async fn open(settings: Settings, meeting: &Meeting) -> Result<Gateway, ServeError> {
    let config = &settings.gateway;
    let mut client = ClientSettings::new(config.host_name.clone());
    if let Some(path) = &config.route_ca {
        client.tls = Some(TlsClient::from_ca_pem(&std::fs::read(path)?)?);
    }
    let journal = Journal::open(settings.place()).await?;
    let claims = Claims::shared_by(journal.database().locks());
    Ok(Gateway {
        routes: Routes::new(config.routes.clone(), config.next_hop.clone())?,
        client,
        journal,
        statement_key: statement_key::read(&settings.dir())?,
        keyserver: meeting.client("keyserver"),
        inspector: meeting.client("inspector"),
        ca: meeting.client("ca"),
        lists: all_lists(
            &config.lists,
            &config.redirects,
            config.max_list_members,
            &settings.organisation,
        )?,
        hold: HoldStore::open(settings.place(), &config.objects).await?,
        hold_key: OnceCell::new(),
        hold_changed: Notify::new(),
        claims,
        directory: RwLock::new(None),
        list_in_force: Notify::new(),
        newer_list: Notify::new(),
        settings,
    })
}

async fn bind(
    address: SocketAddr,
    name: &str,
    addresses: &mut Addresses,
) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address).await?;
    addresses.insert(name.to_owned(), listener.local_addr()?.to_string());
    Ok(listener)
}

fn listener_config(
    config: &GatewayConfig,
    dialect: Dialect,
    tls: Option<&TlsServer>,
) -> ListenerConfig {
    let mut listen = ListenerConfig::new(dialect, config.host_name.clone());
    listen.limits = config.limits.clone();
    listen.tls = tls.cloned();
    listen.dsn = config.dsn;
    listen
}

/// A listener where nobody logs in.
fn unauthenticated(
    config: &GatewayConfig,
    dialect: Dialect,
    tls: Option<&TlsServer>,
    address: SocketAddr,
) -> ListenerConfig {
    let mut listen = listener_config(config, dialect, tls);
    if dialect == Dialect::Lmtp {
        // Only the own MTA hands in mail here; its word on the queue id counts. On this
        // very host it may come from any of its addresses.
        listen.xforward_peers = vec![address.ip()];
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            listen
                .xforward_peers
                .extend([IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)]);
        }
    }
    listen
}

/// Reads a file that is not secret.
pub(crate) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

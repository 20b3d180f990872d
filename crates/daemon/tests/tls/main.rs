//! Roles that meet over TLS: who is let in, who is not, and what a call promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod calls;
mod certificates;
mod handshakes;
mod openssl;
mod strangers;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ssmax_daemon::Stop;
use ssmax_daemon::call::{CallError, Client};
use ssmax_daemon::endpoint::Remote;
use ssmax_daemon::listen::{Limits, Listener};
use ssmax_daemon::port::{Port, PortLimits};
use ssmax_daemon::tls::{Fingerprint, Identity, Place, role_name};
use ssmax_pki::profile::{self, Basis, Organisation, Validity};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_store::files;
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use tempfile::TempDir;
use tokio::task::JoinSet;

pub(crate) const MEMBER: &str = "NTRJP-7000012050002";
pub(crate) const OTHER_MEMBER: &str = "NTRJP-8000020130001";
pub(crate) const LONG: Duration = Duration::from_secs(10);

const OWNER: Organisation<'static> = Organisation { name: "A", identifier: MEMBER };

fn basis(key: &SoftwareKey, from: i64, days: i64) -> Basis {
    let start = time::OffsetDateTime::now_utc() + time::Duration::days(from);
    let validity = Validity {
        not_before: start - time::Duration::minutes(5),
        not_after: start + time::Duration::days(days),
    };
    Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
}

/// A transport CA.
pub(crate) struct Ca {
    key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

impl Ca {
    pub(crate) fn new() -> Self {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let draft = profile::transport_ca(basis(&key, -60, 400), &OWNER, "A Transport CA");
        let certificate = issue::self_signed(lint::lint(draft).unwrap(), &key).unwrap();
        Self { key, certificate }
    }

    /// Key and certificate of a role, PEM; valid from `from` days on for `days`.
    pub(crate) fn role(&self, role: &str, member: &str, from: i64, days: i64) -> String {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let name = role_name(role, member);
        let draft = profile::tls_role(basis(&key, from, days), &OWNER, &name, "host");
        self.pem(draft, &key)
    }

    /// As [`Ca::role`], with whatever names OpenSSL is told: our own profile has one.
    pub(crate) fn named_by_openssl(&self, names: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("ca.pem"), self.certificate.to_pem()).unwrap();
        std::fs::write(path("ca.key"), self.key.to_pem().as_bytes()).unwrap();
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        std::fs::write(path("key"), key.to_pem().as_bytes()).unwrap();
        let output = std::process::Command::new("openssl")
            .args(["req", "-x509", "-new", "-key", "key", "-CA", "ca.pem", "-CAkey", "ca.key"])
            .args(["-subj", "/CN=host", "-days", "90", "-addext", "basicConstraints=CA:FALSE"])
            .args(["-addext", "extendedKeyUsage=serverAuth,clientAuth"])
            .args(["-addext", "keyUsage=critical,digitalSignature"])
            .args(["-addext", &format!("subjectAltName={names}")])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let certificate = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        format!("{}{certificate}", key.to_pem().as_str())
    }

    pub(crate) fn pem(&self, draft: profile::Draft, key: &SoftwareKey) -> String {
        let linted = lint::lint(draft).unwrap();
        let certificate = issue::issue(linted, &self.certificate, &self.key).unwrap();
        format!("{}{}", key.to_pem().as_str(), certificate.to_pem())
    }
}

/// A host: a folder with a role's files.
pub(crate) struct Host {
    pub(crate) dir: TempDir,
    pub(crate) role: &'static str,
}

impl Host {
    /// A host that believes `cas` and has this key and certificate.
    pub(crate) fn with(role: &'static str, cas: &[&Ca], pem: &str) -> Self {
        let host = Self { dir: tempfile::tempdir().unwrap(), role };
        let cas: String = cas.iter().map(|ca| ca.certificate.to_pem()).collect();
        files::write_private(&host.place().ca_file(), cas.as_bytes()).unwrap();
        host.put(pem);
        host
    }

    pub(crate) fn new(role: &'static str, ca: &Ca) -> Self {
        Self::with(role, &[ca], &ca.role(role, MEMBER, 0, 90))
    }

    pub(crate) fn put(&self, pem: &str) {
        files::write_private(&self.place().role_file(self.role), pem.as_bytes()).unwrap();
    }

    pub(crate) fn place(&self) -> Place {
        Place { dir: self.dir.path().to_owned() }
    }

    pub(crate) fn certificate(&self) -> Certificate {
        let pem = std::fs::read_to_string(self.place().role_file(self.role)).unwrap();
        Certificate::from_pem(&pem).unwrap()
    }

    pub(crate) fn identity(&self, callers: &[&str], denied: &[Fingerprint]) -> Arc<Identity> {
        self.identity_of(MEMBER, callers, denied)
    }

    pub(crate) fn identity_of(
        &self,
        member: &str,
        callers: &[&str],
        denied: &[Fingerprint],
    ) -> Arc<Identity> {
        Arc::new(Identity::open(self.place(), member, self.role, callers, &denied.into()).unwrap())
    }

    /// A client of `role` at these servers, as this host's role.
    pub(crate) fn client(&self, role: &str, servers: &[&str]) -> Client {
        let servers = servers.iter().map(|&server| server.to_owned()).collect();
        Client::new(Remote::new(self.identity(&[], &[]), role, servers))
    }
}

/// A keyserver that doubles what a gateway says, and triples what an inspector says; 0
/// takes two seconds.
pub(crate) struct Keyserver {
    pub(crate) address: String,
    pub(crate) carried_out: Arc<AtomicUsize>,
    stop: Stop,
    serving: JoinSet<()>,
}

impl Keyserver {
    pub(crate) fn start(host: &Host) -> Self {
        Self::bounded(host, "127.0.0.1:0", &[], Limits::default(), PortLimits::default())
    }

    pub(crate) fn bounded(
        host: &Host,
        address: &str,
        denied: &[Fingerprint],
        limits: Limits,
        port_limits: PortLimits,
    ) -> Self {
        let identity = host.identity(&["gateway", "inspector"], denied);
        Self::with(host, identity, address, limits, port_limits)
    }

    pub(crate) fn as_identity(host: &Host, identity: Arc<Identity>) -> Self {
        Self::with(host, identity, "127.0.0.1:0", Limits::default(), PortLimits::default())
    }

    fn with(
        host: &Host,
        identity: Arc<Identity>,
        address: &str,
        limits: Limits,
        port_limits: PortLimits,
    ) -> Self {
        let mut port = Port::bind(address.parse().unwrap(), identity, port_limits).unwrap();
        let address = port.local_addr().unwrap().to_string();
        let (stop, carried_out) = (Stop::new(), Arc::new(AtomicUsize::new(0)));
        let mut serving = JoinSet::new();
        for (caller, factor) in [("gateway", 2), ("inspector", 3)] {
            let socket = host.dir.path().join(format!("keyserver.{caller}.sock"));
            let listener = Listener::bind(&socket).unwrap().also(Some(&mut port), caller);
            let counter = Arc::clone(&carried_out);
            serving.spawn(listener.serve(limits, stop.clone(), move |number: u64| {
                let counter = Arc::clone(&counter);
                async move {
                    if number == 0 {
                        tokio::time::sleep(Duration::from_secs(2)).await;
                    }
                    counter.fetch_add(1, Ordering::SeqCst);
                    number * factor
                }
            }));
        }
        serving.spawn(port.serve(stop.clone()));
        Self { address, carried_out, stop, serving }
    }

    pub(crate) fn count(&self) -> usize {
        self.carried_out.load(Ordering::SeqCst)
    }

    /// Stops it as a role is stopped.
    pub(crate) async fn end(mut self) -> usize {
        self.stop.trigger();
        while let Some(ended) = self.serving.join_next().await {
            ended.unwrap();
        }
        self.carried_out.load(Ordering::SeqCst)
    }

    /// Ends it in the middle of everything, as SIGKILL does.
    pub(crate) async fn kill(mut self) {
        self.serving.shutdown().await;
    }
}

pub(crate) async fn ask(client: &Client, number: u64) -> Result<u64, CallError> {
    client.call(&number, LONG).await
}

/// The member's two hosts that most tests need.
pub(crate) fn hosts(ca: &Ca) -> (Host, Host) {
    (Host::new("keyserver", ca), Host::new("gateway", ca))
}

pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

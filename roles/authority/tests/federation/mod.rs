//! An authority in a temporary directory, and candidates for it.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ssmax_authority::{AuthorityConfig, Initialised, Server, init};
use ssmax_daemon::Stop;
use ssmax_federation::admission::Application;
use ssmax_federation::{Capabilities, Kind, Names, corporate_number_check_digit, member_id};
use ssmax_pki::{Certificate, request};
use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::task::JoinHandle;

/// The clock: the serving process reads the real one, so the tests do too.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// An authority that has been made, on a port of the system's choice.
pub(crate) struct Authority {
    pub(crate) config: AuthorityConfig,
    pub(crate) made: Initialised,
    _dir: TempDir,
}

impl Authority {
    pub(crate) async fn new() -> Self {
        let (config, dir) = config();
        let made = init(&config, now()).await.unwrap();
        Self { config, made, _dir: dir }
    }

    pub(crate) fn root(&self) -> Certificate {
        Certificate::from_pem(&std::fs::read_to_string(self.config.root_file()).unwrap()).unwrap()
    }

    pub(crate) fn tls_ca(&self) -> Vec<u8> {
        std::fs::read(self.config.tls_ca_file()).unwrap()
    }

    pub(crate) async fn serve(&self) -> Serving {
        self.serve_with(self.config.clone()).await
    }

    pub(crate) async fn serve_with(&self, config: AuthorityConfig) -> Serving {
        let server = Server::bind(config).await.unwrap();
        let (address, stop) = (server.address(), Stop::new());
        let task = tokio::spawn(server.run(stop.clone()));
        Serving { url: format!("https://{address}"), address, stop, task }
    }
}

/// A serving process, as a task.
pub(crate) struct Serving {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    pub(crate) stop: Stop,
    pub(crate) task: JoinHandle<Result<(), ssmax_authority::AuthorityError>>,
}

impl Serving {
    pub(crate) async fn stop(self) {
        self.stop.trigger();
        self.task.await.unwrap().unwrap();
    }
}

/// Settings for an authority below a new directory.
pub(crate) fn config() -> (AuthorityConfig, TempDir) {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| -> PathBuf { dir.path().join(name) };
    let text = format!(
        "state_dir = {:?}\nrun_dir = {:?}\n[authority]\nname = \"Test Federation\"\n\
         url = \"https://ssmax.example:8443/\"\nunlock_file = {:?}\n{}",
        at("state"),
        at("run"),
        at("unlock"),
        state(),
    );
    let file = at("ssmax.toml");
    std::fs::write(&file, text).unwrap();
    // A file has no port of the system's choice.
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    (AuthorityConfig { listen, ..AuthorityConfig::load(&file).unwrap() }, dir)
}

/// Where the tables are: on a server in the test programs that are named so.
fn state() -> String {
    if !env!("CARGO_CRATE_NAME").ends_with("on_server") {
        return String::new();
    }
    let server = ssmax_test_postgres::shared();
    server
        .map(|server| format!("[authority.state]\nurl = {:?}\n", server.database()))
        .unwrap_or_default()
}

/// A valid corporate number, different for each `seed`.
pub(crate) fn corporate_number(seed: u64) -> String {
    let assigned = format!("{seed:012}");
    format!("{}{assigned}", corporate_number_check_digit(&assigned).unwrap())
}

pub(crate) fn key() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

pub(crate) fn signing_request(key: &SoftwareKey) -> Vec<u8> {
    request::create(key, "candidate", None).unwrap()
}

/// A sound application for one domain, with keys of its own.
pub(crate) fn application(seed: u64, domain: &str) -> Application {
    let corporate_number = corporate_number(seed);
    Application {
        id: member_id(&corporate_number),
        kind: Kind::Organisation,
        names: Names { ja: "例".into(), kana: "レイ".into(), en: format!("Example {seed}") },
        corporate_number,
        domains: vec![domain.into()],
        incident_contact: format!("abuse@{domain}"),
        capabilities: Capabilities::default(),
        organisation_signing_request: signing_request(&key()),
        federation_encryption_keys: vec![key().spki().to_vec()],
        member_ca_request: signing_request(&key()),
    }
}

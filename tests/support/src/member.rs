//! A member of the federation: its settings, its keys made and certified, its roles as
//! tasks.

use crate::wire::Wire;
use ssmax_api::Organisation;
use ssmax_api::inspector::AttachmentDelivery;
use ssmax_authority::AuthorityConfig;
use ssmax_daemon::Stop;
use ssmax_federation::admission::{Admission, Application};
use ssmax_federation::{
    Capabilities, Enforce, FreshForm, Kind, Names, corporate_number_check_digit, member_id,
};
use ssmax_gateway::{
    AfterOpening, Ambiguous, Delivery, FederationConfig, GatewayConfig, HoldConfig, ListConfig,
    Outside, SystemConfig, VolumeConfig, listen,
};
use ssmax_hsm::{Backend, UnlockSecret};
use ssmax_inspection::{Direction, Outcome, Policy, rule};
use ssmax_inspector::InspectorConfig;
use ssmax_primitives::SystemRandom;
use ssmax_store::objects::ObjectsConfig;
use ssmax_store::{StateConfig, files};
use ssmax_transport::Transport;
use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::task::JoinHandle;

/// How long a role may take to serve, on a busy machine.
const READY: Duration = Duration::from_secs(30);

/// A port of the system's choice.
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What makes members different from each other.
pub struct Outline {
    pub name: &'static str,
    /// Twelve digits of no real corporate number.
    pub number: &'static str,
    pub outbound_after_opening: AfterOpening,
    pub inbound_after_opening: AfterOpening,
    pub max_private_operations: usize,
    pub rewrap_own_per_day: u32,
    pub limits: ssmax_keyserver::Limits,
    pub ambiguous: Ambiguous,
    pub outside: Outside,
    pub kind: Kind,
    pub delivery: Delivery,
    /// What becomes of a locked archive: held unless this says otherwise.
    pub locked_archive: Outcome,
    pub attachments: AttachmentDelivery,
    /// Whether its roles keep their tables on a PostgreSQL server, if there is one.
    pub on_server: bool,
}

/// One of a member's roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Keyserver,
    Ca,
    Inspector,
    Gateway,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Keyserver, Self::Ca, Self::Inspector, Self::Gateway];

    fn as_str(self) -> &'static str {
        match self {
            Self::Keyserver => "keyserver",
            Self::Ca => "ca",
            Self::Inspector => "inspector",
            Self::Gateway => "gateway",
        }
    }
}

/// A member.
pub struct Member {
    pub name: &'static str,
    pub id: String,
    pub domain: String,
    pub home: PathBuf,
    pub keyserver: ssmax_keyserver::Settings,
    pub ca: ssmax_ca::Settings,
    pub inspector: ssmax_inspector::Settings,
    pub gateway: ssmax_gateway::Settings,
    /// The milter at its MTA, which has a key here and does not run.
    pub milter: ssmax_submission::Settings,
    pub admission: Admission,
    /// The network in front of its gateway.
    pub wire: Arc<Wire>,
    /// Where its people submit, and where others' mail comes in: known once it serves.
    pub submission: SocketAddr,
    pub inbound: SocketAddr,
    running: HashMap<Role, Running>,
}

/// A role as a task.
struct Running {
    stop: Stop,
    task: JoinHandle<()>,
}

impl Member {
    /// Makes the keys and has them certified; no role runs yet.
    pub async fn join(
        dir: &Path,
        outline: &Outline,
        authority: (&AuthorityConfig, SocketAddr),
        routes: &BTreeMap<String, ssmax_gateway::wire::Route>,
        wire: Arc<Wire>,
    ) -> Self {
        let home = dir.join(outline.name);
        files::create_private_dir(&home).unwrap();
        let organisation = organisation(outline);
        let (state_dir, run_dir) = (home.join("state"), home.join("run"));
        for private in [&state_dir, &run_dir, &home.join("outside")] {
            files::create_private_dir(private).unwrap();
        }
        let domain = organisation.domains[0].clone();
        let state = if outline.on_server { on_server() } else { StateConfig::default() };
        let mut member = Self {
            name: outline.name,
            id: organisation.id.clone(),
            keyserver: keyserver(&home, &organisation, outline, &state),
            ca: ca(&home, &organisation, &state),
            inspector: inspector(&run_dir, outline),
            gateway: gateway(&home, &organisation, outline, authority.1, routes, &state),
            milter: milter(&home),
            domain,
            home,
            admission: nothing_yet(),
            wire,
            submission: ANY_PORT,
            inbound: ANY_PORT,
            running: HashMap::new(),
        };
        member.be_admitted(authority.0).await;
        member
    }

    async fn be_admitted(&mut self, authority: &AuthorityConfig) {
        for unlock in [&self.keyserver.keyserver.unlock_file, &self.ca.ca.unlock_file] {
            UnlockSecret::generate_file(unlock, &SystemRandom).unwrap();
        }
        let keys = ssmax_keyserver::initialise(&self.keyserver).unwrap();
        let ca_keys = ssmax_ca::initialise(&self.ca).await.unwrap();
        let statement_key = ssmax_daemon::statement_key::initialise(&self.gateway.dir()).unwrap();
        let organisation = &self.keyserver.organisation;
        let application = Application {
            id: self.id.clone(),
            kind: organisation.kind,
            names: Names { en: organisation.name.clone(), ..Names::default() },
            corporate_number: self.id.strip_prefix("NTRJP-").unwrap().to_owned(),
            domains: organisation.domains.clone(),
            incident_contact: organisation.incident_contact.clone(),
            capabilities: Capabilities {
                enforce: Enforce::Refuse,
                fresh_form: if organisation.is_esp()
                    || self.gateway.gateway.delivery == Delivery::Preserve
                {
                    FreshForm::MailCbc
                } else {
                    FreshForm::WrappedGcm
                },
                ..Capabilities::default()
            },
            organisation_signing_request: keys.organisation_signing_request,
            federation_encryption_keys: vec![keys.federation_encryption],
            member_ca_request: ca_keys.member_ca_request,
        };
        let now = OffsetDateTime::now_utc();
        let admission =
            ssmax_authority::admit(authority, &application, now).await.unwrap().admission;
        ssmax_ca::install_admission(&self.ca, &admission).await.unwrap();
        let seal_ca = ssmax_ca::seal_ca(&self.ca).await.unwrap();
        ssmax_keyserver::install_admission(&self.keyserver, &admission, &seal_ca, &statement_key)
            .await
            .unwrap();
        let milter_key = ssmax_daemon::statement_key::initialise(&self.milter.dir()).unwrap();
        let service = ssmax_keyserver::StatementService::Submission;
        ssmax_keyserver::trust_statement_key(&self.keyserver, &milter_key, service).await.unwrap();
        let federation = &self.gateway.federation;
        files::write_private(&federation.root, admission.root.as_bytes()).unwrap();
        files::write_private(&federation.tls_ca, admission.tls_ca.as_bytes()).unwrap();
        self.admission = admission;
    }

    /// Starts all roles and leads the network to the gateway.
    pub async fn serve(&mut self) {
        for role in Role::ALL {
            self.start(role).await;
        }
        self.wire.lead_to(self.inbound);
    }

    /// Starts a role and waits until it serves.
    pub async fn start(&mut self, role: Role) {
        let stop = Stop::new();
        let task = match role {
            Role::Keyserver => {
                let serving = ssmax_keyserver::serve(self.keyserver.clone(), stop.clone());
                tokio::spawn(async { serving.await.unwrap() })
            }
            Role::Ca => {
                let serving = ssmax_ca::serve(self.ca.clone(), stop.clone());
                tokio::spawn(async { serving.await.unwrap() })
            }
            Role::Inspector => {
                let serving = ssmax_inspector::serve(self.inspector.clone(), stop.clone());
                tokio::spawn(async { serving.await.unwrap() })
            }
            Role::Gateway => {
                let serving = ssmax_gateway::serve(self.gateway.clone(), stop.clone());
                tokio::spawn(async { serving.await.unwrap() })
            }
        };
        self.running.insert(role, Running { stop, task });
        if role == Role::Gateway {
            (self.submission, self.inbound) = addresses(&self.gateway.run_dir).await;
        } else {
            let run_dir = &self.gateway.run_dir;
            ssmax_daemon::ready::wait_ready(run_dir, &[role.as_str()], READY).await.unwrap();
        }
    }

    /// Stops a role and waits until it is gone.
    pub async fn stop(&mut self, role: Role) {
        let running = self.running.remove(&role).unwrap();
        running.stop.trigger();
        running.task.await.unwrap();
    }

    /// Where its people's mail is delivered.
    pub fn maildir(&self, address: &str) -> PathBuf {
        let (local, domain) = address.rsplit_once('@').unwrap();
        self.home.join("mail").join(domain).join(local).join("new")
    }

    /// The octets of a held mail, as its gateway keeps them.
    #[must_use]
    pub fn held_object(&self, id: &str) -> Option<Vec<u8>> {
        let Some(address) = &self.gateway.gateway.state.url else {
            return std::fs::read(self.gateway.dir().join("held").join(id)).ok();
        };
        let select = format!(
            "SELECT encode(string_agg(octets, '' ORDER BY place), 'hex')
             FROM ssmax_hold.held_piece WHERE id = '{id}'"
        );
        let digits = ssmax_test_postgres::shared().unwrap().sql_at(address, &select);
        hex::decode(digits).ok().filter(|octets| !octets.is_empty())
    }

    /// Where its gateway keeps what is in files.
    pub fn state_dir(&self) -> &Path {
        &self.gateway.state_dir
    }

    /// What it does with a mail that is stopped after a key was used.
    pub fn after_opening(&self, direction: &str) -> AfterOpening {
        match direction {
            "inbound" => self.gateway.gateway.inbound_after_opening,
            _ => self.gateway.gateway.outbound_after_opening,
        }
    }
}

impl Member {
    /// Where the running gateway has this listener.
    pub async fn at(&self, listener: &str) -> SocketAddr {
        let run_dir = &self.gateway.run_dir;
        let ready = ssmax_daemon::ready::wait_ready(run_dir, &["gateway"], READY).await.unwrap();
        ready["gateway"].addresses[listener].parse().unwrap()
    }
}

/// Where a gateway takes mail from its own people and from others, once it serves.
pub async fn addresses(run_dir: &Path) -> (SocketAddr, SocketAddr) {
    let ready = ssmax_daemon::ready::wait_ready(run_dir, &["gateway"], READY).await.unwrap();
    let at = |name: &str| ready["gateway"].addresses[name].parse().unwrap();
    (at("submission"), at("inbound_smtp"))
}

fn organisation(outline: &Outline) -> Organisation {
    let digit = corporate_number_check_digit(outline.number).unwrap();
    let domain = format!("{}.example", outline.name);
    Organisation {
        id: member_id(&format!("{digit}{}", outline.number)),
        name: format!("Organisation {}", outline.name.to_uppercase()),
        kind: outline.kind,
        name_ja: String::new(),
        name_kana: String::new(),
        incident_contact: format!("abuse@{domain}"),
        domains: vec![domain],
    }
}

fn keyserver(
    home: &Path,
    organisation: &Organisation,
    outline: &Outline,
    state: &StateConfig,
) -> ssmax_keyserver::Settings {
    ssmax_keyserver::Settings {
        organisation: organisation.clone(),
        state_dir: home.join("state"),
        run_dir: home.join("run"),
        transport: Transport::local(),
        keyserver: ssmax_keyserver::KeyserverConfig {
            unlock_file: home.join("unlock"),
            backend: Backend::File,
            pkcs11: None,
            max_private_operations: outline.max_private_operations,
            allow_pkcs1_decryption: false,
            sign_for_users: true,
            gateway_logins: Some(true),
            reviewers: ["alice", "wanda", "bob", "dave"]
                .map(|name| format!("{name}@{}.example", outline.name))
                .into(),
            outside_certificates: Some(home.join("outside")),
            outside_certificates_seconds: 0,
            demands: levels(
                r#"{"mayor@a.example": {"signed_by": "token"}, "mayor@b.example": {"signed_by": "token"}}"#,
            ),
            // C's mailers say that they log in better than that.
            expects: levels(r#"{"c.example": {"aal": 1, "below": "stop"}}"#),
            rewrap_own_per_day: outline.rewrap_own_per_day,
            archive: ssmax_keyserver::ArchiveConfig::default(),
            trace: ssmax_keyserver::TraceConfig::default(),
            audit_days: 1830,
            state: state.clone(),
            listen: None,
            limits: outline.limits,
        },
    }
}

fn levels<T: serde::de::DeserializeOwned>(json: &str) -> ssmax_keyserver::Levels<T> {
    serde_json::from_str(json).unwrap()
}

/// Logins at the MTA count as much as those at the gateway do here.
fn milter(home: &Path) -> ssmax_submission::Settings {
    ssmax_submission::Settings {
        state_dir: home.join("state"),
        run_dir: home.join("run"),
        submission: ssmax_submission::SubmissionConfig {
            milter: ssmax_submission::MilterAddress::Unix(home.join("milter.sock")),
            access: ssmax_submission::Access::Owner,
            peers: Vec::new(),
            unauthenticated: ssmax_submission::Unauthenticated::Refuse,
            aal: 2,
            mechanisms: BTreeMap::new(),
            certificates: None,
            limits: ssmax_submission::Limits::default(),
        },
    }
}

fn ca(home: &Path, organisation: &Organisation, state: &StateConfig) -> ssmax_ca::Settings {
    ssmax_ca::Settings {
        organisation: organisation.clone(),
        state_dir: home.join("state"),
        run_dir: home.join("run"),
        transport: Transport::local(),
        ca: ssmax_ca::CaConfig {
            unlock_file: home.join("unlock-ca"),
            backend: Backend::File,
            pkcs11: None,
            user_days: 730,
            relay_days: 400,
            directory_relays_per_hour: 10_000,
            device_secret_aal: 2,
            login: ssmax_ca::LoginConfig::default(),
            address_quarantine_days: 180,
            registration_days: 1830,
            relay_kept_days: 400,
            state: state.clone(),
            listen: None,
            transport_days: 90,
            publish: ssmax_ca::PublishConfig::default(),
        },
    }
}

/// Workers are the program itself, as in service.
fn inspector(run_dir: &Path, outline: &Outline) -> ssmax_inspector::Settings {
    let policy = [Direction::Outbound, Direction::Inbound]
        .into_iter()
        .fold(Policy::default(), |policy, direction| {
            policy.with(rule::ARCHIVE_ENCRYPTED, direction, outline.locked_archive)
        });
    ssmax_inspector::Settings {
        run_dir: run_dir.to_owned(),
        transport: Transport::local(),
        verify_only: outline.kind == Kind::Esp,
        inspector: InspectorConfig { policy, ..InspectorConfig::default() },
        worker: vec![crate::executable(), "inspect-worker".into()],
    }
}

fn gateway(
    home: &Path,
    organisation: &Organisation,
    outline: &Outline,
    authority: SocketAddr,
    routes: &BTreeMap<String, ssmax_gateway::wire::Route>,
    state: &StateConfig,
) -> ssmax_gateway::Settings {
    let mut routes = routes.clone();
    let maildir = format!("maildir:{}/mail/{{domain}}/{{local}}", home.display());
    routes.insert(organisation.domains[0].clone(), maildir.parse().unwrap());
    // Somebody outside the federation, whose server takes what it is given.
    routes.insert("x.example".to_owned(), maildir.parse().unwrap());
    let state_dir = home.join("state");
    ssmax_gateway::Settings {
        organisation: organisation.clone(),
        federation: FederationConfig {
            authority_url: format!("https://localhost:{}", authority.port()),
            tls_ca: state_dir.join("tls-ca.pem"),
            root: state_dir.join("root.pem"),
            poll_seconds: 1,
        },
        run_dir: home.join("run"),
        state_dir,
        transport: Transport::local(),
        gateway: GatewayConfig {
            host_name: format!("mx.{}", organisation.domains[0]),
            submission: Some(ANY_PORT),
            submission_lmtp: Some(ANY_PORT),
            inbound_smtp: Some(ANY_PORT),
            inbound_lmtp: None,
            tls_certificate: None,
            tls_key: None,
            allow_plaintext_auth: true,
            client_certificates: false,
            dsn: false,
            next_hop: ssmax_gateway::wire::Route::Reject,
            routes,
            route_ca: None,
            inbound_after_opening: outline.inbound_after_opening,
            outbound_after_opening: outline.outbound_after_opening,
            ambiguous: outline.ambiguous,
            delivery: outline.delivery,
            attachments: outline.attachments,
            max_held_mebibytes: 10,
            journal_days: 30,
            lists: BTreeMap::from([(
                format!("team@{}", organisation.domains[0]),
                ListConfig { members: vec!["bob@c.example".into()], ..ListConfig::default() },
            )]),
            redirects: BTreeMap::new(),
            max_list_members: 200,
            max_submission_bytes: None,
            hold: HoldConfig::default(),
            outside: outline.outside,
            // Nobody runs into it unless a case wants to.
            volume: VolumeConfig {
                recipients_per_hour: 100_000,
                recipients_per_day: 100_000,
                ..VolumeConfig::default()
            },
            system: SystemConfig { smtp: Some(ANY_PORT), ..SystemConfig::default() },
            state: state.clone(),
            objects: ObjectsConfig::default(),
            limits: listen::Limits::default(),
        },
    }
}

/// A new database on the server of this test program, if PostgreSQL is here.
#[must_use]
pub fn on_server() -> StateConfig {
    let url = ssmax_test_postgres::shared().map(ssmax_test_postgres::Server::database);
    StateConfig { url, ..StateConfig::default() }
}

fn nothing_yet() -> Admission {
    Admission {
        id: String::new(),
        list_version: 0,
        organisation_signing: String::new(),
        organisation_encryption: Vec::new(),
        member_ca: String::new(),
        issuing_ca: String::new(),
        root: String::new(),
        authority_url: String::new(),
        tls_ca: String::new(),
    }
}

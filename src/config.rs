//! `ssmax.toml`: one file for all roles of a member, or for an authority.

mod role;
mod transport;

use crate::command::org::transport::digits;
use crate::command::user::sync::SyncConfig;
use crate::complaint::{Complaint, Exit};
pub(crate) use role::Role;
use serde::Deserialize;
use ssmax_api::Organisation;
use ssmax_authority::AuthorityConfig;
use ssmax_ca::CaConfig;
use ssmax_daemon::config::{self, resolve};
use ssmax_daemon::log::Format;
use ssmax_directory::DirectoryConfig;
use ssmax_enrol::EnrolConfig;
use ssmax_federation::{Enforce, FreshForm};
use ssmax_gateway::{FederationConfig, GatewayConfig};
use ssmax_hsm::Pkcs11Config;
use ssmax_inspector::InspectorConfig;
use ssmax_keyserver::KeyserverConfig;
use ssmax_scim::ScimConfig;
use ssmax_store::StateConfig;
use ssmax_submission::{MilterAddress, SubmissionConfig};
use ssmax_transport::Fingerprint;
use ssmax_watch::WatchConfig;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use transport::TransportConfig;

/// `[federation]`: where the management organisation is, and what a member tells the
/// others about itself when it joins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Federation {
    /// Address of the authority, `https://HOST[:PORT]`.
    pub(crate) authority_url: String,
    /// What the authority's TLS certificate is verified with, PEM. Default: the file
    /// that `ssmax org install` writes, `federation/tls-ca.pem` below `state_dir`.
    #[serde(default)]
    pub(crate) tls_ca: Option<PathBuf>,
    /// The federation's root, PEM: what the member list is verified with. Default: the
    /// file that `ssmax org install` writes, `federation/root.pem` below `state_dir`.
    #[serde(default)]
    pub(crate) root: Option<PathBuf>,
    /// How often the member list is asked for, in seconds: a suspension must reach
    /// every gateway within a minute. Default 30.
    #[serde(default = "default_poll_seconds")]
    pub(crate) poll_seconds: u64,
    /// The form in which mail that came in clear is encrypted for us. Default
    /// `wrapped-gcm`.
    #[serde(default = "default_fresh_form")]
    pub(crate) fresh_form: FreshForm,
    /// What becomes of mail in our name that does not come from our gateway. Default
    /// `none`.
    #[serde(default = "default_enforce")]
    pub(crate) enforce: Enforce,
}

fn default_poll_seconds() -> u64 {
    30
}

fn default_fresh_form() -> FreshForm {
    FreshForm::WrappedGcm
}

fn default_enforce() -> Enforce {
    Enforce::None
}

/// The file as it is written. Roles have the types of their sections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    state_dir: PathBuf,
    run_dir: PathBuf,
    #[serde(default = "default_log")]
    log: String,
    #[serde(default)]
    log_format: Format,
    organisation: Option<Organisation>,
    federation: Option<Federation>,
    transport: Option<TransportConfig>,
    keyserver: Option<KeyserverConfig>,
    ca: Option<CaConfig>,
    inspector: Option<InspectorConfig>,
    gateway: Option<GatewayConfig>,
    submission: Option<SubmissionConfig>,
    directory: Option<DirectoryConfig>,
    enrol: Option<EnrolConfig>,
    scim: Option<ScimConfig>,
    authority: Option<AuthorityConfig>,
    watch: Option<WatchConfig>,
    sync: Option<SyncConfig>,
}

fn default_log() -> String {
    "info".to_owned()
}

/// A configuration that was read, with every path absolute: relative ones start at the
/// file's folder.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    path: PathBuf,
    file: File,
    denied: Vec<Fingerprint>,
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// A complaint that names line and field; [`Exit::WrongUse`] in every case.
    pub(crate) fn load(path: &Path) -> Result<Self, Complaint> {
        let path = std::path::absolute(path)
            .map_err(|error| Complaint::from_io(path, error.kind(), Exit::WrongUse))?;
        let file: File = config::load(&path)?;
        Self::new(path, file)
    }

    /// Reads a configuration from memory, as if it stood at `path`.
    #[cfg(test)]
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, Complaint> {
        Self::new(path.to_owned(), config::parse(text, path)?)
    }

    /// As [`Config::parse`], for the error as the parser has it.
    #[cfg(test)]
    pub(crate) fn read(text: &str, path: &Path) -> Result<(), config::ConfigError> {
        config::parse::<File>(text, path).map(drop)
    }

    fn new(path: PathBuf, mut file: File) -> Result<Self, Complaint> {
        let folder = path.clone();
        let absolute = |value: &mut PathBuf| *value = resolve(&folder, value);
        absolute(&mut file.state_dir);
        absolute(&mut file.run_dir);
        if let Some(section) = &mut file.federation {
            let files = [&mut section.tls_ca, &mut section.root];
            files.into_iter().flatten().for_each(absolute);
        }
        if let Some(section) = &mut file.transport {
            section.denied_file.iter_mut().for_each(absolute);
        }
        if let Some(section) = &mut file.keyserver {
            absolute(&mut section.unlock_file);
            section.outside_certificates.iter_mut().for_each(absolute);
            section.state.resolve(absolute);
            token_files(&mut section.pkcs11).for_each(absolute);
        }
        if let Some(section) = &mut file.ca {
            absolute(&mut section.unlock_file);
            section.publish.directory.iter_mut().for_each(absolute);
            section.state.resolve(absolute);
            token_files(&mut section.pkcs11).for_each(absolute);
        }
        if let Some(section) = &mut file.authority {
            absolute(&mut section.unlock_file);
            section.state.resolve(absolute);
        }
        if let Some(section) = &mut file.inspector {
            absolute(&mut section.clamd_conf);
        }
        if let Some(section) = &mut file.gateway {
            let files = [&mut section.tls_certificate, &mut section.tls_key, &mut section.route_ca];
            files.into_iter().flatten().for_each(absolute);
            section.state.resolve(absolute);
            section.objects.resolve(absolute);
        }
        if let Some(section) = &mut file.directory {
            let files = [&mut section.tls_certificate, &mut section.tls_key];
            files.into_iter().flatten().for_each(absolute);
        }
        if let Some(section) = &mut file.enrol {
            absolute(&mut section.tls_certificate);
            absolute(&mut section.tls_key);
        }
        if let Some(section) = &mut file.scim {
            let files = [&mut section.tls_certificate, &mut section.tls_key];
            files.into_iter().flatten().for_each(absolute);
        }
        if let Some(section) = &mut file.sync {
            [&mut section.tls_ca, &mut section.password_file].into_iter().for_each(absolute);
        }
        if let Some(SubmissionConfig { milter: MilterAddress::Unix(socket), .. }) =
            &mut file.submission
        {
            absolute(socket);
        }
        let section = file.transport.as_ref();
        if section.is_some_and(|section| section.keyserver.0.len() > 1 || section.ca.0.len() > 1) {
            // Tickets are in one process's memory, people in one database.
            return Err(
                Complaint::new(Exit::WrongUse, "config-one-server").with("path", path.display())
            );
        }
        for state in states(&file) {
            state.check()?;
        }
        if let Some(section) = &file.gateway {
            section.objects.check()?;
        }
        let denied = section.map(|section| section.denied.as_slice()).unwrap_or_default();
        let denied = denied.iter().map(|one| digits(one)).collect::<Result<_, _>>()?;
        let config = Self { path, file, denied };
        if !ssmax_daemon::log::LEVELS.contains(&config.log()) {
            return Err(Complaint::new(Exit::WrongUse, "config-log")
                .with("value", config.log())
                .with("known", ssmax_daemon::log::LEVELS.join(", ")));
        }
        if config.roles().is_empty() {
            return Err(Complaint::new(Exit::WrongUse, "config-no-role")
                .with("path", config.path.display()));
        }
        Ok(config)
    }

    /// The file itself, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where roles keep their state.
    pub(crate) fn state_dir(&self) -> &Path {
        &self.file.state_dir
    }

    /// Where sockets and ready files are.
    pub(crate) fn run_dir(&self) -> &Path {
        &self.file.run_dir
    }

    /// The level of the log.
    pub(crate) fn log(&self) -> &str {
        &self.file.log
    }

    /// How its lines are written.
    pub(crate) fn log_format(&self) -> Format {
        self.file.log_format
    }

    /// The roles that have a section, in the order in which they start.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let file = &self.file;
        let has = |role| match role {
            Role::Authority => file.authority.is_some(),
            Role::Keyserver => file.keyserver.is_some(),
            Role::Ca => file.ca.is_some(),
            Role::Inspector => file.inspector.is_some(),
            Role::Gateway => file.gateway.is_some(),
            Role::Submission => file.submission.is_some(),
            Role::Directory => file.directory.is_some(),
            Role::Enrol => file.enrol.is_some(),
            Role::Scim => file.scim.is_some(),
            Role::Watch => file.watch.is_some(),
        };
        Role::ALL.into_iter().filter(|role| has(*role)).collect()
    }

    /// Whether this file is a member's: it has one of a member's roles. The milter alone,
    /// as on an MTA's host, needs to know nothing of the organisation.
    pub(crate) fn is_member(&self) -> bool {
        let others = [Role::Authority, Role::Submission, Role::Watch];
        self.roles().iter().any(|role| !others.contains(role))
    }

    /// `[organisation]`.
    pub(crate) fn organisation(&self) -> Result<&Organisation, Complaint> {
        self.section("organisation", self.file.organisation.as_ref())
    }

    /// `[federation]`.
    pub(crate) fn federation(&self) -> Result<&Federation, Complaint> {
        self.section("federation", self.file.federation.as_ref())
    }

    /// Where the PEM file is that the authority's TLS certificate is verified with.
    pub(crate) fn tls_ca(&self) -> PathBuf {
        let set = self.file.federation.as_ref().and_then(|section| section.tls_ca.clone());
        set.unwrap_or_else(|| self.federation_dir().join("tls-ca.pem"))
    }

    /// Where the federation's root certificate is, PEM, once installed.
    pub(crate) fn root(&self) -> PathBuf {
        let set = self.file.federation.as_ref().and_then(|section| section.root.clone());
        set.unwrap_or_else(|| self.federation_dir().join("root.pem"))
    }

    /// Where the authority's answer is kept, once installed.
    pub(crate) fn admission(&self) -> PathBuf {
        self.federation_dir().join("admission.json")
    }

    /// Whether a role has its tables on a PostgreSQL server.
    pub(crate) fn has_server(&self, role: Role) -> bool {
        state(&self.file, role).is_some_and(|state| state.url.is_some())
    }

    /// Where a member keeps what it knows of the federation, all of it public.
    pub(crate) fn federation_dir(&self) -> PathBuf {
        self.state_dir().join("federation")
    }

    /// Where a role is asked by those of other hosts.
    pub(crate) fn listen(&self, role: Role) -> Option<SocketAddr> {
        match role {
            Role::Keyserver => self.file.keyserver.as_ref()?.listen,
            Role::Ca => self.file.ca.as_ref()?.listen,
            Role::Inspector => self.file.inspector.as_ref()?.listen,
            Role::Authority
            | Role::Gateway
            | Role::Submission
            | Role::Directory
            | Role::Enrol
            | Role::Scim
            | Role::Watch => None,
        }
    }

    /// All that the authority needs to start.
    pub(crate) fn authority(&self) -> Result<AuthorityConfig, Complaint> {
        let section = self.section("authority", self.file.authority.as_ref())?;
        Ok(section.clone().placed(self.file.state_dir.clone(), self.file.run_dir.clone()))
    }

    /// All that the keyserver needs to start.
    pub(crate) fn keyserver(&self) -> Result<ssmax_keyserver::Settings, Complaint> {
        Ok(ssmax_keyserver::Settings {
            organisation: self.organisation()?.clone(),
            state_dir: self.file.state_dir.clone(),
            run_dir: self.file.run_dir.clone(),
            transport: self.transport(),
            keyserver: self.section("keyserver", self.file.keyserver.as_ref())?.clone(),
        })
    }

    /// All that the CA needs to start.
    pub(crate) fn ca(&self) -> Result<ssmax_ca::Settings, Complaint> {
        Ok(ssmax_ca::Settings {
            organisation: self.organisation()?.clone(),
            state_dir: self.file.state_dir.clone(),
            run_dir: self.file.run_dir.clone(),
            transport: self.transport(),
            ca: self.section("ca", self.file.ca.as_ref())?.clone(),
        })
    }

    /// All that the inspector needs to start; its workers are this program.
    pub(crate) fn inspector(&self) -> Result<ssmax_inspector::Settings, Complaint> {
        // The very program that is running, also when a newer one was put in its place:
        // a worker must speak its supervisor's version.
        let program = PathBuf::from("/proc/self/exe");
        Ok(ssmax_inspector::Settings {
            verify_only: self.file.organisation.as_ref().is_some_and(Organisation::is_esp),
            run_dir: self.file.run_dir.clone(),
            transport: self.transport(),
            inspector: self.section("inspector", self.file.inspector.as_ref())?.clone(),
            worker: vec![program, PathBuf::from(crate::command::INSPECT_WORKER)],
        })
    }

    /// All that the gateway needs to start.
    pub(crate) fn gateway(&self) -> Result<ssmax_gateway::Settings, Complaint> {
        let federation = self.federation()?;
        Ok(ssmax_gateway::Settings {
            organisation: self.organisation()?.clone(),
            federation: FederationConfig {
                authority_url: federation.authority_url.clone(),
                tls_ca: self.tls_ca(),
                root: self.root(),
                poll_seconds: federation.poll_seconds,
            },
            state_dir: self.file.state_dir.clone(),
            run_dir: self.file.run_dir.clone(),
            transport: self.transport(),
            gateway: self.section("gateway", self.file.gateway.as_ref())?.clone(),
        })
    }

    /// All that the milter needs to start.
    pub(crate) fn submission(&self) -> Result<ssmax_submission::Settings, Complaint> {
        Ok(ssmax_submission::Settings {
            state_dir: self.file.state_dir.clone(),
            run_dir: self.file.run_dir.clone(),
            submission: self.section("submission", self.file.submission.as_ref())?.clone(),
        })
    }

    /// All that the directory needs to start.
    pub(crate) fn directory(&self) -> Result<ssmax_directory::Settings, Complaint> {
        Ok(ssmax_directory::Settings {
            organisation: self.organisation()?.clone(),
            run_dir: self.file.run_dir.clone(),
            transport: self.transport(),
            directory: self.section("directory", self.file.directory.as_ref())?.clone(),
        })
    }

    /// All that the enrolment page needs to start.
    pub(crate) fn enrol(&self) -> Result<ssmax_enrol::Settings, Complaint> {
        Ok(ssmax_enrol::Settings {
            organisation: self.organisation()?.clone(),
            run_dir: self.file.run_dir.clone(),
            transport: self.transport(),
            enrol: self.section("enrol", self.file.enrol.as_ref())?.clone(),
        })
    }

    /// What stands before `/e/` in a link to the enrolment page, if there is one.
    pub(crate) fn enrol_url(&self) -> Option<&str> {
        self.file.enrol.as_ref().map(|section| section.url.as_str())
    }

    /// All that the SCIM service needs to start.
    pub(crate) fn scim(&self) -> Result<ssmax_scim::Settings, Complaint> {
        Ok(ssmax_scim::Settings {
            organisation: self.organisation()?.clone(),
            run_dir: self.file.run_dir.clone(),
            transport: self.transport(),
            scim: self.section("scim", self.file.scim.as_ref())?.clone(),
        })
    }

    /// `[sync]`: the directory that tells of people.
    pub(crate) fn sync(&self) -> Result<&SyncConfig, Complaint> {
        self.section("sync", self.file.sync.as_ref())
    }

    /// All that the watch needs to start.
    pub(crate) fn watch(&self) -> Result<ssmax_watch::Settings, Complaint> {
        let watch = self.section("watch", self.file.watch.as_ref())?.clone();
        Ok(ssmax_watch::Settings {
            run_dir: self.file.run_dir.clone(),
            roles: self.watched().map(|role| role.as_str().to_owned()).collect(),
            watch,
        })
    }

    /// The roles that are watched: all others.
    pub(crate) fn watched(&self) -> impl Iterator<Item = Role> {
        self.roles().into_iter().filter(|role| *role != Role::Watch)
    }

    fn section<'a, T>(&self, name: &str, section: Option<&'a T>) -> Result<&'a T, Complaint> {
        section.ok_or_else(|| {
            Complaint::new(Exit::WrongUse, "config-section")
                .with("path", self.path.display())
                .with("section", name)
        })
    }
}

/// Where the roles keep their tables.
fn states(file: &File) -> impl Iterator<Item = &StateConfig> {
    Role::ALL.into_iter().filter_map(|role| state(file, role))
}

/// Where a role keeps its tables, if it has any.
fn state(file: &File, role: Role) -> Option<&StateConfig> {
    match role {
        Role::Authority => file.authority.as_ref().map(|section| &section.state),
        Role::Keyserver => file.keyserver.as_ref().map(|section| &section.state),
        Role::Ca => file.ca.as_ref().map(|section| &section.state),
        Role::Gateway => file.gateway.as_ref().map(|section| &section.state),
        Role::Inspector
        | Role::Submission
        | Role::Directory
        | Role::Enrol
        | Role::Scim
        | Role::Watch => None,
    }
}

/// The files that say how a token is opened.
fn token_files(token: &mut Option<Pkcs11Config>) -> impl Iterator<Item = &mut PathBuf> {
    token.iter_mut().flat_map(|token| [&mut token.module, &mut token.pin_file])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: &str = "state_dir = 'state'\nrun_dir = '/run/ssmax'\n\
        [organisation]\nid = 'NTRJP-7000012050002'\nname = 'A'\ndomains = ['a.example']\n\
        [federation]\nauthority_url = 'https://authority.example'\n\
        [ca]\nunlock_file = '../unlock/ca'\n";

    fn parsed(text: &str) -> Result<Config, Complaint> {
        Config::parse(text, Path::new("/etc/ssmax/ssmax.toml"))
    }

    #[test]
    fn relative_paths_start_at_the_folder_of_the_file() {
        let config = parsed(MEMBER).unwrap();
        assert_eq!(config.state_dir(), Path::new("/etc/ssmax/state"));
        assert_eq!(config.run_dir(), Path::new("/run/ssmax"));
        let ca = config.ca().unwrap();
        assert_eq!(ca.ca.unlock_file, Path::new("/etc/ssmax/../unlock/ca"));
        assert_eq!(config.tls_ca(), Path::new("/etc/ssmax/state/federation/tls-ca.pem"));
    }

    #[test]
    fn a_database_server_is_named_without_a_password_and_by_an_address_that_can_be_used() {
        let with = |url: &str| {
            parsed(&format!("{MEMBER}[ca.state]\nurl = '{url}'\npassword_file = 'db'\n"))
        };
        let good = with("postgresql://localhost/ssmax").unwrap().ca().unwrap().ca.state;
        assert_eq!(good.password_file.unwrap(), Path::new("/etc/ssmax/db"));
        for (url, name) in [
            ("postgresql://ca:s3cret@localhost/ssmax", "server-address-password"),
            ("postgresql://localhost/ssmax?gssencmode=disable", "server-address-parameter"),
            ("postgresql://db.example/ssmax", "server-unverified"),
            ("sqlite:ca", "server-address"),
        ] {
            let complaint = with(url).unwrap_err();
            assert_eq!(complaint.name, name, "{url}");
            assert!(!format!("{complaint:?}").contains("s3cret"));
        }
    }

    #[test]
    fn an_object_store_is_named_without_a_key_and_reached_over_tls() {
        let with = |url: &str, endpoint: &str| {
            parsed(&format!(
                "{MEMBER}[gateway]\nhost_name = 'a'\nnext_hop = 'smtp://127.0.0.1:25'\n\
                 [gateway.objects]\nurl = '{url}'\nendpoint = '{endpoint}'\n\
                 credentials_file = 'objects'\n"
            ))
        };
        let good = with("s3://held/a", "https://s3.example").unwrap().gateway().unwrap();
        let objects = good.gateway.objects;
        assert_eq!(objects.credentials_file.unwrap(), Path::new("/etc/ssmax/objects"));
        assert_eq!(objects.ca_file, Path::new("/etc/ssl/certs/ca-certificates.crt"));
        for (url, endpoint, name) in [
            ("held", "https://s3.example", "objects-url"),
            ("s3://held", "s3.example", "objects-endpoint"),
            ("s3://held", "http://s3.example", "objects-unverified"),
            ("s3://held", "https://key:s3cret@s3.example", "objects-secret"),
        ] {
            let complaint = with(url, endpoint).unwrap_err();
            assert_eq!(complaint.name, name, "{url} {endpoint}");
            assert!(!format!("{complaint:?}").contains("s3cret"));
        }
    }

    #[test]
    fn the_tls_trust_may_be_kept_elsewhere() {
        let text = MEMBER.replace("[ca]", "tls_ca = 'trust.pem'\n[ca]");
        assert_eq!(parsed(&text).unwrap().tls_ca(), Path::new("/etc/ssmax/trust.pem"));
    }

    #[test]
    fn a_role_is_there_when_it_has_a_section() {
        assert_eq!(parsed(MEMBER).unwrap().roles(), [Role::Ca]);
        let error = parsed(MEMBER).unwrap().keyserver().unwrap_err();
        assert_eq!(error.name, "config-section");
        let (none, _) = MEMBER.split_once("[ca]").unwrap();
        assert_eq!(parsed(none).unwrap_err().name, "config-no-role");
    }

    #[test]
    fn a_level_of_the_log_that_does_not_exist_is_refused() {
        let error = parsed(&format!("log = 'loud'\n{MEMBER}")).unwrap_err();
        assert_eq!(error.name, "config-log");
        assert_eq!(parsed(&format!("log = 'debug'\n{MEMBER}")).unwrap().log(), "debug");
    }

    #[test]
    fn a_field_that_nothing_reads_is_refused_in_every_section() {
        for section in ["[organisation]", "[federation]", "[ca]"] {
            let text = MEMBER.replace(section, &format!("{section}\nunknown = 1"));
            assert_eq!(parsed(&text).unwrap_err().name, "config-unknown-field-here", "{section}");
        }
    }
}

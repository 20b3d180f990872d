//! A member organisation: its roles, its mail servers, its people.

use crate::authority::Authority;
use crate::clamd::Clamd;
use crate::disk::Disk;
use crate::dovecot::{self, Dovecot};
use crate::greylist::Greylist;
use crate::place::Place;
use crate::postfix::{Postfix, Settings, Submission};
use crate::process::{Running, run};
use crate::ssmax::Site;
use crate::tap::{Tap, socket_of};
use crate::tls::Identity;
use crate::token::Token;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The roles of a member.
const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

/// What tells one organisation from the other.
#[derive(Debug, Clone, Copy)]
pub struct Outline {
    /// "a" or "b"; its domain is `NAME.example`.
    pub name: &'static str,
    /// The member id, with a check digit that is right.
    pub id: &'static str,
    /// Its name in Japanese.
    pub japanese: &'static str,
    /// Where its mail servers are.
    pub ip: Ipv4Addr,
    /// The form in which mail that came in clear is encrypted for it.
    pub fresh_form: &'static str,
    /// The people who have a mailbox.
    pub people: &'static [&'static str],
    /// More mailboxes of one person: `u1`, `u2` and so on.
    pub numbered: usize,
    /// The mailboxes that are full.
    pub full: &'static [&'static str],
    /// Local parts that Postfix makes another address of, behind the gateway.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Whether the MX puts off every recipient at first; where people submit at Postfix, the
    /// way out instead.
    pub greylists: bool,
    /// Whether people submit at Postfix, not at the gateway.
    pub submits_at_postfix: bool,
    /// Whether Postfix is told of the gateway by `ssmax setup postfix`.
    pub set_up_by_command: bool,
    /// Whether each role is a process that can be killed and started again by itself, and a
    /// [`Tap`] lies between the gateway and its next hop.
    pub tapped: bool,
    /// Whether the state of each role that has one lies on a small disk of its own.
    pub small_disks: bool,
    /// Whether its inspector asks a clamd.
    pub scanned: bool,
    /// Whether its roles keep their tables on a PostgreSQL server, if there is one.
    pub on_server: bool,
    /// Whether key server and CA have their keys in a token.
    pub keys_in_token: bool,
    /// The largest mail that its gateway takes, if not the default.
    pub max_mail_bytes: Option<usize>,
    /// How mailers speak with its servers.
    pub mailers: Mailers,
}

/// How mailers speak with an organisation's servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mailers {
    /// There is no TLS.
    InClear,
    /// There is TLS, and for those that know none it goes without.
    Either,
    /// Who submits in clear is refused.
    ByTls,
}

/// The addresses of an organisation.
#[derive(Debug, Clone, Copy)]
struct Ports {
    mx: SocketAddr,
    reinjection: SocketAddr,
    imap: SocketAddr,
    imaps: SocketAddr,
    mailboxes: SocketAddr,
    submission: SocketAddr,
    filter: SocketAddr,
    machines: SocketAddr,
    automatic: SocketAddr,
    mta_submission: SocketAddr,
    stated: SocketAddr,
    /// What the gateway takes for its next hop.
    next_hop: SocketAddr,
}

/// An organisation.
#[derive(Debug)]
pub struct Member {
    outline: Outline,
    site: Site,
    ports: Ports,
    milter: PathBuf,
    /// The certificate of Dovecot and the gateway.
    tls: Option<Identity>,
    roles: Vec<(&'static str, Running)>,
    tap: Option<Tap>,
    taps: BTreeMap<&'static str, Tap>,
    /// What lies between a role and its database.
    databases: BTreeMap<&'static str, Tap>,
    token: Option<Token>,
    clamd: Option<Clamd>,
    disks: BTreeMap<&'static str, Disk>,
    servers: Option<(Postfix, Dovecot)>,
    greylist: Option<Greylist>,
}

/// Somebody of an organisation, with what lies on their own computer.
#[derive(Debug)]
pub struct Person {
    /// The employee number, which is the user id.
    pub number: String,
    /// The one address.
    pub address: String,
    /// What their mailer logs in with.
    pub secret: String,
    /// The folder with `encryption-key.pem`, `encryption.pem`, `chain.pem`,
    /// `seal-ca.pem`, and for those who sign themselves `signing-key.pem` and
    /// `signing-file.pem`.
    pub dir: PathBuf,
}

impl Member {
    /// Writes its configuration; nothing is made or started yet.
    pub fn new(place: &Place, outline: Outline, authority: &Authority) -> Self {
        let [mx, reinjection, imap, imaps, mailboxes, submission, machines, mta_submission] =
            std::array::from_fn(|_| place.free(outline.ip));
        let [filter, automatic, stated] = std::array::from_fn(|_| place.free(Ipv4Addr::LOCALHOST));
        let next_hop = if outline.tapped { place.free(outline.ip) } else { reinjection };
        let ports = Ports {
            next_hop,
            mx,
            reinjection,
            imap,
            imaps,
            mailboxes,
            submission,
            filter,
            machines,
            automatic,
            mta_submission,
            stated,
        };
        let milter = place.path().join(format!("milter-{}/submission.sock", outline.name));
        let mut config = ssmax_toml(&outline, &ports, &authority.url());
        let mut databases = BTreeMap::new();
        if outline.on_server {
            let (section, taps) = state_toml(place, outline.tapped);
            config.push_str(&section);
            databases = taps;
        }
        if let Some(most) = outline.max_mail_bytes {
            config.push_str(&format!("\n[gateway.limits]\nmax_mail_bytes = {most}\n"));
        }
        let clamd = outline.scanned.then(|| Clamd::start(place, outline.name));
        if let Some(clamd) = &clamd {
            let section = format!("[inspector]\n{}", clamd.section());
            config = config.replacen("[inspector]\n", &section, 1);
        }
        if outline.submits_at_postfix {
            crate::postfix::make_milter_dir(milter.parent().unwrap());
            config.push_str(&submission_toml(&milter));
        }
        let dir = place.private_dir(outline.name);
        let has_tls = outline.mailers != Mailers::InClear;
        let tls = has_tls.then(|| Identity::make(&dir, "mail", outline.ip.into()));
        let token = outline.keys_in_token.then(|| {
            let dir = place.private_dir(&format!("token-{}", outline.name));
            if outline.tapped { Token::make_failing(&dir) } else { Token::make(&dir) }
        });
        let site = match &token {
            Some(token) => Site::with_token(dir, &config, token),
            None => Site::new(dir, &config),
        };
        Self {
            outline,
            site,
            ports,
            milter,
            tls,
            roles: Vec::new(),
            tap: None,
            taps: BTreeMap::new(),
            databases,
            token,
            clamd,
            disks: BTreeMap::new(),
            servers: None,
            greylist: None,
        }
    }

    /// Its folder.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Its member id.
    pub fn id(&self) -> &'static str {
        self.outline.id
    }

    /// Its mail domain.
    pub fn domain(&self) -> String {
        format!("{}.example", self.outline.name)
    }

    /// Where mail from other organisations arrives.
    pub fn mx(&self) -> SocketAddr {
        self.ports.mx
    }

    /// Where its people submit mail.
    pub fn submission(&self) -> SocketAddr {
        self.ports.submission
    }

    /// Where its people submit mail at Postfix.
    pub fn mta_submission(&self) -> SocketAddr {
        self.ports.mta_submission
    }

    /// Where its gateway takes from Postfix what was submitted there.
    pub fn stated(&self) -> SocketAddr {
        self.ports.stated
    }

    /// Where what is to be in a mailbox is handed to Dovecot, past the gateway.
    pub fn mailboxes(&self) -> SocketAddr {
        self.ports.mailboxes
    }

    /// Where scanners hand in, without a login.
    pub fn machines(&self) -> SocketAddr {
        self.ports.machines
    }

    /// Its running Dovecot.
    pub fn dovecot(&self) -> &Dovecot {
        &self.servers.as_ref().unwrap().1
    }

    /// How many recipients its MX has put off.
    pub fn put_off(&self) -> usize {
        self.greylist.as_ref().map_or(0, Greylist::put_off)
    }

    /// Its running Postfix.
    pub fn postfix(&self) -> &Postfix {
        &self.servers.as_ref().unwrap().0
    }

    /// What is in a person's mailbox, as IMAP gives it.
    #[track_caller]
    pub fn inbox(&self, address: &str) -> Vec<Vec<u8>> {
        crate::imap::inbox(self.servers.as_ref().unwrap().1.imap, address)
    }

    /// Starts Postfix and Dovecot.
    #[track_caller]
    pub fn start_mail_servers(&mut self, place: &Place, other: &Self) {
        let (name, domain) = (self.outline.name, self.domain());
        let ports = self.ports;
        let of_domain = |local: &str| format!("{local}@{domain}");
        let mut mailboxes: Vec<String> =
            self.outline.people.iter().map(|person| of_domain(person)).collect();
        mailboxes
            .extend((1..=self.outline.numbered).map(|number| of_domain(&format!("u{number}"))));
        let full: Vec<String> = self.outline.full.iter().map(|local| of_domain(local)).collect();
        let dovecot = Dovecot::start(
            place,
            &dovecot::Settings {
                name,
                imap: ports.imap,
                imaps: self.tls.as_ref().map(|tls| (ports.imaps, tls)),
                lmtp: ports.mailboxes,
                submission: ports.machines,
                mailboxes: &mailboxes,
                full: &full,
            },
        );
        self.greylist = self.outline.greylists.then(Greylist::start);
        let aliases: Vec<(String, String)> = self
            .outline
            .aliases
            .iter()
            .map(|(from, to)| (of_domain(from), of_domain(to)))
            .collect();
        let aliases: Vec<(&str, &str)> =
            aliases.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        let logins = dovecot.logins();
        let settings = Settings {
            machines: ports.machines,
            automatic: ports.automatic,
            aliases: &aliases,
            policy: self.greylist.as_ref().map(Greylist::address),
            name,
            domain: &domain,
            mx: ports.mx,
            reinjection: ports.reinjection,
            filter: ports.filter,
            submission: self.outline.submits_at_postfix.then(|| Submission {
                address: ports.mta_submission,
                logins: &logins,
                milter: &self.milter,
                filter: ports.stated,
            }),
            mailboxes: ports.mailboxes,
            other: (&other.domain(), other.ports.mx),
            set_up_at: self.outline.set_up_by_command.then_some(&self.site),
        };
        self.servers = Some((Postfix::start(place, &settings), dovecot));
        self.tap = self.outline.tapped.then(|| Tap::tcp(ports.next_hop, ports.reinjection));
    }

    /// Registers an address behind which there is no person.
    #[track_caller]
    pub fn add_role(&self, local: &str, kind: &str, name: &str) {
        let address = format!("{local}@{}", self.domain());
        let line = ["user", "add-role", local, "--kind", kind, "--name", name];
        let _ = self.site.run(&[&line[..], &["--address", &address]].concat()).ends(0);
    }

    /// The roles that reports and automatic replies are from.
    #[track_caller]
    pub fn add_automatic_roles(&self) {
        self.add_role("mailer-daemon", "system", "Mail system");
        self.add_role("auto-reply", "system", "Automatic replies");
    }

    /// Starts all roles. One that ends stays away, so that a test sees its absence.
    #[track_caller]
    pub fn serve(&mut self) {
        let submission = self.outline.submits_at_postfix.then_some("submission");
        let roles: Vec<&str> = ROLES.into_iter().chain(submission).collect();
        if self.outline.small_disks && self.disks.is_empty() {
            for role in ["keyserver", "ca", "gateway"] {
                let _ = self.disks.insert(role, Disk::over(&self.state(role)));
            }
        }
        if self.outline.tapped {
            ROLES.into_iter().for_each(|role| self.serve_role(role));
        } else {
            self.roles.push(("all", self.site.serve(&["--no-restart"], &roles)));
        }
    }

    /// Adds a line to `[gateway]` and starts all roles again.
    #[track_caller]
    pub fn set_gateway(&mut self, line: &str) {
        self.roles.clear();
        let config = self.site.path("ssmax.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let text = text.replace("\n[gateway]\n", &format!("\n[gateway]\n{line}\n"));
        std::fs::write(config, text).unwrap();
        self.serve();
    }

    /// Adds a section to the configuration and starts the role that it is for.
    #[track_caller]
    pub fn serve_more(&mut self, section: &str, role: &'static str) {
        let config = self.site.path("ssmax.toml");
        let text = std::fs::read_to_string(&config).unwrap() + section;
        std::fs::write(config, text).unwrap();
        self.roles.push((role, self.site.serve(&["--role", role], &[role])));
    }

    /// Starts one role again that has ended.
    #[track_caller]
    pub fn serve_role(&mut self, role: &'static str) {
        // What has ended is waited for; killed, it has left its announcement behind.
        self.roles.retain(|(name, _)| *name != role);
        let _ = std::fs::remove_file(self.site.path(&format!("run/{role}.ready")));
        if !self.outline.tapped || role == "gateway" {
            self.roles.push((role, self.site.serve(&["--role", role], &[role])));
            return;
        }
        // The gateway keeps its connections, so none may be made before the tap is there.
        let gateway = self.site.process("gateway").and_then(Pid::from_raw);
        let signal = |signal| gateway.map(|pid| kill_process(pid, signal));
        let _ = signal(Signal::STOP);
        let socket = socket_of(&self.site.path("run"), role, "gateway");
        Tap::clear(&socket);
        self.roles.push((role, self.site.serve(&["--role", role], &[role])));
        self.taps.insert(role, Tap::socket(&socket));
        let _ = signal(Signal::CONT);
    }

    /// What lies between the gateway and one of the roles behind it.
    pub fn tap_before(&self, role: &str) -> &Tap {
        &self.taps[role]
    }

    /// Where a role keeps its state.
    pub fn state(&self, role: &str) -> PathBuf {
        self.site.path(&format!("state/{role}"))
    }

    /// What lies between a role and its database, if that is on a server.
    pub fn tap_of_database(&self, role: &str) -> Option<&Tap> {
        self.databases.get(role)
    }

    /// Its token.
    pub fn token(&self) -> &Token {
        self.token.as_ref().unwrap()
    }

    /// Its clamd.
    pub fn clamd(&self) -> &Clamd {
        self.clamd.as_ref().unwrap()
    }

    /// The disk with a role's state.
    pub fn disk(&self, role: &str) -> &Disk {
        &self.disks[role]
    }

    /// What lies between the gateway and its next hop.
    pub fn tap(&self) -> &Tap {
        self.tap.as_ref().unwrap()
    }

    /// Registers somebody: the server signs for them, and with `own_key` they have a
    /// signing key in a file too.
    #[track_caller]
    pub fn add_person(&self, user: &str, name: &str, own_key: bool) -> Person {
        self.add_person_at(user, name, own_key, &[])
    }

    /// As [`Member::add_person`], with more local parts of addresses.
    #[track_caller]
    pub fn add_person_at(&self, user: &str, name: &str, own_key: bool, more: &[String]) -> Person {
        self.add_person_numbered(&employee_number(), user, name, own_key, more)
    }

    /// One of those who may have people traced, in twos.
    #[track_caller]
    pub fn add_officer(&self, number: &str, user: &str, name: &str) -> Person {
        assert!(OFFICERS.contains(&number));
        self.add_person_numbered(number, user, name, true, &[])
    }

    #[track_caller]
    fn add_person_numbered(
        &self,
        number: &str,
        user: &str,
        name: &str,
        own_key: bool,
        more: &[String],
    ) -> Person {
        let number = number.to_owned();
        let address = format!("{user}@{}", self.domain());
        let more: Vec<String> =
            more.iter().map(|local| format!("{local}@{}", self.domain())).collect();
        let folder = format!("people-{user}");
        let dir = self.site.path(&folder);
        std::fs::create_dir(&dir).unwrap();
        let csr = format!("{folder}/signing.csr");
        let mut line = vec!["user", "add", &number, "--name", name, "--address", &address];
        line.extend(["--proof", "in-person", "--device-secret", "--server-key"]);
        line.extend(["--out", &folder]);
        for address in &more {
            line.extend(["--address", address]);
        }
        if own_key {
            let key = "ecparam -name prime256v1 -genkey -noout -out signing-key.pem";
            let request =
                format!("req -new -key signing-key.pem -subj /CN={user} -out signing.csr");
            for line in [key, &request] {
                let line = line.split(' ');
                let _ = run(Command::new("openssl").args(line).current_dir(&dir)).ends(0);
            }
            line.extend(["--csr", &csr]);
        }
        let made = self.site.facts(&line);
        let secret = made["device_secret"].as_str().unwrap().to_owned();
        self.export(&address, &folder);
        Person { number, address, secret, dir }
    }

    /// Registers somebody who has made a signing key in a card; the server signs for them
    /// never.
    #[track_caller]
    pub fn add_person_with_card(&self, user: &str, name: &str, card: &Token) -> Person {
        let address = format!("{user}@{}", self.domain());
        let folder = format!("people-{user}");
        let dir = self.site.path(&folder);
        std::fs::create_dir(&dir).unwrap();
        let (uri, csr) = (card.uri("mail"), format!("{folder}/card.csr"));
        let line = ["card", "make", "--pkcs11", &uri, "--address", &address, "--out", &csr];
        let _ = self.site.run_with_card(card, &line).ends(0);
        let number = employee_number();
        let line = ["user", "add", &number, "--name", name, "--address", &address];
        let keys = ["--proof", "employee-card", "--device-secret", "--server-key"];
        let more = ["--token-csr", &csr, "--out", &folder];
        let made = self.site.facts(&[&line[..], &keys, &more].concat());
        let secret = made["device_secret"].as_str().unwrap().to_owned();
        let certificate = format!("{folder}/signing-token.pem");
        let line = ["card", "install", &certificate, "--pkcs11", &uri];
        let _ = self.site.run_with_card(card, &line).ends(0);
        Person { number, address, secret, dir }
    }

    /// Brings the encryption key of an address to whoever reads its mail.
    #[track_caller]
    fn export(&self, address: &str, folder: &str) {
        let dir = self.site.path(folder);
        // `add` has written certificates of the same names.
        let exported = format!("{folder}/export");
        let _ = self.site.run(&["user", "export", address, "--out", &exported]).ends(0);
        for name in ["encryption-key.pem", "encryption.pem", "seal-ca.pem"] {
            std::fs::rename(dir.join("export").join(name), dir.join(name)).unwrap();
        }
    }

    /// Registers a shared mailbox that these people act for, each with its key.
    #[track_caller]
    pub fn add_shared(&self, local: &str, members: &[&Person]) -> Person {
        self.add_role(local, "shared", "Office");
        let address = format!("{local}@{}", self.domain());
        for member in members {
            let line = ["user", "delegate", "--from", &address, "--to", &member.address];
            let _ = self.site.run(&line).ends(0);
        }
        let folder = format!("people-{local}");
        std::fs::create_dir(self.site.path(&folder)).unwrap();
        self.export(&address, &folder);
        let dir = self.site.path(&folder);
        Person { number: local.to_owned(), address, secret: String::new(), dir }
    }
}

/// One database for all roles of a member: each has its own schemas, and its own tap.
fn state_toml(place: &Place, tapped: bool) -> (String, BTreeMap<&'static str, Tap>) {
    let mut taps = BTreeMap::new();
    let Some(server) = ssmax_test_postgres::shared() else { return (String::new(), taps) };
    let url = server.database();
    let name = url.split_once("localhost/").unwrap().1.split('?').next().unwrap();
    let mut section = String::new();
    for role in ["keyserver", "ca", "gateway"] {
        let mut url = url.clone();
        if tapped {
            let here = place.free(Ipv4Addr::LOCALHOST);
            let there = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
            let _ = taps.insert(role, Tap::tcp(here, there));
            url = format!("postgresql://ssmax@{here}/{name}");
        }
        section.push_str(&format!("\n[{role}.state]\nurl = \"{url}\"\n"));
    }
    (section, taps)
}

/// A number that nobody has.
/// The numbers of those who may have people traced.
pub const OFFICERS: [&str; 2] = ["10777", "10901"];

fn employee_number() -> String {
    static NUMBERS: AtomicU32 = AtomicU32::new(20_417);
    NUMBERS.fetch_add(1, Ordering::Relaxed).to_string()
}

/// A login by LOGIN counts for more, so that both levels are seen.
fn submission_toml(milter: &Path) -> String {
    format!(
        "
[submission]
milter = \"unix:{}\"

[submission.mechanisms]
LOGIN = 2
",
        milter.display()
    )
}

fn ssmax_toml(outline: &Outline, ports: &Ports, authority: &str) -> String {
    let Outline { name, id, japanese, fresh_form, .. } = outline;
    let logins = match outline.mailers {
        Mailers::InClear => "allow_plaintext_auth = true",
        Mailers::Either => {
            "tls_certificate = \"mail.pem\"\ntls_key = \"mail.key.pem\"\n\
             allow_plaintext_auth = true"
        }
        Mailers::ByTls => "tls_certificate = \"mail.pem\"\ntls_key = \"mail.key.pem\"",
    };
    let Ports { submission, filter, next_hop, automatic, stated, .. } = ports;
    let officers = format!("{OFFICERS:?}");
    format!(
        "state_dir = \"state\"
run_dir = \"run\"

[organisation]
id = \"{id}\"
name = \"Organisation {name}\"
name_ja = \"{japanese}\"
domains = [\"{name}.example\"]
incident_contact = \"abuse@{name}.example\"

[federation]
authority_url = \"{authority}\"
poll_seconds = 1
fresh_form = \"{fresh_form}\"
enforce = \"refuse\"

[keyserver]
unlock_file = \"unlock-keyserver\"
sign_for_users = true
gateway_logins = true

[keyserver.trace]
officers = {officers}

[ca]
unlock_file = \"unlock-ca\"
device_secret_aal = 2

[inspector]
workers = 2

[gateway]
host_name = \"ssmax.{name}.example\"
submission = \"{submission}\"
{logins}
dsn = true
inbound_lmtp = \"{filter}\"
submission_lmtp = \"{stated}\"
next_hop = \"smtp://{next_hop}\"

[gateway.volume]
recipients_per_hour = 1000000
recipients_per_day = 1000000

[gateway.lists]
\"team@{name}.example\" = {{ members = [\"bob@b.example\", \"adam@a.example\"], reply_to = \"list\" }}

[gateway.redirects]
\"former@{name}.example\" = \"adam@a.example\"

[gateway.system]
lmtp = \"{automatic}\"

[gateway.system.sources]
\"127.0.0.9\" = \"scanner@{name}.example\"
"
    )
}

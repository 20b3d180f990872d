//! A member whose roles are on four hosts: each has its own state, sockets and
//! configuration, and they meet over TLS only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod renewal;

use serde_json::Value;
use ssmax_api::Answer;
use ssmax_api::ca::KeyserverRequest;
use ssmax_api::keyserver::{CaRequest, GatewayRequest};
use ssmax_daemon::call::{CallError, Client};
use ssmax_daemon::endpoint::Remote;
use ssmax_daemon::ports::Ports;
use ssmax_support::site::{Said, Serving, Site, private_dir, ssmax_in};
use ssmax_transport::{Denied, Pace, Place, PortLimits, Servers, Transport};
use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const A: &str = "NTRJP-7000012050002";
const B: &str = "NTRJP-8000020130001";
const WAIT: Duration = Duration::from_secs(20);

/// Host, the role on it, and the last octet of its address.
const HOSTS: [(&str, &str, u8); 4] = [
    ("keys", "keyserver", 11),
    ("people", "ca", 12),
    ("look", "inspector", 13),
    ("gate", "gateway", 14),
];

/// A, spread over four hosts, and B on one.
struct Spread {
    site: Site,
    /// Where each role of A listens.
    listens: BTreeMap<&'static str, String>,
    a_inbound: u16,
    b_ports: (u16, u16),
    _ports: Ports,
}

impl Spread {
    /// Both members have joined; A's state was made in one place and carried to the hosts.
    fn new() -> Self {
        let site = Site::new();
        let mut ports = Ports::claim().unwrap();
        let mut free = |last: u8| {
            let host: IpAddr = Ipv4Addr::new(127, 0, 0, last).into();
            ports.free(host).unwrap()
        };
        let listens = HOSTS[..3].iter().map(|(_, role, last)| (*role, free(*last).to_string()));
        let listens: BTreeMap<_, _> = listens.collect();
        let (a_inbound, b_ports) = (free(1).port(), (free(1).port(), free(1).port()));
        let spread = Self { site, listens, a_inbound, b_ports, _ports: ports };
        spread.join();
        spread.carry();
        spread
    }

    fn join(&self) {
        let site = &self.site;
        site.join();
        let root = fs::read_to_string(site.path("a/state/federation/root.pem")).unwrap();
        let root = hex::encode(ssmax_pki::Certificate::from_pem(&root).unwrap().sha256());
        private_dir(&site.path("b"));
        let (submission, inbound) = self.b_ports;
        let mail = site.path("b/mail").display().to_string();
        let config = site
            .member_config()
            .replace(A, B)
            .replace("a.example", "b.example")
            .replace("Organisation A", "Organisation B")
            .replace("組織A", "組織B")
            .replace(
                &format!("127.0.0.1:{}", site.submission_port),
                &format!("127.0.0.1:{submission}"),
            )
            .replace("unlock-keyserver\"\n", "unlock-keyserver\"\nsign_for_users = true\n")
            .replace("unlock-ca\"\n", "unlock-ca\"\ndevice_secret_aal = 2\n");
        let (before, _) = config.split_once("next_hop").unwrap();
        let config = format!(
            "{before}inbound_smtp = \"127.0.0.1:{inbound}\"\nnext_hop = \"reject\"\n\n\
             [gateway.routes]\n\"b.example\" = \"maildir:{mail}/{{domain}}/{{local}}\"\n\
             \"a.example\" = \"smtp://127.0.0.1:{}\"\n",
            self.a_inbound
        );
        site.write("b/ssmax.toml", &config);
        let b = |arguments: &[&str]| {
            site.ssmax(&[arguments, &["--config", "b/ssmax.toml"]].concat()).ends(0)
        };
        b(&["org", "init", "--out", "application-b.json"]);
        site.authority(&["admit", "application-b.json", "--out", "admission-b.json"]).ends(0);
        b(&["org", "install", "admission-b.json", "--root-sha256", &root]);
    }

    /// Gives each host its role's state, and what is known of the federation.
    fn carry(&self) {
        let site = &self.site;
        for (host, role, _) in HOSTS {
            for dir in
                [host.to_owned(), format!("{host}/state"), format!("{host}/state/federation")]
            {
                private_dir(&site.path(&dir));
            }
            let state = site.path(&format!("a/state/{role}"));
            if state.exists() {
                fs::rename(state, site.path(&format!("{host}/state/{role}"))).unwrap();
            }
            for file in ["root.pem", "tls-ca.pem", "admission.json"] {
                let from = site.path(&format!("a/state/federation/{file}"));
                fs::copy(from, site.path(&format!("{host}/state/federation/{file}"))).unwrap();
            }
            site.write(&format!("{host}/ssmax.toml"), &self.config(host));
            site.write(&format!("{host}/denied"), "# nobody yet\n");
        }
        for (host, file) in [("keys", "unlock-keyserver"), ("people", "unlock-ca")] {
            fs::rename(site.path(&format!("a/{file}")), site.path(&format!("{host}/{file}")))
                .unwrap();
        }
        fs::remove_dir_all(site.path("a")).unwrap();
    }

    fn config(&self, host: &str) -> String {
        let (authority, submission) = (self.site.authority_port, self.site.submission_port);
        let listen = |role: &str| self.listens.get(role).unwrap();
        let section = match host {
            "keys" => format!(
                "[keyserver]\nunlock_file = \"unlock-keyserver\"\nsign_for_users = true\n\
                 listen = \"{}\"\n",
                listen("keyserver")
            ),
            "people" => {
                format!(
                    "[ca]\nunlock_file = \"unlock-ca\"\ndevice_secret_aal = 2\nlisten = \"{}\"\n",
                    listen("ca")
                )
            }
            "look" => format!("[inspector]\nlisten = \"{}\"\n", listen("inspector")),
            _ => {
                let mail = self.site.path("gate/mail").display().to_string();
                format!(
                    "[gateway]\nhost_name = \"gateway.a.example\"\n\
                     submission = \"127.0.0.1:{submission}\"\n\
                     inbound_smtp = \"127.0.0.1:{}\"\n\
                     allow_plaintext_auth = true\nnext_hop = \"reject\"\n\n[gateway.routes]\n\
                     \"a.example\" = \"maildir:{mail}/{{domain}}/{{local}}\"\n\
                     \"b.example\" = \"smtp://127.0.0.1:{}\"\n",
                    self.a_inbound, self.b_ports.1
                )
            }
        };
        format!(
            "state_dir = \"state\"\nrun_dir = \"run\"\n\n[organisation]\nid = \"{A}\"\n\
             name = \"Organisation A\"\nname_ja = \"組織A\"\ndomains = [\"a.example\"]\n\
             incident_contact = \"abuse@a.example\"\n\n\
             [federation]\nauthority_url = \"https://127.0.0.1:{authority}\"\npoll_seconds = 1\n\n\
             [transport]\nkeyserver = \"tls://{}\"\nca = \"tls://{}\"\n\
             inspector = [\"tls://127.0.0.99:1\", \"tls://{}\"]\ndenied_file = \"denied\"\n\n\
             {section}",
            listen("keyserver"),
            listen("ca"),
            listen("inspector")
        )
    }

    fn on(&self, host: &str, arguments: &[&str]) -> Said {
        let config = format!("{host}/ssmax.toml");
        self.site.ssmax(&[arguments, &["--config", &config]].concat())
    }

    /// Gets the certificate of one host, as an operator does.
    fn enrol(&self, host: &str, role: &str) {
        let (request, answer) = (format!("{host}.request"), format!("{host}.answer"));
        let line = ["org", "transport", "request", "--role", role, "--host", host, "--json"];
        let said = self.on(host, &[&line[..], &["--out", &request]].concat()).ends(0).json();
        let key = said["key_sha256"].as_str().unwrap();
        let line = ["org", "transport", "issue", &request, "--key-sha256", key, "--json"];
        let said = self.on("people", &[&line[..], &["--out", &answer]].concat()).ends(0).json();
        let ca = said["ca_sha256"].as_str().unwrap();
        self.on(host, &["org", "transport", "install", &answer, "--ca-sha256", ca]).ends(0);
    }

    /// What one host's role has for TLS, as the test itself uses it.
    fn transport(&self, host: &str) -> Transport {
        let servers = |role| Servers(vec![self.listens.get(role).unwrap().clone()]);
        Transport {
            member: A.to_owned(),
            state_dir: self.site.path(&format!("{host}/state")),
            keyserver: servers("keyserver"),
            ca: servers("ca"),
            inspector: servers("inspector"),
            denied: Denied::default(),
            limits: PortLimits::default(),
            pace: Pace::default(),
        }
    }

    /// A client with the certificate of `role` on `host`.
    fn client(&self, host: &str, role: &str, other: &str) -> Client {
        let transport = self.transport(host);
        let identity = Arc::new(transport.identity(role).unwrap());
        Client::new(Remote::new(identity, other, transport.servers(other).to_vec()))
    }

    fn serve(&self, host: &str, role: &str) -> Serving {
        let run = self.site.path(&format!("{host}/run/{role}.ready"));
        let _ = fs::remove_file(run);
        self.site.serve(host, &["--role", role], &[role])
    }

    fn people(&self) {
        for (host, user, domain) in [("people", "alice", "a"), ("b", "bob", "b")] {
            let address = format!("{user}@{domain}.example");
            let line = ["user", "add", user, "--name", user, "--address", &address];
            let more = ["--proof", "in-person", "--device-secret", "--server-key", "--json"];
            let said = self.on(host, &[&line[..], &more].concat()).ends(0).json();
            let secret = said["device_secret"].as_str().unwrap();
            let file = format!("{address}.secret");
            self.site.write(&file, secret);
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(self.site.path(&file), private).unwrap();
        }
    }

    fn send(&self, from: &str, to: &str, subject: &str, port: u16) -> Said {
        let mail = format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nHello.\r\n");
        self.site.write("mail.eml", &mail);
        let server = format!("127.0.0.1:{port}");
        let line = ["mail", "send", "mail.eml", "--server", &server, "--user", from];
        self.site.ssmax(&[&line[..], &["--password-file", &format!("{from}.secret")]].concat())
    }

    fn out(&self, subject: &str) -> Said {
        self.send("alice@a.example", "bob@b.example", subject, self.site.submission_port)
    }

    fn back(&self, subject: &str) -> Said {
        self.send("bob@b.example", "alice@a.example", subject, self.b_ports.0)
    }

    fn arrived(&self, host: &str, person: &str, domain: &str) -> usize {
        let maildir: PathBuf =
            self.site.path(&format!("{host}/mail/{domain}.example/{person}/new"));
        fs::read_dir(maildir).map_or(0, Iterator::count)
    }

    /// Waits for words in a host's log: who is refused hears of it before it is written.
    async fn logged(&self, host: &str, words: &str) {
        let start = std::time::Instant::now();
        while !self.site.log(host).contains(words) {
            assert!(start.elapsed() < WAIT, "{host}: no {words:?}\n{}", self.site.log(host));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn result_of(said: &Said, name: &str) -> Value {
    let facts = said.json();
    let checks = facts["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {name}: {said:#?}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_hosts_carry_mail_both_ways_and_believe_certificates_only() {
    let spread = Spread::new();
    let site = &spread.site;
    // Without a certificate no port is opened, and check says so.
    for (host, role, _) in HOSTS {
        let said = spread.on(host, &["serve", "--role", role]).ends(3);
        assert!(said.err.contains("no certificate for TLS"), "{}", said.err);
    }
    let said = spread.on("keys", &["check", "--json"]).ends(1);
    assert_eq!(result_of(&said, "keyserver.transport")["result"], "error");

    for (host, role, _) in HOSTS {
        spread.enrol(host, role);
    }
    let _authority = site.serve("authority", &[], &["authority"]);
    let _b = site.serve("b", &[], &["keyserver", "ca", "inspector", "gateway"]);
    let keys = spread.serve("keys", "keyserver");
    let _people = spread.serve("people", "ca");
    let _look = spread.serve("look", "inspector");
    let _gate = spread.serve("gate", "gateway");
    spread.people();

    // Until the roles have seen a member list, nobody's mail is judged.
    site.eventually(0, || spread.out("first"));
    site.eventually(0, || spread.back("second"));
    assert_eq!((spread.arrived("b", "bob", "b"), spread.arrived("gate", "alice", "a")), (1, 1));
    // The chain ran over TLS alone: nothing is at the sockets of these hosts but the role.
    for (host, role, _) in HOSTS {
        for socket in fs::read_dir(site.path(&format!("{host}/run"))).unwrap() {
            let name = socket.unwrap().file_name().into_string().unwrap();
            assert!(name.starts_with(role), "{host}: {name}");
        }
    }
    let said = spread.on("gate", &["check", "--json"]);
    for (name, result) in [
        ("gateway.transport", "ok"),
        ("gateway.transport.keyserver", "ok"),
        ("gateway.transport.ca", "ok"),
    ] {
        assert_eq!(result_of(&said, name)["result"], result, "{name}");
    }
    // The first inspector of the list is away, which stops nobody, and is told.
    assert_eq!(result_of(&said, "gateway.transport.inspector")["result"], "error");

    strangers(&spread).await;
    renewal::renewal(&spread).await;
    site.eventually(0, || spread.out("renewed"));

    keys.kill();
    let said = spread.out("away").ends(3);
    assert!(said.err.contains("451 4.3.0 SSMAX-9001"), "{}", said.err);
    let said = spread.on("gate", &["check", "--json"]).ends(1);
    assert_eq!(result_of(&said, "gateway.transport.keyserver")["result"], "error");
    let _keys = spread.serve("keys", "keyserver");
    site.eventually(0, || spread.out("again"));
    site.eventually(0, || spread.back("and back"));
    assert_eq!((spread.arrived("b", "bob", "b"), spread.arrived("gate", "alice", "a")), (3, 2));
}

/// A role gets the interface of its certificate, and nothing that stands on another.
async fn strangers(spread: &Spread) {
    let request = CaRequest::ListDelegations;
    let gateway = spread.client("gate", "gateway", "keyserver");
    let answer = gateway.call::<_, Answer>(&request, WAIT).await;
    assert_eq!(answer.unwrap_err(), CallError::Interrupted);
    let inspector = spread.client("look", "inspector", "keyserver");
    let answer = inspector.call::<_, Answer>(&GatewayRequest::HoldKey, WAIT).await;
    assert_eq!(answer.unwrap_err(), CallError::Interrupted);
    spread.logged("keys", "closed a connection without an answer").await;
    // The same question over the interface where it belongs.
    let answer = gateway.call::<_, Answer>(&GatewayRequest::HoldKey, WAIT).await;
    assert!(answer.unwrap().is_ok());
    let relay = KeyserverRequest::Relay {
        address: "mallory@x.example".to_owned(),
        name: "Mallory".to_owned(),
        rsa: false,
    };
    for (host, role) in [("gate", "gateway"), ("look", "inspector")] {
        let client = spread.client(host, role, "ca");
        let answer = client.call::<_, Answer>(&relay, WAIT).await;
        assert_eq!(answer.unwrap_err(), CallError::Interrupted, "{role}");
    }
    // The inspector answers gateways only.
    let ca = spread.client("people", "ca", "inspector");
    let answer = ca.call::<_, Answer>(&request, WAIT).await;
    assert_eq!(answer.unwrap_err(), CallError::Untrusted);
    spread.logged("look", "refused a connection").await;
}

#[test]
fn what_does_not_fit_is_neither_issued_nor_installed() {
    let site = Site::new();
    site.member("org", &["init", "--out", "application.json"]).ends(0);
    let org = |arguments: &[&str]| site.member("org", &[&["transport"], arguments].concat());
    let request = |role: &str, out: &str| {
        org(&["request", "--role", role, "--host", "h", "--out", out, "--json"])
    };
    assert!(request("authority", "x.json").ends(2).err.contains("no role authority"));
    let key =
        request("gateway", "g.json").ends(0).json()["key_sha256"].as_str().unwrap().to_owned();
    // Asked again, it is the same key.
    let again = request("gateway", "g2.json").ends(0).json();
    assert_eq!(again["key_sha256"], key.as_str());
    let other = request("inspector", "i.json").ends(0).json()["key_sha256"].clone();
    assert_ne!(other, key.as_str());

    let issue = |file: &str, key: &str, out: &str| {
        org(&["issue", file, "--key-sha256", key, "--out", out, "--json"])
    };
    let said = issue("i.json", &key, "no.json").ends(1);
    assert!(said.err.contains("for another key"), "{}", said.err);
    let foreign = fs::read_to_string(site.path("g.json")).unwrap().replace(A, B);
    site.write("foreign.json", &foreign);
    issue("foreign.json", &key, "no.json").ends(1);
    assert!(!site.path("no.json").exists());
    let ca = issue("g.json", &key, "answer.json").ends(0).json()["ca_sha256"]
        .as_str()
        .unwrap()
        .to_owned();

    let install = |file: &str, ca: &str| org(&["install", file, "--ca-sha256", ca]);
    let said = install("answer.json", &"0".repeat(64)).ends(1);
    assert!(said.err.contains("another transport CA"), "{}", said.err);
    install("answer.json", "no digits").ends(2);
    install("g.json", &ca).ends(2);
    let answer = fs::read_to_string(site.path("answer.json")).unwrap();
    site.write("swapped.json", &answer.replace("\"gateway\"", "\"inspector\""));
    let said = install("swapped.json", &ca).ends(1);
    assert!(said.err.contains("another role or another key"), "{}", said.err);
    assert!(!site.path("a/state/gateway/transport/gateway.pem").exists());
    install("answer.json", &ca).ends(0);
    // The answer to a request that is done is an answer to none.
    install("answer.json", &ca).ends(1);
    let said = org(&["status", "--json"]).ends(0).json();
    assert_eq!(said["here"][0]["role"], "gateway");
    assert_eq!(said["issued"].as_array().unwrap().len(), 1);
    let mode =
        fs::metadata(site.path("a/state/gateway/transport/gateway.pem")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    assert!(!site.path("a/state/gateway/transport/gateway.request.pem").exists());
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused() {
    let site = Site::new();
    for (section, words) in [
        ("[transport]\nkeyserver = \"keys:7701\"\n", "tls://HOST:PORT"),
        ("[transport]\nkeyserver = [\"tls://a:1\", \"tls://b:1\"]\n", "one server each"),
        ("[transport]\ndenied = [\"abc\"]\n", "abc"),
        ("[transport]\ngateway = \"tls://a:1\"\n", "gateway"),
        ("[transport]\ntransfer_octets_per_second = 0\n", "nonzero"),
    ] {
        site.write("a/ssmax.toml", &format!("{}\n{section}", site.member_config()));
        let said = ssmax_in(&site.path("a"), &["check"]).ends(2);
        assert!(said.err.contains(words), "{section}: {}", said.err);
    }
    let days = site.member_config().replace("unlock-ca\"", "unlock-ca\"\ntransport_days = 399");
    site.write("a/ssmax.toml", &days);
    let said = ssmax_in(&site.path("a"), &["check"]).ends(2);
    assert!(said.err.contains("from 1 to 398"), "{}", said.err);
    // What is wrong with an address is said.
    for (address, words) in [
        ("127.0.0.1:x", "the port is not a number"),
        ("127.0.0.1", "the port is missing"),
        ("127.0.0.1:0", "with port 0"),
        ("127.0.0.1:70000", "no port above 65535"),
        ("localhost:25", "not an IP address"),
    ] {
        let submission = format!("127.0.0.1:{}", site.submission_port);
        let config = site.member_config();
        let places = [
            config.replace(&submission, address),
            config.replace("[inspector]", &format!("[inspector]\nlisten = \"{address}\"")),
        ];
        for config in places {
            site.write("a/ssmax.toml", &config);
            let said = ssmax_in(&site.path("a"), &["check"]).ends(2);
            assert!(said.err.contains(words), "{address}: {}", said.err);
            assert!(said.err.contains(address) && said.err.contains("line "), "{}", said.err);
        }
    }
    let said = ssmax_in(&site.path("a"), &["--lang", "ja", "check"]).ends(2);
    assert!(said.err.contains("IPアドレスではありません"), "{}", said.err);
}

/// A certificate for this member's keyserver as another CA of this test makes it, installed
/// by hand.
fn put_certificate(site: &Site, role: &str, from_days: i64, days: i64) {
    use ssmax_pki::profile::{self, Basis, Organisation, Validity};
    use ssmax_pki::{issue, lint};
    use ssmax_token::{KeyAlgorithm, KeyPair as _};
    let key = || ssmax_primitives::SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let basis = |spki: &[u8], from: i64, days: i64| {
        let not_before = time::OffsetDateTime::now_utc() + time::Duration::days(from);
        let not_after = not_before + time::Duration::days(days) - time::Duration::MINUTE;
        let serial = issue::random_serial(&ssmax_primitives::SystemRandom);
        Basis::new(spki, serial, Validity { not_before, not_after })
    };
    let owner = Organisation { name: "Organisation A", identifier: A };
    let (ca_key, own) = (key(), key());
    let draft = profile::transport_ca(basis(ca_key.spki(), -400, 800), &owner, "CA");
    let ca = issue::self_signed(lint::lint(draft).unwrap(), &ca_key).unwrap();
    let name = ssmax_transport::role_name(role, A);
    let draft = profile::tls_role(basis(own.spki(), from_days, days), &owner, &name, "h");
    let certificate = issue::issue(lint::lint(draft).unwrap(), &ca, &ca_key).unwrap();
    let place = Place { dir: site.path("a/state/keyserver/transport") };
    ssmax_store::files::create_private_dir(&place.dir).unwrap();
    let pem = format!("{}{}", own.to_pem().as_str(), certificate.to_pem());
    ssmax_store::files::write_private(&place.role_file("keyserver"), pem.as_bytes()).unwrap();
    ssmax_store::files::write_private(&place.ca_file(), ca.to_pem().as_bytes()).unwrap();
}

#[test]
fn check_and_serve_tell_what_is_wrong_with_a_certificate() {
    let site = Site::new();
    site.join();
    let config = |address: &str| {
        let listen = format!("unlock-keyserver\"\nlisten = \"{address}\"");
        site.write("a/ssmax.toml", &site.member_config().replace("unlock-keyserver\"", &listen));
    };
    let check = || site.member("check", &["--json"]);
    let of = |said: &Said, name: &str| {
        let found = result_of(said, name);
        let text = |field: &str| found[field].as_str().unwrap().to_owned();
        (text("result"), text("what"))
    };
    let mut ports = Ports::claim().unwrap();
    let port = ports.free(Ipv4Addr::LOCALHOST.into()).unwrap().port();
    config(&format!("0.0.0.0:{port}"));
    for (role, from, days, result, words) in [
        ("keyserver", 0, 90, "ok", "has 89 days left"),
        ("keyserver", -76, 90, "warning", "ends in 13 days"),
        ("keyserver", -74, 90, "ok", "has 15 days left"),
        ("keyserver", -91, 90, "error", "has expired"),
        ("keyserver", 2, 90, "error", "accepted by nobody"),
        ("ca", 0, 90, "error", "not one of the role keyserver"),
    ] {
        put_certificate(&site, role, from, days);
        let said = check();
        let (found, what) = of(&said, "keyserver.transport");
        assert_eq!(found, result, "{role} {from} {days}: {what}");
        assert!(what.contains(words), "{what}");
        if result == "error" {
            let said = site.member("serve", &["--role", "keyserver"]).ends(3);
            assert!(said.err.contains(words), "{}", said.err);
        }
    }
    assert_eq!(of(&check(), "keyserver.listen.address").0, "warning");
    put_certificate(&site, "keyserver", 0, 90);
    assert_eq!(of(&check(), "keyserver.transport.renewal").0, "warning");
    config(&format!("127.0.0.1:{port}"));
    let said = check();
    let facts = said.json();
    let names = facts["checks"].as_array().unwrap().iter().map(|check| check["name"].clone());
    assert!(!names.collect::<Vec<_>>().contains(&"keyserver.listen.address".into()));
}

#[test]
fn the_bounds_of_a_port_are_those_of_the_configuration() {
    use std::io::Read as _;
    use std::net::TcpStream;
    let site = Site::new();
    site.join();
    let mut ports = Ports::claim().unwrap();
    let address = ports.free(Ipv4Addr::LOCALHOST.into()).unwrap();
    let listen = format!("unlock-keyserver\"\nlisten = \"{address}\"");
    let config = site.member_config().replace("unlock-keyserver\"", &listen);
    put_certificate(&site, "keyserver", 0, 90);
    let ended = |bounds: &str, dawdling: usize| {
        site.write("a/ssmax.toml", &format!("{config}\n[transport]\n{bounds}\n"));
        let serving = site.serve("a", &["--role", "keyserver"], &["keyserver"]);
        let mut streams: Vec<_> =
            (0..dawdling).map(|_| TcpStream::connect(address).unwrap()).collect();
        let start = std::time::Instant::now();
        streams[0].set_read_timeout(Some(WAIT)).unwrap();
        let gone = matches!(streams[0].read(&mut [0]), Ok(0));
        let took = start.elapsed();
        assert_eq!(serving.stop(), Some(0));
        assert!(gone, "{bounds}");
        took
    };
    let took = ended("handshake_seconds = 1", 1);
    assert!((Duration::from_millis(900)..Duration::from_secs(8)).contains(&took), "{took:?}");
    // The third ends the first, long before its time.
    let took = ended("handshake_seconds = 600\nmax_handshakes = 2", 3);
    assert!(took < WAIT, "{took:?}");
}

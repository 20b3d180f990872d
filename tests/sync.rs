//! People from a directory, as a real slapd gives them: its differences are applied, and a
//! reading that is not whole applies nothing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_api::Answer;
use ssmax_api::ca::{AccountKind, OfficerRequest, Registered};
use ssmax_daemon::ports::Ports;
use ssmax_support::site::{Said, Serving, Site};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BASE: &str = "dc=a,dc=example";
const ADMIN: &str = "cn=admin,dc=a,dc=example";
const READER: &str = "cn=reader,dc=a,dc=example";

/// What Active Directory has and slapd has not, under its own OIDs.
const WINDOWS: &str = "
attributetype ( 1.2.840.113556.1.4.35 NAME 'employeeID' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.210 NAME 'proxyAddresses' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.141 NAME 'department' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.1946 NAME 'msDS-PhoneticDisplayName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP inetOrgPerson STRUCTURAL MAY ( employeeID $ proxyAddresses $ userAccountControl $ objectCategory $ department $ msDS-PhoneticDisplayName ) )
";

/// A running slapd with a certificate for `localhost`.
struct Slapd {
    dir: PathBuf,
    process: Child,
    port: u16,
    tls_port: u16,
    _ports: Ports,
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

impl Slapd {
    fn start(site: &Site, people: &str) -> Self {
        let mut ports = Ports::claim().unwrap();
        let mut free = || ports.free(Ipv4Addr::LOCALHOST.into()).unwrap().port();
        let (port, tls_port) = (free(), free());
        let dir = site.path("ldap");
        fs::create_dir_all(dir.join("db")).unwrap();
        let at = |name: &str| dir.join(name).display().to_string();
        run(Command::new("openssl").args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-days",
            "30",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            &at("key.pem"),
            "-out",
            &at("cert.pem"),
        ]));
        let schemas: String = ["core", "cosine", "inetorgperson"]
            .iter()
            .map(|name| format!("include /etc/ldap/schema/{name}.schema\n"))
            .collect();
        let conf = format!(
            "{schemas}attributeoptions lang- phonetic\n{WINDOWS}\nmodulepath /usr/lib/ldap\n\
             moduleload back_mdb\npidfile {}\nTLSCertificateFile {}\nTLSCertificateKeyFile {}\n\
             database mdb\nsuffix {BASE}\nrootdn {ADMIN}\nrootpw secret\ndirectory {}\n\
             access to attrs=userPassword by anonymous auth\naccess to * by dn.exact={READER} read\n\
             limits dn.exact={READER} size.soft=10 size.hard=10 size.pr=10 size.prtotal=unlimited\n",
            at("pid"),
            at("cert.pem"),
            at("key.pem"),
            at("db"),
        );
        fs::write(dir.join("slapd.conf"), conf).unwrap();
        let ldif = format!(
            "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: a\no: A\n\n\
             dn: {READER}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: secret\n\n\
             dn: ou=people,{BASE}\nobjectClass: organizationalUnit\nou: people\n\n{people}"
        );
        fs::write(dir.join("people.ldif"), ldif).unwrap();
        run(Command::new("/usr/sbin/slapadd").args([
            "-f",
            &at("slapd.conf"),
            "-l",
            &at("people.ldif"),
        ]));
        let urls = format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/");
        let process = Command::new("/usr/sbin/slapd")
            .args(["-d", "0", "-f", &at("slapd.conf"), "-h", &urls])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", tls_port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(20), "slapd does not serve");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { dir, process, port, tls_port, _ports: ports }
    }

    fn change(&self, ldif: &str) {
        let mut child = Command::new("ldapmodify")
            .args(["-x", "-D", ADMIN, "-w", "secret", "-H"])
            .arg(format!("ldap://127.0.0.1:{}", self.port))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(ldif.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{ldif}");
    }

    fn delete(&self, users: &[usize]) {
        for user in users {
            self.change(&format!("dn: {}\nchangetype: delete\n", dn(*user)));
        }
    }

    /// `[sync]` with these lines beside what slapd asks for.
    fn told(&self, site: &Site, url: &str, more: &str) {
        let section = format!(
            "[sync]\nurl = \"{url}\"\ntls_ca = \"../ldap/cert.pem\"\nbind_dn = \"{READER}\"\n\
             password_file = \"ldap-password\"\nbase = \"ou=people,{BASE}\"\n{more}"
        );
        site.write("a/ssmax.toml", &(site.member_config() + "\n" + &section));
        let password = site.path("a/ldap-password");
        fs::write(&password, "secret\n").unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn start_tls(&self) -> String {
        format!("ldap://localhost:{}", self.port)
    }

    fn ldaps(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }
}

fn dn(user: usize) -> String {
    format!("uid=p{user},ou=people,{BASE}")
}

fn person(user: usize) -> String {
    format!(
        "dn: {}\nobjectClass: inetOrgPerson\nuid: p{user}\ncn: Hanako {user}\nsn: Yamada\n\
         employeeNumber: {}\ndisplayName: 山田 花子{user}\n\
         displayName;lang-ja;phonetic: ヤマダ ハナコ\nmail: p{user}@a.example\n\
         mail: alias{user}@a.example\nmail: p{user}@elsewhere.example\nou: 営業部\n\n",
        dn(user),
        1000 + user
    )
}

fn everybody(people: usize) -> String {
    (0..people).fold(String::new(), |mut text, user| {
        let _ = write!(text, "{}", person(user));
        text
    })
}

fn site() -> (Site, Serving) {
    let site = Site::new();
    site.join();
    let roles = ["keyserver", "ca"];
    let serving = site.serve("a", &["--no-restart", "--role", "keyserver", "--role", "ca"], &roles);
    (site, serving)
}

fn sync(site: &Site, more: &[&str]) -> Said {
    site.member("user", &[&["sync", "--lang", "en"], more].concat())
}

fn people(site: &Site) -> Vec<Registered> {
    let socket = ssmax_daemon::place::socket(&site.path("a/run"), "ca", "officer");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer: Answer = runtime
        .block_on(ssmax_daemon::call::call(
            &socket,
            &OfficerRequest::ListPeople,
            Duration::from_secs(60),
        ))
        .unwrap();
    let all: Vec<Registered> = ssmax_api::decode(answer).unwrap();
    all.into_iter().filter(|one| one.kind == AccountKind::Person).collect()
}

fn one(site: &Site, user: &str) -> Registered {
    people(site).into_iter().find(|one| one.person.user == user).unwrap()
}

fn active(site: &Site) -> usize {
    people(site).iter().filter(|one| one.active).count()
}

#[test]
fn differences_of_slapd_are_applied_and_a_part_of_it_is_not() {
    let (site, _serving) = site();
    let slapd = Slapd::start(&site, &everybody(25));

    // The server gives ten entries a page at most, as Active Directory gives 1,000.
    slapd.told(&site, &slapd.start_tls(), "");
    let said = sync(&site, &[]).ends(3);
    assert!(said.err.contains("a part of the entries only"), "{said:?}");
    assert_eq!(active(&site), 0);

    slapd.told(&site, &slapd.start_tls(), "[sync.limits]\npage_entries = 10\n");
    let said = sync(&site, &["--dry-run"]).ends(0);
    assert!(said.out.contains("Would join 25,"), "{said:?}");
    assert!(said.out.contains("join 1003 山田 花子3 <p3@a.example, alias3@a.example>"), "{said:?}");
    assert_eq!(active(&site), 0);
    let said = sync(&site, &["--json"]).ends(0).json();
    assert_eq!((said["joined"].as_u64(), said["certificates"].as_u64()), (Some(25), Some(50)));
    assert_eq!(said["addresses_elsewhere"], 25);
    let hanako = one(&site, "1003").person;
    assert_eq!(hanako.kana.as_deref(), Some("ヤマダ ハナコ"));
    assert_eq!(hanako.department.as_deref(), Some("営業部"));
    assert_eq!((hanako.source.as_str(), hanako.evidence.proof.as_str()), ("ldap", "hr-record"));
    let said = sync(&site, &["--json"]).ends(0).json();
    assert_eq!((said["unchanged"].as_u64(), said["certificates"].as_u64()), (Some(25), Some(0)));

    // Somebody marries, somebody leaves, somebody comes.
    slapd.change(&format!(
        "dn: {}\nchangetype: modify\nreplace: displayName\ndisplayName: 鈴木 花子\n",
        dn(3)
    ));
    slapd.delete(&[4]);
    let new = person(30).replacen('\n', "\nchangetype: add\n", 1);
    slapd.change(&new);
    let said = sync(&site, &["--json"]).ends(0).json();
    assert_eq!(
        (said["joined"].as_u64(), said["changed"].as_u64(), said["left"].as_u64()),
        (Some(1), Some(1), Some(1)),
        "{said}"
    );
    assert_eq!(one(&site, "1003").person.name, "鈴木 花子");
    assert!(!one(&site, "1004").active && one(&site, "1030").active);

    // An entry that has lost its number, or that another one has too, ends nobody's rights.
    slapd.change(&format!("dn: {}\nchangetype: modify\ndelete: employeeNumber\n", dn(5)));
    slapd.change(&format!(
        "dn: {}\nchangetype: modify\nreplace: employeeNumber\nemployeeNumber: 1007\n",
        dn(6)
    ));
    let said = sync(&site, &[]).ends(1);
    assert!(said.err.contains("p5,ou=people,dc=a,dc=example is left as it is"), "{said:?}");
    assert!(said.err.contains("another entry has the same number"), "{said:?}");
    assert!(said.out.contains("left 0"), "{said:?}");
    assert_eq!(active(&site), 25);

    // A branch was moved.
    slapd.delete(&[10, 11, 12, 13]);
    let said = sync(&site, &[]).ends(1);
    assert!(said.err.contains("4 people would leave, more than 5 % of the 25"), "{said:?}");
    assert_eq!(active(&site), 25);
    sync(&site, &["--allow-leave", "4"]).ends(1);
    assert_eq!(active(&site), 21);
}

#[test]
fn accounts_as_active_directory_has_them_join_and_leave_when_disabled() {
    let account = |user: usize| {
        format!(
            "dn: {}\nobjectClass: user\nobjectCategory: person\nuid: p{user}\ncn: Hanako\n\
             sn: 山田\ngivenName: 花子{user}\nemployeeID: {}\nuserAccountControl: 512\n\
             msDS-PhoneticDisplayName: ヤマダ ハナコ\nmail: p{user}@a.example\n\
             proxyAddresses: smtp:old{user}@a.example\nproxyAddresses: SMTP:new{user}@a.example\n\
             proxyAddresses: smtp:p{user}@a.onmicrosoft.example\n\
             proxyAddresses: x500:/o=A/cn=p{user}\ndepartment: 営業部\n\n",
            dn(user),
            1000 + user
        )
    };
    let service = format!(
        "dn: uid=backup,ou=people,{BASE}\nobjectClass: user\nobjectCategory: person\n\
         uid: backup\ncn: Backup\nsn: Backup\nuserAccountControl: 512\n\n"
    );
    let (site, _serving) = site();
    let all: String = (0..3).map(account).collect::<String>() + &service;
    let slapd = Slapd::start(&site, &all);
    let windows = "schema = \"active-directory\"\n[sync.limits]\npage_entries = 2\n";
    slapd.told(&site, &slapd.ldaps(), windows);
    let said = sync(&site, &["--json"]).ends(0).json();
    assert_eq!((said["joined"].as_u64(), said["without_number"].as_u64()), (Some(3), Some(1)));
    let hanako = one(&site, "1001").person;
    assert_eq!(hanako.name, "山田 花子1");
    assert_eq!(hanako.addresses, ["new1@a.example", "old1@a.example", "p1@a.example"]);

    let flags = |value: u32| {
        slapd.change(&format!(
            "dn: {}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: {value}\n",
            dn(1)
        ));
    };
    flags(514);
    let said = sync(&site, &["--json"]).ends(0).json();
    assert_eq!((said["left"].as_u64(), said["unchanged"].as_u64()), (Some(1), Some(2)), "{said}");
    assert!(!one(&site, "1001").active);
    sync(&site, &[]).ends(0);
    flags(512);
    let said = sync(&site, &[]).ends(1);
    assert!(said.err.contains("1001 is left out"), "{said:?}");
    sync(&site, &["--again"]).ends(0);
    assert!(one(&site, "1001").active);
}

#[test]
fn a_server_that_is_not_believed_or_says_no_changes_nothing() {
    let (site, _serving) = site();
    let slapd = Slapd::start(&site, &everybody(2));
    let says = |url: &str, more: &str, exit: i32, text: &str| {
        slapd.told(&site, url, more);
        let said = sync(&site, &[]).ends(exit);
        assert!(said.err.contains(text), "{url} {more}: {said:?}");
        assert_eq!(active(&site), 0);
    };
    let limited = |line: &str| format!("[sync.limits]\npage_entries = 10\n{line}\n");
    says(&slapd.ldaps(), &limited("max_entries = 1"), 3, "max_entries");
    says(&slapd.ldaps(), &limited("max_bytes = 100"), 3, "max_bytes");
    says(&slapd.ldaps(), &limited("max_answer_bytes = 100"), 3, "max_answer_bytes");
    says(&slapd.ldaps(), &limited("max_values = 2"), 3, "max_values");
    says(
        &slapd.ldaps(),
        "filter = \"(uid=nobody)\"\n[sync.limits]\npage_entries = 10\n",
        1,
        "No person",
    );
    // The certificate has another name than this.
    let by_number = format!("ldaps://127.0.0.1:{}", slapd.tls_port);
    says(&by_number, "", 3, "No TLS with");
    says(&format!("ldaps://localhost:{}", slapd.port), "", 3, "localhost");
    says(
        &format!("ldap://localhost:{}", slapd.tls_port),
        "answer_seconds = 2",
        2,
        "answer_seconds",
    );
    // A network address of this host is another host's as far as anybody on the way can tell.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let own = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    if let Some(own) = own.ok().map(|own| own.ip()).filter(|own| !own.is_loopback()) {
        let listener = std::net::TcpListener::bind((own, 0)).unwrap();
        let url = format!("ldap://{own}:{}", listener.local_addr().unwrap().port());
        says(&url, "plaintext = true\n", 2, "is on another host");
    }
    slapd.told(&site, &slapd.ldaps(), "");
    fs::write(site.path("a/ldap-password"), "wrong\n").unwrap();
    let said = sync(&site, &[]).ends(3);
    assert!(said.err.contains("does not know bind_dn or its password"), "{said:?}");
    assert!(!said.err.contains("wrong"), "{said:?}");

    // On this host alone TLS may be left out, where that is said.
    let plain = format!("ldap://127.0.0.1:{}", slapd.port);
    slapd.told(&site, &plain, &format!("plaintext = true\n{}", limited("")));
    sync(&site, &[]).ends(0);
    assert_eq!(active(&site), 2);
    assert!(slapd.dir.join("pid").exists());
}

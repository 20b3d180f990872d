//! A member whose roles run as users of their own, as a package sets them up.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_daemon::ports::Ports;
use ssmax_support::site::{Said, Serving, Site, ssmax_in};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

/// A role and the number of its user; nobody has to have a name.
const USERS: [(&str, u32); 5] = [
    ("ca", 61_001),
    ("gateway", 61_002),
    ("inspector", 61_003),
    ("keyserver", 61_004),
    ("watch", 61_005),
];
const GROUP: u32 = 61_000;

/// Only root can give roles to users.
fn may_skip() -> bool {
    if rustix::process::geteuid().is_root() {
        return false;
    }
    assert!(std::env::var_os("CI").is_none(), "this test needs root");
    println!("skipped: not root");
    true
}

fn open_to_all(site: &Site, names: &[&str]) {
    for name in names {
        fs::set_permissions(site.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// The folders of the roles, their config, and what their mail goes to.
fn site_with_users() -> Site {
    let site = Site::new();
    for dir in ["a/run", "a/state", "a/mail"] {
        fs::create_dir(site.path(dir)).unwrap();
    }
    open_to_all(&site, &["", "a", "a/run", "a/state"]);
    for (role, _) in USERS {
        folders(&site, "a", role);
    }
    chown(site.path("a/mail"), Some(user_of("gateway")), Some(GROUP)).unwrap();
    let config = site
        .member_config()
        .replace("unlock-keyserver\"\n", "unlock-keyserver\"\nsign_for_users = true\n")
        .replace("unlock-ca\"\n", "unlock-ca\"\ndevice_secret_aal = 2\n")
        // Nobody of this name is registered here.
        .replace("reviewers = [\"carol@a.example\"]\n", "")
        + "[watch]\nlisten = \"127.0.0.1:0\"\n";
    site.write("a/ssmax.toml", &config);
    site
}

/// The folders of a role on a host, as the package makes them.
fn folders(site: &Site, host: &str, role: &str) {
    for (dir, mode) in [("run", 0o2750), ("state", 0o700)] {
        folder(&site.path(&format!("{host}/{dir}/{role}")), mode, user_of(role));
    }
}

fn folder(dir: &std::path::Path, mode: u32, user: u32) {
    fs::create_dir(dir).unwrap();
    chown(dir, Some(user), Some(GROUP)).unwrap();
    fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
}

fn user_of(role: &str) -> u32 {
    USERS.iter().find(|(name, _)| *name == role).unwrap().1
}

/// Starts the member as root, and waits for the roles.
fn serve(site: &Site) -> Serving {
    serve_on(site, "a", &USERS.map(|(role, _)| role))
}

/// The same on one of several hosts.
fn serve_on(site: &Site, host: &str, roles: &[&str]) -> Serving {
    let serving = site.serve(host, &[], &[]);
    let since = Instant::now();
    for role in roles {
        while !site.path(&format!("{host}/run/{role}/ready")).exists() {
            assert!(since.elapsed() < Duration::from_secs(60), "{role}: {}", site.log(host));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    serving
}

/// The watch asks all roles, and the supervisor, which is root; root asks them too.
fn watched_by_its_user_and_by_root(site: &Site) {
    let said = site.eventually(0, || site.member("status", &["--json"])).json();
    assert_eq!(said["state"], "good", "{said}");
    let ready = fs::read_to_string(site.path("a/run/watch/ready")).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let mut stream = TcpStream::connect(ready["addresses"]["http"].as_str().unwrap()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    for role in ["ca", "gateway", "inspector", "keyserver", "watch", "supervisor"] {
        assert!(text.contains(&format!("ssmax_up{{role=\"{role}\"}} 1\n")), "{role}: {text}");
    }
    // Other roles do not watch each other.
    let socket = site.path("a/run/keyserver/watch.sock");
    assert_eq!(connects(&socket, user_of("watch")), "open");
    assert_eq!(connects(&socket, user_of("gateway")), "closed");
}

/// The user that a role says it runs as.
fn runs_as(site: &Site, host: &str, role: &str) -> u32 {
    let ready = fs::read_to_string(site.path(&format!("{host}/run/{role}/ready"))).unwrap();
    let pid = serde_json::from_str::<serde_json::Value>(&ready).unwrap()["pid"].as_u64().unwrap();
    fs::metadata(format!("/proc/{pid}")).unwrap().uid()
}

/// Registers a person of the member, and gives their device secret.
fn register(site: &Site, number: &str, name: &str) -> String {
    let address = format!("{name}@a.example");
    let person = ["add", number, "--name", name, "--address", &address];
    let proof = ["--proof", "in-person", "--device-secret", "--server-key", "--json"];
    let said = site.member("user", &[&person[..], &proof].concat()).ends(0);
    said.json()["device_secret"].as_str().unwrap().to_owned()
}

/// Alice's mail goes to Bob.
fn deliver(site: &Site, secret: &str) {
    site.write("secret", secret);
    fs::set_permissions(site.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    site.write(
        "mail.eml",
        "From: alice@a.example\nTo: bob@a.example\nMessage-ID: <1@a.example>\n\nHello.\n",
    );
    let server = format!("127.0.0.1:{}", site.submission_port);
    let sender = ["--user", "alice@a.example", "--password-file", "secret"];
    let send = [&["mail", "send", "mail.eml", "--server", &server][..], &sender].concat();
    site.eventually(0, || ssmax_in(&site.path(""), &send));
    assert_eq!(fs::read_dir(site.path("a/mail/a.example/bob/new")).unwrap().count(), 1);
}

#[test]
fn mail_passes_and_each_role_sees_its_own_state_only() {
    if may_skip() {
        return;
    }
    let site = site_with_users();
    site.join();
    for (role, user) in USERS.iter().filter(|(role, _)| ["ca", "keyserver"].contains(role)) {
        assert_eq!(fs::metadata(site.path(&format!("a/unlock-{role}"))).unwrap().uid(), *user);
    }
    let _authority = site.serve("authority", &[], &["authority"]);
    let member = serve(&site);
    for (role, user) in USERS {
        assert_eq!(runs_as(&site, "a", role), user, "{role}");
        let state = site.path(&format!("a/state/{role}"));
        no_file_of_another(&state, user);
    }

    let secret = register(&site, "1", "alice");
    register(&site, "2", "bob");
    deliver(&site, &secret);

    watched_by_its_user_and_by_root(&site);
    let told = site.member("journey", &["<1@a.example>", "--json"]).ends(0).json();
    // Until the list had come it was put off.
    let arrivals = told["arrivals"].as_array().unwrap();
    let last = arrivals.last().unwrap();
    assert!(last["key_operations"].as_array().unwrap().len() > 3, "{told}");

    // What root asks of the roles' state is done by their users.
    site.member("audit", &["verify"]).ends(0);
    site.member("org", &["rotate", "--out", "renewal.json"]).ends(0);
    let said = site.member("check", &["--json"]).ends(0);
    let facts = said.json();
    let names: Vec<_> =
        facts["checks"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    for name in ["keyserver.keys", "ca.keys", "gateway.state"] {
        assert!(names.iter().any(|one| *one == name), "{name}: {names:?}");
    }
    for (role, user) in USERS {
        no_file_of_another(&site.path(&format!("a/state/{role}")), user);
    }

    // The gateway's user, with the group of all roles, gets neither keys nor answers.
    let gateway = user_of("gateway");
    let keys = site.path("a/state/keyserver/keys");
    assert!(!as_user(gateway, Command::new("ls").arg(keys)));
    let ca_of_keyserver = site.path("a/run/keyserver/ca.sock");
    assert_eq!(connects(&ca_of_keyserver, gateway), "closed");
    assert!(site.log("a").contains("refused a connection of another user"), "{}", site.log("a"));
    assert_eq!(connects(&site.path("a/run/keyserver/gateway.sock"), gateway), "open");
    // Nor can it be found where another role is looked for.
    let squat = site.path("a/run/keyserver/other.sock");
    assert!(!as_user(gateway, Command::new("touch").arg(squat)));

    // Whoever lost a role's state has it back in that role's name.
    site.member("backup", &["--out", "backup"]).ends(0);
    member.stop();
    for (role, user) in USERS {
        let state = site.path(&format!("a/state/{role}"));
        fs::remove_dir_all(&state).unwrap();
        folder(&state, 0o700, user);
    }
    fs::remove_dir_all(site.path("a/state/federation")).unwrap();
    site.member("restore", &["backup"]).ends(0);
    for (role, user) in USERS {
        no_file_of_another(&site.path(&format!("a/state/{role}")), user);
    }
    let _member = serve(&site);
    let said = site.eventually(0, || site.member("status", &["--json"])).json();
    assert_eq!(said["state"], "good", "{said}");
    let people = site.member("user", &["list", "--json"]).ends(0);
    assert!(people.out.contains("alice@a.example"), "{people:?}");
}

/// The member's inspector on a host of its own, all others on the first, and each with its
/// user; everything is asked over TLS.
struct TwoHosts {
    site: Site,
    _ports: Ports,
}

impl TwoHosts {
    const ROLES: [(&'static str, &'static str); 4] =
        [("a", "keyserver"), ("a", "ca"), ("a", "gateway"), ("look", "inspector")];

    fn new() -> Self {
        let site = site_with_users();
        site.join();
        fs::remove_dir_all(site.path("a/state/inspector")).unwrap();
        fs::remove_dir_all(site.path("a/run/inspector")).unwrap();
        for dir in ["look", "look/run", "look/state", "look/state/federation"] {
            fs::create_dir(site.path(dir)).unwrap();
            open_to_all(&site, &[dir]);
        }
        folders(&site, "look", "inspector");
        for file in ["root.pem", "tls-ca.pem", "admission.json"] {
            let federation = |host: &str| site.path(&format!("{host}/state/federation/{file}"));
            fs::copy(federation("a"), federation("look")).unwrap();
        }
        let mut ports = Ports::claim().unwrap();
        let mut free = || ports.free(Ipv4Addr::LOCALHOST.into()).unwrap().to_string();
        let (keyserver, ca, inspector) = (free(), free(), free());
        let config = fs::read_to_string(site.path("a/ssmax.toml")).unwrap();
        let (organisation, _) = config.split_once("[keyserver]").unwrap();
        let others = format!(
            "[transport]\nkeyserver = \"tls://{keyserver}\"\nca = \"tls://{ca}\"\n\
             inspector = \"tls://{inspector}\"\n\n"
        );
        let look = format!("{organisation}{others}[inspector]\nlisten = \"{inspector}\"\n");
        site.write("look/ssmax.toml", &look);
        let listening = |section: &str, address: &str| {
            (format!("[{section}]\n"), format!("[{section}]\nlisten = \"{address}\"\n"))
        };
        let mut config = config.replace("[inspector]\n", &others);
        for (section, listens) in [listening("keyserver", &keyserver), listening("ca", &ca)] {
            config = config.replace(&section, &listens);
        }
        site.write("a/ssmax.toml", &config);
        Self { site, _ports: ports }
    }

    fn on(&self, host: &str, line: &[&str]) -> Said {
        let config = format!("{host}/ssmax.toml");
        self.site.ssmax(&[line, &["--config", &config]].concat())
    }

    /// Gets the certificate of one role, as root does.
    fn enrol(&self, host: &str, role: &str) {
        let transport = |host: &str, line: &[&str]| {
            self.on(host, &[&["org", "transport"], line, &["--json"]].concat()).ends(0).json()
        };
        let (request, answer) = (format!("{role}.request"), format!("{role}.answer"));
        let asked = ["request", "--role", role, "--host", host, "--out", &request];
        let key = transport(host, &asked)["key_sha256"].as_str().unwrap().to_owned();
        let issued = ["issue", &request, "--key-sha256", &key, "--out", &answer];
        let ca = transport("a", &issued)["ca_sha256"].as_str().unwrap().to_owned();
        let installed = transport(host, &["install", &answer, "--ca-sha256", &ca]);
        assert_eq!(installed["role"], role);
    }
}

#[test]
fn roles_of_two_hosts_with_users_of_their_own_meet_over_tls() {
    if may_skip() {
        return;
    }
    let hosts = TwoHosts::new();
    let site = &hosts.site;
    for (host, role) in TwoHosts::ROLES {
        hosts.enrol(host, role);
        let state = site.path(&format!("{host}/state/{role}"));
        no_file_of_another(&state, user_of(role));
        assert!(state.join(format!("transport/{role}.pem")).exists(), "{role}");
    }
    assert!(!site.path("a/state/transport").exists());
    let said = hosts.on("a", &["org", "transport", "status", "--json"]).ends(0).json();
    assert_eq!(said["here"].as_array().unwrap().len(), 3, "{said}");
    assert_eq!(said["issued"].as_array().unwrap().len(), 4, "{said}");

    let _authority = site.serve("authority", &[], &["authority"]);
    let _a = serve_on(site, "a", &["keyserver", "ca", "gateway"]);
    let _look = serve_on(site, "look", &["inspector"]);
    assert_eq!(runs_as(site, "look", "inspector"), user_of("inspector"));
    for (host, names) in [
        ("a", &["gateway.transport", "gateway.transport.inspector", "ca.transport.keyserver"][..]),
        ("look", &["inspector.transport", "inspector.transport.keyserver"]),
    ] {
        let facts = hosts.on(host, &["check", "--json"]).json();
        for name in names {
            let of = facts["checks"].as_array().unwrap().iter().find(|one| one["name"] == *name);
            assert_eq!(of.unwrap()["result"], "ok", "{name}: {facts}");
        }
    }
    let secret = register(site, "1", "alice");
    register(site, "2", "bob");
    deliver(site, &secret);
    // No other role of the host sees the key.
    let key = site.path("a/state/gateway/transport/gateway.pem");
    assert!(as_user(user_of("gateway"), Command::new("cat").arg(&key)));
    assert!(!as_user(user_of("ca"), Command::new("cat").arg(&key)));
}

#[test]
fn who_is_neither_root_nor_the_role_is_told() {
    if may_skip() {
        return;
    }
    let site = site_with_users();
    let init = |user: u32| {
        let output = Command::new(ssmax_support::executable())
            .args(["--lang", "en", "org", "init", "--config", "a/ssmax.toml", "--out", "-"])
            .current_dir(site.path(""))
            .uid(user)
            .gid(GROUP)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (exit, said) = init(61_005);
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("as root"), "{said}");
    let (exit, said) = init(user_of("keyserver"));
    assert_eq!(exit, Some(2), "{said}");
}

fn no_file_of_another(dir: &std::path::Path, user: u32) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // A file of SQLite may come and go.
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        assert_eq!(found.uid(), user, "{}", path.display());
        if found.is_dir() {
            no_file_of_another(&path, user);
        }
    }
}

fn as_user(user: u32, command: &mut Command) -> bool {
    command.uid(user).gid(GROUP).output().unwrap().status.success()
}

/// What a process of `user` finds at a socket: this test, run again by [`connect`].
fn connects(socket: &std::path::Path, user: u32) -> String {
    let output = Command::new("/proc/self/exe")
        .args(["connect", "--exact", "--nocapture"])
        .env("SSMAX_TEST_SOCKET", socket)
        .uid(user)
        .gid(GROUP)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let found = said.lines().find_map(|line| line.strip_prefix("found: "));
    found.unwrap_or_else(|| panic!("{said} {}", String::from_utf8_lossy(&output.stderr))).to_owned()
}

/// The half of [`connects`] that runs as another user; by itself it tests nothing.
#[test]
fn connect() {
    let Some(socket) = std::env::var_os("SSMAX_TEST_SOCKET") else { return };
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    // Less than a frame: nobody answers it, and who is not served is cut off.
    let _ = stream.write_all(&[0]);
    let closed = match stream.read(&mut [0]) {
        Ok(octets) => octets == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    println!("found: {}", if closed { "closed" } else { "open" });
}

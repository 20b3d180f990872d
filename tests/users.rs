//! A member whose roles run as users of their own, as a package sets them up.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_support::site::{Serving, Site, ssmax_in};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
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
    for (role, user) in USERS {
        for (dir, mode) in [("run", 0o2750), ("state", 0o700)] {
            let dir = site.path(&format!("a/{dir}/{role}"));
            fs::create_dir(&dir).unwrap();
            chown(&dir, Some(user), Some(GROUP)).unwrap();
            fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
    chown(site.path("a/mail"), Some(user_of("gateway")), Some(GROUP)).unwrap();
    let config = site
        .member_config()
        .replace("unlock-keyserver\"\n", "unlock-keyserver\"\nsign_for_users = true\n")
        .replace("unlock-ca\"\n", "unlock-ca\"\ndevice_secret_aal = 2\n")
        + "[watch]\nlisten = \"127.0.0.1:0\"\n";
    site.write("a/ssmax.toml", &config);
    site
}

fn user_of(role: &str) -> u32 {
    USERS.iter().find(|(name, _)| *name == role).unwrap().1
}

/// Starts the member as root, and waits for the roles.
fn serve(site: &Site) -> Serving {
    let serving = site.serve("a", &[], &[]);
    let since = Instant::now();
    for (role, _) in USERS {
        while !site.path(&format!("a/run/{role}/ready")).exists() {
            assert!(since.elapsed() < Duration::from_secs(60), "{role}: {}", site.log("a"));
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
fn runs_as(site: &Site, role: &str) -> u32 {
    let ready = fs::read_to_string(site.path(&format!("a/run/{role}/ready"))).unwrap();
    let pid = serde_json::from_str::<serde_json::Value>(&ready).unwrap()["pid"].as_u64().unwrap();
    fs::metadata(format!("/proc/{pid}")).unwrap().uid()
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
    let _member = serve(&site);
    for (role, user) in USERS {
        assert_eq!(runs_as(&site, role), user, "{role}");
        let state = site.path(&format!("a/state/{role}"));
        no_file_of_another(&state, user);
    }

    let add = |number: &str, name: &str| {
        let address = format!("{name}@a.example");
        let person = ["add", number, "--name", name, "--address", &address];
        let proof = ["--proof", "in-person", "--device-secret", "--server-key", "--json"];
        let said = site.member("user", &[&person[..], &proof].concat()).ends(0);
        said.json()["device_secret"].as_str().unwrap().to_owned()
    };
    let secret = add("1", "alice");
    add("2", "bob");
    site.write("secret", &secret);
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

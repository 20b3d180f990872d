//! The state of a member is lost, and comes back from a backup that was taken while it
//! served: what was encrypted before can be read, and mail goes on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_support::site::{Said, Serving, Site};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

fn member() -> (Site, Serving, Serving) {
    let site = Site::new();
    let config = site
        .member_config()
        .replace("unlock-keyserver\"\n", "unlock-keyserver\"\nsign_for_users = true\n")
        .replace("unlock-ca\"\n", "unlock-ca\"\ndevice_secret_aal = 2\n");
    site.write("a/ssmax.toml", &config);
    site.join();
    let authority = site.serve("authority", &[], &["authority"]);
    let serving = site.serve("a", &[], &ROLES);
    (site, authority, serving)
}

fn send(site: &Site, secret: &str, subject: &str) -> Said {
    let mail = format!(
        "From: alice@a.example\r\nTo: carol@a.example\r\nSubject: {subject}\r\n\
         Message-ID: <{subject}@a.example>\r\nContent-Type: text/plain\r\n\r\nThe old text.\r\n"
    );
    site.write("mail.eml", &mail);
    site.write("secret", secret);
    fs::set_permissions(site.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let server = format!("127.0.0.1:{}", site.submission_port);
    site.ssmax(&[
        "mail",
        "send",
        "mail.eml",
        "--server",
        &server,
        "--user",
        "alice",
        "--password-file",
        "secret",
    ])
}

fn delivered(site: &Site, subject: &str) -> Option<Vec<u8>> {
    let inbox = fs::read_dir(site.path("a/mail/a.example/carol/new")).ok()?;
    let mut mails = inbox.map(|entry| fs::read(entry.unwrap().path()).unwrap());
    mails.find(|octets| String::from_utf8_lossy(octets).contains(&format!("<{subject}@")))
}

fn opened(site: &Site, mail: &[u8], keys: &str) -> String {
    fs::write(site.path("arrived.eml"), mail).unwrap();
    let _ = fs::remove_file(site.path("opened.txt"));
    let key = format!("{keys}/encryption-key.pem");
    site.ssmax(&["decrypt", "arrived.eml", "--key", &key, "--out", "opened.txt"]).ends(0);
    fs::read_to_string(site.path("opened.txt")).unwrap()
}

#[test]
fn a_member_that_lost_everything_comes_back() {
    let (site, _authority, serving) = member();
    let enrolled = site.member(
        "user",
        &[
            "add",
            "alice",
            "--name",
            "Alice",
            "--address",
            "alice@a.example",
            "--proof",
            "in-person",
            "--device-secret",
            "--server-key",
            "--out",
            "alice",
            "--json",
        ],
    );
    let secret = enrolled.ends(0).json()["device_secret"].as_str().unwrap().to_owned();
    site.member(
        "user",
        &[
            "add",
            "carol",
            "--name",
            "Carol",
            "--address",
            "carol@a.example",
            "--proof",
            "in-person",
            "--out",
            "carol",
        ],
    )
    .ends(0);
    site.eventually(0, || send(&site, &secret, "before"));
    let before = delivered(&site, "before").unwrap();

    // While everything serves.
    let said = site.member("backup", &["--out", "backup", "--json"]).ends(0).json();
    let names: Vec<&str> = said["archives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|archive| archive["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["keyserver", "ca", "gateway", "federation"]);
    assert_eq!(fs::metadata(site.path("backup")).unwrap().mode() & 0o777, 0o700);
    let mode = fs::metadata(site.path("backup/keyserver.tar")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    no_unlock_secret_is_in(&site);
    site.member("backup", &["--out", "backup"]).ends(2);

    refused_while_it_serves(&site);
    serving.stop();
    refused_over_what_is_there(&site);
    a_changed_archive_is_refused_before_anything_is_done(&site);

    fs::rename(site.path("a/state"), site.path("a/lost")).unwrap();
    site.member("restore", &["backup"]).ends(0);
    let _serving = site.serve("a", &[], &ROLES);
    let check = site.member("audit", &["verify"]);
    assert!(check.out.contains("fit") || check.exit == 0, "{check:?}");
    // The key that the restored key server gives opens what came before the loss.
    site.member("user", &["export", "carol@a.example", "--out", "again"]).ends(0);
    assert!(opened(&site, &before, "again").contains("The old text."));
    // And mail goes on.
    site.eventually(0, || send(&site, &secret, "after"));
    let after = delivered(&site, "after").unwrap();
    assert!(opened(&site, &after, "again").contains("The old text."));
    // What was sent before is known, and not delivered again.
    let known = fs::read_dir(site.path("a/mail/a.example/carol/new")).unwrap().count();
    assert_eq!(known, 2);
}

fn no_unlock_secret_is_in(site: &Site) {
    let secret = fs::read(site.path("a/unlock-keyserver")).unwrap();
    let secret = secret.trim_ascii();
    for archive in ["keyserver", "ca", "gateway", "federation"] {
        let octets = fs::read(site.path(&format!("backup/{archive}.tar"))).unwrap();
        assert!(!octets.windows(secret.len()).any(|window| window == secret), "{archive}");
    }
}

fn refused_while_it_serves(site: &Site) {
    let said = site.member("restore", &["backup"]).ends(2);
    assert!(said.err.contains("The role keyserver is running"), "{}", said.err);
}

fn refused_over_what_is_there(site: &Site) {
    let said = site.member("restore", &["backup"]).ends(2);
    assert!(said.err.contains("is not empty, and nothing is overwritten"), "{}", said.err);
    let said = site.member("restore", &["a"]).ends(2);
    assert!(said.err.contains("There is no archive in a for a role"), "{}", said.err);
}

fn a_changed_archive_is_refused_before_anything_is_done(site: &Site) {
    fs::create_dir(site.path("changed")).unwrap();
    let mut octets = fs::read(site.path("backup/ca.tar")).unwrap();
    octets[1000] ^= 1;
    fs::write(site.path("changed/ca.tar"), octets).unwrap();
    let keep = site.path("a/state-kept");
    fs::rename(site.path("a/state"), &keep).unwrap();
    site.member("restore", &["changed"]).ends(1);
    assert!(!site.path("a/state/ca").exists());
    if site.path("a/state").exists() {
        fs::remove_dir(site.path("a/state")).unwrap();
    }
    fs::rename(Path::new(&keep), site.path("a/state")).unwrap();
}

//! The directory for mailers as an administrator meets it: checked, served, deployed.

use crate::{ROLES, result_of};
use ssmax_daemon::ports::Ports;
use ssmax_support::site::Site;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// A certificate and its key in the member's folder.
fn certificate(site: &Site) {
    let line = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj /CN=directory -keyout directory.key.pem -out directory.pem";
    let made = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(site.path("a"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn check_says_what_would_keep_mailers_from_an_answer_or_let_too_many_have_one() {
    let site = Site::new();
    certificate(&site);
    let key = site.path("a/directory.key.pem");
    let mut ports = Ports::claim().unwrap();
    let free = ports.free(Ipv4Addr::LOCALHOST.into()).unwrap();
    let open = format!("0.0.0.0:{}", ports.free(Ipv4Addr::UNSPECIFIED.into()).unwrap().port());
    let check = |section: &str| {
        site.write("a/ssmax.toml", &format!("{}\n[directory]\n{section}\n", site.member_config()));
        site.member("check", &["--json"])
    };
    let has = |said: &_, name: &str| {
        let facts = ssmax_support::site::Said::json(said);
        facts["checks"].as_array().unwrap().iter().any(|check| check["name"] == name)
    };
    let tls = "tls_certificate = 'directory.pem'\ntls_key = 'directory.key.pem'";
    let inside = "networks = ['10.0.0.0/8']";

    let bare = check("");
    assert_eq!(result_of(&bare, "directory.listen"), "error");
    assert_eq!(result_of(&bare, "directory.allow_plaintext"), "error");
    assert_eq!(result_of(&bare, "directory.networks"), "warning");
    site.member("serve", &["--role", "directory"]).ends(2);

    let without = check(&format!("ldaps = '{free}'\n{inside}"));
    assert_eq!(result_of(&without, "directory.ldaps"), "ok");
    assert_eq!(result_of(&without, "directory.tls_certificate"), "error");
    let half = check(&format!("ldap = '{free}'\ntls_certificate = 'directory.pem'\n{inside}"));
    assert_eq!(result_of(&half, "directory.tls_certificate"), "error");

    // A key that others can read is none.
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let readable = check(&format!("ldaps = '{free}'\n{tls}\n{inside}"));
    assert_eq!(result_of(&readable, "directory.tls_certificate"), "error");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let good = check(&format!("ldaps = '{free}'\n{tls}\n{inside}"));
    assert_eq!(result_of(&good, "directory.tls_certificate"), "ok");
    assert!(!has(&good, "directory.networks") && !has(&good, "directory.allow_plaintext"));

    let everybody = check(&format!("ldaps = '{free}'\n{tls}\nnetworks = ['0.0.0.0/0']"));
    assert_eq!(result_of(&everybody, "directory.networks"), "warning");
    let plain = format!("allow_plaintext = true\n{inside}");
    let loopback = check(&format!("ldap = '{free}'\n{plain}"));
    assert!(!has(&loopback, "directory.allow_plaintext"));
    let beyond = check(&format!("ldap = '{open}'\n{plain}"));
    assert_eq!(result_of(&beyond, "directory.allow_plaintext"), "warning");
}

#[test]
fn it_serves_beside_the_others_and_mailers_are_told_of_it_by_files() {
    let site = Site::new();
    site.join();
    certificate(&site);
    let mut ports = Ports::claim().unwrap();
    let address = ports.free(Ipv4Addr::LOCALHOST.into()).unwrap();
    let section =
        format!("\n[directory]\nldap = '{address}'\nallow_plaintext = true\nbase = 'o=A'\n");
    site.write("a/ssmax.toml", &(site.member_config() + &section));
    let roles = [&ROLES[..], &["directory"]].concat();
    let serving = site.serve("a", &["--no-restart"], &roles);
    let said = site.member("status", &[]);
    assert!(said.out.contains("directory for mailers: ready"), "{}", said.out);
    assert_eq!(result_of(&site.member("check", &["--json"]), "directory.ldap"), "ok");
    assert_eq!(serving.stop(), Some(0));

    let setup =
        |more: &[&str]| site.member("setup", &[&["mailers", "--out", "mailers"], more].concat());
    let said = setup(&["--server", "ldaps://directory.a.example"]).ends(2);
    assert!(said.err.contains("is no host"), "{}", said.err);
    let said = setup(&["--server", "directory.a.example", "--anchor", "a/ssmax.toml"]).ends(2);
    assert!(said.err.contains("There is no certificate"), "{}", said.err);
    assert!(!site.path("mailers").exists());
    let said = setup(&["--server", "directory.a.example", "--anchor", "a/directory.pem"]).ends(0);
    assert!(said.out.contains("  distribution/policies.json\n"), "{}", said.out);
    let read = |name: &str| fs::read_to_string(site.path("mailers").join(name)).unwrap();
    let policies: serde_json::Value =
        serde_json::from_str(&read("distribution/policies.json")).unwrap();
    let installed = &policies["policies"]["Certificates"]["Install"];
    for (name, subject) in [
        ("seal-ca.pem", "Seal CA"),
        ("member-ca.pem", "Organisation A"),
        ("directory-ca-1.pem", "directory"),
    ] {
        assert!(installed.as_array().unwrap().iter().any(|one| one == name), "{policies}");
        let pem = read(&format!("distribution/certificates/{name}"));
        let certificate = ssmax_pki::Certificate::from_pem(&pem).unwrap();
        assert!(certificate.subject_text().contains(subject), "{}", certificate.subject_text());
    }
    let defaults = read("defaults/pref/organisation.js");
    let uri = "ldaps://directory.a.example:636/o=A??sub?(objectclass=*)";
    assert!(defaults.contains(uri), "{defaults}");
    // Others than who wrote them read them.
    let mode = fs::metadata(site.path("mailers/distribution/policies.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o644);
}

//! A member with its roles as processes: joining, checking, people.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod directory;
mod people;
mod revocation;

use ssmax_support::site::{Said, Site};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

/// The result of one check by its name.
fn result_of(said: &Said, name: &str) -> String {
    let facts = said.json();
    let checks = facts["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no check {name}: {said:#?}"));
    found["result"].as_str().unwrap().to_owned()
}

#[test]
fn before_anything_is_made_check_says_what_to_do() {
    let site = Site::new();
    let said = site.member("check", &["--json"]).ends(1);
    assert_eq!(said.json()["verdict"], "bad");
    assert_eq!(result_of(&said, "organisation"), "ok");
    assert_eq!(result_of(&said, "keyserver.unlock"), "error");
    assert_eq!(result_of(&said, "federation.admission"), "error");
    let said = site.member("check", &[]).ends(1);
    assert!(said.out.contains("make them: ssmax org init"), "{}", said.out);
}

#[test]
fn a_gateway_without_an_inspector_is_told_what_to_do() {
    let site = Site::new();
    let named = |config: &str| {
        site.write("a/ssmax.toml", config);
        site.member("check", &[]).out.contains("[error] inspector: The gateway has no inspector")
    };
    let without = site.member_config().replace("[inspector]\n", "");
    let elsewhere = "[transport]\ninspector = \"tls://look.a.example:7703\"\n";
    for kind in ["", "kind = \"esp\"\n"] {
        let of_kind =
            |config: &str| config.replace("[organisation]\n", &format!("[organisation]\n{kind}"));
        assert!(named(&of_kind(&without)), "{kind}");
        assert!(!named(&of_kind(&site.member_config())), "{kind}");
        assert!(!named(&of_kind(&format!("{without}{elsewhere}"))), "{kind}");
    }
}

#[test]
fn a_lost_unlock_file_is_told_and_never_replaced() {
    let site = Site::new();
    site.member("org", &["init"]).ends(0);
    fs::rename(site.path("a/unlock-ca"), site.path("a/elsewhere")).unwrap();
    let said = site.member("check", &[]).ends(1);
    assert!(said.out.contains("unlock-ca"), "{}", said.out);
    assert!(
        said.out.contains("Bring the file back") && !said.out.contains("make them"),
        "{}",
        said.out
    );
    site.member("org", &["init", "--out", "again.json"]).ends(3);
    assert!(!site.path("a/unlock-ca").exists());
    fs::rename(site.path("a/elsewhere"), site.path("a/unlock-ca")).unwrap();
    site.member("org", &["init", "--out", "again.json"]).ends(0);
}

#[test]
fn new_keys_are_certified_beside_the_old_ones_and_told_by_status() {
    let site = Site::new();
    let root = site.found();
    let _authority = site.serve("authority", &[], &["authority"]);
    site.member("org", &["rotate", "--out", "early.json"]).ends(3);
    site.member("org", &["init", "--out", "application.json"]).ends(0);
    site.authority(&["admit", "application.json", "--out", "admission.json"]).ends(0);
    site.member("org", &["install", "admission.json", "--root-sha256", &root]).ends(0);

    let said = site.member("org", &["rotate", "--out", "renewal.json", "--json"]).ends(0);
    assert_eq!(said.json()["keys_made"].as_array().unwrap().len(), 7);
    // Keys that wait to be certified are not replaced, and the file not overwritten.
    site.member("org", &["rotate", "--out", "renewal.json"]).ends(2);
    let said = site.member("org", &["rotate", "--out", "again.json", "--json"]).ends(0);
    assert_eq!(said.json()["keys_made"].as_array().unwrap().len(), 0);

    let keys_that_are = |state: &str| {
        let facts = site.member("org", &["status", "--json"]).json();
        let keys = facts["keys"].as_array().unwrap().iter().filter(|key| key["state"] == state);
        keys.map(|key| key["purpose"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let certified = ["organisation-signing", "federation-encryption"];
    assert_eq!(keys_that_are("waiting"), certified);
    assert!(
        certified.iter().all(|purpose| keys_that_are("current").iter().any(|key| key == purpose))
    );
    let said = site.member("org", &["status"]);
    assert!(said.out.contains("waits for the management organisation"), "{}", said.out);
    assert_eq!(result_of(&site.member("check", &["--json"]), "keyserver.renewal"), "warning");

    let renewal = fs::read_to_string(site.path("renewal.json")).unwrap();
    site.write("forged.json", &renewal.replacen("\"at\": ", "\"at\": 1", 1));
    let said = site.authority(&["renew", "forged.json", "--out", "forged-answer.json"]).ends(1);
    assert!(said.err.contains("is not believed"), "{}", said.err);
    let said = site.authority(&["renew", "renewal.json", "--out", "answer.json"]).ends(0);
    assert!(said.out.contains("(version 3 of the member list)"), "{}", said.out);
    // An answer that got lost is given again, also to what the member signed anew.
    for renewal in ["renewal.json", "again.json"] {
        let said = site.authority(&["renew", renewal, "--out", "twice.json"]).ends(0);
        assert!(said.out.contains("asked for before"), "{}", said.out);
        assert_eq!(
            fs::read(site.path("twice.json")).unwrap(),
            fs::read(site.path("answer.json")).unwrap()
        );
        fs::remove_file(site.path("twice.json")).unwrap();
    }
    let said = site.authority(&["admit", "application.json"]).ends(0);
    assert_eq!(said.out, fs::read_to_string(site.path("admission.json")).unwrap());
    let entry = site.authority(&["members", "--json"]).ends(0).json();
    assert_eq!(entry["members"][0]["certificates"].as_array().unwrap().len(), 5);

    site.member("org", &["install", "answer.json", "--root-sha256", &root]).ends(0);
    assert_eq!(keys_that_are("waiting"), Vec::<String>::new());
    let said = site.member("check", &[]);
    assert!(!said.out.contains("keyserver.renewal"), "{}", said.out);
    // What was answered before knows nothing of these keys.
    let said = site.member("org", &["install", "admission.json", "--root-sha256", &root]).ends(1);
    assert!(said.err.contains("one of version 3 is installed"), "{}", said.err);
    let said = site.member("org", &["status", "--json"]);
    let facts = said.json();
    let keys = facts["keys"].as_array().unwrap();
    let count = |purpose: &str, current: bool| {
        keys.iter().filter(|key| key["purpose"] == purpose && key["current"] == current).count()
    };
    for purpose in
        ["organisation-signing", "federation-encryption", "submission-encryption", "seal"]
    {
        assert_eq!((count(purpose, true), count(purpose, false)), (1, 1), "{purpose}");
    }
    assert_eq!((count("archive", true), count("archive", false)), (2, 2));
    assert_eq!((count("member-ca", true), count("member-ca", false)), (1, 0));
    assert!(keys.iter().all(|key| key["age_days"] == 0 && key["home"] == "file"));
    let said = site.member("org", &["status"]);
    assert!(said.out.contains("kept for old mail, age in days: 0 (in a file)"), "{}", said.out);
    let said = site.member("org", &["status", "--lang", "ja"]);
    assert!(said.out.contains("組織間の暗号化の鍵"), "{}", said.out);
    assert!(!said.out.contains("federation-encryption"), "{}", said.out);
    let said = site.member("org", &["install", "answer.json", "--root-sha256", &root]).ends(0);
    assert!(said.out.contains("Start it: ssmax serve"), "{}", said.out);
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let said = site.member("org", &["install", "answer.json", "--root-sha256", &root]).ends(0);
    assert!(said.out.contains("without a restart") && !said.out.contains("Start it"), "{said:?}");
    assert_eq!(serving.stop(), Some(0));
    // And once more, now that the first renewal is installed.
    let said = site.member("org", &["rotate", "--out", "next.json", "--json"]).ends(0);
    assert_eq!(said.json()["keys_made"].as_array().unwrap().len(), 7);
    site.authority(&["renew", "next.json", "--out", "next-answer.json"]).ends(0);
}

#[test]
fn a_role_of_a_member_that_is_not_admitted_does_not_start() {
    let site = Site::new();
    site.member("org", &["init"]).ends(0);
    let said = site.member("serve", &["--role", "keyserver"]).ends(3);
    assert!(said.err.contains("does not belong to the federation yet"), "{}", said.err);
    let said = site.member("org", &["status"]).ends(3);
    assert!(said.err.contains("does not belong to the federation yet"), "{}", said.err);
}

#[test]
fn check_finds_what_is_wrong_on_this_computer() {
    let site = Site::new();
    site.join();
    let taken = std::net::TcpListener::bind(("127.0.0.1", site.submission_port)).unwrap();
    let long = "x".repeat(90);
    let config = site
        .member_config()
        .replace("run_dir = \"run\"", &format!("run_dir = \"{long}\""))
        .replace("id = \"NTRJP-7000012050002\"", "id = \"NTRJP-7000012050003\"")
        .replace("unlock_file = \"unlock-ca\"", "unlock_file = \"state/unlock-ca\"");
    fs::rename(site.path("a/unlock-ca"), site.path("a/state/unlock-ca")).unwrap();
    fs::set_permissions(site.path("a/unlock-keyserver"), fs::Permissions::from_mode(0o644))
        .unwrap();
    site.write("a/ssmax.toml", &config);
    let said = site.member("check", &["--json"]).ends(1);
    for (name, result) in [
        ("organisation", "error"),
        ("run_dir.sockets", "error"),
        ("keyserver.unlock", "error"),
        ("ca.unlock", "warning"),
        ("ca.keys", "ok"),
        ("gateway.submission", "error"),
        ("gateway.next_hop", "ok"),
        ("federation.admission", "ok"),
        ("federation.authority_url", "error"),
    ] {
        assert_eq!(result_of(&said, name), result, "{name}: {said:#?}");
    }
    drop(taken);
}

#[test]
fn a_milter_that_comes_later_gets_a_key_and_check_looks_at_its_socket() {
    let site = Site::new();
    let root = site.found();
    site.member("org", &["init", "--out", "application.json"]).ends(0);
    site.authority(&["admit", "application.json", "--out", "admission.json"]).ends(0);
    let install = || site.member("org", &["install", "admission.json", "--root-sha256", &root]);
    install().ends(0);
    let key = site.path("a/state/submission/statement.pem");
    assert!(!key.exists());

    let with = |milter: &str, name: &str| {
        let section = format!("\n[submission]\nmilter = \"{milter}\"\npeers = []\n");
        site.write("a/ssmax.toml", &format!("{}{section}", site.member_config()));
        let said = site.member("check", &["--json"]);
        result_of(&said, name)
    };
    let mut ports = ssmax_daemon::ports::Ports::claim().unwrap();
    let inet = format!("inet:{}", ports.free(std::net::Ipv4Addr::LOCALHOST.into()).unwrap());
    assert_eq!(with(&inet, "submission.milter"), "ok");
    assert_eq!(with(&inet, "submission.peers"), "warning");
    // Without a key nothing is said of logins, and nobody would believe it.
    assert_eq!(with(&inet, "submission.key"), "error");
    let said = site.member("check", &[]);
    assert!(said.out.contains("Make it: ssmax org init"), "{}", said.out);
    let said = site.member("serve", &["--role", "submission"]).ends(3);
    assert!(said.err.contains("Make it: ssmax org init"), "{}", said.err);
    assert_eq!(with("unix:spool/m.sock", "submission.milter"), "error");
    fs::create_dir(site.path("a/spool")).unwrap();
    assert_eq!(with("unix:spool/m.sock", "submission.milter"), "ok");
    // A member has nothing to apply for: the application of then stays as it is.
    let application = fs::read(site.path("application.json")).unwrap();
    for out in [&["--out", "application.json"][..], &[]] {
        let made = !key.exists();
        let said = site.member("org", &[&["init"], out].concat()).ends(0);
        assert!(said.out.contains("Nothing has to be given"), "{}", said.out);
        assert_eq!(said.out.contains("submission service is made"), made, "{}", said.out);
        assert_eq!(fs::read(site.path("application.json")).unwrap(), application);
    }
    assert_eq!(with("unix:spool/m.sock", "submission.key"), "ok");
    let kept = fs::read(&key).unwrap();
    install().ends(0);
    // Who gives up the milter again has to say that logins at the gateway count.
    assert_eq!(with("unix:spool/m.sock", "keyserver.gateway_logins"), "error");
    let said = site.member("check", &[]);
    assert!(said.out.contains("Set gateway_logins = true in [keyserver]"), "{}", said.out);
    // Beside the milter's word, the gateway's counts only where somebody says so.
    let logins = |setting: &str| {
        let section = format!("\n[submission]\nmilter = \"{inet}\"\npeers = []\n");
        let keyserver = format!("[keyserver]\n{setting}");
        let config = site.member_config().replacen("[keyserver]\n", &keyserver, 1);
        let config = config.replacen("submission = ", "submission_lmtp = ", 1);
        site.write("a/ssmax.toml", &format!("{config}{section}"));
        result_of(&site.member("check", &["--json"]), "keyserver.gateway_logins")
    };
    assert_eq!(logins(""), "ok");
    assert_eq!(logins("gateway_logins = false\n"), "ok");
    assert_eq!(logins("gateway_logins = true\n"), "warning");
    assert_eq!(fs::read(&key).unwrap(), kept);
    // The key server notes whose keys they are, and lets none be another's too.
    let gateway = site.path("a/state/gateway/statement.pem");
    fs::rename(&key, site.path("a/own.pem")).unwrap();
    fs::copy(&gateway, &key).unwrap();
    let said = install().ends(1);
    assert!(said.err.contains("another service's"), "{}", said.err);
    fs::rename(site.path("a/own.pem"), &key).unwrap();

    // On the MTA's host the role is alone, with its key and three lines.
    let lines = "state_dir = \"state\"\nrun_dir = \"run\"\n[submission]\n\
        milter = \"unix:m.sock\"\npeers = []\n";
    ssmax_support::site::private_dir(&site.path("mta"));
    site.write("mta/ssmax.toml", lines);
    let said = site.ssmax(&["serve", "--role", "submission", "--config", "mta/ssmax.toml"]);
    assert!(said.ends(3).err.contains("statement.pem"));
    let said = site.ssmax(&["check", "--json", "--config", "mta/ssmax.toml"]).ends(1);
    assert_eq!(result_of(&said, "submission.key"), "error");
    for dir in ["mta/state", "mta/state/submission"] {
        ssmax_support::site::private_dir(&site.path(dir));
    }
    fs::copy(&key, site.path("mta/state/submission/statement.pem")).unwrap();
    site.ssmax(&["check", "--config", "mta/ssmax.toml"]).ends(0);
    let serving = site.serve("mta", &["--role", "submission"], &["submission"]);
    assert!(std::os::unix::net::UnixStream::connect(site.path("mta/m.sock")).is_ok());
    assert_eq!(serving.stop(), Some(0));
    assert!(!site.path("mta/m.sock").exists());
}

#[test]
fn a_member_joins_serves_and_sees_its_standing() {
    let site = Site::new();
    site.join();
    let authority = site.serve("authority", &[], &["authority"]);
    let said = site.authority(&["members"]).ends(0);
    assert!(said.out.contains("Organisation A"), "{}", said.out);
    let said = site.ssmax(&["check", "--json", "--config", "authority/ssmax.toml"]).ends(0);
    assert_eq!(result_of(&said, "authority.listen"), "ok");

    let said = site.member("check", &["--json"]).ends(0);
    for name in ["keyserver.keys", "ca.keys", "gateway.submission", "federation.standing"] {
        assert_eq!(result_of(&said, name), "ok", "{name}");
    }
    let status = || site.member("org", &["status", "--json"]);
    let said = status().ends(0);
    assert_eq!(said.json()["standing"]["state"], "good");
    assert_eq!(said.json()["certificates"].as_array().unwrap().len(), 5);

    site.authority(&["suspend", "NTRJP-7000012050002", "--reason", "incident-1"]).ends(0);
    let said = site.eventually(1, status);
    assert_eq!(said.json()["standing"]["state"], "suspended");
    let said = site.member("check", &["--json"]).ends(1);
    assert_eq!(result_of(&said, "federation.standing"), "error");

    assert_eq!(authority.stop(), Some(0));
    let said = status().ends(3);
    assert!(said.err.contains("cannot be reached"), "{}", said.err);
}

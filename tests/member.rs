//! A member with its roles as processes: joining, checking, people, the end.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_support::site::{Said, Site};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

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

#[test]
fn people_are_added_listed_exported_and_revoked() {
    let site = Site::new();
    site.join();
    let said = site.member("user", &["list"]).ends(3);
    assert!(said.err.contains("Start it: ssmax serve"), "{}", said.err);

    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let said = site.member("serve", &[]).ends(3);
    assert!(said.err.contains("Another process already serves"), "{}", said.err);
    let said = site.member("serve", &["--role", "ca"]).ends(3);
    assert!(said.err.contains("serves the role ca"), "{}", said.err);
    for role in ROLES {
        assert!(site.path(&format!("a/run/{role}.ready")).exists(), "{role}");
    }
    site.write("password", "correct horse\n");
    fs::set_permissions(site.path("password"), fs::Permissions::from_mode(0o600)).unwrap();
    let add = |user: &str, address: &str, more: &[&str]| {
        let mut line = vec!["add", user, "--name", "山田 花子", "--address", address];
        line.extend(["--proof", "in-person", "--json"]);
        line.extend(more);
        site.member("user", &line)
    };
    let said = add(
        "10234",
        "hanako@a.example",
        &["--password-file", "password", "--server-key", "--out", "hanako-certificates"],
    )
    .ends(0);
    assert_eq!(said.json()["signing"], serde_json::json!(["server"]));
    assert!(site.path("hanako-certificates/signing-server.pem").exists());

    openssl(&site, "ecparam -name prime256v1 -genkey -noout -out key.pem");
    openssl(&site, "req -new -key key.pem -subj /CN=Taro -out request.pem");
    let said =
        add("10235", "taro@a.example", &["--csr", "request.pem", "--device-secret", "--rsa"])
            .ends(0);
    assert_eq!(said.json()["signing"], serde_json::json!(["file"]));
    assert!(said.json()["device_secret"].as_str().unwrap().len() >= 16);

    let said = add("10236", "hanako@a.example", &[]).ends(1);
    assert!(said.err.contains("registered already"), "{}", said.err);
    let said = add("10236", "x@b.example", &[]).ends(1);
    assert!(said.err.contains("not in the organisation's domains"), "{}", said.err);
    site.write("request.der", "no request");
    let said = add("10236", "x@a.example", &["--csr", "request.der"]).ends(2);
    assert!(said.err.contains("no certificate request"), "{}", said.err);

    site.member("user", &["export", "hanako@a.example", "--out", "hanako"]).ends(0);
    let mode = fs::metadata(site.path("hanako/encryption-key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    openssl(&site, "pkey -in hanako/encryption-key.pem -noout");
    openssl(&site, "x509 -in hanako/encryption.pem -noout");
    openssl(&site, "x509 -in hanako/seal-ca.pem -noout");

    // Of two people only the one who is missing is named.
    for (from, to, missing) in [
        ("10234", "saburo", "There is no saburo here"),
        ("saburo", "taro@a.example", "There is no saburo here"),
        ("jiro", "saburo", "There is no jiro, saburo here"),
    ] {
        let said = site.member("user", &["delegate", "--from", from, "--to", to]).ends(1);
        assert!(said.err.contains(missing), "{}", said.err);
        let said = site.member("user", &["undelegate", "--from", from, "--to", to]).ends(1);
        assert!(said.err.contains(missing), "{}", said.err);
    }
    let line = ["undelegate", "--from", "10234", "--to", "taro@a.example"];
    let said = site.member("user", &line).ends(1);
    assert!(said.err.contains("could not write in the name of"), "{}", said.err);
    openssl(
        &site,
        "req -x509 -new -key key.pem -subj /CN=T -addext subjectAltName=email:t@a.example -out t.pem",
    );
    openssl(&site, "cms -encrypt -aes256 -in password -out sealed.eml hanako/encryption.pem");
    let line = ["rekey", "sealed.eml", "--key", "key.pem", "--cert", "t.pem", "--user", "saburo"];
    let said = site.member("mail", &line).ends(1);
    assert!(said.err.contains("knows nobody as saburo"), "{}", said.err);

    // Who was registered without a key that signs is told how to come by one.
    let line = "add 10236 --name Jiro --address jiro@a.example --proof in-person";
    let said = site.member("user", &line.split(' ').collect::<Vec<_>>()).ends(0);
    assert!(said.out.contains("ssmax user renew 10236 --server-key"), "{}", said.out);
    let said = site.member("user", &["renew", "10236", "--json"]).ends(0);
    assert_eq!(said.json()["signing"], serde_json::json!([]));
    for line in [&["renew", "10236", "--server-key", "--json"][..], &["renew", "10236", "--json"]] {
        let said = site.member("user", line).ends(0);
        assert_eq!(said.json()["signing"], serde_json::json!(["server"]), "{line:?}");
    }

    site.member("user", &["revoke", "10234"]).ends(0);
    let people = site.member("user", &["list", "--json"]).ends(0).json();
    assert_eq!(people["users"][0]["active"], false);
    assert_eq!(people["users"][1]["active"], true);
    let said = site.member("user", &["export", "nobody", "--out", "nobody"]).ends(1);
    assert!(said.err.contains("There is no nobody here"), "{}", said.err);

    assert_eq!(serving.stop(), Some(0));
    for role in ROLES {
        assert!(!site.path(&format!("a/run/{role}.ready")).exists(), "{role}");
    }
}

/// Whether the gateway takes this secret.
fn logs_in(site: &Site, user: &str, secret: &str) -> bool {
    let _ = fs::remove_file(site.path("secret"));
    site.write("secret", secret);
    fs::set_permissions(site.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let text = format!("From: {user}\nTo: {user}\nSubject: x\n\nx\n");
    site.write("mail.eml", &text);
    let server = format!("127.0.0.1:{}", site.submission_port);
    let line = ["send", "mail.eml", "--server", &server, "--user", user, "--password-file"];
    let said = site.ssmax(&[&["mail"], &line[..], &["secret"]].concat());
    let refused = said.err.contains("refused the login");
    // Logged in, it is put off for lack of a member list.
    assert!(refused || said.err.contains("SSMAX-2112"), "{said:?}");
    !refused
}

#[test]
fn a_lost_secret_is_replaced_on_proof_of_identity_and_ends() {
    let site = Site::new();
    site.join();
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let line = "add 10234 --name Hanako --address hanako@a.example --proof employee-card \
        --device-secret --json";
    let line: Vec<&str> = line.split_ascii_whitespace().collect();
    let first = site.member("user", &line).ends(0).json()["device_secret"].clone();
    let first = first.as_str().unwrap();
    assert!(logs_in(&site, "hanako@a.example", first));

    let secret = |more: &[&str]| site.member("user", &[&["secret"], more].concat());
    let said = secret(&["10234", "--proof", "hr-record"]).ends(1);
    assert!(said.err.contains("proved better at registration"), "{}", said.err);
    secret(&["nobody", "--proof", "in-person"]).ends(1);
    assert!(logs_in(&site, "hanako@a.example", first));
    let said = secret(&["hanako@a.example", "--proof", "in-person", "--json"]).ends(0);
    let second = said.json()["device_secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert!(!logs_in(&site, "hanako@a.example", first));
    assert!(logs_in(&site, "hanako@a.example", &second));

    site.write("password", "correct horse\n");
    fs::set_permissions(site.path("password"), fs::Permissions::from_mode(0o600)).unwrap();
    let said = secret(&["10234", "--proof", "in-person", "--password-file", "password"]).ends(0);
    assert!(said.out.contains("has a new password"), "{}", said.out);
    assert!(logs_in(&site, "hanako@a.example", "correct horse"));
    assert!(logs_in(&site, "hanako@a.example", &second), "that one was not asked to end");
    let role = "add-role office --kind shared --name Office --address office@a.example";
    site.member("user", &role.split(' ').collect::<Vec<_>>()).ends(0);
    secret(&["office", "--proof", "in-person"]).ends(1);

    site.member("audit", &["verify"]).ends(0);
    assert_eq!(serving.stop(), Some(0));
    let log = ["audit.sqlite", "audit.sqlite-wal"]
        .map(|name| fs::read(site.path(&format!("a/state/keyserver/{name}"))).unwrap_or_default())
        .concat();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("new-secret") && log.contains("password in-person"));
    assert!(!log.contains(&second));
}

#[test]
fn who_was_revoked_comes_back_and_the_address_rests_before_another_gets_it() {
    let site = Site::new();
    site.join();
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let add = |user: &str, address: &str, more: &[&str]| {
        let line = ["add", user, "--name", "X Y", "--address", address, "--json", "--proof"];
        let proof = if more.is_empty() { &["in-person"][..] } else { more };
        site.member("user", &[&line[..], proof].concat())
    };
    add("10234", "hanako@a.example", &[]).ends(0);
    // A user id is nobody else's address, an address nobody else's user id.
    add("Zoe@a.example", "zoe@a.example", &[]).ends(0);
    add("yui@a.example", "y@a.example", &[]).ends(0);
    for (user, address) in [
        ("Hanako@A.example", "other@a.example"),
        ("10236", "yui@a.example"),
        ("10236", "YUI@a.example"),
        ("ZOE@a.example", "other@a.example"),
    ] {
        let said = add(user, address, &[]).ends(1);
        assert!(said.err.contains("registered already"), "{}", said.err);
    }
    for user in ["Zoe@a.example", "yui@a.example"] {
        site.member("user", &["revoke", user]).ends(0);
    }
    // Nor does anything change when somebody has left.
    for more in [&["in-person"][..], &["in-person", "--former-address"]] {
        add("10236", "yui@a.example", more).ends(1);
    }
    let said = add("yui@a.example", "hanako@a.example", &["in-person", "--again"]).ends(1);
    assert!(said.err.contains("registered already"), "{}", said.err);
    let said = add("10234", "new@a.example", &["in-person", "--again"]).ends(1);
    assert!(said.err.contains("registered already"), "{}", said.err);
    let said = add("10235", "new@a.example", &["in-person", "--again"]).ends(1);
    assert!(said.err.contains("There is no 10235 here"), "{}", said.err);
    site.member("user", &["export", "10234", "--out", "first"]).ends(0);
    site.member("user", &["revoke", "hanako@a.example"]).ends(0);

    // All say the same of who was revoked.
    for line in [
        &["export", "hanako@a.example", "--out", "none"][..],
        &["renew", "10234"],
        &["revoke", "10234"],
        &["secret", "10234", "--proof", "in-person"],
        &["add", "10234", "--name", "X Y", "--address", "hanako@a.example", "--proof", "in-person"],
        &["delegate", "--from", "10234", "--to", "hanako@a.example"],
    ] {
        let said = site.member("user", line).ends(1);
        assert!(said.err.contains("is revoked") && said.err.contains("--again"), "{}", said.err);
        let said = site.member("user", &[line, &["--lang", "ja"]].concat()).ends(1);
        assert!(
            said.err.contains("失効しています") && said.err.contains("--again"),
            "{}",
            said.err
        );
    }
    let said = site.member("user", &["list"]).ends(0);
    assert!(said.out.contains("another person may get it from"), "{}", said.out);
    let said = add("10235", "hanako@a.example", &["in-person", "--former-address"]).ends(1);
    assert!(said.err.contains("belonged to another person"), "{}", said.err);

    let said = add("10234", "hanako@a.example", &["hr-record", "--again"]).ends(1);
    assert!(said.err.contains("proved better at registration"), "{}", said.err);
    let role = "add-role 10234 --kind shared --name X --address hanako@a.example --again";
    site.member("user", &role.split(' ').collect::<Vec<_>>()).ends(1);
    add("10234", "hanako@a.example", &["in-person", "--again"]).ends(0);
    site.member("user", &["export", "10234", "--out", "second"]).ends(0);
    let read = |name: &str| fs::read(site.path(name)).unwrap();
    assert_eq!(read("first/encryption-key.pem"), read("second/encryption-key-2.pem"));
    assert_ne!(read("first/encryption-key.pem"), read("second/encryption-key.pem"));

    site.member("user", &["revoke", "10234"]).ends(0);
    assert_eq!(serving.stop(), Some(0));
    let config = site.member_config();
    let with_days = |days: &str| {
        let lines = format!("unlock_file = \"unlock-ca\"\naddress_quarantine_days = {days}");
        config.replace("unlock_file = \"unlock-ca\"", &lines)
    };
    site.write("a/ssmax.toml", &with_days("3651"));
    site.member("user", &["list"]).ends(2);
    site.write("a/ssmax.toml", &with_days("0"));
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let said = add("10235", "hanako@a.example", &[]).ends(1);
    assert!(said.err.contains("belonged to another person"), "{}", said.err);
    add("10235", "hanako@a.example", &["in-person", "--former-address"]).ends(0);
    site.member("user", &["export", "hanako@a.example", "--out", "third"]).ends(0);
    assert!(
        !site.path("third/encryption-key-2.pem").exists(),
        "the other's old mail is not theirs"
    );
    let said = add("10234", "hanako@a.example", &["in-person", "--again"]).ends(1);
    assert!(said.err.contains("registered already"), "{}", said.err);
    add("10234", "x@a.example", &["in-person", "--again"]).ends(0);
    let people = site.member("user", &["list", "--json"]).ends(0).json();
    assert_eq!(people["users"][0]["addresses"], serde_json::json!(["x@a.example"]));
    assert_eq!(people["users"][1]["addresses"], serde_json::json!(["hanako@a.example"]));
    assert_eq!(serving.stop(), Some(0));
}

/// A message with so many attachments, as a mailer would write it.
fn with_attachments(count: usize) -> String {
    let file = |at| {
        format!(
            "--=_x\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; \
             filename=f{at}.csv\r\n\r\n{at}\r\n"
        )
    };
    let files: String = (0..count).map(file).collect();
    format!(
        "From: hanako@a.example\r\nTo: hanako@a.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\n\
         --=_x\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n{files}--=_x--\r\n"
    )
}

#[test]
fn what_a_person_does_with_files_is_said_as_it_is() {
    let site = Site::new();
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    openssl(&site, "ecparam -name prime256v1 -genkey -noout -out key.pem");
    openssl(&site, "req -new -key key.pem -subj /CN=Hanako -out request.pem");
    let line = "add 10234 --name Hanako --address hanako@a.example --proof in-person \
        --csr request.pem --out certificates";
    site.member("user", &line.split_ascii_whitespace().collect::<Vec<_>>()).ends(0);
    site.member("user", &["export", "10234", "--out", "keys"]).ends(0);
    let mail = |line: &str| {
        let line = line
            .replace("SIGN", "--sign-key key.pem --sign-cert certificates/signing-file.pem")
            .replace("KEY", "--key keys/encryption-key.pem --cert keys/encryption.pem");
        site.ssmax(&[&["mail"], &line.split_ascii_whitespace().collect::<Vec<_>>()[..]].concat())
    };
    for (count, warned) in [(4, false), (5, true)] {
        site.write("files.eml", &with_attachments(count));
        let out = format!("sealed-{count}.eml");
        let said = mail(&format!(
            "encrypt files.eml --attachments --to keys/encryption.pem SIGN --out {out}"
        ))
        .ends(0);
        assert_eq!(said.err.contains("max_private_operations"), warned, "{}", said.err);
    }

    // Several messages are opened one after the other, and one that is none spoils the end.
    let trust = "--trust certificates/chain.pem";
    let said = mail(&format!("open sealed-4.eml sealed-5.eml KEY {trust}"));
    assert!(said.out.contains("== sealed-4.eml") && said.out.contains("f4.csv"), "{said:?}");
    let whole = said.exit;
    let said = mail(&format!("open nothing.eml sealed-5.eml KEY {trust}")).ends(2);
    assert!(said.out.contains("f4.csv"), "{}", said.out);
    let said = mail(&format!("open sealed-4.eml sealed-5.eml KEY {trust} --json"));
    assert_eq!((said.out.lines().count(), said.exit), (2, whole));
    let said = mail(&format!("open sealed-4.eml sealed-5.eml KEY {trust} --out x.eml")).ends(2);
    assert!(said.err.contains("one message"), "{}", said.err);

    let forward = |more: &str| mail(&format!("forward sealed-4.eml --unverified SIGN {more}"));
    for to in ["--to nobody@b.example KEY", "--to nobody@b.example --known known.json KEY"] {
        let said = forward(to).ends(2);
        assert!(said.err.contains("no certificate of nobody@b.example"), "{}", said.err);
    }
    site.write("plain.eml", "From: h@b.example\nTo: hanako@a.example\nSubject: x\n\nHello.\n");
    mail("encrypt plain.eml --to keys/encryption.pem --out plain-sealed.eml").ends(0);
    let line =
        "forward plain-sealed.eml --unverified SIGN KEY --to keys/encryption.pem --out on.eml";
    let said = mail(line).ends(0);
    assert!(said.out.contains("The mail has no files"), "{}", said.out);
    let all = "--drop f0.csv --drop f1.csv --drop f2.csv --drop f3.csv";
    let said = forward(&format!("--to keys/encryption.pem KEY {all} --out text.eml")).ends(0);
    assert!(said.out.contains("No file is left"), "{}", said.out);
    let said = mail(&format!("open text.eml KEY {trust}"));
    assert!(said.out.contains("See there.") && !said.out.contains("f0.csv"), "{said:?}");
    let said = forward(&format!("--to nobody@b.example --config a/ssmax.toml {all}")).ends(2);
    assert!(said.err.contains("no certificate of nobody@b.example"), "{}", said.err);

    // A renewed key has to come to the mailer, and nothing is replaced on the way.
    let said = site.member("user", &["renew", "10234"]).ends(0);
    assert!(said.out.contains("ssmax user export 10234 --out NEWDIR"), "{}", said.out);
    site.write("new.eml", "precious");
    let rekey = |out: &str| {
        mail(&format!(
            "rekey sealed-4.eml --key key.pem --cert certificates/signing-file.pem \
             --user hanako@a.example --config a/ssmax.toml --out {out}"
        ))
    };
    let said = rekey("new.eml").ends(2);
    assert!(said.err.contains("there already"), "{}", said.err);
    assert_eq!(fs::read(site.path("new.eml")).unwrap(), b"precious");
    // The key server answers once the first member list is here.
    let said = site.eventually(0, || rekey("newer.eml"));
    assert!(said.out.contains("ssmax user export hanako@a.example --out NEWDIR"), "{}", said.out);
    site.member("user", &["export", "10234", "--out", "newer"]).ends(0);
    let said = site.ssmax(
        &[
            &["mail", "open", "newer.eml", "--key", "newer/encryption-key.pem", "--trust"],
            &["certificates/chain.pem", "--cert", "newer/encryption.pem"][..],
        ]
        .concat(),
    );
    assert!(said.out.contains("f3.csv"), "{said:?}");
    assert_eq!(serving.stop(), Some(0));
}

fn openssl(site: &Site, line: &str) {
    let output =
        Command::new("openssl").args(line.split(' ')).current_dir(site.path("")).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

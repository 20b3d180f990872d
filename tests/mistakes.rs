//! The ten mistakes of docs/operator/en/check.md, each made in a real configuration:
//! `ssmax check` names it and says what to do, in both languages.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_support::site::Site;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// What one check says: its result, what is wrong, and what to do.
fn found(site: &Site, lang: &str, name: &str) -> Option<(String, String, String)> {
    let facts = site.member("check", &["--json", "--lang", lang]).json();
    let checks = facts["checks"].as_array().unwrap();
    let found = checks.iter().filter(|check| check["name"] == name);
    // Of two with one name, the one that complains.
    let found = found.max_by_key(|check| check["result"] != "ok")?;
    let text = |field: &str| found[field].as_str().unwrap().to_owned();
    Some((text("result"), text("what"), text("to_do")))
}

/// The mistake is told and advice given, each by these words; without it, it is not.
#[track_caller]
fn is_told(site: &Site, right: &str, wrong: &str, name: &str, level: &str, words: [[&str; 2]; 2]) {
    for page in ["en", "ja"] {
        let page = format!("{}/docs/operator/{page}/check.md", env!("CARGO_MANIFEST_DIR"));
        assert!(
            fs::read_to_string(&page).unwrap().contains(&format!("`{name}`")),
            "{page}: {name}"
        );
    }
    assert_ne!(right, wrong);
    site.write("a/ssmax.toml", right);
    let well = found(site, "en", name).map_or("ok".to_owned(), |(result, ..)| result);
    assert_eq!(well, "ok", "{name}");
    site.write("a/ssmax.toml", wrong);
    for (lang, [what, to_do]) in ["en", "ja"].into_iter().zip(words) {
        let said = found(site, lang, name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(said.0, level, "{said:?}");
        assert!(said.1.contains(what), "{what}: {said:?}");
        assert!(said.2.contains(to_do), "{to_do}: {said:?}");
    }
    site.write("a/ssmax.toml", right);
}

#[test]
fn a_domain_that_the_list_does_not_name() {
    let site = Site::new();
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    site.eventually(0, || {
        let listed = found(&site, "en", "federation.standing").is_some_and(|one| one.0 == "ok");
        let mut said = site.member("check", &[]);
        said.exit = i32::from(!listed);
        said
    });
    let right = site.member_config();
    let wrong = right.replace("[\"a.example\"]", "[\"a.example\", \"sales.example\"]");
    let words = [
        ["sales.example (it names a.example)", "Correct domains in [organisation]"],
        ["sales.example（名簿にあるのはa.example）", "[organisation] の domains を直す"],
    ];
    is_told(&site, &right, &wrong, "federation.domains", "error", words);
    // Domains have no case.
    site.write("a/ssmax.toml", &right.replace("[\"a.example\"]", "[\"A.Example\"]"));
    assert_eq!(found(&site, "en", "federation.standing").unwrap().0, "ok");
    assert_eq!(found(&site, "en", "federation.domains"), None);
}

#[test]
fn a_tls_key_of_another_certificate_and_no_tls_at_all() {
    let site = Site::new();
    for name in ["one", "other"] {
        let line = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mx.a.example \
             -addext subjectAltName=DNS:mx.a.example -days 30 -keyout {name}.key -out {name}.pem"
        );
        let mut openssl = Command::new("openssl");
        let made = openssl.args(line.split_whitespace()).current_dir(site.path("a")).output();
        assert!(made.unwrap().status.success());
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(site.path(&format!("a/{name}.key")), mode).unwrap();
    }
    let with = |key: &str| {
        let lines = format!("tls_certificate = \"one.pem\"\ntls_key = \"{key}.key\"\n");
        site.member_config().replace("allow_plaintext_auth = true\n", &lines)
    };
    let name = "gateway.tls_certificate";
    let words = [
        ["TLS settings do not work", "have to belong together"],
        ["TLS設定が使えません", "対応するもの"],
    ];
    is_told(&site, &with("one"), &with("other"), name, "error", words);
    let none = site.member_config().replace("allow_plaintext_auth = true\n", "");
    let words = [
        ["Nobody can log in", "Set tls_certificate and tls_key"],
        ["ログイン", "tls_certificate と tls_key"],
    ];
    is_told(&site, &with("one"), &none, name, "warning", words);
}

#[test]
fn an_unlock_file_that_others_can_read() {
    let site = Site::new();
    site.member("org", &["init"]).ends(0);
    let right = site.member_config();
    let wrong = right.replace("\"unlock-keyserver\"", "\"open-to-all\"");
    fs::copy(site.path("a/unlock-keyserver"), site.path("a/open-to-all")).unwrap();
    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(site.path("a/open-to-all"), mode).unwrap();
    let words = [["open-to-all", "chmod"], ["open-to-all", "chmod"]];
    is_told(&site, &right, &wrong, "keyserver.unlock", "error", words);
}

#[test]
fn a_port_of_another_program() {
    let site = Site::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let right = site.member_config();
    let own = format!("127.0.0.1:{}", site.submission_port);
    let wrong = right.replace(&own, &taken.local_addr().unwrap().to_string());
    let words = [
        ["Another program serves", "End it, or choose another address"],
        ["別のプログラムがすでに", "別のアドレスにしてください"],
    ];
    is_told(&site, &right, &wrong, "gateway.submission", "error", words);
}

#[test]
fn a_next_hop_that_is_the_gateway_itself_or_is_not_there() {
    let site = Site::new();
    let right = site.member_config();
    let to = |route: &str| {
        let (before, _) = right.split_once("next_hop = ").unwrap();
        format!("{before}next_hop = \"{route}\"\n")
    };
    let itself = to(&format!("smtp://127.0.0.1:{}", site.submission_port));
    let words = [
        ["is the gateway itself", "ssmax setup postfix"],
        ["ゲートウェイ自身", "ssmax setup postfix"],
    ];
    is_told(&site, &right, &itself, "gateway.next_hop", "error", words);
    // One that listens everywhere is on loopback too.
    let own = format!("\"127.0.0.1:{}\"", site.submission_port);
    let everywhere = itself.replace(&own, &format!("\"0.0.0.0:{}\"", site.submission_port));
    let everywhere = everywhere.replace("smtp://127.0.0.1", "smtp://localhost");
    is_told(&site, &right, &everywhere, "gateway.next_hop", "error", words);
    let words =
        [["cannot be reached", "correct the route in [gateway]"], ["127.0.0.1:1", "[gateway]"]];
    is_told(&site, &right, &to("smtp://127.0.0.1:1"), "gateway.next_hop", "error", words);
}

#[test]
fn a_clamd_that_does_not_run_and_one_that_unpacks_to_a_disk() {
    let site = Site::new();
    let right = site.member_config();
    let disk = env!("CARGO_MANIFEST_DIR");
    site.write("a/clamd.conf", &format!("TemporaryDirectory {disk}\n"));
    let lines =
        "[inspector]\nclamav = \"unix:/run/nobody/clamd.sock\"\nclamd_conf = \"clamd.conf\"\n";
    let wrong = right.replace("[inspector]\n", lines);
    let words = [["clamd does not answer", "Start clamd, or correct clamav"], ["clamd", "clamd"]];
    is_told(&site, &right, &wrong, "inspector.clamav", "error", words);
    let words = [["clamd writes what it unpacks to a disk", "Mount a tmpfs"], [disk, "tmpfs"]];
    is_told(&site, &right, &wrong, "inspector.clamav-temporary", "error", words);
}

#[test]
fn a_database_server_that_is_not_there() {
    let site = Site::new();
    let right = site.member_config();
    let url = "postgresql://ssmax@127.0.0.1:1/ssmax";
    let wrong = format!("{right}[keyserver.state]\nurl = \"{url}\"\n");
    let words = [
        ["The database server does not answer", "See whether it runs"],
        ["データベースサーバが応答しません", "動いているか"],
    ];
    is_told(&site, &right, &wrong, "keyserver.state.server", "error", words);
}

#[test]
fn roles_that_are_not_started_yet_are_no_fault() {
    let site = Site::new();
    // Before the admission there is nothing to start.
    site.member("org", &["init"]).ends(0);
    assert_eq!(found(&site, "en", "running"), None);
    let site = Site::new();
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let (result, what, to_do) = found(&site, "en", "running").unwrap();
    assert_eq!((result.as_str(), what.starts_with("not started yet: key server")), ("ok", true));
    assert!(to_do.contains("Nothing is broken. Start them"), "{to_do}");
    let (_, what, to_do) = found(&site, "ja", "running").unwrap();
    assert!(
        what.contains("まだ起動していません") && to_do.contains("故障ではありません"),
        "{what}"
    );
    site.member("check", &[]).ends(0);
    let serving = site.serve("a", &[], &["keyserver", "ca", "inspector", "gateway"]);
    let (result, what, to_do) = found(&site, "en", "running").unwrap();
    assert_eq!((result.as_str(), to_do.as_str()), ("ok", ""));
    assert_eq!(what, "all roles of this file serve");
    serving.stop();
}

//! `ssmax cert smimea`: what it writes, in a signed zone on a real name server, as a validating
//! resolver gives it to a stranger.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use serde_json::Value;
use ssmax_pki::Certificate;
use ssmax_support::dns::{Answer, Dns};
use ssmax_support::site::{Serving, Site};
use std::fs;

const ROLES: [&str; 2] = ["ca", "keyserver"];

/// A member that issues certificates.
fn running(change: impl FnOnce(String) -> String) -> (Site, Serving) {
    let site = Site::new();
    site.write("a/ssmax.toml", &change(site.member_config()));
    site.join();
    let serving = site.serve("a", &["--role", "ca", "--role", "keyserver"], &ROLES);
    (site, serving)
}

/// Writes the records to `smimea.zone` and gives what was said.
fn published(site: &Site, more: &[&str]) -> Value {
    let line = ["smimea", "--out", "smimea.zone", "--json"];
    site.member("cert", &[&line[..], more].concat()).ends(0).json()
}

/// The certificate of an answer whose record is of usage 3, selector 0 and matching type 0.
fn certificate(answer: &Answer) -> Certificate {
    let [record] = answer.records.as_slice() else { panic!("{answer:?}") };
    let digits: String = record.strip_prefix("3 0 0 ").unwrap().split(' ').collect();
    Certificate::from_der(&hex::decode(digits).unwrap()).unwrap()
}

fn encryption(site: &Site, user: &str) -> Certificate {
    let pem = fs::read_to_string(site.path(&format!("{user}/encryption.pem"))).unwrap();
    Certificate::from_pem(&pem).unwrap()
}

fn name_of(local: &str) -> String {
    format!("{}._smimecert.a.example.", ssmax_pki::smimea::label(local))
}

#[test]
fn a_stranger_finds_people_by_dnssec_and_nobody_else() {
    if !Dns::can_run() {
        return;
    }
    let (site, _serving) = running(|config| config);
    site.enrol("hanako", &[]).ends(0);
    site.enrol("Taro", &["--rsa"]).ends(0);
    site.enrol("gone", &[]).ends(0);
    let box_of_two = ["add-role", "desk", "--kind", "shared", "--name", "Desk"];
    site.member("user", &[&box_of_two[..], &["--address", "desk@a.example"]].concat()).ends(0);
    let list = ["add-role", "all", "--kind", "list", "--name", "All"];
    site.member("user", &[&list[..], &["--address", "all@a.example"]].concat()).ends(0);
    site.member("user", &["revoke", "gone"]).ends(0);

    let said = published(&site, &["--uninspected", "--ttl", "600"]);
    let addresses: Vec<&str> = said["published"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["address"].as_str().unwrap())
        .collect();
    assert_eq!(addresses, ["desk@a.example", "hanako@a.example", "taro@a.example"]);

    let dns = Dns::signed("a.example", "$INCLUDE smimea.zone\n", &site.path(""));
    let hanako = dns.ask(&name_of("hanako"), "SMIMEA");
    assert!(hanako.secure && hanako.status == "NOERROR", "{hanako:?}");
    assert_eq!(certificate(&hanako), encryption(&site, "hanako"));
    assert!(certificate(&hanako).allows_encryption());
    // Whoever asks changes no letter's case: as people type it and as the certificate says.
    for spelt in ["taro", "Taro"] {
        let taro = dns.ask(&name_of(spelt), "SMIMEA");
        assert!(taro.secure, "{taro:?}");
        assert_eq!(certificate(&taro), encryption(&site, "Taro"));
        // What resolvers take over UDP.
        assert!(taro.octets <= 1232, "{}", taro.octets);
    }
    let desk = dns.ask(&name_of("desk"), "SMIMEA");
    assert!(certificate(&desk).has_email("desk@a.example"));
    for nobody in ["gone", "all", "nobody"] {
        let answer = dns.ask(&name_of(nobody), "SMIMEA");
        assert!(answer.secure && answer.status == "NXDOMAIN", "{nobody}: {answer:?}");
    }

    // What somebody changes in the zone without its key reaches nobody.
    let digits = hex::encode(encryption(&site, "hanako").der());
    let changed = Dns::serve("a.example", "$INCLUDE smimea.zone\n", &site.path(""), |zone| {
        // Some digits of the key, within one group of the master file.
        let place = &digits[digits.len() / 2..][..24].to_uppercase();
        let found = zone.find(place.as_str()).map(|_| place.clone());
        let found = found.unwrap_or_else(|| place[..8].to_owned());
        assert!(zone.contains(&found), "{found}");
        zone.replace(&found, &"0".repeat(found.len()))
    });
    let forged = changed.ask(&name_of("hanako"), "SMIMEA");
    assert_eq!((forged.status.as_str(), forged.records.len()), ("SERVFAIL", 0), "{forged:?}");
}

#[test]
fn a_member_that_inspects_publishes_nothing_unasked_and_each_domain_by_itself() {
    let two = |config: String| config.replace("[\"a.example\"]", "[\"a.example\", \"x.example\"]");
    let (site, _serving) = running(two);
    let said = site.member("cert", &["smimea", "--domain", "a.example"]).ends(2);
    assert!(said.err.contains("cannot open what a stranger encrypts"), "{said:?}");
    let said = site.member("cert", &["smimea", "--uninspected"]).ends(2);
    assert!(said.err.contains("a.example, x.example"), "{said:?}");
    let said = site.member("cert", &["smimea", "--uninspected", "--domain", "b.example"]).ends(2);
    assert!(said.err.contains("b.example is no domain of this member"), "{said:?}");
    for ttl in ["59", "604801"] {
        let line = ["smimea", "--uninspected", "--domain", "a.example", "--ttl", ttl];
        site.member("cert", &line).ends(2);
    }
    site.enrol("hanako", &[]).ends(0);
    for (domain, ttl, count) in [("A.example", "60", 1), ("x.example", "604800", 0)] {
        let line = ["smimea", "--uninspected", "--domain", domain, "--ttl", ttl];
        let said = site.member("cert", &line).ends(0);
        assert_eq!(
            said.out.matches(&format!(" {ttl} IN SMIMEA 3 0 0 ")).count(),
            count,
            "{said:?}"
        );
        let origin = format!("$ORIGIN _smimecert.{}.\n", domain.to_lowercase());
        assert!(said.out.starts_with(&origin), "{said:?}");
    }
    let out = site.path("there");
    fs::write(&out, "x").unwrap();
    let line = ["smimea", "--uninspected", "--domain", "a.example", "--out", "there"];
    site.member("cert", &line).ends(2);
    assert_eq!(fs::read_to_string(out).unwrap(), "x");
}

#[test]
fn a_provider_publishes_the_keys_that_its_people_made() {
    let (site, _serving) =
        running(|config| config.replace("[organisation]\n", "[organisation]\nkind = \"esp\"\n"));
    let openssl = |line: &str| {
        let mut command = std::process::Command::new("openssl");
        let output = command.args(line.split(' ')).current_dir(site.path("")).output().unwrap();
        assert!(output.status.success(), "{line}");
    };
    openssl("ecparam -name prime256v1 -genkey -noout -out own.key");
    openssl("req -new -key own.key -subj /CN=own -out own.csr");
    site.enrol("hanako", &["--encryption-csr", "own.csr"]).ends(0);
    let said = published(&site, &[]);
    let own = encryption(&site, "hanako");
    assert_eq!(said["published"][0]["sha256"], hex::encode(own.sha256()));
    let zone = fs::read_to_string(site.path("smimea.zone")).unwrap();
    let digits: String = zone.split_once("3 0 0 (").unwrap().1.split_whitespace().collect();
    assert_eq!(digits.trim_end_matches(')'), hex::encode(own.der()));
}

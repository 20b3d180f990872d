//! Step 12, its first half: from a received mail to the person who sent it.

use crate::stage::{draft, with};
use ssmax_e2e::member::Person;
use ssmax_e2e::process::Said;
use ssmax_e2e::ssmax::Site;
use std::fs;

/// `ssmax trace` as an officer types it.
fn trace(site: &Site, officer: &Person, arguments: &[&str]) -> Said {
    let file = |name: &str| officer.dir.join(name).to_str().unwrap().to_owned();
    let key = ["--key", &file("signing-key.pem"), "--cert", &file("signing-file.pem")];
    site.run(&[&["trace"], arguments, &key].concat())
}

#[track_caller]
fn refused(said: &Said, exit: i32, why: &str) {
    assert!(said.exit == exit && said.err.contains(why), "{} {}", said.exit, said.err);
}

#[test]
fn s12_two_officers_of_the_sender_trace_a_mail_that_bob_reports_and_one_alone_does_not() {
    with(|stage| {
        let alice = stage.alice();
        let (mail, _) = stage.encrypted(&draft("s12", alice, &stage.bob, "Something bad."));
        stage.submits(&mail, &[]);
        let arrived = stage.bob_gets(&mail);

        // What bob can tell: the hop that his mail came by, and the certificate of its sender.
        let (a, bob) = (stage.pair.a.site(), &stage.bob);
        let file = |name: &str| bob.dir.join(name).to_str().unwrap().to_owned();
        fs::write(file("reported.eml"), &arrived).unwrap();
        let line = ["mail", "open", &file("reported.eml"), "--key", &file("encryption-key.pem")];
        let more = ["--cert", &file("encryption.pem"), "--trust", &file("seal-ca.pem")];
        let told = stage.pair.b.site().facts(&[&line[..], &more].concat());
        let hops = told["chain"].as_array().unwrap_or_else(|| panic!("{told}"));
        let sent = hops.iter().find(|one| one["from_org"] == stage.pair.a.id());
        let hop = sent.and_then(|one| one["id"].as_str()).unwrap_or_else(|| panic!("{told}"));
        assert!(!told.to_string().contains(&alice.number), "{told}");

        let [olga, oscar] = &stage.officers;
        let words = ["--case", "2026-17", "--reason", "something bad was sent to B"];
        let propose = |what: &str, out: &str| {
            let line = ["propose", what, "--out", out];
            let _ = trace(a, olga, &[&line[..], &words].concat()).ends(0);
        };
        propose(hop, "trace.json");
        // One officer, also twice, learns nothing.
        let said = trace(a, olga, &["identify", "trace.json"]);
        refused(&said, 2, "two different officers");
        let said = trace(a, olga, &["approve", "trace.json"]);
        refused(&said, 2, "approved trace.json before");
        // Nor does who is none, nor the second one.
        let said = trace(a, oscar, &["approve", "trace.json", "--out", "both.json"]).ends(0).text();
        assert!(said.contains(hop) && said.contains("2026-17"), "{said}");
        let said = trace(a, oscar, &["identify", "both.json"]);
        refused(&said, 1, "who proposed");
        let _ = trace(a, &stage.adam, &["approve", "trace.json", "--out", "other.json"]).ends(0);
        let said = trace(a, olga, &["identify", "other.json"]);
        refused(&said, 1, "no officer");

        let said = trace(a, olga, &["identify", "both.json", "--json"]).ends(0);
        let found: serde_json::Value = serde_json::from_slice(&said.out).unwrap();
        assert_eq!(found["person"]["user"], alice.number.as_str(), "{found}");
        assert_eq!(found["person"]["addresses"][0], alice.address.as_str(), "{found}");
        assert_eq!(found["case"], "2026-17");
        let said = trace(a, olga, &["identify", "both.json"]);
        refused(&said, 1, "used before");

        // By her certificate it is the same person.
        let file = alice.dir.join("signing-file.pem");
        let line = ["propose", "--certificate", file.to_str().unwrap(), "--out", "cert.json"];
        let _ = trace(a, olga, &[&line[..], &words].concat()).ends(0);
        let _ = trace(a, oscar, &["approve", "cert.json"]).ends(0);
        let said = trace(a, olga, &["identify", "cert.json"]).ends(0).text();
        assert!(said.contains(&alice.number) && said.contains(&alice.address), "{said}");

        // All of it is in the log, which is whole.
        assert_eq!(a.facts(&["audit", "verify"])["verdict"], "good");
    });
}

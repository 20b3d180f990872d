//! `ssmax cert outside` on mails that OpenSSL has signed: what is learnt, what is used, and what
//! never replaces what was approved.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use serde_json::Value;
use ssmax_keyserver::OutsideCertificates;
use ssmax_pki::Certificate;
use ssmax_support::site::{Said, Site};
use std::fs;
use std::path::Path;
use std::process::Command;

struct Outside {
    site: Site,
}

impl Outside {
    /// A member with the folder, and somebody else's CA.
    fn new() -> Self {
        let site = Site::new();
        let config = site.member_config();
        let setting = "[keyserver]\noutside_certificates = \"outside\"\n";
        site.write("a/ssmax.toml", &config.replace("[keyserver]\n", setting));
        fs::create_dir(site.path("a/outside")).unwrap();
        let outside = Self { site };
        outside.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
             -subj /CN=Elsewhere -days 30 -addext keyUsage=critical,keyCertSign",
        );
        outside
    }

    fn openssl(&self, line: &str) {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(self.site.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A certificate of the CA, `NAME.pem` with `NAME.key`.
    fn certify(&self, name: &str, addresses: &[&str]) {
        let names: Vec<String> = addresses.iter().map(|one| format!("email:{one}")).collect();
        let extensions = format!(
            "subjectAltName={}\nkeyUsage=critical,digitalSignature,keyEncipherment\n\
             extendedKeyUsage=emailProtection\n",
            names.join(",")
        );
        self.site.write(&format!("{name}.ext"), &extensions);
        self.openssl(&format!(
            "req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
        ));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 \
             -extfile {name}.ext -out {name}.pem"
        ));
    }

    /// A mail of this address signed with that key, `NAME.eml`.
    fn sign(&self, name: &str, from: &str) -> String {
        self.site.write("text", "Content-Type: text/plain\r\n\r\nHello\r\n");
        let file = format!("{name}.eml");
        self.openssl(&format!(
            "cms -sign -in text -signer {name}.pem -inkey {name}.key -md sha256 -from {from} \
             -to alice@a.example -subject Hello -out {file}"
        ));
        file
    }

    fn outside(&self, arguments: &[&str]) -> Said {
        self.site.member("cert", &[&["outside", "--json"], arguments].concat())
    }

    /// The certificates that a command tells of, each as its hash and its state.
    fn told(said: &Said) -> Vec<(String, String)> {
        let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
        let said = said.json();
        let told = said["certificates"].as_array().unwrap().iter();
        told.map(|one| (text(one, "sha256"), text(one, "state"))).collect()
    }

    fn learn(&self, arguments: &[&str]) -> (String, String) {
        let said = self.outside(&[&["learn", "--trust", "ca.pem"], arguments].concat()).ends(0);
        Self::told(&said).remove(0)
    }

    fn hash(&self, path: &Path) -> String {
        let pem = fs::read_to_string(self.site.path("").join(path)).unwrap();
        hex::encode(Certificate::from_pem(&pem).unwrap().sha256())
    }

    /// What the key server encrypts with: the certificates in the files that it reads.
    fn in_use(&self) -> Vec<String> {
        let folder = self.site.path("a/outside");
        let read = OutsideCertificates::read(&folder).unwrap();
        assert_eq!(read.unreadable().count(), 0);
        let mut hashes: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "pem"))
            .map(|path| self.hash(&path))
            .collect();
        hashes.sort();
        assert_eq!(read.count(), hashes.len());
        hashes
    }
}

#[test]
fn what_a_good_mail_teaches_waits_and_is_used_when_it_is_approved() {
    let outside = Outside::new();
    outside.certify("bob", &["bob@x.example"]);
    let mail = outside.sign("bob", "bob@x.example");
    let (bob, state) = outside.learn(&[&mail]);
    assert_eq!((state.as_str(), outside.in_use().len()), ("learnt", 0));
    outside.outside(&["approve", &bob[..16]]).ends(0);
    assert_eq!(outside.in_use(), [bob.as_str()]);
    // Found by address, by name and by hash, and by nothing else.
    for (text, count) in [("BOB@x", 1), ("cn=bob", 1), (&bob[..20], 1), ("carol", 0)] {
        assert_eq!(Outside::told(&outside.outside(&["list", text]).ends(0)).len(), count, "{text}");
    }
    let list = |state| Outside::told(&outside.outside(&["list", "--state", state]).ends(0)).len();
    assert_eq!([list("learnt"), list("approved"), list("rejected")], [0, 1, 0]);
    let shown = outside.outside(&["show", &bob]).ends(0).json();
    assert_eq!(shown["source"], "mail");
    assert_eq!(shown["certificate"]["addresses"][0], "bob@x.example");
}

#[test]
fn a_mail_that_is_not_good_teaches_nothing() {
    let outside = Outside::new();
    outside.certify("bob", &["bob@x.example"]);
    let mail = outside.sign("bob", "bob@x.example");
    // No path to what is trusted; From is somebody else; the text was changed.
    outside.outside(&["learn", &mail]).ends(1);
    let other = outside.sign("bob", "carol@x.example");
    outside.outside(&["learn", "--trust", "ca.pem", &other]).ends(1);
    let mail = outside.sign("bob", "bob@x.example");
    let text = fs::read_to_string(outside.site.path(&mail)).unwrap();
    outside.site.write("changed.eml", &text.replace("\nHello", "\nHallo"));
    outside.outside(&["learn", "--trust", "ca.pem", "changed.eml"]).ends(1);
    assert!(Outside::told(&outside.outside(&["list"]).ends(0)).is_empty());
    // Own people's mail has another way.
    outside.certify("alice", &["alice@a.example"]);
    let own = outside.sign("alice", "alice@a.example");
    outside.outside(&["learn", "--trust", "ca.pem", &own]).ends(2);
}

#[test]
fn another_certificate_never_replaces_an_approved_one_unasked() {
    let outside = Outside::new();
    for name in ["old", "new"] {
        outside.certify(name, &["bob@x.example"]);
    }
    let (old, new) = (outside.sign("old", "bob@x.example"), outside.sign("new", "bob@x.example"));
    let (old_hash, state) = outside.learn(&["--approve", &old]);
    assert_eq!((state.as_str(), outside.in_use()), ("approved", vec![old_hash.clone()]));
    let (new_hash, state) = outside.learn(&["--approve", &new]);
    assert_eq!((state.as_str(), outside.in_use()), ("learnt", vec![old_hash.clone()]));
    let said = outside.outside(&["approve", &new_hash]).ends(1);
    assert!(said.err.contains("on another way than by mail"), "{said:?}");
    assert_eq!(outside.in_use(), [old_hash.as_str()]);
    outside.outside(&["approve", &new_hash, "--replace"]).ends(0);
    assert_eq!(outside.in_use(), [new_hash.as_str()]);
    // What was replaced does not come back by a mail.
    assert_eq!(outside.learn(&["--approve", &old]).1, "rejected");
    outside.outside(&["reject", &new_hash]).ends(0);
    assert!(outside.in_use().is_empty());
    assert_eq!(outside.learn(&["--approve", &new]).1, "rejected");
    assert_eq!(outside.learn(&["--approve", &old]).1, "rejected");
    assert!(outside.in_use().is_empty());
}

#[test]
fn what_an_administrator_laid_there_by_hand_counts_as_approved_and_is_kept() {
    let outside = Outside::new();
    outside.certify("hand", &["bob@x.example"]);
    outside.certify("both", &["carol@x.example", "dave@x.example"]);
    for (from, to) in [("hand", "bob@x.example"), ("both", "carol@x.example")] {
        let to = outside.site.path(&format!("a/outside/{to}.pem"));
        fs::copy(outside.site.path(&format!("{from}.pem")), to).unwrap();
    }
    outside.certify("bob", &["bob@x.example"]);
    outside.certify("carol", &["carol@x.example"]);
    let (bob, _) = outside.learn(&[&outside.sign("bob", "bob@x.example")]);
    let (carol, _) = outside.learn(&[&outside.sign("carol", "carol@x.example")]);
    outside.outside(&["approve", &bob]).ends(1);
    outside.outside(&["approve", &bob, "--replace"]).ends(0);
    let both = outside.hash(Path::new("both.pem"));
    let mut expected = [bob, both];
    expected.sort();
    assert_eq!(outside.in_use(), expected);
    let rejected = Outside::told(&outside.outside(&["list", "--state", "rejected"]).ends(0));
    assert_eq!(rejected.len(), 1, "{rejected:?}");
    // Dave's mail would have no certificate any more.
    let said = outside.outside(&["approve", &carol, "--replace"]).ends(1);
    assert!(said.err.contains("other addresses"), "{said:?}");
    assert_eq!(outside.in_use(), expected);
}

#[test]
fn a_file_is_taken_only_for_an_address_that_it_carries() {
    let outside = Outside::new();
    outside.certify("bob", &["bob@x.example"]);
    let import =
        |file: &str, address: &str| outside.outside(&["import", file, "--address", address]);
    import("bob.pem", "carol@x.example").ends(1);
    import("ca.pem", "bob@x.example").ends(1);
    import("bob.pem", "alice@a.example").ends(2);
    let told = Outside::told(&import("bob.pem", "bob@x.example").ends(0));
    assert_eq!((told.len(), told[0].1.as_str(), outside.in_use().len()), (1, "learnt", 0));
    // Without the setting there is no place for it.
    outside.site.write("a/ssmax.toml", &outside.site.member_config());
    let said = import("bob.pem", "bob@x.example").ends(2);
    assert!(said.err.contains("outside_certificates"), "{said:?}");
}

//! A mailer finds in the own organisation's directory with what mail to somebody is
//! encrypted: OpenLDAP's program as Thunderbird asks, OpenSSL with what it found, and then
//! a stock Thunderbird that is only told where the directory is.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use serde_json::{Value, json};
use ssmax_e2e::directory::{Directory, WANTED, certificates};
use ssmax_e2e::mailer;
use ssmax_e2e::mails::can_be_read;
use ssmax_e2e::member::{Mailers, Outline, Person};
use ssmax_e2e::needs;
use ssmax_e2e::pair::{self, Pair, has, text};
use ssmax_e2e::process::{run, wait_for};
use ssmax_e2e::thunderbird::Thunderbird;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a mail may take, with a try or two in between.
const ARRIVAL: Duration = Duration::from_secs(30);

/// What alice writes, with OpenSSL and with Thunderbird.
const BY_OPENSSL: &str = "Sealed by what the directory has given.";
const BY_THUNDERBIRD: &str = "第三の石の下に鍵があります。";

/// Thunderbird comes by TLS, and swaks knows none.
const A: Outline = Outline { mailers: Mailers::Either, ..pair::A };

struct Stage {
    pair: Pair,
    bob: Person,
    directory: Directory,
}

#[test]
fn a_mailer_finds_with_what_mail_is_encrypted() {
    if !needs::are_met_with_a_mailer_and(&[("ldapsearch", "ldap-utils")]) {
        return;
    }
    let stage = Stage::set_up();
    stage.colleagues_are_found_and_suggested();
    stage.strangers_are_not_and_nobody_is_listed();
    stage.a_password_is_proved();
    stage.without_tls_there_is_no_answer_until_there_is_some();
    stage.outlooks_search_finds_whom_somebody_has_typed();
    stage.what_is_found_for_bob_encrypts_mail_that_reaches_him();
    stage.thunderbird_encrypts_by_itself_and_the_mail_arrives_sealed();
}

impl Stage {
    fn set_up() -> Self {
        let mut pair = Pair::set_up(A, pair::B);
        let bob = pair.b.add_person("bob", "鈴木 望夢", true);
        let carol = pair.a.add_person("carol", "阿部 カロル", false);
        assert_eq!(carol.address, "carol@a.example");
        let (address, bare) = (pair.place.free(pair::A.ip), pair.place.free(pair::A.ip));
        let directory = Directory::start(&mut pair.a, address, bare);
        // Before the key server has a member list, nobody can say who is a member's.
        wait_for("the member list", ARRIVAL, || {
            let said = directory.search(&[], "(mail=zoe@x.example)", &["mail"]);
            assert!([0, 52].contains(&said.exit), "{said:?}");
            (said.exit == 0).then_some(())
        });
        Self { pair, bob, directory }
    }

    /// The answer to a search that is answered at once.
    #[track_caller]
    fn found(&self, filter: &str, wanted: &[&str]) -> String {
        let began = Instant::now();
        let said = self.directory.search(&[], filter, wanted).ends(0).text();
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        said
    }

    fn colleagues_are_found_and_suggested(&self) {
        let filter = "(|(cn=*カロ*)(mail=*カロ*)(givenName=*カロ*)(sn=*カロ*))";
        let suggested = self.found(filter, &["mail"]);
        assert_eq!(
            suggested.trim(),
            "dn: mail=carol@a.example,dc=a,dc=example\nmail: carol@a.example"
        );
        let found = certificates(&self.found("(mail=carol@a.example)", &[WANTED]));
        assert_eq!(found.len(), 1);
        self.verifies(&found[0], "chain.pem");
    }

    fn strangers_are_not_and_nobody_is_listed(&self) {
        for nobody in ["(mail=nobody@a.example)", "(mail=zoe@x.example)", "(cn=*b*)"] {
            assert_eq!(self.found(nobody, &[WANTED]), "", "{nobody}");
        }
        for list in ["(objectClass=*)", "(mail=*)", "(!(cn=x))"] {
            let said = self.directory.search(&[], list, &["mail"]).ends(53);
            assert_eq!(said.text(), "", "{list}");
        }
    }

    fn a_password_is_proved(&self) {
        let alice = &self.pair.alice;
        let bind = |secret: &str| {
            let line = ["-D", &alice.address, "-w", secret];
            self.directory.search(&line, "(mail=carol@a.example)", &["mail"])
        };
        assert!(bind(&alice.secret).ends(0).text().contains("mail: carol@a.example"));
        assert_eq!(bind("wrong").ends(49).text(), "");
    }

    fn without_tls_there_is_no_answer_until_there_is_some(&self) {
        let filter = format!("(mail={})", self.bob.address);
        let refused = self.directory.search_bare(&[], &filter, &["mail"]);
        assert!([13, 1].contains(&refused.exit) && refused.text().is_empty(), "{refused:?}");
        let login = ["-D", self.pair.alice.address.as_str(), "-w", self.pair.alice.secret.as_str()];
        let refused = self.directory.search_bare(&login, &filter, &["mail"]).ends(13);
        assert_eq!(refused.text(), "");
        let found = self.directory.search_bare(&["-ZZ"], &filter, &["mail"]).ends(0);
        assert!(found.text().contains("mail: bob@b.example"), "{}", found.text());
        let login = [&["-ZZ"], &login[..]].concat();
        let found = self.directory.search_bare(&login, &filter, &["mail"]).ends(0);
        assert!(found.text().contains("mail: bob@b.example"), "{}", found.text());
    }

    /// Its default filter, and what it reads of an entry that was chosen.
    fn outlooks_search_finds_whom_somebody_has_typed(&self) {
        let filter = |text: &str| {
            format!("(&(mail=*)(|(mail={text}*)(|(cn={text}*)(|(sn={text}*)(givenName={text}*)))))")
        };
        let found = self.found(&filter("阿部"), &["mail"]);
        assert!(found.contains("mail: carol@a.example"), "{found}");
        let found = self.found(&filter(&self.bob.address), &["userCertificate;binary"]);
        assert_eq!(certificates(&found).len(), 1, "{found}");
        let line = ["-s", "base", "-b", "mail=carol@a.example,dc=a,dc=example"];
        let entry = self.directory.search(&line, "(objectClass=*)", &[]).ends(0).text();
        assert_eq!(certificates(&entry).len(), 1, "{entry}");
    }

    fn what_is_found_for_bob_encrypts_mail_that_reaches_him(&self) {
        let filter = format!("(mail={})", self.bob.address);
        let found = certificates(&self.found(&filter, &[WANTED]));
        assert_eq!(found.len(), 1);
        self.verifies(&found[0], "seal-ca.pem");
        // It is kept: who asks again gets the same.
        let both = format!("(|(mail={})(mail=nobody@a.example))", self.bob.address);
        assert_eq!(certificates(&self.found(&both, &[WANTED])), found);

        let alice = &self.pair.alice;
        fs::write(alice.dir.join("found.der"), &found[0]).unwrap();
        fs::write(alice.dir.join("text"), format!("{BY_OPENSSL}\r\n")).unwrap();
        let openssl = |line: &str| {
            let line = line.split_whitespace();
            let _ = run(Command::new("openssl").args(line).current_dir(&alice.dir)).ends(0);
        };
        openssl("x509 -inform DER -in found.der -out found.pem");
        openssl(
            "cms -sign -text -in text -signer signing-file.pem -inkey signing-key.pem \
             -certfile chain.pem -out signed.eml",
        );
        openssl(&format!(
            "cms -encrypt -aes256 -in signed.eml -from {} -to {} -subject Found -out found.eml \
             found.pem",
            alice.address, self.bob.address
        ));
        let mail = text(&fs::read(alice.dir.join("found.eml")).unwrap());
        let mail = mail.replace("\r\n", "\n").replace('\n', "\r\n");
        assert!(!can_be_read(BY_OPENSSL, mail.as_bytes()));
        wait_for("the mail is taken", ARRIVAL, || {
            let said = mailer::submit(&self.pair.a, alice, &[&self.bob.address], mail.as_bytes());
            (said.exit == 0).then_some(())
        });
        self.bob_gets(BY_OPENSSL);
    }

    fn thunderbird_encrypts_by_itself_and_the_mail_arrives_sealed(&self) {
        let alice = &self.pair.alice;
        let files = self.files_for_mailers();
        let Pair { place, a, .. } = &self.pair;
        let mut thunderbird = Thunderbird::start_deployed(place, a, alice, &files);
        println!("Thunderbird {}", thunderbird.version());
        let typed = "カロ";
        let window =
            thunderbird.compose(typed, &self.bob.address, BY_THUNDERBIRD, "directory", true);
        let expected = json!({
            "suggested": ["阿部 カロル <carol@a.example> — Organisation a"], "to": [self.bob.address.as_str()],
            "signs": true, "encrypts": true, "by_smime": true,
        });
        assert_eq!(window, expected);
        thunderbird.send();
        self.bob_gets(BY_THUNDERBIRD);
        // For whom nothing is found the mailer encrypts nothing.
        let window = thunderbird.compose("", "zoe@x.example", "x", "directory-unknown", false);
        assert_eq!(window["encrypts"], false, "{window}");
        thunderbird.discard();
    }

    /// What the organisation deploys.
    #[track_caller]
    fn files_for_mailers(&self) -> PathBuf {
        let (server, anchor) = (self.directory.address.to_string(), &self.directory.anchor);
        let line = ["setup", "mailers", "--server", &server, "--out", "mailers", "--anchor"];
        let site = self.pair.a.site();
        let facts = site.facts(&[&line[..], &[anchor.to_str().unwrap()]].concat());
        assert_eq!(facts["files"].as_array().unwrap().len(), 5, "{facts}");
        site.path("mailers")
    }

    /// Whether a certificate is one of the anchor that alice's mailer has.
    #[track_caller]
    fn verifies(&self, der: &[u8], anchor: &str) {
        let dir = &self.pair.alice.dir;
        fs::write(dir.join("relay.der"), der).unwrap();
        let line = "x509 -inform DER -in relay.der -out relay.pem";
        let _ = run(Command::new("openssl").args(line.split(' ')).current_dir(dir)).ends(0);
        let line = ["verify", "-partial_chain", "-CAfile", anchor, "relay.pem"];
        let _ = run(Command::new("openssl").args(line).current_dir(dir)).ends(0);
    }

    /// A mail that says this arrives at bob, inspected on its way and sealed.
    #[track_caller]
    fn bob_gets(&self, words: &str) {
        let arrived = wait_for("the mail", ARRIVAL, || {
            self.pair.b.inbox(&self.bob.address).into_iter().find(|mail| {
                has(mail, "SSMAX-Result: ssmax.b.example; class=verified;")
                    && can_be_read(words, &mailer::open(&self.bob, mail).entity)
            })
        });
        assert!(!can_be_read(words, &arrived));
        assert!(has(&arrived, "signed-by=file; auth=device-secret; aal=2;"), "{}", text(&arrived));
        assert_eq!(mailer::open(&self.bob, &arrived).signer, self.pair.alice.address);
        let arrived = text(&arrived);
        let id = arrived.lines().find_map(|line| {
            line.to_ascii_lowercase().starts_with("message-id: ").then(|| line[12..].to_owned())
        });
        // It came encrypted to A, which opened it for its inspection.
        let told: Value = self.pair.a.site().facts(&["journey", &id.unwrap()]);
        let done = told["arrivals"][0]["key_operations"].as_array().unwrap().iter();
        let done: Vec<&str> = done.map(|one| one["operation"].as_str().unwrap()).collect();
        assert_eq!(done, ["admit-outbound", "release", "verdict", "rewrap", "sign-hop"], "{told}");
    }
}

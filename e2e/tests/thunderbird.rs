//! What a person sees: a stock Thunderbird at B, with what README gives it, opens what comes
//! over the chain, answers by its own means, and shows what somebody has changed as bad.
//! Pictures of it are kept.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use serde_json::{Value, json};
use ssmax_e2e::mailer::{self, Account};
use ssmax_e2e::mails::{self, Mail, SECRET, base64_lines, can_be_read};
use ssmax_e2e::member::{Mailers, Member, Outline, Person};
use ssmax_e2e::needs;
use ssmax_e2e::pair::{self, Pair, copies, has};
use ssmax_e2e::process::{run, wait_for};
use ssmax_e2e::thunderbird::{Shown, Thunderbird};
use std::fs;
use std::process::Command;
use std::time::Duration;

/// How long a mail may take, with a try or two in between.
const ARRIVAL: Duration = Duration::from_secs(30);

/// What bob writes.
const ANSWER: &str = "承知しました。金曜日までに御返事します。";

/// What came in clear at A reaches B in a form that can be preserved.
const B: Outline = Outline { fresh_form: "mail-cbc", mailers: Mailers::ByTls, ..pair::B };

struct Stage {
    pair: Pair,
    bob: Person,
    thunderbird: Thunderbird,
}

#[test]
fn a_stock_thunderbird_reads_answers_and_warns() {
    if !needs::are_met_with_a_mailer() {
        return;
    }
    let mut stage = Stage::set_up();
    println!("Thunderbird {}", stage.thunderbird.version());
    let sealed = stage.a_sealed_mail_is_shown_as_its_senders_and_as_encrypted();
    stage.it_came_by_tls_and_nobody_logs_in_without();
    stage.the_reply_is_encrypted_by_what_the_seal_taught_and_arrives_inspected_and_sealed();
    stage.a_changed_text_is_shown_as_badly_signed(&sealed);
    stage.a_changed_ciphertext_is_shown_as_badly_signed(&sealed);
    stage.a_preserved_mail_is_shown_as_its_senders_and_as_encrypted();
}

impl Stage {
    fn set_up() -> Self {
        let pair = Pair::set_up(pair::A, B);
        let bob = pair.b.add_person("bob", "鈴木 望夢", true);
        let thunderbird = Thunderbird::start(&pair.place, &pair.b, &bob);
        Self { pair, bob, thunderbird }
    }

    fn a_sealed_mail_is_shown_as_its_senders_and_as_encrypted(&mut self) -> Vec<u8> {
        let mail = mails::iso_2022_jp_with_attachment(&self.pair.alice.address, &self.bob.address);
        let arrived = self.alice_sends(&mail);
        let shown = self.thunderbird.open(&mail.message_id, "sealed");
        self.is_the_good_offer(&shown);
        for line in ["Signed by:山田 有紗 (checked by Organisation b)", "Organisation b Seal CA"]
        {
            assert!(shown.panel.contains(line), "{}", shown.panel);
        }
        arrived
    }

    /// And what it sends afterwards can go no other way.
    fn it_came_by_tls_and_nobody_logs_in_without(&self) {
        let login = format!("user=<{}>", self.bob.address);
        let log = self.pair.b.dovecot().log();
        let by_tls = |line: &&str| line.contains(&login) && line.contains(", TLS, ");
        assert!(log.lines().any(|line| by_tls(&line)), "{log}");
        let said = mailer::log_in(&Account::of(&self.pair.b, &self.bob)).unwrap().unwrap_err();
        assert!(said.starts_with("538 5.7.11"), "{said}");
    }

    fn the_reply_is_encrypted_by_what_the_seal_taught_and_arrives_inspected_and_sealed(&mut self) {
        let alice = &self.pair.alice;
        let window = self.thunderbird.reply(ANSWER, "reply");
        let expected = json!({
            "to": [format!("山田 有紗 <{}>", alice.address)], "subject": "Re: 御見積書の送付について",
            "signs": true, "encrypts": true, "by_smime": true,
        });
        assert_eq!(window, expected);
        let arrived = wait_for("the reply", ARRIVAL, || self.pair.a.inbox(&alice.address).pop());
        let text = String::from_utf8_lossy(&arrived);
        assert!(has(&arrived, "SSMAX-Result: ssmax.a.example; class=verified;"), "{text}");
        // By his own key, and not by the key server in his name.
        assert!(has(&arrived, "signed-by=file; auth=device-secret; aal=2;"), "{text}");
        assert!(!can_be_read(SECRET, &arrived) && !can_be_read(ANSWER, &arrived), "{text}");
        let opened = mailer::open(alice, &arrived);
        assert_eq!(opened.signer, self.bob.address);
        for words in [ANSWER, SECRET] {
            assert!(
                can_be_read(words, &opened.entity),
                "{:?}",
                String::from_utf8_lossy(&opened.entity)
            );
        }
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
        // What Thunderbird had encrypted was opened at B, and re-wrapped for A.
        let outbound = ["admit-outbound", "release", "verdict", "rewrap", "sign-hop"];
        let inbound = ["admit-inbound", "release", "verdict", "seal", "encrypt-to"];
        let both = [(&self.pair.b, "outbound", outbound), (&self.pair.a, "inbound", inbound)];
        for (member, direction, operations) in both {
            let arrival = arrival_of(member, id);
            assert_eq!(arrival["direction"], direction, "{arrival}");
            assert_eq!(arrival["inspection"]["outcome"], "pass", "{arrival}");
            let done = arrival["key_operations"].as_array().unwrap().iter();
            let done: Vec<&str> = done.map(|one| one["operation"].as_str().unwrap()).collect();
            assert_eq!(done, operations, "{arrival}");
        }
    }

    /// Whoever can encrypt for bob puts another text under the same seal. As it was, it is
    /// good, so it is the change that is seen.
    fn a_changed_text_is_shown_as_badly_signed(&mut self, sealed: &[u8]) {
        let _ = mailer::open(&self.bob, sealed);
        let inner = fs::read(self.bob.dir.join("inner.eml")).unwrap();
        let changed = replaced(&inner, b"the third stone", b"the fifth stone");
        assert_ne!(inner, changed);

        let id = self.bob_gets("encrypted-anew", sealed, &self.encrypted(&inner));
        let shown = self.thunderbird.open(&id, "encrypted-anew");
        self.is_the_good_offer(&shown);

        let id = self.bob_gets("changed-text", sealed, &self.encrypted(&changed));
        let shown = self.thunderbird.open(&id, "changed-text");
        assert!(shown.body.contains("the fifth stone"), "{}", shown.body);
        is_badly_signed(&shown);
    }

    fn a_changed_ciphertext_is_shown_as_badly_signed(&mut self, sealed: &[u8]) {
        let start = 4 + sealed.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap();
        let mut body = sealed[start..].to_vec();
        let middle = body.len() / 2;
        let at = middle + body[middle..].iter().position(u8::is_ascii_alphabetic).unwrap();
        body[at] ^= 1 << 5;
        let id = self.bob_gets("changed-ciphertext", sealed, &body);
        let shown = self.thunderbird.open(&id, "changed-ciphertext");
        is_badly_signed(&shown);
    }

    /// Then people's mailers trust the federation's root too (docs/operator/en/providers.md).
    fn a_preserved_mail_is_shown_as_its_senders_and_as_encrypted(&mut self) {
        self.pair.b.set_gateway("delivery = \"preserve\"");
        self.thunderbird.trust(&self.pair.b.site().path("state/federation/root.pem"));
        let mut mail =
            mails::iso_2022_jp_with_attachment(&self.pair.alice.address, &self.bob.address);
        mail.octets = replaced(&mail.octets, b"<offer@", b"<preserved-offer@");
        mail.message_id = mail.message_id.replace("<offer@", "<preserved-offer@");
        let _ = self.alice_sends(&mail);
        let shown = self.thunderbird.open(&mail.message_id, "preserved");
        self.is_the_good_offer(&shown);
        assert!(!shown.panel.contains("Seal CA"), "{}", shown.panel);
    }

    /// Signature and encryption are shown as good, and all of the mail is there.
    #[track_caller]
    fn is_the_good_offer(&self, shown: &Shown) {
        assert_eq!((shown.signature.as_str(), shown.encryption.as_str()), ("SUCCESS", "SUCCESS"));
        assert_eq!(shown.signature_icon, "message-signed-ok.svg");
        assert_eq!(shown.encryption_icon, "message-encrypted-ok.svg");
        assert_eq!(shown.signer, self.pair.alice.address);
        for line in ["Message Is Signed\n", "Message Is Encrypted\n", "has not been altered"] {
            assert!(shown.panel.contains(line), "{}", shown.panel);
        }
        assert!(shown.subject.ends_with("御見積書の送付について"), "{}", shown.subject);
        for words in ["山田 有紗", "alice@a.example"] {
            assert!(shown.from.contains(words), "{}", shown.from);
        }
        for line in ["鈴木様", "御見積書をお送りします。御確認ください。", SECRET]
        {
            assert!(shown.body.contains(line), "{}", shown.body);
        }
        let names: Vec<&str> = shown.attachments.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["御見積書.dat"]);
        assert!(shown.attachments[0].1 == mails::offer_file());
    }

    /// What arrives in bob's mailbox.
    #[track_caller]
    fn alice_sends(&self, mail: &Mail) -> Vec<u8> {
        self.pair.alice_sends(&[&self.bob.address], mail, ARRIVAL);
        wait_for("the mail", ARRIVAL, || copies(&self.pair.b, &self.bob.address, mail).pop())
    }

    /// Puts a mail with the header of `like` and this body into bob's mailbox, past the
    /// gateway. Its Message-ID.
    #[track_caller]
    fn bob_gets(&self, name: &str, like: &[u8], body: &[u8]) -> String {
        let end = 4 + like.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap();
        let header = replaced(&like[..end], b"<offer@", format!("<{name}@").as_bytes());
        let octets = [&header, body].concat();
        let (dir, at) = (self.pair.place.path(), self.pair.b.mailboxes());
        let (from, to) = (&self.pair.alice.address, [self.bob.address.as_str()]);
        let said = mailer::hand_in(dir, at, &["--protocol", "LMTP"], from, &to, &octets);
        let _ = said.ends(0);
        format!("<{name}@mailer.example>")
    }

    /// A content encrypted for bob, by OpenSSL, in lines of base64.
    #[track_caller]
    fn encrypted(&self, content: &[u8]) -> Vec<u8> {
        fs::write(self.bob.dir.join("content.eml"), content).unwrap();
        let line = "cms -encrypt -binary -aes-256-cbc -in content.eml -outform DER -out content.p7m \
            encryption.pem";
        let line = line.split_whitespace();
        let _ = run(Command::new("openssl").args(line).current_dir(&self.bob.dir)).ends(0);
        base64_lines(&fs::read(self.bob.dir.join("content.p7m")).unwrap()).into_bytes()
    }
}

/// Encryption alone is good, and the panel says what is wrong.
#[track_caller]
fn is_badly_signed(shown: &Shown) {
    assert_eq!(shown.encryption, "SUCCESS");
    assert_eq!(shown.signature, "VERIFY_DIGEST_MISMATCH");
    assert_eq!(shown.signature_icon, "message-signed-mismatch.svg");
    for line in ["Digital Signature Is Not Valid\n", "appears to have been altered"] {
        assert!(shown.panel.contains(line), "{}", shown.panel);
    }
}

/// What a member tells of a mail that came once.
#[track_caller]
fn arrival_of(member: &Member, id: &str) -> Value {
    let told = member.site().facts(&["journey", id]);
    assert_eq!(told["arrivals"].as_array().unwrap().len(), 1, "{told}");
    told["arrivals"][0].clone()
}

/// `octets` with `to` in the place of each `from`.
fn replaced(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + to.len());
    let mut rest = octets;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

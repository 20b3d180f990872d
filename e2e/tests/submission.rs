//! People submit at their organisation's own Postfix, whose submission service asks Dovecot
//! for the login and our milter for a statement of it. Postfix queues, splits, tries again;
//! the gateway behind the queue has the login from the statement alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use rustix::process::{Pid, Signal, kill_process};
use ssmax_e2e::mailer;
use ssmax_e2e::mails::{self, Mail};
use ssmax_e2e::member::{Member, Outline, Person};
use ssmax_e2e::needs;
use ssmax_e2e::pair::{self, Pair, arrives, copies, has, text};
use ssmax_e2e::process::wait_for;
use std::fmt::Write as _;
use std::time::Duration;

/// How long a mail may take, with a try or two in between.
const ARRIVAL: Duration = Duration::from_secs(30);

/// How long we look whether a mail comes a second time: several runs of the queue.
const SECOND_COPY: Duration = Duration::from_secs(4);

/// More than the fifty whom Postfix serves in one transaction.
const MANY: usize = 60;

const A: Outline =
    Outline { people: &["alice", "adam"], greylists: true, submits_at_postfix: true, ..pair::A };

const B: Outline = Outline { people: &["bob", "dave"], numbered: MANY, ..pair::B };

/// Everything that runs.
struct Stage {
    pair: Pair,
    adam: Person,
    bob: Person,
    dave: Person,
}

#[test]
fn what_is_submitted_at_postfix_is_sent_in_the_name_of_who_logged_in_there() {
    if !needs::are_met() {
        return;
    }
    let mut stage = Stage::set_up();
    stage.a_clear_signed_mail_arrives_and_a_forged_statement_does_not();
    stage.a_signed_and_encrypted_mail_arrives();
    stage.what_postfix_passes_on_is_octet_for_octet_what_the_milter_saw();
    stage.an_unsigned_mail_needs_a_login_of_a_higher_level();
    stage.a_login_that_may_not_use_this_from_is_refused();
    stage.without_a_login_nothing_is_taken();
    stage.of_two_recipients_one_is_put_off_and_gets_it_by_the_same_statement();
    stage.many_recipients_are_served_in_parts_and_each_once();
    stage.a_statement_of_one_mail_is_worth_nothing_on_another();
    stage.without_the_milter_mailers_are_put_off_and_then_taken();
}

impl Stage {
    fn set_up() -> Self {
        let pair = Pair::set_up(A, B);
        let adam = pair.a.add_person("adam", "小林 亘", false);
        let local: Vec<String> = (1..=MANY).map(|number| format!("u{number}")).collect();
        let bob = pair.b.add_person_at("bob", "鈴木 望夢", false, &local);
        let dave = pair.b.add_person("dave", "佐藤 大輔", false);
        Self { pair, adam, bob, dave }
    }

    fn a_clear_signed_mail_arrives_and_a_forged_statement_does_not(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let mut mail = mails::short("signed", &alice.address, &bob.address);
        (mail.octets, mail.entity) = mailer::sign(self.pair.a.site(), alice, &mail.octets);
        let forged = "SSMAX-Statement: e30=.e30=\r\nssmax-statement : e30=\r\n .e30=\r\n";
        mail.octets.splice(0..0, forged.bytes());
        self.alice_sends("PLAIN", &[&bob.address], &mail);
        let arrived = self.one_copy(&self.pair.b, bob, &mail);
        assert!(has(&arrived, "signed-by=file; auth=sasl-plain; aal=1;"), "{}", text(&arrived));
        assert!(!has(&arrived, "SSMAX-Statement"), "{}", text(&arrived));
        self.reads(bob, &mail, &arrived);
    }

    /// She has bob's certificate from his mail.
    fn a_signed_and_encrypted_mail_arrives(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let first = mails::short("first", &bob.address, &alice.address);
        let said = mailer::submit(&self.pair.b, bob, &[&alice.address], &first.octets);
        let _ = said.ends(0);
        let first = self.one_copy(&self.pair.a, alice, &first);
        let mut mail = mails::short("encrypted", &alice.address, &bob.address);
        (mail.octets, mail.entity) =
            mailer::sign_and_encrypt(self.pair.a.site(), alice, &first, &mail.octets);
        self.alice_sends("PLAIN", &[&bob.address], &mail);
        let arrived = self.one_copy(&self.pair.b, bob, &mail);
        assert!(has(&arrived, "auth=sasl-plain; aal=1;"), "{}", text(&arrived));
        self.reads(bob, &mail, &arrived);
    }

    /// 8-bit text, lines of dots, blanks at ends, lines of thousands of octets, a folded
    /// subject: the milter's digest is that of what comes behind the queue.
    fn what_postfix_passes_on_is_octet_for_octet_what_the_milter_saw(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let mail = mails::folded_eight_bit(&alice.address, &bob.address);
        self.alice_sends("LOGIN", &[&bob.address], &mail);
        let arrived = self.one_copy(&self.pair.b, bob, &mail);
        assert!(has(&arrived, "signed-by=server; auth=sasl-login; aal=2;"), "{}", text(&arrived));
        self.reads(bob, &mail, &arrived);
    }

    fn an_unsigned_mail_needs_a_login_of_a_higher_level(&self) {
        let mail = mails::short("weak", &self.pair.alice.address, &self.bob.address);
        self.alice_sends("PLAIN", &[&self.bob.address], &mail);
        self.in_the_log_of_a("SSMAX-1107");
        assert_eq!(copies(&self.pair.b, &self.bob.address, &mail).len(), 0);
    }

    fn a_login_that_may_not_use_this_from_is_refused(&self) {
        let mail = mails::short("not-mine", &self.pair.alice.address, &self.bob.address);
        let to = [self.bob.address.as_str()];
        let said = mailer::submit_at_postfix(&self.pair.a, &self.adam, "LOGIN", &to, &mail.octets);
        let _ = said.ends(0);
        self.in_the_log_of_a("SSMAX-1102");
        assert_eq!(copies(&self.pair.b, &self.bob.address, &mail).len(), 0);
    }

    fn without_a_login_nothing_is_taken(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let mail = mails::short("nobody", &alice.address, &bob.address);
        let (dir, at) = (self.pair.place.path(), self.pair.a.mta_submission());
        let said = mailer::hand_in(dir, at, &[], &alice.address, &[&bob.address], &mail.octets);
        assert!(said.exit != 0 && said.text().contains("530 5.7.0 SSMAX-1003"), "{}", said.text());
    }

    /// Bob is known to the greylist on the way out by now, dave is not.
    fn of_two_recipients_one_is_put_off_and_gets_it_by_the_same_statement(&self) {
        let (alice, bob, dave) = (&self.pair.alice, &self.bob, &self.dave);
        // Reports of what was refused before are put off as well.
        self.nothing_waits();
        let before = self.pair.a.put_off();
        let to = format!("{}, {}", bob.address, dave.address);
        let mail = mails::short("two", &alice.address, &to);
        self.alice_sends("LOGIN", &[&bob.address, &dave.address], &mail);
        for person in [bob, dave] {
            let arrived = self.one_copy(&self.pair.b, person, &mail);
            self.reads(person, &mail, &arrived);
        }
        assert_eq!(self.pair.a.put_off() - before, 1);
        let log = self.pair.a.postfix().log();
        let fate = |recipient: &str| {
            let to = format!("to=<{recipient}>");
            let filtered =
                |line: &&str| line.contains("/ssmax-submission/lmtp") && line.contains(&to);
            log.lines().rfind(filtered).unwrap_or_else(|| panic!("{to}:\n{log}")).to_owned()
        };
        assert!(fate(&dave.address).contains("status=sent (250 2.0.0 "), "{log}");
        let put_off = |line: &str| line.contains("dave@b.example") && line.contains("SSMAX-9003");
        assert!(log.lines().any(put_off), "{log}");
        self.nothing_waits();
        std::thread::sleep(SECOND_COPY);
        for person in [bob, dave] {
            assert_eq!(copies(&self.pair.b, &person.address, &mail).len(), 1);
        }
    }

    fn many_recipients_are_served_in_parts_and_each_once(&self) {
        let addresses: Vec<String> =
            (1..=MANY).map(|number| format!("u{number}@b.example")).collect();
        let to: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let mut field = String::new();
        for address in &addresses {
            let _ = write!(field, "{}{address}", if field.is_empty() { "" } else { ",\r\n " });
        }
        let mail = mails::short("many", &self.pair.alice.address, &field);
        self.alice_sends("LOGIN", &to, &mail);
        wait_for("everybody's copy", 2 * ARRIVAL, || {
            let all = addresses.iter().all(|one| !copies(&self.pair.b, one, &mail).is_empty());
            all.then_some(())
        });
        self.nothing_waits();
        for address in &addresses {
            assert_eq!(copies(&self.pair.b, address, &mail).len(), 1, "{address}");
        }
        let log = self.pair.a.postfix().log();
        let lost = |line: &&str| line.contains("to=<u") && line.contains("status=bounced");
        assert_eq!(log.lines().find(lost), None);
    }

    /// Somebody takes the field out of a mail that waits, and puts it on another.
    fn a_statement_of_one_mail_is_worth_nothing_on_another(&mut self) {
        let (alice, bob) = (self.pair.alice.address.clone(), self.bob.address.clone());
        let mail = mails::short("waiting", &alice, &bob);
        let inspector = self.pair.a.site().process("inspector").and_then(Pid::from_raw).unwrap();
        kill_process(inspector, Signal::KILL).unwrap();
        self.alice_sends("LOGIN", &[&bob], &mail);
        let queued = wait_for("a deferred mail", ARRIVAL, || {
            let mut queue = self.pair.a.postfix().queue().into_iter();
            queue.find(|queued| {
                let reason = queued["recipients"][0]["delay_reason"].as_str();
                reason.is_some_and(|reason| reason.contains("SSMAX-9002"))
            })
        });
        let queued = self.pair.a.postfix().queued(queued["queue_id"].as_str().unwrap());
        let queued = text(&queued);
        let (_, behind) = queued.split_once("SSMAX-Statement:").unwrap();
        let is_folded = |line: &&str| line.starts_with(' ');
        let lines: Vec<&str> = behind.lines().take_while(is_folded).collect();
        let field = format!("SSMAX-Statement:{}\r\n", lines.join("\r\n"));
        self.pair.a.serve_role("inspector");

        let hand_in = |mail: &Mail, to: &str| {
            let octets = [field.as_bytes(), &mail.octets].concat();
            let (dir, at) = (self.pair.place.path(), self.pair.a.stated());
            mailer::hand_in(dir, at, &["--protocol", "LMTP"], &alice, &[to], &octets)
        };
        for (name, to) in [("stolen", bob.as_str()), ("stolen-for-dave", "dave@b.example")] {
            let other = mails::short(name, &alice, to);
            let said = hand_in(&other, to);
            assert!(said.text().contains("550 5.7.1 SSMAX-1115"), "{}", said.text());
        }
        // The same text under another subject is another mail too.
        let text = String::from_utf8(mail.octets.clone()).unwrap();
        let octets = text.replace(mails::SECRET, "Something else").into_bytes();
        let said = hand_in(&Mail { octets, ..mail.clone() }, &bob);
        assert!(said.text().contains("550 5.7.1 SSMAX-1115"), "{}", said.text());
        // Without one there is no login at all.
        let (dir, at) = (self.pair.place.path(), self.pair.a.stated());
        let other = mails::short("bare", &alice, &bob);
        let more = ["--protocol", "LMTP"];
        let said = mailer::hand_in(dir, at, &more, &alice, &[&bob], &other.octets);
        assert!(said.text().contains("550 5.7.1 SSMAX-1114"), "{}", said.text());
        self.one_copy(&self.pair.b, &self.bob, &mail);
        self.nothing_waits();
    }

    fn without_the_milter_mailers_are_put_off_and_then_taken(&mut self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let mail = mails::short("patience", &alice.address, &bob.address);
        let milter = self.pair.a.site().process("submission").and_then(Pid::from_raw).unwrap();
        kill_process(milter, Signal::KILL).unwrap();
        let to = [bob.address.as_str()];
        let said = mailer::submit_at_postfix(&self.pair.a, alice, "LOGIN", &to, &mail.octets);
        assert!(said.exit != 0 && said.text().contains("<** 4"), "{}", said.text());
        self.pair.a.serve_role("submission");
        self.alice_sends("LOGIN", &to, &mail);
        let arrived = self.one_copy(&self.pair.b, bob, &mail);
        self.reads(bob, &mail, &arrived);
    }

    /// Submits as alice. What is put off is tried again, as a mailer's outbox does.
    fn alice_sends(&self, mechanism: &str, recipients: &[&str], mail: &Mail) {
        wait_for("alice's mail is taken", ARRIVAL, || {
            let (a, alice) = (&self.pair.a, &self.pair.alice);
            let said = mailer::submit_at_postfix(a, alice, mechanism, recipients, &mail.octets);
            let text = said.text();
            assert!(said.exit == 0 || text.contains("<** 4"), "{text}{}", said.err);
            (said.exit == 0).then_some(())
        });
    }

    /// What a recipient finds: sealed for them, signed in alice's name, the content as it
    /// was sent.
    #[track_caller]
    fn reads(&self, person: &Person, mail: &Mail, arrived: &[u8]) {
        let opened = mailer::open(person, arrived);
        assert_eq!(opened.signer, self.pair.alice.address);
        let same = mail.entity.iter().zip(&opened.entity).take_while(|(a, b)| a == b).count();
        assert!(mail.entity == opened.entity, "{}: {same} octets alike", mail.message_id);
    }

    #[track_caller]
    fn one_copy(&self, member: &Member, person: &Person, mail: &Mail) -> Vec<u8> {
        arrives(member, &person.address, mail, ARRIVAL)
    }

    #[track_caller]
    fn nothing_waits(&self) {
        self.pair.nothing_waits(ARRIVAL);
    }

    #[track_caller]
    fn in_the_log_of_a(&self, words: &str) {
        wait_for(words, ARRIVAL, || self.pair.a.postfix().log().contains(words).then_some(()));
    }
}

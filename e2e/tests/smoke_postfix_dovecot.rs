//! The journey of mail through two gateways behind real mail servers: swaks submits,
//! Postfix passes on and asks the gateway by LMTP, Dovecot keeps the mailboxes, and
//! OpenSSL opens what has arrived.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use rustix::process::{Pid, Signal, kill_process};
use ssmax_e2e::mails::{self, Mail, can_be_read};
use ssmax_e2e::member::{Outline, Person};
use ssmax_e2e::pair::{self, Pair, arrives, copies, has, text};
use ssmax_e2e::process::wait_for;
use ssmax_e2e::{mailer, needs, parts};
use std::time::Duration;

/// How long a mail may take, with a try or two in between.
const ARRIVAL: Duration = Duration::from_secs(20);

/// How long we look whether a mail comes a second time: several runs of the queue.
const SECOND_COPY: Duration = Duration::from_secs(4);

const B: Outline = Outline { people: &["bob", "dave"], ..pair::B };

struct Stage {
    pair: Pair,
    bob: Person,
}

#[test]
fn mail_travels_through_real_mail_servers_and_is_never_lost() {
    if !needs::are_met() {
        return;
    }
    let mut stage = Stage::set_up();
    let first = stage.iso_2022_jp_arrives_octet_for_octet();
    stage.long_lines_and_folded_fields_arrive_octet_for_octet();
    stage.an_encrypted_answer_goes_back(&first);
    stage.of_two_recipients_one_gets_it_and_the_other_bounces();
    stage.mail_from_outside_is_delivered_as_it_came();
    stage.without_an_inspector_mail_waits_and_then_comes_once();
}

impl Stage {
    fn set_up() -> Self {
        let pair = Pair::set_up(pair::A, B);
        let bob = pair.b.add_person("bob", "鈴木 望夢", true);
        Self { pair, bob }
    }

    fn iso_2022_jp_arrives_octet_for_octet(&self) -> Vec<u8> {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let mail = mails::iso_2022_jp_with_attachment(&alice.address, &bob.address);
        self.alice_sends(&[&bob.address], &mail);
        let arrived = arrives(&self.pair.b, &bob.address, &mail, ARRIVAL);
        reads(bob, &alice.address, &mail, &arrived);
        arrived
    }

    fn long_lines_and_folded_fields_arrive_octet_for_octet(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let mail = mails::folded_eight_bit(&alice.address, &bob.address);
        self.alice_sends(&[&bob.address], &mail);
        let arrived = arrives(&self.pair.b, &bob.address, &mail, ARRIVAL);
        reads(bob, &alice.address, &mail, &arrived);
        assert!(has(&arrived, mails::LONG_SUBJECT));
    }

    /// What bob signs and encrypts keeps its header fields on the way: the signature of
    /// his organisation covers a long folded subject. He has alice's certificate from
    /// her mail.
    fn an_encrypted_answer_goes_back(&self, first: &[u8]) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let to_mail = mails::iso_2022_jp_with_attachment(&alice.address, &bob.address);
        let mut mail = mails::answer(&bob.address, &alice.address, &to_mail);
        (mail.octets, mail.entity) =
            mailer::sign_and_encrypt(self.pair.b.site(), bob, first, &mail.octets);
        let said = mailer::submit(&self.pair.b, bob, &[&alice.address], &mail.octets);
        let _ = said.ends(0);
        let arrived = arrives(&self.pair.a, &alice.address, &mail, ARRIVAL);
        reads(alice, &bob.address, &mail, &arrived);
    }

    fn of_two_recipients_one_gets_it_and_the_other_bounces(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let to = format!("{}, nobody@b.example", bob.address);
        let mail = mails::short("two", &alice.address, &to);
        let before = self.pair.a.inbox(&alice.address).len();
        self.alice_sends(&[&bob.address, "nobody@b.example"], &mail);
        let arrived = arrives(&self.pair.b, &bob.address, &mail, ARRIVAL);
        reads(bob, &alice.address, &mail, &arrived);
        // One transaction of Postfix with the gateway, two fates.
        let log = self.pair.b.postfix().log();
        let fate = |recipient: &str| {
            let to = format!("to=<{recipient}>");
            let filtered = |line: &&str| line.contains("/ssmax/lmtp") && line.contains(&to);
            log.lines().rfind(filtered).unwrap_or_else(|| panic!("{to}:\n{log}")).to_owned()
        };
        let (good, bad) = (fate(&bob.address), fate("nobody@b.example"));
        assert!(good.contains("status=sent (250 2.0.0 "), "{good}");
        assert!(bad.contains("status=bounced") && bad.contains("SSMAX-1302"), "{bad}");
        let transaction = |line: &str| line.split(": ").nth(1).unwrap().to_owned();
        assert_eq!(transaction(&good), transaction(&bad));
        let bounce = wait_for("the bounce", ARRIVAL, || {
            let mut inbox = self.pair.a.inbox(&alice.address);
            (inbox.len() > before).then(|| inbox.pop()).flatten()
        });
        // The report came over the chain, in the name of a role of the other organisation.
        assert!(has(&bounce, "signed-by=system; auth=system"));
        assert!(has(&bounce, "automatic=yes\r\n"));
        assert!(!has(&bounce, "nobody@b.example"));
        let report = mailer::open(alice, &bounce);
        assert_eq!(report.signer, "mailer-daemon@b.example");
        let report = report.entity;
        assert!(has(&report, "multipart/report") && has(&report, "nobody@b.example"));
        assert!(!has(&report, &format!("Final-Recipient: rfc822; {}", bob.address)));
        assert!(!can_be_read(mails::SECRET, &report), "{}", text(&report));
    }

    fn mail_from_outside_is_delivered_as_it_came(&self) {
        let bob = &self.bob;
        let stranger = "stranger@outside.example";
        let mail = mails::eight_bit(stranger, &bob.address);
        let dir = self.pair.place.path();
        let said =
            mailer::hand_in(dir, self.pair.b.mx(), &[], stranger, &[&bob.address], &mail.octets);
        let _ = said.ends(0);
        let arrived = arrives(&self.pair.b, &bob.address, &mail, ARRIVAL);
        assert!(has(&arrived, "SSMAX-Result: ssmax.b.example; class=unknown\r\n"));
        assert!(has(&arrived, "\r\nSubject: こんにちは\r\n"));
        assert!(arrived.ends_with(&mail.entity), "{}", text(&arrived));
    }

    fn without_an_inspector_mail_waits_and_then_comes_once(&mut self) {
        let mail = mails::short("patience", &self.pair.alice.address, &self.bob.address);
        let inspector = self.pair.b.site().process("inspector").and_then(Pid::from_raw).unwrap();
        kill_process(inspector, Signal::KILL).unwrap();
        self.alice_sends(&[&self.bob.address], &mail);
        let queued = wait_for("a deferred mail", ARRIVAL, || {
            let mut queue = self.pair.b.postfix().queue().into_iter();
            queue.find(|queued| {
                let reason = queued["recipients"][0]["delay_reason"].as_str();
                reason.is_some_and(|reason| reason.contains("SSMAX-"))
            })
        });
        // What waits, or is returned, is what came over the line.
        let queued = self.pair.b.postfix().queued(queued["queue_id"].as_str().unwrap());
        assert!(has(&queued, &mail.message_id));
        assert!(!can_be_read(mails::SECRET, &queued));
        assert_eq!(copies(&self.pair.b, &self.bob.address, &mail).len(), 0);
        self.pair.b.serve_role("inspector");
        let arrived = arrives(&self.pair.b, &self.bob.address, &mail, ARRIVAL);
        reads(&self.bob, &self.pair.alice.address, &mail, &arrived);
        wait_for("an empty queue", ARRIVAL, || {
            self.pair.b.postfix().queue().is_empty().then_some(())
        });
        std::thread::sleep(SECOND_COPY);
        assert_eq!(copies(&self.pair.b, &self.bob.address, &mail).len(), 1);
    }

    /// Submits as alice. What is put off is tried again, as a mailer's outbox does.
    fn alice_sends(&self, recipients: &[&str], mail: &Mail) {
        self.pair.alice_sends(recipients, mail, ARRIVAL);
    }
}

/// What a recipient finds: sealed for them, signed in the sender's name, the content as
/// it was sent.
#[track_caller]
fn reads(person: &Person, from: &str, mail: &Mail, arrived: &[u8]) {
    assert!(!can_be_read(mails::SECRET, parts::split(arrived).1));
    let opened = mailer::open(person, arrived);
    assert_eq!(opened.signer, from);
    let (sent, read) = (&mail.entity, &opened.entity);
    let same = sent.iter().zip(read).take_while(|(one, other)| one == other).count();
    let both = (sent.len(), read.len());
    assert!(sent == read, "{}: {both:?} octets, {same} alike", mail.message_id);
}

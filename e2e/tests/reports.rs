//! What a sender wants to hear of a delivery goes with the mail through two gateways and
//! four queues, and the last Postfix reports it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use ssmax_e2e::mails::{self, can_be_read};
use ssmax_e2e::member::Person;
use ssmax_e2e::pair::{self, Pair, arrives, copies, has, text};
use ssmax_e2e::process::wait_for;
use ssmax_e2e::{mailer, needs};
use std::cell::Cell;
use std::time::Duration;

/// How long a mail or a report may take.
const ARRIVAL: Duration = Duration::from_secs(30);

/// How long we look whether a report comes that nobody wants.
const SILENCE: Duration = Duration::from_secs(6);

struct Stage {
    pair: Pair,
    bob: Person,
    /// How many mails alice has read.
    seen: Cell<usize>,
}

#[test]
fn a_sender_hears_of_a_delivery_what_was_asked_and_nothing_else() {
    if !needs::are_met() {
        return;
    }
    let pair = Pair::set_up(pair::A, pair::B);
    let bob = pair.b.add_person("bob", "鈴木 望夢", false);
    let stage = Stage { pair, bob, seen: Cell::new(0) };
    stage.a_delivery_is_reported_under_the_senders_own_name_of_it();
    stage.of_a_failure_that_is_not_to_be_told_nobody_hears();
    stage.a_report_of_a_sealed_mail_gives_back_its_header();
}

impl Stage {
    fn a_delivery_is_reported_under_the_senders_own_name_of_it(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let mail = mails::short("told", &alice.address, &bob.address);
        let asked = [(bob.address.as_str(), "NOTIFY=SUCCESS ORCPT=rfc822;sales@a.example")];
        mailer::submit_asking(
            &self.pair.a,
            alice,
            "RET=FULL ENVID=order+2B7",
            &asked,
            &mail.octets,
        );
        let report = self.report();
        let says = |words: &str| assert!(has(&report, words), "{}", text(&report));
        says("Original-Envelope-Id: order+7\r\n");
        says("Original-Recipient: rfc822;sales@a.example\r\n");
        says("Action: relayed\r\n");
        assert_eq!(copies(&self.pair.b, &bob.address, &mail).len(), 1);
    }

    fn of_a_failure_that_is_not_to_be_told_nobody_hears(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let before = self.pair.a.inbox(&alice.address).len();
        let to = format!("{}, nobody@b.example", bob.address);
        let mail = mails::short("untold", &alice.address, &to);
        let asked = [("nobody@b.example", "NOTIFY=NEVER"), (bob.address.as_str(), "NOTIFY=NEVER")];
        mailer::submit_asking(&self.pair.a, alice, "", &asked, &mail.octets);
        let _ = arrives(&self.pair.b, &bob.address, &mail, ARRIVAL);
        // The refusal has come to Postfix: a report would be on its way.
        wait_for("the refusal", ARRIVAL, || {
            self.pair.b.postfix().log().contains("SSMAX-1302").then_some(())
        });
        std::thread::sleep(SILENCE);
        assert_eq!(self.pair.a.inbox(&alice.address).len(), before);
    }

    /// The other organisation refuses what it cannot read, and returns that.
    fn a_report_of_a_sealed_mail_gives_back_its_header(&self) {
        let alice = &self.pair.alice;
        let mail = mails::short("returned", &alice.address, "nobody@b.example");
        let asked = [("nobody@b.example", "NOTIFY=FAILURE")];
        mailer::submit_asking(&self.pair.a, alice, "RET=FULL", &asked, &mail.octets);
        let report = self.report();
        assert!(has(&report, "Content-Type: text/rfc822-headers"), "{}", text(&report));
        assert!(has(&report, "SSMAX-1302"), "{}", text(&report));
        assert!(!can_be_read(mails::SECRET, &report));
    }

    /// The next mail that alice gets, opened.
    fn report(&self) -> Vec<u8> {
        let alice = &self.pair.alice;
        let before = self.seen.get();
        let arrived = wait_for("a report", ARRIVAL, || {
            let inbox = self.pair.a.inbox(&alice.address);
            inbox.get(before).cloned()
        });
        self.seen.set(before + 1);
        mailer::open(alice, &arrived).entity
    }
}

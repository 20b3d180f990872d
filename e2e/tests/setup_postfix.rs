//! Two Postfix that know nothing of a gateway are told by `ssmax setup postfix`: mail flows
//! both ways, what nobody takes comes back, and afterwards they are as they were.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use ssmax_e2e::mailer;
use ssmax_e2e::mails;
use ssmax_e2e::member::Outline;
use ssmax_e2e::needs;
use ssmax_e2e::pair::{self, Pair, arrives, has};
use ssmax_e2e::process::wait_for;
use std::time::Duration;

/// How long a mail may take, with a try or two in between.
const ARRIVAL: Duration = Duration::from_secs(30);

const A: Outline = Outline { submits_at_postfix: true, set_up_by_command: true, ..pair::A };

const B: Outline = Outline { set_up_by_command: true, ..pair::B };

#[test]
fn mail_flows_both_ways_by_what_setup_wrote_and_undo_leaves_nothing_of_it() {
    if !needs::are_met() {
        return;
    }
    let pair = Pair::set_up(A, B);
    let bob = pair.b.add_person("bob", "鈴木 望夢", false);
    let alice = &pair.alice;

    // By the login at Postfix, the milter, the queue, both gateways and both ways back in.
    let mail = mails::folded_eight_bit(&alice.address, &bob.address);
    wait_for("alice's mail is taken", ARRIVAL, || {
        let to = [bob.address.as_str()];
        let said = mailer::submit_at_postfix(&pair.a, alice, "LOGIN", &to, &mail.octets);
        assert!(said.exit == 0 || said.text().contains("<** 4"), "{}{}", said.text(), said.err);
        (said.exit == 0).then_some(())
    });
    let arrived = arrives(&pair.b, &bob.address, &mail, ARRIVAL);
    assert!(has(&arrived, "signed-by=server; auth=sasl-login; aal=2;"));
    let opened = mailer::open(&bob, &arrived);
    assert_eq!((opened.signer, opened.entity == mail.entity), (alice.address.clone(), true));

    let answer = mails::short("answer", &bob.address, &alice.address);
    let said = mailer::submit(&pair.b, &bob, &[&alice.address], &answer.octets);
    let _ = said.ends(0);
    let arrived = arrives(&pair.a, &alice.address, &answer, ARRIVAL);
    assert_eq!(mailer::open(alice, &arrived).signer, bob.address);

    // The report goes out under a role, by the cleanup of its own.
    let before = pair.a.inbox(&alice.address).len();
    let lost = mails::short("lost", &alice.address, "nobody@b.example");
    let to = ["nobody@b.example"];
    let said = mailer::submit_at_postfix(&pair.a, alice, "LOGIN", &to, &lost.octets);
    let _ = said.ends(0);
    let report = wait_for("the report", ARRIVAL, || {
        let mut inbox = pair.a.inbox(&alice.address);
        (inbox.len() > before).then(|| inbox.pop()).flatten()
    });
    assert!(has(&report, "signed-by=system; auth=system"));

    for member in [&pair.a, &pair.b] {
        member.postfix().take_back(member.site());
    }
}

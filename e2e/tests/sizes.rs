//! The largest mail: what is admitted at submission passes both gateways and both Postfix,
//! though it grows on its way, and what is larger is refused where the sender hears it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use ssmax_e2e::mailer::{self, Account, announced_size, try_submit};
use ssmax_e2e::mails::{self, Mail};
use ssmax_e2e::member::{Outline, Person};
use ssmax_e2e::needs;
use ssmax_e2e::pair::{self, Pair, arrives, sends};
use std::time::Duration;

/// How long a mail may take, with a try or two in between.
const ARRIVAL: Duration = Duration::from_secs(60);

/// The largest mail of both gateways.
const MOST: usize = 2_000_000;

const A: Outline = Outline {
    submits_at_postfix: true,
    set_up_by_command: true,
    max_mail_bytes: Some(MOST),
    ..pair::A
};

const B: Outline = Outline { set_up_by_command: true, max_mail_bytes: Some(MOST), ..pair::B };

#[test]
fn what_is_admitted_at_submission_arrives_and_what_is_larger_is_refused_there() {
    if !needs::are_met() {
        return;
    }
    let pair = Pair::set_up(A, B);
    let bob = pair.b.add_person("bob", "鈴木 望夢", false);
    let alice = &pair.alice;
    let at_postfix = Account::at_postfix(&pair.a, alice);
    let at_gateway = Account::of(&pair.a, alice);
    let most = announced_size(at_postfix.server).unwrap();
    assert_eq!(announced_size(at_gateway.server).unwrap(), most);
    assert!(most < MOST * 7 / 10, "{most}");

    // Of the sender whom the roles know, so that nothing else is answered.
    let first = mails::short("first", &bob.address, &alice.address);
    sends(&pair.b, &bob, &[&alice.address], &first, ARRIVAL);
    let first = arrives(&pair.a, &alice.address, &first, ARRIVAL);
    for (at, account) in [("postfix", &at_postfix), ("gateway", &at_gateway)] {
        let larger = of_size("larger", alice, &bob, most + 1);
        let to = [(bob.address.as_str(), "")];
        let said = try_submit(account, &format!("SIZE={}", most + 1), &to, &larger.octets);
        assert!(said.as_ref().unwrap().starts_with("552 5.3.4"), "{at}: {said:?}");
        let said = try_submit(account, "", &to, &larger.octets);
        assert!(said.as_ref().unwrap().starts_with("552 5.3.4"), "{at}: {said:?}");

        let largest = of_size(&format!("largest-{at}"), alice, &bob, most);
        // The way of logging in that counts enough to be signed for.
        let recipients = [bob.address.as_str()];
        let octets = &largest.octets;
        let said = match at {
            "postfix" => mailer::submit_at_postfix(&pair.a, alice, "LOGIN", &recipients, octets),
            _ => mailer::submit(&pair.a, alice, &recipients, octets),
        };
        let _ = said.ends(0);
        let arrived = arrives(&pair.b, &bob.address, &largest, ARRIVAL);
        assert_eq!(mailer::open(&bob, &arrived).entity, largest.entity, "{at}");
    }
    let encrypted = the_largest_encrypted(&first, alice, &bob, most);
    sends(&pair.a, alice, &[&bob.address], &encrypted, ARRIVAL);
    let arrived = arrives(&pair.b, &bob.address, &encrypted, ARRIVAL);
    assert_eq!(mailer::open(&bob, &arrived).entity, encrypted.entity);

    // What passed B's Postfix, on both sides of its gateway, was as large as had been reckoned.
    let sizes = sizes_from(&pair.b.postfix().log(), &alice.address);
    let large: Vec<usize> = sizes.into_iter().filter(|size| *size > most).collect();
    assert_eq!(large.len(), 6, "{large:?}");
    let plain = large.iter().filter(|size| **size > MOST * 17 / 20).count();
    assert_eq!((plain, large.iter().all(|size| *size <= MOST)), (4, true), "{large:?}");
}

/// A plain mail of this many octets, 8-bit, so that a transfer encoding on the way would show.
fn of_size(name: &str, from: &Person, to: &Person, size: usize) -> Mail {
    let fields =
        format!("From: {}\r\nTo: {}\r\nSubject: the largest\r\n", from.address, to.address);
    let begin =
        "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
    let mail = |text: &str| Mail::new(name, &fields, [begin, text, "\r\n"].concat().into_bytes());
    let line = "このメールは大きい。\r\n";
    let room = size - mail("").octets.len();
    let text = [&line.repeat(room / line.len()), &*"x".repeat(room % line.len())].concat();
    let made = mail(&text);
    assert_eq!(made.octets.len(), size);
    made
}

/// A mail that alice's mailer has signed and encrypted, hardly smaller than `most`.
fn the_largest_encrypted(learn_from: &[u8], alice: &Person, bob: &Person, most: usize) -> Mail {
    let certificate = mailer::learn(alice, learn_from, &bob.address);
    let to = [certificate.as_path()];
    let made = |size| {
        let draft = of_size("encrypted", alice, bob, size);
        mailer::encrypted_by_openssl(alice, &to, &draft).0
    };
    let small = made(most / 2).octets.len();
    // What is more grows as all does: base64 of 57 octets are 78.
    let mail = made(most / 2 + (most - small) * 57 / 78 - 200);
    let size = mail.octets.len();
    assert!(size <= most && size > most - 2000, "{size} of {most}");
    mail
}

/// How large a mail is in the queue, by the log.
fn sizes_from(log: &str, sender: &str) -> Vec<usize> {
    let from = format!(": from=<{sender}>, size=");
    let number = |line: &str| {
        let (_, rest) = line.split_once(&from)?;
        rest.split(',').next()?.parse().ok()
    };
    log.lines().filter_map(number).collect()
}

//! Mail that comes from the MTA's submission service, with its statement or without.

use ssmax_chain::Reason;
use ssmax_support::mails::{Mail, mail, text};
use ssmax_support::smtp;
use ssmax_support::stage::{Side, Stage, delivered};
use ssmax_support::stated::stated;

pub(crate) async fn run(stage: &mut Stage<'_>) {
    a_submission_passes_and_comes_again_without_being_delivered_again(stage).await;
    without_a_statement_or_with_two(stage).await;
    what_is_no_statement(stage).await;
    a_statement_of_another_mail(stage).await;
    a_login_that_may_not_use_this_from(stage).await;
    what_is_read_in_two_ways_is_not_rebuilt(stage).await;
}

/// As [`stated`], by the sender of this side.
fn by_alice(a: &Side<'_>, recipients: &[&str], mail: &Mail) -> Mail {
    let alice = &a.sender.address;
    let octets = stated(a.member, alice, alice, recipients, &mail.octets);
    Mail { octets, ..mail.clone() }
}

async fn hand_in(a: &Side<'_>, recipients: &[&str], mail: &Mail) -> Vec<String> {
    let at = a.member.at("submission_lmtp").await;
    smtp::hand_in(at, &a.sender.address, recipients, &mail.octets).await
}

async fn refused(stage: &mut Stage<'_>, a: &Side<'_>, mail: &Mail, reason: Reason) {
    let replies = hand_in(a, &[&a.other.address], mail).await;
    stage.found.handed_in(a.member, mail, &replies[0], reason).await;
}

async fn a_submission_passes_and_comes_again_without_being_delivered_again(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let (bob, carol) = (a.other.address.as_str(), a.colleague.address.as_str());
    let good = mail(&a.sender.address, bob, &text()).signed_by(a.sender);
    let sent = by_alice(&a, &[bob, carol], &good);
    // The MTA splits it, and does not hear the first answer.
    for (recipients, again) in [(&[bob][..], false), (&[bob, carol], true), (&[carol], true)] {
        let replies = hand_in(&a, recipients, &sent).await;
        assert!(replies.iter().all(|reply| reply.starts_with("250 2.0.0 ")), "{replies:?}");
        let told = replies[0] == "250 2.0.0 Ok, delivered before";
        assert_eq!(told, again, "{replies:?}");
    }
    delivered(&stage.federation.b, a.other, &good);
    delivered(a.member, a.colleague, &good);
    for (member, person) in [(&stage.federation.b, a.other), (a.member, a.colleague)] {
        let copies = std::fs::read_dir(member.maildir(&person.address)).unwrap();
        let octets = copies.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        let copies: Vec<String> = octets
            .map(|octets| String::from_utf8_lossy(&octets).into_owned())
            .filter(|text| text.contains(&good.message_id))
            .collect();
        assert_eq!(copies.len(), 1, "{}", person.address);
        assert!(!copies[0].contains("SSMAX-Statement"), "{}", copies[0]);
    }
    // Nor is a further field of a server another mail.
    let octets = [b"X-Server: requeued\r\n", sent.octets.as_slice()].concat();
    let replies = hand_in(&a, &[bob], &Mail { octets, ..sent }).await;
    assert_eq!(replies, ["250 2.0.0 Ok, delivered before"]);
}

async fn without_a_statement_or_with_two(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let plain = mail(&a.sender.address, &a.other.address, &text()).signed_by(a.sender);
    refused(stage, &a, &plain, Reason::StatementMissing).await;
    let twice = by_alice(&a, &[&a.other.address], &plain);
    let again = Mail { octets: twice.octets.clone(), ..mail(&a.sender.address, "x", &text()) };
    let octets = {
        let end = twice.octets.windows(9).position(|octets| octets == b"Received:").unwrap();
        [&again.octets[..end], &twice.octets].concat()
    };
    refused(stage, &a, &Mail { octets, ..twice }, Reason::StatementMissing).await;
}

async fn what_is_no_statement(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let plain = || mail(&a.sender.address, &a.other.address, &text()).signed_by(a.sender);
    let forged = plain();
    let octets = [b"SSMAX-Statement: e30=.e30=\r\n", forged.octets.as_slice()].concat();
    refused(stage, &a, &Mail { octets, ..forged }, Reason::StatementInvalid).await;
    // Of another member's submission service.
    let foreign = plain();
    let alice = &a.sender.address;
    let recipients = [a.other.address.as_str()];
    let octets = stated(&stage.federation.b, alice, alice, &recipients, &foreign.octets);
    refused(stage, &a, &Mail { octets, ..foreign }, Reason::StatementInvalid).await;
}

async fn a_statement_of_another_mail(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let bob = a.other.address.as_str();
    let good = mail(&a.sender.address, bob, &text()).signed_by(a.sender);
    let field = {
        let octets = by_alice(&a, &[bob], &good).octets;
        let end = octets.windows(9).position(|octets| octets == b"Received:").unwrap();
        octets[..end].to_vec()
    };
    // Her own word, for a mail that she has not written.
    let other = mail(&a.sender.address, bob, &text()).signed_by(a.sender);
    let octets = [&field, other.octets.as_slice()].concat();
    refused(stage, &a, &Mail { octets, ..other }, Reason::StatementOfAnotherMail).await;
    // The same mail under another subject, and for somebody who was not named.
    let text = String::from_utf8(good.octets.clone()).unwrap();
    let octets = text.replace("Subject: Offer", "Subject: Order").into_bytes();
    let octets = [&field, octets.as_slice()].concat();
    let renamed = Mail { octets, ..good.clone() };
    refused(stage, &a, &renamed, Reason::StatementOfAnotherMail).await;
    let octets = [&field, good.octets.as_slice()].concat();
    let sent = Mail { octets, ..good };
    let replies = hand_in(&a, &[&a.colleague.address], &sent).await;
    stage.found.handed_in(a.member, &sent, &replies[0], Reason::StatementOfAnotherMail).await;
    let replies = hand_in(&a, &[&a.colleague.address, bob], &sent).await;
    assert!(replies[0].contains("SSMAX-1115"), "{replies:?}");
    assert!(replies[1].starts_with("250 2.0.0 "), "{replies:?}");
}

async fn a_login_that_may_not_use_this_from(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let (alice, carol) = (&a.sender.address, &a.colleague.address);
    for login in [carol.as_str(), "nobody", "nobody@a.example"] {
        let plain = mail(alice, &a.other.address, &text()).signed_by(a.sender);
        let octets = stated(a.member, login, alice, &[&a.other.address], &plain.octets);
        refused(stage, &a, &Mail { octets, ..plain }, Reason::FromNotSubmitter).await;
    }
}

/// The statement is about the content as it came.
async fn what_is_read_in_two_ways_is_not_rebuilt(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let plain = mail(&a.sender.address, &a.other.address, &ssmax_support::mails::ambiguous());
    let sent = by_alice(&a, &[&a.other.address], &plain);
    refused(stage, &a, &sent, Reason::MailAmbiguous).await;
}

//! Mail for somebody outside: the keyserver finds the certificate itself.

use crate::asking::{Site, assert_refused};
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, WorkerAsk};
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::Outcome;

/// Somebody outside, of whom no certificate is known.
const MALLORY: &str = "mallory@x.example";

pub(crate) async fn run(site: &Site) {
    let bob = site.federation.bob.address.as_str();
    let carol = site.federation.carol.address.as_str();
    let tail = Digest::of(b"tail");
    let ask = |recipient: &str, key: Vec<u8>| WorkerAsk::EncryptOutside {
        recipient: recipient.to_owned(),
        tail,
        key,
    };
    let (mail, worker) = site.passed(Form::Signed, &[bob, carol, MALLORY]).await;
    let key = || worker.content_key(&tail);
    // Members and own people get their mail by other ways, others are not in the ticket.
    for (recipient, problem) in [
        (bob, Problem::NotAllowed),
        (carol, Problem::NotAllowed),
        ("eve@x.example", Problem::NotAllowed),
        ("nobody", Problem::Malformed),
        (MALLORY, Problem::Refused(Reason::OutsideCertificateUnknown)),
    ] {
        let answer = site.inspector::<serde_bytes::ByteBuf>(&mail.ticket, ask(recipient, key()));
        assert_refused(answer.await, problem);
    }
    // Before the mail has passed, and for mail that comes in, nothing is encrypted.
    let stopped = site.submit(Form::Signed, &[MALLORY]).await;
    let worker = site.release(&stopped).await;
    let key = worker.content_key(&tail);
    let early = site.inspector::<serde_bytes::ByteBuf>(&stopped.ticket, ask(MALLORY, key.clone()));
    assert_refused(early.await, Problem::NotAllowed);
    let mut verdict = worker.finding(&stopped);
    verdict.outcome = Outcome::Hold;
    assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
    let late = site.inspector::<serde_bytes::ByteBuf>(&stopped.ticket, ask(MALLORY, key));
    assert_refused(late.await, Problem::NotAllowed);
}

//! Seals, and encryption for recipients here: after a pass, over what passed, for whom
//! the mail is.

use crate::asking::{Site, assert_refused};
use crate::submitted::Admitted;
use crate::worker::Worker;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, WorkerAsk};
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::Outcome;

pub(crate) async fn run(site: &Site) {
    nothing_is_sealed_without_a_pass(site).await;
    a_seal_is_over_what_passed(site).await;
    a_seal_is_for_a_recipient_of_the_envelope(site).await;
    a_recipient_without_a_certificate_gets_none(site).await;
    encryption_is_for_a_recipient_of_the_envelope(site).await;
    a_key_of_another_ticket_is_not_encrypted(site).await;
}

async fn encrypt_to(
    site: &Site,
    worker: &Worker,
    recipient: &str,
    key: Vec<u8>,
) -> Result<Vec<ByteBuf>, Problem> {
    let (recipient, tail) = (recipient.to_owned(), tail());
    site.inspector(&worker.ticket, WorkerAsk::EncryptTo { recipient, tail, key }).await
}

/// The end of a sealed mail.
fn tail() -> Digest {
    Digest::of(b"tail")
}

/// A mail of alice to carol that has passed.
async fn passed(site: &Site) -> (Admitted, Worker) {
    site.passed(Form::Signed, &[&site.federation.carol.address]).await
}

async fn nothing_is_sealed_without_a_pass(site: &Site) {
    let carol = &site.federation.carol.address;
    let mail = site.submit(Form::Signed, &[carol]).await;
    assert_refused(site.seal(&mail.ticket, carol, mail.entity).await, Problem::NotAllowed);
    let worker = site.release(&mail).await;
    let key = worker.content_key(&tail());
    for outcome in [None, Some(Outcome::Hold)] {
        if let Some(outcome) = outcome {
            let mut verdict = worker.finding(&mail);
            verdict.outcome = outcome;
            assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
        }
        assert_refused(site.seal(&mail.ticket, carol, mail.entity).await, Problem::NotAllowed);
        assert_refused(encrypt_to(site, &worker, carol, key.clone()).await, Problem::NotAllowed);
    }
}

async fn a_seal_is_over_what_passed(site: &Site) {
    let carol = &site.federation.carol.address;
    let (mail, _) = passed(site).await;
    let another = Digest::of(b"another entity");
    assert_refused(site.seal(&mail.ticket, carol, another).await, Problem::NotAllowed);
    let sealed = site.seal(&mail.ticket, carol, mail.entity).await;
    assert!(sealed.is_ok(), "{sealed:?}");
}

async fn a_seal_is_for_a_recipient_of_the_envelope(site: &Site) {
    let people = &site.federation;
    let (mail, _) = passed(site).await;
    // Her own address, another member's person, and somebody whom nobody knows.
    for recipient in [&people.alice.address, &people.bob.address, "nobody@a.example"] {
        let sealed = site.seal(&mail.ticket, recipient, mail.entity).await;
        assert_refused(sealed, Problem::NotAllowed);
    }
    let sealed = site.seal(&mail.ticket, "no address", mail.entity).await;
    assert_refused(sealed, Problem::Malformed);
}

async fn a_recipient_without_a_certificate_gets_none(site: &Site) {
    let bob = &site.federation.bob.address;
    let (mail, worker) = site.passed(Form::Signed, &[bob]).await;
    let problem = Problem::Refused(Reason::RecipientWithoutCertificate);
    assert_refused(site.seal(&mail.ticket, bob, mail.entity).await, problem);
    let key = worker.content_key(&tail());
    assert_refused(encrypt_to(site, &worker, bob, key).await, problem);
}

async fn encryption_is_for_a_recipient_of_the_envelope(site: &Site) {
    let people = &site.federation;
    let (_, worker) = passed(site).await;
    let key = worker.content_key(&tail());
    for recipient in [&people.alice.address, &people.bob.address, "nobody@a.example"] {
        let infos = encrypt_to(site, &worker, recipient, key.clone()).await;
        assert_refused(infos, Problem::NotAllowed);
    }
    let infos = encrypt_to(site, &worker, &people.carol.address, key).await.unwrap();
    assert_eq!(infos.len(), 2, "the recipient and the archive");
}

async fn a_key_of_another_ticket_is_not_encrypted(site: &Site) {
    let carol = &site.federation.carol.address;
    let (_, worker) = passed(site).await;
    let (_, other) = passed(site).await;
    for key in [other.content_key(&tail()), worker.content_key(&Digest::of(b"another tail"))] {
        assert_refused(encrypt_to(site, &worker, carol, key).await, Problem::NotAllowed);
    }
}

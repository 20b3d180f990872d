//! Copies for other members: for whom, of what, and each signed once.

use crate::asking::{Site, assert_refused};
use crate::submitted::Admitted;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, GatewayRequest};
use ssmax_chain::{Digest, HopId};
use ssmax_inspection::Outcome;
use time::OffsetDateTime;

pub(crate) async fn run(site: &Site) {
    nothing_is_copied_before_a_verdict(site).await;
    nothing_is_copied_after_another_verdict_than_pass(site).await;
    a_copy_goes_to_the_members_own_people_only(site).await;
    a_copy_goes_to_people_of_the_envelope_only(site).await;
    nobody_below_whose_level_the_sender_is_gets_a_copy(site).await;
    a_copy_has_at_most_a_hundred_recipients(site).await;
    a_copy_is_of_a_part_of_the_ticket(site).await;
    only_a_copy_is_signed_and_only_once(site).await;
    the_same_request_has_the_same_answer(site).await;
    a_copy_of_another_ticket_is_not_signed(site).await;
}

async fn passed(site: &Site) -> Admitted {
    site.passed(Form::Enveloped, &[&site.federation.bob.address]).await.0
}

async fn nothing_is_copied_before_a_verdict(site: &Site) {
    let bob = &site.federation.bob.address;
    let mail = site.submit(Form::Enveloped, &[bob]).await;
    for released in [false, true] {
        if released {
            site.release(&mail).await;
        }
        let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await;
        assert_refused(copy, Problem::NotAllowed);
    }
}

async fn nothing_is_copied_after_another_verdict_than_pass(site: &Site) {
    let bob = &site.federation.bob.address;
    for outcome in [Outcome::Hold, Outcome::Block] {
        let mail = site.submit(Form::Enveloped, &[bob]).await;
        let worker = site.release(&mail).await;
        let mut verdict = worker.finding(&mail);
        verdict.outcome = outcome;
        assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
        let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await;
        assert_refused(copy, Problem::NotAllowed);
    }
}

async fn a_copy_goes_to_the_members_own_people_only(site: &Site) {
    let (bob, erin) = (&site.federation.bob.address, &site.federation.erin.address);
    let (b, c) = (&site.b().id, &site.federation.c.id);
    let (mail, _) = site.passed(Form::Enveloped, &[bob, erin]).await;
    for (to_org, recipients) in [
        (c, vec![bob.as_str()]),
        (b, vec![erin]),
        (b, vec![bob, erin]),
        (&"NTRJP-7000012050002x".to_owned(), vec![bob]),
        (&String::new(), vec![bob]),
        (b, vec![]),
    ] {
        let copy = site.rewrap(&mail.ticket, to_org, &recipients, mail.tail()).await;
        assert_refused(copy, Problem::NotAllowed);
    }
    for (to_org, recipient) in [(b, bob), (c, erin)] {
        let copy = site.rewrap(&mail.ticket, to_org, &[recipient], mail.tail()).await;
        assert!(copy.is_ok(), "{copy:?}");
    }
}

async fn a_copy_goes_to_people_of_the_envelope_only(site: &Site) {
    let (bob, dave) = (&site.federation.bob.address, &site.federation.dave.address);
    let mail = passed(site).await;
    let refused: [&[&str]; 3] = [&[dave], &[bob, dave], &["bob@x.example"]];
    for recipients in refused {
        let copy = site.rewrap(&mail.ticket, &site.b().id, recipients, mail.tail()).await;
        assert_refused(copy, Problem::NotAllowed);
    }
    let copy = site.rewrap(&mail.ticket, &site.b().id, &["no address"], mail.tail()).await;
    assert_refused(copy, Problem::Malformed);
}

/// B's mayor wants a card, which alice does not have.
async fn nobody_below_whose_level_the_sender_is_gets_a_copy(site: &Site) {
    let (bob, mayor) = (&site.federation.bob.address, "mayor@b.example");
    let (mail, _) = site.passed(Form::Enveloped, &[bob, mayor]).await;
    for recipients in [&[mayor][..], &[bob, mayor]] {
        let copy = site.rewrap(&mail.ticket, &site.b().id, recipients, mail.tail()).await;
        assert_refused(copy, Problem::NotAllowed);
    }
    let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await;
    assert!(copy.is_ok(), "{copy:?}");
}

async fn a_copy_has_at_most_a_hundred_recipients(site: &Site) {
    let many: Vec<String> = (0..=100).map(|number| format!("p{number}@b.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (mail, _) = site.passed(Form::Enveloped, &many).await;
    let copy = site.rewrap(&mail.ticket, &site.b().id, &many, mail.tail()).await;
    assert_refused(copy, Problem::NotAllowed);
    let copy = site.rewrap(&mail.ticket, &site.b().id, &many[..100], mail.tail()).await;
    assert!(copy.is_ok(), "{copy:?}");
}

async fn a_copy_is_of_a_part_of_the_ticket(site: &Site) {
    let bob = &site.federation.bob.address;
    let (mail, other) = (passed(site).await, passed(site).await);
    for tail in [other.tail(), Digest::of(b"none")] {
        let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], tail).await;
        assert_refused(copy, Problem::NotAllowed);
    }
    // A mail that came in clear has no part until a worker encrypts it.
    let (clear, _) = site.passed(Form::Signed, &[bob]).await;
    let copy = site.rewrap(&clear.ticket, &site.b().id, &[bob], other.tail()).await;
    assert_refused(copy, Problem::NotAllowed);
}

async fn only_a_copy_is_signed_and_only_once(site: &Site) {
    let bob = &site.federation.bob.address;
    let mail = passed(site).await;
    let id = HopId::new(OffsetDateTime::now_utc(), [0; 10]);
    assert_refused(site.sign_hop(&mail.ticket, id).await, Problem::NotAllowed);
    let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await.unwrap();
    assert!(site.sign_hop(&mail.ticket, copy.id).await.is_ok());
    let other = GatewayRequest::SignHop {
        ticket: mail.ticket.clone(),
        id: copy.id,
        content: Digest::of(b"other content"),
        headers: Digest::of(b"headers"),
        message_id: "<one@mailer.example>".to_owned(),
    };
    assert_refused(site.gateway::<ByteBuf>(&other).await, Problem::NotAllowed);
}

/// Who lost the connection asks again: one copy, one signature.
async fn the_same_request_has_the_same_answer(site: &Site) {
    let bob = &site.federation.bob.address;
    let mail = passed(site).await;
    let (to, recipients) = (&site.b().id, [bob.as_str()]);
    let copy = || site.rewrap(&mail.ticket, to, &recipients, mail.tail());
    let (first, again) = tokio::join!(copy(), copy());
    let (first, again) = (first.unwrap(), again.unwrap());
    assert_eq!(first, again);
    let signature = || site.sign_hop(&mail.ticket, first.id);
    let (one, other) = tokio::join!(signature(), signature());
    assert_eq!(one.unwrap(), other.unwrap());
    // Nor does the answer outlive its ticket, or serve another.
    site.close(&mail.ticket).await;
    assert_refused(copy().await, Problem::NoTicket);
    assert_refused(signature().await, Problem::NoTicket);
}

async fn a_copy_of_another_ticket_is_not_signed(site: &Site) {
    let bob = &site.federation.bob.address;
    let (mail, other) = (passed(site).await, passed(site).await);
    let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await.unwrap();
    assert_refused(site.sign_hop(&other.ticket, copy.id).await, Problem::NotAllowed);
    assert!(site.sign_hop(&mail.ticket, copy.id).await.is_ok());
}

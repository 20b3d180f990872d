//! Mail that comes in: never sent on, never signed here, and sealed only as announced.

use crate::asking::{Site, assert_refused};
use crate::submitted::Admitted;
use crate::worker::Worker;
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, FreshForm, VerdictBody, WorkerAsk};
use ssmax_chain::{Digest, HopId, Reason};
use time::OffsetDateTime;

pub(crate) async fn run(site: &Site) {
    what_another_member_sent_is_not_sent_on(site).await;
    only_what_was_announced_passes(site).await;
    what_was_announced_is_sealed_for_its_recipient_only(site).await;
    mail_from_outside_is_inspected_and_nothing_else(site).await;
    mail_from_outside_has_no_parts(site).await;
}

async fn what_another_member_sent_is_not_sent_on(site: &Site) {
    let mail = site.arrive().await;
    let worker = site.pass(&mail).await;
    nothing_leaves(site, &mail, &worker).await;
}

async fn nothing_leaves(site: &Site, mail: &Admitted, worker: &Worker) {
    let (alice, bob) = (&site.federation.alice.address, &site.federation.bob.address);
    let tail = mail.parts.first().map_or(Digest::of(b"none"), |part| part.tail);
    for (to_org, recipient) in [(&site.b().id, bob), (&site.a().id, alice)] {
        let copy = site.rewrap(&mail.ticket, to_org, &[recipient], tail).await;
        assert_refused(copy, Problem::NotAllowed);
    }
    assert_refused(site.sign_user(&mail.ticket, mail.entity).await, Problem::NotAllowed);
    let (own, _) = site.passed(Form::Enveloped, &[bob]).await;
    let copy = site.rewrap(&own.ticket, &site.b().id, &[bob], own.tail()).await.unwrap();
    for id in [copy.id, HopId::new(OffsetDateTime::now_utc(), [0; 10])] {
        assert_refused(site.sign_hop(&mail.ticket, id).await, Problem::NotAllowed);
    }
    let tail = Digest::of(b"tail");
    for form in [FreshForm::WrappedGcm, FreshForm::MailCbc] {
        let ask = WorkerAsk::EncryptFresh { form, tail, key: worker.content_key(&tail) };
        assert_refused(site.inspector::<()>(&mail.ticket, ask).await, Problem::NotAllowed);
    }
}

async fn only_what_was_announced_passes(site: &Site) {
    let (mail, other) = (site.arrive().await, site.arrive().await);
    let worker = site.release(&mail).await;
    let good = worker.finding(&mail);
    let mut of_alice = good.signer.clone().unwrap();
    of_alice.certificate = site.federation.alice.signing.1.der().to_vec();
    for verdict in [
        VerdictBody { entity: None, ..good.clone() },
        VerdictBody { entity: Some(Digest::of(b"another")), ..good.clone() },
        VerdictBody { signer: None, ..good.clone() },
        // Her signature under the other mail; and another certificate.
        VerdictBody { signer: other.signer.clone(), ..good.clone() },
        VerdictBody { signer: Some(of_alice), ..good.clone() },
    ] {
        let answer = site.judge(&worker, &verdict).await;
        assert_eq!(answer, Err(Problem::Refused(Reason::EntityChanged)));
    }
    let answer = site.judge(&worker, &VerdictBody { parts: vec![], ..good.clone() }).await;
    assert_eq!(answer, Err(Problem::Refused(Reason::KeyCheckFailed)));
    assert_eq!(site.judge(&worker, &good).await, Ok(()));
}

async fn what_was_announced_is_sealed_for_its_recipient_only(site: &Site) {
    let (alice, carol) = (&site.federation.alice.address, &site.federation.carol.address);
    let mail = site.arrive().await;
    assert_refused(site.seal(&mail.ticket, alice, mail.entity).await, Problem::NotAllowed);
    site.pass(&mail).await;
    assert_refused(site.seal(&mail.ticket, carol, mail.entity).await, Problem::NotAllowed);
    let another = Digest::of(b"another entity");
    assert_refused(site.seal(&mail.ticket, alice, another).await, Problem::NotAllowed);
    let sealed = site.seal(&mail.ticket, alice, mail.entity).await;
    assert!(sealed.is_ok(), "{sealed:?}");
}

async fn mail_from_outside_is_inspected_and_nothing_else(site: &Site) {
    let alice = &site.federation.alice.address;
    let mail = site.arrive_from_outside().await;
    let worker = site.release(&mail).await;
    let verdict = VerdictBody { entity: Some(mail.entity), ..worker.finding(&mail) };
    assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
    assert_refused(site.seal(&mail.ticket, alice, mail.entity).await, Problem::NotAllowed);
    let tail = Digest::of(b"tail");
    let (recipient, key) = (alice.clone(), worker.content_key(&tail));
    let ask = WorkerAsk::EncryptTo { recipient, tail, key };
    assert_refused(site.inspector::<()>(&mail.ticket, ask).await, Problem::NotAllowed);
    nothing_leaves(site, &mail, &worker).await;
}

async fn mail_from_outside_has_no_parts(site: &Site) {
    let mail = site.arrive_from_outside().await;
    let worker = site.release(&mail).await;
    let parts = vec![(String::new(), Digest::of(b"tail"), Digest::of(b"kcv"))];
    let answer = site.judge(&worker, &VerdictBody { parts, ..worker.finding(&mail) }).await;
    assert_eq!(answer, Err(Problem::Refused(Reason::KeyCheckFailed)));
}

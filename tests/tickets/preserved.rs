//! Preserved delivery at A: after a pass, for a recipient of the envelope, in the form that
//! mailers read.

use crate::asking::{Site, assert_refused};
use crate::submitted::Admitted;
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, FreshForm, GatewayRequest, RecipientCopy, WorkerAsk};
use ssmax_chain::{Digest, Reason};
use ssmax_cms::enveloped::RecipientInfo;

pub(crate) async fn run(site: &Site) {
    nothing_is_given_on_before_a_pass(site).await;
    a_recipient_of_the_envelope_gets_a_part_of_the_ticket(site).await;
    what_mailers_may_show_blank_is_not_given_on(site).await;
    mail_from_outside_has_no_key_to_give_on(site).await;
}

async fn preserve(
    site: &Site,
    mail: &Admitted,
    recipient: &str,
    tail: Digest,
) -> Result<RecipientCopy, Problem> {
    let (ticket, recipient) = (mail.ticket.clone(), recipient.to_owned());
    site.gateway(&GatewayRequest::Preserve { ticket, recipient, tail }).await
}

async fn nothing_is_given_on_before_a_pass(site: &Site) {
    let (carol, alice) = (&site.federation.carol.address, &site.federation.alice.address);
    let submitted = site.submit(Form::Enveloped, &[carol]).await;
    let arrived = site.arrive().await;
    for (mail, recipient) in [(&submitted, carol), (&arrived, alice)] {
        let before = preserve(site, mail, recipient, mail.tail()).await;
        assert_refused(before, Problem::NotAllowed);
        site.release(mail).await;
        let released = preserve(site, mail, recipient, mail.tail()).await;
        assert_refused(released, Problem::NotAllowed);
    }
}

async fn a_recipient_of_the_envelope_gets_a_part_of_the_ticket(site: &Site) {
    let federation = &site.federation;
    let carol = &federation.carol;
    let (mail, _) = site.passed(Form::Enveloped, &[&carol.address]).await;
    let copy = preserve(site, &mail, &carol.address, mail.tail()).await.unwrap();
    // Carol, and the archive by its key.
    assert_eq!(copy.recipients.len(), 2);
    let first = RecipientInfo::parse(&copy.recipients[0]).unwrap();
    assert!(first.names(&carol.encryption.1));
    let other = Digest::of(b"tail");
    for (recipient, tail) in [(&carol.address, other), (&federation.alice.address, mail.tail())] {
        assert_refused(preserve(site, &mail, recipient, tail).await, Problem::NotAllowed);
    }
    let (mail, _) = site.passed(Form::Enveloped, &[&federation.bob.address]).await;
    let abroad = preserve(site, &mail, &federation.bob.address, mail.tail()).await;
    assert_refused(abroad, Problem::Refused(Reason::RecipientWithoutCertificate));
}

/// AES-GCM, though it passed.
async fn what_mailers_may_show_blank_is_not_given_on(site: &Site) {
    let alice = &site.federation.alice.address;
    let mail = site.arrive().await;
    site.pass(&mail).await;
    assert_refused(preserve(site, &mail, alice, mail.tail()).await, Problem::NotAllowed);
    let carol = &site.federation.carol.address;
    let (mail, worker) = site.passed(Form::Signed, &[carol]).await;
    let tail = Digest::of(b"gcm");
    let form = FreshForm::WrappedGcm;
    let ask = WorkerAsk::EncryptFresh { form, tail, key: worker.content_key(&tail) };
    assert_eq!(site.inspector(&mail.ticket, ask).await, Ok(()));
    assert_refused(preserve(site, &mail, carol, tail).await, Problem::NotAllowed);
}

async fn mail_from_outside_has_no_key_to_give_on(site: &Site) {
    let mail = site.arrive_from_outside().await;
    let worker = site.release(&mail).await;
    assert_eq!(site.judge(&worker, &worker.finding(&mail)).await, Ok(()));
    let alice = &site.federation.alice.address;
    let given = preserve(site, &mail, alice, Digest::of(b"tail")).await;
    assert_refused(given, Problem::NotAllowed);
}

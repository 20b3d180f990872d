//! Form (d): the keyserver signs in a person's name, once, and only what then passes.

use crate::asking::{Site, assert_refused};
use crate::submitted::{Admitted, inner_signer};
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, VerdictBody};
use ssmax_chain::Digest;
use ssmax_inspection::Outcome;
use ssmax_support::mails::text;

pub(crate) async fn run(site: &Site) {
    a_mail_that_came_signed_is_not_signed_again(site).await;
    one_signature_is_made_for_a_mail(site).await;
    what_was_not_signed_does_not_pass(site).await;
    nothing_is_signed_after_a_verdict(site).await;
    nobody_is_signed_for_on_mail_from_outside(site).await;
}

async fn submitted(site: &Site) -> Admitted {
    site.submit(Form::Unsigned, &[&site.federation.bob.address]).await
}

async fn a_mail_that_came_signed_is_not_signed_again(site: &Site) {
    for form in [Form::Signed, Form::Enveloped] {
        let mail = site.submit(form, &[&site.federation.bob.address]).await;
        assert_refused(site.sign_user(&mail.ticket, mail.entity).await, Problem::NotAllowed);
    }
}

async fn one_signature_is_made_for_a_mail(site: &Site) {
    let mail = submitted(site).await;
    let signature = site.sign_user(&mail.ticket, mail.entity).await;
    assert!(signature.is_ok());
    let another = Digest::of(b"another");
    assert_refused(site.sign_user(&mail.ticket, another).await, Problem::NotAllowed);
    // Who lost the connection gets the one that was made.
    assert_eq!(site.sign_user(&mail.ticket, mail.entity).await, signature);
}

/// Neither another entity, nor the same under the person's own signature.
async fn what_was_not_signed_does_not_pass(site: &Site) {
    let mut mail = submitted(site).await;
    let signature = site.sign_user(&mail.ticket, mail.entity).await.unwrap();
    mail.signer = Some(inner_signer(&signature));
    let worker = site.release(&mail).await;
    let good = worker.finding(&mail);
    let by_herself = by_herself(site, &mail).await;
    for verdict in [
        VerdictBody { entity: Some(Digest::of(b"another")), ..good.clone() },
        VerdictBody { signer: by_herself.signer, ..good.clone() },
    ] {
        assert_eq!(site.judge(&worker, &verdict).await, Err(Problem::NotAllowed));
    }
    assert_eq!(site.judge(&worker, &good).await, Ok(()));
}

/// Or a worker could let one text pass and have another one signed.
async fn nothing_is_signed_after_a_verdict(site: &Site) {
    let mail = submitted(site).await;
    let worker = site.release(&mail).await;
    let by_herself = by_herself(site, &mail).await;
    let verdict = worker.finding(&by_herself);
    assert_eq!(site.judge(&worker, &verdict).await, Err(Problem::NotAllowed));
    let verdict = VerdictBody { outcome: Outcome::Block, ..verdict };
    assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
    assert_refused(site.sign_user(&mail.ticket, mail.entity).await, Problem::NotAllowed);
}

/// A ticket for mail from outside names nobody to sign for.
async fn nobody_is_signed_for_on_mail_from_outside(site: &Site) {
    let mail = site.arrive_from_outside().await;
    assert_refused(site.sign_user(&mail.ticket, Digest::of(&text())).await, Problem::NotAllowed);
}

/// The mail as if alice had signed it with her own key.
async fn by_herself(site: &Site, mail: &Admitted) -> Admitted {
    let signed = site.submit(Form::Signed, &[&site.federation.bob.address]).await;
    Admitted {
        ticket: mail.ticket.clone(),
        parts: vec![],
        entity: mail.entity,
        signer: signed.signer,
        digest: mail.digest,
    }
}

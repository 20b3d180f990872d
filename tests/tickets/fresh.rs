//! Fresh encryption: of own mail that came in clear and passed, with a key that its
//! worker made.

use crate::asking::{Site, assert_refused};
use crate::submitted::Admitted;
use crate::worker::{Worker, key_for};
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, FreshForm, WorkerAsk};
use ssmax_chain::Digest;
use ssmax_chain::binding::release_ukm;

pub(crate) async fn run(site: &Site) {
    nothing_is_encrypted_before_a_pass(site).await;
    what_came_encrypted_stays_as_it_is(site).await;
    each_form_is_made_once(site).await;
    a_key_that_is_not_for_this_ticket_is_not_taken(site).await;
}

async fn encrypt_fresh(
    site: &Site,
    worker: &Worker,
    form: FreshForm,
    tail: Digest,
    key: Vec<u8>,
) -> Result<(), Problem> {
    site.inspector(&worker.ticket, WorkerAsk::EncryptFresh { form, tail, key }).await
}

async fn passed(site: &Site) -> (Admitted, Worker) {
    site.passed(Form::Signed, &[&site.federation.bob.address]).await
}

async fn nothing_is_encrypted_before_a_pass(site: &Site) {
    let mail = site.submit(Form::Signed, &[&site.federation.bob.address]).await;
    let worker = site.release(&mail).await;
    let tail = Digest::of(b"tail");
    let key = worker.content_key(&tail);
    let fresh = encrypt_fresh(site, &worker, FreshForm::WrappedGcm, tail, key).await;
    assert_eq!(fresh, Err(Problem::NotAllowed));
}

async fn what_came_encrypted_stays_as_it_is(site: &Site) {
    let (_, worker) = site.passed(Form::Enveloped, &[&site.federation.bob.address]).await;
    let tail = Digest::of(b"tail");
    for form in [FreshForm::WrappedGcm, FreshForm::MailCbc] {
        let fresh = encrypt_fresh(site, &worker, form, tail, worker.content_key(&tail)).await;
        assert_eq!(fresh, Err(Problem::NotAllowed));
    }
}

async fn each_form_is_made_once(site: &Site) {
    let bob = &site.federation.bob.address;
    let (mail, worker) = passed(site).await;
    for form in [FreshForm::WrappedGcm, FreshForm::MailCbc] {
        let first = Digest::of(format!("{form:?}").as_bytes());
        let made = encrypt_fresh(site, &worker, form, first, worker.content_key(&first)).await;
        assert_eq!(made, Ok(()));
        let other = Digest::of(b"other");
        let again = encrypt_fresh(site, &worker, form, other, worker.content_key(&other)).await;
        assert_eq!(again, Err(Problem::NotAllowed));
        let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], other).await;
        assert_refused(copy, Problem::NotAllowed);
        let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], first).await;
        assert!(copy.is_ok(), "{copy:?}");
    }
}

async fn a_key_that_is_not_for_this_ticket_is_not_taken(site: &Site) {
    let (_, worker) = passed(site).await;
    let (_, other) = passed(site).await;
    let tail = Digest::of(b"tail");
    let ticket = &worker.ticket;
    for (key, problem) in [
        (other.content_key(&tail), Problem::NotAllowed),
        // For the other ticket's key, under this one's name; and the other way round.
        (key_for(&other.reply_key, &release_ukm(ticket, "keyserver", &tail)), Problem::NotAllowed),
        (
            key_for(&worker.reply_key, &release_ukm(&other.ticket, "keyserver", &tail)),
            Problem::NotAllowed,
        ),
        (key_for(&worker.reply_key, &release_ukm(ticket, "worker", &tail)), Problem::NotAllowed),
        (worker.content_key(&Digest::of(b"another tail")), Problem::NotAllowed),
        (b"no RecipientInfo".to_vec(), Problem::Malformed),
    ] {
        let fresh = encrypt_fresh(site, &worker, FreshForm::MailCbc, tail, key).await;
        assert_eq!(fresh, Err(problem));
    }
    let key = worker.content_key(&tail);
    let fresh = encrypt_fresh(site, &worker, FreshForm::MailCbc, tail, key).await;
    assert_eq!(fresh, Ok(()));
}

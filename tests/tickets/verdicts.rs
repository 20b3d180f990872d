//! One worker, one verdict, about exactly the mail of its ticket.

use crate::asking::{Site, assert_refused};
use crate::submitted::{Admitted, inner_signer};
use crate::worker::{Worker, new_key};
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, InnerSigner, VerdictBody, WorkerAsk};
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::Outcome;
use ssmax_support::mails::{mail, text};
use ssmax_support::person::Person;
use ssmax_token::KeyPair as _;

pub(crate) async fn run(site: &Site) {
    a_second_worker_gets_no_keys(site).await;
    before_a_release_nobody_judges(site).await;
    a_verdict_by_another_key_is_none(site).await;
    a_changed_verdict_is_none(site).await;
    a_verdict_on_another_ticket_is_none(site).await;
    there_is_one_verdict(site).await;
    a_verdict_names_each_part_as_it_is(site).await;
    a_signer_who_is_not_the_submitter_does_not_pass(site).await;
}

async fn submitted(site: &Site) -> (Admitted, Worker) {
    let mail = site.submit(Form::Enveloped, &[&site.federation.bob.address]).await;
    let worker = site.release(&mail).await;
    (mail, worker)
}

async fn a_second_worker_gets_no_keys(site: &Site) {
    let (mail, worker) = submitted(site).await;
    let another = || WorkerAsk::Release { worker: new_key().spki().to_vec() };
    let second = site.inspector::<()>(&mail.ticket, another()).await;
    assert_refused(second, Problem::NotAllowed);
    assert_eq!(site.judge(&worker, &worker.finding(&mail)).await, Ok(()));
    let second = site.inspector::<()>(&mail.ticket, another()).await;
    assert_refused(second, Problem::NotAllowed);
}

async fn before_a_release_nobody_judges(site: &Site) {
    let mail = site.submit(Form::Signed, &[&site.federation.bob.address]).await;
    let verdict = VerdictBody {
        ticket: mail.ticket.clone(),
        outcome: Outcome::Pass,
        parts: vec![],
        entity: Some(mail.entity),
        signer: mail.signer.clone(),
        derived: None,
        prev: None,
        rules: vec![],
    };
    let answer = site.judge_with(&new_key(), &mail.ticket, &verdict).await;
    assert_eq!(answer, Err(Problem::NotAllowed));
}

async fn a_verdict_by_another_key_is_none(site: &Site) {
    let (mail, worker) = submitted(site).await;
    let (_, other) = submitted(site).await;
    let verdict = worker.finding(&mail);
    for key in [&new_key(), other.key(), &site.statement_key] {
        let answer = site.judge_with(key, &mail.ticket, &verdict).await;
        assert_eq!(answer, Err(Problem::NotAllowed));
    }
    assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
}

async fn a_changed_verdict_is_none(site: &Site) {
    let (mail, worker) = submitted(site).await;
    let mut blocked = worker.finding(&mail);
    blocked.outcome = Outcome::Block;
    let (_, signature) = worker.signed(&blocked);
    let (body, _) = worker.signed(&worker.finding(&mail));
    let ask = WorkerAsk::Verdict { body: body.clone(), signature };
    assert_refused(site.inspector::<()>(&mail.ticket, ask).await, Problem::NotAllowed);
    // The body alone, without the label that keeps the signature apart from others.
    let signature = worker.bare_signature(&body);
    let ask = WorkerAsk::Verdict { body, signature };
    assert_refused(site.inspector::<()>(&mail.ticket, ask).await, Problem::NotAllowed);
}

async fn a_verdict_on_another_ticket_is_none(site: &Site) {
    let (mail, worker) = submitted(site).await;
    let (other, of_other) = submitted(site).await;
    let mut verdict = worker.finding(&mail);
    verdict.ticket.clone_from(&other.ticket);
    assert_eq!(site.judge(&worker, &verdict).await, Err(Problem::NotAllowed));
    // One that was given, at the other ticket.
    let answer = site.judge_with(worker.key(), &other.ticket, &worker.finding(&mail)).await;
    assert_eq!(answer, Err(Problem::NotAllowed));
    let answer = site.judge_with(of_other.key(), &other.ticket, &worker.finding(&mail)).await;
    assert_eq!(answer, Err(Problem::NotAllowed));
}

async fn there_is_one_verdict(site: &Site) {
    let bob = &site.federation.bob.address;
    for first in [Outcome::Pass, Outcome::Hold, Outcome::Block] {
        let (mail, worker) = submitted(site).await;
        let mut verdict = worker.finding(&mail);
        verdict.outcome = first;
        assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
        for again in [Outcome::Pass, Outcome::Hold, Outcome::Block] {
            verdict.outcome = again;
            assert_eq!(site.judge(&worker, &verdict).await, Err(Problem::NotAllowed));
        }
        let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await;
        assert_eq!(copy.is_ok(), first == Outcome::Pass, "{copy:?}");
    }
}

async fn a_verdict_names_each_part_as_it_is(site: &Site) {
    let (mail, worker) = submitted(site).await;
    let (other, of_other) = submitted(site).await;
    let [(path, tail, kcv)] = <[_; 1]>::try_from(worker.finding(&mail).parts).unwrap();
    let [(_, _, other_kcv)] = <[_; 1]>::try_from(of_other.finding(&other).parts).unwrap();
    let part = (path.clone(), tail, kcv);
    for parts in [
        vec![],
        vec![part.clone(), part.clone()],
        vec![("1".to_owned(), tail, kcv)],
        vec![(path.clone(), other.tail(), kcv)],
        vec![(path.clone(), kcv, tail)],
        vec![(path.clone(), tail, other_kcv)],
        vec![(path, tail, Digest([0; 32]))],
    ] {
        let verdict = VerdictBody { parts, ..worker.finding(&mail) };
        let answer = site.judge(&worker, &verdict).await;
        assert_eq!(answer, Err(Problem::Refused(Reason::KeyCheckFailed)));
    }
    // A mail in clear has no part.
    let clear = site.submit(Form::Signed, &[&site.federation.bob.address]).await;
    let worker = site.release(&clear).await;
    let verdict = VerdictBody { parts: vec![part], ..worker.finding(&clear) };
    let answer = site.judge(&worker, &verdict).await;
    assert_eq!(answer, Err(Problem::Refused(Reason::KeyCheckFailed)));
}

async fn a_signer_who_is_not_the_submitter_does_not_pass(site: &Site) {
    let people = &site.federation;
    for (form, reason) in
        [(Form::Signed, Reason::SignerNotOurs), (Form::Enveloped, Reason::InnerSignerNotFrom)]
    {
        let mail = site.submit(form, &[&people.bob.address]).await;
        let worker = site.release(&mail).await;
        let good = worker.finding(&mail);
        let mut verdicts = vec![
            VerdictBody { signer: None, ..good.clone() },
            VerdictBody { entity: None, ..good.clone() },
        ];
        for person in [&people.carol, &people.bob] {
            verdicts.push(VerdictBody { signer: Some(signed_by(person)), ..good.clone() });
        }
        let mut encryption = good.signer.clone().unwrap();
        encryption.certificate = people.alice.encryption.1.der().to_vec();
        verdicts.push(VerdictBody { signer: Some(encryption), ..good.clone() });
        for verdict in verdicts {
            let answer = site.judge(&worker, &verdict).await;
            assert_eq!(answer, Err(Problem::Refused(reason)));
        }
        assert_eq!(site.judge(&worker, &good).await, Ok(()));
    }
}

/// The signature of a person under the same text.
fn signed_by(person: &Person) -> InnerSigner {
    let signed = mail(&person.address, "bob@b.example", &text()).signed_by(person);
    inner_signer(&signed.signature().1)
}

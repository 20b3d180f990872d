//! What a list sends on: signed in the list's name and encrypted for our own submission
//! key, for a mail that passed and that is for this list.

use crate::asking::{Site, assert_refused};
use crate::worker::Worker;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, AddUser, NewUser, OfficerRequest};
use ssmax_api::keyserver::{Form, WorkerAsk};
use ssmax_chain::Digest;
use ssmax_inspection::Outcome;
use ssmax_support::person::officer;

const LIST: &str = "staff@a.example";
const OTHER_LIST: &str = "board@a.example";

pub(crate) async fn run(site: &Site) {
    for user in ["staff", "board"] {
        enrol(site, user).await;
    }
    nothing_is_sent_on_without_a_pass(site).await;
    only_a_list_of_the_envelope_sends_on(site).await;
    a_key_of_another_ticket_is_not_encrypted_for_submission(site).await;
}

async fn enrol(site: &Site, user: &str) {
    let list = AddUser {
        user: user.to_owned(),
        kind: AccountKind::List,
        name: user.to_owned(),
        addresses: vec![format!("{user}@a.example")],
        proof: "organisation".to_owned(),
        server_key: true,
        ..AddUser::default()
    };
    let _: NewUser = officer(site.a(), &OfficerRequest::AddUser(Box::new(list))).await;
}

/// The end of a list's new mail.
fn tail() -> Digest {
    Digest::of(b"tail")
}

async fn sign(site: &Site, worker: &Worker, list: &str) -> Result<ByteBuf, Problem> {
    let ask = WorkerAsk::SignPost { list: list.to_owned(), entity: Digest::of(b"post") };
    site.inspector(&worker.ticket, ask).await
}

async fn encrypt(
    site: &Site,
    worker: &Worker,
    list: &str,
    key: Vec<u8>,
) -> Result<Vec<ByteBuf>, Problem> {
    let ask = WorkerAsk::EncryptPost { list: list.to_owned(), tail: tail(), key };
    site.inspector(&worker.ticket, ask).await
}

async fn nothing_is_sent_on_without_a_pass(site: &Site) {
    let mail = site.submit(Form::Signed, &[LIST]).await;
    let worker = site.release(&mail).await;
    let key = worker.content_key(&tail());
    for outcome in [None, Some(Outcome::Hold)] {
        if let Some(outcome) = outcome {
            let mut verdict = worker.finding(&mail);
            verdict.outcome = outcome;
            assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
        }
        assert_refused(sign(site, &worker, LIST).await, Problem::NotAllowed);
        assert_refused(encrypt(site, &worker, LIST, key.clone()).await, Problem::NotAllowed);
    }
}

async fn only_a_list_of_the_envelope_sends_on(site: &Site) {
    let people = &site.federation;
    let (_, worker) = site.passed(Form::Signed, &[LIST, &people.carol.address]).await;
    let key = worker.content_key(&tail());
    // A list that the mail is not for, a person whom it is for, and who is neither.
    for name in [OTHER_LIST, &people.carol.address, &people.alice.address] {
        assert_refused(sign(site, &worker, name).await, Problem::NotAllowed);
        assert_refused(encrypt(site, &worker, name, key.clone()).await, Problem::NotAllowed);
    }
    assert_refused(sign(site, &worker, "no address").await, Problem::Malformed);
    assert!(sign(site, &worker, LIST).await.is_ok());
    assert_eq!(encrypt(site, &worker, LIST, key).await.map(|infos| infos.len()), Ok(1));
}

async fn a_key_of_another_ticket_is_not_encrypted_for_submission(site: &Site) {
    let (_, other) = site.passed(Form::Signed, &[LIST]).await;
    let (_, worker) = site.passed(Form::Signed, &[LIST]).await;
    let key = other.content_key(&tail());
    assert_refused(encrypt(site, &worker, LIST, key).await, Problem::NotAllowed);
}

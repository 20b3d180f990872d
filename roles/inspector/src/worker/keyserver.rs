//! The worker's questions, over its two pipes: it has nothing else.

use super::Stop;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;
use ssmax_api::inspector::{FromWorker, ToWorker};
use ssmax_api::keyserver::{FreshForm, Released, Seal, WorkerAsk};
use ssmax_api::{Answer, Problem};
use ssmax_chain::Digest;
use ssmax_chain::binding::release_ukm;
use ssmax_cms::enveloped::recipient_info_for_key;
use ssmax_daemon::frame::{MAX_FRAME_BYTES, read_frame_sync};
use ssmax_daemon::laden::write_laden_sync;
use ssmax_primitives::ContentKey;

/// The keyserver as the worker sees it.
#[derive(Default)]
pub(super) struct Keyserver {
    reply_key: Vec<u8>,
    ticket: String,
}

impl Keyserver {
    /// Remembers where content keys made here are sent.
    pub(super) fn prepare(&mut self, released: &Released, ticket: &str) {
        self.reply_key.clone_from(&released.reply_key);
        ticket.clone_into(&mut self.ticket);
    }

    pub(super) fn release(&self, worker: &[u8]) -> Result<Released, Problem> {
        ask(WorkerAsk::Release { worker: worker.to_vec() })
    }

    pub(super) fn verify_submission(&self, worker: &[u8]) -> Result<Released, Problem> {
        ask(WorkerAsk::VerifySubmission { worker: worker.to_vec() })
    }

    pub(super) fn verified(&self, answer: Vec<u8>, signature: Vec<u8>) -> Result<(), Problem> {
        ask(WorkerAsk::Verified { answer, signature })
    }

    pub(super) fn verdict(&self, body: Vec<u8>, signature: Vec<u8>) -> Result<(), Problem> {
        ask(WorkerAsk::Verdict { body, signature })
    }

    pub(super) fn encrypt_fresh(
        &self,
        form: FreshForm,
        tail: Digest,
        key: &ContentKey,
    ) -> Result<Vec<u8>, Stop> {
        let key = self.sealed_key(&tail, key)?;
        ask::<()>(WorkerAsk::EncryptFresh { form, tail, key: key.clone() })?;
        Ok(key)
    }

    pub(super) fn seal(
        &self,
        recipient: &str,
        entity: Digest,
        headers: Digest,
    ) -> Result<Seal, Stop> {
        Ok(ask(WorkerAsk::Seal { recipient: recipient.to_owned(), entity, headers })?)
    }

    pub(super) fn rewrap_to(&self, recipient: &str) -> Result<Vec<Vec<ByteBuf>>, Stop> {
        Ok(ask(WorkerAsk::RewrapTo { recipient: recipient.to_owned() })?)
    }

    pub(super) fn sign_post(&self, list: &str, entity: Digest) -> Result<Vec<u8>, Stop> {
        let signed: ByteBuf = ask(WorkerAsk::SignPost { list: list.to_owned(), entity })?;
        Ok(signed.into_vec())
    }

    pub(super) fn encrypt_post(
        &self,
        list: &str,
        tail: Digest,
        key: &ContentKey,
    ) -> Result<Vec<ByteBuf>, Stop> {
        let key = self.sealed_key(&tail, key)?;
        Ok(ask(WorkerAsk::EncryptPost { list: list.to_owned(), tail, key })?)
    }

    pub(super) fn encrypt_to(
        &self,
        recipient: &str,
        tail: Digest,
        key: &ContentKey,
    ) -> Result<Vec<ByteBuf>, Stop> {
        let key = self.sealed_key(&tail, key)?;
        Ok(ask(WorkerAsk::EncryptTo { recipient: recipient.to_owned(), tail, key })?)
    }

    pub(super) fn encrypt_outside(
        &self,
        recipient: &str,
        tail: Digest,
        key: &ContentKey,
    ) -> Result<ByteBuf, Stop> {
        let key = self.sealed_key(&tail, key)?;
        Ok(ask(WorkerAsk::EncryptOutside { recipient: recipient.to_owned(), tail, key })?)
    }

    /// A content key made here, for the ticket's reply key alone.
    fn sealed_key(&self, tail: &Digest, key: &ContentKey) -> Result<Vec<u8>, Stop> {
        let ukm = release_ukm(&self.ticket, "keyserver", tail);
        let id = ssmax_pki::key_identifier(&self.reply_key);
        recipient_info_for_key(&self.reply_key, &id, key, Some(&ukm))
            .map_err(|_| Problem::Failed.into())
    }
}

fn ask<T: DeserializeOwned>(ask: WorkerAsk) -> Result<T, Problem> {
    write_laden_sync(&mut std::io::stdout(), FromWorker::Ask(ask), MAX_FRAME_BYTES)
        .map_err(|_| Problem::Failed)?;
    let answer: ToWorker = read_frame_sync(&mut std::io::stdin(), MAX_FRAME_BYTES)
        .ok()
        .flatten()
        .ok_or(Problem::Failed)?;
    let answer: Answer =
        ciborium::from_reader(answer.answer.as_slice()).map_err(|_| Problem::Malformed)?;
    ssmax_api::decode(answer)
}

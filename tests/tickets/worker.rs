//! A worker with a key of its own, as honest or not as the test that runs it.

use crate::asking::Site;
use crate::submitted::Admitted;
use ssmax_api::Problem;
use ssmax_api::keyserver::{Form, Released, VerdictBody, WorkerAsk};
use ssmax_chain::Digest;
use ssmax_chain::binding::release_ukm;
use ssmax_cms::enveloped::{
    ContentCipher, KeyName, RecipientInfo, UnwrapPolicy, kcv, recipient_info_for_key,
};
use ssmax_inspection::Outcome;
use ssmax_pki::key_identifier;
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _, SigningKey as _};

/// A worker that got the keys of a ticket.
pub(crate) struct Worker {
    pub(crate) ticket: String,
    key: SoftwareKey,
    /// Where it sends content keys.
    pub(crate) reply_key: Vec<u8>,
    parts: Vec<(String, Digest, Digest)>,
}

impl Site {
    /// That no worker gets the keys of this ticket.
    pub(crate) async fn assert_not_released(&self, ticket: &str) {
        let ask = WorkerAsk::Release { worker: new_key().spki().to_vec() };
        let answer = self.inspector::<Released>(ticket, ask).await;
        assert_eq!(answer.map(drop), Err(Problem::NotAllowed));
    }

    /// Has the keys of a ticket released to a new worker.
    pub(crate) async fn release(&self, mail: &Admitted) -> Worker {
        let key = new_key();
        let ask = WorkerAsk::Release { worker: key.spki().to_vec() };
        let released: Released = self.inspector(&mail.ticket, ask).await.unwrap();
        assert_eq!(released.keys.len(), mail.parts.len());
        let offered = mail.parts.iter().zip(&released.keys);
        let parts = offered.map(|(part, (path, info))| {
            let cipher = ContentCipher::from_name(&part.cipher).unwrap();
            let id = key_identifier(key.spki());
            let content_key = RecipientInfo::parse(info)
                .unwrap()
                .unwrap(
                    KeyName::KeyId(&id),
                    &key,
                    &UnwrapPolicy { allow_pkcs1: false },
                    cipher.key_len(),
                )
                .unwrap();
            (path.clone(), part.tail, Digest(kcv(&content_key, &part.tail.0)))
        });
        let parts = parts.collect();
        Worker { ticket: mail.ticket.clone(), key, reply_key: released.reply_key, parts }
    }

    /// Gives the worker's verdict.
    pub(crate) async fn judge(
        &self,
        worker: &Worker,
        verdict: &VerdictBody,
    ) -> Result<(), Problem> {
        self.judge_with(&worker.key, &worker.ticket, verdict).await
    }

    /// Gives a verdict on a ticket, signed by this key.
    pub(crate) async fn judge_with(
        &self,
        key: &SoftwareKey,
        ticket: &str,
        verdict: &VerdictBody,
    ) -> Result<(), Problem> {
        let (body, signature) = signed(key, verdict);
        self.inspector(ticket, WorkerAsk::Verdict { body, signature }).await
    }

    /// A mail of alice that has passed, with its worker.
    pub(crate) async fn passed(&self, form: Form, recipients: &[&str]) -> (Admitted, Worker) {
        let mail = self.submit(form, recipients).await;
        let worker = self.pass(&mail).await;
        (mail, worker)
    }

    /// Lets a mail pass.
    pub(crate) async fn pass(&self, mail: &Admitted) -> Worker {
        let worker = self.release(mail).await;
        assert_eq!(self.judge(&worker, &worker.finding(mail)).await, Ok(()));
        worker
    }
}

impl Worker {
    pub(crate) fn key(&self) -> &SoftwareKey {
        &self.key
    }

    /// A verdict with its signature.
    pub(crate) fn signed(&self, verdict: &VerdictBody) -> (Vec<u8>, Vec<u8>) {
        signed(&self.key, verdict)
    }

    /// A signature over these octets and nothing before them.
    pub(crate) fn bare_signature(&self, octets: &[u8]) -> Vec<u8> {
        self.key.sign(octets).unwrap()
    }

    /// A pass that is in order.
    pub(crate) fn finding(&self, mail: &Admitted) -> VerdictBody {
        VerdictBody {
            ticket: self.ticket.clone(),
            outcome: Outcome::Pass,
            parts: self.parts.clone(),
            entity: mail.signer.as_ref().map(|_| mail.entity),
            signer: mail.signer.clone(),
            derived: None,
            prev: None,
            rules: vec![],
        }
    }

    /// A content key for this ticket, named as for `tail`.
    pub(crate) fn content_key(&self, tail: &Digest) -> Vec<u8> {
        key_for(&self.reply_key, &release_ukm(&self.ticket, "keyserver", tail))
    }
}

fn signed(key: &SoftwareKey, verdict: &VerdictBody) -> (Vec<u8>, Vec<u8>) {
    let body = ssmax_api::encode(Ok(verdict)).unwrap().into_vec();
    let signature = key.sign(&[b"SSMAX1-verdict\0", body.as_slice()].concat()).unwrap();
    (body, signature)
}

/// A new content key for the owner of a key.
pub(crate) fn key_for(spki: &[u8], ukm: &[u8]) -> Vec<u8> {
    let key = ContentKey::random(&SystemRandom, ContentCipher::Aes256Gcm.key_len());
    recipient_info_for_key(spki, &key_identifier(spki), &key, Some(ukm)).unwrap()
}

pub(crate) fn new_key() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

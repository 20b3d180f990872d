//! Verification instead of inspection, at an ESP: is the submitter's signature in order?
//! No detector runs here, and what is said of an encrypted mail has one size.

use super::open::{self, Opened};
use super::signer::{self, Signed};
use super::{Stop, Worker, is_stated};
use ssmax_api::Problem;
use ssmax_api::inspector::{AttachmentDelivery, Inspect, Inspected};
use ssmax_api::keyserver::Released;
use ssmax_api::verified::{VERIFIED_LABEL, VerifiedSubmission};
use ssmax_chain::{Digest, Reason};
use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyAlgorithm, KeyPair as _, SigningKey as _};
use std::sync::Arc;

impl Worker {
    /// Checks the signature, says so to the keyserver, and encrypts what came in clear.
    pub(super) fn verify(&mut self, mut inspect: Inspect) -> Result<Inspected, Stop> {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(|_| Problem::Failed)?;
        let released = self.keyserver.verify_submission(key.spki())?;
        let mail = std::mem::take(&mut inspect.mail);
        if !released.body.is_none_or(|stated| is_stated(stated, &mail)) {
            return Err(Problem::NotAllowed.into());
        }
        if inspect.plan.attachments == Some(AttachmentDelivery::Keep) {
            inspect.mail = Arc::clone(&mail);
        }
        let inspect = &inspect;
        let ticket = &inspect.ticket;
        match signed(mail, inspect, &released, &key) {
            Ok((opened, signed)) => {
                let answer = VerifiedSubmission {
                    refused: None,
                    headers_match: true,
                    certificate: Digest(signed.sender.certificate.sha256()),
                    si: Digest(signed.sender.signer_info),
                    entity: Digest::of(&signed.entity),
                };
                self.say(ticket, &answer, &key)?;
                self.keyserver.prepare(&released, ticket);
                let Opened { fields, files, .. } = opened;
                let derived = files.and_then(|files| files.derived);
                // An ESP has not looked at the content: it seals nothing.
                let preserved = inspect.plan.preserve;
                self.compose(inspect, &fields, derived, Some(signed), &released, preserved)
            }
            Err(Stop::Refused(reason)) => {
                self.say(ticket, &VerifiedSubmission::refusal(reason), &key)?;
                Err(reason.into())
            }
            Err(failed) => Err(failed),
        }
    }

    fn say(
        &self,
        ticket: &str,
        answer: &VerifiedSubmission,
        key: &SoftwareKey,
    ) -> Result<(), Stop> {
        let octets = answer.to_octets();
        let message = [VERIFIED_LABEL, ticket.as_bytes(), &octets].concat();
        let signature = key.sign(&message).map_err(|_| Problem::Failed)?;
        Ok(self.keyserver.verified(octets.to_vec(), signature)?)
    }
}

/// The mail opened, and its signed content.
fn signed(
    mail: Arc<Vec<u8>>,
    inspect: &Inspect,
    released: &Released,
    key: &SoftwareKey,
) -> Result<(Opened, Signed), Stop> {
    let opened = open::open(mail, inspect, released, key)?;
    let signed = signer::judge(&opened, &inspect.plan, released)?;
    // Only mail from outside has no signer, and it comes to no worker here.
    let signed = signed.ok_or(Reason::Internal)?;
    Ok((opened, signed))
}

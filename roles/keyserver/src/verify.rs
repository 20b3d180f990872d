//! Verification at an ESP: whether a user signed what they submit. Nobody there looks
//! into a mail, so a worker's answer has one size and tells nothing of the content.

use crate::limits::Source;
use crate::state::Keyserver;
use crate::ticket::{Origin, OwnMail, Ticket, lock};
use crate::verdict::check_pass;
use ssmax_api::Problem;
use ssmax_api::keyserver::{InnerSigner, Released, VerdictBody};
use ssmax_api::verified::{MAX_VERIFIED_SIGNATURE_BYTES, VERIFIED_LABEL, VerifiedSubmission};
use ssmax_chain::{Digest, Reason};
use ssmax_federation::Kind;
use ssmax_inspection::Outcome;
use ssmax_token::SignatureAlgorithm;

impl Keyserver {
    /// Whether this member may not open mail: by its own settings or by the member list,
    /// so that neither a changed file nor a missing list makes it an organisation.
    pub(crate) fn is_esp(&self) -> bool {
        let organisation = &self.settings.organisation;
        organisation.is_esp()
            || lock(&self.list)
                .list
                .as_ref()
                .and_then(|list| list.member(&organisation.id))
                .is_some_and(|own| own.kind == Kind::Esp)
    }

    /// What an ESP's keyserver never does, whatever is asked.
    pub(crate) fn not_at_an_esp(&self) -> Result<(), Problem> {
        if self.is_esp() { Err(Problem::NotAllowed) } else { Ok(()) }
    }

    /// The ticket's keys for a worker that checks the sender's signature: for an ESP's
    /// own users only, once for each ticket.
    pub(crate) fn verify_submission(
        &self,
        ticket: &str,
        worker: Vec<u8>,
    ) -> Result<Released, Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        if !self.is_esp() || !matches!(open.origin, Origin::Own(_)) {
            return Err(Problem::NotAllowed);
        }
        self.release_to(ticket, &mut open, worker)
    }

    /// Takes what a verification found: once, by the worker that got the keys.
    pub(crate) fn verified(
        &self,
        ticket: &str,
        answer: &[u8],
        signature: &[u8],
    ) -> Result<(), Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        let worker = open.worker.as_ref().ok_or(Problem::NotAllowed)?;
        if !self.is_esp() || signature.len() > MAX_VERIFIED_SIGNATURE_BYTES {
            return Err(Problem::NotAllowed);
        }
        let message = [VERIFIED_LABEL, ticket.as_bytes(), answer].concat();
        ssmax_primitives::verify(
            SignatureAlgorithm::EcdsaSha256,
            &worker.spki,
            &message,
            signature,
        )
        .map_err(|_| Problem::NotAllowed)?;
        let answer = VerifiedSubmission::from_octets(answer).ok_or(Problem::Malformed)?;
        if open.verdict.is_some() {
            return Err(Problem::NotAllowed);
        }
        let Origin::Own(own) = &open.origin else { return Err(Problem::NotAllowed) };
        let verdict = as_verdict(ticket, &open, own, &answer).and_then(|verdict| {
            let fits = check_pass(&open, &verdict);
            if verdict.outcome == Outcome::Pass || !open.parts.is_empty() {
                self.count_refusal(Source::of(&open.origin).as_ref(), &fits);
            }
            if verdict.outcome == Outcome::Pass {
                fits?;
            }
            Ok(verdict)
        })?;
        tracing::info!(outcome = ?verdict.outcome, "a submission is verified");
        open.verdict = Some(verdict);
        Ok(())
    }
}

/// The answer as the verdict that it stands for. The parts are the ticket's: a worker
/// whose ciphertext has another tail gets no key out of what was released.
fn as_verdict(
    ticket: &str,
    open: &Ticket,
    own: &OwnMail,
    answer: &VerifiedSubmission,
) -> Result<VerdictBody, Problem> {
    let mut verdict = VerdictBody::stopped(ticket.to_owned());
    if answer.refused.is_some() || !answer.headers_match {
        return Ok(verdict);
    }
    let in_clear = open.parts.is_empty();
    let reason = if in_clear { Reason::SignerNotOurs } else { Reason::InnerSignerNotFrom };
    let (_, certificate) = own
        .user
        .signing
        .iter()
        .find(|(_, der)| Digest::of(der) == answer.certificate)
        .ok_or(Problem::Refused(reason))?;
    let parts = open.parts.iter();
    verdict.parts = parts.map(|part| (part.path.clone(), part.tail, part.kcv)).collect();
    verdict.outcome = Outcome::Pass;
    verdict.entity = Some(answer.entity);
    verdict.signer = Some(InnerSigner {
        si: answer.si,
        certificate: certificate.to_vec(),
        // Evidence is for seals, and an ESP makes none.
        signed_data: vec![],
    });
    Ok(verdict)
}

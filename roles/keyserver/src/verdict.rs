//! The worker's finding, and what the keyserver makes of it.

use crate::hold::StoppedMail;
use crate::levels::falls_short;
use crate::limits::Source;
use crate::people::may_send_as;
use crate::state::Keyserver;
use crate::ticket::{MemberMail, Origin, OwnMail, Ticket, lock};
use ssmax_api::Problem;
use ssmax_api::keyserver::{VERDICT_LABEL, VerdictBody};
use ssmax_chain::{Digest, Reason};
use ssmax_token::SignatureAlgorithm;

impl Keyserver {
    /// Takes the verdict: once, by the worker that the keys were released to, about
    /// exactly the parts and the sender that the ticket names.
    pub(crate) async fn take_verdict(
        &self,
        ticket: &str,
        body: &[u8],
        signature: &[u8],
    ) -> Result<(), Problem> {
        self.not_at_an_esp()?;
        match self.note_verdict(ticket, body, signature)? {
            Some(stopped) => self.remember_stopped(&stopped).await,
            None => Ok(()),
        }
    }

    /// Writes the verdict into the ticket; gives the mail if it came encrypted and is
    /// stopped by findings, and by nothing else.
    fn note_verdict(
        &self,
        ticket: &str,
        body: &[u8],
        signature: &[u8],
    ) -> Result<Option<StoppedMail>, Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        let worker = open.worker.as_ref().ok_or(Problem::NotAllowed)?;
        let message = [VERDICT_LABEL, body].concat();
        ssmax_primitives::verify(
            SignatureAlgorithm::EcdsaSha256,
            &worker.spki,
            &message,
            signature,
        )
        .map_err(|_| Problem::NotAllowed)?;
        let verdict: VerdictBody = ciborium::from_reader(body).map_err(|_| Problem::Malformed)?;
        if open.verdict.is_some() || verdict.ticket != ticket {
            return Err(Problem::NotAllowed);
        }
        let passes = verdict.outcome <= open.tolerated;
        let fits = check_pass(&open, &verdict);
        // What findings alone stop is nobody's try at a key.
        if passes || !open.parts.is_empty() {
            self.count_refusal(Source::of(&open.origin).as_ref(), &fits);
        }
        // A mail that would not pass without its findings either is not known as stopped:
        // the gateway, which says what the worker looks at, could have any mail stopped,
        // and then readmitted and shown to a reviewer.
        let known = fits.is_ok();
        if passes {
            fits?;
        }
        tracing::info!(outcome = ?verdict.outcome, rules = ?verdict.rules, "a worker has judged a mail");
        open.verdict = Some(verdict);
        Ok(if passes || !known { None } else { stopped(&open) })
    }
}

/// By what a stopped mail is known when an officer asks for it.
fn stopped(open: &Ticket) -> Option<StoppedMail> {
    match &open.origin {
        Origin::Member(mail) => Some(StoppedMail::of_hop(&mail.hop)),
        Origin::Own(_) if !open.parts.is_empty() => Some(StoppedMail::Ciphertext(
            open.parts.iter().map(|part| (part.tail, part.kcv)).collect(),
        )),
        Origin::Own(_) | Origin::Outside => None,
    }
}

/// A pass must be about the whole ticket: every part opened with its own key, and the
/// sender's signature the expected one.
pub(crate) fn check_pass(open: &Ticket, verdict: &VerdictBody) -> Result<(), Problem> {
    let same_parts = open.parts.len() == verdict.parts.len()
        && open.parts.iter().zip(&verdict.parts).all(|(part, (path, tail, kcv))| {
            part.path == *path && part.tail == *tail && part.kcv == *kcv
        });
    if !same_parts {
        return Err(Problem::Refused(Reason::KeyCheckFailed));
    }
    // Only in attachment mode is something made out of the content.
    if verdict.derived.is_some() && !open.files {
        return Err(Problem::NotAllowed);
    }
    match &open.origin {
        Origin::Own(own) => check_own(own, verdict, open.parts.is_empty()),
        Origin::Member(mail) => check_announced(mail, verdict),
        Origin::Outside => Ok(()),
    }
}

/// Signed by From, who is the submitter, with a certificate we know for them; or by
/// us in their name, over exactly this content.
fn check_own(own: &OwnMail, verdict: &VerdictBody, in_clear: bool) -> Result<(), Problem> {
    let reason = if in_clear { Reason::SignerNotOurs } else { Reason::InnerSignerNotFrom };
    let refused = Problem::Refused(reason);
    let signer = verdict.signer.as_ref().ok_or(refused)?;
    let entity = verdict.entity.ok_or(refused)?;
    let hash = Digest::of(&signer.certificate);
    let known = own.user.signing.iter().find(|(_, der)| Digest::of(der) == hash);
    let (holder, _) = known.ok_or(refused)?;
    if !may_send_as(&own.user, &own.from) {
        return Err(refused);
    }
    let certificate = ssmax_pki::Certificate::from_der(&signer.certificate).map_err(|_| refused)?;
    if !certificate.has_email(&own.from.to_string()) {
        return Err(refused);
    }
    if falls_short(own, *holder) {
        let reason =
            if in_clear { Reason::SenderLevelTooLow } else { Reason::SignatureLevelTooLow };
        return Err(Problem::Refused(reason));
    }
    match own.server_signed {
        Some(signed) if signed != (entity, hash) => Err(Problem::NotAllowed),
        // What came unsigned passes with our signature only.
        None if own.unsigned => Err(Problem::NotAllowed),
        _ => Ok(()),
    }
}

/// Exactly what the sending organisation announced.
fn check_announced(mail: &MemberMail, verdict: &VerdictBody) -> Result<(), Problem> {
    let refused = Problem::Refused(Reason::EntityChanged);
    let signer = verdict.signer.as_ref().ok_or(refused)?;
    let sender = &mail.sealed.sender;
    let same = verdict.entity == Some(mail.sealed.entity)
        && verdict.prev == mail.hop.prev
        && signer.si == sender.si
        && Digest::of(&signer.certificate) == sender.cert;
    if same { Ok(()) } else { Err(refused) }
}

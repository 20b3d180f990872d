//! A held mail for a person who reviews it: encrypted for them by the keyserver, so that
//! nothing of it is in clear on the way.

use super::object::{failed, named, no_octets};
use super::release::{Release, envelope};
use super::store::Held;
use crate::fate::Fates;
use crate::gateway::Gateway;
use crate::outbound::{Stated, parse};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::gateway::HeldState;
use ssmax_api::keyserver::{GatewayRequest, ReleaseForReview, Reviewed};
use ssmax_api::person::SignedRequest;
use ssmax_chain::held_decision::HeldDeed;
use ssmax_chain::hop_mail::{self, HopBody, SmimeType};
use ssmax_chain::{Digest, Refusal, journey, trace};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{Enveloped, Kind};

impl Gateway {
    /// One S/MIME message that the reviewer alone can open: around the mail if it came in
    /// clear, else the sender's own ciphertext.
    ///
    /// # Errors
    /// [`Problem::NotFound`]; [`Problem::NotBelieved`] of who may not decide;
    /// [`Problem::NotAllowed`] for a certificate that is no
    /// reviewer's, and for a mail that no inspection has opened; the refusal of a mail
    /// that is not admitted any more; [`Problem::Failed`].
    pub(super) async fn review_held(
        &self,
        id: &str,
        signed: &SignedRequest,
        certificate: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        let held = self.hold.find(id).await.map_err(failed)?.ok_or(Problem::NotFound)?;
        if held.state != HeldState::Held {
            return Err(Problem::NotFound);
        }
        let decided = self.decide(&held, signed, |deed| deed == HeldDeed::HoldShow).await?;
        tracing::warn!(held.id = %id, officer = %decided.officer, "an officer asks for a held mail's content");
        let certificate = certificate.to_vec();
        let decision = decided.decision.clone();
        let ask = |what| ReleaseForReview { what, decision, certificate };
        if held.facts.encrypted {
            self.review_ciphertext(&held, decided, ask).await
        } else {
            if held.facts.digest.is_none() {
                let octets = self.open_held(id, &decided.decision).await?;
                let stated = held.facts.stated.as_ref().map(Stated::digest);
                self.identify(&held, stated.unwrap_or_else(|| Digest::of(&octets))).await?;
            }
            self.review_object(id, ask).await
        }
    }

    /// Remembers what a mail is that an earlier build kept without writing it down.
    async fn identify(&self, held: &Held, digest: Digest) -> Result<(), Problem> {
        if held.facts.digest.is_none() {
            self.hold.identified(held, digest).await.map_err(failed)?;
            tracing::warn!(held.id = %held.id, %digest, "a held mail of an earlier build is identified");
        }
        Ok(())
    }

    /// The object of the store for another recipient.
    async fn review_object(
        &self,
        id: &str,
        ask: impl FnOnce(Reviewed) -> ReleaseForReview,
    ) -> Result<Vec<u8>, Problem> {
        let object = self.hold.object(id).await.map_err(|error| no_octets(id, &error))?;
        let object = Enveloped::parse_vec(object, &Limits::default()).map_err(failed)?;
        let request = ask(Reviewed::Held(named(id, &object)?));
        let info: ByteBuf =
            self.ask_keyserver(&GatewayRequest::ReleaseForReview(Box::new(request))).await?;
        let fields = format!("Subject: held mail {id}\r\nMIME-Version: 1.0\r\n");
        Ok(rewrapped(fields.as_bytes(), object, info))
    }

    /// What the sender encrypted, admitted anew, for another recipient.
    async fn review_ciphertext(
        &self,
        held: &Held,
        decided: Release,
        ask: impl FnOnce(Reviewed) -> ReleaseForReview,
    ) -> Result<Vec<u8>, Problem> {
        let octets = self.open_held(&held.id, &decided.decision).await?;
        let envelope = envelope(&held.facts, held.waiting());
        let mut fates = Fates::new(&envelope, &self.settings.organisation);
        fates.came.source.clone_from(&held.facts.source);
        fates.came.stated.clone_from(&held.facts.stated);
        fates.release = Some(decided);
        let admitted = if held.facts.login.is_some() {
            self.admit_submitted(envelope, octets.clone(), &mut fates).await
        } else {
            let recipients = fates.recipients();
            let journey = journey::Envelope { mail_from: envelope.mail_from, recipients };
            self.admit_again(&journey, &octets, &mut fates).await
        };
        if let Some(digest) = fates.came.digest {
            self.identify(held, digest).await?;
        }
        admitted.map_err(|Refusal { reason, .. }| Problem::Refused(reason))?;
        let ticket = fates.ticket.take().ok_or(Problem::NotAllowed)?;
        let request = ask(Reviewed::Part(ticket.clone()));
        let info: Result<ByteBuf, Problem> =
            self.ask_keyserver(&GatewayRequest::ReleaseForReview(Box::new(request))).await;
        self.close_now(Some(ticket)).await;
        let info = info?;
        let mail = parse(&octets).map_err(|Refusal { reason, .. }| Problem::Refused(reason))?;
        let object = match hop_mail::take_apart(&mail).map(|hop| hop.mail) {
            Some(HopBody::Whole(object)) => object,
            Some(HopBody::Attachments(_)) => return Err(Problem::NotAllowed),
            None => mail.decoded_body().map_err(failed)?,
        };
        let object = Enveloped::parse_vec(object, &Limits::default()).map_err(failed)?;
        let mut fields = trace::carried_fields(mail.header(), None);
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
        Ok(rewrapped(&fields, object, info))
    }
}

fn rewrapped(fields: &[u8], object: Enveloped, info: ByteBuf) -> Vec<u8> {
    let kind = match object.kind() {
        Kind::Enveloped => SmimeType::Enveloped,
        Kind::AuthEnveloped => SmimeType::AuthEnveloped,
    };
    let object = object.into_rewrapped(&[info.into_vec()]);
    hop_mail::pkcs7_part_behind(fields, kind, "smime.p7m", object)
}

//! A person's signature made by the keyserver (form (d)).

use crate::people::server_held;
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, lock};
use ssmax_api::Problem;
use ssmax_chain::{Digest, Reason};
use ssmax_cms::signed::{SignRequest, sign};
use ssmax_hsm::KeyPurpose;
use ssmax_pki::Certificate;

impl Keyserver {
    /// Signs a content entity with the submitter's server-held key. Once per ticket,
    /// and only where admission found that the keyserver may.
    pub(crate) fn sign_user(&self, ticket: &str, entity: Digest) -> Result<Vec<u8>, Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let mut open = lock(&open);
        // After the inspection a signature would be over what nobody has looked at.
        if open.verdict.is_some() || open.review_only {
            return Err(Problem::NotAllowed);
        }
        let in_clear = open.parts.is_empty();
        let Origin::Own(own) = &mut open.origin else { return Err(Problem::NotAllowed) };
        if own.server_signed.is_some() || !own.unsigned || !in_clear {
            return Err(Problem::NotAllowed);
        }
        // What the submission service saw is what the person wrote.
        if own.seen.is_some_and(|seen| seen != entity) {
            return Err(Problem::Refused(Reason::StatementOfAnotherMail));
        }
        let der = server_held(&own.user).ok_or(Problem::NotAllowed)?;
        let signer = Certificate::from_der(der).map_err(failed)?;
        if !signer.has_email(&own.from.to_string()) {
            return Err(Problem::Refused(Reason::UnsignedNotAllowed));
        }
        let signed = self.sign_entity(&signer, entity)?;
        own.server_signed = Some((entity, Digest::of(der)));
        Ok(signed)
    }

    /// A detached signature with a key that the keyserver holds for a person or an account.
    pub(crate) fn sign_entity(
        &self,
        signer: &Certificate,
        entity: Digest,
    ) -> Result<Vec<u8>, Problem> {
        let key = self.key_for(KeyPurpose::UserSigning, signer.spki())?;
        let mut certificates = vec![signer.clone()];
        certificates.extend(self.own.user_chain());
        let request = SignRequest {
            content_digest: entity.0,
            content: None,
            signing_time: Some(Self::now()),
            extra_signed: vec![],
            unsigned: vec![],
            certificates: &certificates,
            signer,
        };
        sign(&request, key.as_ref()).map_err(failed)
    }
}

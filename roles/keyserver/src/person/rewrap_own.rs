//! Mail of one's own mailbox, wrapped anew: after a lost card, and for forwarding.

use super::{down, failure};
use crate::state::Keyserver;
use serde_bytes::ByteBuf;
use ssmax_api::keyserver::UserRecord;
use ssmax_api::person::{PersonProblem, RewrappedPart, SignedRequest};
use ssmax_chain::Digest;
use ssmax_chain::binding::submission_ukm;
use ssmax_chain::person_request::{OwnPart, OwnTarget, RewrapOwn};
use ssmax_cms::CmsError;
use ssmax_cms::enveloped::{
    ContentCipher, KeyName, RecipientInfo, UnwrapPolicy, kcv, recipient_info_for_key,
};
use ssmax_federation::Kind;
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_primitives::ContentKey;
use ssmax_store::query;
use ssmax_token::KeyPair as _;

/// A part with the own certificate that it is opened by.
struct Named<'a> {
    part: &'a OwnPart,
    cipher: ContentCipher,
    info: RecipientInfo,
    certificate: &'a Certificate,
}

/// For whom, looked up before a key is used.
enum Target {
    Own(Address, Certificate),
    /// The organisation's submission key, SPKI, for what this mailbox forwards.
    Submission(Address, Vec<u8>),
}

impl Keyserver {
    /// Wraps the parts of a mail for its owner's newest certificate, or for submission.
    /// What can be refused without a private key is refused first.
    pub(super) async fn rewrap_own(
        &self,
        signed: &SignedRequest,
    ) -> Result<Vec<RewrappedPart>, PersonProblem> {
        let request = RewrapOwn::parse(&signed.json).map_err(|_| PersonProblem::Malformed)?;
        let person = self.believe_person(&request.user, request.at, signed).await?;
        self.use_nonce(&request.nonce).await?;
        self.keeps_keys()?;
        let mailbox = own_mailbox(&person, &request.mailbox)?;
        let certificates = self.escrowed(&person.user).await.map_err(failure)?;
        let parts = request
            .parts
            .iter()
            .map(|part| name(part, &certificates))
            .collect::<Result<Vec<_>, _>>()?;
        let target = self.own_target(request.target, mailbox).await?;
        let limit = self.settings.keyserver.rewrap_own_per_day;
        self.count_for_day(&person.user, parts.len(), limit).await?;

        // A private key is used from here on.
        let mut rewrapped = Vec::with_capacity(parts.len());
        for named in &parts {
            let key = self.open_own(named)?;
            let kcv = Digest(kcv(&key, &named.part.tail.0));
            if let Target::Submission(..) = target {
                self.allow_submission(&named.part.tail, &kcv, &person.user).await?;
            }
            let recipients = self.wrap_own(&target, &named.part.tail, &key)?;
            rewrapped.push(RewrappedPart { recipients, kcv });
        }
        tracing::info!(
            user = %person.user,
            parts = parts.len(),
            target = ?request.target,
            "a person's own mail is wrapped anew"
        );
        Ok(rewrapped)
    }

    /// Whether this member may hold keys to its people's mail: by its own settings, and by
    /// a member list that is in force.
    pub(crate) fn keeps_keys(&self) -> Result<(), PersonProblem> {
        if self.is_esp() || self.own_kind()? == Kind::Esp {
            return Err(PersonProblem::KeepsNoKeys);
        }
        Ok(())
    }

    /// What the member list says this member is.
    fn own_kind(&self) -> Result<Kind, PersonProblem> {
        let list = self.member_list().map_err(failure)?;
        list.member(&self.settings.organisation.id).map(|own| own.kind).ok_or(PersonProblem::Failed)
    }

    async fn own_target(
        &self,
        target: OwnTarget,
        mailbox: Address,
    ) -> Result<Target, PersonProblem> {
        match target {
            OwnTarget::Own => {
                let certificate = self.encryption_certificate(&mailbox).await.map_err(failure)?;
                Ok(Target::Own(mailbox, certificate.ok_or(PersonProblem::NoCertificate)?))
            }
            OwnTarget::Submission => {
                let purpose = KeyPurpose::SubmissionEncryption;
                let key = self.newest_key(purpose, false).map_err(failure)?;
                let spki = key.ok_or(PersonProblem::Failed)?.spki().to_vec();
                Ok(Target::Submission(mailbox, spki))
            }
        }
    }

    /// The content key, by the person's own escrowed key. PKCS#1 v1.5 is read in any case:
    /// it is what seals are wrapped with for people with RSA keys, and what implicit
    /// rejection gives instead of a key is wrapped like one, so the answer tells nothing.
    fn open_own(&self, named: &Named<'_>) -> Result<ContentKey, PersonProblem> {
        let key =
            self.key_for(KeyPurpose::UserEncryption, named.certificate.spki()).map_err(failure)?;
        let policy = UnwrapPolicy { allow_pkcs1: true };
        named
            .info
            .unwrap(
                KeyName::Certificate(named.certificate),
                key.as_ref(),
                &policy,
                named.cipher.key_len(),
            )
            .map_err(unwrap_problem)
    }

    fn wrap_own(
        &self,
        target: &Target,
        tail: &Digest,
        key: &ContentKey,
    ) -> Result<Vec<ByteBuf>, PersonProblem> {
        match target {
            Target::Own(mailbox, certificate) => {
                self.for_mailbox(mailbox, certificate, tail, key).map_err(failure)
            }
            Target::Submission(mailbox, spki) => {
                // In attachment mode nothing else is submitted (`chain.md` 3.5).
                let ukm = submission_ukm(mailbox, tail);
                let info = recipient_info_for_key(spki, &key_identifier(spki), key, Some(&ukm));
                Ok(vec![ByteBuf::from(info.map_err(down)?)])
            }
        }
    }

    /// Lets this person submit what somebody else wrote: an exception to the rule that a
    /// ciphertext is its first submitter's, for those who could read it anyway.
    async fn allow_submission(
        &self,
        tail: &Digest,
        kcv: &Digest,
        user: &str,
    ) -> Result<(), PersonProblem> {
        query(
            "INSERT INTO forwarding (tail, kcv, user, allowed) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(tail.0.as_slice())
        .bind(kcv.0.as_slice())
        .bind(user)
        .bind(Self::now().unix_timestamp())
        .execute(&self.database)
        .await
        .map(drop)
        .map_err(down)
    }
}

/// A key that is out of reach says nothing of the mail.
pub(crate) fn unwrap_problem(fault: CmsError) -> PersonProblem {
    match fault {
        CmsError::KeyUnavailable => down(fault),
        _ => PersonProblem::NotOpened,
    }
}

fn own_mailbox(person: &UserRecord, mailbox: &str) -> Result<Address, PersonProblem> {
    let address = Address::parse(mailbox).map_err(|_| PersonProblem::Malformed)?;
    let own = ssmax_chain::binding::directory_address(&address);
    let is_own = person.addresses.iter().any(|text| {
        Address::parse(text).is_ok_and(|one| ssmax_chain::binding::directory_address(&one) == own)
    });
    if is_own { Ok(address) } else { Err(PersonProblem::NotYourMailbox) }
}

/// The first RecipientInfo in encoded order that names a certificate of the person; all
/// others are dropped, never tried.
fn name<'a>(
    part: &'a OwnPart,
    certificates: &'a [Certificate],
) -> Result<Named<'a>, PersonProblem> {
    let refused = PersonProblem::EncryptionRefused;
    let cipher = ContentCipher::from_name(&part.cipher).ok_or(refused)?;
    let infos = part
        .ri
        .iter()
        .map(|der| RecipientInfo::parse(&der.0))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| refused)?;
    infos
        .into_iter()
        .find_map(|info| {
            let certificate = certificates.iter().find(|one| info.names(one))?;
            Some(Named { part, cipher, info, certificate })
        })
        .ok_or(PersonProblem::NotForYou)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_out_of_reach_is_a_failure_and_no_verdict_on_the_mail() {
        assert_eq!(unwrap_problem(CmsError::KeyUnavailable), PersonProblem::Failed);
        assert_eq!(unwrap_problem(CmsError::Decryption), PersonProblem::NotOpened);
    }
}

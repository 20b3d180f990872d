//! Which archive copies are opened: of an archive key of ours, exactly the one that the
//! officers approved, and only where it is shown whose mail it is.

use ssmax_api::archive::ArchivedPart;
use ssmax_api::person::PersonProblem;
use ssmax_chain::Digest;
use ssmax_chain::archive_request::ArchiveObject;
use ssmax_chain::binding::archive_ukm;
use ssmax_cms::enveloped::{ContentCipher, RecipientId, RecipientInfo, RecipientKind};
use ssmax_hsm::StoredKey;
use ssmax_mail::address::Address;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_token::KeyPair as _;
use std::sync::Arc;

/// A copy with the key that it names.
pub(super) struct Named {
    pub(super) tail: Digest,
    pub(super) cipher: ContentCipher,
    pub(super) archive: RecipientInfo,
    pub(super) key: Arc<StoredKey>,
    /// What shows whose mail it is, where the copy itself does not: the owner's own
    /// RecipientInfo, with the certificate that it names.
    pub(super) owner: Option<(RecipientInfo, Certificate)>,
}

/// The copy to open, judged without a private key.
///
/// A copy for an EC key has a ukm that names mailbox and tail: whoever changes it gets
/// nothing. RSA knows no such thing. There the owner's own RecipientInfo has to hold the
/// same content key, which is seen when both are opened: nobody can make one for another
/// person without having the key that this is about.
pub(super) fn name(
    object: &ArchiveObject,
    part: &ArchivedPart,
    mailbox: &Address,
    keys: &[Arc<StoredKey>],
    certificates: &[Certificate],
) -> Result<Named, PersonProblem> {
    let refused = PersonProblem::EncryptionRefused;
    if Digest::of(&part.archive) != object.archive {
        return Err(PersonProblem::NotAsApproved);
    }
    let cipher = ContentCipher::from_name(&object.cipher).ok_or(refused)?;
    let archive = RecipientInfo::parse(&part.archive).map_err(|_| refused)?;
    let [RecipientId::KeyId(named)] = archive.identifiers() else {
        return Err(PersonProblem::NotArchived);
    };
    let is_named =
        |key: &&Arc<StoredKey>| key_identifier(key.spki()).as_slice() == named.as_slice();
    let key = keys.iter().find(is_named).ok_or(PersonProblem::NotArchived)?;
    let (key, tail) = (Arc::clone(key), object.tail);
    let owner = match archive.kind() {
        RecipientKind::KeyAgree { .. } => {
            if archive.ukm() != Some(archive_ukm(mailbox, &tail).as_slice()) {
                return Err(PersonProblem::OtherMailbox);
            }
            None
        }
        RecipientKind::KeyTransOaep(_) => Some(proof_of_owner(part, certificates)?),
        _ => return Err(refused),
    };
    Ok(Named { tail, cipher, archive, key, owner })
}

/// The owner's own RecipientInfo of the same part.
fn proof_of_owner(
    part: &ArchivedPart,
    certificates: &[Certificate],
) -> Result<(RecipientInfo, Certificate), PersonProblem> {
    let none = PersonProblem::OtherMailbox;
    let own = part.owner.as_ref().ok_or(none)?;
    let own = RecipientInfo::parse(own).map_err(|_| PersonProblem::EncryptionRefused)?;
    let certificate = certificates.iter().find(|one| own.names(one)).ok_or(none)?.clone();
    Ok((own, certificate))
}

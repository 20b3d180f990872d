//! Which parts of a mail two officers name in a request to open mail of others, and what
//! the keyserver opens them with. How the request travels: [`crate::circulated`].

use ssmax_chain::Digest;
use ssmax_chain::archive_request::ArchiveObject;
use ssmax_cms::enveloped::{Enveloped, RecipientId, RecipientInfo};

/// An encrypted object as a request names it, and what the keyserver opens it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveCopy {
    /// For the request.
    pub object: ArchiveObject,
    /// The archive's RecipientInfo, DER.
    pub archive: Vec<u8>,
    /// The owner's, DER: the first that names a certificate.
    pub owner: Option<Vec<u8>>,
}

/// The archive copy of an object: the last RecipientInfo by key identifier alone. People
/// are named by their certificates. `None` without one.
#[must_use]
pub fn archive_copy(enveloped: &Enveloped) -> Option<ArchiveCopy> {
    let by_key = |info: &&RecipientInfo| matches!(info.identifiers(), [RecipientId::KeyId(_)]);
    let by_certificate = |info: &&RecipientInfo| {
        matches!(info.identifiers(), [RecipientId::IssuerSerial { .. }, ..])
    };
    let infos = enveloped.recipients();
    let archive = infos.iter().rfind(by_key)?.der().to_vec();
    let owner = infos.iter().find(by_certificate).map(|info| info.der().to_vec());
    let object = ArchiveObject {
        tail: Digest(enveloped.tail()),
        cipher: enveloped.cipher().name().to_owned(),
        archive: Digest::of(&archive),
    };
    Some(ArchiveCopy { object, archive, owner })
}

//! From the registry to the signed list and its checkpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::body::Bytes;
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::{MemberList, signed};
use ssmax_hsm::StoredKey;
use ssmax_pki::Certificate;
use ssmax_primitives::sha256;
use time::{Duration, OffsetDateTime};

use crate::error::AuthorityError;
use crate::registry::Registry;

/// The key that signs lists, with its certificate.
#[derive(Debug, Clone)]
pub(crate) struct ListSigner {
    pub(crate) certificate: Certificate,
    pub(crate) key: Arc<StoredKey>,
}

/// Octets to be served, with the SHA-256 (hex) that names them.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) bytes: Bytes,
    pub(crate) sha256: String,
}

impl From<Vec<u8>> for Document {
    fn from(bytes: Vec<u8>) -> Self {
        Self { sha256: hex::encode(sha256(&bytes)), bytes: bytes.into() }
    }
}

/// One issue of the list.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) version: u64,
    pub(crate) issued: OffsetDateTime,
    pub(crate) expires: OffsetDateTime,
    /// How many members stand how.
    pub(crate) standings: BTreeMap<&'static str, u32>,
    pub(crate) list: Document,
    pub(crate) checkpoint: Document,
}

/// Reads the members, makes the list of them and signs it with its checkpoint.
///
/// `not_before` is when the last issue was made: issues of one version go forward even
/// if the clock goes back, or members would refuse them as played back.
pub(crate) async fn publish(
    registry: &Registry,
    signer: &ListSigner,
    lifetime: Duration,
    at: OffsetDateTime,
    not_before: Option<OffsetDateTime>,
) -> Result<Published, AuthorityError> {
    let (version, rows) = registry.members().await?;
    // Whole seconds: what some readers would cut must not be in what is compared.
    let now = at.replace_nanosecond(0).unwrap_or(at);
    let issued = not_before.map_or(now, |last| last.max(now));
    let members = rows.into_iter().map(|row| row.member).collect();
    let list = MemberList { version, issued, expires: issued + lifetime, members };
    let signer = signer.clone();
    // A large list takes a while to write and to hash.
    tokio::task::spawn_blocking(move || sign(&list, &signer))
        .await
        .map_err(|_| AuthorityError::TaskLost)?
}

fn sign(list: &MemberList, signer: &ListSigner) -> Result<Published, AuthorityError> {
    let chain = std::slice::from_ref(&signer.certificate);
    let key = signer.key.as_ref();
    let bytes = signed::sign(list, chain, key, list.issued)?;
    let checkpoint = Checkpoint::of(list, &bytes);
    let checkpoint = signed::sign_checkpoint(&checkpoint, chain, key, list.issued)?;
    let mut standings = BTreeMap::new();
    for member in &list.members {
        *standings.entry(member.standing.state.as_str()).or_default() += 1;
    }
    Ok(Published {
        version: list.version,
        issued: list.issued,
        expires: list.expires,
        standings,
        list: bytes.into(),
        checkpoint: checkpoint.into(),
    })
}

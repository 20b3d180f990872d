//! From the registry to the signed list and its checkpoint.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use hyper::body::Bytes;
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::{Delta, Directory, ListFault, MemberList, signed};
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

/// Reads the members, makes the list of them and signs it with its checkpoint, and with the
/// delta from the version published before, which is written down before it is needed.
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
    let before = registry.published().await?.filter(|before| *before < version);
    if let Some(before) = before {
        publish_delta(registry, signer, &list, before).await?;
    } else {
        registry.set_published(version, None).await?;
    }
    let signer = signer.clone();
    // A large list takes a while to write and to hash.
    tokio::task::spawn_blocking(move || sign(list, &signer))
        .await
        .map_err(|_| AuthorityError::TaskLost)?
}

/// Signs what has changed since the version `before`. Where too much has, there is no
/// delta, and whoever asks for it fetches the list.
async fn publish_delta(
    registry: &Registry,
    signer: &ListSigner,
    list: &MemberList,
    before: u64,
) -> Result<(), AuthorityError> {
    let ids: HashSet<String> = registry.changed_since(before).await?.into_iter().collect();
    let entries = list.members.iter().filter(|member| ids.contains(&member.id));
    let delta = Delta { from: before, version: list.version, changed: entries.cloned().collect() };
    let chain = std::slice::from_ref(&signer.certificate);
    match signed::sign_delta(&delta, chain, signer.key.as_ref(), list.issued) {
        Ok(signed) => registry.set_published(list.version, Some((before, &signed))).await,
        Err(ListFault::TooLarge) => registry.set_published(list.version, None).await,
        Err(fault) => Err(fault.into()),
    }
}

fn sign(list: MemberList, signer: &ListSigner) -> Result<Published, AuthorityError> {
    let chain = std::slice::from_ref(&signer.certificate);
    let key = signer.key.as_ref();
    let bytes = signed::sign(&list, chain, key, list.issued)?;
    let directory = Directory::new(list)?;
    let list = directory.list();
    let checkpoint = Checkpoint::of(&directory, &bytes);
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

//! The member list, its checkpoint and its deltas as signed objects.
//!
//! CMS SignedData (RFC 5652 5) with the content inside, one signer, and the signer's
//! certificate issued by the root itself: the issuing CA is online and signs for
//! candidates all day, so it must not be able to make a list signer.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ssmax_cms::signed::{SignRequest, SignedData};
use ssmax_pki::Certificate;
use ssmax_pki::oid;
use ssmax_pki::path::{self, PathInput, Purpose, Revocation};
use ssmax_primitives::sha256;
use ssmax_token::SigningKey;
use time::OffsetDateTime;

use crate::check::{Limits, check};
use crate::checkpoint::{self, Checkpoint};
use crate::delta::Delta;
use crate::fault::ListFault;
use crate::ijson::{self, JsonFault};
use crate::member_list::MemberList;

/// The `type` of a signed member list.
pub const LIST_TYPE: &str = "ssmax-member-list-1";

/// The `type` of a signed checkpoint.
pub const CHECKPOINT_TYPE: &str = "ssmax-checkpoint-1";

/// The `type` of a signed delta.
pub const DELTA_TYPE: &str = "ssmax-member-delta-1";

/// Octets that signature and certificates may add to the content.
pub const SIGNATURE_BYTES: usize = 64 * 1024;

/// Octets of a signed delta at most: where more has changed, the list is the shorter way.
pub const MAX_DELTA_BYTES: usize = 4 * 1024 * 1024;

/// Octets of a signed checkpoint at most.
pub const MAX_CHECKPOINT_BYTES: usize = checkpoint::MAX_BYTES + SIGNATURE_BYTES;

/// What is signed: the type first, so that no object of the list signer can be shown as
/// one of another kind.
#[derive(Serialize)]
struct Written<'a, T> {
    r#type: &'a str,
    content: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<T> {
    r#type: String,
    content: T,
}

/// Signs a list. `chain` is the list signer's certificate, then any above it but the
/// root; `at` becomes the signing time.
///
/// # Errors
/// The faults of [`check`], [`ListFault::TooLarge`], [`ListFault::NotListSigner`],
/// [`ListFault::SignerCertificateMissing`] for an empty chain, and [`ListFault::Cms`]
/// when the key fails.
pub fn sign(
    list: &MemberList,
    chain: &[Certificate],
    key: &dyn SigningKey,
    at: OffsetDateTime,
) -> Result<Vec<u8>, ListFault> {
    let limits = Limits::default();
    check(list, &limits)?;
    sign_content(LIST_TYPE, list, limits.max_bytes, chain, key, at)
}

/// Opens a signed list: one signer, certified for it by one of `roots` at `at`, over
/// exactly this list, whose structure is sound. Whether it may replace the list in hand
/// is for [`crate::accept`] to say; a list past its `expires` is opened, because a
/// gateway that restarts during an outage needs the one it has.
///
/// # Errors
/// [`ListFault`]; nothing is believed before signature and path are good.
pub fn open(
    bytes: &[u8],
    roots: &[Certificate],
    at: OffsetDateTime,
) -> Result<MemberList, ListFault> {
    let limits = Limits::default();
    let list: MemberList = open_content(LIST_TYPE, bytes, limits.max_bytes, roots, at)?;
    check(&list, &limits)?;
    Ok(list)
}

/// Signs a checkpoint, as [`sign`].
///
/// # Errors
/// As [`sign`].
pub fn sign_checkpoint(
    checkpoint: &Checkpoint,
    chain: &[Certificate],
    key: &dyn SigningKey,
    at: OffsetDateTime,
) -> Result<Vec<u8>, ListFault> {
    checkpoint.check()?;
    sign_content(CHECKPOINT_TYPE, checkpoint, checkpoint::MAX_BYTES, chain, key, at)
}

/// Opens a signed checkpoint, as [`open`].
///
/// # Errors
/// As [`open`].
pub fn open_checkpoint(
    bytes: &[u8],
    roots: &[Certificate],
    at: OffsetDateTime,
) -> Result<Checkpoint, ListFault> {
    let limit = checkpoint::MAX_BYTES;
    let checkpoint: Checkpoint = open_content(CHECKPOINT_TYPE, bytes, limit, roots, at)?;
    checkpoint.check()?;
    Ok(checkpoint)
}

/// Signs a delta, as [`sign`].
///
/// # Errors
/// As [`sign`]; [`ListFault::TooLarge`] over [`MAX_DELTA_BYTES`].
pub fn sign_delta(
    delta: &Delta,
    chain: &[Certificate],
    key: &dyn SigningKey,
    at: OffsetDateTime,
) -> Result<Vec<u8>, ListFault> {
    delta.check()?;
    sign_content(DELTA_TYPE, delta, MAX_DELTA_BYTES - SIGNATURE_BYTES, chain, key, at)
}

/// Opens signed deltas, each as [`open`]. What they make of a list is judged by the
/// checkpoint ([`crate::Directory::advanced`]).
///
/// # Errors
/// As [`open`].
pub fn open_deltas<T: AsRef<[u8]>>(
    deltas: &[T],
    roots: &[Certificate],
    at: OffsetDateTime,
) -> Result<Vec<Delta>, ListFault> {
    let limit = MAX_DELTA_BYTES - SIGNATURE_BYTES;
    let open = |bytes: &T| {
        let delta: Delta = open_content(DELTA_TYPE, bytes.as_ref(), limit, roots, at)?;
        delta.check()?;
        Ok(delta)
    };
    deltas.iter().map(open).collect()
}

fn sign_content<T: Serialize>(
    kind: &str,
    content: &T,
    max_bytes: usize,
    chain: &[Certificate],
    key: &dyn SigningKey,
    at: OffsetDateTime,
) -> Result<Vec<u8>, ListFault> {
    let signer = chain.first().ok_or(ListFault::SignerCertificateMissing)?;
    if !signer.has_policy(oid::POLICY_LIST_SIGNER) {
        return Err(ListFault::NotListSigner);
    }
    let text = serde_json::to_vec(&Written { r#type: kind, content })
        .map_err(|_| ListFault::Unwritable)?;
    if text.len() > max_bytes {
        return Err(ListFault::TooLarge);
    }
    let request = SignRequest {
        content_digest: sha256(&text),
        content: Some(&text),
        signing_time: Some(at),
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates: chain,
        signer,
    };
    ssmax_cms::signed::sign(&request, key).map_err(ListFault::Cms)
}

fn open_content<T: DeserializeOwned>(
    kind: &str,
    bytes: &[u8],
    max_bytes: usize,
    roots: &[Certificate],
    at: OffsetDateTime,
) -> Result<T, ListFault> {
    if bytes.len() > max_bytes.saturating_add(SIGNATURE_BYTES) {
        return Err(ListFault::TooLarge);
    }
    let limits = ssmax_cms::Limits::default();
    let signed = SignedData::parse(bytes, &limits).map_err(ListFault::Cms)?;
    let [signer] = signed.signers() else { return Err(ListFault::SignerCount) };
    let certificates = signed.certificates();
    let certificate =
        signer.certificate(certificates).ok_or(ListFault::SignerCertificateMissing)?;
    certified_by_root(certificate, certificates, roots, at)?;
    let content = signed.content().ok_or(ListFault::ContentMissing)?;
    signer.verify(certificate, content).map_err(ListFault::Signature)?;
    read_content(kind, content, max_bytes)
}

/// Whether `certificate` is a list signer's and a root's own issue.
fn certified_by_root(
    certificate: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    at: OffsetDateTime,
) -> Result<(), ListFault> {
    if !certificate.has_policy(oid::POLICY_LIST_SIGNER) {
        return Err(ListFault::NotListSigner);
    }
    let input = PathInput {
        leaf: certificate,
        intermediates,
        anchors: roots,
        crls: &[],
        ocsp: &[],
        at,
        purpose: Purpose::ListSigning,
        limits: path::Limits::default(),
        revocation: Revocation::Skip,
    };
    let found = path::validate(&input).map_err(ListFault::Path)?;
    match found.certificates.as_slice() {
        [_signer, _root] => Ok(()),
        _ => Err(ListFault::NotFromRoot),
    }
}

fn read_content<T: DeserializeOwned>(
    kind: &str,
    text: &[u8],
    max_bytes: usize,
) -> Result<T, ListFault> {
    match ijson::read::<Read<T>>(text, max_bytes) {
        Ok(read) if read.r#type == kind => Ok(read.content),
        Ok(_) => Err(ListFault::WrongType),
        Err(fault @ JsonFault::Shape { .. }) => match declared_type(text) {
            Some(declared) if declared != kind => Err(ListFault::WrongType),
            _ => Err(fault.into()),
        },
        Err(fault) => Err(fault.into()),
    }
}

/// The type that a text declares, for the right complaint about another one.
fn declared_type(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Declared {
        r#type: String,
    }
    serde_json::from_slice::<Declared>(text).ok().map(|declared| declared.r#type)
}

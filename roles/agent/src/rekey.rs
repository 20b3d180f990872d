//! Asking the own keyserver to give mail of the own mailbox to a new key: after a lost
//! card, after a renewal, and to the own organisation to forward it. The keyserver never
//! sees the mail, only its RecipientInfos.

use ssmax_chain::Digest;
use ssmax_chain::person_request::{
    Base64, MAX_RECIPIENTS, OwnPart, OwnTarget, RewrapOwn, signed_octets,
};
use ssmax_cms::CmsError;
use ssmax_cms::enveloped::Enveloped;
use ssmax_cms::signed::{SignRequest, sign};
use ssmax_pki::Certificate;
use ssmax_token::{Random, SigningKey};
use time::OffsetDateTime;

/// Who asks.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    /// The user id, or an address of the person.
    pub user: &'a str,
    /// The address whose mail it is.
    pub mailbox: &'a str,
    /// The person's signing key.
    pub key: &'a dyn SigningKey,
    /// Its certificate.
    pub certificate: &'a Certificate,
}

/// A request with its signature, as the keyserver takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The JSON text.
    pub json: String,
    /// Detached SignedData, DER.
    pub signature: Vec<u8>,
}

/// Why there is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RekeyFault {
    /// More recipients than a request may name.
    #[error("the message has too many recipients")]
    TooManyRecipients,
    /// Key and certificate do not belong together, or the key failed.
    #[error("signing failed: {0}")]
    Key(CmsError),
}

/// An encrypted object as a request names it.
///
/// # Errors
/// [`RekeyFault::TooManyRecipients`].
pub fn part(enveloped: &Enveloped) -> Result<OwnPart, RekeyFault> {
    if enveloped.recipients().len() > MAX_RECIPIENTS {
        return Err(RekeyFault::TooManyRecipients);
    }
    Ok(OwnPart {
        ri: enveloped.recipients().iter().map(|info| Base64(info.der().to_vec())).collect(),
        tail: Digest(enveloped.tail()),
        cipher: enveloped.cipher().name().to_owned(),
    })
}

/// Asks for these parts to be wrapped anew.
///
/// # Errors
/// [`RekeyFault::Key`].
pub fn request(
    parts: Vec<OwnPart>,
    target: OwnTarget,
    asker: &Asker<'_>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Request, RekeyFault> {
    let mut nonce = [0; 16];
    random.fill(&mut nonce);
    let at = at.replace_nanosecond(0).unwrap_or(at);
    let json = RewrapOwn::new(asker.user, asker.mailbox, parts, target, at, nonce).to_json();
    let signature = sign_request(&json, asker.key, asker.certificate)?;
    Ok(Request { json, signature })
}

/// The signature over a request's text.
///
/// # Errors
/// [`RekeyFault::Key`].
pub fn sign_request(
    json: &str,
    key: &dyn SigningKey,
    certificate: &Certificate,
) -> Result<Vec<u8>, RekeyFault> {
    sign_octets(&signed_octets(json), key, certificate)
}

/// A detached signature over octets that carry the label of what they are for.
///
/// # Errors
/// [`RekeyFault::Key`].
pub(crate) fn sign_octets(
    octets: &[u8],
    key: &dyn SigningKey,
    certificate: &Certificate,
) -> Result<Vec<u8>, RekeyFault> {
    let request = SignRequest {
        content_digest: Digest::of(octets).0,
        content: None,
        signing_time: None,
        extra_signed: vec![],
        unsigned: vec![],
        certificates: std::slice::from_ref(certificate),
        signer: certificate,
    };
    sign(&request, key).map_err(RekeyFault::Key)
}

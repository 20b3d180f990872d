//! Getting the content key with a private key.

use ssmax_pki::Certificate;
use ssmax_primitives::ContentKey;
use ssmax_token::{DecryptionKey, TokenError};
use zeroize::Zeroizing;

use super::{
    RecipientId, RecipientInfo,
    agreement::{Agreement, Curve},
    recipient_info::{Body, Transport},
};
use crate::CmsError;

/// Which name of a private key a recipient must bear.
#[derive(Debug, Clone, Copy)]
pub enum KeyName<'a> {
    /// The key's certificate.
    Certificate(&'a Certificate),
    /// An identifier.
    Id(&'a RecipientId),
    /// A key identifier alone.
    KeyId(&'a [u8]),
}

impl KeyName<'_> {
    fn is(&self, id: &RecipientId) -> bool {
        match self {
            Self::Certificate(certificate) => id.names(certificate),
            Self::Id(wanted) => id == *wanted,
            Self::KeyId(wanted) => matches!(id, RecipientId::KeyId(found) if found == wanted),
        }
    }
}

impl<'a> From<&'a Certificate> for KeyName<'a> {
    fn from(certificate: &'a Certificate) -> Self {
        Self::Certificate(certificate)
    }
}

impl<'a> From<&'a RecipientId> for KeyName<'a> {
    fn from(id: &'a RecipientId) -> Self {
        Self::Id(id)
    }
}

/// What the owner of a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnwrapPolicy {
    /// Whether RSA PKCS#1 v1.5 may be decrypted. Off by default; what protects it is the
    /// implicit rejection that `DecryptionKey` promises.
    pub allow_pkcs1: bool,
}

impl RecipientInfo {
    /// Gets the content key of `key_len` octets (see
    /// [`super::ContentCipher::key_len`]) with the private key that `name` names. In a
    /// key agreement with several recipients the first with that name counts.
    ///
    /// # Errors
    /// Before the key is used: [`CmsError::NotNamed`], [`CmsError::KeyMismatch`],
    /// [`CmsError::KeyKind`], [`CmsError::Pkcs1NotAllowed`], or the name of what cannot
    /// be opened ([`CmsError::RecipientType`], [`CmsError::TransportAlgorithm`],
    /// [`CmsError::OaepParameters`], [`CmsError::OaepHashesDiffer`],
    /// [`CmsError::OaepLabel`], [`CmsError::AgreementAlgorithm`],
    /// [`CmsError::StaticOriginator`], [`CmsError::OriginatorKey`],
    /// [`CmsError::CompressedPoint`], [`CmsError::WrapAlgorithm`]). [`CmsError::KeyUnavailable`] if its home does not
    /// answer, or does not prove itself after what it gave has opened nothing
    /// ([`DecryptionKey::prove`]). Else from its use on [`CmsError::Decryption`], whatever
    /// the cause.
    pub fn unwrap<'n>(
        &self,
        name: impl Into<KeyName<'n>>,
        key: &dyn DecryptionKey,
        policy: &UnwrapPolicy,
        key_len: usize,
    ) -> Result<ContentKey, CmsError> {
        let name = name.into();
        if let KeyName::Certificate(certificate) = name
            && certificate.spki() != key.spki()
        {
            return Err(CmsError::KeyMismatch);
        }
        let position = self.identifiers().iter().position(|id| name.is(id));
        match position {
            Some(position) => self.open(position, key, policy, key_len),
            None if matches!(self.body, Body::Other) => Err(CmsError::RecipientType),
            None => Err(CmsError::NotNamed),
        }
    }

    /// Opens the key for the recipient at this position among the identifiers.
    fn open(
        &self,
        position: usize,
        key: &dyn DecryptionKey,
        policy: &UnwrapPolicy,
        key_len: usize,
    ) -> Result<ContentKey, CmsError> {
        let found = match &self.body {
            Body::Transport { transport, encrypted_key, .. } => {
                let encrypted = self.der.get(encrypted_key.clone()).unwrap_or_default();
                decrypt((*transport)?, encrypted, key, policy, key_len)?
            }
            Body::Agreement { agreement, wrapped_keys, .. } => {
                let agreement = agreement.as_ref().map_err(|fault| *fault)?;
                let wrapped = wrapped_keys.get(position).ok_or(CmsError::NotNamed)?;
                let wrapped = self.der.get(wrapped.clone()).unwrap_or_default();
                agree(agreement, self.ukm(), wrapped, key)?
            }
            Body::Other => return Err(CmsError::RecipientType),
        };
        if found.len() != key_len {
            return Err(in_doubt(key));
        }
        Ok(ContentKey::new(found.to_vec()))
    }
}

fn decrypt(
    transport: Transport,
    encrypted: &[u8],
    key: &dyn DecryptionKey,
    policy: &UnwrapPolicy,
    key_len: usize,
) -> Result<Zeroizing<Vec<u8>>, CmsError> {
    if !key.algorithm().is_rsa() {
        return Err(CmsError::KeyKind);
    }
    match transport {
        Transport::Pkcs1 if !policy.allow_pkcs1 => Err(CmsError::Pkcs1NotAllowed),
        Transport::Pkcs1 => {
            key.decrypt_pkcs1(encrypted, key_len).map_err(|fault| after_use(fault, key))
        }
        Transport::Oaep(hash) => {
            key.decrypt_oaep(hash, encrypted).map_err(|fault| after_use(fault, key))
        }
    }
}

fn agree(
    agreement: &Agreement,
    ukm: Option<&[u8]>,
    wrapped: &[u8],
    key: &dyn DecryptionKey,
) -> Result<Zeroizing<Vec<u8>>, CmsError> {
    if Curve::of(key.algorithm()) != Some(agreement.curve) {
        return Err(CmsError::KeyKind);
    }
    let shared = key.agree(&agreement.point).map_err(|fault| after_use(fault, key))?;
    agreement.unwrap(&shared, ukm, wrapped).map_err(|_| in_doubt(key))
}

/// What did not open is the message's fault if the key still does what it is for.
fn in_doubt(key: &dyn DecryptionKey) -> CmsError {
    match key.prove() {
        Ok(()) => CmsError::Decryption,
        Err(_) => CmsError::KeyUnavailable,
    }
}

fn after_use(fault: TokenError, key: &dyn DecryptionKey) -> CmsError {
    match fault {
        // The key was not used, and the message is not at fault.
        TokenError::Unavailable => CmsError::KeyUnavailable,
        // Its home does not do this at all, whatever the octets.
        TokenError::WrongAlgorithm => CmsError::TransportAlgorithm,
        _ => in_doubt(key),
    }
}

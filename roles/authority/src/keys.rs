//! The authority's keys, unlocked.

use std::sync::Arc;

use ssmax_hsm::{KeyPurpose, KeyStore, StoredKey, UnlockSecret};
use ssmax_pki::Certificate;
use ssmax_primitives::sha256;

use crate::config::AuthorityConfig;
use crate::error::AuthorityError;
use crate::list::ListSigner;
use crate::registry::{Profile, Registry};

/// Octets of a key's hash that make its id in the key store.
const KEY_ID_BYTES: usize = 16;

/// Opens the key store with the configured secret. Deriving the key that opens it takes
/// a while on purpose, so it is done beside the runtime.
pub(crate) async fn unlock(config: &AuthorityConfig) -> Result<KeyStore, AuthorityError> {
    let (dir, secret) = (config.keys_dir(), config.unlock_file.clone());
    tokio::task::spawn_blocking(move || {
        let secret = UnlockSecret::from_file(&secret)?;
        Ok(KeyStore::open(&dir, &secret)?)
    })
    .await
    .map_err(|_| AuthorityError::TaskLost)?
}

/// The private key of a certificate of the authority's own.
pub(crate) fn key_of(
    store: &KeyStore,
    purpose: KeyPurpose,
    certificate: &Certificate,
) -> Result<Arc<StoredKey>, AuthorityError> {
    let hash = sha256(certificate.spki());
    let id = hex::encode(hash.get(..KEY_ID_BYTES).unwrap_or(&hash));
    Ok(store.key(purpose, &id)?)
}

/// The key that signs lists and its certificate.
pub(crate) async fn list_signer(
    store: &KeyStore,
    registry: &Registry,
) -> Result<ListSigner, AuthorityError> {
    let certificate = registry.own(Profile::ListSigner).await?;
    let key = key_of(store, KeyPurpose::ListSigner, &certificate)?;
    Ok(ListSigner { certificate, key })
}

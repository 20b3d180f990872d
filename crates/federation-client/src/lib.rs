//! Fetches what the authority publishes: checkpoint, member list, deltas, certificates.
//!
//! The client brings octets and believes nothing but that a certificate is the one asked
//! for; the rest is signed and is opened by `ssmax_federation::signed`. So whoever breaks the
//! TLS connection can withhold news, and nothing else. No connection outlives a call:
//! gateways ask every few seconds, and a connection that is kept is one more state in which
//! an outage can hide. Redirects are not followed: the client speaks to the configured host
//! only.
#![allow(
    clippy::disallowed_methods,
    reason = "speaking to the authority is what this crate is for"
)]

mod connection;
mod error;
mod location;

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use ssmax_federation::signed::{MAX_CHECKPOINT_BYTES, MAX_DELTA_BYTES, SIGNATURE_BYTES};
use ssmax_primitives::sha256;

pub use error::FetchError;

use connection::tls_config;
use location::Location;

/// Octets of a certificate at most. Ours have under two thousand.
pub const MAX_CERTIFICATE_BYTES: usize = 64 * 1024;

/// Who asks one authority, or a mirror of it.
#[derive(Debug, Clone)]
pub struct Client {
    location: Location,
    tls: Arc<ClientConfig>,
    timeout: Duration,
}

impl Client {
    /// Of the authority at `url` (`https://HOST[:PORT]`). `tls_ca` are the PEM certificates
    /// that its TLS certificate must lead to; `timeout` bounds each exchange.
    ///
    /// # Errors
    /// [`FetchError::BadUrl`], [`FetchError::BadTrust`].
    pub fn new(url: &str, tls_ca: &[u8], timeout: Duration) -> Result<Self, FetchError> {
        Ok(Self { location: Location::parse(url)?, tls: tls_config(tls_ca)?, timeout })
    }

    /// The signed list, for `ssmax_federation::signed::open`.
    ///
    /// # Errors
    /// [`FetchError`]. More octets than a list may have are [`FetchError::TooLarge`].
    pub async fn list(&self) -> Result<Vec<u8>, FetchError> {
        let limit = ssmax_federation::Limits::default().max_bytes.saturating_add(SIGNATURE_BYTES);
        self.one("/v1/list", limit).await
    }

    /// The signed checkpoint, for `ssmax_federation::signed::open_checkpoint`.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn checkpoint(&self) -> Result<Vec<u8>, FetchError> {
        self.one("/v1/checkpoint", MAX_CHECKPOINT_BYTES).await
    }

    /// The signed delta that leads on from a version, for
    /// `ssmax_federation::signed::open_deltas`.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::NotFound`] where the whole list is the way.
    pub async fn delta(&self, from: u64) -> Result<Vec<u8>, FetchError> {
        self.one(&format!("/v1/deltas/{from}"), MAX_DELTA_BYTES).await
    }

    /// The certificates (DER) of these SHA-256, each of 64 lower-case hexadecimal digits as
    /// the member list has them, in their order and over one connection. The timeout is for
    /// each of them.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::NotTheCertificate`] when a body has another hash.
    pub async fn certificates(&self, names: &[String]) -> Result<Vec<Vec<u8>>, FetchError> {
        // Also keeps anything but digits out of the request line.
        let digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if !names.iter().all(|name| name.len() == 64 && name.bytes().all(digit)) {
            return Err(FetchError::BadCertificateName);
        }
        let paths: Vec<String> =
            names.iter().map(|name| format!("/v1/certificates/{name}")).collect();
        let bodies = self.get(&paths, MAX_CERTIFICATE_BYTES).await?;
        let right = |(name, body): (&String, &Vec<u8>)| hex::encode(sha256(body)) == *name;
        if names.iter().zip(&bodies).all(right) {
            Ok(bodies)
        } else {
            Err(FetchError::NotTheCertificate)
        }
    }

    async fn one(&self, path: &str, limit: usize) -> Result<Vec<u8>, FetchError> {
        let bodies = self.get(&[path.to_owned()], limit).await?;
        bodies.into_iter().next().ok_or(FetchError::Protocol)
    }
}

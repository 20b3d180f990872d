//! Fetches what the authority publishes: checkpoint, member list, certificates.
//!
//! The client brings octets and believes nothing but that a certificate is the one asked
//! for; list and checkpoint are signed and are opened by `ssmax_federation::signed`. So
//! whoever breaks the TLS connection can withhold news, and nothing else. One request per
//! connection: gateways ask every few seconds, and a connection that is kept is one more
//! state in which an outage can hide. Redirects are not followed: the client speaks to
//! the configured host only.
#![allow(
    clippy::disallowed_methods,
    reason = "speaking to the authority is what this crate is for"
)]

mod connection;
mod error;
mod location;

use std::time::Duration;

use ssmax_federation::signed::{MAX_CHECKPOINT_BYTES, SIGNATURE_BYTES};
use ssmax_primitives::sha256;

pub use error::FetchError;

use connection::get;
use location::Location;

/// Octets of a certificate at most. Ours have under two thousand.
pub const MAX_CERTIFICATE_BYTES: usize = 64 * 1024;

/// The signed member list as the authority sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// CMS SignedData, for `ssmax_federation::signed::open`.
    pub list: Vec<u8>,
}

/// Fetches the signed list from `url` (the authority's address, `https://HOST[:PORT]`).
/// `tls_ca` are the PEM certificates that its TLS certificate must lead to; `timeout`
/// bounds the whole exchange.
///
/// # Errors
/// [`FetchError`]. More octets than a list may have are [`FetchError::TooLarge`].
pub async fn fetch(url: &str, tls_ca: &[u8], timeout: Duration) -> Result<Fetched, FetchError> {
    let limit = ssmax_federation::Limits::default().max_bytes.saturating_add(SIGNATURE_BYTES);
    let list = get(&Location::parse(url)?, "/v1/list", tls_ca, limit, timeout).await?;
    Ok(Fetched { list })
}

/// Fetches the signed checkpoint, for `ssmax_federation::signed::open_checkpoint`.
/// Arguments as for [`fetch`].
///
/// # Errors
/// [`FetchError`].
pub async fn fetch_checkpoint(
    url: &str,
    tls_ca: &[u8],
    timeout: Duration,
) -> Result<Vec<u8>, FetchError> {
    let location = Location::parse(url)?;
    get(&location, "/v1/checkpoint", tls_ca, MAX_CHECKPOINT_BYTES, timeout).await
}

/// Fetches the certificate (DER) whose SHA-256 is `sha256hex`, 64 lower-case hexadecimal
/// digits as the member list has them. Other arguments as for [`fetch`].
///
/// # Errors
/// [`FetchError`]; [`FetchError::NotTheCertificate`] when the body has another hash.
pub async fn fetch_certificate(
    url: &str,
    tls_ca: &[u8],
    sha256hex: &str,
    timeout: Duration,
) -> Result<Vec<u8>, FetchError> {
    // Also keeps anything but digits out of the request line.
    let digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if sha256hex.len() != 64 || !sha256hex.bytes().all(digit) {
        return Err(FetchError::BadCertificateName);
    }
    let path = format!("/v1/certificates/{sha256hex}");
    let location = Location::parse(url)?;
    let body = get(&location, &path, tls_ca, MAX_CERTIFICATE_BYTES, timeout).await?;
    if hex::encode(sha256(&body)) != sha256hex {
        return Err(FetchError::NotTheCertificate);
    }
    Ok(body)
}

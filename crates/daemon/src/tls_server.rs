//! The certificate that a role shows to mailers and browsers.

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
pub use tokio_rustls::TlsAcceptor;

/// Why a certificate cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// There is no certificate in the file.
    #[error("no certificate can be read")]
    Certificate,
    /// There is no private key in the file.
    #[error("no private key can be read")]
    PrivateKey,
    /// The key is another one's.
    #[error("the key is not that of the certificate")]
    Mismatch,
}

/// Reads chain and key, PEM, the leaf first.
///
/// # Errors
/// [`TlsFault`], by which of the two is at fault.
pub fn acceptor(certificates: &[u8], private_key: &[u8]) -> Result<TlsAcceptor, TlsFault> {
    let chain = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsFault::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(private_key).map_err(|_| TlsFault::PrivateKey)?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsFault::Mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| TlsFault::Mismatch)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let fault = |certificates, key| acceptor(certificates, key).err();
        assert_eq!(fault(b"", b""), Some(TlsFault::Certificate));
        let certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(fault(certificate, b""), Some(TlsFault::PrivateKey));
    }
}

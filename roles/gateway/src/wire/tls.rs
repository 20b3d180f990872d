//! TLS towards a next hop: always verified.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::wire::line::Stream;

/// Why a TLS configuration could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// The PEM text has no certificate, or one that cannot be read.
    #[error("no readable certificate in the PEM text")]
    Certificate,
    /// The PEM text has no private key, or one that cannot be read.
    #[error("no readable private key in the PEM text")]
    PrivateKey,
    /// The private key does not belong to the certificate, or neither is usable.
    #[error("the certificate and the private key cannot be used together")]
    Mismatch,
}

/// Which certification authorities may vouch for a next hop.
#[derive(Debug, Clone)]
pub struct TlsClient(Arc<ClientConfig>);

impl TlsClient {
    /// Trusts the CA certificates of a PEM text, and no others: not the system's.
    ///
    /// # Errors
    /// [`TlsFault::Certificate`] if there is none, or one of them cannot be read.
    pub fn from_ca_pem(pem: &[u8]) -> Result<Self, TlsFault> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| TlsFault::Certificate)?;
            roots.add(certificate).map_err(|_| TlsFault::Certificate)?;
        }
        if roots.is_empty() {
            return Err(TlsFault::Certificate);
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsFault::Mismatch)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Starts TLS and verifies that the peer's certificate is for `host`.
    pub(crate) async fn connect(
        &self,
        host: &str,
        stream: Box<dyn Stream>,
    ) -> std::io::Result<TlsStream<Box<dyn Stream>>> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
        TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pem_text_without_a_certificate_is_refused() {
        assert_eq!(TlsClient::from_ca_pem(b"").err(), Some(TlsFault::Certificate));
        let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(TlsClient::from_ca_pem(junk).err(), Some(TlsFault::Certificate));
    }
}

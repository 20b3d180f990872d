//! The certificate that a listener shows after STARTTLS.

use std::{fmt, io, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::client_certificate::AnyCertificate;
use crate::{listen::TlsFault, wire::line::Stream};

/// A certificate chain with its private key, ready to serve.
#[derive(Clone)]
pub struct TlsServer(Arc<ServerConfig>);

impl TlsServer {
    /// Reads a certificate chain, leaf first, and a private key (PKCS#8, PKCS#1 or SEC1)
    /// from PEM texts.
    ///
    /// # Errors
    /// [`TlsFault`] says which of the two is missing, unreadable or foreign to the other.
    pub fn from_pem(certificates: &[u8], private_key: &[u8]) -> Result<Self, TlsFault> {
        Self::read(certificates, private_key, false)
    }

    /// As [`TlsServer::from_pem`], and asks clients for a certificate, which they need not
    /// show.
    ///
    /// # Errors
    /// As [`TlsServer::from_pem`].
    pub fn asking_clients(certificates: &[u8], private_key: &[u8]) -> Result<Self, TlsFault> {
        Self::read(certificates, private_key, true)
    }

    fn read(certificates: &[u8], private_key: &[u8], asking: bool) -> Result<Self, TlsFault> {
        let chain = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| TlsFault::Certificate)?;
        if chain.is_empty() {
            return Err(TlsFault::Certificate);
        }
        let key = PrivateKeyDer::from_pem_slice(private_key).map_err(|_| TlsFault::PrivateKey)?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsFault::Mismatch)?;
        let config = if asking {
            config.with_client_cert_verifier(Arc::new(AnyCertificate::new()))
        } else {
            config.with_no_client_auth()
        };
        let config = config.with_single_cert(chain, key).map_err(|_| TlsFault::Mismatch)?;
        Ok(Self(Arc::new(config)))
    }

    /// The handshake.
    pub(super) async fn accept(
        &self,
        stream: Box<dyn Stream>,
    ) -> io::Result<TlsStream<Box<dyn Stream>>> {
        TlsAcceptor::from(Arc::clone(&self.0)).accept(stream).await
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let fault = |certificates, key| TlsServer::from_pem(certificates, key).err();
        assert_eq!(fault(b"", b""), Some(TlsFault::Certificate));
        let certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(fault(certificate, b""), Some(TlsFault::PrivateKey));
    }
}

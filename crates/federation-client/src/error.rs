use std::io;

/// Why nothing was fetched. Trying again may help for what
/// [`FetchError::is_temporary`] says so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The address is not `https://HOST[:PORT]`. The configuration is at fault.
    #[error("the authority's address is not https://HOST[:PORT]")]
    BadUrl,
    /// The TLS trust is not one or more PEM certificates. The configuration is at fault.
    #[error("the authority's TLS trust holds no usable certificate")]
    BadTrust,
    /// A certificate is asked for by something that is no SHA-256. The caller is at fault.
    #[error("a certificate is named by 64 lower-case hexadecimal digits")]
    BadCertificateName,
    /// The exchange did not end in time.
    #[error("the authority did not answer in time")]
    Timeout,
    /// No connection, or it broke.
    #[error("the authority cannot be reached: {0}")]
    Unreachable(io::ErrorKind),
    /// The TLS handshake failed, as when the certificate is not the authority's.
    #[error("the TLS connection to the authority failed: {0}")]
    Tls(rustls::Error),
    /// What came is not HTTP/1.1.
    #[error("the authority did not answer in HTTP")]
    Protocol,
    /// The authority has no such thing (404).
    #[error("the authority does not have it")]
    NotFound,
    /// Any other answer than 200.
    #[error("the authority answered with status {0}")]
    Status(u16),
    /// More octets than such an answer may have.
    #[error("the authority's answer is larger than allowed")]
    TooLarge,
    /// The body is not the certificate asked for.
    #[error("the authority sent another certificate than was asked for")]
    NotTheCertificate,
}

impl FetchError {
    /// Whether the same call may succeed later without a change of configuration.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::BadUrl | Self::BadTrust | Self::BadCertificateName)
    }
}

impl From<io::Error> for FetchError {
    fn from(error: io::Error) -> Self {
        // tokio-rustls wraps what rustls says in an io::Error.
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => Self::Tls(tls.clone()),
            None => Self::Unreachable(error.kind()),
        }
    }
}

//! The HTTPS listener's key and certificate.

use std::sync::Arc;

use hyper::Uri;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use ssmax_hsm::{KeyPurpose, KeyStore};
use ssmax_pki::profile;
use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::OffsetDateTime;
use tokio_rustls::TlsAcceptor;

use crate::config::AuthorityConfig;
use crate::error::AuthorityError;
use crate::issuance::{Issuer, basis, certify, days};
use crate::keys::key_of;
use crate::registry::{Profile, Registry};

/// The name by which a client on the same host knows the listener, also when it is
/// configured with a loopback address: our profiles certify no addresses.
const LOOPBACK_NAME: &str = "localhost";

/// Makes a key for the listener and a certificate for it. The key lives in this process
/// only: a key that is not stored cannot be stolen, and what clients trust is the CA.
pub(crate) async fn acceptor(
    config: &AuthorityConfig,
    registry: &Registry,
    store: &KeyStore,
    at: OffsetDateTime,
) -> Result<TlsAcceptor, AuthorityError> {
    let ca = registry.own(Profile::TransportCa).await?;
    let ca_key = key_of(store, KeyPurpose::TransportCa, &ca)?;
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(ssmax_pki::PkiError::from)?;
    let names = host_names(&config.url)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let draft = profile::tls_server(basis(key.spki(), days::TLS_SERVER, at), &names);
    let issuer = Issuer::Ca(&ca, &*ca_key);
    let certificate = certify(registry, (Profile::TlsServer, None), draft, issuer, at).await?;
    registry.keep(&certificate).await?;
    let ends = certificate.not_after().unix_timestamp();
    ssmax_metrics::list::CERTIFICATE_EXPIRY
        .set(["tls".into()], ssmax_daemon::watch::as_number(ends));

    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let pkcs8 = PrivatePkcs8KeyDer::from(key.to_pkcs8().to_vec());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(pkcs8))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(server)))
}

/// The names that the listener's certificate carries: the host of `url` unless it is an
/// address, and the loopback's.
pub(crate) fn host_names(url: &str) -> Result<Vec<String>, AuthorityError> {
    let uri: Uri = url.parse().map_err(|_| AuthorityError::BadUrl)?;
    let bare = uri.path() == "/" && uri.query().is_none() && !url.contains('#');
    let host = uri.host().filter(|host| !host.is_empty()).ok_or(AuthorityError::BadUrl)?;
    if uri.scheme_str() != Some("https") || !bare || url.contains('@') {
        return Err(AuthorityError::BadUrl);
    }
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_address = address.parse::<std::net::IpAddr>().is_ok();
    let mut names = vec![LOOPBACK_NAME.to_owned()];
    if !is_address && !host.eq_ignore_ascii_case(LOOPBACK_NAME) {
        names.insert(0, host.to_ascii_lowercase());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_names_the_urls_host_and_the_loopback() {
        for (url, names) in [
            ("https://ssmax.example", vec!["ssmax.example", "localhost"]),
            ("https://SSMAX.example:8443/", vec!["ssmax.example", "localhost"]),
            ("https://127.0.0.1:8443", vec!["localhost"]),
            ("https://[::1]:8443", vec!["localhost"]),
            ("https://localhost:1", vec!["localhost"]),
        ] {
            assert_eq!(host_names(url).unwrap(), names, "{url}");
        }
    }

    #[test]
    fn a_url_that_is_not_an_https_host_is_refused() {
        for url in
            ["", "ssmax.example", "http://a.example", "https://a.example/x", "https://u@a.example"]
        {
            assert_eq!(host_names(url), Err(AuthorityError::BadUrl), "{url}");
        }
    }
}

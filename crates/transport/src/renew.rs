//! New certificates before the old ones end, without anybody's doing.

use crate::enrol::{self, EnrolError};
use crate::{Transport, certificate};
use serde::{Deserialize, Serialize};
use ssmax_daemon::Stop;
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_token::KeyAlgorithm;
use std::time::Duration;
use time::OffsetDateTime;

/// How often it is looked whether a renewal is due, and so how soon one that failed is
/// tried again.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// What the CA answers to a renewal, DER both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// The new certificate.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
    /// The transport CA's.
    #[serde(with = "serde_bytes")]
    pub ca: Vec<u8>,
}

/// Whether a certificate should be renewed: from the last third of its time on, so that a
/// CA that is away for weeks stops nobody.
#[must_use]
pub fn is_due(certificate: &Certificate, now: OffsetDateTime) -> bool {
    let whole = certificate.not_after() - certificate.not_before();
    certificate.not_after() - now <= whole / 3
}

/// Makes a new key, has it certified, and puts both in place of the old ones. A running
/// role takes them up by itself.
///
/// # Errors
/// [`EnrolError::NotAccepted`] when the CA did not answer, or not with a certificate for
/// this role under a CA that is believed here; the old ones then stay.
pub async fn renew<F, Fut>(transport: &Transport, role: &str, ask: F) -> Result<(), EnrolError>
where
    F: Fn(Vec<u8>) -> Fut,
    Fut: Future<Output = Option<Renewed>>,
{
    let host = certificate(&transport.place(role), role)?.common_name().unwrap_or_default();
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256)?;
    let request = ssmax_pki::request::create(&key, &host, None)?;
    let no_answer = || EnrolError::NotAccepted("the CA did not answer".to_owned());
    let renewed = ask(request).await.ok_or_else(no_answer)?;
    let ca = Certificate::from_der(&renewed.ca)?;
    // Another CA is installed by people, never on the word of a peer.
    if !enrol::known_cas(&transport.place(role))?.contains(&ca) {
        return Err(EnrolError::OtherCa { found: hex::encode(ca.sha256()) });
    }
    let new = Certificate::from_der(&renewed.certificate)?;
    enrol::put(&transport.place(role), &transport.member, role, &key, &new, &ca)
}

pub(crate) async fn keep_renewed<F, Fut>(transport: &Transport, role: &str, ask: F, stop: Stop)
where
    F: Fn(Vec<u8>) -> Fut,
    Fut: Future<Output = Option<Renewed>>,
{
    loop {
        match certificate(&transport.place(role), role) {
            Ok(current) if is_due(&current, OffsetDateTime::now_utc()) => {
                match renew(transport, role, &ask).await {
                    Ok(()) => tracing::info!(role, "the certificate for TLS is renewed"),
                    Err(error) => {
                        let end = current.not_after();
                        tracing::error!(%error, %end, "the certificate for TLS is not renewed");
                    }
                }
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the certificate for TLS cannot be read"),
        }
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

//! New certificates before the old ones end, without anybody's doing.

use crate::enrol::{self, EnrolError};
use crate::{Place, Transport, certificate};
use serde::{Deserialize, Serialize};
use ssmax_daemon::Stop;
use ssmax_pki::Certificate;
use ssmax_store::files;
use ssmax_token::KeyPair as _;
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;

/// How often it is looked whether a renewal is due, and so how soon one that failed is
/// tried again.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// Why a role is not renewed that would ask over a UNIX socket.
const NOT_OVER_TLS: &str = "the CA renews over TLS only: name it under [transport]";

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
/// role takes them up by itself. The key is kept until then: the CA certifies one, and
/// answers the same if its answer was lost.
///
/// # Errors
/// [`EnrolError::NotAccepted`] when the CA did not answer, or not with a certificate for
/// this role under a CA that is believed here; the old ones then stay.
pub async fn renew<F, Fut>(transport: &Transport, role: &str, ask: F) -> Result<(), EnrolError>
where
    F: Fn(Vec<u8>) -> Fut,
    Fut: Future<Output = Option<Renewed>>,
{
    let current = certificate(&transport.place(role), role)?;
    let host = current.common_name().unwrap_or_default();
    let path = waiting(&transport.place(role), role);
    let mut key = enrol::kept_key(&path)?;
    if key.spki() == current.spki() {
        // What it waited for is there; only this file was left.
        files::remove(&path)?;
        key = enrol::kept_key(&path)?;
    }
    let request = ssmax_pki::request::create(&key, &host, None)?;
    let no_answer = || EnrolError::NotAccepted("the CA did not answer".to_owned());
    let renewed = ask(request).await.ok_or_else(no_answer)?;
    let ca = Certificate::from_der(&renewed.ca)?;
    // Another CA is installed by people, never on the word of a peer.
    if !enrol::known_cas(&transport.place(role))?.contains(&ca) {
        return Err(EnrolError::OtherCa { found: hex::encode(ca.sha256()) });
    }
    let new = Certificate::from_der(&renewed.certificate)?;
    enrol::put(&transport.place(role), &transport.member, role, &key, &new, &ca)?;
    Ok(files::remove(&path)?)
}

/// The key of a renewal that waits for its answer.
fn waiting(place: &Place, role: &str) -> PathBuf {
    place.dir.join(format!("{role}.renewal.pem"))
}

pub(crate) async fn keep_renewed<F, Fut>(transport: &Transport, role: &str, ask: F, stop: Stop)
where
    F: Fn(Vec<u8>) -> Fut,
    Fut: Future<Output = Option<Renewed>>,
{
    loop {
        match certificate(&transport.place(role), role) {
            Ok(current) if is_due(&current, OffsetDateTime::now_utc()) => {
                let renewed = match transport.is_renewed(role) {
                    true => renew(transport, role, &ask).await,
                    false => Err(EnrolError::NotAccepted(NOT_OVER_TLS.to_owned())),
                };
                match renewed {
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

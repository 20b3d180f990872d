//! Keeping the member list fresh: fetched here, judged by the keyserver.

use crate::gateway::Gateway;
use serde_bytes::ByteBuf;
use ssmax_api::keyserver::{GatewayRequest, ListInstalled};
use ssmax_daemon::stop::Stop;
use ssmax_daemon::watch::as_number;
use ssmax_federation::Directory;
use ssmax_federation_client::{fetch, fetch_certificate};
use ssmax_metrics::list as metrics;
use ssmax_pki::Certificate;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// How long one fetch may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(15);

/// How soon a failed fetch is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// Fetches the list again and again until `stop`. An outage of the authority is no
/// outage of mail: the list in force goes on being used as long as section 9 allows.
pub(crate) async fn keep_fresh(gateway: Arc<Gateway>, stop: Stop) {
    let period = Duration::from_secs(gateway.settings.federation.poll_seconds.max(1));
    let mut known = Vec::new();
    loop {
        let pause = match refresh(&gateway, &mut known).await {
            Ok(()) if names_us(&gateway) => period,
            // Admitted a moment ago: until the list says so, nothing goes out.
            Ok(()) => RETRY.min(period),
            Err(error) => {
                tracing::warn!(%error, "the member list could not be refreshed");
                RETRY.min(period)
            }
        };
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Takes the list that was in force before this start, so that a start while the
/// authority is down is no outage. What stands in the store is believed only if it opens
/// under the root; its age is judged with every mail.
pub(crate) async fn load_last(gateway: &Gateway) {
    let list = match gateway.journal.last_list().await {
        Ok(Some(list)) => list,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%error, "the last member list could not be read");
            return;
        }
    };
    match open(gateway, &list) {
        Ok(directory) => put_in_force(gateway, directory),
        Err(error) => tracing::warn!(%error, "the last member list is not used"),
    }
}

async fn refresh(gateway: &Gateway, known: &mut Vec<u8>) -> Result<(), String> {
    let federation = &gateway.settings.federation;
    let ca = crate::serve::read(&federation.tls_ca).map_err(|error| error.to_string())?;
    let url = &federation.authority_url;
    let fetched = fetch(url, &ca, FETCH_TIMEOUT).await;
    if fetched.is_err() {
        metrics::DEPENDENCY_FAILURES.count(["authority".into()]);
    }
    let list = fetched.map_err(|error| error.to_string())?.list;
    if list == *known {
        fetched_now();
        return Ok(());
    }
    let install = |certificates| GatewayRequest::InstallList { list: list.clone(), certificates };
    let installed: ListInstalled =
        gateway.keyserver(&install(vec![])).await.map_err(|error| error.to_string())?;
    if !installed.missing.is_empty() {
        let mut certificates = Vec::new();
        for hash in &installed.missing {
            let body = fetch_certificate(url, &ca, &hash.to_string(), FETCH_TIMEOUT)
                .await
                .map_err(|error| error.to_string())?;
            certificates.push(ByteBuf::from(body));
        }
        let _: ListInstalled =
            gateway.keyserver(&install(certificates)).await.map_err(|error| error.to_string())?;
    }
    put_in_force(gateway, open(gateway, &list)?);
    gateway
        .journal
        .list_in_force(installed.version, &list)
        .await
        .map_err(|error| error.to_string())?;
    tracing::info!(version = installed.version, "the member list is in force");
    *known = list;
    fetched_now();
    Ok(())
}

/// Whether the list in force has us in it.
fn names_us(gateway: &Gateway) -> bool {
    let directory = gateway.directory.read().unwrap_or_else(PoisonError::into_inner);
    let own = &gateway.settings.organisation.id;
    directory.as_ref().is_some_and(|directory| directory.member(own).is_some())
}

fn fetched_now() {
    metrics::LIST_FETCHED.set([], as_number(OffsetDateTime::now_utc().unix_timestamp()));
}

/// Opens a signed list under the federation's root.
fn open(gateway: &Gateway, list: &[u8]) -> Result<Directory, String> {
    let root =
        crate::serve::read(&gateway.settings.federation.root).map_err(|error| error.to_string())?;
    let root = Certificate::from_pem(&String::from_utf8_lossy(&root))
        .map_err(|error| error.to_string())?;
    let content = ssmax_federation::signed::open(list, &[root], OffsetDateTime::now_utc())
        .map_err(|fault| fault.to_string())?;
    Ok(Directory::new(content))
}

fn put_in_force(gateway: &Gateway, directory: Directory) {
    *gateway.directory.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(directory));
}

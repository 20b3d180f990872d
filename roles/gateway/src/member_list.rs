//! Keeping the member list fresh: fetched here, judged by the keyserver.

use crate::gateway::Gateway;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;
use ssmax_api::keyserver::{GatewayRequest, KeptList, ListInstalled};
use ssmax_chain::Digest;
use ssmax_daemon::stop::Stop;
use ssmax_daemon::watch::as_number;
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::{Delta, Directory, Kept, ListFault, accept_checkpoint, signed};
use ssmax_federation_client::Client;
use ssmax_metrics::list as metrics;
use ssmax_pki::Certificate;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// How long one fetch may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(15);

/// How soon a failed fetch is tried again, and how soon after one that a mail asks for.
const RETRY: Duration = Duration::from_secs(2);

/// How long a gateway that has no list yet waits for the first, before it says that it serves:
/// a try while the keyserver is still starting, and another. Without the authority it serves
/// all the same, and puts mail off by a number.
const FIRST_LIST: Duration = Duration::from_secs(5);

/// How many deltas lead on from one whole list. Behind a longer row the whole one is
/// fetched again, so that a start does not have to open hundreds of them.
const MAX_STEPS: usize = 256;

/// Asks again and again until `stop`. An outage of the authority is no outage of mail: the
/// list in force goes on being used as long as section 9 allows.
pub(crate) async fn keep_fresh(gateway: Arc<Gateway>, stop: Stop) {
    let period = Duration::from_secs(gateway.settings.federation.poll_seconds.max(1));
    let mut reader = Reader { gateway: &gateway, last: Vec::new(), steps: 0 };
    loop {
        let pause = match reader.refresh().await {
            Ok(()) if reader.names_us() => period,
            // Admitted a moment ago: until the list says so, nothing goes out.
            Ok(()) => RETRY.min(period),
            Err(error) => {
                tracing::warn!(%error, "the member list could not be refreshed");
                RETRY.min(period)
            }
        };
        let asked = async {
            tokio::time::sleep(RETRY.min(period)).await;
            gateway.newer_list.notified().await;
        };
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(pause) => {}
            () = asked => {}
        }
    }
}

/// Takes the list that was in force before this start.
pub(crate) async fn take_kept(gateway: &Gateway) {
    let mut reader = Reader { gateway, last: Vec::new(), steps: 0 };
    let taken = async { reader.take_kept(&[reader.root()?]).await };
    if let Err(error) = taken.await {
        tracing::warn!(%error, "the last member list is not used");
    }
}

/// Waits until there is a list that has us in it, so that mail which comes once this gateway
/// serves is not put off for the lack of one; at most [`FIRST_LIST`].
pub(crate) async fn wait_for_first(gateway: &Gateway, stop: &Stop) {
    let reader = Reader { gateway, last: Vec::new(), steps: 0 };
    let first = async {
        while !reader.names_us() {
            gateway.list_in_force.notified().await;
        }
    };
    tokio::select! {
        () = stop.stopped() => {}
        waited = tokio::time::timeout(FIRST_LIST, first) => {
            if waited.is_err() {
                tracing::warn!("serving without a member list that names this organisation");
            }
        }
    }
}

/// Who follows the list.
struct Reader<'a> {
    gateway: &'a Gateway,
    /// The last checkpoint that was taken, as it came: most polls end by comparing.
    last: Vec<u8>,
    /// Deltas since the last whole list.
    steps: usize,
}

impl Reader<'_> {
    async fn refresh(&mut self) -> Result<(), String> {
        let authority = self.authority()?;
        let roots = [self.root()?];
        if self.directory().is_none()
            && let Err(error) = self.take_kept(&roots).await
        {
            tracing::warn!(%error, "the last member list is not used");
        }
        let fetched = authority.checkpoint().await;
        if fetched.is_err() {
            metrics::DEPENDENCY_FAILURES.count(["authority".into()]);
        }
        let octets = fetched.map_err(text)?;
        if octets == self.last {
            fetched_now();
            return Ok(());
        }
        let now = OffsetDateTime::now_utc();
        let checkpoint = signed::open_checkpoint(&octets, &roots, now).map_err(text)?;
        let advanced = match self.directory() {
            Some(current) => {
                let high_water = current.list().version;
                accept_checkpoint(Some(&current), high_water, &checkpoint, now).map_err(text)?;
                self.advance(&authority, &current, &octets, &checkpoint, &roots).await
            }
            None => Err("there is no list to go on from".to_owned()),
        };
        let missing = match advanced {
            Ok(missing) => missing,
            Err(error) => {
                tracing::info!(reason = %error, "the whole member list is fetched");
                self.install(&authority, &roots).await?
            }
        };
        self.bring(&authority, &octets, missing).await?;
        self.last = octets;
        fetched_now();
        Ok(())
    }

    /// The list as the keyserver keeps it, so that a start while the authority is down is
    /// no outage. It is believed only if it opens under the root; its age is judged with
    /// every mail.
    async fn take_kept(&mut self, roots: &[Certificate]) -> Result<(), String> {
        let kept: Option<KeptList> = self.ask(&GatewayRequest::KeptList).await?;
        let Some(kept) = kept else { return Ok(()) };
        let kept = Kept {
            list: kept.list,
            deltas: kept.deltas.into_iter().map(ByteBuf::into_vec).collect(),
            checkpoint: kept.checkpoint.map(ByteBuf::into_vec),
        };
        let directory = kept.open(roots, OffsetDateTime::now_utc()).map_err(text)?;
        self.steps = kept.deltas.len();
        self.put_in_force(directory).await
    }

    /// Goes on from the list in force to that of an accepted checkpoint. Gives the
    /// certificates that the keyserver has not got.
    async fn advance(
        &mut self,
        authority: &Client,
        current: &Directory,
        octets: &[u8],
        checkpoint: &Checkpoint,
        roots: &[Certificate],
    ) -> Result<Vec<Digest>, String> {
        let (deltas, opened) = self.deltas(authority, current, checkpoint, roots).await?;
        let directory = if opened.is_empty() {
            let mut directory = current.clone();
            directory.renew(checkpoint);
            directory
        } else {
            current.advanced(&opened, checkpoint).map_err(text)?
        };
        let steps = deltas.len();
        let request = GatewayRequest::AdvanceList {
            checkpoint: octets.to_vec(),
            deltas: deltas.into_iter().map(ByteBuf::from).collect(),
            certificates: vec![],
        };
        let installed: ListInstalled = self.ask(&request).await?;
        self.steps += steps;
        self.put_in_force(directory).await?;
        Ok(installed.missing)
    }

    /// The deltas that lead from the list in force to a checkpoint, signed and opened.
    async fn deltas(
        &self,
        authority: &Client,
        current: &Directory,
        checkpoint: &Checkpoint,
        roots: &[Certificate],
    ) -> Result<(Vec<Vec<u8>>, Vec<Delta>), String> {
        let (mut all, mut opened) = (Vec::new(), Vec::new());
        let mut version = current.list().version;
        while version < checkpoint.version {
            if self.steps + all.len() >= MAX_STEPS {
                return Err("too many deltas lead there".to_owned());
            }
            let octets = authority.delta(version).await.map_err(text)?;
            let delta = signed::open_deltas(&[&octets], roots, OffsetDateTime::now_utc())
                .map_err(text)?
                .pop()
                .filter(|delta| delta.from == version)
                .ok_or_else(|| text(ListFault::DeltaGap { version }))?;
            version = delta.version;
            all.push(octets);
            opened.push(delta);
        }
        Ok((all, opened))
    }

    /// Takes the whole list. Gives the certificates that the keyserver has not got.
    async fn install(
        &mut self,
        authority: &Client,
        roots: &[Certificate],
    ) -> Result<Vec<Digest>, String> {
        let list = authority.list().await.map_err(text)?;
        let request = GatewayRequest::InstallList { list: list.clone(), certificates: vec![] };
        let installed: ListInstalled = self.ask(&request).await?;
        let opened = signed::open(&list, roots, OffsetDateTime::now_utc()).map_err(text)?;
        self.steps = 0;
        self.put_in_force(Directory::new(opened).map_err(text)?).await?;
        Ok(installed.missing)
    }

    /// Brings certificates to the keyserver until it misses none.
    async fn bring(
        &self,
        authority: &Client,
        checkpoint: &[u8],
        mut missing: Vec<Digest>,
    ) -> Result<(), String> {
        while !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let bodies = authority.certificates(&names).await.map_err(text)?;
            let request = GatewayRequest::AdvanceList {
                checkpoint: checkpoint.to_vec(),
                deltas: vec![],
                certificates: bodies.into_iter().map(ByteBuf::from).collect(),
            };
            let installed: ListInstalled = self.ask(&request).await?;
            if installed.missing == missing {
                return Err("the keyserver does not take certificates".to_owned());
            }
            missing = installed.missing;
        }
        Ok(())
    }

    async fn put_in_force(&self, directory: Directory) -> Result<(), String> {
        let version = directory.list().version;
        let place = &self.gateway.directory;
        let last = place.write().unwrap_or_else(PoisonError::into_inner).replace(directory.into());
        self.gateway.list_in_force.notify_one();
        self.gateway.journal.list_in_force(version).await.map_err(text)?;
        if last.is_none_or(|last| last.list().version < version) {
            tracing::info!(version, "the member list is in force");
        }
        Ok(())
    }

    fn directory(&self) -> Option<Arc<Directory>> {
        self.gateway.directory()
    }

    /// Whether the list in force has us in it.
    fn names_us(&self) -> bool {
        let own = &self.gateway.settings.organisation.id;
        self.directory().is_some_and(|directory| directory.member(own).is_some())
    }

    async fn ask<T: DeserializeOwned>(&self, request: &GatewayRequest) -> Result<T, String> {
        self.gateway.keyserver(request).await.map_err(text)
    }

    fn authority(&self) -> Result<Client, String> {
        let federation = &self.gateway.settings.federation;
        let ca = crate::serve::read(&federation.tls_ca).map_err(text)?;
        Client::new(&federation.authority_url, &ca, FETCH_TIMEOUT).map_err(text)
    }

    fn root(&self) -> Result<Certificate, String> {
        let root = crate::serve::read(&self.gateway.settings.federation.root).map_err(text)?;
        Certificate::from_pem(&String::from_utf8_lossy(&root)).map_err(text)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn text(error: impl ToString) -> String {
    error.to_string()
}

fn fetched_now() {
    metrics::LIST_FETCHED.set([], as_number(OffsetDateTime::now_utc().unix_timestamp()));
}

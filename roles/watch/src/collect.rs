//! Asking all roles of the host, once for everybody who asks at about the same time: a
//! look may write to a disk, and how often one does is not for strangers to say.

use crate::config::Settings;
use crate::{ROLE, SUPERVISOR};
use ssmax_daemon::watch;
use ssmax_metrics::{Family, Sample, Snapshot, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long what the roles said is good enough for the next who asks.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// What the roles said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Roles {
    /// Each role that should run here; `None` where nobody answers.
    pub(crate) asked: BTreeMap<String, Option<Snapshot>>,
    /// The supervisor, where there is one, and this process itself.
    pub(crate) others: Vec<Snapshot>,
}

/// Asks, and remembers for a moment.
pub(crate) struct Collector {
    settings: Settings,
    last: Mutex<Option<(Instant, Arc<Roles>)>>,
}

impl Collector {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, last: Mutex::new(None) }
    }

    /// What all roles say.
    pub(crate) async fn roles(&self) -> Arc<Roles> {
        // Held while they are asked: who comes meanwhile gets the same answer.
        let mut last = self.last.lock().await;
        if let Some((at, roles)) = &*last
            && at.elapsed() < GOOD_FOR
        {
            return Arc::clone(roles);
        }
        let roles = Arc::new(self.ask_all().await);
        *last = Some((Instant::now(), Arc::clone(&roles)));
        roles
    }

    async fn ask_all(&self) -> Roles {
        let mut asking = JoinSet::new();
        let others = [SUPERVISOR, ROLE].map(str::to_owned);
        for role in self.settings.roles.iter().cloned().chain(others) {
            let run_dir = self.settings.run_dir.clone();
            asking.spawn(async move {
                let said = watch::ask(&run_dir, &role).await;
                (role, said)
            });
        }
        let mut roles = Roles { asked: BTreeMap::new(), others: Vec::new() };
        while let Some(answered) = asking.join_next().await {
            let Ok((role, said)) = answered else { continue };
            if role == SUPERVISOR || role == ROLE {
                roles.others.extend(said);
                continue;
            }
            if let Err(error) = &said {
                tracing::debug!(of = %role, %error, "a role does not say how it is");
            }
            roles.asked.insert(role, said.ok());
        }
        roles
    }
}

impl Roles {
    /// All that is to be written down, with a word on who does not answer.
    pub(crate) fn snapshots(&self) -> Vec<Snapshot> {
        let absent = |role: &String| Snapshot {
            role: role.clone(),
            version: String::new(),
            pid: 0,
            started: 0,
            parts: Vec::new(),
            families: vec![Family {
                name: "ssmax_up".to_owned(),
                samples: vec![Sample { labels: Vec::new(), value: Value::Now(0.0) }],
            }],
        };
        let asked =
            self.asked.iter().map(|(role, said)| said.clone().unwrap_or_else(|| absent(role)));
        asked.chain(self.others.iter().cloned()).collect()
    }
}

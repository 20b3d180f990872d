//! How the CA is: what it needs, and the gauges that are taken when somebody asks.

use crate::serve::Ca;
use ssmax_daemon::watch::{as_number, measure_store};
use ssmax_metrics::{Part, list as metrics};
use std::time::Duration;
use time::OffsetDateTime;

/// How long the keyserver may take to accept a connection.
const REACH_TIMEOUT: Duration = Duration::from_secs(2);

impl Ca {
    /// Looks at all that the CA needs.
    pub(crate) async fn how_it_is(&self) -> Vec<Part> {
        let now = OffsetDateTime::now_utc();
        let writable = async {
            let change = self.database.begin_write().await?;
            change.rollback().await
        };
        let store = writable.await.is_err();
        if !store {
            measure_store("ca", &self.database).await;
        }
        let keyserver = self.keyserver.reach(REACH_TIMEOUT).await.is_err();
        for (failed, dependency) in [(store, "store"), (keyserver, "keyserver")] {
            if failed {
                metrics::DEPENDENCY_FAILURES.count([dependency.into()]);
            }
        }
        let mut expired = None;
        for (name, certificate) in [("member-ca", &self.member_ca), ("seal-ca", &self.seal_ca)] {
            let ends = certificate.not_after();
            metrics::CERTIFICATE_EXPIRY.set([name.into()], as_number(ends.unix_timestamp()));
            if ends < now {
                expired = Some("expired");
            }
        }
        vec![
            Part::needed("store", store.then_some("not-writable")),
            // Logins are proved without it.
            Part::told("keyserver", keyserver.then_some("unreachable")),
            Part::needed("certificates", expired),
        ]
    }
}

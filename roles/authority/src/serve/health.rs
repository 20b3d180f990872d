//! How the authority is: what it needs, and the gauges that are taken when somebody asks.

use std::sync::Arc;

use ssmax_daemon::watch::{as_number, measure_store};
use ssmax_metrics::{Part, list as metrics};
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::list::Published;
use crate::registry::Registry;

/// Looks at all that the authority needs.
pub(super) async fn look(
    published: watch::Receiver<Arc<Published>>,
    registry: Registry,
) -> Vec<Part> {
    let now = OffsetDateTime::now_utc();
    let published = Arc::clone(&published.borrow());
    let version = i64::try_from(published.version).unwrap_or(i64::MAX);
    metrics::LIST_VERSION.set([], as_number(version));
    metrics::LIST_ISSUED.set([], as_number(published.issued.unix_timestamp()));
    metrics::MEMBERS.clear();
    for (standing, count) in &published.standings {
        metrics::MEMBERS.set([(*standing).into()], f64::from(*count));
    }
    let store = registry.version().await.is_err();
    if store {
        metrics::DEPENDENCY_FAILURES.count(["store".into()]);
    } else {
        measure_store("authority", registry.database()).await;
    }
    vec![
        Part::needed("store", store.then_some("not-readable")),
        Part::needed("member-list", (published.expires < now).then_some("outdated")),
    ]
}

//! How the gateway is: what it needs, and the gauges that are taken when somebody asks.

use crate::gateway::Gateway;
use ssmax_daemon::call::Client;
use ssmax_daemon::watch::{as_number, measure_store};
use ssmax_federation::watched;
use ssmax_metrics::{Part, list as metrics};
use ssmax_pki::Certificate;
use std::time::Duration;
use time::OffsetDateTime;

/// How long another role may take to accept a connection.
const REACH_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the bucket may take, beside the others within what a look may take.
const BUCKET_TIMEOUT: Duration = Duration::from_secs(2);

impl Gateway {
    /// Looks at all that the gateway needs.
    pub(crate) async fn how_it_is(&self) -> Vec<Part> {
        let now = OffsetDateTime::now_utc();
        let directory = self.directory();
        let list = directory.as_deref().map(ssmax_federation::Directory::list);
        let mut parts = vec![
            reached("keyserver", &self.keyserver).await,
            reached("inspector", &self.inspector).await,
        ];
        // Only who submits here logs in.
        if self.settings.gateway.submission.is_some() {
            parts.push(reached("ca", &self.ca).await);
        }
        parts.push(self.look_at_store().await);
        parts.extend(self.look_at_bucket().await);
        parts.extend(watched(list, &self.settings.organisation.id, now));
        parts.extend(self.look_at_tls(now));
        parts
    }

    async fn look_at_store(&self) -> Part {
        let looked = async {
            metrics::JOURNAL_ROWS.set([], as_number(self.journal.try_writing().await?));
            for direction in ["inbound", "outbound"] {
                if let Some(at) = self.journal.last_mail(direction).await? {
                    metrics::LAST_MAIL.set([direction.into()], as_number(at));
                }
            }
            measure_store("journal", self.journal.database()).await;
            measure_store("hold", self.hold.database()).await;
            let (mails, bytes, oldest) = self.hold.waiting().await?;
            metrics::HELD.set([], as_number(mails));
            metrics::HELD_BYTES.set([], as_number(bytes));
            metrics::HELD_OLDEST.clear();
            if let Some(oldest) = oldest {
                metrics::HELD_OLDEST.set([], as_number(oldest));
            }
            Ok::<_, ssmax_store::StoreError>(())
        };
        match looked.await {
            Ok(()) => Part::needed("store", None),
            Err(error) => {
                tracing::warn!(%error, "the gateway's store does not answer");
                metrics::DEPENDENCY_FAILURES.count(["store".into()]);
                Part::needed("store", Some("not-writable"))
            }
        }
    }

    /// The bucket of held mail, where one is set.
    async fn look_at_bucket(&self) -> Option<Part> {
        let looked = tokio::time::timeout(BUCKET_TIMEOUT, self.hold.look_at_bucket()).await;
        let fault = match looked {
            Ok(None) => return None,
            Ok(Some(Ok(()))) => None,
            Ok(Some(Err(error))) => {
                tracing::warn!(%error, "the gateway's object store cannot be used");
                Some("unusable")
            }
            Err(_) => Some("unreachable"),
        };
        if fault.is_some() {
            metrics::DEPENDENCY_FAILURES.count(["objects".into()]);
        }
        Some(Part::needed("objects", fault))
    }

    /// The certificate for TLS, where there is one.
    fn look_at_tls(&self, now: OffsetDateTime) -> Option<Part> {
        let path = self.settings.gateway.tls_certificate.as_ref()?;
        let text = crate::serve::read(path).ok()?;
        let certificate = Certificate::from_pem(&String::from_utf8_lossy(&text)).ok()?;
        let ends = certificate.not_after();
        metrics::CERTIFICATE_EXPIRY.set(["tls".into()], as_number(ends.unix_timestamp()));
        Some(Part::needed("tls-certificate", (ends < now).then_some("expired")))
    }
}

async fn reached(role: &'static str, client: &Client) -> Part {
    let fault = client.reach(REACH_TIMEOUT).await.is_err();
    Part::needed(role, fault.then_some("unreachable"))
}

//! How the keyserver is: what it needs, and the gauges that are taken when somebody asks.

use crate::state::{Keyserver, failed};
use ssmax_daemon::watch::{as_number, measure_store};
use ssmax_federation::watched;
use ssmax_hsm::KeyPurpose;
use ssmax_metrics::{Part, list as metrics};
use ssmax_pki::Certificate;
use std::time::Duration;
use time::OffsetDateTime;

/// How long the CA may take to accept a connection.
const REACH_TIMEOUT: Duration = Duration::from_secs(2);

impl Keyserver {
    /// Looks at all that the keyserver needs.
    pub(crate) async fn how_it_is(&self) -> Vec<Part> {
        let now = Self::now();
        self.measure_tickets(now);
        let ca = self.ca.reach(REACH_TIMEOUT).await.is_err();
        let mut parts = vec![
            self.look_at_store().await,
            self.look_at_keys(),
            // Members' mail that is preserved, and what leaves, goes on without it.
            Part::told("ca", ca.then_some("unreachable")),
            self.look_at_certificates(now),
        ];
        let list = crate::ticket::lock(&self.list).list.clone();
        let list = list.as_ref().map(|list| list.list());
        parts.extend(watched(list, &self.settings.organisation.id, now));
        parts
    }

    fn measure_tickets(&self, now: OffsetDateTime) {
        let (own, members, outside) = self.tickets.open_now(now);
        for (origin, open) in [("own", own), ("member", members), ("outside", outside)] {
            let open = i64::try_from(open).unwrap_or(i64::MAX);
            metrics::TICKETS_OPEN.set([origin.into()], as_number(open));
        }
    }

    /// Both stores: without the audit log nothing is answered.
    async fn look_at_store(&self) -> Part {
        let writable = async {
            let change = self.database.begin_write().await?;
            change.rollback().await
        };
        let fault = writable.await.is_err();
        if fault {
            metrics::DEPENDENCY_FAILURES.count(["store".into()]);
        } else {
            measure_store("keyserver", &self.database).await;
            measure_store("audit", self.audit.database()).await;
        }
        Part::needed("store", fault.then_some("not-writable"))
    }

    /// Whether the key that signs for the organisation can be had, from its token too.
    fn look_at_keys(&self) -> Part {
        let spki = self.own.organisation_signing.spki();
        let id = ssmax_hsm::key_id(spki);
        let key = self.keys.key(KeyPurpose::OrganisationSigning, &id).map_err(failed);
        if key.is_err() {
            metrics::DEPENDENCY_FAILURES.count(["keys".into()]);
        }
        Part::needed("keys", key.is_err().then_some("unusable"))
    }

    fn look_at_certificates(&self, now: OffsetDateTime) -> Part {
        let newest =
            |certificates: &[Certificate]| certificates.iter().map(Certificate::not_after).max();
        let mut fault = None;
        for (name, ends) in [
            ("organisation-signing", Some(self.own.organisation_signing.not_after())),
            ("federation-encryption", newest(&self.own.federation_encryption)),
            ("issuing-ca", Some(self.own.issuing_ca.not_after())),
            ("root", Some(self.own.root.not_after())),
        ] {
            let Some(ends) = ends else { continue };
            metrics::CERTIFICATE_EXPIRY.set([name.into()], as_number(ends.unix_timestamp()));
            if ends < now {
                fault = Some("expired");
            }
        }
        Part::needed("certificates", fault)
    }
}

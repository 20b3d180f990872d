//! What the gateway holds while it runs, and how it asks the other roles.

use crate::claim::Claims;
use crate::config::Settings;
use crate::hold::HoldStore;
use crate::journal::Journal;
use crate::list::Lists;
use crate::wire::{ClientSettings, Routes};
use serde::de::DeserializeOwned;
use ssmax_api::ca::GatewayRequest as CaRequest;
use ssmax_api::inspector::{Inspect, Inspected};
use ssmax_api::keyserver::GatewayRequest;
use ssmax_api::{Answer, Problem, TicketId};
use ssmax_chain::{Reason, Refusal, trace};
use ssmax_daemon::call::Client;
use ssmax_federation::Directory;
use ssmax_metrics::list as metrics;
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::Random as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::sync::{Notify, OnceCell};

/// How long a keyserver may take for one answer.
const KEYSERVER_TIMEOUT: Duration = Duration::from_secs(20);

/// How long an inspection may take: the worker's own limit is below it.
const INSPECTOR_TIMEOUT: Duration = Duration::from_secs(90);

/// How long the CA may take to prove a login.
const CA_TIMEOUT: Duration = Duration::from_secs(10);

/// The running gateway.
pub(crate) struct Gateway {
    pub(crate) settings: Settings,
    pub(crate) routes: Routes,
    pub(crate) client: ClientSettings,
    pub(crate) journal: Journal,
    pub(crate) statement_key: SoftwareKey,
    pub(crate) keyserver: Client,
    pub(crate) inspector: Client,
    pub(crate) ca: Client,
    /// Lists and redirects, by the one spelling of their address.
    pub(crate) lists: Lists,
    /// Mail that waits for an officer.
    pub(crate) hold: HoldStore,
    /// What it is encrypted with: the keyserver's, asked for once.
    pub(crate) hold_key: OnceCell<Vec<u8>>,
    /// Says that a mail was put in.
    pub(crate) hold_changed: Notify,
    /// Who is being served just now.
    pub(crate) claims: Claims,
    /// The member list, for mail that does not come over the chain. What does is
    /// judged by the keyserver's own copy.
    pub(crate) directory: RwLock<Option<Arc<Directory>>>,
    /// Told when a list has come into force.
    pub(crate) list_in_force: Notify,
    /// Told when a mail names a newer list than the one in force.
    pub(crate) newer_list: Notify,
}

impl Gateway {
    /// Makes sure that what becomes of a mail can be written, before it is sent.
    pub(crate) async fn can_remember(&self) -> Result<(), Refusal> {
        self.journal.can_write().await.map_err(|error| {
            tracing::error!(%error, "the journal cannot be written; mail has to wait");
            Refusal::from(Reason::StoreUnavailable)
        })
    }

    /// Asks the keyserver.
    pub(crate) async fn keyserver<T: DeserializeOwned>(
        &self,
        request: &GatewayRequest,
    ) -> Result<T, Refusal> {
        let answer = self.ask_keyserver(request).await;
        answer.map_err(|problem| refusal(problem, Reason::KeyserverUnavailable))
    }

    /// Asks the keyserver, for whoever tells problems apart.
    pub(crate) async fn ask_keyserver<T: DeserializeOwned>(
        &self,
        request: &GatewayRequest,
    ) -> Result<T, Problem> {
        let asked = if request.is_repeatable() {
            self.keyserver.call_again(request, KEYSERVER_TIMEOUT).await
        } else {
            self.keyserver.call(request, KEYSERVER_TIMEOUT).await
        };
        let answer: Answer = asked.map_err(|error| {
            tracing::error!(%error, "the keyserver does not answer");
            metrics::DEPENDENCY_FAILURES.count(["keyserver".into()]);
            Problem::Failed
        })?;
        ssmax_api::decode(answer)
    }

    /// Ends a ticket, and waits for it: the same mail is opened again soon.
    pub(crate) async fn close_now(&self, ticket: Option<TicketId>) {
        let Some(ticket) = ticket else { return };
        if let Err(problem) = self.ask_keyserver::<()>(&GatewayRequest::Close { ticket }).await {
            tracing::debug!(%problem, "a ticket could not be closed");
        }
    }

    /// Ends a ticket whose mail has its fate, so that its keys are forgotten. Nobody
    /// waits for it: a ticket that cannot be closed ends by itself.
    pub(crate) fn close(self: &Arc<Self>, ticket: Option<TicketId>) {
        let Some(ticket) = ticket else { return };
        let gateway = Arc::clone(self);
        tokio::spawn(async move {
            let request = GatewayRequest::Close { ticket };
            match gateway.keyserver.call::<_, Answer>(&request, KEYSERVER_TIMEOUT).await {
                Ok(answer) => {
                    if let Err(problem) = ssmax_api::decode::<()>(answer) {
                        tracing::debug!(%problem, "a ticket could not be closed");
                    }
                }
                Err(error) => tracing::debug!(%error, "a ticket could not be closed"),
            }
        });
    }

    /// Asks the inspector.
    pub(crate) async fn inspector(&self, request: Inspect) -> Result<Inspected, Refusal> {
        let answer: Result<Inspected, Problem> =
            self.inspector.call_laden(request, INSPECTOR_TIMEOUT).await.map_err(|error| {
                tracing::error!(%error, "the inspector does not answer");
                metrics::DEPENDENCY_FAILURES.count(["inspector".into()]);
                Refusal::from(Reason::InspectorUnavailable)
            })?;
        let answer = answer.map_err(|problem| refusal(problem, Reason::InspectorUnavailable))?;
        log_findings(&answer);
        Ok(answer)
    }

    /// Asks the CA.
    pub(crate) async fn ca<T: DeserializeOwned>(&self, request: &CaRequest) -> Result<T, Problem> {
        let answer: Answer = self.ca.call(request, CA_TIMEOUT).await.map_err(|error| {
            tracing::error!(%error, "the CA does not answer");
            metrics::DEPENDENCY_FAILURES.count(["ca".into()]);
            Problem::Failed
        })?;
        ssmax_api::decode(answer)
    }

    /// The member list, if one has been fetched.
    pub(crate) fn directory(&self) -> Option<Arc<Directory>> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Our `Received` field, for the top of what goes on.
    pub(crate) fn received(&self, protocol: &str) -> String {
        let now = OffsetDateTime::now_utc().format(&Rfc2822).unwrap_or_default();
        trace::received(&self.settings.gateway.host_name, protocol, &now)
    }

    /// A new MIME boundary.
    pub(crate) fn boundary() -> String {
        let mut random = [0; 16];
        SystemRandom.fill(&mut random);
        ssmax_mail::compose::boundary(random)
    }
}

/// How much a worker may answer in copies of a mail, in octets: below the largest frame
/// (`ssmax_daemon::frame::MAX_FRAME_BYTES`), since headers and records come on top.
const MAX_COPIES_BYTES: usize = 150 * 1024 * 1024;

/// How many copies of a mail of `mail_bytes` a worker can answer at once: at least one.
/// A copy is larger than the mail, as what was in clear is in base64 afterwards.
pub(crate) fn fitting(mail_bytes: usize) -> usize {
    let copy_bytes = (mail_bytes.saturating_mul(14) / 10).max(1);
    (MAX_COPIES_BYTES / copy_bytes).max(1)
}

/// A mail with fields on top of it, in the memory that it has.
pub(crate) fn on_top_of(fields: &[u8], mut mail: Vec<u8>) -> Vec<u8> {
    mail.reserve_exact(fields.len());
    mail.splice(0..0, fields.iter().copied());
    mail
}

/// Says what an inspection found; findings are masked already.
fn log_findings(answer: &Inspected) {
    match answer {
        Inspected::Passed { findings, .. } => {
            for finding in findings {
                tracing::info!(rule = %finding.rule, part = %finding.part, "something was found, and may pass");
            }
        }
        Inspected::Stopped { findings, .. } => {
            for finding in findings {
                tracing::warn!(rule = %finding.rule, part = %finding.part, what = %finding.what, "a mail is stopped");
            }
        }
    }
}

/// A refusal is a refusal; every other problem is a passing failure of `dependency`.
fn refusal(problem: Problem, dependency: Reason) -> Refusal {
    match problem {
        Problem::Refused(reason) => reason.into(),
        other => {
            tracing::error!(problem = %other, dependency = dependency.code(), "no answer could be found");
            dependency.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_copies_are_made_at_once_as_one_answer_holds() {
        const MIB: usize = 1024 * 1024;
        // 15 MiB grow to 21, and 7 of these are 147.
        assert_eq!(fitting(15 * MIB), 7);
        // 1.4 times this is a half but for a part of an octet.
        let half = MAX_COPIES_BYTES / 2 * 10 / 14;
        assert_eq!(fitting(half), 2);
        assert_eq!(fitting(half + 1), 1);
        assert_eq!(fitting(usize::MAX), 1);
        assert_eq!(fitting(0), MAX_COPIES_BYTES);
    }
}

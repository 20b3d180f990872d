//! The CA, which knows whose link it is.

use serde::de::DeserializeOwned;
use ssmax_api::enrol::{Enrol, EnrolRequest, Enrolled, Invited, Link};
use ssmax_api::{Answer, Problem};
use ssmax_daemon::call::Client;
use ssmax_metrics::list as metrics;
use std::time::Duration;

/// How long the CA may take to say whose link it is, and to issue.
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);
const ENROL_TIMEOUT: Duration = Duration::from_secs(40);

/// The CA has not done it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// It or what it needs does not answer.
    Unavailable,
    /// The certificate request is none.
    NoRequest,
}

pub(crate) async fn look(ca: &Client, link: Link) -> Result<Option<Invited>, Away> {
    ask(ca, &EnrolRequest::Look(link), LOOK_TIMEOUT).await
}

pub(crate) async fn enrol(ca: &Client, enrol: Enrol) -> Result<Option<Enrolled>, Away> {
    ask(ca, &EnrolRequest::Enrol(Box::new(enrol)), ENROL_TIMEOUT).await
}

async fn ask<T: DeserializeOwned>(
    ca: &Client,
    request: &EnrolRequest,
    timeout: Duration,
) -> Result<T, Away> {
    let answer: Result<Answer, _> = ca.call(request, timeout).await;
    let answer = answer.map_err(|error| {
        metrics::DEPENDENCY_FAILURES.count(["ca".into()]);
        tracing::warn!(%error, "the CA does not answer");
        Away::Unavailable
    })?;
    ssmax_api::decode(answer).map_err(|problem| match problem {
        Problem::Malformed => Away::NoRequest,
        problem => {
            tracing::warn!(%problem, "the CA has no answer");
            Away::Unavailable
        }
    })
}

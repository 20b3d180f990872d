//! The CA, which knows the answers.

use crate::config::Internal;
use crate::session::{Away, Source};
use serde::de::DeserializeOwned;
use ssmax_api::ca::Login;
use ssmax_api::directory::{DirectoryEntry, DirectoryRequest, Fragment, Suggestions};
use ssmax_api::{Answer, Problem};
use ssmax_daemon::call::Client;
use ssmax_metrics::list as metrics;
use std::time::Duration;

/// What the CA is asked over, and how.
pub(crate) struct AskedCa {
    pub(crate) client: Client,
    pub(crate) internal: Internal,
    /// How long one answer may take.
    pub(crate) timeout: Duration,
}

impl AskedCa {
    async fn ask<T: DeserializeOwned>(&self, request: &DirectoryRequest) -> Result<T, Away> {
        let answer: Result<Answer, _> = self.client.call_again(request, self.timeout).await;
        let answer = answer.map_err(|error| {
            metrics::DEPENDENCY_FAILURES.count(["ca".into()]);
            tracing::warn!(%error, "the CA does not answer");
            Away::Unavailable
        })?;
        ssmax_api::decode(answer).map_err(|problem| match problem {
            Problem::NotAllowed => Away::Busy,
            problem => {
                tracing::warn!(%problem, "the CA has no answer");
                Away::Unavailable
            }
        })
    }
}

impl Source for AskedCa {
    async fn find(&self, address: &str) -> Result<Option<DirectoryEntry>, Away> {
        let own = self.internal == Internal::Own;
        self.ask(&DirectoryRequest::Find { address: address.to_owned(), own }).await
    }

    async fn suggest(&self, clauses: Vec<Vec<Fragment>>, limit: u32) -> Result<Suggestions, Away> {
        self.ask(&DirectoryRequest::Suggest { clauses, limit }).await
    }

    async fn login(&self, user: &str, secret: &[u8]) -> Result<bool, Away> {
        let (user, secret) = (user.to_owned(), secret.to_vec());
        let login: Option<Login> =
            self.ask(&DirectoryRequest::CheckCredential { user, secret }).await?;
        if login.is_none() {
            tracing::info!("a login at the directory is refused");
        }
        Ok(login.is_some())
    }
}

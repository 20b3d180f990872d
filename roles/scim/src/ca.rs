//! The CA, which keeps the users and has their people in its registry.

use crate::service::{Away, Registry};
use serde::de::DeserializeOwned;
use ssmax_api::Answer;
use ssmax_api::scim::{Key, Page, Put, PutAnswer, ScimRequest, ScimUser};
use ssmax_daemon::call::Client;
use ssmax_metrics::list as metrics;
use std::time::Duration;

/// The CA is asked over this.
pub(crate) struct AskedCa {
    pub(crate) client: Client,
    /// How long one answer may take.
    pub(crate) timeout: Duration,
}

impl AskedCa {
    async fn ask<T: DeserializeOwned>(&self, request: &ScimRequest) -> Result<T, Away> {
        let answer: Result<Answer, _> = self.client.call(request, self.timeout).await;
        let answer = answer.map_err(|error| {
            metrics::DEPENDENCY_FAILURES.count(["ca".into()]);
            tracing::warn!(%error, "the CA does not answer");
            Away
        })?;
        ssmax_api::decode(answer).map_err(|problem| {
            tracing::warn!(%problem, "the CA has no answer");
            Away
        })
    }
}

impl Registry for AskedCa {
    async fn get(&self, id: &str) -> Result<Option<ScimUser>, Away> {
        self.ask(&ScimRequest::Get { id: id.to_owned() }).await
    }

    async fn find(&self, by: Key, value: &str) -> Result<Vec<ScimUser>, Away> {
        self.ask(&ScimRequest::Find { by, value: value.to_owned() }).await
    }

    async fn page(&self, skip: u64, count: u32) -> Result<Page, Away> {
        self.ask(&ScimRequest::Page { skip, count }).await
    }

    async fn put(&self, put: Put) -> Result<PutAnswer, Away> {
        self.ask(&ScimRequest::Put(Box::new(put))).await
    }

    async fn delete(&self, id: &str) -> Result<bool, Away> {
        self.ask(&ScimRequest::Delete { id: id.to_owned() }).await
    }
}

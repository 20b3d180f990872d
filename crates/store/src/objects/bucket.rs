//! A bucket of an S3-compatible store. Signatures and the forms of requests are the
//! `object_store` crate's; how they travel is ours ([`super::connection`]).

use super::Listed;
use super::config::ObjectsConfig;
use super::connection::Connector;
use super::credentials::{self, CredentialsFile};
use super::fault::ObjectFault;
use crate::error::StoreError;
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore as _, ObjectStoreExt as _, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// Octets on their way for which an answer may take a second more.
const BYTES_PER_SECOND: u64 = 4 * 1024 * 1024;

/// How many objects one listing tells of at most: more than mail is held by far.
const MAX_LISTED: usize = 1_000_000;

/// Where a bucket's objects are, below a folder of the prefix.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<AmazonS3>,
    folder: String,
    timeout: Duration,
}

// The client knows where the key is; nothing of it is for logs.
impl std::fmt::Debug for Bucket {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Bucket").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Bucket {
    /// The bucket of these settings, `None` if none is set. Nobody is asked yet: a store
    /// that is away keeps no role from starting.
    ///
    /// # Errors
    /// [`ObjectFault::Address`] and what is wrong with a file that the settings name.
    pub fn open(config: &ObjectsConfig) -> Result<Option<Self>, StoreError> {
        let Some(address) = config.address()? else { return Ok(None) };
        credentials::read(&address.credentials_file)?;
        let connector = Connector::new(&address, config)?;
        // Nothing is tried again here: who waits has a queue of its own.
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 0,
            retry_timeout: config.timeout(),
        };
        let store = AmazonS3Builder::new()
            .with_bucket_name(address.bucket)
            .with_endpoint(address.endpoint)
            .with_region(address.region)
            .with_virtual_hosted_style_request(false)
            .with_allow_http(!address.is_tls)
            // One DELETE each: not every store knows the other way.
            .with_disable_bulk_delete(true)
            .with_credentials(Arc::new(CredentialsFile(address.credentials_file)))
            .with_http_connector(connector)
            .with_retry(retry)
            .build()
            .map_err(|error| fault(&error))?;
        Ok(Some(Self { store: Arc::new(store), folder: address.prefix, timeout: config.timeout() }))
    }

    /// The same bucket, a folder further down.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        Self { folder: format!("{}{folder}/", self.folder), ..self.clone() }
    }

    /// Whether it answers and lets us in: one request that changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Object`], by what is in the way.
    pub async fn look(&self) -> Result<(), StoreError> {
        let options = PaginatedListOptions { max_keys: Some(1), ..PaginatedListOptions::default() };
        let asked = self.store.list_paginated(Some(&self.folder), options);
        self.in_time(0, asked).await.map(drop)
    }

    pub(super) async fn put(&self, name: &str, octets: Vec<u8>) -> Result<(), StoreError> {
        let bytes = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        let path = self.path(name)?;
        self.in_time(bytes, self.store.put(&path, octets.into())).await.map(drop)
    }

    pub(super) async fn get(&self, name: &str, bytes: u64) -> Result<Vec<u8>, StoreError> {
        let path = self.path(name)?;
        let read = async { self.store.get(&path).await?.bytes().await };
        let octets = self.in_time(bytes, read).await?;
        Ok(Vec::from(octets))
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name)?;
        match self.in_time(0, self.store.delete(&path)).await {
            Err(StoreError::Object(ObjectFault::Missing)) => Ok(()),
            other => other,
        }
    }

    pub(super) async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let prefix = Path::parse(&self.folder).map_err(|_| ObjectFault::Name)?;
        let mut stream = self.store.list(Some(&prefix));
        let mut found = Vec::new();
        // A page is a request, and each has its time.
        while let Some(one) = self.in_time(0, stream.try_next()).await? {
            let Some(name) = one.location.as_ref().strip_prefix(&self.folder) else { continue };
            found.push(Listed { name: name.to_owned(), written: one.last_modified.timestamp() });
            if found.len() >= MAX_LISTED {
                break;
            }
        }
        Ok(found)
    }

    fn path(&self, name: &str) -> Result<Path, StoreError> {
        Path::parse(format!("{}{name}", self.folder)).map_err(|_| ObjectFault::Name.into())
    }

    async fn in_time<T>(
        &self,
        bytes: u64,
        asked: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, StoreError> {
        let time = self.timeout + Duration::from_secs(bytes / BYTES_PER_SECOND);
        let answer = tokio::time::timeout(time, asked).await;
        answer.map_err(|_| ObjectFault::Silent)?.map_err(|error| fault(&error))
    }
}

/// What stands behind the one error type of the `object_store` crate. Its text has octets
/// of the other side in it, and goes no further.
fn fault(error: &object_store::Error) -> StoreError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(fault) = inner.downcast_ref::<ObjectFault>() {
            return (*fault).into();
        }
        if let Some(own) = inner.downcast_ref::<StoreError>() {
            return own.clone();
        }
        cause = inner.source();
    }
    ObjectFault::Garbage.into()
}

//! Large objects that a role keeps: octets under a name, written once, in a directory or
//! in a bucket of an S3-compatible store (`docs/decisions/0052-objects-by-url.md`).
//!
//! What [`Objects::put`] reports as written is written: in a directory it has reached the
//! disk, a bucket has answered 2xx for octets of which it verified the SHA-256. Whoever
//! keeps objects encrypts them before, and remembers their digest.

mod bucket;
mod config;
mod connection;
mod credentials;
mod fault;

pub use bucket::Bucket;
pub use config::ObjectsConfig;
pub use fault::{AddressFault, ObjectFault, Refusal};

use crate::error::{SqlFault, StoreError};
use crate::files::{self, MAX_PRIVATE_FILE_BYTES};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Octets of one object at most, as of a private file.
pub const MAX_OBJECT_BYTES: u64 = MAX_PRIVATE_FILE_BYTES;

/// An object as a listing tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// When it was written, by the clock of who keeps it, in seconds since 1970.
    pub written: i64,
}

/// Where objects are kept.
#[derive(Debug, Clone)]
pub enum Objects {
    /// Files of a private directory, each 0600.
    Directory(PathBuf),
    /// A bucket, below a prefix.
    Bucket(Bucket),
}

impl Objects {
    /// Objects in a directory, which is made if it is not there.
    ///
    /// # Errors
    /// As [`files::create_private_dir`].
    pub fn directory(directory: PathBuf) -> Result<Self, StoreError> {
        files::create_private_dir(&directory)?;
        Ok(Self::Directory(directory))
    }

    /// Writes an object under a name that no other had: it is there for good when this
    /// returns.
    ///
    /// # Errors
    /// [`StoreError::Object`] of a bucket, [`ObjectFault::TooLarge`] past
    /// [`MAX_OBJECT_BYTES`]; [`StoreError::File`]. An object may have been written all
    /// the same when a bucket's answer was lost.
    pub async fn put(&self, name: &str, octets: Vec<u8>) -> Result<(), StoreError> {
        if u64::try_from(octets.len()).is_ok_and(|len| len > MAX_OBJECT_BYTES) {
            return Err(ObjectFault::TooLarge.into());
        }
        match self {
            Self::Directory(directory) => {
                let path = path(directory, name)?;
                on_disk(move || files::create_private(&path, &octets)).await
            }
            Self::Bucket(bucket) => bucket.put(name, octets).await,
        }
    }

    /// Reads an object of which it is known how long it is.
    ///
    /// # Errors
    /// [`ObjectFault::Missing`] if there is none of this name, [`ObjectFault::Changed`] if it
    /// is shorter or longer; else as [`Objects::put`].
    pub async fn get(&self, name: &str, bytes: u64) -> Result<Vec<u8>, StoreError> {
        let octets = self.read(name, bytes).await?;
        if u64::try_from(octets.len()) == Ok(bytes) {
            Ok(octets)
        } else {
            Err(ObjectFault::Changed.into())
        }
    }

    async fn read(&self, name: &str, bytes: u64) -> Result<Vec<u8>, StoreError> {
        match self {
            Self::Directory(directory) => {
                let path = path(directory, name)?;
                // Ciphertext needs no wiping, and a copy would be in memory beside it.
                let read = move || {
                    files::read_private(&path).map(|mut octets| std::mem::take(&mut *octets))
                };
                on_disk(read).await.map_err(|error| match error {
                    StoreError::File { kind: std::io::ErrorKind::NotFound, .. } => {
                        ObjectFault::Missing.into()
                    }
                    other => other,
                })
            }
            Self::Bucket(bucket) => bucket.get(name, bytes).await,
        }
    }

    /// Removes an object. One that is not there is no error, so that a removal can be
    /// repeated.
    ///
    /// # Errors
    /// As [`Objects::put`].
    pub async fn remove(&self, name: &str) -> Result<(), StoreError> {
        match self {
            Self::Directory(directory) => {
                let path = path(directory, name)?;
                on_disk(move || files::remove(&path)).await
            }
            Self::Bucket(bucket) => bucket.remove(name).await,
        }
    }

    /// All objects, those half written by a crash among them.
    ///
    /// # Errors
    /// As [`Objects::put`].
    pub async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        match self {
            Self::Directory(directory) => {
                let directory = directory.clone();
                on_disk(move || listed(&directory)).await
            }
            Self::Bucket(bucket) => bucket.list().await,
        }
    }
}

/// Names are the caller's own; one that leads elsewhere is a fault of the program.
fn path(directory: &Path, name: &str) -> Result<PathBuf, StoreError> {
    if name.is_empty() || name.contains('/') || name == "." || name == ".." {
        return Err(ObjectFault::Name.into());
    }
    Ok(directory.join(name))
}

fn listed(directory: &Path) -> Result<Vec<Listed>, StoreError> {
    let failed =
        |error: std::io::Error| StoreError::file(crate::FileAction::Read, directory, &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let written = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let since = written.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let written = since.and_then(|since| i64::try_from(since.as_secs()).ok());
        found.push(Listed { name, written: written.unwrap_or_default() });
    }
    Ok(found)
}

/// Runs what waits for the disk where nobody waits for it but who asked.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // It ends so only while the whole role is ending.
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Sql(SqlFault::Closed)))
}

//! Why an object cannot be written or read.

use thiserror::Error;

/// Why a large object could not be kept, read or removed. Nothing of what the other side
/// said is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ObjectFault {
    /// The settings of the store cannot be used.
    #[error("{0}")]
    Address(#[from] AddressFault),
    /// A row names an object of a bucket, and none is set.
    #[error("the object is in an object store, and none is set")]
    NotSet,
    /// A name that is none. The program is at fault.
    #[error("the name of the object is none")]
    Name,
    /// Nobody listens there, the name is not known, or the connection broke.
    #[error("the object store cannot be reached ({0})")]
    Unreachable(std::io::ErrorKind),
    /// No answer, or not all of it, in time.
    #[error("the object store did not answer in time")]
    Silent,
    /// The endpoint is not proved to be the one that is meant.
    #[error("the object store's certificate is not trusted")]
    Untrusted,
    /// It says that it cannot now: 5xx, or too many requests.
    #[error("the object store is busy or fails (HTTP {0})")]
    Busy(u16),
    /// It does not let us in, or not do that.
    #[error("the object store refuses: {0}")]
    Refused(Refusal),
    /// What answers is no S3.
    #[error("what answers is no S3-compatible object store")]
    Garbage,
    /// There is no object of this name.
    #[error("the object is not there")]
    Missing,
    /// The object is not the one that was written.
    #[error("the object is not the one that was written")]
    Changed,
    /// It is larger than any object may be ([`super::MAX_OBJECT_BYTES`]).
    #[error("the object is too large")]
    TooLarge,
}

impl ObjectFault {
    /// Whether the same may succeed later without anyone changing a setting.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Silent | Self::Busy(_))
    }
}

/// What an S3-compatible store refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The key is not known there, or the signature is not of its secret.
    #[error("the credentials are not accepted")]
    Credentials,
    /// The key has no right to do that.
    #[error("the key has no right to do that")]
    Rights,
    /// There is no such bucket.
    #[error("there is no such bucket")]
    NoBucket,
    /// The bucket is in another region, or at another endpoint.
    #[error("the bucket is in another region or at another endpoint")]
    Region,
    /// The clocks are too far apart.
    #[error("the clocks are too far apart")]
    Clock,
    /// No room is left there.
    #[error("no room is left there")]
    Full,
    /// The octets did not arrive as they were sent.
    #[error("the octets did not arrive as they were sent")]
    Transfer,
    /// Anything else, by its HTTP status.
    #[error("HTTP {0}")]
    Other(u16),
}

/// What is wrong with the settings of an object store. What stands there is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressFault {
    /// `url` is not `s3://BUCKET` or `s3://BUCKET/PREFIX`.
    #[error("url is not s3://BUCKET/PREFIX")]
    Url,
    /// `endpoint` is missing, or not `https://HOST` or `https://HOST:PORT`.
    #[error("endpoint is not https://HOST or https://HOST:PORT")]
    Endpoint,
    /// A key or a password stands in an address.
    #[error("credentials stand in an address; they belong into credentials_file")]
    Secret,
    /// Without TLS, to another host.
    #[error("an endpoint on another host needs https")]
    Unverified,
    /// `region` is not of lower-case letters, digits and hyphens.
    #[error("region is not of lower-case letters, digits and hyphens")]
    Region,
    /// `credentials_file` is not set.
    #[error("credentials_file is not set")]
    NoCredentials,
    /// The file does not have the key and its secret.
    #[error("credentials_file does not have aws_access_key_id and aws_secret_access_key alone")]
    Credentials,
    /// `ca_file` has no certificate.
    #[error("ca_file has no certificate in PEM")]
    Ca,
}

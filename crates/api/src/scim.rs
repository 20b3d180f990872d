//! What the SCIM service asks the CA.

use crate::Problem;
use crate::ca::Person;
use serde::{Deserialize, Serialize};

/// The most users of one [`ScimRequest::Page`].
pub const MAX_PAGE: u32 = 500;

/// Over the CA's socket for the SCIM service.
#[derive(Clone, Serialize, Deserialize)]
pub enum ScimRequest {
    /// A user by the id that the CA gave. Answered by `Option<ScimUser>`.
    Get {
        /// The id.
        id: String,
    },
    /// Users of whom one of the names is this. Answered by `Vec<ScimUser>`.
    Find {
        /// Which name.
        by: Key,
        /// What it is.
        value: String,
    },
    /// Users in the order in which they came. Answered by [`Page`].
    Page {
        /// How many to pass over.
        skip: u64,
        /// How many to give, at most [`MAX_PAGE`].
        count: u32,
    },
    /// A user as they shall be, new or in the place of the one before: the person in the
    /// registry first, then what the identity provider is told. Answered by [`PutAnswer`].
    Put(Box<Put>),
    /// Takes a user away; the person's rights end. Answered by `bool`: whether there was one.
    Delete {
        /// The id.
        id: String,
    },
    /// As [`crate::ca::InspectorRequest::RenewTransport`], for the SCIM service.
    RenewTransport {
        /// PKCS#10, DER.
        #[serde(with = "serde_bytes")]
        request: Vec<u8>,
    },
}

/// A name by which an identity provider finds a user again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// `userName`, whose letters' case says nothing.
    UserName,
    /// `externalId`.
    ExternalId,
}

/// A user as the identity provider has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScimUser {
    /// The id, for ever.
    pub id: String,
    /// The resource, JSON, without id, schemas and meta.
    pub resource: String,
    /// When it came, in seconds since 1970.
    pub created: i64,
    /// When it was changed last.
    pub modified: i64,
    /// Counts its changes.
    pub version: i64,
}

/// Some of all users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// How many there are.
    pub total: u64,
    /// Those.
    pub users: Vec<ScimUser>,
}

/// A user to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Put {
    /// Whose, with the version that it changes; none for a new one.
    pub of: Option<(String, i64)>,
    /// `userName`.
    pub user_name: String,
    /// `externalId`.
    pub external_id: Option<String>,
    /// The resource, as in [`ScimUser`].
    pub resource: String,
    /// Who that is here; nobody without an address of ours.
    pub person: Option<Person>,
    /// Whether they may send and receive.
    pub active: bool,
}

/// What became of a [`Put`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PutAnswer {
    /// It is kept so.
    Kept(ScimUser),
    /// Somebody else has changed or deleted it meanwhile.
    Changed,
    /// Another user has the name.
    NameTaken,
    /// It is to be another person than before.
    OtherPerson,
    /// The registry does not take the person so.
    Refused(Problem),
}

impl std::fmt::Debug for ScimRequest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Get { .. } => "Get { .. }",
            Self::Find { .. } => "Find { .. }",
            Self::Page { .. } => "Page { .. }",
            Self::Put(_) => "Put(..)",
            Self::Delete { .. } => "Delete { .. }",
            Self::RenewTransport { .. } => "RenewTransport { .. }",
        })
    }
}

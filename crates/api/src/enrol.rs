//! What the CA is asked by the enrolment page: about one invitation at a time, by its
//! secret, and about nobody else.

use crate::ca::ExportedUser;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Over the CA's socket for the enrolment page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum EnrolRequest {
    /// Whose invitation is this? It stays good. Answered by `Option<Invited>`: a wrong one, one
    /// that has run out and one that was used are alike.
    Look(Link),
    /// Uses the invitation up. Answered by `Option<Enrolled>`, likewise;
    /// [`crate::Problem::Malformed`] for what is no certificate request, and then it stays good.
    Enrol(Box<Enrol>),
    /// As [`crate::ca::InspectorRequest::RenewTransport`], for the enrolment page.
    RenewTransport {
        /// PKCS#10, DER.
        #[serde(with = "serde_bytes")]
        request: Vec<u8>,
    },
}

/// What a person has: the secret of the link, and the code that came another way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The secret in the link.
    pub secret: String,
    /// The code; empty where none was typed.
    pub code: String,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Link { .. }")
    }
}

/// Whom an invitation is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// The name.
    pub name: String,
    /// The main address.
    pub address: String,
    /// Whether the person has a card, whose key they bring.
    pub card: bool,
}

/// An invitation to be used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// The invitation.
    pub link: Link,
    /// PKCS#10 request (DER) of the key to sign with.
    pub key_request: ByteBuf,
}

/// What a person gets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enrolled {
    /// The certificate of the key to sign with.
    pub signing: ByteBuf,
    /// The keys that mail to the person is encrypted for.
    pub exported: ExportedUser,
}

//! The two files that travel between a role's host and the CA's.

use serde::{Deserialize, Serialize};

/// What a host asks the CA for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The member's id.
    pub member: String,
    /// The role that the certificate is for.
    pub role: String,
    /// The host that it will be on, for people.
    pub host: String,
    /// PKCS#10 request, PEM: proves that the host has the key.
    pub request: String,
}

/// What the CA answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The member's id.
    pub member: String,
    /// The role that the certificate is for.
    pub role: String,
    /// The certificate, PEM.
    pub certificate: String,
    /// The transport CA's certificate, PEM.
    pub ca: String,
}

impl Request {
    /// The file.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Reads the file. `None` when it is none.
    #[must_use]
    pub fn from_json(octets: &[u8]) -> Option<Self> {
        serde_json::from_slice(octets).ok()
    }
}

impl Answer {
    /// The file.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Reads the file. `None` when it is none.
    #[must_use]
    pub fn from_json(octets: &[u8]) -> Option<Self> {
        serde_json::from_slice(octets).ok()
    }
}

/// Texts only: there is nothing in it that JSON could not hold.
fn to_json(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

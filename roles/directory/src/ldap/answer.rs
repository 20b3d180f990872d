//! What is answered (RFC 4511 4.1.9, 4.5.2).

use super::ber::{self, ENUMERATED, INTEGER, OCTETS, SEQUENCE, SET};

/// A result code (RFC 4511 appendix A), as far as it is given here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// It is done.
    Success = 0,
    /// It cannot stand here.
    OperationsError = 1,
    /// It is not said by the rules.
    ProtocolError = 2,
    /// There is more than is given.
    SizeLimitExceeded = 4,
    /// Only simple binds are taken.
    AuthMethodNotSupported = 7,
    /// More was asked than is allowed.
    AdminLimitExceeded = 11,
    /// A control that has to be heeded is not known.
    UnavailableCriticalExtension = 12,
    /// TLS first.
    ConfidentialityRequired = 13,
    /// There is no such place.
    NoSuchObject = 32,
    /// Nobody without a name here.
    InappropriateAuthentication = 48,
    /// Not that name with that password.
    InvalidCredentials = 49,
    /// Not for you.
    InsufficientAccessRights = 50,
    /// Too much for now.
    Busy = 51,
    /// What it needs is away.
    Unavailable = 52,
    /// Not here.
    UnwillingToPerform = 53,
}

impl Code {
    /// The word for it in the log and in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::OperationsError => "operations-error",
            Self::ProtocolError => "protocol-error",
            Self::SizeLimitExceeded => "size-limit-exceeded",
            Self::AuthMethodNotSupported => "auth-method-not-supported",
            Self::AdminLimitExceeded => "admin-limit-exceeded",
            Self::UnavailableCriticalExtension => "unavailable-critical-extension",
            Self::ConfidentialityRequired => "confidentiality-required",
            Self::NoSuchObject => "no-such-object",
            Self::InappropriateAuthentication => "inappropriate-authentication",
            Self::InvalidCredentials => "invalid-credentials",
            Self::InsufficientAccessRights => "insufficient-access-rights",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::UnwillingToPerform => "unwilling-to-perform",
        }
    }
}

/// The answer to a bind.
pub(crate) const BIND: u8 = 0x61;
/// The end of a search.
pub(crate) const SEARCH_DONE: u8 = 0x65;
/// The answer to an extended operation.
pub(crate) const EXTENDED: u8 = 0x78;
const ENTRY: u8 = 0x64;
const RESPONSE_NAME: u8 = 0x8a;
const CONTROLS: u8 = 0xa0;
const PAGED: &str = "1.2.840.113556.1.4.319";
const DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

fn octets(octets: &[u8]) -> Vec<u8> {
    ber::element(OCTETS, octets)
}

fn message(id: u32, rest: &[Vec<u8>]) -> Vec<u8> {
    let id = ber::of_number(INTEGER, id);
    ber::of_elements(SEQUENCE, &[&[id][..], rest].concat())
}

/// How something ended; `said` is for people.
pub(crate) fn result(id: u32, tag: u8, code: Code, said: &str) -> Vec<u8> {
    message(id, &[outcome(tag, code, said, &[])])
}

fn outcome(tag: u8, code: Code, said: &str, more: &[u8]) -> Vec<u8> {
    let code = ber::of_number(ENUMERATED, u32::from(code as u8));
    ber::of_elements(tag, &[code, octets(b""), octets(said.as_bytes()), more.to_vec()])
}

/// The end of a search of which pages were wanted: this was the only one.
pub(crate) fn paged(id: u32, code: Code, said: &str) -> Vec<u8> {
    let value = ber::of_elements(SEQUENCE, &[ber::of_number(INTEGER, 0), octets(b"")]);
    let control = ber::of_elements(SEQUENCE, &[octets(PAGED.as_bytes()), octets(&value)]);
    message(id, &[outcome(SEARCH_DONE, code, said, &[]), ber::element(CONTROLS, &control)])
}

/// The last that is said before the connection ends (RFC 4511 4.4.1).
pub(crate) fn disconnection(code: Code, said: &str) -> Vec<u8> {
    let name = ber::element(RESPONSE_NAME, DISCONNECTION.as_bytes());
    message(0, &[outcome(EXTENDED, code, said, &name)])
}

/// An attribute with its values.
pub(crate) type Values<'a> = (&'a str, Vec<Vec<u8>>);

/// An entry.
pub(crate) fn entry(id: u32, name: &str, attributes: &[Values<'_>]) -> Vec<u8> {
    let attributes: Vec<Vec<u8>> = attributes
        .iter()
        .map(|(name, values)| {
            let values: Vec<Vec<u8>> = values.iter().map(|value| octets(value)).collect();
            ber::of_elements(SEQUENCE, &[octets(name.as_bytes()), ber::of_elements(SET, &values)])
        })
        .collect();
    let attributes = ber::of_elements(SEQUENCE, &attributes);
    message(id, &[ber::of_elements(ENTRY, &[octets(name.as_bytes()), attributes])])
}

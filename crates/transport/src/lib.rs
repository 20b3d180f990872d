//! Roles of one member on different hosts: where each of them is, and the certificate
//! that it has for TLS with the others.
//!
//! A certificate is asked for on the role's host ([`request`]), issued at the CA's, and
//! installed ([`install`]): the key never leaves its host. From then on the role renews it
//! by itself ([`Meeting::keep_renewed`]). Why it is so stands in
//! `docs/decisions/0039-tls-between-roles.md`.
#![allow(
    clippy::disallowed_methods,
    reason = "files, the clock and sockets are what this crate is for"
)]

mod document;
mod enrol;
mod meeting;
mod renew;

pub use document::{Answer, Request};
pub use enrol::{EnrolError, ca_fingerprint, certificate, install, key_fingerprint, request};
pub use meeting::{Meeting, Servers, Transport, host_and_port};
pub use renew::{Renewed, is_due, renew};

pub use ssmax_daemon::denied::Denied;
pub use ssmax_daemon::pace::Pace;
pub use ssmax_daemon::port::PortLimits;
pub use ssmax_daemon::tls::{Fingerprint, IdentityError, Place, role_name};

/// The roles that meet, each with those that it answers.
const CALLERS: [(&str, &[&str]); 7] = [
    ("keyserver", &["gateway", "inspector", "ca"]),
    ("ca", &["gateway", "keyserver", "inspector", "directory", "enrol", "scim"]),
    ("inspector", &["gateway"]),
    ("gateway", &[]),
    ("directory", &[]),
    ("enrol", &[]),
    ("scim", &[]),
];

/// Whom a role answers; `None` for what is no role of a member.
#[must_use]
pub fn callers(role: &str) -> Option<&'static [&'static str]> {
    CALLERS.iter().find(|(name, _)| *name == role).map(|(_, callers)| *callers)
}

/// The roles that this one asks, the CA for its own renewal included.
#[must_use]
pub fn asked(role: &str) -> Vec<&'static str> {
    CALLERS.iter().filter(|(_, callers)| callers.contains(&role)).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_asks_the_ca_and_nobody_asks_the_gateway() {
        assert_eq!(asked("gateway"), ["keyserver", "ca", "inspector"]);
        assert_eq!(asked("inspector"), ["keyserver", "ca"]);
        assert_eq!(asked("keyserver"), ["ca"]);
        assert_eq!(asked("ca"), ["keyserver"]);
        assert_eq!(asked("directory"), ["ca"]);
        assert_eq!(asked("enrol"), ["ca"]);
        assert_eq!(callers("gateway"), Some(&[][..]));
        assert_eq!(callers("authority"), None);
    }
}

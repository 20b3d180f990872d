//! A whole SMTP session (RFC 5321) with our listener, as octets.
//!
//! Properties: one DATA is one mail; no bare CR or LF passes, in or out; nothing that was
//! said before TLS counts after it; no envelope beyond its bounds.

use ssmax_gateway::listen::Dialect;

use crate::seeds::Pool;
use crate::session;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1000;

pub(crate) fn made() -> Vec<Vec<u8>> {
    session::seeds("EHLO")
}

/// Holds the session: settings in the first octet, then what the client sends, in packets
/// that end with 0xFF.
pub fn run(octets: &[u8]) {
    session::run(Dialect::Smtp, octets);
}

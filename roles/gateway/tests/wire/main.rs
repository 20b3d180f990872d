//! The wire over real sockets on loopback: what clients may do to us, what next hops
//! may do to us, and what we never do to either.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "what fails here fails the test, in helpers of tests as well"
)]

mod authentication;
mod deliver;
mod dsn;
mod limits;
mod maildir;
mod session;
mod smuggling;
mod support;
mod swaks;

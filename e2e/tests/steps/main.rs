//! The steps of a mail's journey, each with what it promises and what it refuses, seen from
//! outside: two organisations behind real Postfix and Dovecot, the one with its keys in
//! SoftHSM, and mail read on the line, in queues and in mailboxes by OpenSSL.
//!
//! Steps by number: `docs/acceptance.md`. All tests share one set-up, and take turns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod journey;
mod leak;
mod malware;
mod organisation;
mod reading;
mod recipient;
mod send;
mod sender;
mod stage;
mod wire;

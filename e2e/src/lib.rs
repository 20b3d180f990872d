//! The executable `ssmax` behind real mail servers: two organisations, each with a
//! Postfix, a Dovecot and all roles, on loopback addresses of one machine.
//!
//! Everything is set up through the command line, as an administrator would do it, in
//! a folder of its own, and ends with the value that holds it, even on a panic. Waits
//! are bounded and poll; nothing sleeps in the hope that something has happened.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test harness: what goes wrong in it fails the test"
)]

pub mod authority;
pub mod clamd;
pub mod directory;
pub mod disk;
pub mod dovecot;
pub mod greylist;
pub mod imap;
pub mod load;
pub mod mailer;
pub mod mails;
pub mod marionette;
pub mod member;
pub mod needs;
pub mod openssl;
pub mod pair;
pub mod parts;
pub mod place;
pub mod postfix;
pub mod process;
pub mod random;
pub mod ssmax;
pub mod starved;
pub mod tables;
pub mod tap;
pub mod thunderbird;
pub mod tls;
pub mod token;

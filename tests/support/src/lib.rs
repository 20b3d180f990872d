//! What the tests of the whole program share.
//!
//! Two ways to have a federation: [`federation`] runs an authority and four members in this
//! process, [`mails`] and [`forgery`] write what people and hostile members send, and
//! [`stage`] compares what the journal and the outside were told with `spec/reasons.tsv`;
//! [`site`] is a folder in which the executable is run as people do.
#![allow(
    missing_docs,
    reason = "names of a test's own world; what is not plain from the name has a sentence"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails so"
)]

use std::path::PathBuf;

pub mod dns;
pub mod federation;
pub mod forgery;
pub mod mails;
pub mod member;
pub mod officer;
pub mod person;
pub mod published;
pub mod second;
pub mod site;
pub mod smtp;
pub mod stage;
pub mod stated;
pub mod wire;

/// The program under test: cargo builds it beside the tests, before them.
pub fn executable() -> PathBuf {
    // target/PROFILE/deps/TEST and target/PROFILE/ssmax
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("ssmax")
}

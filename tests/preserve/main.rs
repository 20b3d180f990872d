//! Preserved delivery and providers, through the real roles: what the sender encrypted
//! reaches the recipient with the sender's own signature, and OpenSSL reads it there.
//!
//! A seals, B preserves, D is an ESP: it never opens a mail and holds no key of its
//! people's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod delivered;
mod organisation;
mod provider;

use ssmax_support::federation::Federation;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mail_is_preserved_from_sender_to_recipient() {
    let federation = Federation::start_preserving().await;
    organisation::run(&federation).await;
    provider::run(&federation).await;
}

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
#[path = "../reasons/federation.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod federation;
#[path = "../reasons/forgery.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod forgery;
#[path = "../reasons/mails.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod mails;
#[path = "../reasons/member.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod member;
#[path = "../reasons/officer.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod officer;
mod organisation;
#[path = "../reasons/person.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod person;
mod provider;
#[path = "../reasons/published.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod published;
#[path = "../reasons/smtp.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod smtp;
#[path = "../reasons/stage.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod stage;
#[path = "../reasons/surgery.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod surgery;
#[path = "../reasons/wire.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod wire;

use federation::Federation;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mail_is_preserved_from_sender_to_recipient() {
    let federation = Federation::start_preserving().await;
    organisation::run(&federation).await;
    provider::run(&federation).await;
}

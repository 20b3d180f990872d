//! Mail that waits for an officer, through the real roles: kept, told, shown, released,
//! given up.
//!
//! [`clear`] is about mail that came in clear, [`chain`] about what came encrypted over the
//! chain or from an own person, [`told`] about what people are told, [`outside`] about recipients of no member.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod chain;
mod clear;
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
mod outside;
#[path = "../reasons/person.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod person;
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
mod told;
#[path = "../reasons/wire.rs"]
#[allow(dead_code, reason = "shared, and used in part")]
mod wire;

use federation::Federation;
use member::Member;
use person::Person;
use std::path::PathBuf;

/// The answer for a mail that waits for an officer.
const HELD: &str = "250 2.0.0 Ok, kept for review";

/// Somebody outside the federation.
const MALLORY: &str = "mallory@x.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn held_mail_is_kept_told_shown_and_released_by_name_and_once() {
    let mut federation = Federation::start().await;
    clear::run(&federation).await;
    chain::run(&federation).await;
    told::run(&federation).await;
    outside::run(&mut federation).await;
}

fn run_dir(member: &Member) -> PathBuf {
    member.gateway.run_dir.clone()
}

/// The mails in a person's mailbox that this Message-ID stands in.
fn delivered(member: &Member, person: &Person, message_id: &str) -> Vec<Vec<u8>> {
    mailbox(member, person)
        .into_iter()
        .filter(|octets| String::from_utf8_lossy(octets).contains(message_id))
        .collect()
}

/// All mails in a person's mailbox.
fn mailbox(member: &Member, person: &Person) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(member.maildir(&person.address)) else { return vec![] };
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

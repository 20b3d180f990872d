//! Mail that waits for an officer, through the real roles: kept, told, shown, released,
//! given up.
//!
//! [`clear`] is about mail that came in clear, [`chain`] about what came encrypted over the
//! chain or from an own person, [`told`] about what people are told, [`outside`] about recipients of no member,
//! [`volume`] about people who send to many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod chain;
mod clear;
mod outside;
mod told;
mod volume;

use ssmax_support::federation::Federation;
use ssmax_support::member::Member;
use ssmax_support::person::Person;
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
    volume::run(&mut federation).await;
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

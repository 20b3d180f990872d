//! Each rule of `spec/keyserver.md`, broken at the keyserver's own sockets.
//!
//! A gateway, a worker or a CA that was taken over can send whatever it likes; here it
//! does. The tickets are real: mails that people signed, statements that the submission
//! service signed, what another member sent. [`asking`] speaks to the sockets, [`submitted`]
//! and [`arrived`] open tickets, [`worker`] is a worker with a key of its own. In each
//! case everything is in order but the one thing that its name says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod archive;
mod archive_notices;
mod archive_parts;
mod arrived;
mod asking;
mod attached;
mod closed;
mod copies;
mod fresh;
mod held;
mod limits;
mod list;
mod of_member;
mod outside;
mod own_mail;
mod people;
mod posts;
mod preserved;
mod provider;
mod repeats;
mod seals;
mod senders;
mod stated;
mod submitted;
mod trace;
mod unsigned;
mod verdicts;
mod worker;

use asking::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_ticket_no_key_is_used_and_a_copy_needs_its_own() {
    let site = Site::start().await;
    closed::run(&site).await;
    copies::run(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_the_worker_that_got_the_keys_judges_and_only_the_whole_mail() {
    let site = Site::start().await;
    verdicts::run(&site).await;
    unsigned::run(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_gets_what_its_verdict_was_about_and_nothing_else() {
    let site = Site::start().await;
    fresh::run(&site).await;
    held::run(&site).await;
    outside::run(&site).await;
    seals::run(&site).await;
    of_member::run(&site).await;
    repeats::run(&site).await;
    attached::run(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_person_has_their_own_mail_wrapped_anew_and_nobody_elses() {
    let site = Site::start().await;
    own_mail::run(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_officers_have_mail_of_others_opened_and_its_owner_is_told() {
    let mut site = Site::start().await;
    archive::run(&mut site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_officers_learn_who_is_behind_a_mail_and_one_of_them_is_told() {
    let mut site = Site::start().await;
    trace::run(&mut site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_told_of_opened_mail_is_told_once_however_long_it_takes() {
    let mut site = Site::start().await;
    archive_notices::run(&mut site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_asks_for_too_much_waits_and_no_key_is_used() {
    let mut site = Site::start().await;
    limits::run(&mut site).await;
    limits::without_reviewers_nobody_decides(&mut site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn neither_gateway_nor_ca_decides_whom_the_keyserver_believes() {
    let mut site = Site::start().await;
    people::run(&site).await;
    senders::run(&site).await;
    posts::run(&site).await;
    list::run(&site).await;
    stated::run(&mut site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mail_is_given_on_after_a_pass_and_a_provider_opens_none() {
    let site = Site::start().await;
    preserved::run(&site).await;
    provider::run(&site).await;
}

//! Every reason for which a mail does not go on, provoked through the real roles.
//!
//! [`ssmax_support`] has the federation and what people and hostile members send;
//! [`between`] stands between a gateway and the roles behind it. The cases lie in the files
//! of their kind, one small function each; [`ssmax_support::stage`] compares what the
//! journal and the outside were told with `spec/reasons.tsv`. At the end no reason may be
//! left over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod accept;
mod attachments;
mod attachments_forwarded;
mod authenticate;
mod between;
mod dependency;
mod inspect;
mod of_member;
mod of_member_opened;
mod own_opened;
mod provider;
mod standing;
mod stated;

use ssmax_support::federation::Federation;
use ssmax_support::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_reason_is_reached_and_told_as_published() {
    let mut federation = Federation::start().await;
    let mut stage = Stage::open(&federation).await;
    accept::run(&mut stage).await;
    authenticate::run(&mut stage).await;
    stated::run(&mut stage).await;
    inspect::run(&mut stage).await;
    own_opened::run(&mut stage).await;
    attachments::run(&mut stage).await;
    of_member::run(&mut stage).await;
    of_member_opened::run(&mut stage).await;
    provider::run(&mut stage).await;
    dependency::run(&mut stage).await;
    standing::run(&mut stage).await;
    let mut found = stage.close();
    dependency::run_without_roles(&mut federation, &mut found).await;
    dependency::run_at_the_limit(&mut federation, &mut found).await;
    found.assert_complete();
}

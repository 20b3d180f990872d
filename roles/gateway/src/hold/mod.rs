//! Mail that waits for an officer: kept encrypted and synced before it is answered, shown,
//! released or given up by name, expired with notice (`spec/inspection.md` 6).
//!
//! [`store`] has the tables and files, [`object`] the encryption at rest, [`keep`] puts
//! mail in, [`officer`] answers `ssmax hold`, [`release`] sends mail on and [`review`]
//! shows it, [`notice`] and [`watch`] tell people.

mod keep;
pub(crate) mod notice;
mod object;
mod officer;
mod release;
mod review;
mod store;
mod watch;

pub(crate) use keep::Came;
pub(crate) use officer::answer as answer_officer;
pub(crate) use release::Release;
pub use store::try_objects;
pub(crate) use store::{HoldStore, TABLES};
pub(crate) use watch::watch;

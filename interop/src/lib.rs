//! Messages exchanged with other programs: OpenSSL, NSS, gpgsm and Bouncy Castle make
//! them and we read them, we make them and they read them.
//!
//! What messages can differ in is in [`case`]; how many of their combinations are tried
//! in [`exchange::Extent`]; what a program cannot do beside the program, in
//! [`peer`]. A test demands that everything else is read, and that each limit still
//! shows in its own words; `docs/interop.md` tells what came of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test harness: what goes wrong in it fails the test"
)]

mod batch;
pub mod case;
pub mod exchange;
pub mod needs;
mod ours;
pub mod peer;
pub mod people;
pub mod report;
pub mod rewrapped;
pub mod space;

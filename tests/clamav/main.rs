//! ClamAV behind the real worker: a clamd with a database of its own, and some that are
//! hostile. `ssmax scan` starts the worker that inspects mail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod canary;
mod clamd;
mod containers;
mod hostile;
mod outage;
mod plaintext;

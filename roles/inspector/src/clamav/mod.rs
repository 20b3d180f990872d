//! ClamAV as one of the engines, over the socket of a clamd that runs beside the roles.
//!
//! The worker may open no socket, and the supervisor must see no plaintext. So the
//! supervisor connects and hands the connection to the worker before that one gives up
//! its rights ([`crate::hand_over`]); what is scanned goes from the worker to clamd and
//! nowhere else. One connection serves one mail.

mod address;
mod engine;
mod reply;
mod session;

pub use address::{AddressFault, ClamdAddress};
pub use reply::{MAX_SIGNATURE_CHARS, Reply};

pub(crate) use engine::Clamav;
pub(crate) use session::connect;

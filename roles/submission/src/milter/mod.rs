//! The milter protocol, version 6, as Postfix and Sendmail speak it.
//!
//! A frame is a length of four octets, most significant first, and so many octets, the
//! first of which names the command. Texts end with NUL. There is no standard; what stands
//! here is what is on the wire, measured with Postfix, and what is not needed is left out.

mod command;
pub(crate) mod frame;
mod negotiation;
mod reply;

pub use command::{Command, CommandFault};
pub use negotiation::{NegotiationFault, Offer, Settled};
pub use reply::Replies;

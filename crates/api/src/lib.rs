//! Requests and answers between roles.
//!
//! Roles never link each other; they meet here. Each module is one socket: who may
//! connect to it may ask what stands there and nothing else. All travel as CBOR frames
//! (`ssmax_daemon::call`), at most 200 MiB each.
//!
//! An answer is `Result<T, Problem>`: a [`Problem::Refused`] is an answer about the
//! mail, a [`Problem::Failed`] means that none could be found.

pub mod archive;
pub mod ca;
pub mod directory;
pub mod enrol;
pub mod gateway;
pub mod inspector;
pub mod keyserver;
pub mod organisation;
pub mod person;
pub mod problem;
pub mod scim;
pub mod trace;
pub mod verified;

pub use organisation::Organisation;
pub use problem::Problem;

/// A ticket's name: 32 hexadecimal digits, from the keyserver's random source. Whoever
/// knows it may do what the ticket allows, over the sockets it may connect to.
pub type TicketId = String;

/// The name by which logs and journals call a ticket: whoever reads them learns no ticket.
#[must_use]
pub fn ticket_name(ticket: &str) -> String {
    let digest = ssmax_chain::Digest::of_fields("SSMAX1-ticket-name", &[ticket.as_bytes()]);
    digest.to_string().chars().take(TICKET_NAME_DIGITS).collect()
}

/// Hexadecimal digits of [`ticket_name`].
const TICKET_NAME_DIGITS: usize = 20;

/// What travels back over every socket: the CBOR of the answer's type, which the
/// request determines, or a [`Problem`].
pub type Answer = Result<serde_bytes::ByteBuf, Problem>;

/// Packs a result for its way back.
///
/// # Errors
/// The [`Problem`] as it is; [`Problem::Malformed`] for a value that CBOR cannot hold.
pub fn encode<T: serde::Serialize>(result: Result<T, Problem>) -> Answer {
    let mut octets = Vec::new();
    ciborium::into_writer(&result?, &mut octets).map_err(|_| Problem::Malformed)?;
    Ok(serde_bytes::ByteBuf::from(octets))
}

/// Unpacks an answer as the type that the request promises.
///
/// # Errors
/// The [`Problem`] that was answered; [`Problem::Malformed`] for another type.
pub fn decode<T: serde::de::DeserializeOwned>(answer: Answer) -> Result<T, Problem> {
    ciborium::from_reader(answer?.as_slice()).map_err(|_| Problem::Malformed)
}

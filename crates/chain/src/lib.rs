//! The chain of signatures and the chain of encryption, as data and as types.
//!
//! - [`statement`]: what the submission service says about a login (hop 1);
//!   [`statement_field`]: the header field that carries it from an MTA to the gateway.
//! - [`hop_record`], [`sealed_record`]: what one organisation tells another (hop 2).
//! - [`seal_record`], [`evidence`]: what the receiving gateway tells the recipient (hop 3).
//! - [`person_request`]: what a person asks the keyserver for on their own word.
//! - [`archive_request`], [`trace_request`], [`officers`]: what two officers approve together;
//!   [`held_decision`]: what one decides about held mail.
//! - [`binding`]: the hashes that tie a ciphertext to its key, its hop and its readers.
//! - [`manifest`], [`attachments`]: mails whose files are encrypted one by one.
//! - [`hop_mail`]: the octets of a hop-2 mail, composed and taken apart.
//! - [`trace`]: the header fields a gateway adds on top and removes on arrival.
//! - [`journey`]: the steps as types; a skipped check does not compile.
//! - [`refusal`]: every reason for which a mail does not go on.

pub mod archive_request;
pub mod attachments;
pub mod binding;
mod digest;
pub mod evidence;
pub mod held_decision;
pub mod hop_mail;
pub mod hop_record;
pub mod journey;
pub mod manifest;
pub mod officers;
pub mod person_request;
pub mod refusal;
pub mod seal_record;
pub mod sealed_record;
pub mod statement;
pub mod statement_field;
pub mod trace;
pub mod trace_request;

pub use digest::{Digest, DigestFault};
pub use hop_record::{HopId, HopRecord};
pub use refusal::{Reason, Refusal, Stage};

//! What one S/MIME message says, and whether to believe it.
//!
//! [`content`] finds the one signed entity of a mail and its signature; [`sender`]
//! checks that signature against From and a path to an anchor; [`judge`] does so check
//! by check, for a person who wants to know why; [`decrypt`] opens a mail with a key.

pub mod content;
pub mod decrypt;
pub mod judge;
pub mod sender;

#[cfg(test)]
mod fixture;

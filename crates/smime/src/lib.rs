//! What one S/MIME message says, and whether to believe it.
//!
//! [`content`] finds the one signed entity of a mail and its signature; [`sender`]
//! checks that signature against From and a path to an anchor; [`judge`] does so check
//! by check, for a person who wants to know why; [`decrypt`] opens a mail with a key,
//! [`choice`] says how to encrypt one so that all its readers can, and [`rewrap`] gives
//! one to other readers.

pub mod choice;
pub mod content;
pub mod decrypt;
pub mod judge;
pub mod rewrap;
pub mod sender;

mod form;

#[cfg(all(test, feature = "write-vectors"))]
mod attacks;
#[cfg(test)]
mod fixture;

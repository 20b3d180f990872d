//! What another parser reads in the same octets, and mail rebuilt so that both, and every
//! mailer, read it alike.
//!
//! A mail that two programs read differently carries past an inspector what a recipient
//! sees. `ssmax-mail` refuses what it knows to be ambiguous; [`disagreement`] asks a parser
//! that others wrote, whose mistakes are its own, and names what it finds. Such a mail is
//! then refused, or [`rebuild`] writes one anew in which there is nothing to disagree
//! about. [`settle`] does all of it: what it hands on is read in one way.
//!
//! ```
//! use ssmax_second_opinion::{Ambiguous, Settled, settle};
//!
//! // One of the two readers loses a file name that stands on a line of its own.
//! let mail = b"From: a@a.example\r\nContent-Type: application/x-x\r\n\
//!     Content-Disposition: attachment; filename=\r\n \"a.exe\"\r\n\r\nMZ\r\n";
//! let limits = ssmax_mail::Limits::default();
//! let Ok(Settled::Rebuilt(anew)) = settle(mail, &limits, Ambiguous::Rebuild) else { panic!() };
//! assert_eq!(settle(&anew, &limits, Ambiguous::Refuse), Ok(Settled::AsItCame));
//! ```

mod body;
mod fault;
mod header;
mod rebuild;
mod search;
mod settle;
mod trap;
mod work;

pub use fault::{Difference, Disagreement, RebuildFault, Unsettled};
pub use rebuild::{MAX_ADDED_BYTES, MAX_GROWTH, is_protected, rebuild};
pub use settle::{Ambiguous, Settled, settle};

use search::Search;
use ssmax_mail::Entity;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the two parsers read differently in a mail, the first such thing found; `None` if
/// they agree. `entity` is what [`ssmax_mail::parse`] made of the mail or entity.
///
/// Compared are the fields, content types with their parameters, file names, encodings,
/// the addresses and identifiers of each mail, number and nesting of the parts, and
/// every decoded body; mails inside a mail likewise. How a text looks in its charset
/// is not: there the two are asked to read the same octets. Beyond the two parsers, what
/// other programs are known to disagree about is named too (fields that stand twice,
/// content where only some readers look, charsets in which ASCII is not ASCII).
///
/// The other parser gets the whole octets only after every header block was read
/// alike, by itself: so it cannot be led into parts that only it sees, and its work
/// stays linear.
#[must_use]
pub fn disagreement(entity: &Entity<'_>) -> Option<Disagreement> {
    asked(entity, || whole(entity, &mut Search::first()))
}

/// As [`disagreement`], but past bodies that cannot be decoded, which another check has
/// named: they would hide whatever else is read differently. A mail inside that cannot be
/// read is named last, since no body is compared then.
#[must_use]
pub fn disagreement_past_faults(entity: &Entity<'_>) -> Option<Disagreement> {
    asked(entity, || whole(entity, &mut Search::past_faults()))
}

/// [`disagreement`] about header blocks and delimiters alone: for a mail whose body is one
/// encrypted object, which travels on re-encoded, or is looked at elsewhere.
#[must_use]
pub fn disagreement_in_headers(entity: &Entity<'_>) -> Option<Disagreement> {
    asked(entity, || header::mail(entity, &mut Search::first()))
}

fn whole(entity: &Entity<'_>, search: &mut Search) -> Result<(), Disagreement> {
    header::mail(entity, search)?;
    trap::mail(entity, search)?;
    search.has_read_all()?;
    body::mail(entity, search)
}

/// The other parser is not ours; whatever it does, there is an answer.
fn asked(
    entity: &Entity<'_>,
    opinion: impl FnOnce() -> Result<(), Disagreement>,
) -> Option<Disagreement> {
    match catch_unwind(AssertUnwindSafe(opinion)) {
        Ok(Ok(())) => None,
        Ok(Err(found)) => Some(found),
        Err(_) => Some(Disagreement::at(entity, Difference::Unreadable)),
    }
}

// Without unwinding, whoever finds a panic in the other parser stops the gateway.
#[cfg(not(panic = "unwind"))]
compile_error!("this crate relies on catch_unwind: build with panic = \"unwind\"");

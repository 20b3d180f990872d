//! Whether a new list may take the old one's place, and how old is too old.

use time::{Duration, OffsetDateTime};

use crate::checkpoint::Checkpoint;
use crate::directory::Directory;
use crate::fault::ListFault;
use crate::member_list::MemberList;

/// How long the standings of a list are good: past it a suspension may have been missed,
/// so verdicts are lowered and an alarm is raised.
pub const STATUS_LIFETIME: Duration = Duration::hours(24);

/// How long a list tells who is a member at all: past it mail is put off (4xx).
pub const MEMBERSHIP_LIFETIME: Duration = Duration::days(7);

/// How far the authority's clock may be ahead of ours.
pub const CLOCK_SKEW: Duration = Duration::minutes(10);

/// How current a list in hand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Within [`STATUS_LIFETIME`] and its own `expires`.
    Fresh,
    /// Standings may be out of date; membership still counts.
    StaleStatus,
    /// Past [`MEMBERSHIP_LIFETIME`], or from further ahead than [`CLOCK_SKEW`]: nothing can be
    /// judged by it.
    Outdated,
}

/// Decides whether `new`, already opened and checked, takes the place of `current`.
/// `high_water` is the highest version ever accepted, kept apart from the list itself
/// (a list restored from a backup must not bring an old federation back); 0 for none.
///
/// The same version may come again, issued later, with the same members: that is how
/// an unchanged list stays fresh. To keep using a stored list past its `expires` is not
/// this function's matter, but [`freshness`]'s.
///
/// # Errors
/// [`ListFault::Rollback`], [`ListFault::Expired`], [`ListFault::IssuedInFuture`],
/// [`ListFault::SameVersionOtherContent`], [`ListFault::IssuedEarlier`].
pub fn accept(
    current: Option<&Directory>,
    high_water: u64,
    new: Directory,
    at: OffsetDateTime,
) -> Result<Directory, ListFault> {
    judge(current, high_water, &News::of_list(&new), at)?;
    Ok(new)
}

/// Decides, by the same rules, whether a checkpoint says how the list is now. `true` if it
/// is of a later version than the list in hand, which deltas then lead to
/// ([`Directory::advanced`]); else it renews that one ([`Directory::renew`]).
///
/// # Errors
/// As [`accept`].
pub fn accept_checkpoint(
    current: Option<&Directory>,
    high_water: u64,
    checkpoint: &Checkpoint,
    at: OffsetDateTime,
) -> Result<bool, ListFault> {
    judge(current, high_water, &News::of_checkpoint(checkpoint), at)?;
    Ok(current.is_none_or(|current| checkpoint.version > current.list().version))
}

/// What a list and a checkpoint both say.
struct News<'a> {
    version: u64,
    issued: OffsetDateTime,
    expires: OffsetDateTime,
    state: &'a str,
}

impl<'a> News<'a> {
    fn of_list(directory: &'a Directory) -> Self {
        let MemberList { version, issued, expires, .. } = *directory.list();
        Self { version, issued, expires, state: directory.state() }
    }

    fn of_checkpoint(checkpoint: &'a Checkpoint) -> Self {
        let Checkpoint { version, issued, expires, ref state, .. } = *checkpoint;
        Self { version, issued, expires, state }
    }
}

fn judge(
    current: Option<&Directory>,
    high_water: u64,
    news: &News<'_>,
    at: OffsetDateTime,
) -> Result<(), ListFault> {
    let in_hand = current.map(News::of_list);
    let high_water = in_hand.as_ref().map_or(0, |list| list.version).max(high_water);
    if news.version < high_water {
        return Err(ListFault::Rollback { version: news.version, high_water });
    }
    if news.expires <= at {
        return Err(ListFault::Expired);
    }
    if news.issued > at + CLOCK_SKEW {
        return Err(ListFault::IssuedInFuture);
    }
    if let Some(in_hand) = in_hand.filter(|list| list.version == news.version) {
        if in_hand.state != news.state {
            return Err(ListFault::SameVersionOtherContent { version: news.version });
        }
        if news.issued < in_hand.issued {
            return Err(ListFault::IssuedEarlier);
        }
    }
    Ok(())
}

/// How current `list` is at `at`. Exactly at the end of a lifetime it is still within.
#[must_use]
pub fn freshness(list: &MemberList, at: OffsetDateTime) -> Freshness {
    let age = at - list.issued;
    // A list that was taken while the clock was right, and is of later now, says that the
    // clock has been set back: by it nothing is known to be old.
    if age > MEMBERSHIP_LIFETIME || age < -CLOCK_SKEW {
        Freshness::Outdated
    } else if age > STATUS_LIFETIME || at > list.expires {
        Freshness::StaleStatus
    } else {
        Freshness::Fresh
    }
}

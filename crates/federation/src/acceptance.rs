//! Whether a new list may take the old one's place, and how old is too old.

use time::{Duration, OffsetDateTime};

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
    /// Past [`MEMBERSHIP_LIFETIME`]: nothing can be judged by it.
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
    current: Option<&MemberList>,
    high_water: u64,
    new: MemberList,
    at: OffsetDateTime,
) -> Result<MemberList, ListFault> {
    let high_water = current.map_or(0, |list| list.version).max(high_water);
    if new.version < high_water {
        return Err(ListFault::Rollback { version: new.version, high_water });
    }
    if new.expires <= at {
        return Err(ListFault::Expired);
    }
    if new.issued > at + CLOCK_SKEW {
        return Err(ListFault::IssuedInFuture);
    }
    if let Some(current) = current.filter(|list| list.version == new.version) {
        if current.members != new.members {
            return Err(ListFault::SameVersionOtherContent { version: new.version });
        }
        if new.issued < current.issued {
            return Err(ListFault::IssuedEarlier);
        }
    }
    Ok(new)
}

/// How current `list` is at `at`. Exactly at the end of a lifetime it is still within.
#[must_use]
pub fn freshness(list: &MemberList, at: OffsetDateTime) -> Freshness {
    let age = at - list.issued;
    if age > MEMBERSHIP_LIFETIME {
        Freshness::Outdated
    } else if age > STATUS_LIFETIME || at > list.expires {
        Freshness::StaleStatus
    } else {
        Freshness::Fresh
    }
}

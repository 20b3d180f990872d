//! When a list may take another's place.
#![allow(clippy::unwrap_used, reason = "tests stop at what they do not expect")]

mod sample;

use sample::{NOW, list, member};
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::{
    CLOCK_SKEW, Directory, Freshness, ListFault, MEMBERSHIP_LIFETIME, MemberList, STATUS_LIFETIME,
    accept_checkpoint, freshness,
};
use time::{Duration, OffsetDateTime};

const SECOND: Duration = Duration::seconds(1);

/// What becomes of a list, which has to become of its checkpoint too.
fn accept(
    current: Option<&MemberList>,
    high_water: u64,
    new: MemberList,
    at: OffsetDateTime,
) -> Result<MemberList, ListFault> {
    let directory = |list: &MemberList| Directory::new(list.clone()).unwrap();
    let (given, current, new) = (new.clone(), current.map(directory), directory(&new));
    let checkpoint = Checkpoint::of(&new, b"");
    let by_checkpoint = accept_checkpoint(current.as_ref(), high_water, &checkpoint, at);
    let newer = current.as_ref().is_none_or(|list| list.list().version < new.list().version);
    let accepted = ssmax_federation::accept(current.as_ref(), high_water, new, at);
    assert_eq!(by_checkpoint, accepted.as_ref().map(|_| newer).map_err(Clone::clone));
    accepted.map(|_| given)
}

#[test]
fn the_first_list_is_accepted() {
    assert_eq!(accept(None, 0, list(), NOW), Ok(list()));
}

#[test]
fn a_later_version_is_accepted_whatever_it_says() {
    let mut new = list();
    new.version += 1;
    new.members = vec![member(7, "c.example")];
    assert_eq!(accept(Some(&list()), 3, new.clone(), NOW), Ok(new));
}

#[test]
fn a_rollback_is_refused() {
    let mut old = list();
    old.version = 2;
    assert_eq!(
        accept(Some(&list()), 0, old, NOW),
        Err(ListFault::Rollback { version: 2, high_water: 3 })
    );
}

#[test]
fn the_high_water_mark_outlives_the_list() {
    assert_eq!(accept(None, 3, list(), NOW), Ok(list()));
    assert_eq!(
        accept(None, 4, list(), NOW),
        Err(ListFault::Rollback { version: 3, high_water: 4 })
    );
    // A list restored from a backup does not lower the mark.
    assert_eq!(
        accept(Some(&list()), 4, list(), NOW),
        Err(ListFault::Rollback { version: 3, high_water: 4 })
    );
}

#[test]
fn the_same_version_with_other_members_is_refused() {
    let mut forked = list();
    forked.members.pop();
    forked.issued += SECOND;
    assert_eq!(
        accept(Some(&list()), 3, forked, NOW),
        Err(ListFault::SameVersionOtherContent { version: 3 })
    );
}

#[test]
fn the_same_members_issued_again_are_accepted() {
    let mut again = list();
    again.issued += Duration::hours(1);
    again.expires += Duration::hours(1);
    assert_eq!(accept(Some(&list()), 3, again.clone(), again.issued), Ok(again));
    assert_eq!(accept(Some(&list()), 3, list(), NOW), Ok(list()));
}

#[test]
fn an_earlier_issue_of_the_same_version_is_refused() {
    let mut earlier = list();
    earlier.issued -= SECOND;
    assert_eq!(accept(Some(&list()), 3, earlier, NOW), Err(ListFault::IssuedEarlier));
}

#[test]
fn an_expired_list_is_no_news() {
    let last = list().expires - SECOND;
    assert_eq!(accept(None, 0, list(), last), Ok(list()));
    assert_eq!(accept(None, 0, list(), list().expires), Err(ListFault::Expired));
}

#[test]
fn a_list_from_the_future_is_refused_beyond_the_clocks_difference() {
    let at = list().issued - CLOCK_SKEW;
    assert_eq!(accept(None, 0, list(), at), Ok(list()));
    assert_eq!(accept(None, 0, list(), at - SECOND), Err(ListFault::IssuedInFuture));
}

#[test]
fn a_list_ages_from_fresh_to_stale_to_outdated() {
    let mut list = list();
    list.expires = NOW + Duration::days(30);
    for (age, expected) in [
        // By a clock that was set back, no list is known to be young.
        (-CLOCK_SKEW - SECOND, Freshness::Outdated),
        (-CLOCK_SKEW, Freshness::Fresh),
        (Duration::ZERO, Freshness::Fresh),
        (STATUS_LIFETIME, Freshness::Fresh),
        (STATUS_LIFETIME + SECOND, Freshness::StaleStatus),
        (MEMBERSHIP_LIFETIME, Freshness::StaleStatus),
        (MEMBERSHIP_LIFETIME + SECOND, Freshness::Outdated),
    ] {
        assert_eq!(freshness(&list, NOW + age), expected, "{age}");
    }
    list.expires = NOW + Duration::minutes(5);
    assert_eq!(freshness(&list, list.expires), Freshness::Fresh);
    assert_eq!(freshness(&list, list.expires + SECOND), Freshness::StaleStatus);
}

//! The member list in force as whoever watches a role is told of it.

use crate::acceptance::{Freshness, STATUS_LIFETIME, freshness};
use crate::member_list::{MemberList, StandingState};
use ssmax_metrics::{Part, list as metrics};
use time::OffsetDateTime;

/// Sets the gauges of the list, and says whether mail can be judged by it and whether the
/// organisation `own` may exchange mail.
#[must_use]
pub fn watched(list: Option<&MemberList>, own: &str, now: OffsetDateTime) -> Vec<Part> {
    let Some(list) = list else {
        return vec![Part::needed("member-list", Some("missing"))];
    };
    metrics::LIST_VERSION.set([], number(i64::try_from(list.version).unwrap_or(i64::MAX)));
    metrics::LIST_ISSUED.set([], number(list.issued.unix_timestamp()));
    let status_expires = list.expires.min(list.issued + STATUS_LIFETIME);
    metrics::LIST_STATUS_EXPIRY.set([], number(status_expires.unix_timestamp()));
    let state = list.member(own).map(|member| member.standing.state);
    metrics::STANDING.clear();
    metrics::STANDING.set([state.map_or("none", StandingState::as_str).into()], 1.0);
    let age = match freshness(list, now) {
        Freshness::Fresh => Part::needed("member-list", None),
        // Mail goes on, its verdicts lowered.
        Freshness::StaleStatus => Part::told("member-list", Some("stale")),
        Freshness::Outdated => Part::needed("member-list", Some("outdated")),
    };
    let standing = match state {
        Some(state) if state.exchanges_mail() => None,
        Some(_) => Some("not-good"),
        None => Some("not-listed"),
    };
    // Every mail is refused with its reason; the role itself does its work.
    vec![age, Part::told("standing", standing)]
}

#[allow(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn number(whole: i64) -> f64 {
    whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn a_list_is_told_by_its_age_and_by_how_we_stand() {
        let issued = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let list =
            MemberList { version: 7, issued, expires: issued + Duration::days(7), members: vec![] };
        let told = |list, age| watched(list, "NTRJP-1", issued + age);
        let missing = Part::needed("member-list", Some("missing"));
        assert_eq!(told(None, Duration::ZERO), [missing]);
        let standing = Part::told("standing", Some("not-listed"));
        let fresh = Part::needed("member-list", None);
        assert_eq!(told(Some(&list), Duration::hours(23)), [fresh, standing.clone()]);
        let stale = Part::told("member-list", Some("stale"));
        assert_eq!(told(Some(&list), Duration::hours(25)), [stale, standing.clone()]);
        let outdated = Part::needed("member-list", Some("outdated"));
        assert_eq!(told(Some(&list), Duration::days(8)), [outdated, standing]);
        assert_eq!(metrics::LIST_VERSION.value([]), Some(7.0));
        assert_eq!(metrics::STANDING.value(["none".into()]), Some(1.0));
        let until = issued + STATUS_LIFETIME;
        assert_eq!(metrics::LIST_STATUS_EXPIRY.value([]), Some(number(until.unix_timestamp())));
    }
}

//! How much one person or one member may ask for in an hour. What is over a limit waits
//! with the sender: a temporary failure, before any key is used.
//!
//! Counted in memory, by whole hours: a restart forgets, and at the turn of an hour up to
//! twice a limit may pass within sixty minutes.

use crate::state::Keyserver;
use crate::ticket::{Origin, lock};
use serde::Deserialize;
use ssmax_api::Problem;
use ssmax_chain::Reason;
use ssmax_chain::refusal::Public;
use std::collections::HashMap;
use std::sync::Mutex;
use time::OffsetDateTime;

/// How many sources are counted at a time. When there are more, strangers' counts cannot
/// push out others: nothing more is let in until the hour is over.
const MAX_SOURCES: usize = 200_000;

/// `[keyserver.limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Mails that one person may submit in an hour. Default 1000.
    pub mails_per_hour: u32,
    /// Recipients that one person may write to in an hour, over all mails. Default 10000.
    pub recipients_per_hour: u32,
    /// Mails that one other member may send in an hour. Default 50000.
    pub member_mails_per_hour: u32,
    /// Mails of one other member that may be on their way through here at a time.
    /// Default 2000.
    pub member_mails_at_once: u32,
    /// Refusals after a private key was used, in an hour and for one person or member;
    /// one more mail is then not looked at. Default 20.
    pub opened_refusals_per_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mails_per_hour: 1000,
            recipients_per_hour: 10_000,
            member_mails_per_hour: 50_000,
            member_mails_at_once: 2000,
            opened_refusals_per_hour: 20,
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Count {
    Mails,
    Recipients,
    OpenedRefusals,
}

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// An own person, by user id.
    Person(String),
    /// Another member, by its id.
    Member(String),
}

impl Source {
    /// Who brought a ticket's mail; nobody is counted for mail from outside.
    pub(crate) fn of(origin: &Origin) -> Option<Self> {
        match origin {
            Origin::Own(own) => Some(Self::Person(own.statement.user.clone())),
            Origin::Member(mail) => Some(Self::Member(mail.member.id.clone())),
            Origin::Outside => None,
        }
    }

    fn reason(&self) -> Reason {
        match self {
            Self::Person(_) => Reason::SubmitterLimit,
            Self::Member(_) => Reason::MemberLimit,
        }
    }
}

/// The counts of this hour.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<Hour>);

#[derive(Debug, Default)]
struct Hour {
    /// Hours since 1970.
    hour: i64,
    counts: HashMap<(Count, Source), u32>,
}

impl Counters {
    /// Counts `more` if they stay within `limit`.
    fn add(
        &self,
        now: OffsetDateTime,
        count: Count,
        source: &Source,
        more: u32,
        limit: u32,
    ) -> bool {
        let mut hour = lock(&self.0);
        hour.turn(now);
        let full = hour.counts.len() >= MAX_SOURCES;
        let key = (count, source.clone());
        match hour.counts.get_mut(&key) {
            Some(so_far) if so_far.saturating_add(more) <= limit => *so_far += more,
            None if more <= limit && !full => {
                hour.counts.insert(key, more);
            }
            _ => return false,
        }
        true
    }

    fn so_far(&self, now: OffsetDateTime, count: Count, source: &Source) -> u32 {
        let mut hour = lock(&self.0);
        hour.turn(now);
        hour.counts.get(&(count, source.clone())).copied().unwrap_or_default()
    }
}

impl Hour {
    fn turn(&mut self, now: OffsetDateTime) {
        let hour = now.unix_timestamp().div_euclid(3600);
        if self.hour != hour {
            *self = Self { hour, counts: HashMap::new() };
        }
    }
}

impl Keyserver {
    /// Counts one more mail of a source, before a key is used for it.
    pub(crate) fn count_mail(&self, source: &Source, recipients: usize) -> Result<(), Problem> {
        let limits = &self.settings.keyserver.limits;
        let now = Self::now();
        let refused = Err(Problem::Refused(source.reason()));
        let refusals = self.counters.so_far(now, Count::OpenedRefusals, source);
        // One limit for both: neither a person nor a member gets more tries at a key.
        if refusals >= limits.opened_refusals_per_hour {
            return refused;
        }
        let recipients = u32::try_from(recipients).unwrap_or(u32::MAX);
        let add = |count, more, limit| self.counters.add(now, count, source, more, limit);
        let allowed = match source {
            Source::Person(_) => {
                add(Count::Mails, 1, limits.mails_per_hour)
                    && add(Count::Recipients, recipients, limits.recipients_per_hour)
            }
            Source::Member(id) => {
                self.tickets.open_of_member(id, now) < limits.member_mails_at_once as usize
                    && add(Count::Mails, 1, limits.member_mails_per_hour)
            }
        };
        if allowed { Ok(()) } else { refused }
    }

    /// Counts a refusal that was found after a private key was used.
    pub(crate) fn count_refusal<T>(&self, source: Option<&Source>, answer: &Result<T, Problem>) {
        let (Some(source), Err(Problem::Refused(reason))) = (source, answer) else { return };
        if reason.public() == Public::AfterOpening {
            self.counters.add(Self::now(), Count::OpenedRefusals, source, 1, u32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn a_limit_holds_to_the_last_one_and_for_one_hour() {
        let counters = Counters::default();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let alice = Source::Person("alice".into());
        let add =
            |now, source: &Source, more| counters.add(now, Count::Recipients, source, more, 10);
        assert!(add(now, &alice, 9));
        assert!(!add(now, &alice, 2));
        assert!(add(now, &alice, 1));
        assert!(!add(now, &alice, 1));
        assert!(add(now, &Source::Person("bob".into()), 10));
        assert!(!add(now, &Source::Person("carol".into()), 11));
        assert!(add(now, &Source::Member("alice".into()), 10));
        assert!(!add(now + Duration::minutes(59), &alice, 1));
        assert!(add(now + Duration::hours(1), &alice, 10));
    }

    #[test]
    fn more_sources_than_can_be_counted_are_not_let_in() {
        let counters = Counters::default();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let person = |number: usize| Source::Person(number.to_string());
        for number in 0..MAX_SOURCES {
            assert!(counters.add(now, Count::Mails, &person(number), 1, 5));
        }
        assert!(!counters.add(now, Count::Mails, &person(MAX_SOURCES), 1, 5));
        assert!(counters.add(now, Count::Mails, &person(0), 1, 5));
    }
}

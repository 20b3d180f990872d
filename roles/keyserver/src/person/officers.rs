//! Whether two officers want one and the same thing: both have signed its text, each with
//! a key of their own, and one of them asks for it now.
//!
//! What the text asks for, and who may be an officer for it, is its operation's matter.

use crate::state::Keyserver;
use ssmax_api::archive::Approval;
use ssmax_api::ca::AccountKind;
use ssmax_api::keyserver::UserRecord;
use ssmax_api::person::{PersonProblem, SignedRequest};
use ssmax_chain::Digest;
use ssmax_chain::officers::{Asking, approved_octets, asked_octets};
use ssmax_chain::person_request::MAX_SKEW;
use time::OffsetDateTime;

/// Two people, each of whom has approved.
pub(crate) struct TwoOfficers {
    pub(crate) both: [UserRecord; 2],
    /// The user id of the one who asks.
    pub(crate) asker: String,
}

impl TwoOfficers {
    /// Whether one of them is the person of this user id.
    pub(crate) fn include(&self, user: &str) -> bool {
        self.both.iter().any(|officer| officer.user == user)
    }
}

impl Keyserver {
    /// The two who approved this text, if both are among `officers`, are two people, and
    /// one of them asks for it now.
    ///
    /// The certificates are those of this moment: who was an officer when he signed, and
    /// is none any more, approves nothing.
    pub(crate) async fn believe_officers(
        &self,
        text: &str,
        approvals: &[Approval],
        asking: &SignedRequest,
        officers: &[String],
    ) -> Result<TwoOfficers, PersonProblem> {
        let asked = Asking::parse(&asking.json).map_err(|_| PersonProblem::Malformed)?;
        Self::is_now(asked.at)?;
        if asked.request != Digest::of(text.as_bytes()) {
            return Err(PersonProblem::NotAsApproved);
        }
        let [first, second] = approvals else { return Err(PersonProblem::TwoOfficers) };
        let approved = approved_octets(text);
        let both = [
            self.signer(&first.officer, &approved, &first.signature).await?,
            self.signer(&second.officer, &approved, &second.signature).await?,
        ];
        let [one, other] = &both;
        if one.user == other.user {
            return Err(PersonProblem::TwoOfficers);
        }
        let now = asked_octets(&asking.json);
        let asker = self.signer(&asked.officer, &now, &asking.signature).await?;
        let is_officer = |person: &UserRecord| officers.contains(&person.user);
        let officers = is_officer(one) && is_officer(other);
        let two = TwoOfficers { both, asker: asker.user };
        if !officers || !two.include(&two.asker) {
            return Err(PersonProblem::NotAnOfficer);
        }
        Ok(two)
    }

    /// The person who signed, if it is this one.
    pub(crate) async fn signer(
        &self,
        user: &str,
        octets: &[u8],
        signature: &[u8],
    ) -> Result<UserRecord, PersonProblem> {
        match self.known_person(user).await? {
            Some(person)
                if person.active
                    && person.kind == AccountKind::Person
                    && self.has_signed(&person, octets, signature) =>
            {
                Ok(person)
            }
            _ => Err(PersonProblem::NotSigned),
        }
    }
}

/// Whether the request is carried out in the time that the officers gave it, and that is
/// not longer than it may be.
pub(crate) fn in_its_time(
    (at, until): (OffsetDateTime, OffsetDateTime),
    now: OffsetDateTime,
    hours: u16,
) -> Result<(), PersonProblem> {
    let longest = time::Duration::hours(i64::from(hours));
    let lasts = until - at;
    if at > now + MAX_SKEW || now > until || lasts.is_negative() || lasts > longest {
        return Err(PersonProblem::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn a_request_serves_from_its_beginning_to_its_end_and_not_for_longer_than_it_may() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let judged = |from: Duration, to: Duration| in_its_time((now + from, now + to), now, 72);
        let (minute, hour) = (Duration::MINUTE, Duration::HOUR);
        for (from, to) in [
            (Duration::ZERO, hour * 72),
            (-hour * 72, Duration::ZERO),
            (minute * 10, hour),
            (Duration::ZERO, Duration::ZERO),
        ] {
            assert_eq!(judged(from, to), Ok(()), "{from} {to}");
        }
        let second = Duration::SECOND;
        for (from, to) in [
            (Duration::ZERO, hour * 72 + second),
            (-hour, -second),
            (minute * 10 + second, hour),
            (minute, Duration::ZERO),
        ] {
            assert_eq!(judged(from, to), Err(PersonProblem::Expired), "{from} {to}");
        }
    }
}

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

/// Two people, each of whom has approved.
pub(crate) struct TwoOfficers(pub(crate) [UserRecord; 2]);

impl TwoOfficers {
    /// Whether one of them is the person of this user id.
    pub(crate) fn include(&self, user: &str) -> bool {
        self.0.iter().any(|officer| officer.user == user)
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
        let two = TwoOfficers([
            self.signer(&first.officer, &approved, &first.signature).await?,
            self.signer(&second.officer, &approved, &second.signature).await?,
        ]);
        let [one, other] = &two.0;
        if one.user == other.user {
            return Err(PersonProblem::TwoOfficers);
        }
        let now = asked_octets(&asking.json);
        let asker = self.signer(&asked.officer, &now, &asking.signature).await?;
        let is_officer = |person: &UserRecord| officers.contains(&person.user);
        if !is_officer(one) || !is_officer(other) || !two.include(&asker.user) {
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

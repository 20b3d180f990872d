//! What a person may ask for on their own word, without a ticket: mail of their own
//! mailbox only, with their own escrowed keys only. What one may not, two officers may
//! ([`officers`]).

mod escrow;
mod officers;
mod proof;
mod rewrap_own;

pub(crate) use escrow::{check_owner, fill, remember};
pub(crate) use officers::{TwoOfficers, in_its_time};
pub(crate) use rewrap_own::unwrap_problem;

use crate::state::{Keyserver, failed};
use ssmax_api::Problem;
use ssmax_api::person::{self, PersonAnswer, PersonProblem, PersonRequest};

impl Keyserver {
    /// Answers a person.
    pub async fn answer_person(&self, request: PersonRequest) -> PersonAnswer {
        let entry = crate::audit::Entry::of_person(&request);
        let answer = match request {
            PersonRequest::RewrapOwn(request) => person::encode(self.rewrap_own(&request).await),
            PersonRequest::RewrapArchive(request) => {
                person::encode(self.rewrap_archive(&request).await)
            }
            PersonRequest::Trace(request) => person::encode(self.trace(&request).await),
        };
        self.recorded_for_person(entry, answer).await
    }
}

/// Logs a failure of something the keyserver needs.
pub(crate) fn down(error: impl std::fmt::Display) -> PersonProblem {
    failed(error);
    PersonProblem::Failed
}

/// A failure that has been logged where it happened.
pub(crate) fn failure(_: Problem) -> PersonProblem {
    PersonProblem::Failed
}

//! What an ESP's worker may say. One that holds a content key could put plaintext into
//! anything it says; so it says what it found in an answer of one size, and whatever else
//! comes from it goes nowhere.

use crate::start::failed;
use ssmax_api::inspector::Inspected;
use ssmax_api::keyserver::{Released, WorkerAsk};
use ssmax_api::verified::{MAX_VERIFIED_SIGNATURE_BYTES, VERIFIED_BYTES};
use ssmax_api::{Answer, Problem};
use ssmax_chain::Reason;
use ssmax_inspection::Outcome;

/// Between a worker and the rest of the member.
pub(crate) struct Gate {
    verify_only: bool,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    /// Nothing was asked yet.
    Begun,
    /// The keys are asked for; whether there are any, the answer tells.
    Asked,
    /// The mail came in clear: there is nothing in it that others do not see.
    InClear,
    /// It holds a content key.
    HoldsKey,
    /// It has said what it found.
    Said,
}

impl Gate {
    /// A gate that lets everything through, or a verification's.
    pub(crate) fn new(verify_only: bool) -> Self {
        Self { verify_only, state: State::Begun }
    }

    /// Whether a question may be carried to the keyserver.
    ///
    /// # Errors
    /// [`Problem::Failed`] for any other.
    pub(crate) fn question(&mut self, ask: &WorkerAsk) -> Result<(), Problem> {
        if !self.verify_only {
            return Ok(());
        }
        match (ask, &self.state) {
            (WorkerAsk::VerifySubmission { .. }, State::Begun) => self.state = State::Asked,
            (WorkerAsk::Verified { answer, signature }, State::HoldsKey | State::InClear)
                if answer.len() == VERIFIED_BYTES
                    && signature.len() <= MAX_VERIFIED_SIGNATURE_BYTES =>
            {
                if self.state == State::HoldsKey {
                    self.state = State::Said;
                }
            }
            (WorkerAsk::EncryptFresh { .. } | WorkerAsk::EncryptOutside { .. }, State::InClear) => {
            }
            _ => return Err(failed("a verification said more than its answer")),
        }
        Ok(())
    }

    /// Takes note of the keyserver's answer.
    pub(crate) fn answer(&mut self, answer: &Answer) {
        if self.verify_only && self.state == State::Asked {
            let released = ssmax_api::decode::<Released>(answer.clone());
            let in_clear = released.is_ok_and(|released| released.keys.is_empty());
            self.state = if in_clear { State::InClear } else { State::HoldsKey };
        }
    }

    /// What of a worker's last words the gateway hears.
    ///
    /// # Errors
    /// [`Problem`] as the worker's, by its kind alone.
    pub(crate) fn last(&self, result: Result<Inspected, Problem>) -> Result<Inspected, Problem> {
        if !self.verify_only || self.state == State::InClear {
            return result;
        }
        match result {
            Ok(Inspected::Passed { .. }) if self.state == State::Said => Ok(Inspected::Passed {
                entity: None,
                fresh: vec![],
                posts: vec![],
                sealed: vec![],
                preserved: true,
                outside: vec![],
                findings: vec![],
            }),
            // A choice of numbers is something said: one for every cause.
            Ok(Inspected::Stopped { .. }) | Err(Problem::Refused(_)) => Ok(Inspected::Stopped {
                reason: Reason::InnerSignatureBad,
                outcome: Outcome::Block,
                findings: vec![],
            }),
            Ok(Inspected::Passed { .. }) => Err(failed("a verification passed without an answer")),
            Err(_) => Err(Problem::Failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_bytes::ByteBuf;
    use ssmax_api::keyserver::{ExpectedSigner, FreshForm};
    use ssmax_chain::Digest;
    use ssmax_inspection::{Direction, Finding};

    fn released(keys: usize) -> Answer {
        ssmax_api::encode(Ok(Released {
            keys: vec![(String::new(), ByteBuf::new()); keys],
            reply_key: vec![],
            direction: Direction::Outbound,
            body: None,
            announced: None,
            signer: ExpectedSigner::Anybody,
            anchors: vec![],
            intermediates: vec![],
            seal_ca: vec![],
            at: 0,
        }))
    }

    fn begun(keys: usize) -> Gate {
        let mut gate = Gate::new(true);
        assert_eq!(gate.question(&WorkerAsk::VerifySubmission { worker: vec![] }), Ok(()));
        gate.answer(&released(keys));
        gate
    }

    fn verified(answer: usize, signature: usize) -> WorkerAsk {
        WorkerAsk::Verified { answer: vec![0; answer], signature: vec![0; signature] }
    }

    fn fresh() -> WorkerAsk {
        let tail = Digest::of(b"tail");
        WorkerAsk::EncryptFresh { form: FreshForm::MailCbc, tail, key: b"secret".to_vec() }
    }

    fn passed() -> Inspected {
        let secret = ByteBuf::from(b"secret".to_vec());
        Inspected::Passed {
            entity: Some(Digest::of(b"secret")),
            fresh: vec![(FreshForm::MailCbc, Digest::of(b"tail"), secret)],
            sealed: vec![],
            posts: vec![],
            preserved: true,
            outside: vec![],
            findings: vec![],
        }
    }

    #[test]
    fn who_holds_a_content_key_says_one_answer_of_one_size_and_nothing_else() {
        for ask in [
            verified(VERIFIED_BYTES + 1, 70),
            verified(VERIFIED_BYTES - 1, 70),
            verified(VERIFIED_BYTES, MAX_VERIFIED_SIGNATURE_BYTES + 1),
            fresh(),
            WorkerAsk::Release { worker: b"secret".to_vec() },
            WorkerAsk::VerifySubmission { worker: b"secret".to_vec() },
            WorkerAsk::Verdict { body: b"secret".to_vec(), signature: vec![] },
        ] {
            assert_eq!(begun(1).question(&ask), Err(Problem::Failed), "{ask:?}");
        }
        let mut gate = begun(1);
        assert_eq!(gate.question(&verified(VERIFIED_BYTES, 72)), Ok(()));
        assert_eq!(gate.question(&verified(VERIFIED_BYTES, 72)), Err(Problem::Failed));
        let nothing = Inspected::Passed {
            entity: None,
            fresh: vec![],
            sealed: vec![],
            posts: vec![],
            preserved: true,
            outside: vec![],
            findings: vec![],
        };
        assert_eq!(gate.last(Ok(passed())), Ok(nothing));
    }

    #[test]
    fn a_refusal_tells_neither_its_cause_nor_findings() {
        let finding = Finding {
            rule: "secret".into(),
            part: String::new(),
            what: String::new(),
            outcome: Outcome::Block,
        };
        let stopped = Inspected::Stopped {
            reason: Reason::HeadersDiffer,
            outcome: Outcome::Hold,
            findings: vec![finding],
        };
        let told = Inspected::Stopped {
            reason: Reason::InnerSignatureBad,
            outcome: Outcome::Block,
            findings: vec![],
        };
        assert_eq!(begun(1).last(Ok(stopped)), Ok(told.clone()));
        assert_eq!(begun(1).last(Err(Problem::Refused(Reason::LeakFound))), Ok(told));
        assert_eq!(begun(1).last(Err(Problem::Malformed)), Err(Problem::Failed));
        assert_eq!(begun(1).last(Ok(passed())), Err(Problem::Failed));
    }

    #[test]
    fn what_came_in_clear_is_encrypted_and_passes_through() {
        let mut gate = begun(0);
        assert_eq!(gate.question(&verified(VERIFIED_BYTES, 71)), Ok(()));
        assert_eq!(gate.question(&fresh()), Ok(()));
        assert_eq!(gate.last(Ok(passed())), Ok(passed()));
        let seal = WorkerAsk::Release { worker: vec![] };
        assert_eq!(gate.question(&seal), Err(Problem::Failed));
    }
}

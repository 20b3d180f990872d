//! The ten checks and the sheet they are noted on.

use serde::Serialize;

use super::{Covers, Judgement, Reason, Record, SignedField, Verdict};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// Exactly one From with exactly one address.
    OneFrom,
    /// MIME and CMS have the one shape that every reader reads alike.
    Structure,
    /// One signature, and it holds over the content.
    Signature,
    /// The signer's certificate carries the From address.
    Binding,
    /// What is signed is the whole body.
    WholeMessage,
    /// The certificate leads to an anchor.
    Path,
    /// The certificate is not revoked.
    Revocation,
    /// The certificate was valid at the moment asked for.
    Time,
    /// Digest and signature algorithm are strong.
    Algorithm,
    /// The sending organisation was a member in good standing.
    Standing,
}

impl CheckName {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 10] = [
        Self::OneFrom,
        Self::Structure,
        Self::Signature,
        Self::Binding,
        Self::WholeMessage,
        Self::Path,
        Self::Revocation,
        Self::Time,
        Self::Algorithm,
        Self::Standing,
    ];

    /// The word used in JSON and in the ids of texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneFrom => "one-from",
            Self::Structure => "structure",
            Self::Signature => "signature",
            Self::Binding => "binding",
            Self::WholeMessage => "whole-message",
            Self::Path => "path",
            Self::Revocation => "revocation",
            Self::Time => "time",
            Self::Algorithm => "algorithm",
            Self::Standing => "standing",
        }
    }

    /// Whether a mail may be good with this check skipped: these two need lists that
    /// are not always at hand.
    fn may_be_skipped(self) -> bool {
        matches!(self, Self::Revocation | Self::Standing)
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It was not made: something it needs is missing, or failed before.
    Skipped,
}

impl Outcome {
    /// The word used in JSON and in the ids of texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// One check with its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// How it ended.
    pub result: Outcome,
    /// Why.
    pub reason: Reason,
}

/// The results as they come in.
pub(super) struct Sheet {
    checks: [Check; 10],
    pub(super) from: Option<String>,
    pub(super) signer: Option<String>,
    pub(super) chain: Vec<Record>,
    pub(super) covers: Covers,
    pub(super) fields: Vec<SignedField>,
}

impl Default for Sheet {
    fn default() -> Self {
        let reason = |name| match name {
            CheckName::Standing => Reason::NoMemberList,
            _ => Reason::NotReached,
        };
        Self {
            checks: CheckName::ALL.map(|name| Check {
                name,
                result: Outcome::Skipped,
                reason: reason(name),
            }),
            from: None,
            signer: None,
            chain: Vec::new(),
            covers: Covers::None,
            fields: Vec::new(),
        }
    }
}

impl Sheet {
    /// Notes a result and passes its value on.
    pub(super) fn note<T>(&mut self, name: CheckName, result: Result<T, Reason>) -> Option<T> {
        match result {
            Ok(value) => {
                self.set(name, Outcome::Pass, Reason::Holds);
                Some(value)
            }
            Err(reason) => {
                self.fail(name, reason);
                None
            }
        }
    }

    pub(super) fn fail(&mut self, name: CheckName, reason: Reason) {
        self.set(name, Outcome::Fail, reason);
    }

    pub(super) fn set(&mut self, name: CheckName, result: Outcome, reason: Reason) {
        for check in self.checks.iter_mut().filter(|check| check.name == name) {
            *check = Check { name, result, reason };
        }
    }

    /// Gives every check that was not reached the reason for which it will not be.
    pub(super) fn skip_rest(&mut self, reason: Reason) {
        for check in self.checks.iter_mut().filter(|check| check.reason == Reason::NotReached) {
            check.reason = reason;
        }
    }

    /// What follows from the checks for a signed mail.
    pub(super) fn verdict(&self) -> Verdict {
        let holds = |check: &Check| match check.result {
            Outcome::Pass => true,
            Outcome::Skipped => check.name.may_be_skipped(),
            Outcome::Fail => false,
        };
        if self.checks.iter().all(holds) { Verdict::Good } else { Verdict::Bad }
    }

    pub(super) fn into_judgement(self, verdict: Verdict) -> Judgement {
        Judgement {
            verdict,
            from: self.from,
            signer: self.signer,
            checks: self.checks.to_vec(),
            chain: self.chain,
            covers: self.covers,
            fields: self.fields,
        }
    }
}

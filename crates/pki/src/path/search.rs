//! The search for a path: depth first from the leaf, anchors before intermediates,
//! every signature checked on the way up, so that only what is signed is followed.

use std::collections::HashMap;

use super::danger::{Answer, Verifier};
use super::{Limits, Path, PathFault, PathInput, PolicyInput, check};
use crate::Certificate;
use crate::crl::Crl;
use crate::ocsp::Response;

/// Steps of the search per signature allowed. Steps are cheap, but the answers for
/// signatures are remembered, and then only this stops a search among hundreds of
/// cross-signed CAs.
const STEPS_PER_SIGNATURE: usize = 20;

/// One search and what it may still do.
pub(super) struct Search<'a> {
    pub(super) input: &'a PathInput<'a>,
    pub(super) policy: &'a PolicyInput,
    verifier: &'a Verifier<'a>,
    signatures_left: usize,
    steps_left: usize,
    /// Answers by the addresses of signed object and issuer: the input stays where it
    /// is as long as the search does.
    answers: HashMap<(usize, usize), Answer>,
    /// The fault of the path that came furthest, and how far that was.
    furthest: Option<(Distance, PathFault)>,
}

/// How far a path came.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    NoIssuer,
    TooDeep,
    Signature,
    Complete,
}

pub(super) fn run(
    input: &PathInput<'_>,
    policy: &PolicyInput,
    verifier: &Verifier<'_>,
) -> Result<Path, PathFault> {
    let mut search = Search {
        input,
        policy,
        verifier,
        signatures_left: input.limits.max_signatures,
        steps_left: input.limits.max_signatures.saturating_mul(STEPS_PER_SIGNATURE),
        answers: HashMap::new(),
        furthest: None,
    };
    let mut chain = vec![input.leaf];
    if input.anchors.contains(input.leaf)
        && let Some(path) = search.finish(&chain)?
    {
        return Ok(path);
    }
    match search.extend(&mut chain)? {
        Some(path) => Ok(path),
        None => Err(search.furthest.map_or(PathFault::NoIssuer, |(_, fault)| fault)),
    }
}

impl<'a> Search<'a> {
    /// Goes on from the last certificate of `chain`. An error is a used-up bound.
    fn extend(&mut self, chain: &mut Vec<&'a Certificate>) -> Result<Option<Path>, PathFault> {
        let Some(child) = chain.last().copied() else {
            return Ok(None);
        };
        if chain.len() >= self.input.limits.max_depth.min(Limits::HIGHEST_DEPTH) {
            self.note(Distance::TooDeep, PathFault::TooDeep);
            return Ok(None);
        }
        for (issuer, is_anchor) in self.candidates(child) {
            if chain.iter().any(|certificate| is_same_authority(certificate, issuer)) {
                continue;
            }
            self.step()?;
            match self.check_certificate(child, issuer)? {
                Answer::Good => {}
                Answer::Bad => {
                    self.note(Distance::Signature, PathFault::BadSignature);
                    continue;
                }
                Answer::Unsupported => {
                    self.note(Distance::Signature, PathFault::UnsupportedAlgorithm);
                    continue;
                }
            }
            chain.push(issuer);
            let found = if is_anchor { self.finish(chain)? } else { self.extend(chain)? };
            if found.is_some() {
                return Ok(found);
            }
            chain.pop();
        }
        self.note(Distance::NoIssuer, PathFault::NoIssuer);
        Ok(None)
    }

    /// Judges a complete chain.
    fn finish(&mut self, chain: &[&'a Certificate]) -> Result<Option<Path>, PathFault> {
        match check::check(self, chain) {
            Ok(policies) => Ok(Some(Path {
                certificates: chain.iter().map(|certificate| (*certificate).clone()).collect(),
                policies,
            })),
            Err(PathFault::TooMuchWork) => Err(PathFault::TooMuchWork),
            Err(fault) => {
                self.note(Distance::Complete, fault);
                Ok(None)
            }
        }
    }

    /// Who may have issued `child`, by name: anchors first, and first those whose key
    /// identifier is the one that `child` names. The identifier only orders: RFC 5280
    /// does not make it part of validation.
    fn candidates(&self, child: &Certificate) -> Vec<(&'a Certificate, bool)> {
        let input = self.input;
        let named = |issuer: &&'a Certificate| issuer.subject_name() == child.issuer_name();
        let anchors = input.anchors.iter().filter(named).map(|issuer| (issuer, true));
        let others = input
            .intermediates
            .iter()
            .filter(named)
            .filter(|issuer| !input.anchors.contains(issuer))
            .map(|issuer| (issuer, false));
        let mut candidates: Vec<_> = anchors.chain(others).collect();
        candidates.sort_by_key(|(issuer, is_anchor)| {
            let is_named = child
                .authority_key_id()
                .is_some_and(|key_id| issuer.subject_key_id() == Some(key_id));
            (!is_anchor, !is_named)
        });
        candidates
    }

    /// Whether `issuer`'s key signed `child`.
    pub(super) fn check_certificate(
        &mut self,
        child: &Certificate,
        issuer: &Certificate,
    ) -> Result<Answer, PathFault> {
        self.answer(
            (child.der().as_ptr() as usize, issuer.der().as_ptr() as usize),
            issuer,
            (child.algorithm_der(), child.tbs(), child.signature()),
        )
    }

    /// Whether `issuer`'s key signed `crl`.
    pub(super) fn check_crl(
        &mut self,
        crl: &Crl,
        issuer: &Certificate,
    ) -> Result<Answer, PathFault> {
        self.answer(
            (crl.der().as_ptr() as usize, issuer.der().as_ptr() as usize),
            issuer,
            (crl.algorithm_der(), crl.tbs(), crl.signature()),
        )
    }

    /// Whether `responder`'s key signed `response`.
    pub(super) fn check_response(
        &mut self,
        response: &Response,
        responder: &Certificate,
    ) -> Result<Answer, PathFault> {
        self.answer(
            (response.der().as_ptr() as usize, responder.der().as_ptr() as usize),
            responder,
            (response.algorithm_der(), response.tbs(), response.signature()),
        )
    }

    fn answer(
        &mut self,
        key: (usize, usize),
        issuer: &Certificate,
        (algorithm, tbs, signature): (&[u8], &[u8], &[u8]),
    ) -> Result<Answer, PathFault> {
        if let Some(answer) = self.answers.get(&key) {
            return Ok(*answer);
        }
        self.signatures_left = self.signatures_left.checked_sub(1).ok_or(PathFault::TooMuchWork)?;
        let answer = (self.verifier)(algorithm, issuer.spki(), tbs, signature);
        self.answers.insert(key, answer);
        Ok(answer)
    }

    pub(super) fn step(&mut self) -> Result<(), PathFault> {
        self.steps_left = self.steps_left.checked_sub(1).ok_or(PathFault::TooMuchWork)?;
        Ok(())
    }

    fn note(&mut self, distance: Distance, fault: PathFault) {
        if self.furthest.as_ref().is_none_or(|(furthest, _)| distance > *furthest) {
            self.furthest = Some((distance, fault));
        }
    }
}

/// RFC 4158 2.4.1 and X.509: a path does not go twice through one name and key, or
/// it is a loop.
fn is_same_authority(a: &Certificate, b: &Certificate) -> bool {
    a.subject_name() == b.subject_name() && a.spki() == b.spki()
}

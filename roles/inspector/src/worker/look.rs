//! What the detectors see of a mail, and what is made of it.

use super::open::{self, Opened};
use super::signer::Signed;
use super::{Stop, Worker};
use crate::clamav::Clamav;
use ssmax_api::Problem;
use ssmax_api::inspector::{ClamavBounds, Inspect};
use ssmax_api::keyserver::Released;
use ssmax_inspection::{
    Direction, Engine, EngineFault, Finding, Limits, Outcome, Policy, Verdict, built_in,
    inspect_with, rule,
};
use ssmax_mail::Entity;
use ssmax_second_opinion::{disagreement_in_headers, disagreement_past_faults};
use std::os::fd::OwnedFd;

/// The engines of one worker, made once, with what they are asked by.
pub(super) struct Detectors {
    pub(super) engines: Vec<Box<dyn Engine>>,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
}

impl Detectors {
    /// The built-in engines, and ClamAV where the order says so.
    ///
    /// # Errors
    /// [`Problem::Failed`] when the order speaks of ClamAV and no connection has come, or
    /// the other way round: to go on without it would be a pass that nobody gave.
    pub(super) fn new(
        policy: Policy,
        limits: Limits,
        clamav: Option<ClamavBounds>,
        clamd: Option<OwnedFd>,
    ) -> Result<Self, Problem> {
        let mut engines = built_in();
        match (clamav, clamd) {
            (None, None) => {}
            (Some(bounds), Some(clamd)) => engines.push(Box::new(Clamav::new(clamd, bounds))),
            _ => return Err(Problem::Failed),
        }
        Ok(Self { engines, policy, limits })
    }

    /// What the engines say about a mail.
    pub(super) fn mail(
        &self,
        mail: &Entity<'_>,
        direction: Direction,
    ) -> Result<Verdict, EngineFault> {
        inspect_with(mail, direction, &self.policy, &self.limits, &self.engines)
    }

    /// The verdict that somebody else reads a mail differently.
    pub(super) fn ambiguous(&self, part: String, what: &str, direction: Direction) -> Verdict {
        let outcome = self.policy.outcome(rule::MAIL_AMBIGUOUS, direction);
        let rule = rule::MAIL_AMBIGUOUS.to_owned();
        let findings = vec![Finding { rule, part, what: what.to_owned(), outcome }];
        Verdict { outcome, findings }
    }
}

/// Says on standard error, in words that quote no mail, why there is no verdict.
pub(super) fn not_judged(fault: EngineFault) -> Problem {
    eprintln!("a worker cannot judge: {fault}");
    Problem::Failed
}

impl Worker {
    /// Runs the detectors over the content; mail that stays inside is looked at in
    /// both directions.
    pub(super) fn look(
        &mut self,
        order: &Inspect,
        opened: &Opened,
        signed: Option<&Signed>,
        released: &Released,
    ) -> Result<Verdict, Stop> {
        let inside = released.direction == Direction::Outbound && !order.plan.seal_for.is_empty();
        let mut verdict = Verdict { outcome: Outcome::Pass, findings: vec![] };
        for direction in
            [released.direction, Direction::Inbound].into_iter().take(1 + usize::from(inside))
        {
            let looked_at = match (signed, &opened.files) {
                (Some(_), Some(files)) => &files.shown,
                // The signed entity is what travels on; the header around it is looked
                // at too, since a subject can leak as well.
                (Some(signed), None) => &signed.entity,
                (None, _) => &opened.message,
            };
            let found = self.inspect_octets(looked_at, opened, direction)?;
            merge(&mut verdict, found);
            if signed.is_some() {
                for around in opened.around_signed() {
                    merge(&mut verdict, self.inspect_octets(&around, opened, direction)?);
                }
            }
        }
        if let Some(signed) = signed {
            merge(&mut verdict, self.second_opinion(signed, opened, released.direction)?);
        }
        self.refuse_own_seal(order, opened, signed, released)?;
        self.findings = verdict.findings.clone();
        Ok(verdict)
    }

    fn inspect_octets(
        &self,
        octets: &[u8],
        opened: &Opened,
        direction: Direction,
    ) -> Result<Verdict, Stop> {
        let entity = open::parse(octets, opened.ambiguous())?;
        Ok(self.detectors.mail(&entity, direction).map_err(not_judged)?)
    }

    /// What another parser reads differently in signed content, whose octets cannot be
    /// rebuilt: its reader would be shown something else than the detectors saw. What came
    /// in clear and unsigned is settled before it gets here.
    fn second_opinion(
        &self,
        signed: &Signed,
        opened: &Opened,
        direction: Direction,
    ) -> Result<Verdict, Stop> {
        let around = open::parse(&opened.message, opened.ambiguous())?;
        let entity = open::parse(&signed.entity, opened.ambiguous())?;
        // What cannot be decoded, the detectors have told already.
        let found = disagreement_in_headers(&around).or_else(|| disagreement_past_faults(&entity));
        Ok(match found {
            Some(about) => self.detectors.ambiguous(about.part, about.what.code(), direction),
            None => Verdict { outcome: Outcome::Pass, findings: vec![] },
        })
    }
}

/// The stricter outcome wins; findings add up.
pub(super) fn merge(verdict: &mut Verdict, more: Verdict) {
    verdict.outcome = verdict.outcome.max(more.outcome);
    verdict.findings.extend(more.findings);
}

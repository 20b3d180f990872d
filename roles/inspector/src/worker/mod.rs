//! One mail, opened, looked into and composed anew; then the process ends.

mod compose;
mod keyserver;
mod open;
mod seal;
mod signer;
mod verify;

use crate::sandbox::{self, SandboxLimits};
use keyserver::Keyserver;
use open::Opened;
use signer::Signed;
use ssmax_api::Problem;
use ssmax_api::inspector::{FromWorker, Inspected, Order};
use ssmax_api::keyserver::{ExpectedSigner, InnerSigner, Released, VERDICT_LABEL, VerdictBody};
use ssmax_chain::{Digest, Reason};
use ssmax_daemon::frame::{MAX_FRAME_BYTES, read_frame_sync, write_frame_sync};
use ssmax_inspection::{Direction, Finding, Outcome, Verdict, rule};
use ssmax_primitives::SoftwareKey;
use ssmax_second_opinion::{disagreement_in_headers, disagreement_past_faults};
use ssmax_token::{KeyAlgorithm, KeyPair as _, SigningKey as _};
use std::process::ExitCode;

/// Runs as a worker: the sandbox first, then one order from standard input, its result
/// to standard output. `arguments` are the memory in MiB and the seconds of processor
/// time it may use.
#[must_use]
pub fn worker_main(arguments: &[String]) -> ExitCode {
    let number = |place: usize| arguments.get(place).and_then(|text| text.parse::<u64>().ok());
    let (Some(mebibytes), Some(seconds)) = (number(0), number(1)) else {
        return ExitCode::from(2);
    };
    let limits = SandboxLimits {
        memory_bytes: mebibytes.saturating_mul(1024 * 1024),
        cpu_seconds: seconds,
        ..SandboxLimits::default()
    };
    match sandbox::enter(&limits) {
        Ok(sandbox) if sandbox.confines() => {}
        Ok(_) => {
            eprintln!("this kernel cannot confine a worker, so it reads nothing");
            return ExitCode::from(3);
        }
        Err(error) => {
            eprintln!("a worker cannot give up its rights, so it reads nothing: {error}");
            return ExitCode::from(3);
        }
    }
    ssmax_daemon::panics::tell_place_only();
    let order: Order = match read_frame_sync(&mut std::io::stdin(), MAX_FRAME_BYTES) {
        Ok(Some(order)) => order,
        _ => return ExitCode::from(2),
    };
    let result = Worker::default().work(&order);
    match write_frame_sync(&mut std::io::stdout(), &FromWorker::Done(result), MAX_FRAME_BYTES) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(3),
    }
}

/// Why a mail stops here, or why no answer could be found.
pub(crate) enum Stop {
    /// It is refused or held.
    Refused(Reason),
    /// Something failed.
    Failed(Problem),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Refused(reason) => Self::Refused(reason),
            other => Self::Failed(other),
        }
    }
}

#[derive(Default)]
struct Worker {
    keyserver: Keyserver,
    findings: Vec<Finding>,
}

impl Worker {
    fn work(mut self, order: &Order) -> Result<Inspected, Problem> {
        let done = if order.verify_only { self.verify(order) } else { self.inspect(order) };
        match done {
            Ok(passed) => Ok(passed),
            Err(Stop::Refused(reason)) => {
                Ok(Inspected::Stopped { reason, findings: self.findings })
            }
            Err(Stop::Failed(problem)) => Err(problem),
        }
    }

    fn inspect(&mut self, order: &Order) -> Result<Inspected, Stop> {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(|_| Problem::Failed)?;
        let released = self.keyserver.release(key.spki())?;
        let mail = order.inspect.mail.as_slice();
        if released.body.is_some_and(|body| body != Digest::of(mail)) {
            return Err(Problem::NotAllowed.into());
        }
        let opened = open::open(&order.inspect, &released, &key)?;
        let encrypted = !opened.parts.is_empty();
        let judged = signer::judge(&opened, &order.inspect.plan, &released);
        let signed = match judged {
            Ok(signed) => signed,
            Err(reason) => {
                self.report(order, &opened, None, Outcome::Block, &key)?;
                return Err(reason.into());
            }
        };
        let verdict = self.look(order, &opened, signed.as_ref(), &released)?;
        self.report(order, &opened, signed.as_ref(), verdict.outcome, &key)?;
        if verdict.outcome != Outcome::Pass {
            return Err(stopped(&verdict, &released, encrypted).into());
        }
        self.keyserver.prepare(&released, &order.inspect.ticket);
        self.compose(order, &opened, signed)
    }

    /// Runs the detectors over the content; mail that stays inside is looked at in
    /// both directions.
    fn look(
        &mut self,
        order: &Order,
        opened: &Opened,
        signed: Option<&Signed>,
        released: &Released,
    ) -> Result<Verdict, Stop> {
        let inside =
            released.direction == Direction::Outbound && !order.inspect.plan.seal_for.is_empty();
        let mut verdict = Verdict { outcome: Outcome::Pass, findings: vec![] };
        for direction in
            [released.direction, Direction::Inbound].into_iter().take(1 + usize::from(inside))
        {
            let found = match signed {
                // The signed entity is what travels on; the header around it is looked
                // at too, since a subject can leak as well.
                Some(signed) => inspect(&signed.entity, opened, direction, order)?,
                None => inspect(&opened.message, opened, direction, order)?,
            };
            merge(&mut verdict, found);
            if signed.is_some() {
                merge(&mut verdict, inspect(&opened.header_only(), opened, direction, order)?);
            }
        }
        if let Some(signed) = signed {
            merge(&mut verdict, second_opinion(signed, opened, released.direction, order)?);
        }
        self.refuse_own_seal(order, opened, signed, released)?;
        self.findings = verdict.findings.clone();
        Ok(verdict)
    }

    /// Nothing that the own seal CA signed leaves the member or comes in; between
    /// colleagues it may be passed on.
    fn refuse_own_seal(
        &self,
        order: &Order,
        opened: &Opened,
        signed: Option<&Signed>,
        released: &Released,
    ) -> Result<(), Stop> {
        let crosses = released.direction == Direction::Inbound || order.inspect.plan.leaves;
        // An opaque signature hides its content from whoever walks the mail around it.
        let contents = [Some(&opened.message), signed.map(|signed| &signed.entity)];
        let sealed =
            contents.into_iter().flatten().any(|octets| seal::carries_own(octets, released));
        if !crosses || !sealed {
            return Ok(());
        }
        Err(match (released.direction, opened.encrypted) {
            (_, true) => Reason::OwnSealInside,
            (Direction::Outbound, false) => Reason::OwnSealLeaving,
            (Direction::Inbound, false) => Reason::OwnSealEntering,
        }
        .into())
    }

    fn report(
        &mut self,
        order: &Order,
        opened: &Opened,
        signed: Option<&Signed>,
        outcome: Outcome,
        key: &SoftwareKey,
    ) -> Result<(), Stop> {
        let body = VerdictBody {
            ticket: order.inspect.ticket.clone(),
            outcome,
            parts: opened.parts.clone(),
            entity: signed.map(|signed| Digest::of(&signed.entity)),
            signer: signed.map(|signed| InnerSigner {
                si: Digest(signed.sender.signer_info),
                certificate: signed.sender.certificate.der().to_vec(),
                signed_data: signed.sender.evidence.clone(),
            }),
            rules: self.findings.iter().map(|finding| finding.rule.clone()).collect(),
        };
        let mut octets = Vec::new();
        ciborium::into_writer(&body, &mut octets).map_err(|_| Problem::Failed)?;
        let message = [VERDICT_LABEL, &octets].concat();
        let signature = key.sign(&message).map_err(|_| Problem::Failed)?;
        Ok(self.keyserver.verdict(octets, signature)?)
    }
}

fn inspect(
    octets: &[u8],
    opened: &Opened,
    direction: Direction,
    order: &Order,
) -> Result<Verdict, Stop> {
    let entity = open::parse(octets, opened.ambiguous())?;
    Ok(ssmax_inspection::inspect(&entity, direction, &order.policy, &order.limits))
}

/// What another parser reads differently in signed content, whose octets cannot be
/// rebuilt: its reader would be shown something else than the detectors saw. What came
/// in clear and unsigned is settled before it gets here.
fn second_opinion(
    signed: &Signed,
    opened: &Opened,
    direction: Direction,
    order: &Order,
) -> Result<Verdict, Stop> {
    let around = open::parse(&opened.message, opened.ambiguous())?;
    let entity = open::parse(&signed.entity, opened.ambiguous())?;
    // What cannot be decoded, the detectors have told already.
    let found = disagreement_in_headers(&around).or_else(|| disagreement_past_faults(&entity));
    let mut verdict = Verdict { outcome: Outcome::Pass, findings: vec![] };
    if let Some(about) = found {
        verdict.outcome = order.policy.outcome(rule::MAIL_AMBIGUOUS, direction);
        verdict.findings.push(Finding {
            rule: rule::MAIL_AMBIGUOUS.to_owned(),
            part: about.part,
            what: about.what.code().to_owned(),
            outcome: verdict.outcome,
        });
    }
    Ok(verdict)
}

/// The stricter outcome wins; findings add up.
fn merge(verdict: &mut Verdict, more: Verdict) {
    verdict.outcome = verdict.outcome.max(more.outcome);
    verdict.findings.extend(more.findings);
}

/// The reason behind a verdict: which side's rule, and whether a key was used.
fn stopped(verdict: &Verdict, released: &Released, encrypted: bool) -> Reason {
    let by = |prefix: &str| {
        verdict
            .findings
            .iter()
            .any(|finding| finding.outcome != Outcome::Pass && finding.rule.starts_with(prefix))
    };
    let outside = matches!(released.signer, ExpectedSigner::Anybody);
    match (by("leak."), by("malware."), encrypted && !outside) {
        (true, _, true) => Reason::LeakInside,
        (true, _, false) => Reason::LeakFound,
        (_, true, true) => Reason::MalwareInside,
        (_, true, false) => Reason::MalwareFound,
        (_, _, true) => Reason::UninspectableInside,
        (_, _, false) => Reason::ContentUninspectable,
    }
}

//! One mail, opened, looked into and composed anew; then the process ends.

mod attached;
mod compose;
mod file;
mod keyserver;
mod look;
mod open;
mod post;
mod seal;
mod signer;
mod verify;

use crate::hand_over;
use crate::sandbox::{self, SandboxLimits};
use keyserver::Keyserver;
use look::Detectors;
use open::Opened;
use signer::Signed;
use ssmax_api::Problem;
use ssmax_api::inspector::{AttachmentDelivery, FromWorker, Inspect, Inspected, Order, Task};
use ssmax_api::keyserver::{
    ExpectedSigner, InnerSigner, Released, StatedMail, VERDICT_LABEL, VerdictBody,
};
use ssmax_chain::statement::{mail_digest, parts_of_mail};
use ssmax_chain::{Digest, Reason};
use ssmax_daemon::frame::MAX_FRAME_BYTES;
use ssmax_daemon::laden::{read_laden_sync, write_laden_sync};
use ssmax_inspection::{Direction, Finding, Outcome, Verdict};
use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyAlgorithm, KeyPair as _, SigningKey as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::ExitCode;
use std::sync::Arc;

/// Runs as a worker: the sandbox first, then one order from standard input, its result
/// to standard output. Before the sandbox only the first octet of the input is taken, with
/// the connection to ClamAV, if there is one. `arguments` are the memory in MiB and the seconds of processor
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
    let clamd = match hand_over::take(std::io::stdin().as_fd()) {
        Ok(clamd) => clamd,
        Err(_) => return ExitCode::from(2),
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
    let order: Order = match read_laden_sync(&mut std::io::stdin(), MAX_FRAME_BYTES) {
        Ok(Some(order)) => order,
        _ => return ExitCode::from(2),
    };
    match write_laden_sync(&mut std::io::stdout(), carry_out(order, clamd), MAX_FRAME_BYTES) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(3),
    }
}

fn carry_out(order: Order, clamd: Option<OwnedFd>) -> FromWorker {
    let detectors = Detectors::new(order.policy, order.limits, order.clamav, clamd);
    match order.task {
        Task::Mail(inspect) => {
            FromWorker::Done(detectors.and_then(|detectors| Worker::new(detectors).work(*inspect)))
        }
        // No detector is asked there.
        Task::Verify(inspect) => FromWorker::Done(
            detectors.and_then(|detectors| Worker::new(detectors).work_as_verifier(*inspect)),
        ),
        Task::File(file) => {
            FromWorker::Scanned(detectors.and_then(|detectors| detectors.scan(&file)))
        }
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

struct Worker {
    keyserver: Keyserver,
    findings: Vec<Finding>,
    /// Whether the mail is stopped by findings that say hold, and by nothing else.
    held: bool,
    detectors: Detectors,
}

/// Whether the mail is the one of the statement. The gateway is not asked to be believed.
fn is_stated(stated: StatedMail, mail: &[u8]) -> bool {
    match stated {
        StatedMail::Whole(digest) => Digest::of(mail) == digest,
        StatedMail::Content(digest) => {
            let mail = ssmax_mail::parse(mail, &ssmax_mail::Limits::default()).ok();
            let parts = mail.and_then(|mail| parts_of_mail(&mail).ok());
            parts.is_some_and(|(headers, entity)| mail_digest(&headers, &entity) == digest)
        }
    }
}

impl Worker {
    fn new(detectors: Detectors) -> Self {
        Self { keyserver: Keyserver::default(), findings: vec![], held: false, detectors }
    }

    fn work(mut self, inspect: Inspect) -> Result<Inspected, Problem> {
        let done = self.inspect(inspect);
        self.told(done)
    }

    /// The same for a verification.
    fn work_as_verifier(mut self, inspect: Inspect) -> Result<Inspected, Problem> {
        let done = self.verify(inspect);
        self.told(done)
    }

    fn told(self, done: Result<Inspected, Stop>) -> Result<Inspected, Problem> {
        match done {
            Ok(passed) => Ok(passed),
            Err(Stop::Refused(reason)) => {
                let outcome = if self.held { Outcome::Hold } else { Outcome::Block };
                Ok(Inspected::Stopped { reason, outcome, findings: self.findings })
            }
            Err(Stop::Failed(problem)) => Err(problem),
        }
    }

    /// What is not needed any more is given up at once: a mail may be large.
    fn inspect(&mut self, mut inspect: Inspect) -> Result<Inspected, Stop> {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(|_| Problem::Failed)?;
        let released = self.keyserver.release(key.spki())?;
        let mail = std::mem::take(&mut inspect.mail);
        if !released.body.is_none_or(|stated| is_stated(stated, &mail)) {
            return Err(Problem::NotAllowed.into());
        }
        if inspect.plan.attachments == Some(AttachmentDelivery::Keep) {
            // It is delivered in the form in which it came.
            inspect.mail = Arc::clone(&mail);
        }
        let inspect = &inspect;
        let opened = match open::open(mail, inspect, &released, &key) {
            Ok(opened) => opened,
            Err(Stop::Refused(reason)) => {
                self.report_unopened(inspect, &released, &key)?;
                return Err(reason.into());
            }
            Err(failed) => return Err(failed),
        };
        let encrypted = !opened.parts.is_empty();
        let judged = signer::judge(&opened, &inspect.plan, &released);
        let signed = match judged {
            Ok(signed) => signed,
            Err(reason) => {
                self.report(inspect, &opened, None, Outcome::Block, &key)?;
                return Err(reason.into());
            }
        };
        let verdict = self.look(inspect, &opened, signed.as_ref(), &released)?;
        self.report(inspect, &opened, signed.as_ref(), verdict.outcome, &key)?;
        // The keyserver was told of an officer's release as well, or gives nothing.
        if verdict.outcome > inspect.plan.tolerate.unwrap_or(Outcome::Pass) {
            self.held = verdict.outcome == Outcome::Hold;
            return Err(stopped(&verdict, &released, encrypted).into());
        }
        self.keyserver.prepare(&released, &inspect.ticket);
        // What a mailer cannot be given as the sender encrypted it is sealed.
        let preserved = inspect.plan.preserve && opened.is_for_mailers();
        let Opened { fields, files, .. } = opened;
        let derived = files.and_then(|files| files.derived);
        self.compose(inspect, &fields, derived, signed, &released, preserved)
    }

    /// Nothing that the own seal CA signed leaves the member or comes in; between
    /// colleagues it may be passed on.
    fn refuse_own_seal(
        &self,
        inspect: &Inspect,
        opened: &Opened,
        signed: Option<&Signed>,
        released: &Released,
    ) -> Result<(), Stop> {
        let crosses = released.direction == Direction::Inbound || inspect.plan.leaves;
        // An opaque signature hides its content from whoever walks the mail around it.
        let contents = [
            Some(&opened.message),
            signed.map(|signed| &signed.entity),
            opened.files.as_ref().map(|files| &files.shown),
        ];
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
        inspect: &Inspect,
        opened: &Opened,
        signed: Option<&Signed>,
        outcome: Outcome,
        key: &SoftwareKey,
    ) -> Result<(), Stop> {
        self.send(
            &VerdictBody {
                ticket: inspect.ticket.clone(),
                outcome,
                parts: opened.parts.clone(),
                entity: signed.map(|signed| Digest::of(&signed.entity)),
                signer: signed.map(|signed| InnerSigner {
                    si: Digest(signed.sender.signer_info),
                    certificate: signed.sender.certificate.der().to_vec(),
                    signed_data: signed.sender.evidence.clone(),
                }),
                derived: opened.derived().map(Digest::of),
                prev: signed.and_then(|signed| attached::continued(&signed.entity)),
                rules: self.findings.iter().map(|finding| finding.rule.clone()).collect(),
            },
            key,
        )
    }

    /// Has the keyserver know that a mail whose keys are out could not be opened.
    fn report_unopened(
        &self,
        inspect: &Inspect,
        released: &Released,
        key: &SoftwareKey,
    ) -> Result<(), Stop> {
        if released.keys.is_empty() {
            return Ok(());
        }
        let body = VerdictBody::stopped(inspect.ticket.clone());
        match self.send(&body, key) {
            // After an officer's release the keyserver looks at a block as at a pass, and
            // refuses it: the reason is still the one that was found here.
            Err(Stop::Refused(_)) => Ok(()),
            sent => sent,
        }
    }

    fn send(&self, body: &VerdictBody, key: &SoftwareKey) -> Result<(), Stop> {
        let mut octets = Vec::new();
        ciborium::into_writer(body, &mut octets).map_err(|_| Problem::Failed)?;
        let message = [VERDICT_LABEL, &octets].concat();
        let signature = key.sign(&message).map_err(|_| Problem::Failed)?;
        Ok(self.keyserver.verdict(octets, signature)?)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_mail_of_the_statement_is_looked_into() {
        let mail = b"From: a@a.example\r\nSubject: x\r\nContent-Type: text/plain\r\n\r\nwords\r\n";
        let parsed = ssmax_mail::parse(mail, &ssmax_mail::Limits::default()).unwrap();
        let (headers, entity) = parts_of_mail(&parsed).unwrap();
        let content = StatedMail::Content(mail_digest(&headers, &entity));
        let whole = StatedMail::Whole(Digest::of(mail));
        assert!(is_stated(whole, mail) && is_stated(content, mail));
        // Servers write fields of their own.
        let passed_on = [b"Received: by x; now\r\n", mail.as_slice()].concat();
        assert!(is_stated(content, &passed_on) && !is_stated(whole, &passed_on));
        let text = std::str::from_utf8(mail).unwrap();
        for other in [
            text.replace("words", "other"),
            text.replace("Subject: x", "Subject: y"),
            text.replace("text/plain", "text/html"),
            text.replace("a@a.example", "b@a.example"),
            text.replace("Subject", "Subject: x\r\nSubject"),
            text.replace("\r\n\r\n", "\n"),
        ] {
            assert!(!is_stated(content, other.as_bytes()), "{other}");
        }
    }
}

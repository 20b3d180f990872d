//! What the inspector is asked, and how its supervisor talks with a worker.

use crate::TicketId;
use crate::keyserver::{FreshForm, WorkerAsk};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use ssmax_chain::{Digest, Reason};
use ssmax_daemon::laden::Laden;
use ssmax_inspection::{Direction, Finding, Limits, Outcome, Policy, Verdict};
use std::sync::Arc;

/// Over the inspector's socket for the gateway. Answered by `Result<Inspected, Problem>`, as it
/// is: request and answer are [`Laden`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inspect {
    /// The ticket.
    pub ticket: TicketId,
    /// The mail as the gateway has it: ciphertext where the sender encrypted. Shared with
    /// the gateway, and behind the frame on its way ([`Laden`]).
    #[serde(skip)]
    pub mail: Arc<Vec<u8>>,
    /// What the worker should make of it.
    pub plan: Plan,
}

/// What a worker should make of a mail that passes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Where the ciphertext stands: "" for the whole mail, "1.1" within a hop-2 mail.
    pub encrypted: Option<String>,
    /// Set for a mail in attachment mode: what recipients here get of it.
    pub attachments: Option<AttachmentDelivery>,
    /// The server-held signature over the content entity (form (d)), detached.
    pub server_signature: Option<ByteBuf>,
    /// Fresh encryptions to make, each once.
    pub fresh: Vec<FreshForm>,
    /// Whether a copy leaves for another member.
    pub leaves: bool,
    /// Recipients here, each of whom gets a sealed copy.
    pub seal_for: Vec<String>,
    /// Lists and redirects among the recipients, each of which sends it on as new mail.
    pub lists: Vec<ListPost>,
    /// Recipients outside the federation, each of whom gets the signed content encrypted.
    pub outside_for: Vec<String>,
    /// Whether recipients here are to get what the sender encrypted, or a fresh
    /// [`FreshForm::MailCbc`] of what came in clear, and a sealed copy only where that
    /// cannot be.
    pub preserve: bool,
    /// Our authserv-id, for the fields that are removed.
    pub authserv_id: String,
    /// How grave findings may be for the mail to pass all the same, since an officer
    /// released it; nothing beyond a pass if absent. The keyserver must have been told.
    pub tolerate: Option<Outcome>,
}

/// What a list makes of a mail: new mail of its own with the mail attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPost {
    /// The list's address, a recipient.
    pub list: String,
    /// The header fields of the new mail, each with its CRLF, but for those that describe
    /// the body.
    #[serde(with = "serde_bytes")]
    pub fields: Vec<u8>,
    /// What stands before the attached mail.
    pub note: String,
    /// The hop that the new mail continues.
    pub prev: Option<ssmax_chain::HopId>,
}

/// What a recipient here gets of a mail in attachment mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttachmentDelivery {
    /// One mail, encrypted as a whole, with the files as ordinary attachments.
    #[default]
    Whole,
    /// The mail as it is, each file re-wrapped, under the seal.
    Keep,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inspected {
    /// It passes; here is what was made of it.
    Passed {
        /// SHA-256 of the signed content entity, where there is one.
        entity: Option<Digest>,
        /// Fresh encryptions: CMS objects without RecipientInfos yet.
        fresh: Vec<(FreshForm, Digest, ByteBuf)>,
        /// Sealed copies: recipient, header fields to deliver, `Content-*` and body.
        sealed: Vec<SealedCopy>,
        /// New mail of lists: the list's address, and the mail, encrypted for our own
        /// submission key.
        posts: Vec<(String, ByteBuf)>,
        /// Mails for recipients outside the federation, encrypted.
        outside: Vec<(String, ByteBuf)>,
        /// Whether recipients here get the mail preserved; then nothing is sealed.
        preserved: bool,
        /// What was noticed although it passed.
        findings: Vec<Finding>,
    },
    /// It is stopped.
    Stopped {
        /// Why, for the log; the outside is told `reason.outside()`.
        reason: Reason,
        /// Hold, if a finding says so and nothing graver was found; else block.
        outcome: Outcome,
        /// The findings, masked.
        findings: Vec<Finding>,
    },
}

/// One recipient's sealed mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedCopy {
    /// The recipient.
    pub recipient: String,
    /// How the seal says the sender is known.
    pub sender: ssmax_chain::seal_record::ShownAssertion,
    /// Header fields and body, complete but for the fields the gateway adds on top.
    #[serde(with = "serde_bytes")]
    pub mail: Vec<u8>,
}

/// From the supervisor to its worker, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// What to do.
    pub task: Task,
    /// Outcomes by rule.
    pub policy: Policy,
    /// Bounds.
    pub limits: Limits,
    /// How ClamAV is asked, if it is: the connection has been handed over before.
    pub clamav: Option<ClamavBounds>,
}

/// What a worker is started for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Task {
    /// A mail on its way; ends with [`FromWorker::Done`].
    Mail(Box<Inspect>),
    /// A mail of an ESP's own user, whose signature is checked and no more; ends with
    /// [`FromWorker::Done`].
    Verify(Box<Inspect>),
    /// A file on its own, for whoever wants to know; ends with [`FromWorker::Scanned`].
    File(ScanFile),
}

/// A file to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanFile {
    /// Its name, which says what it may be.
    pub name: String,
    /// Which rules count; `None` for those of both directions.
    pub direction: Option<Direction>,
    /// What is in it; behind the frame on its way.
    #[serde(skip)]
    pub octets: Arc<Vec<u8>>,
}

/// What ClamAV is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClamavBounds {
    /// How long one scan may take, in seconds.
    pub seconds: u64,
    /// The largest file that is sent, in octets.
    pub bytes: u64,
}

/// From a worker to its supervisor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum FromWorker {
    /// Ask the keyserver; the supervisor adds the ticket.
    Ask(WorkerAsk),
    /// The end.
    Done(Result<Inspected, crate::Problem>),
    /// The end of a scan.
    Scanned(Result<Verdict, crate::Problem>),
}

/// From the supervisor to a worker that asked: the keyserver's answer as CBOR of
/// `Result<T, Problem>`, T by the request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ToWorker {
    /// The answer.
    #[serde(with = "serde_bytes")]
    pub answer: Vec<u8>,
}

impl Laden for Inspect {
    fn unload(&mut self) -> Vec<Arc<Vec<u8>>> {
        vec![std::mem::take(&mut self.mail)]
    }

    fn load(&mut self, pieces: &mut dyn Iterator<Item = Vec<u8>>) -> Option<()> {
        self.mail = Arc::new(pieces.next()?);
        Some(())
    }
}

impl Laden for Order {
    fn unload(&mut self) -> Vec<Arc<Vec<u8>>> {
        match &mut self.task {
            Task::Mail(inspect) | Task::Verify(inspect) => inspect.unload(),
            Task::File(file) => vec![std::mem::take(&mut file.octets)],
        }
    }

    fn load(&mut self, pieces: &mut dyn Iterator<Item = Vec<u8>>) -> Option<()> {
        match &mut self.task {
            Task::Mail(inspect) | Task::Verify(inspect) => inspect.load(pieces),
            Task::File(file) => {
                file.octets = Arc::new(pieces.next()?);
                Some(())
            }
        }
    }
}

impl Laden for Inspected {
    fn unload(&mut self) -> Vec<Arc<Vec<u8>>> {
        let Self::Passed { fresh, sealed, outside, .. } = self else { return Vec::new() };
        let fresh = fresh.iter_mut().map(|(_, _, object)| std::mem::take(object).into_vec());
        let sealed = sealed.iter_mut().map(|copy| std::mem::take(&mut copy.mail));
        let outside = outside.iter_mut().map(|(_, mail)| std::mem::take(mail).into_vec());
        fresh.chain(sealed).chain(outside).map(Arc::new).collect()
    }

    fn load(&mut self, pieces: &mut dyn Iterator<Item = Vec<u8>>) -> Option<()> {
        let Self::Passed { fresh, sealed, outside, .. } = self else { return Some(()) };
        for (_, _, object) in fresh {
            *object = ByteBuf::from(pieces.next()?);
        }
        for copy in sealed {
            copy.mail = pieces.next()?;
        }
        for (_, mail) in outside {
            *mail = ByteBuf::from(pieces.next()?);
        }
        Some(())
    }
}

impl Laden for FromWorker {
    fn unload(&mut self) -> Vec<Arc<Vec<u8>>> {
        match self {
            Self::Done(result) => result.unload(),
            Self::Ask(_) | Self::Scanned(_) => Vec::new(),
        }
    }

    fn load(&mut self, pieces: &mut dyn Iterator<Item = Vec<u8>>) -> Option<()> {
        match self {
            Self::Done(result) => result.load(pieces),
            Self::Ask(_) | Self::Scanned(_) => Some(()),
        }
    }
}

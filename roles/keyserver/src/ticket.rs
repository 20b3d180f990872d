//! Tickets: one mail each, for fifteen minutes, in memory only.

use ssmax_api::keyserver::{FreshForm, UserRecord, VerdictBody};
use ssmax_api::{Problem, TicketId};
use ssmax_chain::sealed_record::{RecipientSalt, SealedRecord};
use ssmax_chain::statement::Statement;
use ssmax_chain::{Digest, HopId, HopRecord};
use ssmax_federation::Member;
use ssmax_mail::address::Address;
use ssmax_primitives::{ContentKey, SoftwareKey};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::{Duration, OffsetDateTime};

/// How long a ticket is good for.
pub(crate) const LIFETIME: Duration = Duration::minutes(15);

/// How many tickets may be open at a time; more are a temporary failure.
pub(crate) const MAX_OPEN: usize = 10_000;

/// Who brought the mail.
pub(crate) enum Origin {
    /// An own user.
    Own(Box<OwnMail>),
    /// Another member.
    Member(Box<MemberMail>),
    /// Somebody outside the federation, in clear.
    Outside,
}

/// A mail of an own user.
pub(crate) struct OwnMail {
    pub(crate) user: UserRecord,
    pub(crate) statement: Statement,
    pub(crate) from: Address,
    /// Whether it came unsigned, and the keyserver may sign it.
    pub(crate) unsigned: bool,
    /// The entity signed by the server-held key, and the certificate's hash.
    pub(crate) server_signed: Option<(Digest, Digest)>,
    /// The name of this mail where it stays inside.
    pub(crate) inside_id: HopId,
}

/// A mail of another member.
pub(crate) struct MemberMail {
    pub(crate) from: Address,
    pub(crate) hop: HopRecord,
    pub(crate) sealed: SealedRecord,
    pub(crate) member: Member,
    pub(crate) signed_data: Vec<u8>,
}

/// A part whose content key the ticket holds.
pub(crate) struct TicketPart {
    pub(crate) path: String,
    pub(crate) tail: Digest,
    pub(crate) kcv: Digest,
    pub(crate) key: ContentKey,
    pub(crate) cipher: String,
    /// Set when a worker made it; `None` when it came with the mail.
    pub(crate) fresh: Option<FreshForm>,
}

/// The worker that the keys were released to.
pub(crate) struct Worker {
    pub(crate) spki: Vec<u8>,
    pub(crate) reply_key: SoftwareKey,
}

/// A copy made for another member, waiting for its signature.
pub(crate) struct HopCopy {
    pub(crate) to_org: String,
    pub(crate) salts: Vec<RecipientSalt>,
    pub(crate) tail: Digest,
    pub(crate) ri: Digest,
    pub(crate) sealed: Digest,
}

/// One mail's ticket.
pub(crate) struct Ticket {
    pub(crate) opened: OffsetDateTime,
    pub(crate) origin: Origin,
    pub(crate) recipients: Vec<Address>,
    pub(crate) parts: Vec<TicketPart>,
    pub(crate) worker: Option<Worker>,
    pub(crate) verdict: Option<VerdictBody>,
    pub(crate) copies: HashMap<HopId, HopCopy>,
}

impl Ticket {
    pub(crate) fn new(opened: OffsetDateTime, origin: Origin, recipients: Vec<Address>) -> Self {
        Self {
            opened,
            origin,
            recipients,
            parts: Vec::new(),
            worker: None,
            verdict: None,
            copies: HashMap::new(),
        }
    }

    /// The verdict, if it is a pass: what every use of a key after inspection needs.
    pub(crate) fn passed(&self) -> Result<&VerdictBody, Problem> {
        match &self.verdict {
            Some(verdict) if verdict.outcome == ssmax_inspection::Outcome::Pass => Ok(verdict),
            _ => Err(Problem::NotAllowed),
        }
    }

    /// Whether `recipient` is in the envelope.
    pub(crate) fn is_for(&self, recipient: &Address) -> bool {
        self.recipients.iter().any(|own| own.matches(recipient))
    }
}

/// The open tickets.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<HashMap<TicketId, Arc<Mutex<Ticket>>>>);

impl Tickets {
    /// Files a ticket under a new name; expired ones are dropped.
    pub(crate) fn open(&self, id: TicketId, ticket: Ticket) -> Result<TicketId, Problem> {
        let now = ticket.opened;
        let mut tickets = lock(&self.0);
        tickets.retain(|_, open| lock(open).opened + LIFETIME > now);
        if tickets.len() >= MAX_OPEN {
            return Err(Problem::Failed);
        }
        tickets.insert(id.clone(), Arc::new(Mutex::new(ticket)));
        Ok(id)
    }

    /// Forgets a ticket and its keys.
    pub(crate) fn close(&self, id: &str) {
        lock(&self.0).remove(id);
    }

    /// The ticket of this name, if it has not expired.
    pub(crate) fn find(
        &self,
        id: &str,
        now: OffsetDateTime,
    ) -> Result<Arc<Mutex<Ticket>>, Problem> {
        let ticket = lock(&self.0).get(id).cloned().ok_or(Problem::NoTicket)?;
        if lock(&ticket).opened + LIFETIME <= now {
            return Err(Problem::NoTicket);
        }
        Ok(ticket)
    }
}

/// Locks; a ticket whose holder panicked is still consistent, since every operation
/// writes to it last.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

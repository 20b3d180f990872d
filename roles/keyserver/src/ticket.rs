//! Tickets: one mail each, for fifteen minutes, in memory only.

use crate::again::Answers;
use crate::levels::Signature;
use ssmax_api::keyserver::{FreshForm, UserRecord, VerdictBody};
use ssmax_api::{Problem, TicketId};
use ssmax_chain::hop_record::PartRecord;
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::sealed_record::{RecipientSalt, SealedRecord};
use ssmax_chain::statement::Statement;
use ssmax_chain::{Digest, HopId, HopRecord};
use ssmax_federation::Member;
use ssmax_inspection::Outcome;
use ssmax_mail::address::Address;
use ssmax_primitives::{ContentKey, SoftwareKey};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::{Duration, OffsetDateTime};

/// How long a ticket is good for.
pub(crate) const LIFETIME: Duration = Duration::minutes(15);

/// How many tickets may be open at a time; more are a temporary failure.
pub(crate) const MAX_OPEN: usize = 10_000;

/// How many of them may be for mail from outside the federation, which anybody can
/// send: members' mail must not wait for strangers.
pub(crate) const MAX_OPEN_OUTSIDE: usize = 2_000;

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
    /// Who stands behind From.
    pub(crate) user: UserRecord,
    /// Who wrote in that name, if it is somebody else: an address.
    pub(crate) actor: Option<String>,
    pub(crate) statement: Statement,
    pub(crate) from: Address,
    /// SHA-256 of the content entity that the MTA's submission service saw; of what is
    /// submitted at the gateway it has no other word.
    pub(crate) seen: Option<Digest>,
    /// The least signature that the recipients' levels ask for.
    pub(crate) needs: Option<Signature>,
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
    /// What the list can say of the mail, as old as it is.
    pub(crate) class: MailClass,
    /// SHA-256 of the entity that the organisation signed.
    pub(crate) content: Digest,
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
    pub(crate) parts: Vec<PartRecord>,
    pub(crate) sealed: Digest,
}

/// One mail's ticket.
pub(crate) struct Ticket {
    pub(crate) opened: OffsetDateTime,
    pub(crate) origin: Origin,
    pub(crate) recipients: Vec<Address>,
    pub(crate) parts: Vec<TicketPart>,
    /// Whether the parts are the files of a mail in attachment mode.
    pub(crate) files: bool,
    /// Whether it is for showing the mail to a reviewer and for nothing else.
    pub(crate) review_only: bool,
    pub(crate) worker: Option<Worker>,
    pub(crate) verdict: Option<VerdictBody>,
    /// The gravest outcome with which the mail passes: more than a pass only after an
    /// officer's release.
    pub(crate) tolerated: Outcome,
    pub(crate) copies: HashMap<HopId, HopCopy>,
}

impl Ticket {
    pub(crate) fn new(opened: OffsetDateTime, origin: Origin, recipients: Vec<Address>) -> Self {
        Self {
            opened,
            origin,
            recipients,
            parts: Vec::new(),
            files: false,
            review_only: false,
            worker: None,
            verdict: None,
            tolerated: Outcome::Pass,
            copies: HashMap::new(),
        }
    }

    /// The verdict, if it is a pass, or an officer released the mail all the same: what every use of a key after inspection needs.
    pub(crate) fn passed(&self) -> Result<&VerdictBody, Problem> {
        match &self.verdict {
            Some(verdict) if verdict.outcome <= self.tolerated => Ok(verdict),
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
pub(crate) struct Tickets(Mutex<Open>);

#[derive(Default)]
struct Open {
    tickets: HashMap<TicketId, Entry>,
    /// The names in the order of opening, for expiry; closed ones may still stand here.
    by_age: VecDeque<(OffsetDateTime, TicketId)>,
    /// How many are for mail from outside.
    outside: usize,
    /// How many are for mail of one member.
    of_members: HashMap<String, usize>,
}

struct Entry {
    ticket: Arc<Mutex<Ticket>>,
    /// One request at a time: the same one waits for its own answer.
    answers: Arc<tokio::sync::Mutex<Answers>>,
    outside: bool,
    member: Option<String>,
}

impl Open {
    fn remove(&mut self, id: &str) {
        if let Some(entry) = self.tickets.remove(id) {
            self.outside -= usize::from(entry.outside);
            if let Some(member) = entry.member
                && let Some(open) = self.of_members.get_mut(&member)
            {
                *open -= 1;
                if *open == 0 {
                    self.of_members.remove(&member);
                }
            }
        }
    }

    fn expire(&mut self, now: OffsetDateTime) {
        while self.by_age.front().is_some_and(|(opened, _)| *opened + LIFETIME <= now) {
            if let Some((_, id)) = self.by_age.pop_front() {
                self.remove(&id);
            }
        }
    }
}

impl Tickets {
    /// Files a ticket under a new name; expired ones are dropped.
    ///
    /// # Errors
    /// [`Problem::Failed`] when too many are open.
    pub(crate) fn open(&self, id: TicketId, ticket: Ticket) -> Result<TicketId, Problem> {
        let outside = matches!(ticket.origin, Origin::Outside);
        let mut open = lock(&self.0);
        open.expire(ticket.opened);
        if open.tickets.len() >= MAX_OPEN || (outside && open.outside >= MAX_OPEN_OUTSIDE) {
            return Err(Problem::Failed);
        }
        open.by_age.push_back((ticket.opened, id.clone()));
        open.outside += usize::from(outside);
        let member = match &ticket.origin {
            Origin::Member(mail) => Some(mail.member.id.clone()),
            _ => None,
        };
        if let Some(member) = member.clone() {
            *open.of_members.entry(member).or_default() += 1;
        }
        let entry = Entry {
            ticket: Arc::new(Mutex::new(ticket)),
            answers: Arc::default(),
            outside,
            member,
        };
        open.tickets.insert(id.clone(), entry);
        Ok(id)
    }

    /// Forgets a ticket and its keys.
    pub(crate) fn close(&self, id: &str) {
        lock(&self.0).remove(id);
    }

    /// The ticket of this name, if it has not expired.
    ///
    /// # Errors
    /// [`Problem::NoTicket`] otherwise.
    pub(crate) fn find(
        &self,
        id: &str,
        now: OffsetDateTime,
    ) -> Result<Arc<Mutex<Ticket>>, Problem> {
        let mut open = lock(&self.0);
        open.expire(now);
        open.tickets.get(id).map(|entry| Arc::clone(&entry.ticket)).ok_or(Problem::NoTicket)
    }

    /// The answers that a ticket gave, to be held while it gives another.
    ///
    /// # Errors
    /// [`Problem::NoTicket`] as for [`Tickets::find`].
    pub(crate) fn answers(
        &self,
        id: &str,
        now: OffsetDateTime,
    ) -> Result<Arc<tokio::sync::Mutex<Answers>>, Problem> {
        let mut open = lock(&self.0);
        open.expire(now);
        open.tickets.get(id).map(|entry| Arc::clone(&entry.answers)).ok_or(Problem::NoTicket)
    }

    /// How many tickets are open: for own mail, for members', for mail from outside.
    pub(crate) fn open_now(&self, now: OffsetDateTime) -> (usize, usize, usize) {
        let mut open = lock(&self.0);
        open.expire(now);
        let members = open.of_members.values().sum::<usize>();
        let own = open.tickets.len().saturating_sub(members + open.outside);
        (own, members, open.outside)
    }

    /// How many tickets are open for mail of a member.
    pub(crate) fn open_of_member(&self, member: &str, now: OffsetDateTime) -> usize {
        let mut open = lock(&self.0);
        open.expire(now);
        open.of_members.get(member).copied().unwrap_or_default()
    }
}

/// Locks; a ticket whose holder panicked is still consistent, since every operation
/// writes to it last.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(opened: OffsetDateTime) -> Ticket {
        Ticket::new(opened, Origin::Outside, vec![])
    }

    #[test]
    fn a_ticket_is_good_for_a_quarter_of_an_hour_or_until_it_is_closed() {
        let tickets = Tickets::default();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        tickets.open("a".into(), ticket(now)).unwrap();
        tickets.open("b".into(), ticket(now)).unwrap();
        tickets.close("b");
        assert_eq!(tickets.open_now(now + LIFETIME - Duration::SECOND), (0, 0, 1));
        assert!(tickets.find("a", now + LIFETIME - Duration::SECOND).is_ok());
        assert_eq!(tickets.find("b", now).err(), Some(Problem::NoTicket));
        assert_eq!(tickets.find("a", now + LIFETIME).err(), Some(Problem::NoTicket));
        assert_eq!(tickets.open_now(now + LIFETIME), (0, 0, 0));
    }

    #[test]
    fn strangers_cannot_use_up_all_tickets() {
        let tickets = Tickets::default();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        for number in 0..MAX_OPEN_OUTSIDE {
            tickets.open(number.to_string(), ticket(now)).unwrap();
        }
        assert_eq!(tickets.open("x".into(), ticket(now)).err(), Some(Problem::Failed));
        tickets.close("0");
        assert!(tickets.open("x".into(), ticket(now)).is_ok());
        assert!(tickets.open("y".into(), ticket(now + LIFETIME)).is_ok());
    }
}

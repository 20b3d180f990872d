//! What of a request and its answer stands in a row. Tickets and addresses come as they
//! are; the writer hashes them.

use super::sender::HopSender;
use crate::state::Keyserver;
use crate::ticket::{Origin, lock};
use serde_bytes::ByteBuf;
use ssmax_api::ca::{PROOFS, SECRETS};
use ssmax_api::keyserver::{
    CaRequest, ERASED, GatewayRequest, InboundAnswer, InspectorRequest, OutboundTicket, Reviewed,
    UserRecord, VerdictBody, WorkerAsk,
};
use ssmax_api::person::{PersonAnswer, PersonProblem, PersonRequest};
use ssmax_api::{Answer, Problem, TicketId};
use ssmax_chain::HopId;
use ssmax_chain::held_decision::HeldDecision;
use ssmax_chain::person_request::RewrapOwn;
use ssmax_chain::statement::Statement;
use ssmax_mail::address::Address;

/// How many addresses of one request are named.
const MAX_NAMED: usize = 100;

/// The operations by which a hop gets its name.
const ADMIT_OUTBOUND: &str = "admit-outbound";
const SIGN_HOP: &str = "sign-hop";

/// One row, before it has its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) op: &'static str,
    pub(crate) ticket: Option<TicketId>,
    pub(crate) who: Vec<String>,
    pub(crate) about: Option<String>,
    pub(crate) result: String,
    /// Whose hop it is about, to be kept beside the row.
    pub(crate) sender: Option<HopSender>,
}

/// Where the ticket of an admission stands in its answer.
type Opened = fn(&[u8]) -> Option<TicketId>;

impl Entry {
    /// A row of this operation.
    pub(crate) fn new(op: &'static str) -> Self {
        Self { op, ..Self::default() }
    }

    fn on(op: &'static str, ticket: &str) -> Self {
        Self { ticket: Some(ticket.to_owned()), ..Self::new(op) }
    }

    pub(crate) fn who<T: AsRef<str>>(mut self, who: impl IntoIterator<Item = T>) -> Self {
        self.who = who.into_iter().take(MAX_NAMED).map(|one| one.as_ref().to_owned()).collect();
        self
    }

    pub(crate) fn about(mut self, about: impl ToString) -> Self {
        self.about = Some(about.to_string());
        self
    }

    /// What the gateway asks; `None` for what uses and decides nothing.
    pub(crate) fn of_gateway(request: &GatewayRequest) -> Option<(Self, Option<Opened>)> {
        use GatewayRequest as Q;
        Some(match request {
            Q::AdmitOutbound(mail) => {
                // As it claims to be, also where it is not believed.
                let claimed: Option<Statement> = serde_json::from_str(&mail.statement.json).ok();
                let asked = mail.received.as_ref().map(|received| received.recipients.clone());
                let who = claimed.into_iter().flat_map(|one| {
                    let recipients = asked.clone().unwrap_or(one.recipients);
                    [vec![one.user, one.from], recipients].concat()
                });
                let opened: Opened =
                    |octets| read::<OutboundTicket>(octets).map(|answer| answer.ticket);
                (Self::new(ADMIT_OUTBOUND).who(who), Some(opened))
            }
            Q::AdmitInbound(mail) | Q::ReadmitInbound(mail) => {
                let again = matches!(request, Q::ReadmitInbound(_));
                let op = if again { "readmit-inbound" } else { "admit-inbound" };
                let who = std::iter::once(&mail.from).chain(&mail.recipients);
                let opened: Opened = |octets| match read::<InboundAnswer>(octets)? {
                    InboundAnswer::Admitted(answer) => Some(answer.ticket),
                    InboundAnswer::Repeat(_) => None,
                };
                let tails: Vec<String> =
                    mail.parts.iter().map(|part| part.tail.to_string()).collect();
                (Self::new(op).who(who).about(tails.join(" ")), Some(opened))
            }
            Q::AdmitOutside { recipients } => {
                (Self::new("admit-outside").who(recipients), Some(read::<TicketId>))
            }
            Q::SignUser { ticket, entity } => (Self::on("sign-user", ticket).about(entity), None),
            Q::Rewrap { ticket, to_org, recipients, .. } => {
                (Self::on("rewrap", ticket).who(recipients).about(to_org), None)
            }
            Q::RewrapFiles { ticket, to_org, recipients, .. } => {
                (Self::on("rewrap", ticket).who(recipients).about(to_org), None)
            }
            Q::SignHop { ticket, id, .. } => (Self::on(SIGN_HOP, ticket).about(id), None),
            Q::Preserve { ticket, recipient, tail } => {
                (Self::on("preserve", ticket).who([recipient]).about(tail), None)
            }
            Q::Decide(signed) => (Self::of_decision(&signed.json), None),
            Q::Tolerate { ticket, .. } => (Self::on("tolerate", ticket), None),
            Q::OpenHeld(open) => (Self::new("open-held").about(&open.held.id), None),
            Q::ReleaseForReview(review) => {
                let row = match &review.what {
                    Reviewed::Held(held) => Self::new("release-for-review").about(&held.id),
                    Reviewed::Part(ticket) => Self::on("release-for-review", ticket),
                };
                (row, None)
            }
            Q::InstallList { .. } => (Self::new("install-list"), None),
            Q::AdvanceList { .. } => (Self::new("advance-list"), None),
            Q::KeptList => (Self::new("kept-list"), None),
            Q::NoticeEnded { id, delivered } => {
                let end = if *delivered { "delivered" } else { "refused" };
                (Self::new("notice-ended").about(format!("{id} {end}")), None)
            }
            Q::HoldKey | Q::ArchiveNotices | Q::Close { .. } => return None,
        })
    }

    /// What an officer decides, as it claims to be.
    fn of_decision(json: &str) -> Self {
        let row = Self::new("decide");
        match HeldDecision::parse(json) {
            Ok(claimed) => {
                let deed = serde_json::to_value(claimed.op).unwrap_or_default();
                let deed = deed.as_str().unwrap_or_default().to_owned();
                row.who([claimed.officer]).about(format!("{deed} {}", claimed.held))
            }
            Err(_) => row,
        }
    }

    /// What a worker asks.
    pub(crate) fn of_inspector(request: &InspectorRequest) -> Self {
        let ticket = &request.ticket;
        match &request.ask {
            WorkerAsk::Release { .. } => Self::on("release", ticket),
            WorkerAsk::VerifySubmission { .. } => Self::on("verify-submission", ticket),
            WorkerAsk::Verified { .. } => Self::on("verified", ticket),
            WorkerAsk::Verdict { body, .. } => {
                let verdict: Option<VerdictBody> = read(body);
                let row = Self::on("verdict", ticket);
                match verdict {
                    Some(verdict) => row.about(format!("{:?}", verdict.outcome).to_lowercase()),
                    None => row,
                }
            }
            WorkerAsk::EncryptFresh { tail, .. } => Self::on("encrypt-fresh", ticket).about(tail),
            WorkerAsk::Seal { recipient, .. } => Self::on("seal", ticket).who([recipient]),
            WorkerAsk::SignPost { list, entity } => {
                Self::on("sign-post", ticket).who([list]).about(entity)
            }
            WorkerAsk::EncryptPost { list, tail, .. } => {
                Self::on("encrypt-post", ticket).who([list]).about(tail)
            }
            WorkerAsk::RewrapTo { recipient } => Self::on("rewrap-to", ticket).who([recipient]),
            WorkerAsk::EncryptOutside { recipient, tail, .. } => {
                Self::on("encrypt-outside", ticket).who([recipient]).about(tail)
            }
            WorkerAsk::EncryptTo { recipient, tail, .. } => {
                Self::on("encrypt-to", ticket).who([recipient]).about(tail)
            }
        }
    }

    /// What the CA asks; `None` for what is public.
    pub(crate) fn of_ca(request: &CaRequest) -> Option<Self> {
        Some(match request {
            CaRequest::MakeUserKeys { .. } => Self::new("make-user-keys"),
            CaRequest::MakeKeysForMany { people } => Self::new("make-user-keys").about(people),
            CaRequest::InstallUser(record) => Self::of_installed(record),
            // Each has a row of its own: Keyserver::install_users.
            CaRequest::InstallUsers(_) => return None,
            CaRequest::Delegate(one) => {
                Self::new("delegate").who([&one.owner, &one.actor]).about(one.until)
            }
            CaRequest::EndDelegation { owner, actor } => {
                Self::new("end-delegation").who([owner, actor])
            }
            CaRequest::NoteSecret { user, method, proof } => {
                // The CA's words: what is none of ours stands in no row.
                let method = known_word(SECRETS, method);
                let proof = known_word(PROOFS.map(|(word, _)| word), proof);
                Self::new("new-secret").who([user]).about(format!("{method} {proof}"))
            }
            CaRequest::NoteErasure { class, whose } => {
                let class = known_word(ERASED, class);
                Self::new("erase").who(whose).about(format!("{class} {}", whose.len()))
            }
            CaRequest::ExportEncryptionKey { user } => Self::new("export-key").who([user]),
            CaRequest::ExportEarlierKeys { user } => Self::new("export-earlier-keys").who([user]),
            CaRequest::Person { .. }
            | CaRequest::IsReached { .. }
            | CaRequest::RelayKeys
            | CaRequest::ListDelegations => return None,
        })
    }

    /// That a person is installed.
    pub(crate) fn of_installed(record: &UserRecord) -> Self {
        Self::new("install-user").who([&record.user])
    }

    /// What a person asks, as it claims to be.
    pub(crate) fn of_person(request: &PersonRequest) -> Self {
        match request {
            PersonRequest::RewrapOwn(request) => {
                let row = Self::new("rewrap-own");
                match RewrapOwn::parse(&request.json) {
                    Ok(claimed) => {
                        let tails = claimed.parts.iter().map(|part| part.tail.to_string());
                        let tails: Vec<String> = tails.collect();
                        row.who([claimed.user, claimed.mailbox]).about(tails.join(" "))
                    }
                    Err(_) => row,
                }
            }
            PersonRequest::RewrapArchive(asked) => Self::of_archive(asked),
            PersonRequest::Trace(asked) => Self::of_trace(asked),
        }
    }
}

fn known_word<const N: usize>(known: [&'static str; N], said: &str) -> &'static str {
    known.into_iter().find(|word| *word == said).unwrap_or("unknown")
}

fn read<T: serde::de::DeserializeOwned>(octets: &[u8]) -> Option<T> {
    ciborium::from_reader(octets).ok()
}

fn word(problem: Problem) -> String {
    match problem {
        Problem::Refused(reason) => format!("refused {}", reason.number()),
        Problem::NoTicket => "no-ticket".to_owned(),
        Problem::NotAllowed => "not-allowed".to_owned(),
        Problem::Malformed => "malformed".to_owned(),
        Problem::NotFound => "not-found".to_owned(),
        Problem::Exists => "exists".to_owned(),
        Problem::NotBelieved(problem) => word_for_person(problem),
        _ => "failed".to_owned(),
    }
}

/// A problem as a label: the number of a refusal is the gateway's to count.
fn word_of_count(problem: &Problem) -> &'static str {
    match problem {
        Problem::Refused(_) => "refused",
        Problem::NoTicket => "no-ticket",
        Problem::NotAllowed => "not-allowed",
        Problem::Malformed => "malformed",
        Problem::NotFound => "not-found",
        Problem::Exists => "exists",
        Problem::NotBelieved(_) => "not-believed",
        _ => "failed",
    }
}

fn count(operation: &'static str, result: &'static str) {
    ssmax_metrics::list::OPERATIONS.count([operation.into(), result.into()]);
}

fn word_for_person(problem: PersonProblem) -> String {
    // Its own name, as it travels.
    serde_json::to_value(problem)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_else(|| "failed".to_owned())
}

impl Keyserver {
    /// Writes the row of an answer before the answer goes out. What cannot be recorded has
    /// not happened: it is a failure.
    pub(crate) async fn recorded(
        &self,
        entry: Option<Entry>,
        opened: Option<Opened>,
        answer: Answer,
    ) -> Answer {
        let Some(mut entry) = entry else { return answer };
        match &answer {
            Ok(octets) => {
                entry.result = "ok".to_owned();
                if let Some(opened) = opened {
                    entry.ticket = opened(octets);
                    if let Some(who) = entry.ticket.as_ref().and_then(|one| self.admitted(one)) {
                        entry = entry.who(who);
                    }
                }
                entry.sender = self.sender_of(&entry);
            }
            Err(problem) => entry.result = word(*problem),
        }
        count(entry.op, answer.as_ref().err().map_or("ok", word_of_count));
        match self.audit.append(entry).await {
            Ok(()) => answer,
            Err(_) => Err(Problem::Failed),
        }
    }

    /// As [`Keyserver::recorded`] for several that were asked for at once: a row for each, on
    /// the disk together.
    ///
    /// # Errors
    /// [`Problem::Failed`] if one could not be written.
    pub(crate) async fn record_all(
        &self,
        done: impl IntoIterator<Item = (Entry, Option<Problem>)>,
    ) -> Result<(), Problem> {
        let mut entries = Vec::new();
        for (mut entry, problem) in done {
            entry.result = problem.map_or_else(|| "ok".to_owned(), word);
            count(entry.op, problem.as_ref().map_or("ok", word_of_count));
            entries.push(entry);
        }
        self.audit.append_all(entries).await.map_err(|_| Problem::Failed)
    }

    /// Whom a mail of an own user was admitted for, which a statement only claims: the
    /// person who submitted it, From, and the recipients of the ticket.
    fn admitted(&self, ticket: &str) -> Option<Vec<String>> {
        let open = self.tickets.find(ticket, Self::now()).ok()?;
        let open = lock(&open);
        let Origin::Own(own) = &open.origin else { return None };
        let people = [own.statement.user.clone(), own.from.to_string()];
        Some(people.into_iter().chain(open.recipients.iter().map(ToString::to_string)).collect())
    }

    /// Whose hop a row is about: that of a copy that was signed, and the name that a mail
    /// has inside, once it is admitted for somebody here.
    fn sender_of(&self, entry: &Entry) -> Option<HopSender> {
        let open = self.tickets.find(entry.ticket.as_ref()?, Self::now()).ok()?;
        let open = lock(&open);
        let Origin::Own(own) = &open.origin else { return None };
        let is_ours = |to: &Address| self.settings.organisation.has_domain(to.domain());
        let hop = match entry.op {
            SIGN_HOP => HopId::parse(entry.about.as_ref()?).ok()?,
            ADMIT_OUTBOUND if open.recipients.iter().any(is_ours) => own.inside_id,
            _ => return None,
        };
        let owner = own.user.user.clone();
        Some(match own.actor {
            Some(_) => HopSender { hop, user: own.statement.user.clone(), in_name_of: Some(owner) },
            None => HopSender { hop, user: owner, in_name_of: None },
        })
    }

    /// A repeated answer, in the log as such.
    pub(crate) async fn recorded_again(&self, mut entry: Entry, octets: ByteBuf) -> Answer {
        "again".clone_into(&mut entry.result);
        count(entry.op, "again");
        match self.audit.append(entry).await {
            Ok(()) => Ok(octets),
            Err(_) => Err(Problem::Failed),
        }
    }

    /// As [`Keyserver::recorded`], for a person's request.
    pub(crate) async fn recorded_for_person(
        &self,
        mut entry: Entry,
        answer: PersonAnswer,
    ) -> PersonAnswer {
        entry.result = match &answer {
            Ok(_) => "ok".to_owned(),
            Err(problem) => word_for_person(*problem),
        };
        count(entry.op, if answer.is_ok() { "ok" } else { "refused" });
        match self.audit.append(entry).await {
            Ok(()) => answer,
            Err(_) => Err(PersonProblem::Failed),
        }
    }
}

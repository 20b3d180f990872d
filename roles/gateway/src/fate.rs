//! What becomes of a mail for each of its recipients: one reply each, never mixed up.

use crate::config::AfterOpening;
use crate::dsn::{MailOptions, RecipientOptions};
use crate::gateway::Gateway;
use crate::hold::{Came, Release};
use crate::journal::{Entry, Journal, SentMail};
use crate::trail::Trail;
use crate::wire::{self, OutgoingEnvelope, Reply, Reports};
use crate::{listen, reply};
use ssmax_api::gateway::ReleasedTo;
use ssmax_api::{Organisation, TicketId};
use ssmax_chain::refusal::Public;
use ssmax_chain::{HopId, Reason, Refusal, binding};
use ssmax_inspection::{Finding, Outcome};
use ssmax_mail::address::Address;
use ssmax_metrics::{Label, list as metrics};
use std::collections::{BTreeSet, HashSet};

/// One recipient's fate.
struct Fate {
    /// The address that the other roles and the next hop get: its domain in lower case,
    /// its local part as it came, which the sender's record may name.
    recipient: String,
    /// The person: all spellings of one address have one key.
    key: String,
    /// What its sender wants to hear of the delivery.
    options: RecipientOptions,
    decided: Option<Decided>,
}

/// How a mail leaves: reports of what is encrypted give back its header alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// Encrypted as a whole, or its files one by one.
    Encrypted,
    /// As whoever wrote it sent it.
    Clear,
}

struct Decided {
    word: &'static str,
    reply: Reply,
    refusal: Option<Refusal>,
    hop: Option<HopId>,
    /// The member that the copy was for.
    to_org: Option<String>,
}

/// The fates of one mail, in the order of its recipients.
pub(crate) struct Fates {
    fates: Vec<Fate>,
    mail_from: String,
    mail_options: MailOptions,
    queue_id: Option<String>,
    smtputf8: bool,
    pub(crate) message_id: String,
    /// What the next hop took is remembered under this; `None` for a mail that cannot be
    /// known again.
    pub(crate) sent: Option<SentMail>,
    /// The ticket to close when all is told.
    pub(crate) ticket: Option<TicketId>,
    /// Whether the mail was rebuilt since it was ambiguous as it came.
    pub(crate) rebuilt: bool,
    /// What is to be known of the mail if it is held.
    pub(crate) came: Came,
    /// Set when an officer released the mail, and the journey runs for the second time.
    pub(crate) release: Option<Release>,
    /// What is to be told later of its way.
    pub(crate) trail: Trail,
}

impl Fates {
    pub(crate) fn new(envelope: &listen::Envelope, own: &Organisation) -> Self {
        let options = envelope.recipient_options.iter().cloned();
        let options = options.chain(std::iter::repeat(RecipientOptions::default()));
        let fate = |(text, options): (&String, RecipientOptions)| {
            let (recipient, key) = one_spelling(text, own);
            Fate { recipient, key, options, decided: None }
        };
        Self {
            fates: envelope.recipients.iter().zip(options).map(fate).collect(),
            mail_from: envelope.mail_from.clone(),
            mail_options: envelope.mail_options.clone(),
            queue_id: envelope.xforward_ident.clone(),
            smtputf8: envelope.smtputf8,
            message_id: String::new(),
            sent: None,
            ticket: None,
            rebuilt: false,
            came: Came { login: envelope.auth.clone(), ..Came::default() },
            release: None,
            trail: Trail::new(),
        }
    }

    /// The mail has its ticket.
    pub(crate) fn admitted(&mut self, ticket: TicketId) {
        tracing::Span::current().record("ticket", ssmax_api::ticket_name(&ticket));
        self.ticket = Some(ticket);
    }

    /// The envelope sender.
    pub(crate) fn mail_from(&self) -> &str {
        &self.mail_from
    }

    /// What MAIL said of reports.
    pub(crate) fn mail_options(&self) -> &MailOptions {
        &self.mail_options
    }

    /// What was said of reports for a recipient; nothing for one whom a list names.
    pub(crate) fn options(&self, recipient: &str) -> RecipientOptions {
        let key = self.key(recipient);
        let fate = self.fates.iter().find(|fate| fate.key == key);
        fate.map(|fate| fate.options.clone()).unwrap_or_default()
    }

    /// Whether the mail came as SMTPUTF8.
    pub(crate) fn smtputf8(&self) -> bool {
        self.smtputf8
    }

    /// Notes what an inspection stops the mail for.
    pub(crate) fn found(&mut self, outcome: Outcome, findings: Vec<Finding>) {
        self.inspected(outcome, &findings);
        self.came.outcome = outcome;
        self.came.findings = findings;
    }

    /// Notes what an inspection said.
    pub(crate) fn inspected(&mut self, outcome: Outcome, findings: &[Finding]) {
        let rules: BTreeSet<&str> = findings.iter().map(|one| one.rule.as_str()).collect();
        let words = std::iter::once(outcome_word(outcome)).chain(rules);
        self.trail.verdict = Some(words.collect::<Vec<_>>().join(" "));
    }

    /// What has been decided so far, for an officer: each person once.
    pub(crate) fn told(&self) -> Vec<ReleasedTo> {
        let mut known = HashSet::with_capacity(self.fates.len());
        let decided = |fate: &Fate| {
            let decided = fate.decided.as_ref()?;
            Some(ReleasedTo {
                recipient: fate.recipient.clone(),
                fate: decided.word.to_owned(),
                reason: decided.refusal.map(|refusal| refusal.reason),
                reply: decided.reply.to_string(),
            })
        };
        self.fates
            .iter()
            .filter(|fate| known.insert(fate.key.as_str()))
            .filter_map(decided)
            .collect()
    }

    /// The recipients, each person once, in the spelling that came first: a client may
    /// name one twice, and then each place gets the one fate.
    pub(crate) fn recipients(&self) -> Vec<String> {
        self.people(|_| true)
    }

    fn people(&self, wanted: impl Fn(&Fate) -> bool) -> Vec<String> {
        let mut known = HashSet::with_capacity(self.fates.len());
        self.fates
            .iter()
            .filter(|fate| known.insert(fate.key.as_str()) && wanted(fate))
            .map(|fate| fate.recipient.clone())
            .collect()
    }

    /// The one key of a recipient, whatever the spelling.
    pub(crate) fn key(&self, recipient: &str) -> String {
        self.fates
            .iter()
            .find(|fate| fate.recipient == recipient)
            .map_or_else(|| recipient.to_owned(), |fate| fate.key.clone())
    }

    pub(crate) fn refuse(&mut self, recipient: &str, refusal: Refusal) {
        self.decide(recipient, "refused", reply::refused(refusal), Some(refusal), None);
    }

    /// A list's fate is that it sent the mail on.
    pub(crate) fn sent_on(&mut self, list: &str, hop: Option<HopId>) {
        self.decide(list, "passed", reply::sent_on(), None, hop);
    }

    pub(crate) fn refuse_rest(&mut self, refusal: Refusal) {
        for recipient in self.undecided() {
            self.refuse(&recipient, refusal);
        }
    }

    pub(crate) fn hold(&mut self, recipient: &str, refusal: Refusal) {
        self.decide(recipient, "held", reply::held(), Some(refusal), None);
    }

    pub(crate) fn repeat(&mut self, recipient: &str, hop: Option<HopId>) {
        self.decide(recipient, "repeated", reply::delivered_before(), None, hop);
    }

    pub(crate) fn all_decided(&self) -> bool {
        self.fates.iter().all(|fate| fate.decided.is_some())
    }

    /// Recipients without a fate yet, each once.
    pub(crate) fn undecided(&self) -> Vec<String> {
        self.people(|fate| fate.decided.is_none())
    }

    /// Notes to which member these recipients' copy went.
    pub(crate) fn went_to(&mut self, recipients: &[String], to_org: &str) {
        for recipient in recipients {
            let key = self.key(recipient);
            for fate in self.fates.iter_mut().filter(|fate| fate.key == key) {
                if let Some(decided) = &mut fate.decided {
                    decided.to_org = Some(to_org.to_owned());
                }
            }
        }
    }

    /// Decides about every place where the recipient stands and is undecided: a fate
    /// once told is not changed.
    fn decide(
        &mut self,
        recipient: &str,
        word: &'static str,
        reply: Reply,
        refusal: Option<Refusal>,
        hop: Option<HopId>,
    ) {
        let key = self.key(recipient);
        for fate in &mut self.fates {
            if fate.key == key && fate.decided.is_none() {
                let (reply, to_org) = (reply.clone(), None);
                fate.decided = Some(Decided { word, reply, refusal, hop, to_org });
            }
        }
    }

    /// Writes the journal and gives the replies in order. What cannot be written was
    /// still decided: a fate is told as it is.
    pub(crate) async fn write(mut self, journal: &Journal, direction: &str) -> Vec<Reply> {
        self.refuse_rest(Reason::Internal.into());
        let mut replies = Vec::with_capacity(self.fates.len());
        let ticket = self.ticket.as_deref().map(ssmax_api::keyserver::ticket_name);
        let stages = self.trail.stages();
        let login = self.came.login.as_ref().map(|login| login.user.as_str());
        count(&self.fates, self.trail.direction);
        for fate in self.fates {
            let Some(decided) = fate.decided else { continue };
            let reply_text = decided.reply.to_string();
            let entry = Entry {
                direction,
                message_id: &self.message_id,
                queue_id: self.queue_id.as_deref(),
                mail_from: &self.mail_from,
                recipient: &fate.recipient,
                hop: decided.hop,
                fate: decided.word,
                refusal: decided.refusal,
                reply: &reply_text,
                rebuilt: self.rebuilt,
                ticket: ticket.as_deref(),
                mail: Some(&self.trail.mail),
                listener: self.trail.listener,
                login,
                bytes: Some(self.trail.bytes).filter(|bytes| *bytes > 0),
                verdict: self.trail.verdict.as_deref(),
                stages: &stages,
                to_org: decided.to_org.as_deref(),
            };
            if let Err(error) = journal.write(&entry).await {
                tracing::error!(%error, "a fate could not be written to the journal");
            }
            tracing::info!(
                %direction,
                message.id = %self.message_id,
                fate = decided.word,
                rebuilt = self.rebuilt,
                reason = decided.refusal.map(|refusal| refusal.reason.code()),
                reply = %reply_text,
                "a recipient's mail has its fate",
            );
            replies.push(decided.reply);
        }
        replies
    }
}

/// The outcome as a word of the journal.
fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Hold => "hold",
        Outcome::Block => "block",
    }
}

/// Counts a mail and its recipients.
fn count(fates: &[Fate], direction: &'static str) {
    let direction = Label::Word(direction);
    let mut of_mail: Option<&'static str> = None;
    for decided in fates.iter().filter_map(|fate| fate.decided.as_ref()) {
        of_mail = match of_mail {
            None => Some(decided.word),
            Some(word) if word == decided.word => Some(word),
            Some(_) => Some("mixed"),
        };
        let (stage, reason) = match decided.refusal {
            Some(refusal) => (refusal.stage.as_str().into(), refusal.reason.number().into()),
            None => (Label::Word("none"), Label::Word("none")),
        };
        metrics::RECIPIENTS.count([direction, decided.word.into(), stage, reason]);
        let class = match decided.reply.code {
            200..=299 => "2",
            400..=499 => "4",
            _ => "5",
        };
        metrics::REPLIES.count([direction, class.into()]);
        if decided.refusal.is_some_and(|one| one.reason.public() == Public::AfterOpening) {
            metrics::AFTER_OPENING.count([direction]);
        }
    }
    if let Some(word) = of_mail {
        metrics::MAILS.count([direction, word.into()]);
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        metrics::LAST_MAIL.set([direction], ssmax_daemon::watch::as_number(now));
    }
}

/// An address as the other roles spell it, and the key of the person behind it: a quoted
/// local part may have several texts, a domain any case, and an own local part too.
fn one_spelling(text: &str, own: &Organisation) -> (String, String) {
    let Ok(address) = Address::parse(text) else { return (text.to_owned(), text.to_owned()) };
    let spelling = binding::normal_address(&address);
    let key = if own.has_domain(address.domain()) {
        binding::directory_address(&address)
    } else {
        spelling.clone()
    };
    (spelling, key)
}

impl Gateway {
    /// Hands octets to where each recipient's domain is routed, all of one route
    /// together, and writes down what became of them.
    pub(crate) async fn send(
        &self,
        mail_from: &str,
        recipients: Vec<String>,
        octets: &[u8],
        hop: Option<HopId>,
        leaving: Leaving,
        fates: &mut Fates,
    ) {
        let mut groups: Vec<(wire::Route, Vec<String>)> = Vec::new();
        for recipient in recipients {
            let route = self.routes.route(&recipient).clone();
            // A person has one mailbox; an MTA finds it by itself.
            let is_mailbox = matches!(route, wire::Route::Maildir(_));
            let recipient = if is_mailbox { fates.key(&recipient) } else { recipient };
            match groups.iter_mut().find(|(known, _)| *known == route) {
                Some((_, group)) => group.push(recipient),
                None => groups.push((route, vec![recipient])),
            }
        }
        for (route, recipients) in groups {
            let reports = Reports {
                mail: fates.mail_options.clone(),
                recipients: recipients.iter().map(|one| fates.options(one)).collect(),
                encrypted: leaving == Leaving::Encrypted,
            };
            let envelope = OutgoingEnvelope {
                mail_from: mail_from.to_owned(),
                recipients,
                // Not for raw 8-bit fields that came without it: few mailbox servers
                // offer SMTPUTF8, and whoever took such a mail so far takes it again.
                smtputf8: fates.smtputf8,
                body_8bit: true,
                reports,
            };
            for (recipient, result) in wire::deliver(&route, &envelope, octets, &self.client).await
            {
                match result {
                    Ok(next) => {
                        fates.decide(&recipient, "passed", reply::passed(&next), None, hop);
                    }
                    Err(outcome) => {
                        if matches!(outcome, wire::Outcome::Temporary(_)) {
                            metrics::DEPENDENCY_FAILURES.count(["next-hop".into()]);
                        }
                        let reason = match &outcome {
                            wire::Outcome::Temporary(_) => Reason::NextHopUnavailable,
                            wire::Outcome::Permanent(_) => Reason::NextHopRefused,
                        };
                        let reply = reply::not_taken(&outcome);
                        fates.decide(&recipient, "refused", reply, Some(reason.into()), hop);
                    }
                }
            }
        }
    }

    /// A mail that is stopped is refused or kept for an officer. After a key was used the
    /// setting alone decides, so that the answer tells nothing: kept, it is a 2xx. Before,
    /// what was found decides: `hold` is kept.
    pub(crate) async fn stop(
        &self,
        direction: &str,
        mode: AfterOpening,
        octets: &[u8],
        refusal: Refusal,
        fates: &mut Fates,
    ) {
        let kept = match refusal.reason.public() {
            Public::AfterOpening => mode == AfterOpening::Hold,
            Public::Numbered => fates.came.outcome == Outcome::Hold,
        };
        if !kept {
            return fates.refuse_rest(refusal);
        }
        let recipients = fates.undecided();
        self.keep(direction, &recipients, octets, refusal, fates).await;
    }

    /// Whether the recipient's fate is that the next hop took the mail.
    pub(crate) fn has_passed(fates: &Fates, recipient: &str) -> bool {
        fates.fates.iter().any(|fate| {
            fate.recipient == recipient
                && fate.decided.as_ref().is_some_and(|decided| decided.word == "passed")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Organisation {
        Organisation {
            id: "NTRJP-7000012050002".into(),
            kind: ssmax_federation::Kind::Organisation,
            name: "B".into(),
            name_ja: String::new(),
            name_kana: String::new(),
            domains: vec!["b.example".into()],
            incident_contact: String::new(),
        }
    }

    fn fates(recipients: &[&str]) -> Fates {
        let mut envelope = listen::Envelope::new(([127, 0, 0, 1], 25).into());
        envelope.recipients = recipients.iter().map(|one| (*one).to_owned()).collect();
        Fates::new(&envelope, &own())
    }

    #[test]
    fn a_recipient_named_twice_in_two_spellings_is_one_person_with_one_fate() {
        let mut fates = fates(&["\"bob\"@b.example", "dave@b.example", "bob@b.example"]);
        assert_eq!(fates.recipients(), ["bob@b.example", "dave@b.example"]);
        fates.refuse("bob@b.example", Reason::LeakFound.into());
        assert_eq!(fates.undecided(), ["dave@b.example"]);
        fates.refuse_rest(Reason::MalwareFound.into());
        let codes: Vec<_> = fates
            .fates
            .iter()
            .filter_map(|fate| fate.decided.as_ref()?.refusal)
            .map(|refusal| refusal.reason)
            .collect();
        assert_eq!(codes, [Reason::LeakFound, Reason::MalwareFound, Reason::LeakFound]);
    }

    #[test]
    fn an_own_person_is_one_in_any_case_and_a_foreign_one_by_the_domain_alone() {
        let fates = fates(&[
            "Bob@B.example",
            "bob@b.example",
            "Carol@C.example",
            "Carol@c.example",
            "carol@c.example",
        ]);
        assert_eq!(
            fates.recipients(),
            ["Bob@b.example", "Carol@c.example", "carol@c.example"],
            "the local part goes on as it came"
        );
        assert_eq!(fates.key("Bob@b.example"), "bob@b.example");
        assert_eq!(fates.key("bob@b.example"), "bob@b.example");
        assert_eq!(fates.key("Carol@c.example"), "Carol@c.example");
    }

    #[test]
    fn the_fate_of_one_spelling_is_the_fate_of_all() {
        let mut fates = fates(&["BOB@b.example", "bob@B.EXAMPLE", "dave@b.example"]);
        fates.refuse("BOB@b.example", Reason::LeakFound.into());
        assert_eq!(fates.undecided(), ["dave@b.example"]);
        let refused = fates.fates.iter().filter(|fate| fate.decided.is_some()).count();
        assert_eq!(refused, 2);
    }

    #[test]
    fn a_fate_once_told_is_not_changed() {
        let mut fates = fates(&["bob@b.example"]);
        fates.refuse("bob@b.example", Reason::LeakFound.into());
        fates.hold("bob@b.example", Reason::MalwareInside.into());
        assert!(fates.all_decided());
        assert_eq!(fates.fates[0].decided.as_ref().unwrap().word, "refused");
    }
}

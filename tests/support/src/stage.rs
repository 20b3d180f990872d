//! Sends, and compares what the journal and the outside were told with what is published.

use crate::federation::Federation;
use crate::mails::{Mail, mail, parsed, text};
use crate::member::Member;
use crate::officer;
use crate::person::{Person, look_up};
use crate::published::{published, told};
use crate::smtp;
use ssmax_api::Problem;
use ssmax_chain::Reason;
use ssmax_chain::refusal::Public;
use ssmax_gateway::{AfterOpening, FateRow};
use ssmax_pki::Certificate;
use ssmax_store::Place;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The answer for a mail that waits for a person, whatever the cause.
const HELD: &str = "250 2.0.0 Ok, kept for review";

/// One member as its own people see it.
pub struct Side<'a> {
    pub member: &'a Member,
    pub sender: &'a Person,
    pub colleague: &'a Person,
    /// Somebody at the other member.
    pub other: &'a Person,
    /// What the directory gives for the other person.
    pub relay: Certificate,
    /// A content that the member's own seal signs.
    pub sealed: Vec<u8>,
}

/// The federation with good mails sent in both directions.
pub struct Stage<'a> {
    pub federation: &'a Federation,
    pub found: Found,
    relays: [Certificate; 2],
    sealed: [Vec<u8>; 2],
}

impl<'a> Stage<'a> {
    /// Sends a good mail each way, which also proves that the rest fails for its own
    /// reason and not because nothing works.
    pub async fn open(federation: &'a Federation) -> Self {
        let Federation { a, b, alice, bob, .. } = federation;
        let relays = [look_up(a, &bob.address).await, look_up(b, &alice.address).await];
        let mut stage =
            Self { federation, found: Found::default(), relays, sealed: [vec![], vec![]] };
        let at_b = stage.send_good(a, alice, &stage.relays[0].clone(), b, bob).await;
        let at_a = stage.send_good(b, bob, &stage.relays[1].clone(), a, alice).await;
        stage.sealed = [at_a, at_b];
        stage
    }

    /// What was found, for when the federation is needed back.
    pub fn close(self) -> Found {
        self.found
    }

    /// A and B, each as its own people see it.
    pub fn sides(&self) -> [Side<'a>; 2] {
        let Federation { a, b, alice, carol, bob, dave, .. } = self.federation;
        let [relay_at_a, relay_at_b] = self.relays.clone();
        let [sealed_at_a, sealed_at_b] = self.sealed.clone();
        [
            Side {
                member: a,
                sender: alice,
                colleague: carol,
                other: bob,
                relay: relay_at_a,
                sealed: sealed_at_a,
            },
            Side {
                member: b,
                sender: bob,
                colleague: dave,
                other: alice,
                relay: relay_at_b,
                sealed: sealed_at_b,
            },
        ]
    }

    /// Signed and encrypted; gives the content as its recipient decrypts it.
    async fn send_good(
        &mut self,
        from: &Member,
        sender: &Person,
        relay: &Certificate,
        to: &Member,
        recipient: &Person,
    ) -> Vec<u8> {
        let good = mail(&sender.address, &recipient.address, &text())
            .signed_by(sender)
            .encrypted_for(relay);
        let reply = submit(from, sender, &recipient.address, &good).await;
        assert!(reply.starts_with("250 2.0.0 "), "{reply}");
        delivered(to, recipient, &good)
    }

    /// The content of a mail by the colleague, sealed for the sender of this side.
    pub async fn sealed_for_a_colleague(&mut self, side: &Side<'_>) -> Vec<u8> {
        let good = mail(&side.colleague.address, &side.sender.address, &text());
        let good = good.signed_by(side.colleague);
        let reply = submit(side.member, side.colleague, &side.sender.address, &good).await;
        assert!(reply.starts_with("250 2.0.0 "), "{reply}");
        delivered(side.member, side.sender, &good)
    }

    /// A mail of an own person must be stopped for this reason.
    pub async fn submitted(
        &mut self,
        member: &Member,
        sender: &Person,
        recipient: &str,
        mail: &Mail,
        reason: Reason,
    ) {
        self.found.submitted(member, sender, recipient, mail, reason).await;
    }

    /// A mail from elsewhere must be stopped for this reason.
    pub async fn arrived(
        &mut self,
        member: &Member,
        from: &str,
        recipient: &str,
        mail: &Mail,
        reason: Reason,
    ) {
        self.found.arrived(member, from, recipient, mail, reason).await;
    }
}

/// The content of a mail as its recipient decrypts it.
pub fn delivered(member: &Member, recipient: &Person, mail: &Mail) -> Vec<u8> {
    let octets = std::fs::read_dir(member.maildir(&recipient.address))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .find(|octets| String::from_utf8_lossy(octets).contains(&mail.message_id))
        .unwrap();
    let (key, certificate) = &recipient.encryption;
    let content = ssmax_smime::decrypt::decrypt(&octets, key, Some(certificate)).unwrap();
    assert_eq!(parsed(&content).children()[0].raw(), text());
    content.to_vec()
}

/// Sends as an own person.
pub async fn submit(member: &Member, sender: &Person, recipient: &str, mail: &Mail) -> String {
    submit_at(member.submission, sender, recipient, mail).await
}

/// Sends as an own person, to the gateway at this address.
pub async fn submit_at(at: SocketAddr, sender: &Person, recipient: &str, mail: &Mail) -> String {
    let login = Some((sender.address.as_str(), sender.secret.as_str()));
    smtp::send(at, login, &sender.address, recipient, &mail.octets).await
}

/// What has been found so far.
#[derive(Default)]
pub struct Found {
    provoked: BTreeSet<Reason>,
    /// What was told after a key was used, by what the member does then.
    refused: BTreeSet<String>,
    held: BTreeSet<String>,
    /// How many mails were stopped after a key was used, by direction and fate.
    opened: BTreeMap<(String, &'static str), usize>,
    faults: Vec<String>,
    /// Whether findings that say hold are expected in mail that came in clear.
    pub held_in_clear: bool,
    /// Rows of the journal seen so far.
    rows: HashMap<(PathBuf, String), usize>,
}

impl Found {
    /// See [`Stage::submitted`].
    pub async fn submitted(
        &mut self,
        member: &Member,
        sender: &Person,
        recipient: &str,
        mail: &Mail,
        reason: Reason,
    ) {
        let reply = submit(member, sender, recipient, mail).await;
        self.stopped(member, "outbound", mail, &reply, reason).await;
    }

    /// See [`Stage::arrived`].
    pub async fn arrived(
        &mut self,
        member: &Member,
        from: &str,
        recipient: &str,
        mail: &Mail,
        reason: Reason,
    ) {
        let reply = smtp::send(member.inbound, None, from, recipient, &mail.octets).await;
        self.stopped(member, "inbound", mail, &reply, reason).await;
    }

    /// What was handed in for sending without a login must have been stopped for this
    /// reason.
    pub async fn handed_in(&mut self, member: &Member, mail: &Mail, reply: &str, reason: Reason) {
        self.stopped(member, "outbound", mail, reply, reason).await;
    }

    /// The member must have stopped this mail for this reason, and told the outside what
    /// is published and nothing more.
    async fn stopped(
        &mut self,
        member: &Member,
        direction: &str,
        mail: &Mail,
        reply: &str,
        reason: Reason,
    ) {
        let (fate, expected) = match (reason.public(), member.after_opening(direction)) {
            (Public::Numbered, _) if self.held_in_clear => ("held", HELD.to_owned()),
            (Public::Numbered, _) => ("refused", told(reason)),
            (Public::AfterOpening, AfterOpening::Refuse) => {
                self.refused.insert(reply.to_owned());
                self.provoked.insert(Reason::RefusedAfterOpening);
                ("refused", told(Reason::RefusedAfterOpening))
            }
            (Public::AfterOpening, AfterOpening::Hold) => {
                self.held.insert(reply.to_owned());
                ("held", HELD.to_owned())
            }
        };
        if reason.public() == Public::AfterOpening {
            *self.opened.entry((direction.to_owned(), fate)).or_default() += 1;
        }
        let place = member.gateway.place();
        self.compare(&place, (direction, fate), mail, reply, &expected, reason).await;
        if fate == "held" {
            self.kept(member, mail, reason).await;
        }
    }

    /// The mail lies in the hold store with its reason, and encrypted.
    async fn kept(&mut self, member: &Member, mail: &Mail, reason: Reason) {
        let held = officer::list(&member.gateway.run_dir).await;
        let name = mail.message_id.as_bytes();
        let is_closed = |id: &str| {
            let object = member.held_object(id).unwrap();
            let in_clear = object.windows(name.len()).any(|window| window == name);
            !in_clear && object.len() > mail.octets.len()
        };
        // Changed copies of one mail may be held under one Message-ID.
        let found = held.iter().any(|kept| {
            kept.message_id == mail.message_id && kept.reason == reason && is_closed(&kept.id)
        });
        self.expect(found, &format!("{reason} is not in the hold store, encrypted"));
    }

    /// The journal has one new row for the mail, with this fate and reason, and the reply
    /// is exactly as expected.
    pub async fn compare(
        &mut self,
        place: &Place,
        (direction, fate): (&str, &str),
        mail: &Mail,
        reply: &str,
        expected: &str,
        reason: Reason,
    ) {
        let rows = self.new_rows(place, &mail.message_id).await;
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                let none = || "none".to_owned();
                let stage = row.stage.clone().unwrap_or_else(none);
                let reason = row.reason.clone().unwrap_or_else(none);
                format!("{} {} {stage} {reason}: {}", row.direction, row.fate, row.reply)
            })
            .collect();
        let stage = published(reason).stage;
        let row = format!("{direction} {fate} {stage} {}: {expected}", reason.code());
        self.require(
            reason,
            told == [row.clone()] && reply == expected,
            &format!("expected {row}\n  journal {told:?}\n  told    {reply}"),
        );
    }

    /// A refusal in the dialogue, before there is a mail to write about.
    pub fn refused_in_dialogue(&mut self, reply: &str, reason: Reason) {
        let expected = told(reason);
        self.require(reason, reply == expected, &format!("expected {expected}\n  told {reply}"));
    }

    /// An officer is told why a held mail does not go on.
    pub fn told_an_officer(&mut self, told: Result<(), Problem>, reason: Reason) {
        let expected = Err(Problem::Refused(reason));
        self.require(reason, told == expected, &format!("expected {expected:?}\n  told {told:?}"));
    }

    /// Counts the reason as provoked if all is `well`; else remembers what was found, so
    /// that one run shows every fault.
    fn require(&mut self, reason: Reason, well: bool, found: &str) {
        if well {
            self.provoked.insert(reason);
        } else {
            let case = self.provoked.len() + self.faults.len();
            self.faults.push(format!("{reason} (after {case} others): {found}"));
        }
    }

    /// Something else than a reason is wrong.
    pub fn expect(&mut self, well: bool, what: &str) {
        if !well {
            self.faults.push(what.to_owned());
        }
    }

    async fn new_rows(&mut self, place: &Place, message_id: &str) -> Vec<FateRow> {
        let mut rows = ssmax_gateway::fates_of(place.clone(), message_id).await.unwrap();
        let key = (place.directory().to_owned(), message_id.to_owned());
        let known = self.rows.entry(key).or_default();
        let new = rows.split_off(*known);
        *known += new.len();
        new
    }

    /// Every published reason was provoked and told as published; after a key was used
    /// there is one answer for all causes, octet for octet.
    pub fn assert_complete(self) {
        let all: BTreeSet<Reason> = Reason::ALL.iter().copied().collect();
        let left: Vec<&str> = all.difference(&self.provoked).map(|reason| reason.code()).collect();
        assert!(self.faults.is_empty(), "{}\nnot provoked: {left:?}", self.faults.join("\n"));
        assert_eq!(left, Vec::<&str>::new(), "reasons without a case");
        assert_eq!(self.refused.len(), 1, "{:?}", self.refused);
        assert_eq!(self.held.len(), 1, "{:?}", self.held);
        // In both directions, whether refused or held, a dozen causes and more are one
        // answer: what is counted here went into the two sets of one.
        assert_eq!(self.opened.len(), 4, "{:?}", self.opened);
        assert!(self.opened.values().all(|causes| *causes >= 12), "{:?}", self.opened);
    }
}

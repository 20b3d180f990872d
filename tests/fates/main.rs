//! Five recipients, three fates: every one of the 243 combinations, from an MTA's queue over
//! two gateways to five mailboxes, with LMTP's reply for each recipient all the way.
//!
//! [`mailboxes`] says what becomes of each recipient, [`queue`] is the MTA that tries again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod mailboxes;
mod queue;

use mailboxes::{Fate, Mailboxes};
use queue::Queue;
use ssmax_daemon::Stop;
use ssmax_gateway::listen::Dialect;
use ssmax_support::federation::Federation;
use ssmax_support::mails::{Mail, mail_from, text};
use ssmax_support::member::Role;
use ssmax_support::person::Person;
use ssmax_support::wire::Wire;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::task::JoinSet;

/// How many mails are on their way at once.
const AT_ONCE: usize = 4;

/// Recipients who stand in To; the others are hidden.
const SHOWN: usize = 3;

/// All that a mail meets on its way.
struct Way {
    federation: Federation,
    people: Vec<Person>,
    /// Between the gateways: what anybody on the way could read.
    between: Arc<Wire>,
    mailboxes: Arc<Mailboxes>,
    /// Where A's MTA hands in what was submitted.
    filter: SocketAddr,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_recipients_have_their_own_fates_in_all_243_combinations() {
    let way = Arc::new(Way::set_up().await);
    let mut running = JoinSet::new();
    for number in 0..243 {
        while running.len() >= AT_ONCE {
            running.join_next().await.unwrap().unwrap();
        }
        let way = Arc::clone(&way);
        running.spawn(async move { way.one(number).await });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}

impl Way {
    async fn set_up() -> Self {
        let mut federation = Federation::start().await;
        let mut people = Vec::new();
        for number in 1..=5 {
            people.push(Person::enrol(&federation.b, &format!("r{number}"), false).await);
        }
        let stop = Stop::new();
        let mailboxes = Mailboxes::start(&stop).await;
        let between = Wire::start_as(Dialect::Lmtp, &stop).await;
        let b = &mut federation.b;
        b.stop(Role::Gateway).await;
        let gateway = &mut b.gateway.gateway;
        gateway.inbound_lmtp = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        gateway.routes.insert(b.domain.clone(), mailboxes.route());
        b.start(Role::Gateway).await;
        between.lead_to(b.at("inbound_lmtp").await);
        let a = &mut federation.a;
        a.stop(Role::Gateway).await;
        a.gateway.gateway.routes.insert("b.example".to_owned(), between.route());
        a.start(Role::Gateway).await;
        let filter = a.at("submission_lmtp").await;
        federation.wait_for_list(federation.d.admission.list_version).await;
        Self { federation, people, between, mailboxes, filter }
    }

    /// One combination, a base-3 number: the first try, the tries again of a queue that
    /// splits, and the whole mail once more.
    async fn one(&self, number: usize) {
        let fates = [1, 3, 9, 27, 81].map(|place| Fate::ALL[number / place % 3]);
        let people = rotated(&self.people, number);
        let plan: Vec<_> = people.iter().map(|one| one.address.clone()).zip(fates).collect();
        let mail = self.mail(&people);
        self.mailboxes.expect(&mail.message_id, &plan);
        let queue =
            Queue::new(&self.federation.a, &self.federation.alice, self.filter, &mail, &plan);

        let first = queue.send(&plan).await;
        let expected: Vec<_> = fates.iter().map(|fate| fate.reply()).collect();
        assert_eq!(codes(&first), expected, "{number}: {first:?}");

        // What was put off is taken at the next try, which comes in two envelopes.
        self.mailboxes.take_all(&mail.message_id);
        let later: Vec<_> = plan.iter().filter(|(_, fate)| *fate == Fate::Defer).cloned().collect();
        for some in later.chunks(2) {
            let again = queue.send(some).await;
            assert!(codes(&again).iter().all(|code| *code == '2'), "{number}: {again:?}");
        }
        // Who has it has it once, whoever asks again; who was refused stays so.
        let last = queue.send(&plan).await;
        let settled = |fate: &Fate| if *fate == Fate::Refuse { '5' } else { '2' };
        assert_eq!(
            codes(&last),
            fates.iter().map(settled).collect::<Vec<_>>(),
            "{number}: {last:?}"
        );
        self.delivered(number, &mail, &plan, &people);
    }

    fn mail(&self, people: &[&Person]) -> Mail {
        let shown: Vec<&str> = people.iter().take(SHOWN).map(|one| one.address.as_str()).collect();
        let hidden: Vec<&str> = people.iter().skip(SHOWN).map(|one| one.address.as_str()).collect();
        let from = self.federation.alice.address.as_str();
        // A mailer may leave the field to the server.
        mail_from(&[("From", from), ("Bcc", &hidden.join(", "))], &shown.join(", "), &text())
    }

    /// Everybody who was to get it has it once, readable, and sees nobody who is hidden.
    fn delivered(&self, number: usize, mail: &Mail, plan: &[(String, Fate)], people: &[&Person]) {
        for ((address, fate), person) in plan.iter().zip(people) {
            let copies = self.mailboxes.copies(&mail.message_id, address);
            let expected = usize::from(*fate != Fate::Refuse);
            assert_eq!(copies.len(), expected, "{number}: {address} {fate:?}");
            for copy in &copies {
                let (key, certificate) = &person.encryption;
                let opened = ssmax_smime::decrypt::decrypt(copy, key, Some(certificate)).unwrap();
                assert!(has(&opened, "Please find our offer below."), "{number}: {address}");
                sees_nobody_hidden(copy, people, address);
                sees_nobody_hidden(&opened, people, address);
            }
        }
        // On the way each hidden recipient's copy is alone.
        let sent = self.between.seen_of(&mail.message_id);
        assert!(!sent.is_empty());
        for (recipients, octets) in sent {
            let is_in = |one: &&Person| recipients.contains(&one.address);
            let alone = recipients.len() == 1 || !people.iter().skip(SHOWN).any(is_in);
            assert!(alone, "{number}: {recipients:?}");
            sees_nobody_hidden(&octets, people, &recipients[0]);
        }
    }
}

/// The people in another order for each combination: a place is nobody's.
fn rotated(people: &[Person], by: usize) -> Vec<&Person> {
    people.iter().cycle().skip(by % people.len()).take(people.len()).collect()
}

fn codes(replies: &[String]) -> Vec<char> {
    replies.iter().map(|reply| reply.chars().next().unwrap()).collect()
}

fn sees_nobody_hidden(octets: &[u8], people: &[&Person], reader: &str) {
    for hidden in people.iter().skip(SHOWN).filter(|one| one.address != reader) {
        assert!(!has(octets, &hidden.address), "{reader} sees {}", hidden.address);
    }
}

fn has(octets: &[u8], text: &str) -> bool {
    octets.windows(text.len()).any(|window| window == text.as_bytes())
}

//! What the gateway needs fails in five ways: mail waits with its sender's server within 30
//! seconds, other mail goes on, and it is taken within ten seconds of the end of the failure.
//!
//! With `SSMAX_FULL=1` everything fails in all five ways; else of the two that take longest,
//! silence and slowness, each thing has one, which `SSMAX_SEED` chooses.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_e2e::mailer::{self, Account};
use ssmax_e2e::mails::{self, Mail};
use ssmax_e2e::member::{Member, Outline, Person};
use ssmax_e2e::needs;
use ssmax_e2e::pair::{self, Pair, copies};
use ssmax_e2e::process::wait_for;
use ssmax_e2e::random::Random;
use ssmax_e2e::tap::{Fault, Tap};
use std::time::{Duration, Instant};

/// How long an answer may take while something fails; with what a slow machine adds.
const ANSWER: Duration = Duration::from_secs(32);

/// How soon mail is taken again.
const BACK: Duration = Duration::from_secs(10);

/// How long other mail and other sessions may take meanwhile.
const OTHER: Duration = Duration::from_secs(5);

/// How long a mail may take otherwise, with Postfix's next try.
const ARRIVAL: Duration = Duration::from_secs(30);

const A: Outline = Outline { tapped: true, ..pair::A };
const B: Outline = Outline { tapped: true, ..pair::B };

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    NextHop,
    Role(&'static str),
}

const OUTBOUND: [Needed; 4] =
    [Needed::Role("ca"), Needed::Role("keyserver"), Needed::Role("inspector"), Needed::NextHop];

const INBOUND: [Needed; 3] =
    [Needed::Role("keyserver"), Needed::Role("inspector"), Needed::NextHop];

struct Stage {
    pair: Pair,
    bob: Person,
    account: Account,
    /// What was sent, with whom it is for.
    sent: Vec<Mail>,
}

#[test]
fn whatever_fails_mail_waits_and_comes() {
    if !needs::are_met() {
        return;
    }
    let full = std::env::var("SSMAX_FULL").is_ok();
    let seed =
        std::env::var("SSMAX_SEED").map_or_else(|_| Random::seed(), |one| one.parse().unwrap());
    println!("SSMAX_SEED={seed}");
    let mut random = Random::of(seed);
    let mut stage = Stage::set_up();
    for needed in OUTBOUND {
        for fault in faults(full, &mut random) {
            stage.outbound(needed, fault);
        }
    }
    for needed in INBOUND {
        for fault in faults(full, &mut random) {
            stage.inbound(needed, fault);
        }
    }
    stage.all_has_come();
}

fn faults(full: bool, random: &mut Random) -> Vec<Fault> {
    let left_out = if random.below(2) == 0 { Fault::Slow } else { Fault::BlackHole };
    Fault::ALL.into_iter().filter(|fault| full || *fault != left_out).collect()
}

impl Stage {
    fn set_up() -> Self {
        let pair = Pair::set_up(A, B);
        let bob = pair.b.add_person("bob", "鈴木 望夢", false);
        let account = Account::of(&pair.a, &pair.alice);
        let mut stage = Self { pair, bob, account, sent: Vec::new() };
        // Until the roles have seen a member list nobody's mail is taken.
        let first = stage.mail("first");
        wait_for("a first mail", ARRIVAL, || stage.taken(&first));
        stage.arrives(&first);
        stage.sent.push(first);
        stage
    }

    /// Something behind the sender's gateway fails: the mailer hears of it.
    fn outbound(&mut self, needed: Needed, fault: Fault) {
        let mail = self.mail(&format!("out-{needed:?}-{fault:?}"));
        tap(&self.pair.a, needed).fail(Some(fault));
        let asked = Instant::now();
        let answer = std::thread::scope(|scope| {
            let answer = scope.spawn(|| self.submit(&mail));
            self.others_go_on(needed);
            answer.join().unwrap()
        });
        let took = asked.elapsed();
        println!("{needed:?} {fault:?}: {} s: {}", took.as_secs(), answer.trim());
        assert!(answer.starts_with('4'), "{needed:?} {fault:?}: {answer}");
        assert!(took < ANSWER, "{needed:?} {fault:?}: {took:?}");
        tap(&self.pair.a, needed).fail(None);
        wait_for("the mail is taken again", BACK, || self.taken(&mail));
        self.arrives(&mail);
        self.sent.push(mail);
    }

    /// Something behind the recipient's gateway fails: the mail waits in its Postfix.
    fn inbound(&mut self, needed: Needed, fault: Fault) {
        let mail = self.mail(&format!("in-{needed:?}-{fault:?}"));
        tap(&self.pair.b, needed).fail(Some(fault));
        let asked = Instant::now();
        wait_for("the mail leaves", ARRIVAL, || self.taken(&mail));
        let reason = wait_for("the mail waits", ANSWER, || {
            let queue = self.pair.b.postfix().queue();
            let reasons =
                queue.iter().filter_map(|one| one["recipients"][0]["delay_reason"].as_str());
            reasons.into_iter().find(|reason| reason.contains("SSMAX-")).map(str::to_owned)
        });
        println!("{needed:?} {fault:?}: {} s: {reason}", asked.elapsed().as_secs());
        assert!(copies(&self.pair.b, &self.bob.address, &mail).is_empty());
        tap(&self.pair.b, needed).fail(None);
        wait_for("the mail comes", BACK, || {
            (!copies(&self.pair.b, &self.bob.address, &mail).is_empty()).then_some(())
        });
        self.sent.push(mail);
    }

    /// Mail that needs nothing of what fails has its answer, and sessions go on.
    fn others_go_on(&self, needed: Needed) {
        let asked = Instant::now();
        if needed == Needed::NextHop {
            let mail = mails::short("outside", &self.account.address, "carol@outside.example");
            let to = [("carol@outside.example", "")];
            let said = mailer::try_submit(&self.account, "", &to, &mail.octets).unwrap();
            assert!(said.starts_with("550 "), "{said}");
        } else {
            mailer::greet(self.account.server).unwrap();
        }
        assert!(asked.elapsed() < OTHER, "{needed:?}: {:?}", asked.elapsed());
    }

    fn mail(&self, name: &str) -> Mail {
        let name: String =
            name.chars().filter(|one| one.is_alphanumeric() || *one == '-').collect();
        mails::short(&name, &self.account.address, &self.bob.address)
    }

    fn submit(&self, mail: &Mail) -> String {
        let to = [(self.bob.address.as_str(), "")];
        mailer::try_submit(&self.account, "", &to, &mail.octets).unwrap()
    }

    fn taken(&self, mail: &Mail) -> Option<()> {
        let said = self.submit(mail);
        assert!(said.starts_with(['2', '4']), "{said}");
        said.starts_with('2').then_some(())
    }

    fn arrives(&self, mail: &Mail) {
        wait_for(&mail.message_id, ARRIVAL, || {
            (!copies(&self.pair.b, &self.bob.address, mail).is_empty()).then_some(())
        });
    }

    /// A second copy is there only where the next hop's answer got lost.
    fn all_has_come(&self) {
        for mail in &self.sent {
            let copies = copies(&self.pair.b, &self.bob.address, mail);
            let twice = mail.message_id.contains("NextHop");
            assert!(copies.len() == 1 || twice, "{}: {}", mail.message_id, copies.len());
            for copy in &copies {
                assert_eq!(mailer::open(&self.bob, copy).entity, mail.entity);
            }
        }
    }
}

fn tap(member: &Member, needed: Needed) -> &Tap {
    match needed {
        Needed::NextHop => member.tap(),
        Needed::Role(role) => member.tap_before(role),
    }
}

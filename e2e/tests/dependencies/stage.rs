//! Two organisations, in which things fail, and the mail that is sent meanwhile.

use crate::failing::Failing;
use ssmax_e2e::mailer::{self, Account};
use ssmax_e2e::mails::{self, Mail};
use ssmax_e2e::member::{Member, Outline, Person};
use ssmax_e2e::pair::{self, Pair, copies};
use ssmax_e2e::process::wait_for;
use ssmax_e2e::starved::Starved;
use ssmax_e2e::tap::Fault;
use std::time::{Duration, Instant};

/// How long an answer may take while something fails; with what a slow machine adds.
const ANSWER: Duration = Duration::from_secs(32);

/// How soon mail is taken again.
const BACK: Duration = Duration::from_secs(10);

/// How long other mail and other sessions may take meanwhile.
const OTHER: Duration = Duration::from_secs(5);

/// How long a mail may take otherwise, with Postfix's next try.
const ARRIVAL: Duration = Duration::from_secs(30);

const A: Outline = Outline { tapped: true, small_disks: true, scanned: true, ..pair::A };
const B: Outline = Outline { tapped: true, keys_in_token: true, ..pair::B };

/// Which organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    A,
    B,
}

struct Sent {
    by: Side,
    mail: Mail,
    may_come_twice: bool,
}

pub(crate) struct Stage {
    pair: Pair,
    bob: Person,
    /// What was sent so far.
    sent: Vec<Sent>,
}

impl Stage {
    pub(crate) fn set_up() -> Self {
        let pair = Pair::set_up(A, B);
        let bob = pair.b.add_person("bob", "鈴木 望夢", false);
        let mut stage = Self { pair, bob, sent: Vec::new() };
        // Until the roles have seen a member list nobody's mail is taken.
        for by in [Side::A, Side::B] {
            let first = stage.mail(by, "first");
            wait_for("a first mail", ARRIVAL, || stage.taken(by, &first));
            stage.arrives(by, &first);
            stage.sent.push(Sent { by, mail: first, may_come_twice: false });
        }
        stage
    }

    /// Something behind the sender's gateway fails: the mailer hears of it.
    pub(crate) fn outbound(&mut self, by: Side, failing: Failing) {
        let mail = self.mail(by, &format!("out-{}", failing.name()));
        let end = failing.begin(self.member(by));
        let asked = Instant::now();
        let answer = std::thread::scope(|scope| {
            let answer = scope.spawn(|| self.submit(by, &mail));
            self.others_go_on(by, failing);
            answer.join().unwrap()
        });
        let took = asked.elapsed();
        println!("{by:?} {failing:?}: {} s: {}", took.as_secs(), answer.trim());
        let is_taken = answer.starts_with('2') && failing.may_be_spared();
        assert!(answer.starts_with('4') || is_taken, "{failing:?}: {answer}");
        assert!(took < ANSWER, "{failing:?}: {took:?}");
        end();
        if !is_taken {
            wait_for("the mail is taken again", BACK, || self.taken(by, &mail));
        }
        self.arrives(by, &mail);
        let may_come_twice = failing.may_bring_it_twice();
        self.sent.push(Sent { by, mail, may_come_twice });
    }

    /// Something behind the recipient's gateway fails: the mail waits in its Postfix.
    pub(crate) fn inbound(&mut self, failing: Failing) {
        let mail = self.mail(Side::A, &format!("in-{}", failing.name()));
        let end = failing.begin(&self.pair.b);
        let asked = Instant::now();
        wait_for("the mail leaves", ARRIVAL, || self.taken(Side::A, &mail));
        let reason = wait_for("the mail waits", ANSWER, || {
            assert!(self.copies(Side::A, &mail).is_empty(), "{failing:?}: it was not needed");
            let queue = self.pair.b.postfix().queue();
            let reasons =
                queue.iter().filter_map(|one| one["recipients"][0]["delay_reason"].as_str());
            reasons.into_iter().find(|reason| reason.contains("SSMAX-")).map(str::to_owned)
        });
        println!("B {failing:?}: {} s: {reason}", asked.elapsed().as_secs());
        assert!(self.copies(Side::A, &mail).is_empty());
        end();
        wait_for("the mail comes", BACK, || {
            (!self.copies(Side::A, &mail).is_empty()).then_some(())
        });
        let may_come_twice = failing.may_bring_it_twice();
        self.sent.push(Sent { by: Side::A, mail, may_come_twice });
    }

    /// The authority fails: mail goes on by the list in force, and news is in force soon
    /// after.
    pub(crate) fn list(&mut self, fault: Fault) {
        let before = self.list_version();
        self.pair.authority.tap().fail(Some(fault));
        let authority = self.pair.authority.site();
        let watch = ["authority", "watch", self.pair.a.id(), "--reason", "late-report"];
        let _ = authority.run(&watch).ends(0);
        let mail = self.mail(Side::A, &format!("list-{fault:?}"));
        let asked = Instant::now();
        assert_eq!(self.taken(Side::A, &mail), Some(()), "{fault:?}");
        assert!(asked.elapsed() < OTHER, "{fault:?}: {:?}", asked.elapsed());
        self.arrives(Side::A, &mail);
        println!("list {fault:?}: mail goes on: {} s", asked.elapsed().as_secs());
        assert_eq!(self.list_version(), before, "{fault:?}");
        self.pair.authority.tap().fail(None);
        let asked = Instant::now();
        let news = self.newer_list_than(before);
        println!("list {fault:?}: back after {} s", asked.elapsed().as_secs());
        let reinstate = ["authority", "reinstate", self.pair.a.id()];
        let _ = authority.run(&reinstate).ends(0);
        let _ = self.newer_list_than(news);
        self.sent.push(Sent { by: Side::A, mail, may_come_twice: false });
    }

    /// The gateway itself gets no descriptors: who comes now is told so, and who is there
    /// already has the mail put off.
    pub(crate) fn gateway_starves(&mut self) {
        let mail = self.mail(Side::A, "out-Starved-gateway");
        let account = self.account(Side::A);
        let session = mailer::log_in(&account).unwrap().unwrap();
        let process = self.pair.a.site().process("gateway").unwrap();
        let starved = Starved::of_new_ones(process);
        let mut let_in = Vec::new();
        let asked = Instant::now();
        let said = wait_for("who comes is turned away", OTHER, || {
            mailer::log_in(&account).unwrap().map(|session| let_in.push(session)).err()
        });
        assert!(said.starts_with("421 4.3.2 "), "{said}");
        let to = [(self.bob.address.as_str(), "")];
        let answer = session.submit("", &to, &mail.octets).unwrap();
        let took = asked.elapsed();
        println!("A Starved(\"gateway\"): {} s: {}", took.as_secs(), answer.trim());
        assert!(answer.starts_with('4'), "{answer}");
        assert!(took < ANSWER, "{took:?}");
        drop(starved);
        drop(let_in);
        wait_for("the mail is taken again", BACK, || self.taken(Side::A, &mail));
        self.arrives(Side::A, &mail);
        self.sent.push(Sent { by: Side::A, mail, may_come_twice: false });
    }

    /// A second copy is there only where the next hop's answer got lost.
    pub(crate) fn all_has_come(&self) {
        for Sent { by, mail, may_come_twice } in &self.sent {
            let copies = self.copies(*by, mail);
            let name = &mail.message_id;
            assert!(copies.len() == 1 || *may_come_twice, "{name}: {}", copies.len());
            for copy in &copies {
                assert_eq!(mailer::open(self.reader(*by), copy).entity, mail.entity, "{name}");
            }
        }
    }

    pub(crate) fn member(&self, side: Side) -> &Member {
        match side {
            Side::A => &self.pair.a,
            Side::B => &self.pair.b,
        }
    }

    /// Mail that needs nothing of what fails has its answer, and sessions go on.
    fn others_go_on(&self, by: Side, failing: Failing) {
        let asked = Instant::now();
        let account = self.account(by);
        if matches!(failing, Failing::NextHop(_)) {
            let mail = mails::short("outside", &account.address, "carol@outside.example");
            let to = [("carol@outside.example", "")];
            let said = mailer::try_submit(&account, "", &to, &mail.octets).unwrap();
            assert!(said.starts_with("550 "), "{said}");
        } else {
            mailer::greet(account.server).unwrap();
        }
        assert!(asked.elapsed() < OTHER, "{failing:?}: {:?}", asked.elapsed());
    }

    fn newer_list_than(&self, before: [i64; 2]) -> [i64; 2] {
        wait_for("the news is in force", BACK, || {
            let now = self.list_version();
            now.iter().zip(&before).all(|(now, then)| now > then).then_some(now)
        })
    }

    fn list_version(&self) -> [i64; 2] {
        [&self.pair.a, &self.pair.b].map(|member| {
            let status = member.site().facts(&["status"]);
            status["roles"]["gateway"]["list_version"].as_i64().unwrap()
        })
    }

    fn account(&self, side: Side) -> Account {
        match side {
            Side::A => Account::of(&self.pair.a, &self.pair.alice),
            Side::B => Account::of(&self.pair.b, &self.bob),
        }
    }

    /// Who gets what one side sends.
    fn reader(&self, by: Side) -> &Person {
        match by {
            Side::A => &self.bob,
            Side::B => &self.pair.alice,
        }
    }

    fn mail(&self, by: Side, name: &str) -> Mail {
        let name = format!("{by:?}-{name}");
        mails::short(&name, &self.account(by).address, &self.reader(by).address)
    }

    fn submit(&self, by: Side, mail: &Mail) -> String {
        let to = [(self.reader(by).address.as_str(), "")];
        mailer::try_submit(&self.account(by), "", &to, &mail.octets).unwrap()
    }

    fn taken(&self, by: Side, mail: &Mail) -> Option<()> {
        let said = self.submit(by, mail);
        assert!(said.starts_with(['2', '4']), "{said}");
        said.starts_with('2').then_some(())
    }

    fn copies(&self, by: Side, mail: &Mail) -> Vec<Vec<u8>> {
        let other = match by {
            Side::A => &self.pair.b,
            Side::B => &self.pair.a,
        };
        copies(other, &self.reader(by).address, mail)
    }

    fn arrives(&self, by: Side, mail: &Mail) {
        wait_for(&mail.message_id, ARRIVAL, || (!self.copies(by, mail).is_empty()).then_some(()));
    }
}

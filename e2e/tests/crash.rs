//! Roles are killed under load, at points that have names and at any moment: no mail is
//! lost, none is changed, and a second copy comes only where a gateway died between its next
//! hop's answer and its own.
//!
//! `SSMAX_KILLS` says how often (default 50), `SSMAX_SEED` repeats a run's choices. What was
//! done and what came of it is printed as the table of `docs/reliability.md`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use rustix::process::{Pid, Signal, kill_process};
use ssmax_e2e::load::{Load, Sent};
use ssmax_e2e::mailer::{self, Account};
use ssmax_e2e::member::{Member, Outline, Person};
use ssmax_e2e::needs;
use ssmax_e2e::pair::{self, Pair};
use ssmax_e2e::process::wait_for;
use ssmax_e2e::random::Random;
use ssmax_e2e::tap::Point;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::thread::sleep;
use std::time::Duration;

/// How many mails are being sent at once.
const OUTBOXES: usize = 3;

/// How long the load takes to come to a point.
const REACHED: Duration = Duration::from_secs(30);

/// How long mail may take to leave the queues at the end.
const DRAINED: Duration = Duration::from_secs(120);

/// How many mails travel undisturbed before the first kill.
const WARM: usize = 3;

const PEOPLE: [(&str, &str); 5] = [
    ("bob", "鈴木 望夢"),
    ("dave", "佐藤 大輔"),
    ("erin", "高橋 絵里"),
    ("frank", "田中 風太"),
    ("grace", "伊藤 空"),
];

const A: Outline = Outline { tapped: true, ..pair::A };

const B: Outline =
    Outline { people: &["bob", "dave", "erin", "frank", "grace"], tapped: true, ..pair::B };

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Victim {
    Gateway,
    Keyserver,
    Inspector,
    Worker,
    Ca,
}

impl Victim {
    const ALL: [Self; 5] =
        [Self::Gateway, Self::Keyserver, Self::Inspector, Self::Worker, Self::Ca];

    /// The role that is to be started again.
    fn role(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Keyserver => "keyserver",
            Self::Inspector | Self::Worker => "inspector",
            Self::Ca => "ca",
        }
    }
}

/// Where a point is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Place {
    NextHop,
    Socket(&'static str),
    Anywhere,
}

/// A kill: whose side, who, where, when.
type Kill = (usize, Victim, Place, Option<Point>);

#[test]
fn whoever_is_killed_no_mail_is_lost_or_changed() {
    if !needs::are_met() {
        return;
    }
    let kills = std::env::var("SSMAX_KILLS").map_or(50, |text| text.parse().unwrap());
    let seed =
        std::env::var("SSMAX_SEED").map_or_else(|_| Random::seed(), |text| text.parse().unwrap());
    println!("SSMAX_SEED={seed} SSMAX_KILLS={kills}");
    let mut stage = Stage::set_up(seed);
    let load = stage.load();
    wait_for("the first mails", REACHED, || (load.taken() >= WARM).then_some(()));
    for kill in plan(kills, &mut stage.random) {
        stage.kill(kill);
    }
    let sent = load.end();
    stage.drain();
    let found = stage.found(&sent);
    println!("{}", stage.table(&sent, &found));
    assert_eq!(found.wrong, Vec::<String>::new());
    assert_eq!(found.lost, Vec::<String>::new());
    let killed_gateways = stage.killed(Victim::Gateway);
    assert!(found.twice <= killed_gateways * OUTBOXES * PEOPLE.len(), "{found:?}");
}

/// The points that have names, each at least once if there are kills enough, and a kill at
/// any moment for each.
fn plan(kills: usize, random: &mut Random) -> Vec<Kill> {
    let mut named = Vec::new();
    for side in 0..2 {
        for point in [Point::Connected, Point::BeforeEnd, Point::Taken, Point::Told] {
            named.push((side, Victim::Gateway, Place::NextHop, Some(point)));
        }
        for (victim, socket) in [
            (Victim::Gateway, "keyserver"),
            (Victim::Gateway, "inspector"),
            (Victim::Keyserver, "keyserver"),
            (Victim::Inspector, "inspector"),
        ] {
            for point in [Point::Asked, Point::Answered] {
                named.push((side, victim, Place::Socket(socket), Some(point)));
            }
        }
    }
    for point in [Point::Asked, Point::Answered] {
        // Who logs in is asked of the CA where people submit.
        named.push((0, Victim::Ca, Place::Socket("ca"), Some(point)));
    }
    let at_points = named.len().max(kills / 2).min(kills);
    let mut all: Vec<Kill> = named.iter().copied().cycle().take(at_points).collect();
    while all.len() < kills {
        all.push((random.below(2), *random.one_of(&Victim::ALL), Place::Anywhere, None));
    }
    random.shuffle(&mut all);
    all
}

struct Stage {
    pair: Pair,
    people: Vec<Person>,
    random: Random,
    killed: BTreeMap<Kill, usize>,
}

/// What came of it.
#[derive(Debug, Default)]
struct Found {
    copies: usize,
    lost: Vec<String>,
    wrong: Vec<String>,
    /// Copies beyond the first.
    twice: usize,
}

impl Stage {
    fn set_up(seed: u64) -> Self {
        let pair = Pair::set_up(A, B);
        let people = PEOPLE.map(|(user, name)| pair.b.add_person(user, name, false)).into();
        Self { pair, people, random: Random::of(seed), killed: BTreeMap::new() }
    }

    fn load(&mut self) -> Load {
        let account = Account::of(&self.pair.a, &self.pair.alice);
        let people: Vec<String> = self.people.iter().map(|one| one.address.clone()).collect();
        Load::start(&account, &people, OUTBOXES, &mut self.random)
    }

    fn side(&mut self, side: usize) -> &mut Member {
        if side == 0 { &mut self.pair.a } else { &mut self.pair.b }
    }

    /// Ends a process as power loss would, and starts its role again after a while.
    fn kill(&mut self, kill: Kill) {
        let (side, victim, place, point) = kill;
        let member = self.side(side);
        let pid = member.site().process(victim.role()).unwrap();
        match (place, point) {
            (Place::NextHop, Some(point)) => {
                wait(&member.tap().at(point, move || end(pid)), kill);
            }
            (Place::Socket(role), Some(point)) => {
                wait(&member.tap_before(role).at(point, move || end(pid)), kill);
            }
            _ => {
                let within = self.random.below(400);
                sleep(Duration::from_millis(within.try_into().unwrap()));
                match victim {
                    // Only while a mail is looked into is there one.
                    Victim::Worker => wait_for("a worker", REACHED, || worker(pid).map(end)),
                    _ => end(pid),
                }
            }
        }
        *self.killed.entry(kill).or_default() += 1;
        if victim != Victim::Worker {
            gone(victim, pid);
            let away = self.random.below(500);
            sleep(Duration::from_millis(away.try_into().unwrap()));
            self.side(side).serve_role(victim.role());
        }
    }

    /// Waits until nothing is on its way.
    fn drain(&self) {
        for member in [&self.pair.a, &self.pair.b] {
            wait_for("empty queues", DRAINED, || member.postfix().queue().is_empty().then_some(()));
        }
    }

    /// Every mail that was taken, in every mailbox that it is for.
    fn found(&self, sent: &[Sent]) -> Found {
        let mut found = Found::default();
        let reports = self.pair.a.inbox(&self.pair.alice.address);
        found.wrong.extend(reports.iter().map(|one| String::from_utf8_lossy(one).into_owned()));
        for person in &self.people {
            let mut inbox: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
            for octets in self.pair.b.inbox(&person.address) {
                inbox.entry(message_id(&octets)).or_default().push(octets);
            }
            for sent in sent.iter().filter(|one| one.recipients.contains(&person.address)) {
                let name = format!("{} to {}", sent.mail.message_id, person.address);
                let copies = inbox.remove(&sent.mail.message_id).unwrap_or_default();
                if copies.is_empty() {
                    found.lost.push(name.clone());
                }
                found.copies += copies.len();
                found.twice += copies.len().saturating_sub(1);
                for copy in copies {
                    let opened = mailer::open(person, &copy);
                    let from = &self.pair.alice.address;
                    if opened.entity != sent.mail.entity || opened.signer != *from {
                        found.wrong.push(name.clone());
                    }
                }
            }
            found.wrong.extend(inbox.into_keys().map(|name| format!("nobody sent {name}")));
        }
        found
    }

    fn killed(&self, victim: Victim) -> usize {
        self.killed.iter().filter(|((_, one, ..), _)| *one == victim).map(|(_, times)| times).sum()
    }

    /// The table of `docs/reliability.md`.
    fn table(&self, sent: &[Sent], found: &Found) -> String {
        let mut table = String::from("| killed | at | kills |\n|---|---|---|\n");
        let mut rows: BTreeMap<(Victim, Place, Option<Point>), usize> = BTreeMap::new();
        for ((_, victim, place, point), times) in &self.killed {
            *rows.entry((*victim, *place, *point)).or_default() += times;
        }
        for ((victim, place, point), times) in rows {
            let at = match (place, point) {
                (Place::NextHop, Some(point)) => format!("next hop: {point}"),
                (Place::Socket(role), Some(point)) => format!("{role}: {point}"),
                _ => "any moment".to_owned(),
            };
            writeln!(table, "| {victim:?} | {at} | {times} |").unwrap();
        }
        let tries: usize = sent.iter().map(|one| one.tries).sum();
        let copies: usize = sent.iter().map(|one| one.recipients.len()).sum();
        writeln!(
            table,
            "\n{} mails taken in {tries} tries, {copies} copies to deliver, {} delivered: {} lost, {} \
             wrong, {} twice.",
            sent.len(),
            found.copies,
            found.lost.len(),
            found.wrong.len(),
            found.twice,
        )
        .unwrap();
        table
    }
}

fn wait(reached: &Receiver<()>, kill: Kill) {
    reached.recv_timeout(REACHED).unwrap_or_else(|_| panic!("{kill:?} was not reached"));
}

fn end(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// Waits until a process is gone; whoever started it may not have noticed.
fn gone(victim: Victim, pid: i32) {
    wait_for(&format!("{victim:?} is gone"), REACHED, || {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
        state.is_none_or(|state| state.contains(") Z")).then_some(())
    });
}

/// A process that looks into a mail.
fn worker(inspector: i32) -> Option<i32> {
    let tasks = PathBuf::from(format!("/proc/{inspector}/task"));
    let children = tasks.read_dir().ok()?.flatten().filter_map(|task| {
        let children = std::fs::read_to_string(task.path().join("children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    });
    children.into_iter().next()
}

fn message_id(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"));
    line.unwrap().split_once(':').unwrap().1.trim().to_owned()
}

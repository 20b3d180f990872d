//! What all steps share: both organisations with their people, set up by whoever comes
//! first and ended by whoever leaves last.

use serde_json::Value;
use ssmax_e2e::mails::Mail;
use ssmax_e2e::member::{Member, OFFICERS, Outline, Person};
use ssmax_e2e::openssl::Desk;
use ssmax_e2e::pair::{self, Pair, arrives, sends};
use ssmax_e2e::place::Place;
use ssmax_e2e::postfix::{HeldBack, Queued};
use ssmax_e2e::process::wait_for;
use ssmax_e2e::{mailer, mails, needs, token};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

/// How long a mail may take, with a try or two in between.
pub(crate) const ARRIVAL: Duration = Duration::from_secs(30);

const A: Outline = Outline { people: &["alice", "adam"], keys_in_token: true, ..pair::A };

const B: Outline = Outline { people: &["bob", "dave", "erin"], ..pair::B };

/// Words in the text of every mail here, and in no field.
pub(crate) const SECRET: &str = "The spare key is behind the green door";

/// Everything that runs, and who writes.
pub(crate) struct Stage {
    pub(crate) pair: Pair,
    /// At A, as alice.
    pub(crate) adam: Person,
    /// At A: two who may have people traced together.
    pub(crate) officers: [Person; 2],
    /// At B.
    pub(crate) bob: Person,
    pub(crate) dave: Person,
    pub(crate) erin: Person,
    /// The certificate that alice's mailer has for bob: learnt from a mail.
    pub(crate) for_bob: PathBuf,
    /// Ends the thread that has started everything.
    _until: Sender<()>,
}

/// Does something on the stage, alone.
pub(crate) fn with(test: impl FnOnce(&Stage)) {
    if !needs::are_met_with(&[token::PROGRAM]) {
        return;
    }
    let shared = shared();
    let stage = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let _logs = Logs(&stage.pair.place);
    test(&stage);
}

/// Shows the logs of a test that fails: the stage goes on.
struct Logs<'a>(&'a Place);

impl Drop for Logs<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.show_logs();
        }
    }
}

/// The one stage. Statics are never dropped, so none holds it: who waits for a turn does.
/// If it could not be set up, nobody tries again.
fn shared() -> Arc<Mutex<Stage>> {
    static STAGE: Mutex<Weak<Mutex<Stage>>> = Mutex::new(Weak::new());
    let mut known = STAGE.lock().expect("no stage: see the first test that failed");
    known.upgrade().unwrap_or_else(|| {
        let stage = Arc::new(Mutex::new(set_up()));
        *known = Arc::downgrade(&stage);
        stage
    })
}

/// Sets it up in a thread of its own: what a thread has started ends with it, and a test's
/// thread ends with the test.
fn set_up() -> Stage {
    let (until, end) = mpsc::channel();
    let (hand_over, taken) = mpsc::channel();
    let keeper = thread::spawn(move || {
        let _ = hand_over.send(Stage::set_up(until));
        let _ = end.recv();
    });
    taken.recv().unwrap_or_else(|_| panic!("no stage: {:?}", keeper.join().is_err()))
}

impl Stage {
    fn set_up(until: Sender<()>) -> Self {
        let pair = Pair::set_up(A, B);
        let adam = pair.a.add_person("adam", "小林 亘", true);
        let officers = OFFICERS
            .map(|number| pair.a.add_officer(number, &format!("officer-{number}"), "担当 者"));
        let bob = pair.b.add_person("bob", "鈴木 望夢", true);
        let dave = pair.b.add_person("dave", "佐藤 大輔", false);
        let erin = pair.b.add_person("erin", "高橋 絵里", false);
        let keys = pair.a.site().facts(&["org", "status"]);
        assert!(
            keys["keys"].as_array().unwrap().iter().all(|key| key["home"] == "token"),
            "{keys}"
        );
        // Without PostgreSQL, which only a developer's machine may be, the tables are in files.
        if ssmax_test_postgres::shared().is_some() {
            assert_eq!(sqlite_files(&pair.b.site().path("state")), 0);
            assert_ne!(sqlite_files(&pair.a.site().path("state")), 0);
        }
        let first = mails::short("first", &bob.address, &pair.alice.address);
        sends(&pair.b, &bob, &[&pair.alice.address], &first, ARRIVAL);
        let first = arrives(&pair.a, &pair.alice.address, &first, ARRIVAL);
        let for_bob = mailer::learn(&pair.alice, &first, &bob.address);
        Self { pair, adam, officers, bob, dave, erin, for_bob, _until: until }
    }

    pub(crate) fn alice(&self) -> &Person {
        &self.pair.alice
    }

    /// What alice's mailer makes of a text for bob: signed, and encrypted for the
    /// organisation and herself. The object beside it.
    pub(crate) fn encrypted(&self, draft: &Mail) -> (Mail, Vec<u8>) {
        let own = self.alice().dir.join("encryption.pem");
        mailer::encrypted_by_openssl(self.alice(), &[&self.for_bob, &own], draft)
    }

    /// Submits as alice, to bob and these. The answer to the mail.
    pub(crate) fn submits(&self, mail: &Mail, hidden: &[&Person]) {
        let mut to = vec![self.bob.address.as_str()];
        to.extend(hidden.iter().map(|person| person.address.as_str()));
        self.pair.alice_sends(&to, mail, ARRIVAL);
    }

    /// What bob finds.
    #[track_caller]
    pub(crate) fn bob_gets(&self, mail: &Mail) -> Vec<u8> {
        arrives(&self.pair.b, &self.bob.address, mail, ARRIVAL)
    }

    /// Nobody has got it, and it is in no queue.
    #[track_caller]
    pub(crate) fn went_nowhere(&self, mail: &Mail) {
        for member in [&self.pair.a, &self.pair.b] {
            assert!(member.postfix().waiting(&mail.message_id).is_empty());
        }
        for person in [&self.bob, &self.dave, &self.erin] {
            assert_eq!(pair::copies(&self.pair.b, &person.address, mail).len(), 0);
        }
    }

    /// The copies of a mail on the line from A to B, and what keeps them there.
    #[track_caller]
    pub(crate) fn on_the_line<'a>(
        &'a self,
        mail: &Mail,
        hidden: &[&Person],
    ) -> (Vec<Queued>, HeldBack<'a>) {
        let held = self.pair.a.postfix().hold_back();
        self.submits(mail, hidden);
        let copies = wait_for("the mail on the line", ARRIVAL, || {
            let copies = self.pair.a.postfix().waiting(&mail.message_id);
            (copies.len() == 1 + hidden.len()).then_some(copies)
        });
        (copies, held)
    }

    /// A desk with the anchor of the federation on it, as B has installed it.
    pub(crate) fn desk(&self) -> Desk {
        let desk = Desk::new();
        desk.put("root.pem", admission(&self.pair.b)["root"].as_str().unwrap().as_bytes());
        desk
    }

    /// Why a mail was refused or held, by a member's journal.
    #[track_caller]
    pub(crate) fn reason(&self, member: &Member, mail: &Mail) -> String {
        let facts = member.site().facts(&["journey", &mail.message_id]);
        let recipients = facts["arrivals"][0]["recipients"].as_array().unwrap();
        recipients[0]["reason"].as_str().unwrap_or_else(|| panic!("{facts}")).to_owned()
    }
}

/// How many databases there are in a folder.
fn sqlite_files(dir: &Path) -> usize {
    let all = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: PathBuf| match path.is_dir() {
        true => sqlite_files(&path),
        false => usize::from(path.extension().is_some_and(|one| one == "sqlite")),
    };
    all.map(count).sum()
}

/// What the management organisation has answered a member.
pub(crate) fn admission(member: &Member) -> Value {
    serde_json::from_slice(&std::fs::read(member.site().path("admission.json")).unwrap()).unwrap()
}

/// A mail from somebody to somebody that is yet to be signed; its field Subject says nothing.
pub(crate) fn draft(name: &str, from: &Person, to: &Person, text: &str) -> Mail {
    let fields =
        format!("From: {}\r\nTo: {}\r\nSubject: About {name}\r\n", from.address, to.address);
    let text = format!("{text}\r\n{SECRET}.\r\n");
    let entity = format!(
        "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        mails::base64_lines(text.as_bytes())
    );
    Mail::new(name, &fields, entity.into_bytes())
}

//! What fails, and how.

use ssmax_e2e::member::Member;
use ssmax_e2e::starved::Starved;
use ssmax_e2e::tables::Locked;
use ssmax_e2e::tap::{Fault, Tap};
use ssmax_e2e::token::Lie;
use std::thread::sleep;
use std::time::Duration;

/// How long connections take to break that are to be made anew.
const BROKEN: Duration = Duration::from_millis(200);

/// How long a gateway takes it that its journal can be written, as it was just now.
const BELIEVED: Duration = Duration::from_secs(1);

/// A failure of something that one organisation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failing {
    NextHop(Fault),
    Role(&'static str, Fault),
    /// The PostgreSQL server, for this role.
    Database(&'static str, Fault),
    Clamd(Fault),
    /// What key server and CA have their keys in.
    Token(Fault),
    /// It gives wrong octets as if they were right.
    LyingToken(Lie),
    /// Another program keeps the right to write into a role's SQLite file.
    Locked(&'static str),
    /// The disk with a role's state has no room.
    Full(&'static str),
    /// A role gets no file descriptors, and its callers connect anew.
    Starved(&'static str),
}

/// Ends a failure.
pub(crate) type End<'m> = Box<dyn FnOnce() + 'm>;

impl Failing {
    /// Lets it fail.
    pub(crate) fn begin(self, member: &Member) -> End<'_> {
        match self {
            Self::NextHop(fault) => through(member.tap(), fault),
            Self::Role(role, fault) => through(member.tap_before(role), fault),
            Self::Database(role, fault) => through(member.tap_of_database(role).unwrap(), fault),
            Self::Clamd(fault) => through(member.clamd().tap(), fault),
            Self::Token(fault) => {
                member.token().fail(Some(fault));
                Box::new(|| member.token().fail(None))
            }
            Self::LyingToken(about) => {
                member.token().lie(about);
                Box::new(|| member.token().fail(None))
            }
            Self::Locked(role) => {
                let state = std::fs::read_dir(member.state(role)).unwrap();
                let files = state.map(|entry| entry.unwrap().path());
                let tables = files.filter(|path| path.extension().is_some_and(|it| it == "sqlite"));
                let locked: Vec<Locked> = tables.map(|path| Locked::take(&path)).collect();
                assert!(!locked.is_empty());
                sleep(BELIEVED);
                Box::new(|| drop(locked))
            }
            Self::Full(role) => {
                member.disk(role).fill();
                sleep(BELIEVED);
                Box::new(move || member.disk(role).free())
            }
            Self::Starved(role) => {
                let starved = Starved::of(member.site().process(role).unwrap());
                // What is connected needs no descriptor.
                member.tap_before(role).fail(Some(Fault::Refused));
                sleep(BROKEN);
                member.tap_before(role).fail(None);
                sleep(BROKEN);
                Box::new(|| drop(starved))
            }
        }
    }

    /// Whether mail may go on, since what fails is needed for some mail only.
    pub(crate) fn may_be_spared(self) -> bool {
        // A login is looked up; that somebody made one is written now and then.
        matches!(self, Self::Locked("ca") | Self::Full("ca"))
    }

    /// Whether an answer may get lost that was a 250.
    pub(crate) fn may_bring_it_twice(self) -> bool {
        matches!(self, Self::NextHop(_))
    }

    /// As a part of a Message-ID.
    pub(crate) fn name(self) -> String {
        let name = format!("{self:?}").replace(['(', ','], "-");
        name.chars().filter(|one| one.is_alphanumeric() || *one == '-').collect()
    }
}

fn through(tap: &Tap, fault: Fault) -> End<'_> {
    tap.fail(Some(fault));
    Box::new(|| tap.fail(None))
}

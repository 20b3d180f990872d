//! What a detector is, what it is shown, and how it says that it could not look.

use thiserror::Error;

use crate::{
    Direction, Report,
    leak::{CardNumber, MyNumber},
    malware::Eicar,
    table::Table,
};

/// One view of one part of a mail, shown to every engine.
///
/// A part is shown first as octets; then, if it has any, each reading of its text (a
/// doubtful charset gives two) and each table is shown as an item of its own with
/// empty `octets`, so that an engine which looks at octets sees them once.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Where this is, as in [`crate::Finding::part`].
    pub part: &'a str,
    /// The decoded content as it would be saved to disk; empty for the other views.
    pub octets: &'a [u8],
    /// Text as a reader would see it: charset decoded, tags and entities resolved.
    pub text: Option<&'a str>,
    /// Cells of one sheet.
    pub table: Option<&'a Table>,
    /// What stands over the text: the mail's subject and the names of files and sheets
    /// around it, one per line, at most 4 KiB. A number in `マイナンバー一覧.xlsx` needs no label.
    pub heading: &'a str,
}

/// A detector. It must be total and linear in what it is shown: the octets are an
/// attacker's.
pub trait Engine: Send + Sync {
    /// A short name for reports on what is in force, such as `my-number`.
    fn name(&self) -> &str;

    /// Looks at one view of one part and records what it finds. An engine that cannot
    /// judge says so by [`Report::fail`].
    fn inspect(&self, item: &Item<'_>, direction: Direction, report: &mut Report);

    /// Looks at the mail as a whole, header and all, once its parts were shown; for
    /// engines that know mails themselves.
    fn inspect_whole(&self, _mail: &[u8], _direction: Direction, _report: &mut Report) {}
}

/// Why an engine could not judge. The mail then counts as not inspected, which is
/// temporary: it is neither clean nor at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EngineFault {
    /// What the engine needs is not there.
    #[error("what the engine needs is not there")]
    Unavailable,
    /// No answer within the time allowed.
    #[error("the engine did not answer in time")]
    TimedOut,
    /// The connection ended before the answer.
    #[error("the connection to the engine ended before its answer")]
    Interrupted,
    /// The answer is none that the engine can give.
    #[error("the answer of the engine is not what was expected")]
    Malformed,
    /// The engine says that the octets are too many for it.
    #[error("the engine takes less than it was given")]
    TooLarge,
    /// The engine says that it failed.
    #[error("the engine says that it failed")]
    Failed,
}

/// The engines that need nothing but the mail itself.
pub fn built_in() -> Vec<Box<dyn Engine>> {
    vec![Box::new(MyNumber::new()), Box::new(CardNumber::new()), Box::new(Eicar)]
}

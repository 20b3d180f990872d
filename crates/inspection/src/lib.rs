//! Detectors of leaks and malware over the parts of a mail.
//!
//! [`inspect`] walks a mail: header fields, decoded bodies in their charsets, HTML,
//! attached mails, archives within archives, and the text and sheets of Office
//! documents, each by its octets and not by its name. What it cannot look into, because
//! it is locked, broken, ambiguous or beyond the [`Limits`], is a finding of its own
//! which by default holds the mail: "uninspectable" is never "clean".
//!
//! The octets are an attacker's. Everything here is total, linear in its input and
//! bounded in what it expands; there is no I/O, clock or randomness.
//!
//! ```
//! use ssmax_inspection::{Direction, Limits, Outcome, Policy, inspect, rule};
//!
//! let raw = "Subject: 書類\r\n\r\n個人番号は1234-5678-9018です。\r\n";
//! let mail = ssmax_mail::parse(raw.as_bytes(), &ssmax_mail::Limits::default())?;
//! let verdict = inspect(&mail, Direction::Outbound, &Policy::default(), &Limits::default());
//! assert_eq!(verdict.outcome, Outcome::Block);
//! assert_eq!(verdict.findings[0].rule, rule::LEAK_MY_NUMBER);
//! assert_eq!(verdict.findings[0].what, "********9018");
//! # Ok::<(), ssmax_mail::MailFault>(())
//! ```

mod compound;
mod container;
mod engine;
pub mod leak;
mod legacy;
mod limits;
pub mod malware;
mod pdf;
mod policy;
mod table;
mod text;
mod verdict;
mod walk;
mod zip;

use walk::Walk;

pub use engine::{Engine, EngineFault, Item, built_in};
pub use limits::Limits;
pub use policy::{Policy, Setting, rule};
pub use table::{Table, TableCell};
pub use verdict::{Direction, Finding, MAX_FINDING_TEXT_CHARS, Outcome, Report, Verdict};
pub use walk::stored_mail;

/// What the built-in engines say about a mail (or a signed entity that stands for one).
///
/// Never fails: what cannot be looked at is in the verdict.
pub fn inspect(
    message: &ssmax_mail::Entity<'_>,
    direction: Direction,
    policy: &Policy,
    limits: &Limits,
) -> Verdict {
    let engines = built_in();
    let mut walk = Walk::new(&engines, direction, policy, limits);
    walk.message(message);
    walk.into_verdict()
}

/// [`inspect`] with engines of the caller's choice, which are asked in their order.
///
/// # Errors
/// The [`EngineFault`] of an engine that could not judge: there is no verdict then.
pub fn inspect_with(
    message: &ssmax_mail::Entity<'_>,
    direction: Direction,
    policy: &Policy,
    limits: &Limits,
    engines: &[Box<dyn Engine>],
) -> Result<Verdict, EngineFault> {
    let mut walk = Walk::new(engines, direction, policy, limits);
    walk.message(message);
    walk.fault().map_or_else(|| Ok(walk.into_verdict()), Err)
}

/// What the built-in engines say about a file on its own; a stored mail (`.eml`, or by
/// its looks) is walked like one. Parts are named from `name` on.
pub fn inspect_file(
    name: &str,
    octets: &[u8],
    direction: Direction,
    policy: &Policy,
    limits: &Limits,
) -> Verdict {
    let engines = built_in();
    let mut walk = Walk::new(&engines, direction, policy, limits);
    walk.named_file(name, octets);
    walk.into_verdict()
}

/// [`inspect_file`] with engines of the caller's choice.
///
/// # Errors
/// As [`inspect_with`].
pub fn inspect_file_with(
    name: &str,
    octets: &[u8],
    direction: Direction,
    policy: &Policy,
    limits: &Limits,
    engines: &[Box<dyn Engine>],
) -> Result<Verdict, EngineFault> {
    let mut walk = Walk::new(engines, direction, policy, limits);
    walk.named_file(name, octets);
    walk.fault().map_or_else(|| Ok(walk.into_verdict()), Err)
}

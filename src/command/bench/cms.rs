//! `ssmax bench cms`: CMS operations a second, ours and libcrypto's in turn.

use super::ours::{Figure, Person, Work, repeat};
use super::peer::Peer;
use super::report::{Report, Row};
use crate::command::Context;
use crate::complaint::{Complaint, Exit};
use ssmax_cms::CmsError;
use ssmax_token::KeyAlgorithm;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

/// How often the two sides take turns: a middle value and a spread need several.
const ROUNDS: usize = 7;

/// The smallest and largest content, in octets.
const SIZES: std::ops::RangeInclusive<usize> = 256..=100 * MEGA;
const KILO: usize = 1024;
const MEGA: usize = 1024 * 1024;

/// The longest time for one line of the table.
const MAX_SECONDS: f64 = 600.0;

/// Arguments of `ssmax bench cms`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Processor time for each line of the table, in seconds.
    #[arg(long, value_name = "N", default_value = "1", value_parser = seconds)]
    pub(super) seconds: Duration,
    /// Sizes of the content.
    #[arg(long, value_name = "SIZES", default_value = "1k,50k,25m", value_delimiter = ',',
        value_parser = size)]
    pub(super) sizes: Vec<Size>,
    /// Keys: rsa2048, rsa3072, p256.
    #[arg(
        long,
        value_name = "KEYS",
        default_value = "rsa2048,rsa3072,p256",
        value_delimiter = ',',
        hide_possible_values = true
    )]
    pub(super) keys: Vec<Key>,
}

/// A size as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) name: String,
    pub(super) octets: usize,
}

/// The keys of the goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Key {
    /// RSA with 2,048 bits.
    Rsa2048,
    /// RSA with 3,072 bits.
    Rsa3072,
    /// EC P-256.
    P256,
}

impl Key {
    /// The name people type.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::P256 => "p256",
        }
    }

    const fn algorithm(self) -> KeyAlgorithm {
        match self {
            Self::Rsa2048 => KeyAlgorithm::Rsa2048,
            Self::Rsa3072 => KeyAlgorithm::Rsa3072,
            Self::P256 => KeyAlgorithm::EcP256,
        }
    }
}

/// What is measured on our side; the first four on the other as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Sign,
    Verify,
    Encrypt,
    Decrypt,
    Rewrap,
    RewrapKey,
}

impl Operation {
    pub(super) const ALL: [Self; 6] =
        [Self::Sign, Self::Verify, Self::Encrypt, Self::Decrypt, Self::Rewrap, Self::RewrapKey];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::Rewrap => "rewrap",
            Self::RewrapKey => "rewrap-key",
        }
    }

    fn once(self, work: &Work<'_>) -> Result<(), CmsError> {
        match self {
            Self::Sign => work.sign(),
            Self::Verify => work.verify(),
            Self::Encrypt => work.encrypt(),
            Self::Decrypt => work.decrypt(),
            Self::Rewrap => work.rewrap(),
            Self::RewrapKey => work.rewrap_key(),
        }
    }

    /// Whether libcrypto has it. For the others it would decrypt and encrypt anew.
    pub(super) const fn has_peer(self) -> bool {
        !matches!(self, Self::Rewrap | Self::RewrapKey)
    }
}

/// One side's figures of all rounds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) operation: Operation,
    pub(super) ours: Vec<Figure>,
    /// Empty where libcrypto has no such operation.
    pub(super) theirs: Vec<Figure>,
}

/// Measures all operations and reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    run_some(&Operation::ALL, args, context)
}

/// Measures some operations and reports.
pub(super) fn run_some(
    operations: &[Operation],
    args: &Args,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let mut peer = Peer::start()?;
    let mut rows = Vec::new();
    for (index, key) in args.keys.iter().enumerate() {
        let person = Person::new(key.algorithm()).ok_or_else(|| failed("key"))?;
        peer.take_person(&person)?;
        for (number, size) in args.sizes.iter().enumerate() {
            let done = index * args.sizes.len() + number;
            let progress = Progress::new(context, done, args.keys.len() * args.sizes.len());
            let work = Work::new(&person, size.octets).map_err(|_| failed("work"))?;
            let series = measure(operations, &work, &mut peer, args.seconds, &progress)?;
            rows.extend(Row::all(*key, size, &series));
        }
    }
    Progress::clear();
    let report = Report::new(peer.version(), ROUNDS, rows);
    context.print(&report.json(), || report.table(context));
    Ok(ExitCode::SUCCESS)
}

/// All operations on one content with one key: ours, theirs, ours, theirs.
fn measure(
    operations: &[Operation],
    work: &Work<'_>,
    peer: &mut Peer,
    seconds: Duration,
    progress: &Progress<'_>,
) -> Result<Vec<Series>, Complaint> {
    peer.take_work(work)?;
    agree(work, peer)?;
    let mut all: Vec<Series> = operations
        .iter()
        .map(|operation| Series { operation: *operation, ours: Vec::new(), theirs: Vec::new() })
        .collect();
    let slice = seconds / u32::try_from(ROUNDS * 2).unwrap_or(u32::MAX);
    for round in 0..ROUNDS {
        for series in &mut all {
            let operation = series.operation;
            progress.show(round, operation);
            let ours = repeat(slice, || operation.once(work));
            series.ours.push(ours.map_err(|_| failed(operation.name()))?);
            if operation.has_peer() {
                series.theirs.push(peer.repeat(operation.name(), slice)?);
            }
        }
    }
    Ok(all)
}

/// Each side reads what the other makes, or they would be doing different things. It is
/// their warming up too.
fn agree(work: &Work<'_>, peer: &mut Peer) -> Result<(), Complaint> {
    let signature = peer.make("sign")?;
    work.verify_signature(&signature).map_err(|_| failed("verify"))?;
    let message = peer.make("encrypt")?;
    work.decrypt_message(&message).map_err(|_| failed("decrypt"))?;
    peer.repeat("verify", Duration::ZERO)?;
    peer.repeat("decrypt", Duration::ZERO)?;
    Ok(())
}

fn failed(operation: &'static str) -> Complaint {
    Complaint::new(Exit::Bad, "bench-failed").with("operation", operation)
}

/// Where it stands, on a terminal.
struct Progress<'a> {
    context: &'a Context,
    done: usize,
    total: usize,
}

impl<'a> Progress<'a> {
    fn new(context: &'a Context, done: usize, total: usize) -> Self {
        Self { context, done: done * ROUNDS, total: total * ROUNDS }
    }

    fn show(&self, round: usize, operation: Operation) {
        if std::io::stderr().is_terminal() {
            let percent = (self.done + round) * 100 / self.total.max(1);
            let percent = percent.to_string();
            let arguments = [("percent", percent.as_str()), ("operation", operation.name())];
            // Erases the line, and stays on it.
            eprint!("\r\x1b[K{}", self.context.text("bench-progress", &arguments));
        }
    }

    fn clear() {
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
    }
}

/// `50k`, `25m` or plain octets.
pub(super) fn size(text: &str) -> Result<Size, String> {
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, KILO),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, MEGA),
            None => (text, 1),
        },
    };
    let number: Option<usize> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|octets| SIZES.contains(octets))
        .map(|octets| Size { name: text.to_owned(), octets })
        .ok_or_else(|| text.to_owned())
}

/// Seconds, also broken ones.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;

    #[test]
    fn sizes_are_written_with_their_unit_and_bounded() {
        let octets = |text| size(text).map(|size| size.octets);
        assert_eq!(octets("50k"), Ok(51_200));
        assert_eq!(octets("100m"), Ok(104_857_600));
        assert_eq!(octets("256"), Ok(256));
        for text in ["255", "101m", "", "k", "-1", "1g", "99999999999999999999m"] {
            assert_eq!(octets(text), Err(text.to_owned()));
        }
    }

    #[test]
    fn seconds_may_be_broken_and_are_bounded() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("600"), Ok(Duration::from_mins(10)));
        for text in ["-1", "600.1", "NaN", "inf", "x"] {
            assert_eq!(seconds(text), Err(text.to_owned()));
        }
    }

    #[test]
    fn both_sides_are_measured_and_read_each_other() {
        let mut peer = Peer::start().unwrap();
        assert!(peer.version().starts_with("OpenSSL 3"), "{}", peer.version());
        for key in [Key::Rsa2048, Key::P256] {
            let person = Person::new(key.algorithm()).unwrap();
            peer.take_person(&person).unwrap();
            let work = Work::new(&person, 3000).unwrap();
            let context = Context { language: Language::En, json: false };
            let progress = Progress::new(&context, 0, 1);
            let all =
                measure(&Operation::ALL, &work, &mut peer, Duration::ZERO, &progress).unwrap();
            for series in all {
                assert_eq!(series.ours.len(), ROUNDS);
                let expected = if series.operation.has_peer() { ROUNDS } else { 0 };
                assert_eq!(series.theirs.len(), expected, "{:?}", series.operation);
            }
        }
        assert_eq!(peer.make("nonsense").unwrap_err().name, "bench-peer");
        assert_eq!(peer.repeat("nonsense", Duration::ZERO).unwrap_err().name, "bench-peer");
        peer.repeat("sign", Duration::ZERO).unwrap();
    }
}

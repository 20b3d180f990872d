//! `docs/interop.md`.

use crate::exchange::{Outcome, Shown, Tried};
use crate::peer::Side;
use crate::rewrapped::Rewrapped;
use std::fmt::Write as _;

const HEAD: &str = "# Other programs

Written by `SSMAX_INTEROP=write cargo test -p ssmax-interop`; a test checks that it is current.

Messages were exchanged, in both directions, with what Debian 12 has: OpenSSL 3.0.22 (`openssl cms`), NSS 3.87 (`cmsutil`),
GnuPG 2.2.40 (`gpgsm`) and Bouncy Castle 1.72 (`interop/peers/BouncyCastle.java`).

- Every value of every property occurs, and every pair of values of two properties that can be read together.
  `SSMAX_INTEROP=full cargo test -p ssmax-interop` tries every combination that must be read.
- What is refused was seen to be refused by the program, in one example for each value; that it is the program's limit
  and not our fault follows where another program reads the same. For X25519 and HKDF none does: these have no witness.
- All that was made was read and gave the content it was made from, but for what is named here. **Cannot** is what the
  program refuses when it is asked; the test demands its words. **No way** is what it is not asked for, with the reason.
- What others made was checked to be what the row says: encoding, algorithms, names of keys, keying material.
- BER is indefinite lengths and content in segments, with OpenSSL what `-stream` writes. Of three recipients the second
  reads. The user keying material (ukm) has 32 octets.
";

/// The document.
#[must_use]
pub fn document(outcomes: &[&Outcome], rewrapped: &Rewrapped) -> String {
    let mut text = HEAD.to_owned();
    overview(&mut text, outcomes);
    let mut last = None;
    for outcome in outcomes {
        let pair = (outcome.maker, outcome.reader);
        if last != Some(pair) {
            let _ = write!(text, "\n## {} makes, {} reads\n", pair.0, pair.1);
            last = Some(pair);
        }
        table(&mut text, outcome);
    }
    journeys(&mut text, rewrapped);
    text
}

fn overview(text: &mut String, outcomes: &[&Outcome]) {
    let _ = write!(
        text,
        "\n| made by | read by | messages | combinations read | refused, as known |\n"
    );
    let _ = writeln!(text, "|---|---|---|---|---|");
    for outcome in outcomes {
        let good = outcome.tried.iter().filter(|one| one.refusal.is_none()).count();
        let refused = outcome.tried.len() - good;
        let Outcome { maker, reader, kind, .. } = outcome;
        let _ = writeln!(text, "| {maker} | {reader} | {} | {good} | {refused} |", kind.name());
    }
}

fn table(text: &mut String, outcome: &Outcome) {
    let _ = write!(text, "\n### {}\n\n", capital(outcome.kind.name()));
    if outcome.tried.iter().any(|one| one.refusal.is_none()) {
        let _ = writeln!(text, "| property | value | combinations | read |\n|---|---|---|---|");
        for (position, dimension) in outcome.kind.dimensions().iter().enumerate() {
            for (value, name) in dimension.values.iter().enumerate() {
                let is_good =
                    |one: &&Tried| one.refusal.is_none() && one.combination[position] == value;
                let good = outcome.tried.iter().filter(is_good).count();
                let limits: Vec<_> = alone(&outcome.refusals, dimension.name, name).collect();
                let is_refused = |one: &&Tried| {
                    let said = one.refusal.as_ref().map(|(_, said)| said.as_str());
                    one.combination[position] == value
                        && limits.iter().any(|limit| said == Some(limit.words))
                };
                let refused = outcome.tried.iter().filter(is_refused).count();
                let is_asked = alone(&outcome.no_way, dimension.name, name).next().is_none();
                let read = match good {
                    0 if !is_asked => "no way".to_owned(),
                    0 => "cannot".to_owned(),
                    _ => good.to_string(),
                };
                let tried = good + refused;
                let _ = writeln!(text, "| {} | {name} | {tried} | {read} |", dimension.name);
            }
        }
        text.push('\n');
    }
    if !outcome.refusals.is_empty() {
        text.push_str("| who | cannot | combinations | its words |\n|---|---|---|---|\n");
        for shown in &outcome.refusals {
            let words = shown.words.replace('|', "\\|");
            let (who, what) = (shown.who, described(shown));
            let _ = writeln!(text, "| {who} | {what} | {} | `{words}` |", shown.count);
        }
        text.push('\n');
    }
    if !outcome.no_way.is_empty() {
        text.push_str("| who | has no way to | reason |\n|---|---|---|\n");
        for shown in &outcome.no_way {
            let _ = writeln!(text, "| {} | {} | {} |", shown.who, described(shown), shown.words);
        }
        text.push('\n');
    }
    let _ = text.pop();
}

/// The limits of this value alone.
fn alone<'a>(
    all: &'a [Shown],
    dimension: &'a str,
    value: &'a str,
) -> impl Iterator<Item = &'a Shown> {
    all.iter().filter(move |shown| {
        matches!(shown.when, [(name, values)] if *name == dimension && values.contains(&value))
    })
}

/// Which messages a limit is about.
fn described(shown: &Shown) -> String {
    let does = match shown.side {
        Side::Makes => "make",
        Side::Reads => "read",
    };
    let property = |(name, values): &(&str, &[&str])| format!("{name} {}", values.join(" or "));
    let properties: Vec<String> = shown.when.iter().map(property).collect();
    let what = if properties.is_empty() { "any".to_owned() } else { properties.join("; ") };
    format!("{does}: {what}")
}

fn journeys(text: &mut String, rewrapped: &Rewrapped) {
    text.push_str(
        "\n## Made by one, rewrapped, read by another\n\nThe content key of a message is given to another key, of the same \
         kind or not; the ciphertext stays.\n\n| made by | read by | combinations | read |\n|---|---|---|---|\n",
    );
    for pair in &rewrapped.pairs {
        let _ =
            writeln!(text, "| {} | {} | {} | {} |", pair.maker, pair.reader, pair.tried, pair.good);
    }
    text.push_str("\n| who | cannot | its words |\n|---|---|---|\n");
    for (reader, cipher, words) in &rewrapped.refused {
        let _ = writeln!(text, "| {reader} | read: cipher {cipher} | `{words}` |");
    }
    text.push_str("\n| property | value | combinations |\n|---|---|---|\n");
    for (name, values) in rewrapped.values.iter().skip(2) {
        for (value, count) in values {
            let _ = writeln!(text, "| {name} | {value} | {count} |");
        }
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

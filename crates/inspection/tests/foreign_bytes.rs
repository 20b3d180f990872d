//! Whatever the octets are, there is a verdict, and the work for it is bounded.
#![allow(clippy::unwrap_used, reason = "tests and their steps fail by panicking")]

mod support;

use proptest::prelude::*;
use ssmax_inspection::{
    Direction, Engine, Item, Limits, Outcome, Policy, Report, inspect, inspect_file, inspect_with,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Cell, docx, mail_with, xlsx, zip_of};

fn seeds() -> Vec<Vec<u8>> {
    let sheet = xlsx(&[
        vec![Cell::Shared("氏名"), Cell::Shared("個人番号")],
        vec![Cell::Inline("山田"), Cell::Number("1.23456789018E11")],
    ]);
    let inner = zip_of(&[("a.xlsx", &sheet), ("b.txt", b"text")]);
    vec![
        zip_of(&[("n.zip", &inner)]),
        sheet.clone(),
        docx(&["個人番号 123456789018"]),
        mail_with("x", "個人番号 123456789018", "a.xlsx", &sheet),
        b"<html><table><tr><td>a</td><td value='x'>&#x31;</table><!-- x --><script>y</script>"
            .to_vec(),
        b"{\\rtf1\\ansi{\\fonttbl x}\\'82\\u30058?\\par text}".to_vec(),
        b"\x1F\x8B\x08\0\0\0\0\0\0\x03\xCB\x48\xCD\xC9\xC9\x07\0\x86\xA6\x10\x36\x05\0\0\0"
            .to_vec(),
        b"begin 644 x\n#0V%T\n`\nend\n".to_vec(),
        [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 40], b"\x03\x02\x0E\0 text here"]
            .concat(),
    ]
}

fn look(octets: &[u8]) {
    let limits = Limits { expanded_bytes: 1 << 20, ..Limits::default() };
    for direction in [Direction::Outbound, Direction::Inbound] {
        let verdict = inspect_file("a.eml", octets, direction, &Policy::default(), &limits);
        let gravest = verdict.findings.iter().map(|f| f.outcome).max().unwrap_or(Outcome::Pass);
        assert_eq!(verdict.outcome, gravest);
    }
    if let Ok(mail) = ssmax_mail::parse(octets, &ssmax_mail::Limits::default()) {
        inspect(&mail, Direction::Inbound, &Policy::default(), &limits);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..2000)) {
        look(&octets);
    }

    #[test]
    fn random_text_never_panics(text in "[个個人番号マイナンバー0-9 ,\\-\t\n|<>&;\"'a-z/!\u{3000}０-９]{0,400}") {
        look(text.as_bytes());
    }

    #[test]
    fn mutated_files_never_panic(
        seed in 0..9usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        keep in 0..4u8,
    ) {
        let mut octets = seeds()[seed].clone();
        for (at, value) in changes {
            let at = at.index(octets.len());
            octets[at] = value;
        }
        if keep == 0 {
            octets.truncate(cut.index(octets.len()));
        }
        look(&octets);
    }

    #[test]
    fn spliced_files_never_panic(a in 0..9usize, b in 0..9usize, at in any::<prop::sample::Index>()) {
        let (a, b) = (&seeds()[a], &seeds()[b]);
        let at = at.index(a.len());
        look(&[&a[..at], b, &a[at..]].concat());
    }
}

/// Counts the octets and the text that an engine is shown.
#[derive(Clone, Default)]
struct Meter(Arc<AtomicUsize>);

impl Engine for Meter {
    fn name(&self) -> &str {
        "meter"
    }

    fn inspect(&self, item: &Item<'_>, _: Direction, _: &mut Report) {
        let text = item.text.map_or(0, str::len);
        self.0.fetch_add(item.octets.len() + text, Ordering::Relaxed);
    }
}

/// What engines are shown of a mail: all their work grows with it.
fn shown(kind: &str, content: &str) -> usize {
    let raw = format!("Subject: x\r\nContent-Type: {kind}\r\n\r\n{content}\r\n");
    let raw = ssmax_mail::canonical::to_crlf(raw.as_bytes());
    let mail = ssmax_mail::parse(&raw, &ssmax_mail::Limits::default()).unwrap();
    let meter = Meter::default();
    let (policy, limits) = (Policy::default(), Limits::default());
    let engines: [Box<dyn Engine>; 1] = [Box::new(meter.clone())];
    inspect_with(&mail, Direction::Outbound, &policy, &limits, &engines).unwrap();
    meter.0.load(Ordering::Relaxed)
}

#[test]
fn adversarial_repetitions_are_shown_in_linear_size() {
    let patterns = [
        "<a",
        "<a href=\"",
        "<!--",
        "&#",
        "個人番号",
        "注文番号 1001 ",
        "1234 ",
        "id 1001 123456789018 ",
        "PK\u{5}\u{6}",
        "PK\u{3}\u{4}",
        "begin 644 x\n",
        "a\t",
        "<x>",
        "\"",
        "value=",
        "From: a\nTo: b\n\n",
        "{\\rtf1",
        "%PDF-",
        "\u{1b}$B",
    ];
    for pattern in patterns {
        for kind in ["text/plain; charset=utf-8", "text/html", "application/octet-stream"] {
            let count = |bytes: usize| shown(kind, &pattern.repeat(bytes / pattern.len()));
            let (once, twice) = (count(30_000), count(60_000));
            assert!(once > 0, "{pattern:?}: the meter misses work");
            assert!(twice * 10 <= once * 23, "{pattern:?} in {kind}: {once}, doubled {twice}");
        }
    }
}

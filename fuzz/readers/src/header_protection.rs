//! Protected header fields (RFC 9788), written by others and by us.
//!
//! Property: what we protect is read as protected, with every field that mailers show the
//! same or, when it was kept back, obscured.

use ssmax_mail::header_protection::{
    Confidentiality, FieldState, Mode, protect, read, read_wrapped, text_without_legacy_display,
};
use ssmax_mail::{Entity, Limits, parse};

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::Mails];
pub(crate) const ROUNDS: usize = 800;

pub(crate) fn made() -> Vec<Vec<u8>> {
    [
        "From: a@a.example\r\nSubject: s\r\nHP-Outer: Subject: [...]\r\n\
         Content-Type: text/plain; hp=\"cipher\"; hp-legacy-display=1\r\n\r\nSubject: s\r\n\r\nx\r\n",
        "From: a@a.example\r\nSubject: s\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\nx\r\n",
        "From: a@a.example\r\nTo: b@b.example\r\nContent-Type: multipart/mixed; boundary=b; hp=clear\
         \r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
    ]
    .map(|mail| mail.as_bytes().to_vec())
    .to_vec()
}

/// Reads the octets as a mail that protects its own fields, then protects them.
pub fn run(octets: &[u8]) {
    let limits = Limits::default();
    let Ok(mail) = parse(octets, &limits) else { return };
    if let Ok(Some(protection)) = read(mail.header(), &mail) {
        let _ = (protection.first_difference(), protection.state("Subject"));
    }
    let _ = read_wrapped(mail.header(), mail.header());
    for part in mail.walk() {
        let _ = text_without_legacy_display(&mail, part);
    }
    for mode in [Mode::Clear, Mode::Cipher(Confidentiality::Baseline)] {
        written(&mail, mode);
    }
}

fn written(mail: &Entity<'_>, mode: Mode) {
    let limits = Limits::default();
    let Ok(protected) = protect(mail.header(), mail, mode) else { return };
    let outer = [&protected.fields[..], b"\r\n"].concat();
    let outer = parse(&outer, &limits).expect("the outer fields are a header");
    // A field more may be one more than the bound.
    let Ok(payload) = parse(&protected.payload, &limits) else { return };
    let read = read(outer.header(), &payload).expect("what we protect is read");
    let read = read.expect("and is protected");
    assert_eq!(read.first_difference(), None, "a field differs from itself");
    for field in &read.fields {
        let is_kept_back = matches!(field.state, FieldState::Obscured | FieldState::Removed);
        assert!(!is_kept_back || mode != Mode::Clear, "{} is kept back in clear", field.name);
    }
}

//! Deliberately ambiguous variants of real mails: each is refused by name, or rebuilt so
//! that three readers agree.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

mod support;

use ssmax_mail::{Limits, canonical, compose, parse};
use ssmax_second_opinion::{Ambiguous, Settled, disagreement, is_protected, settle};
use std::collections::BTreeMap;
use support::{Mail, Python, corpus, named, reading, vectors};

/// How many real mails get variants.
const MAILS: usize = 104;

const BOUNDARY: &str = "=_outer";

/// A part of the carrier that changes are made to.
const ATTACHED: &str = "Content-Type: application/octet-stream; name=\"report.exe\"\r\n\
    Content-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"report.exe\"\r\n\r\n\
    TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA\r\nAAAAAAAAAAAAAAAAAAAAAAAA\r\n";

const TEXT: &str = "Content-Type: text/html; charset=utf-8\r\n\
    Content-Transfer-Encoding: 7bit\r\n\r\n<p>Hello</p>\r\n";

const QUOTED: &str = "Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\nHell=C3=B6\r\n";

/// The mail with its content as the first of four parts.
fn carrier(mail: &Mail) -> Vec<u8> {
    let read = parse(&mail.octets, &Limits::default()).unwrap();
    let mut out = Vec::new();
    for field in read.header().fields() {
        let is_of_the_body = canonical::is_content_field(field.name())
            || field.name().eq_ignore_ascii_case("MIME-Version");
        if !is_of_the_body {
            out.extend_from_slice(field.raw());
        }
    }
    let parts = [
        canonical::content_entity(&read),
        TEXT.as_bytes().to_vec(),
        QUOTED.as_bytes().to_vec(),
        ATTACHED.as_bytes().to_vec(),
    ];
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    out.extend(compose::multipart("mixed", &[], BOUNDARY, &parts));
    out
}

/// One way to make a mail ambiguous: what is replaced by what. The text is looked for from
/// the end: what the real mail brings stays whole.
struct Variant {
    name: &'static str,
    from: &'static str,
    to: &'static str,
}

const fn swap(name: &'static str, from: &'static str, to: &'static str) -> Variant {
    Variant { name, from, to }
}

const TYPE: &str = "Content-Type: multipart/mixed; boundary=\"=_outer\"\r\n";
const DISPOSITION: &str = "Content-Disposition: attachment; filename=\"report.exe\"\r\n";
const NAMED: &str = "application/octet-stream; name=\"report.exe\"\r\n";
const BASE64: &str = "Content-Transfer-Encoding: base64\r\n";
const DATA: &str = "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA\r\n";
const HTML: &str = "text/html; charset=utf-8\r\n";
const HELLO: &str = "<p>Hello</p>\r\n";
const CLOSE: &str = "\r\n--=_outer--\r\n";

const VARIANTS: &[Variant] = &[
    // Boundaries.
    swap(
        "boundary twice",
        TYPE,
        "Content-Type: multipart/mixed; boundary=\"=_outer\"; boundary=\"=_inner\"\r\n",
    ),
    swap(
        "boundary folded in its quotes",
        TYPE,
        "Content-Type: multipart/mixed; boundary=\"=_ou\r\n ter\"\r\n",
    ),
    swap(
        "comment before the boundary",
        TYPE,
        "Content-Type: multipart/mixed; boundary=(x)\"=_outer\"\r\n",
    ),
    swap(
        "comment behind the type",
        TYPE,
        "Content-Type: multipart/mixed (text/plain; a=b); boundary=\"=_outer\"\r\n",
    ),
    swap(
        "comment with a boundary",
        TYPE,
        "Content-Type: multipart/mixed; (boundary=\"x\";) boundary=\"=_outer\"\r\n",
    ),
    swap(
        "boundary by RFC 2231",
        TYPE,
        "Content-Type: multipart/mixed; boundary*=us-ascii''=_outer\r\n",
    ),
    swap(
        "boundary in sections",
        TYPE,
        "Content-Type: multipart/mixed; boundary*0=\"=_ou\"; boundary*1=ter\r\n",
    ),
    swap(
        "boundary both ways",
        TYPE,
        "Content-Type: multipart/mixed; boundary=x; boundary*=us-ascii''=_outer\r\n",
    ),
    swap(
        "boundary as encoded word",
        TYPE,
        "Content-Type: multipart/mixed; boundary=\"=?us-ascii?q?=3D=5Fouter?=\"\r\n",
    ),
    swap(
        "boundary with trailing blank",
        TYPE,
        "Content-Type: multipart/mixed; boundary=\"=_outer \"\r\n",
    ),
    swap(
        "boundary with an escape",
        TYPE,
        "Content-Type: multipart/mixed; boundary=\"=_out\\er\"\r\n",
    ),
    swap("boundary without value", TYPE, "Content-Type: multipart/mixed; boundary=\r\n"),
    swap("no boundary", TYPE, "Content-Type: multipart/mixed\r\n"),
    swap(
        "boundary is the beginning of another",
        HTML,
        "multipart/mixed; boundary=\"=_outer2\"\r\n\r\n--=_outer2\r\n\r\nx\r\n--=_outer2--\r\n",
    ),
    swap("boundary used again inside", HTML, "multipart/mixed; boundary=\"=_outer\"\r\n"),
    swap(
        "boundary within a line",
        HELLO,
        "<p>x --=_outer\r\nContent-Type: application/x\r\n\r\nMZ</p>\r\n",
    ),
    swap(
        "line looks like a delimiter",
        HELLO,
        "<p>x</p>\r\n--=_outerx\r\nContent-Type: text/plain\r\n",
    ),
    swap("delimiter closed and not", HELLO, "--=_outer --\r\nContent-Type: text/plain\r\n"),
    swap("closing delimiter cut short", CLOSE, "\r\n--=_outer-"),
    swap("closing delimiter missing", CLOSE, "\r\n"),
    swap("last line opens", CLOSE, "\r\n--=_outer"),
    // Outside the parts.
    swap(
        "part in the epilogue",
        CLOSE,
        "\r\n--=_outer--\r\n--=_outer\r\nContent-Type: text/plain\r\n\r\nx\r\n--=_outer--\r\n",
    ),
    swap(
        "other part in the epilogue",
        CLOSE,
        "\r\n--=_outer--\r\n--=_b\r\nContent-Type: text/plain\r\n\r\nx\r\n--=_b--\r\n",
    ),
    swap(
        "part in the preamble",
        TYPE,
        "Content-Type: multipart/mixed; boundary=\"=_outer\"\r\n\r\n--=_b\r\nContent-Type: text/plain\r\n\r\nx\r\n--=_b--\r\n",
    ),
    swap(
        "file in the epilogue",
        CLOSE,
        "\r\n--=_outer--\r\nbegin 644 x.exe\r\n#0V%T\r\n`\r\nend\r\n",
    ),
    // Header fields.
    swap(
        "Content-Type twice",
        TYPE,
        "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=\"=_outer\"\r\n",
    ),
    swap(
        "white space before the colon",
        TYPE,
        "Content-Type : multipart/mixed; boundary=\"=_outer\"\r\n",
    ),
    swap(
        "line of white space",
        TYPE,
        "Content-Type: multipart/mixed; boundary=\"=_outer\"\r\n \r\n\tx: y\r\n",
    ),
    swap(
        "line without colon",
        TYPE,
        "Content-Type: multipart/mixed; boundary=\"=_outer\"\r\nContent-Type\r\n",
    ),
    swap("header of a part not ended", "\r\n\r\n<p>Hello</p>", "\r\n<p>Hello</p>"),
    swap(
        "two subjects",
        "MIME-Version: 1.0\r\n",
        "Subject: one\r\nSubject: two\r\nMIME-Version: 1.0\r\n",
    ),
    swap(
        "two senders",
        "MIME-Version: 1.0\r\n",
        "Sender: a@a.example\r\nSender: b@b.example\r\nMIME-Version: 1.0\r\n",
    ),
    swap(
        "encoded word in an address",
        "MIME-Version: 1.0\r\n",
        "Sender: =?utf-8?q?a=40x?=@y.example\r\nMIME-Version: 1.0\r\n",
    ),
    swap(
        "control character in a name",
        "MIME-Version: 1.0\r\n",
        "X\x01Y: z\r\nMIME-Version: 1.0\r\n",
    ),
    swap(
        "bare LF in the header",
        "MIME-Version: 1.0\r\n",
        "X-A: b\nBcc: c@c.example\r\nMIME-Version: 1.0\r\n",
    ),
    swap(
        "bare CR in the header",
        "MIME-Version: 1.0\r\n",
        "X-A: b\rBcc: c@c.example\r\nMIME-Version: 1.0\r\n",
    ),
    swap("NUL in the header", "MIME-Version: 1.0\r\n", "X-A: b\0c\r\nMIME-Version: 1.0\r\n"),
    // Names of files.
    swap(
        "file name twice",
        DISPOSITION,
        "Content-Disposition: attachment; filename=\"report.txt\"; filename=\"report.exe\"\r\n",
    ),
    swap(
        "file name by RFC 2231 and plain",
        DISPOSITION,
        "Content-Disposition: attachment; filename=\"report.txt\"; filename*=utf-8''report.exe\r\n",
    ),
    swap("two names for one file", NAMED, "application/octet-stream; name=\"report.txt\"\r\n"),
    swap(
        "file name on the next line",
        DISPOSITION,
        "Content-Disposition: attachment; filename=\r\n \"report.exe\"\r\n",
    ),
    swap(
        "file name with an escape",
        DISPOSITION,
        "Content-Disposition: attachment; filename=\"repo\\rt.exe\"\r\n",
    ),
    swap(
        "file name with a gap",
        DISPOSITION,
        "Content-Disposition: attachment; filename*0=report; filename*2=.exe\r\n",
    ),
    swap(
        "file name with an open quote",
        DISPOSITION,
        "Content-Disposition: attachment; filename=\"report.exe\r\n",
    ),
    swap(
        "disposition twice",
        DISPOSITION,
        "Content-Disposition: inline\r\nContent-Disposition: attachment; filename=\"report.exe\"\r\n",
    ),
    // Encodings.
    swap(
        "two encodings",
        BASE64,
        "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n",
    ),
    swap("unknown encoding", BASE64, "Content-Transfer-Encoding: x-base64\r\n"),
    swap("two words as encoding", BASE64, "Content-Transfer-Encoding: base64 7bit\r\n"),
    swap("comment in the encoding", BASE64, "Content-Transfer-Encoding: (7bit) base64\r\n"),
    swap(
        "encoded multipart",
        TYPE,
        "Content-Transfer-Encoding: base64\r\nContent-Type: multipart/mixed; boundary=\"=_outer\"\r\n",
    ),
    swap(
        "base64 with foreign octets",
        DATA,
        "TVqQAAMAAAAEAAAA!//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA\r\n",
    ),
    swap("base64 with its padding in the middle", DATA, "TVqQAA==AAMAAAAE\r\n"),
    swap("base64 cut short", "AAAAAAAAAAAAAAAAAAAAAAAA\r\n", "AAAAAAAAAAAAAAAAAAAAAA\r\n"),
    swap("quoted-printable that is none", "Hell=C3=B6\r\n", "Hell=C3=ZZ=\r\n=\r\n"),
    swap("bare CR in a body", HELLO, "<p>x\ry</p>\r\n"),
    swap("bare LF in a body", HELLO, "<p>x\ny</p>\r\n"),
    swap("NUL in a body", HELLO, "<p>x\0y</p>\r\n"),
    // Mails within.
    swap("encoded mail", NAMED, "message/rfc822\r\n"),
    swap(
        "broken mail within",
        HTML,
        "message/rfc822\r\nX-A: 1\r\n\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--\r\n",
    ),
    // Charsets.
    swap("UTF-7", HTML, "text/html; charset=utf-7\r\n"),
    swap("UTF-16", HTML, "text/html; charset=utf-16\r\n"),
    swap("UTF-7 by another name", HTML, "text/html; charset=\"unicode-1-1-utf-7\"\r\n"),
    swap("ISO-2022-KR", HTML, "text/html; charset=iso-2022-kr\r\n"),
    swap("escapes of another charset", HELLO, "\x1b$B<script>\x1b(B</p>\r\n"),
    swap("charset twice", HTML, "text/html; charset=utf-8; charset=iso-8859-1\r\n"),
];

fn last(haystack: &[u8], needle: &str) -> Option<usize> {
    haystack.windows(needle.len()).rposition(|window| window == needle.as_bytes())
}

fn changed(mail: &[u8], variant: &Variant) -> Vec<u8> {
    let at = last(mail, variant.from).unwrap_or_else(|| panic!("{}", variant.name));
    [&mail[..at], variant.to.as_bytes(), &mail[at + variant.from.len()..]].concat()
}

/// Real mails that are fine as they are, spread over the whole.
fn originals() -> Vec<Mail> {
    let limits = Limits::default();
    let fine = |mail: &Mail| {
        parse(&mail.octets, &limits).is_ok_and(|read| {
            !is_protected(&read)
                && mail.octets.len() < 6_000
                && settle(&carrier(mail), &limits, Ambiguous::Rebuild) == Ok(Settled::AsItCame)
        })
    };
    let all = corpus();
    let step = (all.len() / (2 * MAILS)).max(1);
    let mut mails: Vec<Mail> = all.into_iter().step_by(step).filter(fine).take(MAILS).collect();
    if mails.is_empty() {
        mails = vectors().into_iter().filter(fine).collect();
    }
    assert!(mails.len() > 30, "{}", mails.len());
    mails
}

#[test]
fn every_ambiguous_variant_is_refused_or_rebuilt() {
    let limits = Limits::default();
    let mut python = Python::start();
    let mut table: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    // Every third variant of each mail, every variant of every third mail; all with
    // SSMAX_ALL_MAILS=1.
    let step = if std::env::var_os("SSMAX_ALL_MAILS").is_some() { 1 } else { 3 };
    for (number, mail) in originals().into_iter().enumerate() {
        let carrier = carrier(&mail);
        for variant in VARIANTS.iter().skip(number % step).step_by(step) {
            let octets = changed(&carrier, variant);
            let fate = match settle(&octets, &limits, Ambiguous::Rebuild) {
                Ok(Settled::AsItCame) => {
                    wrong.push(format!("{}: {} passes", mail.name, variant.name));
                    continue;
                }
                Ok(Settled::Rebuilt(rebuilt)) => {
                    let read = parse(&rebuilt, &limits).unwrap();
                    assert_eq!(disagreement(&read), None, "{}: {}", mail.name, variant.name);
                    let (ours, theirs) = (reading(&rebuilt), python.reads(&rebuilt));
                    if ours != theirs {
                        wrong.push(format!("{}: {}: {ours}\n{theirs}", mail.name, variant.name));
                    }
                    "rebuilt".to_owned()
                }
                Err(why) => format!("refused: {}", named(&why)),
            };
            // The other setting rebuilds nothing.
            let is_first = !table.contains_key(&(variant.name, fate.clone()));
            assert!(
                !is_first || settle(&octets, &limits, Ambiguous::Refuse).is_err(),
                "{}",
                variant.name
            );
            *table.entry((variant.name, fate)).or_default() += 1;
        }
    }
    for ((name, fate), count) in &table {
        println!("{count:5} {name}: {fate}");
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

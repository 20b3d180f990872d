//! The values of header fields: parameters with continuations and charsets (RFC 2231),
//! encoded words (RFC 2047), transfer encodings, in the fields where they mean something.
//!
//! Property: what is shown of a field is one line; a field written with it is one field.

use ssmax_mail::{Limits, MailFault, compose, parse};

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::FieldValues];
pub(crate) const ROUNDS: usize = 1200;

/// Text that is written in ISO-2022-JP too.
const MAX_ISO_2022_JP_BYTES: usize = 256;

/// Each is read in its own way.
const NAMES: [&str; 7] = [
    "Subject",
    "From",
    "Content-Type",
    "Content-Disposition",
    "Content-Transfer-Encoding",
    "Received",
    "Authentication-Results",
];

pub(crate) fn made() -> Vec<Vec<u8>> {
    [
        "multipart/mixed; boundary=\"a b\"; charset=utf-8",
        "attachment; filename*0*=utf-8'ja'%E6%97; filename*1*=%A5; filename*2=\".txt\"",
        "text/plain; name=\"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\"; charset=\"\\\"x\"",
        "=?utf-8?Q?a_=E3=81=82?= =?utf-8?B?44GC?= (comment (nested)) \r\n folded",
        "from a.example (b.example [192.0.2.1]) by c.example with ESMTPS id 1; \
         Mon, 1 Jun 2026 12:00:00 +0900",
    ]
    .map(|value| value.as_bytes().to_vec())
    .to_vec()
}

/// Reads the octets as the value of every field in turn.
pub fn run(octets: &[u8]) {
    for name in NAMES {
        let mail = [name.as_bytes(), b": ", octets, b"\r\n\r\nbody\r\n"].concat();
        let Ok(mail) = parse(&mail, &Limits::default()) else { continue };
        let Ok(Some(field)) = mail.header().one(name) else { continue };
        let shown = field.decoded();
        assert!(!shown.contains(['\r', '\n', '\0']), "a field shows a line end");
        let _ = (mail.content_type().essence(), mail.decoded_body(), mail.text());
        for file_name in [mail.file_name(), mail.content_type().file_name()].into_iter().flatten() {
            assert!(!file_name.contains(['\r', '\n', '\0']), "a file name holds a line end");
            let parameter = compose::parameter("name", &file_name);
            one_field(&compose::header_field("Content-Type", &format!("text/plain; {parameter}")));
        }
        if name == "Subject" {
            written(&shown);
        }
    }
    written(&String::from_utf8_lossy(octets));
}

/// Text from elsewhere in a field of ours.
fn written(text: &str) {
    one_field(&compose::header_field("Subject", text));
    one_field(&compose::encoded_field("Subject", text));
    // Its encoder searches a table for each character, which is slow under a fuzzer.
    if text.len() <= MAX_ISO_2022_JP_BYTES
        && let Some(field) = compose::header_field_iso_2022_jp("Subject", text)
    {
        one_field(&field);
    }
}

fn one_field(written: &[u8]) {
    let mail = [written, b"\r\n"].concat();
    let mail = match parse(&mail, &Limits::default()) {
        Ok(mail) => mail,
        // A long name beyond ASCII takes many sections (RFC 2231 3).
        Err(MailFault::TooManyParameters) => return,
        Err(fault) => panic!("a field that we write is not read: {fault}"),
    };
    assert_eq!(mail.header().fields().len(), 1, "a value became another field");
    assert!(mail.body().is_empty(), "a value became a body");
}

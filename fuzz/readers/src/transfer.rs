//! Transfer encodings (RFC 2045 6) and charsets.
//!
//! Property: what base64 gives, written as base64, gives the same.

use ssmax_mail::{Limits, compose, parse};

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1600;

const ENCODINGS: [&str; 4] = ["base64", "quoted-printable", "8bit", "binary"];
const CHARSETS: [&str; 6] = ["utf-8", "iso-2022-jp", "shift_jis", "euc-jp", "utf-7", "utf-16"];

pub(crate) fn made() -> Vec<Vec<u8>> {
    [
        &b"VGhlIHdvcmRzLg==\r\n"[..],
        b"VGhl\r\nIHdv\r\ncmRz Lg",
        b"a=3D=\r\nb=C3=A9 \r\n=zz\r\n",
        b"\x1b$B%F%9%H\x1b(B\r\n",
        b"\x93\xfa\x96\x7b\r\n",
        b"+AGEAYg-c\r\n",
        b"\xff\xfea\0b\0",
    ]
    .map(<[u8]>::to_vec)
    .to_vec()
}

/// Reads the octets as a body in every encoding and charset.
pub fn run(octets: &[u8]) {
    for encoding in ENCODINGS {
        if let Some(decoded) = body("application/octet-stream", encoding, octets)
            && encoding == "base64"
        {
            let written = compose::base64_body(&decoded);
            let again = body("application/octet-stream", encoding, &written);
            assert_eq!(again.as_ref(), Some(&decoded), "base64 that we write is read otherwise");
        }
    }
    for charset in CHARSETS {
        body(&format!("text/plain; charset={charset}"), "8bit", octets);
    }
}

fn body(kind: &str, encoding: &str, octets: &[u8]) -> Option<Vec<u8>> {
    let header = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
    let mail = [header.as_bytes(), octets].concat();
    let mail = parse(&mail, &Limits::default()).ok()?;
    let _ = mail.text();
    mail.decoded_body().ok()
}

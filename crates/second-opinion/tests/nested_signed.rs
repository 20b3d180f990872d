//! A signed part within a mail that is written anew: kept to the octet, or the mail is
//! refused. Nothing of it gets lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]

use ssmax_mail::{Entity, Limits, parse};
use ssmax_second_opinion::{Ambiguous, Settled, Unsettled, settle};

/// Types and decoded octets of the leaves, mails inside included.
fn leaves(mail: &Entity<'_>) -> Vec<(String, Vec<u8>)> {
    let leaf = |part: &Entity<'_>| (part.content_type().essence(), part.decoded_body().unwrap());
    mail.walk()
        .flat_map(|part| match part.message() {
            Some(inner) => leaves(&inner.unwrap()),
            None if part.children().is_empty() => vec![leaf(part)],
            None => Vec::new(),
        })
        .collect()
}

fn settled(mail: &str) -> Result<Settled, Unsettled> {
    settle(mail.as_bytes(), &Limits::default(), Ambiguous::Rebuild)
}

/// A mail of a text and `part`; `twice` makes it ambiguous.
fn around(part: &str, twice: bool) -> String {
    let subject = if twice { "Subject: x\r\nSubject: x\r\n" } else { "Subject: x\r\n" };
    format!(
        "From: a@a.example\r\n{subject}MIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_o\"\r\n\r\nThis is MIME.\r\n--=_o\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\
         \r\n{}\r\n--=_o\r\n{part}\r\n--=_o--\r\n",
        "=E6=97=A5=E6=9C=AC=\r\n".repeat(300)
    )
}

fn multipart_signed() -> String {
    let signature = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJz\r\n".repeat(60);
    format!(
        "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\r\n \
         boundary=\"=_s\"\r\n\r\n--=_s\r\nContent-Type: text/plain\r\n\r\nour offer\r\n--=_s\r\n\
         Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{signature}--=_s--\r\n"
    )
}

#[test]
fn what_holds_a_signed_part_is_not_written_anew() {
    let signed = multipart_signed();
    let attached = format!("Content-Type: message/rfc822\r\n\r\nSubject: y\r\n{signed}");
    let opaque = "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\
                  Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n";
    for part in [signed.as_str(), &attached, opaque] {
        assert_eq!(settled(&around(part, false)), Ok(Settled::AsItCame), "{part}");
        let ambiguous = settled(&around(part, true));
        assert!(ambiguous.is_err(), "{part}: {ambiguous:?}");
    }
}

#[test]
fn a_smaller_mail_has_the_same_content() {
    let signature = "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\
                     Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    let octets = "=30=82=01=FF=\r\n".repeat(200);
    let mail = around(&format!("{signature}{octets}"), true);
    let Ok(Settled::Rebuilt(anew)) = settled(&mail) else { panic!("{:?}", settled(&mail)) };
    // Base64 takes less than half of what was quoted.
    assert!(anew.len() < mail.len() * 2 / 3, "{} of {}", anew.len(), mail.len());
    let limits = Limits::default();
    let (before, after) = (around(&format!("{signature}{octets}"), false), anew);
    let before = leaves(&parse(before.as_bytes(), &limits).unwrap());
    assert_eq!(leaves(&parse(&after, &limits).unwrap()), before);
    assert_eq!(before.iter().map(|(_, octets)| octets.len()).collect::<Vec<_>>(), [1800, 800]);
}

//! What is written, octet for octet, and what others read in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests start openssl")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use ssmax_mail::address::Address;
use ssmax_mail::compose::{self, Part};
use ssmax_mail::{Limits, parse};

fn field(name: &str, value: &str) -> String {
    String::from_utf8(compose::header_field(name, value)).unwrap()
}

#[test]
fn ascii_is_folded_at_its_white_space_only() {
    assert_eq!(field("Subject", "short"), "Subject: short\r\n");
    let references = "<0123456789012345678901234567890123456789@a.example>";
    assert_eq!(
        field("References", &format!("{references}  {references}")),
        format!("References: {references}\r\n  {references}\r\n")
    );
}

#[test]
fn a_japanese_subject_is_folded_encoded_words() {
    assert_eq!(
        field("Subject", "見積書のご送付について（第二版・最終）"),
        "Subject: =?UTF-8?B?6KaL56mN5pu444Gu44GU6YCB5LuY44Gr44Gk44GE44Gm77yI56ys?=\r\n \
         =?UTF-8?B?5LqM54mI44O75pyA57WC77yJ?=\r\n"
    );
}

#[test]
fn an_old_mailers_subject_is_iso_2022_jp_in_words_that_each_end_in_ascii() {
    let written = compose::header_field_iso_2022_jp("Subject", "見積書のご送付").unwrap();
    assert_eq!(
        String::from_utf8(written).unwrap(),
        "Subject: =?ISO-2022-JP?B?GyRCOCtAUT1xJE4kNEF3SVUbKEI=?=\r\n"
    );
    let long = "あ".repeat(60);
    let written =
        String::from_utf8(compose::header_field_iso_2022_jp("Subject", &long).unwrap()).unwrap();
    assert!(written.lines().count() > 1 && written.lines().all(|line| line.len() <= 76));
    let raw = format!("{written}\r\n");
    assert_eq!(
        parse(raw.as_bytes(), &Limits::default()).unwrap().header().fields()[0].decoded(),
        long
    );
    assert_eq!(compose::header_field_iso_2022_jp("Subject", "😀"), None);
}

#[test]
fn address_fields_encode_names_and_never_addresses() {
    assert_eq!(
        field("From", "山田 <hanako@a.example>"),
        "From: =?UTF-8?B?5bGx55Sw?= <hanako@a.example>\r\n"
    );
    assert_eq!(
        field("To", "bob@b.example, 山田 <花子@例え.example>"),
        "To: bob@b.example, =?UTF-8?B?5bGx55Sw?= <花子@例え.example>\r\n"
    );
    let address = Address::parse("a@a.example").unwrap();
    assert_eq!(compose::mailbox("", &address), "a@a.example");
    assert_eq!(compose::mailbox("A Smith", &address), "A Smith <a@a.example>");
    assert_eq!(compose::mailbox("b@b.example", &address), "\"b@b.example\" <a@a.example>");
    assert_eq!(compose::mailbox("Q \"X\"", &address), "\"Q \\\"X\\\"\" <a@a.example>");
}

#[test]
fn text_that_looks_encoded_is_encoded_once_more() {
    assert_eq!(field("Subject", "=?utf-8?q?x?="), "Subject: =?UTF-8?B?PT91dGYtOD9xP3g/PQ==?=\r\n");
}

#[test]
fn values_cannot_break_out_of_their_field() {
    assert_eq!(field("Sub:ject\r\n", "a\r\nBcc: x\0"), "Subject: a  Bcc: x\r\n");
}

#[test]
fn parameters_are_tokens_quoted_or_rfc_2231() {
    assert_eq!(compose::parameter("micalg", "sha-256"), "micalg=sha-256");
    assert_eq!(compose::parameter("protocol", "a/b"), "protocol=\"a/b\"");
    assert_eq!(compose::parameter("name", "smime.p7m"), "name=\"smime.p7m\"");
    assert_eq!(compose::parameter("filename", "日.pdf"), "filename*=UTF-8''%E6%97%A5.pdf");
    let long = compose::parameter("filename", &"見積書".repeat(4));
    assert!(long.starts_with("filename*0*=UTF-8''%E8%A6%8B") && long.contains("; filename*1*=%"));
}

#[test]
fn an_attachment_has_its_name_for_old_and_new_readers() {
    let part = Part::attachment("application/pdf", "見積書.pdf", b"%PDF").into_octets();
    assert_eq!(
        String::from_utf8(part).unwrap(),
        "Content-Type: application/pdf; name=\"=?UTF-8?B?6KaL56mN5pu4LnBkZg==?=\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment;\r\n filename*=UTF-8''%E8%A6%8B%E7%A9%8D%E6%9B%B8.pdf\r\n\
         \r\nJVBERg==\r\n"
    );
}

#[test]
fn a_multipart_has_its_parts_between_delimiters() {
    let entity = compose::multipart(
        "signed",
        &[("protocol", "application/pkcs7-signature"), ("micalg", "sha-256")],
        "b",
        &[b"\r\none".to_vec(), b"\r\ntwo\r\n".to_vec()],
    );
    assert_eq!(
        String::from_utf8(entity).unwrap(),
        "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n \
         micalg=sha-256; boundary=\"b\"\r\n\r\n\
         --b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n\r\n--b--\r\n"
    );
}

#[test]
fn text_that_would_change_underway_is_quoted() {
    let text = |text: &str| String::from_utf8(Part::text(text).into_octets()).unwrap();
    assert!(text("plain\n").ends_with("7bit\r\n\r\nplain\r\n"));
    assert!(text("From me\n").ends_with("quoted-printable\r\n\r\n=46rom me\r\n"));
    assert!(text("日本").ends_with("base64\r\n\r\n5pel5pys\r\n"));
}

#[test]
fn boundaries_of_other_random_octets_are_no_beginning_of_each_other() {
    let (one, other) = (compose::boundary([0; 16]), compose::boundary([0xff; 16]));
    assert_eq!(one, "=_00000000000000000000000000000000");
    assert_eq!(one.len(), other.len());
    assert_ne!(one, other);
}

/// `openssl cms -verify` without `-binary`, which would turn CRLF into LF: the detached
/// content is exactly the octets of our first part.
#[test]
fn openssl_reads_a_signed_multipart_and_finds_the_part_unchanged() {
    let folder = std::env::temp_dir().join(format!("ssmax-mail-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let openssl = |args: &[&str], input: &[u8]| {
        let mut child = Command::new("openssl")
            .args(args)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "openssl {args:?}");
        output.stdout
    };
    let new_key = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-subj",
        "/CN=alice",
        "-addext",
        "subjectAltName=email:alice@a.example",
    ];
    openssl(&new_key, b"");
    let entity = compose::multipart(
        "mixed",
        &[],
        "inner",
        &[
            Part::text_iso_2022_jp("見積書です。\n").unwrap().into_octets(),
            Part::attachment("application/pdf", "見積書.pdf", b"%PDF").into_octets(),
        ],
    );
    let sign =
        ["cms", "-sign", "-binary", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER"];
    let signature = openssl(&sign, &entity);
    let signature =
        Part::attachment("application/pkcs7-signature", "smime.p7s", &signature).into_octets();
    let params = [("protocol", "application/pkcs7-signature"), ("micalg", "sha-256")];
    let signed = compose::multipart("signed", &params, "outer", &[entity.clone(), signature]);
    let mail = compose::message(
        &[
            compose::header_field("From", "山田 <alice@a.example>"),
            compose::header_field("Subject", "見積書のご送付"),
        ],
        &signed,
    );
    let read = openssl(&["cms", "-verify", "-noverify"], &mail);
    assert_eq!(read, entity);
    let ours = parse(&mail, &Limits::default()).unwrap();
    assert_eq!(ours.children()[0].raw(), entity);
    std::fs::remove_dir_all(&folder).unwrap();
}

//! Every place of a mail in which something may be.

mod support;

use ssmax_inspection::{Outcome, rule};
use support::{base64, docx, found, inbound, mail_with, outbound, zip_of};

/// The EICAR test file, in two pieces so that this source is not one.
fn eicar() -> Vec<u8> {
    [b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD".as_slice(), b"-ANTIVIRUS-TEST-FILE!$H+H*"]
        .concat()
}

const LEAK: &str = "個人番号は1234 5678 9018です。";

#[test]
fn the_test_file_is_blocked_inbound_and_passes_outbound_with_its_finding() {
    let raw = mail_with("x", "text", "a.zip", &zip_of(&[("b.zip", &zip_of(&[("e", &eicar())]))]));
    let verdict = inbound(&raw);
    assert_eq!(verdict.outcome, Outcome::Block);
    assert_eq!(found(&verdict), [(rule::MALWARE_EICAR, "2!b.zip!e")]);
    let verdict = outbound(&raw);
    assert_eq!(verdict.outcome, Outcome::Pass);
    assert_eq!(found(&verdict), [(rule::MALWARE_EICAR, "2!b.zip!e")]);
}

#[test]
fn the_test_file_is_found_as_attachment_and_as_body() {
    let raw = mail_with("x", "text", "a.txt", &eicar());
    assert_eq!(found(&inbound(&raw)), [(rule::MALWARE_EICAR, "2")]);
    let raw = [b"Subject: x\r\n\r\n".as_slice(), &eicar(), b"\r\n"].concat();
    assert_eq!(found(&inbound(&raw)), [(rule::MALWARE_EICAR, "0")]);
}

#[test]
fn a_leak_is_blocked_outbound_and_noted_inbound() {
    let raw = mail_with("x", LEAK, "a.bin", b"");
    let verdict = outbound(&raw);
    assert_eq!(
        (verdict.outcome, found(&verdict)),
        (Outcome::Block, vec![(rule::LEAK_MY_NUMBER, "1")])
    );
    assert_eq!(inbound(&raw).outcome, Outcome::Pass);
}

#[test]
fn header_fields_are_read_decoded() {
    let subject = base64(LEAK.as_bytes());
    let raw =
        format!("Subject: =?UTF-8?B?{}?=\r\n\r\nx\r\n", subject.trim_end().replace("\r\n", ""));
    assert_eq!(found(&outbound(raw.as_bytes())), [(rule::LEAK_MY_NUMBER, "header.subject")]);
    let raw = format!("Subject: x\r\nX-Note: {LEAK}\r\n\r\nx\r\n");
    assert_eq!(found(&outbound(raw.as_bytes())), [(rule::LEAK_MY_NUMBER, "header.x-note")]);
}

#[test]
fn bodies_are_read_in_their_charset_and_without_their_encoding() {
    for (charset, encoding) in [
        ("iso-2022-jp", encoding_rs::ISO_2022_JP),
        ("shift_jis", encoding_rs::SHIFT_JIS),
        ("euc-jp", encoding_rs::EUC_JP),
        ("utf-8", encoding_rs::UTF_8),
        ("us-ascii", encoding_rs::SHIFT_JIS),
        ("x-unknown", encoding_rs::EUC_JP),
    ] {
        let body = base64(&encoding.encode(LEAK).0);
        let raw = format!(
            "Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}"
        );
        assert_eq!(found(&outbound(raw.as_bytes())), [(rule::LEAK_MY_NUMBER, "0")], "{charset}");
    }
}

#[test]
fn html_is_read_as_it_is_shown() {
    let page = "<p>個人&#x756A;号は<b>1234</b>5678<span>9018</span></p>";
    let raw = format!(
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{page}\r\n"
    );
    assert_eq!(found(&outbound(raw.as_bytes())), [(rule::LEAK_MY_NUMBER, "0")]);
}

#[test]
fn attached_and_stored_mails_are_entered() {
    let inner = mail_with("inner", LEAK, "e.zip", &zip_of(&[("e", &eicar())]));
    let outer = [
        b"Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\n".as_slice(),
        &inner,
        b"\r\n--outer--\r\n",
    ]
    .concat();
    let verdict = inbound(&outer);
    assert_eq!(found(&verdict), [(rule::LEAK_MY_NUMBER, "1.1"), (rule::MALWARE_EICAR, "1.2!e")]);
    let stored = mail_with("x", "text", "a.zip", &zip_of(&[("m.eml", &inner)]));
    let verdict = inbound(&stored);
    assert_eq!(
        found(&verdict),
        [(rule::LEAK_MY_NUMBER, "2!m.eml/1"), (rule::MALWARE_EICAR, "2!m.eml/2!e")]
    );
}

#[test]
fn mails_under_other_names_of_message_are_entered() {
    let data = base64(&eicar());
    let inner = format!(
        "Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\
         Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         {data}\r\n--q--\r\n"
    );
    for kind in ["news", "rfc2822", "x-rfc822", "global-headers"] {
        let mail = format!("Content-Type: message/{kind}\r\n\r\n{inner}");
        assert_eq!(found(&inbound(mail.as_bytes())), [(rule::MALWARE_EICAR, "0/1")], "{kind}");
    }
    let broken = inner.replace("--q--", "");
    let mail = format!("Content-Type: message/news\r\n\r\n{broken}");
    assert_eq!(found(&inbound(mail.as_bytes())), [(rule::MAIL_AMBIGUOUS, "0")]);
    // Readers make a mail of each block of a report.
    let report = format!("Content-Type: message/delivery-status\r\n\r\nX: y\r\n\r\n{inner}");
    assert_eq!(found(&inbound(report.as_bytes())), [(rule::MAIL_AMBIGUOUS, "0")]);
    let plain = "Content-Type: message/delivery-status\r\n\r\nX: y\r\n\r\nFinal: z\r\n";
    assert_eq!(found(&inbound(plain.as_bytes())), []);
}

#[test]
fn messages_in_messages_end_at_the_limit_with_a_finding() {
    let nested = |depth: usize| {
        (0..depth).fold(b"Subject: x\r\n\r\nx\r\n".to_vec(), |inner, _| {
            [b"Content-Type: message/rfc822\r\n\r\n".as_slice(), &inner].concat()
        })
    };
    assert_eq!(found(&inbound(&nested(10))), []);
    let verdict = inbound(&nested(11));
    assert_eq!(verdict.findings[0].rule, rule::MAIL_TOO_DEEP);
    assert_eq!(verdict.outcome, Outcome::Hold);
}

#[test]
fn names_of_files_are_read() {
    let raw = mail_with("x", "x", "mynumber_123456789018.pdf", b"");
    assert_eq!(found(&outbound(&raw))[0].0, rule::LEAK_MY_NUMBER);
}

#[test]
fn documents_in_a_zip_are_read() {
    let raw = mail_with("x", "x", "a.zip", &zip_of(&[("届.docx", &docx(&[LEAK]))]));
    assert_eq!(found(&outbound(&raw)), [(rule::LEAK_MY_NUMBER, "2!届.docx!word/document.xml")]);
}

#[test]
fn uuencoded_files_in_the_text_are_opened() {
    let encoded: String = eicar()
        .chunks(45)
        .map(|line| {
            let digit = |value: u32| char::from(b' ' + (value & 63) as u8);
            let body: String = line
                .chunks(3)
                .flat_map(|group| {
                    let bits = (0..3)
                        .fold(0, |bits, at| bits << 8 | u32::from(*group.get(at).unwrap_or(&0)));
                    [18, 12, 6, 0].map(|shift| digit(bits >> shift))
                })
                .collect();
            format!("{}{body}\r\n", digit(line.len() as u32))
        })
        .collect();
    let raw = format!("Subject: x\r\n\r\nsee below\r\nbegin 644 e.com\r\n{encoded}`\r\nend\r\n");
    assert_eq!(found(&inbound(raw.as_bytes())), [(rule::MALWARE_EICAR, "0!e.com")]);
}

#[test]
fn what_stays_closed_or_incomplete_is_held() {
    for (fields, body, expected) in [
        (
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data",
            "x",
            rule::MAIL_ENCRYPTED,
        ),
        ("Content-Type: application/octet-stream; name=\"a.docx.p7m\"", "x", rule::MAIL_ENCRYPTED),
        ("Content-Type: message/partial; id=\"a\"; number=1", "x", rule::MAIL_INCOMPLETE),
        ("Content-Type: message/external-body; access-type=URL", "x", rule::MAIL_INCOMPLETE),
        ("Content-Type: message/rfc822", "no mail at all", rule::MAIL_AMBIGUOUS),
        (
            "Content-Type: image/png\r\nContent-Transfer-Encoding: base64",
            "a*b",
            rule::MAIL_UNDECODABLE,
        ),
        ("Content-Type: image/png", "Rar!\x1A\x07\x01", rule::ARCHIVE_UNSUPPORTED),
    ] {
        let raw = format!("{fields}\r\n\r\n{body}\r\n");
        let verdict = inbound(raw.as_bytes());
        assert_eq!(found(&verdict), [(expected, "0")], "{fields}");
        assert_eq!(verdict.outcome, Outcome::Hold, "{fields}");
    }
}

#[test]
fn signatures_and_certificates_are_no_closed_parts() {
    let signature = "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\r\nx\r\n";
    assert_eq!(found(&inbound(signature.as_bytes())), []);
    assert_eq!(found(&inbound(&labelled("application/pkcs7-mime", NO_SIGNER))), []);
}

/// A SignedData without content, certificates and signers.
const NO_SIGNER: &[u8] = b"\x30\x23\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x16\x30\x14\
    \x02\x01\x01\x31\x00\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\x31\x00";

fn labelled(kind: &str, octets: &[u8]) -> Vec<u8> {
    format!(
        "Content-Type: {kind}; smime-type=certs-only; name=\"smime.p7c\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}",
        base64(octets)
    )
    .into_bytes()
}

#[test]
fn what_a_part_calls_itself_does_not_open_it() {
    let enveloped = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80";
    let auth = b"\x30\x82\x10\x00\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17\xa0";
    for octets in [&enveloped[..], auth] {
        for kind in ["application/pkcs7-mime", "application/octet-stream", "image/png"] {
            let verdict = inbound(&labelled(kind, octets));
            assert_eq!(found(&verdict), [(rule::MAIL_ENCRYPTED, "0")], "{kind}");
        }
    }
    // Nor does it hide a signed content below: that is not read here.
    let with_signed = b"x, not a SignedData";
    let verdict = inbound(&labelled("application/pkcs7-mime", with_signed));
    assert_eq!(found(&verdict), [(rule::MAIL_ENCRYPTED, "0")]);
}

#[test]
fn files_outside_the_parts_are_found_too() {
    let eicar = String::from_utf8(eicar()).unwrap();
    let around = |before: &str, behind: &str| {
        format!(
            "Content-Type: multipart/signed; boundary=b\r\n\r\n{before}\r\n\
             --b\r\n\r\nx\r\n--b--\r\n{behind}\r\n"
        )
    };
    for raw in [around(&eicar, ""), around("", &eicar)] {
        let verdict = inbound(raw.as_bytes());
        assert_eq!(found(&verdict), [(rule::MALWARE_EICAR, "0")]);
    }
}

#[test]
fn a_pdf_that_cannot_be_read_says_so_and_passes() {
    let verdict = outbound(&mail_with("x", "x", "a.pdf", b"%PDF-1.7\n"));
    assert_eq!(found(&verdict), [(rule::DOCUMENT_NOT_READ, "2")]);
    assert_eq!(verdict.outcome, Outcome::Pass);
}

#[test]
fn an_ordinary_mail_has_no_findings() {
    let raw =
        mail_with("お知らせ", "いつもお世話になっております。", "報告.docx", &docx(&["報告書"]));
    let verdict = outbound(&raw);
    assert_eq!((verdict.outcome, found(&verdict)), (Outcome::Pass, vec![]));
}

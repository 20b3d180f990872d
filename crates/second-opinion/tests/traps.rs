//! What both parsers may read alike and others do not: named, and rebuilt where the mail
//! has one sane reading.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]

use ssmax_mail::{Limits, MailFault, parse};
use ssmax_second_opinion::{
    Ambiguous, Difference, RebuildFault, Settled, disagreement, disagreement_past_faults, rebuild,
    settle,
};

/// What is read differently in a mail.
fn found(mail: &str) -> Option<Difference> {
    let octets = mail.as_bytes();
    disagreement(&parse(octets, &Limits::default()).unwrap()).map(|about| about.what)
}

/// The rebuilt mail; its form has no more than one reading.
fn rebuilt(mail: &str) -> String {
    match settle(mail.as_bytes(), &Limits::default(), Ambiguous::Rebuild) {
        Ok(Settled::Rebuilt(octets)) => String::from_utf8(octets).unwrap(),
        other => panic!("{mail}: {other:?}"),
    }
}

fn mixed(boundary: &str, part: &str) -> String {
    format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\n{part}\r\n--{boundary}--\r\n"
    )
}

fn leaf(kind: &str, body: &str) -> String {
    format!("Content-Type: {kind}\r\n\r\n{body}")
}

const FILE: &str = "Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\
    Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    TVoK\r\n--q--\r\n";

#[test]
fn one_field_many_times_with_one_value_is_mended() {
    let date = "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n";
    let mail = format!("From: a@a.example\r\n{date}{date}\r\nx\r\n");
    assert_eq!(rebuilt(&mail).matches(date).count(), 1);
    let mail = "To: b@b.example\r\nTo: b@b.example\r\nTo: c@c.example\r\n\r\nx\r\n";
    assert!(rebuilt(mail).starts_with("To: b@b.example, b@b.example, c@c.example\r\n"));
}

#[test]
fn a_field_too_often_there_is_not_merged() {
    let mail = |count: usize| format!("{}\r\nx\r\n", "To: b@b.example\r\n".repeat(count));
    let limits = Limits::default();
    let anew = |mail: &str| rebuild(&parse(mail.as_bytes(), &limits).unwrap()).map(drop);
    assert_eq!(anew(&mail(16)), Ok(()));
    assert_eq!(anew(&mail(17)), Err(RebuildFault::FieldTwice { name: "To" }));
}

#[test]
fn groups_keep_their_names() {
    let mail = "To: friends: a@a.example, B <b@b.example>;\r\nTo: c@c.example\r\n\r\nx\r\n";
    let expected = "To: friends: a@a.example, B <b@b.example>;, c@c.example\r\n";
    assert!(rebuilt(mail).starts_with(expected), "{}", rebuilt(mail));
}

#[test]
fn a_mail_under_another_name_of_message_is_ambiguous() {
    for kind in ["news", "rfc2822", "x-rfc822", "http", "anything"] {
        let kind = format!("message/{kind}");
        assert_eq!(found(&mixed("b", &leaf(&kind, FILE))), Some(Difference::Structure), "{kind}");
        assert_eq!(found(&leaf(&kind, FILE)), Some(Difference::Structure), "{kind}");
    }
}

#[test]
fn reports_pass_unless_a_block_says_how_to_read_it() {
    let blocks = "Reporting-MTA: dns; a.example\r\n\r\nFinal-Recipient: rfc822; b@b.example\r\n";
    for kind in ["delivery-status", "disposition-notification", "feedback-report"] {
        let kind = format!("message/{kind}");
        assert_eq!(found(&mixed("b", &leaf(&kind, blocks))), None, "{kind}");
        for field in ["content-type : text/html", "Content-Transfer-Encoding: base64"] {
            let blocks = format!("{blocks}{field}\r\n\r\nTVoK\r\n");
            let mail = mixed("b", &leaf(&kind, &blocks));
            assert_eq!(found(&mail), Some(Difference::Structure), "{kind} {field}");
        }
    }
    for kind in ["message/global-headers", "text/rfc822-headers"] {
        let headers = "Received: x\r\nContent-Type: text/html\r\n";
        assert_eq!(found(&mixed("b", &leaf(kind, headers))), None);
        let more = format!("{headers}\r\nTVoK\r\n");
        assert_eq!(found(&mixed("b", &leaf(kind, &more))), Some(Difference::Structure));
    }
}

#[test]
fn boundaries_that_readers_unquote_or_trim_are_ambiguous() {
    for boundary in ["<b>", "'b'", "'b", "b>", " b", "a;b", "a%b", "a\\b", "a*b", "a!b", "a=?b"] {
        let mail = mixed(boundary, "\r\nx");
        // Escapes are refused by the strict reader.
        let Ok(read) = parse(mail.as_bytes(), &Limits::default()) else { continue };
        assert_eq!(disagreement(&read).unwrap().what, Difference::Delimiter, "{boundary}");
        assert!(rebuilt(&mail).contains("boundary=\"=_"), "{boundary}");
    }
    for boundary in ["----=_Next.Part_0:1", "a'b(c)+/?d,e", "a b"] {
        assert_eq!(found(&mixed(boundary, "\r\nx")), None, "{boundary}");
    }
}

#[test]
fn a_boundary_within_another_parameter_is_ambiguous() {
    let mail = mixed("b\"; x=\"; boundary=c;", "\r\nx").replace("--b\"; x=\"; boundary=c;", "--b");
    assert_eq!(found(&mail), Some(Difference::Delimiter), "{mail}");
    assert!(!rebuilt(&mail).contains("boundary=c"));
}

const LONG: &str = "x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x ";

#[test]
fn structured_fields_are_folded_and_never_decoded() {
    let long = LONG.repeat(16);
    let repeated = "To: b@b.example\r\nTo: b@b.example\r\n";
    let word = "=?utf-8?q?gw=2Eexample?=";
    for name in ["Authentication-Results", "ARC-Authentication-Results"] {
        let mail = format!("{repeated}{name}: {word}; spf=pass {long}\r\n\r\nx\r\n");
        assert!(!rebuilt(&mail).contains(name));
        let mail = format!("{repeated}{name}: {word}; spf=pass\r\n\r\nx\r\n");
        assert!(rebuilt(&mail).contains(&format!("{name}: {word}; spf=pass\r\n")));
    }
    let mail = format!("{repeated}List-Unsubscribe: {word} {long}\r\n\r\nx\r\n");
    let anew = rebuilt(&mail);
    assert!(anew.contains(word) && !anew.contains("gw.example"), "{anew}");
    assert!(anew.lines().all(|line| line.len() <= 998));
    // With 8-bit octets the text is encoded as it stands.
    let mail = format!("{repeated}List-Unsubscribe: {word} あ\r\n\r\nx\r\n");
    let read = rebuilt(&mail);
    let read = parse(read.as_bytes(), &Limits::default()).unwrap();
    let field = read.header().one("List-Unsubscribe").unwrap().unwrap();
    assert_eq!(field.decoded(), format!("{word} あ"));
    // Free text is decoded, and what looks like a word then stays text.
    let mail = format!("{repeated}Keywords: =?utf-8?q?=3D=3Fx?= あ\r\n\r\nx\r\n");
    let read = rebuilt(&mail);
    let read = parse(read.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(read.header().one("Keywords").unwrap().unwrap().decoded(), "=?x あ");
}

#[test]
fn text_in_a_charset_that_is_not_ascii_or_not_known_is_ambiguous() {
    for label in [
        "utf-7",
        "windows-65000",
        "cp65000",
        "x-utf-7",
        "unicodeFFFE",
        "hz",
        "hz-gb-2312",
        "cp1140",
        "ibm037",
        "punycode",
        "unicode_escape",
        "utf-16",
        "csUnicode",
        "iso-2022-kr",
        "iso-2022-cn-ext",
        "x-cp50227",
        "x-cp20261",
        "utf-1",
        "anything",
    ] {
        let mail = leaf(&format!("text/html; charset={label}"), "+ADw-p+AD4-");
        assert_eq!(found(&mail), Some(Difference::Charset), "{label}");
    }
    for label in [
        "us-ascii",
        "utf-8",
        "utf8",
        "iso-8859-1",
        "iso-8859-15",
        "windows-1252",
        "Shift_JIS",
        "cp932",
        "euc-jp",
        "ISO-2022-JP",
        "cp50220",
        "gb2312",
        "gb18030",
        "big5",
        "euc-kr",
        "koi8-r",
        "x-mac-roman",
        "unknown-8bit",
        "cp850",
        "x-user-defined",
        "\"\"",
    ] {
        assert_eq!(found(&leaf(&format!("text/html; charset={label}"), "<p>")), None, "{label}");
    }
}

#[test]
fn files_and_pages_outside_the_parts_are_ambiguous() {
    for line in [
        "begin 755 x.exe",
        "begin \t0644 x",
        "BEGIN 600 x",
        "=ybegin line=128 size=2 name=x",
        "(This file must be converted with BinHex 4.0)",
        "X: y\r\n content-type: a/b",
        "\tContent-Type: a/b",
        "see <HTML>",
        "<b><script>x</script>",
        "begin-base64 644 x",
    ] {
        let inner = mixed("b", "\r\nx");
        let behind = format!("{inner}{line}\r\n");
        assert_eq!(found(&behind), Some(Difference::HiddenContent), "{line}");
        let before = inner.replacen("\r\n\r\n", &format!("\r\n\r\n{line}\r\n"), 1);
        assert_eq!(found(&before), Some(Difference::HiddenContent), "{line}");
        assert!(!rebuilt(&behind).contains(line));
    }
    for line in
        ["begin with this", "begin 12 things", "begin 64455 x", "This is a multi-part message"]
    {
        assert_eq!(found(&format!("{}{line}\r\n", mixed("b", "\r\nx"))), None, "{line}");
    }
}

#[test]
fn control_characters_in_fields_are_cleaned() {
    for control in ["\x01", "\x08", "\x0b", "\x0c", "\x1a", "\x1c", "\x1e", "\x7f"] {
        for name in ["Subject", "X-Y", "Content-ID"] {
            let mail = format!("{name}: x{control}Content-Type: text/html\r\n\r\nx\r\n");
            assert_eq!(found(&mail), Some(Difference::Fields), "{name} {control:?}");
            assert!(!rebuilt(&mail).contains(control), "{name} {control:?}");
        }
    }
    assert_eq!(found("Subject: x\ty\r\n\r\nx\r\n"), None);
}

#[test]
fn senders_that_cannot_be_read_are_ambiguous() {
    let bad = "boss@a.example <x@evil.example>";
    for name in ["Sender", "Reply-To"] {
        let mail = format!("From: a@a.example\r\n{name}: {bad}\r\n\r\nx\r\n");
        assert_eq!(found(&mail), Some(Difference::Addresses { name }));
        assert_eq!(found(&format!("{name}:\r\n\r\nx\r\n")), None);
    }
    let inner = format!("From: {bad}\r\n\r\nx\r\n");
    let mail = leaf("message/rfc822", &inner);
    assert_eq!(found(&mail), Some(Difference::Addresses { name: "From" }));
    // Who needs the own From says so himself.
    assert_eq!(found(&inner), None);
}

#[test]
fn a_fault_hides_no_other_difference_from_who_searches_past_it() {
    let limits = Limits::default();
    let junk = "Content-Transfer-Encoding: base64\r\n\r\n!\r\n--b\r\n";
    let hidden = mixed("b", &format!("{junk}Content-Type: text/html; charset=utf-7\r\n\r\nx"));
    let read = parse(hidden.as_bytes(), &limits).unwrap();
    assert_eq!(disagreement_past_faults(&read).unwrap().what, Difference::Charset);
    let alone = mixed("b", &format!("{junk}\r\nx"));
    let read = parse(alone.as_bytes(), &limits).unwrap();
    assert_eq!(disagreement(&read).unwrap().what, Difference::Fault(MailFault::Base64Junk));
    assert_eq!(disagreement_past_faults(&read), None);
    // A mail that is not read is named, but only if there is nothing else.
    let inner = "Content-Type: message/rfc822\r\n\r\nX\r\n--b\r\n";
    let read = mixed("b", &format!("{inner}\r\nx"));
    let read = parse(read.as_bytes(), &limits).unwrap();
    let fault = MailFault::HeaderNotEnded;
    assert_eq!(disagreement_past_faults(&read).unwrap().what, Difference::Fault(fault));
    let both = mixed("b", &format!("{inner}Content-Type: text/plain; charset=utf-7\r\n\r\nx"));
    let read = parse(both.as_bytes(), &limits).unwrap();
    assert_eq!(disagreement_past_faults(&read).unwrap().what, Difference::Charset);
}

#[test]
fn bodies_that_begin_as_a_header_or_hold_delimiter_lines_are_rebuilt() {
    for body in
        ["Content-Type: text/html\r\n\r\nx", "\r\n \r\ncontent-transfer-encoding: base64\r\n"]
    {
        let mail = mixed("b", &leaf("text/plain", body));
        assert_eq!(found(&mail), Some(Difference::HiddenContent), "{body}");
        assert!(rebuilt(&mail).contains("Content-Transfer-Encoding: base64\r\n"));
    }
    // Blank lines before what is a header to some.
    let late = "\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<p>\r\n";
    for mail in [mixed("b", late), leaf("message/rfc822", late)] {
        assert_eq!(found(&mail), Some(Difference::HiddenContent), "{mail}");
        rebuilt(&mail);
    }
    let quoted = leaf("text/plain", &format!("Hello\r\n{late}"));
    assert_eq!(found(&quoted), None);
    let mail = leaf("text/plain; boundary=q", "--q\r\n\r\nx\r\n--q--\r\n");
    assert_eq!(found(&mail), Some(Difference::Structure));
    assert!(!rebuilt(&mail).contains("boundary"));
    assert_eq!(found(&leaf("text/plain; boundary=q", "x\r\n")), None);
    assert_eq!(found("Subject: x\r\n\r\nThe Content-Type: says\r\n"), None);
}

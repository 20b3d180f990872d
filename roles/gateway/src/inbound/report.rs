//! Reports about mail, such as "could not be delivered".

use crate::outbound::parse;
use ssmax_chain::Refusal;
use ssmax_mail::compose::multipart;
use ssmax_mail::{Entity, canonical};

/// A report without the body of the mail it returns, or nothing if it is no report that
/// returns a mail.
///
/// Most servers send the whole mail back. What our people sent is encrypted on the way:
/// no inspection could look into it, and the sender would never hear of the failure.
/// The header tells which mail it was (RFC 6522 section 3, third part).
///
/// # Errors
/// The refusal of a mail that cannot be read.
pub(super) fn without_returned_body(
    mail_from: &str,
    octets: &[u8],
    boundary: &str,
) -> Result<Option<Vec<u8>>, Refusal> {
    let mail = parse(octets)?;
    // RFC 3464 2: a report has the null sender. What a person forwards stays whole.
    if !mail_from.is_empty() || !mail.content_type().is("multipart", "report") {
        return Ok(None);
    }
    let Some((last, others)) = mail.children().split_last() else { return Ok(None) };
    if !last.content_type().is_message() {
        return Ok(None);
    }
    let mut parts: Vec<Vec<u8>> = others.iter().map(|part| part.raw().to_vec()).collect();
    parts.push(header_part(last));
    let mut out = Vec::with_capacity(octets.len());
    for field in mail.header().fields() {
        if !canonical::is_content_field(field.name()) {
            out.extend_from_slice(field.raw());
        }
    }
    let report_type = mail.content_type().parameter("report-type").unwrap_or_default();
    out.extend(multipart("report", &[("report-type", report_type)], boundary, &parts));
    Ok(Some(out))
}

/// The returned mail's header as a part of its own; empty if it cannot be read.
fn header_part(returned: &Entity<'_>) -> Vec<u8> {
    let mut part = b"Content-Type: text/rfc822-headers\r\n\
        Content-Transfer-Encoding: 8bit\r\n\r\n"
        .to_vec();
    if let Some(Ok(mail)) = returned.message() {
        for field in mail.header().fields() {
            part.extend_from_slice(field.raw());
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "From: MAILER-DAEMON@mx.b.example\r\nTo: a@a.example\r\n\
        Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"=_x\"\r\n\
        MIME-Version: 1.0\r\n\r\npreamble\r\n\
        --=_x\r\n\r\nIt could not be delivered.\r\n\
        --=_x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\
        --=_x\r\nContent-Type: message/rfc822\r\n\r\n\
        Subject: x\r\n folded\r\nContent-Type: multipart/signed; boundary=y\r\n\r\n\
        --y\r\n\r\nsecret\r\n--y--\r\n--=_x--\r\n";

    fn shortened(mail_from: &str, octets: &str) -> Option<String> {
        let report = without_returned_body(mail_from, octets.as_bytes(), "=_new").unwrap();
        report.map(|octets| String::from_utf8(octets).unwrap())
    }

    #[test]
    fn of_the_returned_mail_only_the_header_is_left() {
        assert_eq!(
            shortened("", REPORT).unwrap(),
            "From: MAILER-DAEMON@mx.b.example\r\nTo: a@a.example\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"=_new\"\r\n\
             \r\n\
             --=_new\r\n\r\nIt could not be delivered.\r\n\
             --=_new\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\
             --=_new\r\nContent-Type: text/rfc822-headers\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n\
             Subject: x\r\n folded\r\nContent-Type: multipart/signed; boundary=y\r\n\r\n\
             --=_new--\r\n"
        );
    }

    #[test]
    fn what_is_no_report_of_a_server_stays_whole() {
        assert_eq!(shortened("a@b.example", REPORT), None);
        assert_eq!(shortened("", &REPORT.replace("multipart/report", "multipart/mixed")), None);
        assert_eq!(shortened("", &REPORT.replace("message/rfc822", "text/plain")), None);
    }

    #[test]
    fn a_returned_mail_that_cannot_be_read_is_dropped() {
        let report = shortened("", &REPORT.replace("boundary=y", "boundary=")).unwrap();
        assert!(report.contains("text/rfc822-headers") && !report.contains("folded"), "{report}");
    }
}

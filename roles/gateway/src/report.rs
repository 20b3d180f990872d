//! Reports about mail, such as "could not be delivered".

use crate::outbound::parse;
use ssmax_chain::{Reason, Refusal};
use ssmax_mail::compose::multipart;
use ssmax_mail::{Entity, Header, Limits, canonical, parse_header};

/// Whether a mail reports that another was or was not delivered (RFC 3464).
pub(crate) fn is_of_delivery(mail: &Entity<'_>) -> bool {
    let kind = mail.content_type();
    kind.is("multipart", "report")
        && kind
            .parameter("report-type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status"))
}

/// A report without the body of the mail it returns, or nothing if it is no report that
/// returns a mail.
///
/// Most servers send the whole mail back. What our people sent is encrypted on the way:
/// no inspection could look into it, and the sender would never hear of the failure.
/// The header tells which mail it was (RFC 6522 section 3, third part).
///
/// # Errors
/// The refusal of a mail that cannot be read.
pub(crate) fn without_returned_body(
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
    if !returns_a_mail(last) {
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

/// An automatic mail without the bodies of the mails in it, or nothing if there are none.
/// They may say what was encrypted on its way here.
///
/// # Errors
/// The refusal of a mail that cannot be read, or is nothing but another one.
pub(crate) fn without_originals(octets: &[u8], boundary: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let mail = parse(octets)?;
    let holds_a_mail = mail.walk().any(returns_a_mail);
    if !holds_a_mail {
        return Ok(None);
    }
    if !mail.content_type().is_multipart() {
        return Err(Reason::SourceUnknown.into());
    }
    let part = |part: &Entity<'_>| {
        if returns_a_mail(part) { header_part(part) } else { part.raw().to_vec() }
    };
    // One that lies deeper is left out with what is around it.
    let is_deep =
        |part: &&Entity<'_>| part.content_type().is_multipart() && part.walk().any(returns_a_mail);
    let parts: Vec<Vec<u8>> =
        mail.children().iter().filter(|one| !is_deep(one)).map(part).collect();
    let kind = mail.content_type();
    let report_type = kind.parameter("report-type");
    let params: Vec<_> = report_type.map(|kind| ("report-type", kind)).into_iter().collect();
    let mut out = Vec::with_capacity(octets.len());
    for field in mail.header().fields() {
        if !canonical::is_content_field(field.name()) {
            out.extend_from_slice(field.raw());
        }
    }
    out.extend(multipart(kind.subtype(), &params, boundary, &parts));
    Ok(Some(out))
}

/// The returned mail's header as a part of its own; empty if it cannot be read.
fn header_part(returned: &Entity<'_>) -> Vec<u8> {
    let mut part = b"Content-Type: text/rfc822-headers\r\n\
        Content-Transfer-Encoding: 8bit\r\n\r\n"
        .to_vec();
    if let Some(Ok(mail)) = returned.message() {
        part.extend(told_outside(mail.header()));
    } else if is_header_part(returned)
        && let Ok(octets) = returned.decoded_body()
        && let Ok(header) = parse_header(&octets, &Limits::default())
    {
        part.extend(told_outside(&header));
    }
    part
}

/// A part that returns the header alone (RFC 6522 section 3; RFC 6533 section 4).
fn is_header_part(part: &Entity<'_>) -> bool {
    let kind = part.content_type();
    kind.is("text", "rfc822-headers") || kind.is("message", "global-headers")
}

/// Whether a part returns a mail or its header.
fn returns_a_mail(part: &Entity<'_>) -> bool {
    part.content_type().is_message() || is_header_part(part)
}

/// The fields that whoever gets a report may see. Between MTA and gateway a mail says who
/// has logged in and names all its recipients, those of Bcc too; a server behind the MTA
/// returns that with everything else.
fn told_outside(header: &Header<'_>) -> Vec<u8> {
    let stays_here = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        name.starts_with("ssmax-")
            || matches!(name.as_str(), "bcc" | "resent-bcc" | "return-path" | "delivered-to")
    };
    let told = header.fields().iter().filter(|field| !stays_here(field.name()));
    told.flat_map(|field| field.raw().to_vec()).collect()
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
    fn no_mail_within_an_automatic_mail_keeps_its_body_wherever_it_lies() {
        let of = |octets: &str| without_originals(octets.as_bytes(), "=_new");
        let text = |octets: &str| String::from_utf8(of(octets).unwrap().unwrap()).unwrap();
        assert_eq!(text(REPORT), shortened("", REPORT).unwrap());
        let vacation =
            REPORT.replace("multipart/report; report-type=delivery-status;", "multipart/mixed;");
        let short = text(&vacation);
        assert!(
            short.contains("Content-Type: multipart/mixed; boundary") && !short.contains("secret"),
            "{short}"
        );
        let deep = format!(
            "Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\r\nAway.\r\n--z\r\n{REPORT}--z--\r\n"
        );
        let short = text(&deep);
        assert!(short.contains("Away.") && !short.contains("secret"), "{short}");
        assert_eq!(of("Auto-Submitted: auto-replied\r\n\r\nAway.\r\n").unwrap(), None);
        let bare = "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nsecret\r\n";
        assert_eq!(of(bare), Err(Reason::SourceUnknown.into()));
    }

    #[test]
    fn what_is_said_between_our_own_hops_is_not_returned() {
        let inner = "SSMAX-Statement: e30=\r\n .e30=\r\nssmax-statement: e30=\r\n\
            SSMAX-Result: mx; class=x\r\nBcc: hidden@c.example\r\nReturn-Path: <a@a.example>\r\n";
        let returned = "Subject: x\r\n folded\r\n";
        let whole = REPORT.replace(returned, &format!("{inner}{returned}"));
        assert_eq!(shortened("", &whole), shortened("", REPORT));
        // Servers that return the header alone.
        for kind in ["text/rfc822-headers", "message/global-headers"] {
            let (head, _) = REPORT.split_once("Content-Type: message/rfc822").unwrap();
            let alone = |fields: &str| {
                format!("{head}Content-Type: {kind}\r\n\r\n{fields}Subject: x\r\n\r\n--=_x--\r\n")
            };
            let report = shortened("", &alone(inner)).unwrap();
            assert_eq!(shortened("", &alone("")).unwrap(), report);
            assert!(report.contains("Subject: x") && !report.contains("hidden"), "{report}");
            let automatic = without_originals(alone(inner).as_bytes(), "=_new").unwrap().unwrap();
            assert_eq!(String::from_utf8(automatic).unwrap(), report);
        }
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

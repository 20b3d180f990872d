//! Which automatic mail is it, if it is one?

use crate::report;
use ssmax_mail::Entity;

/// Automatic mail, by what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A server's report that a mail was or was not delivered (RFC 3464).
    Report,
    /// A mailbox's reply: vacation (RFC 3834), calendar (RFC 5546), receipt (RFC 8098).
    Reply,
}

/// How deep below the top a calendar reply may lie: in a multipart/alternative in a
/// multipart/mixed.
const CALENDAR_DEPTH: usize = 2;

/// What kind of automatic mail this says it is; `None` for mail that a person may have
/// written. What has a sender in the envelope can be answered, so it is no report.
pub(super) fn kind_of(mail: &Entity<'_>, mail_from: &str) -> Option<Kind> {
    if report::is_of_delivery(mail) {
        return mail_from.is_empty().then_some(Kind::Report);
    }
    let report_type = mail.content_type().parameter("report-type").unwrap_or_default();
    if mail.content_type().is("multipart", "report")
        && report_type.eq_ignore_ascii_case("disposition-notification")
    {
        return Some(Kind::Reply);
    }
    let says_automatic = mail.header().all("Auto-Submitted").any(|field| {
        let value = field.unfolded().trim().to_ascii_lowercase();
        value.starts_with("auto-replied") || value.starts_with("auto-generated")
    });
    let automatic = says_automatic || (mail_from.is_empty() && is_calendar_reply(mail, 0));
    automatic.then_some(Kind::Reply)
}

fn is_calendar_reply(part: &Entity<'_>, depth: usize) -> bool {
    let kind = part.content_type();
    let replies = kind.is("text", "calendar")
        && kind.parameter("method").is_some_and(|method| method.eq_ignore_ascii_case("reply"));
    replies
        || (depth < CALENDAR_DEPTH
            && part.children().iter().any(|child| is_calendar_reply(child, depth + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(mail_from: &str, octets: &str) -> Option<Kind> {
        let octets = octets.replace('\n', "\r\n");
        let mail = ssmax_mail::parse(octets.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
        kind_of(&mail, mail_from)
    }

    #[test]
    fn automatic_mail_is_known_by_what_it_says() {
        let report = |kind: &str| {
            format!(
                "Content-Type: multipart/report; report-type={kind}; boundary=x\n\n--x\n\nx\n--x--\n"
            )
        };
        assert_eq!(kind("", &report("delivery-status")), Some(Kind::Report));
        assert_eq!(kind("", &report("Disposition-Notification")), Some(Kind::Reply));
        assert_eq!(kind("", "Auto-Submitted: auto-replied (vacation)\n\nx\n"), Some(Kind::Reply));
        assert_eq!(kind("b@b.example", "Auto-Submitted: Auto-Generated\n\nx\n"), Some(Kind::Reply));
        let calendar = "Content-Type: text/calendar; method=REPLY\n\nx\n";
        assert_eq!(kind("", calendar), Some(Kind::Reply));
        let within = format!(
            "Content-Type: multipart/alternative; boundary=x\n\n--x\n\nx\n--x\n{calendar}--x--\n"
        );
        assert_eq!(kind("", &within), Some(Kind::Reply));
    }

    #[test]
    fn what_a_person_may_have_written_is_none() {
        for octets in [
            "Subject: x\n\nx\n",
            "Auto-Submitted: no\n\nx\n",
            "Content-Type: text/calendar; method=REQUEST\n\nx\n",
            "Content-Type: multipart/report; report-type=feedback-report; boundary=x\n\n--x\n\nx\n--x--\n",
        ] {
            assert_eq!(kind("", octets), None, "{octets}");
        }
        let calendar = "Content-Type: text/calendar; method=REPLY\n\nx\n";
        assert_eq!(kind("b@b.example", calendar), None);
        let report = "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n";
        assert_eq!(kind("b@b.example", &format!("{report}--x\n\nx\n--x--\n")), None);
    }
}

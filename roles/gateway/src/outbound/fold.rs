//! Header lines that every server passes on as they are.

use ssmax_chain::binding::COVERED_FIELDS;
use ssmax_chain::trace::with_short_lines;
use ssmax_chain::{Reason, Refusal};
use ssmax_mail::Field;
use ssmax_mail::canonical::MAX_TRANSPORT_LINE_BYTES;

/// A field with its lines folded ([`with_short_lines`]).
///
/// # Errors
/// [`Reason::MailMalformed`] for a field under our signature whose line has no blank in
/// 998 octets; RFC 5322 2.1.1 forbids it. Another field is left to its fate.
pub(super) fn folded(field: &Field<'_>) -> Result<Vec<u8>, Refusal> {
    let out = with_short_lines(field.raw());
    let is_short = |line: &[u8]| line.len() <= MAX_TRANSPORT_LINE_BYTES + 1;
    let is_covered = COVERED_FIELDS.iter().any(|one| one.eq_ignore_ascii_case(field.name()));
    if is_covered && !out.split(|octet| *octet == b'\n').all(is_short) {
        return Err(Reason::MailMalformed.into());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_chain::binding::headers_digest;

    fn fold(line: &str) -> Result<String, Refusal> {
        let octets = format!("{line}\r\n\r\n");
        let mail = ssmax_mail::parse(octets.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
        folded(&mail.header().fields()[0]).map(|octets| String::from_utf8(octets).unwrap())
    }

    fn digest(field: &str) -> ssmax_chain::Digest {
        let octets = format!("{field}\r\n");
        let mail = ssmax_mail::parse(octets.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
        headers_digest(mail.header()).unwrap()
    }

    #[test]
    fn a_line_at_the_limit_stays_and_one_octet_more_is_folded_without_changing_the_digest() {
        let at_limit = format!("Subject: {} y", "x".repeat(987));
        assert_eq!(at_limit.len(), MAX_TRANSPORT_LINE_BYTES);
        assert_eq!(fold(&at_limit).unwrap(), format!("{at_limit}\r\n"));
        let longer = format!("Subject: {} yy", "x".repeat(987));
        let folded = fold(&longer).unwrap();
        assert_eq!(folded, format!("Subject: {}\r\n yy\r\n", "x".repeat(987)));
        assert_eq!(digest(&folded), digest(&format!("{longer}\r\n")));
    }

    #[test]
    fn a_very_long_line_becomes_many_and_no_line_is_blank() {
        let line = format!("Subject: {}{}end", "word  \t ".repeat(600), " ".repeat(990));
        let folded = fold(&line).unwrap();
        assert_eq!(digest(&folded), digest(&format!("{line}\r\n")));
        assert_eq!(folded.replace("\r\n", ""), line);
        let mut lines = folded.lines();
        assert!(lines.all(|line| line.len() <= 998 && !line.trim().is_empty()), "{folded}");
    }

    #[test]
    fn a_covered_field_without_a_blank_is_refused_and_another_passes() {
        let word = "x".repeat(1000);
        assert_eq!(fold(&format!("Subject: {word}")), Err(Reason::MailMalformed.into()));
        assert_eq!(fold(&format!("X-Id: {word}")).unwrap(), format!("X-Id:\r\n {word}\r\n"));
        assert_eq!(fold(&format!("X-Id:{word}")).unwrap(), format!("X-Id:{word}\r\n"));
    }
}

//! Mail domains in the one form in which they are compared.

/// The form in which a domain is listed and compared: A-labels, lower case, without a
/// final dot (RFC 5890 2.3.2.1, UTS #46 with STD3 rules and DNS length limits).
///
/// `None` for what is no mail domain: an empty or over-long label, a character that a
/// host name cannot have, an address literal, a name of a single label.
#[must_use]
pub fn normalise(domain: &str) -> Option<String> {
    // UTS #46 maps ideographic full stops to dots and drops invisible characters. That is
    // wanted: a domain that only looks like a member's must not escape the rules for mail
    // that names a member.
    let ascii = idna::domain_to_ascii_strict(domain).ok()?;
    let last = ascii.rsplit('.').next()?;
    let many_labels = ascii.contains('.');
    // A last label of digits is an IPv4 address to most programs (RFC 3696 2).
    let named = !last.bytes().all(|b| b.is_ascii_digit());
    (many_labels && named).then_some(ascii)
}

/// Whether `domain` already is in the form of [`normalise`].
#[must_use]
pub fn is_normalised(domain: &str) -> bool {
    normalise(domain).as_deref() == Some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_unicode_lead_to_one_form() {
        assert_eq!(normalise("A.Example").as_deref(), Some("a.example"));
        assert_eq!(normalise("日本語.jp").as_deref(), Some("xn--wgv71a119e.jp"));
        assert_eq!(normalise("日本語。ｊｐ").as_deref(), Some("xn--wgv71a119e.jp"));
        assert_eq!(normalise("a\u{200b}.exa\u{ad}mple").as_deref(), Some("a.example"));
        assert_eq!(normalise("XN--WGV71A119E.jp").as_deref(), Some("xn--wgv71a119e.jp"));
    }

    #[test]
    fn what_is_no_mail_domain_has_no_form() {
        for domain in [
            "",
            ".",
            "localhost",
            "a..example",
            "a.example.",
            ".a.example",
            "a b.example",
            "a_b.example",
            "-a.example",
            "192.0.2.1",
            "[192.0.2.1]",
            "a.example\n",
            "a.example\0",
            "a@b.example",
            "xn--a.example",
        ] {
            assert_eq!(normalise(domain), None, "{domain:?}");
        }
        assert_eq!(normalise(&format!("{}.example", "a".repeat(64))), None);
        assert!(normalise(&format!("{}.example", "a".repeat(63))).is_some());
    }

    #[test]
    fn only_the_one_form_counts_as_normalised() {
        assert!(is_normalised("a.example"));
        assert!(!is_normalised("A.example"));
        assert!(!is_normalised("日本語.jp"));
    }
}

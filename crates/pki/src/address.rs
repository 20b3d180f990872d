//! E-mail addresses and host names as they may stand in a certificate.
//!
//! The rule is narrower than RFC 5321's grammar on purpose: what a mailer, a
//! directory and a gateway could read differently (whitespace, NUL, line ends, quoted
//! local parts, a second `@`) is no address for us, and a certificate that holds such
//! a name is refused as a whole.

/// RFC 5321 4.5.3.1.1.
const MAX_LOCAL_BYTES: usize = 64;
/// RFC 1035 2.3.4, without the final dot.
const MAX_DOMAIN_BYTES: usize = 253;
/// RFC 1035 2.3.4.
const MAX_LABEL_BYTES: usize = 63;

/// Whether `address` is one that certificates of ours may carry.
///
/// The local part is of RFC 5322 atext and dots, or of letters beyond ASCII
/// (RFC 6531), at most 64 octets; consecutive and final dots are allowed, because
/// Japanese carriers once assigned such addresses. The domain is a host name of
/// letters, digits and hyphens (an internationalised one as A-labels), or one whose
/// A-label form can be computed.
#[must_use]
pub fn is_usable_address(address: &str) -> bool {
    split(address)
        .is_some_and(|(local, domain)| is_local_part(local) && ascii_domain(domain).is_some())
}

/// Local part and domain at the one `@`; `None` for none or several.
pub(crate) fn split(address: &str) -> Option<(&str, &str)> {
    let (local, domain) = address.split_once('@')?;
    (!domain.contains('@')).then_some((local, domain))
}

/// Whether an address read from an rfc822Name is usable: all of it ASCII.
pub(crate) fn is_ascii_mailbox(address: &str) -> bool {
    address.is_ascii()
        && split(address).is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain))
}

/// Whether an address read from a SmtpUTF8Mailbox is usable: RFC 9598 3 demands an
/// A-label domain, and the name form is for local parts beyond ASCII.
pub(crate) fn is_utf8_mailbox(address: &str) -> bool {
    split(address).is_some_and(|(local, domain)| {
        !local.is_ascii() && is_local_part(local) && is_domain(domain)
    })
}

/// Whether `domain` is a host name of letters, digits and hyphens, in any case.
pub(crate) fn is_domain(domain: &str) -> bool {
    domain.len() <= MAX_DOMAIN_BYTES && domain.split('.').all(|label| is_label(label, false))
}

/// Whether a dNSName is usable: a host name, with underscores as they occur in the
/// field, or with one wildcard as its whole first label.
pub(crate) fn is_host_name(name: &str) -> bool {
    let host = name.strip_prefix("*.").unwrap_or(name);
    host.len() <= MAX_DOMAIN_BYTES && host.split('.').all(|label| is_label(label, true))
}

/// The A-label form of a domain in lower case, or `None` when it has none.
///
/// ASCII is not sent through UTS #46: an odd but plain label must not turn into
/// another one.
pub(crate) fn ascii_domain(domain: &str) -> Option<String> {
    let ascii = if domain.is_ascii() {
        domain.to_ascii_lowercase()
    } else {
        // Invisible and directional characters are dropped by the mapping of UTS #46,
        // so two texts that look alike would become one domain.
        if !domain.chars().all(is_plain_character) {
            return None;
        }
        idna::domain_to_ascii(domain).ok()?
    };
    is_domain(&ascii).then_some(ascii)
}

/// Whether two usable addresses are the same mailbox: local parts octet for octet
/// (RFC 5321 2.4), domains as A-labels without case.
pub(crate) fn same_mailbox(a: &str, b: &str) -> bool {
    let (Some((local_a, domain_a)), Some((local_b, domain_b))) = (split(a), split(b)) else {
        return false;
    };
    local_a == local_b
        && is_local_part(local_a)
        && matches!((ascii_domain(domain_a), ascii_domain(domain_b)), (Some(a), Some(b)) if a == b)
}

fn is_local_part(local: &str) -> bool {
    !local.is_empty()
        && local.len() <= MAX_LOCAL_BYTES
        && !local.starts_with('.')
        && local.chars().all(|character| {
            if character.is_ascii() {
                is_atext(character) || character == '.'
            } else {
                is_plain_character(character)
            }
        })
}

/// RFC 5322 3.2.3.
fn is_atext(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character)
}

fn is_label(label: &str, underscore: bool) -> bool {
    !label.is_empty()
        && label.len() <= MAX_LABEL_BYTES
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|octet| {
            octet.is_ascii_alphanumeric() || octet == b'-' || (underscore && octet == b'_')
        })
}

/// Neither control nor whitespace nor one of the invisible or directional characters
/// with which two different texts look the same.
#[must_use]
pub fn is_plain_character(character: char) -> bool {
    !character.is_control()
        && !character.is_whitespace()
        && !matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}'
            | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_usable() {
        for address in [
            "alice@a.example",
            "a+b@A.Example",
            "foo..bar@docomo.example",
            "taro.@docomo.example",
            "山田@a.example",
            "alice@例え.example",
        ] {
            assert!(is_usable_address(address), "{address}");
        }
    }

    #[test]
    fn addresses_that_two_readers_could_split_differently_are_refused() {
        for address in [
            "alice@a.example ",
            " alice@a.example",
            "ali ce@a.example",
            "alice@a.example\0.evil.example",
            "alice@a.example\n",
            "alice\r@a.example",
            "\"alice\"@a.example",
            "alice@evil.example@a.example",
            "<alice@a.example>",
            "alice@[127.0.0.1]",
            "alice@a.example.",
            "alice@-a.example",
            "alice@",
            "@a.example",
            ".alice@a.example",
            "ali\u{200b}ce@a.example",
            "ali\u{a0}ce@a.example",
            "ali\u{202e}ce@a.example",
            "alice@a\u{200b}.example",
            "alice@a\u{3000}.example",
            "alice(comment)@a.example",
            "alice,bob@a.example",
            "alice",
        ] {
            assert!(!is_usable_address(address), "{address:?}");
            assert!(!is_ascii_mailbox(address), "{address:?}");
        }
    }

    #[test]
    fn a_local_part_of_64_octets_passes_and_one_of_65_does_not() {
        assert!(is_usable_address(&format!("{}@a.example", "x".repeat(64))));
        assert!(!is_usable_address(&format!("{}@a.example", "x".repeat(65))));
    }

    #[test]
    fn a_label_of_63_octets_passes_and_one_of_64_does_not() {
        assert!(is_usable_address(&format!("x@{}.example", "a".repeat(63))));
        assert!(!is_usable_address(&format!("x@{}.example", "a".repeat(64))));
    }

    #[test]
    fn the_local_part_is_compared_exactly_and_the_domain_without_case() {
        assert!(same_mailbox("alice@a.example", "alice@A.EXAMPLE"));
        assert!(!same_mailbox("alice@a.example", "Alice@a.example"));
        assert!(same_mailbox("a@xn--r8jz45g.example", "a@例え.example"));
        assert!(!same_mailbox("alice@a.example", "alice@b.example"));
    }

    #[test]
    fn a_smtp_utf8_mailbox_has_letters_beyond_ascii_and_an_ascii_domain() {
        assert!(is_utf8_mailbox("山田@a.example"));
        assert!(!is_utf8_mailbox("alice@a.example"));
        assert!(!is_utf8_mailbox("山田@例え.example"));
    }

    #[test]
    fn a_wildcard_stands_only_as_the_first_whole_label() {
        assert!(is_host_name("*.a.example"));
        for name in ["a*.example", "a.*.example", "*", "", "a b.example", "a\0.example"] {
            assert!(!is_host_name(name), "{name:?}");
        }
    }
}

//! SMIMEA records: a person's certificate in the DNS, under a name made of the address
//! (RFC 8162).

use crate::Certificate;
use ssmax_primitives::sha256;
use std::fmt::Write as _;
use unicode_normalization::UnicodeNormalization as _;

/// The label between the person's and the domain.
pub const LABEL: &str = "_smimecert";

/// Octets of the hash that are kept, so that it fits in a label (RFC 8162 3).
const HASH_OCTETS: usize = 28;

/// Domain-issued certificate: it counts by standing in a zone that DNSSEC signs. Usages 0 to 2
/// would have to be validated to an anchor that a stranger's mailer does not have.
const USAGE: u8 = 3;
/// The whole certificate: a mailer encrypts by issuer and serial number or key identifier,
/// and looks for the address in it.
const SELECTOR: u8 = 0;
/// As it is: of a hash alone nobody could encrypt.
const MATCHING: u8 = 0;

/// Hexadecimal digits on a line of a zone file.
const DIGITS_A_LINE: usize = 96;

/// The label of a person: the local part without quotes, in Unicode's form C, as it is
/// written. Whoever asks changes no letter's case (RFC 8162 3).
#[must_use]
pub fn label(local: &str) -> String {
    let normal: String = local.nfc().collect();
    let digest = sha256(normal.as_bytes());
    hex::encode(digest.iter().take(HASH_OCTETS).copied().collect::<Vec<u8>>())
}

/// The name below which the people of a domain, in A-labels, are asked for: absolute.
#[must_use]
pub fn origin(domain: &str) -> String {
    format!("{LABEL}.{}.", domain.trim_end_matches('.'))
}

/// The record of a person in a master file (RFC 1035 5.1) whose origin is [`origin`].
#[must_use]
pub fn record(local: &str, ttl: u32, certificate: &Certificate) -> String {
    let digits = hex::encode(certificate.der());
    let mut text = format!("{} {ttl} IN SMIMEA {USAGE} {SELECTOR} {MATCHING} (", label(local));
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(DIGITS_A_LINE).unwrap_or((rest, ""));
        let _ = write!(text, "\n    {line}");
        rest = after;
    }
    text.push_str(" )\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_one_that_the_rfc_gives_for_an_address() {
        // RFC 7929 3 hashes in the same way and has this example, hugh@example.com.
        let hugh = "c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6";
        assert_eq!(label("hugh"), hugh);
        assert_ne!(label("Hugh"), hugh);
    }

    #[test]
    fn two_spellings_of_one_letter_have_one_label() {
        assert_eq!(label("e\u{301}ric"), label("\u{e9}ric"));
        assert_eq!(label("\u{30ab}\u{3099}"), label("\u{30ac}"));
    }

    #[test]
    fn the_origin_ends_in_a_dot_once() {
        assert_eq!(origin("a.example"), "_smimecert.a.example.");
        assert_eq!(origin("a.example."), "_smimecert.a.example.");
    }
}

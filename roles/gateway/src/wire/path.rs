//! The address inside `MAIL FROM:<...>` and `RCPT TO:<...>`, RFC 5321 4.1.2 and 6531 3.3.
//!
//! One grammar for both directions: what we would not take from a client we do not
//! send to a next hop either, so no address can carry a second command.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest local part, in octets. RFC 5321 4.5.3.1.1.
pub(crate) const MAX_LOCAL_PART_BYTES: usize = 64;
/// Longest domain, in octets. RFC 5321 4.5.3.1.2.
pub(crate) const MAX_DOMAIN_BYTES: usize = 255;
/// Longest path with its angle brackets, in octets. RFC 5321 4.5.3.1.3.
pub(crate) const MAX_PATH_BYTES: usize = 256;
const MAX_LABEL_BYTES: usize = 63;

/// Why a path is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum PathFault {
    /// No `<` at the start, or no `>` after the address.
    Brackets,
    /// A part is longer than RFC 5321 4.5.3.1 allows, or empty.
    Length,
    /// The local part is neither atoms with dots nor a quoted string.
    LocalPart,
    /// The domain is neither host labels nor an address literal.
    Domain,
    /// Characters outside ASCII without SMTPUTF8, RFC 6531 3.5.
    NeedsSmtpUtf8,
}

/// Reads a path at the start of `text` and returns the address as it stands, without
/// brackets and without a source route, and what follows the `>`.
///
/// A source route (`@a,@b:`) is checked and dropped, RFC 5321 appendix C. `<>` is an
/// empty address; `<postmaster>` needs no domain, RFC 5321 4.5.1. Whether these are
/// welcome is the caller's business.
pub(crate) fn read_path(text: &str, smtputf8: bool) -> Result<(&str, &str), PathFault> {
    let inner = text.strip_prefix('<').ok_or(PathFault::Brackets)?;
    let end = closing_bracket(inner).ok_or(PathFault::Brackets)?;
    let (inner, rest) = inner.split_at_checked(end).ok_or(PathFault::Brackets)?;
    let rest = rest.strip_prefix('>').ok_or(PathFault::Brackets)?;
    if inner.len() + 2 > MAX_PATH_BYTES {
        return Err(PathFault::Length);
    }
    let address = without_source_route(inner, smtputf8)?;
    check_address(address, smtputf8)?;
    Ok((address, rest))
}

/// Checks an address without brackets: empty, `postmaster`, or `local@domain`.
pub(crate) fn check_address(address: &str, smtputf8: bool) -> Result<(), PathFault> {
    if !smtputf8 && !address.is_ascii() {
        return Err(PathFault::NeedsSmtpUtf8);
    }
    if address.len() + 2 > MAX_PATH_BYTES {
        return Err(PathFault::Length);
    }
    if address.is_empty() || address.eq_ignore_ascii_case("postmaster") {
        return Ok(());
    }
    // The last @: a quoted local part may hold others.
    let (local, domain) = address.rsplit_once('@').ok_or(PathFault::Domain)?;
    check_local_part(local)?;
    check_domain(domain)
}

/// Where the `>` is that ends the path; one inside a quoted string does not.
fn closing_bracket(inner: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, octet) in inner.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn without_source_route(inner: &str, smtputf8: bool) -> Result<&str, PathFault> {
    if !inner.starts_with('@') {
        return Ok(inner);
    }
    let (route, address) = inner.split_once(':').ok_or(PathFault::Domain)?;
    if !smtputf8 && !route.is_ascii() {
        return Err(PathFault::NeedsSmtpUtf8);
    }
    for hop in route.split(',') {
        check_domain(hop.strip_prefix('@').ok_or(PathFault::Domain)?)?;
    }
    if address.is_empty() { Err(PathFault::LocalPart) } else { Ok(address) }
}

fn check_local_part(local: &str) -> Result<(), PathFault> {
    if local.is_empty() || local.len() > MAX_LOCAL_PART_BYTES {
        return Err(PathFault::Length);
    }
    let valid = match local.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').is_some_and(is_quoted_content),
        // Dots anywhere: mobile carriers in Japan gave out addresses such as
        // `a..b.@`, against RFC 5321, and they are still in use.
        None => local.chars().all(|c| is_atext(c) || c == '.'),
    };
    if valid { Ok(()) } else { Err(PathFault::LocalPart) }
}

fn is_quoted_content(content: &str) -> bool {
    let mut escaped = false;
    for c in content.chars() {
        let printable = matches!(c, ' '..='~') || is_beyond_ascii(c);
        match c {
            _ if !printable => return false,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return false,
            _ => {}
        }
    }
    !escaped
}

fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_beyond_ascii(c)
}

/// UTF8-non-ascii of RFC 6531, less what shows as nothing or as a line end.
fn is_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{fffd}')
}

fn check_domain(domain: &str) -> Result<(), PathFault> {
    if domain.is_empty() || domain.len() > MAX_DOMAIN_BYTES {
        return Err(PathFault::Length);
    }
    let valid = match domain.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(is_address_literal),
        None => domain.split('.').all(is_label),
    };
    if valid { Ok(()) } else { Err(PathFault::Domain) }
}

fn is_address_literal(literal: &str) -> bool {
    match literal.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => {
            literal.get(5..).is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
        }
        _ => literal.parse::<Ipv4Addr>().is_ok(),
    }
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || is_beyond_ascii(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> Result<&str, PathFault> {
        read_path(text, true).map(|(address, _)| address)
    }

    #[test]
    fn ordinary_paths_are_read_as_they_stand() {
        for text in [
            "a@b.example",
            "Taro.Yamada+x@Example.JP",
            "a..b.@docomo.example",
            r#""a b>@c\"d"@b.example"#,
            "x@[192.0.2.1]",
            "x@[IPv6:2001:db8::1]",
            "太郎@例え.example",
            "postmaster",
            "",
        ] {
            assert_eq!(address(&format!("<{text}>")), Ok(text));
        }
    }

    #[test]
    fn what_follows_the_bracket_is_given_back() {
        assert_eq!(read_path("<a@b> SIZE=1", false), Ok(("a@b", " SIZE=1")));
    }

    #[test]
    fn a_source_route_is_checked_and_dropped() {
        assert_eq!(address("<@x.example,@y.example:a@b.example>"), Ok("a@b.example"));
        assert_eq!(address("<@x.example:>"), Err(PathFault::LocalPart));
        assert_eq!(address("<@x example:a@b>"), Err(PathFault::Domain));
        assert_eq!(address("<@x.example,y:a@b>"), Err(PathFault::Domain));
    }

    #[test]
    fn malformed_paths_name_their_fault() {
        for (text, fault) in [
            ("a@b", PathFault::Brackets),
            ("<a@b", PathFault::Brackets),
            (r#"<"a@b>"#, PathFault::Brackets),
            ("<a b@c>", PathFault::LocalPart),
            ("<a<b@c>", PathFault::LocalPart),
            ("<a\0b@c>", PathFault::LocalPart),
            ("<a\u{a0}b@c>", PathFault::LocalPart),
            ("<a\u{2028}b@c>", PathFault::LocalPart),
            (r#"<"a""b"@c>"#, PathFault::LocalPart),
            (r#"<"a\"@c>"#, PathFault::Brackets),
            ("<@b>", PathFault::Domain),
            ("<a@>", PathFault::Length),
            ("<a>", PathFault::Domain),
            ("<a@b..c>", PathFault::Domain),
            ("<a@b.>", PathFault::Domain),
            ("<a@-b>", PathFault::Domain),
            ("<a@b_c>", PathFault::Domain),
            ("<a@b c>", PathFault::Domain),
            ("<a@[1.2.3]>", PathFault::Domain),
            ("<a@[IPv6:1.2.3.4]>", PathFault::Domain),
            ("<a@[1.2.3.4>", PathFault::Domain),
        ] {
            assert_eq!(address(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn characters_outside_ascii_need_smtputf8() {
        assert_eq!(read_path("<太郎@b.example>", false), Err(PathFault::NeedsSmtpUtf8));
        assert_eq!(read_path("<a@例え.example>", false), Err(PathFault::NeedsSmtpUtf8));
    }

    #[test]
    fn lengths_end_where_rfc_5321_says() {
        let local = |n| format!("<{}@b.example>", "a".repeat(n));
        assert!(address(&local(MAX_LOCAL_PART_BYTES)).is_ok());
        assert_eq!(address(&local(MAX_LOCAL_PART_BYTES + 1)), Err(PathFault::Length));
        let label = |n| format!("<a@{}>", "b".repeat(n));
        assert!(address(&label(MAX_LABEL_BYTES)).is_ok());
        assert_eq!(address(&label(MAX_LABEL_BYTES + 1)), Err(PathFault::Domain));
        let path = |n: usize| format!("<a@{}{}>", "b.".repeat(110), "c".repeat(n - 224));
        assert!(address(&path(MAX_PATH_BYTES)).is_ok());
        assert_eq!(address(&path(MAX_PATH_BYTES + 1)), Err(PathFault::Length));
    }

    proptest! {
        #[test]
        fn an_accepted_address_survives_being_sent_again(text in "\\PC{0,40}", utf8: bool) {
            if let Ok((address, _)) = read_path(&text, utf8) {
                let sent = format!("<{address}>");
                prop_assert_eq!(read_path(&sent, utf8), Ok((address, "")));
                prop_assert!(!address.contains(['\r', '\n', '\0']));
            }
        }
    }
}

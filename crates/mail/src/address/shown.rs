//! Which address a person reads out of a display name or a comment.

use super::{Address, encoded_word, lexer};

/// Whether `text` shows a person an address other than `address`, in any of the ways in
/// which a mailer may show it: as it stands, with encoded words read that only lenient
/// mailers read, with another sign for `@` or the dot, with white space around these.
pub(super) fn shows_other(text: &str, address: &Address) -> bool {
    let lenient = encoded_word::decode_leniently(text);
    // What nobody decodes here, somebody else may.
    lenient.contains("=?") || [text, &lenient].iter().any(|text| names_other(text, address))
}

/// Whether `text` is this one address as a person sees it.
pub(super) fn is_same(text: &str, address: &Address) -> bool {
    let text = plain(text);
    text.trim().rsplit_once('@').is_some_and(|(local, domain)| is(local, domain, address))
}

fn names_other(text: &str, address: &Address) -> bool {
    // U+202A to U+202E and U+2066 to U+2069 set the direction of what follows.
    if text.contains(is_sign)
        && text.contains(|char| matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    {
        return true;
    }
    let text = plain(text);
    text.match_indices('@').any(|(at, _)| {
        let (before, behind) = text.split_at(at);
        let local = before.rsplit(is_edge).next().unwrap_or_default();
        let behind = behind.get(1..).unwrap_or_default();
        let domain = behind.split(ends_domain).next().unwrap_or_default().trim_matches('.');
        !local.is_empty() && has_top_level(domain) && !is(local, domain, address)
    })
}

/// Whether the domain has a dot and ends in a label that a top-level domain may have:
/// "Team @ Company" and "Meet @ 3.30pm" name no address, and nobody takes them for one.
fn has_top_level(domain: &str) -> bool {
    let is_letter = |char: char| char.is_alphabetic() || !(char.is_ascii() || char.is_numeric());
    domain.rsplit_once('.').is_some_and(|(_, label)| label.starts_with(is_letter))
}

/// Whether a person sees `address`. Case does not count: it tells a person nothing, and
/// what is shown proves nothing anyway.
fn is(local: &str, domain: &str, address: &Address) -> bool {
    Address::new(local, domain).is_ok_and(|shown| {
        shown.local.to_lowercase() == address.local.to_lowercase()
            && shown.ascii_domain() == address.ascii_domain()
    })
}

/// The text with one sign and one dot, without what is not seen, and without white space
/// around signs and dots.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut spaced = false;
    for char in text.chars().filter(|char| !is_unseen(*char)) {
        let char = match char {
            _ if is_sign(char) => '@',
            _ if is_dot(char) => '.',
            // The blank of Braille.
            '\u{2800}' => ' ',
            other => other,
        };
        if char.is_whitespace() {
            spaced = true;
            continue;
        }
        if spaced && !matches!(char, '@' | '.') && !plain.ends_with(['@', '.']) {
            plain.push(' ');
        }
        spaced = false;
        plain.push(char);
    }
    plain
}

/// The sign, in full width and small.
fn is_sign(char: char) -> bool {
    matches!(char, '@' | '\u{ff20}' | '\u{fe6b}')
}

/// What is seen as a dot: the other separators of labels (RFC 3490 3.1: U+3002, U+FF0E,
/// U+FF61), the one-dot leader, the small full stop, and signs of other scripts that
/// look like one (UTS 39).
fn is_dot(char: char) -> bool {
    matches!(
        char,
        '.' | '\u{3002}'
            | '\u{ff0e}'
            | '\u{ff61}'
            | '\u{2024}'
            | '\u{fe52}'
            | '\u{a4f8}'
            | '\u{a60e}'
            | '\u{0701}'
            | '\u{0702}'
            | '\u{0660}'
            | '\u{06f0}'
    )
}

/// What takes no place on a screen.
fn is_unseen(char: char) -> bool {
    let never_an_atom = !char.is_ascii()
        && !char.is_whitespace()
        && char != '\u{fffd}'
        && !lexer::is_atom_char(char);
    never_an_atom
        || matches!(
            char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Where a local part may begin.
fn is_edge(char: char) -> bool {
    char.is_whitespace() || "<>()[]\"',;:@".contains(char) || is_bracket(char)
}

/// Where a domain ends.
fn ends_domain(char: char) -> bool {
    is_edge(char) || (char.is_ascii() && !char.is_ascii_alphanumeric() && !"-_.".contains(char))
}

/// Brackets, quotation marks and commas of other scripts.
fn is_bracket(char: char) -> bool {
    matches!(
        char,
        '\u{2018}'..='\u{201f}' | '\u{3001}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301b}'
            | '\u{ff08}' | '\u{ff09}' | '\u{ff0c}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff1c}'
            | '\u{ff1e}' | '\u{ff3b}' | '\u{ff3d}' | '\u{ff62}' | '\u{ff63}'
    )
}

//! Mailboxes and groups out of tokens. RFC 5322 3.4, RFC 6854.

use super::lexer::{Placed, Token, tokens};
use super::{Address, AddressFault, Mailbox, decoded, shown};

/// Reads the value of `From` (unfolded, not decoded): all mailboxes, at least one.
///
/// A display name is only a claim, whatever address it shows: see
/// [`Mailbox::shows_other_address`]. Whether several mailboxes are allowed is the
/// caller's rule.
///
/// # Errors
/// [`AddressFault::NoAddress`], [`AddressFault::GroupInFrom`] (RFC 6854 allows a group
/// there, and then nobody is the author), and any other cause.
pub fn parse_from(field: &str) -> Result<Vec<Mailbox>, AddressFault> {
    let mailboxes = read(field, Groups::Refused)?;
    if mailboxes.is_empty() {
        return Err(AddressFault::NoAddress);
    }
    Ok(mailboxes)
}

/// Reads the value of `To`, `Cc`, `Bcc`, `Reply-To` (unfolded, not decoded). Members of
/// groups are listed like others; `undisclosed-recipients:;` and an empty field give
/// none.
///
/// # Errors
/// Any cause but [`AddressFault::NoAddress`] and [`AddressFault::GroupInFrom`].
pub fn parse_list(field: &str) -> Result<Vec<Mailbox>, AddressFault> {
    read(field, Groups::Flattened)
}

/// One address and nothing else.
pub(super) fn bare(text: &str) -> Result<Address, AddressFault> {
    if text.starts_with([' ', '\t']) || text.ends_with([' ', '\t']) {
        return Err(AddressFault::SpaceInAddress);
    }
    let tokens = tokens(text)?;
    let tokens: Vec<&Placed> = tokens.iter().collect();
    address(&tokens)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Groups {
    Refused,
    Flattened,
}

fn read(field: &str, groups: Groups) -> Result<Vec<Mailbox>, AddressFault> {
    let tokens = tokens(field)?;
    let mut mailboxes = Vec::new();
    let mut segment: Vec<&Placed> = Vec::new();
    let mut in_group = false;
    let mut in_angle = false;
    let mut after_group = false;
    for placed in &tokens {
        match (&placed.token, in_angle) {
            (Token::Sign('<'), false) => {
                in_angle = true;
                segment.push(placed);
            }
            (Token::Sign('>'), true) => {
                in_angle = false;
                segment.push(placed);
            }
            (Token::Sign(','), false) => {
                finish(&mut segment, &mut mailboxes)?;
                after_group = false;
            }
            (Token::Sign(':'), false) if !in_group => {
                check_group_name(&segment)?;
                if groups == Groups::Refused {
                    return Err(AddressFault::GroupInFrom);
                }
                segment.clear();
                in_group = true;
            }
            (Token::Sign(';'), false) if in_group => {
                finish(&mut segment, &mut mailboxes)?;
                in_group = false;
                after_group = true;
            }
            (Token::Comment(_), false) if after_group => {}
            _ if after_group => return Err(AddressFault::Malformed),
            _ => segment.push(placed),
        }
    }
    if in_group {
        return Err(AddressFault::GroupNotClosed);
    }
    finish(&mut segment, &mut mailboxes)?;
    Ok(mailboxes)
}

fn finish(segment: &mut Vec<&Placed>, mailboxes: &mut Vec<Mailbox>) -> Result<(), AddressFault> {
    // RFC 5322 4.4: empty elements of a list mean nothing.
    if segment.iter().any(|placed| !matches!(placed.token, Token::Comment(_))) {
        mailboxes.push(mailbox(segment)?);
    }
    segment.clear();
    Ok(())
}

/// The name of a group is words only, and at least one.
fn check_group_name(segment: &[&Placed]) -> Result<(), AddressFault> {
    let is_word = |placed: &&Placed| {
        matches!(
            placed.token,
            Token::Atom(_) | Token::Quoted(_) | Token::Comment(_) | Token::Sign('.')
        )
    };
    if segment.is_empty() || !segment.iter().all(is_word) {
        return Err(AddressFault::Malformed);
    }
    Ok(())
}

/// `display <address>` or `address (display)`.
fn mailbox(segment: &[&Placed]) -> Result<Mailbox, AddressFault> {
    let mut comments = Vec::new();
    let is_open = |placed: &&Placed| placed.token == Token::Sign('<');
    let Some(open) = segment.iter().position(is_open) else {
        let spec: Vec<&Placed> = without_edge_comments(segment, &mut comments).to_vec();
        let address = address(&spec)?;
        check_comments(&comments, &address)?;
        return Ok(with_comments(None, address, &comments));
    };
    let (phrase, rest) = segment.split_at_checked(open).ok_or(AddressFault::Malformed)?;
    let close = rest
        .iter()
        .position(|placed| placed.token == Token::Sign('>'))
        .ok_or(AddressFault::Malformed)?;
    let inside = rest.get(1..close).unwrap_or_default();
    for placed in rest.get(close + 1..).unwrap_or_default() {
        match &placed.token {
            Token::Comment(comment) => comments.push(comment.as_str()),
            _ => return Err(AddressFault::Malformed),
        }
    }
    let address = angle_address(inside)?;
    let display = display_name(phrase, &address, &mut comments)?;
    check_comments(&comments, &address)?;
    Ok(with_comments(display, address, &comments))
}

/// The last comment is the name of a mailbox without one, as mailers show it.
fn with_comments(display: Option<String>, address: Address, comments: &[&str]) -> Mailbox {
    let display = display.or_else(|| comments.last().and_then(|comment| decoded(comment)));
    let comments = comments.iter().filter_map(|comment| decoded(comment)).collect();
    Mailbox { display, address, comments }
}

/// The address between angle brackets, where white space at both ends is harmless.
fn angle_address(inside: &[&Placed]) -> Result<Address, AddressFault> {
    match inside {
        [] => Err(AddressFault::NoAddress),
        [Placed { token: Token::Sign('@'), .. }, ..] => Err(AddressFault::Route),
        _ => address(inside),
    }
}

/// Takes comments off both ends, where they cannot be mistaken for the address.
fn without_edge_comments<'t, 'p>(
    mut segment: &'t [&'p Placed],
    comments: &mut Vec<&'p str>,
) -> &'t [&'p Placed] {
    while let [Placed { token: Token::Comment(comment), .. }, rest @ ..] = segment {
        comments.push(comment);
        segment = rest;
    }
    while let [rest @ .., Placed { token: Token::Comment(comment), .. }] = segment {
        comments.push(comment);
        segment = rest;
    }
    segment
}

/// `addr-spec` (RFC 5322 3.4.1), all its tokens adjacent.
fn address(tokens: &[&Placed]) -> Result<Address, AddressFault> {
    let at = tokens
        .iter()
        .position(|placed| placed.token == Token::Sign('@'))
        .ok_or(if tokens.is_empty() { AddressFault::NoAddress } else { AddressFault::Malformed })?;
    let (local, rest) = tokens.split_at_checked(at).ok_or(AddressFault::Malformed)?;
    let local = match local {
        [] => return Err(AddressFault::Local),
        [Placed { token: Token::Quoted(text), .. }] => text.clone(),
        _ => dotted(local).ok_or(AddressFault::Malformed)?,
    };
    let domain = match rest.get(1..).unwrap_or_default() {
        [] => return Err(AddressFault::Domain),
        [Placed { token: Token::Literal(literal), .. }] => literal.clone(),
        labels => dotted(labels).ok_or(AddressFault::Malformed)?,
    };
    if tokens.iter().skip(1).any(|placed| placed.spaced)
        || tokens.iter().any(|placed| matches!(placed.token, Token::Comment(_)))
    {
        return Err(AddressFault::SpaceInAddress);
    }
    Address::new(&local, &domain)
}

/// Atoms and dots as one text; comments are the caller's to refuse.
fn dotted(tokens: &[&Placed]) -> Option<String> {
    tokens
        .iter()
        .map(|placed| match &placed.token {
            Token::Atom(atom) => Some(atom.as_str()),
            Token::Sign('.') => Some("."),
            Token::Comment(_) => Some(""),
            _ => None,
        })
        .collect()
}

/// The words before `<`, as a person should see them.
///
/// Dots are taken as words (RFC 5322 4.1 `obs-phrase`), and brackets, which mailers
/// leave unquoted and all read alike.
fn display_name<'p>(
    phrase: &[&'p Placed],
    address: &Address,
    comments: &mut Vec<&'p str>,
) -> Result<Option<String>, AddressFault> {
    let mut text = String::new();
    let mut has_at = false;
    for placed in phrase {
        if placed.spaced && !text.is_empty() {
            text.push(' ');
        }
        match &placed.token {
            Token::Atom(word) | Token::Quoted(word) | Token::Literal(word) => text.push_str(word),
            Token::Comment(comment) => comments.push(comment),
            Token::Sign('@') => {
                has_at = true;
                text.push('@');
            }
            Token::Sign('<' | '>' | '\\') => return Err(AddressFault::Malformed),
            Token::Sign(sign) => text.push(*sign),
        }
    }
    // "a@x <a@x>" is common and means one thing; "a@x <b@y>" means two.
    if has_at && !shown::is_same(&text, address) {
        return Err(AddressFault::AddressInDisplay);
    }
    Ok(decoded(&text))
}

/// Readers that know no comments must not find another address in one.
fn check_comments(comments: &[&str], address: &Address) -> Result<(), AddressFault> {
    for comment in comments {
        let suspicious = comment.contains(['<', '>', '@']);
        if suspicious && !shown::is_same(comment, address) {
            return Err(AddressFault::AddressInComment);
        }
    }
    Ok(())
}

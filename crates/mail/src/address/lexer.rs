//! The words and signs of an address field. RFC 5322 3.2.

use super::{AddressFault, MAX_COMMENT_DEPTH};
use crate::{is_unseen, work};

/// One word or sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A run of `atext`, 8-bit characters included.
    Atom(String),
    /// A quoted string, quotes and backslashes removed.
    Quoted(String),
    /// A comment, its outer parentheses removed.
    Comment(String),
    /// A domain literal with its brackets.
    Literal(String),
    /// One of `<>@,;:.[]\` or another sign that stands alone.
    Sign(char),
}

/// A token and whether white space stood before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) spaced: bool,
}

/// `atext` of RFC 5322 3.2.3 with the 8-bit characters of RFC 6532 3.2; no controls, no
/// white space of any script, and not U+FFFD, which stands for octets nobody could read.
pub(super) fn is_atom_char(char: char) -> bool {
    match char {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        _ if char.is_ascii() => "!#$%&'*+-/=?^_`{|}~".contains(char),
        '\u{fffd}' => false,
        _ => !is_unseen(char) && !char.is_whitespace(),
    }
}

/// Cuts a field value into tokens, in linear time.
pub(super) fn tokens(field: &str) -> Result<Vec<Placed>, AddressFault> {
    work::spend(field.len());
    let mut chars = field.chars().peekable();
    let mut out: Vec<Placed> = Vec::new();
    let mut spaced = false;
    while let Some(char) = chars.next() {
        let token = match char {
            ' ' | '\t' => {
                spaced = true;
                continue;
            }
            _ if char.is_control() => return Err(AddressFault::ControlCharacter),
            '"' => Token::Quoted(quoted(&mut chars)?),
            '(' => Token::Comment(comment(&mut chars)?),
            '[' if matches!(out.last(), Some(Placed { token: Token::Sign('@'), .. })) => {
                Token::Literal(literal(&mut chars)?)
            }
            _ if is_atom_char(char) => {
                let mut atom = String::from(char);
                while let Some(next) = chars.next_if(|next| is_atom_char(*next)) {
                    atom.push(next);
                }
                Token::Atom(atom)
            }
            _ => Token::Sign(char),
        };
        out.push(Placed { token, spaced });
        spaced = false;
    }
    Ok(out)
}

type Chars<'f> = std::iter::Peekable<std::str::Chars<'f>>;

fn quoted(chars: &mut Chars<'_>) -> Result<String, AddressFault> {
    let mut text = String::new();
    while let Some(char) = chars.next() {
        match char {
            '"' => return Ok(text),
            '\\' => text.push(visible(chars.next().ok_or(AddressFault::QuoteNotClosed)?)?),
            _ => text.push(visible(char)?),
        }
    }
    Err(AddressFault::QuoteNotClosed)
}

fn comment(chars: &mut Chars<'_>) -> Result<String, AddressFault> {
    let mut text = String::new();
    let mut depth = 1_usize;
    while let Some(char) = chars.next() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\\' => {
                text.push(visible(chars.next().ok_or(AddressFault::CommentNotClosed)?)?);
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            return Ok(text);
        }
        if depth > MAX_COMMENT_DEPTH {
            return Err(AddressFault::CommentTooDeep);
        }
        text.push(visible(char)?);
    }
    Err(AddressFault::CommentNotClosed)
}

fn literal(chars: &mut Chars<'_>) -> Result<String, AddressFault> {
    let mut text = String::from('[');
    for char in chars {
        text.push(visible(char)?);
        if char == ']' {
            return Ok(text);
        }
    }
    Err(AddressFault::Domain)
}

/// A tab counts as a space; other controls have no place in an address field.
fn visible(char: char) -> Result<char, AddressFault> {
    match char {
        '\t' => Ok(' '),
        _ if char.is_control() => Err(AddressFault::ControlCharacter),
        _ => Ok(char),
    }
}

//! What the MTA says.

/// A command of the MTA, as octets of its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<'a> {
    /// `O`: version, actions, steps.
    Negotiate(u32, u32, u32),
    /// `D`: macros for the command of this letter, each with its value.
    Macros(u8, Vec<(&'a str, &'a [u8])>),
    /// `M`: the envelope sender, in angle brackets or not.
    Mail(&'a [u8]),
    /// `R`: an envelope recipient, likewise.
    Recipient(&'a [u8]),
    /// `L`: a header field: name, and value as it stands behind the colon.
    Field(&'a [u8], &'a [u8]),
    /// `B`: a piece of the body.
    Body(&'a [u8]),
    /// `E`: the mail is whole, perhaps with a last piece of the body.
    EndOfMail(&'a [u8]),
    /// `A`: the mail is given up; the connection goes on.
    Abort,
    /// `K`: another client on the same connection.
    NewClient,
    /// `Q`: the end.
    Quit,
    /// `C`, `H`, `T`, `N`, `U`: what is not needed, and waits for an answer.
    Other,
}

/// Why a frame is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandFault {
    /// Nothing in it.
    #[error("an empty frame")]
    Empty,
    /// A letter that we do not know.
    #[error("an unknown command")]
    Unknown,
    /// Too few octets, too many, or a text without an end.
    #[error("a command in another form")]
    Form,
}

impl<'a> Command<'a> {
    /// Reads the octets of a frame.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub fn parse(frame: &'a [u8]) -> Result<Self, CommandFault> {
        let (&letter, rest) = frame.split_first().ok_or(CommandFault::Empty)?;
        Ok(match letter {
            b'O' => {
                let [version, actions, steps] = numbers(rest)?;
                Self::Negotiate(version, actions, steps)
            }
            b'D' => {
                let (&of, rest) = rest.split_first().ok_or(CommandFault::Form)?;
                Self::Macros(of, macros(rest)?)
            }
            // Parameters of the command stand behind the address.
            b'M' => Self::Mail(first_text(rest)?),
            b'R' => Self::Recipient(first_text(rest)?),
            b'L' => match texts(rest)?.as_slice() {
                [name, value] => Self::Field(name, value),
                _ => return Err(CommandFault::Form),
            },
            b'B' => Self::Body(rest),
            b'E' => Self::EndOfMail(rest),
            b'A' => Self::Abort,
            b'K' => Self::NewClient,
            b'Q' => Self::Quit,
            b'C' | b'H' | b'T' | b'N' | b'U' => Self::Other,
            _ => return Err(CommandFault::Unknown),
        })
    }
}

/// Three numbers, most significant octet first, and nothing behind them.
fn numbers(octets: &[u8]) -> Result<[u32; 3], CommandFault> {
    let (numbers, rest) = octets.as_chunks::<4>();
    match (numbers, rest) {
        ([a, b, c], []) => {
            Ok([u32::from_be_bytes(*a), u32::from_be_bytes(*b), u32::from_be_bytes(*c)])
        }
        _ => Err(CommandFault::Form),
    }
}

/// Texts, each ended by NUL.
fn texts(octets: &[u8]) -> Result<Vec<&[u8]>, CommandFault> {
    if octets.is_empty() {
        return Ok(Vec::new());
    }
    let texts = octets.strip_suffix(&[0]).ok_or(CommandFault::Form)?;
    Ok(texts.split(|octet| *octet == 0).collect())
}

fn first_text(octets: &[u8]) -> Result<&[u8], CommandFault> {
    texts(octets)?.into_iter().next().ok_or(CommandFault::Form)
}

fn macros(octets: &[u8]) -> Result<Vec<(&str, &[u8])>, CommandFault> {
    let texts = texts(octets)?;
    let (pairs, rest) = texts.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(CommandFault::Form);
    }
    pairs
        .iter()
        .map(|[name, value]| {
            std::str::from_utf8(name).map(|name| (name, *value)).map_err(|_| CommandFault::Form)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Postfix 3.7 sends them.
    #[test]
    fn commands_are_read_as_they_stand_on_the_wire() {
        for (frame, command) in [
            (
                &b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"[..],
                Command::Negotiate(6, 0x1ff, 0x1f_ffff),
            ),
            (b"DM", Command::Macros(b'M', vec![])),
            (
                b"DM{auth_type}\0PLAIN\0{auth_authen}\0alice\0",
                Command::Macros(
                    b'M',
                    vec![("{auth_type}", b"PLAIN".as_slice()), ("{auth_authen}", b"alice")],
                ),
            ),
            (b"M<alice@a.example>\0SIZE=7\0", Command::Mail(b"<alice@a.example>")),
            (b"M<>\0", Command::Mail(b"<>")),
            (b"R<bob@b.example>\0", Command::Recipient(b"<bob@b.example>")),
            (b"LFrom\0 a@a.example\0", Command::Field(b"From", b" a@a.example")),
            (b"LX-Empty\0\0", Command::Field(b"X-Empty", b"")),
            (b"B", Command::Body(b"")),
            (b"Ba\0b", Command::Body(b"a\0b")),
            (b"E", Command::EndOfMail(b"")),
            (b"Elast\r\n", Command::EndOfMail(b"last\r\n")),
            (b"A", Command::Abort),
            (b"K", Command::NewClient),
            (b"Q", Command::Quit),
            (b"Hc.example\0", Command::Other),
        ] {
            assert_eq!(Command::parse(frame), Ok(command), "{}", frame.escape_ascii());
        }
    }

    #[test]
    fn what_has_another_form_is_refused_by_its_cause() {
        for (frame, fault) in [
            (&b""[..], CommandFault::Empty),
            (b"X", CommandFault::Unknown),
            (b"o\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff", CommandFault::Unknown),
            (b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff", CommandFault::Form),
            (b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff\0", CommandFault::Form),
            (b"D", CommandFault::Form),
            (b"DM{auth_type}\0PLAIN", CommandFault::Form),
            (b"DM{auth_type}\0", CommandFault::Form),
            (b"DM\xff\0x\0", CommandFault::Form),
            (b"M", CommandFault::Form),
            (b"M<a@a.example>", CommandFault::Form),
            (b"LFrom\0a@a.example", CommandFault::Form),
            (b"LFrom\0", CommandFault::Form),
            (b"LFrom\0a\0b\0", CommandFault::Form),
        ] {
            assert_eq!(Command::parse(frame), Err(fault), "{}", frame.escape_ascii());
        }
    }
}

//! What clamd answers to `INSTREAM` within a session (clamd(8)).

use ssmax_inspection::EngineFault;

/// Longest name of a signature that is shown, in characters.
pub const MAX_SIGNATURE_CHARS: usize = 150;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nothing was found.
    Clean,
    /// The name of the signature that was found: printable ASCII, at most
    /// [`MAX_SIGNATURE_CHARS`]; other octets stand as `?`.
    Found(String),
}

impl Reply {
    /// Reads the answer to the request of this number, without its final NUL:
    /// `1: stream: OK`, `1: stream: NAME FOUND`, `1: ... ERROR`.
    ///
    /// # Errors
    /// [`EngineFault::TooLarge`] and [`EngineFault::Failed`] as clamd says;
    /// [`EngineFault::Malformed`] for everything else, also for the answer to another
    /// request: what cannot be understood is not clean.
    pub fn parse(octets: &[u8], request: u32) -> Result<Self, EngineFault> {
        let number = request.to_string();
        let rest = octets
            .strip_prefix(number.as_bytes())
            .and_then(|rest| rest.strip_prefix(b": "))
            .ok_or(EngineFault::Malformed)?;
        if rest == b"INSTREAM size limit exceeded. ERROR" {
            return Err(EngineFault::TooLarge);
        }
        if rest.ends_with(b" ERROR") {
            return Err(EngineFault::Failed);
        }
        let rest = rest.strip_prefix(b"stream: ").ok_or(EngineFault::Malformed)?;
        if rest == b"OK" {
            return Ok(Self::Clean);
        }
        match rest.strip_suffix(b" FOUND") {
            Some(name) if !name.trim_ascii().is_empty() => Ok(Self::Found(shown(name))),
            _ => Err(EngineFault::Malformed),
        }
    }
}

fn shown(name: &[u8]) -> String {
    name.iter()
        .take(MAX_SIGNATURE_CHARS)
        .map(|octet| if matches!(octet, b' '..=b'~') { char::from(*octet) } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_a_session_are_read() {
        assert_eq!(Reply::parse(b"7: stream: OK", 7), Ok(Reply::Clean));
        let found = Reply::parse(b"1: stream: Win.Test.EICAR_HDB-1 FOUND", 1);
        assert_eq!(found, Ok(Reply::Found("Win.Test.EICAR_HDB-1".to_owned())));
        let too_large = Reply::parse(b"4: INSTREAM size limit exceeded. ERROR", 4);
        assert_eq!(too_large, Err(EngineFault::TooLarge));
        let failed = Reply::parse(b"1: stream: Can't create temporary file ERROR", 1);
        assert_eq!(failed, Err(EngineFault::Failed));
    }

    #[test]
    fn what_is_not_understood_is_not_clean() {
        for octets in [
            b"".as_slice(),
            b"stream: OK",
            b"1: OK",
            b"11: stream: OK",
            b"2: stream: OK",
            b"1: stream: OK ",
            b"1: stream:  FOUND",
            b"1: stream: FOUND",
            b"1: stream: OK\x001: stream: OK",
            b"UNKNOWN COMMAND",
        ] {
            assert_eq!(Reply::parse(octets, 1), Err(EngineFault::Malformed), "{octets:?}");
        }
    }

    #[test]
    fn a_name_is_printable_and_bounded() {
        let name = "x".repeat(MAX_SIGNATURE_CHARS + 1);
        let octets = format!("1: stream: {name} FOUND");
        let Ok(Reply::Found(shown)) = Reply::parse(octets.as_bytes(), 1) else { panic!() };
        assert_eq!(shown.len(), MAX_SIGNATURE_CHARS);
        let octets = b"1: stream: a\x1b[2Jb\r\n\xe2\x80\xae FOUND";
        assert_eq!(Reply::parse(octets, 1), Ok(Reply::Found("a?[2Jb?????".to_owned())));
    }
}

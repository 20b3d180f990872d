//! Fetching mail over IMAP (RFC 3501), as far as a test needs it.

use crate::dovecot::PASSWORD;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Every mail in a mailbox's INBOX, oldest first, as the server has it.
#[track_caller]
pub fn inbox(server: SocketAddr, mailbox: &str) -> Vec<Vec<u8>> {
    let mut session = Session::open(server);
    session.command(&format!("LOGIN {mailbox} \"{PASSWORD}\""));
    session.command("EXAMINE INBOX");
    let found = session.command("UID SEARCH ALL");
    let numbers = found.iter().find_map(|(line, _)| line.strip_prefix("* SEARCH"));
    let numbers: Vec<&str> = numbers.unwrap_or("").split_whitespace().collect();
    let fetch = |number| {
        let said = session.command(&format!("UID FETCH {number} (BODY.PEEK[])"));
        said.into_iter().find_map(|(_, literal)| literal)
    };
    let mails = numbers.into_iter().filter_map(fetch).collect();
    session.command("LOGOUT");
    mails
}

struct Session {
    stream: BufReader<TcpStream>,
    commands: u32,
}

impl Session {
    #[track_caller]
    fn open(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let mut session = Self { stream: BufReader::new(stream), commands: 0 };
        assert!(session.line().starts_with("* OK"));
        session
    }

    /// Gives a command, and gets the lines before its completion, each with the first
    /// literal in it.
    #[track_caller]
    fn command(&mut self, command: &str) -> Vec<(String, Option<Vec<u8>>)> {
        self.commands += 1;
        let tag = format!("t{}", self.commands);
        self.stream.get_mut().write_all(format!("{tag} {command}\r\n").as_bytes()).unwrap();
        let mut said = Vec::new();
        loop {
            let mut line = self.line();
            if let Some(completion) = line.strip_prefix(&format!("{tag} ")) {
                assert!(completion.starts_with("OK"), "{command}: {completion}");
                return said;
            }
            let mut first = None;
            while let Some(length) = literal_length(&line) {
                let mut literal = vec![0; length];
                self.stream.read_exact(&mut literal).unwrap();
                first.get_or_insert(literal);
                line = self.line();
            }
            said.push((line, first));
        }
    }

    #[track_caller]
    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).unwrap();
        assert!(line.ends_with(b"\r\n"), "{}", String::from_utf8_lossy(&line));
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }
}

/// The length of the literal that follows a line, RFC 3501 4.3.
fn literal_length(line: &str) -> Option<usize> {
    let (_, length) = line.strip_suffix('}')?.rsplit_once('{')?;
    length.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_announced_at_the_end_of_a_line() {
        assert_eq!(literal_length("* 1 FETCH (UID 1 BODY[] {12}"), Some(12));
        for none in ["* 1 FETCH (UID 1)", "{12} x", "{x}", "12}", ""] {
            assert_eq!(literal_length(none), None, "{none}");
        }
    }
}

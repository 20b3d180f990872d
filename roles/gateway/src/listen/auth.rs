//! AUTH PLAIN (RFC 4616), LOGIN, and EXTERNAL (RFC 4422, appendix A) by the certificate that
//! the client has shown in TLS, in the frame of RFC 4954.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::time::Instant;
use zeroize::Zeroizing;

use crate::listen::{
    AuthRule, Journey, Login, Reply,
    command::Auth,
    session::{Session, Step},
};

/// Longest user name, in octets.
const MAX_USER_BYTES: usize = 320;

/// A user name and a password as they came. Not to be shown.
struct Credentials {
    user: String,
    password: Zeroizing<Vec<u8>>,
}

impl<J: Journey> Session<J> {
    /// Whether a password may be said here at all.
    pub(super) fn may_log_in(&self) -> bool {
        let config = &self.shared.config;
        let private = self.tls || (config.allow_plaintext_auth && self.peer.ip().is_loopback());
        config.auth != AuthRule::Off && private
    }

    pub(super) async fn auth(&mut self, auth: Auth) -> Step {
        if self.shared.config.auth == AuthRule::Off {
            return self.blame(502, "5.5.1", "AUTH is not offered");
        }
        if self.helo.is_none() {
            return self.blame(503, "5.5.1", "say hello first");
        }
        if self.login.is_some() || self.transaction.is_some() {
            return self.blame(503, "5.5.1", "AUTH comes once, and before MAIL");
        }
        if !self.may_log_in() {
            return self.blame(538, "5.7.11", "AUTH needs TLS");
        }
        if self.auth_attempts >= self.shared.config.limits.max_auth_attempts {
            return self.cut(421, "4.7.0", "too many failed attempts, closing");
        }
        let method = match auth.mechanism.as_str() {
            "PLAIN" => "PLAIN",
            "LOGIN" => "LOGIN",
            // Offered to whom has shown one, and to nobody else.
            "EXTERNAL" if self.certificate.is_some() => return self.external(auth.initial).await,
            _ => return self.blame(504, "5.5.4", "the mechanism is not known"),
        };
        let credentials = match method {
            "PLAIN" => self.plain(auth.initial).await?,
            _ => self.login(auth.initial).await?,
        };
        match credentials {
            Some(credentials) => self.check(&credentials, method).await,
            None => Ok(()),
        }
    }

    async fn check(&mut self, credentials: &Credentials, method: &str) -> Step {
        self.auth_attempts = self.auth_attempts.saturating_add(1);
        self.may_guess()?;
        let journey = std::sync::Arc::clone(&self.shared.journey);
        let login = journey.authenticate(&credentials.user, &credentials.password, method).await;
        self.logged_in(login, method)
    }

    /// RFC 4422, appendix A: the one message is whom the client wants to be; empty leaves it
    /// to the certificate.
    async fn external(&mut self, initial: Option<Zeroizing<Vec<u8>>>) -> Step {
        let response = match initial {
            Some(initial) => initial,
            None => match self.challenge(b"334 \r\n").await? {
                Some(response) => response,
                None => return Ok(()),
            },
        };
        let named = match decode(&response) {
            Some(named) if named.is_empty() => Some(String::new()),
            Some(named) => user_name(&named),
            None => None,
        };
        let (Some(named), Some(certificate)) = (named, self.certificate.clone()) else {
            return self.malformed().map(|_| ());
        };
        self.auth_attempts = self.auth_attempts.saturating_add(1);
        self.may_guess()?;
        let journey = std::sync::Arc::clone(&self.shared.journey);
        let login = journey.authenticate_certificate(&certificate, &named).await;
        self.logged_in(login, "EXTERNAL")
    }

    /// Whether somebody at this address may still be wrong in this hour, over all sessions.
    fn may_guess(&mut self) -> Step {
        if self.shared.guesses.may_try(self.peer.ip(), Instant::now()) {
            return Ok(());
        }
        self.cut(421, "4.7.0", "too many failed attempts from your address, try again later")
    }

    fn logged_in(&mut self, login: Result<Option<Login>, ()>, method: &str) -> Step {
        match login {
            Ok(Some(login)) => {
                self.login = Some(login);
                self.auth_attempts = 0;
                self.shared.guesses.was_right(self.peer.ip());
                self.queue(&Reply::new(235, "2.7.0", "authenticated"));
                Ok(())
            }
            Ok(None) => {
                // Without the name: people type passwords into the wrong field.
                tracing::warn!(peer.address = %self.peer, method, "a log-in failed");
                self.blame(535, "5.7.8", "the user or the password is wrong")
            }
            Err(()) => {
                self.shared.guesses.was_right(self.peer.ip());
                self.queue(&Reply::new(454, "4.7.0", "the password cannot be checked just now"));
                Ok(())
            }
        }
    }

    /// `authzid NUL authcid NUL passwd`, RFC 4616 section 2.
    async fn plain(&mut self, initial: Option<Zeroizing<Vec<u8>>>) -> Step<Option<Credentials>> {
        let response = match initial {
            Some(initial) => initial,
            None => match self.challenge(b"334 \r\n").await? {
                Some(response) => response,
                None => return Ok(None),
            },
        };
        match decode(&response).as_deref().and_then(|message| split_plain(message)) {
            Some(credentials) => Ok(Some(credentials)),
            None => self.malformed(),
        }
    }

    async fn login(&mut self, initial: Option<Zeroizing<Vec<u8>>>) -> Step<Option<Credentials>> {
        let user = match initial {
            Some(initial) => initial,
            // "Username:" and "Password:", the only prompts that all clients know.
            None => match self.challenge(b"334 VXNlcm5hbWU6\r\n").await? {
                Some(response) => response,
                None => return Ok(None),
            },
        };
        let Some(password) = self.challenge(b"334 UGFzc3dvcmQ6\r\n").await? else {
            return Ok(None);
        };
        let user = decode(&user).as_deref().and_then(|user| user_name(user));
        match (user, decode(&password).filter(|password| !password.is_empty())) {
            (Some(user), Some(password)) => Ok(Some(Credentials { user, password })),
            _ => self.malformed(),
        }
    }

    /// Asks for one response. `None` if the client gave up or sent no line; it knows.
    async fn challenge(&mut self, prompt: &[u8]) -> Step<Option<Zeroizing<Vec<u8>>>> {
        self.channel.queue(prompt);
        let limit = self.shared.config.limits.max_auth_line_bytes;
        let response = self.next_line(limit).await?;
        self.channel.wipe_consumed();
        match response {
            Some(line) if line.as_slice() == b"*" => {
                self.blame(501, "5.5.0", "authentication is cancelled").map(|()| None)
            }
            other => Ok(other),
        }
    }

    fn malformed(&mut self) -> Step<Option<Credentials>> {
        self.blame(501, "5.5.2", "the response is malformed").map(|()| None)
    }
}

fn decode(response: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // RFC 4954 section 4: a lone "=" is an empty initial response.
    if response == b"=" {
        return Some(Zeroizing::default());
    }
    STANDARD.decode(response).ok().map(Zeroizing::new)
}

fn split_plain(message: &[u8]) -> Option<Credentials> {
    let mut parts = message.split(|&octet| octet == 0);
    let (on_behalf, user, password) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || password.is_empty() {
        return None;
    }
    // Acting for another is a right the journey knows; a log-in does not give it.
    if !on_behalf.is_empty() && on_behalf != user {
        return None;
    }
    let password = Zeroizing::new(password.to_vec());
    Some(Credentials { user: user_name(user)?, password })
}

fn user_name(user: &[u8]) -> Option<String> {
    let user = std::str::from_utf8(user).ok()?;
    let valid = !user.is_empty() && user.len() <= MAX_USER_BYTES;
    (valid && !user.chars().any(char::is_control)).then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(message: &[u8]) -> Option<(String, Vec<u8>)> {
        split_plain(message).map(|found| (found.user, found.password.to_vec()))
    }

    #[test]
    fn plain_is_three_parts_and_the_first_is_empty_or_the_user() {
        let expected = Some(("alice".to_owned(), b"pass word".to_vec()));
        assert_eq!(plain(b"\0alice\0pass word"), expected);
        assert_eq!(plain(b"alice\0alice\0pass word"), expected);
        for bad in [
            &b"bob\0alice\0pw"[..],
            b"\0alice\0",
            b"\0\0pw",
            b"\0alice",
            b"",
            b"\0alice\0pw\0",
            b"\0a\nb\0pw",
            b"\0\xff\0pw",
        ] {
            assert_eq!(plain(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn a_user_name_has_at_most_320_octets() {
        assert!(user_name(&[b'x'; MAX_USER_BYTES]).is_some());
        assert_eq!(user_name(&[b'x'; MAX_USER_BYTES + 1]), None);
    }

    #[test]
    fn base64_is_read_strictly() {
        assert_eq!(decode(b"YQ==").as_deref(), Some(&b"a".to_vec()));
        assert_eq!(decode(b"=").as_deref(), Some(&Vec::new()));
        for bad in [&b"YQ"[..], b"YQ==\0", b"Y Q==", b"YR==", b"!"] {
            assert!(decode(bad).is_none(), "{}", bad.escape_ascii());
        }
    }
}

//! What is said on one connection with the MTA, without the connection.

use crate::config::{SubmissionConfig, Unauthenticated};
use crate::mail::{Login, Mail, NotTaken, Proof};
use crate::milter::{Command, CommandFault, NegotiationFault, Offer, Replies, Settled};
use ssmax_chain::hop_record::RECORD_VERSION;
use ssmax_chain::statement::{SignedStatement, Statement};
use ssmax_chain::statement_field::{self, STATEMENT_FIELD};
use ssmax_chain::{Reason, Refusal};
use ssmax_texts::{Language, text};
use ssmax_token::TokenError;
use std::borrow::Cow;
use time::OffsetDateTime;

/// What a statement needs besides what the MTA says.
pub trait Stating {
    /// Now.
    fn now(&self) -> OffsetDateTime;
    /// Octets that no statement had before.
    fn nonce(&self) -> [u8; 16];
    /// Signs with the own key.
    ///
    /// # Errors
    /// [`TokenError`] when the key cannot be used.
    fn sign(&self, statement: &Statement) -> Result<SignedStatement, TokenError>;
}

/// Why a connection is ended. The MTA then does with its mail what it does when there is no
/// milter: it puts the client off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionFault {
    /// A frame is no command.
    #[error(transparent)]
    Command(#[from] CommandFault),
    /// The MTA cannot do what is needed.
    #[error(transparent)]
    Negotiation(#[from] NegotiationFault),
    /// A command where it cannot stand.
    #[error("a command out of its place")]
    Place,
}

/// What comes of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// These replies, perhaps none.
    Replies(Replies),
    /// The MTA has ended the connection.
    End,
}

/// The state of one connection.
pub struct Session<'c> {
    config: &'c SubmissionConfig,
    settled: Option<Settled>,
    /// What the MTA told of the login, for the MAIL that follows it.
    login: Option<Login>,
    mail: Option<Mail>,
    queue_id: String,
}

impl<'c> Session<'c> {
    /// The state at the beginning.
    #[must_use]
    pub fn new(config: &'c SubmissionConfig) -> Self {
        Self { config, settled: None, login: None, mail: None, queue_id: String::new() }
    }

    /// Whether no mail is on its way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.mail.is_none()
    }

    /// Takes a frame.
    ///
    /// # Errors
    /// [`SessionFault`]; nothing can be said on this connection any more.
    pub fn take(&mut self, frame: &[u8], stating: &impl Stating) -> Result<Said, SessionFault> {
        let command = Command::parse(frame)?;
        let Some(settled) = self.settled else { return self.negotiate(&command) };
        let silent = || Ok(Said::Replies(Replies::default()));
        let go_on = || Ok(Said::Replies(Replies::default().go_on()));
        match command {
            Command::Negotiate(..) => Err(SessionFault::Place),
            Command::Macros(of, macros) => {
                self.macros(of, &macros);
                silent()
            }
            Command::Mail(sender) => self.mail(sender, stating),
            Command::Recipient(octets) => self.recipient(octets),
            Command::Field(name, value) => {
                let limits = &self.config.limits;
                self.mail.as_mut().ok_or(SessionFault::Place)?.field(name, value, limits);
                if settled.answers_fields { go_on() } else { silent() }
            }
            Command::Body(octets) => {
                self.mail.as_mut().ok_or(SessionFault::Place)?.body(octets);
                if settled.answers_body { go_on() } else { silent() }
            }
            Command::EndOfMail(octets) => {
                let mut mail = self.mail.take().ok_or(SessionFault::Place)?;
                if !octets.is_empty() {
                    mail.body(octets);
                }
                Ok(Said::Replies(self.end(mail, stating)))
            }
            Command::Abort => {
                self.forget();
                silent()
            }
            Command::NewClient => {
                self.forget();
                self.settled = None;
                silent()
            }
            Command::Quit => Ok(Said::End),
            Command::Other => go_on(),
        }
    }

    fn negotiate(&mut self, command: &Command<'_>) -> Result<Said, SessionFault> {
        match *command {
            Command::Negotiate(version, actions, steps) => {
                let (settled, answer) = Offer { version, actions, steps }.settle()?;
                self.settled = Some(settled);
                Ok(Said::Replies(Replies::default().negotiated(&answer)))
            }
            Command::Quit => Ok(Said::End),
            _ => Err(SessionFault::Place),
        }
    }

    fn macros(&mut self, of: u8, macros: &[(&str, &[u8])]) {
        let value = |name: &str| {
            let found = macros.iter().find(|(known, _)| known.trim_matches(['{', '}']) == name);
            found.map_or(&b""[..], |(_, value)| *value)
        };
        if of == b'M' {
            let by_certificate = || {
                let counting = self.config.certificates.as_ref()?;
                Login::by_certificate(value("cert_subject"), value("cert_issuer"), counting)
            };
            // Who has logged in besides is whom the login names.
            self.login =
                Login::new(value("auth_authen"), value("auth_type")).or_else(by_certificate);
        }
        if !value("i").is_empty() {
            self.queue_id = String::from_utf8_lossy(value("i")).chars().take(64).collect();
        }
    }

    fn mail(&mut self, sender: &[u8], stating: &impl Stating) -> Result<Said, SessionFault> {
        if self.mail.is_some() {
            return Err(SessionFault::Place);
        }
        // Told anew for each MAIL: no login counts for a mail after its own.
        let login = self.login.take();
        if login.is_none() && self.config.unauthenticated == Unauthenticated::Refuse {
            return Ok(Said::Replies(refuse(Reason::LoginRequired)));
        }
        match Mail::new(login, sender, stating.now(), stating.nonce()) {
            Ok(mail) => {
                self.mail = Some(mail);
                Ok(Said::Replies(Replies::default().go_on()))
            }
            Err(reason) => Ok(Said::Replies(refuse(reason))),
        }
    }

    fn recipient(&mut self, octets: &[u8]) -> Result<Said, SessionFault> {
        let mail = self.mail.as_mut().ok_or(SessionFault::Place)?;
        let replies = match mail.recipient(octets, &self.config.limits) {
            Ok(()) => Replies::default().go_on(),
            Err(NotTaken::Malformed) => refuse(Reason::RecipientMalformed),
            Err(NotTaken::TooMany) => {
                Replies::default().refuse("452 4.5.3 too many recipients for one mail")
            }
        };
        Ok(Said::Replies(replies))
    }

    /// The mail is whole: what the client wrote in our place goes, and our word stands there.
    fn end(&self, mut mail: Mail, stating: &impl Stating) -> Replies {
        let seen = mail.end();
        let stated = match (&mail.login, seen) {
            // What passes without a login is somebody else's to judge.
            (None, _) if !mail.is_flooded() => None,
            (None, _) => return refuse(Reason::MailMalformed),
            (Some(_), Err(reason)) => return refuse(reason),
            (Some(login), Ok(seen)) => {
                let (method, aal) = match &login.proof {
                    Proof::Sasl(mechanism) => {
                        let method = format!("sasl-{}", mechanism.to_ascii_lowercase());
                        (method, self.config.level(mechanism))
                    }
                    Proof::Certificate(aal) => ("client-certificate".to_owned(), *aal),
                };
                let statement = Statement {
                    v: RECORD_VERSION,
                    user: login.user.clone(),
                    aal,
                    method,
                    from: seen.from,
                    mail_from: mail.mail_from,
                    recipients: mail.recipients,
                    body: seen.body,
                    at: stating.now(),
                    nonce: hexadecimal(mail.nonce),
                    source: None,
                };
                match self.sign(&statement, stating) {
                    Some(value) => Some(value),
                    None => return Replies::default().put_off(),
                }
            }
        };
        // From the last on: taking one out changes the number of those behind it.
        let forged = (1..=mail.forged_fields).rev();
        let replies = forged.fold(Replies::default(), |replies, index| {
            replies.without_field(index, STATEMENT_FIELD)
        });
        match stated {
            Some(value) => {
                let added = mail.added.iter();
                let replies =
                    added.fold(replies, |replies, (name, value)| replies.with_field(name, value));
                replies.with_field(STATEMENT_FIELD, &value).go_on()
            }
            None => replies.go_on(),
        }
    }

    /// The value of the field, within its bound.
    fn sign(&self, statement: &Statement, stating: &impl Stating) -> Option<String> {
        let failed = |error: Cow<'_, str>| {
            tracing::error!(%error, queue.id = %self.queue_id, "a submission cannot be stated");
        };
        let signed = match stating.sign(statement) {
            Ok(signed) => signed,
            Err(error) => {
                failed(error.to_string().into());
                return None;
            }
        };
        let value = statement_field::value(&signed, "\n");
        if value.len() > self.config.limits.max_field_bytes {
            failed("the field would be too large".into());
            return None;
        }
        tracing::info!(
            queue.id = %self.queue_id,
            recipients = statement.recipients.len(),
            aal = statement.aal,
            method = %statement.method,
            "a submission is stated"
        );
        Some(value)
    }

    fn forget(&mut self) {
        self.login = None;
        self.mail = None;
        self.queue_id.clear();
    }
}

/// A numbered refusal, as the gateway would give it.
fn refuse(reason: Reason) -> Replies {
    let Refusal { reason, .. } = reason.into();
    let words = text(Language::En, &format!("err-{}", reason.code()), &[]);
    let (code, enhanced, number) = (reason.reply_code(), reason.enhanced(), reason.number());
    Replies::default().refuse(&format!("{code} {enhanced} SSMAX-{number}: {words}"))
}

fn hexadecimal(octets: [u8; 16]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests;

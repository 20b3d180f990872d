//! Who a mail is from and for, apart from what its header says.

use ssmax_mail::address::{Address, parse_list};
use ssmax_mail::{Limits, MailFault};

use super::SendFault;

/// The envelope of a mail (RFC 5321 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where a failure is reported to.
    pub from: Address,
    /// Whom it is for; each once.
    pub to: Vec<Address>,
}

/// Why no envelope follows from a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeFault {
    /// The mail cannot be read.
    #[error("the mail cannot be read: {0}")]
    Mail(MailFault),
    /// From (or Sender, where there is one) has not exactly one address.
    #[error("there is not exactly one sender")]
    Sender,
    /// A field of recipients cannot be read.
    #[error("a field of recipients cannot be read")]
    Recipients,
    /// Nobody is named in To, Cc and Bcc.
    #[error("there is no recipient")]
    NoRecipient,
}

impl Envelope {
    /// The envelope that the header names: Sender or else From; To, Cc and Bcc.
    ///
    /// # Errors
    /// [`EnvelopeFault`] by cause.
    pub fn of(message: &[u8]) -> Result<Self, EnvelopeFault> {
        let mail = ssmax_mail::parse(message, &Limits::default()).map_err(EnvelopeFault::Mail)?;
        let one = |name| mail.header().one(name).map_err(|_| EnvelopeFault::Sender);
        let sender = match one("Sender")? {
            Some(field) => field,
            None => one("From")?.ok_or(EnvelopeFault::Sender)?,
        };
        let senders = parse_list(&sender.unfolded()).map_err(|_| EnvelopeFault::Sender)?;
        let [sender] = senders.as_slice() else { return Err(EnvelopeFault::Sender) };
        let mut to: Vec<Address> = Vec::new();
        for name in ["To", "Cc", "Bcc"] {
            for field in mail.header().all(name) {
                let value = field.unfolded();
                // RFC 5322 3.6.3: Bcc may be empty.
                if value.is_empty() {
                    continue;
                }
                let mailboxes = parse_list(&value).map_err(|_| EnvelopeFault::Recipients)?;
                for mailbox in mailboxes {
                    if !to.iter().any(|known| known.matches(&mailbox.address)) {
                        to.push(mailbox.address);
                    }
                }
            }
        }
        if to.is_empty() {
            return Err(EnvelopeFault::NoRecipient);
        }
        Ok(Self { from: sender.address.clone(), to })
    }

    /// Refuses what would end an SMTP command early or be read as two.
    pub(super) fn check(&self) -> Result<(), SendFault> {
        let fits = |address: &Address| {
            let text = address.to_string();
            !text.chars().any(|char| char.is_control() || matches!(char, '<' | '>'))
        };
        if !self.to.is_empty() && fits(&self.from) && self.to.iter().all(fits) {
            Ok(())
        } else {
            Err(SendFault::Address)
        }
    }
}

/// The mail without its Bcc fields, which tell everybody what nobody is to know
/// (RFC 5322 3.6.3).
///
/// # Errors
/// [`MailFault`] when the mail cannot be read.
pub fn without_bcc(message: &[u8]) -> Result<Vec<u8>, MailFault> {
    let mail = ssmax_mail::parse(message, &Limits::default())?;
    let mut kept = Vec::with_capacity(message.len());
    let mut header_bytes = 0;
    for field in mail.header().fields() {
        header_bytes += field.raw().len();
        if !field.name().eq_ignore_ascii_case("Bcc") {
            kept.extend_from_slice(field.raw());
        }
    }
    kept.extend_from_slice(message.get(header_bytes..).unwrap_or_default());
    Ok(kept)
}

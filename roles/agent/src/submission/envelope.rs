//! Who a mail is from and for, apart from what its header says.

use ssmax_mail::address::{Address, AddressFault, Mailbox, parse_list};
use ssmax_mail::{Entity, Limits, MailFault};

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
    /// A field of recipients cannot be read: one of its entries is no address, for
    /// instance because it has no domain.
    #[error("{field} cannot be read: {fault}")]
    Recipients {
        /// To, Cc or Bcc.
        field: &'static str,
        /// What is wrong with the first such entry.
        fault: AddressFault,
    },
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
        let to = recipients(&mail)?;
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

/// Whom the header names, in To, Cc and Bcc; each once.
///
/// # Errors
/// [`EnvelopeFault::Mail`]; [`EnvelopeFault::Recipients`] if one entry is no address: on
/// its way such a field names nobody, and its readers would count as hidden ones.
pub fn named_recipients(message: &[u8]) -> Result<Vec<Address>, EnvelopeFault> {
    let mail = ssmax_mail::parse(message, &Limits::default()).map_err(EnvelopeFault::Mail)?;
    recipients(&mail)
}

/// As [`named_recipients`], without the entries that are no address; these are given as
/// they stand there.
///
/// # Errors
/// [`EnvelopeFault::Mail`].
pub fn readable_recipients(message: &[u8]) -> Result<(Vec<Address>, Vec<String>), EnvelopeFault> {
    let mail = ssmax_mail::parse(message, &Limits::default()).map_err(EnvelopeFault::Mail)?;
    let (mut to, mut unreadable) = (Vec::new(), Vec::new());
    for (_, value) in fields(&mail) {
        let entries = match parse_list(&value) {
            Ok(_) => vec![value.as_str()],
            Err(_) => entries(&value),
        };
        for entry in entries.into_iter().filter(|entry| !entry.trim().is_empty()) {
            match parse_list(entry) {
                Ok(mailboxes) => add(&mut to, mailboxes),
                Err(_) => unreadable.push(entry.trim().to_owned()),
            }
        }
    }
    Ok((to, unreadable))
}

fn recipients(mail: &Entity<'_>) -> Result<Vec<Address>, EnvelopeFault> {
    let mut to = Vec::new();
    for (field, value) in fields(mail) {
        let mailboxes =
            parse_list(&value).map_err(|fault| EnvelopeFault::Recipients { field, fault })?;
        add(&mut to, mailboxes);
    }
    Ok(to)
}

/// The fields of recipients with their values. RFC 5322 3.6.3: Bcc may be empty.
fn fields(mail: &Entity<'_>) -> Vec<(&'static str, String)> {
    let of = |name| mail.header().all(name).map(move |field| (name, field.unfolded()));
    ["To", "Cc", "Bcc"].into_iter().flat_map(of).filter(|(_, value)| !value.is_empty()).collect()
}

fn add(to: &mut Vec<Address>, mailboxes: Vec<Mailbox>) {
    for mailbox in mailboxes {
        if !to.iter().any(|known| known.matches(&mailbox.address)) {
            to.push(mailbox.address);
        }
    }
}

/// A list cut at its commas, but for those in quotes, comments and angle brackets.
fn entries(value: &str) -> Vec<&str> {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_usize);
    value
        .split(|char| {
            let is_escaped = escaped;
            escaped = char == '\\' && !is_escaped;
            match char {
                _ if is_escaped => {}
                '"' => quoted = !quoted,
                '(' | '<' if !quoted => depth += 1,
                ')' | '>' if !quoted => depth = depth.saturating_sub(1),
                ',' => return !quoted && depth == 0,
                _ => {}
            }
            false
        })
        .collect()
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

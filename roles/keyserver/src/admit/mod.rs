//! Opening tickets: the keyserver itself verifies who sent a mail.

mod inbound;
mod outbound;
mod sender;
mod statement;

pub(crate) use statement::{StatementKey, statement_keys};
pub use statement::{StatementService, statement_services};

use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, Ticket};
use serde_bytes::ByteBuf;
use ssmax_api::keyserver::OfferedPart;
use ssmax_api::{Problem, TicketId};
use ssmax_chain::{Digest, Reason};
use ssmax_cms::enveloped::{ContentCipher, KeyName, RecipientInfo, UnwrapPolicy};
use ssmax_cms::{CmsError, Limits};
use ssmax_mail::address::Address;
use ssmax_primitives::ContentKey;
use ssmax_token::DecryptionKey;

impl Keyserver {
    /// A ticket for mail from outside the federation: it allows an inspection and
    /// nothing else, since it holds no key.
    pub(crate) fn admit_outside(&self, recipients: &[String]) -> Result<TicketId, Problem> {
        self.not_at_an_esp()?;
        let recipients = addresses(recipients)?;
        self.tickets.open(self.ticket_id(), Ticket::new(Self::now(), Origin::Outside, recipients))
    }

    /// Takes a content key out of a RecipientInfo. From here on, every failure is
    /// one of those told alike outside.
    fn unwrap(
        &self,
        info: &RecipientInfo,
        name: KeyName<'_>,
        key: &dyn DecryptionKey,
        cipher: ContentCipher,
    ) -> Result<ContentKey, Problem> {
        let policy = UnwrapPolicy { allow_pkcs1: self.settings.keyserver.allow_pkcs1_decryption };
        info.unwrap(name, key, &policy, cipher.key_len()).map_err(|fault| match fault {
            // The mail is not at fault: it may come again when the key's home is back.
            CmsError::KeyUnavailable => failed(fault),
            // Told by the form of the mail, before any key is used.
            CmsError::TransportAlgorithm => Problem::Refused(Reason::EncryptionRefused),
            _ => Problem::Refused(Reason::UnwrapFailed),
        })
    }
}

/// Reads offered RecipientInfos; one that cannot be read makes the mail unreadable.
fn recipient_infos(offered: &[ByteBuf]) -> Result<Vec<RecipientInfo>, Problem> {
    if offered.len() > Limits::default().max_recipients {
        return Err(Problem::Refused(Reason::EncryptionRefused));
    }
    offered
        .iter()
        .map(|der| RecipientInfo::parse(der))
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::Refused(Reason::EncryptionRefused))
}

/// Whether these are the encrypted files of a mail in attachment mode, which stand at
/// these paths, each once.
fn are_files(parts: &[OfferedPart], path: impl Fn(usize) -> String) -> bool {
    let in_place = parts.iter().enumerate().all(|(at, part)| part.path == path(at + 2));
    let mut tails = std::collections::HashSet::new();
    !parts.is_empty() && in_place && parts.iter().all(|part| tails.insert(part.tail.0))
}

/// SHA-256 over RecipientInfos in their order, as a hop record names them.
pub(crate) fn ri_digest(infos: &[ByteBuf]) -> Digest {
    let fields: Vec<&[u8]> = infos.iter().map(|der| der.as_slice()).collect();
    Digest::of_fields("SSMAX1-ri", &fields)
}

fn addresses(texts: &[String]) -> Result<Vec<Address>, Problem> {
    texts
        .iter()
        .map(|text| Address::parse(text))
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::Refused(Reason::RecipientMalformed))
}

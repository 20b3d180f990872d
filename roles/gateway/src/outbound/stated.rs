//! Mail that own people submitted at the MTA, whose submission service signed what it saw
//! of the login. The statement comes in a field of the mail, is taken off here and goes to
//! the keyserver instead of one of ours. Nothing of it is verified here.

use super::accept::{Arrival, Submitted, message_id_in, parse};
use super::is_address;
use crate::config::Ambiguous;
use crate::gateway::Gateway;
use crate::journal::SentMail;
use crate::listen::{self, Journey, Login};
use crate::wire::Reply;
use serde::{Deserialize, Serialize};
use ssmax_api::keyserver::Received;
use ssmax_chain::statement::{SignedStatement, mail_digest, parts_of_mail};
use ssmax_chain::{Digest, Reason, Refusal, statement_field};
use ssmax_mail::parse_header;
use std::sync::Arc;

/// The journey behind the listener for what was submitted at the MTA.
pub(crate) struct StatedSubmission(Arc<Gateway>);

impl StatedSubmission {
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        Self(gateway)
    }
}

impl Journey for StatedSubmission {
    async fn authenticate(&self, _: &str, _: &[u8], _: &str) -> Result<Option<Login>, ()> {
        // People log in at the MTA; AUTH is not offered here.
        Ok(None)
    }

    async fn recipient(&self, _so_far: &listen::Envelope, recipient: &str) -> Result<(), Reply> {
        is_address(recipient)
    }

    async fn mail(&self, envelope: listen::Envelope, octets: Vec<u8>) -> Vec<Reply> {
        self.0.take_out(envelope, octets, accept).await
    }
}

/// Reads a mail and takes its statement off.
fn accept(
    envelope: &listen::Envelope,
    octets: Vec<u8>,
    message_id: &mut String,
) -> Result<Submitted, Refusal> {
    let (octets, values) = statement_field::take_off(octets);
    let blank = octets.windows(4).position(|octets| octets == b"\r\n\r\n");
    let end = blank.map_or(octets.len(), |at| at + 2);
    let header = octets.get(..end).unwrap_or_default();
    if let Ok(header) = parse_header(header, &ssmax_mail::Limits::default()) {
        *message_id = message_id_in(&header);
    }
    let [value] = values.as_slice() else { return Err(Reason::StatementMissing.into()) };
    let statement = statement_field::read_value(value).map_err(|_| Reason::StatementInvalid)?;
    let claimed = statement.claimed().ok_or(Reason::StatementInvalid)?;
    let login = Login { user: claimed.user, method: claimed.method, aal: claimed.aal };
    // Never rebuilt: the statement is about the content as it came.
    let arrival = Arrival::read(octets, Ambiguous::Refuse)?;
    let (mail_from, recipients) = (envelope.mail_from.clone(), envelope.recipients.clone());
    let submitted = arrival.submitted(login, None, mail_from, recipients, message_id)?;
    let mail = parse(submitted.mail.octets())?;
    let (headers, entity) = parts_of_mail(&mail).map_err(|_| Reason::MailAmbiguous)?;
    let stated = Stated {
        statement,
        nonce: claimed.nonce,
        mail_from: envelope.mail_from.clone(),
        from: submitted.from.clone(),
        headers,
        entity,
    };
    Ok(submitted.with_statement(stated))
}

/// A statement with what the gateway had of the mail that brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stated {
    pub(super) statement: SignedStatement,
    nonce: String,
    mail_from: String,
    from: String,
    headers: Digest,
    entity: Digest,
}

impl Stated {
    /// What the keyserver compares, for these recipients; with the officer's decision, if
    /// the mail waited for one.
    pub(super) fn received(&self, recipients: Vec<String>, decision: Option<String>) -> Received {
        Received {
            mail_from: self.mail_from.clone(),
            recipients,
            from: self.from.clone(),
            headers: self.headers,
            entity: self.entity,
            decision,
        }
    }

    /// By what the keyserver knows the mail: what the statement is over.
    pub(crate) fn digest(&self) -> Digest {
        mail_digest(&self.headers, &self.entity)
    }

    /// By what the mail is known when the MTA tries again, or splits it: the statement
    /// serves one mail, and every recipient gets that once.
    pub(super) fn sent(&self, user: &str) -> SentMail {
        let body = Digest::of_fields("SSMAX1-again", &[self.nonce.as_bytes()]);
        SentMail { user: user.to_owned(), body }
    }
}

//! What is known of a held mail besides its octets.

use crate::dsn::{MailOptions, RecipientOptions};
use crate::outbound::Stated;
use serde::{Deserialize, Serialize};
use ssmax_api::gateway::{EndedBy, HeldMail, HeldState};
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::{Finding, Outcome};

/// What is known of a held mail besides its octets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::hold) struct Facts {
    pub(in crate::hold) direction: String,
    pub(in crate::hold) mail_from: String,
    pub(in crate::hold) from: String,
    pub(in crate::hold) sender_verified: bool,
    pub(in crate::hold) recipients: Vec<String>,
    pub(in crate::hold) message_id: String,
    pub(in crate::hold) smtputf8: bool,
    pub(in crate::hold) stage: String,
    pub(in crate::hold) reason: Reason,
    pub(in crate::hold) outcome: Outcome,
    pub(in crate::hold) findings: Vec<Finding>,
    pub(in crate::hold) encrypted: bool,
    pub(in crate::hold) login: Option<HeldLogin>,
    /// Where automatic mail came from.
    pub(in crate::hold) source: Option<String>,
    /// The statement that it brought along.
    #[serde(default)]
    pub(in crate::hold) stated: Option<Stated>,
    /// What MAIL said of reports.
    #[serde(default)]
    pub(in crate::hold) mail_options: MailOptions,
    /// What RCPT said of reports, in the order of `recipients`.
    #[serde(default)]
    pub(in crate::hold) recipient_options: Vec<RecipientOptions>,
    /// By what the keyserver knows it. An earlier build did not write it down.
    #[serde(default)]
    pub(in crate::hold) digest: Option<Digest>,
}

impl Facts {
    /// Instead of what cannot be read.
    pub(super) fn unreadable() -> Self {
        Self {
            direction: "unknown".to_owned(),
            mail_from: String::new(),
            from: String::new(),
            sender_verified: false,
            recipients: vec![],
            message_id: String::new(),
            smtputf8: false,
            stage: String::new(),
            reason: Reason::Internal,
            outcome: Outcome::Block,
            findings: vec![],
            encrypted: true,
            login: None,
            source: None,
            stated: None,
            mail_options: MailOptions::default(),
            recipient_options: vec![],
            digest: None,
        }
    }
}

/// Who submitted a mail, for when it is admitted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::hold) struct HeldLogin {
    pub(in crate::hold) user: String,
    pub(in crate::hold) method: String,
    pub(in crate::hold) aal: u8,
}

/// A held mail as the tables tell it.
#[derive(Debug, Clone)]
pub(in crate::hold) struct Held {
    pub(in crate::hold) id: String,
    pub(in crate::hold) state: HeldState,
    pub(in crate::hold) at: i64,
    pub(in crate::hold) expires: i64,
    pub(in crate::hold) bytes: u64,
    pub(in crate::hold) facts: Facts,
    /// Whether `facts` are what was written: of a mail that cannot be read somebody is
    /// told all the same, since its sender was answered that it is kept.
    pub(in crate::hold) readable: bool,
    pub(in crate::hold) released_to: Vec<String>,
    pub(in crate::hold) ended_by: Option<EndedBy>,
}

impl Held {
    /// Recipients who have not got it.
    pub(in crate::hold) fn waiting(&self) -> Vec<String> {
        let has = |one: &&String| !self.released_to.contains(one);
        self.facts.recipients.iter().filter(has).cloned().collect()
    }

    /// As officers see it.
    pub(in crate::hold) fn shown(&self) -> HeldMail {
        let facts = self.facts.clone();
        HeldMail {
            id: self.id.clone(),
            state: self.state,
            at: self.at,
            expires: self.expires,
            direction: facts.direction,
            mail_from: facts.mail_from,
            from: facts.from,
            sender_verified: facts.sender_verified,
            recipients: self.waiting(),
            released_to: self.released_to.clone(),
            message_id: facts.message_id,
            stage: facts.stage,
            reason: facts.reason,
            outcome: facts.outcome,
            findings: facts.findings,
            encrypted: facts.encrypted,
            bytes: self.bytes,
            digest: facts.digest,
            readable: self.readable,
            ended_by: self.ended_by.clone(),
        }
    }
}

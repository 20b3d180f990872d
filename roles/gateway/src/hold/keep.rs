//! Keeping a mail for an officer: on the disk before it is answered.

use super::store::{Facts, HeldLogin, Kept, NewMail, Room};
use crate::fate::Fates;
use crate::gateway::Gateway;
use crate::listen::Login;
use crate::outbound::Stated;
use ssmax_chain::{Digest, Reason, Refusal};
use ssmax_inspection::{Finding, Outcome};
use ssmax_primitives::SystemRandom;
use ssmax_token::Random as _;
use time::OffsetDateTime;

/// What is known of a mail's arrival and its inspection, gathered on its way.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    /// Who submitted it.
    pub(crate) login: Option<Login>,
    /// Where automatic mail came from, for which nobody logs in.
    pub(crate) source: Option<String>,
    /// The statement that it brought along.
    pub(crate) stated: Option<Stated>,
    /// The address in From.
    pub(crate) from: String,
    /// Whether a login or the chain vouches for the sender.
    pub(crate) sender_verified: bool,
    /// Whether the sender encrypted it as a whole; files in it may be encrypted all the same.
    pub(crate) encrypted: bool,
    /// By what the keyserver knows the mail, once it was offered for a ticket.
    pub(crate) digest: Option<Digest>,
    /// What an inspection made of it: hold is kept also where no key was used.
    pub(crate) outcome: Outcome,
    /// What was found, masked.
    pub(crate) findings: Vec<Finding>,
}

impl Default for Came {
    fn default() -> Self {
        Self {
            login: None,
            source: None,
            stated: None,
            from: String::new(),
            sender_verified: false,
            encrypted: false,
            digest: None,
            outcome: Outcome::Block,
            findings: Vec::new(),
        }
    }
}

impl Gateway {
    /// Keeps a mail for some of its recipients, and decides their fate: held, or put off
    /// if it cannot be kept.
    pub(crate) async fn keep(
        &self,
        direction: &str,
        recipients: &[String],
        mail: &[u8],
        refusal: Refusal,
        fates: &mut Fates,
    ) {
        if recipients.is_empty() {
            return;
        }
        let kept = self.keep_on_disk(direction, recipients, mail, refusal, fates).await;
        if kept == Some(Kept::Full) {
            tracing::error!("no room is left for mail that waits for an officer");
        }
        for recipient in recipients {
            match kept {
                Some(Kept::Kept) => fates.hold(recipient, refusal),
                _ => fates.refuse(recipient, Reason::StoreUnavailable.into()),
            }
        }
        // The notice goes out by itself; nobody waits for it.
        self.hold_changed.notify_one();
    }

    async fn keep_on_disk(
        &self,
        direction: &str,
        recipients: &[String],
        mail: &[u8],
        refusal: Refusal,
        fates: &Fates,
    ) -> Option<Kept> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "a mail could not be kept for an officer");
        };
        let settings = &self.settings.gateway;
        let room = Room {
            bytes: settings.max_held_mebibytes.saturating_mul(1024 * 1024),
            mails: settings.hold.max_mails,
        };
        let bytes = u64::try_from(mail.len()).unwrap_or(u64::MAX);
        let known = known(direction, recipients, mail);
        match self.hold.asked(&known, bytes, room).await {
            Ok(None) => {}
            Ok(answer) => return answer,
            Err(error) => {
                failed(&error);
                return None;
            }
        }
        let now = OffsetDateTime::now_utc();
        let new = NewMail {
            id: new_id(),
            known,
            at: now,
            expires: now + settings.hold.lifetime(),
            facts: facts(direction, recipients, mail, refusal, fates),
        };
        let object = match self.held_object(&new.id, mail).await {
            Ok(object) => object,
            Err(problem) => {
                failed(&problem);
                return None;
            }
        };
        match self.hold.keep(&new, object, room).await {
            Ok(kept) => {
                tracing::warn!(
                    held.id = %new.id, message.id = %new.facts.message_id, direction,
                    reason = refusal.reason.code(), ?kept, "a mail is kept for an officer",
                );
                Some(kept)
            }
            Err(error) => {
                failed(&error);
                None
            }
        }
    }
}

fn facts(
    direction: &str,
    recipients: &[String],
    mail: &[u8],
    refusal: Refusal,
    fates: &Fates,
) -> Facts {
    let came = &fates.came;
    Facts {
        direction: direction.to_owned(),
        // Automatic mail goes out so that nothing bounces.
        mail_from: if came.source.is_none() { fates.mail_from().to_owned() } else { String::new() },
        source: came.source.clone(),
        stated: came.stated.clone(),
        digest: Some(came.digest.unwrap_or_else(|| Digest::of(mail))),
        from: came.from.clone(),
        sender_verified: came.sender_verified,
        recipients: recipients.to_vec(),
        message_id: fates.message_id.clone(),
        smtputf8: fates.smtputf8(),
        mail_options: fates.mail_options().clone(),
        recipient_options: recipients.iter().map(|one| fates.options(one)).collect(),
        stage: refusal.stage.as_str().to_owned(),
        reason: refusal.reason,
        outcome: came.outcome,
        findings: came.findings.clone(),
        encrypted: came.encrypted,
        login: came.login.as_ref().map(|login| HeldLogin {
            user: login.user.clone(),
            method: login.method.clone(),
            aal: login.aal,
        }),
    }
}

/// By what a mail is known when it comes again for the same people.
fn known(direction: &str, recipients: &[String], mail: &[u8]) -> String {
    let digest = Digest::of(mail);
    let mut fields: Vec<&[u8]> = vec![direction.as_bytes(), &digest.0];
    fields.extend(recipients.iter().map(|one| one.as_bytes()));
    Digest::of_fields("SSMAX1-kept-mail", &fields).to_string()
}

fn new_id() -> String {
    let mut octets = [0; 8];
    SystemRandom.fill(&mut octets);
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

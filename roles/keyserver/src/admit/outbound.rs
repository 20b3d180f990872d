//! A mail of an own user (steps 3 and 4).

use super::{addresses, recipient_infos};
use crate::limits::Source;
use crate::people::{has_token, may_send_as, server_held};
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, OwnMail, Ticket, TicketPart};
use ssmax_api::Problem;
use ssmax_api::keyserver::{
    AdmitOutbound, Form, FreshForm, OfferedPart, OutboundTicket, RecipientRoute, UserRecord,
};
use ssmax_chain::statement::Statement;
use ssmax_chain::{Digest, HopId, Reason};
use ssmax_cms::enveloped::{ContentCipher, KeyName, RecipientId, RecipientInfo, kcv};
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_primitives::{ContentKey, SoftwareKey};
use ssmax_store::sqlx;
use ssmax_token::KeyPair as _;
use std::sync::Arc;

/// Whether an envelope sender is the person's own: what bounces must not reach others.
fn may_bounce_to(user: &UserRecord, mail_from: &str) -> bool {
    Address::parse(mail_from).is_ok_and(|address| may_send_as(user, &address))
}

/// The level a login must have for the keyserver to sign in the person's name.
const SERVER_SIGNING_AAL: u8 = 2;

impl Keyserver {
    /// Opens a ticket for a mail of an own user.
    pub(crate) async fn admit_outbound(
        &self,
        request: AdmitOutbound,
    ) -> Result<OutboundTicket, Problem> {
        let statement = self.believe(&request).await?;
        let refuse = |reason| Err(Problem::Refused(reason));
        let from =
            Address::parse(&statement.from).map_err(|_| Problem::Refused(Reason::FromNotOne))?;
        let Some(user) = self.person(&statement.user).await? else {
            return refuse(Reason::FromNotSubmitter);
        };
        if !user.active || !may_send_as(&user, &from) {
            return refuse(Reason::FromNotSubmitter);
        }
        if !statement.mail_from.is_empty() && !may_bounce_to(&user, &statement.mail_from) {
            return refuse(Reason::FromNotSubmitter);
        }
        self.check_own_standing()?;
        if request.form == Form::Unsigned {
            self.check_server_signing(&user, &statement)?;
        }
        if request.parts.len() > self.settings.keyserver.max_private_operations {
            return refuse(Reason::TooManyEncryptedParts);
        }
        if (request.form == Form::Enveloped) != (request.parts.len() == 1) {
            return Err(Problem::Malformed);
        }
        let recipients = addresses(&statement.recipients)?;
        let routes = self.routes(&recipients).await?;
        let source = Source::Person(user.user.clone());
        self.count_mail(&source, recipients.len())?;
        let mut parts = Vec::new();
        for offered in &request.parts {
            let part = self.open_submitted(offered, &user).await;
            self.count_refusal(Some(&source), &part);
            parts.push(part?);
        }
        let now = Self::now();
        let origin = Origin::Own(Box::new(OwnMail {
            user,
            statement,
            from,
            unsigned: request.form == Form::Unsigned,
            server_signed: None,
            inside_id: HopId::new(now, self.octets()),
        }));
        let mut ticket = Ticket::new(now, origin, recipients);
        ticket.parts = parts;
        Ok(OutboundTicket { ticket: self.tickets.open(self.ticket_id(), ticket)?, routes })
    }

    /// Believes a statement that a known submission service signed, once.
    async fn believe(&self, request: &AdmitOutbound) -> Result<Statement, Problem> {
        let now = Self::now();
        let statement = self
            .statement_keys
            .iter()
            .find_map(|spki| request.statement.open(spki, now).ok())
            .ok_or(Problem::Refused(Reason::StatementInvalid))?;
        let added =
            sqlx::query("INSERT OR IGNORE INTO statement_nonce (nonce, used) VALUES (?, ?)")
                .bind(&statement.nonce)
                .bind(now.unix_timestamp())
                .execute(self.database.pool())
                .await
                .map_err(failed)?;
        if added.rows_affected() == 0 {
            return Err(Problem::Refused(Reason::StatementReplayed));
        }
        Ok(statement)
    }

    /// A member that lost its standing sends nothing: its keyserver sees to that too.
    fn check_own_standing(&self) -> Result<(), Problem> {
        let state = crate::ticket::lock(&self.list);
        let list = state.usable(Self::now())?;
        match list.member(&self.settings.organisation.id) {
            Some(own) if own.standing.state.exchanges_mail() => Ok(()),
            _ => Err(Problem::Refused(Reason::OwnStandingLost)),
        }
    }

    fn check_server_signing(
        &self,
        user: &UserRecord,
        statement: &Statement,
    ) -> Result<(), Problem> {
        let allowed = self.settings.keyserver.sign_for_users
            && statement.aal >= SERVER_SIGNING_AAL
            && server_held(user).is_some()
            && !has_token(user);
        if allowed { Ok(()) } else { Err(Problem::Refused(Reason::UnsignedNotAllowed)) }
    }

    /// Where each recipient is.
    async fn routes(&self, recipients: &[Address]) -> Result<Vec<RecipientRoute>, Problem> {
        let mut routes = Vec::with_capacity(recipients.len());
        for address in recipients {
            let recipient = address.to_string();
            let route = if self.settings.organisation.has_domain(address.domain()) {
                match self.encryption_certificate(address).await? {
                    Some(_) => RecipientRoute::Inside { recipient },
                    None => RecipientRoute::Refused {
                        recipient,
                        reason: Reason::RecipientWithoutCertificate,
                    },
                }
            } else {
                self.outside_route(address, recipient)?
            };
            routes.push(route);
        }
        Ok(routes)
    }

    fn outside_route(
        &self,
        address: &Address,
        recipient: String,
    ) -> Result<RecipientRoute, Problem> {
        let state = crate::ticket::lock(&self.list);
        let list = state.usable(Self::now())?;
        Ok(match list.member_of_domain(address.domain()) {
            None => RecipientRoute::Refused { recipient, reason: Reason::RecipientOutside },
            Some(member) if !member.standing.state.exchanges_mail() => {
                RecipientRoute::Refused { recipient, reason: Reason::ReceiverStandingLost }
            }
            Some(member) => RecipientRoute::Member {
                recipient,
                to_org: member.id.clone(),
                form: match member.capabilities.fresh_form {
                    ssmax_federation::FreshForm::WrappedGcm => FreshForm::WrappedGcm,
                    ssmax_federation::FreshForm::MailCbc => FreshForm::MailCbc,
                },
            },
        })
    }

    /// Takes the content key out of what the sender encrypted, and remembers who
    /// brought this ciphertext first: nobody re-keys another person's.
    async fn open_submitted(
        &self,
        offered: &OfferedPart,
        user: &UserRecord,
    ) -> Result<TicketPart, Problem> {
        let cipher = ContentCipher::from_name(&offered.cipher)
            .ok_or(Problem::Refused(Reason::EncryptionRefused))?;
        let (info, id, key) = self.choose_submission(offered)?;
        let content_key: ContentKey = self.unwrap(&info, KeyName::Id(&id), key.as_ref(), cipher)?;
        let kcv = Digest(kcv(&content_key, &offered.tail.0));
        self.claim_ciphertext(&offered.tail, &kcv, &user.user).await?;
        Ok(TicketPart {
            path: offered.path.clone(),
            tail: offered.tail,
            kcv,
            key: content_key,
            cipher: offered.cipher.clone(),
            fresh: None,
        })
    }

    /// The first RecipientInfo in encoded order that names a submission key; all
    /// others are dropped, never tried.
    fn choose_submission(
        &self,
        offered: &OfferedPart,
    ) -> Result<(RecipientInfo, RecipientId, Arc<SoftwareKey>), Problem> {
        let keys = self.keys_of(KeyPurpose::SubmissionEncryption)?;
        for info in recipient_infos(&offered.recipients)? {
            for key in &keys {
                let named = info.identifiers().iter().find(|id| self.names_submission_key(id, key));
                if let Some(id) = named.cloned() {
                    return Ok((info, id, Arc::clone(key)));
                }
            }
        }
        Err(Problem::Refused(Reason::EncryptedForNobodyHere))
    }

    /// Relay encryption certificates carry the key's id in their serial, so that no
    /// look-up is needed: `spec/certificates.md`, "Relay certificates".
    fn names_submission_key(&self, id: &RecipientId, key: &SoftwareKey) -> bool {
        match id {
            RecipientId::IssuerSerial { issuer, serial } => {
                let issuers = [self.own.seal_ca.subject(), self.own.member_ca.subject()];
                issuers.contains(&issuer.as_slice())
                    && ssmax_pki::relay::key_of_serial(serial)
                        == Some(ssmax_pki::relay::short_key_id(key.spki()))
            }
            RecipientId::KeyId(key_id) => *key_id == ssmax_pki::key_identifier(key.spki()),
            _ => false,
        }
    }

    async fn claim_ciphertext(
        &self,
        tail: &Digest,
        kcv: &Digest,
        user: &str,
    ) -> Result<(), Problem> {
        sqlx::query(
            "INSERT OR IGNORE INTO ciphertext (tail, kcv, user, first_seen) VALUES (?, ?, ?, ?)",
        )
        .bind(tail.0.as_slice())
        .bind(kcv.0.as_slice())
        .bind(user)
        .bind(Self::now().unix_timestamp())
        .execute(self.database.pool())
        .await
        .map_err(failed)?;
        let (owner,): (String,) =
            sqlx::query_as("SELECT user FROM ciphertext WHERE tail = ? AND kcv = ?")
                .bind(tail.0.as_slice())
                .bind(kcv.0.as_slice())
                .fetch_one(self.database.pool())
                .await
                .map_err(failed)?;
        if owner == user || self.may_forward(tail, kcv, user).await? {
            Ok(())
        } else {
            Err(Problem::Refused(Reason::CiphertextOfAnother))
        }
    }

    /// Whether this person had this mail of their own mailbox wrapped for submission.
    async fn may_forward(&self, tail: &Digest, kcv: &Digest, user: &str) -> Result<bool, Problem> {
        let row: Option<(i64,)> = sqlx::query_as(
            "SELECT allowed FROM forwarding WHERE tail = ? AND kcv = ? AND user = ?",
        )
        .bind(tail.0.as_slice())
        .bind(kcv.0.as_slice())
        .bind(user)
        .fetch_optional(self.database.pool())
        .await
        .map_err(failed)?;
        Ok(row.is_some())
    }
}

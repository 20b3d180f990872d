//! A mail of an own user (steps 3 and 4).

use super::sender::Sender;
use super::statement::Believed;
use super::{addresses, are_files, recipient_infos};
use crate::limits::Source;
use crate::outside::OutsideCertificates;
use crate::people::{has_token, server_held};
use crate::preserve::is_for_mailers;
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, OwnMail, Ticket, TicketPart};
use ssmax_api::Problem;
use ssmax_api::keyserver::{
    AdmitOutbound, Form, FreshForm, OfferedPart, OutboundTicket, RecipientRoute, UserRecord,
};
use ssmax_chain::binding::submission_ukm;
use ssmax_chain::statement::Statement;
use ssmax_chain::{Digest, HopId, Reason};
use ssmax_cms::enveloped::{ContentCipher, KeyName, RecipientId, RecipientInfo, kcv};
use ssmax_hsm::{KeyPurpose, StoredKey};
use ssmax_mail::address::Address;
use ssmax_primitives::ContentKey;
use ssmax_store::query;
use ssmax_token::KeyPair as _;
use std::sync::Arc;

/// Refuses those here whom their mailer would show nothing: an ESP does not encrypt
/// anew what its user encrypted.
fn refuse_inside(routes: &mut [RecipientRoute]) {
    for route in routes {
        if let RecipientRoute::Inside { recipient } = route {
            let recipient = std::mem::take(recipient);
            *route = RecipientRoute::Refused { recipient, reason: Reason::CipherNotForMailers };
        }
    }
}

/// The recipients who are not refused for the sender's level. Before any key is used: where
/// all are, there is nothing to open.
fn above(recipients: Vec<Address>, routes: &[RecipientRoute]) -> Result<Vec<Address>, Problem> {
    let is_below = |route: &RecipientRoute| {
        matches!(route, RecipientRoute::Refused { reason: Reason::SenderLevelTooLow, .. })
    };
    let above: Vec<Address> = recipients
        .into_iter()
        .zip(routes)
        .filter(|(_, route)| !is_below(route))
        .map(|(address, _)| address)
        .collect();
    if above.is_empty() { Err(Problem::Refused(Reason::SenderLevelTooLow)) } else { Ok(above) }
}

/// The copy of a content key that is used, with the own key it names.
struct Chosen {
    info: RecipientInfo,
    id: RecipientId,
    key: Arc<StoredKey>,
    cipher: ContentCipher,
}

/// Whether a mail of this form has encrypted parts like these.
fn parts_fit(form: Form, parts: &[OfferedPart]) -> bool {
    match form {
        Form::Enveloped => parts.len() == 1,
        Form::Attachments => are_files(parts, |path| path.to_string()),
        Form::Signed | Form::Unsigned | Form::System => parts.is_empty(),
    }
}

/// The level a login must have for the keyserver to sign in the person's name.
const SERVER_SIGNING_AAL: u8 = 2;

impl Keyserver {
    /// Opens a ticket for a mail of an own user.
    pub(crate) async fn admit_outbound(
        &self,
        request: AdmitOutbound,
    ) -> Result<OutboundTicket, Problem> {
        let Believed { statement, seen, unnamed, review_only } = self.believe(&request).await?;
        let refuse = |reason| Err(Problem::Refused(reason));
        let from =
            Address::parse(&statement.from).map_err(|_| Problem::Refused(Reason::FromNotOne))?;
        let Sender { user, actor } = self.sender(&statement, &from, request.form).await?;
        self.check_own_standing()?;
        match request.form {
            Form::Unsigned => self.check_server_signing(&user, &statement)?,
            Form::System if server_held(&user).is_none() => {
                return refuse(Reason::UnsignedNotAllowed);
            }
            _ => {}
        }
        if request.parts.len() > self.settings.keyserver.max_private_operations {
            return refuse(Reason::TooManyEncryptedParts);
        }
        if !parts_fit(request.form, &request.parts) {
            return Err(Problem::Malformed);
        }
        let recipients = addresses(&statement.recipients)?;
        let files = request.form == Form::Attachments;
        // Files of a mail in attachment mode are composed anew for recipients here.
        if self.is_esp() && files {
            return refuse(Reason::EncryptionRefused);
        }
        let mut routes = self.routes(&recipients).await?;
        let demands = &self.settings.keyserver.demands;
        let needs = demands.refuse_below(&user, &statement, request.form, &recipients, &mut routes);
        // Whoever is refused for that is not in the ticket: no copy is made for them.
        let recipients = above(recipients, &routes)?;
        routes.extend(unnamed.into_iter().map(|recipient| RecipientRoute::Refused {
            recipient,
            reason: Reason::StatementOfAnotherMail,
        }));
        if self.is_esp() && request.parts.iter().any(|part| !is_for_mailers(&part.cipher)) {
            refuse_inside(&mut routes);
        }
        let mut chosen = Vec::with_capacity(request.parts.len());
        for offered in &request.parts {
            chosen.push((offered, self.choose_submission(offered, files.then_some(&from))?));
        }
        let source = Source::Person(statement.user.clone());
        self.count_mail(&source, recipients.len())?;
        // Private keys are used from here on.
        let mut parts = Vec::with_capacity(chosen.len());
        for (offered, chosen) in chosen {
            let part = self.open_submitted(offered, &chosen);
            self.count_refusal(Some(&source), &part);
            let part = part?;
            let is_his = self.claim_ciphertext(&part.tail, &part.kcv, &statement.user).await?;
            // A file in attachment mode may come from who received it: that he knows its
            // key, the RecipientInfo bound to him has shown. It is bound to From, so it
            // shows nothing of who writes in another's name.
            if !is_his && (!files || actor.is_some()) {
                let refused = Err(Problem::Refused(Reason::CiphertextOfAnother));
                self.count_refusal(Some(&source), &refused);
                return refused;
            }
            parts.push(part);
        }
        let now = Self::now();
        let origin = Origin::Own(Box::new(OwnMail {
            user,
            actor,
            statement,
            from,
            seen,
            needs,
            unsigned: matches!(request.form, Form::Unsigned | Form::System),
            server_signed: None,
            inside_id: HopId::new(now, self.octets()),
        }));
        let mut ticket = Ticket::new(now, origin, recipients);
        ticket.parts = parts;
        ticket.files = files;
        ticket.review_only = review_only;
        Ok(OutboundTicket { ticket: self.tickets.open(self.ticket_id(), ticket)?, routes })
    }

    /// A member that lost its standing sends nothing: its keyserver sees to that too.
    fn check_own_standing(&self) -> Result<(), Problem> {
        let list = self.member_list()?;
        match list.member(&self.settings.organisation.id) {
            Some(own) if own.standing.state.exchanges_mail() => Ok(()),
            // No member ever leaves the list: this one is from before we were admitted.
            None => Err(Problem::Refused(Reason::MemberListOutdated)),
            Some(_) => Err(Problem::Refused(Reason::OwnStandingLost)),
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
        let is_own = |one: &Address| self.settings.organisation.has_domain(one.domain());
        let outside = if recipients.iter().all(is_own) {
            Arc::default()
        } else {
            self.outside_certificates().await?
        };
        for address in recipients {
            let recipient = address.to_string();
            let route = if self.settings.organisation.has_domain(address.domain()) {
                match self.encryption_certificate(address).await? {
                    None if self.list_at(address).await?.is_some() => {
                        RecipientRoute::List { recipient }
                    }
                    Some(_) => RecipientRoute::Inside { recipient },
                    None => RecipientRoute::Refused {
                        recipient,
                        reason: Reason::RecipientWithoutCertificate,
                    },
                }
            } else {
                self.outside_route(address, recipient, &outside)?
            };
            routes.push(route);
        }
        Ok(routes)
    }

    /// Whether mail to somebody outside would be encrypted on its way: who encrypts for
    /// anybody else learns too late that nothing goes out.
    pub(crate) async fn is_reached(&self, address: &str) -> Result<bool, Problem> {
        let address = Address::parse(address).map_err(|_| Problem::Malformed)?;
        if self.settings.organisation.has_domain(address.domain()) {
            return Ok(false);
        }
        let outside = self.outside_certificates().await?;
        let route = self.outside_route(&address, address.to_string(), &outside)?;
        Ok(match route {
            RecipientRoute::Member { .. } => true,
            RecipientRoute::Outside { certified, .. } => certified,
            _ => false,
        })
    }

    fn outside_route(
        &self,
        address: &Address,
        recipient: String,
        outside: &OutsideCertificates,
    ) -> Result<RecipientRoute, Problem> {
        let list = self.member_list()?;
        Ok(match list.member_of_domain(address.domain()) {
            None => match outside.newest_for(address, Self::now()) {
                Ok(found) => RecipientRoute::Outside { recipient, certified: found.is_some() },
                // Of this recipient only: the others' mail goes on.
                Err(reason) => RecipientRoute::Refused { recipient, reason },
            },
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

    /// Takes the content key out of what the sender encrypted.
    fn open_submitted(
        &self,
        offered: &OfferedPart,
        chosen: &Chosen,
    ) -> Result<TicketPart, Problem> {
        let Chosen { info, id, key, cipher } = chosen;
        let content_key: ContentKey = self.unwrap(info, KeyName::Id(id), key.as_ref(), *cipher)?;
        let kcv = Digest(kcv(&content_key, &offered.tail.0));
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
    /// others are dropped, never tried. In attachment mode it must be bound to From: the
    /// signature is not inside the encryption there, so whoever saw another person's file
    /// could list it in a mail of his own.
    fn choose_submission(
        &self,
        offered: &OfferedPart,
        bound_to: Option<&Address>,
    ) -> Result<Chosen, Problem> {
        let cipher = ContentCipher::from_name(&offered.cipher)
            .ok_or(Problem::Refused(Reason::EncryptionRefused))?;
        let keys = self.keys_of(KeyPurpose::SubmissionEncryption)?;
        for info in recipient_infos(&offered.recipients)? {
            for key in &keys {
                let named = info.identifiers().iter().find(|id| self.names_submission_key(id, key));
                let Some(id) = named.cloned() else { continue };
                let ukm = bound_to.map(|from| submission_ukm(from, &offered.tail));
                if ukm.is_some_and(|ukm| info.ukm() != Some(ukm.as_slice())) {
                    return Err(Problem::Refused(Reason::AttachmentNotSubmitters));
                }
                return Ok(Chosen { info, id, key: Arc::clone(key), cipher });
            }
        }
        Err(Problem::Refused(Reason::EncryptedForNobodyHere))
    }

    /// Relay encryption certificates carry the key's id in their serial, so that no
    /// look-up is needed: `spec/certificates.md`, "Relay certificates".
    fn names_submission_key(&self, id: &RecipientId, key: &StoredKey) -> bool {
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

    /// Remembers who brought a ciphertext first, and says whether it is this person's to
    /// bring: nobody re-keys another person's.
    async fn claim_ciphertext(
        &self,
        tail: &Digest,
        kcv: &Digest,
        user: &str,
    ) -> Result<bool, Problem> {
        query(
            "INSERT INTO ciphertext (tail, kcv, user, first_seen) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(tail.0.as_slice())
        .bind(kcv.0.as_slice())
        .bind(user)
        .bind(Self::now().unix_timestamp())
        .execute(&self.database)
        .await
        .map_err(failed)?;
        let (owner,): (String,) = query("SELECT user FROM ciphertext WHERE tail = ? AND kcv = ?")
            .bind(tail.0.as_slice())
            .bind(kcv.0.as_slice())
            .fetch_one(&self.database)
            .await
            .map_err(failed)?;
        Ok(owner == user || self.may_forward(tail, kcv, user).await?)
    }

    /// Whether this person had this mail of their own mailbox wrapped for submission.
    async fn may_forward(&self, tail: &Digest, kcv: &Digest, user: &str) -> Result<bool, Problem> {
        let row: Option<(i64,)> =
            query("SELECT allowed FROM forwarding WHERE tail = ? AND kcv = ? AND user = ?")
                .bind(tail.0.as_slice())
                .bind(kcv.0.as_slice())
                .bind(user)
                .fetch_optional(&self.database)
                .await
                .map_err(failed)?;
        Ok(row.is_some())
    }
}

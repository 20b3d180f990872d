//! Whom is it encrypted for next? One copy for each member, and for each hidden
//! recipient one of their own.

use super::inspect::Made;
use crate::fate::Fates;
use crate::gateway::Gateway;
use crate::outbound::accept::{attached, parse};
use crate::preserve::Preserved;
use ssmax_api::keyserver::{
    FilesCopy, Form, FreshForm, GatewayRequest, MemberCopy, OutboundTicket, RecipientRoute,
};
use ssmax_chain::attachments;
use ssmax_chain::hop_mail::SmimeType;
use ssmax_chain::journey::{Inspected, Mail};
use ssmax_chain::sealed_record::MAX_RECIPIENTS_PER_COPY;
use ssmax_chain::{Digest, HopId, Reason, Refusal};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{Enveloped, Kind};
use ssmax_mail::Entity;
use ssmax_mail::address::parse_list;
use tokio::time::Instant;

/// A copy on its way to a member, before it is signed.
pub(super) struct Reencrypted {
    pub(super) id: HopId,
    /// The encrypted sealed record.
    pub(super) sealed: Vec<u8>,
    pub(super) to_org: String,
    pub(super) recipients: Vec<String>,
    pub(super) body: Body,
    /// Whether the outer subject is replaced, since the real one is inside.
    pub(super) wrapped: bool,
}

/// What stands at path "1" of the copy.
pub(super) enum Body {
    /// The encrypted mail.
    Object(SmimeType, Vec<u8>),
    /// A mail in attachment mode.
    Files(Vec<u8>),
}

/// One copy to be made.
struct Wanted {
    to_org: String,
    form: FreshForm,
    recipients: Vec<String>,
}

impl Gateway {
    /// Makes every copy, and sends each on when it is signed. A recipient's failure is
    /// their own fate, not the others'.
    pub(super) async fn pass_on(
        &self,
        mail: &mut Mail<Inspected<OutboundTicket, Made>>,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        // Each copy is given up when it has gone.
        for copy in std::mem::take(&mut mail.made_mut().sealed) {
            self.deliver_inside(mail, copy, fates).await;
        }
        for (list, post) in std::mem::take(&mut mail.made_mut().posts) {
            self.distribute(&list, post.into_vec(), mail.octets(), None, fates).await;
            self.remember_sent(std::slice::from_ref(&list), fates).await;
        }
        let mail = &*mail;
        let entity = parse(mail.octets())?;
        self.preserve_inside(mail, &entity, fates).await?;
        let open = fates.undecided();
        let is_open = |route: &&RecipientRoute| matches!(route, RecipientRoute::Member { recipient, .. } if open.contains(recipient));
        let routes: Vec<_> = mail.ticket().routes.iter().filter(is_open).cloned().collect();
        for wanted in copies(&entity, &routes) {
            let recipients = wanted.recipients.clone();
            let result = async {
                let began = Instant::now();
                let made = self.reencrypt(mail, wanted).await;
                fates.trail.stage_over("reencrypt", began);
                let made = made?;
                self.sign_and_send(mail, &entity, made, fates).await
            }
            .await;
            if let Err(refusal) = result {
                for recipient in &recipients {
                    fates.refuse(recipient, refusal);
                }
            }
        }
        Ok(())
    }

    /// Colleagues who get what the sender encrypted, or what the worker did.
    async fn preserve_inside(
        &self,
        mail: &Mail<Inspected<OutboundTicket, Made>>,
        entity: &Entity<'_>,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        let made = mail.made();
        if made.preserved_for.is_empty() {
            return Ok(());
        }
        let object = object(mail, FreshForm::MailCbc)?;
        let host_name = &self.settings.gateway.host_name;
        let preserved = Preserved::new(object, entity.header(), host_name)?;
        for recipient in &made.preserved_for {
            match self.preserved_copy(&mail.ticket().ticket, &preserved, recipient).await {
                Ok(copy) => self.deliver_inside(mail, copy, fates).await,
                Err(refusal) => fates.refuse(recipient, refusal),
            }
        }
        Ok(())
    }

    async fn reencrypt(
        &self,
        mail: &Mail<Inspected<OutboundTicket, Made>>,
        wanted: Wanted,
    ) -> Result<Reencrypted, Refusal> {
        let made = mail.made();
        if made.form == Form::Attachments {
            return self.rewrap_files(mail, wanted).await;
        }
        let enveloped = Enveloped::parse_vec(object(mail, wanted.form)?, &Limits::default())
            .map_err(|_| Reason::EncryptionRefused)?;
        let request = GatewayRequest::Rewrap {
            ticket: mail.ticket().ticket.clone(),
            to_org: wanted.to_org.clone(),
            recipients: wanted.recipients.clone(),
            tail: Digest(enveloped.tail()),
        };
        let copy: MemberCopy = self.keyserver(&request).await?;
        let infos: Vec<Vec<u8>> = copy.recipients.iter().map(|der| der.to_vec()).collect();
        let kind = match enveloped.kind() {
            Kind::Enveloped => SmimeType::Enveloped,
            Kind::AuthEnveloped => SmimeType::AuthEnveloped,
        };
        Ok(Reencrypted {
            id: copy.id,
            sealed: copy.sealed,
            to_org: wanted.to_org,
            recipients: wanted.recipients,
            body: Body::Object(kind, enveloped.into_rewrapped(&infos)),
            wrapped: !made.form.is_encrypted() && wanted.form == FreshForm::WrappedGcm,
        })
    }
}

impl Gateway {
    /// A copy in attachment mode: composed anew around the signed content and its
    /// signature, each file with its new RecipientInfo.
    async fn rewrap_files(
        &self,
        mail: &Mail<Inspected<OutboundTicket, Made>>,
        wanted: Wanted,
    ) -> Result<Reencrypted, Refusal> {
        let entity = parse(mail.octets())?;
        let attached = attached(&entity)?.ok_or(Reason::Internal)?;
        let request = GatewayRequest::RewrapFiles {
            ticket: mail.ticket().ticket.clone(),
            to_org: wanted.to_org.clone(),
            recipients: wanted.recipients.clone(),
        };
        let copy: FilesCopy = self.keyserver(&request).await?;
        if copy.files.len() != attached.files.len() {
            return Err(Reason::Internal.into());
        }
        let names = attached.manifest.parts.iter().map(|listed| listed.name.as_str());
        let objects = attached.files.into_iter().zip(copy.files);
        let objects = objects.map(|(file, info)| file.into_rewrapped(&[info.into_vec()]));
        let (outer, inner) = (Self::boundary(), Self::boundary());
        let files = names.zip(objects).collect();
        let boundaries = (outer.as_str(), inner.as_str());
        let entity =
            attachments::compose(b"", attached.content, &attached.signature, files, boundaries);
        Ok(Reencrypted {
            id: copy.id,
            sealed: copy.sealed,
            to_org: wanted.to_org,
            recipients: wanted.recipients,
            body: Body::Files(entity),
            wrapped: false,
        })
    }
}

/// The sender's ciphertext, or what the worker encrypted in this form.
fn object(
    mail: &Mail<Inspected<OutboundTicket, Made>>,
    wanted: FreshForm,
) -> Result<Vec<u8>, Refusal> {
    let made = mail.made();
    match made.form {
        Form::Enveloped => {
            Ok(parse(mail.octets())?.decoded_body().map_err(|_| Reason::EncryptionRefused)?)
        }
        _ => made
            .fresh
            .iter()
            .find(|(form, ..)| *form == wanted)
            .map(|(_, _, object)| object.to_vec())
            .ok_or(Reason::Internal.into()),
    }
}

/// The copies to make: visible recipients of a member share one, each other recipient
/// has one of their own, so that no copy names a hidden recipient.
fn copies(mail: &Entity<'_>, routes: &[RecipientRoute]) -> Vec<Wanted> {
    let visible = visible_recipients(mail);
    let mut copies: Vec<Wanted> = Vec::new();
    for route in routes {
        let RecipientRoute::Member { recipient, to_org, form } = route else { continue };
        let is_visible = visible.iter().any(|one| one.eq_ignore_ascii_case(recipient));
        let shared = copies.iter_mut().find(|copy| {
            is_visible
                && copy.recipients.len() < MAX_RECIPIENTS_PER_COPY
                && copy.to_org == *to_org
                && copy
                    .recipients
                    .iter()
                    .all(|one| visible.iter().any(|known| known.eq_ignore_ascii_case(one)))
        });
        match shared {
            Some(copy) => copy.recipients.push(recipient.clone()),
            None => copies.push(Wanted {
                to_org: to_org.clone(),
                form: *form,
                recipients: vec![recipient.clone()],
            }),
        }
    }
    copies
}

pub(super) fn visible_recipients(mail: &Entity<'_>) -> Vec<String> {
    ["To", "Cc"]
        .iter()
        .flat_map(|name| mail.header().all(name))
        .filter_map(|field| parse_list(&field.unfolded()).ok())
        .flatten()
        .map(|mailbox| mailbox.address.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(recipient: &str, to_org: &str) -> RecipientRoute {
        RecipientRoute::Member {
            recipient: recipient.into(),
            to_org: to_org.into(),
            form: FreshForm::WrappedGcm,
        }
    }

    #[test]
    fn hidden_recipients_get_copies_of_their_own() {
        let octets =
            b"From: a@a.example\r\nTo: b@b.example, c@c.example\r\nCc: D@b.example\r\n\r\nx\r\n";
        let mail = ssmax_mail::parse(octets, &ssmax_mail::Limits::default()).unwrap();
        let routes = [
            route("b@b.example", "B"),
            route("hidden@b.example", "B"),
            route("d@b.example", "B"),
            route("c@c.example", "C"),
            route("secret@b.example", "B"),
        ];
        let made: Vec<Vec<String>> =
            copies(&mail, &routes).into_iter().map(|copy| copy.recipients).collect();
        assert_eq!(
            made,
            [
                vec!["b@b.example".to_owned(), "d@b.example".to_owned()],
                vec!["hidden@b.example".to_owned()],
                vec!["c@c.example".to_owned()],
                vec!["secret@b.example".to_owned()],
            ]
        );
    }

    #[test]
    fn a_copy_has_a_hundred_recipients_and_the_next_one_goes_into_another() {
        let shared = |count: usize| -> Vec<usize> {
            let names: Vec<_> = (0..count).map(|at| format!("u{at}@b.example")).collect();
            let to = names.join(",\r\n ");
            let octets = format!("From: a@a.example\r\nTo: {to}\r\n\r\nx\r\n");
            let mail =
                ssmax_mail::parse(octets.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
            let routes: Vec<_> = names.iter().map(|name| route(name, "B")).collect();
            copies(&mail, &routes).iter().map(|copy| copy.recipients.len()).collect()
        };
        assert_eq!(shared(100), [100]);
        assert_eq!(shared(101), [100, 1]);
    }

    #[test]
    fn the_sealed_record_of_the_largest_copy_is_within_its_bound() {
        let digest = Digest::of(b"x");
        let long = "x".repeat(255);
        let record = ssmax_chain::sealed_record::SealedRecord {
            v: ssmax_chain::hop_record::RECORD_VERSION,
            id: ssmax_chain::HopId::new(time::OffsetDateTime::UNIX_EPOCH, [0xff; 10]),
            salts: vec![
                ssmax_chain::sealed_record::RecipientSalt { salt: "0".repeat(32), digest };
                MAX_RECIPIENTS_PER_COPY
            ],
            entity: digest,
            sender: ssmax_chain::sealed_record::SenderAssertion {
                si: digest,
                cert: digest,
                proof: long.clone(),
                ial: 3,
                auth: long.clone(),
                aal: 3,
                signed_by: ssmax_chain::sealed_record::SignedBy::Server,
                on_behalf: Some(long),
            },
            inspection: "pass".into(),
        };
        assert!(record.to_json().len() <= ssmax_chain::hop_record::MAX_RECORD_BYTES);
    }
}

//! A mail of an own user, from submission to the next hop (steps 4 to 6). The steps
//! stand in the files of their names.

mod accept;
mod authenticate;
mod fold;
mod inspect;
mod reencrypt;
mod sign;
mod transmit;

pub(crate) use accept::{message_id_of, offered, one_from, parse, refuse_loop};

use crate::ambiguity;
use crate::gateway::Gateway;
use crate::listen::{self, Journey, Login};
use crate::wire::Reply;
use crate::{fate, reply};
use accept::Submitted;
use ssmax_api::ca::GatewayRequest as CaRequest;
use ssmax_api::keyserver::{Form, RecipientRoute};
use ssmax_chain::{Reason, Refusal};
use std::sync::Arc;

/// The journey behind the submission listener.
pub(crate) struct Submission(Arc<Gateway>);

impl Submission {
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        Self(gateway)
    }
}

impl Journey for Submission {
    async fn authenticate(
        &self,
        user: &str,
        password: &[u8],
        _method: &str,
    ) -> Result<Option<Login>, ()> {
        let request =
            CaRequest::CheckCredential { user: user.to_owned(), secret: password.to_vec() };
        let login: Option<ssmax_api::ca::Login> = self.0.ca(&request).await.map_err(|_| ())?;
        Ok(login.map(|login| Login { user: login.user, method: login.method, aal: login.aal }))
    }

    async fn recipient(&self, _so_far: &listen::Envelope, recipient: &str) -> Result<(), Reply> {
        match ssmax_mail::address::Address::parse(recipient) {
            Ok(_) => Ok(()),
            Err(_) => Err(reply::refused(Reason::RecipientMalformed.into())),
        }
    }

    async fn mail(&self, mut envelope: listen::Envelope, octets: Vec<u8>) -> Vec<Reply> {
        let mut fates = fate::Fates::new(&envelope, &self.0.settings.organisation);
        envelope.recipients = fates.recipients();
        let ambiguous = self.0.settings.gateway.ambiguous;
        let asked = envelope.clone();
        let accepted = ambiguity::aside(move || {
            let mut message_id = String::new();
            let accepted = accept::accept(&asked, octets, ambiguous, &mut message_id);
            Ok((accepted, message_id))
        });
        let accepted = accepted.await.and_then(|(accepted, message_id)| {
            fates.message_id = message_id;
            accepted
        });
        match accepted {
            Err(refusal) => fates.refuse_rest(refusal),
            Ok(submitted) => {
                fates.rebuilt = submitted.rebuilt;
                let octets = submitted.mail.shared_octets();
                if let Err(refusal) = self.0.outbound(submitted, &mut fates).await {
                    let mode = self.0.settings.gateway.outbound_after_opening;
                    let mail_from = &envelope.mail_from;
                    self.0.stop("outbound", mode, mail_from, &octets, refusal, &mut fates).await;
                }
            }
        }
        let ticket = fates.ticket.clone();
        let replies = fates.write(&self.0.journal, "outbound").await;
        self.0.close(ticket);
        replies
    }
}

impl Gateway {
    /// All steps, in their order. Whoever has no fate at its end is refused by the
    /// caller with the refusal returned.
    async fn outbound(&self, submitted: Submitted, fates: &mut fate::Fates) -> Result<(), Refusal> {
        let _claims = self.settle_repeats(&submitted, fates).await?;
        if fates.all_decided() {
            return Ok(());
        }
        let submitted = submitted.only_for(fates.undecided());
        let authenticated = self.authenticate(submitted, fates).await?;
        // A key was used for an encrypted mail; a numbered refusal now would tell that it
        // fitted. So it waits until the whole mail has passed.
        let encrypted = authenticated.form == Form::Enveloped;
        if !encrypted {
            refuse_unreachable(&authenticated.mail.ticket().routes, fates);
            if fates.all_decided() {
                return Ok(());
            }
        }
        let inspected = self.inspect_outbound(authenticated, fates).await?;
        if encrypted {
            refuse_unreachable(&inspected.ticket().routes, fates);
        }
        self.pass_on(&inspected, fates).await
    }
}

/// Recipients to whom nothing is sent, each with the reason.
fn refuse_unreachable(routes: &[RecipientRoute], fates: &mut fate::Fates) {
    for route in routes {
        if let RecipientRoute::Refused { recipient, reason } = route {
            fates.refuse(recipient, (*reason).into());
        }
    }
}

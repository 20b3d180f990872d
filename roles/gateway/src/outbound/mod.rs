//! A mail of an own user, from submission to the next hop (steps 4 to 6). The steps
//! stand in the files of their names.

mod accept;
mod authenticate;
mod fold;
mod inspect;
mod outside;
mod reencrypt;
mod sign;
mod stated;
mod transmit;
mod volume;

pub(crate) use accept::{
    Arrival, Submitted, message_id_of, offered, offered_object, one_from, parse, refuse_loop,
};
pub(crate) use stated::{Stated, StatedSubmission};

use crate::ambiguity;
use crate::config::Ambiguous;
use crate::gateway::Gateway;
use crate::listen::{self, Journey, Login};
use crate::wire::Reply;
use crate::{fate, list, reply};
use ssmax_api::TicketId;
use ssmax_api::ca::GatewayRequest as CaRequest;
use ssmax_api::keyserver::{Form, RecipientRoute};
use ssmax_chain::{Digest, Reason, Refusal};
use ssmax_mail::address::Address;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Instrument as _;

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

    async fn authenticate_certificate(
        &self,
        certificate: &[u8],
        named: &str,
    ) -> Result<Option<Login>, ()> {
        let (certificate, named) = (certificate.to_vec(), named.to_owned());
        let request = CaRequest::CheckCertificate { certificate, named };
        let login: Option<ssmax_api::ca::Login> = self.0.ca(&request).await.map_err(|_| ())?;
        Ok(login.map(|login| Login { user: login.user, method: login.method, aal: login.aal }))
    }

    async fn recipient(&self, _so_far: &listen::Envelope, recipient: &str) -> Result<(), Reply> {
        is_address(recipient)
    }

    async fn mail(&self, envelope: listen::Envelope, octets: Vec<u8>) -> Vec<Reply> {
        let ambiguous = self.0.settings.gateway.ambiguous;
        let accept = move |envelope: &listen::Envelope, octets, message_id: &mut String| {
            accept::accept(envelope, octets, ambiguous, message_id)
        };
        self.0.take_out(envelope, octets, accept).await
    }
}

/// Whether a recipient is an address at all; where it leads is seen with the mail.
pub(crate) fn is_address(recipient: &str) -> Result<(), Reply> {
    match Address::parse(recipient) {
        Ok(_) => Ok(()),
        Err(_) => Err(reply::refused(Reason::RecipientMalformed.into())),
    }
}

impl Gateway {
    /// Takes a mail from a listener for mail going out, reads it aside with `accept`, which
    /// notes the Message-ID as soon as it is known, and has it make its journey.
    pub(crate) async fn take_out<F>(
        self: &Arc<Self>,
        mut envelope: listen::Envelope,
        octets: Vec<u8>,
        accept: F,
    ) -> Vec<Reply>
    where
        F: FnOnce(&listen::Envelope, Vec<u8>, &mut String) -> Result<Submitted, Refusal>
            + Send
            + 'static,
    {
        let mut fates = fate::Fates::new(&envelope, &self.settings.organisation);
        let queue_id = envelope.xforward_ident.as_deref();
        let span = fates.trail.arrived("outbound", envelope.listener, octets.len(), queue_id);
        let began = Instant::now();
        envelope.recipients = fates.recipients();
        let accepted = ambiguity::aside(move || {
            let mut message_id = String::new();
            let accepted = accept(&envelope, octets, &mut message_id);
            Ok((accepted, message_id))
        });
        async {
            let accepted = accepted.await;
            fates.trail.stage_over("accept", began);
            self.go_out(accepted, fates).await
        }
        .instrument(span)
        .await
    }

    /// The journey of what was read, and the replies at its end.
    pub(crate) async fn go_out(
        self: &Arc<Self>,
        accepted: Result<(Result<Submitted, Refusal>, String), Refusal>,
        fates: fate::Fates,
    ) -> Vec<Reply> {
        let (replies, ticket) = self.carry_out(accepted, fates).await;
        self.close(ticket);
        replies
    }

    /// As [`Gateway::go_out`], with the ticket that is to be closed.
    pub(crate) async fn carry_out(
        &self,
        accepted: Result<(Result<Submitted, Refusal>, String), Refusal>,
        mut fates: fate::Fates,
    ) -> (Vec<Reply>, Option<TicketId>) {
        let accepted = accepted.and_then(|(accepted, message_id)| {
            fates.message_id = message_id;
            accepted
        });
        match accepted {
            Err(refusal) => fates.refuse_rest(refusal),
            Ok(submitted) => {
                fates.rebuilt = submitted.rebuilt;
                let octets = submitted.mail.shared_octets();
                if let Err(refusal) = self.outbound(submitted, &mut fates).await {
                    let mode = self.settings.gateway.outbound_after_opening;
                    self.stop("outbound", mode, &octets, refusal, &mut fates).await;
                }
            }
        }
        let ticket = fates.ticket.clone();
        (fates.write(&self.journal, "outbound").await, ticket)
    }

    /// The journey of a mail that was held, from its octets as they were kept.
    pub(crate) async fn resubmit(
        &self,
        envelope: listen::Envelope,
        octets: Vec<u8>,
        fates: &mut fate::Fates,
    ) -> Result<(), Refusal> {
        let submitted = self.reaccept(envelope, octets, fates).await?;
        self.outbound(submitted, fates).await
    }

    /// A ticket for a mail that was held, and nothing more: to be shown to an officer.
    pub(crate) async fn admit_submitted(
        &self,
        envelope: listen::Envelope,
        octets: Vec<u8>,
        fates: &mut fate::Fates,
    ) -> Result<(), Refusal> {
        let submitted = self.reaccept(envelope, octets, fates).await?;
        self.authenticate(submitted, fates).await.map(drop)
    }

    async fn reaccept(
        &self,
        envelope: listen::Envelope,
        octets: Vec<u8>,
        fates: &fate::Fates,
    ) -> Result<Submitted, Refusal> {
        let ambiguous = self.settings.gateway.ambiguous;
        let (recipients, source) = (fates.recipients(), fates.came.source.clone());
        let stated = fates.came.stated.clone();
        ambiguity::aside(move || {
            let login = envelope.auth.ok_or(Reason::LoginRequired)?;
            let arrival = if login.method == list::LOGIN_METHOD {
                let body = Digest::of(&octets);
                Arrival::of_list(octets, body)
            } else if stated.is_some() {
                Arrival::read(octets, Ambiguous::Refuse)?
            } else {
                Arrival::read(octets, ambiguous)?
            };
            let mail_from = envelope.mail_from;
            let submitted =
                arrival.submitted(login, source, mail_from, recipients, &mut String::new())?;
            Ok(match stated {
                Some(stated) => submitted.with_statement(stated),
                None => submitted,
            })
        })
        .await
    }

    /// All steps, in their order. Whoever has no fate at its end is refused by the
    /// caller with the refusal returned.
    async fn outbound(&self, submitted: Submitted, fates: &mut fate::Fates) -> Result<(), Refusal> {
        fates.came.login = Some(submitted.login.clone());
        fates.came.source.clone_from(&submitted.source);
        fates.came.stated.clone_from(&submitted.stated);
        fates.came.from.clone_from(&submitted.from);
        fates.came.encrypted = submitted.form == Form::Enveloped;
        self.can_remember().await?;
        let _claims = self.settle_repeats(&submitted, fates).await?;
        if fates.all_decided() {
            return Ok(());
        }
        let submitted = submitted.only_for(fates.undecided());
        let many = self.within_volume(&submitted, fates).await;
        let began = Instant::now();
        // Whose login it is must be known before anything is held in their name.
        let authenticated = self.authenticate(submitted, fates).await;
        fates.trail.stage_over("authenticate", began);
        let authenticated = authenticated?;
        many?;
        // A key was used for an encrypted mail; a numbered refusal now would tell that it
        // fitted. So it waits until the whole mail has passed.
        let encrypted = authenticated.form.is_encrypted();
        let returned = self.returned_outside(&authenticated);
        let form = authenticated.form;
        let refuse = |routes: &[RecipientRoute], fates: &mut fate::Fates| {
            refuse_unreachable(routes, &returned, fates);
            self.refuse_outside(form, routes, &returned, fates);
        };
        if !encrypted {
            refuse(&authenticated.mail.ticket().routes, fates);
            if fates.all_decided() {
                return Ok(());
            }
        }
        let began = Instant::now();
        let inspected = self.inspect_outbound(authenticated, fates).await;
        fates.trail.stage_over("inspect", began);
        let mut inspected = inspected?;
        if encrypted {
            refuse(&inspected.ticket().routes, fates);
        }
        self.pass_on(&mut inspected, fates).await?;
        self.leave(&inspected, &returned, fates).await?;
        if !returned.is_empty() {
            self.return_in_clear(&inspected, returned, fates).await;
        }
        Ok(())
    }
}

/// Recipients to whom nothing is sent, each with the reason.
fn refuse_unreachable(routes: &[RecipientRoute], but: &[String], fates: &mut fate::Fates) {
    for route in routes {
        if let RecipientRoute::Refused { recipient, reason } = route
            && !but.contains(recipient)
        {
            fates.refuse(recipient, (*reason).into());
        }
    }
}

//! Tickets for mails that come to alice of A: from erin of C, and from outside.

use crate::asking::Site;
use crate::submitted::{Admitted, inner_signer, offered};
use ssmax_api::Problem;
use ssmax_api::keyserver::{
    AdmitInbound, GatewayRequest, InboundAnswer, InboundTicket, OfferedPart,
};
use ssmax_chain::binding::headers_digest;
use ssmax_chain::{Digest, HopRecord, hop_mail};
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{Mail, mail, parsed, text};
use ssmax_support::person::Person;

/// What the gateway asks of the keyserver for a mail of another member.
pub(crate) fn admission(mail: &Mail, from: &Person, to: &Person) -> (GatewayRequest, OfferedPart) {
    let message = parsed(&mail.octets);
    let arrived = hop_mail::take_apart(&message).unwrap();
    let hop_mail::HopBody::Whole(object) = arrived.mail else { panic!("another form") };
    let part = offered(hop_mail::WHOLE_PATH, &object);
    let request = AdmitInbound {
        signed_data: arrived.signed_data,
        content: Digest::of(arrived.content),
        from: from.address.clone(),
        message_id: mail.message_id.clone(),
        headers: headers_digest(message.header()).unwrap(),
        parts: vec![part.clone()],
        sealed: arrived.sealed,
        recipients: vec![to.address.clone()],
        delivered: None,
        decision: None,
    };
    (GatewayRequest::AdmitInbound(Box::new(request)), part)
}

/// The ticket that was given.
pub(crate) fn ticket(answer: InboundAnswer) -> String {
    match answer {
        InboundAnswer::Admitted(InboundTicket { ticket, .. }) => ticket,
        InboundAnswer::Repeat(id) => panic!("{id} was never delivered"),
    }
}

impl Site {
    /// A good mail by erin.
    pub(crate) async fn arrive(&self) -> Admitted {
        self.arriving().await.unwrap()
    }

    /// The same, if it is let in.
    pub(crate) async fn arriving(&self) -> Result<Admitted, Problem> {
        let (request, mail) = self.by_erin(|_| {});
        let request = GatewayRequest::AdmitInbound(Box::new(request));
        let ticket = ticket(self.gateway(&request).await?);
        Ok(Admitted { ticket, ..mail })
    }

    /// What is asked for a mail by erin whose hop record was changed before it was signed;
    /// without a ticket yet.
    pub(crate) fn by_erin(
        &self,
        change: impl FnOnce(&mut HopRecord) + Send + 'static,
    ) -> (AdmitInbound, Admitted) {
        let (alice, erin) = (&self.federation.alice, &self.federation.erin);
        let inner = mail(&erin.address, &alice.address, &text()).signed_by(erin);
        let (entity, signed_data) = inner.signature();
        let by_c = Signer::member(&self.federation.c);
        let forgery = Forgery::new(by_c, self.a(), &alice.address, inner);
        let mail = forgery.record(change).compose();
        let (request, part) = admission(&mail, erin, alice);
        let GatewayRequest::AdmitInbound(request) = request else { unreachable!() };
        let request = *request;
        let admitted = Admitted {
            ticket: String::new(),
            parts: vec![part],
            entity: Digest::of(&entity),
            signer: Some(inner_signer(&signed_data)),
            digest: request.content,
        };
        (request, admitted)
    }

    /// A mail in clear from outside the federation.
    pub(crate) async fn arrive_from_outside(&self) -> Admitted {
        let recipients = vec![self.federation.alice.address.clone()];
        let ticket = self.gateway(&GatewayRequest::AdmitOutside { recipients }).await.unwrap();
        let entity = Digest::of(&text());
        Admitted { ticket, parts: vec![], entity, signer: None, digest: entity }
    }
}

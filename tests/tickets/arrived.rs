//! Tickets for mails that come to alice of A: from erin of C, and from outside.

use crate::asking::Site;
use crate::forgery::{Forgery, Signer};
use crate::mails::{mail, parsed, text};
use crate::submitted::{Admitted, inner_signer, offered};
use ssmax_api::Problem;
use ssmax_api::keyserver::{AdmitInbound, GatewayRequest, InboundTicket};
use ssmax_chain::binding::headers_digest;
use ssmax_chain::{Digest, hop_mail};

impl Site {
    /// A good mail by erin.
    pub(crate) async fn arrive(&self) -> Admitted {
        self.arriving().await.unwrap()
    }

    /// The same, if it is let in.
    pub(crate) async fn arriving(&self) -> Result<Admitted, Problem> {
        let (alice, erin) = (&self.federation.alice, &self.federation.erin);
        let inner = mail(&erin.address, &alice.address, &text()).signed_by(erin);
        let (entity, signed_data) = inner.signature();
        let by_c = Signer::member(&self.federation.c);
        let mail = Forgery::new(by_c, self.a(), &alice.address, inner).compose();
        let message = parsed(&mail.octets);
        let arrived = hop_mail::take_apart(&message).unwrap();
        let hop_mail::HopBody::Whole(object) = arrived.mail else { panic!("another form") };
        let part = offered(hop_mail::WHOLE_PATH, &object);
        let request = AdmitInbound {
            signed_data: arrived.signed_data,
            content: Digest::of(arrived.content),
            from: erin.address.clone(),
            message_id: mail.message_id.clone(),
            headers: headers_digest(message.header()).unwrap(),
            parts: vec![part.clone()],
            sealed: arrived.sealed,
            recipients: vec![alice.address.clone()],
        };
        let request = GatewayRequest::AdmitInbound(Box::new(request));
        let InboundTicket { ticket, .. } = self.gateway(&request).await?;
        Ok(Admitted {
            ticket,
            parts: vec![part],
            entity: Digest::of(&entity),
            signer: Some(inner_signer(&signed_data)),
        })
    }

    /// A mail in clear from outside the federation.
    pub(crate) async fn arrive_from_outside(&self) -> Admitted {
        let recipients = vec![self.federation.alice.address.clone()];
        let ticket = self.gateway(&GatewayRequest::AdmitOutside { recipients }).await.unwrap();
        Admitted { ticket, parts: vec![], entity: Digest::of(&text()), signer: None }
    }
}

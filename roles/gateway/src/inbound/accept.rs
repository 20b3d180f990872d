//! The octets arrive and are read: over the chain, or from outside.

use crate::outbound::{message_id_of, offered, one_from, parse, refuse_loop};
use ssmax_api::keyserver::OfferedPart;
use ssmax_chain::{Digest, Reason, Refusal, binding, hop_mail};

/// A mail of the shape that members send each other.
pub(super) struct HopArrival {
    pub(super) from: String,
    pub(super) message_id: String,
    pub(super) headers: Digest,
    pub(super) content: Digest,
    pub(super) part: OfferedPart,
    pub(super) sealed: Vec<u8>,
    pub(super) signed_data: Vec<u8>,
}

/// A mail of any other shape.
pub(super) struct OutsideArrival {
    pub(super) from: String,
}

/// What has arrived.
pub(super) enum Arrived {
    OverTheChain(Box<HopArrival>),
    FromOutside(OutsideArrival),
}

/// Reads a mail from elsewhere. `message_id` is set as soon as it is known, so that a
/// refused mail is found in the journal too.
pub(super) fn accept(octets: &[u8], message_id: &mut String) -> Result<Arrived, Refusal> {
    let mail = parse(octets)?;
    *message_id = message_id_of(&mail);
    refuse_loop(&mail)?;
    let from = one_from(&mail)?;
    let Some(hop) = hop_mail::take_apart(&mail) else {
        return Ok(Arrived::FromOutside(OutsideArrival { from }));
    };
    let headers =
        binding::headers_digest(mail.header()).map_err(|_| Refusal::from(Reason::MailAmbiguous))?;
    let (path, object) = hop.mail;
    Ok(Arrived::OverTheChain(Box::new(HopArrival {
        from,
        message_id: message_id.clone(),
        headers,
        content: Digest::of(hop.content),
        part: offered(path, object)?,
        sealed: hop.sealed,
        signed_data: hop.signed_data,
    })))
}

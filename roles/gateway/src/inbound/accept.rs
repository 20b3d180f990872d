//! The octets arrive and are read: over the chain, or from outside.

use crate::outbound::{message_id_of, offered, offered_object, one_from, parse, refuse_loop};
use ssmax_api::keyserver::OfferedPart;
use ssmax_chain::hop_mail::{self, HopBody, WHOLE_PATH, path_of_file};
use ssmax_chain::manifest::ListedFile;
use ssmax_chain::{Digest, Reason, Refusal, binding};
use ssmax_cms::enveloped::Enveloped;

/// A mail of the shape that members send each other.
pub(super) struct HopArrival {
    pub(super) from: String,
    pub(super) message_id: String,
    pub(super) headers: Digest,
    pub(super) content: Digest,
    /// The encrypted mail, or the files of one in attachment mode.
    pub(super) parts: Vec<OfferedPart>,
    pub(super) in_attachment_mode: bool,
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
    let (parts, in_attachment_mode) = match hop.mail {
        HopBody::Whole(object) => (vec![offered(WHOLE_PATH.to_owned(), object)?], false),
        HopBody::Attachments(attached) => {
            let listed = attached.manifest.parts.iter().zip(&attached.files);
            let part = |(listed, file): (&ListedFile, &Enveloped)| {
                offered_object(path_of_file(&listed.path), file)
            };
            (listed.map(part).collect(), true)
        }
    };
    Ok(Arrived::OverTheChain(Box::new(HopArrival {
        from,
        message_id: message_id.clone(),
        headers,
        content: Digest::of(hop.content),
        parts,
        in_attachment_mode,
        sealed: hop.sealed,
        signed_data: hop.signed_data,
    })))
}

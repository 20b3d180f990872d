//! Preserved delivery: what the sender encrypted goes to the recipient as it is, with new
//! RecipientInfos. The header is the one that came, without what only we may say.

use crate::gateway::Gateway;
use ssmax_api::TicketId;
use ssmax_api::inspector::SealedCopy;
use ssmax_api::keyserver::{GatewayRequest, RecipientCopy};
use ssmax_chain::hop_mail::{SmimeType, pkcs7_part_behind};
use ssmax_chain::{Digest, Reason, Refusal, trace};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::Enveloped;
use ssmax_mail::Header;

/// A mail to be given on without being opened.
pub(crate) struct Preserved {
    object: Enveloped,
    tail: Digest,
    fields: Vec<u8>,
}

impl Preserved {
    /// The encrypted object with the header around it.
    ///
    /// # Errors
    /// The refusal of an object that cannot be read.
    pub(crate) fn new(
        object: Vec<u8>,
        header: &Header<'_>,
        host_name: &str,
    ) -> Result<Self, Refusal> {
        let object = Enveloped::parse_vec(object, &Limits::default())
            .map_err(|_| Refusal::from(Reason::EncryptionRefused))?;
        let tail = Digest(object.tail());
        let mut fields = trace::carried_fields(header, Some(host_name));
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
        Ok(Self { object, tail, fields })
    }
}

impl Gateway {
    /// The mail for one recipient, complete but for the fields on top.
    ///
    /// # Errors
    /// The keyserver's refusal.
    pub(crate) async fn preserved_copy(
        &self,
        ticket: &TicketId,
        mail: &Preserved,
        recipient: &str,
    ) -> Result<SealedCopy, Refusal> {
        let request = GatewayRequest::Preserve {
            ticket: ticket.clone(),
            recipient: recipient.to_owned(),
            tail: mail.tail,
        };
        let copy: RecipientCopy = self.keyserver(&request).await?;
        let infos: Vec<Vec<u8>> = copy.recipients.iter().map(|der| der.to_vec()).collect();
        let object = mail.object.with_recipients(&infos);
        // The keyserver gives EnvelopedData only.
        let octets = pkcs7_part_behind(&mail.fields, SmimeType::Enveloped, "smime.p7m", object);
        Ok(SealedCopy { recipient: recipient.to_owned(), sender: copy.sender, mail: octets })
    }
}

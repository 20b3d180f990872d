//! What travels on: fresh encryptions for other members, sealed copies for people here.

use super::signer::Signed;
use super::{Stop, Worker};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::inspector::{AttachmentDelivery, Inspect, Inspected, SealedCopy};
use ssmax_api::keyserver::{FreshForm, Released};
use ssmax_chain::hop_mail::{SmimeType, pkcs7_part, pkcs7_part_behind, signed_part_behind};
use ssmax_chain::{Digest, binding};
use ssmax_cms::enveloped::{ContentCipher, ENCRYPT_ROOM, Sealed, encrypt_vec};
use ssmax_mail::compose;
use ssmax_primitives::{ContentKey, SystemRandom};
use ssmax_token::Random as _;

/// An entity to be put into each thing that is composed.
pub(super) struct Content {
    entity: Vec<u8>,
    digest: Digest,
    /// The sender's signature over it; none over what was derived.
    pub(super) signed_data: Vec<u8>,
    /// How many things are left to be composed.
    uses: usize,
}

impl Content {
    /// The entity: a copy, and the last time itself.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.uses = self.uses.saturating_sub(1);
        if self.uses == 0 { std::mem::take(&mut self.entity) } else { self.entity.clone() }
    }
}

impl Worker {
    /// Composes what the plan asks for. The keyserver gives its part only after a pass.
    /// `fields` are those that travel on, each with its CRLF; what was `derived` is sealed in
    /// place of the signed entity. What is `preserved` is given on as the sender encrypted
    /// it, and sealed for nobody.
    pub(super) fn compose(
        &mut self,
        order: &Inspect,
        fields: &[u8],
        derived: Option<Vec<u8>>,
        signed: Option<Signed>,
        released: &Released,
        preserved: bool,
    ) -> Result<Inspected, Stop> {
        let plan = &order.plan;
        let (mut fresh, mut sealed, mut outside) = (Vec::new(), Vec::new(), Vec::new());
        let mut posts = Vec::new();
        let mut entity = None;
        if let Some(Signed { entity: octets, signed_data, .. }) = signed {
            let digest = Digest::of(&octets);
            entity = Some(digest);
            let seal_for = if preserved { &[][..] } else { plan.seal_for.as_slice() };
            let seal_uses = seal_for.len();
            let own_uses = plan.fresh.len() + plan.outside_for.len() + plan.lists.len();
            let mut to_seal = derived.map(|entity| Content {
                digest: Digest::of(&entity),
                entity,
                signed_data: Vec::new(),
                uses: seal_uses,
            });
            let uses = if to_seal.is_some() { own_uses } else { own_uses + seal_uses };
            let mut content = Content { entity: octets, digest, signed_data, uses };
            for form in &plan.fresh {
                fresh.push(self.fresh(*form, fields, &mut content)?);
            }
            for recipient in seal_for {
                let copy = match plan.attachments {
                    Some(AttachmentDelivery::Keep) => {
                        self.kept(recipient, fields, order, released)?
                    }
                    _ => {
                        self.sealed(recipient, fields, to_seal.as_mut().unwrap_or(&mut content))?
                    }
                };
                sealed.push(copy);
            }
            for post in &plan.lists {
                let mail = self.post(post, fields, &mut content)?;
                posts.push((post.list.clone(), ByteBuf::from(mail)));
            }
            for recipient in &plan.outside_for {
                let mail = self.for_outside(recipient, fields, &mut content)?;
                outside.push((recipient.clone(), ByteBuf::from(mail)));
            }
        }
        Ok(Inspected::Passed {
            entity,
            fresh,
            sealed,
            posts,
            outside,
            preserved,
            findings: std::mem::take(&mut self.findings),
        })
    }

    /// Encrypts what came in clear, in one form; RecipientInfos come later, for each
    /// member its own.
    fn fresh(
        &self,
        form: FreshForm,
        fields: &[u8],
        content: &mut Content,
    ) -> Result<(FreshForm, Digest, ByteBuf), Stop> {
        let mut head = Vec::new();
        let cipher = match form {
            FreshForm::MailCbc => ContentCipher::Aes256Cbc,
            FreshForm::WrappedGcm => {
                head.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\n");
                head.extend_from_slice(fields);
                head.extend_from_slice(b"MIME-Version: 1.0\r\n");
                ContentCipher::Aes256Gcm
            }
        };
        let content = multipart_signed(&head, content.take(), &content.signed_data);
        let (key, object) = encrypted(content, cipher)?;
        let tail = Digest(object.tail());
        // Until the keyserver makes RecipientInfos for a member, the object is
        // addressed to the ticket's own key, which opens nothing else.
        let addressed = self.keyserver.encrypt_fresh(form, tail, &key)?;
        Ok((form, tail, ByteBuf::from(object.into_message(&[addressed]))))
    }

    /// The mail for one recipient: the sender's entity, octet for octet, or what was
    /// derived from it, under the seal, encrypted.
    fn sealed(
        &self,
        recipient: &str,
        fields: &[u8],
        content: &mut Content,
    ) -> Result<SealedCopy, Stop> {
        let mut fields = fields.to_vec();
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
        // The header is covered as it will be delivered; the body's type does not
        // depend on what is inside.
        let shell = [fields.clone(), pkcs7_part(SmimeType::Enveloped, "smime.p7m", b"")].concat();
        let shell = super::open::parse(&shell, ssmax_chain::Reason::ContentAmbiguous)?;
        let headers = binding::headers_digest(shell.header())
            .map_err(|_| Stop::from(ssmax_chain::Reason::ContentAmbiguous))?;
        let seal = self.keyserver.seal(recipient, content.digest, headers)?;
        let content = multipart_signed(b"", content.take(), &seal.signed_data);
        let (key, object) = encrypted(content, ContentCipher::Aes256Cbc)?;
        let infos = self.keyserver.encrypt_to(recipient, Digest(object.tail()), &key)?;
        let infos: Vec<Vec<u8>> = infos.into_iter().map(ByteBuf::into_vec).collect();
        let object = object.into_message(&infos);
        let mail = pkcs7_part_behind(&fields, SmimeType::Enveloped, "smime.p7m", object);
        Ok(SealedCopy { recipient: recipient.to_owned(), sender: seal.sender, mail })
    }
}

impl Worker {
    /// The mail for a recipient outside, as mailers read it: what the sender signed, with
    /// the sender's own signature, encrypted. Nobody there knows our seal.
    fn for_outside(
        &self,
        recipient: &str,
        fields: &[u8],
        content: &mut Content,
    ) -> Result<Vec<u8>, Stop> {
        let mut fields = fields.to_vec();
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
        let content = multipart_signed(b"", content.take(), &content.signed_data);
        let (key, object) = encrypted(content, ContentCipher::Aes256Cbc)?;
        let info = self.keyserver.encrypt_outside(recipient, Digest(object.tail()), &key)?;
        let object = object.into_message(&[info.into_vec()]);
        Ok(pkcs7_part_behind(&fields, SmimeType::Enveloped, "smime.p7m", object))
    }
}

pub(super) fn multipart_signed(head: &[u8], entity: Vec<u8>, signed_data: &[u8]) -> Vec<u8> {
    let mut random = [0; 16];
    SystemRandom.fill(&mut random);
    signed_part_behind(head, entity, signed_data, &compose::boundary(random))
}

/// Encrypts where the content stands.
pub(super) fn encrypted(
    mut content: Vec<u8>,
    cipher: ContentCipher,
) -> Result<(ContentKey, Sealed), Stop> {
    content.reserve_exact(ENCRYPT_ROOM);
    let key = ContentKey::random(&SystemRandom, cipher.key_len());
    let object = encrypt_vec(content, cipher, &key, &SystemRandom).map_err(|_| Problem::Failed)?;
    Ok((key, object))
}

//! What travels on: fresh encryptions for other members, sealed copies for people here.

use super::open::Opened;
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

/// Whether what cannot be preserved is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealing {
    WhereNeeded,
    /// At an ESP, which has not looked at the content.
    Never,
}

impl Worker {
    /// Composes what the plan asks for. The keyserver gives its part only after a pass.
    pub(super) fn compose(
        &mut self,
        order: &Inspect,
        opened: &Opened,
        signed: Option<Signed>,
        released: &Released,
        sealing: Sealing,
    ) -> Result<Inspected, Stop> {
        let plan = &order.plan;
        let mut passed = (Vec::new(), Vec::new());
        let mut posts = Vec::new();
        // What a mailer cannot be given as the sender encrypted it is sealed.
        let is_given_on = sealing == Sealing::Never || opened.is_for_mailers();
        let preserved = plan.preserve && is_given_on;
        if let Some(signed) = &signed {
            for form in &plan.fresh {
                passed.0.push(self.fresh(*form, opened, signed)?);
            }
            for recipient in plan.seal_for.iter().filter(|_| !preserved) {
                let entity = opened.derived().unwrap_or(&signed.entity);
                let copy = match plan.attachments {
                    Some(AttachmentDelivery::Keep) => {
                        self.kept(recipient, opened, order, released)?
                    }
                    _ => self.sealed(recipient, opened, entity)?,
                };
                passed.1.push(copy);
            }
            for post in &plan.lists {
                let mail = self.post(post, opened, signed)?;
                posts.push((post.list.clone(), ByteBuf::from(mail)));
            }
        }
        let mut outside = Vec::new();
        if let Some(signed) = &signed {
            for recipient in &plan.outside_for {
                let mail = self.for_outside(recipient, opened, signed)?;
                outside.push((recipient.clone(), ByteBuf::from(mail)));
            }
        }
        let (fresh, sealed) = passed;
        Ok(Inspected::Passed {
            entity: signed.map(|signed| Digest::of(&signed.entity)),
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
        opened: &Opened,
        signed: &Signed,
    ) -> Result<(FreshForm, Digest, ByteBuf), Stop> {
        let mut head = Vec::new();
        let cipher = match form {
            FreshForm::MailCbc => ContentCipher::Aes256Cbc,
            FreshForm::WrappedGcm => {
                head.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\n");
                head.extend_from_slice(&opened.fields);
                head.extend_from_slice(b"MIME-Version: 1.0\r\n");
                ContentCipher::Aes256Gcm
            }
        };
        let content = multipart_signed(&head, &signed.entity, &signed.signed_data);
        let (key, object) = encrypted(content, cipher)?;
        let tail = Digest(object.tail());
        // Until the keyserver makes RecipientInfos for a member, the object is
        // addressed to the ticket's own key, which opens nothing else.
        let addressed = self.keyserver.encrypt_fresh(form, tail, &key)?;
        Ok((form, tail, ByteBuf::from(object.into_message(&[addressed]))))
    }

    /// The mail for one recipient: the sender's entity, octet for octet, or what was
    /// derived from it, under the seal, encrypted.
    fn sealed(&self, recipient: &str, opened: &Opened, entity: &[u8]) -> Result<SealedCopy, Stop> {
        let mut fields = opened.fields.clone();
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
        // The header is covered as it will be delivered; the body's type does not
        // depend on what is inside.
        let shell = [fields.clone(), pkcs7_part(SmimeType::Enveloped, "smime.p7m", b"")].concat();
        let shell = super::open::parse(&shell, ssmax_chain::Reason::ContentAmbiguous)?;
        let headers = binding::headers_digest(shell.header())
            .map_err(|_| Stop::from(ssmax_chain::Reason::ContentAmbiguous))?;
        let seal = self.keyserver.seal(recipient, Digest::of(entity), headers)?;
        let content = multipart_signed(b"", entity, &seal.signed_data);
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
        opened: &Opened,
        signed: &Signed,
    ) -> Result<Vec<u8>, Stop> {
        let mut fields = opened.fields.clone();
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
        let content = multipart_signed(b"", &signed.entity, &signed.signed_data);
        let (key, object) = encrypted(content, ContentCipher::Aes256Cbc)?;
        let info = self.keyserver.encrypt_outside(recipient, Digest(object.tail()), &key)?;
        let object = object.into_message(&[info.into_vec()]);
        Ok(pkcs7_part_behind(&fields, SmimeType::Enveloped, "smime.p7m", object))
    }
}

pub(super) fn multipart_signed(head: &[u8], entity: &[u8], signed_data: &[u8]) -> Vec<u8> {
    let mut random = [0; 16];
    SystemRandom.fill(&mut random);
    signed_part_behind(head, entity.to_vec(), signed_data, &compose::boundary(random))
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

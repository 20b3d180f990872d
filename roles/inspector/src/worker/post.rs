//! What a list makes of a mail: new mail of the list, with the verified one attached as its
//! sender wrote and signed it. Nothing of it leaves this process but encrypted.

use super::compose::{Content, encrypted, multipart_signed};
use super::{Stop, Worker};
use serde_bytes::ByteBuf;
use ssmax_api::inspector::ListPost;
use ssmax_chain::Digest;
use ssmax_chain::attachments::manifest_part;
use ssmax_chain::hop_mail::{SmimeType, pkcs7_part_behind};
use ssmax_chain::manifest::Manifest;
use ssmax_cms::enveloped::ContentCipher;
use ssmax_mail::compose::{self, Part};
use ssmax_primitives::SystemRandom;
use ssmax_token::Random as _;

impl Worker {
    /// The new mail, signed in the list's name and encrypted for our own submission key.
    pub(super) fn post(
        &self,
        post: &ListPost,
        fields: &[u8],
        content: &mut Content,
    ) -> Result<Vec<u8>, Stop> {
        let entity = new_entity(post, fields, content);
        let signature = self.keyserver.sign_post(&post.list, Digest::of(&entity))?;
        let content = multipart_signed(b"", entity, &signature);
        let (key, object) = encrypted(content, ContentCipher::Aes256Cbc)?;
        let infos = self.keyserver.encrypt_post(&post.list, Digest(object.tail()), &key)?;
        let infos: Vec<Vec<u8>> = infos.into_iter().map(ByteBuf::into_vec).collect();
        let mut fields = post.fields.clone();
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
        let object = object.into_message(&infos);
        Ok(pkcs7_part_behind(&fields, SmimeType::Enveloped, "smime.p7m", object))
    }
}

/// The note, the mail as message/rfc822, and the hop that this continues.
fn new_entity(post: &ListPost, fields: &[u8], content: &mut Content) -> Vec<u8> {
    let mut attached = b"Content-Type: message/rfc822\r\n\
        Content-Disposition: inline\r\n\r\n"
        .to_vec();
    attached.extend_from_slice(fields);
    attached.extend_from_slice(b"MIME-Version: 1.0\r\n");
    let attached = multipart_signed(&attached, content.take(), &content.signed_data);
    let mut parts = vec![Part::text(&post.note).into_octets(), attached];
    if post.prev.is_some() {
        parts.push(manifest_part(&Manifest::new(vec![], post.prev)));
    }
    let mut random = [0; 16];
    SystemRandom.fill(&mut random);
    compose::multipart("mixed", &[], &compose::boundary(random), &parts)
}

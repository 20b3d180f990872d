//! Everything of an encrypted message but its recipients.

use ssmax_primitives::Sha256;

use super::Kind;
use crate::{
    oid,
    tlv::Reader,
    write::{
        Element, INTEGER, OCTET_STRING, SET, content_info, context, context_primitive, push_length,
    },
};

/// The parts that re-wrapping leaves alone.
pub(super) struct Tail<'a> {
    pub(super) kind: Kind,
    /// DER of contentType.
    pub(super) content_type: &'a [u8],
    /// DER of contentEncryptionAlgorithm.
    pub(super) algorithm: &'a [u8],
    pub(super) ciphertext: &'a [u8],
    /// DER of authAttrs, tagged `[1]`.
    pub(super) auth_attributes: Option<&'a [u8]>,
    pub(super) mac: Option<&'a [u8]>,
}

impl Tail<'_> {
    /// The hash described at [`super::Enveloped::tail`]. Each part carries its length,
    /// so no two tails have the same octets.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.content_type);
        hash.update(self.algorithm);
        hash_octets(&mut hash, self.ciphertext);
        if let Some((_, rest)) = self.auth_attributes.and_then(<[u8]>::split_first) {
            hash.update(&[SET]);
            hash.update(rest);
        }
        if let Some(mac) = self.mac {
            hash_octets(&mut hash, mac);
        }
        hash.finish()
    }

    /// A DER `ContentInfo` with these recipients, in this order.
    pub(super) fn with_recipients(&self, infos: &[Vec<u8>]) -> Vec<u8> {
        let (content_type, version) = match self.kind {
            Kind::Enveloped => (oid::ENVELOPED_DATA, version(infos)),
            // RFC 5083 2.1: "version [...] MUST be set to 0".
            Kind::AuthEnveloped => (oid::AUTH_ENVELOPED_DATA, 0),
        };
        let mut inside = vec![
            Element::small_integer(version),
            Element::Nested(SET, infos.iter().map(|info| Element::raw(info.as_slice())).collect()),
            Element::sequence(vec![
                Element::raw(self.content_type),
                Element::raw(self.algorithm),
                Element::value(context_primitive(0), self.ciphertext),
            ]),
        ];
        inside.extend(self.auth_attributes.map(Element::raw));
        inside.extend(self.mac.map(|mac| Element::value(OCTET_STRING, mac)));
        content_info(content_type, inside).encode()
    }
}

fn hash_octets(hash: &mut Sha256, octets: &[u8]) {
    let mut header = vec![OCTET_STRING];
    push_length(&mut header, octets.len());
    hash.update(&header);
    hash.update(octets);
}

/// The DER of a SET OF with these members, in this order.
pub(super) fn set_of(members: &[&[u8]]) -> Vec<u8> {
    Element::Nested(SET, members.iter().map(|member| Element::raw(*member)).collect()).encode()
}

/// CMSVersion of an EnvelopedData without originatorInfo and unprotected attributes
/// (RFC 5652 6.1).
fn version(infos: &[Vec<u8>]) -> u8 {
    let has = |tag| infos.iter().any(|info| info.first() == Some(&tag));
    // PasswordRecipientInfo and OtherRecipientInfo.
    if has(context(3)) || has(context(4)) {
        return 3;
    }
    if infos.iter().all(|info| is_version_0(info)) { 0 } else { 2 }
}

/// Key transport to an issuer and serial number is the only kind of version 0.
fn is_version_0(info: &[u8]) -> bool {
    let mut reader = Reader::new(info);
    let version = reader.sequence().and_then(|mut inside| inside.take(INTEGER));
    version.is_ok_and(|version| version.content() == [0])
}

//! Everything of an encrypted message but its recipients.

use ssmax_primitives::Sha256;

use super::Kind;
use crate::{
    CmsError, oid,
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
        if let Some(attributes) = self.auth_attributes {
            hash.update(&sorted_set(attributes).unwrap_or_else(|_| as_set(attributes)));
        }
        if let Some(mac) = self.mac {
            hash_octets(&mut hash, mac);
        }
        hash.finish()
    }

    /// A DER `ContentInfo` with these recipients, in this order.
    pub(super) fn with_recipients(&self, infos: &[Vec<u8>]) -> Vec<u8> {
        self.message(infos, Element::value(context_primitive(0), self.ciphertext)).encode()
    }

    /// What stands before and behind the ciphertext in [`Tail::with_recipients`].
    pub(super) fn around(&self, infos: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
        self.message(infos, Element::Hole(context_primitive(0), self.ciphertext.len())).around()
    }

    fn message<'m>(&'m self, infos: &'m [Vec<u8>], ciphertext: Element<'m>) -> Element<'m> {
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
                ciphertext,
            ]),
        ];
        inside.extend(self.auth_attributes.map(Element::raw));
        inside.extend(self.mac.map(|mac| Element::value(OCTET_STRING, mac)));
        content_info(content_type, inside)
    }
}

fn hash_octets(hash: &mut Sha256, octets: &[u8]) {
    let mut header = vec![OCTET_STRING];
    push_length(&mut header, octets.len());
    hash.update(&header);
    hash.update(octets);
}

/// The DER of a SET OF with the members of `set`, which has any tag and any order. This is
/// what the tag of GCM covers (RFC 5083 2.2), so what it does not tell apart, the tail
/// does not either.
pub(super) fn sorted_set(set: &[u8]) -> Result<Vec<u8>, CmsError> {
    let mut inside = Reader::new(set).any()?.inside();
    let mut members = Vec::new();
    while !inside.is_empty() {
        members.push(inside.any()?.raw());
    }
    members.sort_unstable();
    let members = members.into_iter().map(Element::raw).collect();
    Ok(Element::Nested(SET, members).encode())
}

/// What cannot be read as a set, as it is but for its tag: no key opens it.
fn as_set(octets: &[u8]) -> Vec<u8> {
    [&[SET][..], octets.get(1..).unwrap_or_default()].concat()
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

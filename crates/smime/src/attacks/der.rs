//! Taking objects and certificates apart and signing them again, so that nothing is
//! wrong with them but what was changed.

use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
pub(super) use ssmax_surgery::{
    CONTENT_TYPE, MESSAGE_DIGEST, Node, SIGNING_CERTIFICATE_V2, attribute, resigned, signed_data,
    signer_infos,
};
use ssmax_token::SigningKey as _;

use crate::fixture::Holder;

/// An object identifier's content octets, given in hexadecimal.
pub(super) fn oid(content: &str) -> Node {
    Node::Leaf(6, hex::decode(content).unwrap())
}

/// A certificate that no lint would pass: like `holder`'s, with its content changed, the
/// same key, signed by `issuer`.
pub(super) fn forged(
    holder: &Holder,
    issuer: &Holder,
    change: impl FnOnce(&mut Vec<Node>),
) -> Holder {
    Holder {
        key: copy(&holder.key),
        certificate: Certificate::from_der(&forged_der(holder, issuer, change)).unwrap(),
    }
}

/// As [`forged`], for certificates that we do not even read.
pub(super) fn forged_der(
    holder: &Holder,
    issuer: &Holder,
    change: impl FnOnce(&mut Vec<Node>),
) -> Vec<u8> {
    let mut tree = Node::parse(holder.certificate.der());
    change(tree.at(&[0]).inside());
    let signature = issuer.key.sign(&tree.at(&[0]).encode()).unwrap();
    *tree.at(&[2]).content() = [&[0][..], &signature].concat();
    tree.encode()
}

pub(super) fn copy(key: &SoftwareKey) -> SoftwareKey {
    SoftwareKey::from_pkcs8(&key.to_pkcs8()).unwrap()
}

/// The extension with this identifier, in a certificate's content.
pub(super) fn extension(tbs: &mut [Node], id: [u8; 3]) -> &mut Node {
    let list = tbs.last_mut().unwrap().at(&[0]).inside();
    attribute(list, &id)
}

pub(super) const ALTERNATIVE_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
pub(super) const EXTENDED_KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x25];

/// Sets the value of an extension.
pub(super) fn set_extension(tbs: &mut [Node], id: [u8; 3], value: Vec<u8>) {
    *extension(tbs, id).inside().last_mut().unwrap().content() = value;
}

/// subjectAltName with one rfc822Name of any octets.
pub(super) fn address_name(address: &[u8]) -> Vec<u8> {
    Node::Branch(0x30, vec![Node::Leaf(0x81, address.to_vec())]).encode()
}

//! Taking objects and certificates apart and signing them again, so that nothing is
//! wrong with them but what was changed.

use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_token::SigningKey as _;

use crate::fixture::Holder;

/// One DER element, with what stands inside if it is constructed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Leaf(u8, Vec<u8>),
    Branch(u8, Vec<Node>),
}

impl Node {
    pub(super) fn parse(der: &[u8]) -> Self {
        let (node, rest) = Self::split(der);
        assert!(rest.is_empty());
        node
    }

    fn split(der: &[u8]) -> (Self, &[u8]) {
        let (tag, mut length, mut start) = (der[0], usize::from(der[1]), 2);
        if length > 0x80 {
            start += length - 0x80;
            length = der[2..start].iter().fold(0, |all, octet| all << 8 | usize::from(*octet));
        }
        let (mut content, rest) = der[start..].split_at(length);
        if tag & 0x20 == 0 {
            return (Self::Leaf(tag, content.to_vec()), rest);
        }
        let mut inside = Vec::new();
        while !content.is_empty() {
            let (node, after) = Self::split(content);
            inside.push(node);
            content = after;
        }
        (Self::Branch(tag, inside), rest)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let (tag, content) = match self {
            Self::Leaf(tag, content) => (*tag, content.clone()),
            Self::Branch(tag, inside) => (*tag, inside.iter().flat_map(Self::encode).collect()),
        };
        let mut out = vec![tag];
        let length = content.len();
        if length < 0x80 {
            out.push(length as u8);
        } else {
            let octets: Vec<u8> =
                length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            out.push(0x80 | octets.len() as u8);
            out.extend(octets);
        }
        out.extend(content);
        out
    }

    pub(super) fn inside(&mut self) -> &mut Vec<Node> {
        match self {
            Self::Branch(_, inside) => inside,
            Self::Leaf(..) => panic!("a leaf"),
        }
    }

    pub(super) fn content(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Leaf(_, content) => content,
            Self::Branch(..) => panic!("a branch"),
        }
    }

    pub(super) fn at(&mut self, path: &[usize]) -> &mut Node {
        path.iter().fold(self, |node, index| &mut node.inside()[*index])
    }
}

/// An object identifier's content octets, given in hexadecimal.
pub(super) fn oid(content: &str) -> Node {
    Node::Leaf(6, hex::decode(content).unwrap())
}

/// The fields of SignedData in what [`crate::fixture::signature`] makes.
pub(super) fn signed_data(object: &mut Node) -> &mut Vec<Node> {
    object.at(&[1, 0]).inside()
}

/// The signer infos: the last field.
pub(super) fn signer_infos(object: &mut Node) -> &mut Vec<Node> {
    signed_data(object).last_mut().unwrap().inside()
}

/// Changes the signed attributes of the only signer and signs them again.
pub(super) fn resigned(
    object: &[u8],
    key: &SoftwareKey,
    change: impl FnOnce(&mut Vec<Node>),
) -> Vec<u8> {
    let mut tree = Node::parse(object);
    let signer = signer_infos(&mut tree)[0].inside();
    change(signer[3].inside());
    let as_set = Node::Branch(0x31, signer[3].inside().clone()).encode();
    *signer[5].content() = key.sign(&as_set).unwrap();
    tree.encode()
}

/// The attribute whose identifier ends with these octets.
pub(super) fn attribute<'a>(attributes: &'a mut [Node], end: &[u8]) -> &'a mut Node {
    let is_it = |node: &Node| {
        matches!(node, Node::Branch(_, inside)
            if matches!(&inside[0], Node::Leaf(6, oid) if oid.ends_with(end)))
    };
    attributes.iter_mut().find(|node| is_it(node)).unwrap()
}

pub(super) const CONTENT_TYPE: &[u8] = b"\x01\x09\x03";
pub(super) const MESSAGE_DIGEST: &[u8] = b"\x01\x09\x04";
pub(super) const SIGNING_CERTIFICATE_V2: &[u8] = b"\x10\x02\x2f";

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

//! Taking messages apart and putting them together as an attacker would.

use ssmax_primitives::{SoftwareKey, sha256};
use ssmax_token::SigningKey;

/// One DER element, with what stands inside if it is constructed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Leaf(u8, Vec<u8>),
    Branch(u8, Vec<Node>),
}

impl Node {
    pub(crate) fn parse(der: &[u8]) -> Self {
        let (node, rest) = Self::split(der);
        assert!(rest.is_empty());
        node
    }

    fn split(der: &[u8]) -> (Self, &[u8]) {
        let (tag, mut len, mut start) = (der[0], usize::from(der[1]), 2);
        if len > 0x80 {
            start += len - 0x80;
            len = der[2..start].iter().fold(0, |len, octet| len << 8 | usize::from(*octet));
        }
        let (mut content, rest) = der[start..].split_at(len);
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

    pub(crate) fn encode(&self) -> Vec<u8> {
        let (tag, content) = match self {
            Self::Leaf(tag, content) => (*tag, content.clone()),
            Self::Branch(tag, inside) => (*tag, inside.iter().flat_map(Self::encode).collect()),
        };
        let mut out = vec![tag];
        if content.len() < 0x80 {
            out.push(content.len() as u8);
        } else {
            out.push(0x84);
            out.extend((content.len() as u32).to_be_bytes());
            // Shorten 84 00 .. to DER.
            while out[2] == 0 {
                out.remove(2);
                out[1] -= 1;
            }
        }
        out.extend(content);
        out
    }

    /// As BER: every constructed length indefinite, long octet strings in segments.
    pub(crate) fn encode_indefinite(&self) -> Vec<u8> {
        match self {
            Self::Leaf(0x04, content) if content.len() > 4 => {
                let mut out = vec![0x24, 0x80];
                for segment in content.chunks(4) {
                    out.extend(Self::Leaf(0x04, segment.to_vec()).encode());
                }
                out.extend([0, 0]);
                out
            }
            Self::Leaf(..) => self.encode(),
            Self::Branch(tag, inside) => {
                let mut out = vec![*tag, 0x80];
                inside.iter().for_each(|node| out.extend(node.encode_indefinite()));
                out.extend([0, 0]);
                out
            }
        }
    }

    pub(crate) fn inside(&mut self) -> &mut Vec<Node> {
        match self {
            Self::Branch(_, inside) => inside,
            Self::Leaf(..) => panic!("a leaf"),
        }
    }

    pub(crate) fn content(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Leaf(_, content) => content,
            Self::Branch(..) => panic!("a branch"),
        }
    }

    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Node {
        path.iter().fold(self, |node, index| &mut node.inside()[*index])
    }
}

/// Where the parts of what `signed::sign` makes without embedded certificates stand.
pub(crate) const ECONTENT_INFO: [usize; 4] = [1, 0, 2, 0];
pub(crate) const SIGNER_INFOS: [usize; 3] = [1, 0, 3];
pub(crate) const SIGNER_INFO: [usize; 4] = [1, 0, 3, 0];

/// Runs `change` over the signed attributes of the only signer and signs them anew, so
/// that nothing is wrong but what was changed.
pub(crate) fn resigned(
    message: &[u8],
    key: &SoftwareKey,
    change: impl FnOnce(&mut Vec<Node>),
) -> Vec<u8> {
    let mut tree = Node::parse(message);
    let signer = tree.at(&SIGNER_INFO).inside();
    change(signer[3].inside());
    let as_set = Node::Branch(0x31, signer[3].inside().clone()).encode();
    *signer[5].content() = key.sign(&as_set).unwrap();
    tree.encode()
}

/// The attribute with these last octets of its identifier.
pub(crate) fn attribute<'a>(attributes: &'a mut [Node], oid_end: &[u8]) -> &'a mut Node {
    attributes
        .iter_mut()
        .find(|attribute| {
            matches!(attribute, Node::Branch(_, inside)
                if matches!(&inside[0], Node::Leaf(6, oid) if oid.ends_with(oid_end)))
        })
        .unwrap()
}

/// Last octets of the identifiers of signed attributes.
pub(crate) const CONTENT_TYPE: &[u8] = b"\x01\x09\x03";
pub(crate) const MESSAGE_DIGEST: &[u8] = b"\x01\x09\x04";
pub(crate) const SIGNING_CERTIFICATE_V2: &[u8] = b"\x10\x02\x2f";

pub(crate) fn set_digest(attributes: &mut [Node], content: &[u8]) {
    *attribute(attributes, MESSAGE_DIGEST).at(&[1, 0]).content() = sha256(content).to_vec();
}

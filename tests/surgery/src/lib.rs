//! Messages and certificates taken apart and put together as an attacker would. For tests
//! alone: it trusts its input and panics on what is no DER.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

use ssmax_token::SigningKey;

/// One DER element, with what stands inside if it is constructed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Tag and content.
    Leaf(u8, Vec<u8>),
    /// Tag and elements.
    Branch(u8, Vec<Node>),
}

impl Node {
    /// Reads one element and nothing after it.
    pub fn parse(der: &[u8]) -> Self {
        let (node, rest) = Self::split(der);
        assert!(rest.is_empty());
        node
    }

    fn split(der: &[u8]) -> (Self, &[u8]) {
        let (tag, mut start, mut len) = (der[0], 2, usize::from(der[1]));
        if len > 0x80 {
            start += len - 0x80;
            len = der[2..start].iter().fold(0, |sum, octet| (sum << 8) | usize::from(*octet));
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

    /// As DER, as long as whoever changed it kept the order of sets.
    pub fn encode(&self) -> Vec<u8> {
        let (tag, content) = match self {
            Self::Leaf(tag, content) => (*tag, content.clone()),
            Self::Branch(tag, inside) => (*tag, inside.iter().flat_map(Self::encode).collect()),
        };
        let mut out = vec![tag];
        if let Ok(short @ 0..0x80) = u8::try_from(content.len()) {
            out.push(short);
        } else {
            let len = content.len().to_be_bytes();
            let significant: Vec<u8> = len.into_iter().skip_while(|octet| *octet == 0).collect();
            out.push(0x80 | u8::try_from(significant.len()).unwrap());
            out.extend(significant);
        }
        out.extend(content);
        out
    }

    /// As BER: every constructed length indefinite, long octet strings in segments.
    pub fn encode_indefinite(&self) -> Vec<u8> {
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

    /// What stands inside a branch.
    pub fn inside(&mut self) -> &mut Vec<Node> {
        match self {
            Self::Branch(_, inside) => inside,
            Self::Leaf(..) => panic!("a leaf has no inside"),
        }
    }

    /// The content of a leaf.
    pub fn content(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Leaf(_, content) => content,
            Self::Branch(..) => panic!("a branch has no content of its own"),
        }
    }

    /// The element at the end of a path of positions.
    pub fn at(&mut self, path: &[usize]) -> &mut Node {
        path.iter().fold(self, |node, position| &mut node.inside()[*position])
    }
}

/// The fields of the SignedData in a ContentInfo (RFC 5652 3: content is \[0\]).
pub fn signed_data(object: &mut Node) -> &mut Vec<Node> {
    object.at(&[1, 0]).inside()
}

/// The SignerInfos: the last field (RFC 5652 5.1).
pub fn signer_infos(object: &mut Node) -> &mut Vec<Node> {
    signed_data(object).last_mut().unwrap().inside()
}

/// A SignedData with its SignerInfos changed.
pub fn with_signers(signed_data: &[u8], change: impl FnOnce(&mut Vec<Node>)) -> Vec<u8> {
    let mut tree = Node::parse(signed_data);
    change(signer_infos(&mut tree));
    tree.encode()
}

/// A SignedData that brings no certificates.
pub fn without_certificates(object: &[u8]) -> Vec<u8> {
    let mut tree = Node::parse(object);
    let certificates = |node: &Node| matches!(node, Node::Branch(0xa0, _));
    signed_data(&mut tree).retain(|node| !certificates(node));
    tree.encode()
}

/// Changes the signed attributes of the only signer and signs them anew, so that nothing
/// is wrong but what was changed.
pub fn resigned(
    object: &[u8],
    key: &dyn SigningKey,
    change: impl FnOnce(&mut Vec<Node>),
) -> Vec<u8> {
    with_signers(object, |signers| {
        let signer = signers[0].inside();
        change(signer[3].inside());
        let as_set = Node::Branch(0x31, signer[3].inside().clone()).encode();
        *signer[5].content() = key.sign(&as_set).unwrap();
    })
}

/// The attribute or extension whose identifier ends with these octets.
pub fn attribute<'a>(attributes: &'a mut [Node], oid_end: &[u8]) -> &'a mut Node {
    let is_it = |node: &Node| {
        matches!(node, Node::Branch(_, inside)
            if matches!(&inside[0], Node::Leaf(6, oid) if oid.ends_with(oid_end)))
    };
    attributes.iter_mut().find(|node| is_it(node)).unwrap()
}

/// The end of the identifier of contentType.
pub const CONTENT_TYPE: &[u8] = b"\x01\x09\x03";
/// The end of the identifier of messageDigest.
pub const MESSAGE_DIGEST: &[u8] = b"\x01\x09\x04";
/// The end of the identifier of signingCertificateV2.
pub const SIGNING_CERTIFICATE_V2: &[u8] = b"\x10\x02\x2f";

/// The same octets with the last one changed: of a RecipientInfo it belongs to the
/// wrapped key, so nothing but its opening fails.
pub fn last_octet_changed(mut octets: Vec<u8>) -> Vec<u8> {
    *octets.last_mut().unwrap() ^= 1;
    octets
}

//! DER taken apart and put together as an attacker would.

/// One element, with what stands inside if it is constructed.
#[derive(Clone)]
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

    pub(crate) fn encode(&self) -> Vec<u8> {
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

    /// What stands inside.
    pub(crate) fn inside(&mut self) -> &mut Vec<Node> {
        match self {
            Self::Branch(_, inside) => inside,
            Self::Leaf(..) => panic!("a leaf has no inside"),
        }
    }

    /// The element at the end of a path of positions.
    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Node {
        path.iter().fold(self, |node, position| &mut node.inside()[*position])
    }
}

/// A SignedData with its SignerInfos changed.
pub(crate) fn with_signers(signed_data: &[u8], change: impl FnOnce(&mut Vec<Node>)) -> Vec<u8> {
    let mut tree = Node::parse(signed_data);
    // ContentInfo.content [0], SignedData; SignerInfos come last (RFC 5652 5.1).
    let signers = tree.at(&[1, 0]).inside().last_mut().unwrap();
    change(signers.inside());
    tree.encode()
}

/// A SignedData that brings no certificates.
pub(crate) fn without_certificates(signed_data: &[u8]) -> Vec<u8> {
    let mut tree = Node::parse(signed_data);
    let certificates = |node: &Node| matches!(node, Node::Branch(0xa0, _));
    tree.at(&[1, 0]).inside().retain(|node| !certificates(node));
    tree.encode()
}

/// The same octets with the last one changed: of a RecipientInfo it belongs to the
/// wrapped key, so nothing but its opening fails.
pub(crate) fn last_octet_changed(mut octets: Vec<u8>) -> Vec<u8> {
    *octets.last_mut().unwrap() ^= 1;
    octets
}

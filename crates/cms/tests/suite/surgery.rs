//! Where things stand in the messages of these tests.

use ssmax_primitives::sha256;
pub(crate) use ssmax_surgery::{
    CONTENT_TYPE, MESSAGE_DIGEST, Node, SIGNING_CERTIFICATE_V2, attribute, resigned,
};

/// Where the parts of what `signed::sign` makes without embedded certificates stand.
pub(crate) const ECONTENT_INFO: [usize; 4] = [1, 0, 2, 0];
pub(crate) const SIGNER_INFOS: [usize; 3] = [1, 0, 3];
pub(crate) const SIGNER_INFO: [usize; 4] = [1, 0, 3, 0];

pub(crate) fn set_digest(attributes: &mut [Node], content: &[u8]) {
    *attribute(attributes, MESSAGE_DIGEST).at(&[1, 0]).content() = sha256(content).to_vec();
}

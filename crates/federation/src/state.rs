//! One hash for all members: what a checkpoint commits to.

use ssmax_merkle::{Hash, leaf, root};

use crate::fault::ListFault;
use crate::member_list::Member;

/// The leaf of one member. Spec "member list", section 5.1: the entry as JSON without white
/// space, names in the order of section 2, an absent rating left out.
///
/// # Errors
/// [`ListFault::Unwritable`] for a time that RFC 3339 cannot say.
pub(crate) fn member_leaf(member: &Member) -> Result<Hash, ListFault> {
    serde_json::to_vec(member).map(|text| leaf(&text)).map_err(|_| ListFault::Unwritable)
}

/// The root over the leaves of members in the order of their ids, lower-case hex.
pub(crate) fn state_name(leaves: &[Hash]) -> String {
    hex::encode(root(leaves))
}

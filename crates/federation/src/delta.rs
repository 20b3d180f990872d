//! What changed between two versions of the list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::ListFault;
use crate::ijson::MAX_INTEGER;
use crate::member_list::Member;

/// The entries that are other, or new, in one version of the list than in an earlier one.
/// Spec "member list", section 5.2. Members never leave the list, so nothing is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// The version that it changes.
    pub from: u64,
    /// The version that it makes of that.
    pub version: u64,
    /// The entries as they are in `version`, in no particular order.
    pub changed: Vec<Member>,
}

impl Delta {
    /// Checks what a delta must satisfy by itself; the entries are checked where they are
    /// put into a list.
    ///
    /// # Errors
    /// [`ListFault::NoVersion`], [`ListFault::DeltaGap`] for one that leads nowhere.
    pub fn check(&self) -> Result<(), ListFault> {
        if self.from == 0 || self.version > MAX_INTEGER {
            return Err(ListFault::NoVersion);
        }
        if self.version <= self.from {
            return Err(ListFault::DeltaGap { version: self.from });
        }
        Ok(())
    }
}

/// What a row of deltas makes of the list of `version`: the version that it leads to, and
/// each entry that changed, as the last of them has it. Deltas up to `version` are passed
/// over: they are in the list already.
///
/// # Errors
/// [`ListFault::DeltaGap`] where one does not begin at what the one before leads to.
pub(crate) fn together(
    version: u64,
    deltas: &[Delta],
) -> Result<(u64, BTreeMap<&str, &Member>), ListFault> {
    let mut reached = version;
    let mut changed = BTreeMap::new();
    for delta in deltas.iter().filter(|delta| delta.version > version) {
        if delta.from != reached {
            return Err(ListFault::DeltaGap { version: reached });
        }
        changed.extend(delta.changed.iter().map(|member| (member.id.as_str(), member)));
        reached = delta.version;
    }
    Ok((reached, changed))
}

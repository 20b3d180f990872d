//! The member list with its look-ups prepared.

use std::collections::HashMap;

use ssmax_merkle::Hash;

use crate::check::{Limits, check};
use crate::checkpoint::Checkpoint;
use crate::delta::{self, Delta};
use crate::domain;
use crate::fault::ListFault;
use crate::member_list::{Member, MemberList};
use crate::state::{member_leaf, state_name};

/// A member list that answers at once, and can be brought forward by checkpoints and
/// deltas. Making one costs a pass over the list; a reader makes it once per accepted list
/// and asks it for each mail.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Members in the order of their ids.
    list: MemberList,
    /// Of each member, in the same order.
    leaves: Vec<Hash>,
    state: String,
    by_domain: HashMap<String, usize>,
}

impl Directory {
    /// Prepares the look-ups. The list is taken as checked ([`crate::check`]).
    ///
    /// # Errors
    /// [`ListFault::Unwritable`] for a time that RFC 3339 cannot say.
    pub fn new(mut list: MemberList) -> Result<Self, ListFault> {
        list.members.sort_by(|a, b| a.id.cmp(&b.id));
        let leaves = list.members.iter().map(member_leaf).collect::<Result<_, _>>()?;
        Ok(Self::of(list, leaves))
    }

    fn of(list: MemberList, leaves: Vec<Hash>) -> Self {
        let mut by_domain = HashMap::with_capacity(list.members.len());
        for (position, member) in list.members.iter().enumerate() {
            for domain in &member.domains {
                by_domain.insert(domain.clone(), position);
            }
        }
        let state = state_name(&leaves);
        Self { list, leaves, state, by_domain }
    }

    /// The list itself; its members are in the order of their ids.
    #[must_use]
    pub fn list(&self) -> &MemberList {
        &self.list
    }

    /// The hash that stands for all members, lower-case hex: [`Checkpoint::state`].
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// As [`MemberList::member`].
    #[must_use]
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.list.members.get(self.position(id).ok()?)
    }

    /// As [`MemberList::member_of_domain`].
    #[must_use]
    pub fn member_of_domain(&self, domain: &str) -> Option<&Member> {
        let domain = domain::normalise(domain)?;
        self.list.members.get(*self.by_domain.get(&domain)?)
    }

    /// The proof that a member's entry is in [`Directory::state`]: its position, and the
    /// hashes beside its way up.
    #[must_use]
    pub fn inclusion(&self, id: &str) -> Option<(usize, Vec<Hash>)> {
        let position = self.position(id).ok()?;
        Some((position, ssmax_merkle::inclusion(&self.leaves, position)?))
    }

    /// Takes over the times of a checkpoint that has been accepted for the same version
    /// ([`crate::accept_checkpoint`]): how an unchanged list stays fresh.
    pub fn renew(&mut self, checkpoint: &Checkpoint) {
        self.list.issued = checkpoint.issued;
        self.list.expires = checkpoint.expires;
    }

    /// The list of an accepted checkpoint of a later version, made from this one by the
    /// deltas that lead there. This one stays as it is.
    ///
    /// # Errors
    /// [`ListFault::DeltaGap`] if the deltas do not lead from this list's version to the
    /// checkpoint's; [`ListFault::DeltaMismatch`] if they lead to other members than those
    /// that the checkpoint stands for; the faults of [`check`].
    pub fn advanced(&self, deltas: &[Delta], checkpoint: &Checkpoint) -> Result<Self, ListFault> {
        let (version, changed) = delta::together(self.list.version, deltas)?;
        if version != checkpoint.version {
            return Err(ListFault::DeltaGap { version });
        }
        let mut list = self.list.clone();
        let mut leaves = self.leaves.clone();
        let mut new = Vec::new();
        for (id, member) in changed {
            match self.position(id) {
                Ok(position) => {
                    if let (Some(entry), Some(leaf)) =
                        (list.members.get_mut(position), leaves.get_mut(position))
                    {
                        *entry = member.clone();
                        *leaf = member_leaf(member)?;
                    }
                }
                Err(_) => new.push((member.clone(), member_leaf(member)?)),
            }
        }
        if !new.is_empty() {
            let old = list.members.drain(..).zip(leaves.drain(..));
            let mut all: Vec<(Member, Hash)> = old.chain(new).collect();
            all.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
            (list.members, leaves) = all.into_iter().unzip();
        }
        if checkpoint.members != leaves.len() as u64 || checkpoint.state != state_name(&leaves) {
            return Err(ListFault::DeltaMismatch);
        }
        list.version = version;
        list.issued = checkpoint.issued;
        list.expires = checkpoint.expires;
        check(&list, &Limits::default())?;
        Ok(Self::of(list, leaves))
    }

    fn position(&self, id: &str) -> Result<usize, usize> {
        self.list.members.binary_search_by(|member| member.id.as_str().cmp(id))
    }
}
